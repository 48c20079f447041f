//! Which part of a plan's records to read back: the same one each time, so that two looks can be held against each other.

use std::collections::BTreeSet;

use crate::plan::{ActionKind, RecordRef, digest_of_text};

use super::journal::Step;
use super::step::State;
use super::verify::is_written;

/// Chooses about so many percent of the created records, and of the live ones that were written to, spread by a digest of what they are;
/// at least one of each type.
pub fn choose(steps: &[Step], percent: f64) -> BTreeSet<RecordRef> {
    let is_created = |step: &Step| step.kind == ActionKind::Create && step.state == State::Done;
    let created = some_of(|| steps.iter().filter(|step| is_created(step)).map(Step::subject), percent);
    let written = some_of(|| steps.iter().filter(|step| is_written(step)).map(Step::subject), percent);
    created.chain(written).collect()
}

fn some_of<I: Iterator<Item = RecordRef>>(all: impl Fn() -> I, percent: f64) -> impl Iterator<Item = RecordRef> {
    let mut chosen: BTreeSet<RecordRef> = all().filter(|subject| place(*subject) < percent / 100.0).collect();
    for subject in all() {
        if chosen.iter().all(|known| known.entity != subject.entity) {
            chosen.insert(subject);
        }
    }
    chosen.into_iter()
}

/// A number from 0 to 1 that is the same for a record each time.
fn place(subject: RecordRef) -> f64 {
    let digest = digest_of_text(&format!("{}:{}", subject.entity, subject.original_id));
    let head = u32::from_str_radix(digest.get(..8).unwrap_or_default(), 16).unwrap_or_default();
    f64::from(head) / (f64::from(u32::MAX) + 1.0)
}
