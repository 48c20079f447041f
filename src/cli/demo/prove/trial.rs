//! One cell of the fault matrix at work: the real program at a local portal of its own.

use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::cell::{Cell, IMPORT};
use super::chance::Chance;
use super::faults::{At, Deed, Fault, Handling};
use super::program::{Ended, Running};
use super::scene::{self, BOUND, Manner, Scene};
use super::setup::Setup;
use super::world::{Size, World};
use super::{Done, ProveError};
use crate::sandbox::Limits;
use crate::sandbox::rule::Rule;

/// How often a running process and the portal are looked at.
const LOOK: Duration = Duration::from_millis(5);

/// A cell at work.
struct Trial<'a> {
    cell: Cell,
    deed: &'a Deed,
    expected: Handling,
    scene: Scene,
    setup: Option<Setup>,
    foreign: TcpListener,
    done: Done,
}

impl Cell {
    /// Carries the cell out in a directory of its own.
    pub(super) fn carry_out(self, fault: &Fault, dir: &Path, chance: &mut Chance) -> Result<Done, ProveError> {
        let deed = &fault.deeds[self.deed];
        let setup = if deed.at == At::Setup { Some(Setup::named(&deed.what)?) } else { None };
        let manner = Manner {
            size: if fault.lean { Size::lean(self.entity) } else { Size::USUAL },
            limits: if deed.limits { Limits::Standard } else { Limits::None },
            scale: deed.time_scale(),
            window: deed.window,
            by_name: setup == Some(Setup::ByName),
            application: deed.application,
        };
        let foreign = TcpListener::bind(("127.0.0.1", 0))?;
        foreign.set_nonblocking(true)?;
        let trial = Trial {
            cell: self,
            deed,
            expected: self.expects(deed),
            scene: Scene::open(dir, manner, chance)?,
            setup,
            foreign,
            done: Done::default(),
        };
        trial.carry_out()
    }
}

impl Trial<'_> {
    fn carry_out(mut self) -> Result<Done, ProveError> {
        self.scene.plan()?;
        let first = self.first_run()?;
        self.judge(&first)?;
        self.scene.note_keys()?;
        self.disarm()?;
        let verified = scene::finish(&self.scene.program, &self.scene.dir, &mut self.done)?;
        self.judge_verified(&verified)?;
        if self.foreign.accept().is_ok() {
            self.done.complaints.push("something was sent to the foreign host".to_owned());
        }
        self.scene.note_keys()?;
        self.done.add_secrets(&self.scene.dir, &self.scene.world, &self.scene.secrets)?;
        Ok(self.done)
    }

    /// Makes the fault happen, and runs `apply` into it.
    fn first_run(&mut self) -> Result<Ended, ProveError> {
        let words = scene::apply_words(&self.scene.dir);
        if let Some(setup) = self.setup {
            return match setup {
                Setup::PortalClosed => self.run_while_the_portal_closes(),
                Setup::AnotherPortal => {
                    let address = self.scene.reopen(true)?;
                    let webhook = scene::webhook(&address.to_string(), &self.scene.world.secret);
                    Ok(self.scene.program.at(webhook).run(words, BOUND)?)
                }
                _ => {
                    let (world, entity) = (&self.scene.world, self.cell.entity);
                    self.scene.meanwhile(|store| setup.happen(store, world, entity, Timestamp::now()))?;
                    Ok(self.scene.program.run(words, BOUND)?)
                }
            };
        }
        let foreign = format!("http://{}/rest/1/x/batch.json", self.foreign.local_addr()?);
        self.arm(self.cell.rules(self.deed, &foreign))?;
        let mut running = self.scene.program.start(words)?;
        let mut over = false;
        let ends = self.deed.ends(self.expected);
        while !running.ends_within(LOOK)? && running.age() < BOUND {
            if ends && !over && self.struck()? >= self.deed.strikes {
                self.scene.portal()?.office().faults().clear();
                over = true;
            }
        }
        if !over && self.struck()? == 0 {
            self.done.complaints.push("the fault never struck".to_owned());
        }
        Ok(running.end(Duration::ZERO)?)
    }

    fn arm(&self, rules: Vec<Value>) -> Result<(), ProveError> {
        let rules: Vec<Rule> = rules.into_iter().map(Rule::read).collect::<Result<_, _>>()?;
        self.scene.portal()?.office().arm(rules);
        Ok(())
    }

    fn struck(&self) -> Result<u64, ProveError> {
        Ok(self.scene.portal()?.office().faults().struck())
    }

    fn disarm(&mut self) -> Result<(), ProveError> {
        match self.setup {
            Some(Setup::AnotherPortal) => drop(self.scene.reopen(false)?),
            Some(setup) => {
                let entity = self.cell.entity;
                self.scene.meanwhile(|store| setup.mend(store, entity, Timestamp::now()))?;
            }
            None => {}
        }
        self.scene.portal()?.office().faults().clear();
        if self.deed.application {
            self.scene.install()?;
        }
        Ok(())
    }

    /// The portal closes behind the cell's import, and opens again once that was noticed.
    fn run_while_the_portal_closes(&mut self) -> Result<Ended, ProveError> {
        let nth = self.cell.place + 1;
        let entity = self.cell.entity.type_id();
        self.arm(vec![json!({"method": IMPORT, "entity": entity, "nth": nth, "when": "after", "do": {"delay_ms": 1}})])?;
        let mut running = self.scene.program.start(scene::apply_words(&self.scene.dir))?;
        while self.struck()? == 0 && !running.ends_within(LOOK)? {}
        self.scene.close()?;
        let refusals = if self.cell.forever { self.deed.strikes as usize } else { 1 };
        let noticed = |running: &Running| running.says().lines().filter(|line| line.ends_with(" not sent")).count() >= refusals;
        while !noticed(&running) && !running.ends_within(LOOK)? && running.age() < BOUND {}
        if !noticed(&running) {
            self.done.complaints.push("nobody noticed that the portal was closed".to_owned());
        }
        self.scene.reopen(false)?;
        Ok(running.end(BOUND)?)
    }

    /// Whether the first run did what is expected.
    fn judge(&mut self, ended: &Ended) -> Result<(), ProveError> {
        self.done.add_sums(ended);
        let is_right =
            self.expected.is_shown_by(&ended.json()) && (self.expected != Handling::Refuse || self.nothing_was_sent()?);
        if ended.code != Some(self.expected.code()) || !is_right || ended.hung {
            self.done.complaints.push(ended.complaint(&format!("{} ({})", self.expected.code(), self.expected)));
        }
        Ok(())
    }

    fn nothing_was_sent(&self) -> Result<bool, ProveError> {
        let since = self.scene.world.ledger;
        self.scene.meanwhile(|store| Ok(store.ledger(since, 1)?.is_empty()))
    }

    /// What `verify` found must be what is in the portal.
    fn judge_verified(&mut self, verified: &Ended) -> Result<(), ProveError> {
        let mut verified = verified.clone();
        if self.deed.what.contains("late_ms") && self.expected == Handling::Declared {
            self.wait_for_the_late()?;
            verified = self.scene.program.run(["verify".into(), self.scene.plan_dir(), "--json".into()], BOUND)?;
        }
        let mut count = self.scene.count()?;
        let code = if self.expected == Handling::Declared { 3 } else { 0 };
        if verified.code != Some(code) || verified.hung {
            self.done.complaints.push(verified.complaint(&code.to_string()));
        }
        if self.expected == Handling::Declared {
            let outcome = verified.json();
            let named = [scene::length(&outcome, "doubles"), scene::length(&outcome, "differences")];
            let there = [count.doubled.len(), count.altered.len()];
            if named != there || named == [0, 0] {
                self.done.complaints.push(format!("verify names {named:?} doubles and differences, there are {there:?}"));
            }
            self.done.declared += 1;
            count.doubled.clear();
            count.altered.clear();
        }
        self.done.add_count(&count);
        Ok(())
    }

    /// Waits until what was to be carried out late has been.
    fn wait_for_the_late(&self) -> Result<(), ProveError> {
        let until = Instant::now() + BOUND;
        let lost = &self.scene.world.lost;
        while Instant::now() < until {
            let bearing = self.scene.meanwhile(|store| {
                let of = |key: &super::world::Key| store.with_origin(key.0, &World::mark(*key)).count();
                Ok(lost.keys().map(of).sum::<usize>())
            })?;
            if bearing > lost.len() {
                return Ok(());
            }
            std::thread::sleep(LOOK);
        }
        Err(ProveError::Command("what was late never came".to_owned()))
    }
}
