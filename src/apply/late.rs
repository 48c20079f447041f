//! Links that come late: a record was created without its company because that was refused; then the company came after all.

use serde_json::Value as Json;

use crate::model::{Payload, PortalId};
use crate::portal::{Change, Effect, Wants};

use super::run::{ApplyError, Run};
use super::stand::field_holds;
use super::step::State;

/// How many updates a request holds.
const COMMANDS: usize = 50;

impl Run<'_> {
    /// Links created records to what they were created without, where it is there now and nobody has set another link since.
    pub(super) async fn link_late(&mut self) -> Result<(), ApplyError> {
        // Whatever part of the plan this run carries out: it may have brought what others wait for.
        let waiting = self.journal.steps().iter().filter(|step| step.unlinked && step.state == State::Done);
        let late: Vec<(usize, PortalId)> = waiting
            .filter(|step| !self.is_unlinked(step.seq))
            .filter_map(|step| Some((step.seq, self.actions[step.seq].portal_id.or_else(|| self.new_id(step.subject()))?)))
            .collect();
        for chunk in late.chunks(COMMANDS) {
            self.check_stop()?;
            let mut linked = Vec::new();
            let mut changes = Vec::new();
            for (seq, id) in chunk {
                if self.is_free(*seq, *id).await? {
                    changes.push((
                        *seq,
                        Change::Update { entity: self.actions[*seq].entity, id: *id, fields: self.late_links(*seq) },
                    ));
                } else {
                    linked.push(*seq);
                }
            }
            let (seqs, changes): (Vec<usize>, Vec<Change>) = changes.into_iter().unzip();
            let effects = if changes.is_empty() { Vec::new() } else { self.writer.run(&changes).await };
            // An unclear answer is no matter: the same update is made again by the next run.
            linked.extend(
                seqs.into_iter().zip(effects).filter(|(_, effect)| matches!(effect, Effect::Done(()))).map(|(seq, _)| seq),
            );
            self.journal.set_linked(&linked)?;
        }
        Ok(())
    }

    /// The link fields of a create, filled in.
    fn late_links(&self, seq: usize) -> Payload {
        let action = &self.actions[seq];
        let mut links = Payload::default();
        for link in &action.links {
            if let Some(known) = action.fields.0.get(&link.field) {
                links.set(link.field.as_str(), known.clone());
            }
        }
        self.fill_links(action, &mut links);
        links
    }

    /// Whether nobody has set another link since the record was created.
    async fn is_free(&self, seq: usize, id: PortalId) -> Result<bool, ApplyError> {
        let action = &self.actions[seq];
        let wants = Wants { everything: true, addresses: false, products: false };
        let live = self.writer.reader().get_many(action.entity, &[id], self.schema, wants).await?;
        // A link that was sent with the create holds what we want already; one that was left out is empty.
        let wanted = self.late_links(seq);
        let holds = |live, field: &str, value: &Json| field_holds(live, field, value, self.schema);
        let untouched = |live, field: &str| {
            holds(live, field, &Json::Null) || wanted.0.get(field).is_some_and(|value| holds(live, field, value))
        };
        let single = || action.links.iter().filter(|link| !link.multiple);
        Ok(live.first().is_some_and(|live| single().all(|link| untouched(live, &link.field))))
    }
}
