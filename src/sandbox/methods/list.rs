//! What `select`, `filter`, `order` and `start` mean, for either family.
//!
//! Source: rest-crm 3.3, 3.8; rest-transport 6.

use serde_json::{Map, Value};

use super::Params;
use super::ask;
use super::draft::MULTI_KINDS;
use super::show::{Columns, Keys, is_classic_column};
use crate::sandbox::answer::RestError;
use crate::sandbox::store::Store;
use crate::sandbox::store::filter::{Condition, Operator, operands, split_key};
use crate::sandbox::store::page::{PAGE, Query, start_of};
use crate::sandbox::store::record::Entity;
use crate::sandbox::store::schema::{Field, Kind, Mark, Schema, universal_name};
use crate::sandbox::store::value;

fn invalid(text: String) -> RestError {
    RestError::bad("INVALID_ARG_VALUE", text)
}

/// A field under its universal or its upper-case name; lists take both.
fn listed_field(schema: &Schema, name: &str, original: bool) -> Option<Field> {
    ask::universal_field(schema, name, original)
        .or_else(|| ask::universal_field(schema, &universal_name(name), original).filter(|field| field.code == name))
        .filter(|field| !field.is(Mark::ListedOnly))
}

/// Reads the query of `crm.item.list`. What isn't allowed is refused with `INVALID_ARG_VALUE`.
pub fn universal(store: &Store, entity: Entity, params: &Params) -> Result<Query, RestError> {
    let original = ask::original_names(params);
    let condition = universal_group(store, entity, &*ask::array_or_empty(params, "filter")?, original)?;
    let mut order = Vec::new();
    for (name, direction) in ask::array_or_empty(params, "order")?.iter() {
        let field = listed_field(store.schema(entity), name, original)
            .filter(|field| field.kind != Kind::Multifield)
            .ok_or_else(|| invalid(format!("Invalid order: field '{name}' is not allowed in order")))?;
        let direction = value::text(direction);
        let descending = match direction.to_ascii_uppercase().as_str() {
            "ASC" => false,
            "DESC" => true,
            _ => {
                return Err(invalid(format!(
                    "Invalid order: allowed sort directions are `ASC, DESC`. But got '{direction}' for field '{name}'"
                )));
            }
        };
        order.push((field, descending));
    }
    Ok(Query { condition, order, start: start_of(params.get("start")) })
}

fn universal_group(store: &Store, entity: Entity, filter: &Map<String, Value>, original: bool) -> Result<Condition, RestError> {
    let any =
        filter.get("logic").or_else(|| filter.get("LOGIC")).is_some_and(|logic| value::text(logic).eq_ignore_ascii_case("or"));
    let mut conditions = Vec::new();
    for (key, given) in filter {
        if key.eq_ignore_ascii_case("logic") {
            continue;
        }
        if key.bytes().all(|byte| byte.is_ascii_digit()) {
            if let Some(group) = ask::map_of(given) {
                conditions.push(universal_group(store, entity, &group, original)?);
            }
            continue;
        }
        let key = key.replace('.', "");
        let (operator, name) = split_key(&key);
        let refused =
            !store.settings().origin_filter && matches!(name, "originId" | "originatorId" | "ORIGIN_ID" | "ORIGINATOR_ID");
        let field = listed_field(store.schema(entity), name, original)
            .filter(|_| !refused)
            .ok_or_else(|| invalid(format!("Invalid filter: field '{name}' is not allowed in filter")))?;
        let operands = operands(store, &field, operator, given)
            .ok_or_else(|| invalid(format!("Invalid filter: field '{name}' has invalid value")))?;
        conditions.push(Condition::Field(field, operator, operands));
    }
    Ok(if any { Condition::Any(conditions) } else { Condition::All(conditions) })
}

/// The keys that `select` of `crm.item.list` asks for. Unknown names are ignored; nothing asked for is everything.
pub fn universal_keys(store: &Store, entity: Entity, params: &Params) -> Result<Keys, RestError> {
    let original = ask::original_names(params);
    let select = ask::array_or_empty(params, "select")?;
    if select.is_empty() || select.values().any(|name| name == "*") {
        return Ok(Keys::All);
    }
    if original && store.settings().original_names_fault {
        return Ok(Keys::Codes(Vec::new()));
    }
    let schema = store.schema(entity);
    let mut codes = Vec::new();
    for name in select.values().map(value::text) {
        if name == "UF_*" {
            codes.extend(schema.custom().map(|field| field.code));
        } else if let Some(field) = listed_field(schema, &name, original) {
            codes.push(field.code);
        }
    }
    Ok(Keys::Codes(codes))
}

/// Reads the query of a classic list. Unknown fields are dropped, so that the list gets wider.
pub fn classic(store: &Store, entity: Entity, params: &Params) -> Result<Query, RestError> {
    let schema = store.schema(entity);
    let mut conditions = Vec::new();
    for (key, given) in ask::classic_array(params, "filter")?.iter() {
        if let Some(kind) = MULTI_KINDS.iter().find(|kind| *kind == key) {
            if entity != Entity::Deal
                && let Some(pattern) = multi_pattern(given)
            {
                conditions.push(Condition::Multi(kind, pattern));
            }
            continue;
        }
        let (operator, name) = split_key(key);
        let refused = !store.settings().origin_filter && matches!(name, "ORIGIN_ID" | "ORIGINATOR_ID");
        let Some(field) = schema.by_classic(name).filter(|field| is_classic_column(field) && !refused) else { continue };
        // A part of a code or reference can't be asked for: the whole is compared.
        let operator = match (operator, field.kind) {
            (Operator::Contains, Kind::Status(_) | Kind::Crm(_)) => Operator::Equal,
            (operator, _) => operator,
        };
        if let Some(operands) = operands(store, &field, operator, given) {
            conditions.push(Condition::Field(field, operator, operands));
        }
    }
    let mut order = Vec::new();
    for (name, direction) in ask::classic_array(params, "order")?.iter() {
        if let Some(field) = schema.by_classic(name).filter(is_classic_column) {
            order.push((field, value::text(direction).eq_ignore_ascii_case("desc")));
        }
    }
    let start = start_of(ask::param_in_any_case(params, "start"));
    Ok(Query { condition: Condition::All(conditions), order, start })
}

/// Only the first element of an array counts, and an empty value drops the condition. Source: rest-transport 6.2.
fn multi_pattern(given: &Value) -> Option<String> {
    let first = match given {
        Value::Array(_) | Value::Object(_) => value::items(given).into_iter().next()?,
        single => single,
    };
    Some(value::text(first)).filter(|pattern| !pattern.is_empty())
}

/// The columns that a classic `select` asks for; the ID always comes.
pub fn classic_columns(params: &Params) -> Result<Columns, RestError> {
    let named: Vec<String> = match ask::param_in_any_case(params, "select") {
        Some(Value::String(one)) if !one.is_empty() => vec![one.clone()],
        _ => ask::classic_array(params, "select")?.values().map(value::text).collect(),
    };
    let has = |wanted: &str| named.iter().any(|name| name == wanted);
    Ok(Columns { standard: named.is_empty() || has("*"), custom: has("UF_*"), named })
}

/// The offset of the next page, if there is one.
pub fn next(query: &Query, rows: usize, total: Option<usize>) -> Option<u64> {
    let start = query.start?;
    (rows == PAGE && start + rows < total?).then_some((start + rows) as u64)
}
