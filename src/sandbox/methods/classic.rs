//! `crm.lead.*`, `crm.deal.*`, `crm.contact.*`, `crm.company.*`: add, get, list, update, delete.
//!
//! Source: rest-crm 3.8; rest-transport 4.3, 8. Unlike the portal's, these don't add the caller's zone offset to dates and times.

use serde_json::{Value, json};

use super::import::Given;
use super::show::{self, Columns};
use super::{Params, ask, draft, list as listing};
use crate::sandbox::answer::{Reply, RestError};
use crate::sandbox::store::Store;
use crate::sandbox::store::page::Query;
use crate::sandbox::store::record::{Entity, Record};
use crate::sandbox::store::schema::Mark;
use crate::sandbox::store::value;

fn not_found() -> RestError {
    RestError::bad("", "Not found")
}

/// Contacts and companies of other categories don't exist for the classic family.
fn visible(store: &Store, entity: Entity, id: u64) -> Option<&Record> {
    store.record(entity, id).filter(|record| entity == Entity::Deal || record.integer("CATEGORY_ID") == 0)
}

/// `add` `{fields, params?}` answers the id.
pub fn add(store: &mut Store, entity: Entity, params: &Params) -> Result<Reply, RestError> {
    let fields = ask::classic_array(params, "fields")?;
    let options = ask::classic_array(params, "params")?;
    let mut draft = draft::classic(store, entity, &fields, false)?;
    // Any value that PHP takes for true switches import on, "N" too. Source: rest-crm 3.8.
    let imports =
        matches!(entity, Entity::Contact | Entity::Company) && options.get("IMPORT").is_some_and(|value| !value::is_empty(value));
    if imports {
        let given = Given::read_classic(store, entity, &fields);
        let errors: Vec<String> = given.errors(store, entity).into_iter().map(|error| error.description).collect();
        if !errors.is_empty() {
            return Err(RestError::bad("", errors.join(", ")));
        }
        draft.system = given.values;
    }
    for field in store.schema(entity).fields().iter().filter(|field| field.is(Mark::ClassicRequired)) {
        if !matches!(draft.value(field.code), Some(Some(_))) {
            return Err(RestError::bad("", format!("The field \"{}\" is required.", field.title)));
        }
    }
    let id = store.create(entity, &draft).map_err(classic_error)?;
    store.follow_simple_mode(entity, id).map_err(classic_error)?;
    Ok(Reply::of(json!(id)))
}

/// `get` `{id}` answers all fields, multi-fields too.
pub fn get(store: &mut Store, entity: Entity, params: &Params) -> Result<Reply, RestError> {
    let id = ask::classic_id(params)?;
    let record = visible(store, entity, id).ok_or_else(not_found)?;
    Ok(Reply::of(show::classic(store, record, &Columns::all())))
}

/// `list` `{order?, filter?, select?, start?}` answers rows with `next` and `total`; with `start=-1` `total` is 0.
pub fn list(store: &mut Store, entity: Entity, params: &Params) -> Result<Reply, RestError> {
    let columns = listing::classic_columns(params)?;
    let query = listing::classic(store, entity, params)?;
    let mut page = store.page(entity, &query);
    let mut start = query.start;
    if page.records.is_empty() && page.total.is_some_and(|total| total > 0) {
        // Behind the end the database layer falls back to the first page. Source: rest-transport 6.1.
        start = Some(0);
        page = store.page(entity, &Query { start, ..query.clone() });
    }
    let next = listing::next(&Query { start, ..query }, page.records.len(), page.total);
    let rows: Vec<Value> = page
        .records
        .iter()
        .filter_map(|record| visible(store, entity, record.id))
        .map(|record| show::classic(store, record, &columns))
        .collect();
    Ok(Reply { result: Value::Array(rows), next, total: Some(page.total.unwrap_or_default() as u64) })
}

/// `update` `{id, fields, params?}` answers `true`.
pub fn update(store: &mut Store, entity: Entity, params: &Params) -> Result<Reply, RestError> {
    let id = ask::classic_id(params)?;
    let fields = ask::classic_array(params, "fields")?;
    ask::classic_array(params, "params")?;
    visible(store, entity, id).ok_or_else(not_found)?;
    let draft = draft::classic(store, entity, &fields, true)?;
    store.change(entity, id, &draft).map_err(classic_error)?;
    Ok(Reply::of(json!(true)))
}

/// `delete` `{id}` answers `true`; the record goes to the bin.
pub fn delete(store: &mut Store, entity: Entity, params: &Params) -> Result<Reply, RestError> {
    let id = ask::classic_id(params)?;
    if visible(store, entity, id).is_none() {
        return Err(match entity {
            Entity::Company => RestError::bad("", "Company is not found"),
            Entity::Contact => RestError::bad("ERROR_CORE", "Element not found"),
            Entity::Lead | Entity::Deal => not_found(),
        });
    }
    store.delete(entity, id);
    Ok(Reply::of(json!(true)))
}

/// Classic checks have an empty code. Source: rest-transport 4.3.
fn classic_error(error: RestError) -> RestError {
    let description = match error.description.strip_prefix("Invalid value for field ") {
        Some(title) => format!("Invalid value for the {title} field"),
        None => error.description,
    };
    RestError::bad("", description)
}
