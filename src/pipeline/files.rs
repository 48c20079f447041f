//! Which files the user means, and what they say of each.

use std::path::{Path, PathBuf};

use crate::intake::{DateOrder, Overrides};
use crate::model::EntityType;

/// What the user says of the files: `VALUE` for all of them, or `FILE=VALUE` for one.
#[derive(Debug, Clone, Default)]
pub struct Overriding {
    /// `--entity`.
    pub entity: Vec<String>,
    /// `--delimiter`.
    pub delimiter: Vec<String>,
    /// `--encoding`.
    pub encoding: Vec<String>,
    /// `--date-order`.
    pub date_order: Vec<String>,
    /// `--map "Column=FIELD"`.
    pub map: Vec<String>,
}

/// A flag's value that can't be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("--{flag} {value}: {expected}")]
pub struct FileError {
    /// Which flag.
    pub flag: &'static str,
    /// What was said.
    pub value: String,
    /// What it takes.
    pub expected: &'static str,
}

impl Overriding {
    /// What is said of one file.
    pub fn of(&self, file: &Path) -> Result<Overrides, FileError> {
        let mut overrides = Overrides::default();
        if let Some(value) = pick(&self.entity, file) {
            let entity: EntityType = value.parse().map_err(|_| wrong("entity", value, "lead, contact, company or deal"))?;
            overrides.entity = Some(entity);
        }
        if let Some(value) = pick(&self.delimiter, file) {
            overrides.delimiter = Some(match value {
                "tab" | "\\t" | "\t" => b'\t',
                "semicolon" => b';',
                "comma" => b',',
                "pipe" => b'|',
                other if other.len() == 1 => other.as_bytes()[0],
                other => return Err(wrong("delimiter", other, "one character, or tab, semicolon, comma, pipe")),
            });
        }
        overrides.encoding = pick(&self.encoding, file).map(str::to_owned);
        if let Some(value) = pick(&self.date_order, file) {
            overrides.date_order = Some(match value {
                "dmy" => DateOrder::Dmy,
                "mdy" => DateOrder::Mdy,
                "ymd" => DateOrder::Ymd,
                other => return Err(wrong("date-order", other, "dmy, mdy or ymd")),
            });
        }
        for pair in &self.map {
            let (column, field) = pair.split_once('=').ok_or_else(|| wrong("map", pair, "\"Column=FIELD\""))?;
            overrides.map.push((column.trim().to_owned(), field.trim().to_owned()));
        }
        Ok(overrides)
    }
}

fn wrong(flag: &'static str, value: &str, expected: &'static str) -> FileError {
    FileError { flag, value: value.to_owned(), expected }
}

/// The value for a file: the one that names it, else the last one that names none.
fn pick<'a>(values: &'a [String], file: &Path) -> Option<&'a str> {
    let named = |value: &'a String| {
        let (name, rest) = value.split_once('=')?;
        (Path::new(name) == file || file.file_name().is_some_and(|own| own == name)).then_some(rest)
    };
    values.iter().rev().find_map(named).or_else(|| values.iter().rev().find(|value| !value.contains('=')).map(String::as_str))
}

/// The restore files that the arguments name: a snapshot directory stands for its CSV files.
pub fn expand(arguments: &[PathBuf]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for argument in arguments {
        if argument.join("snapshot.json").is_file() {
            files.extend(
                EntityType::ALL.map(|entity| argument.join(format!("{entity}.csv"))).into_iter().filter(|path| path.is_file()),
            );
        } else {
            files.push(argument.clone());
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_names_a_file_beats_one_for_all() {
        let values = ["dmy".to_owned(), "us.csv=mdy".to_owned()];
        assert_eq!(pick(&values, Path::new("exports/us.csv")), Some("mdy"));
        assert_eq!(pick(&values, Path::new("exports/mx.csv")), Some("dmy"));
    }
}
