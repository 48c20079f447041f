//! One cell of the fault matrix: a fault, a record type, a place, once or from then on.

use std::fmt;

use serde_json::{Value, json};

use super::chance::Chance;
use super::faults::{At, Deed, Fault, Handling};
use super::world::ORDER;
use crate::sandbox::store::record::Entity;

/// Places of a fault among the imports of a record type.
pub const PLACES: [&str; 3] = ["first", "middle", "last"];
/// Whether it happens from then on, and the place.
const ROWS: [(bool, usize); 6] = [(false, 0), (false, 1), (false, 2), (true, 0), (true, 1), (true, 2)];
/// The method that a fault strikes.
pub const IMPORT: &str = "crm.item.batchimport";

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

/// All cells of the faults that a local portal can be made to do.
pub fn all(faults: &[Fault]) -> Vec<Cell> {
    cells(faults, |fault| &fault.deeds)
}

/// All cells of a simulation, which every fault can be brought into.
pub fn simulated(faults: &[Fault]) -> Vec<Cell> {
    cells(faults, Fault::in_simulation)
}

/// Each fault in each of its 24 cells; its forms take turns, each row of four beginning with the next, so that every form meets every
/// record type.
fn cells(faults: &[Fault], forms: impl Fn(&Fault) -> &[Deed]) -> Vec<Cell> {
    let mut cells = Vec::new();
    for fault in faults {
        let deeds = forms(fault);
        for (row, (forever, place)) in ROWS.into_iter().enumerate() {
            for (at, entity) in ORDER.into_iter().enumerate() {
                let name = entity.name().to_lowercase();
                let fitting: Vec<usize> = (0..deeds.len()).filter(|at| deeds[*at].is_for(&name)).collect();
                let Some(deed) = fitting.get((row + at) % fitting.len().max(1)).copied() else { continue };
                cells.push(Cell { fault: fault.number, deed, entity, place, forever });
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

impl Cell {
    /// What is expected here of a form of the fault.
    pub const fn expects(self, deed: &Deed) -> Handling {
        if self.forever { deed.forever } else { deed.once }
    }

    /// The rules that make the fault happen here on a local portal.
    pub fn rules(self, deed: &Deed, foreign: &str) -> Vec<Value> {
        let what = deed.read(foreign);
        let (nth, entity) = (self.place + 1, self.entity.type_id());
        let mut rule = match deed.at {
            At::Request => json!({"method": IMPORT, "entity": entity, "whole": true, "nth": nth, "when": deed.when, "do": what}),
            At::Command => json!({"method": IMPORT, "entity": entity, "nth": nth, "when": deed.when, "do": what}),
            At::Connect => json!({"when": deed.when, "do": what, "times": nth}),
            At::Every | At::Head => json!({"when": deed.when, "do": what}),
            At::Setup | At::Network => return Vec::new(),
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
    use super::super::setup::Setup;
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
    fn all_1440_cells_can_be_simulated() {
        let faults = super::super::faults::table().expect("the table");
        let cells = simulated(&faults);
        assert_eq!(cells.len(), 1440);
        for fault in &faults {
            let of_fault: Vec<&Cell> = cells.iter().filter(|cell| cell.fault == fault.number).collect();
            assert_eq!(of_fault.len(), 24, "F{}", fault.number);
            for (at, deed) in fault.in_simulation().iter().enumerate() {
                for entity in ORDER.into_iter().filter(|entity| deed.is_for(&entity.name().to_lowercase())) {
                    let is_met = of_fault.iter().any(|cell| cell.deed == at && cell.entity == entity);
                    assert!(is_met, "form {} of F{} never meets a {}", at + 1, fault.number, entity.name());
                }
            }
        }
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
