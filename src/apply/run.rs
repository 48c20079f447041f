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
use crate::model::{EntityType, Payload, PortalId, Schema, UserId};
use crate::plan::{Action, ActionKind, Approved, RecordRef};
use crate::portal::{PortalError, Refusal, Writer};

use tokio::time::Instant;

use super::clock::{Clock, Compared, Watch};
use super::journal::{Intent, Journal, JournalError, Sending, Step};
use super::learned::Learned;
use super::others::Stranger;
use super::step::State;

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
    /// Whose name the portal puts under what is written.
    pub user: UserId,
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
    /// The steps of these records alone, of whatever kind: what failed, and what was left out for its sake.
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
    pub(super) missing_parent: String,
    pub(super) mends: HashMap<RecordRef, usize>,
    #[cfg(feature = "faults")]
    pub(super) plan: String,
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

    /// Commits that these steps are sent now, and notes when.
    pub(super) fn intend(&mut self, sendings: &[Sending]) -> Result<Vec<Intent>, ApplyError> {
        Ok(self.journal.intend(sendings, self.watch.now(), self.settings.compared.ahead())?)
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
        fill_links(action, payload, |target| self.new_id(target));
    }

    /// The mend of a create, where there is one.
    pub(super) fn mend_of(&self, create: usize) -> Option<usize> {
        self.mends.get(&self.actions[create].subject()).copied()
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

/// Fills in the links whose targets have new ids.
pub(super) fn fill_links(action: &Action, payload: &mut Payload, new_id: impl Fn(RecordRef) -> Option<PortalId>) {
    for link in &action.links {
        let Some(id) = new_id(link.target) else { continue };
        if !link.multiple {
            payload.set(link.field.as_str(), link.wire(id));
            continue;
        }
        match payload.0.get_mut(&link.field) {
            Some(Json::Array(ids)) => ids.insert(ids.len().saturating_sub(link.ahead_of), link.wire(id)),
            _ => payload.set(link.field.as_str(), json!([link.wire(id)])),
        }
    }
}

/// Ends a run by a refusal that every further call would meet too; nothing is marked as failed.
pub(super) fn end_by(fatal: Option<Refusal>) -> Result<(), ApplyError> {
    match fatal {
        Some(refusal) => Err(ApplyError::Portal(PortalError::from(refusal))),
        None => Ok(()),
    }
}
