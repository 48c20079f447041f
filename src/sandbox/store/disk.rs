//! The `SQLite` file under a portal: its tables, its loading, and one transaction for each call that changes something.

use std::path::Path;

use rusqlite::{Connection, params};
use serde_json::Value;

/// The state could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The directory could not be made.
    #[error("cannot make the directory {}", path.display())]
    Directory {
        /// The directory.
        path: std::path::PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// `SQLite` refused.
    #[error("cannot use portal.sqlite")]
    Sqlite(#[from] rusqlite::Error),
    /// A row isn't what this program writes.
    #[error("portal.sqlite holds a row that can't be read")]
    Row(#[from] serde_json::Error),
    /// The zone isn't in the time zone database.
    #[error("unknown time zone {0}")]
    Zone(String),
}

/// One change that waits for the next commit.
#[derive(Debug)]
pub enum Write {
    /// A row of a table that is keyed by one value; `None` deletes it.
    Row {
        /// The table's name.
        table: &'static str,
        /// The key, as text.
        key: String,
        /// The row.
        body: Option<String>,
    },
    /// A row of `record` or `bin`; `None` deletes it.
    Record {
        /// The table's name.
        table: &'static str,
        /// The entityTypeId.
        entity: i64,
        /// The record's id.
        id: u64,
        /// The row.
        body: Option<String>,
    },
    /// An entry of the ledger.
    Ledger(LedgerRow),
}

/// What one changing call did to one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    /// The place in the ledger, from 1; given by `SQLite`.
    pub seq: i64,
    /// When, in UTC.
    pub at: String,
    /// Who called.
    pub user: u64,
    /// The REST method.
    pub method: String,
    /// `LEAD`, `DEAL`, `CONTACT`, `COMPANY`, or what else was changed: `STATUS`, `COMMENT`.
    pub entity: String,
    /// Its id.
    pub entity_id: String,
    /// `create`, `update`, `delete`, `recover`; `link` and `unlink` for a record whose links another's change moved; `productrows`;
    /// `convert` for a lead that became a deal.
    pub action: String,
    /// JSON: the state after the change as it was applied; before it, where it was deleted. For records as in table `record`.
    pub payload: String,
}

/// The tables that are keyed by one value; each is `(key, body)` with a JSON body.
pub const TABLES: [&str; 10] =
    ["meta", "token", "user", "status", "category", "currency", "userfield", "comment", "activity", "productrow"];

/// Opens the file, and makes the tables if it is new. Only the death of the process has to be survived, so WAL with
/// `synchronous = NORMAL` is enough.
pub fn open(dir: &Path) -> Result<Connection, StoreError> {
    std::fs::create_dir_all(dir).map_err(|source| StoreError::Directory { path: dir.to_owned(), source })?;
    let connection = Connection::open(dir.join("portal.sqlite"))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    for table in TABLES {
        connection.execute_batch(&format!(
            "CREATE TABLE IF NOT EXISTS {table} (key TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID"
        ))?;
    }
    for table in ["record", "bin"] {
        connection.execute_batch(&format!(
            "CREATE TABLE IF NOT EXISTS {table} (entity INTEGER NOT NULL, id INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (entity, id))"
        ))?;
    }
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS ledger (seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, user INTEGER NOT NULL, method TEXT NOT NULL,
           entity TEXT NOT NULL, entity_id TEXT NOT NULL, action TEXT NOT NULL, payload TEXT NOT NULL)",
    )?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Writes all changes in one transaction.
pub fn write(connection: &mut Connection, writes: &[Write]) -> Result<(), StoreError> {
    let transaction = connection.transaction()?;
    for write in writes {
        match write {
            Write::Row { table, key, body: Some(body) } => {
                transaction
                    .prepare_cached(&format!("INSERT OR REPLACE INTO {table} (key, body) VALUES (?, ?)"))?
                    .execute(params![key, body])?;
            }
            Write::Row { table, key, body: None } => {
                transaction.prepare_cached(&format!("DELETE FROM {table} WHERE key = ?"))?.execute(params![key])?;
            }
            Write::Record { table, entity, id, body: Some(body) } => {
                transaction
                    .prepare_cached(&format!("INSERT OR REPLACE INTO {table} (entity, id, body) VALUES (?, ?, ?)"))?
                    .execute(params![entity, id.cast_signed(), body])?;
            }
            Write::Record { table, entity, id, body: None } => {
                transaction
                    .prepare_cached(&format!("DELETE FROM {table} WHERE entity = ? AND id = ?"))?
                    .execute(params![entity, id.cast_signed()])?;
            }
            Write::Ledger(row) => {
                transaction
                    .prepare_cached(
                        "INSERT INTO ledger (at, user, method, entity, entity_id, action, payload) VALUES (?, ?, ?, ?, ?, ?, ?)",
                    )?
                    .execute(params![
                        row.at,
                        row.user.cast_signed(),
                        row.method,
                        row.entity,
                        row.entity_id,
                        row.action,
                        row.payload
                    ])?;
            }
        }
    }
    transaction.commit()?;
    Ok(())
}

/// The rows of a table keyed by one value.
pub fn rows(connection: &Connection, table: &str) -> Result<Vec<(String, Value)>, StoreError> {
    let mut statement = connection.prepare(&format!("SELECT key, body FROM {table} ORDER BY key"))?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    rows.map(|row| row.map_err(StoreError::from).and_then(|(key, body)| Ok((key, serde_json::from_str(&body)?)))).collect()
}

/// Hands each row of `record` or `bin` over, in the order of ids.
pub fn each_record(connection: &Connection, table: &str, mut take: impl FnMut(i64, u64, Value)) -> Result<(), StoreError> {
    let mut statement = connection.prepare(&format!("SELECT entity, id, body FROM {table} ORDER BY entity, id"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let body: String = row.get(2)?;
        take(row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned(), serde_json::from_str(&body)?);
    }
    Ok(())
}

/// The ledger after an entry, in its order.
pub fn ledger(connection: &Connection, since: i64, most: i64) -> Result<Vec<LedgerRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, at, user, method, entity, entity_id, action, payload FROM ledger WHERE seq > ? ORDER BY seq LIMIT ?",
    )?;
    let rows = statement.query_map(params![since, most], |row| {
        Ok(LedgerRow {
            seq: row.get(0)?,
            at: row.get(1)?,
            user: row.get::<_, i64>(2)?.cast_unsigned(),
            method: row.get(3)?,
            entity: row.get(4)?,
            entity_id: row.get(5)?,
            action: row.get(6)?,
            payload: row.get(7)?,
        })
    })?;
    rows.map(|row| row.map_err(StoreError::from)).collect()
}
