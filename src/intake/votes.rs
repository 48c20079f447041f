//! What the cells of one column tell: codes or labels, a `+` that phones have or miss, letters that were encoded twice or lost.

use super::lost;
use super::mojibake;

/// Digits of a phone up to which lengths are counted apart.
const PHONE_DIGITS_MAX: usize = 16;
/// Phones with a `+` from which on one without it is missed.
const PLUS_MIN: u32 = 2;

/// The votes of one column.
#[derive(Debug, Clone, Default)]
pub(super) struct ColumnVotes {
    pub(super) codes: u64,
    pub(super) labels: u64,
    pub(super) clashes: u64,
    /// Cells with a text; asked where the column has no title.
    pub(super) filled: u64,
    /// Phones with and without `+`, by their number of digits.
    plus: [u32; PHONE_DIGITS_MAX],
    bare: [u32; PHONE_DIGITS_MAX],
    /// Cells beyond ASCII that were encoded once and twice.
    once: u64,
    pub(super) twice: u64,
    /// Cells of texts that have lost letters.
    pub(super) marks: lost::Votes,
}

impl ColumnVotes {
    /// Adds what the column's cells in another part of the file tell.
    pub(super) fn add(&mut self, other: &Self) {
        self.codes += other.codes;
        self.labels += other.labels;
        self.clashes += other.clashes;
        self.filled += other.filled;
        self.once += other.once;
        self.twice += other.twice;
        self.marks.add(other.marks);
        for length in 0..PHONE_DIGITS_MAX {
            self.plus[length] += other.plus[length];
            self.bare[length] += other.bare[length];
        }
    }

    pub(super) fn count(&mut self, is_code: bool) {
        self.codes += u64::from(is_code);
        self.labels += u64::from(!is_code);
    }

    pub(super) fn letters(&mut self, text: &str) {
        // A cell that has lost letters since tells nothing of the others.
        if text.is_ascii() || text.contains(char::REPLACEMENT_CHARACTER) {
            return;
        }
        let is_twice = mojibake::repair(text).is_some();
        self.once += u64::from(!is_twice);
        self.twice += u64::from(is_twice);
    }

    /// Whether every cell that could tell was encoded twice: then the repair is no guess.
    pub(super) fn is_twice(&self) -> bool {
        self.twice > 0 && self.once == 0
    }

    pub(super) fn phone(&mut self, text: &str) {
        for phone in text.split(", ") {
            let (digits, lengths) = match phone.strip_prefix('+') {
                Some(digits) => (digits, &mut self.plus),
                None => (phone, &mut self.bare),
            };
            if is_number(digits)
                && let Some(count) = lengths.get_mut(digits.len())
            {
                *count += 1;
            }
        }
    }

    /// How many digits a phone has whose `+` was lost: those that nearly all phones with a `+` have. A country's own numbers, written
    /// without one, are shorter.
    pub(super) fn plus_lost(&self) -> usize {
        let all: u32 = self.plus.iter().sum();
        let usual = (1..PHONE_DIGITS_MAX).max_by_key(|length| self.plus[*length]).unwrap_or_default();
        let is_usual = all >= PLUS_MIN && self.plus[usual] * 10 >= all * 9;
        // Where most have none, that is how the portal's people write them.
        if is_usual && self.bare[usual] > 0 && self.bare[usual] <= self.plus[usual] { usual } else { 0 }
    }
}

pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
