//! Whether files are of another portal where no clock can tell: by creation moments that say their zone, as snapshots and dumps have
//! them; else, in files that don't say when their records were created, by what the records hold. (Clocks without a zone are told
//! by the zone that explains them, or by none that does.)

use std::ops::ControlFlow;

use crate::diff::{self, Current, FOREIGN_SHARED_MIN};
use crate::model::{FieldDef, FieldType, FileRecord, LiveRecord, Multi, Schema, Value, multifield_of};

use super::plan::PlanError;
use super::survey::Surveyed;
use super::twins::{each_record, twin};

/// Of a hundred shared ids, how many must have been created at the same moment. After a roll-back ids are given out again, at worst as
/// many as a small CRM had made since the backup; those from before it stay.
const SAME_PERCENT: usize = 5;

/// The same of what records hold: by chance, two portals' records agree more often in them than in a moment. Where so few are the same, the id
/// alone must not decide, whoever's the files are.
const ALIKE_PERCENT: usize = 20;

/// What a record is called.
const NAMES: &[&str] = &["TITLE", "LAST_NAME", "COMPANY_TITLE"];

/// Refuses files of another portal. Both portals count from 1, so nearly every id is there, and nearly none is the same record.
pub(super) fn refuse(files: &[Surveyed], current: &Current, schema: &Schema) -> Result<(), PlanError> {
    let mut of_moments = Tally::default();
    for seen in files {
        let entity = seen.file.entity;
        let mut has_births = false;
        for (id, created) in seen.survey.created() {
            has_births = true;
            let live = current.under_id(entity, id).and_then(|live| current.created(entity, live));
            if let (Value::Moment(file), Some(Value::Moment(portal))) = (created, live) {
                of_moments.count(file.as_second() == portal.as_second());
            }
        }
        if !has_births {
            let of_contents = contents(seen, current, schema)?;
            if of_contents.is_foreign(ALIKE_PERCENT) {
                return Err(PlanError::ForeignContents { agreeing: of_contents.same, of: of_contents.of });
            }
        }
    }
    if of_moments.is_foreign(SAME_PERCENT) {
        return Err(PlanError::Foreign { explained: of_moments.same, of: of_moments.of, zone_known: true });
    }
    Ok(())
}

/// Shared records, and how many of them are the same.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    same: usize,
    of: usize,
}

impl Tally {
    fn count(&mut self, is_same: bool) {
        self.of += 1;
        self.same += usize::from(is_same);
    }

    fn is_foreign(self, percent: usize) -> bool {
        self.of >= FOREIGN_SHARED_MIN && self.same * 100 < self.of * percent
    }
}

/// How many of a file's shared records are the portal's by what they hold. Most files have shown so within a few rows.
fn contents(seen: &Surveyed, current: &Current, schema: &Schema) -> Result<Tally, crate::intake::IntakeError> {
    let entity = seen.file.entity;
    let mut tally = Tally::default();
    if !seen.survey.ids.iter().any(|id| current.under_id(entity, id).is_some()) {
        return Ok(tally);
    }
    each_record(seen, schema, |record| {
        if let Some(is_same) = twin(record, current).and_then(|live| is_same(record, &live, schema)) {
            tally.count(is_same);
        }
        let is_own = tally.same >= FOREIGN_SHARED_MIN && !tally.is_foreign(ALIKE_PERCENT);
        if is_own { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(tally)
}

/// Whether a record is the live one: of what tells one record from another, half is equal. `None` where it has no title, name, phone or
/// e-mail to tell by. People rename records and correct them, but hardly nearly all of them in nearly everything.
fn is_same(record: &FileRecord, live: &LiveRecord, schema: &Schema) -> Option<bool> {
    let (mut has_name, mut tally) = (false, Tally::default());
    for (code, value) in record.fields().filter(|(_, value)| !value.is_empty()) {
        let multi = multifield_of(code.as_str()).filter(|multi| matches!(&*multi.kind, "PHONE" | "EMAIL"));
        if let Some(Multi { kind, .. }) = multi {
            let there: Vec<&str> = of_kind(live, &kind).collect();
            if !there.is_empty() {
                has_name = true;
                tally.count(shares_one(value, &there, &kind));
            }
            continue;
        }
        let field = schema.listed(record.entity, code.as_str()).filter(|field| is_telling(field));
        let found = live.get(code.as_str()).filter(|found| !found.is_empty());
        let Some((field, found)) = field.zip(found) else { continue };
        if let Some(agrees) = diff::agrees(value, found, field, schema) {
            has_name |= NAMES.contains(&code.as_str());
            tally.count(agrees);
        }
    }
    has_name.then_some(tally.same * 2 >= tally.of)
}

/// Whether two records that have nothing to do with each other hardly have one value in such a field.
fn is_telling(field: &FieldDef) -> bool {
    let kind = &field.kind;
    matches!(kind, FieldType::Text | FieldType::LongText | FieldType::Double | FieldType::Money | FieldType::Url)
}

/// All phones, or all e-mails, of whatever type.
fn of_kind<'v>(live: &'v LiveRecord, kind: &'v str) -> impl Iterator<Item = &'v str> {
    let fields = live.fields().filter(move |(code, _)| multifield_of(code.as_str()).is_some_and(|multi| multi.kind == kind));
    fields.flat_map(|(_, value)| value.each()).filter_map(Value::as_text).filter(|text| !text.is_empty())
}

fn shares_one(values: &Value, there: &[&str], kind: &str) -> bool {
    let wanted: Vec<&str> = values.each().iter().filter_map(Value::as_text).collect();
    diff::apart(there, &wanted, kind).surplus.len() < there.len()
}
