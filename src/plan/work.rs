//! The directory in which a plan is written before it is moved to its place, and what is left of one whose writer was killed.
//!
//! It stands beside the place under a name of chance, and holds the customers' data. A file in it says whose place it is, and is locked
//! for as long as its writer lives: who finds it unlocked knows that nobody will finish it.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// How the names of such directories begin.
const PREFIX: &str = ".b24restore-plan-";
/// The file that is locked, and holds the name of the plan directory.
pub(super) const HELD: &str = "writing";

/// A directory that is being written; gone when this is dropped.
#[derive(Debug)]
pub(super) struct Work {
    // Dropped first: Windows deletes no file that is open.
    _held: File,
    dir: tempfile::TempDir,
}

impl Work {
    /// Makes a directory beside a place.
    pub(super) fn begin(place: &Path) -> io::Result<Self> {
        let dir = tempfile::Builder::new().prefix(PREFIX).tempdir_in(beside(place))?;
        let mut held = File::create_new(dir.path().join(HELD))?;
        // Locked before it says anything: a file that says nothing is nobody's leftover. So it stays where a file system has no locks.
        if held.lock().is_ok() {
            held.write_all(name_of(place).as_encoded_bytes())?;
        }
        Ok(Self { _held: held, dir })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        self.dir.path()
    }
}

/// A directory whose writer was killed before the plan could be moved to its place.
#[derive(Debug)]
pub struct Leftover {
    /// Where it is.
    pub path: PathBuf,
}

impl Leftover {
    /// Deletes it with all that it holds.
    ///
    /// # Errors
    ///
    /// The disk says no; what is left is found again.
    pub fn remove(&self) -> io::Result<()> {
        // The file that says whose it is goes last: what an interrupted deletion leaves is still known.
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                fs::remove_dir_all(entry.path())?;
            } else if entry.file_name() != HELD {
                fs::remove_file(entry.path())?;
            }
        }
        fs::remove_dir_all(&self.path)
    }
}

/// What killed writers have left of plans for this place: directories of ours that say so, and that nobody is writing.
pub fn leftovers(place: &Path) -> Vec<Leftover> {
    let name = name_of(place);
    // What can't be looked at isn't known as ours.
    let Ok(entries) = fs::read_dir(beside(place)) else { return Vec::new() };
    let is_named = |name: OsString| name.to_str().is_some_and(|name| name.starts_with(PREFIX));
    let mut paths: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .filter(|entry| is_named(entry.file_name()) && entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .filter(|path| !name.is_empty() && is_left_of(path, &name))
        .collect();
    paths.sort();
    paths.into_iter().map(|path| Leftover { path }).collect()
}

fn is_left_of(dir: &Path, place: &OsString) -> bool {
    let Ok(mut file) = OpenOptions::new().read(true).write(true).open(dir.join(HELD)) else { return false };
    let mut name = Vec::new();
    file.try_lock().is_ok() && file.read_to_end(&mut name).is_ok() && name == place.as_encoded_bytes()
}

/// The directory in which a place lies.
pub(super) fn beside(place: &Path) -> PathBuf {
    match place.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn name_of(place: &Path) -> OsString {
    place.file_name().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a killed writer leaves: a copy of a directory that is being written has everything but the lock.
    fn killed(work: &Work, name: &str) -> PathBuf {
        let left = work.path().with_file_name(format!("{PREFIX}{name}"));
        fs::create_dir_all(left.join("rejected")).expect("a directory");
        fs::copy(work.path().join(HELD), left.join(HELD)).expect("a copy");
        fs::write(left.join("rejected/lead.csv"), "ID\n1\n").expect("a file");
        left
    }

    #[test]
    fn what_a_killed_writer_left_is_known_by_its_place_and_what_is_being_written_is_nobodys_leftover() {
        let room = tempfile::tempdir().expect("a directory");
        let place = room.path().join("plan");
        let (ours, others) =
            (Work::begin(&place).expect("a directory"), Work::begin(&room.path().join("plan-2")).expect("a directory"));
        let (left, _) = (killed(&ours, "aaaaaa"), killed(&others, "bbbbbb"));
        fs::create_dir(room.path().join(format!("{PREFIX}cccccc"))).expect("a directory that says nothing");
        let found: Vec<PathBuf> = leftovers(&place).into_iter().map(|left| left.path).collect();
        assert_eq!(found, [left]);
    }

    #[test]
    fn a_leftover_goes_whole() {
        let room = tempfile::tempdir().expect("a directory");
        let place = room.path().join("plan");
        let work = Work::begin(&place).expect("a directory");
        let left = killed(&work, "aaaaaa");
        for found in leftovers(&place) {
            found.remove().expect("deleted");
        }
        assert!(!left.exists() && work.path().exists());
        let path = work.path().to_owned();
        drop(work);
        assert!(!path.exists());
    }
}
