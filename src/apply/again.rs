//! A plan that is older than a day: before it goes on, the portal is asked once more whether what it would create has come back meanwhile,
//! under its own id or, from the recycle bin, under a new one.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::{EntityType, LiveRecord, PortalId, Value};
use crate::plan::{Action, ActionKind, moment};
use crate::portal::Wants;

use super::learned::Learned;
use super::run::{ApplyError, Run};
use super::step::{How, State};

/// What a person calls a record: a twin has the same.
const NAMES: [&str; 3] = ["TITLE", "NAME", "LAST_NAME"];

impl Run<'_> {
    /// Looks for the records of creates that were never sent. Only where the plan is old: a fresh one has just looked.
    pub(super) async fn look_up_again(&mut self) -> Result<(), ApplyError> {
        let Some(zone) = self.settings.again.clone() else { return Ok(()) };
        // What another portal lost can't come back in this one.
        if self.is_foreign {
            return Ok(());
        }
        for entity in EntityType::ALL {
            let unsent = self.seqs(|step| {
                step.kind == ActionKind::Create && step.entity == entity && step.state == State::Planned && step.attempts == 0
            });
            if unsent.is_empty() {
                continue;
            }
            let found = self.find_returned(entity, &unsent, &zone).await?;
            let learned = found.into_iter().map(|(seq, ids)| (seq, returned(&ids))).collect();
            self.journal.learn(learned, self.watch.now())?;
        }
        Ok(())
    }

    /// The live records that stand for these creates now. Reads all ids of the type with their creation moments, as planning did.
    async fn find_returned(
        &self,
        entity: EntityType,
        seqs: &[usize],
        zone: &TimeZone,
    ) -> Result<HashMap<usize, Vec<PortalId>>, ApplyError> {
        let wanted = Wanted::of(self.actions, seqs, zone);
        let ours: HashSet<PortalId> =
            self.journal.steps().iter().filter(|step| step.entity == entity).filter_map(|step| step.portal_id).collect();
        let mut found: HashMap<usize, Vec<PortalId>> = HashMap::new();
        let mut twins: HashMap<PortalId, &[usize]> = HashMap::new();
        let mut pages = self.writer.reader().list(entity, Arc::new(self.schema.clone()), Wants::default());
        while let Some(page) = pages.recv().await {
            for live in page?.into_iter().filter(|live| !ours.contains(&live.id)) {
                if let Some(seq) = wanted.under_its_id(&live) {
                    found.entry(seq).or_default().push(live.id);
                } else if let Some(seqs) = wanted.born_with(&live) {
                    twins.insert(live.id, seqs);
                }
            }
        }
        let ids: Vec<PortalId> = twins.keys().copied().collect();
        let wants = Wants { everything: true, addresses: false, products: false };
        for live in self.writer.reader().get_many(entity, &ids, self.schema, wants).await? {
            // A live record stands for one of the lost ones at most.
            let same = |seq: &&usize| live.id.0 > self.actions[**seq].original_id.0 && has_its_name(&self.actions[**seq], &live);
            if let Some(seq) = twins[&live.id].iter().find(same) {
                found.entry(*seq).or_default().push(live.id);
            }
        }
        Ok(found)
    }
}

/// What is looked for: by the id in the file, and by the creation moment.
struct Wanted {
    by_id: HashMap<u64, (usize, Option<Timestamp>)>,
    by_moment: HashMap<i64, Vec<usize>>,
}

impl Wanted {
    fn of(actions: &[Action], seqs: &[usize], zone: &TimeZone) -> Self {
        let mut wanted = Self { by_id: HashMap::new(), by_moment: HashMap::new() };
        for &seq in seqs {
            let action = &actions[seq];
            let born = action.expect.iter().find(|(code, _)| code.as_str() == "DATE_CREATE");
            let born = born.and_then(|(_, value)| moment(value, zone));
            wanted.by_id.insert(action.original_id.0, (seq, born));
            if let Some(born) = born {
                wanted.by_moment.entry(born.as_second()).or_default().push(seq);
            }
        }
        wanted
    }

    /// The create of the record that has this one's id, and its creation moment where the file knows it.
    fn under_its_id(&self, live: &LiveRecord) -> Option<usize> {
        let (seq, born) = self.by_id.get(&live.id.0)?;
        born.is_none_or(|born| born_at(live) == Some(born.as_second())).then_some(*seq)
    }

    fn born_with(&self, live: &LiveRecord) -> Option<&[usize]> {
        self.by_moment.get(&born_at(live)?).map(Vec::as_slice)
    }
}

fn born_at(live: &LiveRecord) -> Option<i64> {
    match live.get("DATE_CREATE") {
        Some(Value::Moment(moment)) => Some(moment.as_second()),
        _ => None,
    }
}

fn has_its_name(action: &Action, live: &LiveRecord) -> bool {
    let expected = action.expected_record();
    NAMES.iter().all(|code| expected.text(code).is_none_or(|name| live.text(code) == Some(name)))
}

fn returned(ids: &[PortalId]) -> Learned {
    match ids {
        [id] => Learned::Done { portal_id: Some(*id), how: How::AlreadyThere },
        several => Learned::Failed {
            code: "returned_twice".to_owned(),
            message: format!(
                "more than one record may be this one: {}",
                several.iter().map(PortalId::to_string).collect::<Vec<_>>().join(", ")
            ),
        },
    }
}
