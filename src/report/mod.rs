//! Finished facts -> files and text; decides nothing.
//!
//! ```text
//! Facts ------------+--> html      report.html, the page to look at, hand on or print
//!                   +--> terminal  the end of `plan`
//! RecordLine, each -+--> html, csv, jsonl
//! Reject, Cells -------> rejected  rows handed back
//! outcomes ------------> terminal  the ends of `apply`, `status`, `verify`, `undo`; as JSON by serde
//! ids, failures -------> tables    what `apply` leaves behind
//! ```
//!
//! What a person reads comes from `words` and what stands on it (`figures`, `labels`, `warnings`), and exists in both languages or
//! doesn't compile. `story` and `next` answer the first screen's questions; page and terminal tell the same answers. `clean` takes
//! harm out of foreign text at the last moment. Machine files are exact; only `report.csv` neutralises formulas.

pub mod words;
mod figures;
mod labels;
mod warnings;
mod clean;
mod facts;
mod story;
mod untouched;
mod next;
mod prose;
mod bars;
mod sections;
pub mod html;
pub mod csv;
pub mod jsonl;
pub mod rejected;
pub mod tables;
pub mod outcome;
mod purged;
mod screen;
mod endings;
pub mod terminal;
#[cfg(test)]
mod example;

pub use clean::{sanitize, shorten};
pub use facts::{Facts, MoneyAtStake};
pub use labels::problem_words;
pub use outcome::{ApplyCounts, ApplyOutcome, Difference, Double, UndoCounts, UndoOutcome, VerifyCounts, VerifyOutcome};
pub use purged::{PurgeOutcome, purge_screen};
pub use tables::{FailureLine, IdLine};
pub use terminal::{apply_screen, pilot_screen, plan_line, plan_screen, status_screen, undo_screen, verify_screen};
pub use words::{Language, warning_text};
