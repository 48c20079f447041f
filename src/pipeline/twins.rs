//! The records of a file beside those of the portal that bear their ids.

use std::ops::ControlFlow;

use crate::diff::Current;
use crate::intake::{self, IntakeError};
use crate::model::{FileRecord, LiveRecord, Row, Schema};

use super::survey::Surveyed;

/// Rows that are looked at: what so many can't tell, more won't.
pub(super) const ROWS_MAX: usize = 50_000;

/// Shows a file's records, as it is read now, until `look` has seen enough or [`ROWS_MAX`] rows were read.
pub(super) fn each_record(
    seen: &Surveyed,
    schema: &Schema,
    mut look: impl FnMut(&FileRecord) -> ControlFlow<()>,
) -> Result<(), IntakeError> {
    let mut rows = 0;
    for chunk in intake::read(&seen.file, &seen.survey, schema)? {
        let chunk = chunk?;
        rows += chunk.rows().len();
        for row in chunk.rows() {
            if let Row::Record { record, .. } = row
                && look(record).is_break()
            {
                return Ok(());
            }
        }
        if rows >= ROWS_MAX {
            break;
        }
    }
    Ok(())
}

/// The portal's record that bears a record's id.
pub(super) fn twin(record: &FileRecord, current: &Current) -> Option<LiveRecord> {
    current.under_id(record.entity, record.id).and_then(|id| current.get(record.entity, id))
}
