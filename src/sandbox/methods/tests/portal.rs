//! rest-crm 6, 7, 9: directories, users, duplicates, comments; durability and the ledger.

use serde_json::{Value, json};

use super::super::{exists, names};
use super::{Portal, refused};
use crate::sandbox::Language;

#[test]
fn a_new_portal_holds_its_administrator_its_directories_and_no_records() {
    let mut portal = Portal::new();
    assert_eq!(portal.call("profile", json!({}))["ADMIN"], true);
    assert_eq!(portal.call("user.admin", json!({})), true);
    assert_eq!(portal.store.user(1).map(|user| user.secret.len()), Some(16));
    let stages = portal.call("crm.status.list", json!({ "filter": { "ENTITY_ID": "DEAL_STAGE" }, "order": { "SORT": "ASC" } }));
    let codes: Vec<&str> = stages.as_array().expect("rows").iter().filter_map(|row| row["STATUS_ID"].as_str()).collect();
    assert_eq!(codes, ["NEW", "PREPARATION", "PREPAYMENT_INVOICE", "EXECUTING", "FINAL_INVOICE", "WON", "LOSE", "APOLOGY"]);
    assert_eq!(stages[0]["EXTRA"], json!({ "SEMANTICS": "process", "COLOR": "#39A8EF" }));
    assert_eq!((&stages[6]["EXTRA"]["SEMANTICS"], &stages[7]["EXTRA"]["SEMANTICS"]), (&json!("failure"), &json!("apology")));
    assert_eq!(
        (&stages[0]["SEMANTICS"], &stages[5]["SORT"], &stages[0]["CATEGORY_ID"]),
        (&Value::Null, &json!("60"), &Value::Null)
    );
    let categories = portal.reply("crm.category.list", json!({ "entityTypeId": 2 }));
    assert_eq!(
        categories.result,
        json!({ "categories": [{ "id": 0, "name": "General", "sort": 300, "entityTypeId": 2, "isDefault": "Y" }] })
    );
    assert_eq!(categories.total, Some(1));
    assert_eq!(portal.call("crm.currency.base.get", json!({})), "USD");
    for entity in 1..=4 {
        assert_eq!(portal.reply("crm.item.list", json!({ "entityTypeId": entity })).total, Some(0));
    }
    portal.expect(vec![refused(
        "leads have no pipelines",
        "crm.category.list",
        json!({ "entityTypeId": 1 }),
        json!("ENTITY_TYPE_NOT_SUPPORTED"),
        "Entity type LEAD is not supported",
    )]);
}

#[test]
fn the_directories_of_a_new_portal_are_in_its_language() {
    for (language, currency, won, honorific) in [
        (Language::Es, "USD", "Negociación ganada", Some("HNR_LA_1")),
        (Language::Ru, "RUB", "Сделка успешна", Some("HNR_RU_1")),
        (Language::En, "USD", "Deal won", Some("HNR_EN_1")),
    ] {
        let mut portal = Portal::speaking(language);
        assert_eq!(portal.call("crm.currency.base.get", json!({})), currency);
        let row = portal.call("crm.status.list", json!({ "filter": { "ENTITY_ID": "DEAL_STAGE", "STATUS_ID": "WON" } }));
        assert_eq!(row[0]["NAME"], won);
        let first = portal.call("crm.status.list", json!({ "filter": { "ENTITY_ID": "HONORIFIC" } }));
        assert_eq!(first[0]["STATUS_ID"].as_str(), honorific);
    }
}

#[test]
fn directory_values_are_added_by_administrators_under_the_portals_rules() {
    let mut portal = Portal::new();
    portal.call("crm.category.add", json!({ "entityTypeId": 2, "fields": { "name": "Second" } }));
    let add = |fields: Value| json!({ "fields": fields });
    let id = portal.call(
        "crm.status.add",
        add(json!({ "ENTITY_ID": "DEAL_STAGE_1", "STATUS_ID": "EXTRA", "NAME": "Extra", "COLOR": "AABBCC", "SORT": "55" })),
    );
    let row = portal.call("crm.status.list", json!({ "filter": { "ID": id } }))[0].clone();
    assert_eq!(
        (&row["STATUS_ID"], &row["COLOR"], &row["SYSTEM"], &row["CATEGORY_ID"]),
        (&json!("C1:EXTRA"), &json!("#AABBCC"), &json!("N"), &json!("1"))
    );
    assert_eq!(portal.add(2, json!({ "categoryId": 1, "stageId": "C1:EXTRA" }))["stageId"], "C1:EXTRA");
    let stages = portal.call("crm.dealcategory.stage.list", json!({ "id": 1 }));
    assert!(stages.as_array().expect("rows").contains(&json!({ "NAME": "Extra", "SORT": 55, "STATUS_ID": "C1:EXTRA" })));
    portal.call("sandbox.user.add", json!({ "fields": { "NAME": "Plain" } }));
    portal.expect(vec![
        refused(
            "twice",
            "crm.status.add",
            add(json!({ "ENTITY_ID": "SOURCE", "STATUS_ID": "CALL", "NAME": "x" })),
            json!("ERROR_CORE"),
            "The specified status ID already exists.",
        ),
        refused(
            "unknown directory",
            "crm.status.add",
            add(json!({ "ENTITY_ID": "NOPE", "STATUS_ID": "A", "NAME": "x" })),
            json!(""),
            "Specified entity type is not supported.",
        ),
        refused(
            "no code",
            "crm.status.add",
            add(json!({ "ENTITY_ID": "SOURCE", "NAME": "x" })),
            json!(""),
            "The field STATUS_ID is required.",
        ),
        refused(
            "no name",
            "crm.status.add",
            add(json!({ "ENTITY_ID": "SOURCE", "STATUS_ID": "A" })),
            json!(""),
            "The field Title is required.",
        ),
    ]);
    portal.caller.user = 2;
    portal.expect(vec![
        refused(
            "not an administrator",
            "crm.status.add",
            add(json!({ "ENTITY_ID": "SOURCE", "STATUS_ID": "A", "NAME": "x" })),
            json!(""),
            "Access denied.",
        ),
        refused(
            "not an administrator",
            "crm.lead.userfield.add",
            add(json!({ "FIELD_NAME": "A", "USER_TYPE_ID": "string" })),
            json!(""),
            "Access denied.",
        ),
        refused("not an administrator", "crm.currency.add", add(json!({ "CURRENCY": "MXN" })), json!(""), "Access denied."),
    ]);
}

#[test]
fn an_added_currency_may_be_used_at_once() {
    let mut portal = Portal::new();
    assert_eq!(
        portal.call(
            "crm.currency.add",
            json!({ "fields": { "CURRENCY": "mxn", "AMOUNT": "0.05", "LANG": { "la": { "FULL_NAME": "Peso" } } } })
        ),
        "MXN"
    );
    assert_eq!(portal.add(2, json!({ "currencyId": "MXN" }))["currencyId"], "MXN");
    let list = portal.reply("crm.currency.list", json!({}));
    assert_eq!((list.total, &list.result[0]["AMOUNT"]), (Some(0), &json!("1.0000")));
}

#[test]
fn duplicates_are_found_by_normalised_phones_and_mails() {
    let mut portal = Portal::new();
    portal.add(1, json!({ "fm": [{ "typeId": "PHONE", "valueType": "WORK", "value": "+7 (999) 123-45-67" }] }));
    let contact = portal.add(3, json!({ "name": "A", "fm": [{ "typeId": "PHONE", "value": "8 999 1234567" }, { "typeId": "EMAIL", "value": "Ann@Example.com" }] }));
    let find = |kind: &str, values: Value| json!({ "type": kind, "values": values });
    assert_eq!(
        portal.call("crm.duplicate.findbycomm", find("PHONE", json!(["79991234567"]))),
        json!({ "LEAD": [1], "CONTACT": [1] })
    );
    assert_eq!(portal.call("crm.duplicate.findbycomm", find("EMAIL", json!([" ann@example.com "]))), json!({ "CONTACT": [1] }));
    assert_eq!(portal.call("crm.duplicate.findbycomm", find("EMAIL", json!(["nobody@example.com"]))), json!([]));
    let only = json!({ "type": "PHONE", "values": ["79991234567"], "entity_type": "CONTACT" });
    assert_eq!(portal.call("crm.duplicate.findbycomm", only), json!({ "CONTACT": [1] }));
    portal.call("crm.contact.delete", json!({ "id": contact["id"] }));
    assert_eq!(portal.call("crm.duplicate.findbycomm", find("PHONE", json!(["79991234567"]))), json!({ "LEAD": [1] }));
    portal.expect(vec![
        refused("no type", "crm.duplicate.findbycomm", json!({ "values": ["1"] }), json!(""), "Parameter 'type' is required."),
        refused(
            "no values",
            "crm.duplicate.findbycomm",
            json!({ "type": "PHONE" }),
            json!(""),
            "Communication values is not defined.",
        ),
        refused(
            "deals",
            "crm.duplicate.findbycomm",
            json!({ "type": "PHONE", "values": ["1"], "entity_type": "DEAL" }),
            json!(""),
            "Deal is not supported in current context.",
        ),
    ]);
}

#[test]
fn comments_keep_their_author_and_get_the_servers_date() {
    let mut portal = Portal::new();
    let deal = portal.add(2, json!({}))["id"].clone();
    let fields =
        json!({ "ENTITY_ID": deal, "ENTITY_TYPE": "deal", "COMMENT": "one\r\ntwo", "AUTHOR_ID": 7, "CREATED": "2020-01-01" });
    assert_eq!(portal.call("crm.timeline.comment.add", json!({ "fields": fields })), 1);
    let list = portal.reply("crm.timeline.comment.list", json!({ "filter": { "ENTITY_ID": deal, "ENTITY_TYPE": "deal" } }));
    assert_eq!(
        list.result,
        json!([{ "ID": "1", "ENTITY_ID": "1", "ENTITY_TYPE": "deal", "CREATED": "2026-03-10T12:00:00+03:00", "COMMENT": "one\r\ntwo", "AUTHOR_ID": "7", "FILES": {} }])
    );
    assert_eq!(list.total, Some(1));
    portal.expect(vec![
        refused(
            "no owner",
            "crm.timeline.comment.add",
            json!({ "fields": { "ENTITY_ID": 99, "ENTITY_TYPE": "deal", "COMMENT": "x" } }),
            json!("OWNER_NOT_FOUND"),
            "Owner was not found",
        ),
        refused(
            "no text",
            "crm.timeline.comment.add",
            json!({ "fields": { "ENTITY_ID": 1, "ENTITY_TYPE": "deal", "COMMENT": "" } }),
            json!("INVALID_ARG_VALUE"),
            "Empty comment",
        ),
    ]);
}

#[test]
fn custom_fields_are_listed_with_labels_only_where_a_language_is_asked_for() {
    let mut portal = Portal::new();
    let fields = json!({ "FIELD_NAME": "my_list", "USER_TYPE_ID": "enumeration", "MULTIPLE": "Y", "EDIT_FORM_LABEL": { "en": "My list", "la": "Mi lista" }, "LIST": [{ "VALUE": "Blue", "SORT": 20, "XML_ID": "b" }, { "VALUE": "Red", "SORT": 10 }] });
    assert_eq!(portal.call("crm.contact.userfield.add", json!({ "fields": fields })), 1);
    let plain = portal.call("crm.contact.userfield.list", json!({}));
    assert_eq!(
        (&plain[0]["FIELD_NAME"], &plain[0]["MULTIPLE"], plain[0].get("EDIT_FORM_LABEL")),
        (&json!("UF_CRM_MY_LIST"), &json!("Y"), None)
    );
    assert_eq!((&plain[0]["LIST"][0]["VALUE"], &plain[0]["LIST"][1]["XML_ID"]), (&json!("Red"), &json!("b")));
    let spoken = portal.call("crm.contact.userfield.list", json!({ "filter": { "LANG": "la", "FIELD_NAME": "UF_CRM_MY_LIST" } }));
    assert_eq!(spoken[0]["EDIT_FORM_LABEL"], "Mi lista");
    let add = |name: &str, kind: &str| json!({ "fields": { "FIELD_NAME": name, "USER_TYPE_ID": kind } });
    portal.expect(vec![
        refused("no name", "crm.contact.userfield.add", add("", "string"), json!(""), "The 'FIELD_NAME' field is not found."),
        refused("no type", "crm.contact.userfield.add", add("A", ""), json!(""), "The 'USER_TYPE_ID' field is not found."),
        refused(
            "unknown type",
            "crm.contact.userfield.add",
            add("A", "thing"),
            json!("ERROR_CORE"),
            "Invalid custom type specified.",
        ),
        refused(
            "wrong letters",
            "crm.contact.userfield.add",
            add("Ä", "string"),
            json!("ERROR_CORE"),
            "Field name contains invalid characters. Allowed characters are: A-Z, 0-9 and _.",
        ),
    ]);
}

#[test]
fn users_are_listed_with_the_dismissed_and_filtered_by_any_field() {
    let mut portal = Portal::new();
    let made = portal.call(
        "sandbox.user.add",
        json!({ "fields": { "ID": 7, "NAME": "Old", "LAST_NAME": "Hand", "EMAIL": "old@x.example", "ACTIVE": false } }),
    );
    assert_eq!(made["SECRET"].as_str().map(str::len), Some(16));
    let all = portal.reply("user.get", json!({}));
    assert_eq!((all.total, &all.result[1]["ID"], &all.result[1]["ACTIVE"]), (Some(2), &json!("7"), &json!(false)));
    assert_eq!(portal.reply("user.get", json!({ "FILTER": { "ACTIVE": true } })).total, Some(1));
    assert_eq!(portal.reply("user.get", json!({ "FILTER": { "ACTIVE": "1", "EMAIL": "old@x.example" } })).total, Some(0));
    assert_eq!(portal.reply("user.get", json!({ "ID": 7 })).total, Some(1));
    assert_eq!(portal.call("user.current", json!({}))["ID"], "1");
}

#[test]
fn everything_is_there_again_after_the_process_died() {
    let mut portal = Portal::new();
    portal.call("crm.lead.userfield.add", json!({ "fields": { "FIELD_NAME": "RFC", "USER_TYPE_ID": "string" } }));
    portal.call("crm.category.add", json!({ "entityTypeId": 2, "fields": { "name": "Second" } }));
    portal.call("sandbox.status.rename", json!({ "ENTITY_ID": "SOURCE", "STATUS_ID": "CALL", "NAME": "Ring" }));
    portal.call("sandbox.settings.set", json!({ "required_check": true }));
    let contact = portal.add(3, json!({ "name": "A", "birthdate": "1990-02-03", "fm": [{ "typeId": "PHONE", "value": "+1" }] }));
    let lead =
        portal.add(1, json!({ "ufCrmRfc": "a\r\nb", "contactIds": [contact["id"]], "opportunity": 5.5, "observers": [1] }));
    let deal = portal.add(2, json!({ "categoryId": 1, "companyId": 44 }));
    let mut portal = portal.reopened();
    assert_eq!(portal.get(3, &contact["id"]), contact);
    assert_eq!(portal.get(1, &lead["id"]), lead);
    assert_eq!(portal.get(2, &deal["id"]), deal);
    assert_eq!(portal.call("crm.status.list", json!({ "filter": { "NAME": "Ring" } }))[0]["STATUS_ID"], "CALL");
    assert_eq!(portal.call("sandbox.settings.set", json!({}))["required_check"], true);
    assert_eq!(portal.add(1, json!({}))["id"], 2);
}

#[test]
fn the_ledger_holds_each_change_in_order_and_nothing_that_changed_nothing() {
    let mut portal = Portal::new();
    portal.add(1, json!({ "title": "One" }));
    portal.update(1, &json!(1), json!({ "title": "One" }));
    portal.update(1, &json!(1), json!({ "title": "Two" }));
    portal.call("crm.lead.delete", json!({ "id": 1 }));
    let rows = portal.call("sandbox.ledger", json!({ "since": 0 }));
    let shown: Vec<(&str, &str)> = rows
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| (row["action"].as_str().unwrap_or_default(), row["method"].as_str().unwrap_or_default()))
        .collect();
    assert_eq!(shown, [("create", "crm.item.add"), ("update", "crm.item.update"), ("delete", "crm.lead.delete")]);
    assert_eq!(rows[1]["payload"]["values"]["TITLE"], "Two");
    assert_eq!(
        (&rows[0]["entity"], &rows[0]["entity_id"], &rows[0]["at"]),
        (&json!("LEAD"), &json!("1"), &json!("2026-03-10T09:00:00Z"))
    );
    assert_eq!(portal.call("sandbox.ledger", json!({ "since": 2 })).as_array().map(Vec::len), Some(1));
}

#[test]
fn every_method_has_a_lower_case_name_of_its_own() {
    let mut seen = std::collections::BTreeSet::new();
    for name in names() {
        assert_eq!(name, name.to_lowercase());
        assert!(seen.insert(name), "{name} is there twice");
    }
    assert!(exists("crm.item.batchimport") && !exists("crm.item.batchImport") && !exists("crm.quote.list"));
}

/// Values that no method expects where it finds them.
fn odd_values() -> Vec<Value> {
    let long = "é".repeat(300);
    vec![
        Value::Null,
        json!(true),
        json!(-1),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(1e300),
        json!(""),
        json!("0"),
        json!("-9999999999999999999999"),
        json!("@-9223372036854775808"),
        json!("9999-12-31T23:59:59-23:59"),
        json!("-9999-01-01"),
        json!("é<b"),
        json!("<"),
        json!("!><"),
        json!("+"),
        json!(long),
        json!([]),
        json!({}),
        json!([[[]]]),
        json!([null, {}, "é", -5]),
        json!({ "0": { "ID": "x", "VALUE": [] }, "logic": "OR", "": 1, "!": 2, "><id": [9, 1], "@id": {}, "SORT": i64::MAX, "CONTACT_ID": 1, "COMPANY_ID": i64::MAX }),
    ]
}

#[test]
fn no_parameter_however_odd_makes_a_method_panic() {
    let mut portal = Portal::new();
    portal.add(4, json!({}));
    portal.add(3, json!({ "companyIds": [1] }));
    // The methods of the other types are the same functions.
    let others = ["crm.lead.", "crm.deal.", "crm.company."];
    let names: Vec<&str> = names().filter(|name| !others.iter().any(|start| name.starts_with(start))).collect();
    let parameters = [
        "entityTypeId",
        "id",
        "fields",
        "filter",
        "order",
        "select",
        "start",
        "data",
        "items",
        "params",
        "type",
        "values",
        "entity_type",
        "ownerType",
        "ownerId",
        "productRows",
        "since",
        "limit",
        "FILTER",
        "sort",
    ];
    for value in odd_values() {
        for method in &names {
            let mut params = json!({ "entityTypeId": 3, "id": 1, "ownerType": "D", "ownerId": 1, "type": "PHONE" });
            let _ = portal.try_call(method, json!({ "ID": value, "fields": value }));
            for name in parameters {
                let usual = params.as_object_mut().and_then(|params| params.insert(name.to_owned(), value.clone()));
                let _ = portal.try_call(method, params.clone());
                params[name] = usual.unwrap_or_default();
            }
        }
        for entity in 2..=3 {
            let fields = portal.call("crm.item.fields", json!({ "entityTypeId": entity }))["fields"].clone();
            for name in fields.as_object().expect("fields").keys().chain([&"fm".to_owned(), &"PHONE".to_owned()]) {
                let params = json!({ "entityTypeId": entity, "id": 1, "fields": { name: value }, "filter": { name: value, format!("!%{name}"): value }, "order": { name: "DESC" } });
                for method in ["crm.item.add", "crm.item.import", "crm.item.update", "crm.item.list"] {
                    let _ = portal.try_call(method, params.clone());
                }
            }
        }
    }
    let _ = portal.reopened();
}
