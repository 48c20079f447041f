//! Which few records to create first: different ones, with whatever they depend on.

use std::collections::HashSet;

use crate::plan::{Action, ActionKind, RecordRef};

/// Chooses up to `count` records that differ as much as can be: linked, with product rows, mended, with and without kept dates, of every
/// type; then whatever else there is. What a chosen record depends on is chosen too, beyond the count.
pub fn choose(actions: &[Action], count: usize) -> HashSet<RecordRef> {
    let creates: Vec<&Action> = actions.iter().filter(|action| action.action == ActionKind::Create).collect();
    let mended: HashSet<RecordRef> =
        actions.iter().filter(|action| action.action == ActionKind::Mend).map(Action::subject).collect();
    let kind_of = |action: &Action| {
        (
            action.entity,
            action.links.is_empty(),
            action.system.is_empty(),
            mended.contains(&action.subject()),
            action.declared.len().min(2),
        )
    };
    let mut seen = HashSet::new();
    let (varied, alike): (Vec<&Action>, Vec<&Action>) = creates.iter().partition(|action| seen.insert(kind_of(action)));
    let mut chosen: HashSet<RecordRef> = HashSet::new();
    // Deals first: they are linked to most others.
    for action in varied.into_iter().rev().chain(alike) {
        if chosen.len() >= count {
            break;
        }
        add_with_parents(action, &creates, &mut chosen);
    }
    chosen
}

fn add_with_parents(action: &Action, creates: &[&Action], chosen: &mut HashSet<RecordRef>) {
    if !chosen.insert(action.subject()) {
        return;
    }
    for parent in &action.depends_on {
        if let Some(parent) = creates.iter().find(|create| create.subject() == *parent) {
            add_with_parents(parent, creates, chosen);
        }
    }
}
