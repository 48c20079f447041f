//! Faults as a client meets them. How rules count is tested in `faults.rs`.

use serde_json::{Value, json};

use super::client::{Answer, Broken, Portal, get_text, post_text, receive, receive_all, send};

const COUNT: &str = "/rest/1/SECRET/probe.count";

/// A portal with one rule for `probe.count`.
fn with_rule(when: &str, deed: &Value) -> Portal {
    let portal = Portal::open();
    portal.arm(&json!({"method": "probe.count", "nth": 1, "when": when, "do": deed}));
    portal
}

fn count(portal: &Portal) -> Result<Answer, Broken> {
    portal.try_call("probe.count", &json!({}))
}

#[test]
fn an_error_before_leaves_no_effect_and_after_it_leaves_one() {
    let deed = json!({"status": 500, "code": "INTERNAL_SERVER_ERROR", "description": "Internal server error", "headers": {"Retry-After": "7"}});
    for (when, effects) in [("before", 0), ("after", 1)] {
        let portal = with_rule(when, &deed);
        let answer = count(&portal).expect("an answer");
        assert_eq!(answer.error(), (500, json!("INTERNAL_SERVER_ERROR")));
        assert_eq!(answer.header("retry-after"), Some("7"));
        assert_eq!(portal.counted(), effects, "{when}");
        assert_eq!(count(&portal).expect("an answer").status, 200);
    }
}

#[test]
fn a_page_of_the_web_server_is_html() {
    let portal = with_rule("after", &json!({"html": 502}));
    let answer = count(&portal).expect("an answer");
    assert_eq!((answer.status, answer.header("content-type")), (502, Some("text/html")));
    assert!(answer.text().contains("502 Bad Gateway"));
    assert_eq!(portal.counted(), 1);
}

#[test]
fn bodies_can_be_empty_or_anything() {
    for (deed, status, body) in [
        (json!("empty"), 200, ""),
        (json!({"empty": 503}), 503, ""),
        (json!({"body": "{\"result\":NaN}"}), 200, "{\"result\":NaN}"),
        (json!({"hex": "efbbbf"}), 200, "\u{feff}"),
        (json!({"flood": 3}), 200, "{\"result\":\"xxx\",\"time\":[]}"),
    ] {
        let answer = count(&with_rule("before", &deed)).expect("an answer");
        assert_eq!((answer.status, answer.text().as_str()), (status, body), "{deed}");
        assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    }
}

#[test]
fn a_dropped_connection_has_no_answer_and_after_the_effect_it_has_an_effect() {
    for (when, effects) in [("before", 0), ("after", 1)] {
        let portal = with_rule(when, &json!("drop"));
        assert_eq!(count(&portal).expect_err("no answer"), Broken::Closed);
        assert_eq!(portal.counted(), effects, "{when}");
    }
}

#[test]
fn a_connection_can_be_reset_before_and_after_the_effect() {
    for (when, effects) in [("before", 0), ("after", 1)] {
        let portal = with_rule(when, &json!("reset"));
        assert_eq!(count(&portal).expect_err("no answer"), Broken::Reset);
        assert_eq!(portal.counted(), effects, "{when}");
    }
}

#[test]
fn a_connection_can_be_reset_while_the_request_is_on_its_way() {
    let portal = with_rule("head", &json!("reset"));
    let mut stream = portal.connect();
    let request = format!("POST {COUNT} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{{");
    send(&mut stream, &portal.with_secret(&request)).expect("sent");
    assert_eq!(receive(&mut stream).expect_err("no answer"), Broken::Reset);
    assert_eq!(portal.counted(), 0);
}

#[test]
fn a_connection_can_be_reset_before_anything_is_said() {
    let portal = Portal::open();
    portal.arm(&json!({"when": "connect", "nth": 1, "do": "reset"}));
    assert_eq!(receive_all(&mut portal.connect()), (Vec::new(), Broken::Reset));
    assert_eq!(count(&portal).expect("an answer").status, 200);
}

#[test]
fn an_answer_can_be_cut_after_any_byte() {
    for bytes in [0, 1, 16] {
        let portal = with_rule("after", &json!({"truncate": bytes}));
        let mut stream = portal.connect();
        send(&mut stream, &portal.with_secret(&post_text(COUNT, "{}"))).expect("sent");
        let (text, broken) = receive_all(&mut stream);
        let text = String::from_utf8(text).expect("a text");
        let (_, body) = text.split_once("\r\n\r\n").expect("a head");
        assert_eq!((body, broken), (&r#"{"result":1,"time":{"#[..bytes], Broken::Closed));
        assert_eq!(portal.counted(), 1);
    }
}

#[test]
fn an_answer_can_be_short_but_whole_for_http() {
    let answer = count(&with_rule("after", &json!({"truncate": 9, "framed": true}))).expect("an answer");
    assert_eq!((answer.status, answer.text().as_str()), (200, "{\"result\""));
}

#[test]
fn an_answer_can_be_torn_off() {
    let portal = with_rule("after", &json!({"truncate": 16, "reset": true}));
    assert_eq!(count(&portal).expect_err("no whole answer"), Broken::Reset);
    assert_eq!(portal.counted(), 1);
}

#[test]
fn a_gateway_can_answer_long_before_the_request_takes_effect() {
    let portal = with_rule("before", &json!({"late_ms": 1, "html": 504}));
    assert_eq!(count(&portal).expect("an answer").status, 504);
    while portal.counted() == 0 {
        std::thread::yield_now();
    }
}

#[test]
fn an_answer_can_be_packed_well_and_badly() {
    let packed = |how: Value| count(&with_rule("after", &json!({"gzip": how}))).expect("an answer");
    let whole = packed(json!("whole"));
    assert_eq!((whole.header("content-encoding"), &whole.body[..2]), (Some("gzip"), &[0x1f, 0x8b][..]));
    assert_eq!(packed(json!("cut")).body[..2], [0x1f, 0x8b]);
    assert!(packed(json!("false")).text().starts_with("{\"result\":1"));
    assert!(packed(json!(100_000)).body.len() < 1000);
}

#[test]
fn a_parameter_can_be_ignored_without_a_word() {
    let portal = Portal::open();
    portal.arm(&json!({"method": "probe.echo", "do": {"forget": "b"}}));
    let echoed = portal.call("probe.echo", &json!({"a": [{"b": 1, "c": 2}], "b": 3}));
    assert_eq!(echoed.json()["result"], json!({"a": [{"c": 2}]}));
}

#[test]
fn a_rule_can_arm_others() {
    let portal = Portal::open();
    let next = json!({"method": "probe.count", "nth": 1, "do": "empty"});
    portal.arm(&json!({"method": "probe.count", "nth": 2, "when": "after", "do": {"arm": [next]}}));
    let answers: Vec<String> = (0..4).map(|_| count(&portal).expect("an answer").text()).collect();
    assert_eq!(answers.iter().map(String::is_empty).collect::<Vec<_>>(), [false, false, true, false]);
}

#[test]
fn a_whole_batch_can_be_struck_by_what_it_holds() {
    let portal = Portal::open();
    portal.arm(&json!({"method": "probe.count", "whole": true, "when": "after", "do": "drop"}));
    let batch = |command: &str| portal.try_call("batch", &json!({"cmd": {"a": command, "b": command}}));
    assert!(batch("probe.counted").is_ok());
    assert_eq!(batch("probe.count").expect_err("no answer"), Broken::Closed);
    assert_eq!(portal.counted(), 2, "both commands took effect");
}

#[test]
fn an_answer_can_dribble() {
    let answer = count(&with_rule("after", &json!({"dribble_ms": 1}))).expect("an answer");
    assert_eq!(answer.json()["result"], json!(1));
}

#[test]
fn true_answers_can_be_changed() {
    let changed = |deed: Value| count(&with_rule("after", &deed)).expect("an answer");
    assert!(
        changed(json!({"replace": ["\"result\":", "\"result\":null,\"result\":"]}))
            .text()
            .starts_with(r#"{"result":null,"result":1"#)
    );
    assert_eq!(changed(json!({"quote": "result"})).json()["result"], json!("1"));
    let time = changed(json!({"patch": {"time": {"operating": null, "operating_reset_at": 1}}})).json()["time"].clone();
    assert_eq!((time.get("operating"), &time["operating_reset_at"]), (None, &json!(1)));
    assert_eq!(changed(json!({"patch": {"result": false}})).json()["result"], json!(false));
    assert_eq!(changed(json!({"patch": {"error": "0"}})).error(), (200, json!("0")));
    assert!(changed(json!({"prefix": "<b>Warning</b>: "})).text().starts_with("<b>Warning</b>: {\"result\":1"));
    assert_eq!(changed(json!({"content_type": "text/html"})).header("content-type"), Some("text/html"));
}

#[test]
fn anything_can_be_said_instead_of_an_answer() {
    let text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{";
    let portal = with_rule("after", &json!({"raw": text}));
    let mut stream = portal.connect();
    send(&mut stream, &portal.with_secret(&post_text(COUNT, "{}"))).expect("sent");
    assert_eq!(receive_all(&mut stream), (text.as_bytes().to_vec(), Broken::Closed));
}

#[test]
fn a_kept_connection_can_go_stale_as_the_client_writes() {
    let portal = with_rule("after", &json!("stale"));
    let mut stream = portal.connect();
    send(&mut stream, &portal.with_secret(&post_text(COUNT, "{}"))).expect("sent");
    assert_eq!(receive(&mut stream).expect("an answer").status, 200);
    send(&mut stream, &portal.with_secret(&post_text(COUNT, "{}"))).expect("sent");
    assert_eq!(receive(&mut stream).expect_err("no answer"), Broken::Reset);
    assert_eq!(portal.counted(), 1);
}

#[test]
fn trap_4_a_zombie_takes_effect_long_after_its_connection_is_gone() {
    // An hour of a portal that runs a million times as fast.
    let portal = Portal::with(|config| config.time_scale = 1_000_000.0);
    portal.arm(&json!({"method": "probe.count", "nth": 1, "do": {"late_ms": 3_600_000}}));
    assert_eq!(count(&portal).expect_err("no answer"), Broken::Closed);
    while portal.counted() == 0 {
        std::thread::yield_now();
    }
}

/// The lateness of the second rule was spent on the request that the first one struck, and the second request was answered at once.
#[test]
fn two_late_rules_of_a_script_make_two_imports_late_one_after_the_other() {
    let script = tempfile::NamedTempFile::new().expect("a file");
    let late = |ms: u64| json!({"method": "crm.item.batchimport", "times": 1, "do": {"late_ms": ms}});
    std::fs::write(script.path(), json!([late(2_500), late(6_000)]).to_string()).expect("written");
    let portal = Portal::with(|config| {
        config.faults = Some(script.path().to_owned());
        config.limits = crate::sandbox::Limits::None;
    });
    let company = |title: &str| json!({"entityTypeId": 4, "data": [{"title": title}]});
    assert_eq!(portal.try_call("crm.item.batchImport", &company("una")).expect_err("no answer"), Broken::Closed);
    let batch = json!({"cmd": ["crm.item.batchImport?entityTypeId=4&data[0][title]=otra"]});
    assert_eq!(portal.try_call("batch", &batch).expect_err("no answer"), Broken::Closed);
    while portal.result("crm.company.list", &json!({})).as_array().map(Vec::len) != Some(2) {
        std::thread::yield_now();
    }
    assert_eq!(portal.call("crm.item.batchImport", &company("tercera")).status, 200);
}

#[test]
fn a_request_whose_client_hangs_up_is_finished() {
    let portal = Portal::with(|config| config.limits = crate::sandbox::Limits::None);
    portal.arm(&json!({"method": "probe.count", "nth": 1, "do": {"delay_ms": 1000}}));
    let mut stream = portal.connect();
    send(&mut stream, &portal.with_secret(&post_text(COUNT, "{}"))).expect("sent");
    while portal.result("sandbox.fault.list", &json!({}))[0]["fired"] == json!(0) {
        std::thread::yield_now();
    }
    drop(stream);
    while portal.counted() == 0 {
        std::thread::yield_now();
    }
}

#[test]
fn a_request_can_be_delivered_twice() {
    let portal = with_rule("before", &json!("twice"));
    assert_eq!(count(&portal).expect("an answer").json()["result"], json!(2));
}

#[test]
fn trap_36_a_portal_can_seem_renamed() {
    let portal = with_rule("before", &json!({"body": "", "status": 302, "headers": {"Location": "https://new.example/"}}));
    let answer = count(&portal).expect("an answer");
    assert_eq!((answer.status, answer.header("location")), (302, Some("https://new.example/")));
}

#[test]
fn an_error_at_a_command_of_a_batch_strikes_that_command_alone() {
    for (when, effects) in [("before", 2), ("after", 3)] {
        let portal = Portal::open();
        let deed = json!({"status": 429, "code": "OPERATION_TIME_LIMIT", "description": "Method is blocked due to operation time limit."});
        portal.arm(&json!({"method": "probe.count", "nth": 2, "when": when, "do": deed}));
        let result = portal.batch(&json!({"a": "probe.count", "b": "probe.count", "c": "probe.count"}));
        assert_eq!(result["result_error"]["b"]["error"], "OPERATION_TIME_LIMIT");
        assert_eq!(result["result"].as_object().expect("an object").keys().collect::<Vec<_>>(), ["a", "c"]);
        assert_eq!(portal.counted(), effects, "{when}");
    }
}

#[test]
fn a_worker_that_dies_at_a_command_leaves_the_ones_before_done() {
    for (when, effects) in [("before", 1), ("after", 2)] {
        let portal = Portal::open();
        portal.arm(&json!({"method": "probe.count", "nth": 2, "when": when, "do": "drop"}));
        let cmd = json!({"cmd": ["probe.count", "probe.count", "probe.count"]});
        assert_eq!(portal.try_call("batch", &cmd).expect_err("no answer"), Broken::Closed);
        assert_eq!(portal.counted(), effects, "{when}");
    }
}

#[test]
fn a_batch_goes_on_as_a_zombie_from_the_command_that_was_struck() {
    let portal = Portal::with(|config| config.time_scale = 1_000_000.0);
    portal.arm(&json!({"method": "probe.count", "nth": 2, "do": {"late_ms": 3_600_000}}));
    let cmd = json!({"cmd": ["probe.count", "probe.count", "probe.count"]});
    assert_eq!(portal.try_call("batch", &cmd).expect_err("no answer"), Broken::Closed);
    while portal.counted() < 3 {
        std::thread::yield_now();
    }
}

#[test]
fn a_change_at_a_command_changes_the_answer_of_its_batch() {
    let portal = Portal::open();
    portal.arm(&json!({"method": "probe.count", "nth": 2, "do": {"prefix": "\u{feff}"}}));
    let answer = portal.call("batch", &json!({"cmd": ["probe.count", "probe.count", "probe.count"]}));
    assert!(answer.text().starts_with("\u{feff}{\"result\""));
    assert_eq!(portal.counted(), 3);
}

#[test]
fn a_lost_answer_to_a_whole_batch_leaves_all_of_it_done() {
    let portal = Portal::open();
    portal.arm(&json!({"method": "batch", "when": "after", "do": "drop"}));
    let cmd = json!({"cmd": ["probe.count", "probe.count"]});
    assert_eq!(portal.try_call("batch", &cmd).expect_err("no answer"), Broken::Closed);
    assert_eq!(portal.counted(), 2);
}

#[test]
fn rules_are_armed_told_and_cleared_over_http() {
    let portal = Portal::open();
    assert_eq!(
        portal.result("sandbox.fault.add", &json!({"rules": [{"do": "drop", "method": "a"}, {"do": "drop", "method": "b"}]})),
        json!(2)
    );
    let told = portal.result("sandbox.fault.list", &json!({}));
    assert_eq!(told, json!([{"method": "a", "seen": 0, "fired": 0}, {"method": "b", "seen": 0, "fired": 0}]));
    assert_eq!(portal.result("sandbox.fault.clear", &json!({})), json!(true));
    assert_eq!(portal.result("sandbox.fault.list", &json!({})), json!([]));
    assert_eq!(portal.call("sandbox.fault.add", &json!({"do": "explode"})).error(), (400, json!("ERROR_ARGUMENT")));
}

#[test]
fn a_script_is_armed_from_the_start() {
    let script = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(script.path(), r#"[{"do": {"html": 502}, "nth": 1}]"#).expect("written");
    let portal = Portal::with(|config| config.faults = Some(script.path().to_owned()));
    assert_eq!(portal.raw(&get_text(COUNT)).expect("an answer").status, 502);
    assert_eq!(portal.raw(&get_text(COUNT)).expect("an answer").status, 200);
}
