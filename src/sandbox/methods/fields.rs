//! `crm.item.fields` and `crm.<entity>.fields`: what fields there are.
//!
//! Source: rest-crm 2.

use serde_json::{Map, Value, json};

use super::{Params, ask};
use crate::sandbox::answer::{Reply, RestError};
use crate::sandbox::store::Store;
use crate::sandbox::store::record::Entity;
use crate::sandbox::store::rows::UserField;
use crate::sandbox::store::schema::{Custom, Field, Kind, Mark};

/// `crm.item.fields` `{entityTypeId, useOriginalUfNames?}` answers `{fields: {name: description}}`.
pub fn item(store: &mut Store, params: &Params) -> Result<Reply, RestError> {
    let entity = ask::entity(params)?;
    let original = ask::original_names(params);
    let mut fields = Map::new();
    for field in store.schema(entity).fields().iter().filter(|field| !field.is(Mark::Hidden)) {
        let name = if original && field.is_custom() { field.code } else { field.name };
        let marks = Marks {
            required: field.is(Mark::Required),
            read_only: field.is(Mark::ReadOnly),
            immutable: field.is(Mark::Immutable),
            type_name: field.kind.universal_type(),
        };
        let mut entry = describe(store, entity, field, &marks);
        entry.insert("upperName".to_owned(), json!(field.code));
        fields.insert(name.to_owned(), Value::Object(entry));
    }
    Ok(Reply::of(json!({ "fields": fields })))
}

/// `crm.<entity>.fields` answers the map itself.
pub fn classic(store: &mut Store, entity: Entity, _: &Params) -> Result<Reply, RestError> {
    let mut fields = Map::new();
    for field in store.schema(entity).fields().iter().filter(|field| !field.classic.is_empty()) {
        let marks = Marks {
            required: field.is(Mark::ClassicRequired),
            read_only: field.is(Mark::ClassicReadOnly),
            immutable: field.is(Mark::ClassicImmutable),
            type_name: field.kind.classic_type(),
        };
        fields.insert(field.classic.to_owned(), Value::Object(describe(store, entity, field, &marks)));
    }
    Ok(Reply::of(Value::Object(fields)))
}

/// What differs between the families.
struct Marks {
    required: bool,
    read_only: bool,
    immutable: bool,
    type_name: &'static str,
}

/// The keys of a description are in the vendor's order.
fn describe(store: &Store, entity: Entity, field: &Field, marks: &Marks) -> Map<String, Value> {
    let custom = store.user_field(entity, field.code);
    let mut entry = Map::new();
    entry.insert("type".to_owned(), json!(marks.type_name));
    entry.insert("isRequired".to_owned(), json!(marks.required || custom.is_some_and(|custom| custom.mandatory)));
    entry.insert("isReadOnly".to_owned(), json!(marks.read_only));
    entry.insert("isImmutable".to_owned(), json!(marks.immutable));
    entry.insert("isMultiple".to_owned(), json!(field.is(Mark::Multiple)));
    entry.insert("isDynamic".to_owned(), json!(field.is_custom()));
    if field.is(Mark::Deprecated) {
        entry.insert("isDeprecated".to_owned(), json!(true));
    }
    if let Kind::Status(directory) = field.kind {
        entry.insert("statusType".to_owned(), json!(directory));
    }
    if let (Kind::Custom(Custom::CrmStatus), Some(custom)) = (field.kind, custom) {
        entry.insert("statusType".to_owned(), custom.settings.get("ENTITY_TYPE").cloned().unwrap_or(Value::Null));
    }
    entry.insert("title".to_owned(), json!(field.title));
    if let Some(custom) = custom {
        add_custom(store, &mut entry, custom);
    }
    if let Some(parent) = parent_type(field) {
        entry.insert("settings".to_owned(), json!({ "parentEntityTypeId": parent }));
    }
    entry
}

fn add_custom(store: &Store, entry: &mut Map<String, Value>, custom: &UserField) {
    if custom.type_id == "enumeration" {
        let items: Vec<Value> =
            custom.items.iter().map(|item| json!({ "ID": item.id.to_string(), "VALUE": item.value })).collect();
        entry.insert("items".to_owned(), Value::Array(items));
    }
    for (key, kind) in
        [("listLabel", "LIST_COLUMN_LABEL"), ("formLabel", "EDIT_FORM_LABEL"), ("filterLabel", "LIST_FILTER_LABEL")]
    {
        entry.insert(key.to_owned(), json!(custom.label(kind, store.language_code())));
    }
    entry.insert("settings".to_owned(), Value::Object(custom.settings.clone()));
}

fn parent_type(field: &Field) -> Option<i64> {
    match (field.kind, field.is(Mark::Multiple) || field.is(Mark::Deprecated)) {
        (Kind::Crm("crm_company"), false) => Some(4),
        (Kind::Crm("crm_lead"), false) => Some(1),
        (Kind::Crm("crm_quote"), false) => Some(7),
        _ => None,
    }
}
