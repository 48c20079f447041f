//! Looking at the files: detection, then one pass over each.

use std::path::{Path, PathBuf};

use crate::event::Observer;
use crate::intake::{
    self, Expected, Given, Inspection, IntakeError, Keep, Mapping, MappingError, Overrides, RestoreFile, SeenIds, Survey,
};
use crate::model::{EntityType, Schema, fold};

use super::copies;
use super::files::{FileError, Overriding, at_first, wrong};
use super::meanings::Meanings;

/// A restore file that has been looked at.
#[derive(Debug)]
pub(super) struct Surveyed {
    pub file: RestoreFile,
    pub survey: Survey,
    /// From how many of the portal's records it was found how to read the file.
    pub compared: Compared,
    /// The zone of the file's times, where it isn't that of the others: its name, how many shared records it explains, of how many.
    pub zone: Option<(String, u64, u64)>,
    /// What the portal's records tell of texts that it doesn't know.
    pub meanings: Meanings,
}

/// How many records that are both in a file and in the portal have settled what the file leaves open.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Compared {
    pub date_order: u64,
    pub numbers: u64,
    pub dictionaries: u64,
    pub currency: u64,
}

/// A column that the user named and no file has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusedColumn {
    /// With which flag.
    pub flag: &'static str,
    /// The title.
    pub column: String,
}

/// The files, and what was said in vain.
#[derive(Debug)]
pub(super) struct Detected {
    pub files: Vec<RestoreFile>,
    pub unused: Vec<UnusedColumn>,
}

/// Detects every file by its beginning.
pub(super) fn detect(files: &[PathBuf], overriding: &Overriding) -> Result<Detected, DetectError> {
    overriding.check_names(files)?;
    // Before anything is read that would be for nothing.
    overriding.save_mapping.as_deref().map(Mapping::check_place).transpose()?;
    let mapping = overriding.mapping.as_deref().map(Mapping::read).transpose()?;
    let files: Vec<RestoreFile> =
        files.iter().map(|path| detect_one(path, &overriding.of(path)?, mapping.as_ref())).collect::<Result<_, _>>()?;
    let said = overriding.of(Path::new(""))?;
    check_fields(&said, &files)?;
    let unused = unused(&said, &files);
    Ok(Detected { files, unused })
}

/// Which of a mapping's tables a file goes by is known once its type is.
fn detect_one(path: &Path, said: &Overrides, mapping: Option<&Mapping>) -> Result<RestoreFile, DetectError> {
    let given = Given::open(path)?;
    let first = given.detect(&at_first(said, mapping));
    let Some(mapping) = mapping else { return Ok(first?) };
    let own = match &first {
        Ok(file) => mapping.of(file.entity),
        // A delimiter or a header's line may be just what the mapping knows.
        Err(_) => mapping.only(),
    };
    let all = own.map_or_else(|| said.clone(), |own| said.or(&own.overrides()));
    match first {
        Ok(file) => Ok(file.again(&all)?),
        Err(error) => match named_by(mapping, &given, said) {
            Some(file) => Ok(file),
            None if own.is_none() => Err(error.into()),
            None => Ok(given.detect(&all)?),
        },
    }
}

/// A file whose titles fit several types, or none: as one of the type whose table names most of its columns; `None` at a tie.
fn named_by(mapping: &Mapping, given: &Given, said: &Overrides) -> Option<RestoreFile> {
    let as_one_of = |entity| {
        let own = mapping.of(entity).filter(|_| said.entity.is_none_or(|said| said == entity))?;
        let said = Overrides { entity: Some(entity), ..said.or(&own.overrides()) };
        let mut file = given.detect(&said).ok()?;
        let names = file.columns.iter().filter(|column| own.names(&column.name)).count();
        file.tell_entity(0.9, format!("the mapping names {names} of its columns"));
        Some((names, file))
    };
    let mut fits: Vec<(usize, RestoreFile)> = EntityType::ALL.into_iter().filter_map(as_one_of).collect();
    fits.sort_by_key(|(names, _)| std::cmp::Reverse(*names));
    let second = fits.get(1).map_or(0, |(names, _)| *names);
    fits.into_iter().next().filter(|(names, _)| *names > second).map(|(_, file)| file)
}

/// A field that no file with its column can have is a slip of the fingers.
fn check_fields(said: &Overrides, files: &[RestoreFile]) -> Result<(), FileError> {
    for (column, field) in &said.map {
        let having: Vec<_> = files.iter().filter(|file| has_column(file, column)).map(|file| file.entity).collect();
        let is_known = having.iter().any(|entity| intake::field_code(*entity, field).is_some());
        if let (Some(entity), false) = (having.first(), is_known) {
            let nearest = intake::nearest_code(*entity, field);
            let expected = Expected::Field { entity: *entity, field: field.clone(), nearest };
            return Err(wrong("map", &format!("\"{column}={field}\""), expected));
        }
    }
    Ok(())
}

fn has_column(file: &RestoreFile, title: &str) -> bool {
    file.columns.iter().any(|column| column.name == title || fold(&column.name) == fold(title))
}

fn unused(said: &Overrides, files: &[RestoreFile]) -> Vec<UnusedColumn> {
    let map = said.map.iter().map(|(column, _)| ("map", column));
    let ignore = said.ignore.iter().map(|column| ("ignore", column));
    let in_none = |(_, column): &(_, &String)| !files.iter().any(|file| has_column(file, column));
    map.chain(ignore).filter(in_none).map(|(flag, column)| UnusedColumn { flag, column: column.clone() }).collect()
}

/// Why the files can't be looked at.
#[derive(Debug, thiserror::Error)]
pub enum DetectError {
    /// A flag about a file.
    #[error(transparent)]
    Flag(#[from] FileError),
    /// A mapping file.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// A file.
    #[error(transparent)]
    Intake(#[from] IntakeError),
}

/// Passes over every file once. Files of one type are parts of one whole: an id stands once in all of them.
pub(super) fn survey(
    files: Vec<RestoreFile>,
    schema: &Schema,
    keep: Keep,
    observer: &dyn Observer,
) -> Result<Vec<Surveyed>, IntakeError> {
    let mut seen = SeenIds::default();
    let mut surveyed = Vec::new();
    for file in files {
        let survey = intake::survey(&file, schema, keep, &mut seen, observer)?;
        surveyed.push(Surveyed { file, survey, compared: Compared::default(), zone: None, meanings: Meanings::default() });
    }
    copies::note(&mut surveyed);
    Ok(surveyed)
}

/// Writes down which columns were taken for which fields, where the user asked for it.
pub(super) fn save_mapping(overriding: &Overriding, files: &[Surveyed]) -> Result<(), MappingError> {
    let Some(path) = &overriding.save_mapping else { return Ok(()) };
    let mut mapping = Mapping::default();
    for seen in files {
        let added = mapping.add(&seen.file, &seen.survey.columns);
        added.map_err(|kind| MappingError { path: path.clone(), kind })?;
    }
    mapping.write(path)
}

/// What `inspect` says of the files.
#[derive(Debug, serde::Serialize)]
pub struct Inspected {
    /// One entry a file.
    pub files: Vec<Inspection>,
    /// What was said of columns that no file has.
    #[serde(skip)]
    pub unused: Vec<UnusedColumn>,
}

/// Says what files are, without any portal.
pub fn inspect(files: &[PathBuf], overriding: &Overriding, observer: &dyn Observer) -> Result<Inspected, DetectError> {
    let schema = Schema::standard();
    let Detected { files, unused } = detect(files, overriding)?;
    let surveyed = survey(files, &schema, Keep::Sample, observer)?;
    save_mapping(overriding, &surveyed)?;
    let files = surveyed.iter().map(|seen| intake::inspect(&seen.file, &seen.survey, &schema)).collect::<Result<_, _>>()?;
    Ok(Inspected { files, unused })
}
