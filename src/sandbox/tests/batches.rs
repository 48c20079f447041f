//! `batch` from outside.

use serde_json::{Map, Value, json};

use super::client::{Portal, form_text, get_text};

/// So many commands `probe.count` under the keys c1, c2, ..
fn counting(commands: usize) -> Map<String, Value> {
    (1..=commands).map(|at| (format!("c{at}"), json!("probe.count"))).collect()
}

#[test]
fn trap_5_a_batch_is_200_whatever_happens_inside() {
    let answer = Portal::open().call("batch", &json!({"cmd": {"a": "probe.fail", "b": "crm.nothing", "c": "?x=1"}}));
    let result = &answer.json()["result"];
    assert_eq!(answer.status, 200);
    assert_eq!(result["result"], json!([]));
    assert_eq!(result["result_error"]["a"], json!({"error": "", "error_description": "ID is not defined or invalid."}));
    assert_eq!(result["result_error"]["b"]["error"], "ERROR_METHOD_NOT_FOUND");
    assert_eq!(result["result_error"]["c"]["error"], "ERROR_METHOD_NOT_FOUND");
    assert_eq!(result["result_time"], json!([]));
}

#[test]
fn all_five_maps_are_there_and_empty_ones_are_lists() {
    let empty = json!({"result": [], "result_error": [], "result_total": [], "result_next": [], "result_time": []});
    let portal = Portal::open();
    assert_eq!(portal.result("batch", &json!({})), empty);
    assert_eq!(portal.batch(&json!([])), empty);
    assert_eq!(portal.batch(&json!("server.time")), empty);
}

#[test]
fn lists_have_their_next_and_total_and_every_success_its_time() {
    let result = Portal::open().batch(&json!({"l": "probe.list", "t": "probe.echo?a=1"}));
    assert_eq!(result["result"], json!({"l": {"items": [{"id": 11}, {"id": 12}]}, "t": {"a": "1"}}));
    assert_eq!((&result["result_next"], &result["result_total"]), (&json!({"l": 50}), &json!({"l": 60})));
    for key in ["l", "t"] {
        for part in ["start", "finish", "duration", "processing", "date_start", "date_finish", "operating"] {
            assert!(result["result_time"][key].get(part).is_some(), "{key} {part}");
        }
    }
}

#[test]
fn trap_6_halt_leaves_later_commands_without_any_entry() {
    let portal = Portal::open();
    let cmd = json!({"a": "probe.count", "b": "probe.fail", "c": "probe.count"});
    for (halt, expected) in
        [(json!(1), 1), (json!(true), 1), (json!("1"), 1), (json!(0), 2), (json!("0"), 2), (json!(""), 2), (json!(null), 2)]
    {
        let result = portal.result("batch", &json!({"cmd": cmd, "halt": halt}));
        assert_eq!(result["result"].as_object().expect("an object").len(), expected, "{halt}");
        assert!(result["result_error"].get("c").is_none());
    }
}

#[test]
fn trap_29_halt_as_text_false_switches_halt_on() {
    let portal = Portal::open();
    let result = portal.result("batch", &json!({"cmd": {"a": "probe.fail", "b": "probe.count"}, "halt": "false"}));
    assert_eq!(result["result"], json!([]));
    assert_eq!(portal.counted(), 0);
}

#[test]
fn trap_30_commands_that_are_no_texts_vanish_without_a_trace() {
    let result = Portal::open().batch(&json!({"a": {"method": "probe.count"}, "b": "probe.count", "c": ["probe.count"], "d": 5}));
    assert_eq!((&result["result"], &result["result_error"]), (&json!({"b": 1}), &json!([])));
}

#[test]
fn the_fifty_first_command_is_refused_by_itself() {
    let portal = Portal::open();
    let result = portal.batch(&Value::Object(counting(52)));
    assert_eq!(result["result"].as_object().expect("an object").len(), 50);
    let errors = result["result_error"].as_object().expect("an object");
    assert_eq!(errors.keys().collect::<Vec<_>>(), ["c51", "c52"]);
    assert_eq!(errors["c51"], json!({"error": "ERROR_BATCH_LENGTH_EXCEEDED", "error_description": "Max batch length exceeded"}));
    assert_eq!(portal.counted(), 50);
}

#[test]
fn commands_that_are_no_texts_take_a_place_of_the_fifty() {
    let mut cmd = counting(50);
    cmd.insert("c1".to_owned(), json!(1));
    cmd.insert("c51".to_owned(), json!(2));
    let result = Portal::open().batch(&Value::Object(cmd));
    assert_eq!(result["result"].as_object().expect("an object").len(), 49);
    assert_eq!(result["result_error"]["c51"]["error"], "ERROR_BATCH_LENGTH_EXCEEDED");
    assert!(result["result_error"].get("c1").is_none());
}

#[test]
fn a_batch_inside_a_batch_is_refused() {
    let result = Portal::open().batch(&json!({"a": "batch?cmd[0]=server.time", "b": "Batch", "c": "server.time"}));
    assert_eq!(result["result_error"]["a"]["error"], "ERROR_BATCH_METHOD_NOT_ALLOWED");
    assert_eq!(result["result_error"]["b"]["error"], "ERROR_BATCH_METHOD_NOT_ALLOWED");
    assert!(result["result"].get("c").is_some());
}

#[test]
fn trap_19_numeric_keys_flip_between_list_and_object() {
    let portal = Portal::open();
    let all = portal.batch(&json!(["probe.count", "probe.count"]));
    assert_eq!(all["result"], json!([1, 2]));
    assert!(all["result_time"].is_array());
    let gap = portal.batch(&json!(["probe.count", "probe.fail", "probe.count"]));
    assert_eq!(gap["result"], json!({"0": 3, "2": 4}));
    assert!(gap["result_time"].is_object() && gap["result_error"].is_object());
    let first = portal.batch(&json!({"0": "probe.fail", "1": "probe.count"}));
    assert_eq!(first["result_error"].as_array().expect("a list").len(), 1);
    assert_eq!(first["result"], json!({"1": 5}));
}

#[test]
fn references_reach_into_what_came_before() {
    let result = Portal::open().batch(&json!({
        "l": "probe.list",
        "last": "probe.echo?filter[>id]=$result[l][items][1][id]&n=$next[l]&t=$total[l]",
        "again": "probe.echo?id=$result[last][filter][>id]",
    }));
    assert_eq!(result["result"]["last"], json!({"filter": {">id": 12}, "n": 50, "t": 60}));
    assert_eq!(result["result"]["again"], json!({"id": 12}));
}

#[test]
fn trap_7_a_dead_reference_hands_over_an_array() {
    let result = Portal::open()
        .batch(&json!({"l": "probe.list", "x": "probe.echo?a=$result[l][items][49][id]&b=up to $result[none][id]"}));
    assert_eq!(result["result"]["x"], json!({"a": [{"id": 11}, {"id": 12}], "b": "up to $result[none][id]"}));
}

#[test]
fn trap_28_signs_in_command_texts() {
    let portal = Portal::open();
    let echo = |query: &str| portal.batch(&json!({"x": format!("probe.echo?{query}")}))["result"]["x"].clone();
    assert_eq!(echo("a=1+2%2B3&"), json!({"a": "1 2+3"}));
    assert_eq!(echo("a=No #5&b=1"), json!({"a": "No "}));
    assert_eq!(echo("a=R&D"), json!({"a": "R", "D": ""}));
    assert_eq!(echo("a=%23%26&b=&c=None&d=True"), json!({"a": "#&", "b": "", "c": "None", "d": "True"}));
    assert_eq!(echo("a%5Bb%5D%5B0%5D=1"), json!({"a": {"b": ["1"]}}));
    assert_eq!(echo("a=one\ntwo%0Athree"), json!({"a": "one_two\nthree"}));
}

#[test]
fn a_command_in_a_form_or_an_address_is_encoded_twice() {
    let portal = Portal::open();
    let form = "halt=0&cmd[x]=probe.echo%3Fa%3DR%2526D%26b%3D1";
    let expected = json!({"a": "R&D", "b": "1"});
    let answer =
        portal.raw(&form_text("/rest/1/SECRET/batch.json", "application/x-www-form-urlencoded", form)).expect("an answer");
    assert_eq!(answer.json()["result"]["result"]["x"], expected);
    let answer = portal.raw(&get_text(&format!("/rest/1/SECRET/batch?{form}"))).expect("an answer");
    assert_eq!(answer.json()["result"]["result"]["x"], expected);
}

#[test]
fn method_names_of_commands_are_lower_cased() {
    assert_eq!(Portal::open().batch(&json!({"x": "PROBE.Count"}))["result"], json!({"x": 1}));
}
