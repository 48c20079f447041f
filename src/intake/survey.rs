//! The first pass over a whole file: what must be known of all its rows before the first one can be read or compared.

use std::io::{self, Read};
use std::sync::Arc;

use encoding_rs::UTF_8;
use rayon::prelude::*;
use roaring::RoaringTreemap;
use sha2::{Digest, Sha256};

use super::census::Census;
use super::columns::{self, Column, Role};
use super::conventions::Conventions;
use super::dates::Loose;
use super::detect::{DateOrder, RestoreFile};
use super::error::IntakeError;
use super::evidence::{Evidence, Witness};
use super::finding::Findings;
use super::group::{Chunk, Group, Groups, Repeats};
use super::ids::{Ids, SeenIds, whole};
use super::mojibake;
use super::nothing::Word;
use super::order::{Decided, Newest, OrderVotes, order_by_ids};
use super::rivals::Rivals;
use super::row::is_code;
use super::rows::BUFFER_BYTES;
use super::split::Texts;
use super::spoilt::{self, Spoilt};
use super::spool::{Input, hex};
use crate::event::{Event, Observer, Phase};
use crate::model::{
    Cells, EntityType, FieldType, OriginalId, PersonName, Place, Problem, ProblemCode, RejectReason, Schema, Value, fold,
    name_keys,
};

/// Groups whose cells are heard at a stretch.
const STRETCH: usize = 512;
/// Records whose creation is kept where a sample is enough.
const SAMPLE: usize = 1 << 17;
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
    births: Births,
    changes: Newest,
}

/// What a survey keeps of the single records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// All that a comparison asks for: some 40 bytes a record, and its names.
    All,
    /// The ids, and when some of the records were created: a file of any size is told of in little memory.
    Sample,
}

/// When records were created.
#[derive(Debug, Clone, PartialEq)]
struct Births {
    kept: Vec<(OriginalId, Loose)>,
    /// Of so many records one is kept.
    stride: usize,
    /// How many are to be passed over before the next one is kept.
    skip: usize,
    max: usize,
}

impl Births {
    fn of(keep: Keep) -> Self {
        let max = if keep == Keep::All { usize::MAX } else { SAMPLE };
        Self { kept: Vec::new(), stride: 1, skip: 0, max }
    }

    fn add(&mut self, births: &[(OriginalId, Loose)]) {
        if self.stride == 1 && births.len() < self.max - self.kept.len() {
            self.kept.extend_from_slice(births);
            return;
        }
        for birth in births {
            if self.skip > 0 {
                self.skip -= 1;
                continue;
            }
            if self.kept.len() == self.max {
                let mut at = 0;
                self.kept.retain(|_| (at % 2 == 0, at += 1).0);
                self.stride *= 2;
            }
            self.kept.push(*birth);
            self.skip = self.stride - 1;
        }
    }
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
    let mut groups =
        Groups::new(file, Hashing { source, digest: Sha256::new(), census: Census::of(file) }, BUFFER_BYTES, Repeats::Seen(seen));
    let surveyor = Surveyor::new(file, &columns, schema, keep);
    let witness = Witness::of(file, &columns, schema);
    let mut evidence = Evidence::of(columns.len());
    let mut found = Gathered::new(keep);
    let mut told = 0;
    let mut next = groups.chunk()?;
    while let Some(chunk) = next {
        let look = || {
            let parts = chunk.groups.par_chunks(STRETCH);
            parts.map(|part| (surveyor.facts(&chunk, part), witness.hear(&chunk, part))).collect::<Vec<(Facts, Evidence)>>()
        };
        // What can't be divided goes first; the parts of the other fill the cores up.
        let (ahead, parts) = rayon::join(|| groups.chunk(), look);
        for (facts, heard) in parts {
            found.learn(facts);
            evidence.add(&heard);
        }
        chunk.groups.iter().for_each(|group| found.add(file, group));
        next = ahead?;
        progress.event(Event::Advance { phase: Phase::Survey, by: groups.bytes() - told });
        told = groups.bytes();
    }
    let bytes = groups.bytes();
    let (sha256, census) = groups.into_source().finish().map_err(|error| file.io_error(bytes, error))?;
    if found.bad_bytes > 0 && file.codec == UTF_8 {
        let places = spoilt::places(file.open()?).map_err(|error| file.io_error(0, error))?;
        found.name_bad_bytes(&places);
    }
    let sha256 = file.own_digest().map_or(sha256, str::to_owned);
    problems.extend(file.problems.iter().cloned().chain(census.problems(file)));
    progress.event(Event::End { phase: Phase::Survey });
    let mut survey = found.survey(file, columns, problems, &evidence, sha256, bytes);
    survey.open.rivals = rivals;
    Ok(survey)
}

/// Digests what is read through it.
struct Hashing {
    source: Input,
    digest: Sha256,
    census: Census,
}

impl Read for Hashing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(buffer)?;
        self.digest.update(&buffer[..length]);
        self.census.take(&buffer[..length]);
        Ok(length)
    }
}

impl Hashing {
    /// The digest of the whole file, in hex; reads what nobody has read.
    fn finish(mut self) -> io::Result<(String, Census)> {
        io::copy(&mut self, &mut io::sink())?;
        Ok((hex(&self.digest.finalize()), self.census))
    }
}

/// Where in the lines of a file the facts stand.
struct Surveyor<'a> {
    schema: &'a Schema,
    entity: EntityType,
    coded: bool,
    dates: Vec<usize>,
    created: Option<usize>,
    modified: Option<usize>,
    names: [Option<usize>; 4],
}

/// What some records add.
#[derive(Default)]
struct Facts {
    votes: OrderVotes,
    created: Vec<(OriginalId, Loose)>,
    newest: Newest,
    names: Vec<(OriginalId, Vec<String>)>,
}

impl<'a> Surveyor<'a> {
    fn new(file: &RestoreFile, columns: &[Column], schema: &'a Schema, keep: Keep) -> Self {
        let of_code = |code: &str| columns.iter().position(|column| is_code(column, code));
        let is_date =
            |column: &Column| column.def.as_ref().is_some_and(|def| matches!(def.kind, FieldType::Date | FieldType::Moment));
        let names = match file.entity {
            _ if keep == Keep::Sample => [None; 4],
            EntityType::Company => [of_code("TITLE"), None, None, None],
            EntityType::Contact => ["HONORIFIC", "NAME", "SECOND_NAME", "LAST_NAME"].map(of_code),
            EntityType::Lead | EntityType::Deal => [None; 4],
        };
        Self {
            schema,
            entity: file.entity,
            coded: file.is_coded(),
            dates: columns.iter().enumerate().filter(|(_, column)| is_date(column)).map(|(at, _)| at).collect(),
            created: of_code("DATE_CREATE"),
            modified: of_code("DATE_MODIFY"),
            names,
        }
    }

    fn facts(&self, chunk: &Chunk, groups: &[Group]) -> Facts {
        let mut facts = Facts::default();
        for group in groups {
            let Group::Record { id, first, .. } = group else { continue };
            let cells = chunk.cells(*first);
            if self.names.iter().any(Option::is_some) {
                let names = self.names_of(cells);
                if !names.is_empty() {
                    facts.names.push((*id, names));
                }
            }
            for &at in &self.dates {
                let Some(date) = cells.get(at).filter(|cell| !cell.is_empty()).and_then(Loose::parse) else { continue };
                facts.votes.count(&date);
                let (is_created, is_modified) = (self.created == Some(at), self.modified == Some(at));
                if is_created {
                    facts.created.push((*id, date));
                }
                if is_created || is_modified {
                    facts.newest.add(&date);
                }
            }
        }
        facts
    }

    /// The texts under which another record's link may name this one.
    fn names_of(&self, cells: Texts<'_>) -> Vec<String> {
        let is_name =
            |cell: &&str| Word::of(cell).is_none_or(|word| !(word.is_no_name() || self.coded && word.is_of_databases()));
        let [first, name, second, last] = self.names.map(|at| {
            at.and_then(|at| cells.get(at)).map(str::trim).filter(is_name).map(mojibake::meant).unwrap_or_default().into_owned()
        });
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
struct Gathered {
    rows: u64,
    rejected: u64,
    blank: u64,
    votes: OrderVotes,
    ids: Ids,
    rejected_ids: Ids,
    births: Births,
    changes: Newest,
    names: Vec<(OriginalId, Vec<String>)>,
    problems: Vec<Problem>,
    repeated: RoaringTreemap,
    bad_bytes: usize,
    /// The first line that looks like a product of a record above, but stands apart from it, and how many there are.
    scattered: Option<(u64, u64)>,
}

impl Gathered {
    fn new(keep: Keep) -> Self {
        Self {
            rows: 0,
            rejected: 0,
            blank: 0,
            votes: OrderVotes::default(),
            ids: Ids::default(),
            rejected_ids: Ids::default(),
            births: Births::of(keep),
            changes: Newest::default(),
            names: Vec::new(),
            problems: Vec::new(),
            repeated: RoaringTreemap::new(),
            bad_bytes: 0,
            scattered: None,
        }
    }

    fn learn(&mut self, facts: Facts) {
        self.votes.add(&facts.votes);
        self.births.add(&facts.created);
        self.changes.merge(&facts.newest);
        self.names.extend(facts.names);
    }

    fn add(&mut self, file: &RestoreFile, group: &Group) {
        let problem =
            |line, code, text| Problem { place: Place { file: Arc::clone(&file.path), line, column: None }, code, text };
        match group {
            Group::Record { id, .. } => {
                self.rows += 1;
                self.ids.insert(*id);
            }
            Group::Rejected(reject) => {
                self.rows += 1;
                self.rejected += 1;
                let id = file.columns.iter().position(|column| is_code(column, "ID")).and_then(|id| reject.cells.get(id));
                if let Some(id) = id.and_then(|id| whole(id.trim()).parse().ok()) {
                    self.rejected_ids.insert(OriginalId(id));
                }
                if reject.reason == RejectReason::DuplicateId {
                    self.repeated.insert(reject.place.line);
                    if names_product(file, &reject.cells) {
                        let (line, count) = self.scattered.unwrap_or((reject.place.line, 0));
                        self.scattered = Some((line, count + 1));
                    }
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

    /// Says where the bytes stand: a line's are those from its beginning to the next line that has some.
    fn name_bad_bytes(&mut self, mut places: &[Spoilt]) {
        let all = self.bad_bytes;
        let mut told: Vec<&mut Problem> =
            self.problems.iter_mut().filter(|problem| problem.code == ProblemCode::BadBytes).collect();
        for at in 0..told.len() {
            let (line, next) = (told[at].place.line, told.get(at + 1).map(|next| next.place.line));
            places = &places[places.partition_point(|place| place.line < line)..];
            let own = match next {
                Some(next) => places.partition_point(|place| place.line < next),
                // Of further lines it is only told how many there are.
                None if all > told.len() => places.partition_point(|place| place.line == line),
                None => places.len(),
            };
            told[at].text.push_str(&spoilt::named(&places[..own]));
        }
    }

    fn survey(
        self,
        file: &RestoreFile,
        columns: Vec<Column>,
        mut problems: Vec<Problem>,
        evidence: &Evidence,
        sha256: String,
        bytes: u64,
    ) -> Survey {
        let Decided { order, sure: is_sure, confidence, how } = self.order(file);
        let (mut conventions, told) = evidence.decide(file, &columns, order);
        let zeros = problems.iter().any(|problem| problem.code == ProblemCode::NulBytes);
        conventions.suspect = evidence.suspect(&columns, zeros);
        let mut findings = Findings::default();
        findings.note("date_order", order.code(), confidence, how);
        if let Some((clock, confidence, how)) = self.votes.clock() {
            findings.note("clock", clock, confidence, how);
        }
        findings.extend(&told);
        let open = Open {
            rivals: Vec::new(),
            date_order: file.date_order.is_none() && self.votes.is_open(),
            numbers: file.said.numbers.is_none() && evidence.numbers_are_open(),
            columns: if file.said.cells.is_none() { evidence.open_columns(&columns) } else { Vec::new() },
        };
        let mut of_file = |code, line: u64, text: &str| {
            let place = Place { file: Arc::clone(&file.path), line, column: None };
            problems.push(Problem { place, code, text: text.to_owned() });
        };
        let header = file.header_line.max(1);
        if file.no_records {
            of_file(ProblemCode::NoRecords, header, "the file says that there are no records");
        } else if !columns.iter().any(|column| is_code(column, "ID")) {
            of_file(ProblemCode::NoId, header, "no column holds the records' ids");
        }
        if !is_sure {
            of_file(ProblemCode::DateOrderUnsure, header, "the dates don't tell day from month; say --date-order");
        }
        if let Some(count) = evidence.numbers_untold().filter(|_| file.said.numbers.is_none() && !file.is_coded()) {
            let text = format!("{count} numbers such as `1.500` may be read in two ways, and none tells which; say --numbers");
            of_file(ProblemCode::NumbersUnsure, header, &text);
        }
        if let Some((line, count)) = self.scattered {
            let text = format!("{count} product lines stand apart from their record's first line: sort the file by ID");
            of_file(ProblemCode::ProductsScattered, line, &text);
        }
        let is_told = file.problems.iter().any(|problem| problem.code == ProblemCode::Mojibake);
        for (at, cells) in evidence.twice_encoded().filter(|_| !is_told) {
            let place = Place { file: Arc::clone(&file.path), line: header, column: Some(columns[at].name.clone()) };
            let text = format!("{cells} cells of this column were encoded twice, and none once: they are read as they were");
            problems.push(Problem { place, code: ProblemCode::Mojibake, text });
        }
        problems.extend(self.problems);
        let is_unmapped = |(at, column): &(usize, &Column)| column.is_unmapped() && !evidence.is_margin(*at, column);
        let unmapped = columns.iter().enumerate().filter(is_unmapped).map(|(_, column)| column.name.clone()).collect();
        Survey {
            rows: self.rows,
            rejected: self.rejected,
            blank: self.blank,
            conventions,
            date_order_sure: is_sure,
            open,
            columns,
            ids: self.ids,
            rejected_ids: self.rejected_ids,
            names: self.names,
            unmapped,
            problems,
            findings,
            sha256,
            repeated: self.repeated,
            bytes,
            births: self.births,
            changes: self.changes,
        }
    }

    /// The order of dates: given, or told by the dates, by the order of the ids, by the language.
    fn order(&self, file: &RestoreFile) -> Decided {
        if let Some(order) = file.date_order {
            return Decided { order, sure: true, confidence: 1.0, how: "given by --date-order".to_owned() };
        }
        let decided = self.votes.decide(file.language);
        match order_by_ids(&self.births.kept).filter(|_| !decided.sure) {
            Some(order) => {
                let how = "the ids, which a portal gives out in the order of creation; no date tells day from month";
                Decided { order, sure: false, confidence: 0.8, how: how.to_owned() }
            }
            None => decided,
        }
    }
}

/// Whether a line has a product in it.
fn names_product(file: &RestoreFile, cells: &Cells) -> bool {
    let products = file.columns.iter().enumerate().filter(|(_, column)| matches!(column.role, Role::Product(_)));
    products.map(|(at, _)| at).any(|at| cells.get(at).is_some_and(|cell| !cell.trim().is_empty()))
}
