//! A record as either family prints it.
//!
//! Source: rest-crm 1.4 (keys that are always null), 3.2, 3.8; rest-transport 6.3.

use serde_json::{Map, Value, json};

use super::draft::MULTI_KINDS;
use crate::sandbox::store::Store;
use crate::sandbox::store::answer_order;
use crate::sandbox::store::record::{Entity, Record};
use crate::sandbox::store::schema::{Field, Kind, Mark};
use crate::sandbox::store::value;

/// Which keys of a universal item are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keys {
    /// `*`: everything, multi-fields too.
    All,
    /// Just these fields, by code.
    Codes(Vec<&'static str>),
}

/// A record as `crm.item.*` prints it; an item without keys is `[]`, as in PHP.
pub fn universal(store: &Store, record: &Record, keys: &Keys, original: bool) -> Value {
    let schema = store.schema(record.entity);
    let mut item = Map::new();
    let print = |field: &Field| value::universal(store.value_of(record, field.code).as_ref(), field, store.zone());
    let wanted = |field: &Field| match keys {
        Keys::All => true,
        Keys::Codes(codes) => codes.contains(&field.code),
    };
    for name in answer_order::of(record.entity) {
        match (*name, name.strip_prefix('-')) {
            ("@fm", _) => {
                if *keys == Keys::All {
                    add_multi(&mut item, record);
                }
            }
            ("@uf", _) => {
                for field in schema.custom().filter(|field| wanted(field)) {
                    item.insert(if original { field.code } else { field.name }.to_owned(), print(field));
                }
            }
            (_, Some(always_null)) => {
                if *keys == Keys::All {
                    item.insert(always_null.to_owned(), Value::Null);
                }
            }
            (name, None) => {
                if let Some(field) = schema.by_name(name).filter(|field| wanted(field)) {
                    item.insert(name.to_owned(), print(&field));
                }
            }
        }
    }
    if *keys == Keys::All {
        item.insert("entityTypeId".to_owned(), json!(record.entity.type_id()));
    }
    if item.is_empty() { json!([]) } else { Value::Object(item) }
}

/// The flat aliases in the order of the samples, then `fm`.
fn add_multi(item: &mut Map<String, Value>, record: &Record) {
    let first = |kind: &str, value_type: &str| {
        let found =
            record.multi.iter().find(|multi| multi.type_id == kind && (value_type.is_empty() || multi.value_type == value_type));
        json!(found.map_or("", |multi| multi.value.as_str()))
    };
    for (name, kind, value_type) in [
        ("phoneMobile", "PHONE", "MOBILE"),
        ("phoneWork", "PHONE", "WORK"),
        ("phoneMailing", "PHONE", "MAILING"),
        ("emailHome", "EMAIL", "HOME"),
        ("emailWork", "EMAIL", "WORK"),
        ("emailMailing", "EMAIL", "MAILING"),
    ] {
        item.insert(name.to_owned(), first(kind, value_type));
    }
    item.insert("skype".to_owned(), Value::Null);
    item.insert("icq".to_owned(), Value::Null);
    let line = record.multi.iter().find(|multi| multi.type_id == "IM" && multi.value.starts_with("imol|"));
    item.insert("imol".to_owned(), json!(line.map_or("", |multi| multi.value.as_str())));
    item.insert("email".to_owned(), first("EMAIL", ""));
    item.insert("phone".to_owned(), first("PHONE", ""));
    let fm: Vec<Value> = record
        .multi
        .iter()
        .map(|multi| json!({ "id": multi.id, "valueType": multi.value_type, "value": multi.value, "typeId": multi.type_id }))
        .collect();
    item.insert("fm".to_owned(), Value::Array(fm));
}

/// Which keys of a classic record are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// All standard fields: `*`, or nothing asked for.
    pub standard: bool,
    /// All custom fields: `UF_*`.
    pub custom: bool,
    /// Single fields and multi-fields, by classic name.
    pub named: Vec<String>,
}

impl Columns {
    /// What `get` shows: everything.
    pub fn all() -> Self {
        Self { standard: true, custom: true, named: MULTI_KINDS.map(str::to_owned).to_vec() }
    }

    fn wants(&self, field: &Field) -> bool {
        let whole = if field.is_custom() { self.custom } else { self.standard };
        whole || field.code == "ID" || self.named.iter().any(|name| name == field.classic)
    }
}

/// A record as the classic methods print it. The sets of links aren't among its fields; a multi-field without values has no key.
pub fn classic(store: &Store, record: &Record, columns: &Columns) -> Value {
    let mut row = Map::new();
    for field in store.schema(record.entity).fields() {
        let linked = field.is(Mark::Multiple) && !field.is_custom();
        if field.classic.is_empty() || linked || !columns.wants(field) {
            continue;
        }
        row.insert(field.classic.to_owned(), value::classic(store.value_of(record, field.code).as_ref(), field, store.zone()));
    }
    if record.entity != Entity::Deal {
        for kind in MULTI_KINDS.iter().filter(|kind| columns.named.iter().any(|name| name == *kind)) {
            let values: Vec<Value> = record
                .multi
                .iter()
                .filter(|multi| multi.type_id == *kind)
                .map(|multi| json!({ "ID": multi.id.to_string(), "VALUE_TYPE": multi.value_type, "VALUE": multi.value, "TYPE_ID": multi.type_id }))
                .collect();
            if !values.is_empty() {
                row.insert((*kind).to_owned(), Value::Array(values));
            }
        }
    }
    Value::Object(row)
}

/// Whether a field takes part in classic selects and filters.
pub fn is_classic_column(field: &Field) -> bool {
    !field.classic.is_empty() && (field.is_custom() || !field.is(Mark::Multiple)) && field.kind != Kind::Multifield
}
