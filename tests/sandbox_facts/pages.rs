//! rest-transport 6: pages, `start=-1`, order, select and filter.

use serde_json::{Value, json};

use super::client::{Form, Portal};

fn filled(records: usize) -> Portal {
    let portal = Portal::new();
    for first in (1..=records).step_by(20) {
        let data: Vec<Value> = (first..=records.min(first + 19)).map(|at| json!({"title": format!("Lead {at}")})).collect();
        portal.result("crm.item.batchImport", &json!({"entityTypeId": 1, "data": data}));
    }
    portal
}

/// Rows, `next` and `total` of a page.
fn page(portal: &Portal, form: Form, method: &str, params: &Value) -> (Vec<i64>, Value, Value) {
    let answer = portal.send(form, method, params);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let rows = answer.body["result"].get("items").unwrap_or(&answer.body["result"]).as_array().expect("a list");
    let id = |row: &Value| row["id"].as_i64().or_else(|| row["ID"].as_str()?.parse().ok());
    (rows.iter().filter_map(id).collect(), answer.body["next"].clone(), answer.body["total"].clone())
}

#[test]
fn a_page_has_fifty_rows_and_trap_16_start_is_rounded_down() {
    let portal = filled(120);
    for form in [Form::Json, Form::Urlencoded, Form::Query] {
        for (method, id) in [("crm.item.list", "id"), ("crm.lead.list", "ID")] {
            let from = |start: i64| json!({"entityTypeId": 1, "order": {id: "ASC"}, "select": [id], "start": start});
            let (ids, next, total) = page(&portal, form, method, &from(0));
            assert_eq!((ids.len(), ids[0], next, total), (50, 1, json!(50), json!(120)), "{method}");
            let (ids, next, _) = page(&portal, form, method, &from(99));
            assert_eq!((ids[0], next), (51, json!(100)), "{method}");
            let (ids, next, total) = page(&portal, form, method, &from(100));
            assert_eq!((ids.len(), next, total), (20, Value::Null, json!(120)), "{method}: no next on the last page");
        }
    }
}

#[test]
fn trap_15_behind_the_end_a_classic_list_begins_again() {
    let portal = filled(60);
    let behind = json!({"entityTypeId": 1, "order": {"ID": "ASC"}, "start": 500});
    assert_eq!(page(&portal, Form::Json, "crm.lead.list", &behind).0[0], 1);
    let behind = json!({"entityTypeId": 1, "start": 500});
    assert_eq!(page(&portal, Form::Json, "crm.item.list", &behind).0, Vec::<i64>::new());
}

#[test]
fn trap_17_start_minus_one_counts_nothing() {
    let portal = filled(60);
    let (ids, next, total) =
        page(&portal, Form::Json, "crm.item.list", &json!({"entityTypeId": 1, "order": {"id": "ASC"}, "start": -1}));
    assert_eq!((ids.len(), next, total), (50, Value::Null, Value::Null));
    let (ids, next, total) =
        page(&portal, Form::Json, "crm.lead.list", &json!({"start": -1, "filter": {">ID": 5}, "order": {"ID": "ASC"}}));
    assert_eq!((ids[0], next, total), (6, Value::Null, json!(0)));
    let keyset = json!({"entityTypeId": 1, "order": {"id": "ASC"}, "filter": {">id": 50}, "select": ["id"], "start": -1});
    assert_eq!(page(&portal, Form::Json, "crm.item.list", &keyset).0, (51..=60).collect::<Vec<_>>());
}

#[test]
fn trap_2_a_misspelt_classic_filter_is_dropped_and_a_universal_one_refused() {
    let portal = filled(3);
    assert_eq!(page(&portal, Form::Json, "crm.lead.list", &json!({"filter": {"TITEL": "Lead 2"}})).0.len(), 3);
    let answer = portal.send(Form::Json, "crm.item.list", &json!({"entityTypeId": 1, "filter": {"titel": "Lead 2"}}));
    assert_eq!((answer.status, &answer.body["error"]), (400, &json!("INVALID_ARG_VALUE")));
}

#[test]
fn trap_31_a_select_of_unknown_names_gives_rows_without_keys() {
    let portal = filled(2);
    let rows = portal.result("crm.item.list", &json!({"entityTypeId": 1, "select": ["nonsense"]}));
    assert_eq!(rows["items"], json!([[], []]));
}

#[test]
fn trap_32_a_classic_list_has_multi_fields_only_where_they_are_named() {
    let portal = Portal::new();
    portal.result("crm.contact.add", &json!({"fields": {"NAME": "A", "PHONE": [{"VALUE": "+1", "VALUE_TYPE": "WORK"}]}}));
    let row = |select: Value| portal.result("crm.contact.list", &json!({"select": select}))[0].clone();
    assert_eq!(row(json!(["*", "UF_*"])).get("PHONE"), None);
    assert_eq!(row(json!(["ID", "PHONE"]))["PHONE"][0]["VALUE"], "+1");
}
