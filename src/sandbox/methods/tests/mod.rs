//! The facts' tables, row by row, asked of the methods.
//!
//! A [`Case`] is plain data, so that the same rows can be sent over HTTP later.

#![expect(clippy::needless_pass_by_value, reason = "a test reads best with its JSON written where it is used")]

mod classic;
mod import;
mod item;
mod links;
mod list;
mod portal;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Caller, call};
use crate::sandbox::Language;
use crate::sandbox::answer::{Reply, RestError};
use crate::sandbox::store::Store;

/// The wall clock of the tests' portal: 2026-03-10T09:00:00Z, noon in Moscow.
const NOW: &str = "2026-03-10T09:00:00Z";

/// One row of a table: what is sent, and what must come back.
pub struct Case {
    /// What the row says.
    pub name: &'static str,
    /// The method, in lower case.
    pub method: &'static str,
    /// Its parameters.
    pub params: Value,
    /// What must come back.
    pub expect: Expect,
}

/// What a case expects.
pub enum Expect {
    /// The answer holds these values at these JSON pointers below `result`.
    Holds(Vec<(&'static str, Value)>),
    /// The record that the answer names at `/item/id`, of this entityTypeId, holds these values at these JSON pointers.
    Stores(i64, Vec<(&'static str, Value)>),
    /// The call is refused with this code and text.
    Refused(Value, &'static str),
}

/// A portal in a directory of its own that forgets everything at the end of the test.
pub struct Portal {
    store: Store,
    caller: Caller,
    _dir: tempfile::TempDir,
}

impl Portal {
    fn new() -> Self {
        Self::speaking(Language::En)
    }

    fn speaking(language: Language) -> Self {
        let dir = tempfile::tempdir().expect("the temporary directory is writable");
        let store = Store::open(dir.path(), language, "Europe/Moscow").expect("a new portal opens");
        Self { store, caller: Caller { user: 1, now: NOW.parse().expect("a timestamp") }, _dir: dir }
    }

    fn reopened(self) -> Self {
        let Self { store, caller, _dir: dir } = self;
        drop(store);
        let store = Store::open(dir.path(), Language::En, "Europe/Moscow").expect("the portal opens again");
        Self { store, caller, _dir: dir }
    }

    fn try_call(&mut self, method: &str, params: Value) -> Result<Reply, RestError> {
        let Value::Object(params) = params else { panic!("parameters are an object") };
        call(&mut self.store, &self.caller, method, &params)
    }

    #[track_caller]
    fn reply(&mut self, method: &str, params: Value) -> Reply {
        let shown = params.to_string();
        self.try_call(method, params).unwrap_or_else(|error| panic!("{method} {shown}: {error:?}"))
    }

    #[track_caller]
    fn call(&mut self, method: &str, params: Value) -> Value {
        self.reply(method, params).result
    }

    /// Adds an item and answers it whole.
    #[track_caller]
    fn add(&mut self, entity: i64, fields: Value) -> Value {
        self.call("crm.item.add", json!({ "entityTypeId": entity, "fields": fields }))["item"].clone()
    }

    #[track_caller]
    fn get(&mut self, entity: i64, id: &Value) -> Value {
        self.call("crm.item.get", json!({ "entityTypeId": entity, "id": id }))["item"].clone()
    }

    #[track_caller]
    fn update(&mut self, entity: i64, id: &Value, fields: Value) -> Value {
        self.call("crm.item.update", json!({ "entityTypeId": entity, "id": id, "fields": fields }))["item"].clone()
    }

    fn later(&mut self, seconds: i64) {
        self.caller.now = Timestamp::from_second(self.caller.now.as_second() + seconds).expect("a time near now");
    }

    /// Sends every case to this portal, in turn.
    #[track_caller]
    fn expect(&mut self, cases: Vec<Case>) {
        for Case { name, method, params, expect } in cases {
            let answer = self.try_call(method, params);
            match (expect, answer) {
                (Expect::Holds(values), Ok(reply)) => {
                    for (pointer, wanted) in values {
                        let found = reply.result.pointer(pointer).cloned().unwrap_or(json!("(no such key)"));
                        assert_eq!(found, wanted, "{name}: {pointer} in {}", reply.result);
                    }
                }
                (Expect::Stores(entity, values), Ok(reply)) => {
                    let record = self.get(entity, &reply.result["item"]["id"]);
                    for (pointer, wanted) in values {
                        assert_eq!(record.pointer(pointer), Some(&wanted), "{name}: {pointer} in {record}");
                    }
                }
                (Expect::Refused(code, text), Err(error)) => {
                    assert_eq!((&error.code, error.description.as_str()), (&code, text), "{name}");
                }
                (Expect::Holds(_) | Expect::Stores(..), Err(error)) => panic!("{name}: refused with {error:?}"),
                (Expect::Refused(..), Ok(reply)) => panic!("{name}: answered {}", reply.result),
            }
        }
    }
}

/// A case of `crm.item.add`.
fn adding(name: &'static str, entity: i64, fields: Value, values: Vec<(&'static str, Value)>) -> Case {
    Case {
        name,
        method: "crm.item.add",
        params: json!({ "entityTypeId": entity, "fields": fields }),
        expect: Expect::Holds(values),
    }
}

/// A case of any method that is refused.
fn refused(name: &'static str, method: &'static str, params: Value, code: Value, text: &'static str) -> Case {
    Case { name, method, params, expect: Expect::Refused(code, text) }
}
