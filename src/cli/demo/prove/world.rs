//! A small CRM on a local portal, its backup, and a loss: what every proof begins with.
//!
//! Nothing here uses the program's reader, its client or its comparison. The restore files are written from what the portal stores.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::chance::Chance;
use crate::cli::demo::world::{ADMIN, WorldError, call};
use crate::sandbox::Language;
use crate::sandbox::store::Store;
use crate::sandbox::store::record::{Entity, Record};

/// The language and the zone of the portal.
pub const LANGUAGE: Language = Language::En;
/// The zone of the portal.
pub const ZONE: &str = "UTC";

/// Parents first, as they are restored.
pub const ORDER: [Entity; 4] = [Entity::Company, Entity::Contact, Entity::Lead, Entity::Deal];

/// A person who is responsible for every second record.
const COLLEAGUE: u64 = 2;

/// A text that would be taken for another command's result inside a batch: an import that holds it goes as a request of its own, so that
/// each record type takes three requests.
const ALONE: &str = "ver $result[0] y 100 % más; \"así\"\nsegunda línea";

/// How large a world is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Records of each type, in the order of [`ORDER`].
    pub records: [usize; 4],
    /// How many of them get lost.
    pub lost: [usize; 4],
    /// Whether every lost record is one that goes as a request of its own.
    pub all_alone: bool,
}

impl Size {
    /// 31 records, 16 of them lost.
    pub const USUAL: Self = Self { records: [6, 8, 7, 10], lost: [3, 4, 4, 5], all_alone: false };

    /// Three lost records of one type, where the program goes slowly.
    pub fn lean(entity: Entity) -> Self {
        Self { lost: ORDER.map(|other| if other == entity { 3 } else { 0 }), ..Self::USUAL }
    }
}

/// A record's type and id.
pub type Key = (Entity, u64);

/// A CRM that has lost records.
#[derive(Debug)]
pub struct World {
    /// Where the portal's state lives.
    pub data: PathBuf,
    /// The restore files.
    pub files: Vec<PathBuf>,
    /// The records that were lost, as they were stored.
    pub lost: BTreeMap<Key, Record>,
    /// The others, as they are stored after the loss.
    pub survivors: BTreeMap<Key, Record>,
    /// The secret of the webhook.
    pub secret: String,
    /// The last entry of the portal's ledger before anything is restored.
    pub ledger: i64,
}

impl World {
    /// Builds a portal below a directory as it is at a moment: fills it, writes its backup, and loses records.
    pub fn build(dir: &Path, size: Size, now: Timestamp, chance: &mut Chance) -> Result<Self, WorldError> {
        let data = dir.join("portal");
        let mut store = Store::open(&data, LANGUAGE, ZONE)?;
        let secret = chance.word(24);
        set_secret(&mut store, &secret, now)?;
        let colleague = json!({ "ID": COLLEAGUE, "NAME": "Ana", "LAST_NAME": "Solís", "EMAIL": "ana@ejemplo.mx" });
        call(&mut store, ADMIN, now, "sandbox.user.add", json!({ "fields": colleague }))?;
        let mut days = Days(now - SignedDuration::from_hours(24 * 40));
        // The newest record of each type survives, so that the creation moments of all the others are lost alike: they come back in the
        // order of their ids.
        let doomed: [Vec<usize>; 4] = std::array::from_fn(|at| chance.sample(size.records[at].saturating_sub(1), size.lost[at]));
        for (at, entity) in ORDER.into_iter().enumerate() {
            for number in 0..size.records[at] {
                let goes_alone = if size.all_alone { doomed[at].contains(&number) } else { doomed[at].get(1) == Some(&number) };
                let comments = if goes_alone { ALONE.to_owned() } else { format!("nota {}", chance.word(6)) };
                let mut fields = fields(entity, number + 1, size, &comments, chance);
                fields["ASSIGNED_BY_ID"] = json!(if number % 2 == 0 { COLLEAGUE } else { ADMIN });
                let method = format!("crm.{}.add", entity.name().to_lowercase());
                call(&mut store, ADMIN, days.pass(), &method, json!({ "fields": fields }))?;
            }
        }
        let files = write_files(dir, &store)?;
        let mut lost = BTreeMap::new();
        for (at, entity) in ORDER.into_iter().enumerate() {
            let ids: Vec<u64> = store.records(entity, ..).map(|record| record.id).collect();
            for id in doomed[at].iter().map(|place| ids[*place]) {
                lost.extend(store.record(entity, id).cloned().map(|record| ((entity, id), record)));
            }
        }
        let day_of_loss = now - SignedDuration::from_hours(30);
        for (entity, id) in lost.keys() {
            let params = json!({ "entityTypeId": entity.type_id(), "id": id });
            call(&mut store, ADMIN, day_of_loss, "crm.item.delete", params)?;
        }
        let mut world = Self { data, files, lost, survivors: BTreeMap::new(), secret, ledger: 0 };
        world.look(&store)?;
        Ok(world)
    }

    /// Takes the portal's present state for that before the restoring.
    pub fn look(&mut self, store: &Store) -> Result<(), WorldError> {
        self.survivors = all(store);
        self.ledger = store.ledger(0, i64::MAX)?.last().map_or(0, |row| row.seq);
        Ok(())
    }

    /// The mark of a lost record.
    pub fn mark(key: Key) -> String {
        format!("{}:{}", key.0.name().to_lowercase(), key.1)
    }
}

/// Every record of a portal.
pub fn all(store: &Store) -> BTreeMap<Key, Record> {
    Entity::ALL
        .into_iter()
        .flat_map(|entity| store.records(entity, ..))
        .map(|record| ((record.entity, record.id), record.clone()))
        .collect()
}

fn set_secret(store: &mut Store, secret: &str, now: Timestamp) -> Result<(), WorldError> {
    store.begin("demo", ADMIN, now);
    if let Some(mut user) = store.user(ADMIN).cloned() {
        secret.clone_into(&mut user.secret);
        store.put_user(user);
    }
    Ok(store.commit()?)
}

/// The moments at which records are made, some minutes apart.
struct Days(Timestamp);

impl Days {
    fn pass(&mut self) -> Timestamp {
        self.0 += SignedDuration::from_mins(7);
        self.0
    }
}

/// The fields of a record under their classic names.
fn fields(entity: Entity, number: usize, size: Size, comments: &str, chance: &mut Chance) -> Value {
    let company = if chance.below(3) == 0 { 0 } else { 1 + chance.below(size.records[0]) };
    let contact = if chance.below(4) == 0 { 0 } else { 1 + chance.below(size.records[1]) };
    match entity {
        Entity::Company => json!({
            "TITLE": format!("Compañía Ñandú {number}, S.A."), "COMPANY_TYPE": "CUSTOMER", "COMMENTS": comments,
            "PHONE": [{ "VALUE": format!("+52 55 1000 {number:04}"), "VALUE_TYPE": "WORK" }],
        }),
        Entity::Contact => json!({
            "NAME": format!("Nombre{number}"), "LAST_NAME": format!("Apellido{number}"), "COMPANY_ID": company, "COMMENTS": comments,
            "SOURCE_ID": "CALL", "EMAIL": [{ "VALUE": format!("c{number}@ejemplo.mx"), "VALUE_TYPE": "WORK" }],
        }),
        Entity::Lead => json!({
            "TITLE": format!("Prospecto {number}"), "NAME": format!("Ana{number}"), "STATUS_ID": "IN_PROCESS", "SOURCE_ID": "EMAIL", "COMMENTS": comments,
            "OPPORTUNITY": 10.5 * number as f64, "CURRENCY_ID": "USD",
            "PHONE": [{ "VALUE": format!("+52 55 2000 {number:04}"), "VALUE_TYPE": "MOBILE" }],
        }),
        Entity::Deal => json!({
            "TITLE": format!("Negocio {number}"), "STAGE_ID": "PREPARATION", "OPPORTUNITY": 100 * number, "CURRENCY_ID": "EUR",
            "COMPANY_ID": company, "CONTACT_ID": contact, "COMMENTS": comments, "CLOSEDATE": "2027-01-24",
        }),
    }
}

/// The columns of a restore file: the title, and the field that the portal stores.
fn columns(entity: Entity) -> &'static [(&'static str, &'static str)] {
    match entity {
        Entity::Company => &[("TITLE", "TITLE"), ("COMPANY_TYPE", "TYPE_ID"), ("PHONE_WORK", "PHONE")],
        Entity::Contact => &[
            ("NAME", "NAME"),
            ("LAST_NAME", "LAST_NAME"),
            ("COMPANY_ID", "COMPANY_ID"),
            ("SOURCE_ID", "SOURCE_ID"),
            ("EMAIL_WORK", "EMAIL"),
        ],
        Entity::Lead => &[
            ("TITLE", "TITLE"),
            ("NAME", "NAME"),
            ("STATUS_ID", "STAGE_ID"),
            ("SOURCE_ID", "SOURCE_ID"),
            ("OPPORTUNITY", "OPPORTUNITY"),
            ("CURRENCY_ID", "CURRENCY_ID"),
            ("PHONE_MOBILE", "PHONE"),
        ],
        Entity::Deal => &[
            ("TITLE", "TITLE"),
            ("STAGE_ID", "STAGE_ID"),
            ("OPPORTUNITY", "OPPORTUNITY"),
            ("CURRENCY_ID", "CURRENCY_ID"),
            ("COMPANY_ID", "COMPANY_ID"),
            ("CONTACT_ID", "CONTACT_ID"),
            ("CLOSEDATE", "CLOSEDATE"),
        ],
    }
}

/// The columns of every file.
const COMMON: [(&str, &str); 3] =
    [("COMMENTS", "COMMENTS"), ("ASSIGNED_BY_ID", "ASSIGNED_BY_ID"), ("DATE_CREATE", "CREATED_TIME")];

fn write_files(dir: &Path, store: &Store) -> Result<Vec<PathBuf>, WorldError> {
    ORDER
        .into_iter()
        .map(|entity| {
            let path = dir.join(format!("{}.csv", entity.name().to_lowercase()));
            write_file(&path, entity, store).map_err(|source| WorldError::File { path: path.clone(), source: source.into() })?;
            Ok(path)
        })
        .collect()
}

fn write_file(path: &Path, entity: Entity, store: &Store) -> Result<(), csv::Error> {
    let columns: Vec<(&str, &str)> = columns(entity).iter().copied().chain(COMMON).collect();
    let mut file = csv::Writer::from_path(path)?;
    file.write_record(std::iter::once("ID").chain(columns.iter().map(|(title, _)| *title)))?;
    for record in store.records(entity, ..) {
        let cells = columns.iter().map(|(_, code)| cell(record, code));
        file.write_record(std::iter::once(record.id.to_string()).chain(cells))?;
    }
    Ok(file.flush()?)
}

fn cell(record: &Record, code: &str) -> String {
    match code {
        "PHONE" | "EMAIL" => {
            record.multi.iter().find(|multi| multi.type_id == code).map(|multi| multi.value.clone()).unwrap_or_default()
        }
        "CONTACT_ID" => linked(record.primary()),
        "COMPANY_ID" if record.entity == Entity::Contact => linked(record.primary()),
        "COMPANY_ID" => linked(record.integer(code).cast_unsigned()),
        _ => match record.get(code).map(crate::sandbox::store::record::Stored::to_disk) {
            Some(Value::String(text)) => text,
            Some(other) => other.to_string(),
            None => String::new(),
        },
    }
}

fn linked(id: u64) -> String {
    if id == 0 { String::new() } else { id.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_world_is_the_same_for_the_same_seed_and_has_lost_what_it_says() {
        let build = |seed| {
            let dir = tempfile::tempdir().expect("a directory");
            let world = World::build(dir.path(), Size::USUAL, Timestamp::now(), &mut Chance::new(seed)).expect("a world");
            let store = Store::open(&world.data, LANGUAGE, ZONE).expect("its portal");
            assert_eq!(all(&store).keys().filter(|key| world.lost.contains_key(key)).count(), 0);
            assert_eq!((world.survivors.len(), world.lost.len()), (15, 16));
            world.lost.keys().copied().collect::<Vec<_>>()
        };
        assert_eq!(build(1), build(1));
        assert_ne!(build(1), build(2));
    }
}
