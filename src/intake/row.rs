//! The lines of one record -> its row.

use std::sync::Arc;

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::cells::{Cell, CellReader, RowPipeline, has_currency, product_number};
use super::columns::{Column, Role};
use super::contacts::types_of;
use super::conventions::Conventions;
use super::detect::RestoreFile;
use super::group::{Chunk, Group};
use super::memo::Memo;
use super::mojibake;
use super::split::Texts;
use crate::model::{
    FieldCode, FieldDef, FieldType, FileRecord, OriginalId, Place, Problem, ProblemCode, ProductRow, Reject, Row, Schema, Value,
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
    pipeline: Option<usize>,
    opportunity: Option<usize>,
    currency: Option<usize>,
    /// Columns of one field: that with a client's id, and that with the name (csv 3.2).
    twins: Vec<(usize, usize)>,
    /// Where name, price and quantity of products stand.
    products: [Option<usize>; 3],
}

/// A column that holds a field of its own.
struct FieldColumn {
    at: usize,
    code: FieldCode,
    def: Arc<FieldDef>,
    is_client_id: bool,
    /// Its place among the columns whose cells are one of a few.
    memo: Option<usize>,
}

/// What cells of the columns of few values have come to, each within its row's pipeline.
type CellMemo<'t> = Memo<'t, (RowPipeline, Cell)>;

impl FieldColumn {
    /// Whether its cells are one of a few, and dear to read.
    fn has_few(&self) -> bool {
        use FieldType::{Currency, Enumeration, Flag, Pipeline, Stage, Status, User};
        matches!(&self.def.kind, Status(_) | Enumeration | Stage | Pipeline | Currency | User | Flag)
    }

    fn of((at, column): (usize, &Column)) -> Option<Self> {
        let (code, def) = (column.code.clone()?, column.def.clone()?);
        let is_own = def.kind != FieldType::Id && !matches!(column.role, Role::Product(_) | Role::Contacts(_));
        is_own.then(|| Self { at, code, def, is_client_id: column.role == Role::ClientId, memo: None })
    }
}

impl<'a> RowReader<'a> {
    pub(super) fn new(file: &'a RestoreFile, columns: &'a [Column], schema: &'a Schema, conventions: &'a Conventions) -> Self {
        let of_code = |code: &str| columns.iter().position(|column| column.role == Role::Field && is_code(column, code));
        let ids = columns.iter().enumerate().filter(|(_, column)| column.role == Role::ClientId && column.code.is_some());
        let name = |id: &Column| columns.iter().position(|column| column.role == Role::Field && column.code == id.code);
        let twins = ids.filter_map(|(at, column)| Some((at, name(column)?))).collect();
        let products = [0, 1, 2].map(|part| columns.iter().position(|column| column.role == Role::Product(part)));
        let mut fields: Vec<FieldColumn> = columns.iter().enumerate().filter_map(FieldColumn::of).collect();
        let few =
            fields.iter_mut().filter(|field| field.has_few()).enumerate().map(|(place, field)| field.memo = Some(place)).count();
        let contacts = |(at, column): (usize, &Column)| match column.role {
            Role::Contacts(kind) => Some((at, kind)),
            _ => None,
        };
        let of_products = products[0].map(|_| FieldCode::from("PRODUCTS"));
        Self {
            file,
            columns,
            codes: Arc::new(fields.iter().map(|field| field.code.clone()).chain(of_products).collect()),
            fields,
            few,
            contacts: columns.iter().enumerate().filter_map(contacts).collect(),
            cells: CellReader::new(columns, schema, file.is_coded(), conventions),
            conventions,
            pipeline: of_code("CATEGORY_ID"),
            opportunity: of_code("OPPORTUNITY"),
            currency: of_code("CURRENCY_ID"),
            twins,
            products,
        }
    }

    /// The rows of some groups; blank lines are none.
    pub(super) fn rows(&self, chunk: &Chunk, groups: &[Group]) -> Vec<Row> {
        let mut memo = Memo::of(self.few);
        groups.iter().filter_map(|group| self.row(chunk, group, &mut memo)).collect()
    }

    fn row<'t>(&self, chunk: &'t Chunk, group: &Group, memo: &mut CellMemo<'t>) -> Option<Row> {
        match group {
            Group::Record { id, line, first, further } if further.is_empty() => {
                Some(self.record(*id, *line, &[chunk.cells(*first)], memo))
            }
            Group::Record { id, line, first, further } => {
                let lines: Vec<Texts<'_>> = [first].into_iter().chain(further).map(|at| chunk.cells(*at)).collect();
                Some(self.record(*id, *line, &lines, memo))
            }
            Group::Rejected(reject) => Some(Row::Rejected(Reject::clone(reject))),
            Group::Blank { .. } | Group::BadBytes { .. } => None,
        }
    }

    fn record<'t>(&self, id: OriginalId, line: u64, lines: &[Texts<'t>], memo: &mut CellMemo<'t>) -> Row {
        let mut problems = Problems { reader: self, line, found: Vec::new() };
        let pipeline = self.row_pipeline(lines[0]);
        let mut values = Vec::with_capacity(self.codes.len());
        for field in &self.fields {
            let &FieldColumn { at, ref def, is_client_id, .. } = field;
            if !self.twins.is_empty() && self.is_outdone(at, lines[0]) {
                values.push(None);
                continue;
            }
            let text = lines[0].get(at).unwrap_or_default();
            let is_total = lines.len() > 1 && self.opportunity == Some(at);
            if text.is_empty() && !is_total {
                values.push(Some(Value::Empty));
                continue;
            }
            let cell = match field.memo {
                _ if is_total => self.total(at, lines).into(),
                _ if has_currency(def) && self.cells.is_of_other_currency(text, self.currency_cell(lines[0])) => {
                    Cell::from(ProblemCode::BadNumber)
                }
                Some(place) => self.remembered(place, field, text, pipeline, memo),
                None => self.cells.read(at, def, is_client_id, text, pipeline),
            };
            if let Some(problem) = cell.problem {
                problems.add(at, problem, text);
            }
            values.push(cell.value);
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

    /// Reads a cell of a column of few values.
    fn remembered<'t>(
        &self,
        place: usize,
        field: &FieldColumn,
        text: &'t str,
        pipeline: RowPipeline,
        memo: &mut CellMemo<'t>,
    ) -> Cell {
        let read = |text| self.cells.read(field.at, &field.def, field.is_client_id, text, pipeline);
        match memo.get(place, text, |text| (pipeline, read(text))) {
            (known, cell) if *known == pipeline => cell.clone(),
            // A stage of another pipeline bears the same name.
            _ => read(text),
        }
    }

    /// The moment of creation and its field's place, where the clock alone doesn't tell it.
    fn birth(&self, id: OriginalId) -> Option<(usize, Timestamp)> {
        let birth = self.conventions.clocks.as_ref()?.births.get(&id)?;
        Some((self.fields.iter().position(|field| field.code.as_str() == "DATE_CREATE")?, *birth))
    }

    /// All multi-field values of a kind in one cell: a field for each type, empty where the cell has none of it.
    fn contacts(&self, at: usize, kind: &str, text: &str, record: &mut FileRecord, problems: &mut Problems<'_, '_>) {
        let contacts = match self.cells.contacts(text) {
            Ok(contacts) => contacts,
            Err(problem) => return problems.add(at, problem, text),
        };
        let mut fields: Vec<(String, Vec<Value>)> = types_of(kind).map(|known| (known.to_owned(), Vec::new())).collect();
        for (value_type, value) in contacts {
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

    fn row_pipeline(&self, cells: Texts<'_>) -> RowPipeline {
        let Some((at, def)) = self.pipeline.and_then(|at| Some((at, self.columns[at].def.as_ref()?))) else {
            return RowPipeline::Unnamed;
        };
        let cell = self.cells.read(at, def, false, cells.get(at).unwrap_or_default(), RowPipeline::Unnamed);
        RowPipeline::of(&cell)
    }

    /// Whether the other column of the same field says more: a client's id goes before its name (csv 3.2).
    fn is_outdone(&self, at: usize, cells: Texts<'_>) -> bool {
        let has_id = |id: usize| cells.get(id).is_some_and(|cell| !matches!(cell.trim(), "" | "0"));
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
    fn add(&mut self, at: usize, code: ProblemCode, text: &str) {
        let place = self.reader.place(self.line, self.reader.columns.get(at));
        self.found.push(Problem { place, code, text: text.chars().take(PROBLEM_TEXT_MAX).collect() });
    }
}

pub(super) fn is_code(column: &Column, code: &str) -> bool {
    column.code.as_ref().is_some_and(|own| own.as_str() == code)
}
