//! The commands of the demo, run as a person would run them: each a process of its own, which neither asks nor waits for anybody.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::report::Language;

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code; none if something killed it.
    pub code: Option<i32>,
    /// What it printed as JSON, if it was asked to.
    pub printed: Value,
}

/// What every command of the demo is told.
#[derive(Debug, Clone)]
pub struct Typist {
    webhook: std::path::PathBuf,
    language: Language,
    json: bool,
}

impl Typist {
    /// For the portal whose webhook is in this file. With `json` the commands print nothing, but hand over what they found.
    pub fn new(webhook: &Path, language: Language, json: bool) -> Self {
        Self { webhook: webhook.to_owned(), language, json }
    }

    /// Runs a command to its end.
    pub fn run(&self, words: &[&std::ffi::OsStr]) -> io::Result<Ended> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(words).arg("--webhook-file").arg(&self.webhook);
        command.args(["--lang", if self.language == Language::Es { "es" } else { "en" }]);
        command.env_remove(super::super::portal::VARIABLE).stdin(Stdio::null()).stderr(Stdio::inherit());
        if !self.json {
            return Ok(Ended { code: command.stdout(Stdio::inherit()).status()?.code(), printed: Value::Null });
        }
        let done = command.arg("--json").stdout(Stdio::piped()).output()?;
        Ok(Ended { code: done.status.code(), printed: serde_json::from_slice(&done.stdout).unwrap_or_default() })
    }
}
