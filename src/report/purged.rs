//! What `purge` deleted: as JSON, and as the end on a terminal.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::clean::sanitize;
use super::figures::count;
use super::screen::Screen;
use super::words::{Language, Phrase};

use Language::{En, Es};

/// What was deleted: `purge --json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurgeOutcome {
    /// `plan` or `snapshot`.
    pub kind: String,
    /// The deleted files, by their names below the directory.
    pub deleted: Vec<String>,
    /// How many bytes they held.
    pub bytes: u64,
    /// The files of this program that stay: `ids.csv`, with types and ids alone.
    pub kept: Vec<String>,
    /// What isn't this program's, and was left alone.
    pub left_alone: Vec<String>,
    /// The restore files that the plan was made from; they lie elsewhere, and were left alone.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub restore_files: Vec<String>,
    /// Directories beside it, deleted too, in which a plan for this place was being written when its writer was killed.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub leftovers: Vec<String>,
    /// Whether nothing was left, so that the directory is gone.
    pub directory_removed: bool,
}

/// The end of `purge`.
pub fn purge_screen(outcome: &PurgeOutcome, dir: &Path, language: Language, width: usize) -> String {
    let mut screen = Screen::new(width);
    let (files, bytes) = (count(outcome.deleted.len() as u64), count(outcome.bytes));
    screen.text(&match (language, outcome.deleted.len()) {
        (En, 1) => format!("PURGED: 1 file deleted, {bytes} bytes"),
        (En, _) => format!("PURGED: {files} files deleted, {bytes} bytes"),
        (Es, 1) => format!("BORRADO: se eliminó 1 archivo, {bytes} bytes"),
        (Es, _) => format!("BORRADO: se eliminaron {files} archivos, {bytes} bytes"),
    });
    screen.list(outcome.deleted.iter().map(|name| sanitize(name)), language);
    if !outcome.leftovers.is_empty() {
        screen.text(match language {
            En => "Deleted with it: plans for this place that were killed while being written",
            Es => "También se eliminó lo que dejaron revisiones interrumpidas al escribirse aquí",
        });
        screen.list(outcome.leftovers.iter().map(|name| sanitize(name)), language);
    }
    let path = |name: &String| sanitize(&dir.join(name).display().to_string());
    for name in &outcome.kept {
        let remark = Phrase { en: "types and IDs alone", es: "solo tipos e ID" }.get(language);
        screen.labelled(Phrase { en: "Kept", es: "Se conserva" }.get(language), &path(name), remark);
    }
    if !outcome.left_alone.is_empty() {
        screen.text(match language {
            En => "Not made by b24restore, left alone:",
            Es => "No son de b24restore y no se tocaron:",
        });
        screen.list(outcome.left_alone.iter().map(path), language);
    }
    if !outcome.restore_files.is_empty() {
        screen.text(match language {
            En => "The restore files hold the same data and are yours to delete:",
            Es => "Los archivos de Soporte contienen los mismos datos; eliminarlos le corresponde a usted:",
        });
        screen.list(outcome.restore_files.iter().map(|name| sanitize(name)), language);
    }
    if outcome.directory_removed {
        screen.text(match language {
            En => "The directory is gone.",
            Es => "El directorio ya no existe.",
        });
    }
    screen.text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome() -> PurgeOutcome {
        PurgeOutcome {
            kind: "plan".into(),
            deleted: vec!["journal.sqlite".into(), "failed/deal.csv".into(), "plan.json".into()],
            bytes: 1_234_567,
            kept: vec!["ids.csv".into()],
            left_alone: vec!["notes\u{1b}.txt".into()],
            restore_files: vec!["leads.csv".into()],
            leftovers: vec![".b24restore-plan-x1y2z3".into()],
            directory_removed: false,
        }
    }

    /// With the slashes of most systems, wherever this runs.
    fn screen(language: Language) -> String {
        purge_screen(&outcome(), Path::new("plan"), language, 80).replace('\\', "/")
    }

    #[test]
    fn the_end_of_purge_tells_what_is_gone_and_what_is_not() {
        insta::assert_snapshot!(screen(En), @r"
        PURGED: 3 files deleted, 1,234,567 bytes
          journal.sqlite
          failed/deal.csv
          plan.json
        Deleted with it: plans for this place that were killed while being written
          .b24restore-plan-x1y2z3
        Kept         plan/ids.csv   types and IDs alone
        Not made by b24restore, left alone:
          plan/notes.txt
        The restore files hold the same data and are yours to delete:
          leads.csv
        ");
        insta::assert_snapshot!(screen(Es), @r"
        BORRADO: se eliminaron 3 archivos, 1,234,567 bytes
          journal.sqlite
          failed/deal.csv
          plan.json
        También se eliminó lo que dejaron revisiones interrumpidas al escribirse aquí
          .b24restore-plan-x1y2z3
        Se conserva  plan/ids.csv   solo tipos e ID
        No son de b24restore y no se tocaron:
          plan/notes.txt
        Los archivos de Soporte contienen los mismos datos; eliminarlos le corresponde a
          usted:
          leads.csv
        ");
    }

    #[test]
    fn the_end_of_a_snapshot_is_the_end_of_its_directory() {
        let outcome = PurgeOutcome {
            kind: "snapshot".into(),
            deleted: vec!["snapshot.json".into()],
            bytes: 10,
            directory_removed: true,
            ..PurgeOutcome::default()
        };
        insta::assert_snapshot!(purge_screen(&outcome, Path::new("copy"), En, 80), @r"
        PURGED: 1 file deleted, 10 bytes
          snapshot.json
        The directory is gone.
        ");
    }
}
