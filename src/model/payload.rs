//! The fields of a call that changes something, as they will be sent.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

/// A `fields` object of REST: field name -> value, in the order in which it will be sent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Payload(pub Map<String, Json>);

impl Payload {
    /// Sets a field, replacing what stood there.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Json>) {
        self.0.insert(name.into(), value.into());
    }

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
