//! What the tests of this room share: a portal of a few lines that is told what to answer, and one that speaks raw HTTP.

mod answers;
mod changing;
mod loading;
mod reading;
mod renewing;
mod sharing;
mod wire;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Map, Value as Json, json};
use tokio::time::Instant;

use super::reader::{Reader, Settings};
use super::transport::{Delivery, Posting, RawAnswer, Transport};
use super::{Left, LimitsProfile, PaceMemory, Writer};
use crate::event::Silent;
use crate::model::PortalIdentity;

/// Answers one command: its `result`, `total` and so on, or an `error`.
type Method = dyn Fn(&str, &Json) -> Json + Send + Sync;
/// Answers a whole request in the portal's stead; `None` lets it through.
type Front = dyn Fn(usize, &str) -> Option<Delivery> + Send + Sync;

/// A memory that tells one thing once.
pub(super) struct Told(pub Mutex<Option<Left>>);

impl PaceMemory for Told {
    fn turn(&self, turn: &mut dyn FnMut(Option<Left>) -> Option<f64>) {
        let left = self.0.lock().expect("no test panics with it").take();
        turn(left);
    }
}

/// The portal's own counter: one up for each request, a few down once a second (rest-transport 5.1).
pub(super) struct Bucket {
    pub began: Instant,
    hits: f64,
    drained: u64,
    drain: f64,
}

impl Bucket {
    pub(super) fn new(drain: f64) -> Self {
        Self { began: Instant::now(), hits: 0.0, drained: 0, drain }
    }

    /// Counts a request: how many there are with it.
    pub(super) fn hit(&mut self) -> f64 {
        let second = self.began.elapsed().as_secs();
        self.hits = (self.hits - self.drain * (second - self.drained) as f64).max(0.0) + 1.0;
        self.drained = second;
        self.hits
    }
}

/// A portal inside the test: a front that may answer or lose requests, and methods behind it.
#[derive(Clone)]
pub(super) struct Portal {
    inner: Arc<Inner>,
}

struct Inner {
    front: Box<Front>,
    method: Box<Method>,
    requests: Mutex<Vec<(String, Json)>>,
}

impl Portal {
    pub(super) fn new(method: impl Fn(&str, &Json) -> Json + Send + Sync + 'static) -> Self {
        Self::behind(|_, _| None, method)
    }

    /// A portal whose front sees the number of each request (from 0) before the methods do.
    pub(super) fn behind(
        front: impl Fn(usize, &str) -> Option<Delivery> + Send + Sync + 'static,
        method: impl Fn(&str, &Json) -> Json + Send + Sync + 'static,
    ) -> Self {
        let inner = Inner { front: Box::new(front), method: Box::new(method), requests: Mutex::default() };
        Self { inner: Arc::new(inner) }
    }

    pub(super) fn reader(&self) -> Reader {
        self.reader_with(&Settings {
            limits: LimitsProfile::None,
            api_share: 100,
            patience: Duration::from_secs(30),
            authorities: None,
        })
    }

    pub(super) fn reader_with(&self, settings: &Settings) -> Reader {
        Reader::over(Box::new(self.clone()), PortalIdentity::new("portal.test"), false, settings, Arc::new(Silent))
    }

    pub(super) fn writer(&self) -> Writer {
        Writer::over(self.reader())
    }

    /// Method and body of each request that the portal saw.
    pub(super) fn requests(&self) -> Vec<(String, Json)> {
        self.inner.requests.lock().expect("no test panics while it holds the lock").clone()
    }

    /// Method and parameters of every command that the portal saw, single calls included.
    pub(super) fn commands(&self) -> Vec<(String, Json)> {
        self.requests()
            .into_iter()
            .flat_map(|(method, body)| if method == "batch" { commands(&body) } else { vec![(method, body)] })
            .collect()
    }

    fn answer(&self, method: &str, body: &Json) -> Json {
        if method != "batch" {
            return (self.inner.method)(method, body);
        }
        assert_eq!(body["halt"], json!(0));
        let [mut result, mut errors, mut totals, mut times] = std::array::from_fn(|_| Map::new());
        let keys: Vec<String> = body["cmd"].as_object().expect("cmd is an object").keys().cloned().collect();
        assert!(keys.len() <= 50, "a batch of {}", keys.len());
        for (key, (method, params)) in keys.into_iter().zip(commands(body)) {
            let mut answer = (self.inner.method)(&method, &params);
            if answer.get("error").is_some() {
                errors.insert(key, answer);
                continue;
            }
            for (part, name) in [(&mut totals, "total"), (&mut times, "time")] {
                if let Some(value) = answer.get(name) {
                    part.insert(key.clone(), value.clone());
                }
            }
            if answer.get("vanish").is_none() {
                result.insert(key, answer["result"].take());
            }
        }
        json!({"result": {"result": php(result), "result_error": php(errors), "result_total": php(totals), "result_next": [], "result_time": php(times)}, "time": {}})
    }
}

impl Transport for Portal {
    fn post<'a>(&'a self, method: &'a str, body: Vec<u8>) -> Posting<'a> {
        let body: Json = serde_json::from_slice(&body).expect("the body is JSON");
        let number = {
            let mut requests = self.inner.requests.lock().expect("no test panics while it holds the lock");
            requests.push((method.to_owned(), body.clone()));
            requests.len() - 1
        };
        let delivery = (self.inner.front)(number, method).unwrap_or_else(|| answer(200, &self.answer(method, &body)));
        Box::pin(async move { delivery })
    }
}

/// A JSON answer.
pub(super) fn answer(status: u16, body: &Json) -> Delivery {
    Delivery::Answer(RawAnswer {
        status,
        content_type: Some("application/json; charset=utf-8".into()),
        body: body.to_string().into(),
        location: None,
    })
}

/// A refusal of the whole request.
pub(super) fn refusal(status: u16, code: &str) -> Delivery {
    answer(status, &json!({"error": code, "error_description": "..."}))
}

/// An empty PHP array is a list, whatever it was meant to be.
fn php(map: Map<String, Json>) -> Json {
    if map.is_empty() { json!([]) } else { Json::Object(map) }
}

fn commands(body: &Json) -> Vec<(String, Json)> {
    let commands = body["cmd"].as_object().expect("cmd is an object");
    commands.values().map(|command| parsed(command.as_str().expect("a command is a text"))).collect()
}

/// Method and parameters of a command, as PHP would read them; numbers stay texts.
fn parsed(command: &str) -> (String, Json) {
    let (method, query) = command.split_once('?').expect("a command has a query");
    let mut params = json!({});
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (path, value) = pair.split_once('=').expect("a variable has a value");
        let mut place = &mut params;
        for key in path.split('[') {
            place = &mut place[decoded(key.trim_end_matches(']'))];
        }
        *place = json!(decoded(value));
    }
    (method.to_owned(), params)
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut digit =
            || rest.next().and_then(|digit| char::from(digit).to_digit(16)).expect("two digits follow a percent sign") as u8;
        bytes.push(if byte == b'%' { digit() * 16 + digit() } else { byte });
    }
    String::from_utf8(bytes).expect("the text is UTF-8")
}
