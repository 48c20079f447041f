//! What methods ask of their parameters, and the refusals when it isn't there.

use serde_json::{Map, Value};

use super::Params;
use crate::sandbox::answer::RestError;
use crate::sandbox::store::record::Entity;
use crate::sandbox::store::schema::{Field, Schema};
use crate::sandbox::store::value;

static NOTHING: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);

/// A parameter in lower camel case, or none if it is missing or null.
pub fn given<'params>(params: &'params Params, name: &str) -> Option<&'params Value> {
    params.get(name).filter(|value| !value.is_null())
}

/// A parameter that must be there. Source: rest-transport 4.1, error 100.
pub fn must<'params>(params: &'params Params, name: &str) -> Result<&'params Value, RestError> {
    given(params, name).ok_or_else(|| RestError::bad("100", format!("Could not find value for parameter {{{name}}}")))
}

/// The record type that `entityTypeId` names. Source: rest-crm 3.4.
pub fn entity(params: &Params) -> Result<Entity, RestError> {
    Entity::of_type_id(value::integer(must(params, "entityTypeId")?))
        .ok_or_else(|| RestError::bad("NOT_FOUND", "Smart process not found"))
}

/// Whether custom fields go by their original names.
pub fn original_names(params: &Params) -> bool {
    given(params, "useOriginalUfNames")
        .is_some_and(|value| value == &Value::Bool(true) || value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("y")))
}

/// An array or object as a map; an array's keys are its places, as in PHP. None for anything else.
pub fn map_of(value: &Value) -> Option<std::borrow::Cow<'_, Map<String, Value>>> {
    match value {
        Value::Object(map) => Some(std::borrow::Cow::Borrowed(map)),
        Value::Array(items) => Some(std::borrow::Cow::Owned(
            items.iter().enumerate().map(|(place, item)| (place.to_string(), item.clone())).collect(),
        )),
        _ => None,
    }
}

/// A PHP array as JSON: a list where the keys are 0, 1, .. in turn, an object otherwise. Source: rest-transport 3.1.
pub fn php_array(map: Map<String, Value>) -> Value {
    if map.keys().enumerate().all(|(place, key)| *key == place.to_string()) {
        return Value::Array(map.into_iter().map(|(_, value)| value).collect());
    }
    Value::Object(map)
}

/// A required array parameter of a universal method.
pub fn array<'params>(params: &'params Params, name: &str) -> Result<std::borrow::Cow<'params, Map<String, Value>>, RestError> {
    map_of(must(params, name)?).ok_or_else(|| not_array(name))
}

/// An array parameter of a universal method that may be left out.
pub fn array_or_empty<'params>(
    params: &'params Params,
    name: &str,
) -> Result<std::borrow::Cow<'params, Map<String, Value>>, RestError> {
    match given(params, name) {
        None => Ok(std::borrow::Cow::Borrowed(&NOTHING)),
        Some(Value::String(text)) if text.is_empty() => Ok(std::borrow::Cow::Borrowed(&NOTHING)),
        Some(value) => map_of(value).ok_or_else(|| not_array(name)),
    }
}

fn not_array(name: &str) -> RestError {
    RestError::bad("100", format!("Invalid value {{{name}}} to match with parameter {{{name}}}. Should be value of type array."))
}

/// An array parameter of a classic method; left out it is empty. Source: rest-crm 3.8.
pub fn classic_array<'params>(
    params: &'params Params,
    name: &str,
) -> Result<std::borrow::Cow<'params, Map<String, Value>>, RestError> {
    match param_in_any_case(params, name) {
        None => Ok(std::borrow::Cow::Borrowed(&NOTHING)),
        Some(Value::String(text)) if text.is_empty() => Ok(std::borrow::Cow::Borrowed(&NOTHING)),
        Some(value) => map_of(value).ok_or_else(|| RestError::bad("", format!("Parameter '{name}' must be array."))),
    }
}

/// A parameter under its lower-case or upper-case name: classic methods take `ID` for `id`, `FIELDS` for `fields`.
pub fn param_in_any_case<'params>(params: &'params Params, name: &str) -> Option<&'params Value> {
    given(params, name).or_else(|| given(params, &name.to_uppercase()))
}

/// The id of a classic method. Source: rest-transport 4.3.
pub fn classic_id(params: &Params) -> Result<u64, RestError> {
    let id = param_in_any_case(params, "id").map_or(0, value::integer);
    u64::try_from(id).ok().filter(|id| *id > 0).ok_or_else(|| RestError::bad("", "ID is not defined or invalid."))
}

/// The refusal to anyone who isn't an administrator, of the classic methods.
pub fn access_denied() -> RestError {
    RestError::bad("", "Access denied.")
}

/// The field that a universal name means.
pub fn universal_field(schema: &Schema, name: &str, original: bool) -> Option<Field> {
    if original && let Some(field) = schema.by_code(name).filter(Field::is_custom) {
        return Some(field);
    }
    schema.by_name(name).filter(|field| !(original && field.is_custom()))
}
