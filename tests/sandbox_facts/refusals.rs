//! rest-transport 4.1 to 4.3: the errors that the sandbox raises by itself, with their statuses.

use b24restore::sandbox::Limits;
use serde_json::{Value, json};

use super::client::{Form, Portal};

/// Method, parameters, status, code and the beginning of the text.
type Row = (&'static str, Value, u16, &'static str, &'static str);

fn rows() -> Vec<Row> {
    let lead = |fields: Value| json!({"entityTypeId": 1, "fields": fields});
    let list = |key: &str, value: Value| json!({"entityTypeId": 1, key: value});
    vec![
        // 4.1
        ("crm.nothing", json!({}), 404, "ERROR_METHOD_NOT_FOUND", "Method not found!"),
        ("crm.item.add", json!({"entityTypeId": 1}), 400, "100", "Could not find value for parameter {fields}"),
        (
            "crm.item.add",
            json!({"entityTypeId": 1, "fields": "x"}),
            400,
            "100",
            "Invalid value {fields} to match with parameter {fields}",
        ),
        // 4.2
        ("crm.item.add", json!({"entityTypeId": 999, "fields": {}}), 400, "NOT_FOUND", "Smart process not found"),
        ("crm.item.get", json!({"entityTypeId": 1, "id": 999}), 400, "NOT_FOUND", "Item not found"),
        ("crm.item.update", json!({"entityTypeId": 1, "id": 999, "fields": {}}), 400, "NOT_FOUND", "Item not found"),
        ("crm.item.delete", json!({"entityTypeId": 1, "id": 999}), 400, "NOT_FOUND", "Item not found"),
        (
            "crm.item.list",
            list("filter", json!({"nope": 1})),
            400,
            "INVALID_ARG_VALUE",
            "Invalid filter: field 'nope' is not allowed in filter",
        ),
        (
            "crm.item.list",
            list("order", json!({"nope": "ASC"})),
            400,
            "INVALID_ARG_VALUE",
            "Invalid order: field 'nope' is not allowed in order",
        ),
        (
            "crm.item.list",
            list("order", json!({"id": "UP"})),
            400,
            "INVALID_ARG_VALUE",
            "Invalid order: allowed sort directions are `ASC, DESC`. But got 'UP'",
        ),
        ("crm.item.add", lead(json!({"stageId": "X"})), 400, "CRM_FIELD_ERROR_VALUE_NOT_VALID", "Invalid value for field"),
        (
            "crm.item.add",
            lead(json!({"contactIds": "5"})),
            400,
            "100",
            "Expected iterable value for multiple field, but got string",
        ),
        ("crm.category.list", json!({"entityTypeId": 1}), 400, "ENTITY_TYPE_NOT_SUPPORTED", ""),
        (
            "crm.item.productrow.set",
            json!({"ownerType": "D", "ownerId": 99, "productRows": [{"productName": "x"}]}),
            400,
            "OWNER_NOT_FOUND",
            "Owner",
        ),
        // 4.3
        ("crm.lead.get", json!({}), 400, "", "ID is not defined or invalid."),
        ("crm.deal.get", json!({"id": 0}), 400, "", "ID is not defined or invalid."),
        ("crm.contact.update", json!({"id": -1, "fields": {}}), 400, "", "ID is not defined or invalid."),
        ("crm.company.delete", json!({"id": "x"}), 400, "", "ID is not defined or invalid."),
        ("crm.lead.get", json!({"id": 99}), 400, "", "Not found"),
        ("crm.deal.update", json!({"id": 99, "fields": {}}), 400, "", "Not found"),
        ("crm.company.delete", json!({"id": 99}), 400, "", "Company is not found"),
        ("crm.contact.delete", json!({"id": 99}), 400, "ERROR_CORE", "Element not found"),
        ("crm.lead.add", json!({"fields": "x"}), 400, "", "Parameter 'fields' must be array."),
        ("crm.contact.add", json!({"fields": {"NAME": "A"}, "params": "x"}), 400, "", "Parameter 'params' must be array."),
        ("crm.deal.list", json!({"order": "x"}), 400, "", "Parameter 'order' must be array."),
        ("crm.deal.list", json!({"filter": "x"}), 400, "", "Parameter 'filter' must be array."),
        ("crm.deal.add", json!({"fields": {"CURRENCY_ID": "MXN"}}), 400, "", "Invalid value for the \"Currency\" field"),
        (
            "crm.contact.add",
            json!({"fields": {"NAME": "A", "EMAIL": [{"VALUE": "no address", "VALUE_TYPE": "WORK"}]}}),
            400,
            "ERROR_CORE",
            "",
        ),
    ]
}

#[test]
fn every_refusal_has_its_status_its_code_and_its_text() {
    let portal = Portal::new();
    let mut wrong = Vec::new();
    for form in [Form::Json, Form::Urlencoded, Form::Query] {
        for (method, params, status, code, text) in rows() {
            // A form has no way to send an empty list of fields.
            if !matches!(form, Form::Json) && params["fields"] == json!({}) {
                continue;
            }
            let answer = portal.send(form, method, &params);
            let described = answer.body["error_description"].as_str().unwrap_or_default();
            if answer.status != status || answer.body["error"] != code || !described.starts_with(text) {
                wrong.push(format!("{method} {params} ({form:?}): HTTP {} {}", answer.status, answer.body));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn credentials_are_checked_before_the_method() {
    let portal = Portal::new();
    let answer = portal.send_as("1/WRONG", Form::Json, "crm.item.list", &json!({}));
    assert_eq!((answer.status, &answer.body["error"]), (401, &json!("INVALID_CREDENTIALS")));
    let answer = portal.raw("GET /rest/crm.item.list HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    assert_eq!((answer.status, &answer.body["error"]), (401, &json!("NO_AUTH_FOUND")));
    portal.result("sandbox.user.add", &json!({"fields": {"ID": 5, "NAME": "Gone"}}));
    let secret =
        portal.result("sandbox.user.add", &json!({"fields": {"ID": 5, "NAME": "Gone", "ACTIVE": "N"}}))["SECRET"].clone();
    let answer = portal.send_as(&format!("5/{}", secret.as_str().expect("a secret")), Form::Json, "profile", &json!({}));
    assert_eq!(answer.status, 401, "{}", answer.body);
}

#[test]
fn trap_3_broken_json_is_an_empty_set_of_parameters() {
    let portal = Portal::new();
    let body = "{\"id\": 1,";
    let answer = portal.raw(&format!(
        "POST /rest/1/SECRET/crm.lead.get.json HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    ));
    assert_eq!((answer.status, &answer.body["error_description"]), (400, &json!("ID is not defined or invalid.")));
}

#[test]
fn rights_of_a_plain_user_end_at_the_portals_settings() {
    let portal = Portal::new();
    let made = portal.result("sandbox.user.add", &json!({"fields": {"NAME": "Plain"}}));
    let credential = format!("2/{}", made["SECRET"].as_str().expect("a secret"));
    let pipeline =
        portal.send_as(&credential, Form::Json, "crm.category.add", &json!({"entityTypeId": 2, "fields": {"name": "x"}}));
    assert_eq!((pipeline.status, &pipeline.body["error"]), (400, &json!("ACCESS_DENIED")));
    let fields = json!({"fields": {"FIELD_NAME": "X", "USER_TYPE_ID": "string"}});
    let field = portal.send_as(&credential, Form::Json, "crm.lead.userfield.add", &fields);
    assert_eq!((field.status, &field.body["error_description"]), (400, &json!("Access denied.")));
}

#[test]
fn the_fifty_first_request_at_once_is_503_and_time_alone_empties_the_bucket() {
    let portal = Portal::limited(Limits::Standard, 0.000_001);
    for _ in 0..50 {
        assert_eq!(portal.send(Form::Json, "server.time", &json!({})).status, 200);
    }
    let answer = portal.send(Form::Json, "server.time", &json!({}));
    assert_eq!((answer.status, &answer.body["error"]), (503, &json!("QUERY_LIMIT_EXCEEDED")));
}
