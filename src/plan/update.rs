//! What a plan writes into live records: `--relink` fills lost links, `--changed restore` writes the file's values back.

use jiff::tz::TimeZone;
use serde_json::{Value as Json, json};

use crate::diff::{ChangeKind, FieldChange};
use crate::model::{EntityType, FieldDef, FieldType, PortalId, Value, Writing};

use super::action::{Action, ActionKind};
use super::draft::{Drafted, Drafter, Missing};
use super::fate::{Fates, Link};
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
                (ChangeKind::LostLink, FieldType::Link(target)) if self.flags.relink => {
                    self.relink(&field, *target, change, fates, &mut relink, drafted);
                }
                (ChangeKind::Changed, kind) if self.flags.changed == "restore" => {
                    self.restore(&field, kind, change, fates, &mut restore, drafted);
                }
                _ => {}
            }
        }
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
        addressed(restore, item)
    }

    /// Fills a lost link; of a list, adds what was lost to the links that still lead somewhere.
    fn relink(
        &self,
        field: &FieldDef,
        target: EntityType,
        change: &FieldChange,
        fates: &Fates,
        relink: &mut Action,
        drafted: &mut Drafted,
    ) {
        let alive = |link: &&Value| matches!(link, Value::Link(id) if self.current.contains(target, PortalId(*id)));
        let mut ids: Vec<u64> = change.portal.each().iter().filter(alive).filter_map(link_id).collect();
        let before_ids = ids.len();
        for link in change.file.each() {
            match self.resolver(fates).resolve(target, link) {
                Some(Link::Live(id)) if !ids.contains(&id.0) => ids.push(id.0),
                Some(Link::Live(_)) | None => {}
                Some(Link::Planned(target)) => relink.wait_for(&field.universal, field.multiple, target),
                Some(Link::Ambiguous) => drafted.warn("link_ambiguous", relink.entity, Some(field.code.as_str())),
                Some(Link::Unknown) => drafted.warn("missing_parent", relink.entity, Some(field.code.as_str())),
            }
        }
        let waits = relink.links.iter().any(|link| link.field == field.universal);
        if ids.len() > before_ids || (field.multiple && waits && !ids.is_empty()) {
            relink.fields.set(field.universal.as_str(), if field.multiple { json!(ids) } else { json!(ids.last()) });
        }
        relink.before.set(field.universal.as_str(), before(&change.portal, &field.kind, self.zone));
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
        let code = field.code.as_str();
        let old = before(&change.portal, kind, self.zone);
        let new = match kind {
            FieldType::Link(target) if !field.multiple => match self.resolver(fates).resolve(*target, &change.file) {
                Some(Link::Live(id)) => Some(json!(id.0)),
                None => Some(json!("")),
                Some(Link::Planned(target)) => {
                    restore.wait_for(&field.universal, false, target);
                    restore.before.set(field.universal.as_str(), old);
                    return;
                }
                Some(Link::Ambiguous | Link::Unknown) => None,
            },
            FieldType::Multi(_) | FieldType::Products | FieldType::Link(_) => None,
            _ if change.file.is_empty() => Some(json!("")),
            _ => wire(&change.file, kind, self.zone).or_else(|| matches!(change.file, Value::Number(_)).then(|| json!(""))),
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

fn link_id(value: &Value) -> Option<u64> {
    if let Value::Link(id) = value { Some(*id) } else { None }
}

fn before(value: &Value, kind: &FieldType, zone: &TimeZone) -> Json {
    match value {
        Value::Link(id) => json!(id),
        Value::List(links) if matches!(kind, FieldType::Link(_)) => json!(links.iter().filter_map(link_id).collect::<Vec<_>>()),
        other => wire(other, kind, zone).unwrap_or_else(|| json!("")),
    }
}
