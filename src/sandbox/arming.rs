//! The sandbox's own methods, by which tests arm faults while it runs.

use serde_json::{Map, Value};

use super::answer::{Reply, RestError};
use super::faults::Faults;
use super::office::method_not_found;
use super::rule::Rule;

/// How the names of these methods begin. They need the webhook's credential; no limit and no fault applies to them.
pub const METHODS: &str = "sandbox.fault.";

/// `sandbox.fault.add` (one rule, or several as `rules`), `.clear`, and `.list` (how often each has met and struck).
pub fn call(faults: &mut Faults, method: &str, params: &Map<String, Value>) -> Result<Reply, RestError> {
    match method {
        "add" => {
            let rules = match params.get("rules") {
                Some(Value::Array(rules)) => rules.clone(),
                _ => vec![Value::Object(params.clone())],
            };
            let rules: Vec<Rule> = rules
                .into_iter()
                .map(Rule::read)
                .collect::<Result<_, _>>()
                .map_err(|error| RestError::bad("ERROR_ARGUMENT", error.to_string()))?;
            let armed = rules.len();
            for rule in rules {
                faults.arm(rule);
            }
            Ok(Reply::of(armed))
        }
        "clear" => {
            faults.clear();
            Ok(Reply::of(true))
        }
        "list" => Ok(Reply::of(faults.told())),
        _ => Err(method_not_found()),
    }
}
