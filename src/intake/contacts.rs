//! Columns of a database dump that hold all multi-fields of a kind (csv 8, layout c).

use crate::model::MULTIFIELDS;

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
