//! One thing that `apply` will do: a line of `actions.jsonl`.
//!
//! An action holds all that `apply` needs. It is made while planning, sealed, and carried out as it stands: `apply` decides nothing.

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use crate::model::{
    Cells, EntityType, FieldCode, FieldDef, FileRecord, OriginPair, OriginalId, Payload, PortalId, ProductRow, Value,
};

use super::RecordRef;
use super::sets::{RowSet, ValueSet};

/// What an action does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActionKind {
    /// Creates a record by an import call.
    Create,
    /// Updates a created record with what an import drops, fills by itself or overwrites (rest-crm 4.2, 3.6, 4.5).
    Mend,
    /// Writes the file's values into the differing fields of a live record (`--changed restore`).
    Restore,
    /// Fills the links that a live record lost because their target was lost (`--relink`).
    Relink,
}

impl ActionKind {
    /// The word in `actions.jsonl` and the journal.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Mend => "mend",
            Self::Restore => "restore",
            Self::Relink => "relink",
        }
    }
}

/// One thing that `apply` will do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// What kind of record it is about.
    pub entity: EntityType,
    /// The record's id in the file.
    pub original_id: OriginalId,
    /// What is done.
    pub action: ActionKind,
    /// What a person would call the record.
    pub title: String,
    /// The fields as they will be sent, links to records that don't exist yet excepted.
    pub fields: Payload,
    /// Fields that only the classic update takes.
    #[serde(skip_serializing_if = "Payload::is_empty", default)]
    pub classic: Payload,
    /// Product rows to set in a created record.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub products: Vec<ProductRow>,
    /// Multi-fields of a live record, each with the values that it had and those that it shall have.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub values: Vec<ValueSet>,
    /// Product rows of a live record, as they were and as they shall be.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rows: Option<RowSet>,
    /// System fields of an import (creation moment and so on). If the portal refuses the moments, they are sent without.
    #[serde(skip_serializing_if = "Payload::is_empty", default)]
    pub system: Payload,
    /// Links to records of this plan: filled in when those have their new ids.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub links: Vec<PendingLink>,
    /// The records of this plan that must be there first.
    #[serde(default)]
    pub depends_on: Vec<RecordRef>,
    /// By which pair the created record will be known again: the mark, or the row's own pair.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key: Option<OriginPair>,
    /// The live record that is updated.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub portal_id: Option<PortalId>,
    /// What the updated fields held when the plan was made.
    #[serde(skip_serializing_if = "Payload::is_empty", default)]
    pub before: Payload,
    /// What the file says of the created record: what `verify` compares with.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub expect: Vec<(FieldCode, Value)>,
    /// The fields that will differ from the file, known and said beforehand, each with its reason.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub declared: Vec<Declared>,
    /// The row as it stood in its file.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub source: Option<SourceRow>,
    /// SHA-256 of this line without this key, in hex.
    #[serde(default)]
    pub digest: String,
}

/// A link to a record that this plan creates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingLink {
    /// The field, by its name in `crm.item.*`.
    pub field: String,
    /// Whether the field holds a list, to which the new id is added.
    pub multiple: bool,
    /// Whether the field takes records of several types, so that the id is written with its type (`C_9`).
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub typed: bool,
    /// How many of the list's links that are known already stand behind this one in the file. Of a deal's contacts the portal takes the
    /// first for the main one, so the order is kept (rest-crm 1.1).
    #[serde(skip_serializing_if = "is_zero", default)]
    pub ahead_of: usize,
    /// The record that must have its new id first.
    #[serde(flatten)]
    pub target: RecordRef,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// One link of a record, as far as it is known while planning.
#[derive(Clone)]
pub(super) enum Told {
    /// As it is sent.
    Known(Json),
    /// To a record that this plan creates; whether its id is written with its type.
    Waiting(RecordRef, bool),
}

impl PendingLink {
    /// The link as it is sent, now that its target has its new id.
    pub fn wire(&self, id: PortalId) -> Json {
        link(self.target.entity, id, self.typed)
    }
}

/// The id of a linked record as a field takes it: with its type where the field is bound to several (rest-crm 6.7).
pub(super) fn link(entity: EntityType, id: PortalId, typed: bool) -> Json {
    if typed { json!(format!("{}_{}", entity.short_code(), id.0)) } else { json!(id.0) }
}

/// A field that will differ from the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declared {
    /// The classic field code.
    pub field: String,
    /// The warning's code.
    pub reason: String,
}

/// The row of a record, so that a failed one can be handed back in its file's own columns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRow {
    /// Which of the plan's inputs, counted from 0.
    pub input: usize,
    /// The line on which it begins.
    pub line: u64,
    /// Its lines.
    pub lines: Vec<Cells>,
}

impl Action {
    /// An action that does nothing yet.
    pub fn new(action: ActionKind, entity: EntityType, original_id: OriginalId, title: String) -> Self {
        Self {
            entity,
            original_id,
            action,
            title,
            fields: Payload::default(),
            classic: Payload::default(),
            products: Vec::new(),
            values: Vec::new(),
            rows: None,
            system: Payload::default(),
            links: Vec::new(),
            depends_on: Vec::new(),
            key: None,
            portal_id: None,
            before: Payload::default(),
            expect: Vec::new(),
            declared: Vec::new(),
            source: None,
            digest: String::new(),
        }
    }

    /// The record this action is about.
    pub fn subject(&self) -> RecordRef {
        RecordRef { entity: self.entity, original_id: self.original_id.0 }
    }

    /// Whether there is nothing to send.
    pub fn is_idle(&self) -> bool {
        self.fields.is_empty()
            && self.classic.is_empty()
            && self.products.is_empty()
            && self.links.is_empty()
            && self.values.is_empty()
            && self.rows.is_none()
    }

    /// How many commands an update takes: one for product rows, one for the fields of the classic methods, one for all else.
    pub fn commands(&self) -> usize {
        usize::from(!self.products.is_empty() || self.rows.is_some())
            + usize::from(!self.classic.is_empty())
            + usize::from(!self.fields.is_empty() || !self.links.is_empty() || !self.values.is_empty())
    }

    /// Takes up the links of a field, in the file's order; gives back those that are known already.
    pub(super) fn take_links(&mut self, field: &FieldDef, told: Vec<Told>) -> Vec<Json> {
        let mut known = Vec::new();
        let first = self.links.len();
        for link in told {
            match link {
                Told::Known(link) => known.push(link),
                Told::Waiting(target, typed) => {
                    // How many stand in front of it, until all are counted.
                    let ahead_of = known.len();
                    self.links.push(PendingLink {
                        field: field.universal.clone(),
                        multiple: field.multiple,
                        typed,
                        ahead_of,
                        target,
                    });
                    if !self.depends_on.contains(&target) {
                        self.depends_on.push(target);
                    }
                }
            }
        }
        for link in &mut self.links[first..] {
            link.ahead_of = if field.multiple { known.len() - link.ahead_of } else { 0 };
        }
        known
    }

    /// Whether a link of this field waits for its target.
    pub fn waits_for(&self, field: &str) -> bool {
        self.links.iter().any(|link| link.field == field)
    }

    /// Declares that a field will differ; says whether that is news.
    pub fn declare(&mut self, field: &str, reason: &str) -> bool {
        let is_news = !self.declared.iter().any(|known| known.field == field);
        if is_news {
            self.declared.push(Declared { field: field.to_owned(), reason: reason.to_owned() });
        }
        is_news
    }

    /// What the file says of the record, for comparison.
    pub fn expected_record(&self) -> FileRecord {
        let mut record = FileRecord::new(self.entity, self.original_id);
        for (code, value) in &self.expect {
            record.push(code.clone(), value.clone());
        }
        record
    }

    /// The line of `actions.jsonl`, its digest included, without a line end.
    pub fn to_line(&self) -> Result<String, serde_json::Error> {
        let mut sealed = self.clone();
        sealed.digest = String::new();
        sealed.digest = hex(&Sha256::digest(serde_json::to_string(&sealed)?.as_bytes()));
        serde_json::to_string(&sealed)
    }
}

/// Bytes as lower-case hex digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}
