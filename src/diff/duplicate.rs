//! Which live records may answer for a lost one: recovered from the bin, the same person under another id, typed in again (design 6).
//!
//! Looked for among the unclaimed live records only; who of several rows and records belong together is decided by `settle`.

use crate::model::{EntityType, FileRecord, LiveRecord, OriginalId, PortalId, Value};

use super::judge::{Judge, MatchKey};
use super::links::{Links, answer};
use super::moment::same_moment;
use super::settle::Answers;
use super::unclaimed::{clients, emails, exact_title, own_evidence, person, phones};
use super::{MatchedBy, compare};

/// A live record that may answer for a row: how well, how, which.
pub(super) struct Candidate {
    pub score: u32,
    pub how: MatchedBy,
    pub live: PortalId,
}

/// One step of the order of matching: who may answer for a row.
pub(super) type Step = fn(&Finder<'_, '_>, &FileRecord) -> Vec<Candidate>;

/// The steps in their order; a step looks only at what the ones before it left.
pub(super) const STEPS: &[Step] = &[
    |finder, record| finder.twins(record),
    |finder, record| finder.duplicates(record),
    |finder, record| finder.retyped(record),
    |finder, record| finder.matches(record),
];

/// Looks for candidates with what is known so far of who answers for whom.
pub(super) struct Finder<'f, 'j> {
    pub judge: &'j Judge<'j>,
    pub answers: &'f Answers<'j>,
}

impl Finder<'_, '_> {
    /// Records recovered from the recycle bin: a new and higher id, the same creation moment, creator and title (rest-crm 9.6).
    fn twins(&self, record: &FileRecord) -> Vec<Candidate> {
        // Another portal's record never lay in this one's bin.
        let Some(created) = record.get("DATE_CREATE").filter(|_| self.judge.current.foreign().is_none()) else {
            return Vec::new();
        };
        let born = self.judge.unclaimed.born_with(record, created, &self.judge.zone);
        let twins = born.into_iter().filter(|id| id.0 > record.id.0).filter_map(|id| self.judge.current.get(record.entity, id));
        twins
            .filter(|live| live.get("DATE_CREATE").is_some_and(|born| same_moment(created, born, &self.judge.zone) == Some(true)))
            .filter(|live| self.same_creator(record, live))
            .map(|live| {
                // Where several were made in one second, the one with the fewest differences is it.
                let found = compare(record, &live, self.judge.schema, &self.judge.zone, self.answers);
                Candidate { score: u32::MAX - found.changes.len() as u32, how: MatchedBy::Twin, live: live.id }
            })
            .collect()
    }

    fn same_creator(&self, record: &FileRecord, live: &LiveRecord) -> bool {
        let (Some(file), Some(Value::User(live))) = (record.get("CREATED_BY_ID"), live.get("CREATED_BY_ID")) else { return true };
        match file {
            Value::User(file) => file == live,
            // A name that nobody bears any more says nothing.
            Value::Name(name) | Value::Label(name) | Value::Text(name) => {
                let bearers = self.answers.users_named(name).unwrap_or_default();
                bearers.is_empty() || bearers.contains(live)
            }
            _ => true,
        }
    }

    /// The same e-mail or phone (leads, contacts, companies), the same exact title (companies); the same name on top makes it surer.
    fn duplicates(&self, record: &FileRecord) -> Vec<Candidate> {
        let unclaimed = &self.judge.unclaimed;
        let mut found: Vec<Candidate> = Vec::new();
        for key in emails(record) {
            raise(&mut found, unclaimed.by_email(record.entity, key), 4, MatchedBy::Email);
        }
        for key in phones(record) {
            raise(&mut found, unclaimed.by_phone(record.entity, key), 2, MatchedBy::Phone);
        }
        if record.entity == EntityType::Company
            && let Some(title) = exact_title(record)
        {
            raise(&mut found, unclaimed.by_title(record.entity, title), 1, MatchedBy::Title);
        }
        let name = person(record);
        for candidate in &mut found {
            let live = self.judge.current.get(record.entity, candidate.live);
            if !name.is_empty() && live.is_some_and(|live| person(&live) == name) {
                candidate.score += 8;
            }
        }
        found
    }

    /// Leads and deals that people typed in again after the backup: the same title, and the same client or amount.
    fn retyped(&self, record: &FileRecord) -> Vec<Candidate> {
        if !matches!(record.entity, EntityType::Lead | EntityType::Deal) {
            return Vec::new();
        }
        let client = |entity, value: &Value| match value {
            Value::Link(id) => self.answers.live(entity, OriginalId(*id)),
            Value::Name(name) | Value::Text(name) => match self.answers.named(entity, name).as_slice() {
                [one] => answer(*one, entity, self.answers),
                _ => None,
            },
            _ => None,
        };
        let mut found = Vec::new();
        for evidence in own_evidence(record).into_iter().chain(clients(record, client)) {
            let typed = self.judge.unclaimed.retyped(record, evidence);
            raise(&mut found, typed, 1, MatchedBy::Retyped);
        }
        found
    }

    /// The keys of `--match`, the first that finds anything.
    fn matches(&self, record: &FileRecord) -> Vec<Candidate> {
        let unclaimed = &self.judge.unclaimed;
        let mut found = Vec::new();
        for key in &self.judge.options.match_keys {
            let (keys, how): (Vec<String>, _) = match key {
                MatchKey::Email => (emails(record), MatchedBy::Email),
                MatchKey::Phone => (phones(record), MatchedBy::Phone),
                MatchKey::Title => (exact_title(record).into_iter().collect(), MatchedBy::Title),
            };
            for key in keys {
                let bearers = match how {
                    MatchedBy::Email => unclaimed.by_email(record.entity, key),
                    MatchedBy::Phone => unclaimed.by_phone(record.entity, key),
                    _ => unclaimed.by_title(record.entity, key),
                };
                raise(&mut found, bearers, 1, how);
            }
            if !found.is_empty() {
                break;
            }
        }
        found
    }
}

/// Adds to the score of live records; the first and strongest key stays the reason.
fn raise(found: &mut Vec<Candidate>, bearers: &[PortalId], score: u32, how: MatchedBy) {
    for live in bearers {
        match found.iter_mut().find(|candidate| candidate.live == *live) {
            Some(candidate) => candidate.score += score,
            None => found.push(Candidate { score, how, live: *live }),
        }
    }
}
