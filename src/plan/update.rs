//! What a plan writes into live records: `--relink` fills lost links, `--changed restore` writes the file's values back.

use jiff::tz::TimeZone;
use serde_json::{Value as Json, json};

use crate::diff::{ChangeKind, FieldChange, Verdict};
use crate::model::{EntityType, FieldDef, FieldType, Value, Writing};

use super::action::{Action, ActionKind};
use super::draft::{Drafted, Drafter, Missing};
use super::fate::Fates;
use super::linking::{link_id, one_or_all};
use super::sets::{restore_rows, restore_values};
use super::wire::wire;

impl Drafter<'_> {
    /// The updates of a live record that the user asked for.
    pub(super) fn update(&self, item: &Missing, fates: &Fates, drafted: &mut Drafted) -> Vec<Action> {
        let judged = &item.judged;
        let record = &judged.record;
        let mut relink = Action::new(ActionKind::Relink, record.entity, record.id, record.title());
        let mut restore = Action::new(ActionKind::Restore, record.entity, record.id, record.title());
        for change in &judged.changes {
            let Some(field) = self.schema.field(record.entity, change.field.as_str()) else { continue };
            match (change.kind, &field.kind) {
                (ChangeKind::LostLink, FieldType::Link(_) | FieldType::Binding) if self.flags.relink => {
                    self.relink(&field, change, fates, &mut relink, drafted);
                }
                (ChangeKind::Changed, kind) if self.flags.changed == "restore" && judged.verdict == Verdict::Changed => {
                    self.restore(&field, kind, change, fates, &mut restore, drafted);
                }
                _ => {}
            }
        }
        self.settle_amount(item, &mut restore, drafted);
        [relink, restore].into_iter().filter_map(|action| addressed(action, item)).collect()
    }

    /// The update that writes the file's values into some fields of a live record.
    pub(super) fn restore_fields(
        &self,
        item: &Missing,
        changes: &[&FieldChange],
        fates: &Fates,
        drafted: &mut Drafted,
    ) -> Option<Action> {
        let record = &item.judged.record;
        let mut restore = Action::new(ActionKind::Restore, record.entity, record.id, record.title());
        for change in changes {
            let Some(field) = self.schema.field(record.entity, change.field.as_str()) else { continue };
            self.restore(&field, &field.kind, change, fates, &mut restore, drafted);
        }
        self.settle_amount(item, &mut restore, drafted);
        addressed(restore, item)
    }

    fn restore(
        &self,
        field: &FieldDef,
        kind: &FieldType,
        change: &FieldChange,
        fates: &Fates,
        restore: &mut Action,
        drafted: &mut Drafted,
    ) {
        match kind {
            FieldType::Multi(multi) => return restore_values((field, multi), change, restore, drafted),
            FieldType::Products => return restore_rows(change, restore, drafted),
            _ => {}
        }
        let code = field.code.as_str();
        let old = before(&change.portal, kind, self.zone);
        let new = match kind {
            // A company's contacts come back from the contacts' side.
            FieldType::Link(EntityType::Contact) if restore.entity == EntityType::Company => None,
            FieldType::Link(_) | FieldType::Binding => match self.written_back(field, &change.file, fates, restore) {
                Some(sent) if sent.is_empty() && !field.multiple && restore.waits_for(&field.universal) => {
                    restore.before.set(field.universal.as_str(), old);
                    return;
                }
                sent => sent.map(|sent| one_or_all(field, sent)),
            },
            _ if change.file.is_empty() => Some(json!("")),
            _ => {
                let value = self.of_a_currency(code, &change.file, restore.entity, drafted);
                wire(&value, kind, self.zone).or_else(|| matches!(*value, Value::Number(_)).then(|| json!("")))
            }
        };
        match (new, field.writing) {
            (Some(new), Writing::Import) => {
                restore.fields.set(field.universal.as_str(), new);
                restore.before.set(field.universal.as_str(), old);
            }
            (Some(new), Writing::ClassicUpdate) => {
                restore.classic.set(code, new);
                restore.before.set(code, old);
            }
            (None, Writing::Import | Writing::ClassicUpdate) => {
                drafted.warn("not_written_back", restore.entity, Some(code));
            }
            _ => drafted.warn("column_unwritable", restore.entity, Some(code)),
        }
    }
}

/// An update with the live record that it is about; `None` where it would write nothing.
fn addressed(mut action: Action, item: &Missing) -> Option<Action> {
    if action.is_idle() {
        return None;
    }
    action.portal_id = item.judged.live;
    action.source = Some(item.source.clone());
    Some(action)
}

pub(super) fn before(value: &Value, kind: &FieldType, zone: &TimeZone) -> Json {
    match value {
        Value::Link(id) => json!(id),
        Value::List(links) if matches!(kind, FieldType::Link(_)) => json!(links.iter().filter_map(link_id).collect::<Vec<_>>()),
        other => wire(other, kind, zone).unwrap_or_else(|| json!("")),
    }
}
