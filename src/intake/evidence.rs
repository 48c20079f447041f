//! What the cells of a whole file tell of how it was written: decimal signs, ids or names, codes or labels, words for nothing.
//!
//! No single cell decides: `1.500`, `7` and `NULL` each mean one thing in one file and another in the next (csv 4, 8, 9). Every cell is
//! looked at once, without an allocation; what the votes come to is said in the file's [`Findings`].

use std::collections::HashMap;

use super::columns::{Column, Role};
use super::conventions::{Conventions, Suspect};
use super::detect::{CellMeaning, DateOrder, NumberStyle, RestoreFile};
use super::finding::Findings;
use super::group::{Chunk, Group};
use super::ids::whole;
use super::lines::Texts;
use super::lost::Loss;
use super::memo::Memo;
use super::nothing::{self, Word};
use super::number_votes::NumberVotes;
use super::user_votes::UserVotes;
use super::votes::{ColumnVotes, is_number};
use super::{protected, words};
use crate::model::{FieldDef, FieldType, Schema};

/// Fields of persons' names, in which nobody asks a question.
const NAMES: &[&str] = &["NAME", "SECOND_NAME", "LAST_NAME"];

/// Lines whose cells are asked at a time.
const LINES: usize = 64;

/// Looks at the cells of a file.
pub(super) struct Witness {
    watched: Vec<(usize, Matter)>,
    width: usize,
    /// The columns whose cells are asked whether they were encoded twice; none where nothing in the file's beginning was.
    lettered: Vec<usize>,
    /// The columns of texts, which are asked whether they have lost letters; none where the file's beginning has lost none.
    texts: Vec<usize>,
    /// The columns of texts, which are asked whether they became numbers with decimals; none where no number of the file's beginning has.
    measured: Vec<usize>,
    /// Some cells are protected from spreadsheets.
    is_protected: bool,
    /// The columns without a title, which are asked whether they hold anything.
    nameless: Vec<usize>,
    /// The header holds field codes, so that cells may hold a database's word for nothing.
    coded: bool,
}

/// What a column's cells can tell.
enum Matter {
    Number,
    Money,
    User,
    Link,
    Entries(Entries),
    Phone,
    /// A column that holds no free text: `NULL` in it is no word of a person.
    Typed,
}

impl Matter {
    /// Whether a word that a cell holds stands for nothing, in this file and so in its columns of texts too.
    fn tells_of(&self, word: Word, coded: bool) -> bool {
        match self {
            Self::Number | Self::Money | Self::Typed => true,
            // A person may be called Null, a list's item None; ids have no names.
            Self::User | Self::Link | Self::Entries(_) => coded && word.is_of_databases(),
            Self::Phone => word.is_no_name(),
        }
    }
}

/// The entries of a dictionary column; empty where there is no portal to ask.
type Entries = HashMap<String, Entry>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    Code,
    Label,
    /// The label of the entry that it is the code of.
    Same,
    /// The code of one entry and the label of another.
    Clash,
}

/// The votes of the cells seen so far.
#[derive(Debug, Clone)]
pub(super) struct Evidence {
    numbers: NumberVotes,
    money: NumberVotes,
    nothing: nothing::Votes,
    blanks: u64,
    users: UserVotes,
    columns: Vec<ColumnVotes>,
}

impl Witness {
    pub(super) fn of(file: &RestoreFile, columns: &[Column], schema: &Schema) -> Self {
        let watched = columns.iter().enumerate().filter_map(|(at, column)| Some((at, matter(column, schema)?))).collect();
        let lettered = if file.wear.is_twice_encoded { (0..columns.len()).collect() } else { Vec::new() };
        let asked = |is_worn: bool| if is_worn { texts(columns).collect() } else { Vec::new() };
        let (texts, measured) = (asked(file.wear.has_lost_letters), asked(file.wear.has_measures));
        let is_protected = file.wear.has_protected_cells;
        let nameless = (0..columns.len()).filter(|at| columns[*at].name.is_empty()).collect();
        Self { watched, width: columns.len(), lettered, texts, measured, is_protected, nameless, coded: file.is_coded() }
    }

    /// What the records of a part of the file tell. Some lines at a time are asked column by column: few enough that they stay near, and
    /// each column asks one thing.
    pub(super) fn hear(&self, chunk: &Chunk, groups: &[Group]) -> Evidence {
        let mut evidence = Evidence::of(self.width);
        let mut memo = Memo::of(self.width);
        let (mut lines, mut further_lines) = (Vec::with_capacity(LINES), Vec::new());
        for groups in groups.chunks(LINES) {
            lines.clear();
            further_lines.clear();
            for group in groups {
                let Group::Record { first, further, .. } = group else { continue };
                lines.push(chunk.cells(*first));
                further_lines.extend(further.iter().map(|at| chunk.cells(*at)));
            }
            for (at, matter) in &self.watched {
                self.column(*at, matter, &lines, &mut memo, &mut evidence);
                // Further lines repeat all but a record's products.
                if matches!(matter, Matter::Number) {
                    self.column(*at, matter, &further_lines, &mut memo, &mut evidence);
                }
            }
            self.wear(&lines, &mut evidence);
        }
        evidence
    }

    /// What the cells of a column tell of its matter.
    fn column<'t>(
        &self,
        at: usize,
        matter: &Matter,
        lines: &[Texts<'t>],
        memo: &mut Memo<'t, Option<Entry>>,
        evidence: &mut Evidence,
    ) {
        let Evidence { numbers, money, nothing, blanks, users, columns } = evidence;
        let votes = &mut columns[at];
        let counts_blanks = self.coded && !matches!(matter, Matter::Phone);
        let says_something = |text: &&str| {
            if text.is_empty() {
                *blanks += u64::from(counts_blanks);
                return false;
            }
            let Some(word) = Word::of(text) else { return true };
            if matter.tells_of(word, self.coded) {
                nothing.count(word);
            }
            false
        };
        let bare = |text: &'t str| if self.is_protected { protected::within(text) } else { text };
        let texts = lines.iter().map(|line| bare(words::trim(line.get(at).unwrap_or_default()))).filter(says_something);
        match matter {
            Matter::Number => texts.for_each(|text| numbers.count(text)),
            Matter::Money => texts.for_each(|text| money.count(text)),
            Matter::User => texts.for_each(|text| votes.count(users.count(whole(text)))),
            Matter::Link => texts.for_each(|text| votes.count(is_number(whole(text)))),
            Matter::Entries(entries) => texts.for_each(|text| {
                let known = *memo.get(at, text, |text| entries.get(whole(text)).copied());
                count_entry(votes, known, !entries.is_empty(), text);
            }),
            Matter::Phone => texts.for_each(|text| votes.phone(text)),
            Matter::Typed => texts.for_each(|_| {}),
        }
    }

    /// What the cells tell of how the file was worn; of most files nothing is asked.
    fn wear(&self, lines: &[Texts<'_>], evidence: &mut Evidence) {
        let cells = |at: usize| lines.iter().map(move |line| line.get(at).unwrap_or_default());
        for &at in &self.lettered {
            cells(at).for_each(|cell| evidence.columns[at].letters(cell));
        }
        for &at in &self.nameless {
            evidence.columns[at].filled += cells(at).filter(|cell| !words::trim(cell).is_empty()).count() as u64;
        }
        for &at in &self.measured {
            cells(at).map(words::trim).for_each(|cell| evidence.columns[at].measure(cell));
        }
        for &at in &self.texts {
            cells(at).for_each(|cell| evidence.columns[at].marks.count(cell));
        }
    }
}

fn matter(column: &Column, schema: &Schema) -> Option<Matter> {
    if let Role::Product(part) = column.role {
        return (part > 0).then_some(Matter::Number);
    }
    let def = column.def.as_deref().filter(|_| column.role == Role::Field)?;
    Some(match &def.kind {
        FieldType::Integer | FieldType::Double => Matter::Number,
        FieldType::Money => Matter::Money,
        FieldType::User => Matter::User,
        FieldType::Link(_) => Matter::Link,
        FieldType::Status(_) | FieldType::Enumeration | FieldType::Stage | FieldType::Pipeline => {
            Matter::Entries(entries(def, schema))
        }
        FieldType::Multi(multi) if multi.kind == "PHONE" => Matter::Phone,
        FieldType::Flag | FieldType::Date | FieldType::Moment | FieldType::Currency => Matter::Typed,
        _ => return None,
    })
}

/// The columns that hold texts of people.
fn texts(columns: &[Column]) -> impl Iterator<Item = usize> {
    let is_text = |column: &Column| {
        let kind = column.def.as_ref().filter(|_| column.role == Role::Field).map(|def| &def.kind);
        matches!(kind, Some(FieldType::Text | FieldType::LongText | FieldType::Address))
    };
    columns.iter().enumerate().filter(move |(_, column)| is_text(column)).map(|(at, _)| at)
}

/// Whether a column's cells name entries of a dictionary.
fn holds_entries(column: &Column) -> bool {
    let kind = column.def.as_ref().map(|def| &def.kind);
    matches!(kind, Some(FieldType::Status(_) | FieldType::Enumeration | FieldType::Stage | FieldType::Pipeline))
}

fn entries(def: &FieldDef, schema: &Schema) -> Entries {
    let mut pairs: Vec<(String, &str)> = Vec::new();
    let mut directory = |name: &str| {
        pairs.extend(schema.entries(name).iter().map(|entry| (entry.code.clone(), entry.name.as_str())));
    };
    match &def.kind {
        FieldType::Status(name) => directory(name),
        FieldType::Stage => {
            let stages = schema.directories.keys().filter(|name| *name == "DEAL_STAGE" || name.starts_with("DEAL_STAGE_"));
            stages.for_each(|name| directory(name));
        }
        FieldType::Pipeline => pairs.extend(schema.pipelines.iter().map(|of| (of.id.to_string(), of.name.as_str()))),
        _ => pairs.extend(def.items.iter().map(|(id, label)| (id.clone(), label.as_str()))),
    }
    let mut entries: Entries = HashMap::new();
    for (_, label) in &pairs {
        entries.insert(label.trim().to_owned(), Entry::Label);
    }
    for (code, label) in &pairs {
        let known = entries.get(code.as_str()).copied();
        let entry = match known {
            Some(Entry::Label) if label.trim() == code => Entry::Same,
            Some(_) => Entry::Clash,
            None => Entry::Code,
        };
        entries.insert(code.clone(), entry);
    }
    entries
}

impl Evidence {
    pub(super) fn of(width: usize) -> Self {
        Self {
            numbers: NumberVotes::default(),
            money: NumberVotes::default(),
            nothing: nothing::Votes::default(),
            blanks: 0,
            users: UserVotes::default(),
            columns: vec![ColumnVotes::default(); width],
        }
    }

    /// Adds what another part of the file tells.
    pub(super) fn add(&mut self, other: &Self) {
        self.numbers.add(&other.numbers);
        self.money.add(&other.money);
        self.nothing.add(&other.nothing);
        self.blanks += other.blanks;
        self.users.add(&other.users);
        for (own, other) in self.columns.iter_mut().zip(&other.columns) {
            own.add(other);
        }
    }

    /// How the file's cells are to be read, and what that was found by.
    pub(super) fn decide(&self, file: &RestoreFile, columns: &[Column], date_order: DateOrder) -> (Conventions, Findings) {
        let mut findings = Findings::default();
        let numbers = self.decide_numbers(file, &mut findings);
        let money = match (file.said.numbers, self.money.decide()) {
            (Some(given), _) => given,
            (None, Some((style, _))) => style,
            (None, None) => numbers,
        };
        self.note_users(file, &mut findings);
        self.note_dictionaries(file, columns, &mut findings);
        let coded = columns.iter().enumerate().map(|(at, column)| self.is_coded(file, at, column)).collect();
        // A snapshot and most programs write nothing as nothing; where they do, `NULL` is somebody's text.
        let told = self.nothing.decide();
        let nothing = if file.is_coded() && self.blanks == 0 { told.with_databases() } else { told };
        if let Some((words, count)) = self.nothing.told() {
            findings.note("empty", &words, 1.0, format!("{count} cells of columns without free text hold it"));
        }
        let plus_lost = self.columns.iter().map(ColumnVotes::plus_lost).collect();
        let twice = self.columns.iter().map(ColumnVotes::is_twice).collect();
        let conventions = Conventions {
            date_order,
            numbers,
            money,
            currency: None,
            clocks: None,
            coded,
            nothing,
            plus_lost,
            suspect: None,
            twice,
            turned: Vec::new(),
            measured: self.columns.iter().map(ColumnVotes::is_measured).collect(),
            is_protected: file.wear.has_protected_cells,
        };
        (conventions, findings)
    }

    /// What single cells are to be asked about.
    pub(super) fn suspect(&self, columns: &[Column], zeros: bool) -> Option<Suspect> {
        let mut losses = vec![Loss::None; columns.len()];
        for at in texts(columns) {
            let is_name = columns[at].code.as_ref().is_some_and(|code| NAMES.contains(&code.as_str()));
            losses[at] = self.columns[at].marks.decide(is_name);
        }
        (zeros || losses.iter().any(|loss| *loss != Loss::None)).then_some(Suspect { zeros, losses })
    }

    fn decide_numbers(&self, file: &RestoreFile, findings: &mut Findings) -> NumberStyle {
        if let Some(given) = file.said.numbers {
            findings.note("numbers", given.code(), 1.0, "given by --numbers");
            return given;
        }
        let NumberVotes { point, comma, open } = self.numbers;
        if let Some((style, confidence)) = self.numbers.decide() {
            let how = format!("{} of {} numbers that tell", point.max(comma), point + comma);
            findings.note("numbers", style.code(), confidence, how);
            return style;
        }
        // The list export prints a raw number (csv 4.4).
        let how = format!("no number tells; {open} may be read either way; a point is taken for the decimal sign");
        findings.note("numbers", "unsure", 0.5, how);
        NumberStyle::Point
    }

    /// Whether number cells may be read either way and nothing in the file says which.
    pub(super) fn numbers_are_open(&self) -> bool {
        self.numbers.open > 0 && self.numbers.decide().is_none_or(|(_, confidence)| confidence < 0.95)
    }

    /// How many number cells may be read either way, where not one says which.
    pub(super) fn numbers_untold(&self) -> Option<u64> {
        Some(self.numbers.open).filter(|open| *open > 0 && self.numbers.decide().is_none())
    }

    /// The columns that are read as they were before somebody encoded them a second time, and how many of their cells tell so.
    pub(super) fn twice_encoded(&self) -> impl Iterator<Item = (usize, u64)> {
        self.columns.iter().enumerate().filter(|(_, votes)| votes.is_twice()).map(|(at, votes)| (at, votes.twice))
    }

    /// Whether a column has neither a title nor a text in any cell: a spreadsheet's margin.
    pub(super) fn is_margin(&self, at: usize, column: &Column) -> bool {
        column.name.is_empty() && self.columns[at].filled == 0
    }

    /// The columns in which a cell is the code of one entry and the label of another.
    pub(super) fn open_columns(&self, columns: &[Column]) -> Vec<usize> {
        (0..self.columns.len()).filter(|at| self.columns[*at].clashes > 0 && holds_entries(&columns[*at])).collect()
    }

    fn note_users(&self, file: &RestoreFile, findings: &mut Findings) {
        let UserVotes { ids, names, logins, bracketed } = self.users;
        let votes = [("id", ids), ("label", names), ("login", logins), ("label [id]", bracketed)];
        let all: u64 = votes.iter().map(|(_, count)| count).sum();
        let Some((value, most)) = votes.into_iter().reduce(|best, next| if next.1 > best.1 { next } else { best }) else {
            return;
        };
        match file.said.cells {
            _ if all == 0 => {}
            Some(CellMeaning::Codes) => findings.note("users", "id", 1.0, "given by --cells"),
            Some(CellMeaning::Labels) => findings.note("users", "label", 1.0, "given by --cells"),
            None => findings.note("users", value, most as f32 / all as f32, format!("{most} of {all} cells of users")),
        }
    }

    fn note_dictionaries(&self, file: &RestoreFile, columns: &[Column], findings: &mut Findings) {
        let of_entries = || self.columns.iter().zip(columns).filter(|(_, column)| holds_entries(column));
        let codes: u64 = of_entries().map(|(votes, _)| votes.codes).sum();
        let labels: u64 = of_entries().map(|(votes, _)| votes.labels).sum();
        let all = codes + labels;
        match file.said.cells {
            Some(given) => {
                let value = if given == CellMeaning::Codes { "code" } else { "label" };
                findings.note("dictionaries", value, 1.0, "given by --cells");
            }
            None if all == 0 => {}
            None => {
                let (value, most) = if codes > labels { ("code", codes) } else { ("label", labels) };
                let how = format!("{most} of {all} cells of dictionaries; decided column by column");
                findings.note("dictionaries", value, most as f32 / all as f32, how);
            }
        }
    }

    /// Whether a column's cells hold codes and ids: as given, as most of its cells tell, else as the header is written.
    fn is_coded(&self, file: &RestoreFile, at: usize, column: &Column) -> bool {
        if let Some(given) = file.said.cells {
            return given == CellMeaning::Codes;
        }
        let votes = &self.columns[at];
        match column.def.as_ref().map(|def| &def.kind) {
            // A company may be called 1234; a whole column of such names is one of ids.
            Some(FieldType::Link(_)) if !file.is_coded() => votes.labels == 0 && votes.codes >= 3,
            Some(FieldType::Link(_)) => true,
            _ if votes.codes == votes.labels => file.is_coded(),
            _ => votes.codes > votes.labels,
        }
    }
}

/// Counts what a cell of a dictionary's column names.
fn count_entry(votes: &mut ColumnVotes, known: Option<Entry>, of_portal: bool, text: &str) {
    match known {
        Some(Entry::Code) => votes.codes += 1,
        Some(Entry::Label) => votes.labels += 1,
        Some(Entry::Clash) => votes.clashes += 1,
        // Without a portal a code is told by its form: capitals, digits, the signs between a pipeline and its stage.
        None if !of_portal => votes.count(text.bytes().all(is_of_code)),
        Some(Entry::Same) | None => {}
    }
}

fn is_of_code(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"_:|-".contains(&byte)
}
