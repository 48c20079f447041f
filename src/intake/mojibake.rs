//! Text that was encoded twice: UTF-8 that somebody's program took for windows-1252, ISO-8859-1 or windows-1251 and saved as UTF-8
//! again, so that `Compañía` reads `CompaÃ±Ã­a`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use encoding_rs::{Encoding, WINDOWS_1251, WINDOWS_1252};

/// How many words beyond ASCII are looked at.
const WORDS_MAX: usize = 5000;

/// The bytes above ASCII for which a letter was taken, in each of the encodings that UTF-8 is mistaken for.
static TABLES: LazyLock<[HashMap<char, u8>; 2]> = LazyLock::new(|| {
    // What windows-1252 has no sign for, and ISO-8859-1 for all of 0x80 to 0x9F, is a control sign of the same number.
    let controls = (0x80..=0x9f).map(|byte: u8| (char::from(byte), byte));
    [controls.chain(upper_half(WINDOWS_1252)).collect(), upper_half(WINDOWS_1251).collect()]
});

fn upper_half(encoding: &'static Encoding) -> impl Iterator<Item = (char, u8)> {
    (0x80..=0xff).filter_map(move |byte: u8| Some((encoding.decode_without_bom_handling(&[byte]).0.chars().next()?, byte)))
}

/// What a text was before it was encoded a second time; `None` for one that wasn't.
pub(super) fn repair(text: &str) -> Option<String> {
    if text.is_ascii() || !may_be_twice(text) {
        return None;
    }
    let [western, cyrillic] = &*TABLES;
    let is_sound = |meant: &String, letters_min: usize| {
        let mut letters = meant.chars().filter(|sign| !sign.is_ascii()).peekable();
        letters.peek().is_some() && letters.clone().all(is_usual) && letters.count() >= letters_min
    };
    // Two long sequences of bytes are none that chance makes of letters and signs, whatever letters they are.
    let is_long = |meant: &String| {
        let mut letters = meant.chars().filter(|sign| !sign.is_ascii());
        letters.clone().count() > 1 && letters.all(|sign| is_usual(sign) || (sign >= '\u{800}' && !is_private(sign)))
    };
    let of_western = || once_less(text, western).filter(|meant| is_sound(meant, 1) || is_long(meant));
    // A capital and the Ukrainian letter behind it may be a word: `Ні` is no.
    of_western().or_else(|| once_less(text, cyrillic).filter(|meant| is_sound(meant, 2)))
}

/// Whether a sign stands in the texts of the languages that Bitrix24 exports; any other is what chance makes of two letters.
fn is_usual(sign: char) -> bool {
    matches!(sign, '\u{a0}'..='\u{17f}' | 'А'..='я' | '\u{2010}'..='\u{2122}' | '\u{1f000}'..='\u{1faff}')
        || is_symbol(sign)
        || "ЁёЄєІіЇїҐґЎў".contains(sign)
}

/// Arrows, marks, stars and hearts, and what joins emoji.
fn is_symbol(sign: char) -> bool {
    matches!(
        sign,
        '\u{200b}'..='\u{200f}'
            | '\u{2190}'..='\u{21ff}'
            | '\u{2300}'..='\u{23ff}'
            | '\u{25aa}'..='\u{27bf}'
            | '\u{2b00}'..='\u{2bff}'
            | '\u{fe0f}'
    )
}

/// Whether a sign is nobody's.
fn is_private(sign: char) -> bool {
    matches!(sign, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..)
}

/// The text as its author meant it.
pub(super) fn meant(text: &str) -> Cow<'_, str> {
    repair(text).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// Whether the first letter beyond ASCII and the sign behind it may be the two first bytes of a letter. Asked for every cell with an
/// accent, and in texts of any language the answer is nearly always no.
fn may_be_twice(text: &str) -> bool {
    let Some(begin) = text.bytes().position(|byte| !byte.is_ascii()) else { return false };
    let mut signs = text[begin..].chars();
    let (Some(first), Some(second)) = (signs.next(), signs.next()) else { return false };
    if second.is_ascii() || ('а'..='я').contains(&second) || ('А'..='Я').contains(&second) {
        return false;
    }
    let is_in = |table: &HashMap<char, u8>, sign: char, bytes: std::ops::RangeInclusive<u8>| {
        table.get(&sign).is_some_and(|byte| bytes.contains(byte))
    };
    TABLES.iter().any(|table| is_in(table, first, 0xc2..=0xf4) && is_in(table, second, 0x80..=0xbf))
}

fn once_less(text: &str, taken_for: &HashMap<char, u8>) -> Option<String> {
    let byte = |sign: char| if sign.is_ascii() { Some(sign as u8) } else { taken_for.get(&sign).copied() };
    String::from_utf8(text.chars().map(byte).collect::<Option<Vec<u8>>>()?).ok()
}

/// Words of a text that were encoded twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// The line of the first, from 1.
    pub(super) line: u64,
    /// The first.
    pub(super) word: String,
    /// Whether nearly all of the words beyond ASCII were: the whole text went through such a program.
    pub(super) is_all: bool,
}

/// Looks for words that were encoded twice.
pub(super) fn find(text: &str) -> Option<Found> {
    let mut first = None;
    let (mut words, mut twice) = (0, 0);
    let lines = text.split_inclusive('\n').flat_map(|line| {
        // A CR that no LF follows ends a line, too.
        line.strip_suffix('\n').map_or(line, |line| line.strip_suffix('\r').unwrap_or(line)).split('\r')
    });
    for (line, content) in (1..).zip(lines) {
        let parts = content.split(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric());
        for word in parts.filter(|word| !word.is_ascii() && !word.contains(char::REPLACEMENT_CHARACTER)) {
            words += 1;
            if repair(word).is_some() {
                twice += 1;
                first.get_or_insert_with(|| (line, word.to_owned()));
            }
        }
        if words > WORDS_MAX {
            break;
        }
    }
    first.map(|(line, word)| Found { line, word, is_all: twice * 5 >= words * 4 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn twice(text: &str, taken_for: &'static Encoding) -> String {
        taken_for.decode_without_bom_handling(text.as_bytes()).0.into_owned()
    }

    #[test]
    fn what_was_encoded_twice_is_told_from_what_was_not() {
        for (text, taken_for) in [("Compañía Nº 7 — “x”", WINDOWS_1252), ("Название компании", WINDOWS_1251)]
        {
            let double = twice(text, taken_for);
            assert_ne!(double, text);
            assert_eq!(repair(&double).as_deref(), Some(text));
            assert_eq!(repair(text), None);
            assert_eq!(find(text), None);
            assert!(find(&format!("ID;a\n1;{double}\n")).is_some_and(|found| found.line == 2 && found.is_all));
            let mixed = format!("ID;a\r1;{text}\r2;{text}\r3;{text}\r4;{double}\r");
            assert!(find(&mixed).is_some_and(|found| found.line == 5 && !found.is_all), "{:?}", find(&mixed));
        }
    }

    #[test]
    fn emoji_and_signs_that_were_encoded_twice_are_known() {
        for text in ["gracias 😀 ✓", "✓", "→ ★", "❤\u{fe0f}", "👩\u{200d}🔧", "⭐", "日本", "café 日"] {
            assert_eq!(repair(&twice(text, WINDOWS_1252)).as_deref(), Some(text));
            assert_eq!(repair(text), None);
        }
        // One sign beyond those of our languages may be made by chance: the end of two quotations.
        for text in ["é”»", "café”»", "дії, дії"] {
            assert_eq!(repair(text), None, "{text}");
        }
    }

    #[test]
    fn what_iso_8859_1_has_made_of_a_text_is_read_as_well() {
        let double: String = "Ñandú, “Íñigo”".bytes().map(char::from).collect();
        assert_eq!(repair(&double).as_deref(), Some("Ñandú, “Íñigo”"));
    }

    #[test]
    fn no_text_of_a_language_is_taken_for_one_that_was_encoded_twice() {
        for text in [
            "Ні",
            "Ві",
            "xВєаєіx",
            "ñandú",
            "São Paulo",
            "«ВЕКТОР»",
            "Її",
            "№ 5",
            "Łódź",
            "€ 5",
            "Á²",
            "Nº 7 — “x”",
            "日本",
            "Ёж",
            "ÄÜ",
        ] {
            assert_eq!(repair(text), None, "{text}");
        }
    }
}
