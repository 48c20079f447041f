//! Addresses, bodies, envelopes, headers, and the order of checks.

use serde_json::json;

use super::client::{Portal, form_text, get_text, post_text, receive, send};
use crate::sandbox::Limits;

#[test]
fn every_success_has_result_and_time_and_the_headers_of_a_portal() {
    let answer = Portal::open().call("server.time", &json!({}));
    let body = answer.json();
    assert_eq!(answer.status, 200);
    assert!(body["result"].as_str().expect("a text").ends_with("+00:00"));
    for key in ["start", "finish", "duration", "processing", "date_start", "date_finish", "operating", "operating_reset_at"] {
        assert!(body["time"].get(key).is_some(), "{key}");
    }
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("access-control-allow-headers"), Some("origin, content-type, accept"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
}

#[test]
fn trap_40_no_header_tells_how_long_to_wait() {
    let portal = Portal::with(|config| config.time_scale = 0.000_001);
    let refused = (0..60).map(|_| portal.call("server.time", &json!({}))).find(|answer| answer.status == 503).expect("a refusal");
    assert_eq!((refused.header("retry-after"), refused.json().get("time")), (None, None));
}

#[test]
fn the_time_a_call_took_is_told_in_ten_decimals() {
    let answer = Portal::open().call("server.time", &json!({}));
    for name in ["x-bitrix-rest-time", "x-bitrix-rest-user-time", "x-bitrix-rest-system-time"] {
        let (_, decimals) = answer.header(name).expect(name).split_once('.').expect("a fraction");
        assert_eq!(decimals.len(), 10);
    }
}

#[test]
fn a_browser_may_ask_first() {
    let request = "OPTIONS /rest/1/SECRET/server.time HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost:3000\r\n\r\n";
    let answer = Portal::open().raw(request).expect("an answer");
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, Some("*")));
}

#[test]
fn trap_20_an_error_has_its_two_keys_and_no_time() {
    let answer = Portal::open().call("probe.fail", &json!({}));
    assert_eq!((answer.status, answer.json()), (400, json!({"error": "", "error_description": "ID is not defined or invalid."})));
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
}

#[test]
fn get_and_post_with_every_kind_of_body_reach_the_method() {
    let portal = Portal::open();
    let expected = json!({"a": {"b": ["1 2"]}});
    let path = "/rest/1/SECRET/probe.echo";
    let multipart = "--x\r\nContent-Disposition: form-data; name=\"a[b][]\"\r\n\r\n1 2\r\n--x--\r\n";
    for request in [
        get_text(&format!("{path}?a[b][]=1+2")),
        get_text(&format!("{path}.json?a%5Bb%5D%5B0%5D=1%202")),
        post_text(&format!("{path}/"), r#"{"a":{"b":["1 2"]}}"#),
        post_text("/rest/1/SECRET//probe.echo/?a=0", r#"{"a":{"b":{"0":"1 2"}}}"#),
        form_text(path, "application/x-www-form-urlencoded; charset=UTF-8", "a[b][]=1+2"),
        form_text(path, "text/plain", "a[b][]=1+2"),
        form_text(path, "multipart/form-data; boundary=x", multipart),
        post_text("/rest/1/SECRET/PROBE.Echo.json?a[b][]=1+2", "{broken"),
    ] {
        assert_eq!(portal.raw(&request).expect("an answer").json()["result"], expected, "{request}");
    }
}

#[test]
fn trap_3_broken_json_is_an_empty_set_and_no_error() {
    let portal = Portal::open();
    let answer = portal.raw(&post_text("/rest/1/SECRET/probe.echo", r#"{"filter":{"ID":1}"#)).expect("an answer");
    assert_eq!((answer.status, &answer.json()["result"]), (200, &json!([])));
}

#[test]
fn trap_19_an_empty_object_is_answered_as_a_list() {
    let portal = Portal::open();
    assert_eq!(portal.result("probe.echo", &json!({"a": {}, "b": {"0": 1}})), json!({"a": [], "b": [1]}));
}

#[test]
fn texts_are_escaped_as_php_does() {
    let answer = Portal::open().call("probe.echo", &json!({"t": "<a href='/x'>\"&\"</a>"}));
    assert!(answer.text().contains(r"\u003Ca href=\u0027\/x\u0027\u003E\u0022\u0026\u0022\u003C\/a\u003E"), "{}", answer.text());
}

#[test]
fn an_unknown_method_is_told_before_a_wrong_secret() {
    let portal = Portal::open();
    let error = |path: &str| portal.post(path, &json!({})).expect("an answer").error();
    assert_eq!(error("/rest/1/WRONG/crm.nothing.list"), (404, json!("ERROR_METHOD_NOT_FOUND")));
    assert_eq!(error("/rest/1/WRONG/profile.nothing"), (404, json!("ERROR_METHOD_NOT_FOUND")));
    assert_eq!(error("/rest/1/WRONG/server.time"), (401, json!("INVALID_CREDENTIALS")));
    assert_eq!(error("/rest/2/SECRET/server.time"), (401, json!("INVALID_CREDENTIALS")));
    assert_eq!(error("/rest/nobody/SECRET/server.time"), (401, json!("INVALID_CREDENTIALS")));
    assert_eq!(error("/rest/server.time"), (401, json!("NO_AUTH_FOUND")));
    assert_eq!(error("/rest/server.time?auth=x"), (401, json!("invalid_token")));
    assert_eq!(error("/rest/SECRET/server.time"), (404, json!("ERROR_METHOD_NOT_FOUND")));
    assert_eq!(error("/rest/1/WRONG/sandbox.fault.add"), (401, json!("INVALID_CREDENTIALS")));
}

#[test]
fn rest_three_has_errors_of_its_own_shape() {
    let answer = Portal::open().post("/rest/api/1/SECRET/crm.item.list", &json!({})).expect("an answer");
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["error"]["code"], "BITRIX_REST_V3_EXCEPTION_METHODNOTFOUNDEXCEPTION");
}

#[test]
fn outside_of_rest_there_is_only_the_web_server() {
    let answer = Portal::open().raw(&get_text("/")).expect("an answer");
    assert_eq!((answer.status, answer.header("content-type")), (404, Some("text/html")));
}

#[test]
fn a_foreign_host_or_origin_is_refused() {
    let portal = Portal::open();
    let status = |headers: &str| {
        let request = format!("GET /rest/1/SECRET/server.time HTTP/1.1\r\n{headers}\r\n\r\n");
        portal.raw(&request).expect("an answer").status
    };
    assert_eq!(status("Host: evil.example"), 421);
    assert_eq!(status("Host: 127.0.0.1.evil.example:80"), 421);
    assert_eq!(status("X: y"), 421);
    assert_eq!(status("Host: [::1]:8080"), 200);
    assert_eq!(status("Host: localhost\r\nOrigin: https://evil.example"), 421);
    assert_eq!(status("Host: localhost\r\nSec-Fetch-Site: cross-site"), 421);
    assert_eq!(status("Host: localhost\r\nOrigin: http://localhost:3000\r\nSec-Fetch-Site: cross-site"), 200);
}

#[test]
fn an_address_that_is_too_long_is_the_web_servers_414() {
    let answer = Portal::open().raw(&get_text(&format!("/rest/1/SECRET/batch?x={}", "y".repeat(9000)))).expect("an answer");
    assert_eq!((answer.status, answer.header("content-type")), (414, Some("text/html")));
}

#[test]
fn a_method_that_panics_is_an_error_of_the_server_and_not_its_end() {
    let portal = Portal::open();
    assert_eq!(portal.call("probe.panic", &json!({})).error(), (500, json!("INTERNAL_SERVER_ERROR")));
    assert_eq!(portal.result("probe.count", &json!({})), json!(1));
}

#[test]
fn a_connection_serves_many_requests() {
    let portal = Portal::open();
    let mut stream = portal.connect();
    for count in 1..=3 {
        send(&mut stream, &portal.with_secret(&post_text("/rest/1/SECRET/probe.count", "{}"))).expect("sent");
        assert_eq!(receive(&mut stream).expect("an answer").json()["result"], json!(count));
    }
}

#[test]
fn next_and_total_stand_beside_the_result() {
    let body = Portal::open().call("probe.list", &json!({})).json();
    assert_eq!((&body["next"], &body["total"]), (&json!(50), &json!(60)));
}

#[test]
fn a_portal_without_limits_announces_no_operating() {
    let portal = Portal::with(|config| config.limits = Limits::None);
    let body = portal.call("server.time", &json!({})).json();
    assert!(body["time"].get("operating").is_none() && body["time"].get("start").is_some());
}

#[test]
fn a_request_that_never_comes_whole_takes_no_effect() {
    let portal = Portal::open();
    let mut stream = portal.connect();
    let request = "POST /rest/1/SECRET/probe.count HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{}";
    send(&mut stream, &portal.with_secret(request)).expect("sent");
    stream.shutdown(std::net::Shutdown::Both).expect("shut");
    drop(stream);
    assert_eq!(portal.counted(), 0);
}

#[test]
fn http_2_works_without_tls_too() {
    // The preface, an empty SETTINGS frame; the server answers with its own SETTINGS (type 4).
    use std::io::{Read, Write};
    let portal = Portal::open();
    let mut stream = portal.connect();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00").expect("sent");
    let mut frame = [0; 9];
    stream.read_exact(&mut frame).expect("a frame");
    assert_eq!(frame[3], 4);
}
