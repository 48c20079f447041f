//! rest-crm 3.8; rest-transport 4.3, 7.

use serde_json::{Value, json};

use super::{Portal, refused};

#[test]
fn classic_answers_are_texts_and_empty_dates_are_empty_texts() {
    let mut portal = Portal::new();
    let fields = json!({ "TITLE": "L", "OPPORTUNITY": "12500", "PHONE": [{ "VALUE": "+1", "VALUE_TYPE": "OTHER" }], "ADDRESS_CITY": "Paris", "DATE_CREATE": "2020-01-01", "STATUS_ID": "IN_PROCESS" });
    assert_eq!(portal.call("crm.lead.add", json!({ "fields": fields })), 1);
    let lead = portal.call("crm.lead.get", json!({ "id": "1" }));
    for (key, expected) in [
        ("ID", json!("1")),
        ("OPPORTUNITY", json!("12500.00")),
        ("STATUS_ID", json!("IN_PROCESS")),
        ("STATUS_SEMANTIC_ID", json!("P")),
        ("BIRTHDATE", json!("")),
        ("DATE_CLOSED", json!("")),
        ("DATE_CREATE", json!("2026-03-10T12:00:00+03:00")),
        ("ADDRESS_CITY", json!("Paris")),
        ("COMPANY_ID", Value::Null),
        ("IS_MANUAL_OPPORTUNITY", json!("N")),
        ("PHONE", json!([{ "ID": "1", "VALUE_TYPE": "OTHER", "VALUE": "+1", "TYPE_ID": "PHONE" }])),
    ] {
        assert_eq!(lead[key], expected, "{key}");
    }
    assert!(lead.get("EMAIL").is_none(), "a multi-field without values has no key");
    assert!(lead.get("CONTACT_IDS").is_none());
    assert_eq!(portal.get(1, &json!(1))["address"], Value::Null);
}

#[test]
fn classic_checks_have_an_empty_code() {
    let mut portal = Portal::new();
    portal.expect(vec![
        refused("no id", "crm.lead.get", json!({}), json!(""), "ID is not defined or invalid."),
        refused("id 0", "crm.deal.update", json!({ "id": 0, "fields": {} }), json!(""), "ID is not defined or invalid."),
        refused("unknown id", "crm.deal.get", json!({ "id": 9 }), json!(""), "Not found"),
        refused("unknown company", "crm.company.delete", json!({ "id": 9 }), json!(""), "Company is not found"),
        refused("unknown contact", "crm.contact.delete", json!({ "id": 9 }), json!("ERROR_CORE"), "Element not found"),
        refused("fields is no array", "crm.lead.add", json!({ "fields": "x" }), json!(""), "Parameter 'fields' must be array."),
        refused("filter is no array", "crm.lead.list", json!({ "filter": "x" }), json!(""), "Parameter 'filter' must be array."),
        refused("order is no array", "crm.lead.list", json!({ "order": "x" }), json!(""), "Parameter 'order' must be array."),
        refused(
            "a currency that isn't there",
            "crm.deal.add",
            json!({ "fields": { "CURRENCY_ID": "MXN" } }),
            json!(""),
            "Invalid value for the \"Currency\" field",
        ),
        refused(
            "an e-mail that is none",
            "crm.contact.add",
            json!({ "fields": { "NAME": "A", "EMAIL": [{ "VALUE": "nobody" }] } }),
            json!("ERROR_CORE"),
            "The \"E-mail\" field contains an invalid address.",
        ),
        refused(
            "a company without title",
            "crm.company.add",
            json!({ "fields": {} }),
            json!(""),
            "The field \"Company Name\" is required.",
        ),
    ]);
}

#[test]
fn multi_fields_of_a_classic_update_are_changed_deleted_and_added_by_their_ids() {
    let mut portal = Portal::new();
    let phones = json!([{ "VALUE": "+1", "VALUE_TYPE": "WORK" }, { "VALUE": "+2" }, { "VALUE": "+3" }, { "VALUE": "+4" }]);
    portal.call("crm.contact.add", json!({ "fields": { "NAME": "A", "PHONE": phones } }));
    let changes = json!([{ "ID": 1, "VALUE": "+11" }, { "ID": "2", "DELETE": "Y", "VALUE": "+2" }, { "ID": 3, "VALUE": "" }, { "VALUE": "+5", "VALUE_TYPE": "HOME" }]);
    portal.call("crm.contact.update", json!({ "id": 1, "fields": { "PHONE": changes } }));
    let left = portal.call("crm.contact.get", json!({ "id": 1 }))["PHONE"].clone();
    let shown: Vec<(String, String)> = left
        .as_array()
        .expect("a list")
        .iter()
        .map(|phone| (phone["VALUE"].to_string(), phone["VALUE_TYPE"].to_string()))
        .collect();
    assert_eq!(
        shown,
        [("\"+11\"", "\"WORK\""), ("\"+4\"", "\"WORK\""), ("\"+5\"", "\"HOME\"")]
            .map(|(value, kind)| (value.to_owned(), kind.to_owned()))
    );
    portal.call("crm.contact.update", json!({ "id": 1, "fields": { "PHONE": [{ "ID": 4 }] } }));
    let left = portal.call("crm.contact.get", json!({ "id": 1 }))["PHONE"].clone();
    assert_eq!(left.as_array().map(Vec::len), Some(2), "an id without value deletes");
}

#[test]
fn the_import_option_of_contacts_lets_system_fields_in_whatever_text_it_is() {
    let mut portal = Portal::new();
    let add = |portal: &mut Portal, import: Value| {
        let fields = json!({ "NAME": "A", "DATE_CREATE": "2024-01-01T00:00:00+03:00", "CREATED_BY_ID": 5 });
        let id = portal.call("crm.contact.add", json!({ "fields": fields, "params": { "IMPORT": import } }));
        let contact = portal.call("crm.contact.get", json!({ "id": id }));
        (contact["DATE_CREATE"].clone(), contact["CREATED_BY_ID"].clone())
    };
    assert_eq!(add(&mut portal, json!("N")), (json!("2024-01-01T00:00:00+03:00"), json!("5")));
    assert_eq!(add(&mut portal, json!("")), (json!("2026-03-10T12:00:00+03:00"), json!("1")));
    portal.expect(vec![refused(
        "after one made now",
        "crm.contact.add",
        json!({ "fields": { "DATE_CREATE": "2024-01-01", "DATE_MODIFY": "2023-01-01" }, "params": { "IMPORT": "Y" } }),
        json!(""),
        "The value of \"Created on\" cannot be less than that of any other items, The value of \"Updated on\" cannot be greater than \"Created on\"",
    )]);
}

#[test]
fn a_classic_list_shows_just_what_its_select_asks_for() {
    let mut portal = Portal::new();
    portal.call("crm.lead.userfield.add", json!({ "fields": { "FIELD_NAME": "RFC", "USER_TYPE_ID": "string" } }));
    portal.call("crm.lead.add", json!({ "fields": { "TITLE": "L", "UF_CRM_RFC": "X", "PHONE": [{ "VALUE": "+1" }] } }));
    let keys = |portal: &mut Portal, select: Value| -> Vec<String> {
        portal.call("crm.lead.list", json!({ "select": select }))[0].as_object().expect("a row").keys().cloned().collect()
    };
    assert_eq!(keys(&mut portal, json!(["TITLE", "PHONE", "NOPE"])), ["ID", "TITLE", "PHONE"]);
    assert_eq!(keys(&mut portal, json!(["UF_*"])), ["ID", "UF_CRM_RFC"]);
    let plain = keys(&mut portal, json!([]));
    assert_eq!(plain, keys(&mut portal, json!(["*"])));
    assert!(!plain.iter().any(|key| key.starts_with("UF_") || key == "PHONE" || key == "CONTACT_IDS"));
}

#[test]
fn a_classic_filter_drops_what_it_does_not_know_and_compares_phones_as_patterns() {
    let mut portal = Portal::new();
    for (title, phone) in [("One", "+7999"), ("Two", "+7888")] {
        portal.call("crm.lead.add", json!({ "fields": { "TITLE": title, "PHONE": [{ "VALUE": phone }] } }));
    }
    let mut titles = |filter: Value| -> Vec<Value> {
        let rows = portal.call("crm.lead.list", json!({ "filter": filter, "select": ["TITLE"] }));
        rows.as_array().expect("rows").iter().map(|row| row["TITLE"].clone()).collect()
    };
    assert_eq!(titles(json!({ "NOPE": 5 })).len(), 2);
    assert_eq!(titles(json!({ "title": "One" })).len(), 2, "lower case is another field");
    assert_eq!(titles(json!({ "PHONE": "+7999" })), ["One"]);
    assert_eq!(titles(json!({ "PHONE": "999" })).len(), 0);
    assert_eq!(titles(json!({ "PHONE": "%888" })), ["Two"]);
    assert_eq!(titles(json!({ "PHONE": ["+7999", "+7888"] })), ["One"], "only the first element counts");
    assert_eq!(titles(json!({ "PHONE": "" })).len(), 2);
    assert_eq!(titles(json!({ "%TITLE": "wo" })), ["Two"]);
    assert_eq!(titles(json!({ "!TITLE": "one" })), ["Two"]);
    assert_eq!(titles(json!({ "%STATUS_ID": "NE" })).len(), 0, "codes are compared whole");
    assert_eq!(titles(json!({ "OPENED": "Y" })).len(), 2);
    assert_eq!(titles(json!({ ">DATE_CREATE": "2026-03-10T11:59:00+03:00" })).len(), 2);
    assert_eq!(titles(json!({ "COMPANY_ID": 0 })).len(), 2);
}

#[test]
fn classic_fields_have_their_own_names_and_types() {
    let mut portal = Portal::new();
    let lead = portal.call("crm.lead.fields", json!({}));
    assert_eq!(
        lead["STATUS_ID"],
        json!({ "type": "crm_status", "isRequired": false, "isReadOnly": false, "isImmutable": false, "isMultiple": false, "isDynamic": false, "statusType": "STATUS", "title": "Stage" })
    );
    assert_eq!((&lead["OPENED"]["type"], &lead["CONTACT_ID"]["isDeprecated"]), (&json!("char"), &json!(true)));
    assert!(lead.get("OBSERVERS").is_none());
    assert_eq!(portal.call("crm.deal.fields", json!({}))["CATEGORY_ID"]["isImmutable"], true);
    let universal = portal.call("crm.item.fields", json!({ "entityTypeId": 1 }))["fields"].clone();
    assert_eq!((&universal["stageId"]["upperName"], &universal["opened"]["type"]), (&json!("STAGE_ID"), &json!("boolean")));
    assert_eq!(universal["companyId"]["settings"]["parentEntityTypeId"], 4);
    assert!(universal.get("phone").is_none() && universal.get("address").is_none());
}

#[test]
fn a_classic_update_cannot_move_a_deal_to_another_pipeline_but_a_universal_one_can() {
    let mut portal = Portal::new();
    portal.call("crm.category.add", json!({ "entityTypeId": 2, "fields": { "name": "Second" } }));
    portal.call("crm.deal.add", json!({ "fields": { "STAGE_ID": "PREPARATION" } }));
    portal.call("crm.deal.update", json!({ "id": 1, "fields": { "CATEGORY_ID": 1 } }));
    assert_eq!(portal.get(2, &json!(1))["stageId"], "PREPARATION");
    let moved = portal.update(2, &json!(1), json!({ "categoryId": 1 }));
    assert_eq!((&moved["categoryId"], &moved["stageId"]), (&json!(1), &json!("C1:NEW")));
}
