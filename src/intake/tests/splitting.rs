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
        let is_everywhere = self.dialect.quoting == Quoting::Everywhere;
        let (behind, mut bare) = (self.at, String::new());
        while let Some(&sign) = self.signs.get(self.at) {
            if sign == char::from(self.dialect.delimiter) || self.line_end_at(self.at) > 0 {
                break;
            }
            let next = self.signs.get(self.at + 1).copied().filter(|_| is_everywhere && sign == '\\');
            self.at += 1 + usize::from(next.is_some());
            match next {
                Some(next) if "\"\\\n\r".contains(next) || next == char::from(self.dialect.delimiter) => bare.push(next),
                _ => bare.extend(std::iter::once(sign).chain(next)),
            }
        }
        let tail: String = self.signs[behind..self.at].iter().collect();
        cell.push_str(if is_everywhere && !is_quoted && tail != "\\N" { &bare } else { &tail });
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
            let is_backslash = matches!(self.dialect.quoting, Quoting::Backslash | Quoting::Everywhere) && sign == '\\';
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
    let quoting = proptest::sample::select(vec![
        Quoting::Doubled,
        Quoting::Backslash,
        Quoting::Everywhere,
        Quoting::Escaped,
        Quoting::None,
    ]);
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

    #[test]
    fn long_lines_of_whole_cells_are_those_of_the_obvious_reader_wherever_something_is_out_of_place(
        lines in proptest::collection::vec((proptest::collection::vec(cells(), 1..40), line_ends()), 0..40),
        delimiter in proptest::sample::select(b";,".to_vec()),
        quoting in proptest::sample::select(vec![Quoting::Doubled, Quoting::None]),
        ends in proptest::sample::select(vec![LineEnds::Any, LineEnds::Lf]),
        block in prop_oneof![Just(1 << 16), 64..8192_usize],
    ) {
        let delimited = String::from(char::from(delimiter));
        let text: String = lines.into_iter().flat_map(|(cells, end)| [cells.join(&delimited), end.to_owned()]).collect();
        let dialect = Dialect { delimiter, quoting, line_ends: ends };
        prop_assert_eq!(split(text.as_bytes(), encoding_rs::UTF_8, dialect, block), obvious(&text, dialect));
        // What a plain line promises holds of each of its cells as it is meant.
        let block = blocks::Block { text, is_last: true, ..blocks::Block::default() };
        let lines = split::split(block, dialect);
        for line in (0..lines.len()).map(|at| lines.get(at).cells).filter(lines::Texts::is_plain) {
            for cell in line.iter() {
                let is_long = |sign: char| sign.len_utf8() > 2;
                let signs: Vec<char> = cell.chars().collect();
                let are_beside = |pair: &[char]| pair.iter().all(|sign| !sign.is_ascii());
                prop_assert!(!signs.iter().copied().any(is_long) && !signs.windows(2).any(are_beside), "{}", cell);
            }
        }
    }
}

#[test]
fn what_is_out_of_place_is_seen_at_every_place() {
    let dialect = Dialect::new(b';');
    for pad in (0..70).chain(2040..2056) {
        let pad = "p".repeat(pad);
        for cell in ["\"a\"b", "\"a\"\"b\"", "a\"b\"", "\"a\r\nb\"", "\"a\"\r\n\"b\"", "é\u{a0}", "\"\"", "\"é\"\u{a0}"] {
            for text in [format!("{pad};{cell};z\r\n\"1\";\"2\"\n"), format!("\"{pad}\";{cell}\r\n{cell}\n")] {
                let read = split(text.as_bytes(), encoding_rs::UTF_8, dialect, 1 << 16);
                assert_eq!(read, obvious(&text, dialect), "{text:?}");
            }
        }
    }
}

/// A cell as most files have them: quoted as a whole or not at all; seldom one that is neither.
fn cells() -> impl Strategy<Value = String> {
    const INNER: &[&str] =
        &["a", "ñ", "é", "–", "\"\"", ";", ",", "\n", "\r\n", "\r", "un texto que no acaba en la misma pieza", "1500.00"];
    const BARE: &[&str] = &["", "a", "ñandú", "éí", "Ж", "2024-01-15 10:00:00", "un texto que no acaba en la misma pieza"];
    const ODD: &[&str] = &["5\" de tubo", "\"a\"b", " \"a\"", "\"", "\"\"\"", "\u{feff}a", "\"a\" ", "\"é\"\u{a0}", "a\rb"];
    prop_oneof![
        60 => texts(INNER, 6).prop_map(|inner| format!("\"{inner}\"")),
        30 => proptest::sample::select(BARE).prop_map(str::to_owned),
        1 => proptest::sample::select(ODD).prop_map(str::to_owned),
    ]
}

fn line_ends() -> impl Strategy<Value = &'static str> {
    prop_oneof![20 => Just("\n"), 10 => Just("\r\n"), 1 => Just("\r"), 1 => Just("\n\u{feff}"), 1 => Just("")]
}
