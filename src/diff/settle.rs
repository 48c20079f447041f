//! The second look: records that nothing answered for, together, so that no live record answers for two of them.
//!
//! Sequential and in an order that doesn't depend on the order of the rows; each step takes up what the one before left.

use std::collections::{HashMap, HashSet};

use crate::model::{EntityType, FieldType, FileRecord, LiveRecord, OriginPair, OriginalId, PortalId, UserId, Value};

use super::index::origin_pair;
use super::judge::{Judge, MatchKey, distinct};
use super::links::{Links, answer};
use super::moment::same_moment;
use super::unclaimed::{clients, emails, exact_title, own_evidence, person, phones};
use super::{Judged, MatchedBy, Note, Target, Verdict};

/// Who answers for whom after the second look: what the judge knows by id and mark, and what was settled besides.
///
/// As [`Links`] it resolves references for a plan: a contact that was typed in again stands in for the lost one where it is the only one.
#[derive(Debug)]
pub struct Answers<'j> {
    judge: &'j Judge<'j>,
    settled: HashMap<(EntityType, OriginalId), PortalId>,
    taken: HashSet<(EntityType, PortalId)>,
}

/// Live records of a type that the files know nothing of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OnlyInPortal {
    /// Made after the files' newest moment, or at an unknown one.
    pub newer: usize,
    /// Made before: the files are incomplete, or are older than the return of these records.
    pub older: usize,
}

impl Answers<'_> {
    /// Counts the live records of a type that answer for no row.
    pub fn only_in_portal(&self, entity: EntityType) -> OnlyInPortal {
        let mut count = OnlyInPortal::default();
        for (_, after) in self.judge.unclaimed.ids(entity).filter(|(id, _)| !self.taken.contains(&(entity, *id))) {
            if after {
                count.newer += 1;
            } else {
                count.older += 1;
            }
        }
        count
    }
}

impl Links for Answers<'_> {
    fn live(&self, entity: EntityType, id: OriginalId) -> Option<PortalId> {
        self.settled.get(&(entity, id)).copied().or_else(|| self.judge.live(entity, id))
    }

    fn named(&self, entity: EntityType, name: &str) -> Vec<Target> {
        distinct(self.judge.names.find(entity, name), |id| self.live(entity, id))
    }

    fn exists(&self, entity: EntityType, id: PortalId) -> bool {
        self.judge.exists(entity, id)
    }

    fn knows(&self, entity: EntityType) -> bool {
        self.judge.knows(entity)
    }

    fn returned(&self, entity: EntityType, id: PortalId) -> bool {
        self.taken.contains(&(entity, id)) || self.judge.returned(entity, id)
    }

    fn users_named(&self, name: &str) -> Option<Vec<UserId>> {
        self.judge.users_named(name)
    }
}

impl<'a> Judge<'a> {
    /// Looks again at the records that aren't `identical`, of all types in one call: finds own pairs, twins and duplicates for the
    /// missing ones, and holds the links of the others against what was found.
    pub fn settle<'j>(&'j self, judged: &mut [Judged]) -> Answers<'j>
    where
        'a: 'j,
    {
        let mut missing: HashMap<EntityType, Vec<usize>> = HashMap::new();
        for (row, one) in judged.iter().enumerate().filter(|(_, one)| one.verdict == Verdict::Missing) {
            missing.entry(one.record.entity).or_default().push(row);
        }
        let answers = Answers { judge: self, settled: HashMap::new(), taken: HashSet::new() };
        let mut session = Session { judge: self, judged, answers };
        for entity in EntityType::ALL {
            let mut rows = missing.remove(&entity).unwrap_or_default();
            if rows.is_empty() || self.unclaimed.is_empty(entity) {
                continue;
            }
            session.own_pairs(&rows);
            for step in STEPS {
                rows.retain(|row| session.judged[*row].verdict == Verdict::Missing);
                session.assign(&rows, *step);
            }
        }
        session.links_again();
        session.note_missing();
        session.answers
    }
}

/// A live record that may answer for a row: how well, how, which.
struct Candidate {
    score: u32,
    how: MatchedBy,
    live: PortalId,
}

/// One step of the order of matching: who may answer for a row.
type Step = fn(&Session<'_, '_>, &FileRecord) -> Vec<Candidate>;

const STEPS: &[Step] = &[
    |session, record| session.twins(record),
    |session, record| session.duplicates(record),
    |session, record| session.retyped(record),
    |session, record| session.matches(record),
];

struct Session<'j, 's> {
    judge: &'j Judge<'j>,
    judged: &'s mut [Judged],
    answers: Answers<'j>,
}

impl Session<'_, '_> {
    /// The row's own origin pair, where one row and one live record bear it: a mail tracker's pair is on hundreds (rest-crm 5).
    fn own_pairs(&mut self, rows: &[usize]) {
        let mut bearers: HashMap<OriginPair, Vec<usize>> = HashMap::new();
        for row in rows {
            if let Some(pair) = origin_pair(&self.judged[*row].record) {
                bearers.entry(pair).or_default().push(*row);
            }
        }
        for (pair, rows) in bearers {
            let ([row], entity) = (rows.as_slice(), self.judged[rows[0]].record.entity) else { continue };
            if let [live] = self.judge.current.by_pair(entity, &pair)
                && self.is_free(entity, *live)
            {
                self.settle(*row, MatchedBy::OwnPair, &[*live]);
            }
        }
    }

    /// Records recovered from the recycle bin: a new and higher id, the same creation moment, creator and title (rest-crm 9.6).
    fn twins(&self, record: &FileRecord) -> Vec<Candidate> {
        let Some(created) = record.get("DATE_CREATE") else { return Vec::new() };
        let born = self.judge.unclaimed.born_with(record, created, &self.judge.zone);
        let twins = born.into_iter().filter(|id| id.0 > record.id.0).filter_map(|id| self.judge.current.get(record.entity, id));
        twins
            .filter(|live| live.get("DATE_CREATE").is_some_and(|born| same_moment(created, born, &self.judge.zone) == Some(true)))
            .filter(|live| self.same_creator(record, live))
            .map(|live| {
                // Where several were made in one second, the one with the fewest differences is it.
                let found = super::compare(record, live, self.judge.schema, &self.judge.zone, &self.answers);
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
            unclaimed.by_email(record.entity, key).iter().for_each(|live| raise(&mut found, *live, 4, MatchedBy::Email));
        }
        for key in phones(record) {
            unclaimed.by_phone(record.entity, key).iter().for_each(|live| raise(&mut found, *live, 2, MatchedBy::Phone));
        }
        if record.entity == EntityType::Company
            && let Some(title) = exact_title(record)
        {
            unclaimed.by_title(record.entity, title).iter().for_each(|live| raise(&mut found, *live, 1, MatchedBy::Title));
        }
        let name = person(record);
        for candidate in &mut found {
            let live = self.judge.current.get(record.entity, candidate.live);
            if !name.is_empty() && live.is_some_and(|live| person(live) == name) {
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
                [one] => answer(*one, entity, &self.answers),
                _ => None,
            },
            _ => None,
        };
        let mut found = Vec::new();
        for evidence in own_evidence(record).into_iter().chain(clients(record, client)) {
            self.judge.unclaimed.retyped(record, evidence).iter().for_each(|live| raise(&mut found, *live, 1, MatchedBy::Retyped));
        }
        found
    }

    /// The keys of `--match`, the first that finds anything.
    fn matches(&self, record: &FileRecord) -> Vec<Candidate> {
        let unclaimed = &self.judge.unclaimed;
        let mut found = Vec::new();
        for key in &self.judge.options.match_keys {
            match key {
                MatchKey::Email => emails(record)
                    .into_iter()
                    .for_each(|key| unclaimed.by_email(record.entity, key).iter().for_each(|live| raise(&mut found, *live, 1, MatchedBy::Email))),
                MatchKey::Phone => phones(record)
                    .into_iter()
                    .for_each(|key| unclaimed.by_phone(record.entity, key).iter().for_each(|live| raise(&mut found, *live, 1, MatchedBy::Phone))),
                MatchKey::Title => exact_title(record)
                    .into_iter()
                    .for_each(|key| unclaimed.by_title(record.entity, key).iter().for_each(|live| raise(&mut found, *live, 1, MatchedBy::Title))),
            }
            if !found.is_empty() {
                break;
            }
        }
        found
    }

    /// Gives each row at most one live record and each live record to at most one row, the surest pairs first; then the free records
    /// that fit a row just as well become its further candidates.
    fn assign(&mut self, rows: &[usize], step: Step) {
        let mut pairs: Vec<(usize, OriginalId, Candidate)> = Vec::new();
        for row in rows {
            let record = &self.judged[*row].record;
            let found = step(self, record);
            pairs.extend(found.into_iter().map(|candidate| (*row, record.id, candidate)));
        }
        pairs.sort_by_key(|(row, id, candidate)| (std::cmp::Reverse(candidate.score), *id, candidate.live, *row));
        let mut given: HashMap<usize, (u32, MatchedBy, Vec<PortalId>)> = HashMap::new();
        for (row, _, candidate) in &pairs {
            let free = self.is_free(self.judged[*row].record.entity, candidate.live);
            if free && !given.contains_key(row) {
                self.take(*row, candidate.live);
                given.insert(*row, (candidate.score, candidate.how, vec![candidate.live]));
            }
        }
        for (row, _, candidate) in &pairs {
            let entity = self.judged[*row].record.entity;
            let free = candidate.how != MatchedBy::Twin && self.is_free(entity, candidate.live);
            match given.get_mut(row) {
                Some((score, _, all)) if free && *score == candidate.score => {
                    all.push(candidate.live);
                    self.take(*row, candidate.live);
                }
                None => self.note(*row, Note::AnswersForAnother(candidate.live)),
                Some(_) => {}
            }
        }
        for (row, (_, how, all)) in given {
            self.settle(row, how, &all);
        }
    }

    fn is_free(&self, entity: EntityType, live: PortalId) -> bool {
        self.judge.unclaimed.contains(entity, live) && !self.answers.taken.contains(&(entity, live))
    }

    fn take(&mut self, row: usize, live: PortalId) {
        self.answers.taken.insert((self.judged[row].record.entity, live));
    }

    fn note(&mut self, row: usize, note: Note) {
        let notes = &mut self.judged[row].notes;
        if !notes.contains(&note) {
            notes.push(note);
        }
    }

    /// Writes down who answers for a row.
    fn settle(&mut self, row: usize, how: MatchedBy, live: &[PortalId]) {
        live.iter().for_each(|live| self.take(row, *live));
        let one = &mut self.judged[row];
        let entity = one.record.entity;
        one.how = how;
        one.verdict = if matches!(how, MatchedBy::OwnPair | MatchedBy::Twin) { Verdict::Restored } else { Verdict::Duplicate };
        if one.verdict == Verdict::Duplicate {
            one.candidates = live.to_vec();
        }
        if let [only] = live {
            one.live = Some(*only);
            self.answers.settled.insert((entity, one.record.id), *only);
        }
    }

    /// Compares again whatever has a link that differs, now that more originals have a live record that answers for them.
    fn links_again(&mut self) {
        if self.judge.options.existence_only {
            return;
        }
        for one in self.judged.iter_mut() {
            let entity = one.record.entity;
            let is_link = |code: &str| {
                let kind = self.judge.schema.listed(entity, code).map(|field| &field.kind);
                matches!(kind, Some(FieldType::Link(_) | FieldType::Binding))
            };
            let found_now = one.verdict == Verdict::Restored && one.how != MatchedBy::Mark;
            let affected = !self.answers.settled.is_empty()
                && matches!(one.verdict, Verdict::Changed | Verdict::Restored)
                && one.changes.iter().any(|change| is_link(change.field.as_str()));
            if let Some(live) = one.live.filter(|_| found_now || affected).and_then(|id| self.judge.current.get(entity, id)) {
                self.judge.compare_again(one, live, &self.answers);
            }
        }
    }

    /// Says of each record that stays missing which of its cells can't be written.
    fn note_missing(&mut self) {
        for one in self.judged.iter_mut().filter(|one| one.verdict == Verdict::Missing) {
            for (code, value) in one.record.fields() {
                let kind = self.judge.schema.listed(one.record.entity, code.as_str()).map(|field| &field.kind);
                let unknown = value.each().iter().any(|value| matches!(value, Value::Label(_)));
                let note = match kind {
                    Some(FieldType::Link(entity)) => self.judge.link_note(code, value, *entity, &self.answers),
                    Some(FieldType::User) if value.each().iter().any(|value| matches!(value, Value::Name(_) | Value::Label(_))) => {
                        Some(Note::UserUnknown(code.clone()))
                    }
                    _ if unknown => Some(Note::LabelUnknown(code.clone())),
                    _ => None,
                };
                one.notes.extend(note);
            }
        }
    }
}

/// Adds to the score of a live record; its first and strongest key stays the reason.
fn raise(found: &mut Vec<Candidate>, live: PortalId, score: u32, how: MatchedBy) {
    match found.iter_mut().find(|candidate| candidate.live == live) {
        Some(candidate) => candidate.score += score,
        None => found.push(Candidate { score, how, live }),
    }
}
