//! Lines -> groups: the lines of one record together, and what is no record apart, in the order of the file (csv 2.2, 4.9, 4.10).

use std::collections::HashSet;
use std::io::Read;
use std::sync::Arc;

use super::columns::{Column, Role};
use super::detect::RestoreFile;
use super::error::IntakeError;
use super::rows::{Line, Splitter};
use super::words;
use crate::model::{Cells, EntityType, OriginalId, Place, Reject, RejectReason, fold};

/// Lines that one record may have; a further one is rejected. Bitrix24's own import takes 50 (csv 7.6).
const RECORD_LINES_MAX: usize = 10_000;
/// Bytes of the file after which a chunk ends, however few its rows are.
const CHUNK_BYTES_MAX: u64 = 32 << 20;
/// What is kept of a rejected line's text.
const REJECT_TEXT_MAX: usize = 1 << 20;

/// The original ids met so far, over all files of a comparison.
#[derive(Debug, Clone, Default)]
pub struct SeenIds([HashSet<u64>; 4]);

impl SeenIds {
    /// Notes an id; `false` when it was met before.
    fn insert(&mut self, entity: EntityType, id: OriginalId) -> bool {
        self.0[entity as usize].insert(id.0)
    }
}

/// What tells a repeated id: the ids met so far, or what an earlier pass found.
pub(super) enum Repeats<'a> {
    Seen(&'a mut SeenIds),
    /// The lines whose ids are repeated.
    Known(&'a HashSet<u64>),
}

impl Repeats<'_> {
    fn is_repeated(&mut self, entity: EntityType, id: OriginalId, line: u64) -> bool {
        match self {
            Self::Seen(seen) => !seen.insert(entity, id),
            Self::Known(lines) => lines.contains(&line),
        }
    }
}

/// What the lines of a file come to.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Group {
    /// The lines of a record: its own, those of further products, those of further requisites.
    Record { id: OriginalId, line: u64, lines: Vec<Cells> },
    /// A line that can't be used.
    Rejected(Reject),
    /// A line without text.
    Blank { line: u64 },
    /// A line with bytes that are not valid in the file's encoding; the line itself follows.
    BadBytes { line: u64, count: u64 },
}

/// Reads groups off a file.
pub(super) struct Groups<'a, R> {
    splitter: Splitter<R>,
    layout: Layout<'a>,
    repeats: Repeats<'a>,
    line: Line,
    /// The record whose lines may go on.
    open: Option<Group>,
    ended: bool,
}

impl<'a, R: Read> Groups<'a, R> {
    pub(super) fn new(file: &'a RestoreFile, source: R, buffer: usize, repeats: Repeats<'a>) -> Self {
        let splitter = Splitter::new(source, file.codec, file.dialect, buffer);
        Self { splitter, layout: Layout::of(file), repeats, line: Line::default(), open: None, ended: file.no_records }
    }

    /// How many bytes have been read.
    pub(super) fn bytes(&self) -> u64 {
        self.splitter.bytes()
    }

    pub(super) fn into_source(self) -> R {
        self.splitter.into_source()
    }

    /// The next groups, about `wanted` of them, fewer where they are large; none at the file's end.
    pub(super) fn chunk(&mut self, wanted: usize) -> Result<Vec<Group>, IntakeError> {
        let mut groups = Vec::new();
        let begin = self.bytes();
        let is_full =
            |groups: &Vec<Group>, bytes: u64| groups.len() >= wanted || (!groups.is_empty() && bytes - begin > CHUNK_BYTES_MAX);
        while !is_full(&groups, self.bytes()) && !self.ended {
            match self.splitter.read(&mut self.line) {
                Ok(true) => self.take_line(&mut groups),
                Ok(false) => {
                    self.ended = true;
                    groups.extend(self.open.take());
                }
                Err(error) => {
                    self.ended = true;
                    return Err(self.layout.file.split_error(self.splitter.bytes(), error));
                }
            }
        }
        Ok(groups)
    }

    fn take_line(&mut self, groups: &mut Vec<Group>) {
        let number = self.line.number;
        if number <= self.layout.file.header_line {
            return;
        }
        if self.line.replaced > 0 {
            groups.push(Group::BadBytes { line: number, count: self.line.replaced });
        }
        if self.line.is_blank() {
            groups.push(Group::Blank { line: number });
            return;
        }
        match self.judge() {
            Judgement::Begins(id) => {
                groups.extend(self.open.take());
                let lines = vec![std::mem::take(&mut self.line.cells)];
                self.open = Some(Group::Record { id, line: number, lines });
            }
            Judgement::GoesOn => {
                if let Some(Group::Record { lines, .. }) = &mut self.open {
                    lines.push(std::mem::take(&mut self.line.cells));
                }
            }
            Judgement::Unusable(reason) => {
                groups.extend(self.open.take());
                groups.push(Group::Rejected(self.reject(reason)));
            }
        }
    }

    fn judge(&mut self) -> Judgement {
        use Judgement::{Begins, GoesOn, Unusable};
        let Self { layout, line, open, repeats, .. } = self;
        if line.too_long {
            return Unusable(RejectReason::TooLong);
        }
        if line.stray_quote {
            return Unusable(RejectReason::BadQuotes);
        }
        let cells = &line.cells;
        if layout.repeats_header(cells) {
            return Unusable(RejectReason::RepeatedHeader);
        }
        let id = layout.id.and_then(|column| cells.get(column)).map_or("", trim);
        let is_total = || cells.iter().map(trim).find(|cell| !cell.is_empty()).is_some_and(words::is_total);
        if !layout.fits(cells) {
            let is_number = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
            return Unusable(if !is_number && is_total() { RejectReason::TotalLine } else { RejectReason::CellCount });
        }
        if id.is_empty() {
            let goes_on = layout.is_continuation(cells)
                && matches!(open, Some(Group::Record { lines, .. }) if lines.len() < RECORD_LINES_MAX);
            return match goes_on {
                true => GoesOn,
                false if is_total() => Unusable(RejectReason::TotalLine),
                false => Unusable(RejectReason::NoId),
            };
        }
        let Some(id) = parse_id(id) else {
            return Unusable(if is_total() { RejectReason::TotalLine } else { RejectReason::BadId });
        };
        // Masks are an export's; a cell of codes may hold any word.
        if !layout.file.is_coded() && layout.is_masked(cells) {
            return Unusable(RejectReason::Masked);
        }
        if let Some(Group::Record { id: open, lines, .. }) = open
            && *open == id
            && lines.len() < RECORD_LINES_MAX
            && layout.is_product_line(&lines[0], cells)
        {
            return GoesOn;
        }
        if repeats.is_repeated(layout.file.entity, id, line.number) {
            return Unusable(RejectReason::DuplicateId);
        }
        Begins(id)
    }

    fn reject(&mut self, reason: RejectReason) -> Reject {
        let place = Place { file: Arc::clone(&self.layout.file.path), line: self.line.number, column: None };
        let mut text = std::mem::take(&mut self.line.raw);
        text.truncate(text.floor_char_boundary(REJECT_TEXT_MAX));
        Reject { place, reason, text, cells: std::mem::take(&mut self.line.cells) }
    }
}

enum Judgement {
    /// The first line of a record.
    Begins(OriginalId),
    /// A further line of the record above.
    GoesOn,
    Unusable(RejectReason),
}

/// What of a file's columns matters for telling its lines.
struct Layout<'a> {
    file: &'a RestoreFile,
    id: Option<usize>,
    titles: Vec<String>,
    /// The cells in which lines of one record may differ: products and their amount.
    is_product: Vec<bool>,
    products: Vec<usize>,
    is_requisite: Vec<bool>,
    /// The cells that a mask covers (csv 2.2): not the id, title, pipeline and creation.
    is_maskable: Vec<bool>,
}

impl<'a> Layout<'a> {
    fn of(file: &'a RestoreFile) -> Self {
        let code = |column: &Column| column.code.as_ref().map_or(String::new(), |code| code.as_str().to_owned());
        let is_product = |column: &Column| matches!(column.role, Role::Product(_));
        let is_open = ["ID", "TITLE", "CATEGORY_ID", "DATE_CREATE", "CREATED_BY_ID"];
        Self {
            file,
            id: file.columns.iter().position(|column| column.role == Role::Field && code(column) == "ID"),
            titles: file.columns.iter().map(|column| fold(&column.name)).collect(),
            is_product: file.columns.iter().map(|column| is_product(column) || code(column) == "OPPORTUNITY").collect(),
            products: file.columns.iter().enumerate().filter(|(_, column)| is_product(column)).map(|(at, _)| at).collect(),
            is_requisite: file.columns.iter().map(|column| column.role == Role::Requisite).collect(),
            is_maskable: file
                .columns
                .iter()
                .map(|column| !is_product(column) && !is_open.contains(&code(column).as_str()))
                .collect(),
        }
    }

    /// As many cells as the header, and nothing behind its last title.
    fn fits(&self, cells: &Cells) -> bool {
        let width = self.titles.len();
        cells.len() == width + self.file.unnamed
            && (width..cells.len()).all(|column| cells.get(column).is_some_and(|cell| trim(cell).is_empty()))
    }

    fn repeats_header(&self, cells: &Cells) -> bool {
        let first = self.titles.iter().position(|title| !title.is_empty()).unwrap_or_default();
        // One cell decides for nearly every line.
        let may_be = |cell: &str| cell.len() < 256 && !cell.starts_with(|c: char| c.is_ascii_digit());
        cells.get(first).is_some_and(|cell| may_be(cell) && fold(cell) == self.titles[first])
            && self.titles.len() > 1
            && self.titles.iter().zip(cells.iter()).all(|(title, cell)| fold(cell) == *title)
    }

    /// Whether a line without an id holds a further requisite of the record above.
    fn is_continuation(&self, cells: &Cells) -> bool {
        self.filled(cells).all(|column| self.is_requisite[column]) && self.filled(cells).next().is_some()
    }

    fn filled<'c>(&self, cells: &'c Cells) -> impl Iterator<Item = usize> + use<'c, 'a> {
        let width = self.titles.len();
        cells.iter().take(width).enumerate().filter(|(_, cell)| !trim(cell).is_empty()).map(|(column, _)| column)
    }

    /// Whether the mask's word fills most cells that a mask may cover, or every cell but the id.
    fn is_masked(&self, cells: &Cells) -> bool {
        let (mut filled, mut hidden, mut open) = (0, 0, 0);
        for ((column, cell), is_maskable) in cells.iter().enumerate().zip(&self.is_maskable) {
            if cell.is_empty() || self.id == Some(column) {
                continue;
            }
            let is_hidden = words::is_hidden(cell);
            filled += u32::from(*is_maskable);
            hidden += u32::from(*is_maskable && is_hidden);
            open += u32::from(!is_hidden);
        }
        (hidden >= 2 && hidden * 2 > filled) || (open == 0 && cells.len() > 1 && self.filled(cells).count() > 1)
    }

    /// Whether a line holds a further product of the record that `first` begins.
    fn is_product_line(&self, first: &Cells, cells: &Cells) -> bool {
        let same = |column: usize| self.is_product[column] || first.get(column) == cells.get(column);
        // A record without products has one line, and so no second one that could be told from a repetition.
        let has_product =
            |cells: &Cells| self.products.iter().any(|&column| cells.get(column).is_some_and(|cell| !trim(cell).is_empty()));
        has_product(first) && has_product(cells) && (0..self.titles.len()).all(same)
    }
}

/// An id: a whole number from 1 that a database can hold, as a portal writes it. `007`, `12.0` and `1.2E+05` are what a spreadsheet made of one, and may be
/// another one's.
fn parse_id(text: &str) -> Option<OriginalId> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse::<i64>().ok().filter(|id| is_number && *id > 0).map(|id| OriginalId(id as u64))
}

fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
}
