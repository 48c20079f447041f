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
//! | `meta` | `key` | `settings`, `language`, and the last id given out of each kind (`last:record:1`) |
//! | `ledger` | `seq` | no body: `at`, `user`, `method`, `entity`, `entity_id`, `action`, `payload` (the state as applied) |
//!
//! CODE is the `upperName` of the universal family: `CREATED_TIME`, `STAGE_ID`, `UF_CRM_RFC`. Empty values aren't stored. Instants are UTC.

pub mod bin;
pub mod disk;
pub mod fields;
pub mod filter;
pub mod links;
pub mod normal;
pub mod record;
pub mod rows;
pub mod save;
pub mod schema;
pub mod seed;
pub mod simple;
pub mod value;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::RangeBounds;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::Connection;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use disk::StoreError;
use disk::{LedgerRow, Write};
use record::{Entity, Record};
use rows::{Binned, Category, Comment, Currency, ProductRow, Settings, Status, User, UserField};
use schema::{Custom, Field, Mark, Schema};

use super::Language;

/// The whole state of one portal.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    zone: TimeZone,
    language: Language,
    settings: Settings,
    users: BTreeMap<u64, User>,
    statuses: BTreeMap<u64, Status>,
    categories: BTreeMap<u64, Category>,
    currencies: Vec<Currency>,
    user_fields: BTreeMap<u64, UserField>,
    comments: BTreeMap<u64, Comment>,
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
            statuses: BTreeMap::new(),
            categories: BTreeMap::new(),
            currencies: Vec::new(),
            user_fields: BTreeMap::new(),
            comments: BTreeMap::new(),
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

    /// The server's zone.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The language the portal was made in.
    pub fn language(&self) -> Language {
        self.language
    }

    /// Its two letters, as in language maps.
    pub fn language_code(&self) -> &'static str {
        language_code(self.language)
    }

    /// The portal's switches.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Changes the portal's switches.
    pub fn set_settings(&mut self, settings: Settings) {
        self.put_row("meta", "settings".to_owned(), &settings);
        self.settings = settings;
    }

    /// The user who calls.
    pub fn caller(&self) -> u64 {
        self.caller.user
    }

    /// The wall clock at the start of the call, in seconds.
    pub fn now(&self) -> i64 {
        self.caller.now
    }

    /// Whether the caller is an administrator of the portal.
    pub fn caller_is_admin(&self) -> bool {
        self.users.get(&self.caller.user).is_some_and(|user| user.admin)
    }

    /// A user, dismissed ones too. The door compares the secret of a webhook's address with [`User::secret`].
    pub fn user(&self, id: u64) -> Option<&User> {
        self.users.get(&id)
    }

    /// All users by id.
    pub fn users(&self) -> impl Iterator<Item = &User> {
        self.users.values()
    }

    /// Adds or replaces a user.
    pub fn put_user(&mut self, user: User) {
        self.put_row("user", user.id.to_string(), &user);
        self.users.insert(user.id, user);
    }

    /// All directory values by id.
    pub fn statuses(&self) -> impl Iterator<Item = &Status> {
        self.statuses.values()
    }

    /// The values of a directory in its order.
    pub fn directory(&self, entity_id: &str) -> Vec<&Status> {
        let mut rows: Vec<_> = self.statuses.values().filter(|status| status.entity_id == entity_id).collect();
        rows.sort_by_key(|status| (status.sort, status.id));
        rows
    }

    /// One value of a directory.
    pub fn status(&self, entity_id: &str, status_id: &str) -> Option<&Status> {
        self.statuses.values().find(|status| status.entity_id == entity_id && status.status_id == status_id)
    }

    /// Adds or replaces a value of a directory.
    pub fn put_status(&mut self, status: Status) {
        self.put_row("status", status.id.to_string(), &status);
        self.statuses.insert(status.id, status);
    }

    /// The pipelines in their order.
    pub fn categories(&self) -> Vec<&Category> {
        let mut rows: Vec<_> = self.categories.values().collect();
        rows.sort_by_key(|category| (category.sort, category.id));
        rows
    }

    /// A pipeline.
    pub fn category(&self, id: u64) -> Option<&Category> {
        self.categories.get(&id)
    }

    /// Adds or replaces a pipeline.
    pub fn put_category(&mut self, category: Category) {
        self.put_row("category", category.id.to_string(), &category);
        self.categories.insert(category.id, category);
    }

    /// The currencies in their order.
    pub fn currencies(&self) -> Vec<&Currency> {
        let mut rows: Vec<_> = self.currencies.iter().collect();
        rows.sort_by_key(|currency| currency.sort);
        rows
    }

    /// The code of the base currency.
    pub fn base_currency(&self) -> &str {
        self.currencies.iter().find(|currency| currency.base).map_or("USD", |currency| &currency.code)
    }

    /// Adds or replaces a currency.
    pub fn put_currency(&mut self, currency: Currency) {
        self.put_row("currency", currency.code.clone(), &currency);
        self.currencies.retain(|known| known.code != currency.code);
        self.currencies.push(currency);
    }

    /// The custom fields of a record type by id.
    pub fn user_fields(&self, entity: Entity) -> impl Iterator<Item = &UserField> {
        self.user_fields.values().filter(move |field| field.entity == entity.type_id())
    }

    /// The custom field with this code.
    pub fn user_field(&self, entity: Entity, code: &str) -> Option<&UserField> {
        self.user_fields(entity).find(|field| field.name == code)
    }

    /// Adds a custom field to a record type.
    pub fn put_user_field(&mut self, field: UserField) {
        self.put_row("userfield", field.id.to_string(), &field);
        self.learn(field);
    }

    fn learn(&mut self, field: UserField) {
        let precision = field.settings.get("PRECISION").and_then(Value::as_u64).unwrap_or(2) as u8;
        if let (Some(entity), Some(custom)) = (Entity::of_type_id(field.entity), Custom::of_type_id(&field.type_id, precision)) {
            let mut known = Field::custom(&field.name, custom);
            if field.multiple {
                known = known.mark(Mark::Multiple);
            }
            self.schemas[slot(entity)].add(known);
        }
        self.user_fields.insert(field.id, field);
    }

    /// The fields of a record type.
    pub fn schema(&self, entity: Entity) -> &Schema {
        &self.schemas[slot(entity)]
    }

    /// A record.
    pub fn record(&self, entity: Entity, id: u64) -> Option<&Record> {
        self.records[slot(entity)].get(&id)
    }

    /// The records of a type within a range of ids, by id.
    pub fn records(&self, entity: Entity, ids: impl RangeBounds<u64>) -> impl DoubleEndedIterator<Item = &Record> {
        self.records[slot(entity)].range(ids).map(|(_, record)| record)
    }

    /// The record of a type that has the greatest id.
    pub fn newest(&self, entity: Entity) -> Option<&Record> {
        self.records[slot(entity)].last_key_value().map(|(_, record)| record)
    }

    /// Stores a record's new state.
    pub fn put_record(&mut self, mut record: Record) {
        record.shrink();
        let (entity, id) = (record.entity, record.id);
        self.pending.push(Write::Record {
            table: "record",
            entity: entity.type_id(),
            id,
            body: Some(record.to_disk().to_string()),
        });
        if let Some(old) = self.records[slot(entity)].remove(&id) {
            self.unindex(&old);
        }
        self.index(&record);
        self.records[slot(entity)].insert(id, record);
    }

    /// Takes a record out.
    pub fn take_record(&mut self, entity: Entity, id: u64) -> Option<Record> {
        let record = self.records[slot(entity)].remove(&id)?;
        self.unindex(&record);
        self.pending.push(Write::Record { table: "record", entity: entity.type_id(), id, body: None });
        Some(record)
    }

    fn index(&mut self, record: &Record) {
        for (target, id) in record.references() {
            self.referrers.insert((target, id, record.entity, record.id));
        }
        let place = (record.entity, record.id);
        for key in normal::communications(record) {
            insert_sorted(self.communications.entry(key).or_default(), place);
        }
        if let Some(origin) = origin_of(record) {
            insert_sorted(self.origins.entry(origin).or_default(), place);
        }
    }

    fn unindex(&mut self, record: &Record) {
        for (target, id) in record.references() {
            self.referrers.remove(&(target, id, record.entity, record.id));
        }
        let place = (record.entity, record.id);
        for key in normal::communications(record) {
            remove_from(&mut self.communications, &key, place);
        }
        if let Some(origin) = origin_of(record) {
            remove_from(&mut self.origins, &origin, place);
        }
    }

    /// The records that point at a record, by type and id.
    pub fn referrers(&self, target: Entity, id: u64) -> Vec<(Entity, u64)> {
        self.referrers
            .range((target, id, Entity::Lead, 0)..=(target, id, Entity::Company, u64::MAX))
            .map(|row| (row.2, row.3))
            .collect()
    }

    /// The records of one type that point at a record, by id.
    pub fn referrers_of_type(&self, target: Entity, id: u64, owner: Entity) -> impl Iterator<Item = u64> {
        self.referrers.range((target, id, owner, 0)..=(target, id, owner, u64::MAX)).map(|row| row.3)
    }

    /// The records that have a phone or an e-mail, given normalised.
    pub fn holders(&self, kind: &'static str, value: String) -> impl Iterator<Item = (Entity, u64)> {
        self.communications.get(&(kind, value)).into_iter().flatten().copied()
    }

    /// The ids of the records of a type that carry an `ORIGIN_ID`, in either case.
    pub fn with_origin(&self, entity: Entity, origin: &str) -> impl Iterator<Item = u64> {
        let holders = self.origins.get(&origin.to_lowercase());
        holders.into_iter().flatten().filter(move |(kind, _)| *kind == entity).map(|(_, id)| *id)
    }

    /// The comments on a record, by id.
    pub fn comments(&self, entity: Entity, owner: u64) -> impl DoubleEndedIterator<Item = &Comment> {
        let keys = self.comments_of.range((entity.type_id(), owner, 0)..=(entity.type_id(), owner, u64::MAX));
        keys.filter_map(|key| self.comments.get(&key.2))
    }

    /// Adds a comment.
    pub fn put_comment(&mut self, comment: Comment) {
        self.put_row("comment", comment.id.to_string(), &comment);
        self.comments_of.insert((comment.entity, comment.owner, comment.id));
        self.comments.insert(comment.id, comment);
    }

    /// Takes all comments off a record.
    pub fn take_comments(&mut self, entity: Entity, owner: u64) -> Vec<Comment> {
        let taken: Vec<Comment> = self.comments(entity, owner).cloned().collect();
        for comment in &taken {
            self.comments.remove(&comment.id);
            self.comments_of.remove(&(comment.entity, comment.owner, comment.id));
            self.drop_row("comment", comment.id.to_string());
        }
        taken
    }

    /// The product rows of a record by id.
    pub fn product_rows(&self, entity: Entity, owner: u64) -> impl Iterator<Item = &ProductRow> {
        let keys = self.rows_of.range((entity.type_id(), owner, 0)..=(entity.type_id(), owner, u64::MAX));
        keys.filter_map(|key| self.product_rows.get(&key.2))
    }

    /// Adds a product row.
    pub fn put_product_row(&mut self, row: ProductRow) {
        self.put_row("productrow", row.id.to_string(), &row);
        self.rows_of.insert((row.entity, row.owner, row.id));
        self.product_rows.insert(row.id, row);
    }

    /// Takes all product rows off a record.
    pub fn take_product_rows(&mut self, entity: Entity, owner: u64) -> Vec<ProductRow> {
        let taken: Vec<ProductRow> = self.product_rows(entity, owner).cloned().collect();
        for row in &taken {
            self.product_rows.remove(&row.id);
            self.rows_of.remove(&(row.entity, row.owner, row.id));
            self.drop_row("productrow", row.id.to_string());
        }
        taken
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

fn origin_of(record: &Record) -> Option<String> {
    Some(record.text("ORIGIN_ID")).filter(|origin| !origin.is_empty()).map(str::to_lowercase)
}

fn insert_sorted(places: &mut Vec<(Entity, u64)>, place: (Entity, u64)) {
    if let Err(at) = places.binary_search(&place) {
        places.insert(at, place);
    }
}

fn remove_from<Key: std::hash::Hash + Eq>(index: &mut HashMap<Key, Vec<(Entity, u64)>>, key: &Key, place: (Entity, u64)) {
    let Some(places) = index.get_mut(key) else { return };
    places.retain(|known| *known != place);
    if places.is_empty() {
        index.remove(key);
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
