//! `sandbox --seed`: from a snapshot to a new portal that holds the same.
//!
//! Kept are directories with their labels, pipelines with their numbers, currencies, users, custom fields with their labels and the ids of
//! their list items, and every record under its old id. A snapshot doesn't know rates, colours, the settings of custom fields, file
//! fields, users' rights, comments, the recycle bin and what else isn't in its files, so those are a new portal's.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value as Json, json};

use super::Failure;
use super::lang::say;
use crate::event::Silent;
use crate::model::{CrmMode, EntityType, Entry, FieldDef, FieldType, LiveRecord, Pipeline, Schema, Value, multifield_of};
use crate::report::Language;
use crate::sandbox;
use crate::sandbox::store::fill::{FilledField, FilledStatus};
use crate::sandbox::store::record::Entity;
use crate::sandbox::store::{Store, StoreError};
use crate::snapshot::{Snapshot, read_current};

/// How many records one transaction holds.
const RECORDS_A_COMMIT: usize = 500;

/// Fills the portal that `config` names, which must hold no record. Gives the fields that it couldn't take, as `lead.UF_CRM_PLAN`.
pub(super) fn seed(config: &sandbox::Config, dir: &Path, language: Language) -> Result<BTreeSet<String>, Failure> {
    let of_snapshot = |error: crate::snapshot::SnapshotError| Failure::of_snapshot(&error.into(), language);
    let of_store = |error: StoreError| {
        Failure::other(say(language, "the sandbox cannot be filled", "no se puede llenar el portal local"), &error)
    };
    let snapshot = read_current(dir, &Silent).map_err(of_snapshot)?;
    let mut store = Store::open(&config.data, config.language, &config.zone).map_err(of_store)?;
    if store.holds_records() {
        return Err(Failure::usage(format!(
            "{}: {}",
            config.data.display(),
            say(
                language,
                "already holds records; --seed fills a new portal only, choose another --data",
                "ya contiene registros; --seed solo llena un portal nuevo, elija otro --data"
            )
        )));
    }
    store.begin("seed", 1, jiff::Timestamp::now());
    let mut lost = BTreeSet::new();
    fill_schema(&mut store, &snapshot.schema, &mut lost);
    store.commit().map_err(of_store)?;
    for entity in EntityType::ALL {
        fill_records(&mut store, &snapshot, entity, &mut lost).map_err(|error| match error {
            Stopped::Snapshot(error) => of_snapshot(error),
            Stopped::Store(error) => of_store(error),
        })?;
    }
    Ok(lost)
}

enum Stopped {
    Snapshot(crate::snapshot::SnapshotError),
    Store(StoreError),
}

fn fill_records(store: &mut Store, snapshot: &Snapshot, entity: EntityType, lost: &mut BTreeSet<String>) -> Result<(), Stopped> {
    let mut waiting = 0;
    for records in snapshot.records(entity).map_err(Stopped::Snapshot)? {
        for record in records.map_err(Stopped::Snapshot)? {
            let unknown = store.fill_record(of_type(entity), record.id.0, &plain(&record));
            lost.extend(unknown.into_iter().map(|name| format!("{entity}.{name}")));
            waiting += 1;
            if waiting == RECORDS_A_COMMIT {
                store.commit().map_err(Stopped::Store)?;
                waiting = 0;
            }
        }
    }
    store.commit().map_err(Stopped::Store)
}

fn of_type(entity: EntityType) -> Entity {
    match entity {
        EntityType::Lead => Entity::Lead,
        EntityType::Deal => Entity::Deal,
        EntityType::Contact => Entity::Contact,
        EntityType::Company => Entity::Company,
    }
}

fn fill_schema(store: &mut Store, schema: &Schema, lost: &mut BTreeSet<String>) {
    for user in &schema.users {
        let names = [&user.name, &user.second_name, &user.last_name].map(String::as_str);
        store.fill_user(user.id.0, names, &user.login, user.active);
    }
    let currencies: Vec<_> = schema.currencies.iter().map(|own| (own.code.as_str(), encoded(&own.name), own.base)).collect();
    if !currencies.is_empty() {
        let rows: Vec<_> = currencies.iter().map(|(code, name, base)| (*code, name.as_str(), *base)).collect();
        store.fill_currencies(&rows);
    }
    for (directory, entries) in &schema.directories {
        fill_directory(store, directory, entries);
    }
    for (place, Pipeline { id, name }) in (1..).zip(&schema.pipelines) {
        store.fill_pipeline(*id, &encoded(name), place);
    }
    for entity in EntityType::ALL {
        for field in schema.fields.get(&entity).into_iter().flatten().filter(|field| field.code.is_custom()) {
            if !fill_field(store, entity, field) {
                lost.insert(format!("{entity}.{}", field.code));
            }
        }
    }
    if schema.mode == CrmMode::Simple {
        store.set_settings(sandbox::store::rows::Settings { mode: 2, ..store.settings().clone() });
    }
}

fn fill_directory(store: &mut Store, directory: &str, entries: &[Entry]) {
    let names: Vec<String> = entries.iter().map(|entry| encoded(&entry.name)).collect();
    let values: Vec<FilledStatus<'_>> = entries
        .iter()
        .zip(&names)
        .map(|(entry, name)| FilledStatus { code: &entry.code, name, semantics: &entry.semantics })
        .collect();
    store.fill_directory(directory, &values);
}

fn fill_field(store: &mut Store, entity: EntityType, field: &FieldDef) -> bool {
    let (type_id, directory) = match &field.kind {
        FieldType::Integer => ("integer", None),
        FieldType::Double => ("double", None),
        FieldType::Flag => ("boolean", None),
        FieldType::Date => ("date", None),
        FieldType::Moment => ("datetime", None),
        FieldType::Money => ("money", None),
        FieldType::Url => ("url", None),
        FieldType::Enumeration => ("enumeration", None),
        FieldType::User => ("employee", None),
        FieldType::Binding => ("crm", None),
        FieldType::Status(directory) => ("crm_status", Some(directory.to_string())),
        FieldType::Address => ("address", None),
        FieldType::File => return false,
        // A type that the sandbox doesn't have keeps its values as text.
        _ => ("string", None),
    };
    // The portal's answer leaves out a label that is the one before it, so the last known one goes on.
    let label = |place: usize| field.labels.get(place).or(field.labels.last()).map(|label| encoded(label)).unwrap_or_default();
    let items = field.items.iter().filter_map(|(id, text)| Some((id.parse().ok()?, encoded(text)))).collect();
    let filled = FilledField {
        code: field.code.as_str().to_owned(),
        type_id,
        multiple: field.multiple,
        labels: [label(0), label(1), label(2)],
        items,
        directory,
    };
    store.fill_field(of_type(entity), filled)
}

/// A name as a portal keeps it: the client decodes HTML entities, so what looks like one must be one.
fn encoded(name: &str) -> String {
    if name.contains('&') && name.contains(';') { name.replace('&', "&amp;") } else { name.to_owned() }
}

/// The fields of a record as the sandbox takes them; what is empty is left out.
fn plain(record: &LiveRecord) -> Map<String, Json> {
    let mut fields = Map::new();
    for (code, value) in record.fields().filter(|(code, value)| !value.is_empty() && code.as_str() != "ID") {
        let Some(multi) = multifield_of(code.as_str()).filter(|_| record.entity != EntityType::Deal) else {
            fields.insert(code.as_str().to_owned(), json_of(value));
            continue;
        };
        let entries = value.each().iter().map(|one| json!({ "VALUE": json_of(one), "VALUE_TYPE": multi.value_type }));
        let all = fields.entry(multi.kind.to_string()).or_insert_with(|| json!([]));
        if let Some(all) = all.as_array_mut() {
            all.extend(entries);
        }
    }
    fields
}

fn json_of(value: &Value) -> Json {
    match value {
        Value::Empty => Json::Null,
        Value::Text(text) | Value::Code(text) | Value::Label(text) | Value::Name(text) => json!(text),
        Value::Number(number) => number.to_string().parse::<serde_json::Number>().map_or(Json::Null, Json::Number),
        Value::Money(of) => json!(format!("{}|{}", of.amount, of.currency.as_deref().unwrap_or_default())),
        Value::Flag(flag) => json!(if *flag { "Y" } else { "N" }),
        Value::Date(day) => json!(day.to_string()),
        Value::Moment(moment) => json!(moment.to_string()),
        Value::Clock(clock) => json!(clock.to_string()),
        Value::User(user) => json!(user.0),
        Value::Link(id) => json!(id),
        Value::List(values) => values.iter().map(json_of).collect(),
        Value::Products(rows) => rows
            .iter()
            .map(|row| {
                let number = |number: &rust_decimal::Decimal| json_of(&Value::Number(*number));
                json!({ "name": row.name, "price": number(&row.price), "quantity": number(&row.quantity) })
            })
            .collect(),
    }
}
