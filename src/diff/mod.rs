//! Two sets of records -> verdicts. Knows neither CSV nor HTTP.
//!
//! ```text
//! portal  --insert--> Current --+                        +--> Names (who bears a name)
//!                               +--> Judge::new ---------+
//! survey  --add-----> Files ----+       |
//!                                       | judge: each row alone, in parallel: id, then mark
//! row     --FileRecord------------------+--> Judged
//!                                       | settle: the ones that aren't identical, together: pair, twin, duplicate, links
//!                                       +--> Judged, Answers (original id -> the live record that answers for it)
//! ```
//!
//! [`compare()`] alone says what is equal in meaning; `apply`'s verification uses the same function.

mod compare;
mod contact;
mod duplicate;
mod equal;
mod files;
mod index;
mod judge;
mod links;
mod markup;
mod moment;
mod names;
mod pack;
mod settle;
mod show;
mod stage;
mod text;
mod unclaimed;
mod untyped;
mod values;
mod verdict;
mod zone;

#[cfg(test)]
mod kit;
#[cfg(test)]
mod scenario;

pub use compare::{ChangeKind, Comparison, FieldChange, agrees, compare};
pub use contact::{email_key, phone_key};
pub use equal::{entries, same_price, same_product};
pub use files::Files;
pub use index::Current;
pub use judge::{Judge, JudgeOptions, MatchKey};
pub use links::{Links, bound};
pub use moment::{is_day_of, shows};
pub use names::{Names, Target};
pub use settle::{Answers, OnlyInPortal};
pub use show::{show, show_label};
pub use values::{Apart, apart};
pub use verdict::{Judged, MatchedBy, Note, Verdict};
pub use zone::{FOREIGN_SHARED_MIN, ZoneFit, explainable, fit};
