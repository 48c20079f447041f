//! The first pass over a whole file: what must be known of all its rows before the first one can be read or compared.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::DateTime;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::columns::{self, Column};
use super::dates::{Loose, OrderVotes};
use super::detect::{DateOrder, RestoreFile};
use super::error::IntakeError;
use super::finding::Findings;
use super::group::{Chunk, Group, Groups, Repeats};
use super::ids::SeenIds;
use super::row::is_code;
use super::rows::BUFFER_BYTES;
use super::split::Texts;
use crate::event::{Event, Observer, Phase};
use crate::model::{
    EntityType, FieldType, OriginalId, PersonName, Place, Problem, ProblemCode, RejectReason, Schema, Value, fold, name_keys,
};

/// Problems of one code that are told one by one; the rest is only counted.
const PROBLEMS_MAX: usize = 1000;

/// What the first pass found. Memory: a few words a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Survey {
    /// Data rows: records and rejects. The product lines of a record are one row; blank lines are none.
    pub rows: u64,
    /// How many of them can't be used.
    pub rejected: u64,
    /// Lines without text.
    pub blank: u64,
    /// The order of day and month.
    pub date_order: DateOrder,
    /// Whether the file's dates, or the user, say so.
    pub date_order_sure: bool,
    /// The columns, bound to the schema's custom fields.
    pub columns: Vec<Column>,
    /// The records' ids, in the order of the file.
    pub ids: Vec<OriginalId>,
    /// The ids of rows that can't be used but name one: the portal's records of these ids are known to the file all the same.
    pub rejected_ids: Vec<OriginalId>,
    /// When records were created: [`Value::Clock`] or [`Value::Moment`].
    pub created: Vec<(OriginalId, Value)>,
    /// The newest moment of creation or change.
    pub newest: Option<Value>,
    /// The folded names by which other records' links call companies and contacts; empty for leads and deals.
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
    pub(super) repeated: HashSet<u64>,
    pub(super) bytes: u64,
}

/// Reads a whole file once. Files of one type share `seen`: the first line of an id stands, over all of them.
pub fn survey(file: &RestoreFile, schema: &Schema, seen: &mut SeenIds, progress: &dyn Observer) -> Result<Survey, IntakeError> {
    let (columns, problems) = columns::bind(file, schema);
    let source = File::open(Path::new(&*file.path)).map_err(|error| file.io_error(0, error))?;
    let total = source.metadata().ok().map(|data| data.len());
    progress.event(Event::Begin { phase: Phase::Survey, total });
    let mut groups = Groups::new(file, Hashing { source, digest: Sha256::new() }, BUFFER_BYTES, Repeats::Seen(seen));
    let surveyor = Surveyor::new(file, &columns, schema);
    let mut found = Gathered::default();
    let mut told = 0;
    let mut next = groups.chunk()?;
    while let Some(chunk) = next {
        let look = || chunk.groups.par_iter().map(|group| surveyor.facts(&chunk, group)).collect::<Vec<Facts>>();
        let (facts, ahead) = rayon::join(look, || groups.chunk());
        for (group, facts) in chunk.groups.iter().zip(facts) {
            found.add(file, group, facts);
        }
        next = ahead?;
        progress.event(Event::Advance { phase: Phase::Survey, by: groups.bytes() - told });
        told = groups.bytes();
    }
    let bytes = groups.bytes();
    let sha256 = groups.into_source().finish().map_err(|error| file.io_error(bytes, error))?;
    progress.event(Event::End { phase: Phase::Survey });
    Ok(found.survey(file, columns, problems, sha256, bytes))
}

/// Digests what is read through it.
struct Hashing {
    source: File,
    digest: Sha256,
}

impl Read for Hashing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(buffer)?;
        self.digest.update(&buffer[..length]);
        Ok(length)
    }
}

impl Hashing {
    /// The digest of the whole file, in hex; reads what nobody has read.
    fn finish(mut self) -> io::Result<String> {
        io::copy(&mut self, &mut io::sink())?;
        Ok(hex(&self.digest.finalize()))
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Where in the lines of a file the facts stand.
struct Surveyor<'a> {
    schema: &'a Schema,
    entity: EntityType,
    dates: Vec<usize>,
    created: Option<usize>,
    modified: Option<usize>,
    names: [Option<usize>; 4],
}

/// What one record adds.
#[derive(Default)]
struct Facts {
    votes: OrderVotes,
    created: Option<Loose>,
    modified: Option<Loose>,
    names: Vec<String>,
}

impl<'a> Surveyor<'a> {
    fn new(file: &RestoreFile, columns: &[Column], schema: &'a Schema) -> Self {
        let of_code = |code: &str| columns.iter().position(|column| is_code(column, code));
        let is_date =
            |column: &Column| column.def.as_ref().is_some_and(|def| matches!(def.kind, FieldType::Date | FieldType::Moment));
        let names = match file.entity {
            EntityType::Company => [of_code("TITLE"), None, None, None],
            EntityType::Contact => ["HONORIFIC", "NAME", "SECOND_NAME", "LAST_NAME"].map(of_code),
            EntityType::Lead | EntityType::Deal => [None; 4],
        };
        Self {
            schema,
            entity: file.entity,
            dates: columns.iter().enumerate().filter(|(_, column)| is_date(column)).map(|(at, _)| at).collect(),
            created: of_code("DATE_CREATE"),
            modified: of_code("DATE_MODIFY"),
            names,
        }
    }

    fn facts(&self, chunk: &Chunk, group: &Group) -> Facts {
        let Group::Record { first, .. } = group else { return Facts::default() };
        let cells = chunk.cells(*first);
        let mut facts = Facts { names: self.names_of(cells), ..Facts::default() };
        for &at in &self.dates {
            let Some(date) = cells.get(at).filter(|cell| !cell.is_empty()).and_then(Loose::parse) else { continue };
            facts.votes.count(&date);
            if self.created == Some(at) {
                facts.created = Some(date);
            }
            if self.modified == Some(at) {
                facts.modified = Some(date);
            }
        }
        facts
    }

    /// The texts under which another record's link may name this one.
    fn names_of(&self, cells: Texts<'_>) -> Vec<String> {
        let [first, name, second, last] =
            self.names.map(|at| at.and_then(|at| cells.get(at)).map(str::trim).unwrap_or_default().to_owned());
        match self.entity {
            EntityType::Company => Some(fold(&first)).filter(|title| !title.is_empty()).into_iter().collect(),
            EntityType::Contact => {
                let honorific = self.schema.label("HONORIFIC", &first).map_or(first.clone(), str::to_owned);
                name_keys(&PersonName { honorific, name, second, last })
            }
            EntityType::Lead | EntityType::Deal => Vec::new(),
        }
    }
}

/// What the rows have told so far.
#[derive(Default)]
struct Gathered {
    rows: u64,
    rejected: u64,
    blank: u64,
    votes: OrderVotes,
    ids: Vec<OriginalId>,
    rejected_ids: Vec<OriginalId>,
    created: Vec<(OriginalId, Loose)>,
    modified: Newest,
    names: Vec<(OriginalId, Vec<String>)>,
    problems: Vec<Problem>,
    repeated: HashSet<u64>,
    bad_bytes: usize,
}

impl Gathered {
    fn add(&mut self, file: &RestoreFile, group: &Group, facts: Facts) {
        let problem =
            |line, code, text| Problem { place: Place { file: Arc::clone(&file.path), line, column: None }, code, text };
        match group {
            Group::Record { id, .. } => {
                self.rows += 1;
                self.votes.add(&facts.votes);
                self.ids.push(*id);
                self.created.extend(facts.created.map(|date| (*id, date)));
                facts.created.iter().chain(&facts.modified).for_each(|date| self.modified.add(date));
                if !facts.names.is_empty() {
                    self.names.push((*id, facts.names));
                }
            }
            Group::Rejected(reject) => {
                self.rows += 1;
                self.rejected += 1;
                let id = file.columns.iter().position(|column| is_code(column, "ID")).and_then(|id| reject.cells.get(id));
                self.rejected_ids.extend(id.and_then(|id| id.trim().parse().ok()).map(OriginalId));
                if reject.reason == RejectReason::DuplicateId {
                    self.repeated.insert(reject.place.line);
                }
            }
            Group::Blank { line } => {
                self.blank += 1;
                if self.blank as usize <= PROBLEMS_MAX {
                    self.problems.push(problem(*line, ProblemCode::BlankLine, String::new()));
                }
            }
            Group::BadBytes { line, count } => {
                self.bad_bytes += 1;
                if self.bad_bytes <= PROBLEMS_MAX {
                    let text = format!("{count} byte sequences are no {}", file.encoding);
                    self.problems.push(problem(*line, ProblemCode::BadBytes, text));
                }
            }
        }
    }

    fn survey(self, file: &RestoreFile, columns: Vec<Column>, mut problems: Vec<Problem>, sha256: String, bytes: u64) -> Survey {
        let (order, is_sure) = match (file.date_order, self.votes.decide(file.language)) {
            (Some(order), _) | (None, (order, true)) => (order, true),
            (None, (order, false)) => (order_by_ids(&self.created).unwrap_or(order), false),
        };
        let mut findings = Findings::default();
        findings.note(
            "date_order",
            order.code(),
            if is_sure { 1.0 } else { 0.5 },
            if is_sure { "its dates" } else { "its language" },
        );
        let mut of_file = |code, text: &str| {
            let place = Place { file: Arc::clone(&file.path), line: file.header_line.max(1), column: None };
            problems.push(Problem { place, code, text: text.to_owned() });
        };
        if file.no_records {
            of_file(ProblemCode::NoRecords, "the file says that there are no records");
        } else if !columns.iter().any(|column| is_code(column, "ID")) {
            of_file(ProblemCode::NoId, "no column holds the records' ids");
        }
        if !is_sure {
            of_file(ProblemCode::DateOrderUnsure, "the dates don't tell day from month; say --date-order");
        }
        problems.extend(self.problems);
        let unmapped = columns.iter().filter(|column| column.is_unmapped()).map(|column| column.name.clone()).collect();
        Survey {
            rows: self.rows,
            rejected: self.rejected,
            blank: self.blank,
            date_order: order,
            date_order_sure: is_sure,
            columns,
            ids: self.ids,
            rejected_ids: self.rejected_ids,
            created: self.created.into_iter().filter_map(|(id, date)| Some((id, date.moment(order)?))).collect(),
            newest: self.modified.value(order),
            names: self.names,
            unmapped,
            problems,
            findings,
            sha256,
            repeated: self.repeated,
            bytes,
        }
    }
}

/// The order in which the dates of creation follow the ids, which a portal gives out one after another; `None` when both do, or neither.
fn order_by_ids(created: &[(OriginalId, Loose)]) -> Option<DateOrder> {
    let mut created = created.to_vec();
    created.sort_by_key(|(id, _)| *id);
    let backward = |order| {
        let dates: Vec<_> = created.iter().filter_map(|(_, date)| date.date_time(order)).collect();
        dates.windows(2).filter(|pair| pair[1] < pair[0]).count()
    };
    let (day_first, month_first) = (backward(DateOrder::Dmy), backward(DateOrder::Mdy));
    if day_first * 4 < month_first { Some(DateOrder::Dmy) } else { (month_first * 4 < day_first).then_some(DateOrder::Mdy) }
}

/// The newest moment, in each order, as the order isn't known before the end.
#[derive(Default)]
struct Newest([(Option<DateTime>, Option<Timestamp>); 3]);

const ORDERS: [DateOrder; 3] = [DateOrder::Dmy, DateOrder::Mdy, DateOrder::Ymd];

impl Newest {
    fn add(&mut self, date: &Loose) {
        for (order, (clock, moment)) in ORDERS.into_iter().zip(&mut self.0) {
            match date.moment(order) {
                Some(Value::Clock(at)) => *clock = (*clock).max(Some(at)),
                Some(Value::Moment(at)) => *moment = (*moment).max(Some(at)),
                _ => {}
            }
        }
    }

    fn value(&self, order: DateOrder) -> Option<Value> {
        let (clock, moment) = self.0[ORDERS.iter().position(|known| *known == order)?];
        moment.map(Value::Moment).or(clock.map(Value::Clock))
    }
}
