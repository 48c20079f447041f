//! Filters of lists over records: prefixes, operands, comparisons.
//!
//! Source: rest-crm 3.3; rest-transport 6.

use std::cmp::Ordering;
use std::ops::Bound;

use serde_json::Value;

use super::Store;
use super::moment::{day, instant};
use super::record::{Base, Entity, Record, Stored};
use super::schema::{Custom, Field, Kind, Mark};
use super::value;

/// How a condition compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `=` or no prefix.
    Equal,
    /// `!` or `!=`.
    NotEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterOrEqual,
    /// `<`.
    Less,
    /// `<=`.
    LessOrEqual,
    /// `@`.
    In,
    /// `!@`.
    NotIn,
    /// `%`.
    Contains,
    /// `!%`.
    NotContains,
    /// `=%` or `%=`.
    Like,
    /// `!=%` or `!%=`.
    NotLike,
    /// `><`.
    Between,
    /// `!><`.
    NotBetween,
}

/// Longer prefixes first, so that each is found before what it starts with.
const PREFIXES: [(&str, Operator); 17] = [
    ("!><", Operator::NotBetween),
    ("!=%", Operator::NotLike),
    ("!%=", Operator::NotLike),
    ("><", Operator::Between),
    (">=", Operator::GreaterOrEqual),
    ("<=", Operator::LessOrEqual),
    ("!@", Operator::NotIn),
    ("!%", Operator::NotContains),
    ("!=", Operator::NotEqual),
    ("=%", Operator::Like),
    ("%=", Operator::Like),
    (">", Operator::Greater),
    ("<", Operator::Less),
    ("@", Operator::In),
    ("%", Operator::Contains),
    ("!", Operator::NotEqual),
    ("=", Operator::Equal),
];

/// The operator and the bare name of a filter key.
pub fn split_key(key: &str) -> (Operator, &str) {
    PREFIXES.iter().find_map(|(prefix, operator)| Some((*operator, key.strip_prefix(prefix)?))).unwrap_or((Operator::Equal, key))
}

/// A filter that was understood.
#[derive(Debug, Clone)]
pub enum Condition {
    /// All of them hold.
    All(Vec<Condition>),
    /// One of them holds.
    Any(Vec<Condition>),
    /// A field compares with operands, read as the field's values; none among them stands for "empty".
    Field(Field, Operator, Vec<Option<Stored>>),
    /// A multi-field of a kind is like a pattern.
    Multi(&'static str, String),
}

/// Reads the operands of a condition as values of its field. None if the operator can't take the value.
pub fn operands(store: &Store, field: &Field, operator: Operator, value: &Value) -> Option<Vec<Option<Stored>>> {
    let list = matches!(operator, Operator::In | Operator::NotIn | Operator::Between | Operator::NotBetween);
    match value {
        Value::Array(_) | Value::Object(_) if list || matches!(operator, Operator::Equal | Operator::NotEqual) => {
            Some(value::items(value).into_iter().map(|item| operand(store, field, operator, item)).collect())
        }
        Value::Array(_) | Value::Object(_) => None,
        single => Some(vec![operand(store, field, operator, single)]),
    }
}

fn operand(store: &Store, field: &Field, operator: Operator, value: &Value) -> Option<Stored> {
    let pattern = matches!(operator, Operator::Contains | Operator::NotContains | Operator::Like | Operator::NotLike);
    if value.is_null() || value == &Value::from("") || value == &Value::Bool(false) && field.kind.base() != Base::Flag {
        return None;
    }
    if pattern {
        return Some(Stored::text(value::text(value)));
    }
    Some(match field.kind.base() {
        Base::Integer => Stored::Integer(value::integer(value)),
        Base::Number => Stored::Number(value::number(value)),
        // Custom flags are asked for by 1 and 0 only. Source: rest-crm 3.3.
        Base::Flag if field.kind == Kind::Custom(Custom::Boolean) => Stored::Flag(value::integer(value) == 1),
        Base::Flag => Stored::Flag(value::classic_flag(value)),
        Base::Day => Stored::Day(day(&value::text(value), store.zone(), store.now())?),
        Base::Instant => Stored::Instant(instant(&value::text(value), store.zone(), store.now())?),
        Base::Text => Stored::text(value::text(value)),
    })
}

impl Condition {
    /// Whether a record is among those asked for.
    pub fn holds(&self, store: &Store, record: &Record) -> bool {
        match self {
            Self::All(all) => all.iter().all(|condition| condition.holds(store, record)),
            Self::Any(any) => any.is_empty() || any.iter().any(|condition| condition.holds(store, record)),
            Self::Multi(kind, pattern) => record.multi.iter().any(|multi| multi.type_id == *kind && like(&multi.value, pattern)),
            Self::Field(field, operator, operands) if is_derived(field) => {
                compare(field, *operator, operands, &store.values_of(record, field))
            }
            Self::Field(field, operator, operands) => match record.get(field.code) {
                None => compare(field, *operator, operands, &[]),
                Some(Stored::List(values)) => compare(field, *operator, operands, values),
                Some(value) => compare(field, *operator, operands, std::slice::from_ref(value)),
            },
        }
    }

    /// The ids that can hold at all: the range that the conditions on `ID` leave.
    pub fn id_range(&self) -> (Bound<u64>, Bound<u64>) {
        let mut range = (0, u64::MAX);
        self.narrow(&mut range);
        if range.0 > range.1 {
            (Bound::Included(1), Bound::Excluded(1))
        } else {
            (Bound::Included(range.0), Bound::Included(range.1))
        }
    }

    fn narrow(&self, range: &mut (u64, u64)) {
        match self {
            Self::All(all) => all.iter().for_each(|condition| condition.narrow(range)),
            Self::Field(field, operator, operands) if field.code == "ID" => {
                let ids: Vec<u64> = operands
                    .iter()
                    .map(|id| id.as_ref().and_then(Stored::as_integer).unwrap_or_default().max(0) as u64)
                    .collect();
                let (Some(least), Some(most)) = (ids.iter().min().copied(), ids.iter().max().copied()) else { return };
                match operator {
                    Operator::Equal | Operator::In | Operator::Between => *range = (range.0.max(least), range.1.min(most)),
                    Operator::Greater => range.0 = range.0.max(least.saturating_add(1)),
                    Operator::GreaterOrEqual => range.0 = range.0.max(least),
                    Operator::Less => range.1 = range.1.min(least.saturating_sub(1)),
                    Operator::LessOrEqual => range.1 = range.1.min(least),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// The only ids that can hold, where `=ID`, `@ID` or the same for `ORIGIN_ID` stands among the conditions.
    pub fn ids(&self, store: &Store, entity: Entity) -> Option<Vec<u64>> {
        match self {
            Self::All(all) => all.iter().find_map(|condition| condition.ids(store, entity)),
            Self::Field(field, Operator::Equal | Operator::In, operands)
                if field.code == "ORIGIN_ID" && operands.iter().all(Option::is_some) =>
            {
                let origins = operands.iter().flatten().filter_map(Stored::as_text);
                let mut ids: Vec<u64> = origins.flat_map(|origin| store.with_origin(entity, origin)).collect();
                ids.sort_unstable();
                ids.dedup();
                Some(ids)
            }
            Self::Field(field, Operator::Equal | Operator::In, operands) if field.code == "ID" => {
                let mut ids: Vec<u64> =
                    operands.iter().flatten().filter_map(Stored::as_integer).filter_map(|id| u64::try_from(id).ok()).collect();
                ids.sort_unstable();
                ids.dedup();
                Some(ids)
            }
            _ => None,
        }
    }
}

/// Whether a field isn't stored under its code, but is the record's id or follows from its links.
fn is_derived(field: &Field) -> bool {
    matches!(field.code, "ID" | "COMPANY_ID" | "COMPANY_IDS" | "CONTACT_ID" | "CONTACT_IDS")
}

fn compare(field: &Field, operator: Operator, operands: &[Option<Stored>], values: &[Stored]) -> bool {
    let equals = |operand: &Option<Stored>| match operand {
        None => values.iter().all(is_blank),
        Some(operand) => {
            values.iter().any(|value| order(value, operand) == Ordering::Equal) || values.is_empty() && is_zero(field, operand)
        }
    };
    let first = operands.first().and_then(Option::as_ref);
    let ordered =
        |wanted: &[Ordering]| first.is_some_and(|operand| values.iter().any(|value| wanted.contains(&order(value, operand))));
    let matches = |pattern: &dyn Fn(&str) -> String| {
        let text = first.map(plain).unwrap_or_default();
        values.iter().any(|value| like(&plain(value), &pattern(&text)))
    };
    let within = || match operands {
        [Some(least), Some(most)] => {
            values.iter().any(|value| order(value, least) != Ordering::Less && order(value, most) != Ordering::Greater)
        }
        _ => false,
    };
    match operator {
        Operator::Equal | Operator::In => operands.iter().any(equals),
        Operator::NotEqual | Operator::NotIn => !operands.iter().any(equals),
        Operator::Greater => ordered(&[Ordering::Greater]),
        Operator::GreaterOrEqual => ordered(&[Ordering::Greater, Ordering::Equal]),
        Operator::Less => ordered(&[Ordering::Less]),
        Operator::LessOrEqual => ordered(&[Ordering::Less, Ordering::Equal]),
        Operator::Contains => matches(&|text| format!("%{}%", escaped(text))),
        Operator::NotContains => !matches(&|text| format!("%{}%", escaped(text))),
        Operator::Like => matches(&str::to_owned),
        Operator::NotLike => !matches(&str::to_owned),
        Operator::Between => within(),
        Operator::NotBetween => !within(),
    }
}

/// A blank text and a missing value are the same to a filter.
fn is_blank(value: &Stored) -> bool {
    matches!(value, Stored::Text(text) if text.is_empty())
}

/// References, amounts and flags that are empty stand as 0 and N in the database.
fn is_zero(field: &Field, operand: &Stored) -> bool {
    match operand {
        Stored::Integer(number) => *number == 0 && !field.is(Mark::Multiple),
        Stored::Number(number) => *number == 0.0,
        Stored::Flag(flag) => !flag,
        _ => false,
    }
}

/// The order of two values of one field; texts without regard to case, as the database's collation has it.
pub fn order(left: &Stored, right: &Stored) -> Ordering {
    match (left, right) {
        (Stored::Integer(left), Stored::Integer(right)) | (Stored::Instant(left), Stored::Instant(right)) => left.cmp(right),
        (Stored::Number(left), Stored::Number(right)) => left.total_cmp(right),
        (Stored::Flag(left), Stored::Flag(right)) => left.cmp(right),
        (Stored::Day(left), Stored::Day(right)) => left.cmp(right),
        (Stored::Text(left), Stored::Text(right)) => order_of_texts(left, right),
        (left, right) => order_of_texts(&plain(left), &plain(right)),
    }
}

fn order_of_texts(left: &str, right: &str) -> Ordering {
    if left.is_ascii() && right.is_ascii() {
        return left.bytes().map(|byte| byte.to_ascii_lowercase()).cmp(right.bytes().map(|byte| byte.to_ascii_lowercase()));
    }
    left.chars().flat_map(char::to_lowercase).cmp(right.chars().flat_map(char::to_lowercase))
}

fn plain(value: &Stored) -> String {
    match value {
        Stored::Text(text) => text.to_string(),
        other => value::text(&other.to_disk()),
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// SQL's LIKE without regard to case: `%` any text, `_` any letter, `\` takes the next sign as it is.
pub fn like(text: &str, pattern: &str) -> bool {
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let mut signs = Vec::new();
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        signs.push(match letter {
            '%' => Sign::Any,
            '_' => Sign::One,
            '\\' => Sign::Letter(letters.next().unwrap_or('\\').to_lowercase().next().unwrap_or_default()),
            other => Sign::Letter(other.to_lowercase().next().unwrap_or_default()),
        });
    }
    let (mut place, mut sign, mut retry) = (0, 0, None);
    while place < text.len() {
        match signs.get(sign) {
            Some(Sign::Any) => {
                retry = Some((sign + 1, place));
                sign += 1;
            }
            Some(Sign::One) => (place, sign) = (place + 1, sign + 1),
            Some(Sign::Letter(letter)) if *letter == text[place] => (place, sign) = (place + 1, sign + 1),
            _ => {
                let Some((after, from)) = retry else { return false };
                retry = Some((after, from + 1));
                (sign, place) = (after, from + 1);
            }
        }
    }
    signs[sign..].iter().all(|sign| *sign == Sign::Any)
}

#[derive(PartialEq, Eq)]
enum Sign {
    Any,
    One,
    Letter(char),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_matches_as_sql_does() {
        for (text, pattern, expected) in [
            ("Molnár", "mol%", true),
            ("Molnár", "%NÁR", true),
            ("Molnár", "%oln%", true),
            ("Molnár", "oln", false),
            ("100%", "100\\%", true),
            ("1000", "100\\%", false),
            ("abc", "a_c", true),
            ("", "%", true),
            ("aXbXc", "a%b%c", true),
        ] {
            assert_eq!(like(text, pattern), expected, "{text} like {pattern}");
        }
    }

    #[test]
    fn every_prefix_is_told_apart() {
        for (key, operator) in PREFIXES.map(|(prefix, operator)| (format!("{prefix}title"), operator)) {
            assert_eq!(split_key(&key), (operator, "title"));
        }
        assert_eq!(split_key("title"), (Operator::Equal, "title"));
    }
}
