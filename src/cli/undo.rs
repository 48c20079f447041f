//! `undo`: take back just what a plan created.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;

use super::args::{self, Output};
use super::lang::say;
use super::{Failure, Outcome, portal, prompt, terminal};
use crate::apply::{self, Touch, Undone};
use crate::pipeline::{self, ApplyRequest};
use crate::portal::Writer;
use crate::report::outcome::{KeptRecord, Leftover, UndoCounts, UndoOutcome};
use crate::report::{self, Language};

/// Delete just what a plan created, and nothing that was changed since.
#[derive(Debug, Args)]
pub struct Undo {
    /// The plan directory.
    #[arg(value_name = "PLAN_DIR")]
    dir: PathBuf,
    /// Don't ask.
    #[arg(long)]
    yes: bool,
    /// Take back these records alone: lines of ids.csv, or a record type and an original id each.
    #[arg(long, value_name = "FILE")]
    only_ids: Option<PathBuf>,
    #[command(flatten)]
    portal: args::Portal,
}

impl Undo {
    pub(super) async fn run(self, output: &Output) -> Result<Outcome, Failure> {
        let language = output.language();
        let observer = portal::observer(output);
        let settings = portal::settings(&self.portal, portal::PATIENCE_APPLYING, output)?;
        let writer = Writer::open(portal::access(&self.portal, output)?, &settings, observer.clone())
            .map_err(|error| Failure::of_portal(&error, language))?;
        portal::remember_pace(writer.reader());
        let request = ApplyRequest { stale_ok: true, only_ids: self.only_ids, ..super::apply::request(output)? };
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
        let taken =
            pipeline::undo(&opened, &writer, &request, observer).await.map_err(|error| Failure::of_open(&error, language))?;
        let outcome = outcome(&taken.undone, writer.reader().is_loopback(), language);
        if output.json {
            terminal::json(&outcome);
        } else {
            terminal::result(&report::undo_screen(&outcome, language, 80));
        }
        let total = outcome.total();
        match &taken.stopped {
            Some(error) => Err(Failure::of_undo(error, language)),
            None if total.pending > 0 => Ok(Outcome::Pending),
            None if total.kept_changed > 0 || !outcome.leftovers.is_empty() => Ok(Outcome::InPart),
            None => Ok(Outcome::Done),
        }
    }
}

/// What was taken back, in the form of the contract.
fn outcome(undone: &Undone, sandbox: bool, language: Language) -> UndoOutcome {
    let counts = |counts: &crate::apply::UndoneCounts| UndoCounts {
        deleted: counts.deleted,
        kept_changed: counts.kept_changed,
        absent: counts.absent,
        reverted: counts.reverted,
        pending: counts.pending,
    };
    let entities: BTreeMap<_, _> = undone.entities.iter().map(|(entity, found)| (*entity, counts(found))).collect();
    let kept = undone.kept.iter().map(|kept| KeptRecord {
        entity: kept.entity,
        original_id: kept.original_id.0,
        new_id: kept.portal_id.0,
        reason: kept.why.code().to_owned(),
        text: why(&kept.why, language),
    });
    let in_recycle_bin = entities.values().map(|counts| counts.deleted).sum();
    let leftovers = undone.leftovers.iter().map(leftover).collect();
    UndoOutcome { entities, in_recycle_bin, kept: kept.collect(), leftovers, sandbox }
}

/// What still bears a mark, in the form of the contract.
pub(super) fn leftover(found: &apply::Leftover) -> Leftover {
    Leftover {
        entity: found.entity,
        original_id: found.original_id.0,
        new_id: found.known.map(|id| id.0),
        still_there: found.still_there.iter().map(|id| id.0).collect(),
    }
}

/// Why a record was left alone.
fn why(touch: &Touch, language: Language) -> String {
    match touch {
        Touch::Edited => say(language, "somebody changed a field", "alguien modificó un campo"),
        Touch::Linked => say(language, "somebody linked it to another record", "alguien lo vinculó a otro registro"),
        Touch::Products => say(language, "somebody changed its products", "alguien modificó sus productos"),
        Touch::Commented => say(language, "somebody wrote a comment", "alguien escribió un comentario"),
        Touch::Active => say(language, "an activity or a task hangs on it", "tiene una actividad o una tarea"),
        Touch::LinkedFrom { entity, id } => {
            let of = report::words::entity(*entity).for_count(1, language);
            format!("{}: {of} {id}", say(language, "another record was linked to it", "otro registro se vinculó a él"))
        }
        Touch::Refused { code, words } => {
            format!("{}: {code} {words}", say(language, "Bitrix24 refuses to delete it", "Bitrix24 no permite eliminarlo"))
        }
    }
}
