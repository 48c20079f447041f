//! Records that an earlier run brought back and never mended: it was given up in between, and planned anew instead of resumed.
//!
//! The mark says that we made such a record, and the mend that we would draft for it today says in which fields an import leaves it
//! different. Where it differs just there, that mend was never written, as far as anybody can tell: a person may have changed the same
//! field since. So it is said and left alone.

use crate::diff::{ChangeKind, MatchedBy, Verdict};
use crate::model::{FieldCode, FieldType};

use super::draft::{Drafted, Drafter, Missing};
use super::fate::Fates;
use super::line::RecordRef;

impl Drafter<'_> {
    /// Notes the record if it lacks its mend.
    pub(super) fn note_unmended(&self, item: &Missing, fates: &Fates, drafted: &mut Drafted) {
        let judged = &item.judged;
        let is_ours = judged.verdict == Verdict::Restored && judged.how == MatchedBy::Mark;
        if !is_ours || judged.changes.is_empty() {
            return;
        }
        // What is warned of a record that isn't created is no matter.
        let (_, mend) = self.create(item, false, fates, &mut Drafted::default());
        let Some(mend) = mend else { return };
        let (entity, id) = (judged.record.entity, judged.record.id);
        let writes = |code: &FieldCode| {
            self.schema.field(entity, code.as_str()).is_some_and(|field| {
                mend.classic.0.contains_key(code.as_str())
                    || mend.fields.0.contains_key(&field.universal)
                    || (field.kind == FieldType::Products && !mend.products.is_empty())
            })
        };
        let differing = judged.changes.iter().filter(|change| change.kind == ChangeKind::Changed).map(|change| &change.field);
        let lacking: Vec<FieldCode> = differing.filter(|code| writes(code)).cloned().collect();
        if !lacking.is_empty() {
            drafted.warn("restored_unmended", entity, None);
            drafted.unmended.insert(RecordRef { entity, original_id: id.0 }, lacking);
        }
    }
}
