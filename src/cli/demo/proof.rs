//! The independent proof at the demo's end: every lost record is there once. It asks the portal's own methods, and knows neither plan nor journal.
//!
//! What is counted are phones and titles, which tell the demo's records apart; the marks that b24restore leaves are looked at for doubles only.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::loss::Loss;
use super::world::{ADMIN, WorldError, call};
use crate::sandbox::store::Store;
use crate::sandbox::store::record::Entity;

/// What was counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// How many records were lost.
    pub lost: usize,
    /// How many of them are there exactly once.
    pub once: usize,
    /// How many are not there.
    pub missing: usize,
    /// How many are there more than once.
    pub twice: usize,
    /// Records of the portal that bear a mark of b24restore.
    pub marked: usize,
    /// Marks that more than one record bears.
    pub marks_doubled: usize,
    /// All records of the portal.
    pub all: usize,
}

impl Proof {
    /// Whether nothing is missing and nothing is there twice, in a portal that held so many records before the loss.
    pub fn holds(&self, before: usize) -> bool {
        self.once == self.lost && self.missing == 0 && self.twice == 0 && self.marks_doubled == 0 && self.all == before
    }
}

/// Counts.
pub fn count(store: &mut Store, loss: &Loss) -> Result<Proof, WorldError> {
    let mut bearers: HashMap<(Entity, String), usize> = HashMap::new();
    let mut marks: HashMap<(Entity, String), usize> = HashMap::new();
    let mut all = 0;
    for entity in Entity::ALL {
        let feature = if matches!(entity, Entity::Contact | Entity::Lead) { "phoneMobile" } else { "title" };
        for item in list(store, entity)? {
            all += 1;
            *bearers.entry((entity, text(&item, feature))).or_default() += 1;
            let mark = text(&item, "originId");
            if !mark.is_empty() {
                *marks.entry((entity, format!("{} {mark}", text(&item, "originatorId")))).or_default() += 1;
            }
        }
    }
    let found = |lost: &super::loss::Lost| bearers.get(&(lost.entity, lost.features.clone())).copied().unwrap_or_default();
    let with = |wanted: fn(usize) -> bool| loss.lost.iter().filter(|lost| wanted(found(lost))).count();
    Ok(Proof {
        lost: loss.lost.len(),
        once: with(|times| times == 1),
        missing: with(|times| times == 0),
        twice: with(|times| times > 1),
        marked: marks.values().sum(),
        marks_doubled: marks.values().filter(|times| **times > 1).count(),
        all,
    })
}

fn text(item: &Value, name: &str) -> String {
    item[name].as_str().unwrap_or_default().to_owned()
}

/// All records of a type, page by page in the order of ids.
fn list(store: &mut Store, entity: Entity) -> Result<Vec<Value>, WorldError> {
    let mut items = Vec::new();
    let mut last = 0;
    loop {
        let params =
            json!({ "entityTypeId": entity.type_id(), "filter": { ">id": last }, "order": { "id": "asc" }, "start": -1 });
        let answer = call(store, ADMIN, Timestamp::now(), "crm.item.list", params)?;
        let page = answer["items"].as_array().cloned().unwrap_or_default();
        let Some(highest) = page.last().and_then(|item| item["id"].as_u64()) else { return Ok(items) };
        last = highest;
        items.extend(page);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{loss, world};
    use super::*;

    #[test]
    fn what_is_lost_is_missing_until_it_comes_back_and_what_comes_twice_is_seen() {
        let dir = tempfile::tempdir().expect("a temporary directory can be made");
        let mut store = world::build(dir.path()).expect("the bundled portal can be built");
        let loss = loss::lose(&mut store).expect("days pass");
        let proof = count(&mut store, &loss).expect("the portal answers");
        assert_eq!((proof.lost, proof.once, proof.missing, proof.twice), (703, 12, 691, 0));
        assert_eq!(proof.all + proof.missing, loss.before);
        assert!(!proof.holds(loss.before));

        let binned: Vec<_> = store.binned().map(|(entity, id, _)| (entity, id)).collect();
        for (entity, id) in binned {
            call(&mut store, ADMIN, Timestamp::now(), "sandbox.recover", json!({ "entityTypeId": entity, "id": id }))
                .expect("it lies in the bin");
        }
        let proof = count(&mut store, &loss).expect("the portal answers");
        assert_eq!((proof.missing, proof.twice), (0, 2), "those that were typed in again are there twice now");
        assert!(!proof.holds(loss.before));
    }
}
