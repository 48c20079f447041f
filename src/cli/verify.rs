//! `verify`: read back and compare.

use std::path::PathBuf;

use clap::Args;

use super::args::{self, Output};
use super::{Failure, Outcome, portal, terminal};
use crate::apply::Verified;
use crate::model::{Schema, Value};
use crate::report;
use crate::report::outcome::{Difference, Double, VerifyCounts, VerifyOutcome};
use crate::{diff, pipeline};

/// Read every re-created record back and compare it field by field.
#[derive(Debug, Args)]
pub struct Verify {
    /// The plan directory.
    #[arg(value_name = "PLAN_DIR")]
    dir: PathBuf,
    #[command(flatten)]
    portal: args::Portal,
}

impl Verify {
    pub(super) async fn run(self, output: &Output) -> Result<Outcome, Failure> {
        let language = output.language();
        let observer = portal::observer(output);
        let reader = portal::reader(&self.portal, observer.clone(), output)?;
        let verified =
            pipeline::verify(&self.dir, &reader, &*observer).await.map_err(|error| Failure::of_open(&error, language))?;
        let outcome = outcome(&verified, reader.is_loopback());
        if output.json {
            terminal::json(&outcome);
        } else {
            terminal::result(&report::verify_screen(&outcome, &self.dir, language, 80));
        }
        let equal =
            verified.doubles.is_empty() && verified.entities.values().all(|counts| counts.different == 0 && counts.absent == 0);
        Ok(if equal { Outcome::Done } else { Outcome::InPart })
    }
}

/// What reading back found, in the form of the contract.
pub(super) fn outcome(verified: &Verified, sandbox: bool) -> VerifyOutcome {
    let schema = Schema::default();
    let text = |value: &Value| diff::show(value, None, &schema);
    VerifyOutcome {
        entities: verified
            .entities
            .iter()
            .map(|(entity, counts)| {
                let counts = VerifyCounts {
                    checked: counts.checked,
                    equal: counts.equal,
                    declared: counts.declared,
                    different: counts.different,
                    absent: counts.absent,
                };
                (*entity, counts)
            })
            .collect(),
        differences: verified
            .differences
            .iter()
            .map(|difference| Difference {
                entity: difference.entity,
                original_id: difference.original_id.0,
                portal_id: difference.portal_id.0,
                field: difference.field.clone(),
                expected: text(&difference.expected),
                found: text(&difference.found),
            })
            .collect(),
        doubles: verified
            .doubles
            .iter()
            .map(|(entity, id, ids)| Double {
                entity: *entity,
                original_id: id.0,
                portal_ids: ids.iter().map(|id| id.0).collect(),
            })
            .collect(),
        sandbox,
    }
}
