//! What a person types and sees. The only room that prints.

pub mod apply;
mod args;
mod demo;
mod disk;
mod failure;
mod hardening;
mod help;
mod inspect;
mod keys;
mod lang;
mod mending;
mod misuse;
mod no_snapshot;
mod plan;
mod portal;
mod progress;
mod prompt;
mod purge;
mod sandbox;
mod seed;
mod signals;
mod slip;
mod snapshot;
mod status;
mod terminal;
mod unanswered;
mod undo;
mod unreadable;
mod verify;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::report::Language;

use args::Output;
pub use demo::prove;
pub use failure::Failure;

/// Brings lost Bitrix24 CRM records back: compares restore files with the portal, re-creates what is missing.
#[derive(Debug, Parser)]
#[command(name = "b24restore", version, about, propagate_version = true, max_term_width = 100)]
#[command(
    after_help = "The portal is given by the environment variable B24_WEBHOOK (https://HOST/rest/USER/SECRET/) or by --webhook-file; \
                        never as an argument. Such a file may hold the keys of a local application instead (JSON). Start with `b24restore plan FILE...`: it changes nothing."
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    output: args::Output,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say what files are; needs no portal.
    Inspect(Box<inspect::Inspect>),
    /// Dry run: compare files with the portal and write a plan directory; changes nothing.
    Plan(Box<plan::Plan>),
    /// Re-create what is missing; again = go on where it stopped.
    Apply(apply::Apply),
    /// Say how far a plan is.
    Status(status::Status),
    /// Read every re-created record back and compare it field by field.
    Verify(verify::Verify),
    /// Delete just what a plan created, and nothing that was changed since.
    Undo(undo::Undo),
    /// Delete the personal data that a plan directory or a snapshot holds.
    ///
    /// Only files that b24restore made are deleted; anything else is named and left alone, the restore files too. ids.csv stays, with
    /// record types and ids alone. What was deleted can't be brought back by b24restore; backups, and the disk itself, may still hold it.
    Purge(purge::Purge),
    /// Write the portal's current state down.
    Snapshot(snapshot::Snapshot),
    /// Run a local portal to rehearse on.
    Sandbox(sandbox::Sandbox),
    /// Show the whole story on a local portal.
    Demo(demo::Demo),
}

/// What a command gives back when it did what it could.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Done: 0.
    Done,
    /// Something is still pending: 1.
    Pending,
    /// Done in part: 3.
    InPart,
    /// Interrupted, can be resumed: 130.
    Interrupted,
}

impl Outcome {
    /// The exit code.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Pending => 1,
            Self::InPart => 3,
            Self::Interrupted => 130,
        }
    }
}

/// Parses, runs, and says how it ended.
pub fn run() -> ExitCode {
    hardening::harden();
    std::panic::set_hook(Box::new(|info| {
        // A panic is a defect; it says where, and nothing of what was being handled.
        let place = info.location().map_or_else(String::new, |at| format!(" ({}:{})", at.file(), at.line()));
        terminal::error(&format!("internal error{place}; the journal is safe, run the command again, and please report this"));
    }));
    if hardening::holds_a_webhook(arguments()) {
        return refuse_the_address(lang::of_the_system());
    }
    let language = lang::of_the_words(arguments());
    let command = match language {
        Language::En => Cli::command(),
        Language::Es => help::in_spanish(Cli::command()),
    };
    let matches = match command.try_get_matches_from(arguments()) {
        Ok(matches) => matches,
        Err(error) => return mistyped(&error, language),
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => return mistyped(&error, language),
    };
    let output = cli.output.clone();
    match dispatch(cli) {
        Ok(outcome) => ExitCode::from(outcome_code(outcome, &output)),
        Err(failure) => {
            terminal::error(&failure.message);
            if let Some(hint) = &failure.hint {
                // What to do about a failure belongs to it, however quiet the rest shall be.
                terminal::note(hint, &Output::default());
            }
            ExitCode::from(failure.code)
        }
    }
}

/// What was typed.
#[cfg(not(windows))]
fn arguments() -> impl Iterator<Item = std::ffi::OsString> {
    std::env::args_os()
}

/// What was typed, and for each pattern such as `*.csv` the files that it stands for: the shells of Windows hand it over as it is.
#[cfg(windows)]
fn arguments() -> impl Iterator<Item = std::ffi::OsString> {
    wild::args_os()
}

/// The help or the version that was asked for, or what is wrong with the command line.
fn mistyped(error: &clap::Error, language: Language) -> ExitCode {
    let spanish = if language == Language::Es { misuse::in_spanish(error) } else { None };
    match spanish {
        Some(said) => {
            terminal::error(&said);
            terminal::note("Vea las opciones con --help.", &Output::default());
        }
        // The reader of the help may have closed it.
        None => _ = error.print(),
    }
    ExitCode::from(if error.use_stderr() { 2 } else { 0 })
}

/// A secret on the command line is seen by every user of the computer and stays in the shell's history. It isn't repeated here.
fn refuse_the_address(language: Language) -> ExitCode {
    let message = lang::say(
        language,
        "an argument is the address of a webhook, which is a secret and never an argument",
        "un argumento es la dirección de un webhook: es secreta y nunca va como argumento",
    );
    let hint = lang::say(
        language,
        "Set B24_WEBHOOK or use --webhook-file PATH. This address is in your shell's history now: better make a new webhook.",
        "Defina B24_WEBHOOK o use --webhook-file RUTA. Esta dirección ya quedó en el historial de su terminal: mejor cree otro webhook.",
    );
    terminal::error(&message);
    terminal::note(&hint, &Output::default());
    ExitCode::from(2)
}

/// The exit code of a command that did its work; a result that never reached its reader is not "done".
fn outcome_code(outcome: Outcome, output: &Output) -> u8 {
    let Some(why) = terminal::lost_result() else { return outcome.code() };
    let language = output.language();
    let what = lang::say(language, "the result could not be printed", "no se pudo mostrar el resultado");
    terminal::error(&format!("{what}: {why}"));
    let hint = "The work itself is done; run the command again, or `b24restore status`, to see the result.";
    let pista = "El trabajo en sí está hecho; repita el comando, o use `b24restore status`, para ver el resultado.";
    terminal::note(&lang::say(language, hint, pista), output);
    if outcome == Outcome::Done { Outcome::Pending.code() } else { outcome.code() }
}

fn dispatch(cli: Cli) -> Result<Outcome, Failure> {
    let Cli { command, output } = cli;
    match command {
        Command::Inspect(command) => command.run(&output),
        Command::Status(command) => command.run(&output),
        Command::Purge(command) => command.run(&output),
        Command::Plan(command) => within_runtime(output.language(), async move { command.run(&output).await }),
        Command::Apply(command) => within_runtime(output.language(), async move { command.run(&output).await }),
        Command::Verify(command) => within_runtime(output.language(), async move { command.run(&output).await }),
        Command::Undo(command) => within_runtime(output.language(), async move { command.run(&output).await }),
        Command::Snapshot(command) => within_runtime(output.language(), async move { command.run(&output).await }),
        Command::Sandbox(command) => within_runtime(output.language(), async move { command.run(&output).await }),
        Command::Demo(command) => within_runtime(output.language(), async move { command.run(&output).await }),
    }
}

fn within_runtime(language: Language, work: impl Future<Output = Result<Outcome, Failure>>) -> Result<Outcome, Failure> {
    hardening::make_room_for_files().map_err(|allowed| too_few_files(allowed, language))?;
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(async {
            signals::outlive_full_files();
            let outcome = work.await;
            crate::portal::renewals_are_through().await;
            outcome
        }),
        Err(error) => Err(Failure::other(lang::say(language, "cannot start", "no se puede iniciar"), &error)),
    }
}

fn too_few_files(allowed: u64, language: Language) -> Failure {
    let message =
        lang::say(language, "only so many files may be open at once", "solo pueden estar abiertos a la vez tantos archivos");
    let hint = lang::say(
        language,
        "Nothing was done. Allow more (`ulimit -n 256`), then run the command again.",
        "No se hizo nada. Permita más (`ulimit -n 256`) y repita el comando.",
    );
    Failure { code: 1, message: format!("{message}: {allowed}"), hint: Some(hint) }
}
