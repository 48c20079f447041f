//! The truth at the end of a proof, counted in the portal's own state and ledger; neither plan nor journal is asked.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::world::{Key, World, all};
use crate::sandbox::store::record::{Entity, Record};
use crate::sandbox::store::{Store, StoreError};

/// What was counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Count {
    /// Lost records that are nowhere.
    pub lost: Vec<String>,
    /// Lost records that are there more than once.
    pub doubled: Vec<String>,
    /// Restored records that differ from what was lost, with the field.
    pub altered: Vec<String>,
    /// Records of others that were changed or are gone, and records that nobody asked for.
    pub touched: Vec<String>,
}

/// Fields that must come back as they were. A creation moment need not: a portal keeps none that lies before its newest record.
const COMPARED: [&str; 10] = [
    "TITLE",
    "NAME",
    "LAST_NAME",
    "COMMENTS",
    "OPPORTUNITY",
    "CURRENCY_ID",
    "STAGE_ID",
    "TYPE_ID",
    "SOURCE_ID",
    "ASSIGNED_BY_ID",
];

/// What the coming and going of others writes into a record that nobody touches.
const MOVED_BY_OTHERS: [&str; 4] = ["LAST_ACTIVITY_TIME", "LAST_ACTIVITY_BY", "IS_RETURN_CUSTOMER", "IS_REPEATED_APPROACH"];

/// Changes of the ledger that another record's change brings along.
const BROUGHT_ALONG: [&str; 2] = ["link", "unlink"];

impl Count {
    /// Counts in a portal that nobody works on any more.
    pub fn of(store: &Store, world: &World) -> Result<Self, StoreError> {
        let now = all(store);
        let mut count = Self::default();
        let mut bearers: BTreeMap<Key, Vec<u64>> = BTreeMap::new();
        let mut strangers: BTreeSet<Key> = now.keys().filter(|key| !world.survivors.contains_key(key)).copied().collect();
        for (key, record) in &now {
            let lost = world.lost.keys().find(|lost| lost.0 == key.0 && bears(record, **lost));
            if let Some(lost) = lost {
                bearers.entry(*lost).or_default().push(key.1);
                strangers.remove(key);
            }
        }
        let originals: BTreeMap<Key, Key> =
            bearers.iter().flat_map(|(key, ids)| ids.iter().map(|id| ((key.0, *id), *key))).collect();
        for (key, was) in &world.lost {
            match bearers.get(key).map(Vec::as_slice) {
                None | Some([]) => count.lost.push(World::mark(*key)),
                Some([id]) => count.altered.extend(altered(was, &now[&(key.0, *id)], &originals, world)),
                Some(ids) => count.doubled.push(format!("{} as {ids:?}", World::mark(*key))),
            }
        }
        count.touched = touched(store, world, &now)?;
        count.touched.extend(strangers.into_iter().map(|key| format!("{} was not asked for", World::mark(key))));
        Ok(count)
    }

    /// Everything that is wrong, in words of the portal.
    pub fn complaints(&self) -> Vec<String> {
        let of = |what: &str, list: &[String]| list.iter().map(|item| format!("{what}: {item}")).collect::<Vec<_>>();
        [of("lost", &self.lost), of("twice", &self.doubled), of("altered", &self.altered), of("touched", &self.touched)].concat()
    }
}

fn bears(record: &Record, lost: Key) -> bool {
    record.text("ORIGINATOR_ID") == "b24restore" && record.text("ORIGIN_ID") == World::mark(lost)
}

/// The fields, phones and links in which a restored record differs from the lost one.
fn altered(was: &Record, is: &Record, originals: &BTreeMap<Key, Key>, world: &World) -> Vec<String> {
    let mut wrong: Vec<&str> = COMPARED.into_iter().filter(|code| was.get(code) != is.get(code)).collect();
    let multi = |record: &Record| -> Vec<(String, String, String)> {
        record.multi.iter().map(|one| (one.type_id.clone(), one.value_type.clone(), one.value.clone())).collect()
    };
    if multi(was) != multi(is) {
        wrong.push("multi-fields");
    }
    // A link points at the same record as before, or at the one that took its place.
    let targets = |record: &Record| record.references().into_iter().collect::<BTreeSet<Key>>();
    let original = |key: Key| originals.get(&key).copied().or_else(|| world.survivors.contains_key(&key).then_some(key));
    let found: BTreeSet<Key> = targets(is).into_iter().filter_map(original).collect();
    if targets(was) != found {
        wrong.push("links");
    }
    wrong.into_iter().map(|field| format!("{} {field}", World::mark((was.entity, was.id)))).collect()
}

/// Survivors that are gone or differ, and changes of the ledger to records that were there before.
fn touched(store: &Store, world: &World, now: &BTreeMap<Key, Record>) -> Result<Vec<String>, StoreError> {
    let mut touched = Vec::new();
    for (key, was) in &world.survivors {
        match now.get(key) {
            None => touched.push(format!("{} is gone", World::mark(*key))),
            Some(is) if body(is) != body(was) => touched.push(format!("{} was changed", World::mark(*key))),
            Some(_) => {}
        }
    }
    for row in store.ledger(world.ledger, i64::MAX)? {
        let key = Entity::of_name(&row.entity).zip(row.entity_id.parse().ok());
        let is_of_others = key.is_some_and(|key| world.survivors.contains_key(&key));
        if is_of_others && !BROUGHT_ALONG.contains(&row.action.as_str()) {
            touched.push(format!("{} {} by {}", row.action, row.entity_id, row.method));
        }
    }
    Ok(touched)
}

fn body(record: &Record) -> Value {
    let mut body = record.to_disk();
    if let Some(values) = body["values"].as_object_mut() {
        values.retain(|code, _| !MOVED_BY_OTHERS.contains(&code.as_str()));
    }
    body
}

#[cfg(test)]
mod tests {
    use super::super::chance::Chance;
    use super::super::world::{LANGUAGE, Size, ZONE};
    use super::*;
    use crate::cli::demo::world::call;
    use jiff::Timestamp;
    use serde_json::json;

    struct Scene {
        _dir: tempfile::TempDir,
        world: World,
        store: Store,
    }

    fn scene() -> Scene {
        let dir = tempfile::tempdir().expect("a directory");
        let world = World::build(dir.path(), Size::USUAL, Timestamp::now(), &mut Chance::new(3)).expect("a world");
        let store = Store::open(&world.data, LANGUAGE, ZONE).expect("its portal");
        Scene { _dir: dir, world, store }
    }

    fn restore(scene: &mut Scene, key: Key) {
        let was = &scene.world.lost[&key];
        let fields = json!({"title": was.text("TITLE"), "comments": was.text("COMMENTS"), "typeId": "CUSTOMER",
            "originatorId": "b24restore", "originId": World::mark(key),
            "assignedById": was.integer("ASSIGNED_BY_ID"), "PHONE": [{"VALUE_TYPE": "WORK", "VALUE": was.multi[0].value}]});
        call(&mut scene.store, 1, Timestamp::now(), "crm.item.import", json!({"entityTypeId": 4, "fields": fields}))
            .expect("an import");
    }

    fn a_lost_company(world: &World) -> Key {
        *world.lost.keys().find(|key| key.0 == Entity::Company).expect("a company")
    }

    fn count(scene: &Scene) -> Count {
        Count::of(&scene.store, &scene.world).expect("the portal answers")
    }

    #[test]
    fn what_is_not_restored_is_lost_and_what_is_restored_twice_is_doubled() {
        let mut scene = scene();
        assert_eq!(count(&scene).lost.len(), 16);
        let company = a_lost_company(&scene.world);
        restore(&mut scene, company);
        let found = count(&scene);
        assert_eq!(
            (found.lost.len(), found.doubled.len(), found.altered.as_slice(), found.touched.as_slice()),
            (15, 0, &[][..], &[][..])
        );
        restore(&mut scene, company);
        assert_eq!(count(&scene).doubled.len(), 1);
    }

    #[test]
    fn a_survivor_that_was_changed_is_seen_even_if_it_was_changed_back() {
        let mut scene = scene();
        let survivor = *scene.world.survivors.keys().next().expect("a survivor");
        let mut write = |comments: &str| {
            let params = json!({"entityTypeId": survivor.0.type_id(), "id": survivor.1, "fields": {"comments": comments}});
            call(&mut scene.store, 1, Timestamp::now(), "crm.item.update", params).expect("an update");
        };
        write("ajeno");
        write("otro");
        let touched = count(&scene).touched;
        assert_eq!(touched.iter().filter(|line| line.contains("crm.item.update")).count(), 2, "{touched:?}");
    }

    #[test]
    fn a_record_that_nobody_asked_for_is_seen() {
        let mut scene = scene();
        call(&mut scene.store, 1, Timestamp::now(), "crm.lead.add", json!({"fields": {"TITLE": "otro"}})).expect("a lead");
        assert_eq!(count(&scene).touched.len(), 1);
    }

    #[test]
    fn a_field_that_came_back_otherwise_is_seen() {
        let mut scene = scene();
        let company = a_lost_company(&scene.world);
        restore(&mut scene, company);
        let id = scene.store.with_origin(Entity::Company, &World::mark(company)).next().expect("it is back");
        let params = json!({"entityTypeId": 4, "id": id, "fields": {"title": "otra"}});
        call(&mut scene.store, 1, Timestamp::now(), "crm.item.update", params).expect("an update");
        assert_eq!(count(&scene).altered, [format!("{} TITLE", World::mark(company))]);
    }
}
