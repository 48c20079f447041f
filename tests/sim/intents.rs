//! Whatever arrives to create something must be on the disk as intended; no commit that comes later makes that good.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension};

/// What is wrong with a request that creates records of these sources (`deal:12`), as the journal on the disk stands when it arrives.
pub fn not_intended(journal: &Path, sources: &[String]) -> Vec<String> {
    if sources.is_empty() {
        return Vec::new();
    }
    let db = Connection::open_with_flags(journal, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("a journal");
    let mut select = db
        .prepare("SELECT state FROM steps WHERE kind = 'create' AND entity = ?1 AND original_id = ?2")
        .expect("the table of steps");
    let mut wrong = Vec::new();
    for mark in sources {
        let source = mark.split(['/', '@']).next().unwrap_or_default();
        let Some((entity, id)) = source.split_once(':') else {
            wrong.push(format!("{mark} is the key of no source record"));
            continue;
        };
        let state: Option<String> = select.query_row((entity, id), |row| row.get(0)).optional().expect("a row");
        if state.as_deref() != Some("intent") {
            let state = state.unwrap_or_default();
            wrong.push(format!("{mark} was sent while the journal on the disk said {state:?}"));
        }
    }
    wrong
}
