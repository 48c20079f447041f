//! The text of a block -> lines of cells. Knows no stream: what the block's end cuts off is told as its rest.
//!
//! An own splitter, because `csv` has no bound for a record: one stray quote would swallow the rest of the file without an error.
//! It reads what `csv` and Python read: a quote opens a cell only at its beginning, `""` is a quote, what follows a closing quote
//! belongs to the cell, and LF, CRLF and CR each end a line; or what the file's [`Dialect`] says instead.

use super::blocks::{Block, Overlong};
use super::dialect::{Dialect, LineEnds, Quoting};
use crate::model::Cells;

/// The longest line, and so the longest cell, in bytes of UTF-8. A longer quoted cell is taken for an unclosed quote.
pub(super) const LINE_BYTES_MAX: usize = 16 << 20;
/// The most cells that a line may have. A spreadsheet has 16,384 columns at most; a line over this bound is too long.
const LINE_CELLS_MAX: usize = 1 << 20;
/// The longest cell that is taken without further questions; well under both bounds above.
const SHORT_CELL_MAX: usize = 1 << 16;
/// Room is made beforehand for what so many bytes of text hold; a longer one is most likely one long line.
const USUAL: usize = 1 << 18;
/// A byte order mark, in UTF-8.
const MARK: &[u8] = "\u{feff}".as_bytes();
/// What is kept of a line that is too long.
pub(super) const KEPT_BYTES: usize = 1024;

/// A part of a block's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    start: u32,
    end: u32,
}

/// The cells of one line, unquoted, where they stand in their block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Texts<'a> {
    text: &'a str,
    spans: &'a [Span],
}

impl<'a> Texts<'a> {
    /// The cell in a column counted from 0.
    pub(super) fn get(&self, column: usize) -> Option<&'a str> {
        self.spans.get(column).map(|span| &self.text[span.start as usize..span.end as usize])
    }

    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let text = self.text;
        self.spans.iter().map(move |span| &text[span.start as usize..span.end as usize])
    }

    /// The cells in a text of their own, which outlives the block.
    pub(super) fn to_cells(self) -> Cells {
        let bytes = self.spans.iter().map(|span| (span.end - span.start) as usize).sum();
        let mut cells = Cells::with_capacity(self.spans.len(), bytes);
        self.iter().for_each(|cell| cells.push(cell));
        cells
    }
}

/// One logical line: from its first physical line to the end of its last cell.
#[derive(Debug, Clone, Copy)]
struct Entry {
    number: u64,
    raw: Span,
    /// Its cells' places in [`Lines::spans`].
    cells: Span,
    replaced: u32,
    too_long: bool,
    stray_quote: bool,
}

/// A line of a block.
#[derive(Debug, Clone, Copy)]
pub(super) struct LineRef<'a> {
    /// The physical line on which it begins, from 1.
    pub(super) number: u64,
    /// The text as it stood, without the line end.
    pub(super) raw: &'a str,
    /// The cells.
    pub(super) cells: Texts<'a>,
    /// How many invalid byte sequences it had.
    pub(super) replaced: u64,
    /// Whether it was over a bound; then `raw` holds its beginning and `cells` nothing.
    pub(super) too_long: bool,
    /// Whether text follows a closing quote: a quote that wasn't doubled, or one that was never closed and met the next line's.
    pub(super) stray_quote: bool,
}

impl LineRef<'_> {
    /// Whether there is no text in any cell. A Ctrl-Z is how DOS marked a file's end.
    pub(super) fn is_blank(&self) -> bool {
        let is_text = |c: char| !c.is_whitespace() && !matches!(c, '\u{feff}' | '\u{1a}');
        !self.too_long && !self.cells.iter().any(|cell| cell.contains(is_text))
    }
}

/// Where the lines of a block stand, and their cells.
#[derive(Debug, Default)]
pub(super) struct Tables {
    spans: Vec<Span>,
    entries: Vec<Entry>,
}

impl Tables {
    pub(super) fn clear(&mut self) {
        self.spans.clear();
        self.entries.clear();
    }

    /// How much memory they hold.
    pub(super) fn bytes(&self) -> usize {
        self.spans.capacity() * size_of::<Span>() + self.entries.capacity() * size_of::<Entry>()
    }
}

/// The lines of a block.
#[derive(Debug)]
pub(super) struct Lines {
    block: Block,
    /// How long the block's own text is; behind it stand the cells that aren't in it as they are meant, such as those with quotes.
    length: usize,
    tables: Tables,
    /// How many line ends the lines have, those within their cells too.
    pub(super) line_ends: u64,
    /// What stands behind the last whole line.
    pub(super) end: End,
}

/// What stands behind the last whole line of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Nothing.
    Clean,
    /// The beginning of a line that goes on in the next block.
    Cut(Rest),
    /// A quote that isn't closed: its line, counted from the block's first, and its cell, counted from 0.
    Unclosed { line: u64, cell: usize },
}

/// A line that the end of its block cuts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rest {
    /// Where in the text the line begins.
    pub(super) line: usize,
    /// Where the cell begins that is cut.
    pub(super) cell: usize,
    /// How many cells stand before it.
    pub(super) cells: usize,
    /// Whether the cut is within the cell's quotes.
    pub(super) is_quoted: bool,
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.block.spare.give(std::mem::take(&mut self.block.text), std::mem::take(&mut self.tables));
    }
}

impl Lines {
    pub(super) fn len(&self) -> usize {
        self.tables.entries.len()
    }

    pub(super) fn get(&self, at: usize) -> LineRef<'_> {
        let entry = &self.tables.entries[at];
        let spans = &self.tables.spans[entry.cells.start as usize..entry.cells.end as usize];
        LineRef {
            number: entry.number,
            raw: &self.block.text[entry.raw.start as usize..entry.raw.end as usize],
            cells: Texts { text: &self.block.text, spans },
            replaced: u64::from(entry.replaced),
            too_long: entry.too_long,
            stray_quote: entry.stray_quote,
        }
    }

    /// Counts the lines from `first` instead of from the block's beginning.
    pub(super) fn number_from(&mut self, first: u64) {
        self.tables.entries.iter_mut().for_each(|entry| entry.number += first);
    }

    /// The block as it was before it was split.
    pub(super) fn into_block(mut self) -> Block {
        self.block.text.truncate(self.length);
        std::mem::take(&mut self.block)
    }

    /// The block's own text from a place on.
    pub(super) fn text_from(&self, at: usize) -> &str {
        &self.block.text[at..self.length]
    }

    /// The block's own text from a place on, which must be behind the last line: a long one is not copied.
    pub(super) fn take_text_from(&mut self, at: usize) -> String {
        if at > 0 {
            return self.text_from(at).to_owned();
        }
        let mut text = std::mem::take(&mut self.block.text);
        text.truncate(self.length);
        self.length = 0;
        text
    }

    /// Where in the text from `at` on invalid bytes were replaced.
    pub(super) fn replaced_from(&self, at: usize) -> impl Iterator<Item = u32> {
        let at = at as u32;
        self.block.replaced.iter().filter(move |&&place| place >= at).map(move |place| place - at)
    }

    /// What came before the block of a line that is too long and doesn't end in it.
    pub(super) fn take_overlong(&mut self) -> Option<Overlong> {
        self.block.overlong.take()
    }
}

/// Splits a block that begins with a line.
pub(super) fn split(block: Block, dialect: Dialect) -> Lines {
    let Block { text, replaced, is_last, is_whole, mut overlong, spare } = block;
    let Tables { mut spans, mut entries } = spare.tables();
    let usual = text.len().min(USUAL);
    spans.reserve(usual / 12);
    entries.reserve(usual / 128);
    let bytes = text.as_bytes();
    let mut scan = Scan { text: &text, bytes, dialect, is_last, is_whole, spans, meant: String::new() };
    let has_returns = memchr::memchr(b'\r', scan.bytes).is_some();
    let mut counted = replaced.iter().peekable();
    let (mut at, mut line_ends) = (0, 0);
    let mut end = End::Clean;
    while at < text.len() {
        let cells = scan.spans.len();
        let line = match scan.line(at) {
            Ok(line) => line,
            Err(Stop::Cut(rest)) => {
                end = End::Cut(rest);
                break;
            }
            Err(Stop::Unclosed { at: quote, cell }) => {
                let (lines, cells) = overlong.as_ref().map_or((0, 0), |begun| (begun.line_ends, begun.cells));
                let opens = line_ends + lines + ends_of(&scan.bytes[at..quote], dialect.line_ends, has_returns);
                end = End::Unclosed { line: opens, cell: cells + cell };
                break;
            }
        };
        let mut entry = Entry {
            number: line_ends,
            raw: Span { start: at as u32, end: line.end as u32 },
            cells: Span { start: cells as u32, end: scan.spans.len() as u32 },
            replaced: 0,
            too_long: line.too_many || line.end - at > LINE_BYTES_MAX,
            stray_quote: line.stray_quote,
        };
        while counted.next_if(|&&place| (place as usize) < line.next).is_some() {
            entry.replaced += 1;
        }
        line_ends += ends_of(&scan.bytes[at..line.next], dialect.line_ends, has_returns);
        let begun = overlong.take();
        if entry.too_long || begun.is_some() {
            let kept = begun.as_ref().map_or(&text[at..line.end], |begun| &begun.kept);
            let place = scan.meant.len();
            scan.meant.push_str(&kept[..kept.floor_char_boundary(KEPT_BYTES)]);
            entry.raw = scan.span_of_meant(place);
            scan.spans.truncate(cells);
            (entry.cells.end, entry.too_long) = (entry.cells.start, true);
        }
        if let Some(begun) = begun {
            line_ends += begun.line_ends;
            entry.replaced += begun.replaced;
        }
        entries.push(entry);
        at = line.next;
    }
    let Scan { spans, meant, .. } = scan;
    let length = text.len();
    let mut block = Block { text, replaced, is_last, is_whole, overlong, spare };
    block.text.push_str(&meant);
    Lines { block, length, tables: Tables { spans, entries }, line_ends, end }
}

/// The text of a block, and what was found in it.
struct Scan<'a> {
    text: &'a str,
    bytes: &'a [u8],
    dialect: Dialect,
    is_last: bool,
    is_whole: bool,
    spans: Vec<Span>,
    /// Cells that don't stand in the text as they are meant; their spans are behind it.
    meant: String,
}

/// Why a line has no end here.
enum Stop {
    Cut(Rest),
    Unclosed { at: usize, cell: usize },
}

/// Where a line ends.
struct LineEnd {
    /// Behind its last cell.
    end: usize,
    /// Behind its line end.
    next: usize,
    too_many: bool,
    stray_quote: bool,
}

/// Where a cell ends.
struct CellEnd {
    /// Behind its last byte.
    end: usize,
    /// Behind its delimiter or line end.
    next: usize,
    ends_line: bool,
}

impl Scan<'_> {
    /// The line that begins at a place.
    fn line(&mut self, start: usize) -> Result<LineEnd, Stop> {
        let quotes = self.dialect.quoting.has_quotes();
        // A byte order mark within the text: two files became one, and the second one's first line begins here.
        let mut at = start + if self.bytes[start..].starts_with(MARK) { MARK.len() } else { 0 };
        let mut cells = 0;
        let mut stray_quote = false;
        loop {
            let cut = |is_quoted| Stop::Cut(Rest { line: start, cell: at, cells, is_quoted });
            if quotes && let Some(close) = self.plainly_quoted(at) {
                self.spans.push(Span { start: at as u32 + 1, end: close as u32 });
                (at, cells) = (close + 2, cells + 1);
                continue;
            }
            let (span, cell) = if quotes && self.bytes.get(at) == Some(&b'"') {
                let Some((close, has_escapes)) = self.closing_quote(at + 1) else {
                    return Err(if self.is_last { Stop::Unclosed { at, cell: cells } } else { cut(true) });
                };
                if close + 1 - at > LINE_BYTES_MAX {
                    return Err(Stop::Unclosed { at, cell: cells });
                }
                let cell = self.cell_end(close + 1).ok_or_else(|| cut(false))?;
                let behind = &self.text[close + 1..cell.end];
                stray_quote |= !behind.is_empty() && !behind.trim().is_empty();
                (self.unquoted(at + 1, close, behind, has_escapes), cell)
            } else {
                let cell = self.cell_end(at).ok_or_else(|| cut(false))?;
                let has_escapes =
                    self.dialect.quoting == Quoting::Escaped && memchr::memchr(b'\\', &self.bytes[at..cell.end]).is_some();
                let span =
                    if has_escapes { self.unescaped(at, cell.end) } else { Span { start: at as u32, end: cell.end as u32 } };
                (span, cell)
            };
            if cells < LINE_CELLS_MAX {
                self.spans.push(span);
            }
            cells += 1;
            if cell.ends_line {
                return Ok(LineEnd { end: cell.end, next: cell.next, too_many: cells > LINE_CELLS_MAX, stray_quote });
            }
            at = cell.next;
        }
    }

    /// The quote that closes the cell at a place, if a delimiter follows it and there is nothing to unescape: nearly every cell of an
    /// export, so that the rest of its cost counts.
    #[inline]
    fn plainly_quoted(&self, at: usize) -> Option<usize> {
        if self.bytes.get(at) != Some(&b'"') || self.dialect.quoting != Quoting::Doubled {
            return None;
        }
        let close = find_quote(self.bytes, at + 1)?;
        (self.bytes.get(close + 1) == Some(&self.dialect.delimiter) && close - at < SHORT_CELL_MAX).then_some(close)
    }

    /// The quote that closes a cell whose text begins at a place, and whether the text has escapes. `None` when it isn't here, or when
    /// it stands last, where it may be the first half of a doubled one.
    fn closing_quote(&self, mut from: usize) -> Option<(usize, bool)> {
        let is_backslash = self.dialect.quoting == Quoting::Backslash;
        let mut has_escapes = false;
        loop {
            let rest = self.bytes.get(from..)?;
            let found = from + if is_backslash { memchr::memchr2(b'"', b'\\', rest)? } else { memchr::memchr(b'"', rest)? };
            match (self.bytes[found], self.bytes.get(found + 1)) {
                (b'"', Some(b'"')) | (b'\\', _) => {
                    has_escapes = true;
                    from = found + 2;
                }
                (_, None) if !self.is_last => return None,
                _ => return Some((found, has_escapes)),
            }
        }
    }

    /// Where the cell that is unquoted from a place on ends; `None` when not here.
    fn cell_end(&self, from: usize) -> Option<CellEnd> {
        let delimiter = self.dialect.delimiter;
        let rest = &self.bytes[from..];
        // Behind a closing quote, the delimiter is the rule.
        if rest.first() == Some(&delimiter) {
            return Some(CellEnd { end: from, next: from + 1, ends_line: false });
        }
        let found = match self.dialect.line_ends {
            _ if self.dialect.quoting == Quoting::Escaped => self.unescaped_end(rest),
            LineEnds::Any => memchr::memchr3(delimiter, b'\n', b'\r', rest),
            LineEnds::Lf => memchr::memchr2(delimiter, b'\n', rest),
            LineEnds::Cr => memchr::memchr2(delimiter, b'\r', rest),
        };
        let Some(found) = found else {
            let end = self.bytes.len();
            return self.is_last.then_some(CellEnd { end, next: end, ends_line: true });
        };
        let end = from + found;
        if self.bytes[end] == delimiter {
            return Some(CellEnd { end, next: end + 1, ends_line: false });
        }
        if self.bytes[end] == b'\n' {
            let is_pair = self.dialect.line_ends == LineEnds::Lf
                && self.dialect.quoting != Quoting::Escaped
                && found > 0
                && rest[found - 1] == b'\r';
            return Some(CellEnd { end: end - usize::from(is_pair), next: end + 1, ends_line: true });
        }
        // A CR that stands last may be the first half of a CRLF.
        match self.bytes.get(end + 1) {
            None if !self.is_last && !self.is_whole => None,
            behind => Some(CellEnd { end, next: end + 1 + usize::from(behind == Some(&b'\n')), ends_line: true }),
        }
    }

    /// The first delimiter or line end without a backslash before it.
    fn unescaped_end(&self, rest: &[u8]) -> Option<usize> {
        let Dialect { delimiter, line_ends, .. } = self.dialect;
        let ends = |at: usize| match rest[at] {
            b'\n' => line_ends != LineEnds::Cr,
            b'\r' => line_ends != LineEnds::Lf || rest.get(at + 1) == Some(&b'\n'),
            byte => byte == delimiter,
        };
        let mut at = 0;
        while at < rest.len() {
            if ends(at) {
                return Some(at);
            }
            at += if rest[at] == b'\\' { 2 } else { 1 };
        }
        None
    }

    /// The span of a cell as it is meant, whose backslashes stand before the signs that they save, or before their letters.
    fn unescaped(&mut self, start: usize, end: usize) -> Span {
        let begin = self.meant.len();
        let text = &self.text[start..end];
        // A database's word for nothing is no escape.
        let mut rest = if text == "\\N" { "" } else { text };
        if rest.is_empty() {
            self.meant.push_str(text);
        }
        while let Some(found) = memchr::memchr(b'\\', rest.as_bytes()) {
            self.meant.push_str(&rest[..found]);
            let mut signs = rest[found + 1..].chars();
            match signs.next() {
                Some('n') => self.meant.push('\n'),
                Some('r') => self.meant.push('\r'),
                Some('t') => self.meant.push('\t'),
                Some(sign) if sign == '\\' || sign == '\n' || sign == '\r' || sign == char::from(self.dialect.delimiter) => {
                    self.meant.push(sign);
                }
                // A backslash before anything else is a sign like any other.
                Some(sign) => self.meant.extend(['\\', sign]),
                None => self.meant.push('\\'),
            }
            rest = signs.as_str();
        }
        self.meant.push_str(rest);
        self.span_of_meant(begin)
    }

    /// The span of a quoted cell as it is meant.
    fn unquoted(&mut self, start: usize, close: usize, behind: &str, has_escapes: bool) -> Span {
        if !has_escapes && behind.is_empty() {
            return Span { start: start as u32, end: close as u32 };
        }
        let begin = self.meant.len();
        let mut rest = &self.text[start..close];
        if has_escapes {
            let is_backslash = self.dialect.quoting == Quoting::Backslash;
            // A backslash before anything else is a sign like any other.
            let is_escape = |signs: &[u8]| match signs {
                [b'"', b'"', ..] => true,
                // MySQL puts one before the line ends of a cell, too.
                [b'\\', b'"' | b'\\' | b'\n', ..] => is_backslash,
                _ => false,
            };
            while let Some(found) = memchr::memchr2(b'"', b'\\', rest.as_bytes()) {
                let skipped = usize::from(is_escape(&rest.as_bytes()[found..]));
                self.meant.push_str(&rest[..found]);
                self.meant.push_str(&rest[found + skipped..=found + skipped]);
                rest = &rest[found + skipped + 1..];
            }
        }
        self.meant.push_str(rest);
        self.meant.push_str(behind);
        self.span_of_meant(begin)
    }

    /// The span of what was added to the meant texts from a place on.
    fn span_of_meant(&self, begin: usize) -> Span {
        Span { start: (self.text.len() + begin) as u32, end: (self.text.len() + self.meant.len()) as u32 }
    }
}

/// The first quote from a place on. Most cells are shorter than what a call of `memchr` pays for.
#[inline]
fn find_quote(bytes: &[u8], from: usize) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const TOPS: u64 = ONES << 7;
    let mut at = from;
    for _ in 0..2 {
        let Some(&word) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) else { break };
        // Zero where a byte is a quote; the lowest top bit that is left is that of the first zero.
        let differs = u64::from_le_bytes(word) ^ (ONES * u64::from(b'"'));
        let quotes = differs.wrapping_sub(ONES) & !differs & TOPS;
        if quotes != 0 {
            return Some(at + quotes.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    memchr::memchr(b'"', bytes.get(at..)?).map(|found| at + found)
}

/// How many line ends there are. A CRLF counts one.
pub(super) fn line_ends(text: &str, kind: LineEnds) -> u64 {
    ends_of(text.as_bytes(), kind, true)
}

fn ends_of(bytes: &[u8], kind: LineEnds, has_returns: bool) -> u64 {
    let count = |sign: u8| memchr::memchr_iter(sign, bytes).count();
    let ends = match kind {
        LineEnds::Lf => count(b'\n'),
        LineEnds::Cr => count(b'\r'),
        LineEnds::Any if !has_returns => count(b'\n'),
        LineEnds::Any => {
            let pairs = memchr::memchr_iter(b'\r', bytes).filter(|at| bytes.get(at + 1) == Some(&b'\n')).count();
            count(b'\n') + count(b'\r') - pairs
        }
    };
    ends as u64
}
