//! A value -> the text of its cell, so that intake reads the same value back.

use jiff::tz::Offset;

use crate::model::Value;

/// The text of a value. Product rows have columns and lines of their own, and no text here.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Empty | Value::Products(_) => String::new(),
        Value::Text(text) | Value::Code(text) | Value::Label(text) | Value::Name(text) => text.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Money(money) => match &money.currency {
            Some(currency) => format!("{}|{currency}", money.amount),
            None => money.amount.to_string(),
        },
        Value::Flag(true) => "Y".to_owned(),
        Value::Flag(false) => "N".to_owned(),
        Value::Date(date) => date.to_string(),
        Value::Moment(moment) => moment.display_with_offset(Offset::UTC).to_string(),
        Value::Clock(clock) => clock.to_string(),
        Value::User(user) => user.to_string(),
        Value::Link(id) => id.to_string(),
        Value::List(values) => list(&values.iter().map(text).collect::<Vec<_>>()),
    }
}

/// Values joined by a comma and a space, or a JSON array where splitting at these would not give them back.
fn list(parts: &[String]) -> String {
    let joined = parts.join(", ");
    let is_plain = |part: &String| !part.is_empty() && part.trim() == part && !part.contains(", ") && !part.contains('\n');
    if parts.iter().all(is_plain) && !joined.starts_with('[') && !joined.starts_with("a:") {
        return joined;
    }
    serde_json::Value::from(parts).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_with_a_comma_makes_the_cell_an_array() {
        let texts = |parts: &[&str]| Value::List(parts.iter().map(|part| Value::Text((*part).into())).collect());
        assert_eq!(text(&texts(&["+52 1", "55"])), "+52 1, 55");
        assert_eq!(text(&texts(&["Rojo, claro", "Azul"])), r#"["Rojo, claro","Azul"]"#);
        assert_eq!(text(&texts(&["[x]"])), r#"["[x]"]"#);
    }

    #[test]
    fn moments_bear_their_offset() {
        assert_eq!(text(&Value::Moment("2024-01-15T15:04:05Z".parse().unwrap())), "2024-01-15T15:04:05+00:00");
    }
}
