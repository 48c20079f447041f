//! `plan`: the dry run.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::args::{self, Output};
use super::lang::say;
use super::{Failure, Outcome, apply, portal, prompt, terminal};
use crate::model::EntityType;
use crate::pipeline::{self, PlanRequest, Planned};
use crate::plan::Flags;
use crate::report;

/// Compare files with the portal and write a plan directory; changes nothing.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[derive(Debug, Args)]
pub struct Plan {
    /// Restore files, or a snapshot directory.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Where the plan is written.
    #[arg(long, value_name = "PLAN_DIR", default_value = "./b24restore-plan")]
    out: PathBuf,
    /// Compare with a snapshot instead of the portal.
    #[arg(long, value_name = "SNAPSHOT_DIR")]
    against: Option<PathBuf>,
    /// Read ids only: a record that is there counts as identical.
    #[arg(long)]
    existence_only: bool,
    /// Only these record types.
    #[arg(long, value_delimiter = ',', value_name = "TYPE,...")]
    only: Vec<EntityType>,
    /// One more key of matching, tried after the id.
    #[arg(long = "match", value_enum, value_name = "email|phone|title")]
    match_keys: Vec<MatchBy>,
    /// What to do with records whose e-mail, phone or title a live record has.
    #[arg(long, value_enum, default_value = "skip", value_name = "skip|create")]
    duplicates: Duplicates,
    /// What to do with a record whose parent is neither in the portal nor in the files.
    #[arg(long, value_enum, default_value = "empty", value_name = "empty|skip|stop")]
    missing_parent: MissingParent,
    /// Let another portal's files in: nothing is matched by id, and what is created bears this name in its mark.
    #[arg(long, value_name = "NAME", value_parser = foreign_name)]
    foreign: Option<String>,
    /// What to do with records that are there but differ.
    #[arg(long, value_enum, default_value = "report", value_name = "report|restore")]
    changed: Changed,
    /// Fill the links that live records lost because their target was lost.
    #[arg(long)]
    relink: bool,
    /// Leave out the updates that follow a create.
    #[arg(long)]
    no_mend: bool,
    /// Write original id and creation moment into custom fields.
    #[arg(long)]
    keep_dates_in_fields: bool,
    /// Leave names, titles and values out of report.html and report.csv, so that they can be handed on.
    #[arg(long)]
    redact: bool,
    /// Who becomes responsible for re-created records whose responsible person is unknown or dismissed: an active user's id, name, login or e-mail.
    #[arg(long, value_name = "USER")]
    assign_missing_to: Option<String>,
    /// A stage that no longer exists becomes another one, by label or code; of one pipeline as PIPELINE:OLD=PIPELINE:NEW. Can be repeated.
    #[arg(long, value_name = "OLD=NEW")]
    stage_map: Vec<String>,
    /// A field, by code or title, that is neither compared nor written. Can be repeated.
    #[arg(long, value_name = "FIELD")]
    skip_field: Vec<String>,
    #[command(flatten)]
    portal: args::Portal,
    // Last, because its heading stands above every flag that follows.
    #[command(flatten)]
    reading: args::Files,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum MatchBy {
    Email,
    Phone,
    Title,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Duplicates {
    Skip,
    Create,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum MissingParent {
    Empty,
    Skip,
    Stop,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Changed {
    Report,
    Restore,
}

/// A name that fits into a mark.
fn foreign_name(text: &str) -> Result<String, String> {
    let is_sound =
        (1..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if is_sound { Ok(text.to_owned()) } else { Err("1 to 40 letters, digits, `.`, `_` or `-`".to_owned()) }
}

/// The word of a flag's value, as it is sealed in the plan.
fn word(value: &impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

impl Plan {
    pub(super) async fn run(self, output: &Output) -> Result<Outcome, Failure> {
        let language = output.language();
        let observer = portal::observer(output);
        let reader = if self.against.is_none() { Some(portal::reader(&self.portal, observer.clone(), output)?) } else { None };
        let planned = pipeline::plan(&self.request(output), reader.as_ref(), observer)
            .await
            .map_err(|error| Failure::of_plan(&error, language))?;
        show(&planned, output);
        if self.against.is_none() && wants_to_go_on(&planned, output)? {
            return apply::run_now(&planned.plan.dir, &self.portal, output).await;
        }
        let rejected = planned.facts.summary.total().rejected;
        Ok(if rejected > 0 { Outcome::InPart } else { Outcome::Done })
    }

    fn request(&self, output: &Output) -> PlanRequest {
        PlanRequest {
            files: self.files.clone(),
            overriding: (&self.reading).into(),
            out: self.out.clone(),
            flags: Flags {
                missing_parent: word(&self.missing_parent),
                duplicates: word(&self.duplicates),
                changed: word(&self.changed),
                relink: self.relink,
                no_mend: self.no_mend,
                keep_dates: self.keep_dates_in_fields,
                existence_only: self.existence_only,
                match_keys: self.match_keys.iter().map(word).collect(),
                only: self.only.clone(),
                foreign: self.foreign.clone(),
                assign_missing_to: self.assign_missing_to.clone(),
                stage_map: self.stage_map.clone(),
                skip_field: self.skip_field.clone(),
            },
            against: self.against.clone(),
            redact: self.redact,
            language: output.language(),
        }
    }
}

/// In a terminal the plan just seen can be carried out at once, without reading everything again.
fn wants_to_go_on(planned: &Planned, output: &Output) -> Result<bool, Failure> {
    let total = planned.facts.summary.total();
    if output.json
        || output.quiet
        || !terminal::is_interactive()
        || !planned.facts.admin
        || total.to_create + total.to_update == 0
    {
        return Ok(false);
    }
    let question = say(
        output.language(),
        "Go on and create what is missing, by this plan?",
        "¿Continuar y crear lo que falta, según esta revisión?",
    );
    prompt::confirm(&question, output)
}

fn show(planned: &Planned, output: &Output) {
    let summary = &planned.facts.summary;
    if output.json {
        terminal::json(summary);
    } else {
        terminal::result(&report::plan_screen(&planned.facts, output.language(), 80));
    }
    super::inspect::say_unused(&planned.unused, output);
    for file in &planned.empty_files {
        let text = super::inspect::no_records(output.language());
        terminal::note(&format!("{file}: {text}"), output);
    }
}
