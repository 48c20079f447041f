//! What a plan says in numbers: `summary.json`, which `plan --json` prints too.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::EntityType;

/// The numbers of a plan. Its JSON form is part of the contract.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Host (and port) of the portal.
    pub portal: String,
    /// When the plan was made: RFC 3339, UTC.
    pub made_at: String,
    /// What the files were compared with: `portal` or `snapshot`.
    pub against: String,
    /// The zone in which the files' times were read, by IANA name or offset.
    pub zone: String,
    /// The restore files, in the order given.
    pub files: Vec<FileSummary>,
    /// The counts of each record type that the files hold.
    pub entities: BTreeMap<EntityType, EntityCounts>,
    /// Requests to the portal.
    pub requests: Requests,
    /// How long `apply` will take.
    pub forecast: Forecast,
    /// What a person should know, each with its count.
    pub warnings: Vec<Warning>,
    /// What was inferred of the files.
    #[serde(default)]
    pub inferred: Vec<Inferred>,
}

/// One thing that was inferred of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inferred {
    /// The file's path as the user gave it.
    pub file: String,
    /// What: `date_order`, `clock`, `numbers`, `users`, `dictionaries`, `label`, `empty` or `zone`.
    pub what: String,
    /// What it was found to be.
    pub value: String,
    /// What it was found by, for people.
    pub how: String,
    /// How many records that are both in the file and in the portal bear it out; 0 where none could be compared.
    pub records: u64,
}

/// A restore file in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSummary {
    /// The path as the user gave it.
    pub path: String,
    /// What it holds.
    pub entity: EntityType,
    /// Its encoding by its WHATWG label.
    pub encoding: String,
    /// Its delimiter.
    pub delimiter: String,
    /// The language of its titles (ISO 639-1); null for field codes.
    pub language: Option<String>,
    /// Its data rows, rejected ones included.
    pub rows: u64,
    /// Rows that can't be used.
    pub rejected: u64,
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
}

/// The verdicts of one record type. The six verdict counts add up to `in_file`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntityCounts {
    /// The selected rows.
    pub in_file: u64,
    /// No record in the portal answers for them.
    pub missing: u64,
    /// There, and some columns differ.
    pub changed: u64,
    /// There, and equal.
    pub identical: u64,
    /// Back under a new id.
    pub restored: u64,
    /// Not there by id, but somebody alike is.
    pub duplicate: u64,
    /// Rows that can't be used.
    pub rejected: u64,
    /// Live records that no row answers for.
    pub only_in_portal: u64,
    /// Of these, how many were made after the newest moment in the files.
    pub newer_in_portal: u64,
    /// Rows left out by choice.
    pub left_out: u64,
    /// Links of live records that are empty or dead because their target was lost.
    pub lost_links: u64,
    /// Records that `apply` will create.
    pub to_create: u64,
    /// Records that `apply` will update: `--changed restore` and `--relink`.
    pub to_update: u64,
    /// Created records that need an update afterwards (rest-crm 4.2, 4.5).
    pub to_mend: u64,
}

/// Requests to the portal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requests {
    /// Made for the plan.
    pub made: u64,
    /// Needed by `apply`.
    pub to_apply: u64,
}

/// How long `apply` will take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// In seconds.
    pub seconds: u64,
    /// Which limit decides: `requests`, `operating` or `nothing`.
    pub bound_by: String,
}

/// Something that a person should know before applying.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// What it is, in snake case.
    pub code: String,
    /// Which record type it is about; absent for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity: Option<EntityType>,
    /// Which field it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// How many records.
    pub records: u64,
    /// The sentence for a person, in the language of the run.
    pub text: String,
}

impl Summary {
    /// The counts of all record types together.
    pub fn total(&self) -> EntityCounts {
        let mut total = EntityCounts::default();
        for counts in self.entities.values() {
            total.in_file += counts.in_file;
            total.missing += counts.missing;
            total.changed += counts.changed;
            total.identical += counts.identical;
            total.restored += counts.restored;
            total.duplicate += counts.duplicate;
            total.rejected += counts.rejected;
            total.only_in_portal += counts.only_in_portal;
            total.newer_in_portal += counts.newer_in_portal;
            total.left_out += counts.left_out;
            total.lost_links += counts.lost_links;
            total.to_create += counts.to_create;
            total.to_update += counts.to_update;
            total.to_mend += counts.to_mend;
        }
        total
    }
}
