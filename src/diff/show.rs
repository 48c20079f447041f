//! A value as text: for machine files with its codes, for people with the portal's words.

use crate::model::{FieldDef, FieldType, Schema, Value};

use super::equal::entries;

/// A value as machine files write it: codes, ids, ISO dates, moments in UTC.
///
/// A date field's moment is its day in UTC (rest-crm 3.2).
#[expect(clippy::only_used_in_recursion, reason = "one signature with `show_label`, so that a report can be given either")]
pub fn show(value: &Value, field: Option<&FieldDef>, schema: &Schema) -> String {
    match value {
        Value::Empty => String::new(),
        Value::Text(text) | Value::Code(text) | Value::Label(text) | Value::Name(text) => text.to_string(),
        Value::Number(number) => number.normalize().to_string(),
        Value::Money(money) => match &money.currency {
            Some(currency) => format!("{}|{currency}", money.amount.normalize()),
            None => money.amount.normalize().to_string(),
        },
        Value::Flag(flag) => if *flag { "Y" } else { "N" }.to_owned(),
        Value::Date(day) => day.to_string(),
        Value::Moment(moment) if field.is_some_and(|field| field.kind == FieldType::Date) => {
            jiff::tz::Offset::UTC.to_datetime(*moment).date().to_string()
        }
        Value::Moment(moment) => moment.to_string(),
        Value::Clock(clock) => clock.to_string(),
        Value::User(id) => id.to_string(),
        Value::Link(id) => id.to_string(),
        Value::List(values) => joined(values.iter().map(|value| show(value, field, schema))),
        Value::Products(rows) => {
            joined(rows.iter().map(|row| format!("{} {} x {}", row.name, row.quantity.normalize(), row.price.normalize())))
        }
    }
}

/// A value as people read it: the texts of entries, the names of users, amounts with their currency.
pub fn show_label(value: &Value, field: Option<&FieldDef>, schema: &Schema) -> String {
    match value {
        Value::List(values) => joined(values.iter().map(|value| show_label(value, field, schema))),
        Value::User(id) => schema.user(*id).map_or_else(|| id.to_string(), crate::model::User::display),
        Value::Money(money) if money.currency.is_some() => {
            format!("{} {}", money.amount.normalize(), money.currency.as_deref().unwrap_or_default())
        }
        Value::Code(code) => label(code, field, schema).unwrap_or_else(|| code.to_string()),
        Value::Number(number)
            if field.is_some_and(|field| matches!(field.kind, FieldType::Enumeration | FieldType::Pipeline)) =>
        {
            let code = number.normalize().to_string();
            label(&code, field, schema).unwrap_or(code)
        }
        other => show(other, field, schema),
    }
}

fn label(code: &str, field: Option<&FieldDef>, schema: &Schema) -> Option<String> {
    let field = field?;
    let found = entries(schema, &field.kind, Some(field)).into_iter().find(|(known, _)| known == code)?;
    Some(found.1.to_owned())
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::kit::{date, moment, number, schema};
    use crate::model::{EntityType, ProductRow, UserId};

    #[track_caller]
    fn check(entity: EntityType, code: &str, value: &Value, machine: &str, people: &str) {
        let schema = schema();
        let field = schema.field(entity, code);
        assert_eq!(show(value, field.as_ref(), &schema), machine);
        assert_eq!(show_label(value, field.as_ref(), &schema), people);
    }

    #[test]
    fn machines_read_codes_and_people_read_words() {
        let deal = EntityType::Deal;
        check(deal, "STAGE_ID", &Value::Code("C9:WON".into()), "C9:WON", "Ganado");
        check(deal, "STAGE_ID", &Value::Code("C9:GONE".into()), "C9:GONE", "C9:GONE");
        check(deal, "CATEGORY_ID", &Value::Code("9".into()), "9", "Mayoreo");
        check(deal, "CURRENCY_ID", &Value::Code("MXN".into()), "MXN", "Peso Mexicano");
        check(deal, "UF_LIST", &number("81"), "81", "Rojo");
        check(deal, "UF_LISTS", &Value::List(vec![Value::Code("81".into()), Value::Code("82".into())]), "81, 82", "Rojo, Verde");
        check(deal, "ASSIGNED_BY_ID", &Value::User(UserId(2)), "2", "Luis Gómez");
        check(deal, "ASSIGNED_BY_ID", &Value::User(UserId(7)), "7", "7");
        check(deal, "UF_MONEY", &Value::money("1500.00".parse().expect("an amount"), Some("MXN".into())), "1500|MXN", "1500 MXN");
    }

    #[test]
    fn values_without_words_are_shown_alike() {
        let deal = EntityType::Deal;
        check(deal, "TITLE", &Value::Empty, "", "");
        check(deal, "OPPORTUNITY", &number("1500.50"), "1500.5", "1500.5");
        check(deal, "BEGINDATE", &date("2024-02-01"), "2024-02-01", "2024-02-01");
        check(deal, "BEGINDATE", &moment("2024-02-01T00:00:00Z"), "2024-02-01", "2024-02-01");
        check(deal, "DATE_CREATE", &moment("2024-02-01T00:00:00Z"), "2024-02-01T00:00:00Z", "2024-02-01T00:00:00Z");
        let row = ProductRow::free("Silla", "99.90".parse().expect("a price"), 2.into());
        check(deal, "PRODUCTS", &Value::Products(vec![row]), "Silla 2 x 99.9", "Silla 2 x 99.9");
    }
}
