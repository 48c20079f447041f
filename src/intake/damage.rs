//! What a spreadsheet does to a value when it saves a file that isn't its own (csv 9). What is lost can't be read back; it can be named.

/// The length at which Excel cuts a cell, in UTF-16 units.
const CELL_UNITS_MAX: usize = 32_767;

/// What spreadsheets write where a formula went wrong, in the languages of their menus: English, Spanish, Russian, Ukrainian, Portuguese,
/// German, French, Italian and Polish.
const ERROR_VALUES: &[&str] = &[
    "#N/A",
    "#REF!",
    "#VALUE!",
    "#NAME?",
    "#DIV/0!",
    "#NUM!",
    "#NULL!",
    "#SPILL!",
    "#CALC!",
    "#FIELD!",
    "#ERROR!",
    "#GETTING_DATA",
    "#N/D",
    "#N/D!",
    "#¡REF!",
    "#¡VALOR!",
    "#¿NOMBRE?",
    "#¡DIV/0!",
    "#¡NUM!",
    "#¡NULO!",
    "#Н/Д",
    "#ССЫЛКА!",
    "#ЗНАЧ!",
    "#ИМЯ?",
    "#ДЕЛ/0!",
    "#ЧИСЛО!",
    "#ПУСТО!",
    "#ПОСИЛАННЯ!",
    "#ЗНАЧЕННЯ!",
    "#ІМ'Я?",
    "#ДІЛ/0!",
    "#VALOR!",
    "#NOME?",
    "#NÚM!",
    "#NULO!",
    "#BEZUG!",
    "#WERT!",
    "#ZAHL!",
    "#NV",
    "#VALEUR!",
    "#NOM?",
    "#NOMBRE!",
    "#NUL!",
    "#RIF!",
    "#VALORE!",
    "#ADR!",
    "#ARG!",
    "#NAZWA?",
    "#LICZBA!",
    "#ZERO!",
];
/// What `LibreOffice` writes instead, with a number behind it.
const ERROR_NUMBER: &str = "Err:";
/// From so many question marks on a text without letters is one that has lost them; with fewer, somebody may wonder.
const LOST_LETTERS_MIN: usize = 5;
/// The fewest digits of a text that is a phone and no small number.
const PHONE_DIGITS_MIN: usize = 7;

/// Whether a text is no longer the one that stood there: digits lost to a power of ten, a formula's error, the end cut off.
#[inline]
pub(super) fn is_lost(text: &str) -> bool {
    match text.as_bytes() {
        [] => false,
        [b'#', ..] => is_error_value(text),
        [b'0'..=b'9' | b'-' | b'+', ..] if text.len() <= 24 => ends_like_a_power(text.as_bytes()) && is_power_of_ten(text),
        [b'E', b'r', b'r', b':', ..] => {
            text.strip_prefix(ERROR_NUMBER).is_some_and(|number| number.len() == 3 && is_digits(number))
        }
        [b'?', b'?', ..] => is_of_question_marks(text) || is_cut(text),
        _ => is_cut(text),
    }
}

/// Whether a text is told by its first letter and its length to have something in it, of which nothing is lost. Asked for every cell,
/// and true of most.
#[inline]
pub(super) fn begins_sound(text: &str) -> bool {
    // Beyond ASCII: the letters of two bytes, among which there is no white space.
    let is_letter = |byte: u8| matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | 0xc3..=0xdf);
    text.len() < CELL_UNITS_MAX
        && match text.as_bytes() {
            // It may be `Err:502`.
            [b'E', b'r', ..] | [] => false,
            [first, ..] => is_letter(*first),
        }
}

fn is_error_value(text: &str) -> bool {
    ERROR_VALUES.contains(&text) || (text.len() > 4 && text.bytes().all(|byte| byte == b'#'))
}

/// `????? ????????`: letters that the encoding doesn't have in which a spreadsheet saved the file, Cyrillic ones in a western one.
fn is_of_question_marks(text: &str) -> bool {
    let marks = text.bytes().filter(|byte| *byte == b'?').count();
    marks >= LOST_LETTERS_MIN && !text.contains(char::is_alphabetic)
}

/// Whether a `+` stands before the last one to three bytes, as in every power of ten that a spreadsheet shows; hardly any other number
/// has one there.
#[inline]
fn ends_like_a_power(text: &[u8]) -> bool {
    matches!(text, [.., b'+', _] | [.., b'+', _, _] | [.., b'+', _, _, _])
}

/// `5.21558E+11`: how a spreadsheet shows twelve digits and more; programs that hold them as numbers write the `e` small.
fn is_power_of_ten(text: &str) -> bool {
    let Some((number, power)) = text.split_once(['E', 'e']) else { return false };
    let Some(power) = power.strip_prefix('+') else { return false };
    let (whole, fraction) = number.split_once(['.', ',']).unwrap_or((number, "0"));
    is_digits(power) && is_digits(fraction) && is_digits(whole.strip_prefix(['-', '+']).unwrap_or(whole)) && power.len() <= 3
}

/// A phone that a program took for a number with decimals: `525512345678.0`. Compared by its digits it would be another one.
pub(super) fn is_phone_with_decimals(text: &str) -> bool {
    whole_part(text).is_some_and(|phone| phone.len() >= PHONE_DIGITS_MIN)
}

/// Whether a text is a whole number that a program has given decimals: `64000.0`, where it is German or Spanish `64000,0`.
pub(super) fn has_decimals(text: &str) -> bool {
    whole_part(text).is_some()
}

/// The digits before the decimals that a program has added.
pub(super) fn whole_part(text: &str) -> Option<&str> {
    // Asked for every phone, and nearly none ends so.
    let whole = text.strip_suffix('0')?.strip_suffix(['.', ','])?;
    is_digits(whole).then_some(whole)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[inline]
fn is_cut(text: &str) -> bool {
    text.len() >= CELL_UNITS_MAX && text.encode_utf16().count() == CELL_UNITS_MAX
}

/// A date that became a spreadsheet's number of days (`45321`, `45321.628`), or its day zero (`1900-01-00`, `00/01/1900`).
pub(super) fn is_day_number(text: &str) -> bool {
    let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_serial = whole.len() == 5 && is_number(whole) && is_number(fraction);
    let day = text.split([' ', 'T']).next().unwrap_or_default();
    let parts: Vec<&str> = day.split(['/', '-', '.']).collect();
    let is_zero = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte == b'0');
    is_serial || (parts.len() == 3 && parts.iter().any(is_zero) && parts.iter().any(|part| matches!(*part, "1900" | "1899")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_has_lost_is_told_from_what_people_write() {
        let powers = ["5.21558E+11", "5,21558E+11", "1E+15", "-1.2E+05", "5.21558e+11", "+5.21558E+11"];
        let errors = [
            "#N/A",
            "#¡REF!",
            "#¿NOMBRE?",
            "#ЗНАЧ!",
            "#BEZUG!",
            "#NOME?",
            "#VALEUR!",
            "#ERROR!",
            "Err:502",
            "########",
            "????? ????????",
            "?????, 5",
        ];
        for lost in powers.into_iter().chain(errors) {
            assert!(is_lost(lost), "{lost}");
        }
        let kept = [
            "",
            "5.2E",
            "E+11",
            "1e5",
            "#1",
            "#oferta",
            "+52 55 1234 5678",
            "3E+",
            "Casa 5E+3b",
            "####",
            "Err:",
            "Err: sin red",
            "???",
            "¿¿Qué???",
            "????? no",
        ];
        for kept in kept {
            assert!(!is_lost(kept), "{kept}");
        }
        assert!(is_lost(&"ñ".repeat(32_767)) && !is_lost(&"ñ".repeat(32_768)) && !is_lost(&"a".repeat(32_766)));
    }

    #[test]
    fn what_begins_with_a_letter_has_lost_nothing_but_a_formula_of_libre_office() {
        for text in ["Ana", "é", "Empresa", "E+11", "z", "Ünal", "Ж", "E"] {
            assert!(begins_sound(text) && !is_lost(text) && !text.trim().is_empty(), "{text}");
        }
        for text in ["", " ", "\u{a0}", "\u{a0}x", "\u{2003}x", "\u{3000}", "Err:502", "#N/A", "1E+15", "-1E+15", "?????"] {
            assert!(!begins_sound(text), "{text}");
        }
        assert!(!begins_sound(&"a".repeat(CELL_UNITS_MAX)) && begins_sound(&"a".repeat(CELL_UNITS_MAX - 1)));
        let mut signs = ('\0'..=char::MAX).map(String::from);
        assert_eq!(signs.find(|sign| begins_sound(sign) && sign.trim().is_empty()), None);
    }

    #[test]
    fn a_phone_that_became_a_number_with_decimals_is_known() {
        assert!(is_phone_with_decimals("525512345678.0") && is_phone_with_decimals("525512345678,0"));
        for kept in ["525512345678", "55.0", "55 1234 5678.0", "525512345678.00", "5255.1234.0"] {
            assert!(!is_phone_with_decimals(kept), "{kept}");
        }
    }

    #[test]
    fn a_date_that_became_a_number_is_known() {
        for lost in ["45321", "45321.628", "45321,5", "1900-01-00", "00/01/1900", "0/1/1900 0:00", "01/00/1900"] {
            assert!(is_day_number(lost), "{lost}");
        }
        for kept in ["2024-01-15", "4532", "01/01/1900", "", "10.00.2024", "453211"] {
            assert!(!is_day_number(kept), "{kept}");
        }
    }
}
