//! How a created record stood when we last touched it: what tells afterwards whether somebody has changed it since.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;

use crate::drill::{planted, point};
use crate::model::{EntityType, FieldType, LiveRecord, PortalId, Schema, Value};
use crate::plan::{Action, ActionKind, digest_of_text, moment, rfc3339};
use crate::portal::Wants;

use super::journal::Step;
use super::run::{ApplyError, Run};
use super::stand::field_holds;
use super::step::State;
use super::verify::RECORDS_AT_ONCE;

/// Without a noted moment, a record counts as unchanged when it was last modified within this time of our last sending.
const GRACE: SignedDuration = SignedDuration::from_secs(120);

/// In the place of a state: somebody had edited the record before it was read back.
const EDITED: &str = "edited";

impl Run<'_> {
    /// Notes when the created records were last modified, once all our own writes are over.
    pub(super) async fn note_baselines(&mut self) -> Result<(), ApplyError> {
        for entity in EntityType::ALL {
            let created: Vec<(usize, PortalId)> = self
                .journal
                .steps()
                .iter()
                .filter(|step| step.entity == entity && step.kind == ActionKind::Create && step.state == State::Done)
                .filter(|step| step.baseline.is_none())
                .filter(|step| !self.is_mending(step) || planted!(BaselineBeforeAck))
                .filter_map(|step| Some((step.seq, step.portal_id?)))
                .collect();
            for chunk in created.chunks(RECORDS_AT_ONCE) {
                let ids: Vec<PortalId> = chunk.iter().map(|(_, id)| *id).collect();
                let wants = Wants { everything: true, addresses: false, products: false };
                let live = self.writer.reader().get_many(entity, &ids, self.schema, wants).await?;
                let live: HashMap<PortalId, LiveRecord> = live.into_iter().map(|record| (record.id, record)).collect();
                let stands = |(seq, id): &(usize, PortalId)| live.get(id).and_then(|live| self.has_sent_moment(*seq, live));
                let keeps_moments = chunk.iter().any(|one| stands(one) == Some(true));
                let baseline = |seq, live| {
                    let is_moved = keeps_moments && self.has_sent_moment(seq, live) == Some(false);
                    let is_edited = self.is_edited_already(seq, live, is_moved);
                    if is_edited { Some(EDITED.to_owned()) } else { state_of(live, self.schema) }
                };
                let baselines: Vec<(usize, String)> =
                    chunk.iter().filter_map(|(seq, id)| Some((*seq, baseline(*seq, live.get(id)?)?))).collect();
                point!("read back");
                self.journal.set_baselines(&baselines)?;
                point!("read back and committed");
            }
        }
        Ok(())
    }

    /// Whether somebody has edited a record before it could be read back: people work on what is there while hours of others are still
    /// being created. A field isn't what was sent, and the last change is another user's, or later than our last one, or (`is_moved`) it
    /// took away the moment that the import had named.
    ///
    /// Both are asked for: a portal may store a text in another form, and its clock may be off.
    fn is_edited_already(&self, seq: usize, live: &LiveRecord, is_moved: bool) -> bool {
        let mend = self.mend_of(seq).filter(|mend| self.journal.step(*mend).state == State::Done);
        let (create, mend) = (&self.actions[seq], mend.map(|mend| (&self.actions[mend], self.journal.step(mend))));
        let editor = match live.get("MODIFY_BY_ID") {
            Some(Value::User(user)) => *user,
            _ => self.settings.user,
        };
        let is_ours = editor == self.settings.user || create.system.0.get("updatedBy").and_then(Json::as_u64) == Some(editor.0);
        let sent = self.journal.step(seq).sent_at.max(mend.and_then(|(_, step)| step.sent_at));
        let modified = live.get("DATE_MODIFY").and_then(|value| moment(value, &TimeZone::UTC));
        let is_late = match (sent, modified) {
            (Some(sent), Some(modified)) => modified > sent + self.settings.compared.ahead() + GRACE,
            _ => false,
        };
        let holds = |action: &Action| {
            let is_rewritten = |name: &String| mend.is_some_and(|(mend, _)| mend.fields.0.contains_key(name));
            let own = action.fields.0.iter().filter(|(name, _)| action.action == ActionKind::Mend || !is_rewritten(name));
            let is_link = |name: &str| action.waits_for(name);
            let mut own = own.filter(|(name, _)| !is_link(name));
            own.all(|(name, value)| field_holds(live, name, value, self.schema))
        };
        (!is_ours || is_late || is_moved) && !(holds(create) && mend.is_none_or(|(mend, _)| holds(mend)))
    }

    /// Whether a record was last modified when its import says; `None` where that said nothing, or we have written to the record since.
    ///
    /// A portal may put its own moment there. Of one that keeps the file's in any record, another moment is somebody's change.
    fn has_sent_moment(&self, seq: usize, live: &LiveRecord) -> Option<bool> {
        let step = self.journal.step(seq);
        if step.without_dates || self.mend_of(seq).is_some() || !self.actions[seq].links.is_empty() {
            return None;
        }
        let sent: Timestamp = self.actions[seq].system.0.get("updatedTime")?.as_str()?.parse().ok()?;
        Some(moment(live.get("DATE_MODIFY")?, &TimeZone::UTC)?.as_second() == sent.as_second())
    }

    /// Whether a created record waits for its mend.
    fn is_mending(&self, step: &Step) -> bool {
        self.mends.get(&step.subject()).is_some_and(|mend| self.journal.step(*mend).state.is_pending())
    }

    /// Whether a record's own fields are as they were after our last writing.
    pub(super) fn is_unedited(&self, seq: usize, live: &LiveRecord) -> bool {
        let step = self.journal.step(seq);
        let Some(now) = state_of(live, self.schema) else { return false };
        match (&step.baseline, step.sent_at) {
            (Some(baseline), _) => *baseline == now,
            (None, Some(sent)) => {
                let modified = now.split(' ').next().and_then(|modified| modified.parse::<Timestamp>().ok());
                modified.is_some_and(|modified| modified <= sent + GRACE)
            }
            (None, None) => false,
        }
    }
}

/// What tells two readings of a live record apart: when it was last modified, and a digest of its fields.
///
/// The portal's moments count whole seconds, so that a change made right after ours has the same one. Links are left out of the digest,
/// because taking back one record empties the links to it in others; so is what the portal computes by itself, and product rows, which
/// are no field.
fn state_of(live: &LiveRecord, schema: &Schema) -> Option<String> {
    let modified = moment(live.get("DATE_MODIFY")?, &TimeZone::UTC).map(rfc3339)?;
    let counts = |code: &str| {
        code != "PRODUCTS"
            && schema.listed(live.entity, code).is_none_or(|field| !field.portal_own && !matches!(field.kind, FieldType::Link(_)))
    };
    let mut fields: Vec<_> = live.fields().filter(|(code, _)| counts(code.as_str())).collect();
    fields.sort_by_key(|(code, _)| code.as_str());
    let text = serde_json::to_string(&fields).ok()?;
    Some(format!("{modified} {}", digest_of_text(&text)))
}
