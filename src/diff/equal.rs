//! Equality of meaning of two values of one field, by the field's type.

use std::borrow::Cow;

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use rust_decimal::Decimal;

use crate::model::{FieldDef, FieldType, ProductRow, Schema, UserId, Value, fold};

use super::contact::{phone_form, web_form};
use super::links::{LinkState, Links, compare_bindings, compare_links};
use super::markup::same_long_text;
use super::moment::same_moment;
use super::text::{same_text, text_of};

/// What holding a file's value against the portal's says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sameness {
    /// They mean the same.
    Same,
    /// They don't.
    Differs,
    /// A link that was lost with its target.
    Lost,
    /// They can't be held against each other: an unknown label or user.
    Unknown,
}

use Sameness::{Differs, Same, Unknown};

/// What the values are read with.
pub(super) struct Frame<'a> {
    pub schema: &'a Schema,
    pub zone: &'a TimeZone,
    pub links: &'a dyn Links,
}

/// Whether two values are so plainly the same that nothing else has to be looked at: no field, no schema.
///
/// Links are never plain: the same number may name a lost record in the file and another one in the portal.
pub(super) fn plainly_same(file: &Value, live: &Value) -> bool {
    match (file, live) {
        (Value::Text(file), Value::Text(live)) | (Value::Code(file), Value::Code(live)) => file == live,
        (Value::Empty, Value::Empty) => true,
        (Value::Number(file), Value::Number(live)) => file == live,
        (Value::Flag(file), Value::Flag(live)) => file == live,
        (Value::Date(file), Value::Date(live)) => file == live,
        (Value::Moment(file), Value::Moment(live)) => file == live,
        (Value::User(file), Value::User(live)) => file == live,
        (Value::List(file), Value::List(live)) => {
            file.len() == live.len() && file.iter().zip(live).all(|(file, live)| plainly_same(file, live))
        }
        _ => false,
    }
}

impl Frame<'_> {
    /// Compares the values of a field.
    pub fn compare(&self, file: &Value, live: &Value, field: Option<&FieldDef>) -> Sameness {
        match field.map(|field| &field.kind) {
            Some(FieldType::Link(entity)) => compare_links(file, live, *entity, self.links).into(),
            Some(FieldType::Binding) => compare_bindings(file, live, field.and_then(FieldDef::bound_to), self.links).into(),
            Some(FieldType::Products) => same_products(file, live),
            kind if matches!(file, Value::List(_))
                || matches!(live, Value::List(_))
                || field.is_some_and(|field| field.multiple) =>
            {
                self.compare_sets(file, live, field, kind)
            }
            kind => self.compare_one(file, live, field, kind),
        }
    }

    /// Lists are sets with multiplicity; the order says nothing.
    fn compare_sets(&self, file: &Value, live: &Value, field: Option<&FieldDef>, kind: Option<&FieldType>) -> Sameness {
        let mut live_left: Vec<&Value> = live.each().iter().filter(|value| !value.is_empty()).collect();
        let (mut missing, mut unknown) = (false, false);
        for want in file.each().iter().filter(|value| !value.is_empty()) {
            let mut doubtful = false;
            let found = live_left.iter().position(|live| match self.compare_one(want, live, field, kind) {
                Same => true,
                other => {
                    doubtful |= other == Unknown;
                    false
                }
            });
            match found {
                Some(found) => drop(live_left.swap_remove(found)),
                None if doubtful || self.is_unknown(want, field, kind) => unknown = true,
                None => missing = true,
            }
        }
        match (missing, unknown) {
            (false, false) if live_left.is_empty() => Same,
            (false, true) => Unknown,
            _ if joined(file, live, kind) => Same,
            _ => Differs,
        }
    }

    /// Whether a member of a list is a text that nothing answers to; asked where the portal's list has nothing to hold it against.
    fn is_unknown(&self, want: &Value, field: Option<&FieldDef>, kind: Option<&FieldType>) -> bool {
        matches!(want, Value::Label(_) | Value::Name(_)) && self.compare_one(want, &Value::Empty, field, kind) == Unknown
    }

    fn compare_one(&self, file: &Value, live: &Value, field: Option<&FieldDef>, kind: Option<&FieldType>) -> Sameness {
        match kind {
            Some(FieldType::Integer | FieldType::Double) => same_numbers(file, live, field),
            Some(FieldType::Money) => same_money(file, live),
            Some(FieldType::Flag) => flag(file).zip(flag(live)).map_or(Differs, |(file, live)| (file == live).into()),
            Some(FieldType::Date) => {
                day(file).zip(day(live)).map_or_else(|| both_empty(file, live), |(file, live)| (file == live).into())
            }
            Some(FieldType::Moment) => same_moment(file, live, self.zone).map_or_else(|| both_empty(file, live), Sameness::from),
            Some(FieldType::LongText) => by_text(file, live, same_long_text),
            Some(FieldType::Url) => by_text(file, live, |file, live| same_text(&web_form(file), &web_form(live))),
            Some(FieldType::Address) => by_text(file, live, |file, live| same_text(street(file), street(live))),
            Some(FieldType::Multi(multi)) => same_contact(file, live, &multi.kind),
            Some(FieldType::User) => self.same_user(file, live),
            Some(
                kind @ (FieldType::Status(_)
                | FieldType::Stage
                | FieldType::Pipeline
                | FieldType::Currency
                | FieldType::Enumeration),
            ) => self.same_code(file, live, kind, field),
            _ => self.same_untyped(file, live),
        }
    }

    /// Short texts, and fields whose type says nothing of the value.
    fn same_untyped(&self, file: &Value, live: &Value) -> Sameness {
        if let Some(same) = same_moment(file, live, self.zone) {
            return same.into();
        }
        match (file, live) {
            (Value::Number(file), Value::Number(live)) => (file == live).into(),
            (Value::Number(_), Value::Empty) | (Value::Empty, Value::Number(_)) => same_numbers(file, live, None),
            (Value::Flag(_), _) | (_, Value::Flag(_)) => {
                flag(file).zip(flag(live)).map_or(Differs, |(file, live)| (file == live).into())
            }
            (Value::Money(..), _) | (_, Value::Money(..)) => same_money(file, live),
            (Value::Date(_), _) | (_, Value::Date(_)) => (day(file) == day(live)).into(),
            (Value::Products(_), _) | (_, Value::Products(_)) => same_products(file, live),
            _ => by_text(file, live, same_text),
        }
    }

    fn same_user(&self, file: &Value, live: &Value) -> Sameness {
        let live = user(live);
        match file {
            Value::Name(name) | Value::Label(name) | Value::Text(name) if !name.is_empty() && user(file).is_none() => {
                let bearers = self
                    .links
                    .users_named(name)
                    .unwrap_or_else(|| self.schema.users_named(name).into_iter().map(|user| user.id).collect());
                if bearers.is_empty() { Unknown } else { live.is_some_and(|live| bearers.contains(&live)).into() }
            }
            _ => (user(file) == live).into(),
        }
    }

    /// Keys of entries: equal by key, or by the text that people see. A text of no entry can't be compared.
    fn same_code(&self, file: &Value, live: &Value, kind: &FieldType, field: Option<&FieldDef>) -> Sameness {
        let (Some(file_text), Some(live_code)) = (text_of(file), text_of(live)) else { return Differs };
        let (file_text, live_code) = (no_entry(&file_text, kind), no_entry(&live_code, kind));
        if file_text == live_code {
            return Same;
        }
        if !matches!(file, Value::Label(_) | Value::Text(_) | Value::Name(_)) || file_text.is_empty() {
            return Differs;
        }
        let wanted = fold(file_text);
        let mut known = false;
        for (code, label) in entries(self.schema, kind, field) {
            if code == file_text || fold(label) == wanted {
                if code == live_code {
                    return Same;
                }
                known = true;
            }
        }
        if known { Differs } else { Unknown }
    }
}

impl From<bool> for Sameness {
    fn from(same: bool) -> Self {
        if same { Same } else { Differs }
    }
}

impl From<LinkState> for Sameness {
    fn from(state: LinkState) -> Self {
        match state {
            LinkState::Same => Same,
            LinkState::Lost => Self::Lost,
            LinkState::Differs => Differs,
            LinkState::Unknown => Unknown,
        }
    }
}

/// The entries of a field: code and text. Stages of all pipelines, since the pipeline is a field of its own.
pub fn entries<'a>(schema: &'a Schema, kind: &'a FieldType, field: Option<&'a FieldDef>) -> Vec<(Cow<'a, str>, &'a str)> {
    let of = |directory: &str| {
        schema.entries(directory).iter().map(|entry| (Cow::Borrowed(entry.code.as_str()), entry.name.as_str())).collect()
    };
    match kind {
        FieldType::Status(directory) => of(directory),
        FieldType::Stage => {
            let stages = schema.directories.iter().filter(|(name, _)| *name == "DEAL_STAGE" || name.starts_with("DEAL_STAGE_"));
            stages
                .flat_map(|(_, entries)| entries)
                .map(|entry| (Cow::Borrowed(entry.code.as_str()), entry.name.as_str()))
                .collect()
        }
        FieldType::Pipeline => {
            schema.pipelines.iter().map(|pipeline| (Cow::Owned(pipeline.id.to_string()), pipeline.name.as_str())).collect()
        }
        FieldType::Currency => {
            schema.currencies.iter().map(|currency| (Cow::Borrowed(currency.code.as_str()), currency.name.as_str())).collect()
        }
        FieldType::Enumeration => field
            .map_or(&[][..], |field| &field.items)
            .iter()
            .map(|(id, text)| (Cow::Borrowed(id.as_str()), text.as_str()))
            .collect(),
        _ => Vec::new(),
    }
}

/// The text of a code; `0` in a list field is no item, and no pipeline is the general one, number 0.
fn no_entry<'a>(code: &'a str, kind: &FieldType) -> &'a str {
    let code = code.trim();
    if code == "0" && matches!(kind, FieldType::Enumeration | FieldType::Pipeline) { "" } else { code }
}

fn both_empty(file: &Value, live: &Value) -> Sameness {
    if file.is_empty() && live.is_empty() { Same } else { by_text(file, live, |file, live| file == live) }
}

fn by_text(file: &Value, live: &Value, same: impl Fn(&str, &str) -> bool) -> Sameness {
    text_of(file).zip(text_of(live)).is_some_and(|(file, live)| same(&file, &live)).into()
}

/// Several values in one cell are joined with comma and space; where one of them holds a comma, only the joined text can be compared (csv 4.8).
fn joined(file: &Value, live: &Value, kind: Option<&FieldType>) -> bool {
    let join = |value: &Value| value.each().iter().map(text_of).collect::<Option<Vec<_>>>().map(|texts| texts.join(", "));
    match (join(file), join(live)) {
        (Some(file), Some(live)) if matches!(kind, Some(FieldType::Multi(multi)) if multi.kind == "PHONE") => {
            let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
            let (file_digits, live_digits) = (digits(&file), digits(&live));
            if file_digits.is_empty() && live_digits.is_empty() { same_text(&file, &live) } else { file_digits == live_digits }
        }
        (Some(file), Some(live)) => same_text(&file, &live),
        _ => false,
    }
}

/// Numbers of the two sources: an empty one is 0, amounts have two digits, others are compared to four.
fn same_numbers(file: &Value, live: &Value, field: Option<&FieldDef>) -> Sameness {
    let amount = field.is_some_and(|field| matches!(field.code.as_str(), "OPPORTUNITY" | "REVENUE" | "TAX_VALUE"));
    let digits = if amount { 2 } else { 4 };
    match (number(file), number(live)) {
        (Some(file), Some(live)) => (file.round_dp(digits) == live.round_dp(digits)).into(),
        _ => by_text(file, live, same_text),
    }
}

pub(super) fn number(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(number) => Some(*number),
        Value::Money(money) => Some(money.amount),
        Value::Empty => Some(Decimal::ZERO),
        Value::Text(text) | Value::Code(text) | Value::Label(text) if text.trim().is_empty() => Some(Decimal::ZERO),
        Value::Text(text) | Value::Code(text) => text.trim().parse().ok(),
        Value::Link(id) => Some((*id).into()),
        _ => None,
    }
}

/// Amount and currency; a currency that one side doesn't know says nothing, and nothing of any currency is nothing.
fn same_money(file: &Value, live: &Value) -> Sameness {
    match (money(file), money(live)) {
        (Some((file, of)), Some((live, currency))) => {
            let alike = of.zip(currency).is_none_or(|(of, currency)| of.trim().eq_ignore_ascii_case(currency.trim()));
            (file.round_dp(4) == live.round_dp(4) && (alike || file.is_zero())).into()
        }
        _ => by_text(file, live, same_text),
    }
}

fn money(value: &Value) -> Option<(Decimal, Option<&str>)> {
    match value {
        Value::Money(money) => Some((money.amount, money.currency.as_deref())),
        Value::Text(text) if text.contains('|') => {
            let (amount, currency) = text.split_once('|')?;
            let amount = if amount.trim().is_empty() { Decimal::ZERO } else { amount.trim().parse().ok()? };
            Some((amount, Some(currency).filter(|currency| !currency.trim().is_empty())))
        }
        other => number(other).map(|amount| (amount, None)),
    }
}

/// Yes or no; unset is no (csv 4.7).
fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Flag(flag) => Some(*flag),
        Value::Empty => Some(false),
        Value::Number(number) => Some(!number.is_zero()),
        Value::Text(text) | Value::Code(text) => match text.trim() {
            "Y" | "y" | "1" | "true" => Some(true),
            "N" | "n" | "0" | "false" | "" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// The day of a date field: of a moment, its day in UTC (rest-crm 3.2, 6.7).
fn day(value: &Value) -> Option<Date> {
    match value {
        Value::Date(day) => Some(*day),
        Value::Moment(moment) => Some(Offset::UTC.to_datetime(*moment).date()),
        Value::Clock(clock) => Some(clock.date()),
        _ => None,
    }
}

fn user(value: &Value) -> Option<UserId> {
    let id = match value {
        Value::User(id) => id.0,
        Value::Link(id) => *id,
        Value::Number(number) => u64::try_from(*number).ok()?,
        Value::Text(text) | Value::Code(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    (id != 0).then_some(UserId(id))
}

fn same_contact(file: &Value, live: &Value, kind: &str) -> Sameness {
    by_text(file, live, |file, live| same_contact_text(file, live, kind))
}

/// Whether two values of a kind of multi-field mean the same.
pub(super) fn same_contact_text(file: &str, live: &str, kind: &str) -> bool {
    match kind {
        "PHONE" => match (phone_form(file), phone_form(live)) {
            (file_form, live_form) if file_form.is_empty() && live_form.is_empty() => same_text(file, live),
            (file_form, live_form) => file_form == live_form,
        },
        "EMAIL" => file.trim().to_lowercase() == live.trim().to_lowercase(),
        "WEB" => same_text(&web_form(file), &web_form(live)),
        _ => same_text(file, live),
    }
}

/// The text of an address, without the coordinates and the technical suffix that follow it (rest-crm 6.7, csv 4.8).
fn street(address: &str) -> &str {
    let text = address.split('|').next().unwrap_or_default().trim();
    match text.strip_suffix(')').and_then(|text| text.rsplit_once('(')) {
        Some((street, place)) if place.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | ';' | ' ' | '-')) => {
            street.trim()
        }
        _ => text,
    }
}

/// Product rows as a set: name, price to two digits, quantity to four, as an export prints them (csv 4.9).
fn same_products(file: &Value, live: &Value) -> Sameness {
    let rows = |value: &Value| match value {
        Value::Products(rows) => rows.clone(),
        _ => Vec::new(),
    };
    let (file, mut live_left): (Vec<ProductRow>, Vec<ProductRow>) = (rows(file), rows(live));
    let all = file.iter().all(|row| match live_left.iter().position(|live| same_row(row, live)) {
        Some(found) => {
            live_left.swap_remove(found);
            true
        }
        None => false,
    });
    (all && live_left.is_empty()).into()
}

fn same_row(file: &ProductRow, live: &ProductRow) -> bool {
    same_product(file, live) && same_price(file, live) && file.quantity.round_dp(4) == live.quantity.round_dp(4)
}

/// Whether two product rows are of one product, whatever it costs and however many there are.
pub fn same_product(file: &ProductRow, live: &ProductRow) -> bool {
    same_text(&file.name, &live.name)
}

/// Whether two product rows have one price.
pub fn same_price(file: &ProductRow, live: &ProductRow) -> bool {
    file.price.round_dp(2) == live.price.round_dp(2)
}
