//! Links of a record, as they are sent: to records that are there now, and to those that this plan creates.
//!
//! Two kinds of field link: one to records of its own type, and a custom one that may be bound to several types and so names the type
//! with the id (rest-crm 6.7: `C_9`).

use serde_json::{Value as Json, json};

use crate::diff::{FieldChange, Note, bound};
use crate::model::{EntityType, FieldDef, FieldType, PortalId, Value};

use super::action::{Action, Told, link};
use super::draft::{Drafted, Drafter};
use super::fate::{Fates, Link};
use super::update::before;

/// What one value of a link field leads to.
enum Lead {
    /// A record of a type, and whether the value says the type with the id.
    To(EntityType, Link, bool),
    /// What isn't a record of these types stays as it stands: an item of a smart process, a bare id.
    AsItStands(Json),
    /// A name of something that the portal can't be asked for.
    Nowhere,
}

impl Drafter<'_> {
    /// Where a value of a link field leads; `None` for an empty one.
    fn lead(&self, field: &FieldDef, value: &Value, fates: &Fates) -> Option<Lead> {
        let only = field.bound_to();
        let resolve = |target, value: &Value, typed| Some(Lead::To(target, self.resolver(fates).resolve(target, value)?, typed));
        match (&field.kind, bound(value, only)) {
            (FieldType::Link(target), _) => resolve(*target, value, false),
            (_, Some((target, named))) => resolve(target, &named, is_typed(value, only)),
            (_, None) if value.is_empty() => None,
            (_, None) => Some(match value {
                Value::Text(text) => Lead::AsItStands(json!(text)),
                _ => Lead::Nowhere,
            }),
        }
    }

    /// The links of a record that is created.
    pub(super) fn link(
        &self,
        field: &FieldDef,
        value: &Value,
        fates: &Fates,
        (create, mend): (&mut Action, &mut Action),
        notes: &[Note],
        drafted: &mut Drafted,
    ) {
        // A company's contacts come back from the contacts' side: a list here would re-link survivors that nobody asked to touch.
        if create.entity == EntityType::Company && field.kind == FieldType::Link(EntityType::Contact) {
            create.declare(field.code.as_str(), "linked_from_contacts");
            return;
        }
        let is_binding = field.kind == FieldType::Binding;
        let mut told = Vec::new();
        for value in value.each() {
            let untold = match self.lead(field, value, fates) {
                None => continue,
                Some(Lead::To(target, Link::Live(id), typed)) => {
                    told.push(Told::Known(link(target, id, typed)));
                    continue;
                }
                Some(Lead::AsItStands(text)) => {
                    told.push(Told::Known(text));
                    continue;
                }
                Some(Lead::To(_, Link::Planned(target), typed)) => {
                    told.push(Told::Waiting(target, typed));
                    continue;
                }
                Some(Lead::To(_, Link::Ambiguous, _)) => "link_ambiguous",
                Some(Lead::To(_, Link::Unknown, _)) if !is_binding => "missing_parent",
                Some(Lead::To(_, Link::Unknown, _) | Lead::Nowhere) => "link_unknown",
            };
            // A record counts once, however many of its links lead nowhere and whoever has noted it before.
            let is_known = notes.iter().any(|note| note.code() == untold && note.field() == Some(&field.code));
            if create.declare(field.code.as_str(), untold) && !is_known {
                drafted.warn(untold, create.entity, Some(field.code.as_str()));
            }
        }
        // What comes later in the order doesn't exist yet when this record is created: linked afterwards.
        let entity = create.entity;
        let is_late = |link: &Told| matches!(link, Told::Waiting(target, _) if target.entity >= entity);
        if told.iter().any(is_late) {
            // A list is set as a whole: the update holds what the create was sent as well.
            let known = mend.take_links(field, told.iter().filter(|link| field.multiple || is_late(link)).cloned().collect());
            if !known.is_empty() {
                mend.fields.set(field.universal.as_str(), Json::Array(known));
            }
            if self.flags.no_mend {
                create.declare(field.code.as_str(), "not_mended");
            }
        }
        told.retain(|link| !is_late(link));
        let known = create.take_links(field, told);
        if !known.is_empty() {
            create.fields.set(field.universal.as_str(), one_or_all(field, known));
        }
    }

    /// Fills a lost link; of a list, adds what was lost to the links that still lead somewhere.
    pub(super) fn relink(
        &self,
        field: &FieldDef,
        change: &FieldChange,
        fates: &Fates,
        relink: &mut Action,
        drafted: &mut Drafted,
    ) {
        let mut sent: Vec<Json> = change.portal.each().iter().filter_map(|value| self.alive(field, value)).collect();
        let alive = sent.len();
        let mut waiting = Vec::new();
        for value in change.file.each() {
            let known = match self.lead(field, value, fates) {
                None => continue,
                Some(Lead::To(target, Link::Live(id), typed)) => link(target, id, typed),
                Some(Lead::AsItStands(text)) => text,
                Some(Lead::To(_, Link::Planned(target), typed)) => {
                    waiting.push(Told::Waiting(target, typed));
                    continue;
                }
                Some(Lead::To(_, Link::Ambiguous, _)) => {
                    drafted.warn("link_ambiguous", relink.entity, Some(field.code.as_str()));
                    continue;
                }
                Some(Lead::To(_, Link::Unknown, _) | Lead::Nowhere) => {
                    drafted.warn("missing_parent", relink.entity, Some(field.code.as_str()));
                    continue;
                }
            };
            if !sent.contains(&known) {
                sent.push(known);
            }
        }
        if sent.len() > alive || (field.multiple && !waiting.is_empty() && !sent.is_empty()) {
            relink.fields.set(field.universal.as_str(), one_or_all(field, sent));
        }
        // Behind what is there: which of them is the main one is the survivor's own affair by now.
        relink.take_links(field, waiting);
        relink.before.set(field.universal.as_str(), before(&change.portal, &field.kind, self.zone));
    }

    /// The links that a live record gets back; `None` when one of them leads nowhere.
    pub(super) fn written_back(&self, field: &FieldDef, file: &Value, fates: &Fates, restore: &mut Action) -> Option<Vec<Json>> {
        let leads: Vec<Lead> = file.each().iter().filter_map(|value| self.lead(field, value, fates)).collect();
        if leads.iter().any(|lead| matches!(lead, Lead::Nowhere | Lead::To(_, Link::Ambiguous | Link::Unknown, _))) {
            return None;
        }
        let told = leads.into_iter().filter_map(|lead| match lead {
            Lead::To(target, Link::Live(id), typed) => Some(Told::Known(link(target, id, typed))),
            Lead::To(_, Link::Planned(target), typed) => Some(Told::Waiting(target, typed)),
            Lead::AsItStands(text) => Some(Told::Known(text)),
            Lead::Nowhere | Lead::To(_, Link::Ambiguous | Link::Unknown, _) => None,
        });
        Some(restore.take_links(field, told.collect()))
    }

    /// A link of a live record that still leads somewhere, as it is sent again.
    fn alive(&self, field: &FieldDef, value: &Value) -> Option<Json> {
        match (&field.kind, value) {
            (FieldType::Link(target), Value::Link(id)) => self.current.contains(*target, PortalId(*id)).then(|| json!(id)),
            (FieldType::Binding, Value::Text(text)) => {
                let is_gone = |(target, named)| link_id(&named).is_some_and(|id| !self.current.contains(target, PortalId(id)));
                (!bound(value, field.bound_to()).is_some_and(is_gone)).then(|| json!(text))
            }
            _ => None,
        }
    }
}

/// Whether a value of a binding field is written with its type: as it stands there, and a name as the field has it.
fn is_typed(value: &Value, only: Option<EntityType>) -> bool {
    match value {
        Value::Text(text) => text.contains('_'),
        _ => only.is_none(),
    }
}

/// The id of a link.
pub(super) fn link_id(value: &Value) -> Option<u64> {
    if let Value::Link(id) = value { Some(*id) } else { None }
}

/// A list for a multiple field, else its first value; nothing for none.
pub(super) fn one_or_all(field: &FieldDef, mut sent: Vec<Json>) -> Json {
    match (field.multiple, sent.is_empty()) {
        (true, _) => Json::Array(sent),
        (false, true) => json!(""),
        (false, false) => sent.swap_remove(0),
    }
}
