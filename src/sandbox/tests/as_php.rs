//! The same in PHP. The files beside this were made by PHP 8.2: random texts, and what PHP made of them.

use serde_json::{Map, Value, json};

use crate::sandbox::references::{Books, resolved};
use crate::sandbox::{params, php, print};

/// The pairs of a file: what went in, what came out.
fn pairs(file: &str) -> impl Iterator<Item = (Value, Value)> {
    file.lines().map(|line| serde_json::from_str(line).expect("a pair"))
}

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(entries) = value { entries } else { panic!("{value} is no object") }
}

/// `parse_str`.
#[test]
fn query_strings_are_read_as_php_reads_them() {
    for (query, expected) in pairs(include_str!("php/queries.jsonl")) {
        let text = query.as_str().expect("a text");
        assert_eq!(Value::Object(params::query(text.as_bytes())).to_string(), expected.to_string(), "{text}");
    }
}

/// The rule of rest-transport 2.5, carried out by PHP's own `preg_match_all`, `isset` and `str_replace`.
#[test]
fn references_are_replaced_as_php_replaces_them() {
    let user = json!({"ID": "7", "D": [3, 4], "N": null, "S": 1.5, "Y": true, "T": "x y", "5": {"a": 0}});
    let result = object(json!({"u": user, "l": {"items": [{"id": 11}, {"id": 12}]}, "n": 9, "0": "zero"}));
    let books = Books { result, next: object(json!({"l": 50})), ..Books::default() };
    for (text, expected) in pairs(include_str!("php/references.jsonl")) {
        assert_eq!(resolved(object(json!({"x": text})), &books)["x"].to_string(), expected.to_string(), "{text}");
    }
}

/// `json_encode` with the flags that rest-transport 3.1 shows at work.
#[test]
fn values_are_printed_as_php_prints_them() {
    for (value, expected) in pairs(include_str!("php/printed.jsonl")) {
        assert_eq!(String::from_utf8_lossy(&print::json(&php::printed(value))), expected.as_str().expect("a text"));
    }
}
