//! A second header within a file: two files were put one behind the other. Where its titles aren't those of the first, the lines below it
//! would be read under other fields' titles.

use std::borrow::Cow;

use super::detect::RestoreFile;
use super::lines::Texts;
use super::{headers, leftover, mojibake};
use crate::model::fold;

/// Titles from which on a line is taken for a header that has no column of ids.
const TITLES_MIN: usize = 3;

/// Whether a line is a header, and one under which the first one's columns hold other fields. One that repeats them, be it as codes or in
/// another language, changes nothing. Asked only for lines whose ids are none.
pub(super) fn is_of_other_columns(file: &RestoreFile, cells: Texts<'_>) -> bool {
    // A file of ids that are none asks for each of its lines: few cells are as short as the title of ids.
    let is_id =
        |cell: &str| cell.chars().count() == 2 && headers::titles_of(file.entity, cell).iter().any(|title| title.code == "ID");
    let has_id = cells.iter().any(|cell| is_id(leftover::without(cell)));
    let is_without_ids = || !file.columns.iter().any(|column| column.code.as_ref().is_some_and(|code| code.as_str() == "ID"));
    if !has_id && !is_without_ids() {
        return false;
    }
    let cells = cells.iter().map(|cell| mojibake::meant(leftover::without(cell))).enumerate();
    let filled: Vec<(usize, Cow<'_, str>)> = cells.filter(|(_, cell)| !cell.is_empty()).collect();
    let stands = |at: usize, cell: &str| file.columns.get(at).is_some_and(|column| is_spelt(&column.name, cell));
    let known = filled.iter().filter(|(at, cell)| stands(*at, cell) || headers::is_known(cell)).count();
    let is_header = if has_id { known > 1 && known * 2 > filled.len() } else { known >= TITLES_MIN && known == filled.len() };
    if !is_header {
        return false;
    }
    let codes = filled.iter().filter(|(_, cell)| headers::is_code_form(cell) && headers::code_of(file.entity, cell).is_some());
    let is_coded = codes.count() * 2 > filled.len();
    filled.iter().any(|(at, cell)| {
        let Some(column) = file.columns.get(*at) else { return true };
        let mut meant: Vec<String> = headers::titles_of(file.entity, cell).into_iter().map(|title| title.code.clone()).collect();
        meant.extend(headers::code_of(file.entity, cell));
        let is_same = || column.code.as_ref().is_some_and(|code| meant.iter().any(|meant| meant == code.as_str()));
        // Nobody knows here which code a custom field's label belongs to.
        let is_own = |code: &String| code.starts_with("UF_");
        let may_be_same = is_coded != file.is_coded() && (column.code.is_none() || meant.iter().all(is_own));
        !stands(*at, cell) && !is_same() && !may_be_same
    })
}

/// Whether a cell is a title, but for letters that another encoding has lost.
fn is_spelt(title: &str, cell: &str) -> bool {
    let (title, cell) = (fold(&mojibake::meant(title)), fold(cell));
    let is_lost = |sign: char| matches!(sign, '?' | char::REPLACEMENT_CHARACTER);
    title == cell
        || title.chars().count() == cell.chars().count()
            && title.chars().zip(cell.chars()).all(|(own, other)| own == other || !own.is_ascii() && is_lost(other))
}
