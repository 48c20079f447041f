//! The second pass: rows, in the order of the file, chunk by chunk: while the cells of one are read, the next one is split.

use rayon::prelude::*;

use super::conventions::Conventions;
use super::detect::RestoreFile;
use super::error::{IntakeError, IntakeErrorKind};
use super::group::{Chunk, Group, Groups, Repeats};
use super::lines::Texts;
use super::row::RowReader;
use super::rows::BUFFER_BYTES;
use super::spool::Input;
use super::survey::Survey;
use crate::model::{Cells, Row, Schema};

/// The rows of a file. Holds three chunks: the one that is given out, the next one's lines, and the text of the one behind it.
pub struct Rows<'a> {
    source: &'a RestoreFile,
    survey: &'a Survey,
    groups: Groups<'a, Input>,
    parser: RowReader<'a>,
    /// What was split while the chunk before was read; `None` behind the end.
    ahead: Option<Result<Option<Chunk>, IntakeError>>,
    given: u64,
}

/// Groups whose cells are read at a stretch: few enough that their values are still near when the next step looks at them.
const STRETCH: usize = 128;

/// Some rows of a file, and the text that they were read from.
///
/// Most rows are looked at once and dropped, so their cells as they stood are handed out only for those that are kept ([`Sources`]).
#[derive(Debug)]
pub struct RowChunk {
    rows: Vec<Row>,
    sources: Sources,
}

/// The cells of a chunk's rows as they stood in the file.
#[derive(Debug)]
pub struct Sources(Chunk);

impl RowChunk {
    /// The rows, in the order of the file.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The rows, and apart from them their cells.
    pub fn into_parts(self) -> (Vec<Row>, Sources) {
        (self.rows, self.sources)
    }
}

impl IntoIterator for RowChunk {
    type Item = Row;
    type IntoIter = std::vec::IntoIter<Row>;

    fn into_iter(self) -> Self::IntoIter {
        self.rows.into_iter()
    }
}

impl Sources {
    /// The lines of the row at a place of its chunk: one, or several where a record has product rows or requisites. Nothing for a
    /// row that can't be used, which holds its cells itself.
    pub fn lines(&self, row: usize) -> Vec<Cells> {
        self.texts(row).map(Texts::to_cells).collect()
    }

    /// The same, where they stand.
    pub(super) fn texts(&self, row: usize) -> impl Iterator<Item = Texts<'_>> {
        let lines = match self.0.groups.get(row) {
            Some(Group::Record { first, further, .. }) => Some((first, further)),
            _ => None,
        };
        lines.into_iter().flat_map(|(first, further)| [first].into_iter().chain(further)).map(|at| self.0.cells(*at))
    }
}

/// Reads a file's rows, as its survey found them: its bound columns, its conventions, its repeated ids.
pub fn read<'a>(file: &'a RestoreFile, survey: &'a Survey, schema: &'a Schema) -> Result<Rows<'a>, IntakeError> {
    read_by(file, survey, schema, &survey.conventions)
}

/// Reads a file's rows by other conventions than its survey's, to see which of them the portal's records bear out.
pub fn read_by<'a>(
    file: &'a RestoreFile,
    survey: &'a Survey,
    schema: &'a Schema,
    conventions: &'a Conventions,
) -> Result<Rows<'a>, IntakeError> {
    let mut groups = Groups::new(file, file.open()?, BUFFER_BYTES, Repeats::Known(&survey.repeated));
    let parser = RowReader::new(file, &survey.columns, schema, conventions);
    let ahead = Some(groups.chunk());
    Ok(Rows { source: file, survey, groups, parser, ahead, given: 0 })
}

impl Iterator for Rows<'_> {
    type Item = Result<RowChunk, IntakeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let chunk = match self.ahead.take()? {
            Ok(chunk) => chunk,
            Err(error) => return Some(Err(error)),
        };
        let Some(chunk) = chunk else {
            // A file that grew, shrank or was replaced between the passes must not pass for the one that was surveyed.
            let is_same = self.source.no_records || (self.given, self.groups.bytes()) == (self.survey.rows, self.survey.bytes);
            return (!is_same).then(|| Err(self.source.error(IntakeErrorKind::Changed)));
        };
        let Self { parser, groups, .. } = self;
        let read = || {
            let groups = chunk.groups.par_iter().with_min_len(STRETCH);
            groups.map_init(|| parser.known(), |known, group| parser.row(&chunk, group, known)).collect::<Vec<Row>>()
        };
        // What can't be divided goes first; the parts of the other fill the cores up.
        let (ahead, rows) = rayon::join(|| groups.chunk(), read);
        self.ahead = Some(ahead);
        self.given += rows.len() as u64;
        Some(Ok(RowChunk { rows, sources: Sources(chunk) }))
    }
}
