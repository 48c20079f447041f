//! The recycle bin: a deleted record, what stood on it, and its way back under a new id.
//!
//! Source: rest-crm 9.6.

use super::Store;
use super::disk::Write;
use super::links::{self, Wanted};
use super::record::{Entity, Record, Stored};
use super::rows::Binned;
use super::save::stage_directory;

impl Store {
    /// Moves a record to the bin; links and fields of others that point at it are emptied. False if there is no such record.
    pub fn delete(&mut self, entity: Entity, id: u64) -> bool {
        let referrers = self.referrers(entity, id);
        let Some(record) = self.take_record(entity, id) else { return false };
        for (owner, owner_id) in &referrers {
            self.forget(*owner, *owner_id, entity, id);
        }
        let body = record.to_disk();
        self.note(entity.name(), &id, "delete", &body);
        let binned = Binned {
            body,
            referrers: referrers.into_iter().map(|(owner, id)| (owner.type_id(), id)).collect(),
            comments: self.take_comments(entity, id),
            activities: self.take_activities(entity, id),
            rows: self.take_product_rows(entity, id),
            deleted: self.now(),
            deleted_by: self.caller(),
        };
        self.pending.push(Write::Record { table: "bin", entity: entity.type_id(), id, body: Some(super::written(&binned)) });
        self.bin.insert((entity.type_id(), id), binned);
        true
    }

    /// Empties what one record says of another that is gone. The stamps stay: the product unbinds without an update [inferred].
    fn forget(&mut self, owner: Entity, owner_id: u64, gone: Entity, gone_id: u64) {
        let Some(mut record) = self.record(owner, owner_id).cloned() else { return };
        if owner.link_target() == Some(gone) {
            record.links = links::without(&record.links, gone_id);
        }
        let code = match gone {
            Entity::Company if owner != Entity::Contact => Some("COMPANY_ID"),
            Entity::Lead => Some("LEAD_ID"),
            _ => None,
        };
        if let Some(code) = code
            && record.integer(code) == gone_id as i64
        {
            record.set(code, None);
        }
        self.note(owner.name(), &owner_id, "unlink", &record.to_disk());
        self.put_record(record);
    }

    /// The bin by type and id: entityTypeId, old id, what lies there.
    pub fn binned(&self) -> impl Iterator<Item = (i64, u64, &Binned)> {
        self.bin.iter().map(|((entity, id), binned)| (*entity, *id, binned))
    }

    /// Brings a record back from the bin under a new id. Dates and author are kept, links to what exists come back both ways, a pipeline
    /// or stage that is gone is replaced.
    pub fn recover(&mut self, entity: Entity, old_id: u64) -> Option<u64> {
        let binned = self.bin.remove(&(entity.type_id(), old_id))?;
        self.pending.push(Write::Record { table: "bin", entity: entity.type_id(), id: old_id, body: None });
        let id = self.next_record_id(entity);
        let mut record = Record::from_disk(self.schema(entity), entity, id, &binned.body);
        self.drop_dead_links(&mut record);
        self.settle_recovered_stage(&mut record);
        for mut row in binned.rows {
            row.owner = id;
            self.put_product_row(row);
        }
        for mut activity in binned.activities {
            activity.owner = id;
            self.put_activity(activity);
        }
        for mut comment in binned.comments {
            comment.owner = id;
            self.put_comment(comment);
        }
        let body = record.to_disk();
        self.put_record(record);
        for (owner, owner_id) in binned.referrers {
            if let Some(owner) = Entity::of_type_id(owner) {
                self.relink(owner, owner_id, entity, id);
            }
        }
        self.note(entity.name(), &id, "recover", &body);
        Some(id)
    }

    fn drop_dead_links(&self, record: &mut Record) {
        if let Some(target) = record.entity.link_target() {
            let dead: Vec<u64> =
                record.links.iter().map(|link| link.target).filter(|id| self.record(target, *id).is_none()).collect();
            for id in dead {
                record.links = links::without(&record.links, id);
            }
        }
        for (code, target) in [("COMPANY_ID", Entity::Company), ("LEAD_ID", Entity::Lead)] {
            let id = record.integer(code);
            if id > 0 && self.record(target, id as u64).is_none() {
                record.set(code, None);
            }
        }
    }

    fn settle_recovered_stage(&self, record: &mut Record) {
        if record.entity == Entity::Deal && self.category(record.integer("CATEGORY_ID") as u64).is_none() {
            record.set("CATEGORY_ID", None);
        }
        let Some(directory) = stage_directory(record.entity, record.integer("CATEGORY_ID") as u64) else { return };
        if self.status(&directory, record.text("STAGE_ID")).is_none()
            && let Some(first) = self.directory(&directory).first()
        {
            record.set("STAGE_ID", Some(Stored::text(first.status_id.as_str())));
            record.set("STAGE_SEMANTIC_ID", Some(Stored::text("P")));
        }
    }

    fn relink(&mut self, owner: Entity, owner_id: u64, target: Entity, id: u64) {
        let Some(mut record) = self.record(owner, owner_id).cloned() else { return };
        if owner.link_target() == Some(target) {
            let mut wanted: Vec<Wanted> = record
                .links
                .iter()
                .map(|link| Wanted { target: link.target, sort: Some(link.sort), primary: link.primary })
                .collect();
            wanted.push(Wanted::to(id));
            record.links = links::whole_set(&record.links, &wanted);
        } else if target == Entity::Company && record.integer("COMPANY_ID") == 0 {
            record.set("COMPANY_ID", Some(Stored::Integer(id as i64)));
        } else if target == Entity::Lead && record.integer("LEAD_ID") == 0 {
            record.set("LEAD_ID", Some(Stored::Integer(id as i64)));
        }
        self.note(owner.name(), &owner_id, "link", &record.to_disk());
        self.put_record(record);
    }
}
