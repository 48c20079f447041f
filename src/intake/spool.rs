//! Bytes that can be read again and again: a regular file as it is, or a temporary one that has no name.
//!
//! What a pipe or an archive gives is written down once, within bounds. The temporary file is unlinked while it is open, so that no
//! customer's data stays behind, however the program ends.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::dialect::LineEnds;
use super::error::IntakeErrorKind;

/// The most that a pipe or an archive may hold: what a temporary directory can be expected to take.
pub(super) const SPOOL_BYTES_MAX: u64 = 4 << 30;
/// How many times its own size an archive may unpack to. CSV of the most repetitive kind packs at about 100:1.
pub(super) const RATIO_MAX: u64 = 200;
/// Up to here an archive may unpack at any ratio: a small file of one repeated line is no bomb.
pub(super) const RATIO_FREE_BYTES: u64 = 1 << 20;
/// How much of a stream is looked at before the rest is taken: zeros without end are no file.
const FIRST_BYTES: u64 = 64 << 10;
const COPY_BYTES: usize = 128 << 10;

/// A reader of a file that others may be reading too, each at its own place.
#[derive(Debug, Clone)]
pub(super) struct Input {
    file: Arc<File>,
    at: u64,
}

impl Input {
    pub(super) fn new(file: Arc<File>) -> Self {
        Self { file, at: 0 }
    }

    /// How many bytes the file has.
    pub(super) fn length(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Its first bytes, at most `wanted` of them.
    pub(super) fn head(&self, wanted: u64) -> io::Result<Vec<u8>> {
        let mut head = Vec::new();
        Self { file: Arc::clone(&self.file), at: 0 }.take(wanted).read_to_end(&mut head)?;
        Ok(head)
    }

    /// The SHA-256 of all of it, in hex.
    pub(super) fn digest(&self) -> io::Result<String> {
        let mut digest = Sha256::new();
        let mut reader = Self { file: Arc::clone(&self.file), at: 0 };
        let mut piece = vec![0; COPY_BYTES];
        loop {
            let length = reader.read(&mut piece)?;
            if length == 0 {
                return Ok(hex(&digest.finalize()));
            }
            digest.update(&piece[..length]);
        }
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = read_at(&self.file, buffer, self.at)?;
        self.at += length as u64;
        Ok(length)
    }
}

impl Seek for Input {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (from, by) = match to {
            SeekFrom::Start(at) => (at, 0),
            SeekFrom::End(by) => (self.length()?, by),
            SeekFrom::Current(by) => (self.at, by),
        };
        self.at = from.checked_add_signed(by).ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}

/// A temporary file that is being written.
pub(super) struct Spool {
    out: BufWriter<File>,
    written: u64,
    bound: Bound,
}

/// What a temporary file may grow to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Bound {
    /// [`SPOOL_BYTES_MAX`].
    Stream,
    /// That, and [`RATIO_MAX`] times the packed bytes.
    Unpacked {
        /// How many there are.
        packed: u64,
    },
}

impl Bound {
    /// Whether so many bytes are too many.
    pub(super) fn check(self, bytes: u64) -> Result<(), IntakeErrorKind> {
        match self {
            Self::Unpacked { packed } if bytes > RATIO_FREE_BYTES && bytes / RATIO_MAX > packed => Err(IntakeErrorKind::Bomb),
            _ if bytes > SPOOL_BYTES_MAX => Err(IntakeErrorKind::SpoolFull),
            _ => Ok(()),
        }
    }
}

impl Spool {
    pub(super) fn new(bound: Bound) -> Result<Self, IntakeErrorKind> {
        let file = tempfile::tempfile().map_err(IntakeErrorKind::Spool)?;
        Ok(Self { out: BufWriter::with_capacity(COPY_BYTES, file), written: 0, bound })
    }

    /// Writes a piece.
    pub(super) fn put(&mut self, bytes: &[u8]) -> Result<(), IntakeErrorKind> {
        self.written += bytes.len() as u64;
        self.bound.check(self.written)?;
        self.out.write_all(bytes).map_err(IntakeErrorKind::Spool)
    }

    /// Writes all that a reader has; gives the SHA-256 of it.
    pub(super) fn fill(
        &mut self,
        mut from: impl Read,
        failed: impl Fn(u64, io::Error) -> IntakeErrorKind,
    ) -> Result<String, IntakeErrorKind> {
        let mut digest = Sha256::new();
        let mut piece = Vec::new();
        from.by_ref().take(FIRST_BYTES).read_to_end(&mut piece).map_err(|error| failed(0, error))?;
        if !piece.is_empty() && piece.iter().all(|byte| *byte == 0) {
            return Err(IntakeErrorKind::AllZero);
        }
        let mut length = piece.len();
        piece.resize(COPY_BYTES, 0);
        while length > 0 {
            digest.update(&piece[..length]);
            self.put(&piece[..length])?;
            length = match from.read(&mut piece) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read.map_err(|error| failed(self.written, error))?,
            };
        }
        Ok(hex(&digest.finalize()))
    }

    /// Ends the writing.
    pub(super) fn finish(self) -> Result<Arc<File>, IntakeErrorKind> {
        let file = self.out.into_inner().map_err(|error| IntakeErrorKind::Spool(error.into_error()))?;
        Ok(Arc::new(file))
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Writes cells in UTF-8, each in quotes, `;` between, and a CR behind the row: as the line ends within cells become LF, a row's line is
/// the one that the user's own program counts.
pub(super) struct TableWriter {
    out: Spool,
    line: String,
    cells: usize,
    width: usize,
}

/// What [`TableWriter`] puts between two cells.
pub(super) const TABLE_DELIMITER: u8 = b';';
/// What it puts behind a row.
pub(super) const TABLE_LINE_ENDS: LineEnds = LineEnds::Cr;

impl TableWriter {
    /// Rows get at least `width` cells.
    pub(super) fn new(out: Spool, width: usize) -> Self {
        Self { out, line: String::new(), cells: 0, width }
    }

    pub(super) fn cell(&mut self, text: &str) {
        if self.cells > 0 {
            self.line.push(char::from(TABLE_DELIMITER));
        }
        self.cells += 1;
        if !text.is_empty() {
            self.line.push('"');
            let text = text.replace("\r\n", "\n").replace('\r', "\n");
            let quoted = text.split('"').enumerate().flat_map(|(n, part)| [if n == 0 { "" } else { "\"\"" }, part]);
            self.line.extend(quoted);
            self.line.push('"');
        }
    }

    /// How many cells the row has so far.
    pub(super) fn cells(&self) -> usize {
        self.cells
    }

    /// Ends a row; the widest so far says how many cells each further one has at least, as tables leave out empty ones at the end.
    pub(super) fn end_row(&mut self) -> Result<(), IntakeErrorKind> {
        if self.cells > 0 {
            self.width = self.width.max(self.cells);
            self.line.extend(std::iter::repeat_n(char::from(TABLE_DELIMITER), self.width - self.cells));
        }
        self.line.push('\r');
        self.cells = 0;
        self.out.put(self.line.as_bytes())?;
        self.line.clear();
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Arc<File>, IntakeErrorKind> {
        self.out.finish()
    }
}
