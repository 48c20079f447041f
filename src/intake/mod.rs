//! Restore file -> rows. Knows nothing of the portal but the schema it is handed.
//!
//! A file is read three times, each time by what the time before has found:
//!
//! 1. [`detect`] looks at its first MiB: encoding, delimiter, header, language, type of record.
//! 2. [`survey`] runs through all of it once: its digest, its ids, the order of day and month.
//! 3. [`read`] gives its rows: `bytes -decode-> text -rows-> lines -group-> records' lines -row, cells-> Row`. Splitting and
//!    grouping run in order; the cells of a chunk are read on all cores.
//!
//! A row is a record or a reject with its reason; a cell that can't be understood is a problem of its row. Only what stands in the
//! way of the whole file is an [`IntakeError`].

mod blocks;
mod cells;
mod columns;
mod dates;
mod decode;
mod detect;
mod dialect;
mod encoding;
mod error;
mod finding;
mod group;
mod headers;
mod ids;
mod inspect;
mod labels;
mod layout;
mod numbers;
mod reader;
mod row;
mod rows;
mod split;
mod survey;
#[cfg(test)]
mod tests;
mod words;

pub use columns::Column;
pub use detect::{DateOrder, Overrides, RestoreFile, detect};
pub use dialect::{Dialect, LineEnds, Quoting};
pub use error::{IntakeError, IntakeErrorKind};
pub use finding::{Finding, Findings};
pub use headers::{Title, Vocabulary, titles};
pub use ids::SeenIds;
pub use inspect::{InspectedColumn, InspectedProblem, Inspection, inspect};
pub use reader::{Rows, read};
pub use survey::{Survey, survey};
