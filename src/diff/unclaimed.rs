//! The live records that no row of the files answers for by id or mark, indexed by what may tell that one is a lost record come back.
//!
//! Only these are looked at for twins and duplicates: two people with one switchboard number were no duplicates before the loss and
//! are none after it (design 6). After a usual loss they are few, so their indexes cost little beside the current state itself.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use jiff::tz::TimeZone;

use crate::model::{EntityType, LiveRecord, OriginalId, PortalId, Record, Value, fold};

use super::contact::{email_key, phone_key};
use super::equal::number;
use super::links::is_no_link;
use super::moment::{instants, is_after};
use super::names::hash;
use super::{Current, Files, MatchKey};

/// A key that more live records share says nothing about a person: a placeholder, or the company's own number.
const BEARERS_MAX: usize = 20;

/// Something besides the title that a record typed in again shares with the lost one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Evidence {
    /// The amount in hundredths.
    Amount(i128),
    /// The linked contact or company.
    Client(EntityType, PortalId),
    /// The name of the person or company in a lead's own text fields, hashed.
    Person(u64),
}

/// The unclaimed records and their indexes.
#[derive(Debug, Default)]
pub(super) struct Unclaimed {
    /// Whether each was made after the newest moment of the files, or at an unknown one.
    ids: HashMap<EntityType, BTreeMap<PortalId, bool>>,
    emails: HashMap<(EntityType, String), Vec<PortalId>>,
    phones: HashMap<(EntityType, String), Vec<PortalId>>,
    titles: HashMap<(EntityType, String), Vec<PortalId>>,
    minutes: HashMap<(EntityType, i64, u64), Vec<PortalId>>,
    retyped: HashMap<(EntityType, u64, Evidence), Vec<PortalId>>,
}

impl Unclaimed {
    /// Indexes the live records for which `claims` says no.
    pub fn gather(
        current: &Current,
        files: &Files,
        zone: &TimeZone,
        match_keys: &[MatchKey],
        claims: impl Fn(EntityType, PortalId) -> bool,
    ) -> Self {
        let mut unclaimed = Self::default();
        for entity in EntityType::ALL {
            let by_title = entity == EntityType::Company || match_keys.contains(&MatchKey::Title);
            for record in current.ids(entity).filter(|id| !claims(entity, *id)).filter_map(|id| current.get(entity, id)) {
                let moments = record.get("DATE_CREATE").zip(files.newest(entity));
                let after = moments.map(|(created, newest)| is_after(created, newest, zone));
                // Where either moment is unknown, the record is given the benefit of the doubt, but isn't taken for one typed in again.
                unclaimed.ids.entry(entity).or_default().insert(record.id, after.unwrap_or(true));
                unclaimed.index(&record, zone, by_title, after == Some(true));
            }
        }
        unclaimed
    }

    fn index(&mut self, record: &LiveRecord, zone: &TimeZone, by_title: bool, after: bool) {
        let (entity, id) = (record.entity, record.id);
        for key in emails(record) {
            add(&mut self.emails, (entity, key), id);
        }
        for key in phones(record) {
            add(&mut self.phones, (entity, key), id);
        }
        if by_title && let Some(title) = exact_title(record) {
            add(&mut self.titles, (entity, title), id);
        }
        let Some(title) = title_hash(record) else { return };
        for minute in record.get("DATE_CREATE").map(|created| minutes(created, zone)).unwrap_or_default() {
            add(&mut self.minutes, (entity, minute, title), id);
        }
        if after && matches!(entity, EntityType::Lead | EntityType::Deal) {
            let clients = clients(record, |_, value| if let Value::Link(id) = value { Some(PortalId(*id)) } else { None });
            for evidence in own_evidence(record).into_iter().chain(clients) {
                add(&mut self.retyped, (entity, title, evidence), id);
            }
        }
    }

    /// Whether a type has no unclaimed record.
    pub fn is_empty(&self, entity: EntityType) -> bool {
        self.ids.get(&entity).is_none_or(BTreeMap::is_empty)
    }

    /// Whether a record is unclaimed.
    pub fn contains(&self, entity: EntityType, id: PortalId) -> bool {
        self.ids.get(&entity).is_some_and(|ids| ids.contains_key(&id))
    }

    /// The unclaimed records by ascending id, each with whether it was made after the newest moment of the files.
    pub fn ids(&self, entity: EntityType) -> impl Iterator<Item = (PortalId, bool)> {
        self.ids.get(&entity).into_iter().flatten().map(|(id, after)| (*id, *after))
    }

    /// The bearers of an e-mail; none where it says nothing.
    pub fn by_email(&self, entity: EntityType, key: String) -> &[PortalId] {
        telling(self.emails.get(&(entity, key)))
    }

    /// The bearers of a phone; none where it says nothing.
    pub fn by_phone(&self, entity: EntityType, key: String) -> &[PortalId] {
        telling(self.phones.get(&(entity, key)))
    }

    /// The bearers of an exact title.
    pub fn by_title(&self, entity: EntityType, title: String) -> &[PortalId] {
        telling(self.titles.get(&(entity, title)))
    }

    /// The records created in the minutes that a moment of the files may name, with the same title.
    pub fn born_with(&self, record: &Record<OriginalId>, created: &Value, zone: &TimeZone) -> Vec<PortalId> {
        let Some(title) = title_hash(record) else { return Vec::new() };
        let born = minutes(created, zone).into_iter();
        born.filter_map(|minute| self.minutes.get(&(record.entity, minute, title))).flatten().copied().collect()
    }

    /// The records typed in after the backup with the same title and this evidence; none where so many share both that they are a
    /// subscription, not a record typed in again.
    pub fn retyped(&self, record: &Record<OriginalId>, evidence: Evidence) -> &[PortalId] {
        telling(title_hash(record).and_then(|title| self.retyped.get(&(record.entity, title, evidence))))
    }
}

fn add<K: Eq + Hash>(index: &mut HashMap<K, Vec<PortalId>>, key: K, id: PortalId) {
    let bearers = index.entry(key).or_default();
    // One record may have one number twice.
    if bearers.last() != Some(&id) {
        bearers.push(id);
    }
}

fn telling(bearers: Option<&Vec<PortalId>>) -> &[PortalId] {
    bearers.filter(|bearers| bearers.len() <= BEARERS_MAX).map_or(&[], Vec::as_slice)
}

/// The keys of a record's e-mails.
pub(super) fn emails<I>(record: &Record<I>) -> Vec<String> {
    contacts(record, "EMAIL_", email_key)
}

/// The keys of a record's phones.
pub(super) fn phones<I>(record: &Record<I>) -> Vec<String> {
    contacts(record, "PHONE_", phone_key)
}

fn contacts<I>(record: &Record<I>, kind: &str, key: fn(&str) -> String) -> Vec<String> {
    if record.entity == EntityType::Deal {
        return Vec::new();
    }
    let values = record.fields().filter(|(code, _)| code.as_str().starts_with(kind)).flat_map(|(_, value)| value.each());
    let mut keys: Vec<String> = values.filter_map(Value::as_text).map(key).filter(|key| !key.is_empty()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// A title as it stands, but for composition and white space; capitals count.
pub(super) fn exact_title<I>(record: &Record<I>) -> Option<String> {
    use unicode_normalization::UnicodeNormalization;
    let title = record.title();
    let words: Vec<&str> = title.split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" ").nfc().collect())
}

/// The hash of a folded title; of a contact its first and last name, because a file may lack the column of the middle name.
fn title_hash<I>(record: &Record<I>) -> Option<u64> {
    let title = match record.text("TITLE") {
        Some(title) => fold(title),
        None => person(record),
    };
    (!title.is_empty()).then(|| hash(&title))
}

/// The folded first and last name in a record's own fields.
pub(super) fn person<I>(record: &Record<I>) -> String {
    let part = |code| record.text(code).unwrap_or_default();
    fold(&format!("{} {}", part("NAME"), part("LAST_NAME")))
}

fn minutes(created: &Value, zone: &TimeZone) -> Vec<i64> {
    instants(created, zone).into_iter().map(|instant| instant.as_second().div_euclid(60)).collect()
}

/// What a lead or deal itself says besides its title: amount, and the person or company that a lead names.
pub(super) fn own_evidence<I>(record: &Record<I>) -> Vec<Evidence> {
    let mut found = Vec::new();
    let amount = record.get("OPPORTUNITY").and_then(number).map(|amount| amount.round_dp(2));
    if let Some(mut amount) = amount.filter(|amount| !amount.is_zero()) {
        amount.rescale(2);
        found.push(Evidence::Amount(amount.mantissa()));
    }
    if record.entity == EntityType::Lead {
        let company = record.text("COMPANY_TITLE").map(fold).unwrap_or_default();
        let names = [person(record), company];
        found.extend(names.iter().filter(|name| !name.is_empty()).map(|name| Evidence::Person(hash(name))));
    }
    found
}

/// The linked clients of a lead or deal, as `resolve` turns a link's value into a live record.
pub(super) fn clients<I>(record: &Record<I>, resolve: impl Fn(EntityType, &Value) -> Option<PortalId>) -> Vec<Evidence> {
    let mut found = Vec::new();
    for (code, entity) in
        [("CONTACT_ID", EntityType::Contact), ("CONTACT_IDS", EntityType::Contact), ("COMPANY_ID", EntityType::Company)]
    {
        for value in record.get(code).map(Value::each).unwrap_or_default().iter().filter(|value| !is_no_link(value)) {
            if let Some(id) = resolve(entity, value) {
                found.push(Evidence::Client(entity, id));
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}
