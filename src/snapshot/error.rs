//! Why a snapshot can't be written or read.

use std::io;
use std::path::{Path, PathBuf};

use crate::intake::IntakeError;

/// A snapshot that can't be written or read.
#[derive(Debug, thiserror::Error)]
#[error("snapshot {}", path.display())]
pub struct SnapshotError {
    /// The directory or file.
    pub path: PathBuf,
    /// What stands in the way.
    #[source]
    pub kind: SnapshotErrorKind,
}

/// What stands in the way of a snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotErrorKind {
    /// The system refuses.
    #[error("reading or writing failed")]
    Io(#[source] io::Error),
    /// The directory to be made is there.
    #[error("it exists already; name a new directory")]
    Exists,
    /// The directory holds no `snapshot.json`.
    #[error("it is no snapshot: there is no snapshot.json in it")]
    NoManifest,
    /// `snapshot.json` or `schema.json` can't be understood.
    #[error("it can't be understood: {0}")]
    Malformed(String),
    /// It was made by a newer program.
    #[error("it is of format {0}, which this version doesn't know")]
    Newer(u32),
    /// A file isn't what was written.
    #[error("it is not what was written: its digest differs")]
    Altered,
    /// One of its CSVs can't be read.
    #[error("one of its files can't be read")]
    Intake(#[source] Box<IntakeError>),
    /// The directory holds what a snapshot doesn't.
    #[error("it holds `{0}`, which is no part of a snapshot; nothing was removed")]
    Foreign(String),
}

impl SnapshotError {
    pub(super) fn new(path: &Path, kind: SnapshotErrorKind) -> Self {
        Self { path: path.to_owned(), kind }
    }

    pub(super) fn io(path: &Path) -> impl Fn(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |error| Self::new(&path, SnapshotErrorKind::Io(error))
    }

    pub(super) fn csv(path: &Path) -> impl Fn(csv::Error) -> Self + use<> {
        let path = path.to_owned();
        move |error| Self::new(&path, SnapshotErrorKind::Io(error.into()))
    }

    pub(super) fn malformed(path: &Path) -> impl Fn(serde_json::Error) -> Self + use<> {
        let path = path.to_owned();
        move |error| Self::new(&path, SnapshotErrorKind::Malformed(error.to_string()))
    }
}
