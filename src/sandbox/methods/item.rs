//! `crm.item.add`, `get`, `list`, `update`, `delete`.
//!
//! Source: rest-crm 3.

use serde_json::{Value, json};

use super::draft::{self, Manner};
use super::show::{self, Keys};
use super::{Params, ask, list as listing};
use crate::sandbox::answer::{Reply, RestError};
use crate::sandbox::store::Store;
use crate::sandbox::store::record::Entity;
use crate::sandbox::store::value;

/// The refusal for an id that isn't there.
pub fn not_found() -> RestError {
    RestError::bad("NOT_FOUND", "Item not found")
}

fn id(store: &Store, entity: Entity, params: &Params) -> Result<u64, RestError> {
    let id = u64::try_from(value::integer(ask::must(params, "id")?)).unwrap_or_default();
    store.record(entity, id).map(|record| record.id).ok_or_else(not_found)
}

fn shown(store: &Store, entity: Entity, id: u64, params: &Params) -> Result<Value, RestError> {
    let record = store.record(entity, id).ok_or_else(not_found)?;
    Ok(json!({ "item": show::universal(store, record, &Keys::All, ask::original_names(params)) }))
}

/// `crm.item.add` `{entityTypeId, fields, useOriginalUfNames?}` answers `{item: {..}}` with all fields.
pub fn add(store: &mut Store, params: &Params) -> Result<Reply, RestError> {
    let entity = ask::entity(params)?;
    let fields = ask::array(params, "fields")?;
    let draft = draft::universal(store, entity, &fields, ask::original_names(params), Manner::Add)?;
    let id = store.create(entity, &draft)?;
    let answer = shown(store, entity, id, params)?;
    store.follow_simple_mode(entity, id)?;
    Ok(Reply::of(answer))
}

/// `crm.item.get` `{entityTypeId, id, useOriginalUfNames?}` answers `{item: {..}}`.
pub fn get(store: &mut Store, params: &Params) -> Result<Reply, RestError> {
    let entity = ask::entity(params)?;
    let id = id(store, entity, params)?;
    shown(store, entity, id, params).map(Reply::of)
}

/// `crm.item.list` `{entityTypeId, select?, filter?, order?, start?, useOriginalUfNames?}` answers `{items: [..]}` with `next` and `total`;
/// `start=-1` answers neither.
pub fn list(store: &mut Store, params: &Params) -> Result<Reply, RestError> {
    let entity = ask::entity(params)?;
    let query = listing::universal(store, entity, params)?;
    let keys = listing::universal_keys(store, entity, params)?;
    let original = ask::original_names(params);
    let page = store.page(entity, &query);
    let items: Vec<Value> = page.records.iter().map(|record| show::universal(store, record, &keys, original)).collect();
    let next = listing::next(&query, items.len(), page.total);
    Ok(Reply { result: json!({ "items": items }), next, total: page.total.map(|total| total as u64) })
}

/// `crm.item.update` `{entityTypeId, id, fields, useOriginalUfNames?}` answers as `get`. What changes nothing isn't saved.
pub fn update(store: &mut Store, params: &Params) -> Result<Reply, RestError> {
    let entity = ask::entity(params)?;
    let id = id(store, entity, params)?;
    let fields = ask::array(params, "fields")?;
    let draft = draft::universal(store, entity, &fields, ask::original_names(params), Manner::Update)?;
    store.change(entity, id, &draft)?;
    shown(store, entity, id, params).map(Reply::of)
}

/// `crm.item.delete` `{entityTypeId, id}` answers `[]`; the record goes to the bin.
pub fn delete(store: &mut Store, params: &Params) -> Result<Reply, RestError> {
    let entity = ask::entity(params)?;
    let id = id(store, entity, params)?;
    store.delete(entity, id);
    Ok(Reply::of(json!([])))
}
