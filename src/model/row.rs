//! What becomes of a row of a restore file: a record, or a reject with its reason. There is no third way.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Cells, FileRecord, Place};

/// A row of a restore file.
#[derive(Debug, Clone, PartialEq)]
pub enum Row {
    /// It names a record.
    Record {
        /// The record.
        record: FileRecord,
        /// Where the row begins; the column is `None`.
        place: Place,
        /// Cells that could not be understood. Their fields are absent from the record, and the record is `incomplete`.
        problems: Vec<Problem>,
    },
    /// It can't be used.
    Rejected(Reject),
}

/// A row that can't be used, with the reason.
#[derive(Debug, Clone, PartialEq)]
pub struct Reject {
    /// Where it stands.
    pub place: Place,
    /// Why.
    pub reason: RejectReason,
    /// The row's text as it stood in the file.
    pub text: String,
    /// Its cells.
    pub cells: Cells,
}

/// Why a row can't be used. The code (snake case) is part of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectReason {
    /// The ID cell is empty and the line is no continuation of the record above.
    NoId,
    /// The ID cell isn't a whole number from 1.
    BadId,
    /// An earlier line has this ID, and this line is no product line of it.
    DuplicateId,
    /// More or fewer cells than the header.
    CellCount,
    /// Text behind a closing quote: one that wasn't doubled, or one that was never closed, so that two lines became one.
    BadQuotes,
    /// The portal had masked the record ("oculto", "hidden" in most cells).
    Masked,
    /// The header, repeated within the rows.
    RepeatedHeader,
    /// A total or summary line.
    TotalLine,
    /// A cell or row over the bound.
    TooLong,
}

impl RejectReason {
    /// The code in `rejected.csv` and JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoId => "no_id",
            Self::BadId => "bad_id",
            Self::DuplicateId => "duplicate_id",
            Self::CellCount => "cell_count",
            Self::BadQuotes => "bad_quotes",
            Self::Masked => "masked",
            Self::RepeatedHeader => "repeated_header",
            Self::TotalLine => "total_line",
            Self::TooLong => "too_long",
        }
    }
}

/// Something in a file that a person should know of; it never rejects a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// Where it is.
    pub place: Place,
    /// What it is.
    pub code: ProblemCode,
    /// The text it is about, shortened.
    pub text: String,
}

/// What is wrong with a cell or a file. The code (snake case) is part of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// A number that can't be read.
    BadNumber,
    /// A date or moment that can't be read.
    BadDate,
    /// Neither yes nor no.
    BadFlag,
    /// An id or link that can't be read.
    BadLink,
    /// A text that the portal's dictionary doesn't know; the field is left out.
    LabelUnknown,
    /// A user whom the portal doesn't know by this name.
    UserUnknown,
    /// A name that more than one user of the portal bears.
    UserAmbiguous,
    /// A line without any text.
    BlankLine,
    /// Bytes that are not valid in the file's encoding.
    BadBytes,
    /// Two columns of one title.
    DuplicateColumn,
    /// The file says, in a sentence instead of a table, that there are no records.
    NoRecords,
    /// Day and month can't be told apart in any date of the file.
    DateOrderUnsure,
    /// A spreadsheet has exchanged day and month in a column's dates, or seems to have.
    DatesTurned,
    /// Numbers that may be read in two ways, and none that tells the decimal sign: `1.500`.
    NumbersUnsure,
    /// There is no ID column.
    NoId,
    /// A spreadsheet has damaged the value.
    SpreadsheetDamage,
    /// The file's text was encoded twice (`CompaÃ±Ã­a`).
    Mojibake,
    /// Parts of the file are in different encodings.
    MixedEncodings,
    /// Zero bytes within the text.
    NulBytes,
    /// A byte order mark within the file: files were put together.
    InnerMark,
    /// Lines above the header that are left out.
    LinesAbove,
    /// Further sheets of a workbook with records, which are not read.
    OtherSheets,
    /// Records that another of the files holds too.
    SharedIds,
    /// A phone without the `+` that the column's other phones have: a spreadsheet takes it for a sign.
    LostPlus,
    /// A packed list of values that can't be unpacked.
    BadList,
    /// Product lines of one record that stand apart, so that only the first ones are known for its own.
    ProductsScattered,
}

impl ProblemCode {
    /// The code in reports and JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::BadNumber => "bad_number",
            Self::BadDate => "bad_date",
            Self::BadFlag => "bad_flag",
            Self::BadLink => "bad_link",
            Self::LabelUnknown => "label_unknown",
            Self::UserUnknown => "user_unknown",
            Self::UserAmbiguous => "user_ambiguous",
            Self::BlankLine => "blank_line",
            Self::BadBytes => "bad_bytes",
            Self::DuplicateColumn => "duplicate_column",
            Self::NoRecords => "no_records",
            Self::DateOrderUnsure => "date_order_unsure",
            Self::DatesTurned => "dates_turned",
            Self::NumbersUnsure => "numbers_unsure",
            Self::NoId => "no_id",
            Self::SpreadsheetDamage => "spreadsheet_damage",
            Self::Mojibake => "mojibake",
            Self::MixedEncodings => "mixed_encodings",
            Self::NulBytes => "nul_bytes",
            Self::InnerMark => "inner_mark",
            Self::LinesAbove => "lines_above",
            Self::OtherSheets => "other_sheets",
            Self::SharedIds => "shared_ids",
            Self::LostPlus => "lost_plus",
            Self::BadList => "bad_list",
            Self::ProductsScattered => "products_scattered",
        }
    }
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for ProblemCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
