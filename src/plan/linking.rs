//! Links of a record, as they are sent: to records that are there now, and to those that this plan creates.
//!
//! Two kinds of field link: one to records of its own type, and a custom one that may be bound to several types and so names the type
//! with the id (rest-crm 6.7: `C_9`).

use serde_json::{Value as Json, json};

use crate::diff::{FieldChange, bound};
use crate::model::{EntityType, FieldDef, FieldType, PortalId, Value};

use super::action::{Action, link};
use super::draft::{Drafted, Drafter};
use super::fate::{Fates, Link};
use super::update::before;

/// What one value of a link field leads to.
enum Lead {
    /// A record of a type.
    To(EntityType, Link),
    /// What isn't a record of these types stays as it stands: an item of a smart process, a bare id.
    AsItStands(Json),
    /// A name of something that the portal can't be asked for.
    Nowhere,
}

impl Drafter<'_> {
    /// Where a value of a link field leads; `None` for an empty one.
    fn lead(&self, field: &FieldDef, value: &Value, fates: &Fates) -> Option<Lead> {
        let resolve = |target, value: &Value| Some(Lead::To(target, self.resolver(fates).resolve(target, value)?));
        match (&field.kind, bound(value)) {
            (FieldType::Link(target), _) => resolve(*target, value),
            (_, Some((target, named))) => resolve(target, &named),
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
        drafted: &mut Drafted,
    ) {
        // A company's contacts come back from the contacts' side: a list here would re-link survivors that nobody asked to touch.
        if create.entity == EntityType::Company && field.kind == FieldType::Link(EntityType::Contact) {
            create.declare(field.code.as_str(), "linked_from_contacts");
            return;
        }
        let typed = field.kind == FieldType::Binding;
        let mut sent = Vec::new();
        let mut later = false;
        for value in value.each() {
            let untold = match self.lead(field, value, fates) {
                None => continue,
                Some(Lead::To(target, Link::Live(id))) => {
                    sent.push(link(target, id, typed));
                    continue;
                }
                Some(Lead::AsItStands(text)) => {
                    sent.push(text);
                    continue;
                }
                // What comes later in the order doesn't exist yet when this record is created: linked afterwards.
                Some(Lead::To(_, Link::Planned(target))) if target.entity >= create.entity => {
                    mend.wait_for(field, target);
                    later = true;
                    continue;
                }
                Some(Lead::To(_, Link::Planned(target))) => {
                    create.wait_for(field, target);
                    continue;
                }
                Some(Lead::To(_, Link::Ambiguous)) => "link_ambiguous",
                Some(Lead::To(_, Link::Unknown)) if !typed => "missing_parent",
                Some(Lead::To(_, Link::Unknown) | Lead::Nowhere) => "link_unknown",
            };
            create.declare(field.code.as_str(), untold);
            drafted.warn(untold, create.entity, Some(field.code.as_str()));
        }
        if later && field.multiple {
            gather(field, create, mend, &sent);
        }
        if later && self.flags.no_mend {
            create.declare(field.code.as_str(), "not_mended");
        }
        if !sent.is_empty() {
            create.fields.set(field.universal.as_str(), one_or_all(field, sent));
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
        let typed = field.kind == FieldType::Binding;
        let mut sent: Vec<Json> = change.portal.each().iter().filter_map(|value| self.alive(field, value)).collect();
        let alive = sent.len();
        for value in change.file.each() {
            let known = match self.lead(field, value, fates) {
                None => continue,
                Some(Lead::To(target, Link::Live(id))) => link(target, id, typed),
                Some(Lead::AsItStands(text)) => text,
                Some(Lead::To(_, Link::Planned(target))) => {
                    relink.wait_for(field, target);
                    continue;
                }
                Some(Lead::To(_, Link::Ambiguous)) => {
                    drafted.warn("link_ambiguous", relink.entity, Some(field.code.as_str()));
                    continue;
                }
                Some(Lead::To(_, Link::Unknown) | Lead::Nowhere) => {
                    drafted.warn("missing_parent", relink.entity, Some(field.code.as_str()));
                    continue;
                }
            };
            if !sent.contains(&known) {
                sent.push(known);
            }
        }
        let waits = relink.links.iter().any(|link| link.field == field.universal);
        if sent.len() > alive || (field.multiple && waits && !sent.is_empty()) {
            relink.fields.set(field.universal.as_str(), one_or_all(field, sent));
        }
        relink.before.set(field.universal.as_str(), before(&change.portal, &field.kind, self.zone));
    }

    /// The values that a bound field of a live record gets back; `None` when one of them leads nowhere.
    pub(super) fn bindings(&self, field: &FieldDef, file: &Value, fates: &Fates, restore: &mut Action) -> Option<Vec<Json>> {
        let leads: Vec<Lead> = file.each().iter().filter_map(|value| self.lead(field, value, fates)).collect();
        if leads.iter().any(|lead| matches!(lead, Lead::Nowhere | Lead::To(_, Link::Ambiguous | Link::Unknown))) {
            return None;
        }
        let mut sent = Vec::new();
        for lead in leads {
            match lead {
                Lead::To(target, Link::Live(id)) => sent.push(link(target, id, true)),
                Lead::To(_, Link::Planned(target)) => restore.wait_for(field, target),
                Lead::AsItStands(text) => sent.push(text),
                Lead::Nowhere | Lead::To(_, Link::Ambiguous | Link::Unknown) => {}
            }
        }
        Some(sent)
    }

    /// A link of a live record that still leads somewhere, as it is sent again.
    fn alive(&self, field: &FieldDef, value: &Value) -> Option<Json> {
        match (&field.kind, value) {
            (FieldType::Link(target), Value::Link(id)) => {
                self.current.get(*target, PortalId(*id)).map(|record| json!(record.id.0))
            }
            (FieldType::Binding, Value::Text(text)) => match bound(value) {
                Some((target, named)) => {
                    let id = PortalId(link_id(&named)?);
                    self.current.get(target, id).map(|_| link(target, id, true))
                }
                None => Some(json!(text)),
            },
            _ => None,
        }
    }
}

/// A list is set as a whole: where a part of it comes later, the update holds what the create was sent as well.
fn gather(field: &FieldDef, create: &Action, mend: &mut Action, sent: &[Json]) {
    let waiting = create.links.iter().filter(|link| link.field == field.universal);
    for link in waiting.map(|link| link.target).collect::<Vec<_>>() {
        mend.wait_for(field, link);
    }
    if !sent.is_empty() {
        mend.fields.set(field.universal.as_str(), Json::Array(sent.to_vec()));
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
