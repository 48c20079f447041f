//! `crm.timeline.comment.*`.
//!
//! Source: rest-crm 8.5.

use serde_json::{Map, Value, json};

use super::{Params, ask};
use crate::sandbox::answer::{Reply, RestError};
use crate::sandbox::store::Store;
use crate::sandbox::store::moment::print_instant;
use crate::sandbox::store::page::{PAGE, start_of};
use crate::sandbox::store::record::Entity;
use crate::sandbox::store::rows::Comment;
use crate::sandbox::store::value;

/// `ENTITY_TYPE` is in lower case.
fn owner(store: &Store, fields: &Map<String, Value>) -> Result<(Entity, u64), RestError> {
    let entity = fields.get("ENTITY_TYPE").and_then(Value::as_str).and_then(Entity::of_name);
    let id = fields.get("ENTITY_ID").map_or(0, value::integer);
    entity
        .and_then(|entity| Some((entity, store.record(entity, u64::try_from(id).ok()?)?.id)))
        .ok_or_else(|| RestError::bad("OWNER_NOT_FOUND", "Owner was not found"))
}

/// `add` `{fields: {ENTITY_ID, ENTITY_TYPE, COMMENT, AUTHOR_ID?, FILES?}}` answers the id. CREATED can't be given.
pub fn add(store: &mut Store, params: &Params) -> Result<Reply, RestError> {
    let fields = ask::array(params, "fields")?;
    for name in ["ENTITY_ID", "ENTITY_TYPE"] {
        if fields.get(name).is_none_or(value::is_empty) {
            return Err(RestError::bad("100", format!("Could not find value for parameter {{{name}}}")));
        }
    }
    let (entity, owner) = owner(store, &fields)?;
    let text = fields.get("COMMENT").map(value::text).unwrap_or_default();
    if text.is_empty() {
        return Err(RestError::bad("INVALID_ARG_VALUE", "Empty comment"));
    }
    let author = fields.get("AUTHOR_ID").map_or(0, value::integer);
    let files = fields.get("FILES").map(value::items).unwrap_or_default();
    let files = files.into_iter().filter_map(|file| value::items(file).first().map(|name| value::text(name))).collect();
    let comment = Comment {
        id: store.next_id("comment"),
        entity: entity.type_id(),
        owner,
        text,
        author: if author > 0 { author as u64 } else { store.caller() },
        created: store.now(),
        files,
    };
    let id = comment.id;
    store.note("COMMENT", &id, "create", &json!(comment));
    store.put_comment(comment);
    Ok(Reply::of(json!(id)))
}

/// `list` `{filter: {ENTITY_ID, ENTITY_TYPE}, order?, select?, start?}` answers rows of texts by 50.
pub fn list(store: &mut Store, params: &Params) -> Result<Reply, RestError> {
    let filter = ask::classic_array(params, "filter")?;
    let bare: Map<String, Value> =
        filter.iter().map(|(key, value)| (key.trim_start_matches('=').to_owned(), value.clone())).collect();
    let (entity, owner) = owner(store, &bare)?;
    let mut comments: Vec<&Comment> = store.comments(entity, owner).collect();
    for (key, direction) in ask::classic_array(params, "order")?.iter().rev() {
        comments.sort_by_key(|comment| match key.as_str() {
            "CREATED" => comment.created,
            "AUTHOR_ID" => comment.author as i64,
            _ => comment.id as i64,
        });
        if value::text(direction).eq_ignore_ascii_case("desc") {
            comments.reverse();
        }
    }
    let select: Vec<String> = ask::classic_array(params, "select")?.values().map(value::text).collect();
    let start = start_of(ask::param_in_any_case(params, "start"));
    let total = comments.len();
    let from = start.unwrap_or_default();
    let rows: Vec<Value> =
        comments.into_iter().skip(from).take(PAGE).map(|comment| row(store, entity, comment, &select)).collect();
    let next = start.filter(|from| rows.len() == PAGE && from + rows.len() < total).map(|from| (from + rows.len()) as u64);
    Ok(Reply { result: Value::Array(rows), next, total: Some(if start.is_some() { total as u64 } else { 0 }) })
}

/// Of files only the names are kept.
fn row(store: &Store, entity: Entity, comment: &Comment, select: &[String]) -> Value {
    let files: Map<String, Value> = (1..)
        .zip(&comment.files)
        .map(|(id, name): (i64, _)| (id.to_string(), json!({ "id": id, "name": name, "type": "file" })))
        .collect();
    let mut row = Map::new();
    for (key, value) in [
        ("ID", json!(comment.id.to_string())),
        ("ENTITY_ID", json!(comment.owner.to_string())),
        ("ENTITY_TYPE", json!(entity.name().to_lowercase())),
        ("CREATED", json!(print_instant(comment.created, store.zone()))),
        ("COMMENT", json!(comment.text)),
        ("AUTHOR_ID", json!(comment.author.to_string())),
        ("FILES", Value::Object(files)),
    ] {
        if select.is_empty() || key == "ID" || select.iter().any(|name| name == key || name == "*") {
            row.insert(key.to_owned(), value);
        }
    }
    Value::Object(row)
}
