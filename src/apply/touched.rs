//! Whether somebody has worked on a created record since: what `undo` leaves alone, and why.
//!
//! An edit of the record's own fields shows in its date of modification and in a digest of them. Links, product rows, comments,
//! activities and tasks are no fields: each is asked for.

use std::collections::{HashMap, HashSet};

use jiff::tz::TimeZone;
use serde_json::Value as Json;

use crate::diff::compare;
use crate::model::{EntityType, FieldDef, FieldType, FileRecord, LiveRecord, PortalId, ProductRow, Value};
use crate::plan::{Action, ActionKind};

use super::run::{ApplyError, Run};
use super::step::{How, State};
use super::undo::Created;
use super::verify::NoLinks;

/// The records of this plan: created, taken back or not, and the live ones that it linked.
type Ours = HashSet<(EntityType, PortalId)>;

/// What somebody did to a created record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Touch {
    /// A field was changed.
    Edited,
    /// It was linked to a record that this plan didn't link it to.
    Linked,
    /// Product rows were added, changed or taken away.
    Products,
    /// A comment was written.
    Commented,
    /// An activity or a task hangs on it.
    Active,
    /// Another record, which this plan didn't create, was linked to it.
    LinkedFrom {
        /// What kind of record that is.
        entity: EntityType,
        /// Its id.
        id: PortalId,
    },
    /// Nobody touched it, but the portal refuses to delete it.
    Refused {
        /// The portal's code.
        code: String,
        /// The portal's words.
        words: String,
    },
}

impl Touch {
    /// The code in JSON.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Edited => "edited",
            Self::Linked => "linked",
            Self::Products => "products",
            Self::Commented => "commented",
            Self::Active => "activity",
            Self::LinkedFrom { .. } => "linked_from",
            Self::Refused { .. } => "refused",
        }
    }
}

impl Run<'_> {
    /// What was done to each of these records since; those that nobody touched aren't among the answers.
    pub(super) async fn touches(
        &self,
        entity: EntityType,
        created: &[Created],
        live: &HashMap<PortalId, LiveRecord>,
    ) -> Result<HashMap<PortalId, Touch>, ApplyError> {
        let mut touches = HashMap::new();
        let ours = self.ours();
        for one in created {
            let Some(record) = live.get(&one.id) else { continue };
            if let Some(touch) = self.own_touch(one.seq, record, &ours) {
                touches.insert(one.id, touch);
            }
        }
        let rest: Vec<PortalId> =
            created.iter().map(|one| one.id).filter(|id| live.contains_key(id) && !touches.contains_key(id)).collect();
        if rest.is_empty() {
            return Ok(touches);
        }
        let reader = self.writer.reader();
        for id in reader.commented(entity, &rest).await? {
            touches.insert(id, Touch::Commented);
        }
        for id in reader.active(entity, &rest).await? {
            touches.entry(id).or_insert(Touch::Active);
        }
        for link in reader.links_to(entity, &rest, self.schema).await? {
            if !ours.contains(&(link.entity, link.id)) {
                touches.entry(link.target).or_insert(Touch::LinkedFrom { entity: link.entity, id: link.id });
            }
        }
        Ok(touches)
    }

    /// What shows in the record itself.
    fn own_touch(&self, seq: usize, live: &LiveRecord, ours: &Ours) -> Option<Touch> {
        if !self.is_unedited(seq, live) {
            Some(Touch::Edited)
        } else if !self.has_only_our_links(seq, live, ours) {
            Some(Touch::Linked)
        } else if !self.has_our_products(seq, live) {
            Some(Touch::Products)
        } else {
            None
        }
    }

    /// Whether every link of the record was sent by us, or leads to a record of ours: taking back only ever takes links away.
    fn has_only_our_links(&self, seq: usize, live: &LiveRecord, ours: &Ours) -> bool {
        let links: Vec<(&FieldDef, EntityType)> = self
            .schema
            .fields
            .get(&live.entity)
            .into_iter()
            .flatten()
            .filter_map(|field| Some((field, target_of(field)?)))
            .collect();
        let mend = self.mend_of(seq).map(|mend| &self.actions[mend]);
        let actions: Vec<&Action> = [Some(&self.actions[seq]), mend].into_iter().flatten().collect();
        // A list and its primary link are two fields of one thing, so what counts is the type that was linked to.
        let sent: HashSet<(EntityType, PortalId)> = links
            .iter()
            .flat_map(|(field, target)| actions.iter().flat_map(move |action| ids_sent(action, &field.universal, *target)))
            .collect();
        links.iter().all(|(field, target)| {
            let now = live.get(field.code.as_str()).map(Value::each).unwrap_or_default();
            now.iter().all(|link| match link {
                Value::Link(id) => sent.contains(&(*target, PortalId(*id))) || ours.contains(&(*target, PortalId(*id))),
                _ => true,
            })
        })
    }

    /// Whether the product rows are those that a mend of ours set, or none.
    fn has_our_products(&self, seq: usize, live: &LiveRecord) -> bool {
        let Some(found) = live.get("PRODUCTS") else { return true };
        let is_set = |mend: &usize| self.journal.step(*mend).state == State::Done;
        let rows: Vec<ProductRow> =
            self.mend_of(seq).filter(is_set).map(|mend| self.actions[mend].products.clone()).unwrap_or_default();
        let mut expected = FileRecord::new(live.entity, self.actions[seq].original_id);
        expected.push("PRODUCTS".into(), if rows.is_empty() { Value::Empty } else { Value::Products(rows) });
        let mut now = LiveRecord::new(live.entity, live.id);
        now.push("PRODUCTS".into(), found.clone());
        compare(&expected, &now, self.schema, &TimeZone::UTC, &NoLinks).changes.is_empty()
    }

    /// The records that this plan created, taken back or not, and the live ones that it linked or mended.
    fn ours(&self) -> Ours {
        let created = self.journal.steps().iter().filter(|step| step.kind == ActionKind::Create && step.how != How::AlreadyThere);
        let created = created.filter_map(|step| Some((step.entity, step.portal_id?)));
        let written = self.journal.steps().iter().filter(|step| step.kind == ActionKind::Relink && step.state == State::Done);
        let written = written.filter_map(|step| Some((step.entity, self.actions[step.seq].portal_id?)));
        created.chain(written).collect()
    }
}

/// The records that an action sent in a link field.
fn ids_sent(action: &Action, field: &str, target: EntityType) -> Vec<(EntityType, PortalId)> {
    let ids: Vec<u64> = match action.fields.0.get(field) {
        Some(Json::Array(ids)) => ids.iter().filter_map(Json::as_u64).collect(),
        Some(id) => id.as_u64().into_iter().collect(),
        None => Vec::new(),
    };
    ids.into_iter().map(|id| (target, PortalId(id))).collect()
}

fn target_of(field: &FieldDef) -> Option<EntityType> {
    if let FieldType::Link(target) = field.kind { Some(target) } else { None }
}
