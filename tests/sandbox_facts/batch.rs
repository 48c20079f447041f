//! rest-transport 2.5 and 3.3: `batch` over HTTP.

use b24restore::sandbox::Limits;
use serde_json::{Map, Value, json};

use super::client::{Form, Portal, percent};

fn batch(portal: &Portal, cmd: &Value, halt: u8) -> Value {
    portal.result("batch", &json!({"cmd": cmd, "halt": halt}))
}

#[test]
fn fifty_commands_are_carried_out_and_the_fifty_first_is_refused_by_itself() {
    let portal = Portal::limited(Limits::Standard, 1.0);
    let cmd: Map<String, Value> =
        (1..=51).map(|at| (format!("c{at}"), json!(format!("crm.item.add?entityTypeId=1&fields[title]=Lead%20{at}")))).collect();
    let result = batch(&portal, &Value::Object(cmd), 0);
    assert_eq!(result["result"].as_object().map(Map::len), Some(50));
    assert_eq!(result["result"]["c50"]["item"]["title"], "Lead 50");
    assert_eq!(
        result["result_error"],
        json!({"c51": {"error": "ERROR_BATCH_LENGTH_EXCEEDED", "error_description": "Max batch length exceeded"}})
    );
    let time = &result["result_time"]["c50"];
    for part in ["start", "finish", "duration", "processing", "date_start", "date_finish", "operating"] {
        assert!(time.get(part).is_some(), "{part} in {time}");
    }
    let listed = batch(&portal, &json!({"l": "crm.item.list?entityTypeId=1"}), 0);
    assert_eq!((&listed["result_total"]["l"], &listed["result_next"]), (&json!(50), &json!([])));
    portal.add(1, &json!({"title": "one more"}));
    let listed = batch(&portal, &json!({"l": "crm.item.list?entityTypeId=1"}), 0);
    assert_eq!((&listed["result_total"]["l"], &listed["result_next"]["l"]), (&json!(51), &json!(50)));
}

#[test]
fn trap_6_halt_leaves_later_commands_without_any_entry() {
    let portal = Portal::new();
    let cmd = json!({"a": "crm.item.add?entityTypeId=1&fields[title]=a", "b": "crm.item.get?entityTypeId=1&id=999",
        "c": "crm.item.add?entityTypeId=1&fields[title]=c"});
    let halted = batch(&portal, &cmd, 1);
    assert!(halted["result"].get("a").is_some() && halted["result"].get("c").is_none());
    assert_eq!(halted["result_error"], json!({"b": {"error": "NOT_FOUND", "error_description": "Item not found"}}));
    let whole = batch(&portal, &cmd, 0);
    assert!(whole["result"].get("c").is_some());
}

#[test]
fn a_reference_reaches_into_an_earlier_answer() {
    let portal = Portal::new();
    let cmd = json!({"company": "crm.item.add?entityTypeId=4&fields[title]=Acme",
        "contact": "crm.item.add?entityTypeId=3&fields[name]=A&fields[companyIds][0]=$result[company][item][id]",
        "classic": "crm.contact.get?id=$result[contact][item][id]"});
    let result = batch(&portal, &cmd, 0);
    assert_eq!(result["result"]["contact"]["item"]["companyIds"], json!([1]), "{result}");
    assert_eq!(result["result"]["classic"]["COMPANY_ID"], "1");
}

#[test]
fn trap_7_a_dead_reference_is_no_error_of_its_own() {
    let portal = Portal::new();
    let result = batch(&portal, &json!({"a": "crm.item.add?entityTypeId=1&fields[title]=up to $result[none][id]"}), 0);
    assert_eq!(result["result"]["a"]["item"]["title"], "up to $result[none][id]");
}

#[test]
fn a_batch_travels_in_a_form_and_in_the_address_too() {
    let portal = Portal::new();
    for form in [Form::Urlencoded, Form::Query] {
        let title = format!("R&D #{form:?} + más");
        let cmd = json!({"cmd": {"a": format!("crm.item.add?entityTypeId=1&fields[title]={}", percent(&title))}, "halt": 0});
        let answer = portal.send(form, "batch.json", &cmd);
        assert_eq!(answer.body["result"]["result"]["a"]["item"]["title"], json!(title), "{}", answer.body);
    }
}

#[test]
fn errors_inside_a_batch_are_told_by_key_and_the_whole_is_200() {
    let portal = Portal::limited(Limits::Standard, 1.0);
    let answer = portal.send(
        Form::Json,
        "batch",
        &json!({"cmd": {"none": "crm.nothing", "inner": "batch?cmd[0]=server.time", "lead": "crm.lead.get?id=0", "ok": "server.time"}}),
    );
    let result = &answer.body["result"];
    assert_eq!(answer.status, 200);
    assert_eq!(result["result_error"]["none"]["error"], "ERROR_METHOD_NOT_FOUND");
    assert_eq!(result["result_error"]["inner"]["error"], "ERROR_BATCH_METHOD_NOT_ALLOWED");
    assert_eq!(result["result_error"]["lead"], json!({"error": "", "error_description": "ID is not defined or invalid."}));
    assert!(result["result"]["ok"].is_string() && answer.body["time"]["operating"].is_number());
}
