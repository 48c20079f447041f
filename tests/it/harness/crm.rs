//! A small CRM: records with links, their loss, and the truth about what must be there again.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::portal::Portal;
use super::random::Random;

/// The record types, parents first.
pub const KINDS: [&str; 4] = ["company", "contact", "lead", "deal"];

/// Fields that a re-created record need not share with the lost one: its ids, the portal's own stamps and marks (design 6), and the
/// multi-fields, which are compared by value.
const ITS_OWN: &[&str] = &[
    "ID",
    "DATE_CREATE",
    "DATE_MODIFY",
    "LAST_ACTIVITY_TIME",
    "LAST_ACTIVITY_BY",
    "ORIGINATOR_ID",
    "ORIGIN_ID",
    "MOVED_TIME",
    "DATE_CLOSED",
    "IS_RETURN_CUSTOMER",
    "IS_REPEATED_APPROACH",
    "PHONE",
    "EMAIL",
    "WEB",
    "IM",
];

/// Fields of a live record that others' coming and going may touch.
const TOUCHED_BY_OTHERS: &[&str] = &["LAST_ACTIVITY_TIME", "LAST_ACTIVITY_BY", "IS_RETURN_CUSTOMER", "IS_REPEATED_APPROACH"];

/// Which field links to what.
const LINKS: &[(&str, &str)] = &[("COMPANY_ID", "company"), ("CONTACT_ID", "contact")];

/// How many records of each type.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub companies: usize,
    pub contacts: usize,
    pub leads: usize,
    pub deals: usize,
}

/// A record type's records, by id.
type Records = BTreeMap<u64, Value>;

/// What was in the portal, and what was lost.
#[derive(Debug, Default)]
pub struct Crm {
    /// As it was when it was exported.
    pub before: BTreeMap<&'static str, Records>,
    /// As it was after the loss.
    pub survivors: BTreeMap<&'static str, Records>,
    /// The lost ids.
    pub lost: BTreeMap<&'static str, BTreeSet<u64>>,
    /// The changed ids.
    pub changed: BTreeMap<&'static str, BTreeSet<u64>>,
}

impl Crm {
    /// Fills a portal.
    pub fn build(portal: &Portal, size: Size, random: &mut Random) -> Self {
        let add = |kind: &str, fields: Value| {
            portal.call(&format!("crm.{kind}.add"), json!({"fields": fields})).as_u64().expect("an id")
        };
        let companies: Vec<u64> = (1..=size.companies)
            .map(|n| {
                let phone = format!("+52 55 1000 {n:04}");
                add(
                    "company",
                    json!({"TITLE": format!("Compañía Ñandú {n}; \"S.A.\""), "PHONE": [{"VALUE": phone, "VALUE_TYPE": "WORK"}],
                           "REVENUE": 1000 * n, "COMMENTS": "línea uno\nlínea dos"}),
                )
            })
            .collect();
        let contacts: Vec<u64> = (1..=size.contacts)
            .map(|n| {
                let company = if n % 3 == 0 || companies.is_empty() { 0 } else { random.pick(&companies) };
                let email = format!("c{n}@ejemplo.mx");
                add(
                    "contact",
                    json!({"NAME": format!("Nombre{n}"), "LAST_NAME": format!("Apellido{n}"), "COMPANY_ID": company,
                           "EMAIL": [{"VALUE": email, "VALUE_TYPE": "WORK"}], "POST": "Jefe", "BIRTHDATE": "1980-02-03"}),
                )
            })
            .collect();
        for n in 1..=size.leads {
            let phone = format!("+52 55 2000 {n:04}");
            add(
                "lead",
                json!({"TITLE": format!("Prospecto {n}"), "NAME": format!("Ana{n}"),
                       "STATUS_ID": random.pick(&["NEW", "IN_PROCESS", "PROCESSED"]), "OPPORTUNITY": n as f64 * 10.5,
                       "PHONE": [{"VALUE": phone, "VALUE_TYPE": "MOBILE"}], "ADDRESS": format!("Calle {n}"),
                       "ADDRESS_CITY": "Monterrey"}),
            );
        }
        for n in 1..=size.deals {
            let company = if n % 4 == 0 || companies.is_empty() { 0 } else { random.pick(&companies) };
            let contact = if n % 5 == 0 || contacts.is_empty() { 0 } else { random.pick(&contacts) };
            add(
                "deal",
                json!({"TITLE": format!("Negocio {n}"), "STAGE_ID": random.pick(&["NEW", "PREPARATION", "WON", "LOSE"]),
                       "OPPORTUNITY": n * 100, "COMPANY_ID": company, "CONTACT_ID": contact, "CLOSEDATE": "2026-12-24",
                       "COMMENTS": format!("nota {n}")}),
            );
        }
        Self::of(portal)
    }

    /// A portal as it is now.
    pub fn of(portal: &Portal) -> Self {
        let before = all(portal);
        Self { survivors: before.clone(), before, ..Self::default() }
    }

    pub fn ids(&self, kind: &str) -> Vec<u64> {
        self.before[kind].keys().copied().collect()
    }

    /// Deletes records.
    pub fn lose(&mut self, portal: &Portal, kind: &'static str, ids: &[u64]) {
        for id in ids {
            portal.call(&format!("crm.{kind}.delete"), json!({"id": id}));
        }
        self.lost.entry(kind).or_default().extend(ids);
        self.survivors = all(portal);
    }

    /// Somebody works on records.
    pub fn change(&mut self, portal: &Portal, kind: &'static str, ids: &[u64]) {
        for id in ids {
            portal.call(&format!("crm.{kind}.update"), json!({"id": id, "fields": other_fields(kind)}));
        }
        self.changed.entry(kind).or_default().extend(ids);
        self.survivors = all(portal);
    }

    /// The links that a survivor lost.
    pub fn lost_links(&self, kind: &str, id: u64) -> Vec<(&'static str, &'static str, u64)> {
        let old = &self.before[kind][&id];
        let links = LINKS.iter().map(|(field, target)| (*field, *target, number(old, field)));
        links.filter(|(_, target, of)| self.lost.get(target).is_some_and(|lost| lost.contains(of))).collect()
    }

    pub fn lost_count(&self) -> usize {
        self.lost.values().map(BTreeSet::len).sum()
    }

    /// The pair by which a lost record is known again: its own, where it is whole and nobody else bears it, or else our mark.
    pub fn key(&self, kind: &str, id: u64) -> (String, String) {
        let own = pair(&self.before[kind][&id]);
        let bearers = self.before[kind].values().filter(|record| pair(record) == own).count();
        let is_key = bearers == 1 && !own.0.is_empty() && !own.1.is_empty() && own.0 != "email-tracker";
        if is_key { own } else { ("b24restore".to_owned(), format!("{kind}:{id}")) }
    }

    /// The new id of each lost record; every one must be there just once, and nothing else new.
    #[track_caller]
    pub fn new_ids(&self, now: &BTreeMap<&'static str, Records>) -> BTreeMap<(&'static str, u64), u64> {
        let mut new_ids = BTreeMap::new();
        for kind in KINDS {
            let mut live: BTreeSet<u64> = now[kind].keys().copied().collect();
            for id in self.lost.get(kind).into_iter().flatten() {
                let key = self.key(kind, *id);
                let there: Vec<u64> = now[kind].iter().filter(|(_, record)| pair(record) == key).map(|(id, _)| *id).collect();
                assert_eq!(there.len(), 1, "{kind} {id} is there as {there:?}");
                live.remove(&there[0]);
                new_ids.insert((kind, *id), there[0]);
            }
            let survivors: BTreeSet<u64> = self.survivors[kind].keys().copied().collect();
            assert_eq!(live, survivors, "records of {kind} besides the re-created ones");
        }
        new_ids
    }

    /// The promise: every lost record is there once, with equal fields and right links, and every other record is as it was; a link that
    /// a survivor lost is filled where that was asked for, and nothing but it.
    #[track_caller]
    pub fn is_back(&self, portal: &Portal, relinked: bool) {
        let now = all(portal);
        let new_ids = self.new_ids(&now);
        for ((kind, id), new) in &new_ids {
            let (old, new) = (&self.before[kind][id], &now[kind][new]);
            for (field, expected) in old.as_object().expect("a record") {
                if ITS_OWN.contains(&field.as_str()) {
                    continue;
                }
                let expected = match LINKS.iter().find(|(link, _)| link == field) {
                    Some((_, target)) => moved(&new_ids, target, number(old, field)),
                    None => plain(expected),
                };
                assert_eq!(plain(&new[field]), expected, "{kind} {id}, {field}");
            }
            for field in ["PHONE", "EMAIL"] {
                assert_eq!(several(new, field), several(old, field), "{kind} {id}, {field}");
            }
        }
        for kind in KINDS {
            for (id, was) in &self.survivors[kind] {
                let is = &now[kind][id];
                let lost = if relinked { self.lost_links(kind, *id) } else { Vec::new() };
                for (field, expected) in was.as_object().expect("a record") {
                    let is_ours = !lost.is_empty() && ["DATE_MODIFY", "MODIFY_BY_ID"].contains(&field.as_str());
                    if TOUCHED_BY_OTHERS.contains(&field.as_str()) || is_ours {
                        continue;
                    }
                    let expected = match lost.iter().find(|(link, ..)| link == field) {
                        Some((_, target, of)) => moved(&new_ids, target, *of),
                        None => plain(expected),
                    };
                    assert_eq!(plain(&is[field]), expected, "surviving {kind} {id}, {field}");
                }
            }
        }
    }

    /// Every survivor is as it was, and nothing else is there. One that was relinked in between bears a newer stamp.
    #[track_caller]
    pub fn is_untouched(&self, portal: &Portal) {
        self.is_as_it_was(portal, |kind, id| !self.lost_links(kind, id).is_empty());
    }

    /// The same where records were changed and changed back.
    #[track_caller]
    pub fn is_untouched_but_for_stamps(&self, portal: &Portal) {
        self.is_as_it_was(portal, |_, _| true);
    }

    #[track_caller]
    fn is_as_it_was(&self, portal: &Portal, restamped: impl Fn(&str, u64) -> bool) {
        let now = all(portal);
        for kind in KINDS {
            let ids = |records: &Records| records.keys().copied().collect::<Vec<_>>();
            assert_eq!(ids(&now[kind]), ids(&self.survivors[kind]), "records of {kind}");
        }
        for kind in KINDS {
            for (id, was) in &self.survivors[kind] {
                let is = &now[kind][id];
                for (field, expected) in was.as_object().expect("a record") {
                    let is_stamp = restamped(kind, *id) && ["DATE_MODIFY", "MODIFY_BY_ID"].contains(&field.as_str());
                    if !is_stamp && !TOUCHED_BY_OTHERS.contains(&field.as_str()) {
                        assert_eq!(plain(&is[field]), plain(expected), "surviving {kind} {id}, {field}");
                    }
                }
            }
        }
    }
}

/// What somebody writes into a record.
pub fn other_fields(kind: &str) -> Value {
    match kind {
        "contact" => json!({"POST": "Director"}),
        "lead" => json!({"TITLE": "otro título"}),
        _ => json!({"COMMENTS": "cambiado después"}),
    }
}

/// Everything in a portal.
pub fn all(portal: &Portal) -> BTreeMap<&'static str, Records> {
    KINDS.map(|kind| (kind, portal.every(kind))).into()
}

/// Under which name another program knows a record.
fn pair(record: &Value) -> (String, String) {
    (text(record, "ORIGINATOR_ID"), text(record, "ORIGIN_ID"))
}

/// A field as text; null is empty.
pub fn text(record: &Value, field: &str) -> String {
    match &record[field] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A field as a number; what is none is 0.
pub fn number(record: &Value, field: &str) -> u64 {
    text(record, field).parse().unwrap_or_default()
}

/// A value as text; nothing and zero are one.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if text == "0" => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn moved(new_ids: &BTreeMap<(&'static str, u64), u64>, target: &'static str, id: u64) -> String {
    match new_ids.get(&(target, id)) {
        Some(new) => new.to_string(),
        None if id == 0 => String::new(),
        None => id.to_string(),
    }
}

fn several(record: &Value, field: &str) -> Vec<(String, String)> {
    let values = record[field].as_array().cloned().unwrap_or_default();
    values.iter().map(|value| (text(value, "VALUE_TYPE"), text(value, "VALUE"))).collect()
}
