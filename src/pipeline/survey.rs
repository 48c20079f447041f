//! Looking at the files: detection, then one pass over each.

use std::path::PathBuf;

use crate::event::Observer;
use crate::intake::{self, Inspection, IntakeError, RestoreFile, SeenIds, Survey};
use crate::model::Schema;

use super::files::{FileError, Overriding};

/// A restore file that has been looked at.
#[derive(Debug)]
pub(super) struct Surveyed {
    pub file: RestoreFile,
    pub survey: Survey,
    /// From how many of the portal's records it was found how to read the file.
    pub compared: Compared,
    /// The zone of the file's times, where it isn't that of the others: its name, how many shared records it explains, of how many.
    pub zone: Option<(String, u64, u64)>,
}

/// How many records that are both in a file and in the portal have settled what the file leaves open.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Compared {
    pub date_order: u64,
    pub numbers: u64,
    pub dictionaries: u64,
}

/// Detects every file by its beginning.
pub(super) fn detect(files: &[PathBuf], overriding: &Overriding) -> Result<Vec<RestoreFile>, DetectError> {
    files.iter().map(|path| Ok(intake::detect(path, &overriding.of(path)?)?)).collect()
}

/// Why the files can't be looked at.
#[derive(Debug, thiserror::Error)]
pub enum DetectError {
    /// A flag about a file.
    #[error(transparent)]
    Flag(#[from] FileError),
    /// A file.
    #[error(transparent)]
    Intake(#[from] IntakeError),
}

/// Passes over every file once. Files of one type are parts of one whole: an id stands once in all of them.
pub(super) fn survey(files: Vec<RestoreFile>, schema: &Schema, observer: &dyn Observer) -> Result<Vec<Surveyed>, IntakeError> {
    let mut seen = SeenIds::default();
    files
        .into_iter()
        .map(|file| {
            let survey = intake::survey(&file, schema, &mut seen, observer)?;
            Ok(Surveyed { file, survey, compared: Compared::default(), zone: None })
        })
        .collect()
}

/// What `inspect` says of the files.
#[derive(Debug, serde::Serialize)]
pub struct Inspected {
    /// One entry a file.
    pub files: Vec<Inspection>,
}

/// Says what files are, without any portal.
pub fn inspect(files: &[PathBuf], overriding: &Overriding, observer: &dyn Observer) -> Result<Inspected, DetectError> {
    let schema = Schema::standard();
    let surveyed = survey(detect(files, overriding)?, &schema, observer)?;
    let files = surveyed.iter().map(|seen| intake::inspect(&seen.file, &seen.survey, &schema)).collect::<Result<_, _>>()?;
    Ok(Inspected { files })
}
