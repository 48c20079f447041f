//! The current state, written down and read back.
//!
//! A snapshot is a directory: `snapshot.json` (whose state, when, how many, the digest of each file), `schema.json`, and one CSV an
//! entity type. The CSVs are restore files like any other: their header holds classic field codes, their cells codes, ids and ISO
//! dates, so [`intake`](crate::intake) reads them, and `plan` takes the directory as its input or its `--against`.
//!
//! Several values in a cell are joined by a comma and a space; where a value holds that itself, the cell is a JSON array of strings.

mod cell;
mod error;
mod manifest;
mod read;
mod retention;
#[cfg(test)]
mod tests;
mod write;

pub use error::{SnapshotError, SnapshotErrorKind};
pub use manifest::{FileEntry, MANIFEST, Manifest, SCHEMA, manifest};
pub use read::{Snapshot, read_current};
pub use retention::{discard, retention};
pub use write::SnapshotWriter;
