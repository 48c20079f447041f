//! An Excel workbook (`.xlsx`) -> CSV: the cells of the sheet that holds records, as their values and not as they are shown.

use std::fs::File;
use std::io::{BufReader, Read};
use std::sync::Arc;

use calamine::{DataRef, ExcelDateTime, ExcelDateTimeType, Reader, SheetVisible, Xlsx, XlsxError};
use zip::ZipArchive;

use super::error::IntakeErrorKind;
use super::headers;
use super::source::Container;
use super::spool::{Bound, Input, Spool, TableWriter};
use super::unpack::zip_kind;

/// The most that the texts of a workbook may come to: they are held in memory while its cells are read.
const SHARED_TEXT_BYTES_MAX: u64 = 256 << 20;
/// The longest text between two tags of a workbook's parts; a cell of Excel holds 32,767 characters.
const TEXT_RUN_BYTES_MAX: usize = 16 << 20;
/// The digits that Excel keeps of a number; what follows is the noise of binary fractions.
const DIGITS: usize = 15;
/// From here on a number has more digits than that, and its last ones are lost.
const INEXACT_MIN: f64 = 1e15;
/// What stands for a formula that nobody has calculated: what a spreadsheet shows that can't.
const UNCALCULATED: &str = "#CALC!";
const SECONDS_A_DAY: f64 = 86_400.0;
/// Among how many of its first rows a sheet's titles are looked for.
const HEADER_ROWS: usize = 20;
/// Known titles in a row from which on it is a header.
const TITLES_MIN: usize = 2;

/// Whether a zip is a workbook.
pub(super) fn is_workbook(input: Input) -> bool {
    ZipArchive::new(input).is_ok_and(|archive| archive.index_for_name("xl/workbook.xml").is_some())
}

/// The cells of a workbook's sheet.
pub(super) struct Sheet {
    pub(super) file: Arc<File>,
    /// Which sheet it is, for people.
    pub(super) which: String,
    /// The names of further sheets with titles of records, whose rows are not read.
    pub(super) others: Vec<String>,
}

/// What a look at a sheet's cells tells.
struct Look {
    name: String,
    /// The widest row must be known before the first is written: a sheet leaves empty cells out.
    width: usize,
    has_titles: bool,
}

/// The cells of a workbook of `packed` bytes: of its first sheet with titles of records, else of its first one with cells.
pub(super) fn to_csv(input: &Input, packed: u64) -> Result<Sheet, IntakeErrorKind> {
    check_parts(input, packed)?;
    let mut workbook: Xlsx<_> = Xlsx::new(BufReader::new(input.clone())).map_err(|error| damaged(&error))?;
    // What its author has hidden comes last.
    let mut sheets: Vec<_> = workbook.sheets_metadata().to_vec();
    sheets.sort_by_key(|sheet| sheet.visible != SheetVisible::Visible);
    let mut looks = Vec::new();
    for sheet in &sheets {
        looks.extend(look(&mut workbook, &sheet.name)?);
    }
    let chosen = looks.iter().position(|look| look.has_titles).unwrap_or_default();
    if looks.is_empty() {
        return Err(IntakeErrorKind::NoCells);
    }
    let Look { name, width, has_titles } = looks.swap_remove(chosen);
    let mut table = TableWriter::new(Spool::new(Bound::Stream)?, width);
    write(&mut workbook, &name, &mut table)?;
    let which = match (sheets.len(), has_titles) {
        (1, _) => format!("sheet `{name}`"),
        (count, true) => format!("sheet `{name}`, the first with titles of records of {count}"),
        (count, false) => format!("sheet `{name}`, the first with cells of {count}"),
    };
    let others = looks.into_iter().filter(|look| look.has_titles).map(|look| look.name).collect();
    Ok(Sheet { file: table.finish()?, which, others })
}

type Workbook = Xlsx<BufReader<Input>>;

/// Looks at all cells of a sheet; `None` for one without any.
fn look(workbook: &mut Workbook, name: &str) -> Result<Option<Look>, IntakeErrorKind> {
    let mut cells = match workbook.worksheet_cells_reader(name) {
        Ok(cells) => cells,
        // A chart has a page of its own among the sheets.
        Err(XlsxError::NotAWorksheet(_)) => return Ok(None),
        Err(error) => return Err(damaged(&error)),
    };
    let mut widest = None;
    let mut known = [0; HEADER_ROWS];
    while let Some(cell) = cells.next_cell_with_formula_metadata().map_err(|error| damaged(&error))? {
        if cell.value == DataRef::Empty && cell.formula.is_none() {
            continue;
        }
        let (row, column) = cell.pos;
        widest = widest.max(Some(column as usize + 1));
        if let (Some(known), DataRef::String(_) | DataRef::SharedString(_)) = (known.get_mut(row as usize), &cell.value) {
            *known += usize::from(headers::is_known(&text(&cell.value)));
        }
    }
    let has_titles = known.iter().any(|known| *known >= TITLES_MIN);
    Ok(widest.map(|width| Look { name: name.to_owned(), width, has_titles }))
}

fn write(workbook: &mut Workbook, sheet: &str, table: &mut TableWriter) -> Result<(), IntakeErrorKind> {
    let mut cells = workbook.worksheet_cells_reader(sheet).map_err(|error| damaged(&error))?;
    let mut row = 0;
    while let Some(cell) = cells.next_cell_with_formula_metadata().map_err(|error| damaged(&error))? {
        let is_empty = cell.value == DataRef::Empty;
        if is_empty && cell.formula.is_none() {
            continue;
        }
        let (at, column) = cell.pos;
        while row < at {
            table.end_row()?;
            row += 1;
        }
        while table.cells() < column as usize {
            table.cell("");
        }
        // Its value isn't nothing: the program that wrote the formula has left it to another one to find out.
        if is_empty { table.cell(UNCALCULATED) } else { table.cell(&text(&cell.value)) }
    }
    table.end_row()
}

/// A cell's value as text: numbers with all their digits, dates by ISO 8601.
fn text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => plain_number(*number),
        DataRef::String(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(yes) => if *yes { "TRUE" } else { "FALSE" }.to_owned(),
        DataRef::DateTime(moment) => moment_text(moment),
        DataRef::DateTimeIso(text) => text.replacen('T', " ", 1),
        DataRef::Error(error) => error.to_string(),
        DataRef::Empty => String::new(),
    }
}

fn plain_number(number: f64) -> String {
    let rounded = format!("{number:.*e}", DIGITS - 1);
    // As a spreadsheet shows it, and so as a number that has lost digits.
    if number.abs() >= INEXACT_MIN
        && let Some((digits, power)) = rounded.split_once('e')
    {
        return format!("{}E+{power}", digits.trim_end_matches('0').trim_end_matches('.'));
    }
    rounded.parse::<f64>().map_or(rounded, |number| number.to_string())
}

fn moment_text(moment: &ExcelDateTime) -> String {
    if moment.is_duration() {
        return plain_number(moment.as_f64());
    }
    // Binary fractions fall short of a full second as often as not.
    let seconds = (moment.as_f64() * SECONDS_A_DAY).round();
    let rounded = ExcelDateTime::new((seconds + 0.25) / SECONDS_A_DAY, ExcelDateTimeType::DateTime, is_1904(moment));
    let (year, month, day, hour, minute, second, _) = rounded.to_ymd_hms_milli();
    let time = format!("{hour:02}:{minute:02}:{second:02}");
    // Below one day a serial number is a time without a date.
    match (seconds < SECONDS_A_DAY, time.as_str()) {
        (true, _) => time,
        (false, "00:00:00") => format!("{year:04}-{month:02}-{day:02}"),
        (false, time) => format!("{year:04}-{month:02}-{day:02} {time}"),
    }
}

/// Whether a moment counts from 1904: the same serial number is then another day.
fn is_1904(moment: &ExcelDateTime) -> bool {
    let as_1900 = ExcelDateTime::new(moment.as_f64(), ExcelDateTimeType::DateTime, false);
    as_1900.to_ymd_hms_milli() != moment.to_ymd_hms_milli()
}

/// Unpacks every part once, to nowhere: what a workbook claims of its sizes is not believed.
fn check_parts(input: &Input, packed: u64) -> Result<(), IntakeErrorKind> {
    let mut archive = ZipArchive::new(input.clone()).map_err(zip_kind)?;
    let bound = Bound::Unpacked { packed };
    let mut all = 0;
    let mut piece = vec![0; 64 << 10];
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).map_err(zip_kind)?;
        let is_xml = part.name_raw().ends_with(b".xml");
        let is_shared_text = part.name_raw().ends_with(b"sharedStrings.xml");
        let (mut own, mut run) = (0, 0);
        loop {
            let length = part
                .read(&mut piece)
                .map_err(|error| IntakeErrorKind::Damaged { container: Container::Xlsx.code(), why: error.to_string() })?;
            if length == 0 {
                break;
            }
            own += length as u64;
            run = match (memchr::memchr(b'<', &piece[..length]), memchr::memrchr(b'<', &piece[..length])) {
                (Some(first), _) if run + first > TEXT_RUN_BYTES_MAX => run + first,
                (_, Some(last)) => length - last,
                (_, None) => run + length,
            };
            bound.check(all + own)?;
            if (is_xml && run > TEXT_RUN_BYTES_MAX) || (is_shared_text && own > SHARED_TEXT_BYTES_MAX) {
                return Err(IntakeErrorKind::HugeWorkbook);
            }
        }
        all += own;
    }
    Ok(())
}

fn damaged(error: &XlsxError) -> IntakeErrorKind {
    match error {
        XlsxError::Password => IntakeErrorKind::OldExcel,
        error => IntakeErrorKind::Damaged { container: Container::Xlsx.code(), why: error.to_string() },
    }
}
