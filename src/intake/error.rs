//! Why a restore file can't be read at all. A row that can't be understood is a [`Reject`](crate::model::Reject), not an error.

use std::io;
use std::path::PathBuf;

use crate::model::EntityType;

/// A restore file that can't be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}", path.display())]
pub struct IntakeError {
    /// The file, as the user gave it.
    pub path: PathBuf,
    /// What stands in the way.
    #[source]
    pub kind: IntakeErrorKind,
}

/// What stands in the way of reading a file. Lines count from 1.
#[derive(Debug, thiserror::Error)]
pub enum IntakeErrorKind {
    /// There is no such file.
    #[error("there is no such file")]
    NotFound,
    /// It is a directory.
    #[error("it is a directory; name the CSV files in it")]
    IsDirectory,
    /// The file may not be read.
    #[error("there is no right to read it")]
    NoReadRight,
    /// It holds nothing.
    #[error("the file is empty")]
    Empty,
    /// Reading failed.
    #[error("reading failed at byte {at}")]
    Io {
        /// How far reading had come.
        at: u64,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// `--encoding` names none.
    #[error("`{0}` is no known encoding; use a name such as UTF-8, windows-1252, windows-1251 or UTF-16LE")]
    UnknownEncoding(String),
    /// It is a device, a socket or the like.
    #[error("it is no file: a device or a socket can't be read as one")]
    NoFile,
    /// Its links lead back to themselves.
    #[error("its symbolic links lead in a circle")]
    LinkCircle,
    /// Standard input is a keyboard.
    #[error("`-` reads standard input, and that is the keyboard; say `b24restore ... - < FILE` or put a pipe before it")]
    Keyboard,
    /// Nobody writes to a pipe.
    #[error("it is a pipe, and for 30 seconds nothing has opened it for writing")]
    NoWriter,
    /// It holds zero bytes only.
    #[error("it holds nothing but zero bytes: its content was lost while it was copied or downloaded; get the file again")]
    AllZero,
    /// It is a workbook of old, or one with a password.
    #[error("it is a binary Excel workbook (.xls) or one with a password; open it in Excel and save it as .xlsx or as CSV UTF-8")]
    OldExcel,
    /// It is something else.
    #[error("it is {0}, no CSV; open it in its own program and save it as .xlsx or as CSV UTF-8")]
    OtherFormat(&'static str),
    /// It is an archive of a kind that isn't read.
    #[error("it is packed as {0}; unpack it first, or pack it as .zip or .gz")]
    OtherPacking(&'static str),
    /// An archive or workbook can't be read to its end.
    #[error("the {container} file is damaged or cut off ({why}); get it again")]
    Damaged {
        /// What it is.
        container: &'static str,
        /// What was wrong.
        why: String,
    },
    /// An archive without a file in it.
    #[error("the archive holds no file")]
    NoEntry,
    /// An archive of several files.
    #[error("the archive holds {count} files ({names}); unpack it, and name the CSV files one by one")]
    ManyEntries {
        /// How many.
        count: usize,
        /// The first of their names.
        names: String,
    },
    /// An archive in an archive.
    #[error("the archive holds another archive; unpack it first")]
    NestedArchive,
    /// The only entry is a link.
    #[error("the archive's only entry (`{0}`) is a symbolic link and holds no data; pack the file itself")]
    LinkEntry(String),
    /// A password is needed.
    #[error("the archive has a password; unpack it first")]
    Encrypted,
    /// It unpacks to far more than it may.
    #[error("it unpacks to more than 200 times its own size: that is no export but a trap; if you trust it, unpack it yourself")]
    Bomb,
    /// A pipe or an archive gives more than may be spooled.
    #[error(
        "it holds more than 4 GiB, the most that is read from a pipe or an archive; put it on the disk, unpacked, and name that file"
    )]
    SpoolFull,
    /// The temporary file can't be written.
    #[error("the temporary directory can't be written to; free some space, or set TMPDIR to another directory")]
    Spool(#[source] io::Error),
    /// A workbook or page with a text that no program writes.
    #[error("a text in it is longer than any export's; open it in its program and save it as CSV UTF-8")]
    HugeWorkbook,
    /// A workbook without cells.
    #[error("no sheet of the workbook holds a cell")]
    NoCells,
    /// A page without a table.
    #[error("it is a web page without a table: perhaps a login or error page was saved instead of the file; download it again")]
    NoTable,
    /// UTF-32.
    #[error("it is in UTF-32, which hardly any program writes; save it as UTF-8")]
    Utf32,
    /// A code page of DOS, whose letters are signs in every other encoding.
    #[error(
        "its letters are those of DOS (code page 850 or 437), as a spreadsheet's \"CSV (MS-DOS)\" has them; save it as \"CSV UTF-8\", or \
         say --encoding if it is another one"
    )]
    OfDos,
    /// Each line is one cell.
    #[error(
        "line {line} is a header within a single cell: a spreadsheet with another list separator has read each line as one cell and \
         saved it so; take the file as it was, or open that one by the spreadsheet's import of text, where the separator can be chosen"
    )]
    LinesInCells {
        /// The header's line.
        line: u64,
    },
    /// None of the first lines is a header.
    #[error(
        "no header: line {line} (`{found}`) holds no known column title; the first line must hold titles or field codes; \
         if a later one does, say --header-line N; if another sign parts the cells, say --delimiter"
    )]
    NoHeader {
        /// The first line with text.
        line: u64,
        /// What stands there, shortened.
        found: String,
    },
    /// The first line is one of data.
    #[error(
        "no header: line {line} (`{found}`) holds data and no column titles; put a line of titles or field codes \
         (such as ID;TITLE) above it"
    )]
    HeaderMissing {
        /// The first line with text.
        line: u64,
        /// What stands there, shortened.
        found: String,
    },
    /// `--header-line` names a line that isn't there.
    #[error("--header-line {line}: no line begins there; the file's beginning was read up to line {last}")]
    NoSuchLine {
        /// What was said.
        line: u64,
        /// The last line that was read.
        last: u64,
    },
    /// `--delimiter` is wrong.
    #[error(
        "--delimiter {}: with it there is but one column; with {} line {line} has {known} known titles",
        name_of(*given), name_of(*fits)
    )]
    WrongDelimiter {
        /// The header's line.
        line: u64,
        /// What was said.
        given: char,
        /// What would fit.
        fits: char,
        /// How many titles are known with that.
        known: usize,
    },
    /// Cells in quotes of another kind.
    #[error(
        "line {line}: the cells stand in {open} {close} instead of double quotes; save the file with \" around its cells, \
         or replace the signs in a text editor"
    )]
    OtherQuotes {
        /// The header's line.
        line: u64,
        /// What stands before a cell.
        open: char,
        /// What stands behind it.
        close: char,
    },
    /// Rows that don't stand below their titles, as far as their cells tell.
    #[error(
        "line {line} has {titles} titles, and each row below one cell more, so that cells may stand below another field's title; if a title \
         is missing, put it in its place; if the first cells number the rows, put a title such as \"row\" before the others; if the rows \
         just end with a delimiter, put one behind the titles, too"
    )]
    RowsBesideTitles {
        /// The header's line.
        line: u64,
        /// How many titles it has.
        titles: usize,
    },
    /// Two files in one.
    #[error(
        "line {line} is a header, too, and of other columns than line {header}: two files were put into one; split it before line {line}, \
         and give both parts"
    )]
    SecondHeader {
        /// The line of the second one.
        line: u64,
        /// The line of the first one.
        header: u64,
    },
    /// More columns than any export has.
    #[error("line {line} has {columns} columns; more than 16,384, as many as a sheet of Excel, are not read")]
    TooManyColumns {
        /// The header's line.
        line: u64,
        /// How many.
        columns: usize,
    },
    /// The titles fit more than one type of record.
    #[error("line {line}: these titles fit {}; say which with --entity", list(candidates))]
    EntityUnclear {
        /// The header's line.
        line: u64,
        /// The types that they fit equally well.
        candidates: Vec<EntityType>,
    },
    /// A quote opens and nothing closes it.
    #[error("line {line}, column {column}: a quote opens here and isn't closed; put the missing \" behind the cell")]
    UnclosedQuote {
        /// The line on which the quote stands.
        line: u64,
        /// The column's title, or its number.
        column: String,
    },
    /// The file isn't what it was when it was surveyed.
    #[error("the file has changed since it was first read; start again")]
    Changed,
}

impl IntakeError {
    /// An error of the system, told apart where a person can do something about it.
    pub(super) fn io(path: &str, at: u64, error: io::Error) -> Self {
        let kind = match error.kind() {
            _ if is_link_circle(&error) => IntakeErrorKind::LinkCircle,
            io::ErrorKind::NotFound => IntakeErrorKind::NotFound,
            // A pattern that stands for no file.
            io::ErrorKind::InvalidFilename if cfg!(windows) => IntakeErrorKind::NotFound,
            io::ErrorKind::IsADirectory => IntakeErrorKind::IsDirectory,
            io::ErrorKind::PermissionDenied => IntakeErrorKind::NoReadRight,
            _ => IntakeErrorKind::Io { at, error },
        };
        Self::new(path, kind)
    }

    pub(super) fn new(path: &str, kind: IntakeErrorKind) -> Self {
        Self { path: path.into(), kind }
    }
}

fn list(entities: &[EntityType]) -> String {
    entities.iter().map(|entity| entity.code()).collect::<Vec<_>>().join(", ")
}

/// A delimiter as a person would name it.
fn name_of(delimiter: char) -> String {
    if delimiter == '\t' { "tab".to_owned() } else { format!("`{delimiter}`") }
}

#[cfg(unix)]
fn is_link_circle(error: &io::Error) -> bool {
    rustix::io::Errno::from_io_error(error) == Some(rustix::io::Errno::LOOP)
}

#[cfg(not(unix))]
fn is_link_circle(_: &io::Error) -> bool {
    false
}
