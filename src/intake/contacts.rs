//! Columns of a database dump that hold all multi-fields of a kind (csv 8, layout c).

use super::damage;
use super::packed::{self, Packed};
use super::several::split;
use crate::model::{FieldType, MULTIFIELDS, Multi, ProblemCode};

/// The kind of the links to users, which a dump has no such column for.
const LINKS: &str = "LINK";

/// The kind that a column's name is, where the column holds all values of that kind (csv 8, layout c).
pub(super) fn kind_of(name: &str) -> Option<&'static str> {
    MULTIFIELDS.iter().map(|(kind, _)| *kind).find(|kind| *kind == name && *kind != LINKS)
}

/// The types of a kind.
pub(super) fn types_of(kind: &str) -> impl Iterator<Item = &'static str> {
    MULTIFIELDS.iter().filter(move |(known, _)| *known == kind).flat_map(|(_, types)| types.iter().copied())
}

/// The values of a cell of one type that holds them as a database does, each with its type: `[{"VALUE":"+52 55","VALUE_TYPE":"WORK"}]`;
/// `None` for a cell of plain values. A value of another type is none of the column's, and nobody knows which of the two is right.
pub(super) fn of_type(text: &str, multi: &Multi) -> Option<Result<Vec<String>, ProblemCode>> {
    let text = text.trim();
    let is_json = || {
        let within = text.trim_start_matches(['[', '{', ' ', '\n', '\r', '\t']);
        within.starts_with('"') && text[..text.len() - within.len()].contains('{')
    };
    if !(text.starts_with(['[', '{']) && is_json()) && packed::serialised(text)?.is_ok_and(|packed| !holds_values(&packed)) {
        return None;
    }
    Some(contacts(text).and_then(|contacts| {
        let is_own = |value_type: Option<String>| value_type.is_none_or(|value_type| value_type == multi.value_type);
        let own = |(value_type, value): (Option<String>, String)| is_own(value_type).then_some(value);
        contacts.into_iter().map(own).collect::<Option<Vec<String>>>().ok_or(ProblemCode::BadList)
    }))
}

/// Whether a list holds values with their types, or is one.
fn holds_values(packed: &Packed) -> bool {
    let Packed::List(items) = packed else { return false };
    is_value(items) || items.iter().any(|(_, item)| matches!(item, Packed::List(items) if is_value(items)))
}

/// Whether keys and values are those of one value.
fn is_value(items: &[(String, Packed)]) -> bool {
    items.iter().any(|(key, _)| key == "VALUE")
}

/// The values of a cell of all of a kind, in order: the type, where the cell says it, and the value.
pub(super) fn contacts(text: &str) -> Result<Vec<(Option<String>, String)>, ProblemCode> {
    let text = text.trim();
    let packed = match packed::serialised(text).or_else(|| packed::json(text).map(Ok)) {
        Some(Err(packed::Unreadable)) => return Err(ProblemCode::BadList),
        None if text.starts_with(['[', '{']) => return Err(ProblemCode::BadList),
        Some(Ok(Packed::List(items))) if is_value(&items) => vec![Packed::List(items)],
        Some(Ok(Packed::List(items))) => items.into_iter().map(|(_, item)| item).collect(),
        // A cell of plain values says nothing of their types.
        Some(Ok(Packed::Text(_))) | None => split(&FieldType::Other, text).into_iter().map(Packed::Text).collect::<Vec<_>>(),
    };
    let mut contacts = Vec::new();
    for item in packed {
        let value_type = item.get("VALUE_TYPE").map(str::to_owned);
        let value = match (item.get("VALUE").map(str::to_owned), item) {
            (Some(value), _) | (None, Packed::Text(value)) => value,
            (None, Packed::List(_)) => return Err(ProblemCode::BadList),
        };
        if damage::is_lost(value.trim()) {
            return Err(ProblemCode::SpreadsheetDamage);
        }
        if !value.trim().is_empty() {
            contacts.push((value_type, value));
        }
    }
    Ok(contacts)
}
