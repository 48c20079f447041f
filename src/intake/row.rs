//! The lines of one record -> its row.

use std::sync::Arc;

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::cells::{Cell, CellReader, RowPipeline, product_number};
use super::columns::{Column, Role};
use super::contacts::{contacts, types_of};
use super::conventions::Conventions;
use super::damage;
use super::detect::RestoreFile;
use super::group::{Chunk, Group};
use super::lines::Texts;
use super::memo::Memo;
use super::mojibake;
use super::ways::{Shape, Way};
use crate::model::{
    ANY_TYPE, FieldCode, FieldType, FileRecord, OriginalId, Place, Problem, ProblemCode, ProductRow, Reject, Row, Schema,
    USUAL_TYPE, Value,
};

/// What is shown of a cell that has a problem.
const PROBLEM_TEXT_MAX: usize = 120;

/// Makes rows of a file's groups.
pub(super) struct RowReader<'a> {
    file: &'a RestoreFile,
    columns: &'a [Column],
    /// The columns that hold a field of their own.
    fields: Vec<FieldColumn>,
    /// How many of them hold one of a few values.
    few: usize,
    /// The codes of those fields, and behind them that of the products: what all records of the file share.
    codes: Arc<Vec<FieldCode>>,
    /// The columns that hold all multi-fields of a kind.
    contacts: Vec<(usize, &'static str)>,
    cells: CellReader<'a>,
    conventions: &'a Conventions,
    /// Whether the conventions leave nothing to ask of every cell.
    is_usual: bool,
    /// The pipeline's place among the fields.
    pipeline: Option<usize>,
    currency: Option<usize>,
    /// Columns of one field: that with a client's id, and that with the name (csv 3.2).
    twins: Vec<(usize, usize)>,
    /// Where name, price and quantity of products stand.
    products: [Option<usize>; 3],
}

/// A column that holds a field of its own.
struct FieldColumn {
    code: FieldCode,
    way: Way,
    course: Course,
}

/// What is to be asked about the cells of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    /// Nothing but what they say.
    Plain,
    /// Nothing, as they are taken as they stand.
    Text,
    /// They are one of a few, and dear to read: the column's place among those.
    Few(usize),
    /// They are amounts, whose currency another column says; or another column says more of their field.
    Joined { has_twin: bool, is_total: bool },
}

/// The lines of one record.
struct RecordLines<'l, 't> {
    all: &'l [Texts<'t>],
    first: Texts<'t>,
    pipeline: RowPipeline,
    /// Whether the cells of the first line stand as they were written.
    is_sound: bool,
}

/// What cells of few values have come to.
pub(super) struct Known<'t> {
    /// By column, each within its row's pipeline.
    cells: Memo<'t, (RowPipeline, Cell)>,
    pipelines: Memo<'t, RowPipeline>,
}

impl FieldColumn {
    /// Whether its cells are one of a few, and dear to read.
    fn has_few(&self) -> bool {
        use FieldType::{Currency, Enumeration, Flag, Pipeline, Stage, Status, User};
        matches!(&self.way.def.kind, Status(_) | Enumeration | Stage | Pipeline | Currency | User | Flag)
    }
}

impl<'a> RowReader<'a> {
    pub(super) fn new(file: &'a RestoreFile, columns: &'a [Column], schema: &'a Schema, conventions: &'a Conventions) -> Self {
        let of_code = |code: &str| columns.iter().position(|column| column.role == Role::Field && is_code(column, code));
        let ids = columns.iter().enumerate().filter(|(_, column)| column.role == Role::ClientId && column.code.is_some());
        let name = |id: &Column| columns.iter().position(|column| column.role == Role::Field && column.code == id.code);
        let twins: Vec<(usize, usize)> = ids.filter_map(|(at, column)| Some((at, name(column)?))).collect();
        let products = [0, 1, 2].map(|part| columns.iter().position(|column| column.role == Role::Product(part)));
        let cells = CellReader::new(schema, file.is_coded(), conventions);
        let mut fields: Vec<FieldColumn> =
            columns.iter().enumerate().filter_map(|(at, column)| field_of(at, column, &cells)).collect();
        let opportunity = of_code("OPPORTUNITY");
        let is_joined = |at| twins.iter().any(|&(id, name)| at == id || at == name);
        let mut few = 0;
        for field in &mut fields {
            let (has_twin, is_total) = (is_joined(field.way.at), opportunity == Some(field.way.at));
            if has_twin || is_total || field.way.has_currency {
                field.course = Course::Joined { has_twin, is_total };
            } else if field.has_few() {
                field.course = Course::Few(few);
                few += 1;
            } else if field.way.shape == Shape::Text {
                field.course = Course::Text;
            }
        }
        let contacts = |(at, column): (usize, &Column)| match column.role {
            Role::Contacts(kind) => Some((at, kind)),
            _ => None,
        };
        let of_products = products[0].map(|_| FieldCode::from("PRODUCTS"));
        Self {
            file,
            columns,
            codes: Arc::new(fields.iter().map(|field| field.code.clone()).chain(of_products).collect()),
            pipeline: of_code("CATEGORY_ID").and_then(|at| fields.iter().position(|field| field.way.at == at)),
            fields,
            few,
            contacts: columns.iter().enumerate().filter_map(contacts).collect(),
            cells,
            conventions,
            is_usual: conventions.are_usual(),
            currency: of_code("CURRENCY_ID"),
            twins,
            products,
        }
    }

    /// Nothing known yet, for some rows of a chunk.
    pub(super) fn known<'t>(&self) -> Known<'t> {
        Known { cells: Memo::of(self.few), pipelines: Memo::of(1) }
    }

    /// The row of a group.
    pub(super) fn row<'t>(&self, chunk: &'t Chunk, group: &Group, known: &mut Known<'t>) -> Row {
        match group {
            Group::Record { id, line, first, further } if further.is_empty() => {
                self.record(*id, *line, &[chunk.cells(*first)], known)
            }
            Group::Record { id, line, first, further } => {
                let lines: Vec<Texts<'_>> = [first].into_iter().chain(further).map(|at| chunk.cells(*at)).collect();
                self.record(*id, *line, &lines, known)
            }
            Group::Rejected(reject) => Row::Rejected(Reject::clone(reject)),
        }
    }

    fn record<'t>(&self, id: OriginalId, line: u64, lines: &[Texts<'t>], known: &mut Known<'t>) -> Row {
        let mut problems = Problems { reader: self, line, found: Vec::new() };
        let is_sound = self.is_usual && lines[0].is_plain();
        let pipeline = self.row_pipeline(lines[0], is_sound, known);
        let of = RecordLines { all: lines, first: lines[0], pipeline, is_sound };
        let mut values = Vec::with_capacity(self.codes.len());
        for field in &self.fields {
            self.read(field, &of, &mut values, known, &mut problems);
        }
        if let Some((place, birth)) = self.birth(id) {
            values[place] = values[place].is_some().then_some(Value::Moment(birth));
        }
        if let Some(name) = self.products[0] {
            values.push(match self.product_rows(lines) {
                Ok(rows) if rows.is_empty() => Some(Value::Empty),
                Ok(rows) => Some(Value::Products(rows)),
                Err(problem) => {
                    problems.add(name, problem, lines[0].get(name).unwrap_or_default());
                    None
                }
            });
        }
        let mut record = FileRecord::with_fields(self.file.entity, id, Arc::clone(&self.codes), values);
        for &(at, kind) in &self.contacts {
            self.contacts(at, kind, lines[0].get(at).unwrap_or_default(), &mut record, &mut problems);
        }
        Row::Record { record, place: self.place(line, None), problems: problems.found }
    }

    /// Adds what a record has in a column: `None` where that can't be understood, or another column says it.
    #[inline]
    fn read<'t>(
        &self,
        field: &FieldColumn,
        lines: &RecordLines<'_, 't>,
        values: &mut Vec<Option<Value>>,
        known: &mut Known<'t>,
        problems: &mut Problems<'_, '_>,
    ) {
        let text = lines.first.get(field.way.at).unwrap_or_default();
        // Each adds its value by itself: made at one place of several, a value would be carried there in parts.
        match field.course {
            Course::Text if lines.is_sound && damage::begins_sound(text) => values.push(Some(Value::Text(text.into()))),
            Course::Joined { has_twin, is_total } => {
                values.push(self.joined(&field.way, has_twin, is_total, text, lines, problems));
            }
            _ if text.is_empty() => values.push(Some(Value::Empty)),
            Course::Few(place) => values.push(self.remembered(place, &field.way, text, lines, known, problems)),
            Course::Text | Course::Plain => values.push(self.other(&field.way, text, lines, problems)),
        }
    }

    /// Reads a cell of a column of few values.
    #[inline]
    fn remembered<'t>(
        &self,
        place: usize,
        way: &Way,
        text: &'t str,
        lines: &RecordLines<'_, 't>,
        known: &mut Known<'t>,
        problems: &mut Problems<'_, '_>,
    ) -> Option<Value> {
        let read = |text| (lines.pipeline, self.cells.read(way, text, lines.pipeline, lines.is_sound));
        match known.cells.get(place, text, read) {
            (pipeline, Cell { value: Some(Value::Code(code)), problem: None }) if *pipeline == lines.pipeline => {
                Some(Value::Code(code.clone()))
            }
            (pipeline, cell) if *pipeline == lines.pipeline => problems.noted(way.at, cell.clone(), text),
            // A stage of another pipeline bears the same name.
            _ => problems.noted(way.at, read(text).1, text),
        }
    }

    /// Reads a cell of another column, or one that is not as most of its column are.
    #[inline(never)]
    fn other(&self, way: &Way, text: &str, lines: &RecordLines<'_, '_>, problems: &mut Problems<'_, '_>) -> Option<Value> {
        let usual = if lines.is_sound { self.cells.usual(way, text) } else { None };
        usual.or_else(|| problems.noted(way.at, self.cells.read(way, text, lines.pipeline, lines.is_sound), text))
    }

    /// Reads a cell that doesn't stand alone; nothing where the other column of its field says more.
    #[inline(never)]
    fn joined(
        &self,
        way: &Way,
        has_twin: bool,
        is_total: bool,
        text: &str,
        lines: &RecordLines<'_, '_>,
        problems: &mut Problems<'_, '_>,
    ) -> Option<Value> {
        if has_twin && self.is_outdone(way.at, lines.first) {
            return None;
        }
        if is_total && lines.all.len() > 1 {
            return problems.noted(way.at, self.total(way.at, lines.all).into(), text);
        }
        if text.is_empty() {
            return Some(Value::Empty);
        }
        if way.has_currency && self.cells.is_of_other_currency(text, self.currency_cell(lines.first)) {
            return problems.noted(way.at, ProblemCode::BadNumber.into(), text);
        }
        self.other(way, text, lines, problems)
    }

    /// The moment of creation and its field's place, where the clock alone doesn't tell it.
    fn birth(&self, id: OriginalId) -> Option<(usize, Timestamp)> {
        let birth = self.conventions.clocks.as_ref()?.births.get(&id)?;
        Some((self.fields.iter().position(|field| field.code.as_str() == "DATE_CREATE")?, *birth))
    }

    /// All multi-field values of a kind in one cell: a field for each type, empty where the cell has none of it. Where the cell says no
    /// types, what it says of one type alone is nothing.
    fn contacts(&self, at: usize, kind: &str, text: &str, record: &mut FileRecord, problems: &mut Problems<'_, '_>) {
        let contacts = match contacts(self.conventions.present(text)) {
            Ok(contacts) => contacts,
            Err(problem) => return problems.add(at, problem, text),
        };
        let is_untyped = !contacts.is_empty() && contacts.iter().all(|(value_type, _)| value_type.is_none());
        let types = types_of(kind).filter(|_| !is_untyped).chain(is_untyped.then_some(ANY_TYPE));
        let mut fields: Vec<(String, Vec<Value>)> = types.map(|known| (known.to_owned(), Vec::new())).collect();
        for (value_type, value) in contacts {
            let value_type = value_type.unwrap_or_else(|| USUAL_TYPE.to_owned());
            match fields.iter_mut().find(|(known, _)| *known == value_type) {
                Some((_, values)) => values.push(Value::Text(value.into())),
                None => fields.push((value_type, vec![Value::Text(value.into())])),
            }
        }
        for (value_type, values) in fields {
            let code = FieldCode::from(format!("{kind}_{value_type}"));
            if record.get(code.as_str()).is_none() {
                record.push(code, if values.is_empty() { Value::Empty } else { Value::List(values) });
            }
        }
    }

    fn currency_cell<'t>(&self, cells: Texts<'t>) -> Option<&'t str> {
        self.currency.and_then(|at| cells.get(at))
    }

    fn row_pipeline<'t>(&self, cells: Texts<'t>, is_sound: bool, known: &mut Known<'t>) -> RowPipeline {
        let Some(field) = self.pipeline.map(|place| &self.fields[place]) else { return RowPipeline::Unknown };
        let text = cells.get(field.way.at).unwrap_or_default();
        let read = |text| RowPipeline::of(&self.cells.read(&field.way, text, RowPipeline::Unnamed, is_sound));
        *known.pipelines.get(0, text, read)
    }

    /// Whether the other column of the same field says more: a client's id goes before its name (csv 3.2).
    fn is_outdone(&self, at: usize, cells: Texts<'_>) -> bool {
        let has_id = |id: usize| cells.get(id).is_some_and(|cell| !matches!(self.conventions.bare(cell.trim()), "" | "0"));
        self.twins.iter().any(|&(id, name)| (name == at && has_id(id)) || (id == at && !has_id(id)))
    }

    /// The amount of a record with several product lines: in an export each line has its own, in a file of codes the record's.
    fn total(&self, at: usize, lines: &[Texts<'_>]) -> Result<Value, ProblemCode> {
        let texts = || lines.iter().map(|line| line.get(at).unwrap_or_default());
        let is_one = lines.windows(2).all(|pair| pair[0].get(at) == pair[1].get(at));
        if self.file.is_coded() && is_one {
            return self.number(lines[0].get(at).unwrap_or_default(), Decimal::ZERO).map(Value::Number);
        }
        let amounts: Result<Vec<Decimal>, ProblemCode> = texts().map(|text| self.number(text, Decimal::ZERO)).collect();
        let sum = amounts?.into_iter().try_fold(Decimal::ZERO, Decimal::checked_add);
        sum.map(Value::Number).ok_or(ProblemCode::BadNumber)
    }

    fn number(&self, text: &str, default: Decimal) -> Result<Decimal, ProblemCode> {
        product_number(self.conventions.present(text), self.conventions.numbers, default)
    }

    fn product_rows(&self, lines: &[Texts<'_>]) -> Result<Vec<ProductRow>, ProblemCode> {
        let mut rows = Vec::new();
        for line in lines {
            let [name, price, quantity] = self.products.map(|at| at.and_then(|at| line.get(at)).unwrap_or_default());
            if [name, price, quantity].iter().all(|cell| self.conventions.present(cell).trim().is_empty()) {
                continue;
            }
            let (price, quantity) = (self.number(price, Decimal::ZERO)?, self.number(quantity, Decimal::ONE)?);
            let name = self.conventions.bare(name);
            rows.push(ProductRow::free(mojibake::meant(name).into_owned(), price, quantity));
        }
        Ok(rows)
    }

    fn place(&self, line: u64, column: Option<&Column>) -> Place {
        Place { file: Arc::clone(&self.file.path), line, column: column.map(|column| column.name.clone()) }
    }
}

/// The problems of one row.
struct Problems<'a, 'r> {
    reader: &'r RowReader<'a>,
    line: u64,
    found: Vec<Problem>,
}

impl Problems<'_, '_> {
    /// The value of a cell, whose problem is noted.
    #[inline]
    fn noted(&mut self, at: usize, cell: Cell, text: &str) -> Option<Value> {
        if let Some(problem) = cell.problem {
            self.add(at, problem, text);
        }
        cell.value
    }

    fn add(&mut self, at: usize, code: ProblemCode, text: &str) {
        let place = self.reader.place(self.line, self.reader.columns.get(at));
        self.found.push(Problem { place, code, text: text.chars().take(PROBLEM_TEXT_MAX).collect() });
    }
}

/// A column that holds a field of its own, without regard to the others.
fn field_of(at: usize, column: &Column, cells: &CellReader<'_>) -> Option<FieldColumn> {
    let (code, def) = (column.code.clone()?, column.def.clone()?);
    let is_own = def.kind != FieldType::Id && !matches!(column.role, Role::Product(_) | Role::Contacts(_));
    let way = is_own.then(|| cells.way(at, def, column.role == Role::ClientId))?;
    Some(FieldColumn { code, way, course: Course::Plain })
}

pub(super) fn is_code(column: &Column, code: &str) -> bool {
    column.code.as_ref().is_some_and(|own| own.as_str() == code)
}
