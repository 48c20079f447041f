//! One proof's own portal, with a world that has lost records, the plan of its restoring, and the program at it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::chance::Chance;
use super::count::Count;
use super::program::{Ended, Program};
use super::world::{LANGUAGE, Size, World, ZONE};
use super::{Done, ProveError, secret};
use crate::sandbox::store::Store;
use crate::sandbox::{Config, Limits, Sandbox, application};

/// How long any command may take, pauses of the portal's limits included.
pub const BOUND: Duration = Duration::from_mins(2);
/// How often `apply` is run until everything is back.
const RUNS_MAX: usize = 8;
/// How many seconds an application's token lives.
const LIFE: u64 = 3600;

/// What kind of portal it is.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// How large its world is.
    pub size: Size,
    /// Which limits it keeps.
    pub limits: Limits,
    /// How many times faster than the wall clock its own runs.
    pub scale: f64,
    /// The zombie window in seconds.
    pub window: f64,
    /// Whether the webhook names `localhost` instead of the address.
    pub by_name: bool,
    /// Whether the program comes by an application and not by a webhook.
    pub application: bool,
}

/// A portal, its world, and the program at it.
#[derive(Debug)]
pub struct Scene {
    /// Where everything of it lies.
    pub dir: PathBuf,
    /// The world.
    pub world: World,
    /// The program.
    pub program: Program,
    /// What must be nowhere but where it is needed.
    pub secrets: Vec<String>,
    portal: Option<Sandbox>,
    config: Config,
    address: SocketAddr,
}

impl Scene {
    /// Builds a world in a new directory and opens its portal.
    pub fn open(dir: &Path, manner: Manner, chance: &mut Chance) -> Result<Self, ProveError> {
        std::fs::create_dir_all(dir)?;
        let world = World::build(dir, manner.size, jiff::Timestamp::now(), chance)?;
        let config = config(&world.data, manner.limits, manner.scale);
        let portal = Sandbox::start(&config, ([127, 0, 0, 1], 0).into())?;
        let address = portal.address();
        let host = if manner.by_name { format!("localhost:{}", address.port()) } else { address.to_string() };
        let program = Program::new(webhook(&host, &world.secret), dir, manner.window);
        let secrets = vec![world.secret.clone()];
        let mut scene = Self { dir: dir.to_owned(), world, program, secrets, portal: Some(portal), config, address };
        if manner.application {
            scene.install()?;
        }
        Ok(scene)
    }

    /// Installs the application, for the first time or anew: the program goes by its keys from here on.
    pub fn install(&mut self) -> Result<(), ProveError> {
        let host = self.address.to_string();
        let keys = self.meanwhile(|store| Ok(application::keys(store, 1, jiff::Timestamp::now().as_second(), LIFE, &host)))?;
        // Among the portal's own files: no other may hold a secret.
        let file = self.world.data.join("application.json");
        std::fs::write(&file, keys.to_string())?;
        self.program.go_by(file);
        self.note_keys()
    }

    /// Notes the application's keys, if the program goes by them: they change.
    pub fn note_keys(&mut self) -> Result<(), ProveError> {
        let Some(file) = self.program.keys() else { return Ok(()) };
        let keys: Value = serde_json::from_slice(&std::fs::read(file)?).unwrap_or_default();
        let names = ["client_secret", "access_token", "refresh_token"];
        self.secrets.extend(names.iter().filter_map(|name| keys[name].as_str().map(str::to_owned)));
        Ok(())
    }

    /// Where the plan lies.
    pub fn plan_dir(&self) -> PathBuf {
        plan_dir(&self.dir)
    }

    /// Makes the plan.
    pub fn plan(&self) -> Result<(), ProveError> {
        plan(&self.program, &self.world, &self.dir)
    }

    /// The open portal.
    pub fn portal(&self) -> Result<&Sandbox, ProveError> {
        self.portal.as_ref().ok_or(ProveError::Closed)
    }

    /// Closes the portal.
    pub fn close(&mut self) -> Result<(), ProveError> {
        self.portal.take().map_or(Ok(()), Sandbox::stop).map_err(ProveError::from)
    }

    /// Opens the portal again: where it was, or elsewhere.
    pub fn reopen(&mut self, elsewhere: bool) -> Result<SocketAddr, ProveError> {
        self.close()?;
        let listen = if elsewhere { ([127, 0, 0, 1], 0).into() } else { self.address };
        let portal = Sandbox::start(&self.config, listen)?;
        let address = portal.address();
        self.portal = Some(portal);
        Ok(address)
    }

    /// Works on the portal's state as somebody else does meanwhile, and writes it down.
    pub fn meanwhile<T>(&self, work: impl FnOnce(&mut Store) -> Result<T, ProveError>) -> Result<T, ProveError> {
        self.portal()?.office().with_store(|store| {
            store.begin("demo", 1, jiff::Timestamp::now());
            let done = work(store)?;
            store.commit()?;
            Ok(done)
        })
    }

    /// Closes the portal and counts in it.
    pub fn count(&mut self) -> Result<Count, ProveError> {
        self.close()?;
        Ok(Count::of(&Store::open(&self.world.data, LANGUAGE, ZONE)?, &self.world)?)
    }
}

/// The configuration of a portal of a proof.
pub fn config(data: &Path, limits: Limits, time_scale: f64) -> Config {
    Config { data: data.to_owned(), limits, time_scale, latency_ms: 0, faults: None, language: LANGUAGE, zone: ZONE.to_owned() }
}

/// The address of a webhook.
pub fn webhook(host: &str, secret: &str) -> String {
    format!("http://{host}/rest/1/{secret}/")
}

/// Where a plan lies.
pub fn plan_dir(dir: &Path) -> PathBuf {
    dir.join("plan")
}

/// Makes a plan of a world.
pub fn plan(program: &Program, world: &World, dir: &Path) -> Result<(), ProveError> {
    let mut words: Vec<std::ffi::OsString> = vec!["plan".into()];
    words.extend(world.files.iter().map(Into::into));
    words.extend(["--out".into(), plan_dir(dir).into(), "--json".into()]);
    let ended = program.run(words, BOUND)?;
    if ended.code == Some(0) { Ok(()) } else { Err(ProveError::Command(ended.complaint("0"))) }
}

/// `apply --yes --json`.
pub fn apply_words(dir: &Path) -> [std::ffi::OsString; 4] {
    ["apply".into(), plan_dir(dir).into(), "--yes".into(), "--json".into()]
}

/// Runs `apply` until everything is back, then `verify`, which is handed back. What went wrong on the way is noted.
pub fn finish(program: &Program, dir: &Path, done: &mut Done) -> Result<Ended, ProveError> {
    let mut failed = false;
    for run in 0..RUNS_MAX {
        let words = apply_words(dir);
        let more = failed.then(|| "--failed".into());
        let ended = program.run(words.into_iter().chain(more), BOUND)?;
        done.add_sums(&ended);
        match ended.code {
            Some(0) => break,
            Some(3) => failed = true,
            Some(1) if !ended.hung => failed = false,
            _ => done.complaints.push(ended.complaint("0, 1 or 3")),
        }
        if run + 1 == RUNS_MAX {
            done.complaints.push(ended.complaint("complete by now"));
        }
    }
    Ok(program.run(["verify".into(), plan_dir(dir), "--json".into()], BOUND)?)
}

impl Done {
    /// Checks that the counts of an outcome of `apply` add up.
    pub fn add_sums(&mut self, ended: &Ended) {
        for (entity, counts) in ended.json()["entities"].as_object().into_iter().flatten() {
            let of = |name: &str| counts[name].as_u64().unwrap_or_default();
            let parts: u64 = ["created", "already_there", "left_out", "failed", "pending"].into_iter().map(of).sum();
            self.sums += 1;
            if parts != of("planned") {
                self.unequal += 1;
                self.complaints.push(format!("the counts of {entity} don't add up: {counts}"));
            }
        }
    }

    /// Takes over what was counted in the portal.
    pub fn add_count(&mut self, count: &Count) {
        self.lost += count.lost.len();
        self.doubled += count.doubled.len();
        self.touched += count.touched.len();
        self.portals += 1;
        self.complaints.extend(count.complaints());
    }

    /// Searches for the webhook's secret in everything that the program left behind.
    pub fn add_secret(&mut self, dir: &Path, world: &World) -> Result<(), ProveError> {
        self.add_secrets(dir, world, std::slice::from_ref(&world.secret))
    }

    /// Searches for secrets in everything that the program left behind.
    pub fn add_secrets(&mut self, dir: &Path, world: &World, secrets: &[String]) -> Result<(), ProveError> {
        let found = secret::search(dir, &world.data, secrets)?;
        self.files += found.files;
        self.leaks += found.leaks.len();
        self.complaints.extend(found.leaks.into_iter().map(|file| format!("a secret stands in {file}")));
        Ok(())
    }
}

/// How many entries a list of an outcome has.
pub fn length(outcome: &Value, list: &str) -> usize {
    outcome[list].as_array().map_or(0, Vec::len)
}
