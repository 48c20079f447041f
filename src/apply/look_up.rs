//! Records found by their marks: what an earlier run, or one on another computer, has created already.

use std::collections::HashMap;

use crate::drill::planted;
use crate::model::{EntityType, OriginPair, PortalId};
use crate::plan::ActionKind;

use super::learned::Learned;
use super::run::{ApplyError, Run};
use super::step::{How, State};

impl Run<'_> {
    /// Asks the portal for the keys of everything not yet created: an earlier run, or one on another computer, may have been here.
    pub(super) async fn look_up_planned(&mut self) -> Result<(), ApplyError> {
        for entity in EntityType::ALL {
            let seqs = self.seqs(|step| step.kind == ActionKind::Create && step.entity == entity && step.state == State::Planned);
            let found = self.find_keys(entity, &seqs).await?;
            // What was sent before and is found now was created by this plan after all, however late.
            let how = |seq: usize| if self.journal.step(seq).attempts > 0 { How::Adopted } else { How::AlreadyThere };
            let learned = seqs.into_iter().filter_map(|seq| found.get(&seq).map(|ids| (seq, present(ids, how(seq))))).collect();
            self.journal.learn(learned, self.watch.now())?;
        }
        Ok(())
    }

    /// The pair by which a created record is known again.
    pub(super) fn key(&self, seq: usize) -> Option<OriginPair> {
        let key = self.actions[seq].key.clone();
        #[cfg(feature = "faults")]
        if planted!(KeyWithPlan) {
            return key.map(|key| OriginPair { origin: format!("{}/{}", key.origin, self.plan), ..key });
        }
        key
    }

    /// Which live records bear the keys of these steps.
    pub(super) async fn find_keys(
        &self,
        entity: EntityType,
        seqs: &[usize],
    ) -> Result<HashMap<usize, Vec<PortalId>>, ApplyError> {
        let mut by_key: HashMap<OriginPair, usize> = HashMap::new();
        for &seq in seqs {
            if let Some(key) = self.key(seq) {
                by_key.insert(key, seq);
            }
        }
        let mut found: HashMap<usize, Vec<PortalId>> = HashMap::new();
        if by_key.is_empty() {
            return Ok(found);
        }
        let keys: Vec<OriginPair> = by_key.keys().cloned().collect();
        for live in self.writer.reader().by_origin(entity, &keys, self.schema).await? {
            let pair = OriginPair {
                originator: live.text("ORIGINATOR_ID").unwrap_or_default().to_owned(),
                origin: live.text("ORIGIN_ID").unwrap_or_default().to_owned(),
            };
            if let Some(seq) = by_key.get(&pair) {
                found.entry(*seq).or_default().push(live.id);
            }
        }
        Ok(found)
    }
}

/// What the number of records with a key says.
pub(super) fn present(ids: &[PortalId], how: How) -> Learned {
    match ids {
        [id, ..] if planted!(AdoptFirstOfTwo) => Learned::Done { portal_id: Some(*id), how },
        [id] => Learned::Done { portal_id: Some(*id), how },
        several => Learned::Failed {
            code: "created_twice".to_owned(),
            message: format!(
                "more than one record bears this mark: {}",
                several.iter().map(PortalId::to_string).collect::<Vec<_>>().join(", ")
            ),
        },
    }
}
