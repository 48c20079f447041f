//! Carrying a plan out: creates type by type, then mends, then updates of live records.
//!
//! Before anything is sent its intent is in the journal; whatever comes back is settled there before the next request. The run can be
//! killed at any instant and begun again.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::tz::TimeZone;
use serde_json::{Value as Json, json};

use crate::drill::{planted, point};
use crate::event::{Event, Observer, Phase};
use crate::model::{EntityType, OriginPair, Payload, PortalId, Schema};
use crate::plan::{Action, ActionKind, Approved, RecordRef, digest_of_text};
use crate::portal::{Effect, PortalError, Refusal, Wants, Writer};

use tokio::time::Instant;

use super::clock::{Clock, Compared, Watch};
use super::journal::{Intent, Journal, JournalError, Learned, Sending, Step};
use super::others::{BATCHES_BETWEEN, Stranger};
use super::step::{How, State};
use super::verify::RECORDS_AT_ONCE;

/// How often an unclear answer is looked up and sent again in one run.
pub const CYCLES_MAX: u32 = 5;

/// What a run needs to know besides the plan.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long after a request whose answer was lost the portal may still carry it out.
    pub zombie_window: Duration,
    /// Set when the person asked to stop: what is in flight is finished, nothing new is begun.
    pub stop: Arc<AtomicBool>,
    /// Which part of the plan is carried out.
    pub scope: Scope,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// How it stands to the portal's.
    pub compared: Compared,
    /// For a plan that is older than a day: the zone of the files' clocks, in which it is asked once more what has come back meanwhile.
    pub again: Option<TimeZone>,
}

/// Which part of a plan is carried out.
#[derive(Debug, Clone)]
pub enum Scope {
    /// All of it.
    All,
    /// These records alone, created and mended; live records are not touched.
    Pilot(HashSet<RecordRef>),
    /// The steps of these records alone, of whatever kind.
    Failed(HashSet<RecordRef>),
    /// The same, for records that a person has named.
    Named(HashSet<RecordRef>),
}

impl Scope {
    pub(super) fn holds(&self, subject: RecordRef, kind: ActionKind) -> bool {
        match self {
            Self::All => true,
            Self::Pilot(records) => records.contains(&subject) && matches!(kind, ActionKind::Create | ActionKind::Mend),
            Self::Failed(records) | Self::Named(records) => records.contains(&subject),
        }
    }
}

/// Why a run ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The journal can't be written: nothing more may be sent.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The portal can't be reached or refuses everything.
    #[error(transparent)]
    Portal(#[from] PortalError),
    /// The plan can't be read.
    #[error(transparent)]
    Plan(#[from] crate::plan::DirError),
    /// The person asked to stop.
    #[error("stopped on request")]
    Interrupted,
    /// Another run is writing to the same portal.
    #[error("another run is writing to this portal: {} {} is there as {}", .0.entity, .0.original_id, .0.portal_id)]
    AnotherWriter(Box<Stranger>),
}

/// A run over one plan.
pub struct Run<'a> {
    pub(super) actions: &'a [Action],
    pub(super) journal: &'a mut Journal,
    pub(super) writer: &'a Writer,
    pub(super) schema: &'a Schema,
    pub(super) settings: Settings,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) watch: Watch,
    pub(super) begun: Instant,
    /// When this run sent a step last.
    pub(super) sent: HashMap<usize, Instant>,
    /// The highest id of each type that the plan saw.
    pub(super) watermarks: Vec<(EntityType, PortalId)>,
    /// Whether the files are another portal's.
    pub(super) is_foreign: bool,
    missing_parent: String,
    mends: HashMap<RecordRef, usize>,
    #[cfg(feature = "faults")]
    plan: String,
}

impl std::fmt::Debug for Run<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run").field("actions", &self.actions.len()).finish_non_exhaustive()
    }
}

impl<'a> Run<'a> {
    /// Prepares a run of an approved plan.
    pub fn new(
        approved: &Approved,
        actions: &'a [Action],
        journal: &'a mut Journal,
        writer: &'a Writer,
        schema: &'a Schema,
        settings: Settings,
        observer: Arc<dyn Observer>,
    ) -> Self {
        let manifest = &approved.plan().manifest;
        let missing_parent = manifest.flags.missing_parent.clone();
        let mends = actions
            .iter()
            .enumerate()
            .filter(|(_, action)| action.action == ActionKind::Mend)
            .map(|(seq, action)| (action.subject(), seq))
            .collect();
        let watch = Watch::start(settings.clock.clone());
        let (begun, sent) = (Instant::now(), HashMap::new());
        // Whoever writes other types than this plan creates is in nobody's way.
        let created: HashSet<EntityType> =
            actions.iter().filter(|action| action.action == ActionKind::Create).map(|action| action.entity).collect();
        let highest = approved.plan().manifest.highest.iter().filter(|(entity, _)| created.contains(entity));
        let watermarks = highest.map(|(entity, id)| (*entity, *id)).collect();
        Self {
            actions,
            journal,
            writer,
            schema,
            settings,
            observer,
            watch,
            begun,
            sent,
            watermarks,
            is_foreign: approved.plan().manifest.flags.foreign.is_some(),
            missing_parent,
            mends,
            #[cfg(feature = "faults")]
            plan: approved.plan().digest.chars().take(8).collect(),
        }
    }

    /// Takes failed steps up again.
    pub fn take_up_failed(&mut self) -> Result<(), ApplyError> {
        let failed = self.seqs(|step| step.state == State::Failed);
        self.journal.forget_payloads(&failed)?;
        let again = failed.into_iter().map(|seq| (seq, Learned::Again)).collect();
        Ok(self.journal.learn(again, self.watch.now())?)
    }

    /// Carries the plan out, as far as it goes.
    pub async fn carry_out(&mut self) -> Result<(), ApplyError> {
        self.forget_interrupted_sendings()?;
        self.reconcile(None).await?;
        self.look_up_planned().await?;
        self.look_up_again().await?;
        let total = self.seqs(|step| step.kind == ActionKind::Create && step.state == State::Planned).len() as u64;
        self.observer.event(Event::Begin { phase: Phase::Create, total: Some(total) });
        let mut created = false;
        for entity in EntityType::ALL {
            created |= self.create_all(entity).await?;
        }
        if created {
            self.look_for_others().await?;
        }
        self.observer.event(Event::End { phase: Phase::Create });
        let total = self.seqs(|step| step.kind != ActionKind::Create && step.state == State::Planned).len() as u64;
        self.observer.event(Event::Begin { phase: Phase::Mend, total: Some(total) });
        if planted!(BaselineBeforeAck) {
            self.note_baselines().await?;
        }
        self.update_all().await?;
        self.link_late().await?;
        self.observer.event(Event::End { phase: Phase::Mend });
        self.note_baselines().await?;
        Ok(self.journal.checkpoint()?)
    }

    /// Steps that were being sent when an earlier run died: perhaps applied.
    pub(super) fn forget_interrupted_sendings(&mut self) -> Result<(), ApplyError> {
        let interrupted = self.seqs(|step| step.state == State::Intent).into_iter().map(|seq| {
            let learned = Learned::Interrupted(self.sent_at_the_latest(seq));
            (seq, if planted!(ResumeIgnoresSent) { Learned::Again } else { learned })
        });
        let interrupted = interrupted.collect();
        self.journal.learn(interrupted, self.watch.now())?;
        point!("unclear set loaded");
        Ok(())
    }

    /// Asks the portal for the keys of everything not yet created: an earlier run, or one on another computer, may have been here.
    async fn look_up_planned(&mut self) -> Result<(), ApplyError> {
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
    fn key(&self, seq: usize) -> Option<OriginPair> {
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

    /// Creates the records of a type; says whether any was sent.
    async fn create_all(&mut self, entity: EntityType) -> Result<bool, ApplyError> {
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
                orphans.push((seq, Learned::LeftOut { code: "missing_parent".to_owned() }));
                continue;
            }
            ready.push(seq);
        }
        self.journal.learn(orphans, self.watch.now())?;
        Ok(ready)
    }

    /// Commits that these steps are sent now, and notes when.
    pub(super) fn intend(&mut self, sendings: &[Sending]) -> Result<Vec<Intent>, ApplyError> {
        Ok(self.journal.intend(sendings, self.watch.now(), self.settings.compared.ahead())?)
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

    /// Whether a link of the action waits for a record that isn't there.
    pub(super) fn is_unlinked(&self, seq: usize) -> bool {
        self.actions[seq].links.iter().any(|link| self.new_id(link.target).is_none())
    }

    /// The id of a record that this plan has created.
    pub(super) fn new_id(&self, target: RecordRef) -> Option<PortalId> {
        self.journal.create_of(target).filter(|step| step.state == State::Done).and_then(|step| step.portal_id)
    }

    /// Fills in the links whose targets have their new ids; a link whose target failed stays empty.
    pub(super) fn fill_links(&self, action: &Action, payload: &mut Payload) {
        for link in &action.links {
            let Some(id) = self.new_id(link.target) else { continue };
            if !link.multiple {
                payload.set(link.field.as_str(), link.wire(id));
                continue;
            }
            match payload.0.get_mut(&link.field) {
                Some(Json::Array(ids)) => ids.push(link.wire(id)),
                _ => payload.set(link.field.as_str(), json!([link.wire(id)])),
            }
        }
    }

    /// Notes when the created records were last modified, once all our own writes are over.
    async fn note_baselines(&mut self) -> Result<(), ApplyError> {
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
                    live.iter().filter_map(|record| Some((record.id, super::undo::state_of(record, self.schema)?))).collect();
                let baselines: Vec<(usize, String)> =
                    chunk.iter().filter_map(|(seq, id)| Some((*seq, states.get(id)?.clone()))).collect();
                point!("read back");
                self.journal.set_baselines(&baselines)?;
                point!("read back and committed");
            }
        }
        Ok(())
    }

    /// The mend of a create, where there is one.
    pub(super) fn mend_of(&self, create: usize) -> Option<usize> {
        self.mends.get(&self.actions[create].subject()).copied()
    }

    /// Whether a created record waits for its mend.
    fn is_mending(&self, step: &Step) -> bool {
        self.mends.get(&step.subject()).is_some_and(|mend| self.journal.step(*mend).state.is_pending())
    }

    pub(super) fn check_stop(&self) -> Result<(), ApplyError> {
        if self.settings.stop.load(Ordering::SeqCst) { Err(ApplyError::Interrupted) } else { Ok(()) }
    }

    /// The places of the chosen steps; a pilot's choice is obeyed here for creates.
    pub(super) fn seqs(&self, wanted: impl Fn(&Step) -> bool) -> Vec<usize> {
        let chosen = |step: &Step| self.settings.scope.holds(step.subject(), step.kind);
        self.journal.steps().iter().filter(|step| chosen(step) && wanted(step)).map(|step| step.seq).collect()
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

/// Ends a run by a refusal that every further call would meet too; nothing is marked as failed.
pub(super) fn end_by(fatal: Option<Refusal>) -> Result<(), ApplyError> {
    match fatal {
        Some(refusal) => Err(ApplyError::Portal(PortalError::from(refusal))),
        None => Ok(()),
    }
}
