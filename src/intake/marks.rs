//! Where in a text the signs stand that split it: a bit a byte, told 64 bytes at a time by the widest vectors that the processor has.
//!
//! Every cell's end is looked for, and most cells are shorter than what a call of `memchr` pays for. Read off these bits, an end costs a
//! few instructions, whatever stands before it.

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, u8x64};

use super::dialect::{Dialect, LineEnds};

/// Bytes that are told together: one bit of a word each.
pub(super) const PIECE: usize = 64;

/// The signs of a text, from a place on.
#[derive(Debug, Default)]
pub(super) struct Marks {
    words: Vec<Word>,
    /// How many pieces stand before the first word's.
    skipped: usize,
}

/// The signs among 64 bytes; the lowest bit is the first byte's.
#[derive(Debug, Clone, Copy, Default)]
struct Word {
    /// Quotes, and backslashes where they save quotes.
    quotes: u64,
    /// Delimiters, and the signs that may end a line.
    ends: u64,
    /// Line ends; a CRLF is one, and its CR bears the bit.
    breaks: u64,
    /// From the third byte beyond ASCII in a row on: where there is none, no letter beyond ASCII follows another, and none is longer
    /// than two bytes.
    runs: u64,
}

impl Marks {
    /// Tells the signs of a text from the beginning of a line on; what was told before is forgotten.
    pub(super) fn tell(&mut self, bytes: &[u8], from: usize, dialect: Dialect) {
        self.words.clear();
        self.skipped = from / PIECE;
        let bytes = &bytes[self.skipped * PIECE..];
        self.words.reserve(bytes.len() / PIECE + 1);
        dispatch!(Level::new(), simd => self.tell_by(simd, bytes, dialect));
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a function of its own would be compiled for the oldest processor")]
    fn tell_by<S: Simd>(&mut self, simd: S, bytes: &[u8], dialect: Dialect) {
        let (signs, mut before) = (Signs::of(simd, dialect), Before::default());
        let (pieces, rest) = bytes.as_chunks::<PIECE>();
        for piece in pieces {
            self.words.push(Word::of(&signs.bits(piece), dialect.line_ends, &mut before));
        }
        if !rest.is_empty() {
            let mut piece = [0; PIECE];
            piece[..rest.len()].copy_from_slice(rest);
            let last = Word::of(&signs.bits(&piece), dialect.line_ends, &mut before);
            // Behind the text there is nothing, whatever byte the delimiter is.
            self.words.push(Word { ends: last.ends & (!0 >> (PIECE - rest.len())), ..last });
        }
    }

    pub(super) fn clear(&mut self) {
        self.words.clear();
    }

    /// How much memory they hold.
    pub(super) fn bytes(&self) -> usize {
        self.words.capacity() * size_of::<Word>()
    }

    /// The first quote from a place on; where a backslash saves quotes, or a backslash.
    #[inline]
    pub(super) fn quote(&self, from: usize) -> Option<usize> {
        self.first(from, |word| word.quotes)
    }

    /// The first delimiter or sign that may end a line, from a place on.
    #[inline]
    pub(super) fn end(&self, from: usize) -> Option<usize> {
        self.first(from, |word| word.ends)
    }

    #[inline]
    fn first(&self, from: usize, of: impl Fn(&Word) -> u64) -> Option<usize> {
        let mut at = from / PIECE - self.skipped;
        let mut bits = of(self.words.get(at)?) & (!0 << (from % PIECE));
        while bits == 0 {
            at += 1;
            bits = of(self.words.get(at)?);
        }
        Some((self.skipped + at) * PIECE + bits.trailing_zeros() as usize)
    }

    /// How many line ends begin within a range, and whether letters beyond ASCII stand side by side in it, or longer ones than of two
    /// bytes.
    #[inline]
    pub(super) fn within(&self, from: usize, to: usize) -> (u64, bool) {
        if from >= to {
            return (0, false);
        }
        let (first, last) = (from / PIECE - self.skipped, (to - 1) / PIECE - self.skipped);
        let (mut breaks, mut runs) = (0, 0);
        for (at, word) in self.words[first..=last].iter().enumerate() {
            let begin = if at == 0 { !0 << (from % PIECE) } else { !0 };
            let end = if first + at == last { !0 >> (PIECE - 1 - (to - 1) % PIECE) } else { !0 };
            let mut bits = word.breaks & begin & end;
            // One or two in a line: faster than to count the bits of every word.
            while bits != 0 {
                bits &= bits - 1;
                breaks += 1;
            }
            runs |= word.runs & begin & end;
        }
        (breaks, runs != 0)
    }
}

/// The signs that are looked for.
#[derive(Clone, Copy)]
pub(super) struct Signs<S: Simd> {
    simd: S,
    quote: u8x64<S>,
    /// A backslash where it saves quotes, else the quote again.
    saver: u8x64<S>,
    delimiter: u8x64<S>,
    feed: u8x64<S>,
    cr: u8x64<S>,
    beyond: u8x64<S>,
}

/// Where they stand among 64 bytes; the lowest bit is the first byte's.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bits {
    pub(super) quotes: u64,
    pub(super) delimiters: u64,
    pub(super) feeds: u64,
    pub(super) returns: u64,
    /// Bytes beyond ASCII.
    pub(super) beyond: u64,
}

impl<S: Simd> Signs<S> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a function of its own would be compiled for the oldest processor")]
    pub(super) fn of(simd: S, dialect: Dialect) -> Self {
        let all = |byte: u8| u8x64::splat(simd, byte);
        let saver = if dialect.quoting.has_saved_quotes() { b'\\' } else { b'"' };
        Self {
            simd,
            quote: all(b'"'),
            saver: all(saver),
            delimiter: all(dialect.delimiter),
            feed: all(b'\n'),
            cr: all(b'\r'),
            beyond: all(0x80),
        }
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a function of its own would be compiled for the oldest processor")]
    pub(super) fn bits(&self, piece: &[u8; PIECE]) -> Bits {
        let bytes = u8x64::from_slice(self.simd, piece);
        let of = |sign: u8x64<S>| bytes.simd_eq(sign).to_bitmask();
        Bits {
            quotes: of(self.quote) | of(self.saver),
            delimiters: of(self.delimiter),
            feeds: of(self.feed),
            returns: of(self.cr),
            beyond: bytes.simd_ge(self.beyond).to_bitmask(),
        }
    }
}

/// What bytes leave for those behind them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Before {
    /// The last byte is a CR.
    is_return: u64,
    /// The last 64 bytes' bits of what is beyond ASCII.
    beyond: u64,
}

impl Before {
    /// The LFs that follow a CR, and the bytes beyond ASCII from the third in a row on.
    #[inline]
    pub(super) fn step(&mut self, bits: &Bits) -> (u64, u64) {
        let halves = bits.feeds & (bits.returns << 1 | self.is_return);
        let runs = bits.beyond & (bits.beyond << 1 | self.beyond >> 63) & (bits.beyond << 2 | self.beyond >> 62);
        *self = Self { is_return: bits.returns >> 63, beyond: bits.beyond };
        (halves, runs)
    }
}

impl Word {
    #[inline]
    fn of(bits: &Bits, line_ends: LineEnds, before: &mut Before) -> Self {
        let (halves, runs) = before.step(bits);
        let (signs, breaks) = match line_ends {
            LineEnds::Lf => (bits.feeds, bits.feeds),
            LineEnds::Cr => (bits.returns, bits.returns),
            LineEnds::Any => (bits.feeds | bits.returns, bits.returns | (bits.feeds & !halves)),
        };
        Self { quotes: bits.quotes, ends: bits.delimiters | signs, breaks, runs }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::intake::dialect::Quoting;

    /// Signs of every kind, and letters of one to four bytes, close together.
    fn texts() -> impl Strategy<Value = String> {
        prop::collection::vec(
            prop::sample::select(vec!["a", "\"", "\\", ";", "\n", "\r", "\r\n", "ñ", "–", "😀", "bcdefgh"]),
            0..200,
        )
        .prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn signs_are_found_where_they_stand(text in texts(), from in 0_usize..400, length in 0_usize..300) {
            let bytes = text.as_bytes();
            for (quoting, line_ends) in [
                (Quoting::Doubled, LineEnds::Any),
                (Quoting::Backslash, LineEnds::Lf),
                (Quoting::None, LineEnds::Cr),
            ] {
                let mut marks = Marks::default();
                marks.tell(b"\"; of the text before;\"\n", 0, Dialect::new(b';'));
                let line = bytes[..from.min(bytes.len())].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
                marks.tell(bytes, line, Dialect { delimiter: b';', quoting, line_ends });
                let is_quote = |byte: u8| byte == b'"' || (byte == b'\\' && quoting == Quoting::Backslash);
                let is_end = |byte: u8| match byte {
                    b';' => true,
                    b'\n' => line_ends != LineEnds::Cr,
                    b'\r' => line_ends != LineEnds::Lf,
                    _ => false,
                };
                let first = |is: &dyn Fn(u8) -> bool| (from..bytes.len()).find(|at| is(bytes[*at]));
                prop_assert_eq!(marks.quote(from), first(&is_quote));
                prop_assert_eq!(marks.end(from), first(&is_end));
                let (from, to) = (from.min(bytes.len()), (from + length).min(bytes.len()));
                let begins = |at: usize| match (bytes[at], at.checked_sub(1).map(|before| bytes[before])) {
                    (b'\n', Some(b'\r')) => line_ends == LineEnds::Lf,
                    (b'\n', _) => line_ends != LineEnds::Cr,
                    (b'\r', _) => line_ends != LineEnds::Lf,
                    _ => false,
                };
                let is_run = |at: usize| at >= 2 && bytes[at - 2..=at].iter().all(|byte| !byte.is_ascii());
                let expected = ((from..to).filter(|at| begins(*at)).count() as u64, (from..to).any(is_run));
                prop_assert_eq!(marks.within(from, to), expected);
            }
        }
    }

    #[test]
    fn there_is_nothing_behind_a_text() {
        let mut marks = Marks::default();
        marks.tell(b"ab", 0, Dialect::new(0));
        assert_eq!((marks.end(0), marks.quote(0), marks.end(700)), (None, None, None));
    }
}
