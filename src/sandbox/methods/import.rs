//! `crm.item.import` and `crm.item.batchImport`: making records with the system fields of their past.
//!
//! Source: rest-crm 4.

use serde_json::{Map, Value, json};

use super::draft::{self, Manner};
use super::{Params, ask};
use crate::sandbox::answer::{Reply, RestError};
use crate::sandbox::store::Store;
use crate::sandbox::store::record::{Entity, Stored};
use crate::sandbox::store::save::not_valid;
use crate::sandbox::store::schema::{Field, Mark};
use crate::sandbox::store::value::{self, Family, Input};

/// Elements that one `crm.item.batchImport` takes; one more refuses all. Source: rest-crm 4.1.
pub const IMPORT_BATCH_MAX: usize = 20;

/// A given time this near to now counts as not given. Source: rest-crm 4.4.
const NOW_TOLERANCE_SECONDS: i64 = 1;

/// `crm.item.import` `{entityTypeId, fields, useOriginalUfNames?}` answers `{item: {id}}`.
pub fn one(store: &mut Store, params: &Params) -> Result<Reply, RestError> {
    let entity = allowed(store, ask::entity(params)?)?;
    let fields = ask::array(params, "fields")?;
    match import(store, entity, &fields, ask::original_names(params)) {
        Ok(id) => Ok(Reply::of(json!({ "item": { "id": id } }))),
        Err(Refusal::Error(error) | Refusal::Exception(error)) => Err(error),
    }
}

/// `crm.item.batchImport` `{entityTypeId, data, useOriginalUfNames?}` answers `{items}` under the keys of `data`: `{item: {id}}`, or
/// `error` and `error_description`. A PHP exception aborts the whole call, and what was made before stays.
pub fn batch(store: &mut Store, params: &Params) -> Result<Reply, RestError> {
    let entity = allowed(store, ask::entity(params)?)?;
    let data = ask::array(params, "data")?;
    let original = ask::original_names(params);
    if data.len() > IMPORT_BATCH_MAX {
        return Err(RestError::bad(
            "MAX_IMPORT_BATCH_SIZE_EXCEEDED",
            format!("You can only import {IMPORT_BATCH_MAX} items at a time"),
        ));
    }
    let mut items = Map::new();
    for (key, element) in data.iter() {
        let fields = ask::map_of(element).unwrap_or_default();
        let item = match import(store, entity, &fields, original) {
            Ok(id) => json!({ "item": { "id": id } }),
            Err(Refusal::Error(error)) => json!({ "error": error.code, "error_description": error.description }),
            Err(Refusal::Exception(error)) => return Err(error),
        };
        items.insert(key.clone(), item);
    }
    Ok(Reply::of(json!({ "items": ask::php_array(items) })))
}

/// The import right is one of its own, beside that to add. Source: rest-crm 4.3, 4.6.
fn allowed(store: &Store, entity: Entity) -> Result<Entity, RestError> {
    let is_denied = store.settings().no_import == entity.type_id();
    if is_denied {
        Err(RestError::bad("ACCESS_DENIED", "User does not have permission to add items of type"))
    } else {
        Ok(entity)
    }
}

enum Refusal {
    /// A result of the operation: it belongs to the element.
    Error(RestError),
    /// A PHP exception: nothing catches it but the call.
    Exception(RestError),
}

fn import(store: &mut Store, entity: Entity, fields: &Map<String, Value>, original: bool) -> Result<u64, Refusal> {
    let mut draft = draft::universal(store, entity, fields, original, Manner::Import).map_err(Refusal::Exception)?;
    let given = Given::read(store, entity, fields);
    if let Some(error) = given.errors(store, entity).into_iter().next() {
        return Err(Refusal::Error(error));
    }
    draft.system = given.values;
    let id = store.create(entity, &draft).map_err(Refusal::Error)?;
    store.follow_simple_mode(entity, id).map_err(Refusal::Error)?;
    Ok(id)
}

/// The system fields that a call gives, without those that are as good as not given.
#[derive(Debug, Default)]
pub struct Given {
    /// Code and value, in the order of the checks.
    pub values: Vec<(&'static str, Stored)>,
}

/// The order in which errors come. Source: rest-crm 4.5.
const CHECK_ORDER: [&str; 6] = ["CREATED_TIME", "UPDATED_TIME", "MOVED_TIME", "CREATED_BY", "UPDATED_BY", "MOVED_BY"];

impl Given {
    /// Reads the system fields under their universal names.
    pub fn read(store: &Store, entity: Entity, fields: &Map<String, Value>) -> Self {
        Self::collect(store, entity, Family::Universal, |field| fields.get(field.name))
    }

    /// Reads the system fields under their classic names.
    pub fn read_classic(store: &Store, entity: Entity, fields: &Map<String, Value>) -> Self {
        Self::collect(store, entity, Family::Classic, |field| fields.get(field.classic))
    }

    fn collect<'fields>(store: &Store, entity: Entity, family: Family, find: impl Fn(&Field) -> Option<&'fields Value>) -> Self {
        let mut given = Self::default();
        for code in CHECK_ORDER {
            let Some(field) = store.schema(entity).by_code(code).filter(|field| field.is(Mark::System)) else { continue };
            let Some(value) = find(&field) else { continue };
            let Input::Set(Some(value)) = value::read(&field, value, family, store.zone(), store.now()) else { continue };
            if !is_default(store, code, &value) {
                given.values.push((code, value));
            }
        }
        given
    }

    fn time(&self, code: &str) -> Option<i64> {
        self.values.iter().find_map(|(name, value)| match value {
            Stored::Instant(seconds) if *name == code => Some(*seconds),
            _ => None,
        })
    }

    /// The errors that the given values raise, in their order: the algorithm of rest-crm 4.5. The universal methods show the first one, the
    /// classic ones all of them.
    pub fn errors(&self, store: &Store, entity: Entity) -> Vec<RestError> {
        let title = |code: &str| store.schema(entity).by_code(code).map_or("", |field| field.title);
        if !store.caller_is_admin() {
            let only_admin = |code: &str| refusal(format!("Only the administrator can change the value of \"{}\"", title(code)));
            return self.values.iter().map(|(code, _)| only_admin(code)).collect();
        }
        let now = store.now();
        let in_future = |code: &str| refusal(format!("The value of \"{}\" cannot be in the future", title(code)));
        let greater = |one: &str, other: &str| {
            refusal(format!("The value of \"{}\" cannot be greater than \"{}\"", title(one), title(other)))
        };
        let (created, updated, moved) = (self.time("CREATED_TIME"), self.time("UPDATED_TIME"), self.time("MOVED_TIME"));
        let least = created.unwrap_or(now);
        let mut errors = Vec::new();
        if let Some(created) = created {
            // The record with the greatest id counts, not the one made last: see rest-crm 4.5 (1).
            if store.newest(entity).and_then(|record| record.instant("CREATED_TIME")).is_some_and(|last| last > created) {
                errors.push(refusal(format!(
                    "The value of \"{}\" cannot be less than that of any other items",
                    title("CREATED_TIME")
                )));
            }
            if created > now {
                errors.push(in_future("CREATED_TIME"));
            }
        }
        if let Some(updated) = updated {
            if least > updated {
                errors.push(greater("UPDATED_TIME", "CREATED_TIME"));
            }
            if updated > now {
                errors.push(in_future("UPDATED_TIME"));
            }
        }
        if let Some(moved) = moved {
            if moved < least {
                errors.push(greater("CREATED_TIME", "MOVED_TIME"));
            }
            if moved > updated.unwrap_or(least) {
                errors.push(greater("MOVED_TIME", "UPDATED_TIME"));
            }
        }
        let negative = self.values.iter().filter(|(_, value)| value.as_integer().is_some_and(|user| user < 0));
        errors.extend(negative.map(|(code, _)| not_valid(title(code))));
        errors
    }
}

/// Source: rest-crm 4.4: times of creation and update within a second of now, and the caller as author or mover, count as not given.
fn is_default(store: &Store, code: &str, value: &Stored) -> bool {
    match (code, value) {
        ("CREATED_TIME" | "UPDATED_TIME", Stored::Instant(seconds)) => (seconds - store.now()).abs() <= NOW_TOLERANCE_SECONDS,
        ("CREATED_BY" | "MOVED_BY", Stored::Integer(user)) => *user == store.caller() as i64,
        _ => false,
    }
}

fn refusal(text: String) -> RestError {
    RestError::bad("CRM_FIELD_ERROR_VALUE_NOT_VALID", text)
}
