//! One cell of the fault matrix: a fault, a record type, a place, once or from then on.

use std::fmt;
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::chance::Chance;
use super::faults::{At, Deed, Fault, Handling};
use super::program::{Ended, Running};
use super::scene::{self, BOUND, Manner, Scene};
use super::setup::Setup;
use super::world::{ORDER, Size, World};
use super::{Done, ProveError};
use crate::sandbox::Limits;
use crate::sandbox::rule::Rule;
use crate::sandbox::store::record::Entity;

/// Places of a fault among the imports of a record type.
pub const PLACES: [&str; 3] = ["first", "middle", "last"];
const IMPORT: &str = "crm.item.batchimport";
/// How often a running process and the portal are looked at.
const LOOK: Duration = Duration::from_millis(5);

/// A cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// The fault's number.
    pub fault: u8,
    /// Which of its forms.
    pub deed: usize,
    /// The record type.
    pub entity: Entity,
    /// Which import: 0 the first, 1 the middle, 2 the last.
    pub place: usize,
    /// Whether it happens from then on.
    pub forever: bool,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let often = if self.forever { "forever" } else { "once" };
        let entity = self.entity.name().to_lowercase();
        write!(f, "F{}/{}/{entity}/{}/{often}", self.fault, self.deed + 1, PLACES[self.place])
    }
}

/// All cells of the faults that the sandbox can be made to do: each fault in each of its 24 cells; its forms take turns.
pub fn all(faults: &[Fault]) -> Vec<Cell> {
    let mut cells = Vec::new();
    for fault in faults.iter().filter(|fault| !fault.deeds.is_empty()) {
        let mut turn = 0;
        for forever in [false, true] {
            for place in 0..PLACES.len() {
                for entity in ORDER {
                    let name = entity.name().to_lowercase();
                    let fitting: Vec<usize> = (0..fault.deeds.len()).filter(|at| fault.deeds[*at].is_for(&name)).collect();
                    let Some(deed) = fitting.get(turn % fitting.len().max(1)).copied() else { continue };
                    turn += 1;
                    cells.push(Cell { fault: fault.number, deed, entity, place, forever });
                }
            }
        }
    }
    cells
}

/// So many cells in an order of chance: every fault once before any comes twice.
pub fn choose(mut cells: Vec<Cell>, count: usize, chance: &mut Chance) -> Vec<Cell> {
    chance.shuffle(&mut cells);
    let mut seen = std::collections::BTreeMap::<u8, usize>::new();
    let mut ranked: Vec<(usize, Cell)> = cells
        .into_iter()
        .map(|cell| {
            let times = seen.entry(cell.fault).or_default();
            *times += 1;
            (*times, cell)
        })
        .collect();
    ranked.sort_by_key(|(times, _)| *times);
    ranked.into_iter().map(|(_, cell)| cell).take(count).collect()
}

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
    pub fn carry_out(self, fault: &Fault, dir: &Path, chance: &mut Chance) -> Result<Done, ProveError> {
        let deed = &fault.deeds[self.deed];
        let setup = if deed.at == At::Setup { Some(Setup::named(&deed.what)?) } else { None };
        let manner = Manner {
            size: if fault.lean { Size::lean(self.entity) } else { Size::USUAL },
            limits: if deed.limits { Limits::Standard } else { Limits::None },
            scale: deed.time_scale(),
            window: deed.window,
            by_name: setup == Some(Setup::ByName),
        };
        let foreign = TcpListener::bind(("127.0.0.1", 0))?;
        foreign.set_nonblocking(true)?;
        let trial = Trial {
            cell: self,
            deed,
            expected: if self.forever { deed.forever } else { deed.once },
            scene: Scene::open(dir, manner, chance)?,
            setup,
            foreign,
            done: Done::default(),
        };
        trial.carry_out()
    }

    /// The rules that make the fault happen here.
    fn rules(self, deed: &Deed, foreign: &str) -> Vec<Value> {
        let what = deed.read(foreign);
        let (nth, entity) = (self.place + 1, self.entity.type_id());
        let mut rule = match deed.at {
            At::Request => json!({"method": IMPORT, "entity": entity, "whole": true, "nth": nth, "when": deed.when, "do": what}),
            At::Command => json!({"method": IMPORT, "entity": entity, "nth": nth, "when": deed.when, "do": what}),
            At::Connect => json!({"when": deed.when, "do": what, "times": nth}),
            At::Every | At::Head => json!({"when": deed.when, "do": what}),
            At::Setup => return Vec::new(),
        };
        // What is late beyond the window is there twice in the end; once is enough for that.
        if self.forever && deed.forever != Handling::Declared {
            if matches!(deed.at, At::Request | At::Command) {
                rule["every"] = json!(1);
            }
            if deed.at == At::Connect {
                rule["times"] = Value::Null;
            }
        } else if deed.at == At::Head {
            rule["times"] = json!(1);
        }
        if deed.at == At::Head { vec![self.behind_the_predecessor(&rule)] } else { vec![rule] }
    }

    /// Arms a rule with the answer of the request before the cell's import.
    fn behind_the_predecessor(self, rule: &Value) -> Value {
        let arm = json!({"arm": [rule]});
        let at = ORDER.iter().position(|entity| *entity == self.entity).unwrap_or_default();
        let (method, entity, nth) = match (self.place, at) {
            // Deals are looked up once when a run begins; then each type's first import follows a look for other runs, at all types.
            (0, at) => ("crm.item.list", Entity::Deal, 2 + at),
            (place, _) => (IMPORT, self.entity, place),
        };
        json!({"method": method, "entity": entity.type_id(), "whole": true, "nth": nth, "when": "after", "do": arm})
    }
}

impl Trial<'_> {
    fn carry_out(mut self) -> Result<Done, ProveError> {
        self.scene.plan()?;
        let first = self.first_run()?;
        self.judge(&first)?;
        self.disarm()?;
        let verified = scene::finish(&self.scene.program, &self.scene.dir, &mut self.done)?;
        self.judge_verified(&verified)?;
        if self.foreign.accept().is_ok() {
            self.done.complaints.push("something was sent to the foreign host".to_owned());
        }
        self.done.add_secret(&self.scene.dir, &self.scene.world)?;
        Ok(self.done)
    }

    /// Makes the fault happen, and runs `apply` into it.
    fn first_run(&mut self) -> Result<Ended, ProveError> {
        let words = scene::apply_words(&self.scene.dir);
        if let Some(setup) = self.setup {
            if let Some(elsewhere) = setup.prepare(&mut self.scene, self.cell.entity)? {
                return Ok(elsewhere.run(words, BOUND)?);
            }
            if setup == Setup::PortalClosed {
                return self.run_while_the_portal_closes();
            }
            return Ok(self.scene.program.run(words, BOUND)?);
        }
        let foreign = format!("http://{}/rest/1/x/batch.json", self.foreign.local_addr()?);
        self.arm(self.cell.rules(self.deed, &foreign))?;
        let mut running = self.scene.program.start(words)?;
        let mut over = false;
        // Connections and heads are struck whatever they carry, so a fault of theirs has to end for a run to come to its end.
        let strikes_all = matches!(self.deed.at, At::Head | At::Connect | At::Every);
        let ends = self.expected == Handling::Retry || strikes_all && self.expected != Handling::Stop;
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
        if let Some(setup) = self.setup {
            setup.mend(&mut self.scene, self.cell.entity)?;
        }
        self.scene.portal()?.office().faults().clear();
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
        let outcome = ended.json();
        let total = |name: &str| -> u64 {
            let counts = outcome["entities"].as_object().into_iter().flatten();
            counts.filter_map(|(_, counts)| counts[name].as_u64()).sum()
        };
        let is_right = match self.expected {
            Handling::Accept | Handling::Retry | Handling::LookUp | Handling::Declared => outcome["complete"] == true,
            Handling::Pending => total("pending") > 0 && total("failed") == 0 && outcome["complete"] == false,
            Handling::AlreadyThere => total("already_there") > 0 && outcome["complete"] == true,
            Handling::RecordFails => total("failed") > 0 && total("created") > 0 && outcome["complete"] == true,
            // The reason is on stderr.
            Handling::Stop => total("failed") == 0,
            Handling::Refuse => self.nothing_was_sent()?,
        };
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

/// Reads a cell as it is written: `F36/1/deal/middle/once`.
pub fn named(name: &str, faults: &[Fault]) -> Option<Cell> {
    let parts: Vec<&str> = name.split('/').collect();
    let [fault, deed, entity, place, often] = parts[..] else { return None };
    let number = fault.strip_prefix('F')?.parse().ok()?;
    let deed = deed.parse::<usize>().ok()?.checked_sub(1)?;
    let known = faults.iter().find(|fault| fault.number == number)?;
    let entity_type = Entity::of_name(entity)?;
    let place = PLACES.iter().position(|known| *known == place)?;
    let forever = match often {
        "once" => false,
        "forever" => true,
        _ => return None,
    };
    known.deeds.get(deed)?.is_for(&entity.to_lowercase()).then_some(())?;
    Some(Cell { fault: number, deed, entity: entity_type, place, forever })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_the_sandbox_has_its_cells_and_every_cell_is_named() {
        let faults = super::super::faults::table().expect("the table");
        let cells = all(&faults);
        for fault in faults.iter().filter(|fault| fault.outside.is_none()) {
            let of_fault: Vec<&Cell> = cells.iter().filter(|cell| cell.fault == fault.number).collect();
            assert_eq!(of_fault.len(), 24, "F{}", fault.number);
            for deed in &fault.deeds {
                assert!(deed.at != At::Setup || Setup::named(&deed.what).is_ok(), "{}", deed.what);
            }
        }
        assert!(cells.iter().all(|cell| named(&cell.to_string(), &faults) == Some(*cell)));
    }

    #[test]
    fn a_choice_takes_every_fault_before_it_takes_one_twice() {
        let faults = super::super::faults::table().expect("the table");
        let kinds = faults.iter().filter(|fault| fault.outside.is_none()).count();
        let chosen = choose(all(&faults), kinds, &mut Chance::new(1));
        let numbers: std::collections::BTreeSet<u8> = chosen.iter().map(|cell| cell.fault).collect();
        assert_eq!(numbers.len(), kinds);
        assert_ne!(chosen, choose(all(&faults), kinds, &mut Chance::new(2)));
    }
}
