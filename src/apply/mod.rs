//! The only room that changes a portal.
//!
//! `journal` holds what was intended and learned (`book` is its file, `chain` its log); `lock` and `pace_file` are what is kept of a portal
//! in the user's state directory, whatever the plan; `run` sends, `reconcile` clears unclear answers up, `verify` reads back, `undo` takes
//! back. The protocol: an intent is on the disk before its first byte is sent; an answer is classified as applied, not applied or
//! unclear; what is unclear is looked up by its origin mark, after the window in which the portal may still act, before it is ever
//! sent again.

mod again;
mod baseline;
mod book;
mod chain;
mod clock;
mod counts;
mod create;
mod doubles;
mod give_back;
mod guard;
mod journal;
mod late;
mod learned;
mod leftover;
mod look_up;
mod lock;
mod others;
mod pace_file;
mod pilot;
mod reconcile;
mod retry;
mod run;
mod sample;
mod stand;
mod state_dir;
mod step;
mod touched;
mod undo;
mod update;
mod verify;

pub use clock::{Clock, Compared, SystemClock};
pub use counts::{Counts, Progress, progress};
pub use guard::Unsafe;
pub use journal::{Intent, Journal, JournalError, Sending, Step};
pub use learned::Learned;
pub use leftover::Leftover;
pub use lock::{Holder, Lock, LockError};
pub use others::Stranger;
pub use pace_file::PaceFile;
pub use pilot::choose as choose_pilot;
pub use retry::retried;
pub use run::{ApplyError, CYCLES_MAX, Run, Scope, Settings};
pub use sample::choose as choose_sample;
pub use step::{How, LEGAL, State};
pub use touched::Touch;
pub use undo::{Kept, Undone, UndoneCounts};
pub use verify::{Difference, Verified, VerifiedCounts, verify};
