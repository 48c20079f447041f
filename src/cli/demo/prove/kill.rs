//! The kill loop: `apply`, the portal, or both are killed at an instant of chance, and begun again until everything is back.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::chance::Chance;
use super::count::Count;
use super::program::Program;
use super::scene::{self, BOUND};
use super::world::{LANGUAGE, Size, World, ZONE};
use super::{Done, ProveError};
use crate::sandbox::store::Store;

/// What each command costs the portal, in milliseconds, so that there are instants inside a request.
const LATENCY_MS: &str = "12";
/// The zombie window in seconds. A request that outlives its client is done long before.
const WINDOW: f64 = 1.0;
/// How long a run takes, until one has been seen to its end.
const RUN_GUESSED: Duration = Duration::from_millis(1200);
/// How often a portal is tried to be opened at its old address.
const OPENINGS_MAX: usize = 20;

/// Kills so often, in as many worlds as that takes.
pub fn carry_out(kills: usize, dir: &Path, chance: &mut Chance) -> Result<Done, ProveError> {
    let mut done = Done::default();
    let mut span = RUN_GUESSED;
    while done.kills + done.portal_kills < kills {
        let left = kills - done.kills - done.portal_kills;
        let world = dir.join(format!("world-{}", done.worlds));
        World::build(&world, Size::USUAL, jiff::Timestamp::now(), chance)
            .map_err(ProveError::from)
            .and_then(|built| Round { dir: &world, world: &built, done: &mut done, span: &mut span }.carry_out(left, chance))?;
        done.worlds += 1;
    }
    Ok(done)
}

/// One world, from its plan to its end.
struct Round<'a> {
    dir: &'a Path,
    world: &'a World,
    done: &'a mut Done,
    /// How long a run takes that nobody kills.
    span: &'a mut Duration,
}

/// Who is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whom {
    Apply,
    Portal,
    Both,
}

impl Round<'_> {
    fn carry_out(mut self, kills: usize, chance: &mut Chance) -> Result<(), ProveError> {
        let mut host = Host::start(&self.world.data, "127.0.0.1:0")?;
        let program = Program::new(scene::webhook(&host.address, &self.world.secret), self.dir, WINDOW);
        scene::plan(&program, self.world, self.dir)?;
        let mut left = kills;
        while left > 0 {
            let whom = match chance.below(8) {
                0 => Whom::Portal,
                1 => Whom::Both,
                _ => Whom::Apply,
            };
            let moment = self.span.mul_f64(chance.below(1000) as f64 / 1000.0);
            if self.run_into(&program, &mut host, whom, moment)? {
                break;
            }
            left -= 1;
        }
        let verified = scene::finish(&program, self.dir, self.done)?;
        if verified.code != Some(0) {
            self.done.complaints.push(verified.complaint("0"));
        }
        host.kill()?;
        let count = Count::of(&Store::open(&self.world.data, LANGUAGE, ZONE)?, self.world)?;
        self.done.add_count(&count);
        self.done.add_secret(self.dir, self.world)
    }

    /// Starts `apply` and kills after a time. Says whether it was at its end before.
    fn run_into(&mut self, program: &Program, host: &mut Host, whom: Whom, moment: Duration) -> Result<bool, ProveError> {
        let mut running = program.start(scene::apply_words(self.dir))?;
        if running.ends_within(moment)? {
            *self.span = running.age().max(Duration::from_millis(50));
            let ended = running.end(Duration::ZERO)?;
            self.done.add_sums(&ended);
            return Ok(ended.code == Some(0));
        }
        if whom != Whom::Portal {
            running.kill()?;
            self.done.kills += 1;
            if whom == Whom::Both {
                host.restart(&self.world.data)?;
                self.done.portal_kills += 1;
            }
            return Ok(false);
        }
        host.restart(&self.world.data)?;
        self.done.portal_kills += 1;
        let ended = running.end(BOUND)?;
        self.done.add_sums(&ended);
        if ended.hung || !matches!(ended.code, Some(0 | 1)) {
            self.done.complaints.push(ended.complaint("0 or 1 after the portal was killed"));
        }
        Ok(ended.code == Some(0))
    }
}

/// `b24restore sandbox` as a process. It is killed when it is dropped.
#[derive(Debug)]
struct Host {
    child: Child,
    address: String,
}

impl Host {
    fn start(data: &Path, listen: &str) -> Result<Self, ProveError> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["sandbox", "--listen", listen, "--limits", "none", "--latency", LATENCY_MS, "--zone", ZONE, "--data"])
            .arg(data)
            .env_remove(crate::cli::portal::VARIABLE)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        let address = line.split('/').nth(2).unwrap_or_default().to_owned();
        let host = Self { child, address };
        if host.address.is_empty() { Err(ProveError::Closed) } else { Ok(host) }
    }

    fn kill(&mut self) -> Result<(), ProveError> {
        self.child.kill()?;
        Ok(self.child.wait().map(drop)?)
    }

    /// Kills it and starts it again at the same address, which the system may hold back for a moment.
    fn restart(&mut self, data: &Path) -> Result<(), ProveError> {
        self.kill()?;
        for _ in 1..OPENINGS_MAX {
            if let Ok(host) = Self::start(data, &self.address) {
                *self = host;
                return Ok(());
            }
        }
        *self = Self::start(data, &self.address)?;
        Ok(())
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // It may have been killed already.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
