//! Taking back what a plan created and nobody changed since. What it overwrote in live records is given back by `give_back`.

use std::collections::{BTreeMap, HashMap};

use crate::event::{Event, Phase};
use crate::model::{EntityType, LiveRecord, OriginalId, PortalId};
use crate::plan::ActionKind;
use crate::portal::{Change, Effect, Wants};

use super::learned::Learned;
use super::leftover::{Leftover, leftovers};
use super::run::{ApplyError, CYCLES_MAX, Run};
use super::step::{How, State};
use super::touched::Touch;

/// How many deletions a request holds.
const COMMANDS: usize = 50;

/// What was taken back.
#[derive(Debug, Clone, Default)]
pub struct Undone {
    /// The counts of each record type.
    pub entities: BTreeMap<EntityType, UndoneCounts>,
    /// The records that were left alone, and why.
    pub kept: Vec<Kept>,
    /// Records that bear this plan's marks and that it can't prove to be its own: left alone.
    pub leftovers: Vec<Leftover>,
}

/// The counts of one record type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UndoneCounts {
    /// Deleted; the portal keeps them in its recycle bin.
    pub deleted: u64,
    /// Left alone, because somebody changed them since.
    pub kept_changed: u64,
    /// Not there any more.
    pub absent: u64,
    /// Live records that got their old values back.
    pub reverted: u64,
    /// Refused by the portal, or not answered for: still there as far as is known.
    pub pending: u64,
}

/// A record that was left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// What kind of record it is.
    pub entity: EntityType,
    /// Its id in the file.
    pub original_id: OriginalId,
    /// Its id in the portal.
    pub portal_id: PortalId,
    /// Why.
    pub why: Touch,
}

/// A created record that may be taken back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Created {
    pub seq: usize,
    pub id: PortalId,
}

impl Run<'_> {
    /// Takes the plan back: updates first, then deals, leads, contacts, companies. What was done before an error stands in `undone`.
    ///
    /// # Errors
    ///
    /// The portal can't be reached, or the journal can't be written; what was taken back until then is noted.
    pub async fn undo(&mut self, undone: &mut Undone) -> Result<(), ApplyError> {
        // What was sent without an answer may be there: it must be found before it can be taken back.
        self.forget_interrupted_sendings()?;
        self.reconcile(None).await?;
        let total = self.seqs(|step| step.kind == ActionKind::Create && step.state == State::Done).len() as u64;
        self.observer.event(Event::Begin { phase: Phase::Undo, total: Some(total) });
        self.give_back(undone).await?;
        for entity in EntityType::ALL.into_iter().rev() {
            let created: Vec<Created> = self
                .seqs(|step| {
                    step.entity == entity
                        && step.kind == ActionKind::Create
                        && step.state == State::Done
                        && step.how != How::AlreadyThere
                })
                .into_iter()
                .filter_map(|seq| self.journal.step(seq).portal_id.map(|id| Created { seq, id }))
                .collect();
            for chunk in created.chunks(COMMANDS) {
                self.check_stop()?;
                self.take_back(entity, chunk, undone).await?;
                self.observer.event(Event::Advance { phase: Phase::Undo, by: chunk.len() as u64 });
            }
        }
        let ours = self.journal.steps().iter().filter(|step| self.settings.scope.holds(step.subject(), step.kind));
        undone.leftovers = leftovers(ours, self.actions, self.writer.reader(), self.schema).await?;
        self.observer.event(Event::End { phase: Phase::Undo });
        Ok(())
    }

    /// Deletes what nobody touched. A deletion whose answer was lost is looked up and made again: made twice, it does no harm.
    async fn take_back(&mut self, entity: EntityType, created: &[Created], undone: &mut Undone) -> Result<(), ApplyError> {
        let mut rest = created.to_vec();
        let mut sent = false;
        for _ in 0..CYCLES_MAX {
            if rest.is_empty() {
                return Ok(());
            }
            rest = self.delete_untouched(entity, &rest, sent, undone).await?;
            sent = true;
        }
        undone.entities.entry(entity).or_default().pending += rest.len() as u64;
        Ok(())
    }

    /// One round; gives back whose fate isn't known. `sent` says that a deletion of each has been sent before, so that one that is gone was
    /// deleted by us.
    async fn delete_untouched(
        &mut self,
        entity: EntityType,
        created: &[Created],
        sent: bool,
        undone: &mut Undone,
    ) -> Result<Vec<Created>, ApplyError> {
        let ids: Vec<PortalId> = created.iter().map(|one| one.id).collect();
        let wants = Wants { everything: true, addresses: false, products: true };
        let live = self.writer.reader().get_many(entity, &ids, self.schema, wants).await?;
        let live: HashMap<PortalId, LiveRecord> = live.into_iter().map(|record| (record.id, record)).collect();
        let touches = self.touches(entity, created, &live).await?;
        let counts = undone.entities.entry(entity).or_default();
        let (mut doomed, mut gone) = (Vec::new(), Vec::new());
        for one in created {
            match (live.get(&one.id), touches.get(&one.id)) {
                (None, _) => {
                    *(if sent { &mut counts.deleted } else { &mut counts.absent }) += 1;
                    gone.push((one.seq, Learned::Undone));
                }
                (Some(_), Some(why)) => {
                    counts.kept_changed += 1;
                    let original_id = self.journal.step(one.seq).original_id;
                    undone.kept.push(Kept { entity, original_id, portal_id: one.id, why: why.clone() });
                }
                (Some(_), None) => doomed.push(*one),
            }
        }
        // Written before the next request goes out: what is known to be gone needs no second look.
        self.journal.learn(gone, self.watch.now())?;
        let mut unclear = Vec::new();
        let mut gone = Vec::new();
        if !doomed.is_empty() {
            let changes: Vec<Change> = doomed.iter().map(|one| Change::Delete { entity, id: one.id }).collect();
            let effects = self.writer.run(&changes).await;
            for (one, effect) in doomed.into_iter().zip(effects) {
                match effect {
                    Effect::Done(()) => {
                        counts.deleted += 1;
                        gone.push((one.seq, Learned::Undone));
                    }
                    Effect::NotDone(refusal) if !refusal.concerns_the_portal() => {
                        counts.pending += 1;
                        let original_id = self.journal.step(one.seq).original_id;
                        let why = Touch::Refused { code: refusal.code, words: refusal.text };
                        undone.kept.push(Kept { entity, original_id, portal_id: one.id, why });
                    }
                    Effect::NotDone(_) | Effect::Unknown(_) => unclear.push(one),
                }
            }
        }
        self.journal.learn(gone, self.watch.now())?;
        Ok(unclear)
    }
}
