//! Creates: what may be sent now, as it is sent now, and what became of it.

use tokio::time::Instant;

use crate::drill::planted;
use crate::event::{Event, Phase};
use crate::model::{EntityType, Payload, PortalId};
use crate::plan::{ActionKind, digest_of_text};
use crate::portal::Effect;

use super::journal::Sending;
use super::learned::Learned;
use super::others::BATCHES_BETWEEN;
use super::retry::MISSING_PARENT;
use super::run::{ApplyError, CYCLES_MAX, Run, end_by};
use super::step::{How, State};

impl Run<'_> {
    /// Creates the records of a type; says whether any was sent.
    pub(super) async fn create_all(&mut self, entity: EntityType) -> Result<bool, ApplyError> {
        let mut batches = 0;
        loop {
            self.check_stop()?;
            let ready = self.ready(entity)?;
            if ready.is_empty() {
                // What is unclear must be cleared up before others refer to it.
                if !self.reconcile(Some(entity)).await? {
                    return Ok(batches > 0);
                }
                continue;
            }
            if batches % BATCHES_BETWEEN == 0 {
                self.look_for_others().await?;
            }
            let chunk: Vec<usize> = ready.into_iter().take(self.writer.import_capacity().max(1)).collect();
            self.send_creates(entity, &chunk).await?;
            batches += 1;
        }
    }

    /// The creates of a type that may be sent now, in the plan's order. Steps whose parent failed are settled on the way.
    fn ready(&mut self, entity: EntityType) -> Result<Vec<usize>, ApplyError> {
        let mut ready = Vec::new();
        let mut orphans = Vec::new();
        for seq in self.seqs(|step| {
            step.kind == ActionKind::Create && step.entity == entity && step.state == State::Planned && step.cycles < CYCLES_MAX
        }) {
            let parents = || self.actions[seq].depends_on.iter().filter_map(|target| self.journal.create_of(*target));
            if parents().any(|parent| parent.state.is_pending()) {
                continue;
            }
            if self.missing_parent == "skip" && parents().any(|parent| parent.state != State::Done) {
                orphans.push((seq, Learned::LeftOut { code: MISSING_PARENT.to_owned() }));
                continue;
            }
            ready.push(seq);
        }
        self.journal.learn(orphans, self.watch.now())?;
        Ok(ready)
    }

    /// What is sent of these creates now. One that was sent before with other fields is not sent again under the same mark: which of the
    /// two it would be known by can't be told any more.
    fn sendings(&mut self, seqs: &[usize]) -> Result<(Vec<Sending>, Vec<Payload>), ApplyError> {
        let mut sendings = Vec::new();
        let mut payloads = Vec::new();
        let mut changed = Vec::new();
        for &seq in seqs {
            let payload = digest(&self.own_fields(seq));
            let known = &self.journal.step(seq).payload;
            if !known.is_empty() && *known != payload {
                changed.push((seq, payload_changed()));
                continue;
            }
            sendings.push(Sending { seq, unlinked: self.is_unlinked(seq), payload });
            payloads.push(self.payload(seq));
        }
        self.journal.learn(changed, self.watch.now())?;
        Ok((sendings, payloads))
    }

    async fn send_creates(&mut self, entity: EntityType, chunk: &[usize]) -> Result<(), ApplyError> {
        let (sendings, payloads) = self.sendings(chunk)?;
        let chunk: Vec<usize> = sendings.iter().map(|sending| sending.seq).collect();
        if chunk.is_empty() {
            return Ok(());
        }
        let late_intent = if planted!(IntentAfterSend) { Some(self.writer.import(entity, &payloads).await) } else { None };
        let intents = self.intend(&sendings)?;
        let effects = match late_intent {
            Some(effects) => effects,
            None => self.writer.import(entity, &payloads).await,
        };
        // Not when it was intended: the limits may have held it back for minutes since.
        let sent = self.writer.last_sent().unwrap_or_else(Instant::now);
        self.sent.extend(chunk.iter().map(|seq| (*seq, sent)));
        let fatal = effects.iter().find_map(Effect::fatal).cloned();
        let settled = intents
            .into_iter()
            .zip(effects)
            .map(|(intent, effect)| {
                let learned = self.learn_create(intent.seq(), effect);
                (intent, learned)
            })
            .collect();
        self.journal.settle(settled, self.watch.now())?;
        self.observer.event(Event::Advance { phase: Phase::Create, by: chunk.len() as u64 });
        end_by(fatal)
    }

    fn learn_create(&self, seq: usize, effect: Effect<PortalId>) -> Learned {
        match effect {
            Effect::Done(id) => Learned::Done { portal_id: Some(id), how: How::Created },
            Effect::Unknown(_) if planted!(AckBeforeAnswer) => Learned::Done { portal_id: None, how: How::Created },
            Effect::Unknown(_) => Learned::Unclear,
            Effect::NotDone(refusal) if refusal.concerns_the_portal() => Learned::Again,
            // Which of the date rules failed can't be told from the text (rest-crm 13, trap 25), so all dates are left out at once.
            Effect::NotDone(refusal)
                if refusal.code == "CRM_FIELD_ERROR_VALUE_NOT_VALID"
                    && !self.actions[seq].system.is_empty()
                    && !self.journal.step(seq).without_dates =>
            {
                Learned::AgainWithoutDates
            }
            Effect::NotDone(refusal) => Learned::Failed { code: refusal.code, message: refusal.text },
        }
    }

    /// The fields of a create as they are sent now: links filled in, system fields added unless the portal refused them.
    fn payload(&self, seq: usize) -> Payload {
        let action = &self.actions[seq];
        let mut payload = self.own_fields(seq);
        if !self.journal.step(seq).without_dates {
            for (name, value) in &action.system.0 {
                payload.set(name.as_str(), value.clone());
            }
        }
        self.fill_links(action, &mut payload);
        if let Some(key) = self.key(seq).filter(|_| planted!(KeyWithPlan)) {
            payload.set("originId", key.origin);
        }
        if let Some(key) = self.key(seq).filter(|_| planted!(KeyWithAttempt)) {
            payload.set("originId", format!("{}/{}", key.origin, self.journal.step(seq).attempts));
        }
        payload
    }

    /// The fields of a create that don't change from one sending to the next: without system fields, and links to others of the plan.
    fn own_fields(&self, seq: usize) -> Payload {
        let action = &self.actions[seq];
        self.name_custom_fields(action.entity, action.fields.clone())
    }

    /// Custom fields that `apply` made go by the name that the portal gave them: such names can't be computed (rest-crm 1.0).
    fn name_custom_fields(&self, entity: EntityType, payload: Payload) -> Payload {
        let named = payload.0.into_iter().filter_map(|(name, value)| {
            if !name.starts_with("UF_") {
                return Some((name, value));
            }
            self.schema.listed(entity, &name).map(|field| (field.universal.clone(), value))
        });
        Payload(named.collect())
    }
}

/// What tells two payloads apart.
fn digest(fields: &Payload) -> String {
    // A payload is a JSON object already: it always serialises.
    serde_json::to_string(fields).map(|text| digest_of_text(&text)).unwrap_or_default()
}

/// The fields that would be sent are not those that were.
fn payload_changed() -> Learned {
    Learned::Failed {
        code: "payload_changed".to_owned(),
        message: "sent before with other fields; look at the record in the portal, then take it up again with --failed"
            .to_owned(),
    }
}
