//! Which files the user means, and what they say of each.

use std::path::{Component, Path, PathBuf};

use crate::intake::{Expected, Mapping, Overrides};
use crate::model::EntityType;

/// A value that is the sign itself, said of all files: the delimiter `=`.
const DELIMITER: &str = "=";

/// What the user says of the files: `VALUE` for all of them, or `FILE=VALUE` for one.
#[derive(Debug, Clone, Default)]
pub struct Overriding {
    /// A flag's name without the dashes, and all that was said with it.
    pub flags: Vec<(&'static str, Vec<String>)>,
    /// `--map "Column=FIELD"`.
    pub map: Vec<String>,
    /// `--ignore "Column"`.
    pub ignore: Vec<String>,
    /// `--mapping`: what the flags leave open.
    pub mapping: Option<PathBuf>,
    /// `--save-mapping`: where to write what was found and said.
    pub save_mapping: Option<PathBuf>,
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
    pub expected: Expected,
}

impl Overriding {
    /// What the flags say of one file.
    pub fn of(&self, file: &Path) -> Result<Overrides, FileError> {
        let mut said = Overrides::default();
        for (flag, values) in &self.flags {
            if let Some(value) = pick(values, file) {
                said.take(flag, value).map_err(|expected| wrong(flag, value, expected))?;
            }
        }
        for pair in &self.map {
            // A title may hold the sign; a field's code doesn't.
            let (column, field) = pair.rsplit_once('=').ok_or_else(|| wrong("map", pair, Expected::Pair))?;
            said.map.push((column.trim().to_owned(), field.trim().to_owned()));
        }
        said.ignore = self.ignore.iter().map(|column| column.trim().to_owned()).collect();
        Ok(said)
    }
}

impl Overriding {
    /// What is said of a file that isn't among those given is a slip of the fingers, and would pass unseen.
    pub(super) fn check_names(&self, files: &[PathBuf]) -> Result<(), FileError> {
        for (flag, values) in &self.flags {
            let named = |value: &&String| value.contains('=') && *value != DELIMITER;
            let is_given = |value: &str| files.iter().any(|file| of_file(value, file).is_some());
            if let Some(value) = values.iter().filter(named).find(|value| !is_given(value)) {
                return Err(wrong(flag, value, Expected::File));
            }
        }
        Ok(())
    }
}

/// What the flags and the mapping file say of a file whose type isn't known yet: its columns may be any type's.
pub(super) fn at_first(said: &Overrides, mapping: Option<&Mapping>) -> Overrides {
    let columns = mapping.map(Mapping::all_columns).unwrap_or_default();
    said.or(&Overrides { map: columns, ..Overrides::default() })
}

pub(super) fn wrong(flag: &'static str, value: &str, expected: Expected) -> FileError {
    FileError { flag, value: value.to_owned(), expected }
}

/// The value for a file: the one that names it, else the last one that names none.
fn pick<'a>(values: &'a [String], file: &Path) -> Option<&'a str> {
    let named = |value: &'a String| of_file(value, file);
    let names_none = |value: &&String| !value.contains('=') || *value == DELIMITER;
    values.iter().rev().find_map(named).or_else(|| values.iter().rev().find(names_none).map(String::as_str))
}

/// What `FILE=VALUE` says, where it names this file, by its path or by its name alone. A file's name may hold the sign, too.
fn of_file<'a>(value: &'a str, file: &Path) -> Option<&'a str> {
    let is_named = |name: &str| file.file_name().is_some_and(|own| own == name) || plain(Path::new(name)) == plain(file);
    let mut pairs = value.match_indices('=').map(|(at, _)| (&value[..at], &value[at + 1..]));
    pairs.find(|(name, _)| is_named(name)).map(|(_, rest)| rest)
}

/// A path without the `.` that it may begin with.
fn plain(path: &Path) -> PathBuf {
    path.components().filter(|part| *part != Component::CurDir).collect()
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
        assert_eq!(pick(&["a=b.csv=mdy".to_owned()], Path::new("./a=b.csv")), Some("mdy"));
        assert_eq!(pick(&["./exports/us.csv==".to_owned()], Path::new("exports/us.csv")), Some("="));
    }

    #[test]
    fn what_is_said_of_a_file_that_is_not_given_is_refused() {
        let of = |values: &[&str]| {
            let values = values.iter().map(|value| (*value).to_owned()).collect();
            let overriding = Overriding { flags: vec![("delimiter", values)], ..Overriding::default() };
            overriding.check_names(&[PathBuf::from("exports/us.csv")]).map_err(|error| error.to_string())
        };
        assert_eq!(of(&["us.csv=,", "exports/us.csv=;", "./exports/us.csv==", "=", "tab"]), Ok(()));
        assert_eq!(of(&["=,"]), Err("--delimiter =,: none of the given files has this name".to_owned()));
        assert_eq!(of(&["uk.csv=,"]), Err("--delimiter uk.csv=,: none of the given files has this name".to_owned()));
    }
}
