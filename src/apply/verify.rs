//! Reading back what was created, and comparing it with what the files say.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::tz::TimeZone;
use serde_json::Value as Json;

use crate::diff::{ChangeKind, Links, Target, compare};
use crate::event::{Event, Observer, Phase};
use crate::model::{EntityType, FieldType, LiveRecord, OriginalId, PortalId, Schema, Value};
use crate::plan::{Action, ActionKind, RecordRef};
use crate::portal::{PortalError, Reader, Wants};

use super::doubles::doubles;
use super::journal::Step;
use super::leftover::{Leftover, leftovers};
use super::stand::{Unlike, meet, unlike};
use super::step::State;
use super::update::wanted;

/// How many records are held at once while they are read back: one request's worth.
pub(super) const RECORDS_AT_ONCE: usize = 2500;

/// What reading back found.
#[derive(Debug, Clone, Default)]
pub struct Verified {
    /// The counts of each record type.
    pub entities: BTreeMap<EntityType, VerifiedCounts>,
    /// The same of the live records that `--changed restore` and `--relink` have written to, where there are any.
    pub updated: BTreeMap<EntityType, VerifiedCounts>,
    /// Every difference that was not declared.
    pub differences: Vec<Difference>,
    /// Source records with more than one live record bearing their mark.
    pub doubles: Vec<(EntityType, OriginalId, Vec<PortalId>)>,
    /// Source records that were taken back, and whose mark is there all the same.
    pub leftovers: Vec<Leftover>,
}

/// The counts of one record type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VerifiedCounts {
    /// Read back, or looked for.
    pub checked: u64,
    /// Equal in every column but the declared ones.
    pub equal: u64,
    /// Of these, how many have a declared difference.
    pub declared: u64,
    /// With a difference that was not declared.
    pub different: u64,
    /// Not there any more.
    pub absent: u64,
}

/// One column that is not what the file says.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// What kind of record it is.
    pub entity: EntityType,
    /// Its id in the file.
    pub original_id: OriginalId,
    /// Its new id.
    pub portal_id: PortalId,
    /// The classic field code.
    pub field: String,
    /// What the file says.
    pub expected: Value,
    /// What the portal says.
    pub found: Value,
}

/// Links are checked by the ids that were sent, so comparing needs to resolve none.
pub(super) struct NoLinks;

impl Links for NoLinks {
    fn live(&self, _: EntityType, _: OriginalId) -> Option<PortalId> {
        None
    }

    fn named(&self, _: EntityType, _: &str) -> Vec<Target> {
        Vec::new()
    }

    fn exists(&self, _: EntityType, _: PortalId) -> bool {
        true
    }
}

/// Reads every created record of a plan back and compares it field by field; of live records that it has written to, the fields that it
/// wrote. Only reads.
///
/// # Errors
///
/// The portal can't be reached or refuses to be read.
pub async fn verify(
    actions: &[Action],
    steps: &[Step],
    only: Option<&BTreeSet<RecordRef>>,
    reader: &Reader,
    schema: &Schema,
    zone: &TimeZone,
    observer: &dyn Observer,
) -> Result<Verified, PortalError> {
    let new_ids: HashMap<RecordRef, PortalId> =
        done(steps).filter_map(|step| step.portal_id.map(|id| (step.subject(), id))).collect();
    // Two records that name each other: one of the links is written by the mend.
    let mends: HashMap<RecordRef, &Action> =
        actions.iter().filter(|action| action.action == ActionKind::Mend).map(|action| (action.subject(), action)).collect();
    let mut verified = Verified::default();
    observer.event(Event::Begin { phase: Phase::Verify, total: Some(new_ids.len() as u64) });
    for entity in EntityType::ALL {
        let created: Vec<&Step> =
            done(steps).filter(|step| step.entity == entity && only.is_none_or(|only| only.contains(&step.subject()))).collect();
        if created.is_empty() {
            continue;
        }
        let counts = verified.entities.entry(entity).or_default();
        let wants = wants(created.iter().map(|step| &actions[step.seq]), schema);
        for chunk in created.chunks(RECORDS_AT_ONCE) {
            let ids: Vec<PortalId> = chunk.iter().filter_map(|step| step.portal_id).collect();
            let live: HashMap<PortalId, LiveRecord> =
                reader.get_many(entity, &ids, schema, wants).await?.into_iter().map(|record| (record.id, record)).collect();
            for step in chunk {
                counts.checked += 1;
                let Some(record) = step.portal_id.and_then(|id| live.get(&id)) else {
                    counts.absent += 1;
                    continue;
                };
                let mend = mends.get(&step.subject()).copied();
                let (found, declared) = differences(&actions[step.seq], mend, step, record, schema, zone, &new_ids);
                if found.is_empty() {
                    counts.equal += 1;
                    counts.declared += u64::from(declared);
                } else {
                    counts.different += 1;
                    verified.differences.extend(found);
                }
            }
            observer.event(Event::Advance { phase: Phase::Verify, by: chunk.len() as u64 });
        }
    }
    let written = |step: &&Step| is_written(step) && only.is_none_or(|only| only.contains(&step.subject()));
    let seqs: Vec<usize> = steps.iter().filter(written).map(|step| step.seq).collect();
    for chunk in seqs.chunks(RECORDS_AT_ONCE) {
        verify_written(chunk, actions, &new_ids, reader, schema, &mut verified).await?;
    }
    verified.doubles = doubles(actions, steps, reader, schema).await?;
    let undone = steps.iter().filter(|step| step.state == State::Undone);
    verified.leftovers = leftovers(undone, actions, reader, schema).await?;
    observer.event(Event::End { phase: Phase::Verify });
    Ok(verified)
}

/// Reads some live records back that the plan has written to. A record that was both relinked and restored counts twice.
async fn verify_written(
    seqs: &[usize],
    actions: &[Action],
    new_ids: &HashMap<RecordRef, PortalId>,
    reader: &Reader,
    schema: &Schema,
    verified: &mut Verified,
) -> Result<(), PortalError> {
    let met = meet(actions, seqs, reader, schema).await?;
    for seq in seqs {
        let action = &actions[*seq];
        let counts = verified.updated.entry(action.entity).or_default();
        counts.checked += 1;
        let Some(met) = met.get(seq) else {
            counts.absent += 1;
            continue;
        };
        let found = unlike(action, &wanted(action, |target| new_ids.get(&target).copied()), met, schema);
        *(if found.is_empty() { &mut counts.equal } else { &mut counts.different }) += 1;
        verified.differences.extend(found.into_iter().map(|Unlike { field, wanted, found }| Difference {
            entity: action.entity,
            original_id: action.original_id,
            portal_id: met.live.id,
            field,
            expected: wanted,
            found,
        }));
    }
    Ok(())
}

/// Whether a step has written to a live record.
pub(super) fn is_written(step: &Step) -> bool {
    matches!(step.kind, ActionKind::Restore | ActionKind::Relink) && step.state == State::Done
}

fn done(steps: &[Step]) -> impl Iterator<Item = &Step> {
    steps.iter().filter(|step| step.kind == ActionKind::Create && step.state == State::Done)
}

fn wants<'a>(actions: impl Iterator<Item = &'a Action>, schema: &Schema) -> Wants {
    let mut wants = Wants { everything: true, addresses: false, products: false };
    for action in actions {
        for (code, _) in &action.expect {
            wants.addresses |= schema
                .listed(action.entity, code.as_str())
                .is_some_and(|field| field.universal.is_empty() && code.as_str().contains("ADDRESS"));
            wants.products |= code.as_str() == "PRODUCTS";
        }
    }
    wants
}

/// The undeclared differences of one record, and whether it has declared ones.
fn differences(
    action: &Action,
    mend: Option<&Action>,
    step: &Step,
    live: &LiveRecord,
    schema: &Schema,
    zone: &TimeZone,
    new_ids: &HashMap<RecordRef, PortalId>,
) -> (Vec<Difference>, bool) {
    let is_link = |code: &str| {
        matches!(schema.listed(action.entity, code).map(|field| &field.kind), Some(FieldType::Link(_) | FieldType::Binding))
    };
    let declared = |code: &str| {
        action.declared.iter().any(|declared| declared.field == code) || (code == "DATE_CREATE" && step.without_dates)
    };
    let mut expected = action.expected_record();
    let links: Vec<String> = expected.fields().map(|(code, _)| code.to_string()).filter(|code| is_link(code)).collect();
    for code in &links {
        expected.take(code);
    }
    let difference = |field: &str, expected: Value, found: Value| Difference {
        entity: action.entity,
        original_id: action.original_id,
        portal_id: live.id,
        field: field.to_owned(),
        expected,
        found,
    };
    let mut found = Vec::new();
    let mut has_declared = !action.declared.is_empty() || step.without_dates;
    for change in compare(&expected, live, schema, zone, &NoLinks).changes {
        match change.kind {
            ChangeKind::PortalOwn => {}
            _ if declared(change.field.as_str()) => has_declared = true,
            _ => found.push(difference(change.field.as_str(), change.file, change.portal)),
        }
    }
    for code in links.iter().filter(|code| !declared(code)) {
        let Some(field) = schema.listed(action.entity, code) else { continue };
        let writers = [Some(action), mend].into_iter().flatten();
        let expected = writers.flat_map(|action| sent_links(action, &field.universal, new_ids)).collect::<BTreeSet<String>>();
        let now: BTreeSet<String> = live.get(code).map(links_of).unwrap_or_default();
        let equal = if field.multiple { expected == now } else { expected.iter().next() == now.iter().next() };
        if !equal {
            found.push(difference(code, links_value(&expected), links_value(&now)));
        }
    }
    (found, has_declared)
}

/// The links that a field was sent: those known when the plan was made, and those whose targets got their ids since.
fn sent_links(action: &Action, field: &str, new_ids: &HashMap<RecordRef, PortalId>) -> BTreeSet<String> {
    let known = match action.fields.0.get(field) {
        Some(Json::Array(links)) => links.iter().filter_map(sent_link).collect(),
        Some(link) => sent_link(link).into_iter().collect::<BTreeSet<String>>(),
        None => BTreeSet::new(),
    };
    let waited = action.links.iter().filter(|link| link.field == field);
    let filled = waited.filter_map(|link| sent_link(&link.wire(*new_ids.get(&link.target)?)));
    known.into_iter().chain(filled).collect()
}

/// A link as it was sent: an id, or an id with its type.
fn sent_link(link: &Json) -> Option<String> {
    link.as_u64().map(|id| id.to_string()).or_else(|| link.as_str().map(str::to_owned)).filter(|link| !link.is_empty())
}

fn links_of(value: &Value) -> BTreeSet<String> {
    let link = |value: &Value| match value {
        Value::Link(id) if *id != 0 => Some(id.to_string()),
        Value::Text(text) if !text.is_empty() => Some(text.to_string()),
        _ => None,
    };
    value.each().iter().filter_map(link).collect()
}

fn links_value(links: &BTreeSet<String>) -> Value {
    let value = |link: &String| link.parse().map_or_else(|_| Value::Text(link.as_str().into()), Value::Link);
    if links.is_empty() { Value::Empty } else { Value::List(links.iter().map(value).collect()) }
}
