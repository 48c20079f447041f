//! The file of `--only-ids`: which records of a plan are meant.
//!
//! It is `ids.csv`, or a part of it: a header that names `entity` and `original_id` or `new_id`. Without a header, each line is the type
//! and the original id (`deal,9`, `deal;9` or `deal:9`).

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};

use crate::apply::Step;
use crate::model::{EntityType, typed_text};
use crate::plan::{ActionKind, RecordRef};

/// Why a file of ids can't be used.
#[derive(Debug, thiserror::Error)]
pub enum OnlyIdsError {
    /// It can't be read.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// Its path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A line is neither a record type with an id nor blank.
    #[error("{}, line {line}: expected a record type and an id, such as deal,9; found {text:?}", path.display())]
    Line {
        /// Its path.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// A line names a record that this plan didn't create.
    #[error("{}, line {line}: {entity} {id} was not created by this plan", path.display())]
    Stranger {
        /// Its path.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// The record's type.
        entity: EntityType,
        /// The id that was named.
        id: u64,
    },
}

/// Reads a file of ids; every line must name a record of the plan.
pub(super) fn read(path: &Path, steps: &[Step]) -> Result<HashSet<RecordRef>, OnlyIdsError> {
    let read = std::fs::read(path).and_then(|bytes| typed_text(&bytes));
    let text = read.map_err(|source| OnlyIdsError::Io { path: path.to_owned(), source })?;
    parse(&text, path, steps)
}

fn parse(text: &str, path: &Path, steps: &[Step]) -> Result<HashSet<RecordRef>, OnlyIdsError> {
    let creates = || steps.iter().filter(|step| step.kind == ActionKind::Create);
    let known: HashSet<RecordRef> =
        creates().chain(steps.iter().filter(|step| step.kind != ActionKind::Mend)).map(Step::subject).collect();
    let by_new_id: HashMap<(EntityType, u64), RecordRef> =
        creates().filter_map(|step| Some(((step.entity, step.portal_id?.0), step.subject()))).collect();
    let mut columns = Columns { entity: 0, id: 1, is_new: false };
    let mut named = HashSet::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let cells: Vec<&str> = line.split([',', ';', '\t', ':']).map(|cell| cell.trim().trim_matches('"')).collect();
        if let Some(header) = Columns::of_header(&cells).filter(|_| named.is_empty()) {
            columns = header;
            continue;
        }
        let entity = cells.get(columns.entity).and_then(|cell| cell.to_lowercase().parse::<EntityType>().ok());
        let id = cells.get(columns.id).and_then(|cell| cell.parse::<u64>().ok());
        let Some((entity, id)) = entity.zip(id) else {
            return Err(OnlyIdsError::Line { path: path.to_owned(), line: at + 1, text: line.chars().take(80).collect() });
        };
        let original = RecordRef { entity, original_id: id };
        let found =
            if columns.is_new { by_new_id.get(&(entity, id)).copied() } else { Some(original).filter(|it| known.contains(it)) };
        named.insert(found.ok_or_else(|| OnlyIdsError::Stranger { path: path.to_owned(), line: at + 1, entity, id })?);
    }
    Ok(named)
}

/// Where type and id stand.
#[derive(Debug, Clone, Copy)]
struct Columns {
    entity: usize,
    id: usize,
    is_new: bool,
}

impl Columns {
    /// The columns of a header; `original_id` goes before `new_id` where a file has both.
    fn of_header(cells: &[&str]) -> Option<Self> {
        let at = |name: &str| cells.iter().position(|cell| cell.eq_ignore_ascii_case(name));
        let entity = at("entity")?;
        match (at("original_id").or_else(|| at("id")), at("new_id")) {
            (Some(id), _) => Some(Self { entity, id, is_new: false }),
            (None, Some(id)) => Some(Self { entity, id, is_new: true }),
            (None, None) => None,
        }
    }
}
