//! Methods that only tests have: they show what reached a method, and whether it took effect.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Map, Value, json};

use super::answer::{Reply, RestError};

/// Counts effects.
#[derive(Debug, Default)]
pub struct Probe {
    count: AtomicU64,
}

impl Probe {
    /// Whether a method is one of these.
    pub fn knows(method: &str) -> bool {
        method.starts_with("probe.")
    }

    /// Answers one of these methods.
    pub fn call(&self, method: &str, params: &Map<String, Value>) -> Result<Reply, RestError> {
        match method {
            "probe.count" => Ok(Reply::of(self.count.fetch_add(1, Ordering::SeqCst) + 1)),
            "probe.counted" => Ok(Reply::of(self.count.load(Ordering::SeqCst))),
            "probe.echo" => Ok(Reply::of(Value::Object(params.clone()))),
            "probe.list" => Ok(Reply { result: json!({"items": [{"id": 11}, {"id": 12}]}), next: Some(50), total: Some(60) }),
            "probe.panic" => panic!("a method that panics"),
            _ => Err(RestError::bad("", "ID is not defined or invalid.")),
        }
    }
}
