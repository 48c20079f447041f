//! Links that come late: a record was created without its company because that was refused; then the company came after all.

use serde_json::Value as Json;

use crate::model::{Payload, PortalId};
use crate::portal::{Change, Effect, Wants};

use super::run::{ApplyError, Run};
use super::stand::{field_holds, json_of, text_of};
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
                match self.late_update(*seq, *id).await? {
                    Some(fields) => changes.push((*seq, Change::Update { entity: self.actions[*seq].entity, id: *id, fields })),
                    None => linked.push(*seq),
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

    /// What links the record as it stands now; `None` where it is gone, or somebody has set another link since it was created.
    async fn late_update(&self, seq: usize, id: PortalId) -> Result<Option<Payload>, ApplyError> {
        let action = &self.actions[seq];
        let wants = Wants { everything: true, addresses: false, products: false };
        let live = self.writer.reader().get_many(action.entity, &[id], self.schema, wants).await?;
        let Some(live) = live.first() else { return Ok(None) };
        // A link that was sent with the create holds what we want already; one that was left out is empty.
        let mut wanted = self.late_links(seq);
        let holds = |field: &str, value: &Json| field_holds(live, field, value, self.schema);
        let untouched = |field: &str| holds(field, &Json::Null) || wanted.0.get(field).is_some_and(|value| holds(field, value));
        if !action.links.iter().filter(|link| !link.multiple).all(|link| untouched(&link.field)) {
            return Ok(None);
        }
        for field in self.schema.fields.get(&action.entity).into_iter().flatten() {
            if let Some(Json::Array(links)) = wanted.0.get_mut(&field.universal) {
                let now = match json_of(live.get(field.code.as_str()), &field.kind) {
                    Json::Array(now) => now,
                    Json::Null => Vec::new(),
                    one => vec![one],
                };
                let known = action.fields.0.get(&field.universal).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
                *links = together(now, known, std::mem::take(links));
            }
        }
        Ok(Some(wanted))
    }
}

/// A list of links with what comes late: in the file's order where nobody has touched it, else behind what is there now.
///
/// `known`: what was sent with the create, whatever became of the rest.
fn together(now: Vec<Json>, known: &[Json], wanted: Vec<Json>) -> Vec<Json> {
    let holds = |list: &[Json], link: &Json| list.iter().any(|other| text_of(other) == text_of(link));
    if now.iter().all(|link| holds(&wanted, link)) && known.iter().all(|link| holds(&now, link)) {
        return wanted;
    }
    let late: Vec<Json> = wanted.into_iter().filter(|link| !holds(known, link) && !holds(&now, link)).collect();
    now.into_iter().chain(late).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_somebody_added_stays_and_what_they_took_away_stays_away() {
        let list = |ids: &[u64]| ids.iter().map(|id| json!(id)).collect::<Vec<_>>();
        let (known, wanted) = (list(&[2, 3]), list(&[1, 2, 3]));
        assert_eq!(together(list(&[2, 3]), &known, wanted.clone()), list(&[1, 2, 3]));
        assert_eq!(together(list(&[2, 3, 9]), &known, wanted.clone()), list(&[2, 3, 9, 1]));
        assert_eq!(together(list(&[3]), &known, wanted.clone()), list(&[3, 1]));
        assert_eq!(together(vec![json!("2"), json!("3")], &known, wanted), list(&[1, 2, 3]));
    }
}
