//! The lines of a block, where they stand in it: what splitting it has found.

use roaring::RoaringBitmap;

use super::blocks::{Block, Overlong};
use super::marks::Marks;
use crate::model::Cells;

/// A part of a block's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}

/// The cells of one line, unquoted, where they stand in their block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Texts<'a> {
    text: &'a str,
    spans: &'a [Span],
    is_plain: bool,
}

impl<'a> Texts<'a> {
    /// The cell in a column counted from 0.
    #[inline]
    pub(super) fn get(&self, column: usize) -> Option<&'a str> {
        self.spans.get(column).map(|span| &self.text[span.start as usize..span.end as usize])
    }

    /// Its bytes: half the price, for who asks of every line whether it is worth looking at.
    #[inline]
    pub(super) fn bytes(&self, column: usize) -> Option<&'a [u8]> {
        self.spans.get(column).map(|span| &self.text.as_bytes()[span.start as usize..span.end as usize])
    }

    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether in no cell a letter beyond ASCII follows another, and none takes three bytes or more. Where it isn't known, it isn't told.
    pub(super) fn is_plain(&self) -> bool {
        self.is_plain
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
pub(super) struct Entry {
    pub(super) number: u64,
    pub(super) raw: Span,
    /// Its cells' places in [`Tables::spans`].
    pub(super) cells: Span,
    pub(super) replaced: u32,
    pub(super) too_long: bool,
    pub(super) stray_quote: bool,
    /// What [`Texts::is_plain`] tells.
    pub(super) is_plain: bool,
}

/// A line of a block.
#[derive(Debug, Clone, Copy)]
pub(super) struct LineRef<'a> {
    /// The physical line on which it begins, from 1.
    pub(super) number: u64,
    raw: Span,
    /// The cells.
    pub(super) cells: Texts<'a>,
    /// How many invalid byte sequences it had.
    pub(super) replaced: u64,
    /// Whether it was over a bound; then [`LineRef::raw`] gives its beginning and `cells` nothing.
    pub(super) too_long: bool,
    /// Whether text follows a closing quote: a quote that wasn't doubled, or one that was never closed and met the next line's.
    pub(super) stray_quote: bool,
}

impl<'a> LineRef<'a> {
    /// The text as it stood, without the line end. Asked for few lines, and so looked up only then.
    pub(super) fn raw(&self) -> &'a str {
        &self.cells.text[self.raw.start as usize..self.raw.end as usize]
    }

    /// Whether there is no text in any cell. A Ctrl-Z is how DOS marked a file's end.
    pub(super) fn is_blank(&self) -> bool {
        let is_text = |c: char| !c.is_whitespace() && !matches!(c, '\u{feff}' | '\u{1a}');
        !self.too_long && !self.cells.iter().any(|cell| cell.contains(is_text))
    }
}

/// Where the lines of a block stand, and their cells.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) spans: Vec<Span>,
    pub(super) entries: Vec<Entry>,
    pub(super) marks: Marks,
}

impl Tables {
    pub(super) fn clear(&mut self) {
        self.spans.clear();
        self.entries.clear();
        self.marks.clear();
    }

    /// How much memory they hold.
    pub(super) fn bytes(&self) -> usize {
        self.spans.capacity() * size_of::<Span>() + self.entries.capacity() * size_of::<Entry>() + self.marks.bytes()
    }
}

/// The lines of a block.
#[derive(Debug)]
pub(super) struct Lines {
    pub(super) block: Block,
    /// How long the block's own text is; behind it stand the cells that aren't in it as they are meant, such as those with quotes.
    pub(super) length: usize,
    pub(super) tables: Tables,
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

    #[inline]
    pub(super) fn get(&self, at: usize) -> LineRef<'_> {
        let entry = &self.tables.entries[at];
        let spans = &self.tables.spans[entry.cells.start as usize..entry.cells.end as usize];
        LineRef {
            number: entry.number,
            raw: entry.raw,
            cells: Texts { text: &self.block.text, spans, is_plain: entry.is_plain },
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
    pub(super) fn replaced_from(&self, at: usize) -> RoaringBitmap {
        let at = at as u32;
        let mut places = self.block.replaced.iter();
        places.advance_to(at);
        places.map(|place| place - at).collect()
    }

    /// What came before the block of a line that is too long and doesn't end in it.
    pub(super) fn take_overlong(&mut self) -> Option<Overlong> {
        self.block.overlong.take()
    }
}
