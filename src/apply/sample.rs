//! Which part of the created records to read back: the same one each time, so that two looks can be held against each other.

use std::collections::BTreeSet;

use crate::plan::{ActionKind, RecordRef, digest_of_text};

use super::journal::Step;
use super::step::State;

/// Chooses about so many percent of the created records, spread by a digest of what they are; at least one of each type.
pub fn choose(steps: &[Step], percent: f64) -> BTreeSet<RecordRef> {
    let created = || steps.iter().filter(|step| step.kind == ActionKind::Create && step.state == State::Done).map(Step::subject);
    let mut chosen: BTreeSet<RecordRef> = created().filter(|subject| place(*subject) < percent / 100.0).collect();
    for subject in created() {
        if chosen.iter().all(|known| known.entity != subject.entity) {
            chosen.insert(subject);
        }
    }
    chosen
}

/// A number from 0 to 1 that is the same for a record each time.
fn place(subject: RecordRef) -> f64 {
    let digest = digest_of_text(&format!("{}:{}", subject.entity, subject.original_id));
    let head = u32::from_str_radix(digest.get(..8).unwrap_or_default(), 16).unwrap_or_default();
    f64::from(head) / (f64::from(u32::MAX) + 1.0)
}
