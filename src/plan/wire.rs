//! A typed value -> what a REST call carries.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde_json::{Value as Json, json};

use crate::model::{FieldType, Value};

/// The moment of a value: a moment itself, or a file's clock in the files' zone (the earlier one where the clock was set back).
pub fn moment(value: &Value, zone: &TimeZone) -> Option<Timestamp> {
    match value {
        Value::Moment(moment) => Some(*moment),
        Value::Clock(clock) => zone.to_ambiguous_timestamp(*clock).compatible().ok(),
        _ => None,
    }
}

/// A value as `crm.item.*` takes it; `None` when it can't be written: empty, a label that no entry answers to, a name, a link.
///
/// Numbers go as texts, so that no digit is lost. A zero is left out: the portal takes it for "nothing" and an empty number equals it
/// (rest-crm 3.6). Dates go as `YYYY-MM-DD`, because an offset would be cut to the server's day (rest-crm 3.6).
pub fn wire(value: &Value, kind: &FieldType, zone: &TimeZone) -> Option<Json> {
    match value {
        Value::Empty | Value::Label(_) | Value::Name(_) | Value::Link(_) | Value::Products(_) => None,
        Value::Text(text) if text.is_empty() => None,
        Value::Text(text) | Value::Code(text) => Some(json!(text)),
        Value::Number(number) if number.is_zero() => None,
        Value::Number(number) => Some(json!(number.normalize().to_string())),
        Value::Money(of) => Some(json!(money(of.amount, of.currency.as_deref()))),
        Value::Flag(flag) => Some(json!(if *flag { "Y" } else { "N" })),
        Value::Date(date) => Some(json!(date.to_string())),
        Value::Moment(_) | Value::Clock(_) => {
            let moment = moment(value, zone)?;
            if *kind == FieldType::Date {
                return Some(json!(zone.to_datetime(moment).date().to_string()));
            }
            Some(json!(rfc3339(moment)))
        }
        Value::User(user) => Some(json!(user.0)),
        Value::List(values) => {
            let wired: Vec<Json> = values.iter().filter_map(|value| wire(value, kind, zone)).collect();
            (!wired.is_empty()).then_some(Json::Array(wired))
        }
    }
}

/// A moment to the second, with the offset of UTC spelled out.
pub fn rfc3339(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

/// An amount keeps its decimals as they stand: the portal stores it as a text.
fn money(amount: Decimal, currency: Option<&str>) -> String {
    match currency {
        Some(currency) => format!("{amount}|{currency}"),
        None => amount.to_string(),
    }
}
