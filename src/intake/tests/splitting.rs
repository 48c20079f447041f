//! The splitter beside a slow, obvious one: sign by sign, without blocks, without bytes, without looking ahead.

use proptest::prelude::*;

use super::*;
use fuzzing::split;
use rows::Line;

/// The lines of a text, and whether it ends within quotes.
type Lines = (Vec<Line>, bool);

/// The same by reading sign after sign.
fn obvious(text: &str, dialect: Dialect) -> Lines {
    // The mark of the whole text is no text.
    let signs = text.strip_prefix('\u{feff}').unwrap_or(text).chars().collect();
    let mut reader = Obvious { signs, at: 0, dialect };
    let mut lines = Vec::new();
    let mut number = 1;
    while reader.at < reader.signs.len() {
        let start = reader.at;
        let mut line = Line { number, ..Line::default() };
        reader.at += usize::from(reader.signs[start] == '\u{feff}');
        let end = loop {
            let Some((cell, is_stray)) = reader.cell() else { return (lines, true) };
            line.stray_quote |= is_stray;
            line.cells.push(&cell);
            if !reader.takes_delimiter() {
                break reader.at;
            }
        };
        let length = reader.line_end_at(end);
        reader.at += length;
        line.raw = reader.signs[start..end].iter().collect();
        number += reader.line_ends(start, reader.at);
        lines.push(line);
    }
    (lines, false)
}

struct Obvious {
    signs: Vec<char>,
    at: usize,
    dialect: Dialect,
}

impl Obvious {
    /// How many signs the line end has that stands at a place; 0 where none does.
    fn line_end_at(&self, at: usize) -> usize {
        let (one, two) = (self.signs.get(at).copied(), self.signs.get(at + 1).copied());
        match (self.dialect.line_ends, one, two) {
            (_, Some('\r'), Some('\n')) => 2,
            (LineEnds::Any | LineEnds::Lf, Some('\n'), _) | (LineEnds::Any | LineEnds::Cr, Some('\r'), _) => 1,
            _ => 0,
        }
    }

    fn line_ends(&self, mut from: usize, to: usize) -> u64 {
        let mut count = 0;
        while from < to {
            let length = self.line_end_at(from);
            count += u64::from(length > 0);
            from += length.max(1);
        }
        count
    }

    fn takes_delimiter(&mut self) -> bool {
        let is_one = self.signs.get(self.at) == Some(&char::from(self.dialect.delimiter));
        self.at += usize::from(is_one);
        is_one
    }

    /// The next cell, and whether text follows its closing quote; `None` for a quote that nothing closes.
    fn cell(&mut self) -> Option<(String, bool)> {
        if self.dialect.quoting == Quoting::Escaped {
            return Some((self.escaped(), false));
        }
        let is_quoted = self.dialect.quoting != Quoting::None && self.signs.get(self.at) == Some(&'"');
        let mut cell = if is_quoted { self.within_quotes()? } else { String::new() };
        let behind = self.at;
        while let Some(&sign) = self.signs.get(self.at) {
            if sign == char::from(self.dialect.delimiter) || self.line_end_at(self.at) > 0 {
                break;
            }
            self.at += 1;
        }
        let tail: String = self.signs[behind..self.at].iter().collect();
        cell.push_str(&tail);
        Some((cell, is_quoted && !tail.trim().is_empty()))
    }

    /// A cell without quotes, in which a backslash takes the meaning of what stands behind it, or gives it one.
    fn escaped(&mut self) -> String {
        let (start, mut text) = (self.at, String::new());
        while let Some(&sign) = self.signs.get(self.at) {
            if sign == char::from(self.dialect.delimiter) || self.line_end_at(self.at) > 0 {
                break;
            }
            let next = self.signs.get(self.at + 1).copied().filter(|_| sign == '\\');
            self.at += 1 + usize::from(next.is_some());
            match next {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some('r') => text.push('\r'),
                Some(next) if "\\\n\r".contains(next) || next == char::from(self.dialect.delimiter) => text.push(next),
                _ => text.extend(std::iter::once(sign).chain(next)),
            }
        }
        let raw: String = self.signs[start..self.at].iter().collect();
        if raw == "\\N" { raw } else { text }
    }

    fn within_quotes(&mut self) -> Option<String> {
        let mut text = String::new();
        self.at += 1;
        loop {
            let (sign, next) = (*self.signs.get(self.at)?, self.signs.get(self.at + 1).copied());
            let is_backslash = self.dialect.quoting == Quoting::Backslash && sign == '\\';
            self.at += 1;
            match next {
                Some(next) if (sign == '"' && next == '"') || (is_backslash && matches!(next, '"' | '\\' | '\n')) => {
                    text.push(next);
                    self.at += 1;
                }
                _ if sign == '"' => return Some(text),
                _ => text.push(sign),
            }
        }
    }
}

fn dialects() -> impl Strategy<Value = Dialect> {
    let quoting = proptest::sample::select(vec![Quoting::Doubled, Quoting::Backslash, Quoting::Escaped, Quoting::None]);
    let line_ends = proptest::sample::select(vec![LineEnds::Any, LineEnds::Lf, LineEnds::Cr]);
    (proptest::sample::select(b";,\t|".to_vec()), quoting, line_ends).prop_map(|(delimiter, quoting, line_ends)| Dialect {
        delimiter,
        quoting,
        line_ends,
    })
}

fn texts(pieces: &[&'static str], most: usize) -> impl Strategy<Value = String> + use<> {
    proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..most).prop_map(|pieces| pieces.concat())
}

const PIECES: &[&str] = &[
    "a", "ñ", "Ж", "😀", "\"", "\"\"", ";", ",", "|", "\t", "\n", "\r", "\r\n", "\\", "\\\"", "\\N", "n", "\";\"", " ",
    "\u{2028}", "\u{a0}", "\u{feff}", "1",
];

proptest! {
    #[test]
    fn lines_are_those_of_a_slow_and_obvious_reader_in_every_dialect_and_for_every_block_size(
        text in texts(PIECES, 120),
        dialect in dialects(),
        block in prop_oneof![1..64usize, 1..4096usize],
        wide in any::<bool>(),
    ) {
        let encoding = if wide { encoding_rs::UTF_16LE } else { encoding_rs::UTF_8 };
        let bytes = if wide { text.encode_utf16().flat_map(u16::to_le_bytes).collect() } else { text.clone().into_bytes() };
        prop_assert_eq!(split(&bytes, encoding, dialect, block), obvious(&text, dialect));
    }

    #[test]
    fn lines_of_spoilt_bytes_are_the_same_for_every_block_size(
        pieces in proptest::collection::vec(prop_oneof![
            2 => texts(PIECES, 4).prop_map(String::into_bytes),
            1 => proptest::collection::vec(any::<u8>(), 0..4),
        ], 0..40),
        dialect in dialects(),
        encoding in proptest::sample::select(vec![encoding_rs::UTF_8, encoding_rs::UTF_16BE, encoding_rs::WINDOWS_1251]),
        block in 1..4096usize,
    ) {
        let bytes = pieces.concat();
        prop_assert_eq!(split(&bytes, encoding, dialect, block), split(&bytes, encoding, dialect, 1 << 16));
    }
}
