//! What a method gives back: a reply or a REST error, before either is wrapped in the envelope.

use serde_json::Value;

/// What a method answers when it worked; `next` and `total` go beside `result` in the envelope.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The method's own result.
    pub result: Value,
    /// The offset of the next page.
    pub next: Option<u64>,
    /// How many rows there are under the filter.
    pub total: Option<u64>,
}

impl Reply {
    /// A reply without paging.
    pub fn of(result: impl Into<Value>) -> Self {
        Self { result: result.into(), next: None, total: None }
    }
}

/// A refusal in the portal's own words: the `error` and `error_description` of the body, and the HTTP status.
#[derive(Debug, Clone, PartialEq)]
pub struct RestError {
    /// The HTTP status when the method is called alone; inside a batch the status stays 200.
    pub status: u16,
    /// The `error` key: usually a text, empty for classic CRM checks, sometimes a number.
    pub code: Value,
    /// The `error_description` key.
    pub description: String,
}

impl RestError {
    /// An error with status 400.
    pub fn bad(code: &str, description: impl Into<String>) -> Self {
        Self { status: 400, code: Value::from(code), description: description.into() }
    }

    /// An error with a status of its own.
    pub fn with_status(status: u16, code: &str, description: impl Into<String>) -> Self {
        Self { status, code: Value::from(code), description: description.into() }
    }
}
