//! What a file is, for `inspect` (design 7).

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::columns::Column;
use super::detect::RestoreFile;
use super::error::IntakeError;
use super::finding::Findings;
use super::lines::Texts;
use super::nearest::{Nearest, nearest_title};
use super::reader::read;
use super::survey::Survey;
use crate::model::{Problem, ProblemCode, Reject, Row, Schema};

/// Problems that are told one by one.
const PROBLEMS_MAX: usize = 10_000;
/// Values that are shown of a column.
const SAMPLES: usize = 3;
/// What is shown of a value, and of a row that can't be used.
const SAMPLE_CHARS: usize = 60;
const REJECT_CHARS: usize = 120;
/// Columns without a field for which the nearest title is looked up; it takes thousands of comparisons each.
const NEAREST_MAX: usize = 200;

/// One file, as `inspect --json` tells it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inspection {
    /// The path as given.
    pub path: String,
    /// What the text is packed in.
    pub container: Option<&'static str>,
    /// The type of record.
    pub entity: &'static str,
    /// The encoding's WHATWG label.
    pub encoding: &'static str,
    /// Whether there is a byte order mark.
    pub bom: bool,
    /// The delimiter.
    pub delimiter: char,
    /// How cells are quoted.
    pub quoting: &'static str,
    /// What ends the lines: `lf`, `crlf`, `cr` or `mixed`; `null` where there are none.
    pub line_ends: Option<String>,
    /// The titles' language; `null` for field codes.
    pub language: Option<&'static str>,
    /// The header's line.
    pub header_line: u64,
    /// Data rows.
    pub rows: u64,
    /// Rows that can't be used.
    pub rejected: u64,
    /// How many of them for which reason.
    pub rejected_by: BTreeMap<&'static str, u64>,
    /// Lines without text.
    pub blank: u64,
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
    /// The first values that differ, shortened.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub samples: Vec<String>,
    /// The nearest known title, where no field is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nearest: Option<Nearest>,
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

/// Tells what a surveyed file is; reads it once more for samples and for the problems of its rows.
pub fn inspect(file: &RestoreFile, survey: &Survey, schema: &Schema) -> Result<Inspection, IntakeError> {
    let mut problems: Vec<InspectedProblem> = survey.problems.iter().map(InspectedProblem::from).collect();
    // Lines with bytes that are no letters are known; the row tells in which column the first ones are.
    let of_bytes = [ProblemCode::BadBytes, ProblemCode::NulBytes].map(ProblemCode::code);
    let spoilt: HashMap<(&str, u64), usize> = problems
        .iter()
        .enumerate()
        .filter(|(_, problem)| of_bytes.contains(&problem.code))
        .map(|(at, problem)| ((problem.code, problem.line), at))
        .collect();
    let mut samples: Vec<Vec<String>> = vec![Vec::new(); survey.columns.len()];
    let mut rejected_by = BTreeMap::new();
    for chunk in read(file, survey, schema)? {
        let (rows, sources) = chunk?.into_parts();
        for (at, row) in rows.into_iter().enumerate() {
            let has_room = problems.len() < PROBLEMS_MAX;
            match row {
                Row::Record { problems: own, .. } => {
                    sources.texts(at).for_each(|cells| sample(&mut samples, cells));
                    for problem in own.iter().filter(|_| has_room) {
                        match spoilt.get(&(problem.code.code(), problem.place.line)) {
                            Some(at) => problems[*at].column = problems[*at].column.take().or(problem.place.column.clone()),
                            None => problems.push(InspectedProblem::from(problem)),
                        }
                    }
                }
                Row::Rejected(reject) => {
                    *rejected_by.entry(reject.reason.code()).or_default() += 1;
                    if has_room {
                        problems.push(InspectedProblem::from(&reject));
                    }
                }
            }
        }
    }
    problems.sort_by_key(|problem| problem.line);
    // A column without a title and without a text is none that a person would miss.
    let is_missed =
        |(column, samples): &(&Column, &Vec<String>)| column.is_unmapped() && !(column.name.is_empty() && samples.is_empty());
    let unmapped = survey.columns.iter().zip(&samples).filter(is_missed).map(|(column, _)| column.name.clone()).collect();
    let mut detected = file.findings.clone();
    detected.extend(&survey.findings);
    Ok(Inspection {
        path: file.path.to_string(),
        container: file.container.map(super::Container::code),
        entity: file.entity.code(),
        encoding: file.encoding,
        bom: file.bom,
        delimiter: char::from(file.dialect.delimiter),
        quoting: file.dialect.quoting.code(),
        line_ends: detected.get("line_ends").map(|ends| ends.value.clone()),
        language: file.language,
        header_line: file.header_line,
        rows: survey.rows,
        rejected: survey.rejected,
        rejected_by,
        blank: survey.blank,
        detected,
        columns: columns(file, &survey.columns, samples),
        unmapped,
        problems,
    })
}

fn columns(file: &RestoreFile, columns: &[Column], samples: Vec<Vec<String>>) -> Vec<InspectedColumn> {
    let mut looked_up = 0;
    let mut nearest = |column: &Column| {
        looked_up += usize::from(column.is_unmapped());
        let is_wanted = column.is_unmapped() && looked_up <= NEAREST_MAX;
        is_wanted.then(|| nearest_title(file.entity, file.language, &column.name)).flatten()
    };
    let told = columns.iter().zip(samples).map(|(column, samples)| InspectedColumn {
        name: column.name.clone(),
        field: column.code.as_ref().map(ToString::to_string),
        kind: column.kind(),
        how: column.how.clone(),
        samples,
        nearest: nearest(column),
    });
    told.collect()
}

fn sample(samples: &mut [Vec<String>], cells: Texts<'_>) {
    for (known, cell) in samples.iter_mut().zip(cells.iter()) {
        if known.len() < SAMPLES && !cell.is_empty() {
            let cell = shortened(cell.trim(), SAMPLE_CHARS);
            if !cell.is_empty() && !known.contains(&cell) {
                known.push(cell);
            }
        }
    }
}

fn shortened(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
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

impl From<&Reject> for InspectedProblem {
    fn from(reject: &Reject) -> Self {
        let text = shortened(&reject.text, REJECT_CHARS);
        Self { line: reject.place.line, column: reject.place.column.clone(), code: reject.reason.code(), text }
    }
}
