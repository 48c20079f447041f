//! Updates: mends of created records, and what `--changed restore` and `--relink` write into live ones. All of them repeatable, so an
//! unclear one is simply made again.

use std::collections::HashMap;

use crate::drill::point;
use crate::event::{Event, Phase};
use crate::model::Payload;
use crate::plan::{Action, ActionKind};
use crate::portal::{Change, Effect, Wants};

use super::journal::Sending;
use super::learned::Learned;
use super::retry::MISSING_PARENT;
use super::run::{ApplyError, CYCLES_MAX, Run, end_by};
use super::step::{How, State};

/// How many commands an update request holds.
const COMMANDS: usize = 50;

impl Run<'_> {
    /// Mends and updates: repeatable, so an unclear one is simply made again.
    pub(super) async fn update_all(&mut self) -> Result<(), ApplyError> {
        // Passes that settle nothing are few; one that the portal's run time cut short is followed by another, as often as it takes.
        let mut fruitless = 0;
        while fruitless < CYCLES_MAX {
            let again = self.seqs(|step| step.kind != ActionKind::Create && step.state == State::Unknown);
            self.journal.learn(again.into_iter().map(|seq| (seq, Learned::Again)).collect(), self.watch.now())?;
            let waiting = self.waiting_updates();
            if waiting.is_empty() {
                return Ok(());
            }
            let mut rest = waiting.as_slice();
            while !rest.is_empty() {
                self.check_stop()?;
                let taken = self.updates_in_one_request(rest);
                let (now, later) = rest.split_at(taken);
                self.send_updates(now).await?;
                rest = later;
            }
            let left = self.seqs(|step| step.kind != ActionKind::Create && step.state.is_pending()).len();
            fruitless = if left < waiting.len() { 0 } else { fruitless + 1 };
        }
        Ok(())
    }

    fn waiting_updates(&self) -> Vec<usize> {
        let mut waiting = self.seqs(|step| step.kind != ActionKind::Create && step.state == State::Planned);
        waiting.retain(|seq| self.may_update(*seq));
        waiting
    }

    /// A mend waits for its record and for the links it fills; an update of a live record waits for its links.
    fn may_update(&self, seq: usize) -> bool {
        let action = &self.actions[seq];
        let settled =
            action.depends_on.iter().all(|target| self.journal.create_of(*target).is_none_or(|step| !step.state.is_pending()));
        let own = action.action != ActionKind::Mend
            || self.journal.create_of(action.subject()).is_some_and(|step| step.state == State::Done);
        settled && own
    }

    fn updates_in_one_request(&self, seqs: &[usize]) -> usize {
        let mut commands = 0;
        for (taken, &seq) in seqs.iter().enumerate() {
            commands += commands_of(&self.actions[seq]);
            if commands > COMMANDS {
                return taken.max(1);
            }
        }
        seqs.len()
    }

    async fn send_updates(&mut self, seqs: &[usize]) -> Result<(), ApplyError> {
        let seqs = self.leave_out_touched(seqs).await?;
        let mut changes = Vec::new();
        let mut owners = Vec::new();
        for &seq in &seqs {
            for change in self.changes(seq) {
                changes.push(change);
                owners.push(seq);
            }
        }
        let idle: Vec<_> = seqs
            .iter()
            .filter(|seq| !owners.contains(seq))
            .map(|&seq| (seq, Learned::LeftOut { code: MISSING_PARENT.to_owned() }))
            .collect();
        self.journal.learn(idle, self.watch.now())?;
        let sent: Vec<usize> = seqs.iter().copied().filter(|seq| owners.contains(seq)).collect();
        if sent.is_empty() {
            return Ok(());
        }
        let sending = |seq: &usize| Sending { seq: *seq, unlinked: self.is_unlinked(*seq), payload: String::new() };
        let sendings: Vec<Sending> = sent.iter().map(sending).collect();
        let intents = self.intend(&sendings)?;
        let effects = self.writer.run(&changes).await;
        point!("update answered");
        let fatal = effects.iter().find_map(Effect::fatal).cloned();
        let mut learned: HashMap<usize, Learned> = HashMap::new();
        for (seq, effect) in owners.into_iter().zip(effects) {
            let next = match effect {
                Effect::Done(()) => Learned::Done { portal_id: None, how: How::Created },
                Effect::Unknown(_) => Learned::Unclear,
                Effect::NotDone(refusal) if refusal.concerns_the_portal() => Learned::Again,
                Effect::NotDone(refusal) => Learned::Failed { code: refusal.code, message: refusal.text },
            };
            let worst = learned.remove(&seq).map_or(next.clone(), |known| worse(known, next));
            learned.insert(seq, worst);
        }
        let settled =
            intents.into_iter().filter_map(|intent| learned.remove(&intent.seq()).map(|learned| (intent, learned))).collect();
        self.journal.settle(settled, self.watch.now())?;
        point!("update committed");
        self.observer.event(Event::Advance { phase: Phase::Mend, by: sent.len() as u64 });
        end_by(fatal)
    }

    /// Updates of live records are made only where the record still is as the plan saw it, or already as the plan wants it.
    async fn leave_out_touched(&mut self, seqs: &[usize]) -> Result<Vec<usize>, ApplyError> {
        let mut kept = Vec::new();
        let mut touched = Vec::new();
        for &seq in seqs {
            let action = &self.actions[seq];
            let Some(id) = action.portal_id.filter(|_| action.action != ActionKind::Mend) else {
                kept.push(seq);
                continue;
            };
            let wants = Wants { everything: true, addresses: !action.classic.is_empty(), products: false };
            let live = self.writer.reader().get_many(action.entity, &[id], self.schema, wants).await?;
            match live.first() {
                Some(live)
                    if super::undo::fields_hold(live, &action.before, self.schema)
                        || super::undo::fields_hold(live, &self.wanted(seq), self.schema) =>
                {
                    kept.push(seq);
                }
                _ => touched.push((seq, Learned::LeftOut { code: "changed_since".to_owned() })),
            }
        }
        self.journal.learn(touched, self.watch.now())?;
        Ok(kept)
    }

    /// What an update of a live record will write.
    pub(super) fn wanted(&self, seq: usize) -> Payload {
        let action = &self.actions[seq];
        let mut payload = action.fields.clone();
        self.fill_links(action, &mut payload);
        for (name, value) in &action.classic.0 {
            payload.set(name.as_str(), value.clone());
        }
        payload
    }

    fn changes(&self, seq: usize) -> Vec<Change> {
        let action = &self.actions[seq];
        let id = action.portal_id.or_else(|| self.journal.create_of(action.subject()).and_then(|step| step.portal_id));
        let Some(id) = id else { return Vec::new() };
        let entity = action.entity;
        let mut changes = Vec::new();
        if !action.products.is_empty() {
            changes.push(Change::ProductRows { entity, id, rows: action.products.clone() });
        }
        if !action.classic.is_empty() {
            changes.push(Change::UpdateClassic { entity, id, fields: action.classic.clone() });
        }
        let mut fields = action.fields.clone();
        self.fill_links(action, &mut fields);
        if !fields.is_empty() {
            changes.push(Change::Update { entity, id, fields });
        }
        changes
    }
}

fn commands_of(action: &Action) -> usize {
    usize::from(!action.products.is_empty())
        + usize::from(!action.classic.is_empty())
        + usize::from(!action.fields.is_empty() || !action.links.is_empty())
}

/// Of two outcomes of one step's commands, the one that decides.
fn worse(one: Learned, other: Learned) -> Learned {
    let rank = |learned: &Learned| match learned {
        Learned::Failed { .. } => 3,
        Learned::Unclear => 2,
        Learned::Again => 1,
        _ => 0,
    };
    if rank(&one) >= rank(&other) { one } else { other }
}
