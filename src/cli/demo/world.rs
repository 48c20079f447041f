//! The demo's company: its portal on the day of the backup, and the restore files that Support would hand out of it.
//!
//! "Montacargas y Almacenaje Cerro Ceniza" is made by `fixtures/demo/generate.py`. Its portal is built by the calls that would have filled it,
//! each at the moment at which it would have been made, so that ids, dates and authors are those of the files.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::sandbox::store::rows::Currency;
use crate::sandbox::store::{Store, StoreError};
use crate::sandbox::{Language, methods};

/// The server's zone: neither that of the people nor that of the files.
pub const ZONE: &str = "Europe/Madrid";
/// The language in which the portal was made.
pub const LANGUAGE: Language = Language::Es;
/// The administrator, whose webhook the demo uses.
pub const ADMIN: u64 = 1;

/// The bundled restore files by name.
pub const FILES: [(&str, &[u8]); 4] = [
    ("company.csv", include_bytes!("../../../fixtures/demo/company.csv")),
    ("contact.csv", include_bytes!("../../../fixtures/demo/contact.csv")),
    ("lead.csv", include_bytes!("../../../fixtures/demo/lead.csv")),
    ("deal.csv", include_bytes!("../../../fixtures/demo/deal.csv")),
];

const PORTAL: &str = include_str!("../../../fixtures/demo/portal.json");

/// Why the demo's portal can't be built.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// The sandbox's state can't be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file can't be written.
    #[error("cannot write {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The bundled portal isn't what the generator writes.
    #[error("the bundled portal can't be read")]
    Fixture(#[from] serde_json::Error),
    /// A moment of the bundled portal is none.
    #[error("the bundled portal holds a moment that is none")]
    Moment(#[from] jiff::Error),
    /// The sandbox refused a call.
    #[error("the demo's portal refused {method}: {description}")]
    Refused {
        /// The method.
        method: String,
        /// The portal's words.
        description: String,
    },
}

#[derive(Deserialize)]
struct Portal {
    backup: String,
    offset: String,
    setup: Vec<Setup>,
    company: Table,
    contact: Table,
    lead: Table,
    deal: Table,
}

#[derive(Deserialize)]
struct Setup {
    method: String,
    params: Map<String, Value>,
}

#[derive(Deserialize)]
struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<Value>>,
}

/// Writes the restore files into a directory, and gives their paths.
pub fn write_files(dir: &Path) -> Result<Vec<PathBuf>, WorldError> {
    let write = |path: &Path, bytes: &[u8]| std::fs::create_dir_all(dir).and_then(|()| std::fs::write(path, bytes));
    let paths = FILES.iter().map(|(name, bytes)| {
        let path = dir.join(name);
        write(&path, bytes).map_err(|source| WorldError::File { path: path.clone(), source })?;
        Ok(path)
    });
    paths.collect()
}

/// Builds the portal as it was when the backup was made.
pub fn build(dir: &Path) -> Result<Store, WorldError> {
    let portal: Portal = serde_json::from_str(PORTAL)?;
    let mut store = Store::open(dir, LANGUAGE, ZONE)?;
    let opening: Timestamp = "2023-11-20T09:00:00-06:00".parse()?;
    for Setup { method, params } in &portal.setup {
        ask(&mut store, ADMIN, opening, method, params)?;
    }
    reckon_in_pesos(&mut store, opening)?;
    // Closed deals have their own close dates, which an import would overwrite.
    call(&mut store, ADMIN, opening, "sandbox.settings.set", json!({ "close_date_sync": "N" }))?;
    for (entity_type, table) in [(4, &portal.company), (3, &portal.contact), (1, &portal.lead), (2, &portal.deal)] {
        for (id, row) in (1_u64..).zip(&table.rows) {
            let fields = table.columns.iter().map(String::as_str).zip(row);
            make(&mut store, entity_type, id, &Row::read(fields, &portal.offset)?)?;
        }
    }
    let backup = moment(&portal.backup, &portal.offset)?;
    call(&mut store, ADMIN, backup, "sandbox.settings.set", json!({ "close_date_sync": "Y" }))?;
    Ok(store)
}

/// Calls a method of the portal as a user at a moment.
pub fn call(store: &mut Store, user: u64, now: Timestamp, method: &str, params: Value) -> Result<Value, WorldError> {
    let Value::Object(params) = params else { return Ok(Value::Null) };
    ask(store, user, now, method, &params)
}

fn ask(store: &mut Store, user: u64, now: Timestamp, method: &str, params: &Map<String, Value>) -> Result<Value, WorldError> {
    let reply = methods::call(store, &methods::Caller { user, now }, &method.to_lowercase(), params);
    reply
        .map(|reply| reply.result)
        .map_err(|error| WorldError::Refused { method: method.to_owned(), description: error.description })
}

/// The administrator made the peso the base currency, in the portal's pages.
fn reckon_in_pesos(store: &mut Store, now: Timestamp) -> Result<(), WorldError> {
    store.begin("demo", ADMIN, now);
    let currencies: Vec<Currency> = store.currencies().into_iter().cloned().collect();
    for mut currency in currencies {
        currency.base = currency.code == "MXN";
        store.put_currency(currency);
    }
    Ok(store.commit()?)
}

/// One record of the bundled portal.
struct Row<'a> {
    import: Map<String, Value>,
    address: Option<&'a Value>,
    products: Option<&'a Value>,
    empty: Map<String, Value>,
    updated: Timestamp,
    updated_by: u64,
}

impl<'a> Row<'a> {
    fn read(fields: impl Iterator<Item = (&'a str, &'a Value)>, offset: &str) -> Result<Self, WorldError> {
        let mut row = Self {
            import: Map::new(),
            address: None,
            products: None,
            empty: Map::new(),
            updated: Timestamp::UNIX_EPOCH,
            updated_by: ADMIN,
        };
        for (name, value) in fields.filter(|(_, value)| *value != &json!(0)) {
            match name {
                "address" => row.address = Some(value),
                "products" => row.products = Some(value),
                "empty" => {
                    let names = value.as_array().into_iter().flatten().filter_map(Value::as_str);
                    row.empty = names.map(|name| (name.to_owned(), json!(""))).collect();
                }
                _ => row.import(name, value, offset)?,
            }
        }
        Ok(row)
    }

    fn import(&mut self, name: &str, value: &Value, offset: &str) -> Result<(), WorldError> {
        if let Some((kind, value_type)) = name.split_once('.') {
            let entries = value.as_array().into_iter().flatten().map(|value| json!({ "VALUE": value, "VALUE_TYPE": value_type }));
            if let Value::Array(list) = self.import.entry(kind).or_insert_with(|| json!([])) {
                list.extend(entries);
            }
            return Ok(());
        }
        let mut value = value.clone();
        if name.ends_with("Time") {
            let at = moment(value.as_str().unwrap_or_default(), offset)?;
            if name == "updatedTime" {
                self.updated = at;
            }
            value = json!(at.to_string());
        } else if name == "updatedBy" {
            self.updated_by = value.as_u64().unwrap_or(ADMIN);
        }
        self.import.insert(name.to_owned(), value);
        Ok(())
    }
}

fn moment(text: &str, offset: &str) -> Result<Timestamp, WorldError> {
    Ok(format!("{}{offset}", text.replace(' ', "T")).parse()?)
}

/// Makes one record. What the import couldn't take follows at the moment of the record's last change, by whoever made that change.
fn make(store: &mut Store, entity_type: i64, id: u64, row: &Row<'_>) -> Result<(), WorldError> {
    // An import at the very moment of the last change would count that moment as not given.
    let imported = row.updated + SignedDuration::from_secs(2);
    let answer = call(
        store,
        ADMIN,
        imported,
        "crm.item.import",
        json!({ "entityTypeId": entity_type, "fields": row.import, "useOriginalUfNames": "Y" }),
    )?;
    if answer["item"]["id"] != json!(id) {
        return Err(WorldError::Refused {
            method: "crm.item.import".to_owned(),
            description: format!("the record got another id than {id}"),
        });
    }
    let (user, at) = (row.updated_by, row.updated);
    if let Some(address) = row.address {
        call(store, user, at, "crm.lead.update", json!({ "id": id, "fields": address }))?;
    }
    if !row.empty.is_empty() {
        call(store, user, at, "crm.item.update", json!({ "entityTypeId": entity_type, "id": id, "fields": row.empty }))?;
    }
    if let Some(products) = row.products {
        call(store, user, at, "crm.item.productrow.set", json!({ "ownerType": "D", "ownerId": id, "productRows": products }))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::store::record::Entity;
    use jiff::tz::TimeZone;

    /// The rows of a bundled file, each cell under its title.
    fn rows(name: &str) -> Vec<Vec<(String, String)>> {
        let bytes = FILES.iter().find(|(file, _)| *file == name).expect("it is bundled").1;
        let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(&bytes[3..]);
        let titles: Vec<String> = reader.headers().expect("it has titles").iter().map(str::to_owned).collect();
        let rows = reader.records().map(|row| row.expect("it is well-formed"));
        rows.map(|row| titles.iter().cloned().zip(row.iter().map(str::to_owned)).collect()).collect()
    }

    fn cell<'a>(row: &'a [(String, String)], title: &str) -> &'a str {
        row.iter().find(|(name, _)| name == title).map_or("", |(_, text)| text)
    }

    /// A moment as the exports write it.
    fn clock(store: &Store, entity: Entity, id: u64, code: &str) -> String {
        let seconds = store.record(entity, id).and_then(|record| record.instant(code)).expect("every record has it");
        let mexico = TimeZone::get("America/Mexico_City").expect("it is a zone");
        let at = mexico.to_datetime(Timestamp::from_second(seconds).expect("it is a moment"));
        at.strftime("%d/%m/%Y %I:%M:%S %P").to_string()
    }

    #[test]
    fn the_portal_is_what_its_exports_say() {
        let dir = tempfile::tempdir().expect("a temporary directory can be made");
        let store = build(dir.path()).expect("the bundled portal can be built");
        let count = |entity| store.records(entity, ..).count();
        for (entity, file, at_least) in [
            (Entity::Company, "company.csv", 300),
            (Entity::Contact, "contact.csv", 1500),
            (Entity::Lead, "lead.csv", 2000),
            (Entity::Deal, "deal.csv", 1200),
        ] {
            let mut ids: Vec<String> = rows(file).iter().map(|row| cell(row, "ID").to_owned()).collect();
            ids.dedup();
            assert_eq!(count(entity), ids.len());
            assert!(ids.len() >= at_least, "{file}");
            for row in rows(file).iter().step_by(7) {
                let id: u64 = cell(row, "ID").parse().expect("an id is a number");
                assert_eq!(clock(&store, entity, id, "CREATED_TIME"), cell(row, "Creado"), "{file} {id}");
                let modified = cell(row, "Modificado");
                if modified != "oculto" {
                    assert_eq!(clock(&store, entity, id, "UPDATED_TIME"), modified, "{file} {id}");
                }
            }
        }
        for row in rows("deal.csv").iter().step_by(5) {
            let id = cell(row, "ID").parse().expect("an id is a number");
            let deal = store.record(Entity::Deal, id).expect("it is there");
            let stage = store
                .statuses()
                .find(|status| status.status_id == deal.text("STAGE_ID") && status.entity_id.starts_with("DEAL_STAGE"));
            assert_eq!(stage.map(|stage| stage.name.as_str()), Some(cell(row, "Etapa")));
            assert_eq!(deal.text("TITLE"), cell(row, "Nombre de la negociación"));
            assert_eq!(deal.flag("CLOSED"), cell(row, "Cerrado") == "si");
            assert_eq!(deal.flag("IS_RETURN_CUSTOMER"), cell(row, "Negociación repetida") == "Y", "deal {id}");
            assert_eq!(deal.flag("IS_REPEATED_APPROACH"), cell(row, "Consulta repetida") == "Y", "deal {id}");
            let company =
                store.record(Entity::Company, deal.integer("COMPANY_ID") as u64).map_or("", |company| company.text("TITLE"));
            assert_eq!(company, cell(row, "Compañía"));
        }
        assert_eq!(store.zone().iana_name(), Some(ZONE), "the server is elsewhere");
    }
}
