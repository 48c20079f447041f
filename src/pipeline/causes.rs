//! Why records were refused: what the journal has of each, counted by cause.

use std::collections::BTreeMap;

use super::remedy;
use crate::apply::{State, Step};
use crate::report::Language;
use crate::report::outcome::Cause;

/// The causes of a plan's failures, the most frequent of a record type first.
pub fn causes(steps: &[Step], language: Language) -> Vec<Cause> {
    let mut counted: BTreeMap<_, u64> = BTreeMap::new();
    for step in steps.iter().filter(|step| step.state == State::Failed) {
        *counted.entry((step.entity, step.code.as_str(), step.message.as_str())).or_default() += 1;
    }
    let mut causes: Vec<Cause> = counted
        .into_iter()
        .map(|((entity, code, message), records)| Cause {
            entity,
            records,
            code: code.to_owned(),
            message: message.to_owned(),
            remedy: remedy::of(code, language),
        })
        .collect();
    causes.sort_by_key(|cause| (cause.entity, std::cmp::Reverse(cause.records)));
    causes
}
