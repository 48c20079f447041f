//! What the restore files hold, as the survey saw it before any row is compared: ids, creation moments, names.

use std::collections::HashMap;

use crate::model::{EntityType, OriginalId, Value};

/// The ids of the restore files with what is needed to recognise them. One entry a record, no field but these.
#[derive(Debug, Default)]
pub struct Files {
    created: HashMap<EntityType, HashMap<OriginalId, Option<Value>>>,
    newest: HashMap<EntityType, Value>,
    names: HashMap<EntityType, Vec<(u64, OriginalId)>>,
}

impl Files {
    /// Takes a record in.
    pub fn add(&mut self, entity: EntityType, id: OriginalId) {
        self.created.entry(entity).or_default().entry(id).or_default();
    }

    /// Says when a record was created: [`Value::Clock`] or [`Value::Moment`].
    pub fn set_created(&mut self, entity: EntityType, id: OriginalId, created: Value) {
        self.created.entry(entity).or_default().insert(id, Some(created));
    }

    /// Adds folded texts by which other cells name a record.
    pub fn add_names(&mut self, entity: EntityType, id: OriginalId, names: &[String]) {
        self.names.entry(entity).or_default().extend(names.iter().map(|name| (super::names::hash(name), id)));
    }

    /// Says which is the newest moment in the files of a type: what the portal holds beyond it was made after the backup.
    pub fn set_newest(&mut self, entity: EntityType, newest: Value) {
        self.newest.insert(entity, newest);
    }

    /// Whether the files hold a record.
    pub fn contains(&self, entity: EntityType, id: OriginalId) -> bool {
        self.created.get(&entity).is_some_and(|ids| ids.contains_key(&id))
    }

    /// When a record of the files was created, as its cell says.
    pub fn created(&self, entity: EntityType, id: OriginalId) -> Option<&Value> {
        self.created.get(&entity)?.get(&id)?.as_ref()
    }

    /// The newest moment in the files of a type.
    pub fn newest(&self, entity: EntityType) -> Option<&Value> {
        self.newest.get(&entity)
    }

    /// How many records of a type the files hold.
    pub fn count(&self, entity: EntityType) -> usize {
        self.created.get(&entity).map_or(0, HashMap::len)
    }

    /// The hashed names of a type's records.
    pub(super) fn names(&self, entity: EntityType) -> &[(u64, OriginalId)] {
        self.names.get(&entity).map_or(&[], Vec::as_slice)
    }
}
