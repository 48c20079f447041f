//! `crm.settings.mode.get`.
//!
//! Source: rest-crm 9.5.

use serde_json::json;

use super::Params;
use crate::sandbox::answer::{Reply, RestError};
use crate::sandbox::store::Store;

/// Answers 1 for classic CRM, with leads, and 2 for simple CRM.
pub fn mode(store: &mut Store, _: &Params) -> Result<Reply, RestError> {
    Ok(Reply::of(json!(store.settings().mode)))
}
