//! A stream -> blocks of text that most likely end with a line, so that each can be split on a core of its own.
//!
//! Whether a line end stands within quotes is only guessed here, from the number of quotes before it; who splits a block finds out
//! where its last line really ends, and [`Splitter`](super::rows::Splitter) sees to it that no guess shows in what it gives.

use std::io::{self, Read};

use encoding_rs::Encoding;
use memchr::{memchr_iter, memrchr};
use roaring::RoaringBitmap;

use super::decode::Decoder;
use super::dialect::{Dialect, LineEnds};
use super::lines::Tables;
use super::spare::Spare;
use super::split::LINE_BYTES_MAX;

/// From how many bytes on a line is given the room of the longest one.
const LONG: usize = 1 << 20;
/// The bytes that a block has at least for each line end, but for its only one: what is kept of a line is many times as long as a short
/// one, and no list of records has lines as short as that.
const LINE_BYTES: usize = 16;
/// How much text is asked for its line ends at a stretch.
const STRETCH: usize = 4 << 10;

/// A piece of a file's text.
#[derive(Debug, Default)]
pub(super) struct Block {
    pub(super) text: String,
    /// Where in the text an invalid byte sequence was replaced: at most an eighth of the text's size, even where each of its bytes is one.
    pub(super) replaced: RoaringBitmap,
    /// Whether the file ends with it.
    pub(super) is_last: bool,
    /// Whether no LF follows, so that a CR that stands last is a whole line end.
    pub(super) is_whole: bool,
    /// What was before the block of a line that is too long.
    pub(super) overlong: Option<Overlong>,
    /// Where its buffers go when it is done.
    pub(super) spare: Spare,
}

/// What is known of a line that is too long and goes on: enough to reject it, and to number the lines behind it.
#[derive(Debug)]
pub(super) struct Overlong {
    /// Its beginning.
    pub(super) kept: String,
    pub(super) line_ends: u64,
    pub(super) cells: usize,
    pub(super) replaced: u32,
}

impl Block {
    /// Puts the rest of the block before in front.
    pub(super) fn prepend(&mut self, rest: Block) {
        if rest.text.is_empty() {
            return;
        }
        let shift = rest.text.len() as u32;
        let mut replaced = rest.replaced;
        replaced.extend(self.replaced.iter().map(|place| place + shift));
        let mut text = rest.text;
        if text.len() > LONG && text.capacity() < text.len() + self.text.len() {
            // Room for the longest line at once: a text that grows by and by leaves copies of itself all over the memory.
            text.reserve_exact((LINE_BYTES_MAX + LONG).saturating_sub(text.len()).max(self.text.len()));
        }
        text.push_str(&self.text);
        self.spare.give(std::mem::replace(&mut self.text, text), Tables::default());
        (self.replaced, self.overlong) = (replaced, rest.overlong);
    }
}

impl Overlong {
    /// A line of which `kept` is the beginning.
    pub(super) fn begin(kept: &str) -> Self {
        Self { kept: kept.to_owned(), line_ends: 0, cells: 0, replaced: 0 }
    }
}

/// Reads blocks off a stream.
pub(super) struct Blocks<R> {
    decoder: Decoder<R>,
    dialect: Dialect,
    spare: Spare,
    /// The least that a block holds, but for the last one.
    size: usize,
    /// What is read and not given out.
    text: String,
    /// How much text was given out.
    given: u64,
    /// Whether `text` begins within quotes, as far as is known.
    is_quoted: bool,
    /// Whether there is no more than `text`, and whether the last block was given out.
    is_read: bool,
    ended: bool,
}

impl<R: Read> Blocks<R> {
    pub(super) fn new(source: R, encoding: &'static Encoding, dialect: Dialect, size: usize) -> Self {
        let decoder = Decoder::new(source, encoding, size);
        Self {
            decoder,
            dialect,
            spare: Spare::default(),
            size,
            text: String::new(),
            given: 0,
            is_quoted: false,
            is_read: false,
            ended: false,
        }
    }

    /// How many bytes of the source have been read.
    pub(super) fn bytes(&self) -> u64 {
        self.decoder.bytes()
    }

    /// What is read from.
    pub(super) fn source_mut(&mut self) -> &mut R {
        self.decoder.source_mut()
    }

    pub(super) fn into_source(self) -> R {
        self.decoder.into_source()
    }

    /// The next blocks, at most so many; none behind the last one.
    pub(super) fn several(&mut self, most: usize) -> io::Result<Vec<Block>> {
        let mut blocks = Vec::with_capacity(most);
        while blocks.len() < most
            && let Some(block) = self.next()?
        {
            blocks.push(block);
        }
        Ok(blocks)
    }

    /// Whether what is given out next begins within quotes, as far as is known.
    pub(super) fn is_quoted(&self) -> bool {
        self.is_quoted
    }

    /// Takes it for the opposite of what was guessed.
    pub(super) fn flip(&mut self) {
        self.is_quoted = !self.is_quoted;
    }

    fn next(&mut self) -> io::Result<Option<Block>> {
        if self.ended {
            return Ok(None);
        }
        while self.text.len() < self.size && !self.is_read {
            self.is_read = !self.decoder.fill(&mut self.text)?;
        }
        let most = self.with_few_lines();
        self.ended = self.is_read && most == self.text.len();
        let end = if self.ended { most } else { self.cut(most) };
        let is_whole = self.text.as_bytes().get(end).is_some_and(|&sign| sign != b'\n');
        let mut behind = self.spare.text(if self.ended { 0 } else { self.text.len() - end + 2 * self.size });
        behind.push_str(&self.text[end..]);
        let mut text = std::mem::replace(&mut self.text, behind);
        text.truncate(end);
        let replaced = self.decoder.replaced_before(self.given + end as u64).map(|place| (place - self.given) as u32).collect();
        self.given += end as u64;
        Ok(Some(Block { text, replaced, is_last: self.ended, is_whole, overlong: None, spare: self.spare.clone() }))
    }

    /// How much of the text has no more lines than a block may have; all of it, for nearly every file. It ends behind a line end.
    fn with_few_lines(&self) -> usize {
        let ends = |sign: &u8| match self.dialect.line_ends {
            LineEnds::Any => matches!(sign, b'\n' | b'\r'),
            LineEnds::Lf => *sign == b'\n',
            LineEnds::Cr => *sign == b'\r',
        };
        let bytes = self.text.as_bytes();
        let mut left = (self.size / LINE_BYTES).max(1);
        for (at, stretch) in bytes.chunks(STRETCH).enumerate() {
            // Each kind by itself: the library counts a sign faster than it finds one of two.
            let count: usize = b"\n\r".iter().filter(|sign| ends(sign)).map(|sign| memchr_iter(*sign, stretch).count()).sum();
            if count >= left {
                let behind = stretch.iter().enumerate().filter(|(_, sign)| ends(sign)).nth(left - 1).map_or(0, |(at, _)| at + 1);
                let end = at * STRETCH + behind;
                return end + usize::from(bytes[..end].ends_with(b"\r") && bytes[end..].starts_with(b"\n"));
            }
            left -= count;
        }
        bytes.len()
    }

    /// Where to end a block of at most so many bytes: behind the last line end that has an even number of quotes before it; without one,
    /// behind all.
    fn cut(&mut self, most: usize) -> usize {
        let bytes = &self.text.as_bytes()[..most];
        let has_quotes = self.dialect.quoting.has_quotes();
        let sign = match self.dialect.line_ends {
            LineEnds::Any if memrchr(b'\n', bytes).is_some() => b'\n',
            LineEnds::Lf => b'\n',
            LineEnds::Any | LineEnds::Cr => b'\r',
        };
        let quoted_at_end = self.is_quoted ^ (has_quotes && memchr_iter(b'"', bytes).count() % 2 == 1);
        // A CR that stands last may be the first half of a CRLF.
        let mut end = bytes.len() - usize::from(sign == b'\r' && bytes.ends_with(b"\r"));
        let mut is_quoted = quoted_at_end;
        loop {
            let quote = if has_quotes { memrchr(b'"', &bytes[..end]) } else { None };
            let begin = quote.map_or(0, |quote| quote + 1);
            if !is_quoted && let Some(found) = memrchr(sign, &bytes[begin..end]) {
                self.is_quoted = false;
                let behind = begin + found + 1;
                return behind + usize::from(sign == b'\r' && bytes.get(behind) == Some(&b'\n'));
            }
            let Some(quote) = quote else { break };
            (end, is_quoted) = (quote, !is_quoted);
        }
        self.is_quoted = quoted_at_end;
        bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(text: &str, size: usize) -> Vec<String> {
        let mut blocks = Blocks::new(text.as_bytes(), encoding_rs::UTF_8, Dialect::new(b';'), size);
        blocks.several(100).unwrap().into_iter().map(|block| block.text).collect()
    }

    #[test]
    fn a_block_ends_behind_a_line_and_not_within_quotes() {
        let text = "1;aaaaaaaaaaaaaaaaaaaa\n2;\"b\nc\"\n3;d\n";
        assert_eq!(blocks(text, 34), ["1;aaaaaaaaaaaaaaaaaaaa\n", "2;\"b\nc\"\n", "3;d\n"]);
    }

    #[test]
    fn a_cr_ends_a_block_only_where_no_lf_can_follow() {
        assert_eq!(blocks("1111111111\r222222222222222222222\r3", 33), ["1111111111\r", "222222222222222222222\r3"]);
    }

    #[test]
    fn a_block_of_short_lines_has_few_of_them() {
        for end in ["\n", "\r\n", "\r"] {
            let text = format!("1;a{end}").repeat(1000) + &end.repeat(1000) + "2;b";
            for size in [16, 100, 1000] {
                let mut given = Blocks::new(text.as_bytes(), encoding_rs::UTF_8, Dialect::new(b';'), size);
                let blocks: Vec<String> = given.several(10_000).unwrap().into_iter().map(|block| block.text).collect();
                assert_eq!(blocks.concat(), text);
                let most = blocks.iter().map(|block| block.matches(['\n', '\r']).count()).max();
                assert!(most <= Some(1 + size / LINE_BYTES), "{end:?} {size}: {most:?}");
                assert!(blocks.iter().all(|block| !block.starts_with('\n') || end != "\r\n"), "{size}: a pair is parted");
            }
        }
    }

    #[test]
    fn a_line_longer_than_a_block_is_cut_anywhere() {
        assert_eq!(blocks("aaaaaaaa\nb", 3), ["aaa", "aaa", "aa\n", "b"]);
    }
}
