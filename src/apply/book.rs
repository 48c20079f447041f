//! The journal's file: opened, made, brought up to the format of today, read and written row by row.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use crate::model::{OriginalId, PortalId};
use crate::plan::{Action, ActionKind};

use super::journal::{JournalError, Step};
use super::step::{How, State};

/// SQLite's `application_id` of a journal: "b24r".
const APPLICATION_ID: i32 = 0x6232_3472;
/// The format of today. Format 1 had no digest of what was sent.
const FORMAT: i32 = 2;

/// Opens the file for writing, and says whether it has a write-ahead log.
pub(super) fn open(path: &Path) -> Result<(Connection, bool), JournalError> {
    with_the_safest_log(Connection::open(path)?)
}

fn with_the_safest_log(db: Connection) -> Result<(Connection, bool), JournalError> {
    // The answer is the mode that came of it. Shared memory, which a write-ahead log needs, is not to be had on a network file system.
    // A file that is no database fails the next one, too.
    let mode = db.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0));
    let is_wal = mode.is_ok_and(|mode| mode == "wal");
    if is_wal {
        db.pragma_update(None, "synchronous", "FULL")?;
    } else {
        db.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
        // The directory too: a deleted rollback journal that comes back after a power cut would undo the last commit.
        db.pragma_update(None, "synchronous", "EXTRA")?;
    }
    Ok((db, is_wal))
}

/// Makes the tables of a new journal; checks an old one and brings it up to today's format.
pub(super) fn prepare(
    db: &mut Connection,
    plan: &str,
    portal: &str,
    actions: &[Action],
    now: Timestamp,
) -> Result<(), JournalError> {
    match format(db)? {
        0 => return create(db, plan, portal, actions, now),
        1 | FORMAT => {}
        other => return Err(unknown_format(other)),
    }
    let said: String = db.query_row("PRAGMA quick_check", [], |row| row.get(0))?;
    if said != "ok" {
        return Err(JournalError::Damaged(said));
    }
    if format(db)? < FORMAT {
        let transaction = db.transaction()?;
        transaction.execute_batch(
            "ALTER TABLE steps ADD COLUMN payload TEXT NOT NULL DEFAULT '';
             ALTER TABLE steps ADD COLUMN ahead INTEGER;",
        )?;
        transaction.pragma_update(None, "user_version", FORMAT)?;
        transaction.commit()?;
    }
    Ok(())
}

fn format(db: &Connection) -> Result<i32, JournalError> {
    Ok(db.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

fn unknown_format(format: i32) -> JournalError {
    JournalError::Damaged(format!(
        "it has format {format}, which a newer version of b24restore writes; this one knows 1 to {FORMAT}"
    ))
}

/// A value of `meta`.
pub(super) fn meta(db: &Connection, key: &str) -> Result<Option<String>, JournalError> {
    Ok(db.query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0)).optional()?)
}

fn create(db: &mut Connection, plan: &str, portal: &str, actions: &[Action], now: Timestamp) -> Result<(), JournalError> {
    let transaction = db.transaction()?;
    transaction.execute_batch(
        "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
         CREATE TABLE steps(
             seq INTEGER PRIMARY KEY, entity TEXT NOT NULL, original_id INTEGER NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL,
             how TEXT NOT NULL DEFAULT '', portal_id INTEGER, attempts INTEGER NOT NULL DEFAULT 0, sent_at TEXT,
             without_dates INTEGER NOT NULL DEFAULT 0, unlinked INTEGER NOT NULL DEFAULT 0, code TEXT NOT NULL DEFAULT '', message TEXT NOT NULL DEFAULT '', baseline TEXT,
             payload TEXT NOT NULL DEFAULT '', ahead INTEGER,
             UNIQUE(entity, original_id, kind)) STRICT;
         CREATE TABLE log(
             seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, step INTEGER NOT NULL, from_state TEXT NOT NULL,
             to_state TEXT NOT NULL, detail TEXT NOT NULL, hash TEXT NOT NULL) STRICT;",
    )?;
    let begun_at = now.to_string();
    for (key, value) in [("plan", plan), ("portal", portal), ("begun_at", begun_at.as_str())] {
        transaction.execute("INSERT INTO meta(key, value) VALUES (?1, ?2)", params![key, value])?;
    }
    {
        let mut insert =
            transaction.prepare("INSERT INTO steps(seq, entity, original_id, kind, state) VALUES (?1, ?2, ?3, ?4, 'planned')")?;
        for (seq, action) in actions.iter().enumerate() {
            insert.execute(params![seq as i64, action.entity.code(), action.original_id.0 as i64, action.action.code()])?;
        }
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", FORMAT)?;
    transaction.commit()?;
    Ok(())
}

/// All steps in their order. Reads a journal of an older format as it is.
pub(super) fn load(db: &Connection) -> Result<Vec<Step>, JournalError> {
    let since = match format(db)? {
        1 => "'', NULL",
        FORMAT => "payload, ahead",
        other => return Err(unknown_format(other)),
    };
    let mut select = db.prepare(&format!(
        "SELECT seq, entity, original_id, kind, state, how, portal_id, attempts, sent_at, without_dates, code, message, baseline, unlinked, {since}
         FROM steps ORDER BY seq",
    ))?;
    let mut rows = select.query([])?;
    let mut steps = Vec::new();
    while let Some(row) = rows.next()? {
        steps.push(step_of(row)?);
    }
    Ok(steps)
}

fn step_of(row: &rusqlite::Row<'_>) -> Result<Step, JournalError> {
    let damaged = |what: &str| JournalError::Damaged(format!("unknown {what}"));
    let kinds = [ActionKind::Create, ActionKind::Mend, ActionKind::Restore, ActionKind::Relink];
    let (entity, kind, state, how): (String, String, String, String) = (row.get(1)?, row.get(3)?, row.get(4)?, row.get(5)?);
    let sent_at: Option<String> = row.get(8)?;
    Ok(Step {
        seq: row.get::<_, i64>(0)? as usize,
        entity: entity.parse().map_err(|_| damaged("record type"))?,
        original_id: OriginalId(row.get::<_, i64>(2)? as u64),
        kind: kinds.into_iter().find(|known| known.code() == kind).ok_or_else(|| damaged("action"))?,
        state: State::from_code(&state).ok_or_else(|| damaged("state"))?,
        how: How::from_code(&how),
        portal_id: row.get::<_, Option<i64>>(6)?.map(|id| PortalId(id as u64)),
        attempts: row.get(7)?,
        cycles: 0,
        sent_at: sent_at.and_then(|text| text.parse().ok()),
        without_dates: row.get::<_, i64>(9)? != 0,
        code: row.get(10)?,
        message: row.get(11)?,
        baseline: row.get(12)?,
        unlinked: row.get::<_, i64>(13)? != 0,
        payload: row.get(14)?,
        ahead: row.get::<_, Option<i64>>(15)?.map(SignedDuration::from_millis),
    })
}

/// Writes a step's row anew, but for what only its own methods set.
pub(super) fn update(db: &Connection, step: &Step) -> Result<(), JournalError> {
    db.prepare_cached(
        "UPDATE steps SET state = ?2, how = ?3, portal_id = ?4, attempts = ?5, sent_at = ?6, without_dates = ?7, code = ?8, message = ?9, unlinked = ?10, payload = ?11, ahead = ?12
         WHERE seq = ?1",
    )?
    .execute(params![
        step.seq as i64,
        step.state.code(),
        step.how.code(),
        step.portal_id.map(|id| id.0 as i64),
        step.attempts,
        step.sent_at.map(|at| at.to_string()),
        i64::from(step.without_dates),
        step.code,
        step.message,
        i64::from(step.unlinked),
        step.payload,
        step.ahead.map(|ahead| ahead.as_millis() as i64),
    ])?;
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use rusqlite::OpenFlags;

    use super::*;

    /// What a network file system is to `SQLite`: a place without shared memory. Its lock by a file beside is one.
    #[test]
    fn a_place_that_has_no_room_for_a_write_ahead_log_gets_a_journal_that_syncs_all_the_same() {
        let dir = tempfile::tempdir().expect("a directory");
        let open = |name: &str, vfs: &str| {
            let db = Connection::open_with_flags_and_vfs(dir.path().join(name), OpenFlags::default(), vfs).expect("a file");
            let (db, is_wal) = with_the_safest_log(db).expect("a journal");
            let synchronous: i32 = db.query_row("PRAGMA synchronous", [], |row| row.get(0)).expect("a mode");
            (is_wal, synchronous)
        };
        let (full, extra) = (2, 3);
        assert_eq!(open("here.sqlite", "unix"), (true, full));
        assert_eq!(open("there.sqlite", "unix-dotfile"), (false, extra));
    }
}
