//! What the rows of a file have told so far, and the survey that comes of it in the end.

use std::sync::Arc;

use roaring::RoaringTreemap;

use super::births::Births;
use super::columns::{Column, Role};
use super::detect::RestoreFile;
use super::evidence::Evidence;
use super::facts::{Facts, date_columns};
use super::finding::Findings;
use super::group::{Group, Remark};
use super::ids::{MetIds, whole};
use super::order::{Decided, Newest, OrderVotes, order_by_ids};
use super::row::is_code;
use super::spoilt::{self, Spoilt};
use super::survey::{Keep, Open, Survey};
use super::turned::{self, Turned};
use crate::model::{Cells, OriginalId, Place, Problem, ProblemCode, RejectReason};

/// Problems of one code that are told one by one; the rest is only counted.
const PROBLEMS_MAX: usize = 1000;

/// What the rows have told so far.
pub(super) struct Gathered {
    rows: u64,
    rejected: u64,
    blank: u64,
    votes: OrderVotes,
    /// What the dates of each column tell of how a spreadsheet has left them.
    turned: Vec<turned::Votes>,
    ids: MetIds,
    rejected_ids: MetIds,
    births: Births,
    changes: Newest,
    names: Vec<(OriginalId, Vec<String>)>,
    problems: Vec<Problem>,
    repeated: RoaringTreemap,
    pub(super) bad_bytes: usize,
    /// The first line that looks like a product of a record above, but stands apart from it, and how many there are.
    scattered: Option<(u64, u64)>,
}

impl Gathered {
    pub(super) fn new(keep: Keep) -> Self {
        Self {
            rows: 0,
            rejected: 0,
            blank: 0,
            votes: OrderVotes::default(),
            turned: Vec::new(),
            ids: MetIds::default(),
            rejected_ids: MetIds::default(),
            births: Births::of(keep),
            changes: Newest::default(),
            names: Vec::new(),
            problems: Vec::new(),
            repeated: RoaringTreemap::new(),
            bad_bytes: 0,
            scattered: None,
        }
    }

    pub(super) fn learn(&mut self, facts: Facts) {
        self.votes.add(&facts.votes);
        self.turned.resize(facts.turned.len(), turned::Votes::default());
        self.turned.iter_mut().zip(&facts.turned).for_each(|(own, other)| own.add(other));
        self.births.add(&facts.created);
        self.changes.merge(&facts.newest);
        self.names.extend(facts.names);
    }

    pub(super) fn add(&mut self, file: &RestoreFile, group: &Group) {
        self.rows += 1;
        match group {
            Group::Record { id, .. } => _ = self.ids.insert(*id),
            Group::Rejected(reject) => {
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
        }
    }

    pub(super) fn note(&mut self, file: &RestoreFile, remark: Remark) {
        let problem =
            |line, code, text| Problem { place: Place { file: Arc::clone(&file.path), line, column: None }, code, text };
        match remark {
            Remark::Blank { line } => {
                self.blank += 1;
                if self.blank as usize <= PROBLEMS_MAX {
                    self.problems.push(problem(line, ProblemCode::BlankLine, String::new()));
                }
            }
            Remark::BadBytes { line, count } => {
                self.bad_bytes += 1;
                if self.bad_bytes <= PROBLEMS_MAX {
                    let text = format!("{count} byte sequences are no {}", file.encoding);
                    self.problems.push(problem(line, ProblemCode::BadBytes, text));
                }
            }
        }
    }

    /// Says where the bytes stand: a line's are those from its beginning to the next line that has some.
    pub(super) fn name_bad_bytes(&mut self, mut places: &[Spoilt]) {
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

    pub(super) fn survey(
        mut self,
        file: &RestoreFile,
        columns: Vec<Column>,
        mut problems: Vec<Problem>,
        evidence: &Evidence,
        sha256: String,
        bytes: u64,
    ) -> Survey {
        let turned = self.take_turned(&columns);
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
            let text = if self.votes.may_begin_with_years() {
                "years of two digits may stand first or last (`24/01/13`); say --date-order"
            } else {
                "the dates don't tell day from month; say --date-order"
            };
            of_file(ProblemCode::DateOrderUnsure, header, text);
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
        for &at in turned.iter().flat_map(|turned| &turned.columns) {
            let place = Place { file: Arc::clone(&file.path), line: header, column: Some(columns[at].name.clone()) };
            let text = turned_words(turned.as_ref().is_some_and(|turned| turned.is_sure)).to_owned();
            problems.push(Problem { place, code: ProblemCode::DatesTurned, text });
        }
        conventions.turned = turned.filter(|turned| turned.is_sure).map(|turned| turned.columns).unwrap_or_default();
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
            ids: self.ids.into(),
            rejected_ids: self.rejected_ids.into(),
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

    /// The columns whose real dates a spreadsheet has turned round, or may have. Where it surely has, none of them is a birth to go by.
    fn take_turned(&mut self, columns: &[Column]) -> Option<Turned> {
        let places: Vec<usize> = date_columns(columns).collect();
        let mut turned = turned::decide(&self.turned)?;
        for at in &mut turned.columns {
            *at = places[*at];
        }
        let is_of = |code: &str| turned.columns.iter().any(|at| is_code(&columns[*at], code));
        let (created, modified) = (is_of("DATE_CREATE"), is_of("DATE_MODIFY"));
        if turned.is_sure && created {
            self.births.kept.retain(|(_, date)| !turned::may_be(date));
        }
        if turned.is_sure && (created || modified) {
            self.changes = Newest::default();
            self.births.kept.iter().for_each(|(_, date)| self.changes.add(date));
        }
        Some(turned)
    }

    /// The order of dates: given, or told by the dates, by the order of the ids, by the language.
    fn order(&self, file: &RestoreFile) -> Decided {
        if let Some(order) = file.date_order {
            return Decided { order, sure: true, confidence: 1.0, how: "given by --date-order".to_owned() };
        }
        let decided = self.votes.decide(file.language);
        if decided.sure {
            return decided;
        }
        match order_by_ids(&self.births.kept, self.votes.may_begin_with_years()) {
            Some(order) => {
                let how = "the ids, which a portal gives out in the order of creation; no date tells day from month";
                Decided { order, sure: false, confidence: 0.8, how: how.to_owned() }
            }
            None => decided,
        }
    }
}

/// What is said of a column with dates that a spreadsheet has turned round, or may have.
fn turned_words(is_sure: bool) -> &'static str {
    if is_sure {
        "a spreadsheet of another region has exchanged day and month where both are at most 12: none of these dates has a day beyond, and \
         all that stayed text have one; they are left out, ask for the file as it was"
    } else {
        "a spreadsheet of another region may have exchanged day and month: no real date has a day beyond 12, and all that stayed text \
         have one; compare some of them with the file as it was"
    }
}

/// Whether a line has a product in it.
fn names_product(file: &RestoreFile, cells: &Cells) -> bool {
    let products = file.columns.iter().enumerate().filter(|(_, column)| matches!(column.role, Role::Product(_)));
    products.map(|(at, _)| at).any(|at| cells.get(at).is_some_and(|cell| !cell.trim().is_empty()))
}
