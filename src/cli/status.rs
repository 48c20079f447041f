//! `status`: how far is it.

use std::path::PathBuf;

use clap::Args;

use super::args::Output;
use super::{Failure, Outcome, apply, terminal};
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
        let (_, progress) = pipeline::status(&self.dir).map_err(|error| Failure::of_open(&error, output.language()))?;
        let outcome = apply::outcome(&progress, 0);
        if output.json {
            terminal::json(&outcome);
        } else {
            terminal::result(&report::status_screen(&outcome, &self.dir, output.language(), 80));
        }
        Ok(Outcome::Done)
    }
}
