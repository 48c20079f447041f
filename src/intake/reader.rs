//! The second pass: rows, in the order of the file, chunk by chunk: while the cells of one are read, the next one is split.

use rayon::prelude::*;

use super::conventions::Conventions;
use super::detect::RestoreFile;
use super::error::{IntakeError, IntakeErrorKind};
use super::group::{Chunk, Groups, Repeats};
use super::row::RowReader;
use super::rows::BUFFER_BYTES;
use super::spool::Input;
use super::survey::Survey;
use crate::model::{Row, Schema};

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
    type Item = Result<Vec<Row>, IntakeError>;

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
        let read = || chunk.groups.par_iter().filter_map(|group| parser.row(&chunk, group)).collect::<Vec<Row>>();
        let (rows, ahead) = rayon::join(read, || groups.chunk());
        self.ahead = Some(ahead);
        self.given += rows.len() as u64;
        Some(Ok(rows))
    }
}
