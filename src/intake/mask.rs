//! Records that the plan's limit has masked: one word in the place of nearly every value (csv 2.2).
//!
//! The word is known in two languages only. In any other it gives itself away: it stands where a date, a number, a phone or an e-mail
//! should, and again in most cells of its line.

use super::columns::{Column, Role};
use super::detect::RestoreFile;
use super::split::Texts;
use super::words;
use crate::model::{EntityType, FieldType, multifield_of, standard_field};

/// Fields that a mask leaves open.
const OPEN: &[&str] = &["ID", "TITLE", "CATEGORY_ID", "DATE_CREATE", "CREATED_BY_ID"];
/// How often a word must stand in a line for it to mask it, where nobody knows it for such a word.
const CELLS_MIN: u32 = 3;

/// Which of a file's cells a mask may cover.
pub(super) struct Mask {
    id: Option<usize>,
    is_maskable: Vec<bool>,
    /// How many they are.
    maskable: u32,
    /// Those of them in which no bare word can stand; the most telling ones first.
    witnesses: Vec<usize>,
}

impl Mask {
    pub(super) fn of(file: &RestoreFile, id: Option<usize>) -> Self {
        let code = |column: &Column| column.code.as_ref().map_or(String::new(), |code| code.as_str().to_owned());
        let is_product = |column: &Column| matches!(column.role, Role::Product(_));
        let is_maskable = |column: &Column| !is_product(column) && !OPEN.contains(&code(column).as_str());
        let is_maskable: Vec<bool> = file.columns.iter().map(is_maskable).collect();
        let rank = |at: usize| Some((wordless(file.entity, &code(&file.columns[at]))?, at));
        let mut witnesses: Vec<_> = (0..is_maskable.len()).filter(|at| is_maskable[*at]).filter_map(rank).collect();
        witnesses.sort_unstable();
        Self {
            id,
            maskable: is_maskable.iter().map(|is_maskable| u32::from(*is_maskable)).sum(),
            is_maskable,
            witnesses: witnesses.into_iter().map(|(_, at)| at).collect(),
        }
    }

    /// Whether a line is masked.
    pub(super) fn covers(&self, cells: Texts<'_>) -> bool {
        self.is_of_known_word(cells) || self.is_of_its_own_word(cells)
    }

    /// Whether a known word fills most cells that a mask may cover, or every cell but the id.
    fn is_of_known_word(&self, cells: Texts<'_>) -> bool {
        let (mut filled, mut hidden, mut open) = (0, 0, 0);
        for ((column, cell), is_maskable) in cells.iter().enumerate().zip(&self.is_maskable) {
            if cell.is_empty() || self.id == Some(column) {
                continue;
            }
            // As soon as half of all that a mask may cover is open, the rest can't make it a majority.
            if open > 0 && (filled - hidden) * 2 >= self.maskable {
                return false;
            }
            let is_hidden = words::is_hidden(cell);
            filled += u32::from(*is_maskable);
            hidden += u32::from(*is_maskable && is_hidden);
            open += u32::from(!is_hidden);
        }
        let has_several = || cells.iter().take(self.is_maskable.len()).filter(|cell| !words::trim(cell).is_empty()).count() > 1;
        (hidden >= 2 && hidden * 2 > filled) || (open == 0 && cells.len() > 1 && has_several())
    }

    /// Whether the word of a cell that can't hold one fills most cells that a mask may cover. For nearly every line that cell decides.
    fn is_of_its_own_word(&self, cells: Texts<'_>) -> bool {
        let mut told = self.witnesses.iter().filter_map(|at| cells.get(*at)).map(words::trim);
        let Some(word) = told.find(|cell| !cell.is_empty()).filter(|cell| words::may_mask(cell)) else { return false };
        let coverable =
            cells.iter().zip(&self.is_maskable).filter(|(_, is_maskable)| **is_maskable).map(|(cell, _)| words::trim(cell));
        let (filled, same) = coverable
            .filter(|cell| !cell.is_empty())
            .fold((0, 0), |(filled, same): (u32, u32), cell| (filled + 1, same + u32::from(cell == word)));
        same >= CELLS_MIN && same * 2 > filled
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
