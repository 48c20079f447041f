//! How far a plan is, in numbers that add up because they are computed from one source: the steps.

use std::collections::{BTreeMap, HashMap};

use crate::model::EntityType;
use crate::plan::{Action, ActionKind, RecordRef};

use super::journal::Step;
use super::step::{How, State};

/// How far the creates of one record type are. `planned` is the sum of the other five.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// How many the plan holds.
    pub planned: u64,
    /// Created by this plan.
    pub created: u64,
    /// There before this plan sent anything.
    pub already_there: u64,
    /// Not created by choice, or taken back.
    pub left_out: u64,
    /// Refused, or in need of a person.
    pub failed: u64,
    /// Not yet created, or unclear.
    pub pending: u64,
    /// Live records updated by `--changed restore` or `--relink`.
    pub updated: u64,
}

/// The counts of every record type, and whether nothing is pending.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// By record type.
    pub entities: BTreeMap<EntityType, Counts>,
    /// Steps of any kind that failed: creates, mends, updates.
    pub failed_steps: u64,
    /// Whether nothing is pending or unclear.
    pub complete: bool,
}

/// Counts the steps of a plan; without a journal, everything is pending.
///
/// # Panics
///
/// When the numbers don't add up: then the program must not say anything.
pub fn progress(actions: &[Action], steps: Option<&[Step]>) -> Progress {
    let mut progress = Progress { complete: true, ..Progress::default() };
    let creates: HashMap<RecordRef, usize> = actions
        .iter()
        .enumerate()
        .filter(|(_, action)| action.action == ActionKind::Create)
        .map(|(seq, action)| (action.subject(), seq))
        .collect();
    for (seq, action) in actions.iter().enumerate() {
        let counts = progress.entities.entry(action.entity).or_default();
        let (state, how) =
            steps.and_then(|steps| steps.get(seq)).map_or((State::Planned, How::Open), |step| (step.state, step.how));
        progress.complete &= !state.is_pending() || is_void(action, steps, &creates);
        progress.failed_steps += u64::from(state == State::Failed);
        if action.action != ActionKind::Create {
            counts.updated += u64::from(action.action != ActionKind::Mend && state == State::Done);
            continue;
        }
        counts.planned += 1;
        match (state, how) {
            (State::Done, How::AlreadyThere) => counts.already_there += 1,
            (State::Done, _) => counts.created += 1,
            (State::LeftOut | State::Returning | State::Undone, _) => counts.left_out += 1,
            (State::Failed, _) => counts.failed += 1,
            (State::Planned | State::Intent | State::Unknown, _) => counts.pending += 1,
        }
    }
    for counts in progress.entities.values() {
        let sum = counts.created + counts.already_there + counts.left_out + counts.failed + counts.pending;
        assert!(sum == counts.planned, "the counts of the journal don't add up");
    }
    progress
}

/// A mend whose record was refused or left out waits for nothing.
fn is_void(action: &Action, steps: Option<&[Step]>, creates: &HashMap<RecordRef, usize>) -> bool {
    let create = creates.get(&action.subject()).and_then(|seq| steps?.get(*seq));
    action.action == ActionKind::Mend
        && create.is_some_and(|step| matches!(step.state, State::Failed | State::LeftOut | State::Undone))
}
