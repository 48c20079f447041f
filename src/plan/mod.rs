//! Verdicts -> what apply would do, saved and sealed.

mod line;
mod summary;

pub use line::{ChangeLine, RecordLine, RecordRef};
pub use summary::{EntityCounts, FileSummary, Forecast, Requests, Summary, Warning};
