//! How a created record stood when we last touched it: what tells afterwards whether somebody has changed it since.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::drill::{planted, point};
use crate::model::{EntityType, FieldType, LiveRecord, PortalId, Schema};
use crate::plan::{ActionKind, digest_of_text, moment, rfc3339};
use crate::portal::Wants;

use super::journal::Step;
use super::run::{ApplyError, Run};
use super::step::State;
use super::verify::RECORDS_AT_ONCE;

/// Without a noted moment, a record counts as unchanged when it was last modified within this time of our last sending.
const GRACE: SignedDuration = SignedDuration::from_secs(120);

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
                let states: HashMap<PortalId, String> =
                    live.iter().filter_map(|record| Some((record.id, state_of(record, self.schema)?))).collect();
                let baselines: Vec<(usize, String)> =
                    chunk.iter().filter_map(|(seq, id)| Some((*seq, states.get(id)?.clone()))).collect();
                point!("read back");
                self.journal.set_baselines(&baselines)?;
                point!("read back and committed");
            }
        }
        Ok(())
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
    let modified = moment(live.get("DATE_MODIFY")?, &jiff::tz::TimeZone::UTC).map(rfc3339)?;
    let counts = |code: &str| {
        code != "PRODUCTS"
            && schema.listed(live.entity, code).is_none_or(|field| !field.portal_own && !matches!(field.kind, FieldType::Link(_)))
    };
    let mut fields: Vec<_> = live.fields().filter(|(code, _)| counts(code.as_str())).collect();
    fields.sort_by_key(|(code, _)| code.as_str());
    let text = serde_json::to_string(&fields).ok()?;
    Some(format!("{modified} {}", digest_of_text(&text)))
}
