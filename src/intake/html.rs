//! A page with a table -> CSV. "Export to Excel" saves such a page as `.xls` (csv 1), and Excel shows it as a workbook.
//!
//! What is read is what Bitrix24's template and a spreadsheet's "save as web page" write, not all of HTML: tags, entities, `<br>` and
//! `colspan`. The page is read piece by piece, one cell in memory.

use std::fs::File;
use std::sync::Arc;

use encoding_rs::Encoding;

use super::decode::Decoder;
use super::encoding::{self, Guess};
use super::entities;
use super::error::IntakeErrorKind;
use super::rows::LINE_BYTES_MAX;
use super::source::io_kind;
use super::spool::{Bound, Input, Spool, TableWriter};

/// How much of a page is searched for its charset, and tells its encoding where there is none.
const HEAD_BYTES: u64 = 64 << 10;
const BUFFER_BYTES: usize = 64 << 10;
/// Cells that one `colspan` may stand for.
const SPAN_MAX: usize = 1000;
/// The longest entity that is read, `&thetasym;` with room to spare.
const ENTITY_BYTES_MAX: usize = 16;
/// Elements whose text is none of the page's.
const HIDDEN: &[&str] = &["script", "style", "title", "head", "xml"];

/// The cells of a page's tables, and the page's encoding.
pub(super) fn to_csv(input: &Input) -> Result<(Arc<File>, Guess), IntakeErrorKind> {
    let guess = charset(&input.head(HEAD_BYTES).map_err(io_kind)?);
    let mut page = Page {
        decoder: Decoder::new(input.clone(), guess.encoding, BUFFER_BYTES),
        text: String::new(),
        at: 0,
        table: TableWriter::new(Spool::new(Bound::Stream)?, 0),
        cell: None,
        tables: 0,
        hidden: None,
        has_cells: false,
    };
    page.read()?;
    if !page.has_cells {
        return Err(IntakeErrorKind::NoTable);
    }
    Ok((page.table.finish()?, guess))
}

/// The encoding that a page names, else the one that its bytes speak of.
fn charset(head: &[u8]) -> Guess {
    let guess = || encoding::guess(head, head.len() as u64 == HEAD_BYTES);
    if Encoding::for_bom(head).is_some() {
        return guess();
    }
    let text: String = head.iter().map(|byte| char::from(byte.to_ascii_lowercase())).collect();
    let named = text.split_once("charset=").and_then(|(_, behind)| {
        let label = behind.trim_start_matches(['"', '\'', ' ']);
        Encoding::for_label(label.split(['"', '\'', ';', ' ', '>', '/']).next()?.as_bytes())
    });
    named.map_or_else(guess, |encoding| Guess::new(encoding, 0.95, "the page names it"))
}

/// A page that is being read.
struct Page {
    decoder: Decoder<Input>,
    text: String,
    /// Where in `text` reading has come to.
    at: usize,
    table: TableWriter,
    cell: Option<Cell>,
    /// How many tables are open.
    tables: usize,
    /// The element whose text is left out.
    hidden: Option<String>,
    has_cells: bool,
}

/// A cell that is open.
#[derive(Default)]
struct Cell {
    text: String,
    span: usize,
    /// A `<br>` came last: the line end that a template writes behind it is no second one.
    broken: bool,
}

impl Page {
    fn read(&mut self) -> Result<(), IntakeErrorKind> {
        while self.text_to_tag()? {
            let end = self.tag_end()?;
            let tag = self.text[self.at + 1..end].to_owned();
            // A sign of less before anything but a name is text.
            if !tag.starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c)) {
                self.at += 1;
                self.add("<")?;
                continue;
            }
            self.at = (end + 1).min(self.text.len());
            self.tag(&tag)?;
        }
        self.end_cell();
        self.end_row()
    }

    /// Takes the text up to the next tag; `false` at the page's end.
    fn text_to_tag(&mut self) -> Result<bool, IntakeErrorKind> {
        loop {
            if let Some(found) = memchr::memchr(b'<', &self.text.as_bytes()[self.at..]) {
                self.take_text(self.at + found)?;
                return Ok(true);
            }
            // An entity may be cut by the end of what has been read.
            let tail = self.text.len().saturating_sub(ENTITY_BYTES_MAX).max(self.at);
            let cut = self.text.as_bytes()[tail..].iter().rposition(|byte| *byte == b'&').map_or(self.text.len(), |at| tail + at);
            self.take_text(cut)?;
            if !self.more()? {
                self.take_text(self.text.len())?;
                return Ok(false);
            }
        }
    }

    /// Where the tag that reading has come to ends: at its `>`, and a comment at its `-->`.
    fn tag_end(&mut self) -> Result<usize, IntakeErrorKind> {
        loop {
            let rest = &self.text[self.at..];
            let is_comment = rest.starts_with("<!--") && !rest.starts_with("<!--[if");
            let end = if is_comment { rest.find("-->").map(|at| at + 2) } else { closing(rest) };
            if let Some(end) = end {
                return Ok(self.at + end);
            }
            if rest.len() > LINE_BYTES_MAX {
                return Err(IntakeErrorKind::NoTable);
            }
            if !self.more()? {
                return Ok(self.text.len());
            }
        }
    }

    /// Reads on; what has been taken is forgotten.
    fn more(&mut self) -> Result<bool, IntakeErrorKind> {
        self.text.drain(..self.at);
        self.at = 0;
        self.decoder.fill(&mut self.text).map_err(io_kind)
    }

    fn take_text(&mut self, end: usize) -> Result<(), IntakeErrorKind> {
        let text = entities::decode(&self.text[self.at..end]).into_owned();
        self.at = end;
        self.add(&text)
    }

    /// Adds to the text of the open cell, if there is one.
    fn add(&mut self, text: &str) -> Result<(), IntakeErrorKind> {
        let (Some(cell), None) = (&mut self.cell, &self.hidden) else { return Ok(()) };
        if !text.is_empty() {
            let is_second_end = cell.broken && text.starts_with(['\r', '\n']);
            let text = if is_second_end { text.strip_prefix('\r').unwrap_or(text) } else { text };
            cell.text.push_str(if is_second_end { text.strip_prefix('\n').unwrap_or(text) } else { text });
            cell.broken = false;
        }
        if cell.text.len() > LINE_BYTES_MAX { Err(IntakeErrorKind::HugeWorkbook) } else { Ok(()) }
    }

    fn tag(&mut self, tag: &str) -> Result<(), IntakeErrorKind> {
        let (closes, inner) = tag.strip_prefix('/').map_or((false, tag), |inner| (true, inner));
        let name: String = inner.chars().take_while(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
        if let Some(hidden) = &self.hidden {
            if closes && *hidden == name {
                self.hidden = None;
            }
            return Ok(());
        }
        match (name.as_str(), closes) {
            (name, false) if HIDDEN.contains(&name) && !inner.ends_with('/') => self.hidden = Some(name.to_owned()),
            ("table", false) => self.tables += 1,
            ("table", true) => self.tables = self.tables.saturating_sub(1),
            // A table within a cell is text of that cell.
            ("tr" | "td" | "th" | "thead" | "tbody", _) if self.tables > 1 => {}
            ("td" | "th", false) => {
                self.end_cell();
                let span = attribute(inner, "colspan").and_then(|span| span.parse().ok()).unwrap_or(1);
                self.cell = Some(Cell { span: span.clamp(1, SPAN_MAX), ..Cell::default() });
            }
            ("td" | "th", true) => self.end_cell(),
            ("tr", _) => {
                self.end_cell();
                self.end_row()?;
            }
            ("br", _) => {
                if let Some(cell) = &mut self.cell {
                    cell.text.push('\n');
                    cell.broken = true;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn end_cell(&mut self) {
        if let Some(cell) = self.cell.take() {
            self.has_cells = true;
            self.table.cell(cell.text.trim());
            (1..cell.span).for_each(|_| self.table.cell(""));
        }
    }

    fn end_row(&mut self) -> Result<(), IntakeErrorKind> {
        if self.table.cells() > 0 { self.table.end_row() } else { Ok(()) }
    }
}

/// The `>` that closes a tag, not one within an attribute's quotes.
fn closing(tag: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in tag.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

/// An attribute's value.
fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let at = tag.to_ascii_lowercase().find(name)?;
    let value = tag[at + name.len()..].trim_start().strip_prefix('=')?.trim_start();
    Some(match value.chars().next()? {
        quote @ ('"' | '\'') => value[1..].split(quote).next()?.trim(),
        _ => value.split(|c: char| c.is_whitespace() || c == '/').next()?,
    })
}
