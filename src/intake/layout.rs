//! What of a file's columns matters for telling its lines apart, and what each line is by itself (csv 2.2, 4.9, 4.10).

use sha2::{Digest, Sha256};

use super::columns::{Column, Role};
use super::detect::RestoreFile;
use super::ids;
use super::lines::{LineRef, Texts};
use super::mask::Mask;
use super::{protected, second_header, words};
use crate::model::{OriginalId, RejectReason, fold};

/// Where the numbers of records without an id begin: 2^52.
const CONTENT_ID_MIN: u64 = 1 << 52;

/// The digits of 2^63 - 1, the largest id that a database can hold.
const ID_DIGITS_MAX: usize = 19;

/// What a line is, as far as it tells by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement {
    /// It has no text.
    Blank,
    /// It names a record: the first line of it, or a further one of the record above.
    Names(OriginalId),
    /// It belongs to the record above; where there is none, it can't be used.
    Continues {
        alone: RejectReason,
    },
    Unusable(RejectReason),
    /// It is a header of other columns: what stands below it is of another file.
    OtherHeader,
}

/// What of a file's columns matters for telling its lines.
pub(super) struct Layout<'a> {
    pub(super) file: &'a RestoreFile,
    id: Option<usize>,
    titles: Vec<String>,
    /// The first column with a title.
    first: usize,
    /// The cells in which lines of one record may differ: products and their amount.
    is_product: Vec<bool>,
    products: Vec<usize>,
    is_requisite: Vec<bool>,
    mask: Mask,
}

impl<'a> Layout<'a> {
    pub(super) fn of(file: &'a RestoreFile) -> Self {
        let code = |column: &Column| column.code.as_ref().map_or(String::new(), |code| code.as_str().to_owned());
        let is_product = |column: &Column| matches!(column.role, Role::Product(_));
        let id = file.columns.iter().position(|column| column.role == Role::Field && code(column) == "ID");
        let titles: Vec<String> = file.columns.iter().map(|column| fold(&column.name)).collect();
        Self {
            file,
            id,
            first: titles.iter().position(|title| !title.is_empty()).unwrap_or_default(),
            titles,
            is_product: file.columns.iter().map(|column| is_product(column) || code(column) == "OPPORTUNITY").collect(),
            products: file.columns.iter().enumerate().filter(|(_, column)| is_product(column)).map(|(at, _)| at).collect(),
            is_requisite: file.columns.iter().map(|column| column.role == Role::Requisite).collect(),
            mask: Mask::of(file, id),
        }
    }

    /// What a line is by itself.
    pub(super) fn judge(&self, line: &LineRef<'_>) -> Judgement {
        use Judgement::{Blank, Continues, Names, OtherHeader, Unusable};
        let cells = line.cells;
        let id = self.id.and_then(|column| cells.get(column)).map_or("", trim);
        // Nearly every line has an id, and so a text.
        if !id.bytes().next().is_some_and(|first| first.is_ascii_graphic()) && line.is_blank() {
            return Blank;
        }
        if line.too_long {
            return Unusable(RejectReason::TooLong);
        }
        if line.stray_quote {
            return Unusable(RejectReason::BadQuotes);
        }
        if self.repeats_header(cells) {
            return Unusable(RejectReason::RepeatedHeader);
        }
        let is_total = || cells.iter().map(trim).find(|cell| !cell.is_empty()).is_some_and(words::is_total);
        if !self.fits(cells) {
            let is_number = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
            if !is_number && second_header::is_of_other_columns(self.file, cells) {
                return OtherHeader;
            }
            return Unusable(if !is_number && is_total() { RejectReason::TotalLine } else { RejectReason::CellCount });
        }
        if self.id.is_none() {
            return self.judge_without_id(cells, is_total());
        }
        if id.is_empty() {
            let alone = if is_total() { RejectReason::TotalLine } else { RejectReason::NoId };
            return if self.is_continuation(cells) { Continues { alone } } else { Unusable(alone) };
        }
        let id = if self.file.wear.has_protected_cells { protected::within(id) } else { id };
        let id = if self.file.wear.has_decimal_ids { ids::whole(id) } else { id };
        let Some(id) = parse_id(id) else {
            if second_header::is_of_other_columns(self.file, cells) {
                return OtherHeader;
            }
            return Unusable(if is_total() { RejectReason::TotalLine } else { RejectReason::BadId });
        };
        if self.is_masked(cells) {
            return Unusable(RejectReason::Masked);
        }
        Names(id)
    }

    /// What a line of a file without an ID column is: its content is all that tells its record from another.
    fn judge_without_id(&self, cells: Texts<'_>, is_total: bool) -> Judgement {
        if is_total {
            return Judgement::Unusable(RejectReason::TotalLine);
        }
        if self.is_continuation(cells) {
            return Judgement::Continues { alone: RejectReason::NoId };
        }
        let may_be_title = cells.get(self.first).is_some_and(|cell| cell.len() < 256 && self.titles.contains(&fold(cell)));
        if may_be_title && second_header::is_of_other_columns(self.file, cells) {
            return Judgement::OtherHeader;
        }
        if self.is_masked(cells) {
            return Judgement::Unusable(RejectReason::Masked);
        }
        Judgement::Names(self.content_id(cells))
    }

    fn is_masked(&self, cells: Texts<'_>) -> bool {
        if self.file.is_coded() { self.mask.covers_codes(cells) } else { self.mask.covers(cells) }
    }

    /// A number for a record that has no id: made of its cells, so that the same file, read again or elsewhere, gives the same one and
    /// an earlier run's mark is found. It is above every id that a portal gives, and small enough to be exact in any JSON reader.
    fn content_id(&self, cells: Texts<'_>) -> OriginalId {
        let mut digest = Sha256::new();
        for (cell, _) in cells.iter().zip(&self.is_product).filter(|(_, is_product)| !**is_product) {
            digest.update(cell.as_bytes());
            digest.update([0]);
        }
        let bytes: [u8; 32] = digest.finalize().into();
        let number = bytes.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        OriginalId(CONTENT_ID_MIN + number % CONTENT_ID_MIN)
    }

    /// As many cells as the header, and nothing behind its last title.
    fn fits(&self, cells: Texts<'_>) -> bool {
        let width = self.titles.len();
        cells.len() == width + self.file.unnamed
            && (width..cells.len()).all(|column| cells.get(column).is_some_and(|cell| trim(cell).is_empty()))
    }

    fn repeats_header(&self, cells: Texts<'_>) -> bool {
        let (Some(cell), Some(title)) = (cells.get(self.first), self.titles.get(self.first)) else { return false };
        // One cell decides for nearly every line, and of it the first letter.
        cell.len() < 256
            && may_fold_to(cell, title)
            && fold(cell) == *title
            && self.titles.len() > 1
            && self.titles.iter().zip(cells.iter()).all(|(title, cell)| fold(cell) == *title)
            && cells.iter().skip(self.titles.len()).all(|cell| trim(cell).is_empty())
    }

    /// Whether a line without an id holds a further requisite of the record above.
    fn is_continuation(&self, cells: Texts<'_>) -> bool {
        self.filled(cells).all(|column| self.is_requisite[column]) && self.filled(cells).next().is_some()
    }

    fn filled<'c>(&self, cells: Texts<'c>) -> impl Iterator<Item = usize> + use<'c, 'a> {
        let width = self.titles.len();
        cells.iter().take(width).enumerate().filter(|(_, cell)| !trim(cell).is_empty()).map(|(column, _)| column)
    }

    /// Whether a line holds a further product of the record that `first` begins.
    pub(super) fn is_product_line(&self, first: Texts<'_>, cells: Texts<'_>) -> bool {
        let same = |column: usize| self.is_product[column] || first.get(column) == cells.get(column);
        // A record without products has one line, and so no second one that could be told from a repetition.
        let has_product =
            |cells: Texts<'_>| self.products.iter().any(|&column| cells.get(column).is_some_and(|cell| !trim(cell).is_empty()));
        has_product(first) && has_product(cells) && (0..self.titles.len()).all(same)
    }
}

/// An id: a whole number from 1 that a database can hold, as a portal writes it. `007`, `1.2E+05`, and a single `12.0` among others are
/// what a spreadsheet made of one, and may be another one's.
fn parse_id(text: &str) -> Option<OriginalId> {
    let digits = text.as_bytes();
    if !matches!(digits, [b'1'..=b'9', ..]) || digits.len() > ID_DIGITS_MAX {
        return None;
    }
    let mut id = 0;
    for byte in digits {
        if !byte.is_ascii_digit() {
            return None;
        }
        id = id * 10 + u64::from(byte - b'0');
    }
    i64::try_from(id).is_ok().then_some(OriginalId(id))
}

/// Whether a text that begins so may be a title, itself folded: told by the first letter. None begins with a digit.
fn may_fold_to(text: &str, title: &str) -> bool {
    match text.as_bytes() {
        [b'0'..=b'9', ..] => false,
        // No accent follows, which would make another letter of it.
        [first, rest @ ..] if first.is_ascii_graphic() && rest.first().is_none_or(u8::is_ascii) => {
            title.as_bytes().first() == Some(&first.to_ascii_lowercase())
        }
        _ => true,
    }
}

#[inline]
fn trim(text: &str) -> &str {
    // Asked for every line of a file, and nearly every id is bare.
    let bytes = text.as_bytes();
    if bytes.first().is_some_and(u8::is_ascii_graphic) && bytes.last().is_some_and(u8::is_ascii_graphic) {
        return text;
    }
    text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_whole_number_that_a_database_can_hold() {
        for id in [1, 9, 10, 4_294_967_296, 999_999_999_999_999_999, 9_223_372_036_854_775_807] {
            assert_eq!(parse_id(&id.to_string()), Some(OriginalId(id)));
        }
        let others = ["9223372036854775808", "9999999999999999999", "10000000000000000000", "99999999999999999999"];
        for other in others.into_iter().chain(["", "0", "007", "+1", "-1", "1 ", " 1", "1.0", "1E5", "１", "ID", "1a"]) {
            assert_eq!(parse_id(other), None, "{other:?}");
        }
    }

    #[test]
    fn a_texts_first_letter_never_hides_that_it_is_a_title() {
        let texts =
            ["ID", "id", " Id", "\u{feff}ID", "E", "E\u{301}tapa", "Étapa", "e\u{301}", "#", "Título", "\u{a0}x", "\u{130}d"];
        for text in texts {
            assert!(may_fold_to(text, &fold(text)), "{text:?}");
        }
        assert!(!may_fold_to("1", "1") && !may_fold_to("Ana", "id") && !may_fold_to("a", ""));
        assert!(may_fold_to("e\u{301}", "étapa"));
    }
}
