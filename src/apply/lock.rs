//! One writer: a lock in the plan directory and one a portal in the user's state directory, both released when dropped.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

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
    #[error("another b24restore is writing here; wait until it ends")]
    Held {
        /// Who, where that can be read: Windows shows nobody what is in a locked file.
        holder: Option<Holder>,
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

/// Who has a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The number of its process.
    pub process: u32,
    /// The computer it runs on: a plan may lie on a disk that several share. Empty where the computer has no name.
    pub host: String,
    /// When it began.
    pub since: Timestamp,
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
            let holder = fs::read(path).ok().and_then(|said| serde_json::from_slice(&said).ok());
            return Err(LockError::Held { holder });
        }
        Err(TryLockError::Error(source)) => return Err(io(source)),
    }
    let holder = Holder { process: std::process::id(), host: host(), since: at };
    file.set_len(0).and_then(|()| serde_json::to_writer(&mut file, &holder).map_err(io::Error::from)).map_err(io)?;
    Ok(file)
}

#[cfg(unix)]
fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(not(unix))]
fn host() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_default()
}
