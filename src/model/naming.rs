//! Names as texts: how a cell that holds a name finds the record that bears it.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// The parts of a person's name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonName {
    /// The label of the salutation, such as `Sr.`.
    pub honorific: String,
    /// First name.
    pub name: String,
    /// Middle name.
    pub second: String,
    /// Last name.
    pub last: String,
}

/// The form in which names, titles and labels are compared: composed, lower-case, white space (no-break spaces too) made single spaces.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || c == '\u{feff}').filter(|word| !word.is_empty()) {
        if !folded.is_empty() {
            folded.push(' ');
        }
        // Asked for millions of names, and nearly all are composed already.
        if word.is_ascii() {
            folded.extend(word.chars().map(|c| c.to_ascii_lowercase()));
        } else if is_nfc_quick(word.chars()) == IsNormalized::Yes {
            folded.extend(word.chars().flat_map(char::to_lowercase));
        } else {
            folded.extend(word.nfc().flat_map(char::to_lowercase));
        }
    }
    folded
}

/// Every folded text under which an export may print this person: the name formats of Bitrix24 (`#NAME# #LAST_NAME#`, last name first,
/// with the middle name, with a comma), each with and without the salutation; without repetition, most usual first.
pub fn name_keys(person: &PersonName) -> Vec<String> {
    let PersonName { honorific, name, second, last } = person;
    let plain = [
        format!("{name} {last}"),
        format!("{last} {name}"),
        format!("{name} {second} {last}"),
        format!("{last} {name} {second}"),
        format!("{last}, {name}"),
        format!("{last}, {name} {second}"),
    ];
    let mut keys = Vec::new();
    for text in plain {
        for key in [fold(&format!("{honorific} {text}")), fold(&text)] {
            let key = key.trim_matches([',', ' ']).to_owned();
            if !key.is_empty() && !keys.contains(&key) {
                keys.push(key);
            }
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_in_every_format_that_an_export_prints() {
        let person = PersonName { honorific: "Sr.".into(), name: "Luis".into(), second: String::new(), last: "Gómez".into() };
        let keys = name_keys(&person);
        for text in ["Luis Gómez", "Sr. Luis Gómez", "Gómez Luis", "Gómez,\u{a0}Luis", "LUIS  GO\u{301}MEZ"] {
            assert!(keys.contains(&fold(text)), "{text} is none of {keys:?}");
        }
    }

    #[test]
    fn a_person_with_one_name_has_no_stray_commas() {
        let person = PersonName { name: "Ana".into(), ..PersonName::default() };
        assert_eq!(name_keys(&person), ["ana"]);
    }
}
