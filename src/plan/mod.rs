//! Verdicts -> what apply would do, saved and sealed.
//!
//! `draft` turns judged records into actions, `dir` writes and believes the plan directory, `approve` says whether a plan may be
//! carried out now. The plan is complete: `apply` needs nothing else and decides nothing.

mod action;
mod approve;
mod create;
pub mod dir;
mod draft;
mod fate;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod line;
mod linking;
mod mending;
mod seal;
mod sets;
mod stage_map;
mod summary;
mod unmended;
mod update;
#[cfg(test)]
mod tests;
mod wire;
mod work;

pub use action::{Action, ActionKind, Declared, PendingLink, SourceRow};
pub use approve::{AGE_MAX_HOURS, Approved, Conditions, Refusal, approve};
pub use dir::{DirError, Draft, Flags, Input, Manifest, Plan, check_place};
pub use draft::{Drafted, Drafter, KEPT_DATES, KeptDate, Missing, ParentMissing};
pub use fate::{Fate, Fates, Link, Resolver};
pub use line::{ChangeLine, RecordLine, RecordRef};
pub use mending::{Mended, Mending, MendingError, stage_field};
pub use seal::{digest_of_file, digest_of_text};
pub use sets::{RowSet, ValueSet};
pub use summary::{EntityCounts, FileSummary, Forecast, Inferred, Requests, Summary, Warning};
pub use wire::{moment, rfc3339, wire};
pub use work::{Leftover, leftovers};
