//! `verify`: read back and compare.

use std::path::PathBuf;

use clap::Args;

use super::args::{self, Output};
use super::{Failure, Outcome, portal, terminal};
use crate::apply::{Verified, VerifiedCounts};
use crate::model::{EntityType, Schema, Value};
use crate::report;
use crate::report::outcome::{Difference, Double, VerifyCounts, VerifyOutcome};
use crate::{diff, pipeline};

/// Read every re-created record back and compare it field by field; of live records, what was written to them.
#[derive(Debug, Args)]
pub struct Verify {
    /// The plan directory.
    #[arg(value_name = "PLAN_DIR")]
    dir: PathBuf,
    /// Read back only a part of the records, the same one each time, such as 5%; doubles are looked for among all.
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    sample: Option<f64>,
    #[command(flatten)]
    portal: args::Portal,
}

/// `5%` or `5`: more than nothing, at most everything.
fn percent(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.trim().trim_end_matches('%').trim().parse().ok();
    number.filter(|number| *number > 0.0 && *number <= 100.0).ok_or_else(|| "expected a percentage, such as 5%".to_owned())
}

impl Verify {
    pub(super) async fn run(self, output: &Output) -> Result<Outcome, Failure> {
        let language = output.language();
        let observer = portal::observer(output);
        let reader = portal::reader(&self.portal, observer.clone(), output)?;
        let verified = pipeline::verify(&self.dir, &reader, self.sample, &*observer)
            .await
            .map_err(|error| Failure::of_open(&error, language))?;
        let outcome = outcome(&verified, reader.is_loopback());
        if output.json {
            terminal::json(&outcome);
        } else {
            terminal::result(&report::verify_screen(&outcome, &self.dir, language, 80));
        }
        let once = verified.doubles.is_empty() && verified.leftovers.is_empty();
        let counts = verified.entities.values().chain(verified.updated.values());
        let equal = once && counts.into_iter().all(|counts| counts.different == 0 && counts.absent == 0);
        Ok(if equal { Outcome::Done } else { Outcome::InPart })
    }
}

/// What reading back found, in the form of the contract.
pub(super) fn outcome(verified: &Verified, sandbox: bool) -> VerifyOutcome {
    let schema = Schema::default();
    let text = |value: &Value| diff::show(value, None, &schema);
    let counts = |(entity, counts): (&EntityType, &VerifiedCounts)| {
        let VerifiedCounts { checked, equal, declared, different, absent } = *counts;
        (*entity, VerifyCounts { checked, equal, declared, different, absent })
    };
    VerifyOutcome {
        entities: verified.entities.iter().map(counts).collect(),
        updated: verified.updated.iter().map(counts).collect(),
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
        leftovers: verified.leftovers.iter().map(super::undo::leftover).collect(),
        sandbox,
    }
}
