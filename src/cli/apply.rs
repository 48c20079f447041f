//! `apply`: re-create what is missing.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::args::{self, Output};
use super::lang::say;
use super::{Failure, Outcome, portal, prompt, signals, terminal};
use crate::apply::{ApplyError, Progress, SystemClock};
use crate::pipeline::{self, Applied, ApplyRequest, Opened};
use crate::portal::Writer;
use crate::report;
use crate::report::outcome::{ApplyCounts, ApplyOutcome};

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
            zombie_window: portal::zombie_window(output)?,
            stop: signals::stop_on_request(output),
            clock: Arc::new(SystemClock),
            language: output.language(),
        };
        go(&self.dir, &self.portal, &request, self.yes, output).await
    }
}

/// Goes on from `plan` into `apply` with the plan just seen and confirmed.
pub(super) async fn run_now(dir: &Path, portal: &args::Portal, output: &Output) -> Result<Outcome, Failure> {
    let request = ApplyRequest {
        stale_ok: false,
        max_creates: None,
        failed: false,
        pilot: None,
        zombie_window: portal::zombie_window(output)?,
        stop: signals::stop_on_request(output),
        clock: Arc::new(SystemClock),
        language: output.language(),
    };
    go(dir, portal, &request, true, output).await
}

async fn go(
    dir: &Path,
    args: &args::Portal,
    request: &ApplyRequest,
    confirmed: bool,
    output: &Output,
) -> Result<Outcome, Failure> {
    let language = output.language();
    let observer = portal::observer(output);
    let settings = portal::settings(args, portal::PATIENCE_APPLYING, output)?;
    let writer = Writer::open(portal::address(args, output)?, &settings, observer.clone())
        .map_err(|error| Failure::of_portal(&error, language))?;
    let opened = pipeline::open(dir, writer.reader(), request).await.map_err(|error| Failure::of_open(&error, language))?;
    if !confirmed && !prompt::confirm(&question(&opened, output), output)? {
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

fn question(opened: &Opened, output: &Output) -> String {
    let manifest = &opened.approved.plan().manifest;
    let total = manifest.summary.total();
    let language = output.language();
    let line = report::plan_line(&manifest.summary, total.duplicate, language);
    let verb = say(language, "Create them in", "¿Crearlos en");
    format!("{line}\n{verb} {}?", manifest.portal)
}

fn show(applied: &Applied, writer: &Writer, dir: &Path, output: &Output) {
    let reader = writer.reader();
    let (causes, sandbox) = (applied.causes.clone(), reader.is_loopback());
    let outcome = ApplyOutcome { causes, sandbox, ..outcome(&applied.progress, reader.requests()) };
    if output.json {
        terminal::json(&outcome);
        return;
    }
    terminal::result(&report::apply_screen(&outcome, dir, output.language(), 80));
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
pub(super) fn outcome(progress: &Progress, requests: u64) -> ApplyOutcome {
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
    match &applied.stopped {
        Some(ApplyError::Interrupted) => {
            terminal::note(
                &say(
                    language,
                    "Stopped. Run the same command again to go on.",
                    "Detenido. Repita el mismo comando para continuar.",
                ),
                output,
            );
            return Ok(Outcome::Interrupted);
        }
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
