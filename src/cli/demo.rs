//! `demo`: the whole story on a local portal.

use std::path::PathBuf;

use clap::Args;

use super::args::Output;
use super::{Failure, Outcome};

/// Show the whole story on a local portal: a company loses records, and gets them back.
#[derive(Debug, Args)]
pub struct Demo {
    /// Where the demo writes (default: a new directory below the system's temporary folder).
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Demo {
    pub(super) async fn run(self, output: &Output) -> Result<Outcome, Failure> {
        let _ = (self.out, output);
        std::future::ready(Err(Failure::usage("the demo is not built in"))).await
    }
}
