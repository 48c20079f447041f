//! A record of the portal in few bytes: a state of a million records is held in memory whole, and most fields of most records are empty.
//!
//! The order of fields is kept once for all records that share it, runs of empty fields are one byte, numbers of any size are as short as
//! they can be. The bytes live as long as their [`Shapes`] and are read by nobody else; they are no file format.

use std::collections::HashMap;
use std::str;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use rust_decimal::Decimal;

use crate::model::{EntityType, FieldCode, LiveRecord, Money, PortalId, ProductRow, RowDetails, UserId, Value};

/// A byte from here on is a run of empty fields, and one from [`ABSENT`] on a run of absent ones; any other begins a value.
const EMPTY: u8 = 0x80;
const ABSENT: u8 = 0xc0;
/// The longest run that one byte holds.
const RUN_MAX: u8 = 0x40;

/// The first byte of each kind of value.
mod tag {
    pub const TEXT: u8 = 1;
    pub const NUMBER: u8 = 2;
    pub const MONEY: u8 = 3;
    pub const MONEY_OF: u8 = 4;
    pub const FLAG: u8 = 5;
    pub const DATE: u8 = 6;
    pub const MOMENT: u8 = 7;
    pub const CLOCK: u8 = 8;
    pub const CODE: u8 = 9;
    pub const LABEL: u8 = 10;
    pub const USER: u8 = 11;
    pub const LINK: u8 = 12;
    pub const NAME: u8 = 13;
    pub const LIST: u8 = 14;
    pub const PRODUCTS: u8 = 15;
}

/// The orders of fields that the records of a state come in.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    known: Vec<Arc<Vec<FieldCode>>>,
    places: HashMap<Arc<Vec<FieldCode>>, u32>,
    /// The one that was asked for last: a source mostly gives the same again.
    last: u32,
    /// Where a record is packed before its bytes are given the room that they need, and no more.
    bench: Vec<u8>,
}

impl Shapes {
    fn place(&mut self, codes: &Arc<Vec<FieldCode>>) -> u32 {
        if let Some(last) = self.known.get(self.last as usize)
            && (Arc::ptr_eq(last, codes) || last == codes)
        {
            return self.last;
        }
        self.last = self.places.get(codes).copied().unwrap_or_else(|| {
            let place = self.known.len() as u32;
            self.known.push(Arc::clone(codes));
            self.places.insert(Arc::clone(codes), place);
            place
        });
        self.last
    }

    /// A record in few bytes.
    pub(super) fn pack(&mut self, record: &LiveRecord) -> Packed {
        let (codes, values) = record.parts();
        let out = &mut self.bench;
        out.clear();
        let mut rest = values;
        while let Some(first) = rest.first() {
            let run = |is_alike: fn(&Option<Value>) -> bool| {
                rest.iter().take(usize::from(RUN_MAX)).take_while(|value| is_alike(value)).count()
            };
            let length = match first {
                Some(Value::Empty) => {
                    let length = run(|value| matches!(value, Some(Value::Empty)));
                    out.push(EMPTY + (length - 1) as u8);
                    length
                }
                None => {
                    let length = run(Option::is_none);
                    out.push(ABSENT + (length - 1) as u8);
                    length
                }
                Some(value) => {
                    put(out, value);
                    1
                }
            };
            rest = &rest[length..];
        }
        let bytes = Box::from(out.as_slice());
        Packed { shape: self.place(codes), bytes }
    }

    /// The record that was packed.
    pub(super) fn unpack(&self, entity: EntityType, id: PortalId, packed: &Packed) -> LiveRecord {
        let codes = &self.known[packed.shape as usize];
        let mut values = Vec::with_capacity(codes.len());
        let mut bytes = Bytes(&packed.bytes);
        while let Some((&first, rest)) = bytes.0.split_first() {
            match first {
                ABSENT.. => values.resize_with(values.len() + usize::from(first - ABSENT) + 1, || None),
                EMPTY.. => values.resize_with(values.len() + usize::from(first - EMPTY) + 1, || Some(Value::Empty)),
                _ => {
                    values.push(Some(bytes.value().expect("bytes that were packed here")));
                    continue;
                }
            }
            bytes.0 = rest;
        }
        LiveRecord::with_fields(entity, id, Arc::clone(codes), values)
    }
}

/// The fields of a record, for the [`Shapes`] that packed them.
#[derive(Debug)]
pub(super) struct Packed {
    shape: u32,
    bytes: Box<[u8]>,
}

fn put(out: &mut Vec<u8>, value: &Value) {
    let mut text_as = |tag, text: &str| {
        out.push(tag);
        put_text(out, text);
    };
    match value {
        Value::Empty => out.push(EMPTY),
        Value::Text(text) => text_as(tag::TEXT, text),
        Value::Code(text) => text_as(tag::CODE, text),
        Value::Label(text) => text_as(tag::LABEL, text),
        Value::Name(text) => text_as(tag::NAME, text),
        Value::Number(number) => {
            out.push(tag::NUMBER);
            out.extend(number.serialize());
        }
        Value::Money(money) => {
            out.push(if money.currency.is_some() { tag::MONEY_OF } else { tag::MONEY });
            out.extend(money.amount.serialize());
            money.currency.iter().for_each(|currency| put_text(out, currency));
        }
        Value::Flag(flag) => out.extend([tag::FLAG, u8::from(*flag)]),
        Value::Date(date) => {
            out.push(tag::DATE);
            put_date(out, *date);
        }
        Value::Moment(moment) => {
            out.push(tag::MOMENT);
            put_signed(out, moment.as_second());
            put_signed(out, moment.subsec_nanosecond().into());
        }
        Value::Clock(clock) => {
            out.push(tag::CLOCK);
            put_date(out, clock.date());
            out.extend([clock.hour() as u8, clock.minute() as u8, clock.second() as u8]);
            put_signed(out, clock.subsec_nanosecond().into());
        }
        Value::User(user) => {
            out.push(tag::USER);
            put_number(out, user.0);
        }
        Value::Link(id) => {
            out.push(tag::LINK);
            put_number(out, *id);
        }
        Value::List(values) => {
            out.push(tag::LIST);
            put_number(out, values.len() as u64);
            for value in values {
                put(out, value);
            }
        }
        Value::Products(rows) => {
            out.push(tag::PRODUCTS);
            put_number(out, rows.len() as u64);
            for ProductRow { name, price, quantity, details } in rows {
                put_text(out, name);
                out.extend(price.serialize());
                out.extend(quantity.serialize());
                put_details(out, details.as_deref());
            }
        }
    }
}

/// A byte for a row of free text; else what it has, the tax where there is one.
fn put_details(out: &mut Vec<u8>, details: Option<&RowDetails>) {
    let Some(details) = details else { return out.push(0) };
    out.push(1 | u8::from(details.tax_rate.is_some()) << 1 | u8::from(details.tax_included) << 2);
    for number in [details.product, details.discount_type, details.measure] {
        put_number(out, number);
    }
    out.extend(details.discount_rate.serialize());
    out.extend(details.discount_sum.serialize());
    out.extend(details.tax_rate.iter().flat_map(Decimal::serialize));
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_number(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// Seven bits a byte, the lowest first; the top bit says that there are more.
fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// The sign in the lowest bit, so that small numbers below zero are short, too.
fn put_signed(out: &mut Vec<u8>, number: i64) {
    put_number(out, (number << 1 ^ number >> 63) as u64);
}

fn put_date(out: &mut Vec<u8>, date: Date) {
    out.extend(date.year().to_le_bytes());
    out.extend([date.month() as u8, date.day() as u8]);
}

/// What is left to read of packed bytes.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn value(&mut self) -> Option<Value> {
        Some(match self.byte()? {
            EMPTY => Value::Empty,
            tag::TEXT => Value::Text(self.text()?.into()),
            tag::CODE => Value::Code(self.text()?.into()),
            tag::LABEL => Value::Label(self.text()?.into()),
            tag::NAME => Value::Name(self.text()?.into()),
            tag::NUMBER => Value::Number(self.decimal()?),
            tag::MONEY => Value::money(self.decimal()?, None),
            tag::MONEY_OF => {
                let (amount, currency) = (self.decimal()?, self.text()?.to_owned());
                Value::Money(Box::new(Money { amount, currency: Some(currency) }))
            }
            tag::FLAG => Value::Flag(self.byte()? != 0),
            tag::DATE => Value::Date(self.date()?),
            tag::MOMENT => Value::Moment(Timestamp::new(self.signed()?, self.signed()? as i32).ok()?),
            tag::CLOCK => {
                let date = self.date()?;
                let [hour, minute, second] = self.take()?;
                let time = Time::new(hour as i8, minute as i8, second as i8, self.signed()? as i32).ok()?;
                Value::Clock(DateTime::from_parts(date, time))
            }
            tag::USER => Value::User(UserId(self.number()?)),
            tag::LINK => Value::Link(self.number()?),
            tag::LIST => Value::List((0..self.number()?).map(|_| self.value()).collect::<Option<_>>()?),
            tag::PRODUCTS => Value::Products((0..self.number()?).map(|_| self.product()).collect::<Option<_>>()?),
            _ => return None,
        })
    }

    fn product(&mut self) -> Option<ProductRow> {
        let (name, price, quantity) = (self.text()?.to_owned(), self.decimal()?, self.decimal()?);
        Some(ProductRow { name, price, quantity, details: self.details()? })
    }

    /// The details of a product row, nothing for one that has none; `None` where the bytes end before.
    #[expect(clippy::option_option, reason = "the outer one is the end of the bytes, as everywhere here")]
    fn details(&mut self) -> Option<Option<Box<RowDetails>>> {
        let signs = self.byte()?;
        if signs == 0 {
            return Some(None);
        }
        let (product, discount_type, measure) = (self.number()?, self.number()?, self.number()?);
        let (discount_rate, discount_sum) = (self.decimal()?, self.decimal()?);
        let tax_rate = if signs & 2 == 0 { None } else { Some(self.decimal()?) };
        let tax_included = signs & 4 != 0;
        Some(Some(Box::new(RowDetails { product, discount_type, discount_rate, discount_sum, tax_rate, tax_included, measure })))
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take().map(|[byte]| byte)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = self.number()? as usize;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        str::from_utf8(text).ok()
    }

    fn decimal(&mut self) -> Option<Decimal> {
        self.take().map(Decimal::deserialize)
    }

    fn date(&mut self) -> Option<Date> {
        let year = i16::from_le_bytes(self.take()?);
        let [month, day] = self.take()?;
        Date::new(year, month as i8, day as i8).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimal() -> impl Strategy<Value = Decimal> {
        (any::<i64>(), 0_u32..28).prop_map(|(digits, scale)| Decimal::new(digits, scale))
    }

    fn moment() -> impl Strategy<Value = Timestamp> {
        let seconds = Timestamp::MIN.as_second() + 1..Timestamp::MAX.as_second();
        (seconds, 0..1_000_000_000_i32).prop_map(|(second, nanos)| Timestamp::new(second, nanos).unwrap())
    }

    fn clock() -> impl Strategy<Value = DateTime> {
        moment().prop_map(|moment| jiff::tz::Offset::UTC.to_datetime(moment))
    }

    fn single() -> impl Strategy<Value = Value> {
        let text = || ".{0,60}".prop_map(compact_str::CompactString::from);
        let numbers = (any::<u64>(), any::<u64>(), any::<u64>());
        let terms = (decimal(), decimal(), proptest::option::of(decimal()), any::<bool>());
        let details = (numbers, terms).prop_map(|((product, discount_type, measure), terms)| {
            let (discount_rate, discount_sum, tax_rate, tax_included) = terms;
            Box::new(RowDetails { product, discount_type, discount_rate, discount_sum, tax_rate, tax_included, measure })
        });
        let product = (".{0,20}", decimal(), decimal(), proptest::option::of(details))
            .prop_map(|(name, price, quantity, details)| ProductRow { name, price, quantity, details });
        prop_oneof![
            Just(Value::Empty),
            text().prop_map(Value::Text),
            text().prop_map(Value::Code),
            text().prop_map(Value::Label),
            text().prop_map(Value::Name),
            decimal().prop_map(Value::Number),
            (decimal(), proptest::option::of("[A-Z]{3}")).prop_map(|(amount, currency)| Value::money(amount, currency)),
            any::<bool>().prop_map(Value::Flag),
            clock().prop_map(|clock| Value::Date(clock.date())),
            moment().prop_map(Value::Moment),
            clock().prop_map(Value::Clock),
            any::<u64>().prop_map(|id| Value::User(UserId(id))),
            any::<u64>().prop_map(Value::Link),
            prop::collection::vec(product, 0..4).prop_map(Value::Products),
        ]
    }

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![4 => single(), 1 => prop::collection::vec(single(), 0..4).prop_map(Value::List)]
    }

    proptest! {
        #[test]
        fn what_is_unpacked_is_what_was_packed(values in prop::collection::vec(proptest::option::weighted(0.7, value()), 0..200)) {
            let codes: Vec<FieldCode> = (0..values.len()).map(|at| FieldCode::from(format!("F{at}"))).collect();
            let record = LiveRecord::with_fields(EntityType::Deal, PortalId(7), Arc::new(codes), values);
            let mut shapes = Shapes::default();
            let other = LiveRecord::new(EntityType::Deal, PortalId(8));
            let (packed, none) = (shapes.pack(&record), shapes.pack(&other));
            prop_assert_eq!(shapes.unpack(EntityType::Deal, PortalId(7), &packed), record);
            prop_assert_eq!(shapes.unpack(EntityType::Deal, PortalId(8), &none), other);
        }
    }

    #[test]
    fn runs_of_empty_and_absent_fields_are_a_byte_each() {
        let mut values = vec![Some(Value::Empty); 64];
        values.extend(vec![None; 64]);
        let codes: Vec<FieldCode> = (0..values.len()).map(|at| FieldCode::from(format!("F{at}"))).collect();
        let record = LiveRecord::with_fields(EntityType::Lead, PortalId(1), Arc::new(codes), values);
        assert_eq!(Shapes::default().pack(&record).bytes.len(), 2);
    }
}
