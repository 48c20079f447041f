//! Records that the plan's limit has masked: one word in the place of nearly every value (csv 2.2).
//!
//! The word is known in two languages only. In any other it gives itself away: it stands where a date, a number, a phone or an e-mail
//! should, and again in nearly all cells of its line.

use super::columns::{Column, Role};
use super::detect::RestoreFile;
use super::lines::Texts;
use super::words::{self, Hidden};
use crate::model::{EntityType, FieldType, multifield_of, standard_field};

/// Fields that a mask leaves open.
const OPEN: &[&str] = &["ID", "TITLE", "CATEGORY_ID", "DATE_CREATE", "CREATED_BY_ID"];
/// How often a word must stand in a line for it to mask it, where nobody knows it for such a word.
const CELLS_MIN: u32 = 3;

/// Which of a file's cells a mask may cover.
pub(super) struct Mask {
    words: &'static Hidden,
    id: Option<usize>,
    /// How many columns the file has.
    width: usize,
    /// Those whose cells a mask may cover.
    maskable: Vec<usize>,
    /// Those of them in which no bare word can stand; the most telling ones first.
    witnesses: Vec<usize>,
}

impl Mask {
    pub(super) fn of(file: &RestoreFile, id: Option<usize>) -> Self {
        let code = |column: &Column| column.code.as_ref().map_or(String::new(), |code| code.as_str().to_owned());
        let is_product = |column: &Column| matches!(column.role, Role::Product(_));
        let is_maskable = |column: &Column| !is_product(column) && !OPEN.contains(&code(column).as_str());
        let maskable: Vec<usize> = (0..file.columns.len()).filter(|at| is_maskable(&file.columns[*at])).collect();
        let rank = |at: &usize| Some((wordless(file.entity, &code(&file.columns[*at]))?, *at));
        let mut witnesses: Vec<_> = maskable.iter().filter_map(rank).collect();
        witnesses.sort_unstable();
        Self {
            words: words::hidden(),
            id,
            width: file.columns.len(),
            maskable,
            witnesses: witnesses.into_iter().map(|(_, at)| at).collect(),
        }
    }

    /// Whether a line is masked.
    pub(super) fn covers(&self, cells: Texts<'_>) -> bool {
        self.is_of_known_word(cells) || self.is_of_its_own_word(cells)
    }

    /// Whether a line of a file of codes is masked. There a cell may hold any word, so that nearly all of them must bear the mask.
    pub(super) fn covers_codes(&self, cells: Texts<'_>) -> bool {
        // Where more than a fifth of all that a mask may cover is open, the rest can't be nearly all.
        let Some((hidden, open)) = self.hidden_and_open(cells, self.maskable.len() / 5) else { return false };
        let is_of_known_word = hidden >= CELLS_MIN as usize && open * 4 <= hidden;
        is_of_known_word || (hidden > 1 && open == 0 && self.is_open_in_the_id_alone(cells))
    }

    /// Whether a known word fills most cells that a mask may cover, or every cell but the id.
    fn is_of_known_word(&self, cells: Texts<'_>) -> bool {
        // Where half of all that a mask may cover is open, the rest can't make it a majority.
        let open_max = self.maskable.len().saturating_sub(1) / 2;
        let Some((hidden, open)) = self.hidden_and_open(cells, open_max) else { return false };
        (hidden >= 2 && hidden > open) || (open == 0 && self.is_open_in_the_id_alone(cells))
    }

    /// How many cells that a mask may cover hold a known word, and how many something else; `None` as soon as these are too many.
    #[inline]
    fn hidden_and_open(&self, cells: Texts<'_>, open_max: usize) -> Option<(usize, usize)> {
        let (mut hidden, mut open) = (0, 0);
        for column in &self.maskable {
            let Some(&first) = cells.bytes(*column).and_then(<[u8]>::first) else { continue };
            if self.words.begin_with(first) && cells.get(*column).is_some_and(|cell| self.words.has(cell)) {
                hidden += 1;
                continue;
            }
            open += 1;
            if open > open_max {
                return None;
            }
        }
        Some((hidden, open))
    }

    /// Whether no cell but the id holds anything else than a known word, and several hold something.
    fn is_open_in_the_id_alone(&self, cells: Texts<'_>) -> bool {
        let own = || cells.iter().take(self.width).enumerate();
        let is_open = |(column, cell): (usize, &str)| !cell.is_empty() && self.id != Some(column) && !self.words.has(cell);
        !own().any(is_open) && own().filter(|(_, cell)| !words::trim(cell).is_empty()).count() > 1
    }

    /// Whether the word of a cell that can't hold one fills nearly all cells that a mask may cover: a person may have typed `pendiente` for
    /// both phone and e-mail. For nearly every line that one cell decides.
    fn is_of_its_own_word(&self, cells: Texts<'_>) -> bool {
        let mut told = self.witnesses.iter().filter_map(|at| cells.get(*at)).map(words::trim);
        let Some(word) = told.find(|cell| !cell.is_empty()).filter(|cell| words::may_mask(cell)) else { return false };
        let coverable = self.maskable.iter().filter_map(|at| cells.get(*at)).map(words::trim);
        let (filled, same) = coverable
            .filter(|cell| !cell.is_empty())
            .fold((0, 0), |(filled, same): (u32, u32), cell| (filled + 1, same + u32::from(cell == word)));
        same >= CELLS_MIN && same * 5 >= filled * 4
    }
}

/// How well a field tells a word from its values: none of them is one.
fn wordless(entity: EntityType, code: &str) -> Option<u8> {
    match standard_field(entity, code).map(|field| &field.kind) {
        Some(FieldType::Date | FieldType::Moment) => Some(0),
        Some(FieldType::Integer | FieldType::Double) => Some(1),
        Some(_) => None,
        None => multifield_of(code).filter(|multi| matches!(&*multi.kind, "PHONE" | "EMAIL")).map(|_| 2),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::intake::blocks::Block;
    use crate::intake::dialect::Dialect;
    use crate::intake::split::split;

    /// The rule as it is written down: every cell is counted.
    fn is_of_known_word(mask: &Mask, cells: &[String]) -> bool {
        let own: Vec<(usize, &str)> = cells.iter().map(String::as_str).enumerate().take(mask.width).collect();
        let is_hidden = |cell: &str| ["hidden", "oculto"].contains(&cell.trim().to_lowercase().as_str());
        let filled = || own.iter().filter(|(column, cell)| !cell.is_empty() && mask.id != Some(*column));
        let coverable = || filled().filter(|(column, _)| mask.maskable.contains(column));
        let hidden = coverable().filter(|(_, cell)| is_hidden(cell)).count();
        let is_covered = hidden >= 2 && hidden * 2 > coverable().count();
        let texts = own.iter().filter(|(_, cell)| !cell.trim().is_empty()).count();
        is_covered || (filled().all(|(_, cell)| is_hidden(cell)) && cells.len() > 1 && texts > 1)
    }

    proptest! {
        #[test]
        fn a_line_is_masked_by_a_known_word_if_counting_all_its_cells_says_so(
            line in proptest::collection::vec(
                (prop_oneof![
                    3 => prop::sample::select(vec!["hidden", "Oculto", "OCULTO ", "\u{a0}hidden"]),
                    3 => prop::sample::select(vec!["", "", " ", "5", "hola", "Ana", "oculta", "ñ"]),
                ], 0..4_u8),
                1..9,
            ),
            id in 0..9_usize,
            beyond in 0..2_usize,
        ) {
            let width = line.len().saturating_sub(beyond);
            let id = Some(id).filter(|id| *id < width);
            let maskable = (0..width).filter(|at| line[*at].1 > 0 && id != Some(*at)).collect();
            let mask = Mask { words: words::hidden(), id, width, maskable, witnesses: Vec::new() };
            let cells: Vec<String> = line.into_iter().map(|(cell, _)| cell.to_owned()).collect();
            let lines = split(Block { text: cells.join(";"), is_last: true, ..Block::default() }, Dialect::new(b';'));
            // A line of one cell without a text is none.
            prop_assume!(lines.len() == 1);
            prop_assert_eq!(mask.covers(lines.get(0).cells), is_of_known_word(&mask, &cells), "{:?}", cells);
        }
    }
}
