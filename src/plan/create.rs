//! One missing record -> its create, and the mend that writes what an import drops, fills by itself or overwrites.

use std::borrow::Cow;

use jiff::SignedDuration;
use serde_json::{Value as Json, json};

use crate::model::{EntityType, FieldDef, FieldType, FileRecord, OriginPair, Value, Writing};

use super::action::{Action, ActionKind};
use super::draft::{Drafted, Drafter, KEPT_DATES, Missing};
use super::fate::Fates;
use super::wire::{moment, rfc3339, wire};

/// Lengths that the portal's columns hold (rest-crm 1.1, 3.7); what is longer is cut by us, and said, instead of by the portal, in silence.
const LENGTHS: &[(&str, usize)] =
    &[("TITLE", 255), ("COMPANY_TITLE", 255), ("POST", 255), ("NAME", 50), ("SECOND_NAME", 50), ("LAST_NAME", 50)];
pub(super) const MULTIFIELD_LENGTH: usize = 250;

/// How near to now the portal takes a moment for its own.
const JUST_NOW: SignedDuration = SignedDuration::from_secs(2);

/// Fields that a new record fills by itself when they are sent empty (rest-crm 3.6).
const DEFAULTED: &[&str] =
    &["TYPE_ID", "COMPANY_TYPE", "SOURCE_ID", "INDUSTRY", "EMPLOYEES", "CURRENCY_ID", "BEGINDATE", "CLOSEDATE"];

impl Drafter<'_> {
    /// The create of a record, and its mend where it needs one.
    pub(super) fn create(
        &self,
        item: &Missing,
        keeps_date: bool,
        fates: &Fates,
        drafted: &mut Drafted,
    ) -> (Action, Option<Action>) {
        let (record, mended) = self.mending.create(&item.judged.record, self.schema);
        let record = &*record;
        let (entity, id) = (record.entity, record.id);
        for (code, of) in &mended {
            drafted.warn(code, entity, Some(of));
        }
        let mut create = Action::new(ActionKind::Create, entity, id, record.title());
        let mut mend = Action::new(ActionKind::Mend, entity, id, record.title());
        for (code, value) in record.fields() {
            let Some(field) = self.schema.field(entity, code.as_str()) else { continue };
            match (&field.kind, field.writing) {
                (FieldType::Link(_) | FieldType::Binding, Writing::Import) => {
                    self.link(&field, value, fates, (&mut create, &mut mend), &item.judged.notes, drafted);
                }
                (FieldType::Multi(multi), _) => {
                    add_multifield(&mut create, &field, &multi.kind, &multi.value_type, value, drafted);
                }
                (FieldType::Products, _) => mend.products = products(value),
                (_, Writing::Import) => self.plain(&field, value, &mut create, drafted),
                (_, Writing::ClassicUpdate) => {
                    if let Some(json) = wire(value, &field.kind, self.zone) {
                        mend.classic.set(code.as_str(), json);
                    }
                }
                (_, Writing::ImportByAdmin | Writing::ProductRows | Writing::Never) => {}
            }
        }
        self.system_fields(record, keeps_date, &mut create, drafted);
        self.overwritten(record, &mut create, &mut mend);
        if entity == EntityType::Deal && create.fields.0.contains_key("stageId") && !create.fields.0.contains_key("categoryId") {
            create.fields.set("categoryId", pipeline_of_stage(create.fields.0.get("stageId")));
        }
        let key = self.key(record);
        create.fields.set("originatorId", key.originator.as_str());
        create.fields.set("originId", key.origin.as_str());
        if key.source().is_some() && (record.text("ORIGINATOR_ID").is_some() || record.text("ORIGIN_ID").is_some()) {
            create.declare("ORIGINATOR_ID", "origin_mark");
            create.declare("ORIGIN_ID", "origin_mark");
        }
        create.key = Some(key);
        if self.flags.keep_dates {
            create.fields.set(KEPT_DATES[0].code, id.0.to_string());
            if let Some(created) = self.created(record) {
                create.fields.set(KEPT_DATES[1].code, rfc3339(created));
            }
        }
        create.expect = record.fields().map(|(code, value)| (code.clone(), value.clone())).collect();
        create.source = Some(item.source.clone());
        for (code, reason) in [("TITLE", "placeholder"), ("ASSIGNED_BY_ID", "caller"), ("LAST_NAME", "placeholder")] {
            // The portal fills these by itself, and they can't be emptied again (rest-crm 1.1, 1.2, 3.6).
            if record.get(code).is_some_and(Value::is_empty) && !(code == "LAST_NAME" && record.text("NAME").is_some()) {
                create.declare(code, reason);
            }
        }
        if item.incomplete {
            drafted.warn("incomplete_records", entity, None);
        }
        let mend = self.mended(mend, &mut create, drafted);
        (create, mend)
    }

    /// A plain field of an import.
    fn plain(&self, field: &FieldDef, value: &Value, create: &mut Action, drafted: &mut Drafted) {
        let code = field.code.as_str();
        if matches!(code, "ORIGINATOR_ID" | "ORIGIN_ID") {
            return;
        }
        let unwritten = value.each().iter().any(|value| matches!(value, Value::Label(_) | Value::Name(_)));
        if unwritten {
            create.declare(code, if field.kind == FieldType::User { "user_unknown" } else { "label_unknown" });
        }
        // The portal takes a text that is a zero for nothing (rest-crm 3.6).
        if value.each().iter().any(|value| matches!(value, Value::Text(text) if text == "0")) {
            create.declare(code, "zero_text");
            drafted.warn("zero_text", create.entity, Some(code));
        }
        let value = &*self.of_a_currency(code, value, create.entity, drafted);
        let Some(mut json) = wire(value, &field.kind, self.zone) else { return };
        if let (Some((_, length)), Json::String(text)) = (LENGTHS.iter().find(|(known, _)| *known == code), &mut json)
            && text.chars().count() > *length
        {
            *text = text.chars().take(*length).collect();
            create.declare(code, "value_cut");
            drafted.warn("value_cut", create.entity, Some(code));
        }
        if field.multiple && !json.is_array() {
            json = json!([json]);
        }
        create.fields.set(field.universal.as_str(), json);
    }

    /// Money with a currency: an amount without one would be shown by the portal as a bare number. The base currency is the one that
    /// the portal itself begins with; that it was taken is said.
    pub(super) fn of_a_currency<'v>(
        &self,
        code: &str,
        value: &'v Value,
        entity: EntityType,
        drafted: &mut Drafted,
    ) -> Cow<'v, Value> {
        let is_bare = |value: &Value| matches!(value, Value::Money(money) if money.currency.is_none() && !money.amount.is_zero());
        let Some(base) = self.schema.base_currency().filter(|_| value.each().iter().any(is_bare)) else {
            return Cow::Borrowed(value);
        };
        drafted.warn("currency_taken", entity, Some(code));
        let whole = |value: &Value| match value {
            Value::Money(money) if is_bare(value) => Value::money(money.amount, Some(base.to_owned())),
            other => other.clone(),
        };
        Cow::Owned(match value {
            Value::List(values) => Value::List(values.iter().map(whole).collect()),
            single => whole(single),
        })
    }

    /// Creation moment and author, and the other stamps where they fit in with it (rest-crm 4.5).
    fn system_fields(&self, record: &FileRecord, keeps_date: bool, create: &mut Action, drafted: &mut Drafted) {
        let user = |code: &str| match record.get(code) {
            Some(Value::User(user)) => Some(user.0),
            _ => None,
        };
        if self.admin
            && let Some(author) = user("CREATED_BY_ID")
        {
            create.fields.set("createdBy", author);
        } else if record.get("CREATED_BY_ID").is_some_and(|value| !value.is_empty()) {
            create.declare("CREATED_BY_ID", "user_unknown");
        }
        let Some(created) = self.created(record) else { return };
        if !keeps_date {
            create.declare("DATE_CREATE", "created_time_not_preserved");
            drafted.warn("created_time_not_preserved", record.entity, None);
            drafted.dates_lost += 1;
            return;
        }
        drafted.dates_kept += 1;
        create.system.set("createdTime", rfc3339(created));
        let updated = record.get("DATE_MODIFY").and_then(|value| moment(value, self.zone));
        let updated = updated.filter(|updated| *updated >= created && *updated <= self.now);
        // A change of this very moment counts as none, and then a stage move after the creation is refused, with all dates (rest-crm 4.4, 4.5).
        let updated = updated.filter(|updated| self.now.duration_since(*updated) > JUST_NOW);
        if let Some(updated) = updated {
            create.system.set("updatedTime", rfc3339(updated));
            if let Some(editor) = user("MODIFY_BY_ID") {
                create.system.set("updatedBy", editor);
            }
        }
        let moved = record.get("MOVED_TIME").and_then(|value| moment(value, self.zone));
        if let Some(moved) = moved.filter(|moved| *moved >= created && *moved <= updated.unwrap_or(created)) {
            create.system.set("movedTime", rfc3339(moved));
            if let Some(mover) = user("MOVED_BY_ID") {
                create.system.set("movedBy", mover);
            }
        }
    }

    /// What an import fills by itself where the cell is empty, and the close date that it overwrites (rest-crm 3.6, 4.5).
    fn overwritten(&self, record: &FileRecord, create: &mut Action, mend: &mut Action) {
        for code in DEFAULTED {
            let Some(field) = self.schema.listed(record.entity, code) else { continue };
            if record.get(code).is_some_and(Value::is_empty) {
                mend.fields.set(field.universal.as_str(), "");
            }
        }
        let stage = record.text("STAGE_ID").unwrap_or_default();
        let closed = record.entity == EntityType::Deal && !self.schema.semantics(record.entity, stage).is_empty();
        if closed && let Some(date) = record.get("CLOSEDATE").and_then(|value| wire(value, &FieldType::Date, self.zone)) {
            mend.fields.set("closedate", date);
        }
        if self.flags.no_mend {
            for name in mend.fields.0.keys() {
                let code = self
                    .schema
                    .fields
                    .get(&record.entity)
                    .and_then(|fields| fields.iter().find(|field| field.universal == *name));
                if let Some(field) = code {
                    create.declare(field.code.as_str(), "not_mended");
                }
            }
        }
    }

    /// The mend, if there is anything to mend and the user lets us.
    fn mended(&self, mut mend: Action, create: &mut Action, drafted: &mut Drafted) -> Option<Action> {
        if mend.is_idle() {
            return None;
        }
        if self.flags.no_mend {
            for code in mend.classic.0.keys() {
                create.declare(code, "not_mended");
            }
            if !mend.products.is_empty() {
                create.declare("PRODUCTS", "not_mended");
            }
            drafted.warn("not_mended", create.entity, None);
            return None;
        }
        mend.depends_on.insert(0, create.subject());
        drafted.warn("mend_updates", create.entity, None);
        Some(mend)
    }

    /// The pair by which the created record is known again: the row's own where it is whole and the portal has no such record.
    fn key(&self, record: &FileRecord) -> OriginPair {
        if let (Some(originator), Some(origin)) = (record.text("ORIGINATOR_ID"), record.text("ORIGIN_ID")) {
            let own = OriginPair { originator: originator.to_owned(), origin: origin.to_owned() };
            // The mail tracker writes one pair into every record of a mailbox: no key (rest-crm 5).
            let unique = !self.shared_pairs.contains(&(record.entity, own.clone()));
            if unique
                && originator != "email-tracker"
                && self.current.by_pair(record.entity, &own).is_empty()
                && own.source().is_none()
            {
                return own;
            }
        }
        OriginPair::mark(record.entity, record.id, self.current.foreign())
    }
}

fn products(value: &Value) -> Vec<crate::model::ProductRow> {
    match value {
        Value::Products(rows) => rows.clone(),
        _ => Vec::new(),
    }
}

/// Adds the values of one kind and type to the list that an import takes: `PHONE: [{VALUE, VALUE_TYPE}]` (rest-crm 4.2).
fn add_multifield(create: &mut Action, field: &FieldDef, kind: &str, value_type: &str, value: &Value, drafted: &mut Drafted) {
    for value in value.each().iter().filter_map(Value::as_text).filter(|text| !text.is_empty()) {
        if value.chars().count() > MULTIFIELD_LENGTH {
            create.declare(field.code.as_str(), "value_cut");
            drafted.warn("value_cut", create.entity, Some(field.code.as_str()));
        }
        let text: String = value.chars().take(MULTIFIELD_LENGTH).collect();
        let entry = json!({"VALUE": text, "VALUE_TYPE": value_type});
        match create.fields.0.get_mut(kind) {
            Some(Json::Array(entries)) => entries.push(entry),
            _ => create.fields.set(kind, json!([entry])),
        }
    }
}

/// The pipeline that a stage's code names: `C7:NEW` is of pipeline 7, `NEW` of the general one.
fn pipeline_of_stage(stage: Option<&Json>) -> Json {
    let number = stage.and_then(Json::as_str).and_then(|code| code.strip_prefix('C')).and_then(|rest| rest.split_once(':'));
    json!(number.and_then(|(number, _)| number.parse::<u64>().ok()).unwrap_or(0))
}
