//! What PHP makes of values: arrays that are lists or objects by their keys, and what counts as true.

use serde_json::{Map, Value};

/// The number that PHP makes of an array key: `"5"` and `5` are the same key, `"05"`, `"-0"` and `"5x"` stay texts.
pub fn key_number(key: &str) -> Option<i64> {
    let digits = key.strip_prefix('-').unwrap_or(key);
    let canonical = digits == "0" && key == "0"
        || !digits.is_empty() && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
    if canonical { key.parse().ok() } else { None }
}

/// A JSON list where the keys are 0..n-1 in order, else a JSON object. No key at all is left to the caller's meaning: an object.
pub fn list_or_object(entries: Map<String, Value>) -> Value {
    let is_list = entries.keys().enumerate().all(|(at, key)| key_number(key) == i64::try_from(at).ok());
    if is_list && !entries.is_empty() {
        Value::Array(entries.into_iter().map(|(_, value)| value).collect())
    } else {
        Value::Object(entries)
    }
}

/// What a value looks like after PHP has read it: numeric keys 0..n-1 are a list. Empty lists and objects stay as they were written.
pub fn taken_in(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(taken_in).collect()),
        Value::Object(entries) => list_or_object(entries.into_iter().map(|(key, value)| (key, taken_in(value))).collect()),
        other => other,
    }
}

/// What a value looks like when PHP prints it: as taken in, and **empty is always `[]`** (rest-transport 3.1).
pub fn printed(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(printed).collect()),
        Value::Object(entries) if entries.is_empty() => Value::Array(Vec::new()),
        Value::Object(entries) => list_or_object(entries.into_iter().map(|(key, value)| (key, printed(value))).collect()),
        other => other,
    }
}

/// PHP's `(bool)`: nothing, zero, the texts `""` and `"0"`, and empty arrays are false; every other text is true, `"false"` too.
pub fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(is) => *is,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty() && text != "0",
        Value::Array(items) => !items.is_empty(),
        Value::Object(entries) => !entries.is_empty(),
    }
}

/// PHP's `is_numeric`-and-cast for texts that go into texts: numbers and texts have one, anything else hasn't.
pub fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(match number.as_f64() {
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 1e15 => format!("{float:.0}"),
            _ => number.to_string(),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_are_numbers_only_in_their_shortest_form() {
        assert_eq!(key_number("0"), Some(0));
        assert_eq!(key_number("15"), Some(15));
        assert_eq!(key_number("-5"), Some(-5));
        for text in ["", "-", "-0", "007", "1.0", " 1", "1e3", "99999999999999999999"] {
            assert_eq!(key_number(text), None, "{text}");
        }
    }

    #[test]
    fn trap_19_an_empty_object_is_printed_as_a_list() {
        assert_eq!(
            printed(json!({"a": {}, "b": [], "c": {"0": 1, "1": 2}, "d": {"1": 1}})),
            json!({"a": [], "b": [], "c": [1, 2], "d": {"1": 1}})
        );
    }

    #[test]
    fn what_comes_in_keeps_its_empty_objects() {
        assert_eq!(
            taken_in(json!({"a": {}, "c": {"0": {"0": 1}}, "d": {"1": 1, "0": 2}})),
            json!({"a": {}, "c": [[1]], "d": {"1": 1, "0": 2}})
        );
    }

    #[test]
    fn trap_29_the_text_false_is_true() {
        for value in [json!("false"), json!("N"), json!(" "), json!(1), json!(true), json!([0]), json!("0.0")] {
            assert!(truthy(&value), "{value}");
        }
        for value in [json!("0"), json!(""), json!(0), json!(0.0), json!(false), json!(null), json!([]), json!({})] {
            assert!(!truthy(&value), "{value}");
        }
    }
}
