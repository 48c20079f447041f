//! Lines -> groups: the lines of one record together, and what is no record apart, in the order of the file (csv 2.2, 4.9, 4.10).

use std::io::Read;
use std::sync::Arc;

use roaring::RoaringTreemap;

use super::detect::RestoreFile;
use super::error::{IntakeError, IntakeErrorKind};
use super::ids::SeenIds;
use super::layout::{Judgement, Layout};
use super::lines::{LineRef, Lines, Texts};
use super::rows::Splitter;
use crate::model::{EntityType, OriginalId, Place, Reject, RejectReason};

/// Lines that one record may have; a further one is rejected. Bitrix24's own import takes 50 (csv 7.6).
const RECORD_LINES_MAX: usize = 10_000;
/// What is kept of a rejected line's text.
const REJECT_TEXT_MAX: usize = 1 << 20;

/// What tells a repeated id: the ids met so far, or what an earlier pass found.
pub(super) enum Repeats<'a> {
    Seen(&'a mut SeenIds),
    /// The lines whose ids are repeated.
    Known(&'a RoaringTreemap),
}

impl Repeats<'_> {
    fn is_repeated(&mut self, entity: EntityType, id: OriginalId, line: u64) -> bool {
        match self {
            Self::Seen(seen) => !seen.insert(entity, id),
            Self::Known(lines) => !lines.is_empty() && lines.contains(line),
        }
    }
}

/// A line of a chunk: its block, and its place there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LineAt {
    block: u32,
    line: u32,
}

/// What the lines of a file come to.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Group {
    /// The lines of a record: its own, those of further products, those of further requisites.
    Record { id: OriginalId, line: u64, first: LineAt, further: Vec<LineAt> },
    /// A line that can't be used.
    Rejected(Box<Reject>),
}

/// What a line has that is no row's own business.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remark {
    /// It has no text.
    Blank { line: u64 },
    /// It has bytes that are not valid in the file's encoding.
    BadBytes { line: u64, count: u64 },
}

/// Some groups of a file, with the lines that they speak of.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    blocks: Vec<Arc<Lines>>,
    /// The rows.
    pub(super) groups: Vec<Group>,
    pub(super) remarks: Vec<Remark>,
}

impl Chunk {
    /// The cells of a line.
    pub(super) fn cells(&self, at: LineAt) -> Texts<'_> {
        self.line(at).cells
    }

    fn line(&self, at: LineAt) -> LineRef<'_> {
        self.blocks[at.block as usize].get(at.line as usize)
    }
}

/// A record whose lines may go on.
struct Open {
    id: OriginalId,
    line: u64,
    first: LineAt,
    further: Vec<LineAt>,
}

impl Open {
    fn is_full(&self) -> bool {
        self.further.len() + 1 >= RECORD_LINES_MAX
    }

    fn last(&self) -> LineAt {
        self.further.last().copied().unwrap_or(self.first)
    }
}

impl From<Open> for Group {
    fn from(Open { id, line, first, further }: Open) -> Self {
        Self::Record { id, line, first, further }
    }
}

/// Reads groups off a file.
pub(super) struct Groups<'a, R> {
    splitter: Splitter<R>,
    layout: Layout<'a>,
    repeats: Repeats<'a>,
    open: Option<Open>,
    /// The blocks in which the open record's lines stand.
    held: Vec<Arc<Lines>>,
    ended: bool,
}

impl<'a, R: Read + Send> Groups<'a, R> {
    /// Reads `source` in blocks of about `size` bytes.
    pub(super) fn new(file: &'a RestoreFile, source: R, size: usize, repeats: Repeats<'a>) -> Self {
        let splitter = Splitter::new(source, file.codec, file.dialect, size);
        Self { splitter, layout: Layout::of(file), repeats, open: None, held: Vec::new(), ended: file.no_records }
    }

    /// How many bytes have been read.
    pub(super) fn bytes(&self) -> u64 {
        self.splitter.bytes()
    }

    /// What is read from.
    pub(super) fn source_mut(&mut self) -> &mut R {
        self.splitter.source_mut()
    }

    pub(super) fn into_source(self) -> R {
        self.splitter.into_source()
    }

    /// The groups of the next blocks; `None` at the file's end.
    pub(super) fn chunk(&mut self) -> Result<Option<Chunk>, IntakeError> {
        if self.ended {
            return Ok(None);
        }
        let layout = &self.layout;
        let judge = |lines: &Lines| (0..lines.len()).map(|at| layout.judge(&lines.get(at))).collect::<Vec<Judgement>>();
        let lines = self.splitter.several(judge).map_err(|error| {
            self.ended = true;
            self.layout.file.split_error(self.splitter.bytes(), error)
        })?;
        let mut chunk = Chunk { blocks: std::mem::take(&mut self.held), ..Chunk::default() };
        let Some(lines) = lines else {
            self.ended = true;
            chunk.groups.extend(self.open.take().map(Group::from));
            return Ok(Some(chunk));
        };
        chunk.groups.reserve(lines.iter().map(|(lines, _)| lines.len()).sum());
        for (lines, judged) in lines {
            let block = chunk.blocks.len() as u32;
            chunk.blocks.push(Arc::new(lines));
            for (line, judgement) in judged.into_iter().enumerate() {
                self.take_line(&mut chunk, LineAt { block, line: line as u32 }, judgement)?;
            }
        }
        self.hold(&chunk);
        Ok(Some(chunk))
    }

    /// Keeps the blocks of the open record for the next chunk.
    fn hold(&mut self, chunk: &Chunk) {
        let Some(open) = &mut self.open else { return };
        let (begin, end) = (open.first.block, open.last().block);
        self.held = chunk.blocks[begin as usize..=end as usize].to_vec();
        open.first.block -= begin;
        open.further.iter_mut().for_each(|at| at.block -= begin);
    }

    fn take_line(&mut self, chunk: &mut Chunk, at: LineAt, judgement: Judgement) -> Result<(), IntakeError> {
        let line = chunk.line(at);
        let number = line.number;
        let header = self.layout.file.header_line;
        if number <= header {
            return Ok(());
        }
        let replaced = line.replaced;
        if replaced > 0 {
            chunk.remarks.push(Remark::BadBytes { line: number, count: replaced });
        }
        let reason = match judgement {
            Judgement::Blank => {
                chunk.remarks.push(Remark::Blank { line: number });
                return Ok(());
            }
            Judgement::Unusable(reason) => reason,
            Judgement::OtherHeader => {
                self.ended = true;
                return Err(self.layout.file.error(IntakeErrorKind::SecondHeader { line: number, header }));
            }
            Judgement::Continues { alone } => match &mut self.open {
                Some(open) if !open.is_full() => {
                    open.further.push(at);
                    return Ok(());
                }
                _ => alone,
            },
            Judgement::Names(id) => {
                if let Some(open) = self.open.as_mut().filter(|open| open.id == id && !open.is_full())
                    && self.layout.is_product_line(chunk.cells(open.first), chunk.cells(at))
                {
                    open.further.push(at);
                    return Ok(());
                }
                if !self.repeats.is_repeated(self.layout.file.entity, id, number) {
                    let begun = self.open.replace(Open { id, line: number, first: at, further: Vec::new() });
                    chunk.groups.extend(begun.map(Group::from));
                    return Ok(());
                }
                RejectReason::DuplicateId
            }
        };
        chunk.groups.extend(self.open.take().map(Group::from));
        let reject = self.reject(&chunk.line(at), reason);
        chunk.groups.push(Group::Rejected(Box::new(reject)));
        Ok(())
    }

    fn reject(&self, line: &LineRef<'_>, reason: RejectReason) -> Reject {
        let place = Place { file: Arc::clone(&self.layout.file.path), line: line.number, column: None };
        let raw = line.raw();
        let text = raw[..raw.floor_char_boundary(REJECT_TEXT_MAX)].to_owned();
        Reject { place, reason, text, cells: line.cells.to_cells() }
    }
}
