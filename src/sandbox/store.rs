//! The portal's state: records, directories, users, the recycle bin and the ledger, in memory and written through to `SQLite`.
//!
//! This is a stand-in that lets the door be built; the store itself is built elsewhere.

use std::path::Path;

use super::Language;

/// The whole state of one portal.
#[derive(Debug, Default)]
pub struct Store {
    /// What the stand-in's only counting method has counted.
    pub count: u64,
}

/// Why a state can't be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot open the sandbox's state")]
pub struct StoreError;

impl Store {
    /// Opens the state in a directory, or begins a new one.
    pub fn open(dir: &Path, language: Language, zone: &str) -> Result<Self, StoreError> {
        let _ = (dir, language, zone);
        Ok(Self::default())
    }

    /// Whether a user has a webhook with this secret.
    pub fn authorise(&self, user: u64, secret: &str) -> bool {
        user == 1 && secret == "SECRET"
    }
}
