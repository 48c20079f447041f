//! A local application, as its author's server meets the portal (docs: settings/oauth).

use serde_json::{Value, json};

use super::client::{Answer, Portal, form_text, get_text, post_text};

/// Posts a form to the authorisation server.
fn renew(portal: &Portal, form: &str) -> Answer {
    portal.raw(&form_text("/oauth/token/", "application/x-www-form-urlencoded", form)).expect("an answer")
}

fn form(keys: &Value) -> String {
    let part = |name: &str| keys[name].as_str().expect("a key").to_owned();
    format!(
        "grant_type=refresh_token&client_id={}&client_secret={}&refresh_token={}",
        part("client_id"),
        part("client_secret"),
        part("refresh_token")
    )
}

fn installed(portal: &Portal) -> Value {
    portal.call("sandbox.application.install", &json!({"expires_in": 1800})).json()["result"].take()
}

/// Who the portal takes a caller for: a user's id, or an error's code and status.
fn caller(answer: &Answer) -> (u16, Value) {
    let body = answer.json();
    (answer.status, if answer.status == 200 { body["result"]["ID"].clone() } else { body["error"].clone() })
}

#[test]
fn a_token_is_taken_from_the_head_then_from_auth_then_from_access_token() {
    let portal = Portal::open();
    let token = installed(&portal)["access_token"].clone();
    let ask = |params: Value| caller(&portal.post("/rest/profile", &params).expect("an answer"));
    assert_eq!(ask(json!({"auth": token})), (200, json!("1")));
    assert_eq!(ask(json!({"access_token": token})), (200, json!("1")));
    assert_eq!(ask(json!({"auth": "x", "access_token": token})), (401, json!("invalid_token")));
    assert_eq!(ask(json!({})), (401, json!("NO_AUTH_FOUND")));
    let bearer = format!("HTTP/1.1\r\nAuthorization: Bearer {}", token.as_str().expect("a token"));
    let request = post_text("/rest/profile", r#"{"auth": "x"}"#).replacen("HTTP/1.1", &bearer, 1);
    let in_the_head = portal.raw(&request).expect("an answer");
    assert_eq!(caller(&in_the_head), (200, json!("1")));
}

#[test]
fn a_token_runs_out_and_its_successor_takes_over() {
    let portal = Portal::open();
    let keys = installed(&portal);
    assert_eq!(keys["expires_in"], 1800);
    portal.call("sandbox.fault.add", &json!({"method": "profile", "times": 1, "do": "expire"}));
    let ask =
        |keys: &Value| caller(&portal.post("/rest/profile.json", &json!({"auth": keys["access_token"]})).expect("an answer"));
    assert_eq!(ask(&keys), (401, json!("expired_token")));
    let answer = renew(&portal, &form(&keys));
    let new = answer.json();
    assert_eq!((answer.status, &new["expires_in"], &new["user_id"]), (200, &json!(1800), &json!(1)));
    assert_eq!((ask(&new), ask(&keys)), ((200, json!("1")), (401, json!("expired_token"))));
    // As the documentation asks for it.
    let mut keys = keys;
    keys["refresh_token"] = new["refresh_token"].clone();
    let by_get = portal.raw(&get_text(&format!("/oauth/token/?{}", form(&keys)))).expect("an answer");
    assert_eq!(ask(&by_get.json()), (200, json!("1")));
}

#[test]
fn a_refresh_token_holds_once_and_for_its_own_client() {
    let portal = Portal::open();
    let keys = installed(&portal);
    let refused = |form: &str| {
        let answer = renew(&portal, form);
        (answer.status, answer.json()["error"].clone())
    };
    assert_eq!(refused(&form(&keys).replace("client_secret=", "client_secret=x")), (400, json!("invalid_client")));
    assert_eq!(refused(&form(&keys).replace("grant_type=refresh_token&", "")), (400, json!("invalid_request")));
    assert_eq!(renew(&portal, &form(&keys)).status, 200);
    assert_eq!(refused(&form(&keys)), (400, json!("invalid_grant")));
    let newer = installed(&portal);
    portal.call("sandbox.fault.add", &json!({"method": "server.time", "times": 1, "do": "revoke"}));
    portal.call("server.time", &json!({}));
    assert_eq!(refused(&form(&newer)), (400, json!("invalid_grant")));
}
