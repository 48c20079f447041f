//! How the cells of one column are read: all that its field and the file's conventions say of it, found out once and not for every cell.

use std::sync::Arc;

use super::conventions::Conventions;
use super::labels::Dictionary;
use crate::model::{FieldDef, FieldType, Schema};

/// What most cells of a column are, so that these can be read without further questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Texts that are taken as they stand.
    Text,
    /// Numbers, one in a cell.
    Number,
    /// Multi-field values, as an export has them: one in a cell, seldom several.
    Multi,
    /// Ids that a program may have written with decimals.
    DecimalIds,
    /// Anything else.
    Other,
}

/// What a program has made of the values of a column, of which no single cell gives it away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Harm {
    None,
    /// Day and month of its real dates are exchanged.
    Turned,
    /// Each of its texts became a number with decimals.
    Measured,
}

/// How the cells of one column are read.
pub(super) struct Way {
    /// The column's place.
    pub(super) at: usize,
    /// Its field.
    pub(super) def: Arc<FieldDef>,
    /// What most of its cells are.
    pub(super) shape: Shape,
    /// Its cells hold codes and ids.
    pub(super) coded: bool,
    /// The currency of its amounts stands in a field of its own.
    pub(super) has_currency: bool,
    /// All of its cells were encoded twice.
    pub(super) is_twice: bool,
    /// What a spreadsheet or another program has made of all of its values.
    pub(super) harm: Harm,
    /// The digits of a phone whose `+` a spreadsheet took; 0 where none is missed.
    pub(super) plus_lost: usize,
    /// The entries of its directory, or the items of its list.
    pub(super) dictionary: Option<Box<Dictionary>>,
}

impl Way {
    /// How the column at a place is read. `file_coded`: the header holds field codes; `has_ids`: the column has ids whatever the
    /// header's language is.
    pub(super) fn of(
        at: usize,
        def: Arc<FieldDef>,
        has_ids: bool,
        file_coded: bool,
        schema: &Schema,
        conventions: &Conventions,
    ) -> Self {
        Self {
            at,
            shape: Shape::of(&def, file_coded),
            coded: has_ids || conventions.is_coded(at),
            has_currency: matches!(def.code.as_str(), "OPPORTUNITY" | "REVENUE"),
            is_twice: conventions.is_twice(at),
            harm: Harm::of(at, conventions),
            plus_lost: conventions.plus_lost.get(at).copied().unwrap_or_default(),
            dictionary: match &def.kind {
                FieldType::Status(directory) => Some(Box::new(Dictionary::of_directory(schema, directory))),
                FieldType::Enumeration => Some(Box::new(Dictionary::of_items(&def))),
                _ => None,
            },
            def,
        }
    }
}

impl Harm {
    fn of(at: usize, conventions: &Conventions) -> Self {
        let is_measured = || conventions.measured.get(at).is_some_and(|measured| *measured);
        match conventions.turned.contains(&at) {
            true => Self::Turned,
            false if is_measured() => Self::Measured,
            false => Self::None,
        }
    }
}

impl Shape {
    fn of(def: &FieldDef, file_coded: bool) -> Self {
        use FieldType::{
            Address, Double, Enumeration, File, Id, Integer, Link, LongText, Multi, Other, Parent, Products, Text, Url, User,
        };
        match def.kind {
            Text | LongText | Url | Address | Products | File | Other if !def.multiple => Self::Text,
            Id | Integer | Double if !def.multiple => Self::Number,
            Multi(_) if def.multiple && !file_coded => Self::Multi,
            User | Link(_) | Parent | Enumeration if file_coded => Self::DecimalIds,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::intake::cells::{Cell, CellReader, RowPipeline};
    use crate::intake::detect::{DateOrder, NumberStyle};
    use crate::intake::nothing::Nothing;
    use crate::model::{EntityType, multifield_of};

    fn conventions(numbers: NumberStyle) -> Conventions {
        Conventions {
            date_order: DateOrder::Dmy,
            numbers,
            money: numbers,
            currency: None,
            clocks: None,
            coded: Vec::new(),
            nothing: Nothing::default(),
            plus_lost: vec![12],
            suspect: None,
            twice: Vec::new(),
            turned: Vec::new(),
            measured: Vec::new(),
            is_protected: false,
        }
    }

    /// Cells of all kinds, and what is made of the same signs.
    fn texts() -> impl Strategy<Value = String> {
        let signs = "(a:1|Err:|E\\+|[-+ 0-9.,eE#?@/]|[ña\u{a0}\n]|Ж|\\.0){0,14}";
        let cells = ["Ana", "Empresa", "+52 55 1234 5678", "525512345678", "525512345678.0", "x525512345678.0", "a@b.mx", "a, b"];
        let lost =
            ["Err:502", "#N/A", "1E+15", "+1E+15", "?????", "a:1:{i:0;i:5;}", "a:1:{", "1500.00", "1,500.00", "1.500", " 7"];
        prop_oneof![signs, prop::sample::select([cells.as_slice(), lost.as_slice()].concat()).prop_map(str::to_owned)]
    }

    proptest! {
        #[test]
        fn what_is_read_without_questions_is_what_all_of_them_lead_to(text in texts()) {
            let schema = Schema::standard();
            // Only what no line that is plain could hold would make a difference.
            let is_plain = !text.as_bytes().windows(3).any(|three| three.iter().all(|byte| !byte.is_ascii()));
            for (numbers, file_coded) in [(NumberStyle::Point, false), (NumberStyle::Comma, true)] {
                let conventions = conventions(numbers);
                let cells = CellReader::new(&schema, file_coded, &conventions);
                let multis = ["PHONE_WORK", "EMAIL_WORK"].map(|code| FieldDef::multi(code, multifield_of(code).unwrap()));
                let fields = ["TITLE", "OPPORTUNITY", "COMMENTS", "DATE_CREATE", "STATUS_ID", "COMPANY_ID", "OBSERVERS", "OPENED"];
                let standard = fields.map(|code| schema.field(EntityType::Lead, code).unwrap());
                for def in multis.into_iter().chain(standard) {
                    let way = cells.way(0, Arc::new(def), false);
                    let asked = cells.read(&way, &text, RowPipeline::Unnamed, false);
                    if is_plain {
                        prop_assert_eq!(&cells.read(&way, &text, RowPipeline::Unnamed, true), &asked, "{:?}", way.def.code);
                        if let Some(value) = cells.usual(&way, &text) {
                            prop_assert_eq!(Cell::from(value), asked, "{:?}", way.def.code);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn most_cells_are_usual() {
        let (schema, conventions) = (Schema::standard(), conventions(NumberStyle::Point));
        let cells = CellReader::new(&schema, false, &conventions);
        let is_usual = |def: FieldDef, text: &str| cells.usual(&cells.way(0, Arc::new(def), false), text).is_some();
        let multi = |code: &str| FieldDef::multi(code, multifield_of(code).unwrap());
        let standard = |code: &str| schema.field(EntityType::Lead, code).unwrap();
        assert!(is_usual(multi("PHONE_WORK"), "+52 55 1234 5678") && is_usual(multi("EMAIL_WORK"), "persona1@ejemplo.mx"));
        assert!(is_usual(standard("TITLE"), "Ana") && is_usual(standard("OPPORTUNITY"), "1500.00"));
        assert!(!is_usual(multi("PHONE_WORK"), "525512345678") && !is_usual(standard("OPPORTUNITY"), "$1500"));
    }
}
