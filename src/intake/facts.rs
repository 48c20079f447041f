//! What the single records of a file add to its survey: their dates, and the names by which others link to them.

use super::columns::Column;
use super::dates::Loose;
use super::detect::RestoreFile;
use super::group::{Chunk, Group};
use super::lines::Texts;
use super::mojibake;
use super::nothing::Word;
use super::order::{Newest, OrderVotes};
use super::row::is_code;
use super::survey::Keep;
use super::{protected, turned};
use crate::model::{EntityType, FieldType, OriginalId, PersonName, Schema, fold, name_keys};

/// Where in the lines of a file the facts stand.
pub(super) struct Surveyor<'a> {
    schema: &'a Schema,
    entity: EntityType,
    coded: bool,
    /// Some cells are protected from spreadsheets.
    is_protected: bool,
    dates: Vec<usize>,
    created: Option<usize>,
    modified: Option<usize>,
    names: [Option<usize>; 4],
}

/// What some records add.
#[derive(Default)]
pub(super) struct Facts {
    pub(super) votes: OrderVotes,
    pub(super) created: Vec<(OriginalId, Loose)>,
    pub(super) newest: Newest,
    pub(super) names: Vec<(OriginalId, Vec<String>)>,
    /// What the dates of each column tell, in the order of [`date_columns`].
    pub(super) turned: Vec<turned::Votes>,
}

/// The columns that hold dates or moments.
pub(super) fn date_columns(columns: &[Column]) -> impl Iterator<Item = usize> {
    let is_date =
        |column: &Column| column.def.as_ref().is_some_and(|def| matches!(def.kind, FieldType::Date | FieldType::Moment));
    columns.iter().enumerate().filter(move |(_, column)| is_date(column)).map(|(at, _)| at)
}

impl<'a> Surveyor<'a> {
    pub(super) fn new(file: &RestoreFile, columns: &[Column], schema: &'a Schema, keep: Keep) -> Self {
        let of_code = |code: &str| columns.iter().position(|column| is_code(column, code));
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
            is_protected: file.wear.has_protected_cells,
            dates: date_columns(columns).collect(),
            created: of_code("DATE_CREATE"),
            modified: of_code("DATE_MODIFY"),
            names,
        }
    }

    pub(super) fn facts(&self, chunk: &Chunk, groups: &[Group]) -> Facts {
        let mut facts = Facts { turned: vec![turned::Votes::default(); self.dates.len()], ..Facts::default() };
        facts.created.reserve_exact(if self.created.is_some() { groups.len() } else { 0 });
        for group in groups {
            let Group::Record { id, first, .. } = group else { continue };
            let cells = chunk.cells(*first);
            if self.names.iter().any(Option::is_some) {
                let names = self.names_of(cells);
                if !names.is_empty() {
                    facts.names.push((*id, names));
                }
            }
            for (&at, turned) in self.dates.iter().zip(&mut facts.turned) {
                let cell = cells.get(at).filter(|cell| !cell.is_empty());
                let Some(cell) = cell.map(|cell| self.bare(cell)) else { continue };
                let Some(date) = Loose::parse(cell) else {
                    // A multiple field has several, which tell as well.
                    cell.split(", ").filter_map(Loose::parse).for_each(|date| facts.votes.count(&date));
                    continue;
                };
                facts.votes.count(&date);
                turned.count(&date);
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

    fn bare<'t>(&self, cell: &'t str) -> &'t str {
        if self.is_protected { protected::within(cell) } else { cell }
    }

    /// The texts under which another record's link may name this one.
    fn names_of(&self, cells: Texts<'_>) -> Vec<String> {
        let is_name =
            |cell: &&str| Word::of(cell).is_none_or(|word| !(word.is_no_name() || self.coded && word.is_of_databases()));
        let [first, name, second, last] = self.names.map(|at| {
            let cell = at.and_then(|at| cells.get(at)).map(|cell| self.bare(cell.trim()));
            cell.filter(is_name).map(mojibake::meant).unwrap_or_default().into_owned()
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
