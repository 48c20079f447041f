//! Judged records -> actions, in the order in which they are carried out.
//!
//! Companies, contacts, leads, deals: what others refer to comes first. Within a type, records whose creation moment the portal will
//! keep come first, oldest first (rest-crm 4.5: nothing may be older than the record with the greatest id); the rest follows without.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::diff::{Judged, Verdict};
use crate::model::{EntityType, FieldCode, FieldType, FileRecord, OriginPair, Schema};

use super::action::{Action, SourceRow};
use super::dir::Flags;
use super::fate::{Fate, Fates, Link, Resolver};
use super::line::RecordRef;
use super::mending::Mending;
use super::wire::moment;

/// A judged record and the row it came from.
#[derive(Debug, Clone)]
pub struct Missing {
    /// What the comparison says of it.
    pub judged: Judged,
    /// Its row.
    pub source: SourceRow,
    /// Whether a cell of it could not be understood.
    pub incomplete: bool,
}

/// Makes actions.
#[derive(Debug)]
pub struct Drafter<'a> {
    /// The portal's schema.
    pub schema: &'a Schema,
    /// The portal's records.
    pub current: &'a crate::diff::Current,
    /// Who bears which name.
    pub names: &'a crate::diff::Names,
    /// The zone of the files' times.
    pub zone: &'a TimeZone,
    /// What the user chose.
    pub flags: &'a Flags,
    /// What the user said so that records can come back.
    pub mending: &'a Mending,
    /// Whether the webhook's user is an administrator: only then may an import set system fields (rest-crm 4.4).
    pub admin: bool,
    /// The portal's own moment.
    pub now: Timestamp,
    /// Own pairs that several rows of the files bear: no keys.
    pub shared_pairs: &'a HashSet<(EntityType, OriginPair)>,
}

/// What came of drafting.
#[derive(Debug, Default)]
pub struct Drafted {
    /// The actions, in order.
    pub actions: Vec<Action>,
    /// Code, type and field -> how many records.
    pub warnings: BTreeMap<(String, Option<EntityType>, Option<String>), u64>,
    /// Records that are not created because their parent is gone (`--missing-parent skip`).
    pub skipped: Vec<(EntityType, u64)>,
    /// Records that an earlier run brought back and did not mend, each with the fields that show it.
    pub unmended: BTreeMap<RecordRef, Vec<FieldCode>>,
    /// Records whose creation moment the portal will keep.
    pub dates_kept: u64,
    /// Records that will bear the moment of their re-creation.
    pub dates_lost: u64,
}

impl Drafted {
    pub(super) fn warn(&mut self, code: &str, entity: EntityType, field: Option<&str>) {
        *self.warnings.entry((code.to_owned(), Some(entity), field.map(str::to_owned))).or_default() += 1;
    }
}

/// A parent was missing and `--missing-parent stop` was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParentMissing {
    /// The record whose parent is missing.
    pub entity: EntityType,
    /// Its id in the file.
    pub original_id: u64,
    /// The field that names the parent.
    pub field: String,
    /// The line it stands on.
    pub line: u64,
}

/// A custom field that keeps what the portal doesn't give back.
#[derive(Debug, Clone, Copy)]
pub struct KeptDate {
    /// Its code.
    pub code: &'static str,
    /// Its type in `userfield.add`.
    pub kind: &'static str,
    /// What English people see.
    pub label_en: &'static str,
    /// What Spanish people see.
    pub label_es: &'static str,
}

/// The fields of `--keep-dates-in-fields`; `apply` makes those that the portal doesn't have.
pub const KEPT_DATES: [KeptDate; 2] = [
    KeptDate { code: "UF_CRM_B24R_ID", kind: "string", label_en: "Original ID", label_es: "ID anterior" },
    KeptDate { code: "UF_CRM_B24R_CREATED", kind: "datetime", label_en: "Originally created", label_es: "Creado originalmente" },
];

impl Drafter<'_> {
    /// Drafts everything: creates with their mends, then the updates of live records.
    ///
    /// `fates` must hold the fate of every record of the files; a record that is skipped for want of its parent becomes `Gone`.
    ///
    /// # Errors
    ///
    /// The first record whose parent is missing, with `--missing-parent stop`.
    pub fn draft(&self, judged: &[Missing], fates: &mut Fates) -> Result<Drafted, ParentMissing> {
        let mut drafted = Drafted::default();
        let mut mends = Vec::new();
        for entity in EntityType::ALL {
            let mut wanted: Vec<&Missing> =
                judged.iter().filter(|item| item.judged.record.entity == entity && self.is_created(&item.judged)).collect();
            self.drop_orphans(&mut wanted, fates, &mut drafted)?;
            let bar = self
                .current
                .highest(entity)
                .and_then(|id| self.current.created(entity, id))
                .and_then(|value| moment(&value, self.zone));
            wanted.sort_by_key(|item| {
                let created = self.created(&item.judged.record);
                (!self.keeps_date(created, bar), created, item.judged.record.id)
            });
            for item in wanted {
                let keeps = self.keeps_date(self.created(&item.judged.record), bar);
                let (create, mend) = self.create(item, keeps, fates, &mut drafted);
                drafted.actions.push(create);
                mends.extend(mend);
            }
        }
        drafted.actions.extend(mends);
        // What an earlier run brought back may have come without a link, because its target came later.
        for item in judged.iter().filter(|item| matches!(item.judged.verdict, Verdict::Changed | Verdict::Restored)) {
            let updates = self.update(item, fates, &mut drafted);
            drafted.actions.extend(updates);
        }
        for item in judged {
            self.note_unmended(item, fates, &mut drafted);
        }
        Ok(drafted)
    }

    /// Whether a record will be created.
    pub fn is_created(&self, judged: &Judged) -> bool {
        match judged.verdict {
            Verdict::Missing => true,
            Verdict::Duplicate => self.flags.duplicates == "create",
            _ => false,
        }
    }

    pub(super) fn resolver<'a>(&'a self, fates: &'a Fates) -> Resolver<'a> {
        Resolver { current: self.current, names: self.names, fates }
    }

    pub(super) fn created(&self, record: &FileRecord) -> Option<Timestamp> {
        record.get("DATE_CREATE").and_then(|value| moment(value, self.zone))
    }

    fn keeps_date(&self, created: Option<Timestamp>, bar: Option<Timestamp>) -> bool {
        let Some(created) = created else { return false };
        self.admin && created.as_second() <= self.now.as_second() && bar.is_none_or(|bar| created.as_second() >= bar.as_second())
    }

    fn drop_orphans(&self, wanted: &mut Vec<&Missing>, fates: &mut Fates, drafted: &mut Drafted) -> Result<(), ParentMissing> {
        if self.flags.missing_parent == "empty" || self.flags.missing_parent.is_empty() {
            return Ok(());
        }
        let mut kept = Vec::new();
        for item in wanted.drain(..) {
            let record = &item.judged.record;
            let orphan = record.fields().find_map(|(code, value)| {
                let target = self.link_target(record.entity, code.as_str())?;
                let missing = value.each().iter().any(|link| self.resolver(fates).resolve(target, link) == Some(Link::Unknown));
                missing.then(|| code.to_string())
            });
            match orphan {
                None => kept.push(item),
                Some(field) if self.flags.missing_parent == "stop" => {
                    return Err(ParentMissing { entity: record.entity, original_id: record.id.0, field, line: item.source.line });
                }
                Some(field) => {
                    fates.set(record.entity, record.id, Fate::Gone);
                    drafted.skipped.push((record.entity, record.id.0));
                    drafted.warn("missing_parent", record.entity, Some(&field));
                }
            }
        }
        *wanted = kept;
        Ok(())
    }

    pub(super) fn link_target(&self, entity: EntityType, code: &str) -> Option<EntityType> {
        match self.schema.listed(entity, code)?.kind {
            FieldType::Link(target) => Some(target),
            _ => None,
        }
    }
}
