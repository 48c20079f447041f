//! What a file leaves open is settled by the records that are both in it and in the portal: what can be compared is not guessed.
//!
//! The order of dates, the decimal sign, code or label: each reading is tried, and the one that the portal's own records bear out is
//! taken. A wrong one would turn records that are there into others of the same id, or into changed ones.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use jiff::Timestamp;
use jiff::civil::DateTime;
use rayon::prelude::*;

use crate::diff::{self, Current};
use crate::intake::{self, Conventions, DateOrder, IntakeError, NumberStyle, Rivals};
use crate::model::{FieldCode, FieldType, FileRecord, Money, Row, Schema, Value};

use super::survey::Surveyed;
use super::twins::{ROWS_MAX, each_record, twin};

/// Values that one of two conventions has explained when the other is given up.
const ENOUGH: u64 = 200;
/// Of a hundred telling values the better convention explains so many; people have changed the others since.
const MAJORITY_PERCENT: u64 = 80;

const ORDERS: [DateOrder; 3] = [DateOrder::Dmy, DateOrder::Mdy, DateOrder::Ymd];

/// Settles what a file leaves open, as far as the portal can tell.
pub(super) fn settle(seen: &mut Surveyed, current: &Current, schema: &Schema) -> Result<(), IntakeError> {
    if seen.survey.open.date_order && !order_by_births(seen, current) && !seen.survey.date_order_sure {
        order_by_days(seen, current, schema)?;
    }
    for of in seen.survey.open.rivals.clone() {
        rivals(seen, &of, current, schema)?;
    }
    if seen.survey.open.numbers {
        let own = seen.survey.conventions.clone();
        let [point, comma] = [NumberStyle::Point, NumberStyle::Comma].map(|style| own.with_numbers(style));
        if let Some((taken, records, of)) = better(seen, current, schema, point, comma)? {
            seen.survey.settle_numbers(taken, confidence(records, of), borne_out(records, of));
            seen.compared.numbers = records;
        }
    }
    for column in seen.survey.open.columns.clone() {
        let own = seen.survey.conventions.clone();
        let [codes, labels] = [true, false].map(|coded| own.with_coded(column, coded));
        if let Some((taken, records, of)) = better(seen, current, schema, codes, labels)? {
            let value = if taken.coded.get(column) == Some(&true) { "code" } else { "label" };
            seen.survey.findings.note("dictionaries", value, confidence(records, of), borne_out(records, of));
            seen.survey.conventions = taken;
            seen.compared.dictionaries += records;
        }
    }
    currency(seen, current, schema)
}

/// Which of two fields of one title a column holds: the one whose values are the portal's.
fn rivals(seen: &mut Surveyed, of: &Rivals, current: &Current, schema: &Schema) -> Result<(), IntakeError> {
    let entity = seen.file.entity;
    let before = seen.survey.columns.clone();
    let as_taken = borne(seen, &of.codes, current, schema)?;
    seen.survey.exchange(of, entity, schema);
    let exchanged = borne(seen, &of.codes, current, schema)?;
    let most = as_taken.max(exchanged);
    if exchanged <= as_taken {
        seen.survey.columns = before;
    }
    if as_taken != exchanged && most * 100 >= (as_taken + exchanged) * MAJORITY_PERCENT {
        seen.survey.settle_rivals(of, most);
    }
    Ok(())
}

/// How many values of some fields are those of the portal's records, as the file is read now.
fn borne(seen: &Surveyed, codes: &[FieldCode], current: &Current, schema: &Schema) -> Result<u64, IntakeError> {
    let mut borne = 0;
    each_record(seen, schema, |record| {
        if let Some(live) = twin(record, current) {
            let is_borne = |code: &&FieldCode| {
                let pair = record.get(code.as_str()).filter(|value| !value.is_empty()).zip(live.get(code.as_str()));
                let field = schema.listed(record.entity, code.as_str());
                pair.zip(field).is_some_and(|((file, live), field)| diff::agrees(file, live, field, schema) == Some(true))
            };
            borne += codes.iter().filter(is_borne).count() as u64;
        }
        if borne >= ENOUGH { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(borne)
}

/// The currency of amounts whose cells name none, `$1,500.00`: that of the portal's same amounts, where they are of one (csv 4.4).
fn currency(seen: &mut Surveyed, current: &Current, schema: &Schema) -> Result<(), IntakeError> {
    let kind = |code: &FieldCode| schema.listed(seen.file.entity, code.as_str()).map(|field| &field.kind);
    let is_money = |column: &intake::Column| column.code.as_ref().and_then(kind) == Some(&FieldType::Money);
    let is_shared = |id| current.under_id(seen.file.entity, id).is_some();
    if !seen.survey.columns.iter().any(is_money) || !seen.survey.ids.iter().any(is_shared) {
        return Ok(());
    }
    let mut told: BTreeMap<String, u64> = BTreeMap::new();
    each_record(seen, schema, |record| {
        for currency in currencies(record, current) {
            *told.entry(currency).or_default() += 1;
        }
        if told.values().sum::<u64>() >= ENOUGH { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    let of: u64 = told.values().sum();
    if let Some((code, records)) =
        told.into_iter().max_by_key(|(_, records)| *records).filter(|(_, records)| records * 100 >= of * MAJORITY_PERCENT)
    {
        seen.survey.findings.note("currency", code.as_str(), confidence(records, of), borne_out(records, of));
        seen.survey.conventions = seen.survey.conventions.with_currency(code);
        seen.compared.currency = records;
    }
    Ok(())
}

/// The portal's currencies of a record's amounts that name none and are the portal's to the digit.
fn currencies(record: &FileRecord, current: &Current) -> Vec<String> {
    let bare = |value: &Value| value.each().iter().any(|value| matches!(value, Value::Money(money) if money.currency.is_none()));
    let mut fields = record.fields().filter(|(_, value)| bare(value)).peekable();
    if fields.peek().is_none() {
        return Vec::new();
    }
    let Some(live) = twin(record, current) else { return Vec::new() };
    let pairs = fields.filter_map(|(code, value)| Some((value.each(), live.get(code.as_str())?.each())));
    let same = |file: &Money, live: &Money| file.currency.is_none() && !file.amount.is_zero() && file.amount == live.amount;
    let told = |(file, live): (&Value, &Value)| match (file, live) {
        (Value::Money(file), Value::Money(live)) if same(file, live) => live.currency.clone(),
        _ => None,
    };
    pairs
        .filter(|(file, live)| file.len() == live.len())
        .flat_map(|(file, live)| file.iter().zip(live))
        .filter_map(told)
        .collect()
}

fn borne_out(records: u64, of: u64) -> String {
    format!("the portal: {records} of {of} values of shared records that tell")
}

fn confidence(records: u64, of: u64) -> f32 {
    records as f32 / of.max(1) as f32
}

/// The order in which the moments of creation are those of the portal, in whatever zone; `false` where no shared record tells. Only
/// moments that the orders read differently are witnesses: `2024-05-03` is one day in all of them, and proves none.
fn order_by_births(seen: &mut Surveyed, current: &Current) -> bool {
    let samples = telling_births(seen, current);
    let scored = [0, 1, 2].map(|at| (ORDERS[at], diff::explainable(&samples[at]) as u64, samples[at].len() as u64));
    let own = seen.survey.conventions.date_order;
    let most = scored.iter().map(|(_, explained, _)| *explained).max().unwrap_or_default();
    if most == 0 {
        return false;
    }
    let best: Vec<_> = scored.iter().filter(|(_, explained, _)| *explained == most).collect();
    // Where orders explain alike, the shared records were all made on days that read the same.
    let Some((order, explained, of)) = best.iter().find(|(order, ..)| *order == own).or(best.first()) else { return false };
    if best.iter().any(|(other, ..)| other != order && is_other(seen, *order, *other)) {
        return false;
    }
    // What the file's own dates say is given up for most of the records only: a few ids may have been given out again.
    if seen.survey.date_order_sure && *order != own && explained * 2 <= *of {
        return true;
    }
    let how = format!("the portal: {explained} of {of} shared records were created then");
    let (order, explained, of) = (*order, *explained, *of);
    seen.survey.settle_order(order, confidence(explained, of), how);
    seen.compared.date_order = explained;
    true
}

/// Whether two orders give the file's moments of creation other days.
fn is_other(seen: &Surveyed, one: DateOrder, other: DateOrder) -> bool {
    !seen.survey.created_in(one).eq(seen.survey.created_in(other))
}

/// The shared records' moments of creation that the orders read differently, by each of them, with the portal's.
fn telling_births(seen: &Surveyed, current: &Current) -> [Vec<(DateTime, Timestamp)>; 3] {
    let entity = seen.file.entity;
    let mut samples: [Vec<_>; 3] = Default::default();
    for (id, read) in seen.survey.created_by(ORDERS) {
        let live = current.under_id(entity, id).and_then(|live| current.created(entity, live));
        let Some(Value::Moment(moment)) = live.filter(|_| read.iter().any(|value| *value != read[0])) else { continue };
        for (samples, value) in samples.iter_mut().zip(read) {
            if let Some(Value::Clock(clock)) = value {
                samples.push((clock, moment));
            }
        }
    }
    samples
}

/// The order in which the days of other columns are those of the portal.
fn order_by_days(seen: &mut Surveyed, current: &Current, schema: &Schema) -> Result<(), IntakeError> {
    let own = seen.survey.conventions.clone();
    let [day_first, month_first] = [DateOrder::Dmy, DateOrder::Mdy].map(|order| own.with_order(order));
    if let Some((taken, records, of)) = better(seen, current, schema, day_first, month_first)? {
        seen.survey.settle_order(taken.date_order, confidence(records, of), borne_out(records, of));
        seen.compared.date_order = records;
    }
    Ok(())
}

/// The one of two conventions by which more values of shared records are the portal's, by how many, and of how many that tell;
/// `None` where the portal bears out neither or both.
fn better(
    seen: &Surveyed,
    current: &Current,
    schema: &Schema,
    one: Conventions,
    other: Conventions,
) -> Result<Option<(Conventions, u64, u64)>, IntakeError> {
    let (mut for_one, mut for_other) = (0, 0);
    let mut rows = 0;
    let read = |conventions| intake::read_by(&seen.file, &seen.survey, schema, conventions);
    for (first, second) in read(&one)?.zip(read(&other)?) {
        let (first, second) = (first?, second?);
        rows += first.rows().len();
        let told = first.rows().par_iter().zip(second.rows()).map(|(first, second)| tells(first, second, current, schema));
        let (a, b) = told.reduce(|| (0, 0), |sum, next| (sum.0 + next.0, sum.1 + next.1));
        (for_one, for_other) = (for_one + a, for_other + b);
        if rows >= ROWS_MAX || for_one + for_other >= ENOUGH {
            break;
        }
    }
    let of: u64 = for_one + for_other;
    let (taken, most) = if for_one >= for_other { (one, for_one) } else { (other, for_other) };
    Ok((of > 0 && most * 100 >= of * MAJORITY_PERCENT).then_some((taken, most, of)))
}

/// How many values of a row are the portal's by the first reading alone, and by the second alone.
fn tells(first: &Row, second: &Row, current: &Current, schema: &Schema) -> (u64, u64) {
    let (Row::Record { record: first, .. }, Row::Record { record: second, .. }) = (first, second) else { return (0, 0) };
    let Some(live) = twin(first, current) else { return (0, 0) };
    let agrees = |record: &FileRecord, code: &str| {
        let field = schema.listed(record.entity, code)?;
        diff::agrees(record.get(code)?, live.get(code)?, field, schema)
    };
    let mut told = (0, 0);
    // A field that one reading can't understand is absent from its record.
    let codes =
        first.fields().chain(second.fields().filter(|(code, _)| first.get(code.as_str()).is_none())).map(|(code, _)| code);
    for code in codes.filter(|code| first.get(code.as_str()) != second.get(code.as_str())) {
        match (agrees(first, code.as_str()) == Some(true), agrees(second, code.as_str()) == Some(true)) {
            (true, false) => told.0 += 1,
            (false, true) => told.1 += 1,
            _ => {}
        }
    }
    told
}
