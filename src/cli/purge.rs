//! `purge`: delete the personal data that a plan directory or a snapshot holds.

use std::path::{Path, PathBuf};

use clap::Args;

use super::args::Output;
use super::failure::chain;
use super::lang::say;
use super::{Failure, Outcome, prompt, terminal};
use crate::apply::LockError;
use crate::pipeline::{self, PurgeError, PurgeRequest, Purgeable, Purged};
use crate::report::{self, Language, PurgeOutcome};

/// Delete the personal data that a plan directory or a snapshot holds.
#[derive(Debug, Args)]
pub struct Purge {
    /// The plan directory or the snapshot.
    #[arg(value_name = "PLAN_DIR|SNAPSHOT_DIR")]
    dir: PathBuf,
    /// Don't ask.
    #[arg(long)]
    yes: bool,
    /// Delete ids.csv too: which old id became which new one.
    #[arg(long)]
    all: bool,
    /// Even if the plan was begun and something of it is pending or unclear: it can't go on after that.
    #[arg(long)]
    unfinished_ok: bool,
}

impl Purge {
    pub(super) fn run(self, output: &Output) -> Result<Outcome, Failure> {
        let language = output.language();
        let request = PurgeRequest { unfinished_ok: self.unfinished_ok, all: self.all, now: jiff::Timestamp::now() };
        let purge = pipeline::Purge::prepare(&self.dir, request).map_err(|error| failure(&error, language))?;
        if !self.yes && !prompt::confirm(&question(&purge, language), output)? {
            return Err(Failure::usage(say(language, "nothing was done", "no se hizo nada")));
        }
        let outcome = outcome(purge.carry_out().map_err(|error| failure(&error, language))?);
        if output.json {
            terminal::json(&outcome);
        } else {
            terminal::result(&report::purge_screen(&outcome, &self.dir, language, 80));
        }
        Ok(Outcome::Done)
    }
}

/// A directory's own name.
fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn question(purge: &pipeline::Purge, language: Language) -> String {
    let names: Vec<String> = purge.leftovers.iter().map(|left| report::sanitize(&name_of(&left.path))).collect();
    if names.is_empty() {
        return question_of_files(purge, language);
    }
    let names = names.join(", ");
    let beside = match language {
        Language::En => format!("Beside it, plans for this place that were killed while being written go too: {names}."),
        Language::Es => format!("También se elimina lo que dejaron a su lado revisiones interrumpidas al escribirse: {names}."),
    };
    format!("{beside} {}", question_of_files(purge, language))
}

fn question_of_files(purge: &pipeline::Purge, language: Language) -> String {
    let (files, dir) = (purge.files.len(), report::sanitize(&purge.dir.display().to_string()));
    match (purge.kind, language) {
        (Purgeable::Plan, Language::En) => {
            format!("Delete {files} files of {dir} for good? After that this plan can't be resumed, verified or undone.")
        }
        (Purgeable::Plan, Language::Es) => format!(
            "¿Eliminar definitivamente {files} archivos de {dir}? Después, esta revisión no se podrá continuar, comprobar ni deshacer."
        ),
        (Purgeable::Snapshot, Language::En) => {
            format!("Delete {files} files of {dir} for good? After that nothing can be compared with this snapshot.")
        }
        (Purgeable::Snapshot, Language::Es) => {
            format!("¿Eliminar definitivamente {files} archivos de {dir}? Después, nada se podrá comparar con esta copia propia.")
        }
    }
}

fn outcome(purged: Purged) -> PurgeOutcome {
    let Purged { purge, kept, directory_removed } = purged;
    PurgeOutcome {
        kind: match purge.kind {
            Purgeable::Plan => "plan",
            Purgeable::Snapshot => "snapshot",
        }
        .to_owned(),
        deleted: purge.files,
        bytes: purge.bytes,
        kept,
        left_alone: purge.strangers,
        restore_files: purge.restore_files,
        leftovers: purge.leftovers.iter().map(|left| name_of(&left.path)).collect(),
        directory_removed,
    }
}

/// Why nothing was deleted, or not all, and what to do next.
fn failure(error: &PurgeError, language: Language) -> Failure {
    let s = |en: &str, es: &str| say(language, en, es);
    let damaged = |error: &dyn std::error::Error| {
        let what = s("whether this plan is complete can't be told", "no se puede saber si esta revisión está completa");
        Failure::refused(
            format!("{what}: {}", chain(error)),
            s(
                "Nothing was deleted. If it is to go all the same, say --unfinished-ok.",
                "No se eliminó nada. Si aun así debe borrarse, use --unfinished-ok.",
            ),
        )
    };
    match error {
        PurgeError::NotOurs(dir) => Failure::usage(format!(
            "{}: {}",
            dir.display(),
            s(
                "is neither a plan directory nor a snapshot; nothing was deleted",
                "no es un directorio de revisión ni una copia propia; no se eliminó nada"
            )
        ))
        .with_hint(s(
            "Name the directory that holds plan.json or snapshot.json.",
            "Indique el directorio que contiene plan.json o snapshot.json.",
        )),
        PurgeError::Lock(error @ LockError::Held { .. }) => Failure::of_lock(error, language),
        PurgeError::Lock(error @ LockError::Io { .. }) => Failure::plain(chain(error)).with_hint(s(
            "Nothing was deleted. Give this user the right to write there.",
            "No se eliminó nada. Dé a este usuario permiso para escribir ahí.",
        )),
        PurgeError::Unfinished { steps } => Failure::refused(
            format!(
                "{}: {steps}",
                s(
                    "this plan was begun, and something of it is pending or unclear",
                    "esta revisión ya se empezó a aplicar y tiene pasos pendientes o por confirmar"
                )
            ),
            s(
                "Nothing was deleted. Finish it with `b24restore apply`, or say --unfinished-ok: it can't go on after that.",
                "No se eliminó nada. Termínela con `b24restore apply` o use --unfinished-ok: después ya no podrá continuar.",
            ),
        ),
        PurgeError::DamagedPlan(error) => damaged(error),
        PurgeError::DamagedJournal(error) => damaged(error),
        PurgeError::Io { .. } => Failure::plain(chain(error)).with_hint(s(
            "Not everything was deleted. Give this user the right to write there, then run the same command again.",
            "No se eliminó todo. Dé a este usuario permiso para escribir ahí y repita el mismo comando.",
        )),
    }
}
