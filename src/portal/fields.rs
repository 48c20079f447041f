//! From the answer of `crm.item.fields` to field definitions: the catalogue of standard fields, and what this portal adds to it.
//!
//! Names are never computed: the classic code is the answer's `upperName`, because the rule between the two families has exceptions
//! that the vendor's own docs contradict (rest-crm 1.0).

use std::borrow::Cow;

use serde_json::Value as Json;

use super::answer::{plain, values};
use crate::model::{FieldDef, FieldType, Writing};

/// Adds a portal's custom fields and parent links to the fields of one record type. `described` is the `result` of `crm.item.fields`.
///
/// A standard field that the portal lacks stays: a file may still have its column.
pub(super) fn merge(fields: &mut Vec<FieldDef>, described: &Json) {
    let Some(described) = described.get("fields").and_then(Json::as_object) else { return };
    for (universal, description) in described {
        let code = description.get("upperName").map(plain).filter(|code| !code.is_empty()).unwrap_or_else(|| universal.clone());
        let is_own = code.starts_with("UF_") || code.starts_with("PARENT_ID_");
        if !is_own || fields.iter().any(|field| field.code.as_str() == code) {
            continue;
        }
        fields.push(own_field(&code, universal, description));
    }
}

fn own_field(code: &str, universal: &str, description: &Json) -> FieldDef {
    let kind = if code.starts_with("PARENT_ID_") { FieldType::Parent } else { field_type(description) };
    let read_only = description.get("isReadOnly") == Some(&Json::Bool(true));
    let writing = if read_only || kind == FieldType::File { Writing::Never } else { Writing::Import };
    FieldDef {
        code: code.into(),
        universal: universal.to_owned(),
        multiple: description.get("isMultiple") == Some(&Json::Bool(true)),
        writing,
        portal_own: false,
        labels: labels(code, description),
        items: items(description),
        kind,
    }
}

/// What a custom field holds (rest-crm 6.7).
fn field_type(description: &Json) -> FieldType {
    match description.get("type").map(plain).unwrap_or_default().as_str() {
        "string" | "char" => FieldType::Text,
        "text" => FieldType::LongText,
        "integer" => FieldType::Integer,
        "double" => FieldType::Double,
        "boolean" => FieldType::Flag,
        "date" => FieldType::Date,
        "datetime" => FieldType::Moment,
        "money" => FieldType::Money,
        "url" => FieldType::Url,
        "address" => FieldType::Address,
        "enumeration" => FieldType::Enumeration,
        "employee" | "user" => FieldType::User,
        "crm" => FieldType::Binding,
        "crm_status" => FieldType::Status(Cow::Owned(directory(description))),
        "crm_currency" => FieldType::Currency,
        "file" => FieldType::File,
        _ => FieldType::Other,
    }
}

fn directory(description: &Json) -> String {
    let settings = description.get("settings").and_then(|settings| settings.get("ENTITY_TYPE"));
    description.get("statusType").or(settings).map(plain).unwrap_or_default()
}

/// What people call the field; its `title` is the code again where nobody named it.
fn labels(code: &str, description: &Json) -> Vec<String> {
    let mut labels = Vec::new();
    for key in ["listLabel", "formLabel", "filterLabel", "title"] {
        let label = description.get(key).map(|label| decoded(&plain(label))).unwrap_or_default();
        if !label.is_empty() && label != code && !labels.contains(&label) {
            labels.push(label);
        }
    }
    labels
}

/// The items of a list field: id and text. The types of a field that binds records stand in its settings: `{"COMPANY":"Y","LEAD":null}`.
fn items(description: &Json) -> Vec<(String, String)> {
    if description.get("type").is_some_and(|kind| plain(kind) == "crm") {
        let settings = description.get("settings").and_then(Json::as_object);
        let bound = settings.into_iter().flatten().filter(|(_, is_bound)| plain(is_bound) == "Y");
        return bound.map(|(kind, _)| (kind.to_lowercase(), String::new())).collect();
    }
    let part = |item: &Json, key: &str| item.get(key).map(plain).unwrap_or_default();
    let list = description.get("items").map(values).unwrap_or_default();
    list.into_iter().map(|item| (part(item, "ID"), decoded(&part(item, "VALUE")))).collect()
}

/// A text without the HTML entities that Bitrix24 stores labels with; `&amp;` last, so that nothing is decoded twice.
pub(super) fn decoded(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let named =
        [("&quot;", "\""), ("&lt;", "<"), ("&gt;", ">"), ("&#039;", "'"), ("&#39;", "'"), ("&nbsp;", "\u{a0}"), ("&amp;", "&")];
    named.into_iter().fold(text.to_owned(), |text, (entity, sign)| text.replace(entity, sign))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{EntityType, Schema};

    fn merged(described: &Json) -> Vec<FieldDef> {
        let mut fields = Schema::standard().fields.remove(&EntityType::Deal).expect("every type has fields");
        merge(&mut fields, described);
        fields
    }

    #[test]
    fn custom_fields_join_the_catalogue_under_their_classic_code() {
        let fields = merged(&json!({"fields": {
            "title": {"type": "string", "title": "Name", "upperName": "TITLE"},
            "ufCrm_1720019876534": {"type": "enumeration", "isMultiple": true, "isDynamic": true, "title": "UF_CRM_1720019876534",
                "listLabel": "Canal &quot;A&quot;", "formLabel": "Canal &quot;A&quot;", "filterLabel": "R&amp;lt;D",
                "items": [{"ID": "45", "VALUE": "Rojo &amp; azul"}, {"ID": 46, "VALUE": "Verde"}], "upperName": "UF_CRM_1720019876534"},
            "ufCrm_2": {"type": "crm_status", "settings": {"ENTITY_TYPE": "SOURCE"}, "upperName": "UF_CRM_2"},
            "ufCrm_3": {"type": "file", "upperName": "UF_CRM_3"},
            "parentId153": {"type": "crm_entity", "upperName": "PARENT_ID_153"},
            "mycompanyId": {"type": "crm_company", "upperName": "MYCOMPANY_ID"}
        }}));
        let field = |code: &str| fields.iter().find(|field| field.code.as_str() == code);
        let list = field("UF_CRM_1720019876534").expect("the list field is there");
        assert_eq!(list.universal, "ufCrm_1720019876534");
        assert_eq!((list.multiple, &list.kind), (true, &FieldType::Enumeration));
        assert_eq!(list.labels, ["Canal \"A\"", "R&lt;D"]);
        assert_eq!(list.items, [("45".into(), "Rojo & azul".into()), ("46".into(), "Verde".to_owned())]);
        assert_eq!(field("UF_CRM_2").map(|field| &field.kind), Some(&FieldType::Status("SOURCE".into())));
        assert_eq!(field("UF_CRM_3").map(|field| field.writing), Some(Writing::Never));
        assert_eq!(field("PARENT_ID_153").map(|field| &field.kind), Some(&FieldType::Parent));
        assert!(field("MYCOMPANY_ID").is_none());
        assert_eq!(fields.iter().filter(|field| field.code.as_str() == "TITLE").count(), 1);
    }

    #[test]
    fn a_portal_that_describes_nothing_leaves_the_catalogue_as_it_is() {
        let before = merged(&json!({"fields": []}));
        assert!(before.iter().any(|field| field.code.as_str() == "STAGE_ID"));
        assert_eq!(merged(&json!([])), before);
    }
}
