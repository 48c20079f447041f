//! From the `fields` of a call to what the record shall be.
//!
//! Source: rest-crm 1.5, 3.6, 3.7, 3.8, 4.2.

use serde_json::{Map, Value};

use super::ask;
use crate::sandbox::answer::RestError;
use crate::sandbox::store::Store;
use crate::sandbox::store::record::Entity;
use crate::sandbox::store::save::{Draft, MultiChange, MultiEntry};
use crate::sandbox::store::schema::{Field, Kind, Mark};
use crate::sandbox::store::value::{self, Family, Input};

/// The standard multi-fields.
pub const MULTI_KINDS: [&str; 5] = ["PHONE", "EMAIL", "WEB", "IM", "LINK"];

/// What a universal call is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// `crm.item.add`.
    Add,
    /// `crm.item.update`.
    Update,
    /// `crm.item.import` and `crm.item.batchImport`.
    Import,
}

/// Reads the fields of a universal call. Unknown, read-only and hidden names are ignored; a single value in a multiple field is error 100.
pub fn universal(
    store: &Store,
    entity: Entity,
    fields: &Map<String, Value>,
    original: bool,
    manner: Manner,
) -> Result<Draft, RestError> {
    let schema = store.schema(entity);
    let mut draft = Draft::default();
    for (name, given) in fields {
        if entity != Entity::Deal {
            match name.as_str() {
                "fm" if manner != Manner::Import => draft.multi.extend(fm_changes(given, manner)),
                kind if manner == Manner::Import && MULTI_KINDS.contains(&kind) => {
                    draft.multi.extend(classic_multi(kind, given, false));
                }
                _ => {}
            }
        }
        let Some(field) = ask::universal_field(schema, name, original) else { continue };
        let fixed =
            field.is(Mark::ReadOnly) || field.is(Mark::ListedOnly) || manner == Manner::Update && field.is(Mark::Immutable);
        if !fixed {
            take(store, entity, &field, given, Family::Universal, &mut draft)?;
        }
    }
    Ok(draft)
}

/// Reads the fields of a classic call.
pub fn classic(store: &Store, entity: Entity, fields: &Map<String, Value>, update: bool) -> Result<Draft, RestError> {
    let schema = store.schema(entity);
    let mut draft = Draft::default();
    for (name, given) in fields {
        let Some(field) = schema.by_classic(name) else { continue };
        if field.kind == Kind::Multifield {
            draft.multi.extend(classic_multi(field.code, given, update));
            continue;
        }
        if field.is(Mark::ClassicReadOnly) || update && field.is(Mark::ClassicImmutable) {
            continue;
        }
        take(store, entity, &field, given, Family::Classic, &mut draft)?;
    }
    check_emails(&draft)?;
    Ok(draft)
}

fn take(store: &Store, entity: Entity, field: &Field, given: &Value, family: Family, draft: &mut Draft) -> Result<(), RestError> {
    match (entity, field.code) {
        (Entity::Contact, "COMPANY_IDS") | (_, "CONTACT_IDS") => draft.links = Some(ids(given, family)?),
        (Entity::Contact, "COMPANY_ID") | (_, "CONTACT_ID") => {
            draft.primary = Some(u64::try_from(value::integer(given)).unwrap_or_default());
        }
        _ if field.kind == Kind::File => {}
        _ => match value::read(field, given, family, store.zone(), store.now()) {
            Input::Set(value) => draft.values.push((field.code, value)),
            Input::Leave => {}
            Input::Scalar(php_type) => return Err(not_iterable(php_type)),
        },
    }
    Ok(())
}

/// Error 100: a single value where several are expected. Source: rest-crm 3.4.
pub fn not_iterable(php_type: &str) -> RestError {
    RestError::bad("100", format!("Expected iterable value for multiple field, but got {php_type} instead"))
}

fn ids(given: &Value, family: Family) -> Result<Vec<u64>, RestError> {
    if value::is_empty(given) {
        return Ok(Vec::new());
    }
    let items = match given {
        Value::Array(_) | Value::Object(_) => value::items(given),
        single if family == Family::Classic => vec![single],
        single => return Err(not_iterable(value::php_type(single))),
    };
    let mut ids: Vec<u64> = Vec::with_capacity(items.len());
    for id in items.into_iter().filter_map(|item| u64::try_from(value::integer(item)).ok()) {
        if id > 0 && !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// Source: rest-crm 3.7. Entries of an update are named by their id, or `n0`, `n1`, .. for new ones; in an add all are new. A list has the
/// keys 0, 1, .. in PHP, so that in an update its entries name those ids, which mostly don't exist and make new entries.
fn fm_changes(given: &Value, manner: Manner) -> Vec<MultiChange> {
    let Some(entries) = ask::map_of(given) else { return Vec::new() };
    let mut changes = Vec::new();
    for (key, entry) in entries.iter() {
        let Value::Object(entry) = entry else { continue };
        let part = |name: &str| entry.get(name).map(value::text).unwrap_or_default();
        let read = MultiEntry { type_id: part("typeId").to_uppercase(), value_type: part("valueType"), value: part("value") };
        let id = key.parse::<u64>().ok().filter(|_| manner == Manner::Update);
        let known_kind = MULTI_KINDS.contains(&read.type_id.as_str());
        match id {
            Some(id) if read.value.is_empty() && entry.contains_key("value") => changes.push(MultiChange::Delete(id)),
            Some(id) if known_kind || read.type_id.is_empty() => changes.push(MultiChange::Put(id, read)),
            None if known_kind => changes.push(MultiChange::Add(read)),
            _ => {}
        }
    }
    changes
}

/// Source: rest-crm 3.8 (update), 4.2 (import).
fn classic_multi(kind: &str, given: &Value, update: bool) -> Vec<MultiChange> {
    let mut changes = Vec::new();
    for entry in value::items(given) {
        let Value::Object(entry) = entry else { continue };
        let part = |name: &str| entry.get(name).map(value::text).unwrap_or_default();
        let read = MultiEntry { type_id: kind.to_owned(), value_type: part("VALUE_TYPE"), value: part("VALUE") };
        let id = part("ID").parse::<u64>().ok().filter(|id| update && *id > 0);
        changes.push(match id {
            Some(id) if part("DELETE") == "Y" || read.value.is_empty() => MultiChange::Delete(id),
            Some(id) => MultiChange::Put(id, read),
            None => MultiChange::Add(read),
        });
    }
    changes
}

/// Classic methods refuse an e-mail that can't be one. Source: rest-transport 4.3.
fn check_emails(draft: &Draft) -> Result<(), RestError> {
    for change in &draft.multi {
        let (MultiChange::Add(entry) | MultiChange::Put(_, entry)) = change else { continue };
        if entry.type_id != "EMAIL" || entry.value.is_empty() {
            continue;
        }
        let believable = entry.value.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty()
                && host.contains('.')
                && !host.starts_with('.')
                && !host.ends_with('.')
                && !entry.value.contains(char::is_whitespace)
        });
        if !believable {
            return Err(RestError::bad("ERROR_CORE", "The \"E-mail\" field contains an invalid address."));
        }
    }
    Ok(())
}
