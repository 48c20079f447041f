//! What a person says of a file, in the words of the flags: the same in a mapping file.

use encoding_rs::Encoding;
use jiff::tz::TimeZone;

use super::detect::{CellMeaning, DateOrder, NumberStyle, Overrides};
use super::dialect::{LineEnds, Quoting};
use super::headers::TitleLanguage;
use crate::model::EntityType;

/// What a flag takes, told to who has given it something else.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Expected {
    /// One of some words.
    #[error("{}", listed(.0, "or"))]
    Word(&'static [&'static str]),
    /// A delimiter.
    #[error("one character, or tab, semicolon, comma, pipe")]
    Delimiter,
    /// A language of titles.
    #[error("codes, or a language: es, en, ru, pt, de, fr, it, pl, uk, tr, bg, lt")]
    Language,
    /// The number of a line.
    #[error("the number of a line, from 1")]
    Line,
    /// An encoding.
    #[error("no known encoding; use a name such as UTF-8, windows-1252, windows-1251 or UTF-16LE")]
    Encoding,
    /// One of the files that are given.
    #[error("none of the given files has this name")]
    File,
    /// A time zone.
    #[error("no such time zone; use an IANA name such as America/Mexico_City")]
    Zone,
    /// A column and its field.
    #[error("\"Column=FIELD\"")]
    Pair,
    /// A field that the column's record doesn't have.
    #[error("a {entity} has no field {field}{}", nearest.as_ref().map(|nearest| format!("; did you mean {nearest}?")).unwrap_or_default())]
    Field {
        /// The type of record.
        entity: EntityType,
        /// What was said.
        field: String,
        /// What was meant.
        nearest: Option<String>,
    },
    /// Nothing: there is no such flag.
    #[error("no such flag")]
    Nothing,
}

/// Words with a conjunction before the last: `dmy, mdy or ymd`.
pub fn listed(words: &[&str], or: &str) -> String {
    match words {
        [before @ .., last] if !before.is_empty() => format!("{} {or} {last}", before.join(", ")),
        _ => words.concat(),
    }
}

impl Overrides {
    /// Takes what a flag says, by its name without the dashes. The error tells what the flag takes.
    pub fn take(&mut self, flag: &str, value: &str) -> Result<(), Expected> {
        match flag {
            "entity" => self.entity = Some(value.parse().map_err(|_| Expected::Word(&["lead", "contact", "company", "deal"]))?),
            "delimiter" => self.delimiter = Some(delimiter(value).ok_or(Expected::Delimiter)?),
            "encoding" => {
                Encoding::for_label(value.as_bytes()).ok_or(Expected::Encoding)?;
                self.encoding = Some(value.to_owned());
            }
            "date-order" => {
                let orders = [DateOrder::Dmy, DateOrder::Mdy, DateOrder::Ymd];
                self.date_order = Some(by_code(orders, DateOrder::code, value).ok_or(Expected::Word(&["dmy", "mdy", "ymd"]))?);
            }
            "timezone" => {
                TimeZone::get(value).map_err(|_| Expected::Zone)?;
                self.timezone = Some(value.to_owned());
            }
            "language" => {
                let language = TitleLanguage::parse(value);
                self.language = Some(language.ok_or(Expected::Language)?);
            }
            "quoting" => {
                let known = [Quoting::Doubled, Quoting::Backslash, Quoting::Escaped, Quoting::None];
                self.quoting = Some(by_code(known, Quoting::code, value).ok_or(Expected::Word(&[
                    "doubled",
                    "backslash",
                    "escaped",
                    "none",
                ]))?);
            }
            "line-ends" => {
                let known = [LineEnds::Any, LineEnds::Lf, LineEnds::Cr];
                self.line_ends = Some(by_code(known, LineEnds::code, value).ok_or(Expected::Word(&["any", "lf", "cr"]))?);
            }
            "header-line" => {
                let line = value.parse().ok().filter(|line| *line > 0);
                self.header_line = Some(line.ok_or(Expected::Line)?);
            }
            "numbers" => {
                let known = [NumberStyle::Point, NumberStyle::Comma];
                self.numbers = Some(by_code(known, NumberStyle::code, value).ok_or(Expected::Word(&["point", "comma"]))?);
            }
            "cells" => {
                let known = [CellMeaning::Codes, CellMeaning::Labels];
                self.cells = Some(by_code(known, CellMeaning::code, value).ok_or(Expected::Word(&["codes", "labels"]))?);
            }
            _ => return Err(Expected::Nothing),
        }
        Ok(())
    }

    /// What the flags of this say, as [`take`](Self::take) reads it; columns apart.
    pub fn words(&self) -> Vec<(&'static str, String)> {
        let delimiter = self.delimiter.map(|sign| if sign == b'\t' { "tab".to_owned() } else { char::from(sign).to_string() });
        let said = [
            ("entity", self.entity.map(|entity| entity.code().to_owned())),
            ("delimiter", delimiter),
            ("encoding", self.encoding.clone()),
            ("date-order", self.date_order.map(|order| order.code().to_owned())),
            ("timezone", self.timezone.clone()),
            ("language", self.language.map(|language| language.code().to_owned())),
            ("quoting", self.quoting.map(|quoting| quoting.code().to_owned())),
            ("line-ends", self.line_ends.map(|ends| ends.code().to_owned())),
            ("header-line", self.header_line.map(|line| line.to_string())),
            ("numbers", self.numbers.map(|numbers| numbers.code().to_owned())),
            ("cells", self.cells.map(|cells| cells.code().to_owned())),
        ];
        said.into_iter().filter_map(|(flag, word)| Some((flag, word?))).collect()
    }

    /// This, and what another says where this says nothing. Of two fields for one column the first stands.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        Self {
            entity: self.entity.or(other.entity),
            delimiter: self.delimiter.or(other.delimiter),
            encoding: self.encoding.clone().or_else(|| other.encoding.clone()),
            date_order: self.date_order.or(other.date_order),
            timezone: self.timezone.clone().or_else(|| other.timezone.clone()),
            language: self.language.or(other.language),
            quoting: self.quoting.or(other.quoting),
            line_ends: self.line_ends.or(other.line_ends),
            header_line: self.header_line.or(other.header_line),
            numbers: self.numbers.or(other.numbers),
            cells: self.cells.or(other.cells),
            map: [self.map.as_slice(), &other.map].concat(),
            ignore: [self.ignore.as_slice(), &other.ignore].concat(),
        }
    }
}

fn by_code<T: Copy, const N: usize>(known: [T; N], code: impl Fn(T) -> &'static str, word: &str) -> Option<T> {
    known.into_iter().find(|one| code(*one) == word)
}

fn delimiter(word: &str) -> Option<u8> {
    match word {
        "tab" | "\\t" | "\t" => Some(b'\t'),
        "semicolon" => Some(b';'),
        "comma" => Some(b','),
        "pipe" => Some(b'|'),
        // A quote or a line end between cells would make no table.
        other => other.bytes().next().filter(|sign| other.len() == 1 && sign.is_ascii() && !b"\"\r\n\0".contains(sign)),
    }
}
