//! All that any report may say. Gathered by the pipeline, told by the renderers; nothing is decided here.

use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::EntityType;
use crate::plan::Summary;

/// What the reports of a plan tell, besides the lines of `records.jsonl`, which they read from the plan directory.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The plan's numbers.
    pub summary: Summary,
    /// When it was made.
    pub made_at: Timestamp,
    /// The zone in which moments are shown: the portal's.
    pub zone: TimeZone,
    /// The newest moment in the files: up to here the copy reaches.
    pub newest: Option<Timestamp>,
    /// Who looked: the webhook's user.
    pub user: String,
    /// Whether they are an administrator; if not, the plan only reports.
    pub admin: bool,
    /// The money in the deals that will be created, by currency, largest count first.
    pub money: Vec<MoneyAtStake>,
    /// The responsible person with the most missing records, and how many.
    pub hardest_hit: Option<(String, u64)>,
    /// Records whose creation date the portal will keep.
    pub dates_kept: u64,
    /// Records that will bear the day of their re-creation.
    pub dates_lost: u64,
    /// Columns of the files that can't be written over REST: type, title, records that hold something there.
    pub unwritable: Vec<(EntityType, String, u64)>,
    /// Columns of the files that no field of the portal answers for.
    pub unmapped: Vec<(EntityType, String)>,
    /// The records that wait for a decision: duplicates, ambiguous links, missing parents.
    pub to_decide: u64,
    /// What was inferred and how (date order, zone, matching order): sentences already in the language of the run.
    pub inferred: Vec<String>,
    /// Whether the portal is the sandbox.
    pub sandbox: bool,
    /// The plan directory.
    pub dir: PathBuf,
}

/// The money in deals that are missing.
#[derive(Debug, Clone, PartialEq)]
pub struct MoneyAtStake {
    /// The currency's code.
    pub currency: String,
    /// Sum of all missing deals.
    pub total: rust_decimal::Decimal,
    /// How many they are.
    pub deals: u64,
    /// Sum of those that are still open.
    pub open_total: rust_decimal::Decimal,
    /// How many of them are still open.
    pub open_deals: u64,
}
