//! The portal's state: records, directories, users, the recycle bin and the ledger, in memory and written through to `SQLite`.
//!
//! Everything is kept in memory, and each call that changes something writes the rows it touched in one transaction to `portal.sqlite`
//! in the data directory, so that what was answered is there after the process died. Checkers may read the file while it is in use:
//!
//! | table | key | body (JSON) |
//! |---|---|---|
//! | `record`, `bin` | `entity` (entityTypeId), `id` | `{"values":{CODE:value},"multi":[..],"links":[..]}`; in `bin` under `body`, with what stood on it |
//! | `status`, `category`, `userfield`, `comment`, `productrow`, `user` | `key` (the id) | the row as in [`rows`] |
//! | `currency` | `key` (the code) | [`rows::Currency`] |
//! | `token` | `key` (the access token) | [`tokens::Tokens`] |
//! | `meta` | `key` | `settings`, `language`, and the last id given out of each kind (`last:record:1`) |
//! | `ledger` | `seq` | no body: `at`, `user`, `method`, `entity`, `entity_id`, `action`, `payload` (the state as applied) |
//!
//! CODE is the `upperName` of the universal family: `CREATED_TIME`, `STAGE_ID`, `UF_CRM_RFC`. Empty values aren't stored. Instants are UTC.

pub mod answer_order;
pub mod bin;
pub mod disk;
pub mod fields;
pub mod fill;
pub mod filter;
pub mod links;
pub mod moment;
pub mod normal;
pub mod page;
pub mod record;
pub mod records;
pub mod rows;
pub mod save;
pub mod schema;
pub mod seed;
pub mod simple;
pub mod tables;
pub mod tokens;
pub mod value;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::Connection;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use disk::StoreError;
use disk::{LedgerRow, Write};
use record::{Entity, Record};
use rows::{Activity, Binned, Category, Comment, Currency, ProductRow, Settings, Status, User, UserField};
use schema::Schema;
use tokens::Tokens;

use super::Language;

/// The whole state of one portal.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    zone: TimeZone,
    language: Language,
    settings: Settings,
    users: BTreeMap<u64, User>,
    tokens: BTreeMap<String, Tokens>,
    statuses: BTreeMap<u64, Status>,
    categories: BTreeMap<u64, Category>,
    currencies: Vec<Currency>,
    user_fields: BTreeMap<u64, UserField>,
    comments: BTreeMap<u64, Comment>,
    activities: BTreeMap<u64, Activity>,
    product_rows: BTreeMap<u64, ProductRow>,
    bin: BTreeMap<(i64, u64), Binned>,
    schemas: [Schema; 4],
    records: [BTreeMap<u64, Record>; 4],
    /// Target to owner: who points at a record.
    referrers: BTreeSet<(Entity, u64, Entity, u64)>,
    /// The record a comment or product row stands on, and its id.
    comments_of: BTreeSet<(i64, u64, u64)>,
    rows_of: BTreeSet<(i64, u64, u64)>,
    /// Normalised phones and e-mails: the duplicate index. Source: rest-crm 7.
    communications: HashMap<(&'static str, String), Vec<(Entity, u64)>>,
    /// `ORIGIN_ID` in lower case to the records that carry it: looked up after every lost answer, so it must not cost a scan.
    origins: HashMap<String, Vec<(Entity, u64)>>,
    last_ids: BTreeMap<String, u64>,
    pending: Vec<Write>,
    caller: CallStamp,
}

/// Who is calling which method and when, for the ledger and the stamps of records.
#[derive(Debug, Clone, Default)]
struct CallStamp {
    method: String,
    user: u64,
    now: i64,
}

const fn slot(entity: Entity) -> usize {
    entity as usize - 1
}

impl Store {
    /// Opens the portal in a directory; a new one is given user 1 and the directories of its language.
    ///
    /// A portal keeps the language it was made in. The zone is the server's and may change from start to start: instants are kept in UTC.
    pub fn open(dir: &Path, language: Language, zone: &str) -> Result<Self, StoreError> {
        let zone = TimeZone::get(zone).map_err(|_| StoreError::Zone(zone.to_owned()))?;
        let connection = disk::open(dir)?;
        let mut store = Self {
            connection,
            zone,
            language,
            settings: Settings::default(),
            users: BTreeMap::new(),
            tokens: BTreeMap::new(),
            statuses: BTreeMap::new(),
            categories: BTreeMap::new(),
            currencies: Vec::new(),
            user_fields: BTreeMap::new(),
            comments: BTreeMap::new(),
            activities: BTreeMap::new(),
            product_rows: BTreeMap::new(),
            bin: BTreeMap::new(),
            schemas: Entity::ALL.map(Schema::standard),
            records: std::array::from_fn(|_| BTreeMap::new()),
            referrers: BTreeSet::new(),
            comments_of: BTreeSet::new(),
            rows_of: BTreeSet::new(),
            communications: HashMap::new(),
            origins: HashMap::new(),
            last_ids: BTreeMap::new(),
            pending: Vec::new(),
            caller: CallStamp::default(),
        };
        store.load()?;
        if store.users.is_empty() {
            seed::new_portal(&mut store, language);
            store.commit()?;
        }
        Ok(store)
    }

    fn load(&mut self) -> Result<(), StoreError> {
        for (key, value) in disk::rows(&self.connection, "meta")? {
            match key.strip_prefix("last:") {
                Some(counter) => {
                    self.last_ids.insert(counter.to_owned(), value.as_u64().unwrap_or_default());
                }
                None if key == "settings" => self.settings = serde_json::from_value(value)?,
                None => self.language = language_of(value.as_str().unwrap_or_default()).unwrap_or(self.language),
            }
        }
        self.users = self.load_table::<User>("user")?.into_iter().map(|row| (row.id, row)).collect();
        self.tokens = self.load_table::<Tokens>("token")?.into_iter().map(|row| (row.access.clone(), row)).collect();
        self.statuses = self.load_table::<Status>("status")?.into_iter().map(|row| (row.id, row)).collect();
        self.categories = self.load_table::<Category>("category")?.into_iter().map(|row| (row.id, row)).collect();
        self.currencies = self.load_table("currency")?;
        for field in self
            .load_table::<UserField>("userfield")?
            .into_iter()
            .map(|row| (row.id, row))
            .collect::<BTreeMap<_, _>>()
            .into_values()
        {
            self.learn(field);
        }
        for activity in self.load_table::<Activity>("activity")? {
            self.activities.insert(activity.id, activity);
        }
        for comment in self.load_table::<Comment>("comment")? {
            self.comments_of.insert((comment.entity, comment.owner, comment.id));
            self.comments.insert(comment.id, comment);
        }
        for row in self.load_table::<ProductRow>("productrow")? {
            self.rows_of.insert((row.entity, row.owner, row.id));
            self.product_rows.insert(row.id, row);
        }
        let mut records = Vec::new();
        let schemas = &self.schemas;
        disk::each_record(&self.connection, "record", |entity, id, body| {
            if let Some(entity) = Entity::of_type_id(entity) {
                records.push(Record::from_disk(&schemas[slot(entity)], entity, id, &body));
            }
        })?;
        for record in records {
            self.index(&record);
            self.records[slot(record.entity)].insert(record.id, record);
        }
        let mut bin = BTreeMap::new();
        disk::each_record(&self.connection, "bin", |entity, id, body| {
            if let Ok(binned) = serde_json::from_value(body) {
                bin.insert((entity, id), binned);
            }
        })?;
        self.bin = bin;
        Ok(())
    }

    fn load_table<Row: DeserializeOwned>(&self, table: &str) -> Result<Vec<Row>, StoreError> {
        disk::rows(&self.connection, table)?
            .into_iter()
            .map(|(_, body)| serde_json::from_value(body).map_err(StoreError::from))
            .collect()
    }

    /// Remembers who calls what, for stamps and ledger, until the next call.
    pub fn begin(&mut self, method: &str, user: u64, now: Timestamp) {
        self.caller = CallStamp { method: method.to_owned(), user, now: now.as_second() };
    }

    /// Writes everything that changed since the last commit, in one transaction.
    pub fn commit(&mut self) -> Result<(), StoreError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let pending = std::mem::take(&mut self.pending);
        disk::write(&mut self.connection, &pending)
    }

    /// The next id of a kind; ids are never given twice. Source: rest-crm 9.7.
    pub fn next_id(&mut self, kind: &str) -> u64 {
        let last = self.last_ids.entry(kind.to_owned()).or_default();
        *last += 1;
        let id = *last;
        self.pending.push(Write::Row { table: "meta", key: format!("last:{kind}"), body: Some(id.to_string()) });
        id
    }

    /// The next id of a record type.
    pub fn next_record_id(&mut self, entity: Entity) -> u64 {
        self.next_id(&format!("record:{}", entity.type_id()))
    }

    /// Sees to it that the next id of a kind is greater than this one.
    pub fn reserve_id(&mut self, kind: &str, id: u64) {
        if self.last_ids.get(kind).copied().unwrap_or_default() < id {
            self.last_ids.insert(kind.to_owned(), id);
            self.pending.push(Write::Row { table: "meta", key: format!("last:{kind}"), body: Some(id.to_string()) });
        }
    }

    /// Writes what the call did into the ledger.
    pub fn note(&mut self, entity: &str, entity_id: &impl std::fmt::Display, action: &str, payload: &Value) {
        let at = Timestamp::from_second(self.caller.now).unwrap_or(Timestamp::UNIX_EPOCH).to_string();
        self.pending.push(Write::Ledger(LedgerRow {
            seq: 0,
            at,
            user: self.caller.user,
            method: self.caller.method.clone(),
            entity: entity.to_owned(),
            entity_id: entity_id.to_string(),
            action: action.to_owned(),
            payload: payload.to_string(),
        }));
    }

    /// The ledger after an entry, at most so many rows of it.
    pub fn ledger(&self, since: i64, most: i64) -> Result<Vec<LedgerRow>, StoreError> {
        disk::ledger(&self.connection, since, most)
    }

    fn put_row(&mut self, table: &'static str, key: String, row: &impl serde::Serialize) {
        self.pending.push(Write::Row { table, key, body: Some(written(row)) });
    }

    fn drop_row(&mut self, table: &'static str, key: String) {
        self.pending.push(Write::Row { table, key, body: None });
    }
}

fn written(row: &impl serde::Serialize) -> String {
    serde_json::to_string(row).expect("rows hold only texts, numbers and maps with text keys, which always serialise")
}

/// The two letters of a language.
pub fn language_code(language: Language) -> &'static str {
    match language {
        Language::En => "en",
        Language::Es => "la",
        Language::Ru => "ru",
    }
}

fn language_of(code: &str) -> Option<Language> {
    [Language::En, Language::Es, Language::Ru].into_iter().find(|language| language_code(*language) == code)
}
