//! rest-crm 4.1 to 4.5.

use serde_json::{Value, json};

use super::{Case, Expect, Portal, refused};

const NOT_VALID: &str = "CRM_FIELD_ERROR_VALUE_NOT_VALID";

fn importing(name: &'static str, fields: Value, expect: Expect) -> Case {
    Case { name, method: "crm.item.import", params: json!({ "entityTypeId": 1, "fields": fields }), expect }
}

fn stored(name: &'static str, fields: Value) -> Case {
    importing(name, fields, Expect::Holds(vec![]))
}

fn holding(name: &'static str, fields: Value, values: Vec<(&'static str, Value)>) -> Case {
    importing(name, fields, Expect::Stores(1, values))
}

fn invalid(name: &'static str, fields: Value, text: &'static str) -> Case {
    importing(name, fields, Expect::Refused(json!(NOT_VALID), text))
}

#[test]
fn the_system_fields_of_an_import_are_checked_as_section_4_5_says() {
    let mut portal = Portal::new();
    portal.expect(section_4_5());
    let first = portal.get(1, &json!(1));
    assert_eq!(first["lastActivityTime"], "2026-03-10T12:00:00+03:00");
}

/// The algorithm of 4.5 for an administrator, in this order, for a new portal at the tests' clock.
pub fn section_4_5() -> Vec<Case> {
    vec![
        holding(
            "a first record of the past",
            json!({ "createdTime": "2024-05-01T10:00:00+03:00", "updatedTime": "2024-06-01T10:00:00+03:00", "movedTime": "2024-05-20" }),
            vec![
                ("/createdTime", json!("2024-05-01T10:00:00+03:00")),
                ("/updatedTime", json!("2024-06-01T10:00:00+03:00")),
                ("/movedTime", json!("2024-05-20T00:00:00+03:00")),
            ],
        ),
        stored("the same second is allowed", json!({ "createdTime": "2024-05-01T07:00:00Z" })),
        invalid(
            "older than the record with the greatest id",
            json!({ "createdTime": "2024-05-01T09:59:59+03:00" }),
            "The value of \"Created on\" cannot be less than that of any other items",
        ),
        invalid(
            "created in the future",
            json!({ "createdTime": "2026-03-10T12:00:02+03:00" }),
            "The value of \"Created on\" cannot be in the future",
        ),
        invalid(
            "created after it was updated: the message puts the update first",
            json!({ "createdTime": "2024-07-01", "updatedTime": "2024-06-30" }),
            "The value of \"Updated on\" cannot be greater than \"Created on\"",
        ),
        invalid(
            "updated in the future",
            json!({ "createdTime": "2024-07-01", "updatedTime": "2026-03-11" }),
            "The value of \"Updated on\" cannot be in the future",
        ),
        invalid(
            "updated in the past without createdTime",
            json!({ "updatedTime": "2024-07-01" }),
            "The value of \"Updated on\" cannot be greater than \"Created on\"",
        ),
        invalid(
            "moved before it was created",
            json!({ "createdTime": "2024-07-01", "updatedTime": "2024-08-01", "movedTime": "2024-06-01" }),
            "The value of \"Created on\" cannot be greater than \"Moved on\"",
        ),
        invalid(
            "moved after it was updated",
            json!({ "createdTime": "2024-07-01", "updatedTime": "2024-08-01", "movedTime": "2024-08-02" }),
            "The value of \"Moved on\" cannot be greater than \"Updated on\"",
        ),
        invalid(
            "moved later than created needs updatedTime",
            json!({ "createdTime": "2024-07-01", "movedTime": "2024-07-02" }),
            "The value of \"Moved on\" cannot be greater than \"Updated on\"",
        ),
        stored("moved when created needs no updatedTime", json!({ "createdTime": "2024-07-01", "movedTime": "2024-07-01" })),
        invalid("a negative user", json!({ "createdBy": -1 }), "Invalid value for field \"Created by\""),
        invalid(
            "of several errors the first counts",
            json!({ "createdTime": "2026-12-01", "updatedTime": "2026-12-02", "createdBy": -5 }),
            "The value of \"Created on\" cannot be in the future",
        ),
        invalid(
            "a moved time alone in the past",
            json!({ "movedTime": "2024-07-01" }),
            "The value of \"Created on\" cannot be greater than \"Moved on\"",
        ),
        holding(
            "users that don't exist are taken",
            json!({ "createdTime": "2024-07-02", "createdBy": 4711, "updatedBy": 4712, "movedBy": 4713 }),
            vec![("/createdBy", json!(4711)), ("/updatedBy", json!(4712)), ("/movedBy", json!(4713))],
        ),
        holding(
            "times within a second of now count as not given",
            json!({ "createdTime": "2026-03-10T12:00:01+03:00", "updatedTime": "2026-03-10T11:59:59+03:00" }),
            vec![("/createdTime", json!("2026-03-10T12:00:00+03:00")), ("/updatedTime", json!("2026-03-10T12:00:00+03:00"))],
        ),
        invalid(
            "a record made now moves the bar to now",
            json!({ "createdTime": "2024-07-03" }),
            "The value of \"Created on\" cannot be less than that of any other items",
        ),
    ]
}

#[test]
fn each_kind_of_field_is_treated_in_import_as_table_1_5_says() {
    Portal::new().expect(vec![
        holding(
            "plain fields are stored, empty ones get their default",
            json!({ "title": "X", "utmSource": "g", "observers": ["1"], "sourceId": "" }),
            vec![("/title", json!("X")), ("/utmSource", json!("g")), ("/observers", json!([1])), ("/sourceId", json!("CALL"))],
        ),
        holding(
            "unknown and hidden names are ignored, an id is reset",
            json!({ "id": 900, "nonsense": 1, "fullName": "F", "ADDRESS": "x", "productRows": [{ "price": 3 }] }),
            vec![("/id", json!(2)), ("/opportunity", json!(0)), ("/address", Value::Null)],
        ),
        holding(
            "other read-only fields are computed",
            json!({ "stageId": "CONVERTED", "stageSemanticId": "P", "dateClosed": "2020-01-01", "lastActivityTime": "2020-01-01", "hasPhone": "Y", "isReturnCustomer": "Y" }),
            vec![
                ("/stageSemanticId", json!("S")),
                ("/dateClosed", json!("2026-03-10T12:00:00+03:00")),
                ("/lastActivityTime", json!("2026-03-10T12:00:00+03:00")),
                ("/hasPhone", json!("N")),
                ("/isReturnCustomer", json!("N")),
            ],
        ),
    ]);
}

#[test]
fn the_record_with_the_greatest_id_counts_and_not_the_youngest() {
    let mut portal = Portal::new();
    portal.expect(vec![
        stored("one", json!({ "createdTime": "2024-01-01" })),
        stored("two", json!({ "createdTime": "2024-03-01" })),
    ]);
    portal.call("crm.item.delete", json!({ "entityTypeId": 1, "id": 2 }));
    portal.expect(vec![stored("between them, after the younger one went to the bin", json!({ "createdTime": "2024-02-01" }))]);
}

#[test]
fn only_an_administrator_may_set_system_fields() {
    let mut portal = Portal::new();
    let made = portal.call("sandbox.user.add", json!({ "fields": { "NAME": "Plain" } }));
    assert_eq!(made["ID"], "2");
    portal.caller.user = 2;
    portal.expect(vec![
        invalid(
            "a time of the past",
            json!({ "createdTime": "2024-01-01" }),
            "Only the administrator can change the value of \"Created on\"",
        ),
        invalid("another author", json!({ "createdBy": 1 }), "Only the administrator can change the value of \"Created by\""),
        invalid(
            "updatedBy has no default",
            json!({ "updatedBy": 2 }),
            "Only the administrator can change the value of \"Updated by\"",
        ),
        stored("what equals the default", json!({ "createdTime": "2026-03-10T12:00:00+03:00", "createdBy": 2, "movedBy": "2" })),
    ]);
}

#[test]
fn an_import_takes_upper_case_multi_fields_and_no_fm() {
    let mut portal = Portal::new();
    let fields = json!({
        "id": 500, "title": "X", "nonsense": 1, "ADDRESS": "Main St",
        "PHONE": [{ "VALUE": "+1", "VALUE_TYPE": "WORK" }, { "VALUE": "", "VALUE_TYPE": "HOME" }],
        "EMAIL": [{ "VALUE": "a@b.co", "VALUE_TYPE": "HOME" }],
        "fm": [{ "typeId": "WEB", "valueType": "WORK", "value": "x.example" }],
    });
    portal.expect(vec![importing("multi-fields", fields, Expect::Holds(vec![("", json!({ "item": { "id": 1 } }))]))]);
    let lead = portal.get(1, &json!(1));
    assert_eq!(
        lead["fm"],
        json!([{ "id": 1, "valueType": "WORK", "value": "+1", "typeId": "PHONE" }, { "id": 2, "valueType": "HOME", "value": "a@b.co", "typeId": "EMAIL" }])
    );
    assert_eq!(lead["title"], "X");
}

#[test]
fn a_batch_keeps_keys_and_positions_and_shows_one_error_an_element() {
    let mut portal = Portal::new();
    let list = json!([{ "title": "one", "createdTime": "2024-01-02" }, { "createdTime": "2024-01-01" }, { "title": "three", "createdTime": "2024-01-02" }, "nothing"]);
    let answer = portal.call("crm.item.batchimport", json!({ "entityTypeId": 4, "data": list }));
    assert_eq!(
        answer,
        json!({ "items": [
            { "item": { "id": 1 } },
            { "error": NOT_VALID, "error_description": "The value of \"Created on\" cannot be less than that of any other items" },
            { "item": { "id": 2 } },
            { "item": { "id": 3 } },
        ] })
    );
    let named = portal
        .call("crm.item.batchimport", json!({ "entityTypeId": 4, "data": { "a": { "title": "A" }, "7": { "stageId": "x" } } }));
    assert_eq!(named, json!({ "items": { "a": { "item": { "id": 4 } }, "7": { "item": { "id": 5 } } } }));
}

#[test]
fn a_batch_of_more_than_twenty_is_refused_whole() {
    let mut portal = Portal::new();
    let data: Vec<Value> = (0..21).map(|_| json!({})).collect();
    portal.expect(vec![refused(
        "21 elements",
        "crm.item.batchimport",
        json!({ "entityTypeId": 1, "data": data }),
        json!("MAX_IMPORT_BATCH_SIZE_EXCEEDED"),
        "You can only import 20 items at a time",
    )]);
    assert_eq!(portal.reply("crm.item.list", json!({ "entityTypeId": 1 })).total, Some(0));
}

#[test]
fn an_exception_in_a_batch_aborts_the_call_and_earlier_elements_stay() {
    let mut portal = Portal::new();
    let data = json!([{ "title": "stays" }, { "title": "breaks", "observers": "5" }, { "title": "never comes" }]);
    portal.expect(vec![refused(
        "a single value in a multiple field",
        "crm.item.batchimport",
        json!({ "entityTypeId": 1, "data": data }),
        json!("100"),
        "Expected iterable value for multiple field, but got string instead",
    )]);
    let mut portal = portal.reopened();
    let titles = portal.call("crm.item.list", json!({ "entityTypeId": 1, "select": ["title"] }));
    assert_eq!(titles["items"], json!([{ "title": "stays" }]));
}

#[test]
fn required_fields_are_checked_only_where_the_portal_says_so() {
    let mut portal = Portal::new();
    portal.call(
        "crm.contact.userfield.add",
        json!({ "fields": { "FIELD_NAME": "RFC", "USER_TYPE_ID": "string", "MANDATORY": "Y", "EDIT_FORM_LABEL": "Tax id" } }),
    );
    let import = |fields: Value| json!({ "entityTypeId": 3, "data": [fields] });
    assert_eq!(portal.call("crm.item.batchimport", import(json!({})))["items"][0]["item"]["id"], 1);
    portal.call("sandbox.settings.set", json!({ "required_check": "Y" }));
    let refused = portal.call("crm.item.batchimport", import(json!({ "ufCrmRfc": "X" })));
    assert_eq!(
        refused["items"][0],
        json!({ "error": "CRM_FIELD_ERROR_REQUIRED", "error_description": "The \"Name\" field is required" })
    );
    let refused = portal.call("crm.item.batchimport", import(json!({ "name": "Ann" })));
    assert_eq!(refused["items"][0]["error_description"], "The \"Tax id\" field is required");
    assert_eq!(
        portal.call("crm.item.batchimport", import(json!({ "name": "Ann", "ufCrmRfc": "X" })))["items"][0]["item"]["id"],
        2
    );
}

#[test]
fn closed_records_are_stamped_now_by_an_import_too() {
    let mut portal = Portal::new();
    portal.call(
        "crm.item.import",
        json!({ "entityTypeId": 2, "fields": { "stageId": "WON", "closedate": "2024-01-05", "createdTime": "2024-01-01" } }),
    );
    assert_eq!(portal.get(2, &json!(1))["closedate"], "2026-03-10T03:00:00+03:00");
    portal.call("crm.item.import", json!({ "entityTypeId": 1, "fields": { "stageId": "JUNK", "createdTime": "2024-01-01" } }));
    assert_eq!(portal.get(1, &json!(1))["dateClosed"], "2026-03-10T12:00:00+03:00");
}
