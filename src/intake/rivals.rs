//! Titles that two fields of a portal bear: a custom field may be called like a system field, or like another custom field (csv 4.8).
//! The export prints its own columns first, unless a user has put them in another order; the portal's records tell.

use super::columns::{Column, Role};
use super::field_labels::FieldLabels;
use crate::model::FieldCode;

/// The columns of one title, and the two fields that it may mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rivals {
    /// The title.
    pub title: String,
    /// Their places: one or two.
    pub columns: Vec<usize>,
    /// What the first of them was taken for, and the other field: the second column's, or one that no column was found for.
    pub codes: [FieldCode; 2],
}

/// The titles of a file that two fields bear.
pub(super) fn find(columns: &[Column], labels: &FieldLabels) -> Vec<Rivals> {
    let held = |column: &Column| column.code.clone().filter(|code| is_open(column) && code.as_str() != "ID");
    let is_taken = |code: &FieldCode| columns.iter().any(|column| column.code.as_ref() == Some(code));
    let mut rivals = Vec::new();
    for (at, column) in columns.iter().enumerate() {
        let Some(own) = held(column) else { continue };
        let is_same = |other: &Column| other.name == column.name;
        if columns[..at].iter().any(|other| is_same(other) && held(other).is_some()) {
            continue;
        }
        let mates: Vec<usize> = (at + 1..columns.len()).filter(|mate| is_same(&columns[*mate])).collect();
        let mut free = labels.exact(&column.name).into_iter().flatten().filter(|code| !is_taken(code));
        let (places, other) = match (mates.as_slice(), free.next(), free.next()) {
            ([mate], _, _) => (vec![at, *mate], held(&columns[*mate])),
            ([], Some(other), None) => (vec![at], Some(other.clone())),
            _ => continue,
        };
        if let Some(other) = other {
            rivals.push(Rivals { title: column.name.clone(), columns: places, codes: [own, other] });
        }
    }
    rivals
}

/// Whether nobody has said what a column is.
fn is_open(column: &Column) -> bool {
    column.role == Role::Field && !column.is_given() && !column.name.is_empty()
}
