//! What a restore file is: encoding, delimiter, header, language and type of record, from its first MiB.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use encoding_rs::Encoding;

use super::columns::{self, Column};
use super::decode::Decoder;
use super::dialect::Dialect;
use super::error::{IntakeError, IntakeErrorKind};
use super::finding::Findings;
use super::headers::{self, Reading};
use super::rows::{Line, SplitError, Splitter};
use super::{encoding, words};
use crate::model::EntityType;

/// What is read of a file to find out what it is.
const HEAD_BYTES: u64 = 1 << 20;
/// How many such pieces are searched for the first byte above ASCII.
const TELLING_PIECES_MAX: usize = 256;
/// Among how many lines the header is looked for: some programs write a title or an empty line above it.
const HEADER_LINES: usize = 20;
/// Delimiters in the order in which a tie is broken.
const DELIMITERS: [u8; 4] = [b';', b',', b'\t', b'|'];

/// What the user says of a file, instead of what would be detected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// The type of record.
    pub entity: Option<EntityType>,
    /// The delimiter.
    pub delimiter: Option<u8>,
    /// The encoding, by any of its WHATWG labels.
    pub encoding: Option<String>,
    /// The order of day, month and year.
    pub date_order: Option<DateOrder>,
    /// The decimal sign of numbers.
    pub numbers: Option<NumberStyle>,
    /// What cells of users, dictionaries and links hold.
    pub cells: Option<CellMeaning>,
    /// Column title -> field code. A title that the file doesn't have is left unused.
    pub map: Vec<(String, String)>,
}

/// The order of day, month and year in the dates of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DateOrder {
    /// 15/01/2024.
    Dmy,
    /// 01/15/2024.
    Mdy,
    /// 2024-01-15.
    Ymd,
}

impl DateOrder {
    /// The word of `--date-order`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Dmy => "dmy",
            Self::Mdy => "mdy",
            Self::Ymd => "ymd",
        }
    }
}

/// The decimal sign in the numbers of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NumberStyle {
    /// 1500.50; a comma parts thousands.
    Point,
    /// 1500,50; a point parts thousands.
    Comma,
}

impl NumberStyle {
    /// The word of `--numbers`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Point => "point",
            Self::Comma => "comma",
        }
    }
}

/// What the cells of users, dictionaries and links hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CellMeaning {
    /// Codes and ids, as a database holds them.
    Codes,
    /// Labels and names, as people see them.
    Labels,
}

impl CellMeaning {
    /// The word of `--cells`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Codes => "codes",
            Self::Labels => "labels",
        }
    }
}

/// A restore file, as far as its first MiB tells.
#[derive(Debug, Clone)]
pub struct RestoreFile {
    /// The path as the user gave it.
    pub path: Arc<str>,
    /// The type of its records.
    pub entity: EntityType,
    /// What the type was found by, for people.
    pub entity_how: String,
    /// The encoding's WHATWG label.
    pub encoding: &'static str,
    /// Whether the file begins with a byte order mark.
    pub bom: bool,
    /// How its cells and lines are written.
    pub dialect: Dialect,
    /// The language of the titles by ISO 639-1; `None` for a header of field codes.
    pub language: Option<&'static str>,
    /// The line of the header, from 1; 0 where there is none.
    pub header_line: u64,
    /// The columns, without unnamed empty ones at the end.
    pub columns: Vec<Column>,
    /// The file says, in a sentence instead of a table, that there are no records.
    pub no_records: bool,
    /// What was found, how sure that is, and what by.
    pub findings: Findings,
    pub(super) codec: &'static Encoding,
    /// Unnamed columns behind `columns`, whose cells must be empty.
    pub(super) unnamed: usize,
    pub(super) date_order: Option<DateOrder>,
    pub(super) numbers: Option<NumberStyle>,
    pub(super) cells: Option<CellMeaning>,
}

impl RestoreFile {
    /// Whether the header holds field codes, so that cells hold codes and ids.
    pub fn is_coded(&self) -> bool {
        self.language.is_none()
    }

    pub(super) fn error(&self, kind: IntakeErrorKind) -> IntakeError {
        IntakeError::new(&self.path, kind)
    }

    pub(super) fn io_error(&self, at: u64, error: io::Error) -> IntakeError {
        IntakeError::io(&self.path, at, error)
    }

    pub(super) fn split_error(&self, at: u64, error: SplitError) -> IntakeError {
        match error {
            SplitError::Io(error) => self.io_error(at, error),
            SplitError::Unclosed { line, cell } => {
                let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
                self.error(unclosed(line, cell, &names))
            }
        }
    }
}

/// Finds out what a file is.
pub fn detect(path: &Path, overrides: &Overrides) -> Result<RestoreFile, IntakeError> {
    let name = path.to_string_lossy();
    let fail = |kind| IntakeError::new(&name, kind);
    let head = Head::read(path).map_err(|error| IntakeError::io(&name, 0, error))?;
    if head.bytes.is_empty() {
        return Err(fail(IntakeErrorKind::Empty));
    }
    let codec = match &overrides.encoding {
        Some(label) => {
            Encoding::for_label(label.as_bytes()).ok_or_else(|| fail(IntakeErrorKind::UnknownEncoding(label.clone())))?
        }
        None => encoding::guess(&head.telling, head.cut),
    };
    let text = head.decode(codec).map_err(|error| IntakeError::io(&name, 0, error))?;
    if text.chars().all(|c| c.is_whitespace() || c == '\u{feff}') {
        return Err(fail(IntakeErrorKind::Empty));
    }
    let mut file = RestoreFile {
        path: name.as_ref().into(),
        entity: EntityType::Lead,
        entity_how: String::new(),
        encoding: codec.name(),
        bom: Encoding::for_bom(&head.bytes).is_some(),
        dialect: Dialect::new(overrides.delimiter.unwrap_or(DELIMITERS[0])),
        language: None,
        header_line: 0,
        columns: Vec::new(),
        no_records: false,
        findings: Findings::default(),
        codec,
        unnamed: 0,
        date_order: overrides.date_order,
        numbers: overrides.numbers,
        cells: overrides.cells,
    };
    if let Some(entity) = (text.len() < 256).then(|| words::no_records(&text)).flatten() {
        file.no_records = true;
        file.entity = overrides.entity.unwrap_or(entity);
        "the sentence that there are none".clone_into(&mut file.entity_how);
        return Ok(file);
    }
    let header = find_header(&text, overrides.delimiter, head.is_whole).map_err(fail)?;
    file.dialect.delimiter = header.delimiter;
    file.header_line = header.lines[header.at].number;
    let (names, unnamed) = header.names();
    file.unnamed = unnamed;
    let (reading, how) = choose_entity(path, &names, overrides.entity, file.header_line).map_err(fail)?;
    file.entity = reading.entity;
    file.entity_how = how;
    file.language = reading.language;
    file.columns = columns::columns(&names, reading, &overrides.map);
    Ok(file)
}

/// The beginning of a file.
struct Head {
    bytes: Vec<u8>,
    /// Whether that is all of it.
    is_whole: bool,
    /// The first piece of the file with bytes above ASCII: what tells the encoding.
    telling: Vec<u8>,
    /// Whether the file goes on behind `telling`.
    cut: bool,
}

impl Head {
    fn read(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let mut piece = Vec::new();
        let mut next = || -> io::Result<(Vec<u8>, bool)> {
            piece.clear();
            file.by_ref().take(HEAD_BYTES).read_to_end(&mut piece)?;
            Ok((piece.clone(), piece.len() as u64 == HEAD_BYTES))
        };
        let (bytes, mut cut) = next()?;
        let is_whole = !cut;
        let mut telling = bytes.clone();
        let mut pieces = 1;
        // Zero bytes are no text that could go on; and somewhere the search must end.
        while cut && telling.is_ascii() && !telling.contains(&0) && pieces < TELLING_PIECES_MAX {
            (telling, cut) = next()?;
            pieces += 1;
        }
        Ok(Self { bytes, is_whole, telling, cut })
    }

    fn decode(&self, codec: &'static Encoding) -> io::Result<String> {
        let mut decoder = Decoder::new(self.bytes.as_slice(), codec, self.bytes.len());
        let mut text = String::new();
        while decoder.fill(&mut text)? {}
        Ok(text)
    }
}

/// The first lines under one delimiter, and which of them is the header.
struct Header {
    delimiter: u8,
    lines: Vec<Line>,
    at: usize,
    /// How many of its cells are known titles or codes.
    known: usize,
    unclosed: Option<(u64, usize)>,
}

impl Header {
    fn split(text: &str, delimiter: u8) -> Self {
        let mut splitter = Splitter::new(text.as_bytes(), encoding_rs::UTF_8, Dialect::new(delimiter), text.len());
        let mut header = Self { delimiter, lines: Vec::new(), at: 0, known: 0, unclosed: None };
        while header.lines.len() < HEADER_LINES {
            let mut line = Line::default();
            match splitter.read(&mut line) {
                Ok(true) => header.lines.push(line),
                Err(SplitError::Unclosed { line, cell }) => {
                    header.unclosed = Some((line, cell));
                    break;
                }
                Ok(false) | Err(SplitError::Io(_)) => break,
            }
        }
        let known: Vec<usize> = header.lines.iter().map(known_titles).collect();
        let most = known.iter().copied().max().unwrap_or_default();
        // A later line of data may hold a word more that happens to be a title somewhere.
        if let Some(at) = known.iter().position(|&known| known > 0 && known * 2 > most) {
            (header.at, header.known) = (at, known[at]);
        }
        header
    }

    fn width(&self) -> usize {
        self.lines.get(self.at).map_or(0, |line| line.cells.len())
    }

    /// The titles, and how many unnamed columns behind them are empty.
    fn names(&self) -> (Vec<&str>, usize) {
        let mut names: Vec<&str> = self.lines[self.at].cells.iter().map(|cell| cell.trim_matches('\u{feff}').trim()).collect();
        let width = names.len();
        let rows = &self.lines[self.at + 1..];
        let is_used = |column: usize| {
            let filled = rows.iter().filter(|row| row.cells.get(column).is_some_and(|cell| !cell.trim().is_empty())).count();
            filled * 2 > rows.len()
        };
        while names.len() > 1 && names.last().is_some_and(|name| name.is_empty()) && !is_used(names.len() - 1) {
            names.pop();
        }
        let unnamed = self.row_width(width, names.len()) - names.len();
        (names, unnamed)
    }
}

impl Header {
    /// How many cells a row has: as many as the header, unless all rows agree that the delimiter at the line's end is only the
    /// header's, or only theirs (csv 9).
    fn row_width(&self, header: usize, named: usize) -> usize {
        let rows = || self.lines[self.at + 1..].iter().filter(|row| !row.is_blank());
        let all_have = |width: usize| rows().count() > 0 && rows().all(|row| row.cells.len() == width);
        let last_is_filled = |row: &Line| row.cells.get(named - 1).is_some_and(|cell| !cell.trim().is_empty());
        if header > named && all_have(named) && rows().any(last_is_filled) {
            return named;
        }
        let ends_empty = |row: &Line| row.cells.get(named).is_some_and(|cell| cell.trim().is_empty());
        if header == named && all_have(named + 1) && rows().all(ends_empty) { named + 1 } else { header }
    }
}

/// How many cells of a line are titles or codes; a single one proves nothing unless it is the id's.
fn known_titles(line: &Line) -> usize {
    let known: Vec<&str> = line.cells.iter().filter(|cell| headers::is_known(cell)).collect();
    match known.as_slice() {
        [only] if !only.trim_matches('\u{feff}').trim().eq_ignore_ascii_case("ID") => 0,
        known => known.len(),
    }
}

/// The header under the delimiter that yields most known titles.
fn find_header(text: &str, delimiter: Option<u8>, is_whole: bool) -> Result<Header, IntakeErrorKind> {
    // `sep=;` is Excel's own first line; the delimiters below are tried on the lines behind it all the same.
    let candidates = delimiter.as_ref().map_or(&DELIMITERS[..], std::slice::from_ref);
    let split = candidates.iter().map(|&delimiter| Header::split(text, delimiter));
    let score = |header: &Header| (header.known, header.width());
    let best = split.reduce(|best, next| if score(&next) > score(&best) { next } else { best });
    let Some(header) = best else { return Err(IntakeErrorKind::Empty) };
    if let (Some((line, cell)), true) = (header.unclosed, is_whole) {
        let names: Vec<&str> = header.lines.get(header.at).map(|line| line.cells.iter().collect()).unwrap_or_default();
        return Err(unclosed(line, cell, &names));
    }
    if header.known == 0 {
        let first = header.lines.iter().find(|line| !line.is_blank());
        let found = first.map_or("", |line| &line.raw).chars().take(60).collect();
        return Err(IntakeErrorKind::NoHeader { line: first.map_or(1, |line| line.number), found });
    }
    Ok(header)
}

/// What the header says, read as one of the type that fits best; and what the type was found by.
fn choose_entity(
    path: &Path,
    names: &[&str],
    given: Option<EntityType>,
    line: u64,
) -> Result<(Reading, String), IntakeErrorKind> {
    if let Some(entity) = given {
        return Ok((headers::recognise(entity, names), "given by --entity".to_owned()));
    }
    let mut readings = EntityType::ALL.map(|entity| headers::recognise(entity, names)).to_vec();
    let score = |reading: &Reading| (reading.known, reading.exported);
    let best = readings.iter().map(score).max().unwrap_or_default();
    let fits: Vec<EntityType> = readings.iter().filter(|reading| score(reading) == best).map(|reading| reading.entity).collect();
    let (chosen, how) = match (fits.as_slice(), entity_of_name(path)) {
        ([only], _) => (*only, titles_how(*only, names, &readings)),
        (_, Some(told)) if fits.contains(&told) => (told, format!("file name; the titles fit {}", list(&fits))),
        _ => return Err(IntakeErrorKind::EntityUnclear { line, candidates: fits }),
    };
    readings.retain(|reading| reading.entity == chosen);
    readings.pop().map(|reading| (reading, how)).ok_or(IntakeErrorKind::EntityUnclear { line, candidates: fits })
}

/// Names the first title that only this type has.
fn titles_how(entity: EntityType, names: &[&str], readings: &[Reading]) -> String {
    let is_known = |reading: &Reading, column: usize| reading.columns[column].is_some();
    let distinctive =
        (0..names.len()).find(|&column| readings.iter().all(|reading| is_known(reading, column) == (reading.entity == entity)));
    match distinctive {
        Some(column) => format!("titles: only a {entity} has `{}`", names[column]),
        None => format!("titles: most are a {entity}'s"),
    }
}

fn list(entities: &[EntityType]) -> String {
    entities.iter().map(|entity| entity.code()).collect::<Vec<_>>().join(", ")
}

/// The type of record that a file's name speaks of: `DEAL_20240115_….csv`, `leads.csv`, `negociaciones 2024.csv` (csv 2.1).
fn entity_of_name(path: &Path) -> Option<EntityType> {
    const WORDS: &[(EntityType, &[&str])] = &[
        (EntityType::Lead, &["lead", "prospect", "лид", "лід"]),
        (EntityType::Deal, &["deal", "negocia", "trato", "сделк", "угод"]),
        (EntityType::Contact, &["contact", "контакт"]),
        (EntityType::Company, &["company", "companies", "compañ", "compan\u{ed}", "compania", "empresa", "компани", "компані"]),
    ];
    let stem = crate::model::fold(&path.file_stem()?.to_string_lossy());
    let mut named: Vec<EntityType> = Vec::new();
    for word in stem.split(|c: char| !c.is_alphabetic()) {
        named.extend(
            WORDS.iter().filter(|(_, begins)| begins.iter().any(|begin| word.starts_with(begin))).map(|(entity, _)| *entity),
        );
    }
    named.dedup();
    if let [only] = named.as_slice() { Some(*only) } else { None }
}

fn unclosed(line: u64, cell: usize, names: &[&str]) -> IntakeErrorKind {
    let column =
        names.get(cell).filter(|name| !name.is_empty()).map_or_else(|| (cell + 1).to_string(), |name| format!("`{name}`"));
    IntakeErrorKind::UnclosedQuote { line, column }
}
