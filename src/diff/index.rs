//! The portal's current state in memory, keyed by id and by origin pair.
//!
//! The keys of a person (e-mail, phone, title) are indexed later and only for the records that need it: those that no row of the
//! files answers for (see `unclaimed`).

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;

use super::pack::{Packed, Shapes};
use crate::model::{EntityType, LiveRecord, OriginPair, OriginalId, PortalId, Value};

/// The portal's current state: O(records) of memory, because any of them may answer for a row; each of them packed, and unpacked for
/// who asks for it.
#[derive(Debug, Default)]
pub struct Current {
    records: HashMap<EntityType, BTreeMap<PortalId, Held>>,
    shapes: Shapes,
    pairs: HashMap<(EntityType, OriginPair), Vec<PortalId>>,
    marks: HashMap<(EntityType, OriginalId), Vec<PortalId>>,
    sources: HashMap<(EntityType, PortalId), OriginalId>,
    /// Records that b24restore created from the files of a portal that these files are not of.
    strangers: HashSet<(EntityType, PortalId)>,
    unread: HashSet<EntityType>,
    /// The name under which the user lets another portal's files in.
    foreign: Option<String>,
}

/// A record of the state.
#[derive(Debug)]
struct Held {
    /// When it was created, where it says so: asked for far more often than all the rest.
    created: Option<Timestamp>,
    fields: Packed,
}

impl Current {
    /// A state to hold another portal's files against: their ids mean nothing here, only marks that bear the name do.
    pub fn for_foreign(name: Option<&str>) -> Self {
        Self { foreign: name.map(str::to_owned), ..Self::default() }
    }

    /// The name under which the user lets another portal's files in.
    pub fn foreign(&self) -> Option<&str> {
        self.foreign.as_deref()
    }

    /// Takes a record in; one with the same id is replaced.
    pub fn insert(&mut self, record: &LiveRecord) {
        let (entity, id) = (record.entity, record.id);
        let created = match record.get("DATE_CREATE") {
            Some(Value::Moment(moment)) => Some(*moment),
            _ => None,
        };
        let held = Held { created, fields: self.shapes.pack(record) };
        if let Some(old) = self.records.entry(entity).or_default().insert(id, held) {
            self.forget(&self.shapes.unpack(entity, id, &old.fields));
        }
        let Some(pair) = origin_pair(record) else { return };
        if let Some(source) = pair.source().filter(|source| source.entity == entity) {
            if source.foreign == self.foreign.as_deref() {
                self.marks.entry((entity, source.id)).or_default().push(id);
                self.sources.insert((entity, id), source.id);
            } else {
                self.strangers.insert((entity, id));
            }
        }
        self.pairs.entry((entity, pair)).or_default().push(id);
    }

    /// Says that the records of a type were not read, so that a link to one of them is not taken for dead.
    pub fn set_unread(&mut self, entity: EntityType) {
        self.unread.insert(entity);
    }

    /// Whether the records of a type were read.
    pub fn is_read(&self, entity: EntityType) -> bool {
        !self.unread.contains(&entity)
    }

    /// A record by its id.
    pub fn get(&self, entity: EntityType, id: PortalId) -> Option<LiveRecord> {
        let held = self.held(entity, id)?;
        Some(self.shapes.unpack(entity, id, &held.fields))
    }

    fn held(&self, entity: EntityType, id: PortalId) -> Option<&Held> {
        self.records.get(&entity)?.get(&id)
    }

    /// Whether there is a record of an id.
    pub fn contains(&self, entity: EntityType, id: PortalId) -> bool {
        self.held(entity, id).is_some()
    }

    /// When a record was created, as it says.
    pub fn created(&self, entity: EntityType, id: PortalId) -> Option<Value> {
        match self.held(entity, id)?.created {
            Some(moment) => Some(Value::Moment(moment)),
            // What is no moment is rare: a clock of a file that is read as the current state.
            None => self.get(entity, id)?.take("DATE_CREATE"),
        }
    }

    /// The live record under an original id. One that was re-created from another source only happens to have that id, and so do all
    /// where the files are another portal's.
    pub fn under_id(&self, entity: EntityType, id: OriginalId) -> Option<PortalId> {
        let live = PortalId(id.0);
        let is_own = self.foreign.is_none() && self.contains(entity, live) && !self.strangers.contains(&(entity, live));
        (is_own && self.source(entity, live).is_none_or(|source| source == id)).then_some(live)
    }

    /// The source of a record that b24restore created.
    pub fn source(&self, entity: EntityType, id: PortalId) -> Option<OriginalId> {
        self.sources.get(&(entity, id)).copied()
    }

    /// How many records of a type there are.
    pub fn count(&self, entity: EntityType) -> usize {
        self.records.get(&entity).map_or(0, BTreeMap::len)
    }

    /// The record with the greatest id: the one that bounds the creation dates of an import (rest-crm 4.5).
    pub fn highest(&self, entity: EntityType) -> Option<PortalId> {
        self.records.get(&entity)?.last_key_value().map(|(id, _)| *id)
    }

    /// The records that bear the origin mark of an earlier run for a source record; more than one only after a late answer.
    pub fn by_mark(&self, entity: EntityType, id: OriginalId) -> &[PortalId] {
        self.marks.get(&(entity, id)).map_or(&[], Vec::as_slice)
    }

    /// The records that bear an origin pair. Pairs are not unique: a mail tracker gives all its leads the same (rest-crm 5).
    pub fn by_pair(&self, entity: EntityType, pair: &OriginPair) -> &[PortalId] {
        // The tuple key needs an owned pair; rows with a pair that reach this look-up are few.
        self.pairs.get(&(entity, pair.clone())).map_or(&[], Vec::as_slice)
    }

    /// The ids of a type's records, ascending.
    pub fn ids(&self, entity: EntityType) -> impl Iterator<Item = PortalId> {
        self.records.get(&entity).into_iter().flat_map(BTreeMap::keys).copied()
    }

    /// The records of a type by ascending id.
    pub fn records(&self, entity: EntityType) -> impl Iterator<Item = LiveRecord> {
        let held = self.records.get(&entity).into_iter().flatten();
        held.map(move |(id, held)| self.shapes.unpack(entity, *id, &held.fields))
    }

    fn forget(&mut self, old: &LiveRecord) {
        let Some(pair) = origin_pair(old) else { return };
        if let Some(source) = pair.source() {
            self.marks.entry((old.entity, source.id)).or_default().retain(|id| *id != old.id);
            self.sources.remove(&(old.entity, old.id));
            self.strangers.remove(&(old.entity, old.id));
        }
        self.pairs.entry((old.entity, pair)).or_default().retain(|id| *id != old.id);
    }
}

/// The origin pair of a record, where both halves are filled.
pub(super) fn origin_pair<I>(record: &crate::model::Record<I>) -> Option<OriginPair> {
    let half = |code| record.text(code).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    Some(OriginPair { originator: half("ORIGINATOR_ID")?, origin: half("ORIGIN_ID")? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::kit::live;

    #[test]
    fn a_record_of_an_earlier_run_is_found_by_the_id_it_had_before() {
        let mut current = Current::default();
        current.insert(&live(EntityType::Lead, 90).text("ORIGINATOR_ID", "b24restore").text("ORIGIN_ID", "lead:7").done());
        assert_eq!(current.by_mark(EntityType::Lead, OriginalId(7)), [PortalId(90)]);
        assert!(current.by_mark(EntityType::Deal, OriginalId(7)).is_empty());
    }

    #[test]
    fn a_record_read_twice_is_there_once_in_its_newest_state() {
        let mut current = Current::default();
        current.insert(&live(EntityType::Lead, 90).text("ORIGINATOR_ID", "1c").text("ORIGIN_ID", "a").done());
        current.insert(&live(EntityType::Lead, 90).text("ORIGINATOR_ID", "1c").text("ORIGIN_ID", "b").done());
        let pair = |origin: &str| OriginPair { originator: "1c".into(), origin: origin.into() };
        assert_eq!(current.count(EntityType::Lead), 1);
        assert!(current.by_pair(EntityType::Lead, &pair("a")).is_empty());
        assert_eq!(current.by_pair(EntityType::Lead, &pair("b")), [PortalId(90)]);
    }

    #[test]
    fn a_record_re_created_from_another_source_does_not_answer_for_the_id_it_happens_to_have() {
        let mut current = Current::default();
        current.insert(&live(EntityType::Lead, 5).text("ORIGINATOR_ID", "b24restore").text("ORIGIN_ID", "lead:77").done());
        current.insert(&live(EntityType::Lead, 6).text("ORIGINATOR_ID", "b24restore").text("ORIGIN_ID", "lead:6").done());
        assert_eq!(current.under_id(EntityType::Lead, OriginalId(5)), None);
        assert_eq!(current.under_id(EntityType::Lead, OriginalId(6)), Some(PortalId(6)));
    }

    #[test]
    fn another_portals_files_are_known_again_by_their_mark_alone() {
        let marked =
            |id, origin: &str| live(EntityType::Deal, id).text("ORIGINATOR_ID", "b24restore").text("ORIGIN_ID", origin).done();
        let state = |mut current: Current| {
            current.insert(&live(EntityType::Deal, 5).done());
            current.insert(&marked(6, "deal:5@viejo"));
            current.insert(&marked(7, "deal:5"));
            current
        };
        let foreign = state(Current::for_foreign(Some("viejo")));
        assert_eq!(foreign.by_mark(EntityType::Deal, OriginalId(5)), [PortalId(6)]);
        assert_eq!(foreign.under_id(EntityType::Deal, OriginalId(5)), None);
        let own = state(Current::default());
        assert_eq!(own.by_mark(EntityType::Deal, OriginalId(5)), [PortalId(7)]);
        assert!(own.under_id(EntityType::Deal, OriginalId(5)).is_some());
        assert_eq!(own.under_id(EntityType::Deal, OriginalId(6)), None, "made of another portal's record");
    }

    #[test]
    fn records_come_by_ascending_id_and_the_highest_is_the_last() {
        let mut current = Current::default();
        for id in [5, 1, 9, 3] {
            current.insert(&live(EntityType::Deal, id).done());
        }
        let ids: Vec<_> = current.records(EntityType::Deal).map(|record| record.id.0).collect();
        assert_eq!(ids, [1, 3, 5, 9]);
        assert_eq!(current.highest(EntityType::Deal), Some(PortalId(9)));
        assert!(current.highest(EntityType::Lead).is_none());
    }
}
