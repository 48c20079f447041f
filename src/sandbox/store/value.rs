//! Values at the border: what a parameter means to a field, and how a stored value is printed in either family.
//!
//! Source: rest-crm 3.6, 6.7; rest-transport 7.

use jiff::tz::TimeZone;
use serde_json::{Number, Value, json};

use super::moment::{day, instant, print_day, print_instant};
use super::record::{Base, Stored};
use super::schema::{Custom, Field, Kind, Mark};

/// What a parameter does to a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// The field gets this value, or none.
    Set(Option<Stored>),
    /// The field stays as it is: the date could not be read.
    Leave,
    /// A single value, of the PHP type named, was given to a multiple field.
    Scalar(&'static str),
}

/// Whether PHP's `empty()` holds: `""`, `0`, `"0"`, `false`, `null`, `[]`.
pub fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty() || text == "0",
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
    }
}

/// PHP's `(int)`: leading digits of a text, 0 for what is no number.
pub fn integer(value: &Value) -> i64 {
    match value {
        Value::Null | Value::Object(_) => 0,
        Value::Bool(flag) => i64::from(*flag),
        Value::Number(number) => number.as_i64().unwrap_or_else(|| number.as_f64().unwrap_or_default() as i64),
        // Ids above 2^53 keep their last digits, as they do in PHP.
        Value::String(text) => text.trim().parse().unwrap_or_else(|_| number_of(text) as i64),
        Value::Array(items) => i64::from(!items.is_empty()),
    }
}

/// PHP's `(float)`.
pub fn number(value: &Value) -> f64 {
    match value {
        Value::Number(number) => number.as_f64().unwrap_or_default(),
        Value::String(text) => number_of(text),
        other => integer(other) as f64,
    }
}

/// PHP's `(string)`.
pub fn text(value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(false) => String::new(),
        Value::Bool(true) => "1".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(_) | Value::Object(_) => "Array".to_owned(),
    }
}

/// The values of an array, or of an object in its order; nothing for anything else.
pub fn items(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(map) => map.values().collect(),
        _ => Vec::new(),
    }
}

/// The word PHP has for the type of a value, as error 100 shows it.
pub fn php_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "double",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) | Value::Object(_) => "array",
    }
}

/// The number at the start of a text; 0 if there is none.
fn number_of(text: &str) -> f64 {
    let text = text.trim_start();
    let mut end = 0;
    let mut seen_point = false;
    for (place, letter) in text.char_indices() {
        match letter {
            '0'..='9' => end = place + 1,
            '+' | '-' if place == 0 => {}
            '.' if !seen_point => seen_point = true,
            _ => break,
        }
    }
    text[..end].parse().unwrap_or_default()
}

/// Whether a universal method takes a value for yes: `true`, `"Y"`, `"y"`, `"true"`; everything else, `1` and `"1"` too, is no.
///
/// Source: rest-crm 3.6.
pub fn universal_flag(value: &Value) -> bool {
    match value {
        Value::Bool(flag) => *flag,
        Value::String(text) => matches!(text.as_str(), "Y" | "y" | "true"),
        _ => false,
    }
}

/// Whether a classic method takes a value for yes; custom fields are given as 1/0 there.
pub fn classic_flag(value: &Value) -> bool {
    universal_flag(value) || matches!(text(value).as_str(), "1")
}

/// The two method families; they differ in how flags are read and in everything that is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// `crm.item.*`.
    Universal,
    /// `crm.lead.*` and the like.
    Classic,
}

/// What a parameter means to a field. A text longer than its column is cut [inferred in rest-crm 3.6].
pub fn read(field: &Field, value: &Value, family: Family, zone: &TimeZone, now: i64) -> Input {
    if field.is(Mark::Multiple) {
        if is_empty(value) {
            return Input::Set(None);
        }
        if !matches!(value, Value::Array(_) | Value::Object(_)) {
            if family == Family::Universal {
                return Input::Scalar(php_type(value));
            }
            return Input::Set(single(field, value, family, zone, now).map(|value| Stored::List(Box::new([value]))));
        }
        let list: Vec<Stored> = items(value).into_iter().filter_map(|item| single(field, item, family, zone, now)).collect();
        return Input::Set((!list.is_empty()).then(|| Stored::List(list.into_boxed_slice())));
    }
    if is_empty(value) {
        return Input::Set(None);
    }
    match single(field, value, family, zone, now) {
        None if matches!(field.kind.base(), Base::Day | Base::Instant) => Input::Leave,
        found => Input::Set(found),
    }
}

fn single(field: &Field, value: &Value, family: Family, zone: &TimeZone, now: i64) -> Option<Stored> {
    if is_empty(value) {
        return None;
    }
    Some(match field.kind.base() {
        Base::Flag => Stored::Flag(if family == Family::Classic { classic_flag(value) } else { universal_flag(value) }),
        Base::Integer => Stored::Integer(Some(integer(value)).filter(|number| *number != 0)?),
        Base::Number => {
            let places = if let Kind::Custom(Custom::Double(precision)) = field.kind { precision } else { 2 };
            Stored::Number(rounded(number(value), places))
        }
        Base::Day => Stored::Day(day(&text(value), zone, now)?),
        Base::Instant => Stored::Instant(instant(&text(value), zone, now)?),
        Base::Text => {
            if matches!(value, Value::Array(_) | Value::Object(_)) {
                return None;
            }
            Stored::text(cut(&text(value), field.len))
        }
    })
}

/// A number rounded to so many places.
pub fn rounded(number: f64, places: u8) -> f64 {
    let scale = 10_f64.powi(i32::from(places));
    (number * scale).round() / scale
}

/// A text cut to so many characters; 0 is no limit.
pub fn cut(text: &str, len: usize) -> String {
    if len == 0 { text.to_owned() } else { text.chars().take(len).collect() }
}

/// A number as JSON: whole numbers without a fraction.
pub fn print_number(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 9e15 {
        return json!(number as i64);
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

/// A stored value in a universal answer.
pub fn universal(value: Option<&Stored>, field: &Field, zone: &TimeZone) -> Value {
    let Some(value) = value else { return universal_empty(field) };
    match value {
        Stored::Text(text) => json!(text),
        Stored::Integer(number) => json!(number),
        Stored::Number(number) => print_number(*number),
        Stored::Flag(flag) => json!(if *flag { "Y" } else { "N" }),
        Stored::Day(day) => json!(print_day(*day, zone)),
        Stored::Instant(seconds) => json!(print_instant(*seconds, zone)),
        Stored::List(items) => Value::Array(items.iter().map(|item| universal(Some(item), field, zone)).collect()),
    }
}

fn universal_empty(field: &Field) -> Value {
    match field.kind {
        _ if field.is(Mark::Multiple) => json!([]),
        Kind::Flag | Kind::Custom(Custom::Boolean) => json!("N"),
        Kind::Double | Kind::Category => json!(0),
        _ if matches!(field.code, "COMPANY_ID" | "CONTACT_ID" | "WEBFORM_ID") => json!(0),
        _ => Value::Null,
    }
}

/// A stored value in a classic answer: numbers and flags as texts, dates that are empty as `""`.
pub fn classic(value: Option<&Stored>, field: &Field, zone: &TimeZone) -> Value {
    let Some(value) = value else { return classic_empty(field) };
    match value {
        Stored::Text(text) => json!(text),
        Stored::Integer(number) => json!(number.to_string()),
        // A company's revenue stands in a text column, and is printed as it is.
        Stored::Number(number) if field.is_custom() || field.code == "REVENUE" => json!(number.to_string()),
        Stored::Number(number) => json!(format!("{number:.2}")),
        Stored::Flag(flag) if field.is_custom() => json!(if *flag { "1" } else { "0" }),
        Stored::Flag(flag) => json!(if *flag { "Y" } else { "N" }),
        Stored::Day(day) => json!(print_day(*day, zone)),
        Stored::Instant(seconds) => json!(print_instant(*seconds, zone)),
        Stored::List(items) => Value::Array(items.iter().map(|item| classic_item(item, field, zone)).collect()),
    }
}

/// The items of a multiple list field come as numbers, those of other multiple fields as texts.
fn classic_item(value: &Stored, field: &Field, zone: &TimeZone) -> Value {
    match value {
        Stored::Integer(number) if field.kind == Kind::Custom(Custom::Enumeration) => json!(number),
        other => classic(Some(other), field, zone),
    }
}

fn classic_empty(field: &Field) -> Value {
    match field.kind {
        _ if field.is(Mark::Multiple) => json!(false),
        Kind::Flag => json!("N"),
        Kind::Double if field.code == "REVENUE" => json!("0"),
        Kind::Double => json!("0.00"),
        Kind::Category => json!("0"),
        Kind::Date
        | Kind::DateTime
        | Kind::Custom(Custom::Date | Custom::DateTime | Custom::String | Custom::Url | Custom::Money) => json!(""),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::number_of;

    #[test]
    fn numbers_are_read_like_php_reads_them() {
        for (text, expected) in
            [("12500.5", 12500.5), ("12abc", 12.0), ("abc", 0.0), ("-3", -3.0), (" 7", 7.0), ("1.5.2", 1.5), ("", 0.0)]
        {
            assert!((number_of(text) - expected).abs() < 1e-9, "{text}");
        }
    }
}
