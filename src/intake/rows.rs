//! Text -> lines of cells, each with its line number and its text as it stood.
//!
//! An own splitter, because `csv` has no bound for a record: one stray quote would swallow the rest of the file without an error.
//! It reads what `csv` and Python read: a quote opens a cell only at its beginning, `""` is a quote, what follows a closing quote
//! belongs to the cell, and LF, CRLF and CR each end a line.

use std::io::{self, Read};

use encoding_rs::Encoding;

use super::decode::Decoder;
use super::dialect::Dialect;
use crate::model::Cells;

/// The longest line, and so the longest cell, in bytes of UTF-8. A longer quoted cell is taken for an unclosed quote.
pub(super) const LINE_BYTES_MAX: usize = 16 << 20;
/// What is kept of a line that is longer.
const KEPT_BYTES: usize = 1024;
/// Bytes read from a file at a time.
pub(super) const BUFFER_BYTES: usize = 256 << 10;

/// One logical line: from its first physical line to the end of its last cell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// The physical line on which it begins, from 1.
    pub(super) number: u64,
    /// The text as it stood, without the line end.
    pub(super) raw: String,
    /// The cells.
    pub(super) cells: Cells,
    /// How many invalid byte sequences it had.
    pub(super) replaced: u64,
    /// Whether it was longer than [`LINE_BYTES_MAX`]; then `raw` holds its beginning and `cells` nothing.
    pub(super) too_long: bool,
    /// Whether text follows a closing quote: a quote that wasn't doubled, or one that was never closed and met the next line's.
    pub(super) stray_quote: bool,
}

impl Line {
    /// Whether there is no text in any cell. A Ctrl-Z is how DOS marked a file's end.
    pub(super) fn is_blank(&self) -> bool {
        !self.too_long
            && self.cells.iter().all(|cell| cell.chars().all(|c| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{1a}')))
    }
}

/// Why no further line can be read.
#[derive(Debug)]
pub(super) enum SplitError {
    Io(io::Error),
    /// A quote that isn't closed: the line on which it stands, and the cell, counted from 0.
    Unclosed {
        line: u64,
        cell: usize,
    },
}

impl From<io::Error> for SplitError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Splits a stream into lines; holds a buffer and the current line.
pub(super) struct Splitter<R> {
    decoder: Decoder<R>,
    dialect: Dialect,
    text: String,
    /// Where in `text` the next line begins.
    start: usize,
    /// How much text came before `text`.
    offset: u64,
    line: u64,
    scratch: String,
}

/// What a cell ended with.
#[derive(PartialEq)]
enum End {
    Cell,
    Line,
}

impl<R: Read> Splitter<R> {
    pub(super) fn new(source: R, encoding: &'static Encoding, dialect: Dialect, buffer: usize) -> Self {
        let decoder = Decoder::new(source, encoding, buffer);
        Self { decoder, dialect, text: String::new(), start: 0, offset: 0, line: 1, scratch: String::new() }
    }

    /// How many bytes of the source have been read.
    pub(super) fn bytes(&self) -> u64 {
        self.decoder.bytes()
    }

    pub(super) fn into_source(self) -> R {
        self.decoder.into_source()
    }

    /// Reads the next line into `line`; `false` at the end of the stream.
    pub(super) fn read(&mut self, line: &mut Line) -> Result<bool, SplitError> {
        line.number = self.line;
        line.raw.clear();
        line.cells = Cells::default();
        line.replaced = 0;
        line.too_long = false;
        line.stray_quote = false;
        if self.byte(0)?.is_none() {
            return Ok(false);
        }
        let mut at = 0;
        loop {
            let end;
            (at, end) = if self.byte(at)? == Some(b'"') { self.quoted(at, line)? } else { self.plain(at, line)? };
            if end == End::Line {
                break;
            }
            at += 1;
        }
        if !line.too_long {
            line.raw.push_str(&self.text[self.start..self.start + at]);
        }
        // A CR may be the first half of a CRLF that the buffer has cut.
        let line_end = match self.byte(at)? {
            Some(b'\r') if self.byte(at + 1)? == Some(b'\n') => 2,
            Some(_) => 1,
            None => 0,
        };
        self.line += line_ends(&self.text[self.start..self.start + at + line_end]);
        self.start += at + line_end;
        line.replaced = self.decoder.replaced_before(self.offset + self.start as u64);
        Ok(true)
    }

    /// A cell without quotes, from `at` to its end.
    fn plain(&mut self, at: usize, line: &mut Line) -> Result<(usize, End), SplitError> {
        let (close, end) = self.cell_end(at, line)?;
        if !line.too_long {
            line.cells.push(&self.text[self.start + at..self.start + close]);
        }
        Ok((close, end))
    }

    /// A cell whose quote stands at `at`.
    fn quoted(&mut self, at: usize, line: &mut Line) -> Result<(usize, End), SplitError> {
        let mut from = at + 1;
        let mut doubled = false;
        let close = loop {
            let Some(found) = find(&self.text.as_bytes()[self.start + from..], |byte| byte == b'"') else {
                from = self.text.len() - self.start;
                if from > LINE_BYTES_MAX || !self.more()? {
                    let opens = line.number + line_ends(&self.text[self.start..self.start + at]);
                    return Err(SplitError::Unclosed { line: opens, cell: line.cells.len() });
                }
                continue;
            };
            let quote = from + found;
            if self.byte(quote + 1)? != Some(b'"') {
                break quote;
            }
            doubled = true;
            from = quote + 2;
        };
        let (tail, end) = self.cell_end(close + 1, line)?;
        if !line.too_long {
            let inner = &self.text[self.start + at + 1..self.start + close];
            let behind = &self.text[self.start + close + 1..self.start + tail];
            line.stray_quote |= !behind.trim().is_empty();
            if doubled || !behind.is_empty() {
                self.scratch.clear();
                self.scratch.extend(inner.split("\"\"").enumerate().flat_map(|(n, part)| [if n == 0 { "" } else { "\"" }, part]));
                self.scratch.push_str(behind);
                line.cells.push(&self.scratch);
            } else {
                line.cells.push(inner);
            }
        }
        Ok((tail, end))
    }

    /// Where the cell that is unquoted from `at` on ends, and with what. A line over the bound is cut here.
    fn cell_end(&mut self, at: usize, line: &mut Line) -> Result<(usize, End), SplitError> {
        let delimiter = self.dialect.delimiter;
        let mut from = at;
        loop {
            let bytes = &self.text.as_bytes()[self.start + from..];
            if let Some(found) = find(bytes, |byte| byte == delimiter || byte == b'\n' || byte == b'\r') {
                let end = if bytes[found] == delimiter { End::Cell } else { End::Line };
                return Ok((from + found, end));
            }
            from = self.text.len() - self.start;
            if from > LINE_BYTES_MAX {
                from = self.cut(line);
            }
            if !self.more()? {
                return Ok((from, End::Line));
            }
        }
    }

    /// Forgets what was read of a line that is too long, but for its beginning; gives the place to go on from.
    fn cut(&mut self, line: &mut Line) -> usize {
        if !line.too_long {
            let kept = self.text.floor_char_boundary(self.start + KEPT_BYTES);
            line.raw.push_str(&self.text[self.start..kept]);
            line.cells = Cells::default();
            line.too_long = true;
        }
        self.line += line_ends(&self.text[self.start..]);
        self.start = self.text.len();
        0
    }

    /// The byte at a place counted from the line's beginning, read from the stream if need be.
    fn byte(&mut self, at: usize) -> io::Result<Option<u8>> {
        loop {
            if let Some(&byte) = self.text.as_bytes().get(self.start + at) {
                return Ok(Some(byte));
            }
            if !self.more()? {
                return Ok(None);
            }
        }
    }

    /// Reads on; `false` at the end. Places counted from the line's beginning stay true.
    fn more(&mut self) -> io::Result<bool> {
        self.offset += self.start as u64;
        self.text.drain(..self.start);
        self.start = 0;
        let before = self.text.len();
        while self.decoder.fill(&mut self.text)? {
            if self.text.len() > before {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn find(bytes: &[u8], wanted: impl Fn(u8) -> bool) -> Option<usize> {
    bytes.iter().position(|&byte| wanted(byte))
}

/// How many line ends there are: LF, CRLF and CR count one each.
fn line_ends(text: &str) -> u64 {
    let count = |sign: u8| text.bytes().map(|byte| u64::from(byte == sign)).sum::<u64>();
    let returns = count(b'\r');
    if returns == 0 { count(b'\n') } else { count(b'\n') + returns - text.matches("\r\n").count() as u64 }
}
