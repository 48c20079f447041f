//! `crm.duplicate.findbycomm`: who has a phone or an e-mail.
//!
//! Source: rest-crm 7.1, 7.2.

use serde_json::{Map, Value, json};

use super::{Params, ask};
use crate::sandbox::answer::{Reply, RestError};
use crate::sandbox::store::record::Entity;
use crate::sandbox::store::value;
use crate::sandbox::store::{Store, normal};

/// Distinct values that are looked at.
const VALUES_MAX: usize = 20;
/// Records found for one value, over all types: leads crowd out contacts, and contacts companies.
const FOUND_MAX: usize = 20;

/// `{type: PHONE|EMAIL, values: [..], entity_type?: LEAD|CONTACT|COMPANY}` answers `{LEAD: [ids], ..}`, `[]` if nothing is found.
pub fn find(store: &mut Store, params: &Params) -> Result<Reply, RestError> {
    let asked = |name: &str| ask::param_in_any_case(params, name);
    let Some(kind) = asked("type") else { return Err(RestError::bad("", "Parameter 'type' is required.")) };
    let kind = match value::text(kind).to_uppercase().as_str() {
        "" => return Err(RestError::bad("", "Communication type is not defined.")),
        "PHONE" => "PHONE",
        "EMAIL" => "EMAIL",
        other => return Err(RestError::bad("", format!("Communication type '{other}' is not supported in current context."))),
    };
    let values = asked("values").map(value::items).filter(|values| !values.is_empty());
    let Some(values) = values else { return Err(RestError::bad("", "Communication values is not defined.")) };
    let only = match asked("entity_type").map(value::text).filter(|name| !name.is_empty()) {
        None => None,
        Some(name) => match Entity::of_name(&name) {
            Some(Entity::Deal) => return Err(RestError::bad("", "Deal is not supported in current context.")),
            Some(entity) => Some(entity),
            None => return Err(RestError::bad("", format!("{name} is not supported in current context."))),
        },
    };
    let mut distinct: Vec<String> = Vec::new();
    for text in values.into_iter().filter_map(Value::as_str).filter(|text| !text.trim().is_empty()) {
        let normal = if kind == "PHONE" { normal::phone(text) } else { normal::email(text) };
        if distinct.len() < VALUES_MAX && !normal.is_empty() && !distinct.contains(&normal) {
            distinct.push(normal);
        }
    }
    let mut found: [Vec<u64>; 3] = Default::default();
    let shown = [Entity::Lead, Entity::Contact, Entity::Company];
    for normal in distinct {
        for (entity, id) in
            store.holders(kind, normal).filter(|(entity, _)| only.is_none_or(|only| only == *entity)).take(FOUND_MAX)
        {
            let Some(place) = shown.iter().position(|known| *known == entity) else { continue };
            if !found[place].contains(&id) {
                found[place].push(id);
            }
        }
    }
    let result: Map<String, Value> = shown
        .iter()
        .zip(found)
        .filter(|(_, ids)| !ids.is_empty())
        .map(|(entity, ids)| (entity.name().to_owned(), json!(ids)))
        .collect();
    Ok(Reply::of(if result.is_empty() { json!([]) } else { Value::Object(result) }))
}
