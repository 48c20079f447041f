//! Filling a new portal with what another one held: its directories, pipelines, currencies, users, custom fields, and its records under
//! the ids that they had there.
//!
//! No REST method does this: a portal gives its own ids. What is filled in is stored as it is given, without defaults, checks or
//! computed fields, and the ledger doesn't mention it. Nothing is on disk before [`Store::commit`].

use serde_json::{Map, Value};

use super::Store;
use super::links::{self, Wanted};
use super::record::{Base, Entity, Multi, Record, Stored};
use super::rows::{Currency, EnumItem, ProductRow, Status, User, UserField, new_secret};
use super::schema::{Custom, Field, Kind};
use super::seed::add_pipeline_stages;

/// The step between the places of what is filled in.
const STEP: i64 = 10;
/// The unit "piece", as `crm.item.productrow.set` takes it where none is given.
const PIECE: i64 = 796;

/// A value of a directory to be filled in.
#[derive(Debug, Clone, Copy)]
pub struct FilledStatus<'a> {
    /// The code that records refer to.
    pub code: &'a str,
    /// The name shown.
    pub name: &'a str,
    /// `S`, `F`, or empty.
    pub semantics: &'a str,
}

/// A custom field to be filled in.
#[derive(Debug, Clone)]
pub struct FilledField {
    /// Its code with prefix.
    pub code: String,
    /// Its `USER_TYPE_ID`.
    pub type_id: &'static str,
    /// Whether it holds several values.
    pub multiple: bool,
    /// The labels of list column, form and filter.
    pub labels: [String; 3],
    /// The items of a list field: id and text.
    pub items: Vec<(u64, String)>,
    /// The directory of a `crm_status` field.
    pub directory: Option<String>,
}

impl Store {
    /// Whether there is any record, in the bin too.
    pub fn holds_records(&self) -> bool {
        !self.bin.is_empty() || self.records.iter().any(|records| !records.is_empty())
    }

    /// Gives a directory just these values in this order. A value that is there keeps its row's id and colour.
    pub fn fill_directory(&mut self, directory: &str, values: &[FilledStatus<'_>]) {
        let old: Vec<Status> = self.directory(directory).into_iter().cloned().collect();
        for status in old.iter().filter(|status| values.iter().all(|value| value.code != status.status_id)) {
            self.drop_status(status.id);
        }
        let category = directory.strip_prefix("DEAL_STAGE_").and_then(|number| number.parse().ok());
        for (place, value) in (1..).zip(values) {
            let mut status = match old.iter().find(|status| status.status_id == value.code) {
                Some(status) => status.clone(),
                None => Status {
                    id: self.next_id("status"),
                    entity_id: directory.to_owned(),
                    status_id: value.code.to_owned(),
                    name: String::new(),
                    name_init: String::new(),
                    sort: 0,
                    system: false,
                    category,
                    color: String::new(),
                    semantics: String::new(),
                },
            };
            value.name.clone_into(&mut status.name);
            value.semantics.clone_into(&mut status.semantics);
            status.sort = place * STEP;
            self.put_status(status);
        }
    }

    /// Gives the portal a pipeline under its number, with the stages of a new one if it has none yet.
    pub fn fill_pipeline(&mut self, id: u64, name: &str, place: i64) {
        let known = self.category(id).cloned();
        let mut category = known.unwrap_or_else(|| super::rows::Category {
            id,
            name: String::new(),
            sort: 0,
            created: self.now(),
            origin_id: String::new(),
            originator_id: String::new(),
        });
        name.clone_into(&mut category.name);
        category.sort = place * STEP;
        self.put_category(category);
        self.reserve_id("category", id);
        if id != 0 && self.directory(&format!("DEAL_STAGE_{id}")).is_empty() {
            add_pipeline_stages(self, id);
        }
    }

    /// Gives the portal just these currencies: code, name, and whether it is the base. A rate that isn't known yet is 1.
    pub fn fill_currencies(&mut self, currencies: &[(&str, &str, bool)]) {
        let old: Vec<Currency> = self.currencies().into_iter().cloned().collect();
        for currency in &old {
            self.drop_currency(&currency.code);
        }
        for (place, (code, name, base)) in (1..).zip(currencies) {
            let known = old.iter().find(|currency| currency.code == *code).cloned();
            let mut currency = known.unwrap_or_else(|| Currency {
                code: (*code).to_owned(),
                name: String::new(),
                amount_count: 1,
                amount: 1.0,
                sort: 0,
                base: false,
                format: "#".to_owned(),
                decimals: 2,
                updated: self.now(),
            });
            (*name).clone_into(&mut currency.name);
            (currency.sort, currency.base) = (place * STEP, *base);
            self.put_currency(currency);
        }
    }

    /// Gives the portal a user. User 1 stays an active administrator with the secret that the address names.
    pub fn fill_user(&mut self, id: u64, names: [&str; 3], email: &str, active: bool) {
        let known = self.user(id);
        let [name, second_name, last_name] = names.map(str::to_owned);
        let user = User {
            id,
            name,
            second_name,
            last_name,
            email: email.to_owned(),
            active: active || id == 1,
            admin: known.is_some_and(|user| user.admin),
            time_zone: String::new(),
            secret: known.map_or_else(new_secret, |user| user.secret.clone()),
            registered: known.map_or(self.now(), |user| user.registered),
        };
        self.put_user(user);
        self.reserve_id("user", id);
    }

    /// Gives a record type a custom field. Its list items keep their ids; says no where the type of field is none that the sandbox has.
    pub fn fill_field(&mut self, entity: Entity, field: FilledField) -> bool {
        if Custom::of_type_id(field.type_id, 0).is_none() {
            return false;
        }
        let mut settings = Map::new();
        if let Some(directory) = field.directory {
            settings.insert("ENTITY_TYPE".to_owned(), Value::String(directory));
        }
        let kinds = ["LIST_COLUMN_LABEL", "EDIT_FORM_LABEL", "LIST_FILTER_LABEL"];
        let labels = kinds.into_iter().zip(field.labels).filter(|(_, label)| !label.is_empty());
        let labels = labels.map(|(kind, label)| (kind.to_owned(), [(String::new(), label)].into())).collect();
        let last = field.items.iter().map(|(id, _)| *id).max().unwrap_or_default();
        self.reserve_id("enumeration", last);
        let item = |(place, (id, value)): (i64, (u64, String))| EnumItem {
            id,
            value,
            sort: place * STEP,
            default: false,
            xml_id: format!("{id:032x}"),
        };
        let id = self.next_id("userfield");
        self.put_user_field(UserField {
            id,
            entity: entity.type_id(),
            name: field.code,
            type_id: field.type_id.to_owned(),
            xml_id: None,
            sort: 100,
            multiple: field.multiple,
            mandatory: false,
            show_filter: "N".to_owned(),
            show_in_list: true,
            edit_in_list: true,
            searchable: false,
            settings,
            labels,
            items: (1..).zip(field.items).map(item).collect(),
        });
        true
    }

    /// Stores a record under an id, and gives the names of the fields that the portal doesn't have.
    ///
    /// `fields` are plain JSON under classic names, values as the table `record` holds them (flags `Y`/`N`, days `YYYY-MM-DD`, instants
    /// with their offset, lists as arrays); multi-fields as `PHONE: [{VALUE, VALUE_TYPE}]`, and `PRODUCTS: [{name, price, quantity}]`.
    pub fn fill_record(&mut self, entity: Entity, id: u64, fields: &Map<String, Value>) -> Vec<String> {
        let mut record = Record::new(entity, id);
        let mut unknown = Vec::new();
        let (mut targets, mut primary) = (Vec::new(), 0);
        for (name, value) in fields {
            if ["PHONE", "EMAIL", "WEB", "IM", "LINK"].contains(&name.as_str()) && entity != Entity::Deal {
                self.fill_multi(&mut record, name, value);
                continue;
            }
            let schema = self.schema(entity);
            match (entity, name.as_str(), schema.by_classic(name).or_else(|| schema.by_code(name))) {
                (Entity::Lead | Entity::Deal, "PRODUCTS", _) => self.fill_rows(entity, id, value),
                // A company's contacts are the contacts that name it.
                (Entity::Company, "CONTACT_ID" | "CONTACT_IDS", _) => {}
                (Entity::Contact, "COMPANY_IDS", _) | (_, "CONTACT_IDS", _) => {
                    targets = value.as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
                }
                (Entity::Contact, "COMPANY_ID", _) | (_, "CONTACT_ID", _) => primary = value.as_u64().unwrap_or_default(),
                (_, _, Some(field)) => record.set(field.code, stored(&field, value)),
                (_, _, None) => unknown.push(name.clone()),
            }
        }
        if targets.is_empty() && primary != 0 {
            targets.push(primary);
        }
        let wanted = (1..).zip(targets).map(|(place, target)| Wanted {
            target,
            sort: Some(place * links::SORT_STEP),
            primary: target == primary,
        });
        record.links = links::whole_set(&[], &wanted.collect::<Vec<_>>());
        self.put_record(record);
        self.reserve_id(&format!("record:{}", entity.type_id()), id);
        unknown
    }

    fn fill_multi(&mut self, record: &mut Record, kind: &str, values: &Value) {
        for entry in values.as_array().into_iter().flatten() {
            let part = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
            let id = self.next_id("multifield");
            record.multi.push(Multi { id, type_id: kind.to_owned(), value_type: part("VALUE_TYPE"), value: part("VALUE") });
        }
    }

    fn fill_rows(&mut self, entity: Entity, owner: u64, rows: &Value) {
        for (place, row) in (1..).zip(rows.as_array().into_iter().flatten()) {
            let id = self.next_id("productrow");
            self.put_product_row(ProductRow {
                id,
                entity: entity.type_id(),
                owner,
                product: 0,
                name: row["name"].as_str().unwrap_or_default().to_owned(),
                price: row["price"].as_f64().unwrap_or_default(),
                quantity: row["quantity"].as_f64().unwrap_or_default(),
                discount_type: 2,
                discount_rate: 0.0,
                discount_sum: 0.0,
                tax_rate: None,
                tax_included: false,
                measure_code: PIECE,
                measure_name: "pcs".to_owned(),
                sort: place * STEP,
            });
        }
    }
}

/// The stored form of a plain value. Ids that come as texts become numbers, and 0 is none, as in a call.
fn stored(field: &Field, value: &Value) -> Option<Stored> {
    if field.kind == Kind::File {
        return None;
    }
    if let Value::Array(items) = value {
        let items: Vec<Stored> = items.iter().filter_map(|item| stored(field, item)).collect();
        return (!items.is_empty()).then(|| Stored::List(items.into()));
    }
    let number = value.as_str().filter(|_| field.kind.base() == Base::Integer).and_then(|text| text.parse::<i64>().ok());
    match number.map_or_else(|| Stored::from_disk(field.kind, value), |number| Some(Stored::Integer(number)))? {
        Stored::Integer(0) => None,
        Stored::Text(text) if text.is_empty() => None,
        found => Some(found),
    }
}
