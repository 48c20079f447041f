//! Unclear answers: waited out, looked up, adopted or planned again. Never sent again blindly.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use crate::drill::{planted, point};
use crate::event::{Event, WaitReason};
use crate::model::EntityType;
use crate::plan::ActionKind;
use crate::portal::Writer;

use super::learned::Learned;
use super::look_up::present;
use super::run::{ApplyError, CYCLES_MAX, Run};
use super::stand::Stand;
use super::step::{How, State};

/// How far apart the two look-ups are before "not there" is believed: the window's tenth, within these bounds.
const PAUSE_MAX: Duration = Duration::from_secs(10);

impl Run<'_> {
    /// Clears up the unclear creates of a type (or of all). Says whether anything became sendable again.
    pub(super) async fn reconcile(&mut self, only: Option<EntityType>) -> Result<bool, ApplyError> {
        let mut sendable = false;
        for entity in EntityType::ALL.into_iter().filter(|entity| only.is_none_or(|only| only == *entity)) {
            let unclear = self.seqs(|step| {
                step.kind == ActionKind::Create
                    && step.entity == entity
                    && step.state == State::Unknown
                    && step.cycles < CYCLES_MAX
            });
            if unclear.is_empty() {
                continue;
            }
            self.wait_out(&unclear).await?;
            let rest = self.adopt(entity, unclear).await?;
            if rest.is_empty() {
                continue;
            }
            self.pause(PAUSE_MAX.min(self.settings.zombie_window / 10), WaitReason::UnclearAnswer).await?;
            let rest = if planted!(LookUpOnce) { rest } else { self.adopt(entity, rest).await? };
            sendable |= !rest.is_empty();
            self.journal.learn(rest.into_iter().map(|seq| (seq, Learned::NotThere)).collect(), self.watch.now())?;
        }
        Ok(sendable)
    }

    /// Clears up unclear updates that must not be made twice as they were sent: one whose record is as it was wanted is done; one whose record
    /// isn't, twice in a row after the window, may be made again, with what is lacking then.
    pub(super) async fn reconcile_updates(&mut self, unclear: Vec<usize>) -> Result<(), ApplyError> {
        let unclear: Vec<usize> = unclear.into_iter().filter(|seq| self.journal.step(*seq).cycles < CYCLES_MAX).collect();
        if unclear.is_empty() {
            return Ok(());
        }
        self.wait_out(&unclear).await?;
        let rest = self.adopt_updates(unclear).await?;
        if rest.is_empty() {
            return Ok(());
        }
        self.pause(PAUSE_MAX.min(self.settings.zombie_window / 10), WaitReason::UnclearAnswer).await?;
        let rest = self.adopt_updates(rest).await?;
        Ok(self.journal.learn(rest.into_iter().map(|seq| (seq, Learned::NotThere)).collect(), self.watch.now())?)
    }

    /// Adopts what the records show to be written; gives back the rest.
    async fn adopt_updates(&mut self, seqs: Vec<usize>) -> Result<Vec<usize>, ApplyError> {
        let met = self.meet(&seqs).await?;
        point!("look-up answered");
        let is_written = |seq: &usize| met.get(seq).is_some_and(|met| self.stand(*seq, met) == Stand::AsWanted);
        let (there, not_there): (Vec<usize>, Vec<usize>) = seqs.into_iter().partition(is_written);
        let done = Learned::Done { portal_id: None, how: How::Adopted };
        self.journal.learn(there.into_iter().map(|seq| (seq, done.clone())).collect(), self.watch.now())?;
        point!("adoption written");
        Ok(not_there)
    }

    /// Waits until the portal can't carry the youngest of these requests out any more.
    pub(super) async fn wait_out(&self, seqs: &[usize]) -> Result<(), ApplyError> {
        let Some(age) = seqs.iter().map(|seq| self.age(*seq)).min() else { return Ok(()) };
        let age = if planted!(ZombieWindow0) { Duration::MAX } else { age };
        self.pause(self.settings.zombie_window.saturating_sub(age), WaitReason::UnclearAnswer).await
    }

    /// How long ago a step was sent, at least.
    fn age(&self, seq: usize) -> Duration {
        if let Some(sent) = self.sent.get(&seq) {
            return sent.elapsed();
        }
        // An earlier run sent it, so it was sent before this one began.
        let by_the_wall = self.age_by_the_wall(seq).and_then(|age| Duration::try_from(age).ok());
        by_the_wall.unwrap_or_default().max(self.begun.elapsed())
    }

    /// How long ago an earlier run sent a step, by a clock that is still believed.
    fn age_by_the_wall(&self, seq: usize) -> Option<SignedDuration> {
        let step = self.journal.step(seq);
        self.settings.compared.age(step.sent_at?, step.ahead?)
    }

    /// The latest moment at which a run that died could have sent a step that it had intended: it may have waited for the limits first,
    /// and it is over now.
    pub(super) fn sent_at_the_latest(&self, seq: usize) -> Timestamp {
        let sent = self.age_by_the_wall(seq).and(self.journal.step(seq).sent_at);
        let latest = sent.and_then(|sent| sent.checked_add(Writer::SENDING_MAX).ok());
        latest.map_or_else(|| self.watch.now(), |latest| latest.min(self.settings.compared.now()))
    }

    /// Adopts what is found by its key; gives back what is found nowhere.
    async fn adopt(&mut self, entity: EntityType, seqs: Vec<usize>) -> Result<Vec<usize>, ApplyError> {
        let found = self.find_keys(entity, &seqs).await?;
        point!("look-up answered");
        let (there, not_there): (Vec<usize>, Vec<usize>) = seqs.into_iter().partition(|seq| found.contains_key(seq));
        let learned = there.into_iter().map(|seq| (seq, present(&found[&seq], How::Adopted))).collect();
        self.journal.learn(learned, self.watch.now())?;
        point!("adoption written");
        Ok(not_there)
    }

    /// Sleeps, and wakes early when the person asks to stop.
    async fn pause(&self, length: Duration, reason: WaitReason) -> Result<(), ApplyError> {
        if length.is_zero() {
            return self.check_stop();
        }
        self.observer.event(Event::Wait { reason, millis: length.as_millis() as u64 });
        let end = Instant::now() + length;
        loop {
            self.check_stop()?;
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            tokio::time::sleep(left.min(Duration::from_millis(200))).await;
        }
    }
}
