//! `inspect`: what are these files?

mod page;

use std::path::PathBuf;

use clap::Args;

use super::args::{self, Output};
use super::lang::say;
use super::{Failure, Outcome, portal, terminal};
use crate::pipeline::{self, UnusedColumn};
use crate::report::Language;

/// Say what files are; needs no portal.
#[derive(Debug, Args)]
pub struct Inspect {
    /// Restore files (`-` is standard input), or a snapshot directory.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    reading: args::Files,
}

impl Inspect {
    pub(super) fn run(&self, output: &Output) -> Result<Outcome, Failure> {
        let language = output.language();
        let files = pipeline::expand(&self.files);
        let inspected = pipeline::inspect(&files, &(&self.reading).into(), &*portal::observer(output))
            .map_err(|error| Failure::of_detect(&error, language))?;
        if output.json {
            terminal::json(&inspected);
        } else {
            let pages: Vec<String> = inspected.files.iter().map(|file| page::of(file, language)).collect();
            terminal::result(&pages.join("\n"));
        }
        say_unused(&inspected.unused, output);
        for file in inspected.files.iter().filter(|file| file.problems.iter().any(|problem| problem.code == "no_records")) {
            terminal::note(&format!("{}: {}", file.path, no_records(language)), output);
        }
        let rejected = inspected.files.iter().any(|file| file.rejected > 0);
        Ok(if rejected { Outcome::InPart } else { Outcome::Done })
    }
}

/// Says which columns the user named that no file has: a slip that would otherwise pass unseen.
pub(super) fn say_unused(unused: &[UnusedColumn], output: &Output) {
    for UnusedColumn { flag, column } in unused {
        let text =
            say(output.language(), "no file has a column of this title", "ningún archivo tiene una columna con ese título");
        terminal::note(&format!("--{flag} \"{column}\": {text}"), output);
    }
}

/// What is said of a file that holds a sentence instead of a table.
pub(super) fn no_records(language: Language) -> String {
    say(language, "the export says that there are no records", "la exportación dice que no hay registros")
}
