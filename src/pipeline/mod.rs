//! The conductor: says in which order the rooms work, and is the one place where rayon's work and tokio's meet.
//!
//! A dry run gets a [`Reader`](crate::portal::Reader), which has no method that changes anything: promise 1 holds because it compiles.

mod apply;
mod causes;
mod copies;
mod files;
mod inferred;
mod meanings;
mod only_ids;
mod outputs;
mod plan;
mod purge;
mod remedy;
mod settle;
mod snapshot;
mod stakes;
mod strangers;
mod survey;
mod twins;
mod verdicts;
mod warn;
mod write;
mod zones;

pub use apply::{Applied, ApplyRequest, OpenError, Opened, OtherUser, Status, TakenBack, apply, open, status, undo, verify};
pub use causes::causes;
pub use files::{FileError, Overriding, expand};
pub use only_ids::OnlyIdsError;
pub use outputs::write_outputs;
pub use plan::{PlanError, PlanRequest, Planned, plan};
pub use purge::{Purge, PurgeError, PurgeRequest, Purgeable, Purged};
pub use snapshot::{SnapshotError, snapshot};
pub use survey::{DetectError, Inspected, UnusedColumn, inspect};
