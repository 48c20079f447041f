//! What still bears the marks of a plan that was taken back.
//!
//! A request that was carried out later than we waited, or that something delivered twice, makes a second record with the same mark. The
//! journal knows one id a record, and `undo` deletes that one alone: that the other is this plan's as well can't be proven. So it stays,
//! and is named.

use crate::model::{EntityType, OriginalId, PortalId, Schema};
use crate::plan::{Action, ActionKind};
use crate::portal::{PortalError, Reader};

use super::doubles::bearers;
use super::journal::Step;
use super::step::State;

/// A source record of this plan, and the live records that bear its mark besides the one that the journal knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// What kind of record it is.
    pub entity: EntityType,
    /// Its id in the file.
    pub original_id: OriginalId,
    /// The id that the journal knows: deleted by `undo`, or kept by it. `None` where the journal never learned of one.
    pub known: Option<PortalId>,
    /// The ids of the others that bear its mark.
    pub still_there: Vec<PortalId>,
}

/// What bears the marks of these steps besides the records that the journal knows to be there. Steps that were never sent are left
/// out: whoever bears their marks is none of this plan's.
pub(super) async fn leftovers<'a>(
    steps: impl Iterator<Item = &'a Step>,
    actions: &[Action],
    reader: &Reader,
    schema: &Schema,
) -> Result<Vec<Leftover>, PortalError> {
    let sent: Vec<&Step> = steps.filter(|step| step.kind == ActionKind::Create && step.attempts > 0).collect();
    let mut found = Vec::new();
    for entity in EntityType::ALL {
        let sent: Vec<&Step> = sent.iter().copied().filter(|step| step.entity == entity).collect();
        let mut bearers = bearers(entity, &sent, actions, reader, schema).await?;
        for step in sent {
            let mut still_there = bearers.remove(&step.original_id).unwrap_or_default();
            // A record that is known and was left alone has been counted and told as such.
            if let Some(own) = step.portal_id.filter(|_| step.state == State::Done) {
                still_there.remove(&own);
            }
            if !still_there.is_empty() {
                let (original_id, known) = (step.original_id, step.portal_id);
                found.push(Leftover { entity, original_id, known, still_there: still_there.into_iter().collect() });
            }
        }
    }
    Ok(found)
}
