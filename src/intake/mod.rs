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

mod births;
mod blocks;
mod cells;
mod census;
mod columns;
mod cyrillic;
mod contacts;
mod conventions;
mod damage;
mod dates;
mod decode;
mod detect;
mod dialect;
mod encoding;
mod entities;
mod entity;
mod error;
mod escapes;
mod evidence;
mod facts;
mod field_labels;
mod finding;
mod fit;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod gathered;
mod group;
mod header;
mod headers;
mod html;
mod ids;
mod inspect;
mod labels;
mod latin;
mod mapping;
mod marks;
mod mask;
mod memo;
mod misquoted;
mod mojibake;
mod months;
mod nearest;
mod layout;
mod leftover;
mod lines;
mod lost;
mod nothing;
mod number_votes;
mod numbers;
mod order;
mod packed;
mod protected;
mod quotes;
mod reader;
mod reading;
mod regular;
mod rivals;
mod row;
mod rows;
mod said;
mod second_header;
mod several;
mod sheet;
mod source;
mod spare;
mod spool;
mod split;
mod spoilt;
mod surplus;
mod survey;
#[cfg(test)]
mod tests;
mod turned;
mod unpack;
mod user_votes;
mod usual_dates;
mod votes;
mod ways;
mod words;

pub use columns::{Column, REQUISITE};
pub use conventions::{Clocks, Conventions};
pub use detect::{CellMeaning, DateOrder, Given, NumberStyle, Overrides, RestoreFile, detect};
pub use dialect::{Dialect, LineEnds, Quoting};
pub use error::{IntakeError, IntakeErrorKind};
pub use finding::{Finding, Findings};
pub use headers::{Title, TitleLanguage, Vocabulary, field_code, titles};
pub use ids::{Ids, SeenIds};
pub use inspect::{InspectedColumn, InspectedProblem, Inspection, inspect};
pub use mapping::{EntityMapping, Mapping, MappingError, MappingErrorKind};
pub use nearest::{Nearest, nearest_code};
pub use reader::{RowChunk, Rows, Sources, read, read_by};
pub use rivals::Rivals;
pub use said::{Expected, listed};
pub use source::Container;
pub use survey::{Keep, Open, Survey, survey};
