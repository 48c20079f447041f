//! What a person says of a file, in the words of the flags: the same in a mapping file.

use super::detect::{CellMeaning, DateOrder, NumberStyle, Overrides};
use super::dialect::{LineEnds, Quoting};
use super::headers::TitleLanguage;

impl Overrides {
    /// Takes what a flag says, by its name without the dashes. The error tells what the flag takes.
    pub fn take(&mut self, flag: &str, value: &str) -> Result<(), &'static str> {
        match flag {
            "entity" => self.entity = Some(value.parse().map_err(|_| "lead, contact, company or deal")?),
            "delimiter" => self.delimiter = Some(delimiter(value).ok_or("one character, or tab, semicolon, comma, pipe")?),
            "encoding" => self.encoding = Some(value.to_owned()),
            "date-order" => {
                let orders = [DateOrder::Dmy, DateOrder::Mdy, DateOrder::Ymd];
                self.date_order = Some(by_code(orders, DateOrder::code, value).ok_or("dmy, mdy or ymd")?);
            }
            "language" => {
                let language = TitleLanguage::parse(value);
                self.language = Some(language.ok_or("codes, or a language: es, en, ru, pt, de, fr, it, pl, uk, tr, bg, lt")?);
            }
            "quoting" => {
                let known = [Quoting::Doubled, Quoting::Backslash, Quoting::None];
                self.quoting = Some(by_code(known, Quoting::code, value).ok_or("doubled, backslash or none")?);
            }
            "line-ends" => {
                let known = [LineEnds::Any, LineEnds::Lf, LineEnds::Cr];
                self.line_ends = Some(by_code(known, LineEnds::code, value).ok_or("any, lf or cr")?);
            }
            "header-line" => {
                let line = value.parse().ok().filter(|line| *line > 0);
                self.header_line = Some(line.ok_or("the number of a line, from 1")?);
            }
            "numbers" => {
                let known = [NumberStyle::Point, NumberStyle::Comma];
                self.numbers = Some(by_code(known, NumberStyle::code, value).ok_or("point or comma")?);
            }
            "cells" => {
                let known = [CellMeaning::Codes, CellMeaning::Labels];
                self.cells = Some(by_code(known, CellMeaning::code, value).ok_or("codes or labels")?);
            }
            _ => return Err("no such flag"),
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
