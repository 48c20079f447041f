//! The columns of a file: which field each one holds, and how that was found.

use std::collections::HashSet;
use std::sync::Arc;

use super::contacts::kind_of;
use super::detect::RestoreFile;
use super::field_labels::FieldLabels;
use super::headers::{self, PRODUCT_COLUMNS};
use super::reading::Reading;
use super::rivals::{self, Rivals};
use super::words;
use crate::model::{EntityType, FieldCode, FieldDef, FieldType, Place, Problem, ProblemCode, Schema, fold, standard_field};

/// A column of a restore file.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// The title as it stands, without white space around it.
    pub name: String,
    /// The field that it holds, by classic code.
    pub code: Option<FieldCode>,
    /// How that was found, for people.
    pub how: String,
    pub(super) role: Role,
    /// Whether a custom field of exactly this label goes before what was found.
    yields: bool,
    /// The field's definition; known once the column is bound to a schema.
    pub(super) def: Option<Arc<FieldDef>>,
}

/// What a column is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It holds a field.
    Field,
    /// Name, price or quantity of a product row.
    Product(usize),
    /// The id of the deal's contact or company (csv 3.2): goes before the column with the name.
    ClientId,
    /// Another field of the deal's contact or company; that record's own business.
    Client,
    /// A requisite's field (csv 4.10).
    Requisite,
    /// All multi-field values of a kind, with their types (csv 8, layout c).
    Contacts(&'static str),
    /// A column of the portal's database that no field answers to: computed, an index, a number of the inside.
    Technical,
    /// Why an earlier run handed the row back: no business of the record.
    Returned,
    /// No field is known for it, or an earlier column holds it.
    Unmapped,
    /// The user leaves it out: neither compared nor written, and nobody is asked about it.
    Ignored,
}

/// How a column was found that the user gave.
const GIVEN: &str = "given by --map";

impl Column {
    fn new(name: &str, role: Role, code: Option<&str>, how: impl Into<String>) -> Self {
        Self { name: name.to_owned(), code: code.map(FieldCode::from), how: how.into(), role, yields: false, def: None }
    }

    /// What the column's field holds, in a word; `None` for a column without a field.
    pub fn kind(&self) -> Option<&'static str> {
        match (self.role, &self.def) {
            (Role::Product(0), _) => Some("text"),
            (Role::Product(_), _) => Some("double"),
            (Role::Contacts(_), _) => Some("multi"),
            (_, Some(def)) => Some(kind_name(&def.kind)),
            (_, None) => None,
        }
    }

    fn take_custom(&mut self, code: &FieldCode) {
        (self.code, self.role) = (Some(code.clone()), Role::Field);
        "custom field label".clone_into(&mut self.how);
    }

    /// The field of the record itself that it holds, so that it could be given by `--map`.
    pub fn own_field(&self) -> Option<&FieldCode> {
        self.code.as_ref().filter(|_| matches!(self.role, Role::Field | Role::Product(_)))
    }

    /// Whether it is the column of this title and holds a part of a requisite, which no field of the record does.
    pub fn is_requisite(&self, title: &str) -> bool {
        self.role == Role::Requisite && self.name == title
    }

    /// Whether the user has said which field it is.
    pub(super) fn is_given(&self) -> bool {
        self.how == GIVEN
    }

    /// Whether the user leaves it out.
    pub fn is_ignored(&self) -> bool {
        self.role == Role::Ignored
    }

    /// Whether it holds something of the record that no field takes.
    pub(super) fn is_unmapped(&self) -> bool {
        matches!(self.role, Role::Unmapped | Role::Requisite)
    }
}

/// How a column of requisites was found, for people.
pub const REQUISITE: &str = "requisite column";
/// The title of the last column of a file of rows that were handed back, `failed/ENTITY.csv` and `rejected/ENTITY.csv`.
const RETURNED: &str = "reason";

/// The columns of a header; what the user says of one goes before what was found.
pub(super) fn columns(names: &[&str], reading: Reading, map: &[(String, String)], ignore: &[String]) -> Vec<Column> {
    let entity = reading.entity;
    let is_named = |title: &str, name: &str| title.trim() == name || fold(title) == fold(name);
    let given = |name: &str| {
        let code = map.iter().find(|(title, _)| is_named(title, name)).map(|(_, code)| code)?;
        headers::field_code(entity, code)
    };
    let mut columns = Vec::new();
    let mut given_before = HashSet::new();
    for (name, found) in names.iter().zip(reading.columns) {
        if ignore.iter().any(|title| is_named(title, name)) {
            columns.push(Column::new(name, Role::Ignored, None, "left out by --ignore"));
            continue;
        }
        columns.push(match (given(name), found) {
            (Some(code), _) if !given_before.insert(code.clone()) => {
                Column::new(name, Role::Unmapped, None, format!("repeats {code}"))
            }
            (Some(code), _) => Column::new(name, role_of(&code), Some(&code), GIVEN),
            (None, Some(found)) if found.repeated => {
                let is_twin = columns.iter().any(|column: &Column| column.name == *name);
                Column { yields: !is_twin, ..Column::new(name, Role::Unmapped, None, format!("repeats {}", found.code)) }
            }
            (None, Some(found)) => {
                Column { yields: !found.sure, ..Column::new(name, role_of(&found.code), Some(&found.code), found.how) }
            }
            (None, None) => special(entity, name),
        });
    }
    if let Some(last) = columns.last_mut().filter(|last| last.role == Role::Unmapped && last.name == RETURNED) {
        *last = Column::new(RETURNED, Role::Returned, None, "reason of an earlier run");
    }
    let mapped: HashSet<FieldCode> =
        columns.iter().filter(|column| column.how == GIVEN).filter_map(|column| column.code.clone()).collect();
    for column in columns.iter_mut().filter(|column| column.how != GIVEN) {
        if let Some(code) = column.code.take_if(|code| mapped.contains(code)) {
            (column.role, column.how) = (Role::Unmapped, format!("repeats {code}"));
        }
    }
    columns
}

fn role_of(code: &str) -> Role {
    let product = PRODUCT_COLUMNS.iter().position(|product| *product == code).map(Role::Product);
    product.or_else(|| kind_of(code).map(Role::Contacts)).unwrap_or(Role::Field)
}

/// A column that is no field of the record: of its client, of a requisite, or unknown.
fn special(entity: EntityType, name: &str) -> Column {
    if entity == EntityType::Deal
        && let Some((prefix, caption)) = name.split_once(": ")
    {
        let client = |code: &str| {
            headers::titles().iter().any(|title| title.entity == entity && title.code == code && title.text == prefix)
        };
        let code = ["CONTACT_ID", "COMPANY_ID"].into_iter().find(|code| client(code));
        match code {
            Some(code) if caption == "ID" => return Column::new(name, Role::ClientId, Some(code), "client column"),
            Some(_) => return Column::new(name, Role::Client, None, "client column"),
            None => {}
        }
    }
    if entity != EntityType::Deal
        && let Some(kind) = kind_of(name)
    {
        return Column::new(name, Role::Contacts(kind), Some(kind), "field code");
    }
    if headers::is_technical(entity, name) {
        return Column::new(name, Role::Technical, None, "unmapped-technical: the portal computes it");
    }
    if words::is_requisite_title(name) {
        return Column::new(name, Role::Requisite, None, REQUISITE);
    }
    Column::new(name, Role::Unmapped, None, if name.is_empty() { "has no title" } else { "not recognised" })
}

/// Binds a file's columns to a schema: definitions for codes, and custom fields by their labels.
pub(super) fn bind(file: &RestoreFile, schema: &Schema) -> (Vec<Column>, Vec<Problem>, Vec<Rivals>) {
    let mut columns = file.columns.clone();
    let mut problems = Vec::new();
    let labels = FieldLabels::of(schema, file.entity);
    let mut taken: HashSet<FieldCode> =
        columns.iter().filter(|column| column.role == Role::Field).filter_map(|column| column.code.clone()).collect();
    let mut report = |name: &str, text: String| {
        let place = Place { file: Arc::clone(&file.path), line: file.header_line, column: Some(name.to_owned()) };
        problems.push(Problem { place, code: ProblemCode::DuplicateColumn, text });
    };
    for column in &mut columns {
        let is_repeated = column.role == Role::Unmapped && column.how.starts_with("repeats ");
        let may_yield = column.yields || is_repeated && column.name != "ID" || column.role == Role::Requisite;
        let own = if may_yield { labels.exact(&column.name) } else { None };
        if let Some(code) =
            own.filter(|codes| codes.len() == 1).and_then(|codes| codes.iter().find(|code| !taken.contains(*code)))
        {
            if !column.yields && is_repeated {
                report(&column.name, format!("an earlier column has this title, too; taken for the custom field {code}"));
            }
            if let Some(given_up) = &column.code {
                taken.remove(given_up);
            }
            taken.insert(code.clone());
            column.take_custom(code);
        } else if is_repeated {
            report(&column.name, column.how.clone());
        } else if column.role == Role::Unmapped && !file.is_coded() && !column.name.is_empty() {
            let found = labels.of_title(&column.name);
            let free = found.iter().find(|code| !taken.contains(*code));
            match (free, found) {
                (Some(code), [_, _, ..]) => report(&column.name, format!("several fields have this label; taken for {code}")),
                (None, [first, ..]) => {
                    column.how = format!("repeats {first}");
                    report(&column.name, column.how.clone());
                }
                _ => {}
            }
            if let Some(code) = free {
                taken.insert(code.clone());
                column.take_custom(code);
            }
        }
        bind_definition(column, file.entity, schema);
    }
    let mut held: HashSet<FieldCode> = columns.iter().filter_map(|column| column.code.clone()).collect();
    for column in columns.iter_mut().filter(|column| column.role == Role::Unmapped) {
        // The column that had the field already has turned out to be a custom field's, whose label differs in case only.
        let free = column.how.strip_prefix("repeats ").map(FieldCode::from).filter(|code| held.insert(code.clone()));
        if let Some(code) = free {
            (column.role, column.code, column.how) = (role_of(code.as_str()), Some(code), "title, in its own case".to_owned());
            problems.retain(|problem| problem.place.column.as_deref() != Some(&*column.name));
            bind_definition(column, file.entity, schema);
        }
    }
    note_twins(file, &columns, &mut problems);
    let rivals = rivals::find(&columns, &labels);
    for of in rivals.iter().filter(|of| of.columns.len() == 1) {
        let place = Place { file: Arc::clone(&file.path), line: file.header_line, column: Some(of.title.clone()) };
        let is_told = |problem: &Problem| problem.place.column.as_deref() == Some(&*of.title);
        if !problems.iter().any(is_told) {
            let text = format!("the field {} has this title, too; taken for {}", of.codes[1], of.codes[0]);
            problems.push(Problem { place, code: ProblemCode::DuplicateColumn, text });
        }
    }
    (columns, problems, rivals)
}

/// Gives a title's columns to the two fields the other way round.
pub(super) fn exchange(columns: &mut [Column], rivals: &Rivals, entity: EntityType, schema: &Schema) {
    match rivals.columns.as_slice() {
        [first, second] => {
            let (one, other) = (columns[*first].clone(), columns[*second].clone());
            let with = |column: &Column, of: Column| Column { name: column.name.clone(), ..of };
            columns[*first] = with(&one, other.clone());
            columns[*second] = with(&other, one);
        }
        [only] => {
            columns[*only].take_custom(&rivals.codes[1]);
            bind_definition(&mut columns[*only], entity, schema);
        }
        _ => {}
    }
}

/// Names the columns of one title that no field is known for: nobody could say which is which.
fn note_twins(file: &RestoreFile, columns: &[Column], problems: &mut Vec<Problem>) {
    let mut met = HashSet::new();
    for column in columns.iter().filter(|column| column.role == Role::Unmapped && !column.name.is_empty()) {
        let is_told = |problem: &Problem| problem.place.column.as_deref() == Some(&*column.name);
        if !met.insert(column.name.as_str()) && !problems.iter().any(is_told) {
            let place = Place { file: Arc::clone(&file.path), line: file.header_line, column: Some(column.name.clone()) };
            let text = "an earlier column has this title, too".to_owned();
            problems.push(Problem { place, code: ProblemCode::DuplicateColumn, text });
        }
    }
}

/// Looks up what a column's field holds; a field that the portal doesn't have is unmapped.
fn bind_definition(column: &mut Column, entity: EntityType, schema: &Schema) {
    let Some(code) = column.code.clone().filter(|_| !matches!(column.role, Role::Product(_) | Role::Contacts(_))) else { return };
    let standard = || standard_field(entity, code.as_str()).map(FieldDef::from);
    let unknown = || {
        // Without a portal there is nothing to look a custom field up in.
        let is_open = !is_of_portal(schema) && (code.is_custom() || code.as_str().starts_with("PARENT_ID_"));
        is_open.then(|| untyped(&code))
    };
    column.def = schema.field(entity, code.as_str()).or_else(standard).or_else(unknown).map(Arc::new);
    if column.def.is_none() {
        (column.code, column.role) = (None, Role::Unmapped);
        column.how = format!("the portal has no field {code}");
    }
}

/// Whether a schema was read from a portal or a snapshot; [`Schema::standard`] has no dictionaries.
pub(super) fn is_of_portal(schema: &Schema) -> bool {
    !(schema.directories.is_empty() && schema.pipelines.is_empty() && schema.users.is_empty() && schema.currencies.is_empty())
}

fn untyped(code: &FieldCode) -> FieldDef {
    let kind = if code.is_custom() { FieldType::Other } else { FieldType::Parent };
    let mut def = FieldDef::multi(code.as_str(), crate::model::Multi { kind: "".into(), value_type: "".into() });
    (def.kind, def.multiple) = (kind, false);
    def
}

/// A field type's name in `inspect --json`.
pub(super) fn kind_name(kind: &FieldType) -> &'static str {
    match kind {
        FieldType::Id => "id",
        FieldType::Integer => "integer",
        FieldType::Double => "double",
        FieldType::Money => "money",
        FieldType::Text => "text",
        FieldType::LongText => "long_text",
        FieldType::Url => "url",
        FieldType::Address => "address",
        FieldType::Flag => "flag",
        FieldType::Date => "date",
        FieldType::Moment => "moment",
        FieldType::Status(_) => "status",
        FieldType::Stage => "stage",
        FieldType::Pipeline => "pipeline",
        FieldType::Currency => "currency",
        FieldType::Enumeration => "enumeration",
        FieldType::User => "user",
        FieldType::Link(_) => "link",
        FieldType::Binding => "binding",
        FieldType::Parent => "parent",
        FieldType::Multi(_) => "multi",
        FieldType::Products => "products",
        FieldType::File => "file",
        FieldType::Other => "other",
    }
}

/// The titles under which the export prints a field in a language; for the tests' own export writer.
#[cfg(test)]
pub(super) fn export_title(entity: EntityType, code: &str, language: &str) -> Option<&'static str> {
    let is_wanted = |title: &&headers::Title| {
        title.entity == entity
            && title.code == code
            && title.language == language
            && title.vocabulary == headers::Vocabulary::Export
    };
    headers::titles().iter().find(is_wanted).map(|title| title.text.as_str())
}
