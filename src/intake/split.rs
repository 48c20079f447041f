//! The text of a block -> lines of cells. Knows no stream: what the block's end cuts off is told as its rest.
//!
//! An own splitter, because `csv` has no bound for a record: one stray quote would swallow the rest of the file without an error.
//! It reads what `csv` and Python read: a quote opens a cell only at its beginning, `""` is a quote, what follows a closing quote
//! belongs to the cell, and LF, CRLF and CR each end a line; or what the file's [`Dialect`] says instead.

use super::blocks::Block;
use super::dialect::{Dialect, LineEnds, Quoting};
use super::lines::{End, Entry, Lines, Rest, Span, Tables};
use super::marks::Marks;
use super::regular::Walk;

/// The longest line, and so the longest cell, in bytes of UTF-8. A longer quoted cell is taken for an unclosed quote.
pub(super) const LINE_BYTES_MAX: usize = 16 << 20;
/// The most cells that a line may have. A spreadsheet has 16,384 columns at most; a line over this bound is too long.
pub(super) const LINE_CELLS_MAX: usize = 1 << 20;
/// The longest cell that is taken without further questions; well under both bounds above.
const SHORT_CELL_MAX: usize = 1 << 16;
/// Room is made beforehand for what so many bytes of text hold; a longer one is most likely one long line.
const USUAL: usize = 1 << 18;
/// A byte order mark, in UTF-8.
pub(super) const MARK: &[u8] = "\u{feff}".as_bytes();
/// What is kept of a line that is too long.
pub(super) const KEPT_BYTES: usize = 1024;

/// Splits a block that begins with a line.
pub(super) fn split(block: Block, dialect: Dialect) -> Lines {
    let Block { text, replaced, is_last, is_whole, mut overlong, spare } = block;
    let Tables { mut spans, mut entries, mut marks } = spare.tables();
    let usual = text.len().min(USUAL);
    spans.reserve(usual / 12);
    entries.reserve(usual / 128);
    let mut meant = String::new();
    let mut counted = replaced.iter().peekable();
    let mut replaced_before = |place: usize| {
        let mut count = 0;
        while counted.next_if(|&replaced| (replaced as usize) < place).is_some() {
            count += 1;
        }
        count
    };
    let (mut at, mut line_ends) = (0, 0);
    // A line that began before the block is no regular one, whatever is left of it.
    if let Some(walk) = Walk::of(&text, dialect).filter(|_| overlong.is_none()) {
        at = walk.lines(&mut spans, &mut meant, |line| {
            entries.push(Entry {
                number: line_ends,
                raw: Span { start: line.start as u32, end: line.end as u32 },
                cells: line.cells,
                replaced: replaced_before(line.next),
                too_long: false,
                stray_quote: false,
                is_plain: !line.has_runs,
            });
            line_ends += line.breaks;
        });
    }
    if at < text.len() {
        marks.tell(text.as_bytes(), at, dialect);
    }
    let mut scan = Scan { text: &text, bytes: text.as_bytes(), marks, dialect, is_last, is_whole, spans, meant };
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
                let opens = line_ends + lines + scan.marks.within(at, quote).0;
                end = End::Unclosed { line: opens, cell: cells + cell };
                break;
            }
        };
        let (breaks, has_runs) = scan.marks.within(at, line.next);
        let mut entry = Entry {
            number: line_ends,
            raw: Span { start: at as u32, end: line.end as u32 },
            cells: Span { start: cells as u32, end: scan.spans.len() as u32 },
            replaced: replaced_before(line.next),
            too_long: line.too_many || line.end - at > LINE_BYTES_MAX,
            stray_quote: line.stray_quote,
            is_plain: !has_runs && !line.is_joined,
        };
        line_ends += breaks;
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
    let Scan { spans, meant, marks, .. } = scan;
    let length = text.len();
    let mut block = Block { text, replaced, is_last, is_whole, overlong, spare };
    block.text.push_str(&meant);
    Lines { block, length, tables: Tables { spans, entries, marks }, line_ends, end }
}

/// The text of a block, and what was found in it.
struct Scan<'a> {
    text: &'a str,
    bytes: &'a [u8],
    marks: Marks,
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
    /// Whether signs stand side by side in a cell that don't in the text.
    is_joined: bool,
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
        let mut is_joined = !matches!(self.dialect.quoting, Quoting::Doubled | Quoting::None);
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
                is_joined |= !behind.is_empty();
                stray_quote |= !behind.is_empty() && !behind.trim().is_empty();
                (self.unquoted(at + 1, close, behind, has_escapes), cell)
            } else {
                let cell = self.cell_end(at).ok_or_else(|| cut(false))?;
                let has_escapes =
                    self.dialect.quoting.has_bare_escapes() && memchr::memchr(b'\\', &self.bytes[at..cell.end]).is_some();
                let span =
                    if has_escapes { self.unescaped(at, cell.end) } else { Span { start: at as u32, end: cell.end as u32 } };
                (span, cell)
            };
            if cells < LINE_CELLS_MAX {
                self.spans.push(span);
            }
            cells += 1;
            if cell.ends_line {
                let too_many = cells > LINE_CELLS_MAX;
                return Ok(LineEnd { end: cell.end, next: cell.next, too_many, stray_quote, is_joined });
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
        let close = self.marks.quote(at + 1)?;
        (self.bytes.get(close + 1) == Some(&self.dialect.delimiter) && close - at < SHORT_CELL_MAX).then_some(close)
    }

    /// The quote that closes a cell whose text begins at a place, and whether the text has escapes. `None` when it isn't here, or when
    /// it stands last, where it may be the first half of a doubled one.
    fn closing_quote(&self, mut from: usize) -> Option<(usize, bool)> {
        let mut has_escapes = false;
        loop {
            let found = self.marks.quote(from)?;
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
        let found = match self.dialect.quoting {
            Quoting::Escaped | Quoting::Everywhere => self.unescaped_end(rest).map(|found| from + found),
            _ => self.marks.end(from),
        };
        let Some(end) = found else {
            let end = self.bytes.len();
            return self.is_last.then_some(CellEnd { end, next: end, ends_line: true });
        };
        if self.bytes[end] == delimiter {
            return Some(CellEnd { end, next: end + 1, ends_line: false });
        }
        if self.bytes[end] == b'\n' {
            let is_pair = self.dialect.line_ends == LineEnds::Lf
                && !self.dialect.quoting.has_bare_escapes()
                && end > from
                && self.bytes[end - 1] == b'\r';
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

    /// The span of a cell as it is meant, whose backslashes stand before the signs that they save, or before a database's letters for
    /// them.
    fn unescaped(&mut self, start: usize, end: usize) -> Span {
        let begin = self.meant.len();
        let text = &self.text[start..end];
        let has_letters = self.dialect.quoting == Quoting::Escaped;
        // A database's word for nothing is no escape.
        let mut rest = if text == "\\N" { "" } else { text };
        if rest.is_empty() {
            self.meant.push_str(text);
        }
        while let Some(found) = memchr::memchr(b'\\', rest.as_bytes()) {
            self.meant.push_str(&rest[..found]);
            let mut signs = rest[found + 1..].chars();
            match signs.next() {
                Some('"') if !has_letters => self.meant.push('"'),
                Some(sign @ ('n' | 'r' | 't')) if !has_letters => self.meant.extend(['\\', sign]),
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
        let text = &self.text[start..close];
        match self.dialect.quoting {
            _ if !has_escapes => self.meant.push_str(text),
            Quoting::Backslash | Quoting::Everywhere => without_backslashes(text, &mut self.meant),
            _ => without_doubled(text, &mut self.meant),
        }
        self.meant.push_str(behind);
        self.span_of_meant(begin)
    }

    /// The span of what was added to the meant texts from a place on.
    fn span_of_meant(&self, begin: usize) -> Span {
        Span { start: (self.text.len() + begin) as u32, end: (self.text.len() + self.meant.len()) as u32 }
    }
}

/// Adds a text whose quotes are doubled, as it is meant.
pub(super) fn without_doubled(text: &str, meant: &mut String) {
    let mut rest = text;
    while let Some(found) = memchr::memchr(b'"', rest.as_bytes()) {
        meant.push_str(&rest[..=found]);
        rest = &rest[found + 1..];
        rest = rest.strip_prefix('"').unwrap_or(rest);
    }
    meant.push_str(rest);
}

/// Adds a text whose quotes are saved by backslashes, or doubled, as it is meant.
fn without_backslashes(text: &str, meant: &mut String) {
    // A backslash before anything else is a sign like any other. MySQL puts one before the line ends of a cell, too.
    let is_escape = |signs: &[u8]| matches!(signs, [b'"', b'"', ..] | [b'\\', b'"' | b'\\' | b'\n', ..]);
    let mut rest = text;
    while let Some(found) = memchr::memchr2(b'"', b'\\', rest.as_bytes()) {
        let skipped = usize::from(is_escape(&rest.as_bytes()[found..]));
        meant.push_str(&rest[..found]);
        meant.push_str(&rest[found + skipped..=found + skipped]);
        rest = &rest[found + skipped + 1..];
    }
    meant.push_str(rest);
}

/// How many line ends there are. A CRLF counts one.
pub(super) fn line_ends(text: &str, kind: LineEnds) -> u64 {
    let count = |sign: u8| memchr::memchr_iter(sign, text.as_bytes()).count() as u64;
    match kind {
        LineEnds::Lf => count(b'\n'),
        LineEnds::Cr => count(b'\r'),
        LineEnds::Any => super::census::line_ends(None, text.as_bytes()),
    }
}
