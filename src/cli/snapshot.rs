//! `snapshot`: write the current state down.

use std::path::PathBuf;

use clap::Args;

use super::args::{self, Output};
use super::lang::say;
use super::{Failure, Outcome, portal, terminal};
use crate::report::words;
use crate::{pipeline, snapshot};

/// Write the portal's current state down; it is itself a restore file that `plan` takes.
#[derive(Debug, Args)]
pub struct Snapshot {
    /// Where to write; with --keep, a directory that holds one snapshot a run.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Keep only the newest N snapshots of this portal below DIR.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    keep: Option<u32>,
    #[command(flatten)]
    portal: args::Portal,
}

impl Snapshot {
    pub(super) async fn run(self, output: &Output) -> Result<Outcome, Failure> {
        let language = output.language();
        let observer = portal::observer(output);
        let reader = portal::reader(&self.portal, observer.clone(), output)?;
        let place = match self.keep {
            Some(_) => self.out.join(jiff::Timestamp::now().strftime("%Y-%m-%dT%H-%M-%SZ").to_string()),
            None => self.out.clone(),
        };
        let manifest =
            pipeline::snapshot(&place, &reader, observer).await.map_err(|error| Failure::of_snapshot(&error, language))?;
        if let Some(keep) = self.keep {
            let dirs: Vec<PathBuf> =
                std::fs::read_dir(&self.out).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
            for dropped in snapshot::retention(&dirs, keep as usize) {
                snapshot::discard(&dropped).map_err(|error| Failure::of_snapshot(&error.into(), language))?;
                terminal::note(&format!("{} {}", say(language, "dropped", "eliminada"), dropped.display()), output);
            }
        }
        if output.json {
            terminal::json(&manifest);
        } else {
            terminal::result(&format!("{}: {}", say(language, "snapshot", "copia propia"), place.display()));
            for file in &manifest.files {
                if let Some(entity) = file.entity {
                    terminal::result(&format!("  {:<14}{}", words::entity_heading(entity).get(language), file.records));
                }
            }
        }
        Ok(Outcome::Done)
    }
}
