//! Whether the quotes of a file stand around its cells, or are signs of its texts as in a database's text file: where rows are even either
//! way, what the quotes do for their cells tells, and what the backslashes do.

use super::dialect::Dialect;
use super::rows::{Line, Splitter};

/// How many rows are looked at.
const SAMPLE_ROWS: usize = 200;

/// What the quotes of some rows do, read as those around cells.
#[derive(Debug, Default)]
struct Use {
    /// Cells that couldn't be written without them.
    needed: usize,
    /// For each column, cells in quotes that could, and cells without; and whether the latter have words.
    columns: Vec<(usize, usize)>,
    has_bare_words: bool,
}

/// Whether quotes are signs of the texts, told by rows that are even with quotes around cells, too; `None` where they aren't.
pub(super) fn are_signs(text: &str, dialect: Dialect, header: u64) -> Option<bool> {
    let mut splitter = Splitter::of_text(text, dialect);
    let (mut found, mut width, mut rows) = (Use::default(), None, 0);
    let mut has_other_escapes = false;
    let mut line = Line::default();
    while rows < SAMPLE_ROWS {
        match splitter.read(&mut line) {
            Ok(true) if line.number <= header || line.is_blank() => {}
            Ok(true) if !line.stray_quote && *width.get_or_insert(line.cells.len()) == line.cells.len() => {
                rows += 1;
                found.take(&line.raw, dialect.delimiter);
                has_other_escapes |= has_other_backslashes(&line.raw, dialect.delimiter);
            }
            Ok(true) | Err(_) => return None,
            Ok(false) => break,
        }
    }
    Some(found.is_of_texts() && !has_other_escapes)
}

impl Use {
    fn take(&mut self, raw: &str, delimiter: u8) {
        let delimiter = char::from(delimiter);
        let mut rest = raw;
        for column in 0.. {
            if self.columns.len() == column {
                self.columns.push((0, 0));
            }
            let end = if let Some(inner) = rest.strip_prefix('"') {
                let close = closing_quote(inner);
                let is_needed = inner[..close].contains([delimiter, '"', '\n', '\r']);
                self.needed += usize::from(is_needed);
                self.columns[column].0 += 1;
                rest = inner.get(close + 1..).unwrap_or_default();
                rest.find(delimiter)
            } else {
                let end = rest.find(delimiter);
                let cell = &rest[..end.unwrap_or(rest.len())];
                let is_filled = !matches!(cell, "" | "\\N" | "NULL");
                self.columns[column].1 += usize::from(is_filled);
                self.has_bare_words |= is_filled && cell.contains(char::is_alphabetic);
                end
            };
            let Some(end) = end else { break };
            rest = &rest[end + delimiter.len_utf8()..];
        }
    }

    /// A program quotes what must be, or all words, or all cells of a column; where none of this explains a quote, it is its text's.
    fn is_of_texts(&self) -> bool {
        let is_unexplained = |&(quoted, bare): &(usize, usize)| quoted > 0 && (bare > 0 || quoted == 1 && self.has_bare_words);
        let is_without = self.columns.iter().all(|(quoted, _)| *quoted == 0);
        self.needed == 0 && (is_without || self.has_bare_words && self.columns.iter().any(is_unexplained))
    }
}

/// Where the quote stands that closes a cell whose text this is; its end, where none does.
fn closing_quote(inner: &str) -> usize {
    let bytes = inner.as_bytes();
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'"', &bytes[at..]) {
        if bytes.get(at + found + 1) != Some(&b'"') {
            return at + found;
        }
        at += found + 2;
    }
    inner.len()
}

/// Whether a backslash stands before a sign that no database puts one before, so that backslashes are signs like any other.
fn has_other_backslashes(raw: &str, delimiter: u8) -> bool {
    let bytes = raw.as_bytes();
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', &bytes[at..]) {
        match bytes.get(at + found + 1) {
            Some(b'n' | b'r' | b't' | b'b' | b'f' | b'v' | b'0' | b'Z' | b'N' | b'\\' | b'"' | b'\n' | b'\r') | None => {}
            Some(sign) if *sign == delimiter => {}
            Some(_) => return true,
        }
        at += found + 2;
        if at > bytes.len() {
            break;
        }
    }
    false
}

/// Whether cells hold what only databases write: `\N` for nothing; or, between tabs, their word for it beside an escaped line end.
pub(super) fn is_of_database(text: &str, delimiter: u8) -> bool {
    if delimiter == b'\t' && text.contains("\tNULL\t") && (text.contains("\\n") || text.contains("\\t")) {
        return true;
    }
    let bytes = text.as_bytes();
    let is_edge = |sign: Option<&u8>| sign.is_none_or(|sign| *sign == delimiter || b"\r\n".contains(sign));
    memchr::memmem::find_iter(bytes, "\\N")
        .any(|at| is_edge(at.checked_sub(1).and_then(|before| bytes.get(before))) && is_edge(bytes.get(at + 2)))
}
