//! `undo`: take back just what a plan created.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::args::{self, Output};
use super::lang::say;
use super::{Failure, Outcome, portal, prompt, signals, terminal};
use crate::apply::SystemClock;
use crate::pipeline::{self, ApplyRequest};
use crate::portal::Writer;
use crate::report;
use crate::report::outcome::{UndoCounts, UndoOutcome};

/// Delete just what a plan created, and nothing that was changed since.
#[derive(Debug, Args)]
pub struct Undo {
    /// The plan directory.
    #[arg(value_name = "PLAN_DIR")]
    dir: PathBuf,
    /// Don't ask.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    portal: args::Portal,
}

impl Undo {
    pub(super) async fn run(self, output: &Output) -> Result<Outcome, Failure> {
        let language = output.language();
        let observer = portal::observer(output);
        let settings = portal::settings(&self.portal, portal::PATIENCE_APPLYING, output)?;
        let writer = Writer::open(portal::address(&self.portal, output)?, &settings, observer.clone())
            .map_err(|error| Failure::of_portal(&error, language))?;
        let request = ApplyRequest {
            stale_ok: true,
            max_creates: None,
            failed: false,
            pilot: None,
            zombie_window: portal::zombie_window(output)?,
            stop: signals::stop_on_request(output),
            clock: Arc::new(SystemClock),
            language,
        };
        let opened =
            pipeline::open(&self.dir, writer.reader(), &request).await.map_err(|error| Failure::of_open(&error, language))?;
        let question = say(
            language,
            "Delete the records that this plan created and nobody changed since? They go to the recycle bin.",
            "¿Eliminar los registros que creó esta revisión y que nadie ha cambiado? Irán a la Papelera de reciclaje.",
        );
        if !self.yes && !prompt::confirm(&question, output)? {
            return Err(Failure::usage(say(language, "nothing was done", "no se hizo nada")));
        }
        let undone =
            pipeline::undo(&opened, &writer, &request, observer).await.map_err(|error| Failure::of_open(&error, language))?;
        let counts = |counts: &crate::apply::UndoneCounts| UndoCounts {
            deleted: counts.deleted,
            kept_changed: counts.kept_changed,
            absent: counts.absent,
            reverted: counts.reverted,
        };
        let outcome = UndoOutcome { entities: undone.entities.iter().map(|(entity, found)| (*entity, counts(found))).collect() };
        if output.json {
            terminal::json(&outcome);
        } else {
            terminal::result(&report::undo_screen(&outcome, language, 80));
        }
        let kept = undone.entities.values().any(|counts| counts.kept_changed > 0);
        Ok(if kept { Outcome::InPart } else { Outcome::Done })
    }
}
