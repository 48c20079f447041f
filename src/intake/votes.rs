//! What the cells of one column tell: codes or labels, a `+` that phones have or miss, letters that were encoded twice or lost.

use super::nothing::Word;
use super::{damage, lost, mojibake};

/// Digits of a phone up to which lengths are counted apart.
const PHONE_DIGITS_MAX: usize = 16;
/// Phones with a `+` from which on one without it is missed.
const PLUS_MIN: u32 = 2;

/// Texts from which on a column of numbers with decimals is no chance, and the digits of which one has as many.
const MEASURED_MIN: u64 = 2;
const MEASURED_DIGITS_MIN: usize = 4;

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
    /// Texts, those that are whole numbers with decimals, and those of them that are long.
    texts: u64,
    measured: u64,
    long: u64,
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
        self.texts += other.texts;
        self.measured += other.measured;
        self.long += other.long;
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

    /// Counts a text that may have become a number with decimals.
    pub(super) fn measure(&mut self, text: &str) {
        if text.is_empty() || Word::of(text).is_some() {
            return;
        }
        let whole = damage::whole_part(text);
        self.texts += 1;
        self.measured += u64::from(whole.is_some());
        self.long += u64::from(whole.is_some_and(|whole| whole.len() >= MEASURED_DIGITS_MIN));
    }

    /// Whether every text became a number with decimals. Short ones alone may be versions: `2.0`.
    pub(super) fn is_measured(&self) -> bool {
        self.texts >= MEASURED_MIN && self.measured == self.texts && self.long > 0
    }

    /// Whether every cell that could tell was encoded twice: then the repair is no guess.
    pub(super) fn is_twice(&self) -> bool {
        self.twice > 0 && self.once == 0
    }

    /// Counts the phones of a cell, which are joined by comma and space, by their digits; those that have anything else are none.
    pub(super) fn phone(&mut self, text: &str) {
        let mut rest = text.as_bytes();
        loop {
            let (phone, lengths) = match rest {
                [b'+', digits @ ..] => (digits, &mut self.plus),
                digits => (digits, &mut self.bare),
            };
            let digits = phone.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let behind = &phone[digits..];
            let next = joint(behind);
            let is_number = digits > 0 && (behind.is_empty() || next == Some(0));
            if let Some(count) = lengths.get_mut(digits).filter(|_| is_number) {
                *count += 1;
            }
            match next {
                Some(at) => rest = &behind[at + 2..],
                None => return,
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

/// Where the comma and the space stand that join two phones.
fn joint(text: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(found) = text[from..].iter().position(|byte| *byte == b',') {
        if text.get(from + found + 1) == Some(&b' ') {
            return Some(from + found);
        }
        from += found + 1;
    }
    None
}

pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(text: &str) -> (Vec<usize>, Vec<usize>) {
        let mut votes = ColumnVotes::default();
        votes.phone(text);
        let lengths = |counts: [u32; PHONE_DIGITS_MAX]| {
            let each = |(length, count): (usize, u32)| std::iter::repeat_n(length, count as usize);
            counts.into_iter().enumerate().flat_map(each).collect()
        };
        (lengths(votes.plus), lengths(votes.bare))
    }

    #[test]
    fn phones_are_counted_by_their_digits_with_a_plus_and_without() {
        for (text, plus, bare) in [
            ("+525512345678", &[12][..], &[][..]),
            ("5512345678, +525512345678", &[12], &[10]),
            ("+52, 1, 22, +333", &[2, 3], &[1, 2]),
            ("+52 55 1234 5678", &[], &[]),
            ("+52 55 1234 5678, 5512345678", &[], &[10]),
            ("5512345678,5512345678", &[], &[]),
            ("12,, 34", &[], &[2]),
            ("+, 1", &[], &[1]),
            ("123456789012345", &[], &[15]),
            ("1234567890123456", &[], &[]),
            ("1,2,, ,, 3, 44", &[], &[1, 2]),
            (", 7", &[], &[1]),
            ("7, ", &[], &[1]),
            ("++7", &[], &[]),
            ("ñ, 7ñ, 77", &[], &[2]),
            ("", &[], &[]),
        ] {
            assert_eq!(counted(text), (plus.to_vec(), bare.to_vec()), "{text}");
        }
    }
}
