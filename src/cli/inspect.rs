//! `inspect`: what are these files?

use std::fmt::Write;
use std::path::PathBuf;

use clap::Args;

use super::args::{self, Output};
use super::lang::say;
use super::{Failure, Outcome, portal, terminal};
use crate::model::EntityType;
use crate::pipeline::{self, Inspected};
use crate::report::{self, Language, words};

/// Say what files are; needs no portal.
#[derive(Debug, Args)]
pub struct Inspect {
    /// Restore files, or a snapshot directory.
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
            terminal::result(&table(&inspected, output));
        }
        for file in inspected.files.iter().filter(|file| file.problems.iter().any(|problem| problem.code == "no_records")) {
            terminal::note(&format!("{}: {}", file.path, no_records(language)), output);
        }
        let rejected = inspected.files.iter().any(|file| file.rejected > 0);
        Ok(if rejected { Outcome::InPart } else { Outcome::Done })
    }
}

/// What is said of a file that holds a sentence instead of a table.
pub(super) fn no_records(language: Language) -> String {
    say(language, "the export says that there are no records", "la exportación dice que no hay registros")
}

fn table(inspected: &Inspected, output: &Output) -> String {
    let language = output.language();
    let mut text = String::new();
    for file in &inspected.files {
        let name = |code: Option<&str>| code.unwrap_or("-").to_owned();
        let _ = writeln!(text, "{}", report::sanitize(&file.path));
        let _ = writeln!(
            text,
            "  {}: {}   {}   `{}`   {}: {}",
            say(language, "holds", "contiene"),
            holds(file.entity, language),
            file.encoding,
            delimiter(file.delimiter),
            say(language, "titles in", "títulos en"),
            name(file.language),
        );
        let _ = writeln!(
            text,
            "  {}: {}   {}: {}",
            say(language, "rows", "filas"),
            file.rows,
            say(language, "rejected", "ilegibles"),
            file.rejected
        );
        for column in &file.columns {
            let _ = writeln!(
                text,
                "    {:<34} {:<24} {}",
                report::sanitize(&column.name),
                column.field.as_deref().unwrap_or("-"),
                column.how
            );
        }
        if !file.unmapped.is_empty() {
            let _ = writeln!(
                text,
                "  {}: {}",
                say(language, "no known field", "sin campo conocido"),
                report::sanitize(&file.unmapped.join(", "))
            );
        }
        for problem in file.problems.iter().take(20) {
            let _ = writeln!(
                text,
                "  {} {}: {} {}",
                say(language, "line", "línea"),
                problem.line,
                problem.code,
                report::sanitize(&problem.text)
            );
        }
    }
    text
}

fn holds(entity: &str, language: Language) -> String {
    entity
        .parse::<EntityType>()
        .map_or_else(|_| entity.to_owned(), |entity| words::entity_heading(entity).get(language).to_owned())
}

fn delimiter(delimiter: char) -> String {
    if delimiter == '\t' { "TAB".to_owned() } else { delimiter.to_string() }
}
