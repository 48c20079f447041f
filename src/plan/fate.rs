//! What answers for a record of the files, and so what a link to it becomes.

use std::collections::HashMap;

use crate::diff::{Current, Names, Target};
use crate::model::{EntityType, OriginalId, PortalId, Value};

use super::RecordRef;

/// What answers for a record of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// A live record.
    Live(PortalId),
    /// The record that this plan will create.
    Planned,
    /// Nothing: it was rejected, left out, or stays a duplicate of several.
    Gone,
}

/// The fates of all records of the files.
#[derive(Debug, Default)]
pub struct Fates(HashMap<(EntityType, OriginalId), Fate>);

impl Fates {
    /// Notes a fate.
    pub fn set(&mut self, entity: EntityType, id: OriginalId, fate: Fate) {
        self.0.insert((entity, id), fate);
    }

    /// The fate of a record of the files; `None` for one that the files don't hold.
    pub fn get(&self, entity: EntityType, id: OriginalId) -> Option<Fate> {
        self.0.get(&(entity, id)).copied()
    }
}

/// What a link becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// The id of a live record.
    Live(PortalId),
    /// A record that this plan creates.
    Planned(RecordRef),
    /// A name that more than one record bears: left empty, never guessed.
    Ambiguous,
    /// A record that is neither in the portal nor in the files.
    Unknown,
}

/// Resolves links over the files and the portal together.
#[derive(Debug, Clone, Copy)]
pub struct Resolver<'a> {
    /// The portal's records.
    pub current: &'a Current,
    /// Who bears which name.
    pub names: &'a Names,
    /// What answers for the files' records.
    pub fates: &'a Fates,
}

impl Resolver<'_> {
    /// What a link's value becomes; `None` for an empty one.
    pub fn resolve(&self, target: EntityType, value: &Value) -> Option<Link> {
        match value {
            Value::Link(id) => Some(self.by_id(target, OriginalId(*id))),
            Value::Name(name) | Value::Text(name) | Value::Label(name) if !name.is_empty() => Some(self.by_name(target, name)),
            _ => None,
        }
    }

    fn by_id(&self, target: EntityType, id: OriginalId) -> Link {
        match self.fates.get(target, id) {
            Some(Fate::Live(live)) => Link::Live(live),
            Some(Fate::Planned) => Link::Planned(RecordRef { entity: target, original_id: id.0 }),
            Some(Fate::Gone) => Link::Unknown,
            None => match self.current.by_mark(target, id) {
                [restored] => Link::Live(*restored),
                [] if self.current.under_id(target, id).is_some() => Link::Live(PortalId(id.0)),
                [] => Link::Unknown,
                _ => Link::Ambiguous,
            },
        }
    }

    fn by_name(&self, target: EntityType, name: &str) -> Link {
        match self.names.find(target, name).as_slice() {
            [] => Link::Unknown,
            [Target::Live(id)] => Link::Live(*id),
            [Target::File(id)] => self.by_id(target, *id),
            several => self.one_answer(target, several),
        }
    }

    /// A lost record and the live one that answers for it bear one name; they are one target.
    fn one_answer(&self, target: EntityType, several: &[Target]) -> Link {
        let mut links = several.iter().map(|found| match found {
            Target::Live(id) => Link::Live(*id),
            Target::File(id) => self.by_id(target, *id),
        });
        let first = links.next().unwrap_or(Link::Unknown);
        if links.all(|link| link == first) { first } else { Link::Ambiguous }
    }
}
