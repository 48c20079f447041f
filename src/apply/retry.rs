//! `apply --failed`: what was refused is taken up again, and so is what was left out for its sake: records that were to come with their
//! parent only, and links to records that didn't come.

use std::collections::HashSet;

use crate::plan::RecordRef;

use super::journal::Step;
use super::learned::Learned;
use super::run::{ApplyError, Run};
use super::step::State;

/// Why a step is left out whose record, or whose link's target, is nowhere to be found.
pub(super) const MISSING_PARENT: &str = "missing_parent";

impl Step {
    /// Whether it was left out because what it belongs to didn't come.
    fn waits_for_a_parent(&self) -> bool {
        self.state == State::LeftOut && self.code == MISSING_PARENT
    }
}

/// The records that `apply --failed` takes up.
pub fn retried(steps: &[Step]) -> HashSet<RecordRef> {
    steps.iter().filter(|step| step.state == State::Failed || step.waits_for_a_parent()).map(Step::subject).collect()
}

impl Run<'_> {
    /// Takes failed steps up again, and those that were left out because of them. What still lacks its parent is left out once more.
    pub fn take_up_failed(&mut self) -> Result<(), ApplyError> {
        let failed = self.seqs(|step| step.state == State::Failed);
        let orphans = self.seqs(Step::waits_for_a_parent);
        self.journal.forget_payloads(&failed)?;
        let again = failed.into_iter().chain(orphans).map(|seq| (seq, Learned::Again)).collect();
        Ok(self.journal.learn(again, self.watch.now())?)
    }
}
