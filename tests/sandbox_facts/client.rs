//! A client of its own: HTTP/1.1 written and read by hand on a `TcpStream`, one connection a request.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use b24restore::sandbox::{Config, Language, Limits, Sandbox};
use serde_json::{Value, json};

/// A portal in Moscow's zone, without limits, that forgets everything at the end of the test.
pub struct Portal {
    sandbox: Sandbox,
    _dir: tempfile::TempDir,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

/// How the parameters travel.
#[derive(Debug, Clone, Copy)]
pub enum Form {
    Json,
    Urlencoded,
    Query,
}

impl Portal {
    pub fn new() -> Self {
        Self::limited(Limits::None, 1.0)
    }

    /// A portal with limits, whose time passes so many times faster than the clock.
    pub fn limited(limits: Limits, time_scale: f64) -> Self {
        let dir = tempfile::tempdir().expect("the temporary directory is writable");
        let config = Config {
            data: dir.path().to_owned(),
            limits,
            time_scale,
            latency_ms: 0,
            faults: None,
            language: Language::En,
            zone: "Europe/Moscow".to_owned(),
        };
        let sandbox = Sandbox::start(&config, SocketAddr::from(([127, 0, 0, 1], 0))).expect("a sandbox starts");
        Self { sandbox, _dir: dir }
    }

    /// Sends a call as user 1.
    pub fn send(&self, form: Form, method: &str, params: &Value) -> Answer {
        self.send_as(&credential_in(&self.webhook()), form, method, params)
    }

    /// Sends a call with another credential.
    pub fn send_as(&self, credential: &str, form: Form, method: &str, params: &Value) -> Answer {
        exchange(self.sandbox.address(), &request(credential, form, method, params))
    }

    /// Sends bytes as they are, but that `1/SECRET` stands for the credential of user 1.
    pub fn raw(&self, request: &str) -> Answer {
        exchange(self.sandbox.address(), &request.replace("1/SECRET", &credential_in(&self.webhook())))
    }

    /// The `result` of a call that must succeed.
    #[track_caller]
    pub fn result(&self, method: &str, params: &Value) -> Value {
        let answer = self.send(Form::Json, method, params);
        assert_eq!(answer.status, 200, "{method} {params}: {}", answer.body);
        answer.body["result"].clone()
    }

    /// The item that `crm.item.add` makes and answers.
    #[track_caller]
    pub fn add(&self, entity: u32, fields: &Value) -> Value {
        self.result("crm.item.add", &json!({ "entityTypeId": entity, "fields": fields }))["item"].clone()
    }

    /// An item read back.
    #[track_caller]
    pub fn get(&self, entity: u32, id: &Value) -> Value {
        self.result("crm.item.get", &json!({ "entityTypeId": entity, "id": id }))["item"].clone()
    }

    /// The webhook's address.
    pub fn webhook(&self) -> String {
        self.sandbox.webhook()
    }
}

/// Sends bytes and reads until the portal closes the connection.
pub fn exchange(address: SocketAddr, request: &str) -> Answer {
    let mut stream = TcpStream::connect(address).expect("the sandbox takes connections");
    stream.write_all(request.as_bytes()).expect("the request is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the answer is UTF-8");
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer has a head and a body");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("an answer has a status");
    let is_chunked = head.to_lowercase().contains("transfer-encoding: chunked");
    let body = if is_chunked { unchunked(body) } else { body.to_owned() };
    Answer { status, body: serde_json::from_str(&body).unwrap_or(Value::String(body)) }
}

/// A JSON call to any portal by its webhook.
pub fn call(webhook: &str, method: &str, params: &Value) -> Answer {
    let address = webhook.split('/').nth(2).and_then(|host| host.parse().ok()).expect("an address");
    exchange(address, &request(&credential_in(webhook), Form::Json, method, params))
}

/// `USER/SECRET` of a webhook.
fn credential_in(webhook: &str) -> String {
    webhook.split_once("/rest/").expect("a webhook").1.trim_end_matches('/').to_owned()
}

fn request(credential: &str, form: Form, method: &str, params: &Value) -> String {
    let path = format!("/rest/{credential}/{method}");
    let (verb, path, kind, body) = match form {
        Form::Json => ("POST", path, "application/json", params.to_string()),
        Form::Urlencoded => ("POST", path, "application/x-www-form-urlencoded", encoded(params)),
        Form::Query => ("GET", format!("{path}?{}", encoded(params)), "text/plain", String::new()),
    };
    let length = body.len();
    format!(
        "{verb} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

fn unchunked(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).expect("a chunk begins with its size");
        whole.push_str(&rest[..size]);
        body = rest[size..].trim_start_matches("\r\n");
    }
    whole
}

/// JSON as PHP reads it from a form: `fields[title]=A&fields[contactIds][0]=4`. An empty list is an empty text.
fn encoded(params: &Value) -> String {
    let mut pairs = Vec::new();
    flatten("", params, &mut pairs);
    pairs.join("&")
}

fn flatten(prefix: &str, value: &Value, pairs: &mut Vec<String>) {
    let name = |key: &str| if prefix.is_empty() { percent(key) } else { format!("{prefix}%5B{}%5D", percent(key)) };
    match value {
        Value::Object(map) if !map.is_empty() => map.iter().for_each(|(key, value)| flatten(&name(key), value, pairs)),
        Value::Array(list) if !list.is_empty() => {
            list.iter().enumerate().for_each(|(place, value)| flatten(&name(&place.to_string()), value, pairs));
        }
        Value::String(text) => pairs.push(format!("{prefix}={}", percent(text))),
        Value::Number(number) => pairs.push(format!("{prefix}={}", percent(&number.to_string()))),
        Value::Bool(flag) => pairs.push(format!("{prefix}={flag}")),
        _ => pairs.push(format!("{prefix}=")),
    }
}

/// Percent-encodes all but letters and digits.
pub fn percent(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' | b'-' => out.push(char::from(byte)),
            _ => write!(out, "%{byte:02X}").expect("a String takes all"),
        }
    }
    out
}

/// What a moment must be that the portal stamps.
pub const NOW: &str = "(now)";

/// Whether a value is the wanted one; [`NOW`] is any moment of the last two minutes.
fn is(found: &Value, wanted: &Value) -> bool {
    if wanted != NOW {
        return found == wanted;
    }
    let moment = found.as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
    moment.is_some_and(|moment| (jiff::Timestamp::now().as_second() - moment.as_second()).abs() < 120)
}

/// A day as the portal prints it: midnight UTC, in Moscow's zone.
pub fn in_days(days: i64) -> Value {
    let now = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days);
    json!(now.in_tz("Europe/Moscow").expect("a zone of the database").strftime("%Y-%m-%dT03:00:00+03:00").to_string())
}

/// One row of a table: what is sent, and what must come back.
pub struct Case {
    pub name: &'static str,
    pub entity: u32,
    pub fields: Value,
    pub expect: Expect,
}

/// What a row expects.
pub enum Expect {
    /// The record, read back, holds these values.
    Stores(Vec<(&'static str, Value)>),
    /// HTTP 400 with this code, and this text in the description.
    Refused(Value, &'static str),
}

pub fn stores(name: &'static str, entity: u32, fields: Value, values: &[(&'static str, Value)]) -> Case {
    Case { name, entity, fields, expect: Expect::Stores(values.to_vec()) }
}

pub fn refused(name: &'static str, entity: u32, fields: Value, code: Value, text: &'static str) -> Case {
    Case { name, entity, fields, expect: Expect::Refused(code, text) }
}

impl Portal {
    /// Sends every case with a method that makes a record, and compares. All rows that fail are told at once, by name.
    #[track_caller]
    pub fn holds(&self, form: Form, method: &str, cases: &[Case]) {
        let mut wrong = Vec::new();
        for Case { name, entity, fields, expect } in cases {
            let answer = self.send(form, method, &json!({ "entityTypeId": entity, "fields": fields }));
            let told = |what: String| format!("{name} ({method}, {form:?}): {what}");
            match expect {
                Expect::Refused(code, text) => {
                    let described = answer.body["error_description"].as_str().unwrap_or_default();
                    if answer.status != 400 || answer.body["error"] != *code || !described.contains(text) {
                        wrong.push(told(format!("HTTP {} {}", answer.status, answer.body)));
                    }
                }
                Expect::Stores(_) if answer.status != 200 => wrong.push(told(format!("HTTP {} {}", answer.status, answer.body))),
                Expect::Stores(values) => {
                    let item = self.get(*entity, &answer.body["result"]["item"]["id"]);
                    for (key, wanted) in values.iter().filter(|(key, wanted)| !is(&item[*key], wanted)) {
                        wrong.push(told(format!("{key} is {}, not {wanted}", item[*key])));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
