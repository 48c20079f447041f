//! The one file in an archive. No name from inside is ever used as a path, and nothing unpacks without bound.

use std::fs::File;
use std::io;
use std::sync::Arc;

use flate2::read::MultiGzDecoder;
use zip::ZipArchive;
use zip::result::ZipError;

use super::error::IntakeErrorKind;
use super::source::{Container, io_kind};
use super::spool::{Bound, Input, Spool};

/// Entries that an archive of one file may have; more is no export somebody zipped.
const ENTRIES_MAX: usize = 10_000;
/// How many of its names are told.
const NAMES_TOLD: usize = 5;
/// What macOS and Windows put beside the files of an archive.
const BESIDE: &[&str] = &["__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini"];

/// What a gzip file of `packed` bytes holds.
pub(super) fn gzip(input: Input, packed: u64) -> Result<Arc<File>, IntakeErrorKind> {
    let mut spool = Spool::new(Bound::Unpacked { packed })?;
    spool.fill(MultiGzDecoder::new(input), |_, error| damaged(Container::Gzip, &error))?;
    spool.finish()
}

/// What the only file of a zip holds.
pub(super) fn zip(input: Input) -> Result<Arc<File>, IntakeErrorKind> {
    let mut archive = ZipArchive::new(input).map_err(zip_kind)?;
    if archive.len() > ENTRIES_MAX {
        return Err(IntakeErrorKind::ManyEntries { count: archive.len(), names: String::new() });
    }
    let holds = |name: &str| archive.index_for_name(name).is_some();
    if holds("[Content_Types].xml") {
        return Err(IntakeErrorKind::OtherFormat("an Office document without a sheet"));
    }
    if holds("mimetype") && holds("content.xml") {
        return Err(IntakeErrorKind::OtherFormat("a LibreOffice document"));
    }
    let mut files = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(zip_kind)?;
        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
        let is_beside = BESIDE.iter().any(|beside| name.starts_with(beside) || name.rsplit('/').next() == Some(beside));
        if !entry.is_dir() && !is_beside {
            files.push((index, name));
        }
    }
    let [(index, name)] = files.as_slice() else {
        let names: Vec<&str> = files.iter().take(NAMES_TOLD).map(|(_, name)| name.as_str()).collect();
        return Err(match files.len() {
            0 => IntakeErrorKind::NoEntry,
            count => IntakeErrorKind::ManyEntries { count, names: names.join(", ") },
        });
    };
    let entry = archive.by_index_raw(*index).map_err(zip_kind)?;
    if entry.is_symlink() {
        return Err(IntakeErrorKind::LinkEntry(name.clone()));
    }
    if entry.encrypted() {
        return Err(IntakeErrorKind::Encrypted);
    }
    let bound = Bound::Unpacked { packed: entry.compressed_size() };
    drop(entry);
    let mut spool = Spool::new(bound)?;
    let entry = archive.by_index(*index).map_err(zip_kind)?;
    spool.fill(entry, |_, error| damaged(Container::Zip, &error))?;
    spool.finish()
}

pub(super) fn zip_kind(error: ZipError) -> IntakeErrorKind {
    match error {
        ZipError::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => io_kind(error),
        error => damaged(Container::Zip, &error),
    }
}

fn damaged(container: Container, error: &impl ToString) -> IntakeErrorKind {
    IntakeErrorKind::Damaged { container: container.code(), why: error.to_string() }
}
