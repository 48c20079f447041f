//! The first pass over a whole file: what must be known of all its rows before the first one can be read or compared.

use std::io::{self, Read};

use encoding_rs::UTF_8;
use rayon::prelude::*;
use roaring::RoaringTreemap;
use sha2::{Digest, Sha256};

use super::births::Births;
use super::census::Census;
use super::columns::{self, Column};
use super::conventions::Conventions;
use super::detect::{DateOrder, RestoreFile};
use super::error::{IntakeError, IntakeErrorKind};
use super::evidence::{Evidence, Witness};
use super::facts::{Facts, Surveyor};
use super::finding::Findings;
use super::gathered::Gathered;
use super::group::{Groups, Repeats};
use super::ids::{Ids, SeenIds};
use super::order::Newest;
use super::rivals::Rivals;
use super::rows::BUFFER_BYTES;
use super::spoilt;
use super::spool::{Input, hex};
use crate::event::{Event, Observer, Phase};
use crate::model::{EntityType, OriginalId, Problem, ProblemCode, Schema, Value};

/// Groups whose cells are heard at a stretch.
const STRETCH: usize = 512;

/// What the first pass found. Memory: a few words a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Survey {
    /// Data rows: records and rejects. The product lines of a record are one row; blank lines are none.
    pub rows: u64,
    /// How many of them can't be used.
    pub rejected: u64,
    /// Lines without text.
    pub blank: u64,
    /// How its cells are to be read.
    pub conventions: Conventions,
    /// Whether the file's dates, the user or the portal say in which order they are.
    pub date_order_sure: bool,
    /// What the file alone doesn't settle.
    pub open: Open,
    /// The columns, bound to the schema's custom fields.
    pub columns: Vec<Column>,
    /// The records' ids.
    pub ids: Ids,
    /// The ids of rows that can't be used but name one: the portal's records of these ids are known to the file all the same.
    pub rejected_ids: Ids,
    /// The folded names by which other records' links call companies and contacts; empty for leads and deals, and where a sample is kept.
    pub names: Vec<(OriginalId, Vec<String>)>,
    /// The titles of columns that no field holds.
    pub unmapped: Vec<String>,
    /// What a person should know of the file.
    pub problems: Vec<Problem>,
    /// What all rows together told: order of dates, style of numbers, meaning of cells.
    pub findings: Findings,
    /// The SHA-256 of the file's bytes, in hex.
    pub sha256: String,
    /// The lines whose ids are repeated, here or in an earlier file: what a second pass goes by.
    pub(super) repeated: RoaringTreemap,
    pub(super) bytes: u64,
    pub(super) births: Births,
    pub(super) changes: Newest,
}

/// What a survey keeps of the single records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// All that a comparison asks for: some 32 bytes a record, and its names.
    All,
    /// The ids, and when some of the records were created: a file of any size is told of in little memory.
    Sample,
}

/// What a file alone doesn't settle, so that the portal's records are asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Open {
    /// Some dates are another day in another order, and the user has said none.
    pub date_order: bool,
    /// Some numbers are another one with the other decimal sign.
    pub numbers: bool,
    /// Titles that two fields of the portal bear.
    pub rivals: Vec<Rivals>,
    /// Columns with cells that are the code of one entry and the label of another.
    pub columns: Vec<usize>,
}

impl Survey {
    /// When records were created, in an order of dates: [`Value::Clock`] or [`Value::Moment`].
    pub fn created_in(&self, order: DateOrder) -> impl Iterator<Item = (OriginalId, Value)> {
        self.births.kept.iter().filter_map(move |(id, date)| Some((*id, date.moment(order)?)))
    }

    /// When records were created, in each of some orders of dates.
    pub fn created_by<const N: usize>(&self, orders: [DateOrder; N]) -> impl Iterator<Item = (OriginalId, [Option<Value>; N])> {
        self.births.kept.iter().map(move |(id, date)| (*id, orders.map(|order| date.moment(order))))
    }

    /// When records were created, as the file is read.
    pub fn created(&self) -> impl Iterator<Item = (OriginalId, Value)> {
        let clocks = self.conventions.clocks.as_ref();
        self.created_in(self.conventions.date_order).map(move |(id, value)| match clocks {
            Some(clocks) => (id, clocks.births.get(&id).map_or_else(|| clocks.moment(value), |birth| Value::Moment(*birth))),
            None => (id, value),
        })
    }

    /// The newest moment of creation or change.
    pub fn newest(&self) -> Option<Value> {
        let newest = self.changes.value(self.conventions.date_order)?;
        Some(match &self.conventions.clocks {
            Some(clocks) => clocks.moment(newest),
            None => newest,
        })
    }

    /// Takes the columns of a title for the two fields the other way round.
    pub fn exchange(&mut self, rivals: &Rivals, entity: EntityType, schema: &Schema) {
        columns::exchange(&mut self.columns, rivals, entity, schema);
    }

    /// Settles what a title of two fields means, by so many values of the portal's records.
    pub fn settle_rivals(&mut self, rivals: &Rivals, records: u64) {
        self.problems.retain(|problem| {
            problem.code != ProblemCode::DuplicateColumn || problem.place.column.as_deref() != Some(&*rivals.title)
        });
        for column in &rivals.columns {
            let how = &mut self.columns[*column].how;
            *how = format!("{how}, which {records} values of shared records bear out");
        }
        self.open.rivals.retain(|open| open != rivals);
    }

    /// Settles the decimal sign by something better than the file alone.
    pub fn settle_numbers(&mut self, conventions: Conventions, confidence: f32, how: String) {
        self.problems.retain(|problem| problem.code != ProblemCode::NumbersUnsure);
        self.findings.note("numbers", conventions.numbers.code(), confidence, how);
        self.conventions = conventions;
    }

    /// Settles the order of dates by something better than the file alone.
    pub fn settle_order(&mut self, order: DateOrder, confidence: f32, how: String) {
        self.conventions.date_order = order;
        self.date_order_sure = true;
        self.problems.retain(|problem| problem.code != ProblemCode::DateOrderUnsure);
        self.findings.note("date_order", order.code(), confidence, how);
    }
}

/// Reads a whole file once. Files of one type share `seen`: the first line of an id stands, over all of them.
pub fn survey(
    file: &RestoreFile,
    schema: &Schema,
    keep: Keep,
    seen: &mut SeenIds,
    progress: &dyn Observer,
) -> Result<Survey, IntakeError> {
    let (columns, mut problems, rivals) = columns::bind(file, schema);
    let source = file.open()?;
    let total = source.length().ok();
    progress.event(Event::Begin { phase: Phase::Survey, total });
    let mut groups = Groups::new(file, Tee { source, seen: Vec::new() }, BUFFER_BYTES, Repeats::Seen(seen));
    let surveyor = Surveyor::new(file, &columns, schema, keep);
    let witness = Witness::of(file, &columns, schema);
    let mut evidence = Evidence::of(columns.len());
    let mut found = Gathered::new(keep);
    let mut bytes = Bytes { digest: Sha256::new(), census: Census::of(file) };
    let mut seen = Vec::new();
    let mut told = 0;
    let mut next = groups.chunk()?;
    while let Some(chunk) = next {
        std::mem::swap(&mut seen, &mut groups.source_mut().seen);
        let look = || {
            let parts = chunk.groups.par_chunks(STRETCH);
            parts.map(|part| (surveyor.facts(&chunk, part), witness.hear(&chunk, part))).collect::<Vec<(Facts, Evidence)>>()
        };
        // What can't be divided goes first, each on a core of its own; the parts of the other fill the cores up.
        let ((), (ahead, parts)) = rayon::join(|| bytes.take(&seen), || rayon::join(|| groups.chunk(), look));
        seen.clear();
        for (facts, heard) in parts {
            found.learn(facts);
            evidence.add(&heard);
        }
        chunk.groups.iter().for_each(|group| found.add(file, group));
        chunk.remarks.iter().for_each(|remark| found.note(file, *remark));
        next = ahead?;
        progress.event(Event::Advance { phase: Phase::Survey, by: groups.bytes() - told });
        told = groups.bytes();
    }
    let length = groups.bytes();
    if !file.no_records && !file.is_whole(length) {
        return Err(file.error(IntakeErrorKind::Changed));
    }
    let (sha256, census) = bytes.finish(groups.into_source()).map_err(|error| file.io_error(length, error))?;
    if found.bad_bytes > 0 && file.codec == UTF_8 {
        let places = spoilt::places(file.open()?).map_err(|error| file.io_error(0, error))?;
        found.name_bad_bytes(&places);
    }
    let sha256 = file.own_digest().map_or(sha256, str::to_owned);
    problems.extend(file.problems.iter().cloned().chain(census.problems(file)?));
    progress.event(Event::End { phase: Phase::Survey });
    let mut survey = found.survey(file, columns, problems, &evidence, sha256, length);
    survey.open.rivals = rivals;
    Ok(survey)
}

/// Keeps what is read through it until somebody takes it.
struct Tee {
    source: Input,
    seen: Vec<u8>,
}

impl Read for Tee {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(buffer)?;
        self.seen.extend_from_slice(&buffer[..length]);
        Ok(length)
    }
}

/// What the bytes of a file tell, whatever letters they are.
struct Bytes {
    digest: Sha256,
    census: Census,
}

impl Bytes {
    fn take(&mut self, seen: &[u8]) {
        self.digest.update(seen);
        self.census.take(seen);
    }

    /// The digest of the whole file, in hex; reads what nobody has read.
    fn finish(mut self, mut source: Tee) -> io::Result<(String, Census)> {
        let mut piece = vec![0; BUFFER_BYTES];
        loop {
            self.take(&source.seen);
            source.seen.clear();
            match source.read(&mut piece) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) => return Ok((hex(&self.digest.finalize()), self.census)),
                Ok(_) => {}
                Err(error) => return Err(error),
            }
        }
    }
}
