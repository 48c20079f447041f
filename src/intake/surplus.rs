//! Rows that are one cell wider than the header: whether they just end with a delimiter, or stand beside their titles.
//!
//! R writes the names of rows before them and no title for these, and a person who deletes a title moves those behind it: each cell
//! then stands below another field's title. An empty last cell alone doesn't tell that from a delimiter at the line's end.

use super::columns::{Column, Role};
use super::rows::Line;
use super::words;
use crate::model::{EntityType, FieldType, multifield_of, standard_field};

/// What the cells of a column look like, whatever program wrote them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Id,
    Date,
    Number,
    Flag,
    Phone,
    Email,
    /// Anything but numbers alone.
    Words,
}

/// Whether cells stand below their titles, as far as the first rows tell: the ids are ids, at least one more column holds what its field
/// does, and none holds anything else.
pub(super) fn stands_below_titles(rows: &[&Line], columns: &[Column], entity: EntityType) -> bool {
    let mut told = 0;
    for (at, column) in columns.iter().enumerate() {
        let Some(look) = look_of(column, entity) else { continue };
        // Texts tell of R's row names only: before the ids, they make titles of them.
        if look == Look::Words && (at != 1 || look_of(&columns[0], entity) != Some(Look::Id)) {
            continue;
        }
        let cells = rows.iter().filter_map(|row| row.cells.get(at)).map(str::trim).filter(|cell| !cell.is_empty());
        let (filled, fits) = cells.fold((0, 0), |(filled, fits), cell| (filled + 1, fits + usize::from(look.fits(cell))));
        // A word in a column that is nearly empty is somebody's remark.
        if fits * 2 < filled && filled * 3 >= rows.len() {
            return false;
        }
        told += usize::from(fits > 0 && !matches!(look, Look::Id | Look::Words));
    }
    told > 0
}

fn look_of(column: &Column, entity: EntityType) -> Option<Look> {
    let code = column.code.as_ref().filter(|_| column.role == Role::Field)?.as_str();
    if let Some(multi) = multifield_of(code) {
        return match &*multi.kind {
            "PHONE" => Some(Look::Phone),
            "EMAIL" => Some(Look::Email),
            _ => None,
        };
    }
    match standard_field(entity, code)?.kind {
        FieldType::Id => Some(Look::Id),
        FieldType::Date | FieldType::Moment => Some(Look::Date),
        FieldType::Integer | FieldType::Double | FieldType::Money => Some(Look::Number),
        FieldType::Flag => Some(Look::Flag),
        FieldType::Text | FieldType::LongText | FieldType::Status(_) | FieldType::Stage => Some(Look::Words),
        _ => None,
    }
}

impl Look {
    fn fits(self, cell: &str) -> bool {
        let digits = cell.chars().filter(char::is_ascii_digit).count();
        let letters = cell.chars().filter(|c| c.is_alphabetic()).count();
        match self {
            Self::Id => digits > 0 && letters == 0,
            // `15 de enero de 2024`.
            Self::Date => digits >= 3 && letters <= 2 * digits,
            // A currency's sign or code may stand beside it.
            Self::Number => digits > 0 && letters <= 4,
            Self::Flag => words::flag(cell).is_some() || cell.len() == 1,
            Self::Phone => digits >= 3 && letters <= digits,
            Self::Email => cell.contains('@'),
            Self::Words => letters > 0 || digits == 0,
        }
    }
}
