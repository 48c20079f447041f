//! Whether files whose creation moments say their zone are of another portal: snapshots and dumps. (Clocks without a zone are told by
//! the zone that explains them, or by none that does.)

use crate::diff::{Current, FOREIGN_SHARED_MIN};
use crate::model::Value;

use super::plan::PlanError;
use super::survey::Surveyed;

/// Of a hundred shared ids, how many must have been created at the same moment. After a roll-back ids are given out again, at worst as
/// many as a small CRM had made since the backup; those from before it stay.
const SAME_PERCENT: usize = 5;

/// Refuses files of another portal. Both portals count from 1, so nearly every id is there, and nearly none is the same record.
pub(super) fn refuse(files: &[Surveyed], current: &Current) -> Result<(), PlanError> {
    let (mut of, mut explained) = (0, 0);
    for seen in files {
        let entity = seen.file.entity;
        for (id, created) in seen.survey.created() {
            let live = current.under_id(entity, id).and_then(|live| current.created(entity, live));
            if let (Value::Moment(file), Some(Value::Moment(portal))) = (created, live) {
                of += 1;
                explained += usize::from(file.as_second() == portal.as_second());
            }
        }
    }
    if of >= FOREIGN_SHARED_MIN && explained * 100 < of * SAME_PERCENT {
        return Err(PlanError::Foreign { explained, of, zone_known: true });
    }
    Ok(())
}
