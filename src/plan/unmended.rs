//! Records that an earlier run brought back and never mended: it was given up in between, and planned anew instead of resumed.
//!
//! The mark says that we made such a record, and the mend that we would draft for it today says in which fields an import leaves it
//! different. Where it differs just there, that mend was never written, as far as anybody can tell: a person may have changed the same
//! field since, or have said `--no-mend`. So it is said and left alone. With `--changed restore`, what is still empty is filled: that
//! takes nothing away from anybody.

use crate::diff::{ChangeKind, FieldChange, MatchedBy, Verdict};
use crate::model::{FieldCode, FieldType};

use super::draft::{Drafted, Drafter, Missing};
use super::fate::Fates;
use super::line::RecordRef;

impl Drafter<'_> {
    /// Notes the record if it lacks its mend, and fills what may be filled of it.
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
        let differing = judged.changes.iter().filter(|change| change.kind == ChangeKind::Changed && writes(&change.field));
        let (filled, lacking): (Vec<&FieldChange>, Vec<&FieldChange>) = differing.partition(|change| self.may_fill(change));
        if !filled.is_empty() {
            drafted.warn("restored_filled", entity, None);
            let updates = self.restore_fields(item, &filled, fates, drafted);
            drafted.actions.extend(updates);
        }
        if !lacking.is_empty() {
            drafted.warn("restored_unmended", entity, None);
            let lacking = lacking.into_iter().map(|change| change.field.clone()).collect();
            drafted.unmended.insert(RecordRef { entity, original_id: id.0 }, lacking);
        }
    }

    /// Whether the person has said that the files' values are to be written, and this one takes the place of none.
    fn may_fill(&self, change: &FieldChange) -> bool {
        self.flags.changed == "restore" && change.portal.is_empty() && !change.file.is_empty()
    }
}
