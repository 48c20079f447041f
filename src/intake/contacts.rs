//! Columns of a database dump that hold all multi-fields of a kind (csv 8, layout c).

use super::damage;
use super::packed::{self, Packed};
use super::several::split;
use crate::model::{FieldType, MULTIFIELDS, ProblemCode};

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

/// The values of a cell of all of a kind: type and value, in order.
pub(super) fn contacts(text: &str) -> Result<Vec<(String, String)>, ProblemCode> {
    let text = text.trim();
    let packed = match packed::serialised(text).or_else(|| packed::json(text).map(Ok)) {
        Some(Err(packed::Unreadable)) => return Err(ProblemCode::BadList),
        None if text.starts_with(['[', '{']) => return Err(ProblemCode::BadList),
        Some(Ok(Packed::List(items))) => items.into_iter().map(|(_, item)| item).collect(),
        // A cell of plain values says nothing of their types.
        Some(Ok(Packed::Text(_))) | None => split(&FieldType::Other, text).into_iter().map(Packed::Text).collect::<Vec<_>>(),
    };
    let mut contacts = Vec::new();
    for item in packed {
        let value_type = item.get("VALUE_TYPE").unwrap_or("WORK").to_owned();
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
