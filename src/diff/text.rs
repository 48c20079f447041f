//! Texts: equal when a person reads the same.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use crate::model::Value;

/// Whether two short texts read the same: spaces at the ends, the kind of line ends and spaces, composition, and HTML entities aside.
///
/// Entities: an export decodes them, REST gives what is stored (csv 4.11).
pub(super) fn same_text(file: &str, live: &str) -> bool {
    if file == live || plain(file).eq(plain(live)) {
        return true;
    }
    (file.contains('&') || live.contains('&')) && plain(&decode_entities(file)).eq(plain(&decode_entities(live)))
}

/// A text's signs as they are compared; nothing is allocated.
fn plain(text: &str) -> impl Iterator<Item = char> + '_ {
    text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
        .nfc()
        .filter(|c| *c != '\r')
        .map(|c| if is_space(c) { ' ' } else { c })
}

/// No-break and other fixed spaces; line breaks and tabs are signs of their own.
pub(super) fn is_space(c: char) -> bool {
    matches!(c, '\u{a0}' | '\u{202f}' | '\u{2007}' | '\u{2009}')
}

/// The text of a value in a field that both sides need not type alike (a custom string that REST gives as a number).
pub(super) fn text_of(value: &Value) -> Option<Cow<'_, str>> {
    Some(match value {
        Value::Empty => Cow::Borrowed(""),
        Value::Text(text) | Value::Label(text) | Value::Name(text) | Value::Code(text) => Cow::Borrowed(text),
        Value::Number(number) => Cow::Owned(number.normalize().to_string()),
        Value::Flag(flag) => Cow::Borrowed(if *flag { "Y" } else { "N" }),
        Value::Date(day) => Cow::Owned(day.to_string()),
        Value::Link(id) => Cow::Owned(id.to_string()),
        Value::User(id) => Cow::Owned(id.to_string()),
        Value::Money(money) => Cow::Owned(match &money.currency {
            Some(currency) => format!("{}|{currency}", money.amount.normalize()),
            None => money.amount.normalize().to_string(),
        }),
        Value::Moment(_) | Value::Clock(_) | Value::List(_) | Value::Products(_) => return None,
    })
}

/// The entities that Bitrix24's editors write, decoded; anything else that looks like one stays.
pub(super) fn decode_entities(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        decoded.push_str(&rest[..start]);
        rest = &rest[start..];
        let entity = rest.bytes().take(12).position(|byte| byte == b';').and_then(|end| Some((entity(&rest[1..end])?, end)));
        let (sign, skip) = entity.map_or(('&', 1), |(sign, end)| (sign, end + 1));
        decoded.push(sign);
        rest = &rest[skip..];
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

fn entity(name: &str) -> Option<char> {
    let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        "laquo" => '«',
        "raquo" => '»',
        "ndash" => '–',
        "mdash" => '—',
        "hellip" => '…',
        "ldquo" => '“',
        "rdquo" => '”',
        "lsquo" => '‘',
        "rsquo" => '’',
        "bull" => '•',
        "copy" => '©',
        "euro" => '€',
        _ => {
            let digits = name.strip_prefix('#')?;
            match digits.strip_prefix(['x', 'X']) {
                Some(hex) => number(hex, 16)?,
                None => number(digits, 10)?,
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(file: &str, live: &str, expected: bool) {
        assert_eq!(same_text(file, live), expected, "{file:?} {live:?}");
    }

    #[test]
    fn spaces_at_the_ends_and_no_break_spaces_make_no_difference() {
        check(" Ana\u{a0}López ", "Ana López", true);
        check("\u{feff}Ana", "Ana", true);
        check("Ana  López", "Ana López", false);
    }

    #[test]
    fn composed_and_decomposed_letters_are_one() {
        check("Go\u{301}mez", "Gómez", true);
    }

    #[test]
    fn line_ends_of_either_kind_are_one() {
        check("a\r\nb", "a\nb", true);
        check("a\nb", "a b", false);
    }

    #[test]
    fn an_entity_that_the_export_decoded_is_its_sign() {
        check("A & B <c>", "A &amp; B &lt;c&gt;", true);
        check("R&D; x", "R&D; x", true);
        check("&#233;t&#xe9;", "été", true);
        check("a &unknown; b", "a &unknown; b", true);
        check("ñ&ñññññññññ;", "ñ&ñññññññññ;", true);
        check("A &amp; B", "A und B", false);
    }

    #[test]
    fn capitals_make_a_difference() {
        check("ACME", "Acme", false);
    }
}
