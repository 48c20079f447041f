//! A mapping file: which column is which field, which are left out, and how such files are written; for the next file of the same make.
//!
//! ```toml
//! [deal]
//! date-order = "dmy"
//! ignore = ["Notas internas"]
//!
//! [deal.columns]
//! "Monto del trato" = "OPPORTUNITY"
//! ```

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::columns::Column;
use super::detect::{Overrides, RestoreFile};
use super::headers::field_code;
use super::nearest::{nearest_code, nearest_word};
use super::said::Expected;
use crate::model::{EntityType, fold, typed_text};

/// The longest mapping file that is read.
const BYTES_MAX: u64 = 4 << 20;
/// Every key of a type's table, for "did you mean".
const KEYS: &[&str] = &[
    "delimiter",
    "encoding",
    "date-order",
    "timezone",
    "language",
    "quoting",
    "line-ends",
    "header-line",
    "numbers",
    "cells",
    "ignore",
    "columns",
];

/// A mapping file: a table for each type of record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    #[serde(skip_serializing_if = "Option::is_none")]
    lead: Option<EntityMapping>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<EntityMapping>,
    #[serde(skip_serializing_if = "Option::is_none")]
    company: Option<EntityMapping>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deal: Option<EntityMapping>,
}

/// What is said of the files of one type. Words are those of the flags.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct EntityMapping {
    #[serde(skip_serializing_if = "Option::is_none")]
    delimiter: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_order: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timezone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quoting: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line_ends: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    header_line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    numbers: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cells: Option<String>,
    /// The titles of columns that are left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<String>,
    /// Title -> field code.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, String>,
}

/// A mapping file that can't be read or written.
#[derive(Debug, thiserror::Error)]
#[error("mapping {}: {kind}", path.display())]
pub struct MappingError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    pub kind: MappingErrorKind,
}

/// What is wrong with a mapping file.
#[derive(Debug, thiserror::Error)]
pub enum MappingErrorKind {
    /// The system says no.
    #[error("{0}")]
    Io(io::Error),
    /// It is no mapping.
    #[error("line {line}: {message}{}", did_you_mean(nearest.as_deref()))]
    Syntax {
        /// Where.
        line: usize,
        /// What.
        message: String,
        /// The key that was meant.
        nearest: Option<String>,
    },
    /// A word that means nothing.
    #[error("[{entity}] {key} = \"{value}\": it takes {expected}")]
    Word {
        /// Whose table.
        entity: EntityType,
        /// Which key.
        key: &'static str,
        /// What it says.
        value: String,
        /// What it takes.
        expected: Box<Expected>,
    },
    /// Two files of one type are read in two ways, and a mapping has but one for all of them.
    #[error(
        "two {entity} files are read in two ways ({key}: {} and {}), and a mapping says one thing for all files of a type; save one for each",
        word(first.as_deref()),
        word(second.as_deref())
    )]
    Differs {
        /// The files' type.
        entity: EntityType,
        /// A flag's name, or a column's title.
        key: String,
        /// What is said for the first file.
        first: Option<String>,
        /// What is said for the other one.
        second: Option<String>,
    },
    /// A pipe or a device, which might never end.
    #[error("it is no regular file")]
    NoFile,
    /// Something else stands where it is to be written.
    #[error("there is a file of this name already, and it is no mapping; give another name")]
    Taken,
    /// A field that doesn't exist.
    #[error("[{entity}.columns] \"{column}\" = \"{field}\": a {entity} has no such field{}", did_you_mean(nearest.as_deref()))]
    Field {
        /// Whose table.
        entity: EntityType,
        /// The column's title.
        column: String,
        /// What was said.
        field: String,
        /// What was meant.
        nearest: Option<String>,
    },
}

fn word(said: Option<&str>) -> String {
    said.map_or_else(|| "not said".to_owned(), |word| format!("`{word}`"))
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default()
}

impl Mapping {
    /// Reads a mapping file, and checks all that it says.
    pub fn read(path: &Path) -> Result<Self, MappingError> {
        let wrong = |kind| MappingError { path: path.to_owned(), kind };
        let text = text(path).map_err(wrong)?;
        let mapping: Self = toml::from_str(&text).map_err(|error| wrong(syntax(&text, &error)))?;
        for entity in EntityType::ALL {
            if let Some(own) = mapping.of(entity) {
                own.check(entity).map_err(wrong)?;
            }
        }
        Ok(mapping)
    }

    /// Whether a mapping may be written there: where nothing is yet, or an older mapping.
    pub fn check_place(path: &Path) -> Result<(), MappingError> {
        let wrong = |kind| MappingError { path: path.to_owned(), kind };
        std::fs::metadata(directory(path)).map_err(|error| wrong(MappingErrorKind::Io(error)))?;
        match Self::read(path) {
            Ok(_) => Ok(()),
            Err(MappingError { kind: MappingErrorKind::Io(error), .. }) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(_) => Err(wrong(MappingErrorKind::Taken)),
        }
    }

    /// Writes a mapping file, whole or not at all, and over nothing but an older mapping.
    pub fn write(&self, path: &Path) -> Result<(), MappingError> {
        Self::check_place(path)?;
        let text = toml::to_string(self).map_err(io::Error::other);
        let written = text.and_then(|text| {
            let mut file = tempfile::NamedTempFile::new_in(directory(path))?;
            file.write_all(text.as_bytes())?;
            file.persist(path).map_err(|error| error.error)?;
            Ok(())
        });
        written.map_err(|error| MappingError { path: path.to_owned(), kind: MappingErrorKind::Io(error) })
    }

    /// What is said of a type.
    pub fn of(&self, entity: EntityType) -> Option<&EntityMapping> {
        match entity {
            EntityType::Lead => self.lead.as_ref(),
            EntityType::Contact => self.contact.as_ref(),
            EntityType::Company => self.company.as_ref(),
            EntityType::Deal => self.deal.as_ref(),
        }
    }

    /// What is said of all types' columns: enough to know a header by.
    pub fn all_columns(&self) -> Vec<(String, String)> {
        EntityType::ALL.iter().filter_map(|entity| self.of(*entity)).flat_map(|own| own.columns.clone()).collect()
    }

    /// The only type that anything is said of.
    pub fn only(&self) -> Option<&EntityMapping> {
        let mut said = EntityType::ALL.into_iter().filter_map(|entity| self.of(entity));
        said.next().filter(|_| said.next().is_none())
    }

    /// Adds what is known of a file and its columns. Refused where another file of its type is read in another way.
    pub fn add(&mut self, file: &RestoreFile, columns: &[Column]) -> Result<(), MappingErrorKind> {
        let own = match file.entity {
            EntityType::Lead => &mut self.lead,
            EntityType::Contact => &mut self.contact,
            EntityType::Company => &mut self.company,
            EntityType::Deal => &mut self.deal,
        };
        let mut of_file = EntityMapping::default();
        of_file.add(file, columns);
        if let Some(own) = own {
            return own.join(of_file, file.entity);
        }
        *own = Some(of_file);
        Ok(())
    }
}

/// The directory of a file.
fn directory(path: &Path) -> &Path {
    path.parent().filter(|directory| !directory.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The text of a regular file that isn't too long: a pipe might never say anything, and a device might never stop.
fn text(path: &Path) -> Result<String, MappingErrorKind> {
    let kind = std::fs::metadata(path).map_err(MappingErrorKind::Io)?.file_type();
    if !kind.is_file() && !kind.is_dir() {
        return Err(MappingErrorKind::NoFile);
    }
    let read = || {
        let mut bytes = Vec::new();
        File::open(path)?.take(BYTES_MAX + 1).read_to_end(&mut bytes)?;
        let is_long = bytes.len() as u64 > BYTES_MAX;
        if is_long { Err(io::Error::from(io::ErrorKind::FileTooLarge)) } else { typed_text(&bytes) }
    };
    read().map_err(MappingErrorKind::Io)
}

impl EntityMapping {
    /// What it says, as overrides.
    pub fn overrides(&self) -> Overrides {
        let mut said = Overrides {
            map: self.columns.iter().map(|(column, field)| (column.clone(), field.clone())).collect(),
            ignore: self.ignore.clone(),
            ..Overrides::default()
        };
        for (flag, word) in self.words() {
            // Checked when it was read.
            let _ = said.take(flag, &word);
        }
        said
    }

    /// Whether it says anything of a column.
    pub fn names(&self, column: &str) -> bool {
        let is_same = |title: &String| title == column || fold(title) == fold(column);
        self.columns.keys().chain(&self.ignore).any(is_same)
    }

    fn words(&self) -> impl Iterator<Item = (&'static str, String)> {
        let said = [
            ("delimiter", self.delimiter.clone()),
            ("encoding", self.encoding.clone()),
            ("date-order", self.date_order.clone()),
            ("timezone", self.timezone.clone()),
            ("language", self.language.clone()),
            ("quoting", self.quoting.clone()),
            ("line-ends", self.line_ends.clone()),
            ("header-line", self.header_line.map(|line| line.to_string())),
            ("numbers", self.numbers.clone()),
            ("cells", self.cells.clone()),
        ];
        said.into_iter().filter_map(|(flag, word)| Some((flag, word?)))
    }

    fn check(&self, entity: EntityType) -> Result<(), MappingErrorKind> {
        for (key, value) in self.words() {
            if let Err(expected) = Overrides::default().take(key, &value) {
                return Err(MappingErrorKind::Word { entity, key, value, expected: Box::new(expected) });
            }
        }
        for (column, field) in &self.columns {
            if field_code(entity, field).is_none() {
                let (column, field, nearest) = (column.clone(), field.clone(), nearest_code(entity, field));
                return Err(MappingErrorKind::Field { entity, column, field, nearest });
            }
        }
        Ok(())
    }

    /// Adds what is said of another file of the type.
    fn join(&mut self, other: Self, entity: EntityType) -> Result<(), MappingErrorKind> {
        let differs = |key: &str, first: Option<&String>, second: Option<&String>| MappingErrorKind::Differs {
            entity,
            key: key.to_owned(),
            first: first.cloned(),
            second: second.cloned(),
        };
        let (mine, theirs): (BTreeMap<_, _>, BTreeMap<_, _>) = (self.words().collect(), other.words().collect());
        for key in mine.keys().chain(theirs.keys()) {
            let (first, second) = (mine.get(key), theirs.get(key));
            if first != second {
                return Err(differs(key, first, second));
            }
        }
        for (column, field) in other.columns {
            let taken = self.columns.entry(column.clone()).or_insert_with(|| field.clone());
            if *taken != field {
                return Err(differs(&column, Some(taken), Some(&field)));
            }
        }
        self.ignore.extend(other.ignore);
        self.ignore.sort();
        self.ignore.dedup();
        Ok(())
    }

    fn add(&mut self, file: &RestoreFile, columns: &[Column]) {
        for (flag, word) in file.said.words() {
            match flag {
                "delimiter" => self.delimiter = Some(word),
                "encoding" => self.encoding = Some(word),
                "date-order" => self.date_order = Some(word),
                "timezone" => self.timezone = Some(word),
                "language" => self.language = Some(word),
                "quoting" => self.quoting = Some(word),
                "line-ends" => self.line_ends = Some(word),
                "header-line" => self.header_line = file.said.header_line,
                "numbers" => self.numbers = Some(word),
                "cells" => self.cells = Some(word),
                // The table's own name says it.
                _ => {}
            }
        }
        // A title that two columns bear says nothing of either: they are told as they were told now.
        let is_twin = |name: &str| columns.iter().filter(|column| column.name == name).count() > 1;
        for column in columns {
            if column.is_ignored() && !self.ignore.contains(&column.name) {
                self.ignore.push(column.name.clone());
            }
            if let Some(field) = column.own_field().filter(|_| column.is_given() || !is_twin(&column.name)) {
                self.columns.insert(column.name.clone(), field.to_string());
            }
        }
    }
}

fn syntax(text: &str, error: &toml::de::Error) -> MappingErrorKind {
    let at = error.span().map_or(0, |span| span.start.min(text.len()));
    let line = memchr::memchr_iter(b'\n', &text.as_bytes()[..at]).count() + 1;
    let message = error.message().to_owned();
    let unknown = message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
    let known = KEYS.iter().copied().chain(EntityType::ALL.iter().map(|entity| entity.code()));
    // A key in the wrong place is spelt well enough.
    let nearest = unknown.and_then(|unknown| nearest_word(unknown, known).filter(|nearest| nearest != unknown));
    MappingErrorKind::Syntax { line, message, nearest }
}
