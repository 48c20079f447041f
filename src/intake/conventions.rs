//! How the cells of one file are to be read: what its rows together, the user, or the portal's own records say.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::detect::{DateOrder, NumberStyle};
use super::lost::Loss;
use super::nothing::Nothing;
use super::protected;
use crate::model::{OriginalId, ProblemCode, Value};

/// How the cells of one file are to be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Conventions {
    /// The order of day, month and year.
    pub date_order: DateOrder,
    /// The decimal sign of number columns.
    pub numbers: NumberStyle,
    /// The decimal sign of amounts that a currency's template has formatted: a matter of its own (csv 4.4).
    pub money: NumberStyle,
    /// The currency of amounts whose cell names none: `$1,500.00` may be of a dozen. As the portal's own records bear it out.
    pub currency: Option<String>,
    /// The zone of the file's times, where it is another than that of all the others.
    pub clocks: Option<Clocks>,
    /// Whether the cells of a column hold codes and ids, by the column's place.
    pub coded: Vec<bool>,
    /// The words that stand for nothing.
    pub(super) nothing: Nothing,
    /// The digits of a phone whose `+` a spreadsheet took, by the column's place; 0 where none is missed.
    pub(super) plus_lost: Vec<usize>,
    /// What cells are to be looked at for, of which most files have nothing.
    pub(super) suspect: Option<Suspect>,
    /// Whether every cell of a column that could tell was encoded twice, so that its cells are read as they were before; by the column's
    /// place.
    pub(super) twice: Vec<bool>,
    /// The places of the columns whose real dates a spreadsheet has turned round.
    pub(super) turned: Vec<usize>,
    /// Whether each text of a column became a number with decimals, by the column's place.
    pub(super) measured: Vec<bool>,
    /// Whether cells are protected from spreadsheets.
    pub(super) is_protected: bool,
}

/// Losses of text that single cells are to be asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Suspect {
    /// Zero bytes stand within the file's text.
    pub(super) zeros: bool,
    /// Letters that were replaced by question marks, by the column's place.
    pub(super) losses: Vec<Loss>,
}

impl Suspect {
    /// What a cell has lost.
    pub(super) fn problem(&self, column: usize, text: &str) -> Option<ProblemCode> {
        // A zero is no letter that anybody has typed; what it stands for is lost.
        if self.zeros && text.contains('\0') {
            return Some(ProblemCode::NulBytes);
        }
        let is_lost = self.losses.get(column).is_some_and(|loss| loss.is_in(text));
        is_lost.then_some(ProblemCode::SpreadsheetDamage)
    }
}

/// The zone of one file's times.
#[derive(Debug, Clone, PartialEq)]
pub struct Clocks {
    /// The zone.
    pub zone: TimeZone,
    /// The moments of creation that the clock alone doesn't tell: the hour that is repeated when summer time ends, seconds that a
    /// format has cut.
    pub births: HashMap<OriginalId, Timestamp>,
}

impl Clocks {
    /// The moment of a clock.
    pub(super) fn moment(&self, value: Value) -> Value {
        match value {
            Value::Clock(clock) => self.zone.to_ambiguous_timestamp(clock).compatible().map_or(value, Value::Moment),
            value => value,
        }
    }
}

impl Conventions {
    /// The same with another order of dates.
    #[must_use]
    pub fn with_order(&self, date_order: DateOrder) -> Self {
        Self { date_order, ..self.clone() }
    }

    /// The same with the other decimal sign in number columns.
    #[must_use]
    pub fn with_numbers(&self, numbers: NumberStyle) -> Self {
        Self { numbers, ..self.clone() }
    }

    /// The same where amounts without a currency of their own are of this one.
    #[must_use]
    pub fn with_currency(&self, currency: String) -> Self {
        Self { currency: Some(currency), ..self.clone() }
    }

    /// The same with the cells of one column read as codes, or as labels.
    #[must_use]
    pub fn with_coded(&self, column: usize, coded: bool) -> Self {
        let mut other = self.clone();
        if let Some(known) = other.coded.get_mut(column) {
            *known = coded;
        }
        other
    }

    pub(super) fn is_coded(&self, column: usize) -> bool {
        self.coded.get(column).is_some_and(|coded| *coded)
    }

    /// Whether a column's cells are read as they were before somebody encoded them a second time.
    pub(super) fn is_twice(&self, column: usize) -> bool {
        self.twice.get(column).is_some_and(|twice| *twice)
    }

    /// Whether the file has nothing that every one of its cells would have to be asked about: words for nothing, losses of text.
    pub(super) fn are_usual(&self) -> bool {
        self.nothing == Nothing::default() && self.suspect.is_none()
    }

    /// What stands in a cell: nothing, where it only says so in a program's words (csv 8, layout c).
    pub(super) fn present<'t>(&self, text: &'t str) -> &'t str {
        let text = self.bare(text);
        if self.nothing.is(text) { "" } else { text }
    }

    /// A cell without what protects it from spreadsheets.
    pub(super) fn bare<'t>(&self, text: &'t str) -> &'t str {
        if self.is_protected { protected::within(text) } else { text }
    }
}
