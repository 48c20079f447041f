//! Carrying a plan out, looking how far it is, reading back, taking back.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::causes;
use super::only_ids::{self, OnlyIdsError};
use super::outputs::write_outputs;
use crate::apply::{
    self, ApplyError, Clock, Compared, Journal, JournalError, Lock, LockError, Progress, Run, Scope, Settings, State, Step,
    Undone, Verified, choose_pilot, choose_sample, progress, retried,
};
use crate::drill::point;
use crate::event::Observer;
use crate::model::{EntityType, Schema, UserId};
use crate::plan::{AGE_MAX_HOURS, Action, ActionKind, Approved, Conditions, DirError, Plan, RecordRef, Refusal, approve, dir};
use crate::portal::{PortalError, Reader, Who, Writer};
use crate::report::Language;
use crate::report::outcome::Cause;

/// What a person asks of `apply` and `undo`.
#[derive(Debug, Clone)]
pub struct ApplyRequest {
    /// `--stale-ok`.
    pub stale_ok: bool,
    /// `--max-creates`.
    pub max_creates: Option<u64>,
    /// `--failed`: the failed records alone.
    pub failed: bool,
    /// `--pilot N`.
    pub pilot: Option<usize>,
    /// How long an unclear request may still be carried out by the portal.
    pub zombie_window: Duration,
    /// Set when the person asks to stop.
    pub stop: Arc<AtomicBool>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// The language of remedies in `failures.csv`.
    pub language: Language,
    /// `--only-ids`: these records alone are taken back.
    pub only_ids: Option<PathBuf>,
}

/// What came of taking a plan back.
#[derive(Debug)]
pub struct TakenBack {
    /// What was taken back, and what was left alone.
    pub undone: Undone,
    /// Why it ended early, if it did.
    pub stopped: Option<ApplyError>,
}

/// A plan that may be carried out.
#[derive(Debug)]
pub struct Opened {
    /// The approval.
    pub approved: Approved,
    /// Its actions.
    pub actions: Vec<Action>,
    /// Whether it was begun before.
    pub begun: bool,
    /// How our clock stands to the portal's.
    pub compared: Compared,
    /// Whether the plan is so old that the portal has to be asked once more.
    pub old: bool,
    /// Whose webhook it is now, where somebody else made the plan.
    pub other_user: Option<OtherUser>,
}

/// Another user of the same portal than the one who made the plan.
#[derive(Debug)]
pub struct OtherUser {
    /// Who made the plan.
    pub planner: UserId,
    /// Who carries it out.
    pub who: Who,
}

/// Why a plan can't be carried out.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The directory.
    #[error(transparent)]
    Dir(#[from] DirError),
    /// The portal.
    #[error(transparent)]
    Portal(#[from] PortalError),
    /// A safety check.
    #[error("refused: {0:?}")]
    Refused(Refusal),
    /// Another run.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// There is nothing to verify or take back: the plan was never begun.
    #[error("the plan in {} was never begun", .0.display())]
    NotBegun(PathBuf),
    /// The file of `--only-ids`.
    #[error(transparent)]
    OnlyIds(#[from] OnlyIdsError),
    /// The run.
    #[error(transparent)]
    Run(#[from] ApplyError),
    /// A result file.
    #[error("cannot write {}: {source}", path.display())]
    Output {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// What came of a run.
#[derive(Debug)]
pub struct Applied {
    /// How far the plan is.
    pub progress: Progress,
    /// Why the run ended early, if it did.
    pub stopped: Option<ApplyError>,
    /// What the pilot's records look like, read back.
    pub pilot: Option<(Vec<Step>, Verified)>,
    /// Why records were refused.
    pub causes: Vec<Cause>,
    /// Whether the journal has its write-ahead log: a network file system offers none.
    pub has_write_ahead_log: bool,
}

/// How far a plan is.
#[derive(Debug)]
pub struct Status {
    /// The plan.
    pub plan: Plan,
    /// The counts.
    pub progress: Progress,
    /// Why records were refused.
    pub causes: Vec<Cause>,
}

/// Opens a plan and has it approved for the portal at hand.
pub async fn open(place: &Path, reader: &Reader, request: &ApplyRequest) -> Result<Opened, OpenError> {
    let plan = Plan::open(place)?;
    point!("plan opened");
    // Asked before the portal is: a plan of the sandbox must not so much as greet a real one.
    same_portal(&plan, reader)?;
    let steps = Journal::read(&place.join(dir::JOURNAL), &plan.digest)?;
    let begun = steps.is_some_and(|steps| has_begun(&steps));
    let who = reader.who().await?;
    point!("portal identity read");
    let now = reader.server_time().await?;
    let compared = Compared::with(now, &*request.clock);
    let conditions = Conditions {
        portal: reader.identity().clone(),
        admin: who.admin,
        now,
        begun,
        stale_ok: request.stale_ok,
        max_creates: request.max_creates,
    };
    let actions = plan.actions()?;
    let other_user = (plan.manifest.user != who.user).then(|| OtherUser { planner: plan.manifest.user, who: who.clone() });
    let made_at = plan.manifest.made_at.parse().unwrap_or(Timestamp::UNIX_EPOCH);
    let old = conditions.now.duration_since(made_at) >= SignedDuration::from_hours(AGE_MAX_HOURS);
    let approved = approve(plan, &conditions).map_err(OpenError::Refused)?;
    point!("plan checked");
    Ok(Opened { approved, actions, begun, compared, old, other_user })
}

impl Opened {
    /// Who carries the plan out.
    pub fn user(&self) -> UserId {
        self.other_user.as_ref().map_or(self.approved.plan().manifest.user, |other| other.who.user)
    }
}

/// Whether anything of a plan was ever sent or decided.
pub(super) fn has_begun(steps: &[Step]) -> bool {
    steps.iter().any(|step| step.attempts > 0 || step.state != State::Planned)
}

/// Carries a plan out, as far as it goes, and writes its result files.
pub async fn apply(
    opened: &Opened,
    writer: &Writer,
    request: &ApplyRequest,
    observer: Arc<dyn Observer>,
) -> Result<Applied, OpenError> {
    let plan = opened.approved.plan();
    let _lock = Lock::take(&plan.dir, &plan.manifest.portal, request.clock.wall())?;
    let schema = schema_with_kept_dates(plan, &opened.actions, writer).await?;
    let mut journal = journal_of(plan, &opened.actions, request)?;
    let scope = if let Some(count) = request.pilot {
        Scope::Pilot(choose_pilot(&opened.actions, count))
    } else if request.failed {
        Scope::Failed(retried(journal.steps()))
    } else {
        Scope::All
    };
    let stopped = {
        let settings = settings(opened, request, scope.clone());
        let mut run = Run::new(&opened.approved, &opened.actions, &mut journal, writer, &schema, settings, observer.clone());
        if request.failed {
            run.take_up_failed().map_err(OpenError::Run)?;
        }
        run.carry_out().await.err()
    };
    let steps = journal.steps().to_vec();
    write_outputs(plan, &opened.actions, &steps, request.language)?;
    let pilot = match (&stopped, scope) {
        (None, Scope::Pilot(chosen)) => {
            let chosen: BTreeSet<RecordRef> = chosen.into_iter().collect();
            let verified =
                apply::verify(&opened.actions, &steps, Some(&chosen), writer.reader(), &schema, &zone(plan), &*observer).await?;
            let of_pilot = |step: &&Step| step.kind == ActionKind::Create && chosen.contains(&step.subject());
            Some((steps.iter().filter(of_pilot).cloned().collect(), verified))
        }
        _ => None,
    };
    Ok(Applied {
        progress: progress(&opened.actions, Some(&steps)),
        stopped,
        pilot,
        causes: causes(&steps, request.language),
        has_write_ahead_log: journal.has_write_ahead_log(),
    })
}

/// How far a plan is. Needs no portal.
pub fn status(place: &Path, language: Language) -> Result<Status, OpenError> {
    let plan = Plan::open(place)?;
    let steps = Journal::read(&place.join(dir::JOURNAL), &plan.digest)?;
    let progress = progress(&plan.actions()?, steps.as_deref());
    let causes = causes(steps.as_deref().unwrap_or_default(), language);
    Ok(Status { plan, progress, causes })
}

/// Reads back what a plan created. Only reads.
pub async fn verify(place: &Path, reader: &Reader, sample: Option<f64>, observer: &dyn Observer) -> Result<Verified, OpenError> {
    let plan = Plan::open(place)?;
    same_portal(&plan, reader)?;
    let steps = Journal::read(&place.join(dir::JOURNAL), &plan.digest)?.ok_or_else(|| OpenError::NotBegun(place.to_owned()))?;
    let schema = reader.schema().await?;
    let actions = plan.actions()?;
    let sample = sample.map(|percent| choose_sample(&steps, percent));
    Ok(apply::verify(&actions, &steps, sample.as_ref(), reader, &schema, &zone(&plan), observer).await?)
}

/// Takes a plan back.
pub async fn undo(
    opened: &Opened,
    writer: &Writer,
    request: &ApplyRequest,
    observer: Arc<dyn Observer>,
) -> Result<TakenBack, OpenError> {
    let plan = opened.approved.plan();
    if !plan.dir.join(dir::JOURNAL).exists() {
        return Err(OpenError::NotBegun(plan.dir.clone()));
    }
    let _lock = Lock::take(&plan.dir, &plan.manifest.portal, request.clock.wall())?;
    let schema = writer.reader().schema().await?;
    let mut journal = journal_of(plan, &opened.actions, request)?;
    let scope = match &request.only_ids {
        Some(path) => Scope::Named(only_ids::read(path, journal.steps())?),
        None => Scope::All,
    };
    let mut undone = Undone::default();
    let stopped = {
        let settings = settings(opened, request, scope);
        let mut run = Run::new(&opened.approved, &opened.actions, &mut journal, writer, &schema, settings, observer);
        run.undo(&mut undone).await.err()
    };
    write_outputs(plan, &opened.actions, journal.steps(), request.language)?;
    Ok(TakenBack { undone, stopped })
}

fn same_portal(plan: &Plan, reader: &Reader) -> Result<(), OpenError> {
    if plan.manifest.portal == *reader.identity() {
        return Ok(());
    }
    Err(OpenError::Refused(Refusal::OtherPortal { plan: plan.manifest.portal.clone(), here: reader.identity().clone() }))
}

fn settings(opened: &Opened, request: &ApplyRequest, scope: Scope) -> Settings {
    let (stop, clock) = (request.stop.clone(), request.clock.clone());
    let again = opened.old.then(|| zone(opened.approved.plan()));
    let (compared, user) = (opened.compared, opened.user());
    Settings { zombie_window: request.zombie_window, stop, scope, clock, compared, user, again }
}

fn journal_of(plan: &Plan, actions: &[Action], request: &ApplyRequest) -> Result<Journal, OpenError> {
    let path = plan.dir.join(dir::JOURNAL);
    Ok(Journal::open(&path, &plan.digest, plan.manifest.portal.as_str(), actions, request.clock.wall())?)
}

/// The zone in which the plan read the files' times.
fn zone(plan: &Plan) -> TimeZone {
    let name = plan.manifest.zone.as_str();
    let fixed = || {
        let offset: i32 = name.strip_prefix("UTC").and_then(|offset| offset.trim_start_matches('+').parse().ok()).unwrap_or(0);
        TimeZone::fixed(Offset::from_hours(offset as i8).unwrap_or(Offset::UTC))
    };
    TimeZone::get(name).unwrap_or_else(|_| {
        jiff::fmt::strtime::parse("UTC%:z", name).ok().and_then(|parsed| parsed.offset()).map_or_else(fixed, TimeZone::fixed)
    })
}

/// The portal's schema, after the fields for original id and creation moment have been made where the plan wants them.
async fn schema_with_kept_dates(plan: &Plan, actions: &[Action], writer: &Writer) -> Result<Schema, OpenError> {
    let schema = writer.reader().schema().await?;
    if !plan.manifest.flags.keep_dates {
        return Ok(schema);
    }
    let entities: BTreeSet<EntityType> =
        actions.iter().filter(|action| action.action == ActionKind::Create).map(|action| action.entity).collect();
    let mut made = false;
    for entity in entities {
        for field in crate::plan::KEPT_DATES {
            if schema.listed(entity, field.code).is_none() {
                // An unclear answer is no matter: the field's code is unique, and the schema is read again.
                let _ = writer.add_custom_field(entity, field.code, field.kind, field.label_en, field.label_es).await;
                made = true;
            }
        }
    }
    if made { Ok(writer.reader().schema().await?) } else { Ok(schema) }
}
