//! The records themselves, and the indexes that answer without a scan: who points at a record, who has a phone or e-mail, who carries a
//! mark of origin.

use std::collections::HashMap;
use std::ops::RangeBounds;

use super::disk::Write;
use super::record::{Entity, Record};
use super::{Store, normal, slot};

impl Store {
    /// A record.
    pub fn record(&self, entity: Entity, id: u64) -> Option<&Record> {
        self.records[slot(entity)].get(&id)
    }

    /// The records of a type within a range of ids, by id.
    pub fn records(&self, entity: Entity, ids: impl RangeBounds<u64>) -> impl DoubleEndedIterator<Item = &Record> {
        self.records[slot(entity)].range(ids).map(|(_, record)| record)
    }

    /// The record of a type that has the greatest id.
    pub fn newest(&self, entity: Entity) -> Option<&Record> {
        self.records[slot(entity)].last_key_value().map(|(_, record)| record)
    }

    /// Stores a record's new state.
    pub fn put_record(&mut self, mut record: Record) {
        record.shrink();
        let (entity, id) = (record.entity, record.id);
        self.pending.push(Write::Record {
            table: "record",
            entity: entity.type_id(),
            id,
            body: Some(record.to_disk().to_string()),
        });
        if let Some(old) = self.records[slot(entity)].remove(&id) {
            self.unindex(&old);
        }
        self.index(&record);
        self.records[slot(entity)].insert(id, record);
    }

    /// Takes a record out.
    pub fn take_record(&mut self, entity: Entity, id: u64) -> Option<Record> {
        let record = self.records[slot(entity)].remove(&id)?;
        self.unindex(&record);
        self.pending.push(Write::Record { table: "record", entity: entity.type_id(), id, body: None });
        Some(record)
    }

    pub(super) fn index(&mut self, record: &Record) {
        for (target, id) in record.references() {
            self.referrers.insert((target, id, record.entity, record.id));
        }
        let place = (record.entity, record.id);
        for key in normal::communications(record) {
            insert_sorted(self.communications.entry(key).or_default(), place);
        }
        if let Some(origin) = origin_of(record) {
            insert_sorted(self.origins.entry(origin).or_default(), place);
        }
    }

    fn unindex(&mut self, record: &Record) {
        for (target, id) in record.references() {
            self.referrers.remove(&(target, id, record.entity, record.id));
        }
        let place = (record.entity, record.id);
        for key in normal::communications(record) {
            remove_from(&mut self.communications, &key, place);
        }
        if let Some(origin) = origin_of(record) {
            remove_from(&mut self.origins, &origin, place);
        }
    }

    /// The records that point at a record, by type and id.
    pub fn referrers(&self, target: Entity, id: u64) -> Vec<(Entity, u64)> {
        self.referrers
            .range((target, id, Entity::Lead, 0)..=(target, id, Entity::Company, u64::MAX))
            .map(|row| (row.2, row.3))
            .collect()
    }

    /// The records of one type that point at a record, by id.
    pub fn referrers_of_type(&self, target: Entity, id: u64, owner: Entity) -> impl Iterator<Item = u64> {
        self.referrers.range((target, id, owner, 0)..=(target, id, owner, u64::MAX)).map(|row| row.3)
    }

    /// The records that have a phone or an e-mail, given normalised.
    pub fn holders(&self, kind: &'static str, value: String) -> impl Iterator<Item = (Entity, u64)> {
        self.communications.get(&(kind, value)).into_iter().flatten().copied()
    }

    /// The ids of the records of a type that carry an `ORIGIN_ID`, in either case.
    pub fn with_origin(&self, entity: Entity, origin: &str) -> impl Iterator<Item = u64> {
        let holders = self.origins.get(&origin.to_lowercase());
        holders.into_iter().flatten().filter(move |(kind, _)| *kind == entity).map(|(_, id)| *id)
    }
}

fn origin_of(record: &Record) -> Option<String> {
    Some(record.text("ORIGIN_ID")).filter(|origin| !origin.is_empty()).map(str::to_lowercase)
}

fn insert_sorted(places: &mut Vec<(Entity, u64)>, place: (Entity, u64)) {
    if let Err(at) = places.binary_search(&place) {
        places.insert(at, place);
    }
}

fn remove_from<Key: std::hash::Hash + Eq>(index: &mut HashMap<Key, Vec<(Entity, u64)>>, key: &Key, place: (Entity, u64)) {
    let Some(places) = index.get_mut(key) else { return };
    places.retain(|known| *known != place);
    if places.is_empty() {
        index.remove(key);
    }
}
