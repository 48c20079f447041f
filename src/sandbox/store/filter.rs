//! Filters, orders and pages of lists over records.
//!
//! Source: rest-crm 3.3; rest-transport 6.

use std::cmp::Ordering;
use std::ops::Bound;

use serde_json::Value;

use super::Store;
use super::record::{Base, Entity, Record, Stored};
use super::schema::{Custom, Field, Kind, Mark};
use super::value::{self, day, instant};

/// Rows of a page; it can't be chosen. Source: rest-transport 6.1.
pub const PAGE: usize = 50;

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

/// What a list call asks for.
#[derive(Debug, Clone)]
pub struct Query {
    /// The filter.
    pub condition: Condition,
    /// Fields and whether they descend, in turn. Empty is by id.
    pub order: Vec<(Field, bool)>,
    /// The first row's offset, rounded down to a page; none for `start=-1`: the first page without counting.
    pub start: Option<usize>,
}

/// A page of records.
#[derive(Debug)]
pub struct Page<'store> {
    /// At most [`PAGE`] records.
    pub records: Vec<&'store Record>,
    /// How many there are under the filter; none where it wasn't counted.
    pub total: Option<usize>,
}

/// The offset that a `start` parameter means: none for -1, else rounded down to a page.
pub fn start_of(value: Option<&Value>) -> Option<usize> {
    let start = value.map_or(0, value::integer);
    if start == -1 { None } else { Some(usize::try_from(start).unwrap_or_default() / PAGE * PAGE) }
}

impl Store {
    /// The values of a field of a record, for filters and orders: links and ids included.
    pub fn values_of(&self, record: &Record, field: &Field) -> Vec<Stored> {
        match self.value_of(record, field.code) {
            None => Vec::new(),
            Some(Stored::List(list)) => list.into_vec(),
            Some(single) => vec![single],
        }
    }

    /// A field of a record, with those that are kept as links.
    pub fn value_of(&self, record: &Record, code: &str) -> Option<Stored> {
        let list = |ids: Vec<u64>| {
            (!ids.is_empty()).then(|| Stored::List(ids.into_iter().map(|id| Stored::Integer(id as i64)).collect()))
        };
        let targets = || record.links.iter().map(|link| link.target).collect();
        let primary = || Some(record.primary()).filter(|id| *id > 0).map(|id| Stored::Integer(id as i64));
        match (record.entity, code) {
            (_, "ID") => Some(Stored::Integer(record.id as i64)),
            (Entity::Contact, "COMPANY_ID") | (_, "CONTACT_ID") => primary(),
            (Entity::Contact, "COMPANY_IDS") => list(targets()),
            (Entity::Company, "CONTACT_IDS") => {
                list(self.contacts_of_company(record.id).into_iter().map(|link| link.target).collect())
            }
            (_, "CONTACT_IDS") => {
                let mut ids: Vec<u64> = targets();
                // The primary contact comes first. Source: rest-crm 3.6.
                ids.sort_by_key(|id| *id != record.primary());
                list(ids)
            }
            _ => record.get(code).cloned(),
        }
    }

    /// A page of a type's records. By id it reads only the range that the filter leaves, and only until the page is full unless the rows
    /// have to be counted.
    pub fn page(&self, entity: Entity, query: &Query) -> Page<'_> {
        let condition = &query.condition;
        let descending = query.order.first().is_some_and(|(_, descending)| *descending);
        let by_id = query.order.first().is_none_or(|(field, _)| field.code == "ID");
        let found: Box<dyn Iterator<Item = &Record>> = match condition.ids(self, entity) {
            Some(ids) => {
                let records: Vec<&Record> = ids.into_iter().filter_map(|id| self.record(entity, id)).collect();
                if by_id && descending { Box::new(records.into_iter().rev()) } else { Box::new(records.into_iter()) }
            }
            None if by_id && descending => Box::new(self.records(entity, condition.id_range()).rev()),
            None => Box::new(self.records(entity, condition.id_range())),
        };
        let mut found = found.filter(|record| condition.holds(self, record));
        let start = query.start.unwrap_or_default();
        if !by_id {
            let mut all: Vec<(Vec<Option<Stored>>, &Record)> =
                found.map(|record| (self.sort_key(record, &query.order), record)).collect();
            all.sort_by(|left, right| order_of(&left.0, &right.0, &query.order).then(left.1.id.cmp(&right.1.id)));
            let total = query.start.map(|_| all.len());
            return Page { records: all.into_iter().skip(start).take(PAGE).map(|(_, record)| record).collect(), total };
        }
        if query.start.is_none() {
            return Page { records: found.take(PAGE).collect(), total: None };
        }
        let mut total = found.by_ref().take(start).count();
        let records: Vec<&Record> = found.by_ref().take(PAGE).collect();
        total += records.len() + found.count();
        Page { records, total: Some(total) }
    }

    fn sort_key(&self, record: &Record, fields: &[(Field, bool)]) -> Vec<Option<Stored>> {
        fields.iter().map(|(field, _)| self.values_of(record, field).into_iter().next()).collect()
    }
}

/// What is empty comes first, as in the database.
fn order_of(left: &[Option<Stored>], right: &[Option<Stored>], fields: &[(Field, bool)]) -> Ordering {
    for ((left, right), (_, descending)) in left.iter().zip(right).zip(fields) {
        let ordering = match (left, right) {
            (Some(left), Some(right)) => order(left, right),
            (left, right) => left.is_some().cmp(&right.is_some()),
        };
        let ordering = if *descending { ordering.reverse() } else { ordering };
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
    Ordering::Equal
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
