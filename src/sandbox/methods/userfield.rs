//! `crm.<entity>.userfield.add` and `list`: custom fields.
//!
//! Source: rest-crm 6.5, 6.6; REST docs of `crm.lead.userfield.add`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Params, ask};
use crate::sandbox::answer::{Reply, RestError};
use crate::sandbox::store::Store;
use crate::sandbox::store::record::Entity;
use crate::sandbox::store::rows::{EnumItem, UserField};
use crate::sandbox::store::schema::Custom;
use crate::sandbox::store::value;

/// The longest code, prefix included.
const CODE_LEN_MAX: usize = 50;

const LABELS: [&str; 5] = ["EDIT_FORM_LABEL", "LIST_COLUMN_LABEL", "LIST_FILTER_LABEL", "ERROR_MESSAGE", "HELP_MESSAGE"];

/// `add` `{fields: {FIELD_NAME, USER_TYPE_ID, MULTIPLE?, MANDATORY?, LABEL?, EDIT_FORM_LABEL?, LIST?, SETTINGS?, ..}}` answers the id.
/// Administrators only.
pub fn add(store: &mut Store, entity: Entity, params: &Params) -> Result<Reply, RestError> {
    let fields = ask::classic_array(params, "fields")?;
    if !store.caller_is_admin() {
        return Err(ask::access_denied());
    }
    let part = |name: &str| fields.get(name).map(value::text).unwrap_or_default();
    let flag = |name: &str, default: bool| fields.get(name).map_or(default, value::classic_flag);
    let missing = |name: &str| RestError::bad("", format!("The '{name}' field is not found."));
    if part("FIELD_NAME").is_empty() {
        return Err(missing("FIELD_NAME"));
    }
    let name = full_name(&part("FIELD_NAME"))?;
    let type_id = part("USER_TYPE_ID");
    if type_id.is_empty() {
        return Err(missing("USER_TYPE_ID"));
    }
    if Custom::of_type_id(&type_id, 0).is_none() {
        return Err(RestError::bad("ERROR_CORE", "Invalid custom type specified."));
    }
    if store.user_field(entity, &name).is_some() {
        return Err(RestError::bad("ERROR_CORE", format!("The field {name} already exists.")));
    }
    let items = if type_id == "enumeration" { items(store, fields.get("LIST"))? } else { Vec::new() };
    let field = UserField {
        id: store.next_id("userfield"),
        entity: entity.type_id(),
        xml_id: Some(part("XML_ID")).filter(|text| !text.is_empty()),
        sort: fields.get("SORT").map(value::integer).filter(|sort| *sort > 0).unwrap_or(100),
        multiple: flag("MULTIPLE", false) && type_id != "boolean",
        mandatory: flag("MANDATORY", false),
        show_filter: Some(part("SHOW_FILTER")).filter(|text| !text.is_empty()).unwrap_or_else(|| "N".to_owned()),
        show_in_list: flag("SHOW_IN_LIST", true),
        edit_in_list: flag("EDIT_IN_LIST", true),
        searchable: flag("IS_SEARCHABLE", false),
        settings: settings(&type_id, fields.get("SETTINGS")),
        labels: labels(&fields),
        items,
        name,
        type_id,
    };
    let id = field.id;
    store.note("USERFIELD", &id, "create", &json!(field));
    store.put_user_field(field);
    Ok(Reply::of(json!(id)))
}

/// `NOTE`, `UF_NOTE` and `UF_CRM_NOTE` all become `UF_CRM_NOTE`.
fn full_name(given: &str) -> Result<String, RestError> {
    let upper = given.to_uppercase();
    let bare = upper.strip_prefix("UF_CRM_").or_else(|| upper.strip_prefix("UF_")).unwrap_or(&upper);
    let name = format!("UF_CRM_{bare}");
    if name.chars().count() > CODE_LEN_MAX {
        return Err(RestError::bad("ERROR_CORE", format!("Field name is too long (more than {CODE_LEN_MAX} characters).")));
    }
    if !name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_') {
        return Err(RestError::bad(
            "ERROR_CORE",
            "Field name contains invalid characters. Allowed characters are: A-Z, 0-9 and _.",
        ));
    }
    Ok(name)
}

/// A text goes for all languages; in a map, what isn't there is LABEL's.
fn labels(fields: &Map<String, Value>) -> BTreeMap<String, BTreeMap<String, String>> {
    let default = fields.get("LABEL").map(value::text).unwrap_or_default();
    let mut labels = BTreeMap::new();
    for kind in LABELS {
        let mut by_language = BTreeMap::from([(String::new(), default.clone())]);
        match fields.get(kind) {
            Some(Value::Object(map)) => {
                by_language.extend(map.iter().map(|(language, text)| (language.clone(), value::text(text))));
            }
            Some(Value::Null) | None => {}
            Some(text) => {
                by_language.insert(String::new(), value::text(text));
            }
        }
        by_language.retain(|_, text| !text.is_empty());
        labels.insert(kind.to_owned(), by_language);
    }
    labels
}

fn items(store: &mut Store, given: Option<&Value>) -> Result<Vec<EnumItem>, RestError> {
    let mut items: Vec<EnumItem> = Vec::new();
    for (place, entry) in (1..).zip(given.map(value::items).unwrap_or_default()) {
        let part = |name: &str| entry.get(name).map(value::text).unwrap_or_default();
        if part("VALUE").is_empty() {
            continue;
        }
        let id = store.next_id("enumeration");
        let xml_id = Some(part("XML_ID")).filter(|text| !text.is_empty()).unwrap_or_else(|| format!("{id:032x}"));
        if items.iter().any(|item| item.xml_id == xml_id) {
            return Err(RestError::bad("ERROR_CORE", format!("List item with XML_ID={xml_id} already exists.")));
        }
        let sort = entry.get("SORT").map(value::integer).filter(|sort| *sort > 0).unwrap_or(place * 10);
        items.push(EnumItem { id, value: part("VALUE"), sort, default: part("DEF") == "Y", xml_id });
    }
    items.sort_by_key(|item| (item.sort, item.id));
    Ok(items)
}

/// The settings of a type with their defaults, and over them what was given of the known ones. Source: rest-crm 6.6.
fn settings(type_id: &str, given: Option<&Value>) -> Map<String, Value> {
    let defaults = match type_id {
        "string" => json!({ "SIZE": 20, "ROWS": 1, "REGEXP": "", "MIN_LENGTH": 0, "MAX_LENGTH": 0, "DEFAULT_VALUE": "" }),
        "integer" => json!({ "SIZE": 20, "MIN_VALUE": 0, "MAX_VALUE": 0, "DEFAULT_VALUE": null }),
        "double" => json!({ "PRECISION": 2, "SIZE": 20, "MIN_VALUE": 0, "MAX_VALUE": 0, "DEFAULT_VALUE": null }),
        "boolean" => json!({ "DEFAULT_VALUE": 0, "DISPLAY": "CHECKBOX", "LABEL": ["", ""], "LABEL_CHECKBOX": "" }),
        "date" => json!({ "DEFAULT_VALUE": { "TYPE": "NONE", "VALUE": "" } }),
        "datetime" => json!({ "DEFAULT_VALUE": { "TYPE": "NONE", "VALUE": "" }, "USE_SECOND": "Y", "USE_TIMEZONE": "N" }),
        "money" => json!({ "DEFAULT_VALUE": "" }),
        "url" => json!({ "POPUP": "Y", "SIZE": 20, "MIN_LENGTH": 0, "MAX_LENGTH": 0, "DEFAULT_VALUE": "", "ROWS": 1 }),
        "enumeration" => json!({ "DISPLAY": "LIST", "LIST_HEIGHT": 1, "CAPTION_NO_VALUE": "", "SHOW_NO_VALUE": "Y" }),
        "crm_status" => json!({ "ENTITY_TYPE": "" }),
        "address" => json!({ "SHOW_MAP": "Y" }),
        "crm" => {
            json!({ "LEAD": "N", "CONTACT": "N", "COMPANY": "N", "DEAL": "N", "QUOTE": "N", "ORDER": "N", "SMART_INVOICE": "N" })
        }
        _ => json!({}),
    };
    let Value::Object(mut settings) = defaults else { return Map::new() };
    for (name, value) in given.and_then(Value::as_object).into_iter().flatten() {
        if let Some(setting) = settings.get_mut(name) {
            let numeric = setting.is_number();
            *setting = if numeric { json!(value::integer(value)) } else { value.clone() };
        }
    }
    settings
}

/// `list` `{filter?, order?}` answers all fields. Labels come only with `filter[LANG]`, as texts.
pub fn list(store: &mut Store, entity: Entity, params: &Params) -> Result<Reply, RestError> {
    let filter = ask::classic_array(params, "filter")?;
    let language = filter.get("LANG").map(value::text).filter(|language| !language.is_empty());
    let mut fields: Vec<&UserField> = store.user_fields(entity).collect();
    for (key, direction) in ask::classic_array(params, "order")?.iter().rev() {
        fields.sort_by(|one, other| match key.as_str() {
            "SORT" => one.sort.cmp(&other.sort),
            "FIELD_NAME" => one.name.cmp(&other.name),
            "USER_TYPE_ID" => one.type_id.cmp(&other.type_id),
            _ => one.id.cmp(&other.id),
        });
        if value::text(direction).eq_ignore_ascii_case("desc") {
            fields.reverse();
        }
    }
    let rows: Vec<Value> = fields
        .into_iter()
        .map(|field| row(entity, field, language.as_deref()))
        .filter(|row| {
            filter
                .iter()
                .filter(|(key, _)| *key != "LANG" && row.get(key.as_str()).is_some())
                .all(|(key, wanted)| value::text(&row[key.as_str()]) == value::text(wanted))
        })
        .collect();
    let total = Some(rows.len() as u64);
    Ok(Reply { result: Value::Array(rows), next: None, total })
}

fn row(entity: Entity, field: &UserField, language: Option<&str>) -> Value {
    let flag = |flag: bool| if flag { "Y" } else { "N" };
    let mut row = json!({
        "ID": field.id.to_string(),
        "ENTITY_ID": format!("CRM_{}", entity.name()),
        "FIELD_NAME": field.name,
        "USER_TYPE_ID": field.type_id,
        "XML_ID": field.xml_id,
        "SORT": field.sort.to_string(),
        "MULTIPLE": flag(field.multiple),
        "MANDATORY": flag(field.mandatory),
        "SHOW_FILTER": field.show_filter,
        "SHOW_IN_LIST": flag(field.show_in_list),
        "EDIT_IN_LIST": flag(field.edit_in_list),
        "IS_SEARCHABLE": flag(field.searchable),
        "SETTINGS": field.settings,
    });
    if let Some(language) = language {
        for kind in LABELS {
            let by_language = field.labels.get(kind);
            row[kind] = json!(by_language.and_then(|labels| labels.get(language).or_else(|| labels.get(""))));
        }
    }
    if field.type_id == "enumeration" {
        let items: Vec<Value> = field
            .items
            .iter()
            .map(|item| json!({ "ID": item.id.to_string(), "SORT": item.sort.to_string(), "VALUE": item.value, "DEF": flag(item.default), "XML_ID": item.xml_id }))
            .collect();
        row["LIST"] = Value::Array(items);
    }
    row
}
