//! Deleting the personal data that a plan directory or a snapshot holds: the files that this program makes, by their names, and no
//! others. The files that the plan was made from are not in it.

use std::fs::{self, FileType};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::Value as Json;

use super::apply::has_begun;
use crate::apply::{Journal, JournalError, Lock, LockError, progress};
use crate::model::EntityType;
use crate::plan::{DirError, Leftover, Plan, check_place, dir, leftovers};
use crate::snapshot;

/// What a person asks of `purge`.
#[derive(Debug, Clone, Copy)]
pub struct PurgeRequest {
    /// `--unfinished-ok`: a plan that isn't complete, too.
    pub unfinished_ok: bool,
    /// `--all`: the table of ids, too.
    pub all: bool,
    /// The moment that is told to who meets the lock.
    pub now: Timestamp,
}

/// What a directory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purgeable {
    /// A plan directory.
    Plan,
    /// A snapshot.
    Snapshot,
}

/// Why nothing is deleted, or not all.
#[derive(Debug, thiserror::Error)]
pub enum PurgeError {
    /// Neither a plan directory nor a snapshot.
    #[error("{} is neither a plan directory nor a snapshot of b24restore", .0.display())]
    NotOurs(PathBuf),
    /// A run is at work there.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The plan has been begun and isn't complete.
    #[error("the plan has {steps} steps that are pending or unclear")]
    Unfinished {
        /// How many steps are pending or unclear.
        steps: usize,
    },
    /// The plan can't be opened, so whether it is complete can't be told.
    #[error("whether the plan is complete can't be told: {0}")]
    DamagedPlan(#[source] DirError),
    /// The journal can't be believed, so whether the plan is complete can't be told.
    #[error("whether the plan is complete can't be told: {0}")]
    DamagedJournal(#[source] JournalError),
    /// The disk said no.
    #[error("cannot access {}: {source}", path.display())]
    Io {
        /// What was accessed.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl PurgeError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}

/// A directory that may be purged. As long as this value lives, no run begins there.
#[derive(Debug)]
pub struct Purge {
    /// What it is.
    pub kind: Purgeable,
    /// Where it is.
    pub dir: PathBuf,
    /// The files to delete, by their names below the directory, in the order in which they go.
    pub files: Vec<String>,
    /// How many bytes they hold.
    pub bytes: u64,
    /// What the directory holds besides: not made by this program, and left alone.
    pub strangers: Vec<String>,
    /// The restore files that the plan was made from, as the user gave them. They lie elsewhere.
    pub restore_files: Vec<String>,
    /// The table of ids without its titles; `None` where it goes, too, or isn't there.
    ids: Option<Vec<u8>>,
    /// Directories beside it in which a plan for this place was being written when its writer was killed. They go whole.
    pub leftovers: Vec<Leftover>,
    /// Directories of a plan that go when they are empty.
    below: Vec<String>,
    lock: Option<Lock>,
}

/// What was deleted.
#[derive(Debug)]
pub struct Purged {
    /// What there was.
    pub purge: Purge,
    /// The files that stay of what this program made.
    pub kept: Vec<String>,
    /// Whether nothing is left, so that the directory is gone.
    pub directory_removed: bool,
}

/// Files of the journal. They go first: a plan without a journal is one that nobody has begun, so a purge that was interrupted goes on.
const JOURNAL_FILES: [&str; 4] = [dir::JOURNAL, "journal.sqlite-wal", "journal.sqlite-shm", "journal.sqlite-journal"];
/// The columns of `ids.csv` that stay.
const ID_COLUMNS: [&str; 3] = ["entity", "original_id", "new_id"];

impl Purge {
    /// Looks at a directory: what would be deleted. Deletes nothing.
    ///
    /// # Errors
    ///
    /// The directory isn't one of this program's, a run is at work there, or a plan isn't complete.
    pub fn prepare(place: &Path, request: PurgeRequest) -> Result<Self, PurgeError> {
        let leftovers = leftovers(place);
        match kind_of(place) {
            Some(Purgeable::Snapshot) => snapshot_of(place),
            Some(Purgeable::Plan) => Ok(Self { leftovers, ..plan(place, request)? }),
            // A writer that was killed before there was a plan, or while its parts were moved here.
            None if !leftovers.is_empty() && !place.exists() => Ok(Self { leftovers, ..Self::new(Purgeable::Plan, place, None) }),
            None if !leftovers.is_empty() && check_place(place).is_ok() => Ok(Self { leftovers, ..plan(place, request)? }),
            None => Err(PurgeError::NotOurs(place.to_owned())),
        }
    }

    /// Deletes what it found, and tells it.
    ///
    /// # Errors
    ///
    /// The disk says no. What is gone is gone, and the same command goes on with the rest.
    pub fn carry_out(mut self) -> Result<Purged, PurgeError> {
        for left in &self.leftovers {
            left.remove().map_err(PurgeError::io(&left.path))?;
        }
        let mut kept = Vec::new();
        // First what must not get lost on the way.
        if let Some(ids) = &self.ids {
            let path = self.dir.join(dir::IDS);
            replace(&path, ids).map_err(PurgeError::io(&path))?;
            kept.push(dir::IDS.to_owned());
        }
        for name in &self.files {
            let path = self.dir.join(name);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(PurgeError::io(&path)(error)),
                _ => {}
            }
        }
        for name in &self.below {
            // One that holds something else stays: the system refuses.
            let _ = fs::remove_dir(self.dir.join(name));
        }
        // Windows keeps a directory for as long as a file in it is open.
        drop(self.lock.take());
        let _ = fs::remove_dir(&self.dir);
        let directory_removed = !self.dir.exists();
        Ok(Purged { purge: self, kept, directory_removed })
    }

    fn new(kind: Purgeable, place: &Path, lock: Option<Lock>) -> Self {
        Self {
            kind,
            dir: place.to_owned(),
            files: Vec::new(),
            bytes: 0,
            strangers: Vec::new(),
            restore_files: Vec::new(),
            ids: None,
            leftovers: Vec::new(),
            below: Vec::new(),
            lock,
        }
    }

    fn take(&mut self, name: String, size: u64) {
        self.files.push(name);
        self.bytes += size;
    }
}

fn kind_of(place: &Path) -> Option<Purgeable> {
    if snapshot::manifest(place).is_ok() {
        return Some(Purgeable::Snapshot);
    }
    // One that was altered since, or made by another version, is a plan all the same.
    let plan: Json = serde_json::from_slice(&fs::read(place.join(dir::PLAN)).ok()?).ok()?;
    let is_plan = ["format", "tool", "portal", "digest"].iter().all(|key| plan.get(key).is_some());
    is_plan.then_some(Purgeable::Plan)
}

fn plan(place: &Path, request: PurgeRequest) -> Result<Purge, PurgeError> {
    let lock = Lock::of_plan(place, request.now)?;
    if !request.unfinished_ok {
        check_finished(place)?;
    }
    let mut purge = Purge::new(Purgeable::Plan, place, Some(lock));
    for (name, kind, size) in entries(place)? {
        match name.as_str() {
            dir::IDS if kind.is_file() && request.all => purge.take(name, size),
            dir::IDS if kind.is_file() => match without_titles(&place.join(&name)) {
                Some(ids) => purge.ids = Some(ids),
                None => purge.strangers.push(name),
            },
            dir::REJECTED_DIR | dir::FAILED_DIR if kind.is_dir() => rows_below(&mut purge, name)?,
            _ if kind.is_file() && is_of_a_plan(&name) => purge.take(name, size),
            _ => purge.strangers.push(name),
        }
    }
    // `plan.json` says what the directory is, and the lock keeps it, until the rest is gone.
    let rank = |name: &String| match name.as_str() {
        name if JOURNAL_FILES.contains(&name) => JOURNAL_FILES.iter().position(|file| *file == name).unwrap_or_default(),
        dir::PLAN => 20,
        dir::LOCK => 21,
        _ => 10,
    };
    purge.files.sort_by_key(rank);
    purge.restore_files = restore_files(place);
    Ok(purge)
}

fn snapshot_of(place: &Path) -> Result<Purge, PurgeError> {
    let mut purge = Purge::new(Purgeable::Snapshot, place, None);
    let own = snapshot::manifest(place).map(|manifest| manifest.files).unwrap_or_default();
    for (name, kind, size) in entries(place)? {
        if kind.is_file() && (name == snapshot::MANIFEST || own.iter().any(|file| file.name == name)) {
            purge.take(name, size);
        } else {
            purge.strangers.push(name);
        }
    }
    purge.files.sort_by_key(|name| name == snapshot::MANIFEST);
    Ok(purge)
}

/// A plan that was never begun is a dry run, and one that is complete has done its work; anything else may have sent what it doesn't
/// know the outcome of.
fn check_finished(place: &Path) -> Result<(), PurgeError> {
    let journal = place.join(dir::JOURNAL);
    if !journal.exists() {
        return Ok(());
    }
    let plan = Plan::open(place).map_err(PurgeError::DamagedPlan)?;
    let actions = plan.actions().map_err(PurgeError::DamagedPlan)?;
    let Some(steps) = Journal::read(&journal, &plan.digest).map_err(PurgeError::DamagedJournal)? else { return Ok(()) };
    if !has_begun(&steps) || progress(&actions, Some(&steps)).complete {
        return Ok(());
    }
    Err(PurgeError::Unfinished { steps: steps.iter().filter(|step| step.state.is_pending()).count() })
}

fn is_of_a_plan(name: &str) -> bool {
    name == dir::FAILURES || JOURNAL_FILES.contains(&name) || dir::FILES.contains(&name)
}

/// The rows that were handed back: `ENTITY.csv`, `ENTITY-2.csv`.
fn rows_below(purge: &mut Purge, below: String) -> Result<(), PurgeError> {
    for (name, kind, size) in entries(&purge.dir.join(&below))? {
        let whole = format!("{below}/{name}");
        if kind.is_file() && is_of_rows(&name) { purge.take(whole, size) } else { purge.strangers.push(whole) }
    }
    purge.below.push(below);
    Ok(())
}

fn is_of_rows(name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".csv") else { return false };
    let entity = stem.rsplit_once('-').filter(|(_, part)| part.parse::<u32>().is_ok()).map_or(stem, |(entity, _)| entity);
    entity.parse::<EntityType>().is_ok()
}

/// The names in a directory with what they are; a link is a link, wherever it leads.
fn entries(place: &Path) -> Result<Vec<(String, FileType, u64)>, PurgeError> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(place).map_err(PurgeError::io(place))? {
        let entry = entry.map_err(PurgeError::io(place))?;
        let data = entry.metadata().map_err(PurgeError::io(&entry.path()))?;
        entries.push((entry.file_name().to_string_lossy().into_owned(), data.file_type(), data.len()));
    }
    entries.sort_by(|(one, ..), (other, ..)| one.cmp(other));
    Ok(entries)
}

/// The restore files, whatever else of the plan can't be believed.
fn restore_files(place: &Path) -> Vec<String> {
    let plan: Json = fs::read(place.join(dir::PLAN)).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
    let inputs = plan["inputs"].as_array().map(Vec::as_slice).unwrap_or_default();
    inputs.iter().filter_map(|input| input["path"].as_str()).map(str::to_owned).collect()
}

/// `ids.csv` without its titles, which name people; `None` where it isn't the table that this program writes.
fn without_titles(path: &Path) -> Option<Vec<u8>> {
    let mut rows = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_path(path).ok()?;
    let mut table = csv::Writer::from_writer(Vec::new());
    for (at, row) in rows.records().enumerate() {
        let row = row.ok()?;
        let ids: Vec<&str> = row.iter().take(ID_COLUMNS.len()).collect();
        if ids.len() < ID_COLUMNS.len() || (at == 0 && ids != ID_COLUMNS) {
            return None;
        }
        table.write_record(ids).ok()?;
    }
    table.into_inner().ok().filter(|table| !table.is_empty())
}

/// Puts another content in a file's place, whole or not at all.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let beside = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(beside)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::is_of_rows;

    #[test]
    fn rows_that_were_handed_back_are_known_by_their_record_type() {
        for own in ["lead.csv", "contact.csv", "deal-2.csv", "company-13.csv"] {
            assert!(is_of_rows(own), "{own}");
        }
        for other in ["leads.csv", "lead.csv.bak", "deal-mended.csv", "deal-2-3.csv", "lead", ".csv", "-2.csv"] {
            assert!(!is_of_rows(other), "{other}");
        }
    }
}
