//! Another computer that writes to the same portal.
//!
//! The locks of `lock` hold on one computer. Two can't see each other's journals, but each sees the other's marks. A record is another's
//! if it bears a mark of b24restore, is of a type that this plan creates, came after the plan was made (its id is above the highest one that the plan saw; its creation moment
//! may be one of the past), and
//!
//! - its source is not planned here, or is planned under another key; or
//! - its source is planned here and was never sent from here.
//!
//! A record whose answer we lost is neither: its step was sent. Nor is a second record of a sending that a proxy delivered twice: that
//! one is no other run, and `verify` names both. Nor is one of an earlier run, on whatever computer: the journal knows it, or the
//! look-up at the start of a run has adopted it.

use std::collections::HashSet;

use jiff::Timestamp;

use crate::model::{EntityType, LiveRecord, OriginPair, OriginalId, PortalId, UserId, Value};
use crate::plan::{ActionKind, RecordRef};
use crate::portal::Wants;

use super::run::{ApplyError, Run};
use super::step::State;

/// After how many batches of a type comes another look, the first one before the first batch: a look is a request, and a batch holds up to
/// 1,000 creates.
pub(super) const BATCHES_BETWEEN: u32 = 4;

/// A record that another run has created since this plan was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranger {
    /// What kind of record it is.
    pub entity: EntityType,
    /// The id that it had before it was lost.
    pub original_id: OriginalId,
    /// Its id now.
    pub portal_id: PortalId,
    /// Who made it, as far as the portal says.
    pub who: Option<String>,
    /// When, as far as the portal says.
    pub when: Option<Timestamp>,
    /// How many more there are.
    pub more: usize,
}

impl Run<'_> {
    /// Stops the run where another one has been writing since the plan was made.
    pub(super) async fn look_for_others(&self) -> Result<(), ApplyError> {
        if self.watermarks.is_empty() {
            return Ok(());
        }
        let ours: HashSet<(EntityType, PortalId)> =
            self.journal.steps().iter().filter_map(|step| Some((step.entity, step.portal_id?))).collect();
        let marked = self.writer.reader().marked_above(&self.watermarks, self.schema).await?;
        let strangers: Vec<(&LiveRecord, OriginalId)> = marked
            .iter()
            .filter(|live| !ours.contains(&(live.entity, live.id)))
            .filter_map(|live| {
                let pair = pair_of(live);
                let source = pair.source().filter(|source| source.entity == live.entity)?;
                let planned = RecordRef { entity: source.entity, original_id: source.id.0 };
                self.is_anothers(planned, &pair).then_some((live, source.id))
            })
            .collect();
        let Some((newest, source)) = strangers.last() else { return Ok(()) };
        let (who, when) = self.author(newest.entity, newest.id).await?;
        let (entity, portal_id, more) = (newest.entity, newest.id, strangers.len() - 1);
        Err(ApplyError::AnotherWriter(Box::new(Stranger { entity, original_id: *source, portal_id, who, when, more })))
    }

    fn is_anothers(&self, source: RecordRef, pair: &OriginPair) -> bool {
        let Some(step) = self.journal.create_of(source) else { return true };
        if self.actions[step.seq].key.as_ref() != Some(pair) {
            return true;
        }
        step.state == State::Planned && step.attempts == 0 && self.settings.scope.holds(source, ActionKind::Create)
    }

    /// Who made a record, and when: an import may give it any author and date, but the last activity is always the import's own
    /// (rest-crm 4.5, 9).
    async fn author(&self, entity: EntityType, id: PortalId) -> Result<(Option<String>, Option<Timestamp>), ApplyError> {
        let wants = Wants { everything: true, addresses: false, products: false };
        let live = self.writer.reader().get_many(entity, &[id], self.schema, wants).await?;
        let Some(live) = live.first() else { return Ok((None, None)) };
        let name = |user: UserId| self.schema.user(user).map_or_else(|| user.to_string(), crate::model::User::display);
        let who = match live.get("LAST_ACTIVITY_BY") {
            Some(Value::User(user)) => Some(name(*user)),
            _ => None,
        };
        let when = match live.get("LAST_ACTIVITY_TIME") {
            Some(Value::Moment(moment)) => Some(*moment),
            _ => None,
        };
        Ok((who, when))
    }
}

fn pair_of(live: &LiveRecord) -> OriginPair {
    let text = |code: &str| live.text(code).unwrap_or_default().to_owned();
    OriginPair { originator: text("ORIGINATOR_ID"), origin: text("ORIGIN_ID") }
}
