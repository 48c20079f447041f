//! What `apply`, `verify` and `undo` came to, in numbers. Their JSON forms are what `--json` prints, and part of the contract;
//! what is empty in an undisturbed run stays out of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::EntityType;

/// How far a plan is carried out: `apply --json`, `status --json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplyOutcome {
    /// The counts of each record type.
    pub entities: BTreeMap<EntityType, ApplyCounts>,
    /// Requests sent.
    pub requests: u64,
    /// The table of old and new ids, relative to the plan directory.
    pub ids: String,
    /// The table of failures, relative to the plan directory.
    pub failures: String,
    /// Nothing is pending, whether or not something failed.
    pub complete: bool,
    /// Why records were refused, in the portal's words, each with what to do.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub causes: Vec<Cause>,
    /// Whether the portal is the sandbox.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub sandbox: bool,
}

/// Why records of one type were refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// What kind of records they are.
    pub entity: EntityType,
    /// How many.
    pub records: u64,
    /// The portal's code.
    pub code: String,
    /// The portal's words.
    pub message: String,
    /// What to do, in the language of the run.
    pub remedy: String,
}

/// The records of one type that a plan was to create. `planned` is the sum of the next five.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplyCounts {
    /// To be created.
    pub planned: u64,
    /// Created, and known to be there once.
    pub created: u64,
    /// Found there before they were sent.
    pub already_there: u64,
    /// Left out by choice.
    pub left_out: u64,
    /// Refused by the portal.
    pub failed: u64,
    /// Not begun, or sent without a clear answer.
    pub pending: u64,
    /// Live records whose fields were written: `--changed restore`, `--relink`.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub updated: u64,
}

impl ApplyOutcome {
    /// The counts of all record types together.
    pub fn total(&self) -> ApplyCounts {
        self.entities.values().fold(ApplyCounts::default(), |sum, counts| ApplyCounts {
            planned: sum.planned + counts.planned,
            created: sum.created + counts.created,
            already_there: sum.already_there + counts.already_there,
            left_out: sum.left_out + counts.left_out,
            failed: sum.failed + counts.failed,
            pending: sum.pending + counts.pending,
            updated: sum.updated + counts.updated,
        })
    }
}

/// What reading the created records back has shown: `verify --json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyOutcome {
    /// The counts of each record type.
    pub entities: BTreeMap<EntityType, VerifyCounts>,
    /// The same of the live records that were written to: nothing where none was.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub updated: BTreeMap<EntityType, VerifyCounts>,
    /// Fields that are not as the plan has them, and that it didn't declare.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub differences: Vec<Difference>,
    /// Records that are there more than once.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub doubles: Vec<Double>,
    /// Records that `undo` took back, and whose mark is there all the same.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub leftovers: Vec<Leftover>,
    /// Whether the portal is the sandbox.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub sandbox: bool,
}

/// The records of one type that were read back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyCounts {
    /// Looked at.
    pub checked: u64,
    /// Equal in every column but those that the plan declared.
    pub equal: u64,
    /// Of these, the ones with a difference that the plan declared beforehand.
    pub declared: u64,
    /// Not equal.
    pub different: u64,
    /// Not there.
    pub absent: u64,
}

/// A field that is not as the plan has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// What kind of record it is.
    pub entity: EntityType,
    /// Its id in the file.
    pub original_id: u64,
    /// Its id in the portal.
    pub portal_id: u64,
    /// The classic field code.
    pub field: String,
    /// The plan's value.
    pub expected: String,
    /// The portal's value.
    pub found: String,
}

/// A record that is there more than once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Double {
    /// What kind of record it is.
    pub entity: EntityType,
    /// Its id in the file.
    pub original_id: u64,
    /// All its ids in the portal.
    pub portal_ids: Vec<u64>,
}

/// What bears the mark of a record that was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leftover {
    /// What kind of record it is.
    pub entity: EntityType,
    /// Its id in the file.
    pub original_id: u64,
    /// The id that the plan knows, deleted or kept; `null` where it never learned of one.
    pub new_id: Option<u64>,
    /// The ids of the records that bear its mark besides.
    pub still_there: Vec<u64>,
}

impl VerifyOutcome {
    /// The counts of all record types together.
    pub fn total(&self) -> VerifyCounts {
        Self::sum(&self.entities)
    }

    /// The same of the live records that were written to.
    pub fn total_updated(&self) -> VerifyCounts {
        Self::sum(&self.updated)
    }

    fn sum(entities: &BTreeMap<EntityType, VerifyCounts>) -> VerifyCounts {
        entities.values().fold(VerifyCounts::default(), |sum, counts| VerifyCounts {
            checked: sum.checked + counts.checked,
            equal: sum.equal + counts.equal,
            declared: sum.declared + counts.declared,
            different: sum.different + counts.different,
            absent: sum.absent + counts.absent,
        })
    }
}

/// What was taken back: `undo --json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoOutcome {
    /// The counts of each record type.
    pub entities: BTreeMap<EntityType, UndoCounts>,
    /// How many of the deleted records the portal's recycle bin holds now: all of them.
    pub in_recycle_bin: u64,
    /// The records that were left alone, each with why.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub kept: Vec<KeptRecord>,
    /// Records that bear the plan's marks and that nothing proves to be its own: left alone.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub leftovers: Vec<Leftover>,
    /// Whether the portal is the sandbox.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub sandbox: bool,
}

/// A record that `undo` left alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptRecord {
    /// What kind of record it is.
    pub entity: EntityType,
    /// Its id in the file.
    pub original_id: u64,
    /// Its id in the portal.
    pub new_id: u64,
    /// Why: `edited`, `linked`, `products`, `commented`, `activity`, `linked_from`, `refused`.
    pub reason: String,
    /// The same in a sentence, in the language of the run.
    pub text: String,
}

/// The records of one type that a plan had created.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoCounts {
    /// Deleted; they are in the recycle bin.
    pub deleted: u64,
    /// Kept, because somebody changed them since.
    pub kept_changed: u64,
    /// No longer there.
    pub absent: u64,
    /// Live records that got their old values back.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub reverted: u64,
    /// Still there: the portal refused, or gave no clear answer.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub pending: u64,
}

impl UndoOutcome {
    /// The counts of all record types together.
    pub fn total(&self) -> UndoCounts {
        self.entities.values().fold(UndoCounts::default(), |sum, counts| UndoCounts {
            deleted: sum.deleted + counts.deleted,
            kept_changed: sum.kept_changed + counts.kept_changed,
            absent: sum.absent + counts.absent,
            reverted: sum.reverted + counts.reverted,
            pending: sum.pending + counts.pending,
        })
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one<T>(counts: T) -> BTreeMap<EntityType, T> {
        BTreeMap::from([(EntityType::Lead, counts)])
    }

    #[test]
    fn the_json_of_an_undisturbed_run_is_the_one_that_the_contract_shows() -> serde_json::Result<()> {
        let apply = ApplyOutcome {
            entities: one(ApplyCounts { planned: 90, created: 88, already_there: 2, ..ApplyCounts::default() }),
            requests: 9,
            ids: "ids.csv".into(),
            failures: "failures.csv".into(),
            complete: true,
            ..ApplyOutcome::default()
        };
        assert_eq!(
            serde_json::to_string(&apply)?,
            r#"{"entities":{"lead":{"planned":90,"created":88,"already_there":2,"left_out":0,"failed":0,"pending":0}},"requests":9,"ids":"ids.csv","failures":"failures.csv","complete":true}"#
        );
        let verify = VerifyOutcome {
            entities: one(VerifyCounts { checked: 90, equal: 90, declared: 88, ..VerifyCounts::default() }),
            ..VerifyOutcome::default()
        };
        assert_eq!(
            serde_json::to_string(&verify)?,
            r#"{"entities":{"lead":{"checked":90,"equal":90,"declared":88,"different":0,"absent":0}}}"#
        );
        let undo = UndoOutcome {
            entities: one(UndoCounts { deleted: 90, ..UndoCounts::default() }),
            in_recycle_bin: 90,
            ..UndoOutcome::default()
        };
        assert_eq!(
            serde_json::to_string(&undo)?,
            r#"{"entities":{"lead":{"deleted":90,"kept_changed":0,"absent":0}},"in_recycle_bin":90}"#
        );
        Ok(())
    }

    #[test]
    fn a_total_adds_every_record_type() {
        let counts = UndoCounts { deleted: 2, kept_changed: 1, ..UndoCounts::default() };
        let entities = BTreeMap::from([(EntityType::Lead, counts), (EntityType::Deal, counts)]);
        let undo = UndoOutcome { entities, ..UndoOutcome::default() };
        assert_eq!(undo.total(), UndoCounts { deleted: 4, kept_changed: 2, ..UndoCounts::default() });
    }
}
