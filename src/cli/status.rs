//! `status`: how far is it.

use std::path::PathBuf;

use clap::Args;

use super::args::Output;
use super::{Failure, Outcome, apply, terminal};
use crate::report::outcome::ApplyOutcome;
use crate::{pipeline, report};

/// Say how far a plan is; needs no portal.
#[derive(Debug, Args)]
pub struct Status {
    /// The plan directory.
    #[arg(value_name = "PLAN_DIR")]
    dir: PathBuf,
}

impl Status {
    pub(super) fn run(&self, output: &Output) -> Result<Outcome, Failure> {
        let language = output.language();
        let status = pipeline::status(&self.dir, language).map_err(|error| Failure::of_open(&error, language))?;
        let is_sandbox = status.plan.manifest.portal.is_loopback();
        let outcome = ApplyOutcome { causes: status.causes, sandbox: is_sandbox, ..apply::outcome(&status.progress, 0) };
        if output.json {
            terminal::json(&outcome);
        } else {
            terminal::result(&report::status_screen(&outcome, &self.dir, language, 80));
        }
        Ok(Outcome::Done)
    }
}
