//! A stream -> its lines, in order: blocks are read ahead and split on all cores; where a block proves to have been cut within a line,
//! its rest goes before the next one, which is split again.
//!
//! That gives what splitting the file as one text would give: the first block begins with a line, and one that follows a block without
//! a rest does, too.

use std::collections::VecDeque;
use std::io::{self, Read};

use encoding_rs::Encoding;
use rayon::prelude::*;

use super::blocks::{Block, Blocks, Overlong};
use super::dialect::Dialect;
use super::lines::{End, LineRef, Lines, Rest};
use super::split::{self, KEPT_BYTES, split};
use crate::model::Cells;

pub(super) use super::split::LINE_BYTES_MAX;

/// The least text that a block holds: enough to make a core's while, and so little that even blocks of nothing but line ends, for each of
/// which some words are kept, stay small.
pub(super) const BUFFER_BYTES: usize = 64 << 10;
/// Blocks for each core that are split together, and the most for all.
const BLOCKS_A_CORE: usize = 4;
const BLOCKS_MAX: usize = 16;

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

/// A line with texts of its own.
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
        let is_text = |c: char| !c.is_whitespace() && !matches!(c, '\u{feff}' | '\u{1a}');
        !self.too_long && !self.cells.iter().any(|cell| cell.contains(is_text))
    }
}

impl From<LineRef<'_>> for Line {
    fn from(line: LineRef<'_>) -> Self {
        let raw = line.raw().to_owned();
        let LineRef { number, cells, replaced, too_long, stray_quote, .. } = line;
        Self { number, raw, cells: cells.to_cells(), replaced, too_long, stray_quote }
    }
}

/// Splits a stream into lines; holds the blocks that are read ahead.
pub(super) struct Splitter<R> {
    blocks: Blocks<R>,
    dialect: Dialect,
    /// How many blocks are split together.
    together: usize,
    /// What is read and not split yet.
    ahead: Option<Ahead>,
    /// The line that the last block has cut; its text goes before the next block's.
    rest: Block,
    /// How much of `rest` was split in vain.
    tried: usize,
    /// Whether the last block ended within quotes.
    is_quoted: bool,
    /// The number of the next block's first line.
    line: u64,
    /// Why there are no further lines.
    failed: Option<SplitError>,
    /// The blocks whose lines [`Splitter::read`] gives one by one, and how many of the first it has given.
    given: VecDeque<Lines>,
    given_of_first: usize,
}

/// Blocks that are read ahead.
struct Ahead {
    blocks: io::Result<Vec<Block>>,
    /// Whether what follows them was taken to begin within quotes.
    is_quoted: bool,
}

impl Ahead {
    fn read<R: Read>(blocks: &mut Blocks<R>, most: usize) -> Self {
        let read = blocks.several(most);
        Self { blocks: read, is_quoted: blocks.is_quoted() }
    }
}

impl<'t> Splitter<&'t [u8]> {
    /// Reads a text that is in memory, such as a file's beginning, of which a few lines are looked at.
    pub(super) fn of_text(text: &'t str, dialect: Dialect) -> Self {
        Self::new(text.as_bytes(), encoding_rs::UTF_8, dialect, BUFFER_BYTES)
    }
}

impl<R: Read + Send> Splitter<R> {
    /// Reads `source` in blocks of about `size` bytes.
    pub(super) fn new(source: R, encoding: &'static Encoding, dialect: Dialect, size: usize) -> Self {
        Self {
            blocks: Blocks::new(source, encoding, dialect, size.max(1)),
            dialect,
            together: (BLOCKS_A_CORE * rayon::current_num_threads()).min(BLOCKS_MAX),
            ahead: None,
            rest: Block::default(),
            tried: 0,
            is_quoted: false,
            line: 1,
            failed: None,
            given: VecDeque::new(),
            given_of_first: 0,
        }
    }

    /// How many bytes of the source have been read.
    pub(super) fn bytes(&self) -> u64 {
        self.blocks.bytes()
    }

    /// What is read from.
    pub(super) fn source_mut(&mut self) -> &mut R {
        self.blocks.source_mut()
    }

    pub(super) fn into_source(self) -> R {
        self.blocks.into_source()
    }

    /// Reads the next line into `line`; `false` at the end of the stream.
    pub(super) fn read(&mut self, line: &mut Line) -> Result<bool, SplitError> {
        loop {
            while let Some(lines) = self.given.front() {
                if self.given_of_first < lines.len() {
                    *line = lines.get(self.given_of_first).into();
                    self.given_of_first += 1;
                    return Ok(true);
                }
                self.given.pop_front();
                self.given_of_first = 0;
            }
            let Some(blocks) = self.several(|_| ())? else { return Ok(false) };
            self.given = blocks.into_iter().map(|(lines, ())| lines).collect();
        }
    }

    /// The lines of the next blocks, in order, each block's with what a look at them tells; `None` at the end of the stream. A look is had
    /// on the core that has split the block, while its text is at hand, and before the lines' numbers are known.
    pub(super) fn several<T: Send>(&mut self, look: impl Fn(&Lines) -> T + Sync) -> Result<Option<Vec<(Lines, T)>>, SplitError> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let together = self.together;
        let Ahead { blocks, is_quoted } = self.ahead.take().unwrap_or_else(|| Ahead::read(&mut self.blocks, together));
        let mut blocks = blocks?;
        let Some(first) = blocks.first_mut() else { return Ok(None) };
        if !is_too_early(self.tried, self.rest.text.len() + first.text.len(), first.is_last) {
            first.prepend(std::mem::take(&mut self.rest));
        }
        let dialect = self.dialect;
        let of = |block| {
            let lines = split(block, dialect);
            let told = look(&lines);
            (lines, told)
        };
        let split_all = || blocks.into_par_iter().map(of).collect::<Vec<(Lines, T)>>();
        // What can't be divided goes first; the blocks fill the cores up.
        let (next, split) = rayon::join(|| Ahead::read(&mut self.blocks, together), split_all);
        self.ahead = Some(next);
        let mut lines = Vec::with_capacity(split.len());
        for (block, told) in split {
            lines.extend(self.take(block, told, &look));
            if self.failed.is_some() {
                break;
            }
        }
        if self.is_quoted != is_quoted {
            self.blocks.flip();
            self.ahead.iter_mut().for_each(|next| next.is_quoted = !next.is_quoted);
        }
        Ok(Some(lines))
    }

    /// The lines of the next block: as they are where the block before had no rest, else those of the two together.
    fn take<T>(&mut self, mut lines: Lines, mut told: T, look: impl Fn(&Lines) -> T) -> Option<(Lines, T)> {
        if !self.rest.text.is_empty() {
            let mut block = lines.into_block();
            block.prepend(std::mem::take(&mut self.rest));
            if is_too_early(self.tried, block.text.len(), block.is_last) {
                self.rest = block;
                return None;
            }
            lines = split(block, self.dialect);
            told = look(&lines);
        }
        self.is_quoted = false;
        match lines.end {
            End::Clean => {}
            End::Unclosed { line, cell } => self.failed = Some(SplitError::Unclosed { line: self.line + line, cell }),
            End::Cut(rest) => self.keep(&mut lines, rest),
        }
        lines.number_from(self.line);
        self.line += lines.line_ends;
        Some((lines, told))
    }

    /// Keeps the line that a block has cut, or, where it is too long, what is needed to go on with it.
    fn keep(&mut self, lines: &mut Lines, rest: Rest) {
        let begun = lines.take_overlong();
        let text = lines.text_from(rest.line);
        let (before, cell) = text.split_at(rest.cell - rest.line);
        let ends = |text| split::line_ends(text, self.dialect.line_ends);
        if rest.is_quoted && cell.len() > LINE_BYTES_MAX {
            let (lines_begun, cells) = begun.as_ref().map_or((0, 0), |begun| (begun.line_ends, begun.cells));
            let line = self.line + lines.line_ends + lines_begun + ends(before);
            self.failed = Some(SplitError::Unclosed { line, cell: cells + rest.cells });
            return;
        }
        // Two more, as a line end that isn't whole yet belongs to the text here.
        let is_too_long = begun.is_some() || text.len() > LINE_BYTES_MAX + 2;
        self.rest = if is_too_long {
            // A cell outside quotes goes on as it began, whatever stands in it; a CR at its end may end the line; and one of which
            // nothing stands here may yet begin with a quote.
            let (dropped, goes_on) = match (rest.is_quoted, text.strip_suffix('\r')) {
                (true, _) => (before, cell),
                (false, _) if cell.is_empty() => text.split_at(text.len() - 1),
                (false, Some(dropped)) => (dropped, "x\r"),
                (false, None) => (text, "x"),
            };
            let whole_cells = rest.cells - usize::from(cell.is_empty());
            let begun = begun.unwrap_or_else(|| Overlong::begin(&text[..text.floor_char_boundary(KEPT_BYTES)]));
            let behind = rest.line + dropped.len();
            let within = lines.block.replaced.range_cardinality(rest.line as u32..behind as u32);
            let overlong = Overlong {
                line_ends: begun.line_ends + ends(dropped),
                cells: begun.cells + whole_cells,
                replaced: begun.replaced + within as u32,
                kept: begun.kept,
            };
            let replaced = lines.replaced_from(behind);
            Block { text: goes_on.to_owned(), replaced, overlong: Some(overlong), ..Block::default() }
        } else {
            let replaced = lines.replaced_from(rest.line);
            Block { text: lines.take_text_from(rest.line), replaced, ..Block::default() }
        };
        self.tried = self.rest.text.len();
        self.is_quoted = rest.is_quoted;
    }
}

/// Whether a line of which so much was split in vain is to grow before it is tried again. A long line is tried only when it has doubled,
/// lest each of its blocks be split as often as it has blocks; and once it is too long, when it is cut short.
fn is_too_early(tried: usize, bytes: usize, is_last: bool) -> bool {
    bytes < 2 * tried && bytes <= LINE_BYTES_MAX + 2 && !is_last
}
