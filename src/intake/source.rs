//! Where a restore file's bytes come from, told by what they are and never by the file's name.
//!
//! A plain regular file is opened where it lies: it may be large, and is read three times. All else is written down once ([`spool`]):
//! what a pipe gives, what an archive holds, and the cells of a workbook or of a page's table as CSV.
//!
//! [`spool`]: super::spool

use std::fs::{self, File, FileType};
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use encoding_rs::UTF_8;

use super::encoding::Guess;
use super::error::{IntakeError, IntakeErrorKind};
use super::sheet::{self, Sheet};
use super::spool::{Bound, Input, Spool};
use super::{html, unpack};

/// How long a named pipe may be without anybody who writes to it.
const PIPE_WAIT: Duration = Duration::from_secs(30);
/// How much of a file tells what it is packed in.
const MAGIC_BYTES: u64 = 4096;
/// The path that means standard input.
const STDIN: &str = "-";

/// What a restore file's text is packed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// A `.gz`.
    Gzip,
    /// A `.zip` of one file.
    Zip,
    /// An Excel workbook.
    Xlsx,
    /// A web page with a table, as "Export to Excel" makes it (csv 1).
    Html,
    /// Standard input, or a named pipe.
    Stdin,
}

impl Container {
    /// The word in `inspect --json`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zip => "zip",
            Self::Xlsx => "xlsx",
            Self::Html => "html",
            Self::Stdin => "stdin",
        }
    }
}

/// Where the bytes of a restore file are.
#[derive(Debug, Clone)]
pub(super) struct Source {
    bytes: Bytes,
    pub(super) container: Option<Container>,
    /// The SHA-256 of the file as the user has it, where its text is elsewhere.
    pub(super) digest: Option<String>,
    /// Set where this program wrote the text, from a table's cells.
    pub(super) table: Option<Table>,
}

#[derive(Debug, Clone)]
enum Bytes {
    /// A regular file, and how long it is at first.
    Plain(PathBuf, u64),
    Spooled(Arc<File>),
}

/// A table whose cells were written down as CSV.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table {
    /// The encoding of the file that held it.
    pub(super) encoding: Guess,
    /// Which of its tables it is, for people.
    pub(super) which: String,
    /// Further ones that hold records, and aren't read.
    pub(super) others: Vec<String>,
}

impl Source {
    /// Finds a file's text.
    pub(super) fn of(path: &Path) -> Result<Self, IntakeErrorKind> {
        let mut source = Self::raw(path)?;
        match Magic::of(&source.head()?) {
            Magic::Plain => Ok(source),
            magic => {
                if source.digest.is_none() {
                    source.digest = Some(source.open().and_then(|input| input.digest()).map_err(io_kind)?);
                }
                source.unpack(magic)
            }
        }
    }

    /// The text's bytes, from their beginning.
    pub(super) fn open(&self) -> io::Result<Input> {
        Ok(Input::new(match &self.bytes {
            Bytes::Plain(path, _) => Arc::new(File::open(path)?),
            Bytes::Spooled(file) => Arc::clone(file),
        }))
    }

    /// Whether so many bytes are all that it had at first.
    pub(super) fn is_whole(&self, bytes: u64) -> bool {
        !matches!(self.bytes, Bytes::Plain(_, length) if length != bytes)
    }

    /// Whether it is no longer as long as it was at first.
    pub(super) fn has_changed(&self) -> bool {
        matches!(&self.bytes, Bytes::Plain(path, length) if fs::metadata(path).map_or(true, |now| now.len() != *length))
    }

    fn head(&self) -> Result<Vec<u8>, IntakeErrorKind> {
        self.open().and_then(|input| input.head(MAGIC_BYTES)).map_err(io_kind)
    }

    /// The bytes as they are, before anything is unpacked.
    fn raw(path: &Path) -> Result<Self, IntakeErrorKind> {
        if path.as_os_str() == STDIN {
            let stdin = io::stdin();
            return if stdin.is_terminal() { Err(IntakeErrorKind::Keyboard) } else { Self::of_stream(stdin.lock()) };
        }
        let metadata = fs::metadata(path).map_err(io_kind)?;
        let kind = metadata.file_type();
        if kind.is_file() {
            return Ok(Self { bytes: Bytes::Plain(path.to_owned(), metadata.len()), container: None, digest: None, table: None });
        }
        if kind.is_dir() {
            return Err(IntakeErrorKind::IsDirectory);
        }
        if is_pipe(kind) { Self::of_stream(open_pipe(path)?) } else { Err(IntakeErrorKind::NoFile) }
    }

    fn of_stream(stream: impl Read) -> Result<Self, IntakeErrorKind> {
        let mut spool = Spool::new(Bound::Stream)?;
        let digest = spool.fill(stream, |at, error| IntakeErrorKind::Io { at, error })?;
        let bytes = Bytes::Spooled(spool.finish()?);
        Ok(Self { bytes, container: Some(Container::Stdin), digest: Some(digest), table: None })
    }

    /// Opens what the bytes are packed in; what comes out of an archive may be a table, but no further archive.
    fn unpack(mut self, magic: Magic) -> Result<Self, IntakeErrorKind> {
        let input = self.open().map_err(io_kind)?;
        let packed = input.length().map_err(io_kind)?;
        match magic {
            Magic::Plain => return Ok(self),
            Magic::Gzip => {
                self.bytes = Bytes::Spooled(unpack::gzip(input, packed)?);
                return self.within(Container::Gzip);
            }
            Magic::Zip if !sheet::is_workbook(input.clone()) => {
                self.bytes = Bytes::Spooled(unpack::zip(input)?);
                return self.within(Container::Zip);
            }
            Magic::Zip => {
                let Sheet { file, which, others } = sheet::to_csv(&input, packed)?;
                let encoding = Guess::new(UTF_8, 1.0, "as every workbook");
                self.take_table(file, Container::Xlsx, Table { encoding, which, others });
            }
            Magic::Html => {
                let (table, encoding) = html::to_csv(&input)?;
                let which = "the page's table".to_owned();
                self.take_table(table, Container::Html, Table { encoding, which, others: Vec::new() });
            }
            Magic::Workbook => return Err(IntakeErrorKind::OldExcel),
            Magic::Other(what) => return Err(IntakeErrorKind::OtherFormat(what)),
            Magic::Packed(how) => return Err(IntakeErrorKind::OtherPacking(how)),
        }
        Ok(self)
    }

    fn within(mut self, container: Container) -> Result<Self, IntakeErrorKind> {
        self.container = Some(container);
        let magic = Magic::of(&self.head()?);
        let is_archive = match magic {
            Magic::Gzip | Magic::Packed(_) => true,
            Magic::Zip => !sheet::is_workbook(self.open().map_err(io_kind)?),
            _ => false,
        };
        if is_archive { Err(IntakeErrorKind::NestedArchive) } else { self.unpack(magic) }
    }

    fn take_table(&mut self, file: Arc<File>, container: Container, table: Table) {
        self.bytes = Bytes::Spooled(file);
        self.table = Some(table);
        // An archive around it is what the user sees.
        if self.container.is_none_or(|outer| outer == Container::Stdin) {
            self.container = Some(container);
        }
    }
}

/// What the first bytes of a file say of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Magic {
    Plain,
    Gzip,
    Zip,
    Html,
    /// The container of `.xls`, and of workbooks with a password.
    Workbook,
    /// Something that its own program can save as CSV.
    Other(&'static str),
    /// An archive of another kind.
    Packed(&'static str),
}

const MAGIC: &[(&[u8], Magic)] = &[
    (b"\x1f\x8b", Magic::Gzip),
    (b"PK\x03\x04", Magic::Zip),
    (b"PK\x05\x06", Magic::Zip),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Magic::Workbook),
    (b"%PDF-", Magic::Other("a PDF")),
    (b"SQLite format 3\0", Magic::Other("an SQLite database")),
    (b"7z\xbc\xaf\x27\x1c", Magic::Packed("7z")),
    (b"Rar!\x1a\x07", Magic::Packed("rar")),
    (b"BZh", Magic::Packed("bzip2")),
    (b"\xfd7zXZ\0", Magic::Packed("xz")),
    (b"\x28\xb5\x2f\xfd", Magic::Packed("zstd")),
];

impl Magic {
    fn of(head: &[u8]) -> Self {
        if let Some((_, magic)) = MAGIC.iter().find(|(begins, _)| head.starts_with(begins)) {
            return *magic;
        }
        // Zeros fall out, so that UTF-16 reads as the letters it is made of.
        let text: String =
            head.iter().filter(|byte| byte.is_ascii() && **byte != 0).map(|byte| char::from(byte.to_ascii_lowercase())).collect();
        let text = text.trim_start();
        let begins = |words: &[&str]| words.iter().any(|word| text.starts_with(word));
        if begins(&["<?xml"]) && text.contains("schemas-microsoft-com:office:spreadsheet") && !text.contains("<html") {
            return Self::Other("an Excel 2003 XML workbook");
        }
        if begins(&["<?xml", "<office:document"]) && text.contains("<office:document") {
            return Self::Other("an OpenDocument file (.fods)");
        }
        if let Some(what) = other_text(text) {
            return Self::Other(what);
        }
        if begins(&["<!doctype html", "<html", "<head", "<meta", "<body", "<table", "<style", "<!--"])
            || (begins(&["<?xml"]) && text.contains("<html"))
        {
            return Self::Html;
        }
        Self::Plain
    }
}

/// What a text in small letters is that holds a table and is no CSV, told by its beginning.
fn other_text(text: &str) -> Option<&'static str> {
    let second = text.lines().nth(1).unwrap_or_default();
    // A header may begin so, but no row of data does.
    if text.starts_with("id;p") && ["b;", "c;", "f;", "o;", "p;", "nn;", "np;"].iter().any(|record| second.starts_with(record)) {
        return Some("a SYLK file (.slk)");
    }
    if text.starts_with("table") && second == "0,1" {
        return Some("a DIF file (.dif)");
    }
    let behind = text.get(1..).unwrap_or_default().trim_start();
    let is_json = match text.bytes().next() {
        Some(b'{') => behind.starts_with(['"', '}']),
        Some(b'[') => behind.starts_with(['{', '[', ']']),
        _ => false,
    };
    is_json.then_some("a JSON file")
}

/// An error of the system, as a kind where a person can do something about it.
pub(super) fn io_kind(error: io::Error) -> IntakeErrorKind {
    IntakeError::io("", 0, error).kind
}

#[cfg(unix)]
fn is_pipe(kind: FileType) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&kind)
}

#[cfg(not(unix))]
fn is_pipe(_: FileType) -> bool {
    false
}

/// Opens a named pipe. That waits until somebody writes to it, so another thread does it: it may wait in vain.
fn open_pipe(path: &Path) -> Result<File, IntakeErrorKind> {
    let (sender, opened) = mpsc::channel();
    let path = path.to_owned();
    std::thread::spawn(move || sender.send(File::open(path)));
    match opened.recv_timeout(PIPE_WAIT) {
        Ok(file) => file.map_err(io_kind),
        Err(_) => Err(IntakeErrorKind::NoWriter),
    }
}
