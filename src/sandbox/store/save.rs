//! How a record is made and changed: defaults, stages, computed fields, stamps, placeholders.
//!
//! The methods turn their parameters into a [`Draft`]; this is what the product does with it before and after the row is written.
//! Source: rest-crm 1, 3.5, 3.6, 4.5.

use super::Store;
use super::links::{self, Wanted};
use super::moment::day_of;
use super::record::{Entity, Multi, Record, Stored};
use super::rows::Status;
use super::schema::{Custom, Kind};
use crate::sandbox::answer::RestError;

/// Days from today to the default `closedate`. Source: rest-crm 1.4.
const CLOSE_IN_DAYS: i64 = 7;

/// What a call wants a record to be, field by field; what isn't named stays.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// Code and value; none empties the field.
    pub values: Vec<(&'static str, Option<Stored>)>,
    /// The whole set of links: a contact's companies, a deal's or lead's contacts, a company's contacts.
    pub links: Option<Vec<u64>>,
    /// The primary link; 0 takes it away.
    pub primary: Option<u64>,
    /// What happens to multi-fields, in order.
    pub multi: Vec<MultiChange>,
    /// Given system fields that were checked already, written over what the portal computes.
    pub system: Vec<(&'static str, Stored)>,
}

impl Draft {
    /// The value for a field, if the call names it.
    pub fn value(&self, code: &str) -> Option<&Option<Stored>> {
        self.values.iter().rev().find(|(name, _)| *name == code).map(|(_, value)| value)
    }
}

/// A change of one multi-field value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MultiChange {
    /// A new value.
    Add(MultiEntry),
    /// Another value under a known id; an unknown id makes a new one.
    Put(u64, MultiEntry),
    /// The value with this id goes.
    Delete(u64),
}

/// A multi-field value without id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MultiEntry {
    /// `PHONE` and the like; empty keeps the old one.
    pub type_id: String,
    /// `WORK` and the like; empty keeps the old one, and is `WORK` for a new one.
    pub value_type: String,
    /// The value; empty keeps the old one.
    pub value: String,
}

/// The error for a value that a field can't have.
pub fn not_valid(title: &str) -> RestError {
    RestError::bad("CRM_FIELD_ERROR_VALUE_NOT_VALID", format!("Invalid value for field \"{title}\""))
}

/// The error for a field that must not be empty.
pub fn required(title: &str) -> RestError {
    RestError::bad("CRM_FIELD_ERROR_REQUIRED", format!("The \"{title}\" field is required"))
}

/// The directory of a record type's stages, for deals that of a pipeline.
pub fn stage_directory(entity: Entity, category: u64) -> Option<String> {
    match entity {
        Entity::Lead => Some("STATUS".to_owned()),
        Entity::Deal if category == 0 => Some("DEAL_STAGE".to_owned()),
        Entity::Deal => Some(format!("DEAL_STAGE_{category}")),
        Entity::Contact | Entity::Company => None,
    }
}

/// `P`, `S` or `F` for a stage.
pub fn semantics(stage: &Status) -> &'static str {
    match stage.semantics.as_str() {
        "S" => "S",
        "F" => "F",
        _ => "P",
    }
}

impl Store {
    /// Makes a record, and gives its id.
    pub fn create(&mut self, entity: Entity, draft: &Draft) -> Result<u64, RestError> {
        let mut record = Record::new(entity, 0);
        self.apply(&mut record, draft);
        self.fill_defaults(&mut record);
        self.settle_stage(&mut record, None, draft)?;
        self.check_currency(&record)?;
        if self.settings().required_check {
            self.check_required(&record)?;
        }
        self.check_responsible(&record)?;
        let (caller, now) = (self.caller() as i64, self.now());
        for code in ["CREATED_TIME", "UPDATED_TIME", "LAST_ACTIVITY_TIME"] {
            record.set(code, Some(Stored::Instant(now)));
        }
        for code in ["CREATED_BY", "UPDATED_BY", "LAST_ACTIVITY_BY"] {
            record.set(code, Some(Stored::Integer(caller)));
        }
        if entity.has_stages() {
            record.set("MOVED_TIME", Some(Stored::Instant(now)));
            record.set("MOVED_BY", Some(Stored::Integer(caller)));
        }
        for (code, value) in &draft.system {
            record.set(code, Some(value.clone()));
        }
        record.id = self.next_record_id(entity);
        self.change_multi(&mut record, &draft.multi);
        self.compute(&mut record);
        set_placeholder(&mut record);
        let id = record.id;
        let payload = record.to_disk();
        self.put_record(record);
        self.link_company(entity, id, draft);
        self.note(entity.name(), &id, "create", &payload);
        Ok(id)
    }

    fn check_responsible(&self, record: &Record) -> Result<(), RestError> {
        let user = u64::try_from(record.integer("ASSIGNED_BY_ID")).ok().and_then(|id| self.user(id));
        let is_refused = self.settings().responsible_check && user.is_some_and(|user| !user.active);
        if is_refused { Err(not_valid("Responsible person")) } else { Ok(()) }
    }

    /// Changes a record; says whether anything changed. What doesn't change anything isn't saved and moves no stamp.
    pub fn change(&mut self, entity: Entity, id: u64, draft: &Draft) -> Result<bool, RestError> {
        let Some(old) = self.record(entity, id).cloned() else { return Ok(false) };
        let mut record = old.clone();
        self.apply(&mut record, draft);
        if entity == Entity::Contact && record.text("NAME").is_empty() && record.text("LAST_NAME").is_empty() {
            return Err(required("Last name"));
        }
        set_placeholder(&mut record);
        self.settle_stage(&mut record, Some(&old), draft)?;
        self.check_currency(&record)?;
        self.change_multi(&mut record, &draft.multi);
        let contacts_before = self.company_contacts(entity, id);
        self.link_company(entity, id, draft);
        // What follows from other records is computed only for a record that is saved: it must not make a change of its own.
        if record.same_as(&old) && contacts_before == self.company_contacts(entity, id) {
            return Ok(false);
        }
        self.compute(&mut record);
        self.stamp(&mut record);
        let payload = record.to_disk();
        self.put_record(record);
        self.note(entity.name(), &id, "update", &payload);
        Ok(true)
    }

    /// Sets "updated" to now and the caller.
    pub fn stamp(&self, record: &mut Record) {
        record.set("UPDATED_TIME", Some(Stored::Instant(self.now())));
        record.set("UPDATED_BY", Some(Stored::Integer(self.caller() as i64)));
    }

    fn company_contacts(&self, entity: Entity, id: u64) -> Vec<u64> {
        if entity != Entity::Company {
            return Vec::new();
        }
        self.contacts_of_company(id).into_iter().map(|link| link.target).collect()
    }

    fn link_company(&mut self, entity: Entity, id: u64, draft: &Draft) {
        if let (Entity::Company, Some(contacts)) = (entity, &draft.links) {
            let wanted: Vec<Wanted> = contacts.iter().copied().map(Wanted::to).collect();
            self.set_contacts_of_company(id, &wanted);
        }
    }

    fn apply(&self, record: &mut Record, draft: &Draft) {
        for (code, value) in &draft.values {
            record.set(code, value.clone().and_then(|value| self.settled_value(record.entity, code, value)));
        }
        if record.entity == Entity::Company {
            return;
        }
        if let Some(targets) = &draft.links {
            let wanted: Vec<Wanted> = (1..)
                .zip(targets)
                .map(|(place, id)| Wanted { sort: Some(place * links::SORT_STEP), ..Wanted::to(*id) })
                .collect();
            record.links = links::whole_set(&record.links, &wanted);
        } else if let Some(primary) = draft.primary {
            record.links = links::with_primary(&record.links, primary);
        }
    }

    /// What a value becomes where the field says more than its kind: list items must exist, comments lose their scripts.
    fn settled_value(&self, entity: Entity, code: &str, value: Stored) -> Option<Stored> {
        match self.schema(entity).by_code(code)?.kind {
            Kind::Custom(Custom::Enumeration) => {
                let items = &self.user_field(entity, code)?.items;
                let known = |value: &Stored| value.as_integer().is_some_and(|id| items.iter().any(|item| item.id as i64 == id));
                match value {
                    Stored::List(list) => {
                        let kept: Vec<Stored> = list.iter().filter(|value| known(value)).cloned().collect();
                        (!kept.is_empty()).then(|| Stored::List(kept.into_boxed_slice()))
                    }
                    single => known(&single).then_some(single),
                }
            }
            Kind::LongText if code == "COMMENTS" => {
                Some(Stored::text(super::normal::comment(value.as_text().unwrap_or_default())))
            }
            _ => Some(value),
        }
    }

    /// Source: rest-crm 3.6 (which fields have defaults), 1.1 to 1.4 (what they are). A deal's source has none.
    fn fill_defaults(&self, record: &mut Record) {
        let entity = record.entity;
        let today = day_of(self.now(), self.zone());
        let fields: Vec<_> =
            self.schema(entity).fields().iter().filter(|field| record.get(field.code).is_none()).copied().collect();
        for field in fields {
            let default = match (field.code, field.kind) {
                ("SOURCE_ID", _) if entity == Entity::Deal => None,
                ("TYPE_ID" | "SOURCE_ID" | "INDUSTRY" | "EMPLOYEES", Kind::Status(directory)) => {
                    self.directory(directory).first().map(|status| Stored::text(status.status_id.as_str()))
                }
                ("CURRENCY_ID", _) => Some(Stored::text(self.base_currency())),
                ("ASSIGNED_BY_ID", _) => Some(Stored::Integer(self.caller() as i64)),
                ("BEGINDATE", _) => today.map(Stored::Day),
                ("CLOSEDATE", _) => today
                    .and_then(|day| day.checked_add(jiff::SignedDuration::from_hours(24 * CLOSE_IN_DAYS)).ok())
                    .map(Stored::Day),
                ("OPENED", _) => Some(Stored::Flag(self.settings().opened_default)),
                ("EXPORT", _) => Some(Stored::Flag(true)),
                _ => None,
            };
            record.set(field.code, default);
        }
    }

    /// Puts the record into a stage of its pipeline, and writes what follows from the stage.
    ///
    /// Source: rest-crm 3.6 (foreign stages), 1.1 (dateClosed), 1.4 and 4.5 (10) (closedate).
    fn settle_stage(&self, record: &mut Record, old: Option<&Record>, draft: &Draft) -> Result<(), RestError> {
        let entity = record.entity;
        let category = u64::try_from(record.integer("CATEGORY_ID")).unwrap_or(u64::MAX);
        if category != 0 && (entity != Entity::Deal || self.category(category).is_none()) {
            return Err(not_valid("Pipeline"));
        }
        let Some(directory) = stage_directory(entity, category) else { return Ok(()) };
        let stages = self.directory(&directory);
        let title = self.schema(entity).by_code("STAGE_ID").map_or("Stage", |field| field.title);
        let given = record.text("STAGE_ID").to_owned();
        let moved_category = match old {
            Some(old) => old.integer("CATEGORY_ID") != record.integer("CATEGORY_ID"),
            None => category != 0,
        };
        let stage = match stages.iter().find(|stage| stage.status_id == given) {
            Some(stage) => *stage,
            None if given.is_empty() => *stages.first().ok_or_else(|| not_valid(title))?,
            None if moved_category => {
                let wanted = self
                    .statuses()
                    .find(|stage| stage.status_id == given && stage.entity_id.starts_with("DEAL_STAGE"))
                    .map_or("P", semantics);
                *stages.iter().find(|stage| semantics(stage) == wanted).or(stages.first()).ok_or_else(|| not_valid(title))?
            }
            None => return Err(not_valid(title)),
        };
        let semantic = semantics(stage);
        let old_stage = old.map(|record| record.text("STAGE_ID").to_owned());
        let was_final = old.is_some_and(|record| record.text("STAGE_SEMANTIC_ID") != "P");
        let is_final = semantic != "P";
        record.set("STAGE_ID", Some(Stored::text(stage.status_id.as_str())));
        record.set("STAGE_SEMANTIC_ID", Some(Stored::text(semantic)));
        if old_stage.as_deref().is_some_and(|old| old != stage.status_id) {
            record.set("MOVED_TIME", Some(Stored::Instant(self.now())));
            record.set("MOVED_BY", Some(Stored::Integer(self.caller() as i64)));
        }
        let became_final = is_final && !was_final;
        match entity {
            Entity::Lead if became_final => record.set("DATE_CLOSED", Some(Stored::Instant(self.now()))),
            Entity::Lead if !is_final => record.set("DATE_CLOSED", None),
            Entity::Deal => {
                record.set("CLOSED", Some(Stored::Flag(is_final)));
                record.set("IS_NEW", Some(Stored::Flag(stages.first().is_some_and(|first| first.status_id == stage.status_id))));
                if became_final && self.settings().close_date_sync && (old.is_none() || draft.value("STAGE_ID").is_some()) {
                    record.set("CLOSEDATE", day_of(self.now(), self.zone()).map(Stored::Day));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Only deals refuse an unknown currency. Source: rest-crm 1.4, 9.4.
    fn check_currency(&self, record: &Record) -> Result<(), RestError> {
        let code = record.text("CURRENCY_ID");
        if record.entity != Entity::Deal || code.is_empty() || self.currencies().iter().any(|currency| currency.code == code) {
            return Ok(());
        }
        Err(not_valid("Currency"))
    }

    /// Source: rest-crm 3.5, 9.5: with the portal's option on, a contact's name, a company's title and required custom fields.
    fn check_required(&self, record: &Record) -> Result<(), RestError> {
        let built_in = match record.entity {
            Entity::Contact => Some(("NAME", "Name")),
            Entity::Company => Some(("TITLE", "Company Name")),
            Entity::Lead | Entity::Deal => None,
        };
        if let Some((code, title)) = built_in
            && record.get(code).is_none()
        {
            return Err(required(title));
        }
        let language = self.language_code();
        match self.user_fields(record.entity).find(|field| field.mandatory && record.get(&field.name).is_none()) {
            Some(field) => Err(required(field.label("EDIT_FORM_LABEL", language))),
            None => Ok(()),
        }
    }

    fn change_multi(&mut self, record: &mut Record, changes: &[MultiChange]) {
        for change in changes {
            match change {
                MultiChange::Delete(id) => record.multi.retain(|multi| multi.id != *id),
                MultiChange::Put(id, entry) if record.multi.iter().any(|multi| multi.id == *id) => {
                    for multi in record.multi.iter_mut().filter(|multi| multi.id == *id) {
                        if !entry.value.is_empty() {
                            multi.value.clone_from(&entry.value);
                        }
                        if !entry.value_type.is_empty() {
                            multi.value_type.clone_from(&entry.value_type);
                        }
                    }
                }
                MultiChange::Add(entry) | MultiChange::Put(_, entry) => {
                    if entry.value.trim().is_empty() || entry.type_id.is_empty() {
                        continue;
                    }
                    let value_type = if entry.value_type.is_empty() { "WORK" } else { &entry.value_type };
                    record.multi.push(Multi {
                        id: self.next_id("multifield"),
                        type_id: entry.type_id.clone(),
                        value_type: value_type.to_owned(),
                        value: super::value::cut(&entry.value, 250),
                    });
                }
            }
        }
    }

    /// Writes the fields that follow from others: has*, return customer, the amount of product rows.
    fn compute(&self, record: &mut Record) {
        let has = |kind: &str| record.multi.iter().any(|multi| multi.type_id == kind);
        let (phone, email, line) =
            (has("PHONE"), has("EMAIL"), record.multi.iter().any(|multi| multi.value.starts_with("imol|")));
        if record.entity != Entity::Deal {
            record.set("HAS_PHONE", Some(Stored::Flag(phone)));
            record.set("HAS_EMAIL", Some(Stored::Flag(email)));
            record.set("HAS_IMOL", Some(Stored::Flag(line)));
        }
        match record.entity {
            Entity::Lead => {
                record
                    .set("IS_RETURN_CUSTOMER", Some(Stored::Flag(record.integer("COMPANY_ID") > 0 || !record.links.is_empty())));
            }
            Entity::Deal => {
                let (won, any) = self.other_deals(record);
                record.set("IS_RETURN_CUSTOMER", Some(Stored::Flag(won)));
                record.set("IS_REPEATED_APPROACH", Some(Stored::Flag(any && !won)));
            }
            Entity::Contact | Entity::Company => {}
        }
        self.sum_rows(record);
    }

    /// Whether the client of a deal has an older deal that was won, and one that is closed at all.
    fn other_deals(&self, deal: &Record) -> (bool, bool) {
        let client = match (deal.integer("COMPANY_ID"), deal.primary()) {
            (company, _) if company > 0 => (Entity::Company, company as u64),
            (_, contact) if contact > 0 => (Entity::Contact, contact),
            _ => return (false, false),
        };
        let mut closed = false;
        for id in self.referrers_of_type(client.0, client.1, Entity::Deal).take_while(|id| deal.id == 0 || *id < deal.id) {
            match self.record(Entity::Deal, id).map(|other| other.text("STAGE_SEMANTIC_ID")) {
                Some("S") => return (true, true),
                Some("F") => closed = true,
                _ => {}
            }
        }
        (false, closed)
    }

    /// The amount follows the product rows, unless it is kept by hand. A record that never had rows keeps what was written.
    ///
    /// Source: rest-crm 8.3.
    pub fn sum_rows(&self, record: &mut Record) {
        if record.flag("IS_MANUAL_OPPORTUNITY") || !record.entity.has_stages() {
            return;
        }
        let mut rows = self.product_rows(record.entity, record.id).peekable();
        if record.id == 0 || rows.peek().is_none() {
            return;
        }
        let (total, tax) = rows.fold((0.0, 0.0), |(total, tax), row| (total + row.price * row.quantity, tax + row.tax_of_all()));
        record.set("OPPORTUNITY", Some(Stored::Number(super::value::rounded(total, 2))));
        if record.entity == Entity::Deal {
            record.set("TAX_VALUE", Some(Stored::Number(super::value::rounded(tax, 2))));
        }
    }
}

/// The placeholder that stands where a person left the name empty. Source: rest-crm 1.1 to 1.4.
fn set_placeholder(record: &mut Record) {
    let placeholder = || Some(Stored::text(format!("{} #{}", record.entity.caption(), record.id)));
    match record.entity {
        Entity::Contact if record.text("NAME").is_empty() && record.text("LAST_NAME").is_empty() => {
            let placeholder = placeholder();
            record.set("LAST_NAME", placeholder);
        }
        Entity::Lead | Entity::Deal | Entity::Company if record.text("TITLE").is_empty() => {
            let placeholder = placeholder();
            record.set("TITLE", placeholder);
        }
        _ => {}
    }
}
