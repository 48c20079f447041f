//! `apply`: re-create what is missing.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::args::{self, Output};
use super::lang::say;
use super::{Failure, Outcome, portal, prompt, signals, terminal};
use crate::apply::{ApplyError, Progress, SystemClock};
use crate::pipeline::{self, Applied, ApplyRequest, Opened, OtherUser};
use crate::portal::Writer;
use crate::report;
use crate::report::Language;
use crate::report::outcome::{ApplyCounts, ApplyOutcome};

/// More creates than this are confirmed by typing the portal's name.
const CREATES_BY_A_WORD: u64 = 100;

/// Re-create what is missing; again = go on where it stopped.
#[derive(Debug, Args)]
pub struct Apply {
    /// The plan directory.
    #[arg(value_name = "PLAN_DIR")]
    dir: PathBuf,
    /// Don't ask.
    #[arg(long)]
    yes: bool,
    /// Carry out a plan that is older than 24 hours.
    #[arg(long)]
    stale_ok: bool,
    /// Refuse a plan that would create more records than this.
    #[arg(long, value_name = "N")]
    max_creates: Option<u64>,
    /// Take up the failed records alone.
    #[arg(long)]
    failed: bool,
    /// Create a varied few, verify them, and stop.
    #[arg(long, value_name = "N", conflicts_with = "failed")]
    pilot: Option<usize>,
    #[command(flatten)]
    portal: args::Portal,
}

impl Apply {
    pub(super) async fn run(self, output: &Output) -> Result<Outcome, Failure> {
        let request = ApplyRequest {
            stale_ok: self.stale_ok,
            max_creates: self.max_creates,
            failed: self.failed,
            pilot: self.pilot,
            ..request(output)?
        };
        let confirmed = if self.yes { Confirmed::ByFlag } else { Confirmed::NotYet };
        go(&self.dir, &self.portal, &request, confirmed, output).await
    }
}

/// Goes on from `plan` into `apply` with the plan just seen and confirmed.
pub(super) async fn run_now(dir: &Path, portal: &args::Portal, output: &Output) -> Result<Outcome, Failure> {
    go(dir, portal, &request(output)?, Confirmed::ByAWord, output).await
}

/// What `apply` without flags, and `undo`, ask of a plan.
pub(super) fn request(output: &Output) -> Result<ApplyRequest, Failure> {
    Ok(ApplyRequest {
        stale_ok: false,
        max_creates: None,
        failed: false,
        pilot: None,
        zombie_window: portal::zombie_window(output)?,
        stop: signals::stop_on_request(output),
        clock: Arc::new(SystemClock),
        language: output.language(),
        only_ids: None,
    })
}

async fn go(
    dir: &Path,
    args: &args::Portal,
    request: &ApplyRequest,
    confirmed: Confirmed,
    output: &Output,
) -> Result<Outcome, Failure> {
    let language = output.language();
    let observer = portal::observer(output);
    let settings = portal::settings(args, portal::PATIENCE_APPLYING, output)?;
    let writer = Writer::open(portal::access(args, output)?, &settings, observer.clone())
        .map_err(|error| Failure::of_portal(&error, language))?;
    portal::remember_pace(writer.reader());
    let opened = pipeline::open(dir, writer.reader(), request).await.map_err(|error| Failure::of_open(&error, language))?;
    if let Some(other) = &opened.other_user {
        terminal::note(&other_user(other, language), output);
    }
    if !is_confirmed(&opened, confirmed, output)? {
        return Err(Failure::usage(say(language, "nothing was done", "no se hizo nada")));
    }
    let applied =
        pipeline::apply(&opened, &writer, request, observer).await.map_err(|error| Failure::of_open(&error, language))?;
    if !applied.has_write_ahead_log {
        let text = say(
            language,
            "The plan lies where SQLite can't keep a write-ahead log (a network drive): the journal is as safe, but slower.",
            "La revisión está donde SQLite no puede llevar un registro previo (una unidad de red): la bitácora es igual de segura, pero más lenta.",
        );
        terminal::note(&text, output);
    }
    show(&applied, &writer, dir, output);
    finish(&applied, output)
}

/// Somebody else than the planner carries the plan out: their rights have been checked again, and that is said.
fn other_user(other: &OtherUser, language: Language) -> String {
    let (who, planner) = (&other.who, other.planner);
    match language {
        Language::En => format!(
            "The plan was made by user {planner}; it is carried out by user {} ({}). Their rights were checked again: administrator.",
            who.user, who.name
        ),
        Language::Es => format!(
            "La revisión la hizo el usuario {planner}; la aplica el usuario {} ({}). Se comprobaron de nuevo sus permisos: administrador.",
            who.user, who.name
        ),
    }
}

/// Whether the person wants it. More creates than could be mended by hand ask for the portal's name.
fn is_confirmed(opened: &Opened, confirmed: Confirmed, output: &Output) -> Result<bool, Failure> {
    let manifest = &opened.approved.plan().manifest;
    let is_many = manifest.summary.total().to_create > CREATES_BY_A_WORD;
    match (confirmed, is_many) {
        (Confirmed::ByFlag, _) | (Confirmed::ByAWord, false) => Ok(true),
        (_, true) => prompt::confirm_by_name(&question(opened, output), manifest.portal.as_str(), output),
        (Confirmed::NotYet, false) => prompt::confirm(&question(opened, output), output),
    }
}

/// What a person has said to a plan so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Confirmed {
    /// `--yes`.
    ByFlag,
    /// Yes to the question at the end of `plan`.
    ByAWord,
    /// Nothing.
    NotYet,
}

fn question(opened: &Opened, output: &Output) -> String {
    let manifest = &opened.approved.plan().manifest;
    let total = manifest.summary.total();
    let language = output.language();
    let line = report::plan_line(&manifest.summary, total.duplicate, language);
    let verb = say(language, "Create them in", "¿Crearlos en");
    let sandbox = if manifest.portal.is_loopback() { "SANDBOX · " } else { "" };
    format!("{sandbox}{line}\n{verb} {}?", manifest.portal)
}

fn show(applied: &Applied, writer: &Writer, dir: &Path, output: &Output) {
    let reader = writer.reader();
    let (causes, sandbox) = (applied.causes.clone(), reader.is_loopback());
    let told = outcome(&applied.progress, reader.requests());
    // A run that was cut short may have all records there, and still not have looked at each of them for the last time.
    let complete = told.complete && applied.stopped.is_none();
    let outcome = ApplyOutcome { complete, causes, sandbox, ..told };
    if output.json {
        terminal::json(&outcome);
        return;
    }
    let screen = match &applied.pilot {
        Some((chosen, _)) if !outcome.complete => report::pilot_screen(&outcome, chosen.len(), dir, output.language(), 80),
        _ => report::apply_screen(&outcome, dir, output.language(), 80),
    };
    terminal::result(&screen);
    if let Some((chosen, verified)) = &applied.pilot {
        for step in chosen {
            if let Some(id) = step.portal_id {
                terminal::result(&format!(
                    "  {} {} -> {id}",
                    report::words::entity(step.entity).for_count(1, output.language()),
                    step.original_id
                ));
            }
        }
        terminal::result(&report::verify_screen(&super::verify::outcome(verified, sandbox), dir, output.language(), 80));
    }
}

/// The result of a run in the form of the contract.
pub fn outcome(progress: &Progress, requests: u64) -> ApplyOutcome {
    let counts = |counts: &crate::apply::Counts| ApplyCounts {
        planned: counts.planned,
        created: counts.created,
        already_there: counts.already_there,
        left_out: counts.left_out,
        failed: counts.failed,
        pending: counts.pending,
        updated: counts.updated,
    };
    ApplyOutcome {
        entities: progress.entities.iter().map(|(entity, found)| (*entity, counts(found))).collect(),
        requests,
        ids: crate::plan::dir::IDS.to_owned(),
        failures: crate::plan::dir::FAILURES.to_owned(),
        complete: progress.complete,
        ..ApplyOutcome::default()
    }
}

fn finish(applied: &Applied, output: &Output) -> Result<Outcome, Failure> {
    let language = output.language();
    let ended = ending(applied, language);
    if matches!(ended, Ok(Outcome::Interrupted)) {
        let text =
            say(language, "Stopped. Run the same command again to go on.", "Detenido. Repita el mismo comando para continuar.");
        terminal::note(&text, output);
    }
    ended
}

/// How a run ended: what its exit code says.
pub fn ending(applied: &Applied, language: Language) -> Result<Outcome, Failure> {
    match &applied.stopped {
        Some(ApplyError::Interrupted) => return Ok(Outcome::Interrupted),
        Some(error) => return Err(Failure::of_run(error, language)),
        None => {}
    }
    if applied.progress.failed_steps > 0 {
        return Ok(Outcome::InPart);
    }
    if applied.pilot.as_ref().is_some_and(|(_, verified)| !verified.differences.is_empty()) {
        return Ok(Outcome::InPart);
    }
    Ok(if applied.progress.complete || applied.pilot.is_some() { Outcome::Done } else { Outcome::Pending })
}
