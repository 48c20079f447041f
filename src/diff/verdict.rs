//! Verdicts: what the comparison says of one record (design 6).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::{FieldCode, FileRecord, PortalId};

use super::FieldChange;

/// What the comparison says of one record. The code (snake case) is part of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// No record in the portal answers for it.
    Missing,
    /// There, and equal in every column that could be compared.
    Identical,
    /// There, and some columns differ.
    Changed,
    /// Back under a new id: re-created by an earlier run, or recovered from the recycle bin.
    Restored,
    /// Not there by id, but a live record has the same e-mail, phone or title, or was typed in again.
    Duplicate,
    /// The row can't be used.
    Rejected,
}

impl Verdict {
    /// All verdicts, in the order of the reports.
    pub const ALL: [Self; 6] = [Self::Missing, Self::Changed, Self::Identical, Self::Restored, Self::Duplicate, Self::Rejected];

    /// The code in reports and JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Identical => "identical",
            Self::Changed => "changed",
            Self::Restored => "restored",
            Self::Duplicate => "duplicate",
            Self::Rejected => "rejected",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

/// A record of the files with its verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The record as the file has it.
    pub record: FileRecord,
    /// What the comparison says of it.
    pub verdict: Verdict,
    /// The live record that answers for it; `None` where there is none, or where several duplicates might.
    pub live: Option<PortalId>,
    /// How that one was found.
    pub how: MatchedBy,
    /// What differs. Of an `identical` record only the portal's own fields, of a `restored` one for information.
    pub changes: Vec<FieldChange>,
    /// All duplicates of a `duplicate`; all bearers of the mark where a `restored` record was created more than once.
    pub candidates: Vec<PortalId>,
    /// What a person should know besides.
    pub notes: Vec<Note>,
}

/// By what a live record was found. The code (snake case) is part of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchedBy {
    /// The same id, and created at the same moment.
    Id,
    /// The origin mark of an earlier run.
    Mark,
    /// The origin pair that the row itself carries, of one record in the portal and one in the files.
    OwnPair,
    /// A new id, but the same creation moment, creator and title: recovered from the recycle bin.
    Twin,
    /// The same e-mail.
    Email,
    /// The same phone.
    Phone,
    /// The same title.
    Title,
    /// Made after the file's newest moment, with the same title and the same client or amount.
    Retyped,
    /// By nothing.
    Nothing,
}

impl MatchedBy {
    /// The code in reports and JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Mark => "mark",
            Self::OwnPair => "own_pair",
            Self::Twin => "twin",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Title => "title",
            Self::Retyped => "retyped",
            Self::Nothing => "nothing",
        }
    }
}

/// What a person should know of a record besides its verdict. The code (snake case) is part of the contract.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Note {
    /// The portal has no entry of this text; the field is neither compared nor written.
    LabelUnknown(FieldCode),
    /// Several pipelines have a stage of this name and the file names none: the general pipeline's is taken, or none.
    StageAmbiguous(FieldCode),
    /// The portal has no user of this name; the field is neither compared nor written.
    UserUnknown(FieldCode),
    /// Several users of the portal bear the name in this field; it is neither compared nor written.
    UserAmbiguous(FieldCode),
    /// Several records bear the name in this field; it is left empty.
    LinkAmbiguous(FieldCode),
    /// No record of the portal or the files is the one that this field means.
    LinkUnknown(FieldCode),
    /// The portal gave the record's id to another one.
    IdReused(PortalId),
    /// A record of the portal has the same e-mail, phone, title or amount, but answers for another row.
    AnswersForAnother(PortalId),
    /// More than one record bears the origin mark: one was created twice.
    CreatedTwice(PortalId),
    /// Only its presence was looked at.
    NotCompared,
}

impl Note {
    /// The code in reports and JSON.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::LabelUnknown(_) => "label_unknown",
            Self::StageAmbiguous(_) => "stage_ambiguous",
            Self::UserUnknown(_) => "user_unknown",
            Self::UserAmbiguous(_) => "user_ambiguous",
            Self::LinkAmbiguous(_) => "link_ambiguous",
            Self::LinkUnknown(_) => "link_unknown",
            Self::IdReused(_) => "id_reused",
            Self::AnswersForAnother(_) => "answers_for_another",
            Self::CreatedTwice(_) => "created_twice",
            Self::NotCompared => "not_compared",
        }
    }

    /// The field it is about.
    pub const fn field(&self) -> Option<&FieldCode> {
        match self {
            Self::LabelUnknown(field)
            | Self::StageAmbiguous(field)
            | Self::UserUnknown(field)
            | Self::UserAmbiguous(field)
            | Self::LinkAmbiguous(field)
            | Self::LinkUnknown(field) => Some(field),
            Self::IdReused(_) | Self::AnswersForAnother(_) | Self::CreatedTwice(_) | Self::NotCompared => None,
        }
    }
}
