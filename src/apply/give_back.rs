//! Giving live records back what `--changed restore` and `--relink` overwrote, where our values still stand.
//!
//! Old values go back the way the new ones came: the intent first, the answer next; an unclear one is waited out and looked at before
//! anything is sent again, because a portal appends the values of multi-fields (transport, trap 9).

use std::collections::HashMap;

use crate::model::Payload;
use crate::plan::ActionKind;
use crate::portal::{Change, Effect};

use super::learned::Learned;
use super::run::{ApplyError, CYCLES_MAX, Run};
use super::stand::{Met, Stand};
use super::step::{How, State};
use super::touched::Touch;
use super::undo::{Kept, Undone};
use super::update::{commands, value_changes};

/// How many records are read, and written to, at once.
const RECORDS: usize = 50;

impl Run<'_> {
    /// Writes the old values back where our value still stands.
    pub(super) async fn give_back(&mut self, undone: &mut Undone) -> Result<(), ApplyError> {
        let of_live = |kind: ActionKind| matches!(kind, ActionKind::Restore | ActionKind::Relink);
        // What was sent without an answer may be written: it must be known before it can be given back.
        let unclear = self.seqs(|step| of_live(step.kind) && step.state == State::Unknown);
        self.reconcile_updates(unclear).await?;
        let is_ours = |state: State, attempts: u32| match state {
            State::Done | State::Returning => true,
            // Perhaps carried out in part.
            State::Planned | State::Failed => attempts > 0,
            _ => false,
        };
        let mut rest =
            self.seqs(|step| of_live(step.kind) && step.how != How::AlreadyThere && is_ours(step.state, step.attempts));
        // An `undo` that died was sending these, at what moment nobody knows; it is over now.
        let interrupted = rest.iter().filter(|seq| self.journal.step(**seq).state == State::Returning);
        let interrupted: Vec<(usize, tokio::time::Instant)> = interrupted.map(|seq| (*seq, self.begun)).collect();
        self.sent.extend(interrupted);
        for _ in 0..CYCLES_MAX {
            let is_adding = |seq: &usize| self.journal.step(*seq).state == State::Returning && self.adds_values(*seq);
            let adding: Vec<usize> = rest.iter().copied().filter(is_adding).collect();
            self.wait_out(&adding).await?;
            let mut unclear = Vec::new();
            for chunk in rest.chunks(RECORDS) {
                self.check_stop()?;
                let returned = self.give_back_some(chunk, undone).await?;
                unclear.extend(returned);
            }
            rest = unclear;
        }
        for seq in rest {
            undone.entities.entry(self.actions[seq].entity).or_default().pending += 1;
        }
        Ok(())
    }

    /// One round over some records; gives back whose fate isn't known.
    async fn give_back_some(&mut self, seqs: &[usize], undone: &mut Undone) -> Result<Vec<usize>, ApplyError> {
        let met = self.meet(seqs).await?;
        let mut sent = Vec::new();
        for &seq in seqs {
            if self.goes_back(seq, met.get(&seq), undone)? {
                sent.push(seq);
            }
        }
        if sent.is_empty() {
            return Ok(Vec::new());
        }
        self.journal.intend_return(&sent, self.watch.now(), self.settings.compared.ahead())?;
        let (mut owners, mut changes) = (Vec::new(), Vec::new());
        for &seq in &sent {
            for change in met.get(&seq).map(|met| self.old_values(seq, met)).unwrap_or_default() {
                owners.push(seq);
                changes.push(change);
            }
        }
        let effects = self.writer.run(&changes).await;
        let at = self.writer.last_sent().unwrap_or_else(tokio::time::Instant::now);
        self.sent.extend(sent.iter().map(|seq| (*seq, at)));
        let mut answers: HashMap<usize, Vec<Effect<()>>> = HashMap::new();
        for (seq, effect) in owners.into_iter().zip(effects) {
            answers.entry(seq).or_default().push(effect);
        }
        let mut unclear = Vec::new();
        let mut learned = Vec::new();
        for seq in sent {
            let effects = answers.remove(&seq).unwrap_or_default();
            let counts = undone.entities.entry(self.actions[seq].entity).or_default();
            if effects.iter().all(|effect| matches!(effect, Effect::Done(()))) {
                counts.reverted += 1;
                learned.push((seq, Learned::Undone));
            } else if effects.iter().any(|effect| matches!(effect, Effect::Unknown(_))) {
                unclear.push(seq);
            } else {
                // Refused: ours still stands, and the next run tries again.
                counts.pending += 1;
                learned.push((seq, Learned::Done { portal_id: None, how: self.journal.step(seq).how }));
            }
        }
        self.journal.learn(learned, self.watch.now())?;
        Ok(unclear)
    }

    /// Whether the old values of a record are to be sent. What needs no sending is counted and settled.
    fn goes_back(&mut self, seq: usize, met: Option<&Met>, undone: &mut Undone) -> Result<bool, ApplyError> {
        let action = &self.actions[seq];
        let state = self.journal.step(seq).state;
        let was_done = matches!(state, State::Done | State::Returning);
        let counts = undone.entities.entry(action.entity).or_default();
        let Some((id, met)) = action.portal_id.zip(met) else {
            if was_done {
                self.journal.learn(vec![(seq, Learned::Undone)], self.watch.now())?;
            }
            return Ok(false);
        };
        match self.stand(seq, met) {
            Stand::AsWanted => {}
            // What we sent went through in part, one way or the other.
            Stand::Between if state != State::Done => {}
            Stand::AsSeen if was_done => {
                counts.reverted += 1;
                self.journal.learn(vec![(seq, Learned::Undone)], self.watch.now())?;
                return Ok(false);
            }
            _ if was_done => {
                counts.kept_changed += 1;
                let (entity, original_id) = (action.entity, action.original_id);
                undone.kept.push(Kept { entity, original_id, portal_id: id, why: Touch::Edited });
                return Ok(false);
            }
            _ => return Ok(false),
        }
        if state == State::Failed {
            self.journal.learn(vec![(seq, Learned::Again)], self.watch.now())?;
        }
        if !was_done {
            self.journal.learn(vec![(seq, Learned::Done { portal_id: None, how: How::Adopted })], self.watch.now())?;
        }
        Ok(true)
    }

    /// The commands that write the old values.
    fn old_values(&self, seq: usize, met: &Met) -> Vec<Change> {
        let action = &self.actions[seq];
        let is_classic = |name: &String| action.classic.0.contains_key(name);
        let (classic, fields): (Vec<_>, Vec<_>) = action.before.0.clone().into_iter().partition(|(name, _)| is_classic(name));
        let (classic, mut fields) = (Payload(classic.into_iter().collect()), Payload(fields.into_iter().collect()));
        if let Some(values) = value_changes(&action.values, |set| &set.before, &met.values) {
            fields.set("fm", values);
        }
        commands(action.entity, met.live.id, action.rows.as_ref().map(|set| set.before.clone()), classic, fields)
    }
}
