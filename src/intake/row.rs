//! The lines of one record -> its row.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::cells::{Cell, CellReader, RowPipeline, has_currency, product_number};
use super::columns::{Column, Role};
use super::contacts::types_of;
use super::conventions::Conventions;
use super::detect::RestoreFile;
use super::group::{Chunk, Group};
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
}

impl FieldColumn {
    fn of((at, column): (usize, &Column)) -> Option<Self> {
        let (code, def) = (column.code.clone()?, column.def.clone()?);
        let is_own = def.kind != FieldType::Id && !matches!(column.role, Role::Product(_) | Role::Contacts(_));
        is_own.then(|| Self { at, code, def, is_client_id: column.role == Role::ClientId })
    }
}

impl<'a> RowReader<'a> {
    pub(super) fn new(file: &'a RestoreFile, columns: &'a [Column], schema: &'a Schema, conventions: &'a Conventions) -> Self {
        let of_code = |code: &str| columns.iter().position(|column| column.role == Role::Field && is_code(column, code));
        let ids = columns.iter().enumerate().filter(|(_, column)| column.role == Role::ClientId && column.code.is_some());
        let name = |id: &Column| columns.iter().position(|column| column.role == Role::Field && column.code == id.code);
        let twins = ids.filter_map(|(at, column)| Some((at, name(column)?))).collect();
        let products = [0, 1, 2].map(|part| columns.iter().position(|column| column.role == Role::Product(part)));
        let fields: Vec<FieldColumn> = columns.iter().enumerate().filter_map(FieldColumn::of).collect();
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

    /// The row of a group; blank lines are none.
    pub(super) fn row(&self, chunk: &Chunk, group: &Group) -> Option<Row> {
        match group {
            Group::Record { id, line, first, further } if further.is_empty() => {
                Some(self.record(*id, *line, &[chunk.cells(*first)]))
            }
            Group::Record { id, line, first, further } => {
                let lines: Vec<Texts<'_>> = [first].into_iter().chain(further).map(|at| chunk.cells(*at)).collect();
                Some(self.record(*id, *line, &lines))
            }
            Group::Rejected(reject) => Some(Row::Rejected(Reject::clone(reject))),
            Group::Blank { .. } | Group::BadBytes { .. } => None,
        }
    }

    fn record(&self, id: OriginalId, line: u64, lines: &[Texts<'_>]) -> Row {
        let mut problems = Problems { reader: self, line, found: Vec::new() };
        let pipeline = self.row_pipeline(lines[0]);
        let mut values = Vec::with_capacity(self.codes.len());
        for &FieldColumn { at, ref code, ref def, is_client_id } in &self.fields {
            if self.is_outdone(at, lines[0]) {
                values.push(None);
                continue;
            }
            let text = lines[0].get(at).unwrap_or_default();
            let cell = match self.opportunity {
                Some(opportunity) if opportunity == at && lines.len() > 1 => self.total(at, lines).into(),
                _ if has_currency(def) && self.cells.is_of_other_currency(text, self.currency_cell(lines[0])) => {
                    Cell::from(ProblemCode::BadNumber)
                }
                _ => self.cells.read(at, def, is_client_id, text, pipeline),
            };
            if let Some(problem) = cell.problem {
                problems.add(at, problem, text);
            }
            values.push(cell.value.map(|value| self.born(id, code, value)));
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
        let problems = problems.found;
        let lines = lines.iter().map(|line| line.to_cells()).collect();
        Row::Record { record, place: self.place(line, None), lines, problems }
    }

    /// The moment of creation, where the clock alone doesn't tell it.
    fn born(&self, id: OriginalId, code: &FieldCode, value: Value) -> Value {
        let births = self.conventions.clocks.as_ref().map(|clocks| &clocks.births).filter(|births| !births.is_empty());
        match births.filter(|_| code.as_str() == "DATE_CREATE").and_then(|births| births.get(&id)) {
            Some(birth) => Value::Moment(*birth),
            None => value,
        }
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
                Some((_, values)) => values.push(Value::Text(value)),
                None => fields.push((value_type, vec![Value::Text(value)])),
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
            rows.push(ProductRow { name: mojibake::meant(name).into_owned(), price, quantity });
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
