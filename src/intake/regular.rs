//! Regular lines: each cell is quoted as a whole or not at all. Nearly every line of nearly every file is one, and 64 bytes at a time tell
//! where their cells end.
//!
//! A quote is taken to open a cell or to close one by the number of quotes before it. Where that is borne out, by an end before each that
//! opens and behind each that closes, it is what reading sign by sign would find; at the first that isn't, this walk ends, and
//! [`split`](super::split::split) goes on from the line's beginning.

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch};

use super::dialect::{Dialect, LineEnds, Quoting};
use super::lines::Span;
use super::marks::{Before, Bits, PIECE, Signs};
use super::split::{LINE_BYTES_MAX, LINE_CELLS_MAX, MARK, without_doubled};

/// Pieces whose ends are noted before their cells are told: so few that what was noted stays at hand.
const PIECES: usize = 32;
/// Ends that are noted at once, whether there are so many or not: most pieces have fewer.
const STRIDE: usize = 6;
/// The most ends of a window, and room behind them for a stride that is noted in vain.
const ENDS: usize = PIECES * PIECE + STRIDE;

/// A regular line.
#[derive(Debug, Clone, Copy)]
pub(super) struct RegularLine {
    pub(super) start: usize,
    /// Behind its last cell.
    pub(super) end: usize,
    /// Behind its line end.
    pub(super) next: usize,
    /// Where among all cells its own are.
    pub(super) cells: Span,
    /// Its line ends, those within its cells too.
    pub(super) breaks: u64,
    /// Whether letters beyond ASCII stand side by side in it, or longer ones than of two bytes.
    pub(super) has_runs: bool,
}

/// Walks over the regular lines at the beginning of a text.
pub(super) struct Walk<'a> {
    text: &'a str,
    dialect: Dialect,
    /// Where the line begins that is read, and its next cell; and which of all cells is its first.
    line: usize,
    cell: usize,
    first: usize,
    notes: Notes,
}

/// What is seldom met in a piece, and not told yet.
#[derive(Default)]
struct Notes {
    /// Line ends, and how many cells of all end there and before.
    lines: Vec<(usize, usize)>,
    /// Cells with doubled quotes, by their place among all cells.
    doubled: Vec<usize>,
    /// Pieces with line ends within quotes: where they begin, and a bit a byte.
    inner: Vec<(usize, u64)>,
    /// Pieces with bytes beyond ASCII from the third in a row on, likewise.
    runs: Vec<(usize, u64)>,
}

impl<'a> Walk<'a> {
    /// Nothing where no line of the dialect is regular.
    pub(super) fn of(text: &'a str, dialect: Dialect) -> Option<Self> {
        let is_known = match (dialect.quoting, dialect.line_ends) {
            (Quoting::Doubled | Quoting::None, LineEnds::Any) => true,
            (Quoting::Doubled | Quoting::None, LineEnds::Lf) => memchr::memchr(b'\r', text.as_bytes()).is_none(),
            _ => false,
        };
        is_known.then(|| Self { text, dialect, line: 0, cell: 0, first: 0, notes: Notes::default() })
    }

    /// Tells each regular line until one isn't, and gives that one's beginning. The places of cells are added to `spans`; a cell with
    /// doubled quotes is added to `meant` as it is meant.
    pub(super) fn lines(self, spans: &mut Vec<Span>, meant: &mut String, tell: impl FnMut(RegularLine)) -> usize {
        dispatch!(Level::new(), simd => self.lines_by(simd, spans, meant, tell))
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a function of its own would be compiled for the oldest processor")]
    fn lines_by<S: Simd>(
        mut self,
        simd: S,
        spans: &mut Vec<Span>,
        meant: &mut String,
        mut tell: impl FnMut(RegularLine),
    ) -> usize {
        let bytes = self.text.as_bytes();
        // The mark of a file that was put behind another.
        let mut goes_on = !bytes.starts_with(MARK);
        let mut seeker = Seeker::of(simd, self.dialect);
        let mut ends = [0; ENDS];
        for (at, window) in bytes.chunks(PIECES * PIECE).enumerate() {
            if !goes_on {
                break;
            }
            let (count, is_regular) = self.look(&mut seeker, window, at * PIECES * PIECE, spans.len(), &mut ends);
            self.take_cells(&ends[..count], seeker.returns != 0, spans);
            self.mean(spans, meant);
            // A line over the bound on cells is left to the reading sign by sign, before it has filled the memory.
            goes_on = self.take_lines(&mut tell) && is_regular && spans.len() - self.first <= LINE_CELLS_MAX;
        }
        spans.truncate(self.first);
        self.line
    }

    /// Finds the ends of a window's cells, which is the one at `before` among all, and whether the window is regular.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a function of its own would be compiled for the oldest processor")]
    fn look<S: Simd>(
        &mut self,
        seeker: &mut Seeker<S>,
        window: &[u8],
        begin: usize,
        before: usize,
        ends: &mut [u32; ENDS],
    ) -> (usize, bool) {
        let mut count = 0;
        let (pieces, rest) = window.as_chunks::<PIECE>();
        let mut last = [0; PIECE];
        last[..rest.len()].copy_from_slice(rest);
        // Behind the text there is nothing, whatever byte the delimiter is.
        let rest = (!rest.is_empty()).then(|| (&last, !(!0 << rest.len())));
        for (at, (piece, within)) in pieces.iter().map(|piece| (piece, !0)).chain(rest).enumerate() {
            let place = begin + at * PIECE;
            let mut found = seeker.piece(piece);
            found.ends &= within;
            if found.has_more() {
                // All that stands before the first sign that is out of place.
                found.ends &= (found.irregular & found.irregular.wrapping_neg()).wrapping_sub(1);
                self.notes.add(&found, place, before + count);
            }
            count = note(ends, count, found.ends, place as u32);
            if found.irregular != 0 {
                return (count, false);
            }
        }
        (count, true)
    }

    /// Adds the cells that end at some places: what stands between two ends, without its quotes.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a function of its own would be compiled for the oldest processor")]
    fn take_cells(&mut self, ends: &[u32], has_returns: bool, spans: &mut Vec<Span>) {
        let bytes = self.text.as_bytes();
        let quote = if self.dialect.quoting.has_quotes() { b'"' } else { self.dialect.delimiter };
        let mut start = self.cell;
        spans.extend(ends.iter().map(|&end| {
            // An empty cell begins with its end, which is no quote.
            let quoted = u32::from(bytes.get(start) == Some(&quote)) & u32::from(quote == b'"');
            let span = Span { start: start as u32 + quoted, end: end - quoted };
            start = end as usize + 1;
            if has_returns && bytes.get(start - 1..=start) == Some(b"\r\n") {
                start += 1;
            }
            span
        }));
        self.cell = start;
    }

    /// Replaces the cells with doubled quotes by what they mean.
    fn mean(&mut self, spans: &mut [Span], meant: &mut String) {
        let whole = self.notes.doubled.iter().take_while(|cell| **cell < spans.len()).count();
        for cell in self.notes.doubled.drain(..whole) {
            let Span { start, end } = spans[cell];
            let begin = meant.len();
            without_doubled(&self.text[start as usize..end as usize], meant);
            spans[cell] = Span { start: (self.text.len() + begin) as u32, end: (self.text.len() + meant.len()) as u32 };
        }
    }

    /// Tells the lines that were noted; `false` where the next one may not be regular.
    fn take_lines(&mut self, tell: &mut impl FnMut(RegularLine)) -> bool {
        let bytes = self.text.as_bytes();
        for (end, cells) in std::mem::take(&mut self.notes.lines) {
            let next = match (bytes[end], bytes.get(end + 1)) {
                (b'\r', Some(b'\n')) => end + 2,
                // It may be the first half of a CRLF.
                (b'\r', None) => return false,
                _ => end + 1,
            };
            if end - self.line > LINE_BYTES_MAX || cells - self.first > LINE_CELLS_MAX {
                return false;
            }
            let (breaks, has_runs) = self.notes.take_before(self.line, next);
            let cells = Span { start: std::mem::replace(&mut self.first, cells) as u32, end: cells as u32 };
            let start = std::mem::replace(&mut self.line, next);
            tell(RegularLine { start, end, next, cells, breaks: 1 + breaks, has_runs });
            if bytes[next..].starts_with(MARK) {
                return false;
            }
        }
        true
    }
}

/// Notes the places of some bits behind those that were noted before; gives how many there are.
#[inline(always)]
#[expect(clippy::inline_always, reason = "a function of its own would be compiled for the oldest processor")]
fn note(ends: &mut [u32; ENDS], mut count: usize, mut bits: u64, place: u32) -> usize {
    let mut left = bits.count_ones() as usize;
    loop {
        for end in &mut ends[count..count + STRIDE] {
            *end = place + bits.trailing_zeros();
            bits &= bits.wrapping_sub(1);
        }
        if left <= STRIDE {
            return count + left;
        }
        (count, left) = (count + STRIDE, left - STRIDE);
    }
}

impl Notes {
    /// Notes what a piece has beside the ends of cells, of which so many stand before it.
    fn add(&mut self, found: &Found, place: usize, before: usize) {
        let below = |bit: usize| (found.ends & !(!0 << bit)).count_ones() as usize;
        self.lines.extend(each(found.lines & found.ends).map(|bit| (place + bit, before + below(bit) + 1)));
        for cell in each(found.doubled).map(|bit| before + below(bit)) {
            if self.doubled.last() != Some(&cell) {
                self.doubled.push(cell);
            }
        }
        if found.inner != 0 {
            self.inner.push((place, found.inner));
        }
        if found.runs != 0 {
            self.runs.push((place, found.runs));
        }
    }

    /// How many line ends stand within the quotes of a line, and whether it has runs beyond ASCII; forgets what stands before its end.
    fn take_before(&mut self, start: usize, next: usize) -> (u64, bool) {
        (take_before(&mut self.inner, start, next), take_before(&mut self.runs, start, next) > 0)
    }
}

/// How many bits of some pieces stand between two places; forgets the pieces that end before the second.
fn take_before(pieces: &mut Vec<(usize, u64)>, start: usize, next: usize) -> u64 {
    let mut count = 0;
    let over = pieces.iter().take_while(|(place, bits)| {
        let begun = if *place < start { bits & (!0 << (start - place).min(PIECE - 1)) } else { *bits };
        if *place < next {
            count += u64::from((begun & (!0 >> PIECE.saturating_sub(next - place).min(PIECE - 1))).count_ones());
        }
        place + PIECE <= next
    });
    let over = over.count();
    pieces.drain(..over);
    count
}

/// The places of the bits that are set.
fn each(mut bits: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = (bits != 0).then(|| bits.trailing_zeros() as usize);
        bits &= bits.wrapping_sub(1);
        bit
    })
}

/// What 64 bytes tell of cells.
struct Found {
    /// The delimiters, and the line ends, that are within no quotes. Of a CRLF, the CR.
    ends: u64,
    /// The line ends among them.
    lines: u64,
    /// Second quotes of doubled ones.
    doubled: u64,
    /// Line ends within quotes.
    inner: u64,
    /// Bytes beyond ASCII from the third in a row on.
    runs: u64,
    /// Quotes that neither open nor close a whole cell, or what follows them.
    irregular: u64,
}

impl Found {
    /// Whether there is more than ends of cells within a line.
    fn has_more(&self) -> bool {
        self.lines | self.doubled | self.inner | self.runs | self.irregular != 0
    }
}

/// Looks at 64 bytes after another.
struct Seeker<S: Simd> {
    signs: Signs<S>,
    /// All ones where quotes are more than signs like any other.
    quoting: u64,
    before: Before,
    /// All ones within quotes.
    inside: u64,
    /// Whether a cell begins with the next byte, and whether a quote has closed just before it.
    begins: u64,
    is_closed: u64,
    /// Not 0 once there was a CR.
    returns: u64,
}

impl<S: Simd> Seeker<S> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a function of its own would be compiled for the oldest processor")]
    fn of(simd: S, dialect: Dialect) -> Self {
        let quoting = if dialect.quoting.has_quotes() { !0 } else { 0 };
        Self {
            signs: Signs::of(simd, dialect),
            quoting,
            before: Before::default(),
            inside: 0,
            begins: 1,
            is_closed: 0,
            returns: 0,
        }
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a function of its own would be compiled for the oldest processor")]
    fn piece(&mut self, piece: &[u8; PIECE]) -> Found {
        let bits = self.signs.bits(piece);
        let (halves, runs) = self.before.step(&bits);
        let Bits { delimiters, feeds, returns, .. } = bits;
        self.returns |= returns;
        let quotes = bits.quotes & self.quoting;
        let inside = odd_before(quotes) ^ self.inside;
        let (opening, closing) = (quotes & inside, quotes & !inside);
        let breaks = returns | (feeds & !halves);
        let ends = (delimiters | breaks) & !inside;
        let last = ends | (halves & !inside);
        let begins = last << 1 | self.begins;
        let closed = closing << 1 | self.is_closed;
        (self.begins, self.is_closed) = (last >> 63, closing >> 63);
        // The highest bit, spread over all.
        self.inside = ((inside as i64) >> 63) as u64;
        Found {
            ends,
            lines: breaks & !inside,
            doubled: opening & closed,
            inner: breaks & inside,
            runs,
            irregular: (opening & !(begins | closed)) | (closed & !(ends | quotes)),
        }
    }
}

/// The bits that have an odd number of ones among themselves and those below.
#[inline(always)]
#[expect(clippy::inline_always, reason = "a function of its own would be compiled for the oldest processor")]
fn odd_before(bits: u64) -> u64 {
    [1, 2, 4, 8, 16, 32].iter().fold(bits, |bits, by| bits ^ (bits << by))
}
