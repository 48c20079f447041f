//! What a restore file is: container, encoding, dialect, header, language and type of record, from its first MiB.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use super::columns::{self, Column};
use super::decode::Decoder;
use super::dialect::{Dialect, LineEnds, Quoting};
use super::encoding::Guess;
use super::error::{IntakeError, IntakeErrorKind};
use super::finding::Findings;
use super::header::{self, Header};
use super::headers::TitleLanguage;
use super::rows::SplitError;
use super::source::{Container, Source, Table};
use super::spool::{Input, TABLE_DELIMITER, TABLE_LINE_ENDS};
use super::{encoding, entity, lost, mojibake, surplus, words};
use crate::model::{EntityType, Place, Problem, ProblemCode};

/// What is read of a file to find out what it is.
const HEAD_BYTES: u64 = 1 << 20;
/// How many such pieces are searched for the first byte above ASCII.
const TELLING_PIECES_MAX: usize = 256;
/// A file that holds a sentence instead of a table is shorter.
const SENTENCE_BYTES_MAX: usize = 256;

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
    /// The zone of its times, by its IANA name.
    pub timezone: Option<String>,
    /// The language of the titles.
    pub language: Option<TitleLanguage>,
    /// How cells are quoted.
    pub quoting: Option<Quoting>,
    /// What ends a line.
    pub line_ends: Option<LineEnds>,
    /// The line of the header, from 1.
    pub header_line: Option<u64>,
    /// Which sign stands before the decimals of a number.
    pub numbers: Option<NumberStyle>,
    /// What the cells of dictionaries and users hold.
    pub cells: Option<CellMeaning>,
    /// Column title -> field code. A title that the file doesn't have is left unused.
    pub map: Vec<(String, String)>,
    /// The titles of columns that are left out.
    pub ignore: Vec<String>,
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

/// What other programs have done to a file on its way, as far as its beginning tells.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is another program's doing, and none excludes another")]
pub(super) struct Wear {
    /// Some of its text was encoded twice, so that its cells are to be asked.
    pub(super) is_twice_encoded: bool,
    /// Question marks stand within words, so that its texts are to be asked for lost letters.
    pub(super) has_lost_letters: bool,
    /// Its ids have decimals, one and all: a program took the column for one of measures.
    pub(super) has_decimal_ids: bool,
    /// The whole numbers of some column have decimals, one and all, so that columns of texts are asked for them, too.
    pub(super) has_measures: bool,
    /// Cells are protected from spreadsheets.
    pub(super) has_protected_cells: bool,
}

/// A restore file, as far as its first MiB tells.
#[derive(Debug, Clone)]
pub struct RestoreFile {
    /// The path as the user gave it.
    pub path: Arc<str>,
    /// What its text is packed in; `None` for a plain file.
    pub container: Option<Container>,
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
    /// What other programs have done to it.
    pub(super) wear: Wear,
    /// What the user said of it.
    pub(super) said: Overrides,
    /// What a person should know of the file as a whole.
    pub(super) problems: Vec<Problem>,
    source: Source,
}

impl RestoreFile {
    /// Whether the header holds field codes, so that cells hold codes and ids.
    pub fn is_coded(&self) -> bool {
        self.language.is_none()
    }

    /// Further sheets of its workbook that hold records, and aren't read.
    pub fn other_sheets(&self) -> &[String] {
        self.source.table.as_ref().map_or(&[], |table| &table.others)
    }

    /// The zone of its times, where the user has said it.
    pub fn timezone(&self) -> Option<&str> {
        self.said.timezone.as_deref()
    }

    /// Looks at the same bytes again, with more being said of them.
    pub fn again(&self, overrides: &Overrides) -> Result<Self, IntakeError> {
        look(Path::new(&*self.path), self.source.clone(), overrides)
    }

    /// Says by what its type was told, where it was by something better than its titles.
    pub fn tell_entity(&mut self, confidence: f32, how: String) {
        self.findings.note("entity", self.entity.code(), confidence, how.clone());
        self.entity_how = how;
    }

    /// The text's bytes, from their beginning.
    pub(super) fn open(&self) -> Result<Input, IntakeError> {
        self.source.open().map_err(|error| self.io_error(0, error))
    }

    /// Whether so many bytes are all that it had when it was detected.
    pub(super) fn is_whole(&self, bytes: u64) -> bool {
        self.source.is_whole(bytes)
    }

    /// The SHA-256 of the file as the user has it, where that isn't the one of the text's bytes.
    pub(super) fn own_digest(&self) -> Option<&str> {
        self.source.digest.as_deref()
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
            // Half a cell may be all that is left of it.
            SplitError::Unclosed { .. } if self.source.has_changed() => self.error(IntakeErrorKind::Changed),
            SplitError::Unclosed { line, cell } => {
                let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
                self.error(header::unclosed(line, cell, &names))
            }
        }
    }

    fn problem(&mut self, line: u64, code: ProblemCode, text: impl Into<String>) {
        let place = Place { file: Arc::clone(&self.path), line, column: None };
        self.problems.push(Problem { place, code, text: text.into() });
    }
}

/// Finds out what a file is; `-` is standard input.
pub fn detect(path: &Path, overrides: &Overrides) -> Result<RestoreFile, IntakeError> {
    Given::open(path)?.detect(overrides)
}

/// A file as the user gives it, unpacked, and spooled where it can be read but once: it may be looked at several times.
#[derive(Debug)]
pub struct Given {
    path: PathBuf,
    source: Source,
}

impl Given {
    /// Opens it; `-` is standard input.
    pub fn open(path: &Path) -> Result<Self, IntakeError> {
        let source = Source::of(path).map_err(|kind| IntakeError::new(&path.to_string_lossy(), kind))?;
        Ok(Self { path: path.to_owned(), source })
    }

    /// Finds out what it is.
    pub fn detect(&self, overrides: &Overrides) -> Result<RestoreFile, IntakeError> {
        look(&self.path, self.source.clone(), overrides)
    }
}

fn look(path: &Path, source: Source, overrides: &Overrides) -> Result<RestoreFile, IntakeError> {
    let name = path.to_string_lossy();
    let fail = |kind| IntakeError::new(&name, kind);
    let head = source.open().and_then(Head::read).map_err(|error| IntakeError::io(&name, 0, error))?;
    head.check().map_err(fail)?;
    let guess = head.encoding(&source, overrides).map_err(fail)?;
    // A table's text was written by this program, whatever the file is in that held it.
    let codec = if source.table.is_some() { UTF_8 } else { guess.encoding };
    let text = head.decode(codec).map_err(|error| IntakeError::io(&name, 0, error))?;
    if text.chars().all(|c| c.is_whitespace() || c == '\u{feff}' || c == '\u{1a}') {
        return Err(fail(IntakeErrorKind::Empty));
    }
    let mut file = RestoreFile {
        path: name.as_ref().into(),
        container: source.container,
        entity: EntityType::Lead,
        entity_how: String::new(),
        encoding: guess.encoding.name(),
        bom: source.table.is_none() && Encoding::for_bom(&head.bytes).is_some(),
        dialect: Dialect::new(overrides.delimiter.unwrap_or(TABLE_DELIMITER)),
        language: None,
        header_line: 0,
        columns: Vec::new(),
        no_records: false,
        findings: Findings::default(),
        codec,
        unnamed: 0,
        date_order: overrides.date_order,
        wear: Wear::default(),
        said: overrides.clone(),
        problems: Vec::new(),
        source,
    };
    file.note_encoding(&guess, &text);
    if let Some(entity) = (text.len() < SENTENCE_BYTES_MAX).then(|| words::no_records(&text)).flatten() {
        file.no_records = true;
        file.entity = overrides.entity.unwrap_or(entity);
        "the sentence that there are none".clone_into(&mut file.entity_how);
        file.findings.note("entity", file.entity.code(), 1.0, file.entity_how.clone());
        return Ok(file);
    }
    let asked = file.dialect_asked(overrides);
    let header = header::find(&text, asked, head.is_whole).map_err(fail)?;
    file.take_header(path, &header, overrides).map_err(fail)?;
    Ok(file)
}

impl RestoreFile {
    fn note_encoding(&mut self, guess: &Guess, text: &str) {
        if let Some(container) = self.container {
            let how = self.source.table.as_ref().map_or("its first bytes", |table| table.which.as_str()).to_owned();
            self.findings.note("container", container.code(), 1.0, how);
        }
        self.findings.note("encoding", self.encoding, guess.confidence, guess.how.clone());
        if guess.is_mixed {
            let text = "some lines are UTF-8 and others aren't: the parts were saved by different programs";
            self.problem(1, ProblemCode::MixedEncodings, text);
        }
        let twice = mojibake::find(text);
        self.wear.is_twice_encoded = twice.is_some();
        self.wear.has_lost_letters = lost::is_met(text);
        if let Some(found) = twice.filter(|found| found.is_all) {
            let was = mojibake::meant(&found.word);
            let text = format!(
                "`{}` was `{was}`: the text was encoded twice; columns of which every cell says so are read as they were",
                found.word
            );
            self.problem(found.line, ProblemCode::Mojibake, text);
        }
    }

    /// What is known of the dialect before it is looked for: a table was written by this program.
    fn dialect_asked<'o>(&self, overrides: &'o Overrides) -> header::Asked<'o> {
        let is_table = self.source.table.is_some();
        let dialect = Dialect::new(TABLE_DELIMITER);
        header::Asked {
            delimiter: if is_table { Some(TABLE_DELIMITER) } else { overrides.delimiter },
            quoting: if is_table { Some(dialect.quoting) } else { overrides.quoting },
            line_ends: if is_table { Some(TABLE_LINE_ENDS) } else { overrides.line_ends },
            line: overrides.header_line,
            by_table: self.source.table.as_ref().map(|_| "the cells of a table"),
            map: &overrides.map,
        }
    }

    fn take_header(&mut self, path: &Path, header: &Header, overrides: &Overrides) -> Result<(), IntakeErrorKind> {
        self.dialect = header.dialect;
        self.header_line = header.line();
        header.note(&mut self.findings);
        if !self.other_sheets().is_empty() {
            self.problem(1, ProblemCode::OtherSheets, self.other_sheets().join(", "));
        }
        if header.skipped > 0 {
            let text = format!("{} lines above the header are left out", header.skipped);
            self.problem(header.first_skipped, ProblemCode::LinesAbove, text);
        }
        let (names, unnamed) = header.names();
        self.unnamed = unnamed;
        let readable: Vec<String> = names.iter().map(|name| header::readable(name).into_owned()).collect();
        let readable: Vec<&str> = readable.iter().map(String::as_str).collect();
        let chosen = entity::choose(path, &readable, overrides.entity, overrides.language, self.header_line)?;
        self.entity = chosen.reading.entity;
        self.findings.note("entity", self.entity.code(), chosen.confidence, chosen.how.clone());
        self.entity_how = chosen.how;
        self.language = chosen.reading.language;
        chosen.reading.note(&mut self.findings, overrides.language);
        self.columns = columns::columns(&names, chosen.reading, &overrides.map, &overrides.ignore);
        // A header that has no unnamed cell itself is narrower than its rows.
        let is_narrower = names.len() == header.width() && unnamed > 0;
        if is_narrower && !surplus::stands_below_titles(&header.rows(), &self.columns, self.entity) {
            return Err(IntakeErrorKind::RowsBesideTitles { line: self.header_line, titles: names.len() });
        }
        let ids = self.columns.iter().position(|column| column.code.as_ref().is_some_and(|code| code.as_str() == "ID"));
        self.wear.has_decimal_ids = ids.is_some_and(|column| header.has_decimals(column));
        self.wear.has_measures = (0..self.columns.len()).any(|column| header.has_measures(column));
        self.wear.has_protected_cells = header.has_protected_cells();
        Ok(())
    }
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
    fn read(mut input: Input) -> io::Result<Self> {
        let mut next = || -> io::Result<(Vec<u8>, bool)> {
            let mut piece = Vec::new();
            input.by_ref().take(HEAD_BYTES).read_to_end(&mut piece)?;
            let cut = piece.len() as u64 == HEAD_BYTES;
            Ok((piece, cut))
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

    /// Refuses what is no text at all.
    fn check(&self) -> Result<(), IntakeErrorKind> {
        if self.bytes.is_empty() {
            return Err(IntakeErrorKind::Empty);
        }
        if self.bytes.iter().all(|byte| *byte == 0) {
            return Err(IntakeErrorKind::AllZero);
        }
        if encoding::is_utf32(&self.bytes) { Err(IntakeErrorKind::Utf32) } else { Ok(()) }
    }

    fn encoding(&self, source: &Source, overrides: &Overrides) -> Result<Guess, IntakeErrorKind> {
        let said = |encoding, how: &str| Guess { encoding, confidence: 1.0, how: how.to_owned(), is_mixed: false };
        match (&source.table, &overrides.encoding) {
            (Some(Table { encoding, .. }), _) => Ok(encoding.clone()),
            (None, Some(label)) => {
                let codec = Encoding::for_label(label.as_bytes());
                codec
                    .map(|codec| said(codec, "given by --encoding"))
                    .ok_or_else(|| IntakeErrorKind::UnknownEncoding(label.clone()))
            }
            (None, None) => {
                // A header speaks before the rows do, where it is more than ASCII.
                let is_early = !self.bytes.is_ascii();
                let (bytes, cut) = if is_early { (&self.bytes, !self.is_whole) } else { (&self.telling, self.cut) };
                let guess = encoding::guess(bytes, cut);
                let is_of_dos = guess.encoding == WINDOWS_1252 && encoding::is_of_dos(bytes);
                if is_of_dos { Err(IntakeErrorKind::OfDos) } else { Ok(guess) }
            }
        }
    }

    fn decode(&self, codec: &'static Encoding) -> io::Result<String> {
        let mut decoder = Decoder::new(self.bytes.as_slice(), codec, self.bytes.len());
        let mut text = String::new();
        while decoder.fill(&mut text)? {}
        Ok(text)
    }
}
