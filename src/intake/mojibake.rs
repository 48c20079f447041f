//! Text that was encoded twice: UTF-8 that somebody's program took for windows-1252 or windows-1251 and saved as UTF-8 again, so that
//! `Compañía` reads `CompaÃ±Ã­a`.

use encoding_rs::{Encoding, WINDOWS_1251, WINDOWS_1252};

/// How many words beyond ASCII are looked at.
const WORDS_MAX: usize = 5000;

/// What a text was before it was encoded a second time; `None` for one that wasn't.
pub(super) fn repair(text: &str) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    [WINDOWS_1252, WINDOWS_1251].into_iter().find_map(|taken_for| once_less(text, taken_for))
}

fn once_less(text: &str, taken_for: &'static Encoding) -> Option<String> {
    let (bytes, _, unmappable) = taken_for.encode(text);
    if unmappable || bytes.is_ascii() {
        return None;
    }
    String::from_utf8(bytes.into_owned()).ok()
}

/// Where the first word of a text stands that was encoded twice, as its line from 1 and the word; only if nearly all were.
pub(super) fn find(text: &str) -> Option<(u64, String)> {
    let mut first = None;
    let (mut words, mut twice) = (0, 0);
    for (line, content) in (1..).zip(text.lines()) {
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
    first.filter(|_| twice * 5 >= words * 4)
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
            assert!(find(&format!("ID;a\n1;{double}\n")).is_some_and(|(line, _)| line == 2));
        }
    }
}
