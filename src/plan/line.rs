//! A line of `records.jsonl`: what the comparison says of one record that is not identical.

use serde::{Deserialize, Serialize};

use crate::model::EntityType;

/// One record of the restore files that is not identical. Its JSON form is part of the contract.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordLine {
    /// What kind of record it is.
    pub entity: EntityType,
    /// Its id in the file; null for a rejected row whose id can't be read.
    pub original_id: Option<u64>,
    /// The verdict's code: `missing`, `changed`, `restored`, `duplicate`, `rejected`.
    pub verdict: String,
    /// What a person would call it.
    pub title: String,
    /// The file it stands in.
    pub file: String,
    /// The line on which it begins.
    pub line: u64,
    /// The live record that answers for it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub portal_id: Option<u64>,
    /// By what it was matched: `id`, `mark`, `twin`, `email`, ...; absent when nothing matched.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub matched_by: Option<String>,
    /// Why a row is rejected.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// All live records that look like it, for duplicates.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub candidates: Vec<u64>,
    /// The columns that differ.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub changes: Vec<ChangeLine>,
    /// The records of the files that must be there first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub depends_on: Vec<RecordRef>,
    /// Whether a cell of it could not be understood.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub incomplete: bool,
    /// Codes of what a person should know of it (`link_ambiguous:CONTACT_ID`).
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub notes: Vec<String>,
}

/// What stands in the place of a value that a report leaves out.
const LEFT_OUT: &str = "•••";

impl RecordLine {
    /// The same line for a report that is handed on: ids, places and codes stay, names and values go.
    #[must_use]
    pub fn redacted(mut self) -> Self {
        self.title.clear();
        for change in &mut self.changes {
            for value in [&mut change.file, &mut change.portal].into_iter().filter(|value| !value.is_empty()) {
                LEFT_OUT.clone_into(value);
            }
        }
        self
    }
}

/// One column that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeLine {
    /// The classic field code.
    pub field: String,
    /// The file's value.
    pub file: String,
    /// The portal's value.
    pub portal: String,
    /// Whether it is a link that was lost because its target was lost.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub lost_link: bool,
}

/// A record of the files, named by type and original id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RecordRef {
    /// What kind of record it is.
    pub entity: EntityType,
    /// Its id in the file.
    pub original_id: u64,
}
