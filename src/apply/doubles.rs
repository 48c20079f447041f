//! Source records that are there more than once.
//!
//! A request that was carried out later than we waited, a second computer, a copy: whatever made it, the second record bears the same
//! mark. All that this plan was to create is looked for, not only what its journal calls done.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::model::{EntityType, OriginPair, OriginalId, PortalId, Schema};
use crate::plan::{Action, ActionKind};
use crate::portal::{PortalError, Reader, Wants};

use super::journal::Step;
use super::step::State;

/// Source records with more than one live record: those that bear the mark, and the one that the journal knows, whether or not it still
/// bears it.
pub(super) async fn doubles(
    actions: &[Action],
    steps: &[Step],
    reader: &Reader,
    schema: &Schema,
) -> Result<Vec<(EntityType, OriginalId, Vec<PortalId>)>, PortalError> {
    let mut found = Vec::new();
    for entity in EntityType::ALL {
        let creates: Vec<&Step> = steps.iter().filter(|step| step.entity == entity && step.kind == ActionKind::Create).collect();
        let mut bearers = bearers(entity, &creates, actions, reader, schema).await?;
        // Somebody may have taken the mark off the record that we know of.
        let unmarked = |step: &&&Step| {
            let known = bearers.get(&step.original_id);
            known.is_some_and(|ids| step.portal_id.is_some_and(|id| !ids.contains(&id)))
        };
        let known: HashMap<PortalId, OriginalId> =
            creates.iter().filter(unmarked).filter_map(|step| Some((step.portal_id?, step.original_id))).collect();
        let ids: Vec<PortalId> = known.keys().copied().collect();
        let wants = Wants { everything: false, addresses: false, products: false };
        if !ids.is_empty() {
            for live in reader.get_many(entity, &ids, schema, wants).await? {
                bearers.entry(known[&live.id]).or_default().insert(live.id);
            }
        }
        // What was taken back should be there not even once: that is told apart.
        let undone: BTreeSet<OriginalId> =
            creates.iter().filter(|step| step.state == State::Undone).map(|step| step.original_id).collect();
        let several = bearers.into_iter().filter(|(id, ids)| ids.len() > 1 && !undone.contains(id));
        found.extend(several.map(|(id, ids)| (entity, id, ids.into_iter().collect())));
    }
    Ok(found)
}

/// The live records that bear the marks of these creates, by source record.
pub(super) async fn bearers(
    entity: EntityType,
    creates: &[&Step],
    actions: &[Action],
    reader: &Reader,
    schema: &Schema,
) -> Result<BTreeMap<OriginalId, BTreeSet<PortalId>>, PortalError> {
    let keys: HashMap<OriginPair, OriginalId> =
        creates.iter().filter_map(|step| actions[step.seq].key.clone().map(|key| (key, step.original_id))).collect();
    let pairs: Vec<OriginPair> = keys.keys().cloned().collect();
    let mut bearers: BTreeMap<OriginalId, BTreeSet<PortalId>> = BTreeMap::new();
    if pairs.is_empty() {
        return Ok(bearers);
    }
    for live in reader.by_origin(entity, &pairs, schema).await? {
        let text = |code: &str| live.text(code).unwrap_or_default().to_owned();
        if let Some(id) = keys.get(&OriginPair { originator: text("ORIGINATOR_ID"), origin: text("ORIGIN_ID") }) {
            bearers.entry(*id).or_default().insert(live.id);
        }
    }
    Ok(bearers)
}
