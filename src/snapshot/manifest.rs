//! `snapshot.json`: whose state it is, when it was taken, how many records, and the digest of each file.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::{SnapshotError, SnapshotErrorKind};
use crate::model::{EntityType, PortalIdentity};

/// The manifest's file name.
pub const MANIFEST: &str = "snapshot.json";
/// The schema's file name.
pub const SCHEMA: &str = "schema.json";
/// The format that this version writes.
pub(super) const FORMAT: u32 = 1;

/// What a snapshot says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The format's number.
    pub format: u32,
    /// Whose state it is.
    pub portal: PortalIdentity,
    /// When it was taken.
    pub made_at: Timestamp,
    /// Its files, but this one.
    pub files: Vec<FileEntry>,
}

/// A file of a snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileEntry {
    /// The file's name within the directory.
    pub name: String,
    /// The type of its records; absent for `schema.json`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<EntityType>,
    /// How many records it holds.
    pub records: u64,
    /// The SHA-256 of its bytes, in hex.
    pub sha256: String,
}

/// Reads the manifest of a snapshot directory. The files' digests are not looked at.
pub fn manifest(dir: &Path) -> Result<Manifest, SnapshotError> {
    let path = dir.join(MANIFEST);
    let bytes = fs::read(&path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => SnapshotError::new(dir, SnapshotErrorKind::NoManifest),
        _ => SnapshotError::new(&path, SnapshotErrorKind::Io(error)),
    })?;
    let manifest: Manifest = serde_json::from_slice(&bytes).map_err(SnapshotError::malformed(&path))?;
    if manifest.format > FORMAT {
        return Err(SnapshotError::new(dir, SnapshotErrorKind::Newer(manifest.format)));
    }
    // Names come from a file that somebody may have written by hand: they must stay within the directory.
    let is_own = |entry: &FileEntry| entry.name == entry.entity.map_or_else(|| SCHEMA.to_owned(), file_name);
    if let Some(entry) = manifest.files.iter().find(|entry| !is_own(entry)) {
        return Err(SnapshotError::new(
            &path,
            SnapshotErrorKind::Malformed(format!("`{}` is no file of a snapshot", entry.name)),
        ));
    }
    Ok(manifest)
}

/// The name of the file of an entity type.
pub(super) fn file_name(entity: EntityType) -> String {
    format!("{entity}.csv")
}

/// The SHA-256 of a file, in hex.
pub(super) fn sha256(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut digest = Digesting(Sha256::new());
    io::copy(&mut file, &mut digest)?;
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    Ok(digest.0.finalize().iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect())
}

struct Digesting(Sha256);

impl io::Write for Digesting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
