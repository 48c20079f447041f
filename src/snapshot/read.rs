//! A snapshot directory -> records, as the portal's own would come.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::{SnapshotError, SnapshotErrorKind};
use super::manifest::{Manifest, SCHEMA, manifest, sha256};
use crate::event::Observer;
use crate::intake::{self, Keep, Overrides, RestoreFile, SeenIds, Survey};
use crate::model::{EntityType, LiveRecord, PortalId, Row, Schema, Value};

/// A snapshot that was found whole.
#[derive(Debug)]
pub struct Snapshot {
    /// What it says of itself.
    pub manifest: Manifest,
    /// The schema of the portal when it was taken.
    pub schema: Schema,
    dir: PathBuf,
    files: Vec<(RestoreFile, Survey)>,
}

/// Opens a snapshot and checks that every file is as it was written.
pub fn read_current(dir: &Path, progress: &dyn Observer) -> Result<Snapshot, SnapshotError> {
    let manifest = manifest(dir)?;
    let path = dir.join(SCHEMA);
    let schema: Schema = {
        let bytes = fs::read(&path).map_err(SnapshotError::io(&path))?;
        serde_json::from_slice(&bytes).map_err(SnapshotError::malformed(&path))?
    };
    let mut files = Vec::new();
    for entry in &manifest.files {
        let path = dir.join(&entry.name);
        let Some(entity) = entry.entity else {
            let own = sha256(&path).map_err(SnapshotError::io(&path))?;
            check(&path, own == entry.sha256)?;
            continue;
        };
        let overrides = Overrides { entity: Some(entity), delimiter: Some(b','), ..Overrides::default() };
        let file = intake::detect(&path, &overrides).map_err(|error| intake_error(&path, error))?;
        // Its records are read whole; what a survey would keep of them besides is asked of no one.
        let survey = intake::survey(&file, &schema, Keep::Sample, &mut SeenIds::default(), progress)
            .map_err(|error| intake_error(&path, error))?;
        check(&path, survey.sha256 == entry.sha256 && survey.rejected == 0 && survey.rows == entry.records)?;
        files.push((file, survey));
    }
    Ok(Snapshot { manifest, schema, dir: dir.to_owned(), files })
}

impl Snapshot {
    /// The records of a type, in the order in which they were written, chunk by chunk.
    pub fn records(
        &self,
        entity: EntityType,
    ) -> Result<impl Iterator<Item = Result<Vec<LiveRecord>, SnapshotError>>, SnapshotError> {
        let found = self.files.iter().find(|(file, _)| file.entity == entity);
        let rows = found.map(|(file, survey)| intake::read(file, survey, &self.schema)).transpose();
        let rows = rows.map_err(|error| intake_error(&self.dir, error))?;
        Ok(rows.into_iter().flatten().map(|rows| {
            let rows = rows.map_err(|error| intake_error(&self.dir, error))?;
            Ok(rows.into_iter().filter_map(live).collect())
        }))
    }

    /// Its CSVs: restore files that `plan` takes.
    pub fn paths(&self) -> impl Iterator<Item = PathBuf> {
        self.manifest.files.iter().filter(|entry| entry.entity.is_some()).map(|entry| self.dir.join(&entry.name))
    }
}

fn live(row: Row) -> Option<LiveRecord> {
    let Row::Record { record, .. } = row else { return None };
    let id = PortalId(record.id.0);
    let mut record = record.with_id(id);
    // A code that no dictionary knows any more is a code all the same: these cells hold nothing else.
    let codes: Vec<_> =
        record.fields().filter(|(_, value)| has_label(value)).map(|(code, value)| (code.clone(), coded(value))).collect();
    for (code, value) in codes {
        record.set(code, value);
    }
    Some(record)
}

fn has_label(value: &Value) -> bool {
    value.each().iter().any(|value| matches!(value, Value::Label(_)))
}

fn coded(value: &Value) -> Value {
    match value {
        Value::Label(text) => Value::Code(text.as_str().into()),
        Value::List(values) => Value::List(values.iter().map(coded).collect()),
        other => other.clone(),
    }
}

fn check(path: &Path, is_sound: bool) -> Result<(), SnapshotError> {
    if is_sound { Ok(()) } else { Err(SnapshotError::new(path, SnapshotErrorKind::Altered)) }
}

fn intake_error(path: &Path, error: intake::IntakeError) -> SnapshotError {
    SnapshotError::new(path, SnapshotErrorKind::Intake(Box::new(error)))
}
