//! One writer: a lock in the plan directory and one a portal in the user's state directory, both released when dropped.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::drill::{planted, point};
use crate::model::PortalIdentity;
use crate::plan::dir;

use super::state_dir;

/// The right to write, until it is dropped.
#[derive(Debug)]
pub struct Lock {
    _files: Vec<File>,
}

/// Why the right to write isn't to be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another run has it.
    #[error("another b24restore is writing here ({holder}); wait until it ends")]
    Held {
        /// Who, as far as they said.
        holder: String,
    },
    /// The lock file can't be made.
    #[error("cannot lock {}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Lock {
    /// Takes the lock of a plan directory and that of a portal; `at` is told to who comes later.
    pub fn take(plan_dir: &Path, portal: &PortalIdentity, at: Timestamp) -> Result<Self, LockError> {
        let mut files = vec![lock(&plan_dir.join(dir::LOCK), at)?];
        if let Some(path) = state_dir::file_of(portal, "lock") {
            if let Some(dir) = path.parent() {
                fs::create_dir_all(dir).map_err(|source| LockError::Io { path: dir.to_owned(), source })?;
            }
            files.push(lock(&path, at)?);
        }
        point!("lock taken");
        Ok(Self { _files: files })
    }

    /// Takes the lock of a plan directory alone, for what has nothing to do with the portal.
    pub fn of_plan(plan_dir: &Path, at: Timestamp) -> Result<Self, LockError> {
        Ok(Self { _files: vec![lock(&plan_dir.join(dir::LOCK), at)?] })
    }
}

#[cfg(feature = "faults")]
impl Drop for Lock {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            point!("lock still held");
        }
    }
}

fn lock(path: &Path, at: Timestamp) -> Result<File, LockError> {
    let io = |source| LockError::Io { path: path.to_owned(), source };
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(io)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) if planted!(LockSkipped) => {}
        Err(TryLockError::WouldBlock) => {
            let holder = fs::read_to_string(path).unwrap_or_default();
            return Err(LockError::Held { holder: holder.trim().to_owned() });
        }
        Err(TryLockError::Error(source)) => return Err(io(source)),
    }
    file.set_len(0)
        .and_then(|()| write!(file, "process {}, since {}", std::process::id(), at.strftime("%F %T UTC")))
        .map_err(io)?;
    Ok(file)
}
