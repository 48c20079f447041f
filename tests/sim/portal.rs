//! The sandbox, called directly, with the words that the shared harness uses of a portal.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use b24restore::sandbox::{Config, Inside, Language, Limits};
use jiff::Timestamp;
use serde_json::{Value, json};

/// A portal inside this process.
#[derive(Debug, Clone)]
pub struct Portal {
    pub inside: Inside,
}

impl Portal {
    /// Opens the portal whose state is in a directory.
    pub fn open(data: &Path, limits: Limits, now: Timestamp) -> Self {
        let config = Config {
            data: data.to_owned(),
            limits,
            time_scale: 1.0,
            latency_ms: 0,
            faults: None,
            language: Language::En,
            zone: "UTC".to_owned(),
        };
        Self { inside: Inside::open(&config, now).expect("a portal") }
    }

    /// The result of a call that must succeed. The portal's own limits don't count it.
    #[expect(clippy::needless_pass_by_value, reason = "callers write the parameters where they call")]
    #[track_caller]
    pub fn call(&self, method: &str, params: Value) -> Value {
        let body = params.to_string();
        let (status, answer) = at_once(self.inside.handle_unlimited(method, body.as_bytes()));
        let text = String::from_utf8_lossy(&answer).into_owned();
        assert_eq!(status, 200, "{method} {params}: {text}");
        let mut body: Value = serde_json::from_str(&text).expect("JSON");
        body["result"].take()
    }

    /// All records of a kind, by id, with all their fields.
    pub fn every(&self, kind: &str) -> BTreeMap<u64, Value> {
        let mut all = BTreeMap::new();
        let mut after = 0;
        loop {
            let rows = self.call(
                &format!("crm.{kind}.list"),
                json!({"select": ["*", "UF_*", "PHONE", "EMAIL", "WEB", "IM"], "order": {"ID": "ASC"},
                       "filter": {">ID": after}, "start": -1}),
            );
            let rows = rows.as_array().expect("a list").clone();
            if rows.is_empty() {
                return all;
            }
            for row in rows {
                after = row["ID"].as_str().and_then(|id| id.parse().ok()).expect("an id");
                all.insert(after, row);
            }
        }
    }

    /// What the portal did after a row of its ledger.
    pub fn ledger(&self, since: i64) -> Vec<Value> {
        let rows = self.call("sandbox.ledger", json!({"since": since, "limit": 1_000_000}));
        rows.as_array().expect("a list").clone()
    }
}

/// What a future gives that never waits.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the portal waits for something"),
    }
}
