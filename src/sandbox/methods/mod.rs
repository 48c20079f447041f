//! The REST methods: name, parameters, rule, answer.

use serde_json::{Map, Value};

use super::answer::{Reply, RestError};
use super::store::Store;

/// Who calls, and when: what a method may know of the request besides its parameters.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The user whose webhook it is.
    pub user: u64,
    /// The portal's wall clock at the start of the call.
    pub now: jiff::Timestamp,
}

/// Whether the portal knows a method of this (lower-case) name.
pub fn exists(method: &str) -> bool {
    let _ = method;
    false
}

/// Carries a method out. The name is lower-case; parameters are already merged from query and body, by PHP's rules.
pub fn call(store: &mut Store, caller: &Caller, method: &str, params: &Map<String, Value>) -> Result<Reply, RestError> {
    let _ = (store, caller, method, params);
    Err(RestError::with_status(404, "ERROR_METHOD_NOT_FOUND", "Method not found!"))
}
