//! rest-crm 4: `crm.item.import` and `crm.item.batchImport`, a named case a row of 4.5.

use serde_json::{Value, json};

use super::client::{Case, Form, NOW, Portal, refused, stores};

const NOT_VALID: &str = "CRM_FIELD_ERROR_VALUE_NOT_VALID";

fn invalid(name: &'static str, fields: Value, text: &'static str) -> Case {
    refused(name, 1, fields, json!(NOT_VALID), text)
}

fn taken(name: &'static str, fields: Value) -> Case {
    stores(name, 1, fields, &[])
}

/// The algorithm of 4.5 for an administrator, in this order, on a new portal.
fn section_4_5() -> Vec<Case> {
    let older = "The value of \"Created on\" cannot be less than that of any other items";
    vec![
        stores(
            "a first record of the past keeps its three times",
            1,
            json!({"createdTime": "2024-05-01T10:00:00+03:00", "updatedTime": "2024-06-01T10:00:00+03:00", "movedTime": "2024-05-20"}),
            &[
                ("createdTime", json!("2024-05-01T10:00:00+03:00")),
                ("updatedTime", json!("2024-06-01T10:00:00+03:00")),
                ("movedTime", json!("2024-05-20T00:00:00+03:00")),
                ("lastActivityTime", json!(NOW)),
            ],
        ),
        taken("(5) the same second is allowed", json!({"createdTime": "2024-05-01T07:00:00Z"})),
        invalid("older than the record with the greatest id", json!({"createdTime": "2024-05-01T09:59:59+03:00"}), older),
        taken("(7) a failed element uses no id in the rule", json!({"createdTime": "2024-05-01T10:00:00+03:00"})),
        invalid("created in the future", json!({"createdTime": "2099-01-01"}), "\"Created on\" cannot be in the future"),
        invalid(
            "created after it was updated: the message puts the update first",
            json!({"createdTime": "2024-07-01", "updatedTime": "2024-06-30"}),
            "The value of \"Updated on\" cannot be greater than \"Created on\"",
        ),
        invalid(
            "updated in the future",
            json!({"createdTime": "2024-07-01", "updatedTime": "2099-01-01"}),
            "\"Updated on\" cannot be in the future",
        ),
        invalid(
            "(2) updatedTime alone in the past",
            json!({"updatedTime": "2024-07-01"}),
            "The value of \"Updated on\" cannot be greater than \"Created on\"",
        ),
        invalid(
            "moved before it was created",
            json!({"createdTime": "2024-07-01", "updatedTime": "2024-08-01", "movedTime": "2024-06-01"}),
            "The value of \"Created on\" cannot be greater than \"Moved on\"",
        ),
        invalid(
            "moved after it was updated",
            json!({"createdTime": "2024-07-01", "updatedTime": "2024-08-01", "movedTime": "2024-08-02"}),
            "The value of \"Moved on\" cannot be greater than \"Updated on\"",
        ),
        invalid(
            "(2) moved later than created needs updatedTime",
            json!({"createdTime": "2024-07-01", "movedTime": "2024-07-02"}),
            "The value of \"Moved on\" cannot be greater than \"Updated on\"",
        ),
        invalid(
            "(2) movedTime alone in the past",
            json!({"movedTime": "2024-07-01"}),
            "The value of \"Created on\" cannot be greater than \"Moved on\"",
        ),
        taken("moved when created needs no updatedTime", json!({"createdTime": "2024-07-01", "movedTime": "2024-07-01"})),
        invalid("a negative author", json!({"createdBy": -1}), "Invalid value for field \"Created by\""),
        invalid("a negative editor", json!({"updatedBy": -1}), "Invalid value for field \"Updated by\""),
        invalid("a negative mover", json!({"movedBy": -1}), "Invalid value for field \"Moved by\""),
        invalid(
            "of several errors the first counts",
            json!({"createdTime": "2099-01-01", "updatedTime": "2099-01-02", "createdBy": -5}),
            "\"Created on\" cannot be in the future",
        ),
        stores(
            "users that don't exist are taken",
            1,
            json!({"createdTime": "2024-07-02", "createdBy": 4711, "updatedBy": 4712, "movedBy": 4713}),
            &[("createdBy", json!(4711)), ("updatedBy", json!(4712)), ("movedBy", json!(4713))],
        ),
        stores(
            "(6) a time without zone is the server's",
            1,
            json!({"createdTime": "2024-07-03 12:00:00"}),
            &[("createdTime", json!("2024-07-03T12:00:00+03:00"))],
        ),
        stores(
            "(10) dateClosed of a final lead is now",
            1,
            json!({"createdTime": "2024-07-04", "stageId": "JUNK"}),
            &[("dateClosed", json!(NOW))],
        ),
        stores("a record without times is of now", 1, json!({"title": "now"}), &[("createdTime", json!(NOW))]),
        invalid("(3) a record made now moves the bar to now", json!({"createdTime": "2024-07-05"}), older),
    ]
}

#[test]
fn every_row_of_4_5_holds_over_http() {
    Portal::new().holds(Form::Json, "crm.item.import", &section_4_5());
}

#[test]
fn the_record_with_the_greatest_id_counts_and_not_the_youngest() {
    let portal = Portal::new();
    let of = |day: &str| stores("(1)", 4, json!({"title": "x", "createdTime": day}), &[]);
    portal.holds(Form::Json, "crm.item.import", &[of("2024-01-01"), of("2024-03-01")]);
    portal.result("crm.item.delete", &json!({"entityTypeId": 4, "id": 2}));
    portal.holds(Form::Json, "crm.item.import", &[of("2024-02-01")]);
    // A deal of another pipeline counts as well.
    portal.result("crm.category.add", &json!({"entityTypeId": 2, "fields": {"name": "Second"}}));
    portal.add(2, &json!({"categoryId": 1}));
    let older = refused("(1)", 2, json!({"createdTime": "2024-02-01"}), json!(NOT_VALID), "any other items");
    portal.holds(Form::Json, "crm.item.import", &[older]);
}

#[test]
fn only_an_administrator_may_set_system_fields() {
    let portal = Portal::new();
    let made = portal.result("sandbox.user.add", &json!({"fields": {"NAME": "Plain"}}));
    let credential = format!("2/{}", made["SECRET"].as_str().expect("a secret"));
    for (fields, title) in [
        (json!({"createdTime": "2024-01-01"}), "Created on"),
        (json!({"updatedTime": "2024-01-01"}), "Updated on"),
        (json!({"movedTime": "2024-01-01"}), "Moved on"),
        (json!({"createdBy": 1}), "Created by"),
        (json!({"updatedBy": 2}), "Updated by"),
        (json!({"movedBy": 1}), "Moved by"),
    ] {
        let answer = portal.send_as(&credential, Form::Json, "crm.item.import", &json!({"entityTypeId": 1, "fields": fields}));
        let text = format!("Only the administrator can change the value of \"{title}\"");
        assert_eq!(
            (answer.status, &answer.body["error"], &answer.body["error_description"]),
            (400, &json!(NOT_VALID), &json!(text))
        );
    }
    let same = json!({"entityTypeId": 1, "fields": {"title": "x", "createdBy": 2, "movedBy": "2"}});
    assert_eq!(portal.send_as(&credential, Form::Json, "crm.item.import", &same).status, 200, "what equals the default");
}

#[test]
fn a_closed_deal_gets_todays_close_date_unless_the_portal_keeps_its_hands_off() {
    let portal = Portal::new();
    let won = json!({"entityTypeId": 2, "fields": {"stageId": "WON", "closedate": "2024-01-05", "createdTime": "2024-01-01"}});
    let close_date = || {
        let id = portal.result("crm.item.import", &won)["item"]["id"].clone();
        portal.get(2, &id)["closedate"].clone()
    };
    assert_eq!(close_date(), super::client::in_days(0));
    portal.result("sandbox.settings.set", &json!({"close_date_sync": "N"}));
    assert_eq!(close_date(), "2024-01-05T03:00:00+03:00");
}

#[test]
fn an_import_takes_upper_case_multi_fields_and_drops_fm() {
    let portal = Portal::new();
    let fields = json!({"title": "x", "PHONE": [{"VALUE": "+1", "VALUE_TYPE": "WORK"}, {"VALUE": "", "VALUE_TYPE": "HOME"}],
        "EMAIL": [{"VALUE": "a@b.co", "VALUE_TYPE": "HOME"}], "fm": [{"typeId": "WEB", "valueType": "WORK", "value": "x.example"}]});
    for form in [Form::Json, Form::Urlencoded] {
        let made = portal.send(form, "crm.item.import", &json!({"entityTypeId": 1, "fields": fields}));
        let lead = portal.get(1, &made.body["result"]["item"]["id"]);
        let kinds: Vec<_> =
            lead["fm"].as_array().expect("a list").iter().map(|entry| (&entry["typeId"], &entry["value"])).collect();
        assert_eq!(kinds, [(&json!("PHONE"), &json!("+1")), (&json!("EMAIL"), &json!("a@b.co"))]);
    }
}

#[test]
fn a_batch_import_is_200_and_each_element_has_its_own_end() {
    let portal = Portal::new();
    let data = json!([{"title": "one", "createdTime": "2024-01-02"}, {"createdTime": "2024-01-01"}, "nothing"]);
    let answer = portal.send(Form::Json, "crm.item.batchImport", &json!({"entityTypeId": 4, "data": data}));
    let items = &answer.body["result"]["items"];
    assert_eq!(
        (answer.status, &items[0], &items[1]["error"], &items[2]),
        (200, &json!({"item": {"id": 1}}), &json!(NOT_VALID), &json!({"item": {"id": 2}}))
    );
    let named = portal.result("crm.item.batchImport", &json!({"entityTypeId": 4, "data": {"a": {"title": "A"}}}));
    assert_eq!(named, json!({"items": {"a": {"item": {"id": 3}}}}));
    let many: Vec<Value> = (0..21).map(|_| json!({"title": "x"})).collect();
    let answer = portal.send(Form::Json, "crm.item.batchImport", &json!({"entityTypeId": 1, "data": many}));
    assert_eq!((answer.status, &answer.body["error"]), (400, &json!("MAX_IMPORT_BATCH_SIZE_EXCEEDED")));
    assert_eq!(portal.send(Form::Json, "crm.item.list", &json!({"entityTypeId": 1})).body["total"], 0);
}

#[test]
fn an_exception_in_a_batch_import_fails_the_call_and_earlier_elements_stay() {
    let portal = Portal::new();
    let data = json!([{"title": "stays"}, {"title": "breaks", "observers": "5"}, {"title": "never comes"}]);
    let answer = portal.send(Form::Json, "crm.item.batchImport", &json!({"entityTypeId": 1, "data": data}));
    assert_eq!((answer.status, &answer.body["error"]), (400, &json!("100")));
    let kept = portal.result("crm.item.list", &json!({"entityTypeId": 1, "select": ["title"]}));
    assert_eq!(kept["items"], json!([{"title": "stays"}]));
}
