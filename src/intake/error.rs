//! Why a restore file can't be read at all. A row that can't be understood is a [`Reject`](crate::model::Reject), not an error.

use std::io;
use std::path::PathBuf;

use crate::model::EntityType;

/// A restore file that can't be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}", path.display())]
pub struct IntakeError {
    /// The file, as the user gave it.
    pub path: PathBuf,
    /// What stands in the way.
    #[source]
    pub kind: IntakeErrorKind,
}

/// What stands in the way of reading a file. Lines count from 1.
#[derive(Debug, thiserror::Error)]
pub enum IntakeErrorKind {
    /// There is no such file.
    #[error("there is no such file")]
    NotFound,
    /// It is a directory.
    #[error("it is a directory; name the CSV files in it")]
    IsDirectory,
    /// The file may not be read.
    #[error("there is no right to read it")]
    NoReadRight,
    /// It holds nothing.
    #[error("the file is empty")]
    Empty,
    /// Reading failed.
    #[error("reading failed at byte {at}")]
    Io {
        /// How far reading had come.
        at: u64,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// `--encoding` names none.
    #[error("`{0}` is no known encoding; use a name such as UTF-8, windows-1252, windows-1251 or UTF-16LE")]
    UnknownEncoding(String),
    /// None of the first lines is a header.
    #[error("no header: line {line} (`{found}`) holds no known column title; the first line must hold titles or field codes")]
    NoHeader {
        /// The first line with text.
        line: u64,
        /// What stands there, shortened.
        found: String,
    },
    /// The titles fit more than one type of record.
    #[error("line {line}: these titles fit {}; say which with --entity", list(candidates))]
    EntityUnclear {
        /// The header's line.
        line: u64,
        /// The types that they fit equally well.
        candidates: Vec<EntityType>,
    },
    /// A quote opens and nothing closes it.
    #[error("line {line}, column {column}: a quote opens here and isn't closed; put the missing \" behind the cell")]
    UnclosedQuote {
        /// The line on which the quote stands.
        line: u64,
        /// The column's title, or its number.
        column: String,
    },
    /// The file isn't what it was when it was surveyed.
    #[error("the file has changed since it was first read; start again")]
    Changed,
}

impl IntakeError {
    /// An error of the system, told apart where a person can do something about it.
    pub(super) fn io(path: &str, at: u64, error: io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::NotFound => IntakeErrorKind::NotFound,
            io::ErrorKind::IsADirectory => IntakeErrorKind::IsDirectory,
            io::ErrorKind::PermissionDenied => IntakeErrorKind::NoReadRight,
            _ => IntakeErrorKind::Io { at, error },
        };
        Self::new(path, kind)
    }

    pub(super) fn new(path: &str, kind: IntakeErrorKind) -> Self {
        Self { path: path.into(), kind }
    }
}

fn list(entities: &[EntityType]) -> String {
    entities.iter().map(|entity| entity.code()).collect::<Vec<_>>().join(", ")
}
