//! The value of one field, typed: what a cell and an answer of REST have in common.

use compact_str::CompactString;
use jiff::Timestamp;
use jiff::civil;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::UserId;

/// The value of a field.
///
/// Millions of them are made and compared, so short texts stand in the value itself, and what is rare and large stands apart.
/// A field that a file or an answer doesn't have is absent from its record; [`Value::Empty`] says that it is there and holds nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// The field is there and empty.
    Empty,
    /// Text, exactly as it stands.
    Text(CompactString),
    /// An integer or a double.
    Number(Decimal),
    /// Money of a custom field: amount and, where known, the currency's code.
    Money(Box<Money>),
    /// Yes or no.
    Flag(bool),
    /// A day.
    Date(civil::Date),
    /// A moment.
    Moment(Timestamp),
    /// A moment of a file: date and clock in the exporting user's zone, which the cell doesn't name.
    Clock(civil::DateTime),
    /// The key of an entry: status or stage code, currency code, pipeline id, item id of a list field.
    Code(CompactString),
    /// A text that stands for an entry, but that no entry (or more than one) answers to.
    Label(CompactString),
    /// A user by id.
    User(UserId),
    /// A linked record by id: an original id in a file's record, a portal id in a live one. Which type of record is the field's business.
    Link(u64),
    /// A linked record or a user known by name only.
    Name(CompactString),
    /// The values of a multiple field, in order. An empty list is written as [`Value::Empty`].
    List(Vec<Value>),
    /// Product rows, in order.
    Products(Vec<ProductRow>),
}

/// An amount, and its currency where that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(Decimal, Option<String>)", into = "(Decimal, Option<String>)")]
pub struct Money {
    /// The amount.
    pub amount: Decimal,
    /// The currency's code.
    pub currency: Option<String>,
}

impl From<(Decimal, Option<String>)> for Money {
    fn from((amount, currency): (Decimal, Option<String>)) -> Self {
        Self { amount, currency }
    }
}

impl From<Money> for (Decimal, Option<String>) {
    fn from(Money { amount, currency }: Money) -> Self {
        (amount, currency)
    }
}

/// One product row of a lead or deal, as far as an export knows it, and what a portal knows besides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProductRow {
    /// The product's name.
    pub name: String,
    /// What the customer pays for one unit.
    pub price: Decimal,
    /// How many units.
    pub quantity: Decimal,
    /// What no export holds; nothing for a row of free text.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub details: Option<Box<RowDetails>>,
}

/// What a portal knows of a product row and no export holds (rest-crm 8.3).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RowDetails {
    /// The catalogue's product; 0 for a text of its own.
    pub product: u64,
    /// 1 for a discount of an amount, 2 for one in percent.
    pub discount_type: u64,
    /// The discount in percent.
    pub discount_rate: Decimal,
    /// The discount of one unit as an amount.
    pub discount_sum: Decimal,
    /// The tax in percent; nothing for "no tax", which isn't 0 %.
    pub tax_rate: Option<Decimal>,
    /// Whether the price holds the tax.
    pub tax_included: bool,
    /// The code of the unit of measure; 0 for the portal's own choice.
    pub measure: u64,
}

impl RowDetails {
    /// Whether they say more than what a row of free text has by itself.
    pub fn tell(&self) -> bool {
        self.product != 0 || self.has_terms() || !matches!(self.measure, 0 | PIECE)
    }

    /// Whether there is a discount or a tax.
    pub fn has_terms(&self) -> bool {
        !self.discount_rate.is_zero() || !self.discount_sum.is_zero() || self.tax_rate.is_some() || self.tax_included
    }
}

/// The code of the unit that a row has where none is said: a piece.
const PIECE: u64 = 796;

impl ProductRow {
    /// A row of free text.
    pub fn free(name: impl Into<String>, price: Decimal, quantity: Decimal) -> Self {
        Self { name: name.into(), price, quantity, details: None }
    }
}

impl Value {
    /// Money of a custom field.
    pub fn money(amount: Decimal, currency: Option<String>) -> Self {
        Self::Money(Box::new(Money { amount, currency }))
    }

    /// Whether the field holds nothing.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) | Self::Label(text) | Self::Name(text) | Self::Code(text) => text.is_empty(),
            Self::List(values) => values.iter().all(Self::is_empty),
            Self::Products(rows) => rows.is_empty(),
            _ => false,
        }
    }

    /// The text of a text-like value.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Label(text) | Self::Name(text) | Self::Code(text) => Some(text),
            _ => None,
        }
    }

    /// The single values: a list's members, nothing for an empty value, else the value itself.
    pub fn each(&self) -> &[Self] {
        match self {
            Self::List(values) => values,
            Self::Empty => &[],
            other => std::slice::from_ref(other),
        }
    }
}
