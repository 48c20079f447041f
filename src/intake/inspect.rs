//! What a file is, for `inspect` (design 7).

use serde::Serialize;

use super::detect::RestoreFile;
use super::error::IntakeError;
use super::finding::Findings;
use super::reader::read;
use super::survey::Survey;
use crate::model::{Problem, Row, Schema};

/// Problems that are told one by one.
const PROBLEMS_MAX: usize = 10_000;

/// One file, as `inspect --json` tells it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inspection {
    /// The path as given.
    pub path: String,
    /// The type of record.
    pub entity: &'static str,
    /// The encoding's WHATWG label.
    pub encoding: &'static str,
    /// Whether there is a byte order mark.
    pub bom: bool,
    /// The delimiter.
    pub delimiter: char,
    /// The titles' language; `null` for field codes.
    pub language: Option<&'static str>,
    /// The header's line.
    pub header_line: u64,
    /// Data rows.
    pub rows: u64,
    /// Rows that can't be used.
    pub rejected: u64,
    /// What was found, how sure that is, and what by.
    pub detected: Findings,
    /// The columns.
    pub columns: Vec<InspectedColumn>,
    /// The titles that no field is known for.
    pub unmapped: Vec<String>,
    /// What a person should know.
    pub problems: Vec<InspectedProblem>,
}

/// A column, as `inspect --json` tells it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InspectedColumn {
    /// The title.
    pub name: String,
    /// The field's classic code.
    pub field: Option<String>,
    /// What the field holds.
    #[serde(rename = "type")]
    pub kind: Option<&'static str>,
    /// How the field was found.
    pub how: String,
}

/// A problem, as `inspect --json` tells it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InspectedProblem {
    /// The line.
    pub line: u64,
    /// The column's title, where a cell is meant.
    pub column: Option<String>,
    /// What it is.
    pub code: &'static str,
    /// The text it is about.
    pub text: String,
}

/// Tells what a surveyed file is; reads it once more for the problems of its cells.
pub fn inspect(file: &RestoreFile, survey: &Survey, schema: &Schema) -> Result<Inspection, IntakeError> {
    let mut problems: Vec<InspectedProblem> = survey.problems.iter().map(InspectedProblem::from).collect();
    for rows in read(file, survey, schema)? {
        for row in rows? {
            if let Row::Record { problems: own, .. } = row
                && problems.len() < PROBLEMS_MAX
            {
                problems.extend(own.iter().map(InspectedProblem::from));
            }
        }
    }
    problems.sort_by_key(|problem| problem.line);
    let mut detected = file.findings.clone();
    detected.extend(&survey.findings);
    let columns = survey.columns.iter().map(|column| InspectedColumn {
        name: column.name.clone(),
        field: column.code.as_ref().map(ToString::to_string),
        kind: column.kind(),
        how: column.how.clone(),
    });
    Ok(Inspection {
        path: file.path.to_string(),
        entity: file.entity.code(),
        encoding: file.encoding,
        bom: file.bom,
        delimiter: char::from(file.dialect.delimiter),
        language: file.language,
        header_line: file.header_line,
        rows: survey.rows,
        rejected: survey.rejected,
        detected,
        columns: columns.collect(),
        unmapped: survey.unmapped.clone(),
        problems,
    })
}

impl From<&Problem> for InspectedProblem {
    fn from(problem: &Problem) -> Self {
        Self {
            line: problem.place.line,
            column: problem.place.column.clone(),
            code: problem.code.code(),
            text: problem.text.clone(),
        }
    }
}
