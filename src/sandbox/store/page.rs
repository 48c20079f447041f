//! Pages of lists over records: order, offset, count.
//!
//! Source: rest-crm 3.3; rest-transport 6.1, 6.4.

use std::cmp::Ordering;

use serde_json::Value;

use super::Store;
use super::filter::{Condition, order};
use super::record::{Entity, Record, Stored};
use super::schema::Field;
use super::value;

/// Rows of a page; it can't be chosen. Source: rest-transport 6.1.
pub const PAGE: usize = 50;

/// What a list call asks for.
#[derive(Debug, Clone)]
pub struct Query {
    /// The filter.
    pub condition: Condition,
    /// Fields and whether they descend, in turn. Empty is by id.
    pub order: Vec<(Field, bool)>,
    /// The first row's offset, rounded down to a page; none for `start=-1`: the first page without counting.
    pub start: Option<usize>,
}

/// A page of records.
#[derive(Debug)]
pub struct Page<'store> {
    /// At most [`PAGE`] records.
    pub records: Vec<&'store Record>,
    /// How many there are under the filter; none where it wasn't counted.
    pub total: Option<usize>,
}

/// The offset that a `start` parameter means: none for -1, else rounded down to a page.
pub fn start_of(value: Option<&Value>) -> Option<usize> {
    let start = value.map_or(0, value::integer);
    if start == -1 { None } else { Some(usize::try_from(start).unwrap_or_default() / PAGE * PAGE) }
}

impl Store {
    /// The values of a field of a record, for filters and orders: links and ids included.
    pub fn values_of(&self, record: &Record, field: &Field) -> Vec<Stored> {
        match self.value_of(record, field.code) {
            None => Vec::new(),
            Some(Stored::List(list)) => list.into_vec(),
            Some(single) => vec![single],
        }
    }

    /// A field of a record, with those that are kept as links.
    pub fn value_of(&self, record: &Record, code: &str) -> Option<Stored> {
        let list = |ids: Vec<u64>| {
            (!ids.is_empty()).then(|| Stored::List(ids.into_iter().map(|id| Stored::Integer(id as i64)).collect()))
        };
        let targets = || record.links.iter().map(|link| link.target).collect();
        let primary = || Some(record.primary()).filter(|id| *id > 0).map(|id| Stored::Integer(id as i64));
        match (record.entity, code) {
            (_, "ID") => Some(Stored::Integer(record.id as i64)),
            (Entity::Contact, "COMPANY_ID") | (_, "CONTACT_ID") => primary(),
            (Entity::Contact, "COMPANY_IDS") => list(targets()),
            (Entity::Company, "CONTACT_IDS") => {
                list(self.contacts_of_company(record.id).into_iter().map(|link| link.target).collect())
            }
            (_, "CONTACT_IDS") => {
                let mut ids: Vec<u64> = targets();
                // The primary contact comes first. Source: rest-crm 3.6.
                ids.sort_by_key(|id| *id != record.primary());
                list(ids)
            }
            _ => record.get(code).cloned(),
        }
    }

    /// A page of a type's records. By id it reads only the range that the filter leaves, and only until the page is full unless the rows
    /// have to be counted.
    pub fn page(&self, entity: Entity, query: &Query) -> Page<'_> {
        let condition = &query.condition;
        let descending = query.order.first().is_some_and(|(_, descending)| *descending);
        let by_id = query.order.first().is_none_or(|(field, _)| field.code == "ID");
        let found: Box<dyn Iterator<Item = &Record>> = match condition.ids(self, entity) {
            Some(ids) => {
                let records: Vec<&Record> = ids.into_iter().filter_map(|id| self.record(entity, id)).collect();
                if by_id && descending { Box::new(records.into_iter().rev()) } else { Box::new(records.into_iter()) }
            }
            None if by_id && descending => Box::new(self.records(entity, condition.id_range()).rev()),
            None => Box::new(self.records(entity, condition.id_range())),
        };
        let mut found = found.filter(|record| condition.holds(self, record));
        let start = query.start.unwrap_or_default();
        if !by_id {
            let mut all: Vec<(Vec<Option<Stored>>, &Record)> =
                found.map(|record| (self.sort_key(record, &query.order), record)).collect();
            all.sort_by(|left, right| order_of(&left.0, &right.0, &query.order).then(left.1.id.cmp(&right.1.id)));
            let total = query.start.map(|_| all.len());
            return Page { records: all.into_iter().skip(start).take(PAGE).map(|(_, record)| record).collect(), total };
        }
        if query.start.is_none() {
            return Page { records: found.take(PAGE).collect(), total: None };
        }
        let mut total = found.by_ref().take(start).count();
        let records: Vec<&Record> = found.by_ref().take(PAGE).collect();
        total += records.len() + found.count();
        Page { records, total: Some(total) }
    }

    fn sort_key(&self, record: &Record, fields: &[(Field, bool)]) -> Vec<Option<Stored>> {
        fields.iter().map(|(field, _)| self.values_of(record, field).into_iter().next()).collect()
    }
}

/// What is empty comes first, as in the database.
fn order_of(left: &[Option<Stored>], right: &[Option<Stored>], fields: &[(Field, bool)]) -> Ordering {
    for ((left, right), (_, descending)) in left.iter().zip(right).zip(fields) {
        let ordering = match (left, right) {
            (Some(left), Some(right)) => order(left, right),
            (left, right) => left.is_some().cmp(&right.is_some()),
        };
        let ordering = if *descending { ordering.reverse() } else { ordering };
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
    Ordering::Equal
}
