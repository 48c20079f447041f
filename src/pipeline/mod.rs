//! The conductor: says in which order the rooms work, and is the one place where rayon's work and tokio's meet.
//!
//! A dry run gets a [`Reader`](crate::portal::Reader), which has no method that changes anything: promise 1 holds because it compiles.

mod apply;
mod causes;
mod copies;
mod files;
mod inferred;
mod plan;
mod remedy;
mod settle;
mod snapshot;
mod stakes;
mod survey;
mod verdicts;
mod warn;
mod write;
mod zones;

pub use apply::{Applied, ApplyRequest, OpenError, Opened, Status, apply, open, status, undo, verify, write_outputs};
pub use causes::causes;
pub use files::{FileError, Overriding, expand};
pub use plan::{PlanError, PlanRequest, Planned, plan};
pub use snapshot::{SnapshotError, snapshot};
pub use survey::{DetectError, Inspected, UnusedColumn, inspect};
