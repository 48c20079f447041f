//! What the numbers of a file tell of its decimal sign (csv 4.4).

use super::detect::NumberStyle;
use super::numbers::{is_grouped, is_open};

/// The numbers of a file, counted by what they say of its decimal sign.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct NumberVotes {
    /// Numbers that are right with a point alone.
    pub(super) point: u64,
    /// Numbers that are right with a comma alone.
    pub(super) comma: u64,
    /// Numbers that are another one with the other sign.
    pub(super) open: u64,
}

impl NumberVotes {
    /// Counts one cell.
    pub(super) fn count(&mut self, text: &str) {
        let bytes = text.as_bytes();
        match sole_sign(bytes) {
            Ok(None) => {}
            Ok(Some(at)) if at + 1 < bytes.len() => {
                let may_be_grouped = (1..=3).contains(&at) && bytes.len() - at == 4 && bytes[0] != b'0';
                let vote = match bytes[at] {
                    _ if may_be_grouped => &mut self.open,
                    b'.' => &mut self.point,
                    _ => &mut self.comma,
                };
                *vote += 1;
            }
            Ok(Some(_)) | Err(Dressed) => self.count_dressed(text),
        }
    }

    /// Counts a cell that has more than digits and one sign.
    fn count_dressed(&mut self, text: &str) {
        if text.contains('|') {
            return;
        }
        let digits = text.trim_matches(|c: char| !c.is_ascii_digit() && c != '.' && c != ',').trim_end_matches(['.', ',']);
        let (points, commas) = (digits.matches('.').count(), digits.matches(',').count());
        let last = digits.rfind(['.', ',']).map(|at| digits.as_bytes()[at]);
        if points + commas == 1 && is_open(digits, if points == 1 { '.' } else { ',' }) {
            self.open += 1;
            return;
        }
        // A sign that stands twice parts thousands; else the last one is the decimal sign.
        let decimal = match (points, commas) {
            (2.., 0) => is_grouped(digits, '.').then_some(b','),
            (0, 2..) => is_grouped(digits, ',').then_some(b'.'),
            _ => last,
        };
        self.point += u64::from(decimal == Some(b'.'));
        self.comma += u64::from(decimal == Some(b','));
    }

    /// Adds another part of the file.
    pub(super) fn add(&mut self, other: &Self) {
        self.point += other.point;
        self.comma += other.comma;
        self.open += other.open;
    }

    /// The style, and how sure it is from 0.5 to 1; `None` where no number tells.
    pub(super) fn decide(&self) -> Option<(NumberStyle, f32)> {
        let (point, comma) = (self.point, self.comma);
        if point + comma == 0 {
            return None;
        }
        let style = if point >= comma { NumberStyle::Point } else { NumberStyle::Comma };
        Some((style, point.max(comma) as f32 / (point + comma) as f32))
    }
}

/// There is more than digits and one sign.
struct Dressed;

/// The place of the one `.` or `,` among digits.
fn sole_sign(bytes: &[u8]) -> Result<Option<usize>, Dressed> {
    let mut sign = None;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'0'..=b'9' => {}
            b'.' | b',' if sign.is_none() => sign = Some(at),
            _ => return Err(Dressed),
        }
    }
    Ok(sign)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_style_follows_from_the_numbers_that_leave_nothing_open() {
        let decide = |cells: &[&str]| {
            let mut votes = NumberVotes::default();
            for cell in cells {
                votes.count(cell);
            }
            votes.decide().map(|(style, _)| style)
        };
        assert_eq!(decide(&["1.500", "99.9"]), Some(NumberStyle::Point));
        assert_eq!(decide(&["1.500", "99,9"]), Some(NumberStyle::Comma));
        assert_eq!(decide(&["1.234.567"]), Some(NumberStyle::Comma));
        assert_eq!(decide(&["$1,500.00"]), Some(NumberStyle::Point));
        assert_eq!(decide(&["1.500,00 €", "12,5", "3.75"]), Some(NumberStyle::Comma));
        assert_eq!(decide(&["1.500", "1,500", "1500", "", "-3", "doce"]), None);
    }

    proptest! {
        #[test]
        fn a_bare_number_votes_as_a_dressed_one_does(text in "[0-9]{0,5}[.,]?[0-9]{0,4}|[0-9., $|-]{0,8}") {
            let (mut told, mut expected) = (NumberVotes::default(), NumberVotes::default());
            told.count(&text);
            expected.count_dressed(&text);
            prop_assert_eq!(told, expected, "{}", text);
        }
    }
}
