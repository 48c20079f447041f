//! Numbers and money as files write them: `1500.00`, `1 500,00`, `1,500.00`, `$1,500.00`, `1500|MXN` (csv 4.4).
//!
//! Most numbers say by themselves which sign is the decimal one. `1.500` and `1,500` don't: there the file's style decides, which is
//! found out over all of its numbers (`number_votes`).

use std::str::FromStr;

use rust_decimal::Decimal;

use super::detect::NumberStyle;
use crate::model::{ProblemCode, Schema, Value, fold};

/// Digits that surely are one number of 64 bits.
const PLAIN_MAX: usize = 18;

/// Reads a number. A number in powers of ten has lost its digits to a spreadsheet (csv 9).
#[inline]
pub(super) fn number(text: &str, style: NumberStyle) -> Result<Decimal, ProblemCode> {
    plain(text, style).map_or_else(|| any_number(text, style), Ok)
}

/// The number of digits with or without a decimal point between them, as most stand in a file; `None` for what takes a closer look.
#[inline]
pub(super) fn plain(text: &str, style: NumberStyle) -> Option<Decimal> {
    let bytes = text.as_bytes();
    let is_bounded = bytes.len() <= PLAIN_MAX && bytes.first()?.is_ascii_digit() && bytes.last()?.is_ascii_digit();
    if !is_bounded {
        return None;
    }
    let (mut number, mut point) = (0_i64, None);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'0'..=b'9' => number = number * 10 + i64::from(byte - b'0'),
            b'.' if point.is_none() && style == NumberStyle::Point => point = Some(at),
            _ => return None,
        }
    }
    let scale = point.map_or(0, |at| bytes.len() - 1 - at);
    Some(Decimal::new(number, scale as u32))
}

/// The same of a number in any spelling.
fn any_number(text: &str, style: NumberStyle) -> Result<Decimal, ProblemCode> {
    if (style == NumberStyle::Point || !text.contains('.'))
        && let Ok(number) = Decimal::from_str_exact(text)
    {
        return Ok(number);
    }
    let compact: String = text.chars().filter(|c| !c.is_whitespace() && *c != '\'').collect();
    let (sign, digits) = match compact.strip_prefix(['-', '\u{2212}']) {
        Some(digits) => ("-", digits),
        None => ("", compact.strip_prefix('+').unwrap_or(&compact)),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b',') {
        return Err(if is_scientific(digits) { ProblemCode::SpreadsheetDamage } else { ProblemCode::BadNumber });
    }
    let plain = with_decimal_point(digits, style).ok_or(ProblemCode::BadNumber)?;
    Decimal::from_str(&format!("{sign}{plain}")).map_err(|_| ProblemCode::BadNumber)
}

/// Reads money: a number with a currency's code, sign or nothing around it.
pub(super) fn money(text: &str, style: NumberStyle, schema: &Schema) -> Result<Value, ProblemCode> {
    if let Some((amount, code)) = text.split_once('|') {
        let code = Some(code.trim().to_owned()).filter(|code| !code.is_empty());
        // As REST and the database write it: a point, whatever the currency's template says.
        return Ok(Value::money(number(amount.trim(), NumberStyle::Point)?, code));
    }
    let (amount, around) = dressed(text, style)?;
    let code = around.into_iter().find_map(|word| currency_of(word, schema));
    Ok(Value::money(amount, code))
}

/// Reads a number that a spreadsheet may have dressed as money, `$1,500.00` or `(1,500.00)`, and the currency where it is told.
/// Anything around it but a currency makes it none.
pub(super) fn amount(text: &str, style: NumberStyle, schema: &Schema) -> Result<(Decimal, Option<String>), ProblemCode> {
    let plain = number(text, style);
    if plain != Err(ProblemCode::BadNumber) {
        return plain.map(|number| (number, None));
    }
    if text.contains('|') {
        return match money(text, style, schema)? {
            Value::Money(money) => Ok((money.amount, money.currency)),
            _ => plain.map(|number| (number, None)),
        };
    }
    let (amount, around) = dressed(text, style)?;
    let mut told = around.into_iter().filter(|word| !word.is_empty()).map(|word| (currency_of(word, schema), is_sign(word)));
    match (told.next(), told.next()) {
        (None, _) => Ok((amount, None)),
        // The last is `$1,500.00 MXN`: the sign before it, and behind it which of its currencies.
        (Some((code @ Some(_), _) | (code @ None, true)), None) | (Some((None, true)), Some((code @ Some(_), _))) => {
            Ok((amount, code))
        }
        _ => Err(ProblemCode::BadNumber),
    }
}

/// The number in a text, and the words before and behind it. Accountants put a negative one in brackets, or the sign behind it.
fn dressed(text: &str, style: NumberStyle) -> Result<(Decimal, [&str; 2]), ProblemCode> {
    let is_minus = |c: char| matches!(c, '-' | '\u{2212}');
    let (is_bracketed, text) = match (text.strip_prefix('('), text.strip_suffix(')')) {
        (Some(inner), Some(_)) => (true, &inner[..inner.len() - 1]),
        (None, None) => (false, text),
        _ => return Err(ProblemCode::BadNumber),
    };
    let is_digit = |c: char| c.is_ascii_digit();
    let (Some(begin), Some(end)) = (text.find(is_digit), text.rfind(is_digit)) else {
        return Err(ProblemCode::BadNumber);
    };
    let mut amount = number(&text[begin..=end], style)?;
    let around = [&text[..begin], &text[end + 1..]];
    match around.iter().map(|part| part.matches(is_minus).count()).sum::<usize>() + usize::from(is_bracketed) {
        0 => {}
        1 => amount.set_sign_negative(true),
        _ => return Err(ProblemCode::BadNumber),
    }
    Ok((amount, around.map(|part| part.trim_matches(|c: char| c.is_whitespace() || is_minus(c)))))
}

/// Whether a word is the sign of some currency: `$`, `US$`, `¥`.
fn is_sign(word: &str) -> bool {
    let is_of_currency = |c: char| matches!(c, '$' | '¢' | '£' | '¥' | '₠'..='⃀');
    word.contains(is_of_currency) && word.chars().all(|c| is_of_currency(c) || c.is_ascii_uppercase())
}

/// The currency of a code or sign. `$` stands for a dozen currencies and so for none.
fn currency_of(word: &str, schema: &Schema) -> Option<String> {
    const SIGNS: &[(&str, &str)] = &[
        ("€", "EUR"),
        ("US$", "USD"),
        ("U$S", "USD"),
        ("MX$", "MXN"),
        ("M.N.", "MXN"),
        ("MN", "MXN"),
        ("AR$", "ARS"),
        ("CL$", "CLP"),
        ("COL$", "COP"),
        ("R$", "BRL"),
        ("S/", "PEN"),
        ("S/.", "PEN"),
        ("₡", "CRC"),
        ("₲", "PYG"),
        ("£", "GBP"),
        ("₽", "RUB"),
        ("руб.", "RUB"),
        ("руб", "RUB"),
        ("₴", "UAH"),
        ("zł", "PLN"),
    ];
    let known = |code: &&str| schema.currencies.iter().any(|currency| currency.code.eq_ignore_ascii_case(code));
    let bare = word.trim_matches('$');
    let code = Some(bare).filter(known).map(str::to_uppercase);
    let is_code = || bare.len() == 3 && bare.bytes().all(|byte| byte.is_ascii_uppercase());
    let sign = || SIGNS.iter().find(|(sign, _)| *sign == word).map(|(_, code)| (*code).to_owned());
    let is_word = word.contains(char::is_alphabetic);
    let named = || schema.currencies.iter().find(|currency| fold(&currency.name) == fold(word)).map(|of| of.code.clone());
    sign().or(code).or_else(|| is_code().then(|| bare.to_owned())).or_else(|| if is_word { named() } else { None })
}

/// Digits with one decimal point: which of `.` and `,` is the decimal sign follows from their places, and else from the style.
fn with_decimal_point(digits: &str, style: NumberStyle) -> Option<String> {
    let (points, commas) = (digits.matches('.').count(), digits.matches(',').count());
    let decimal = match (points, commas) {
        (0, 0) => return Some(digits.to_owned()),
        (1, 0) if style == NumberStyle::Comma && is_open(digits, '.') => return Some(digits.replace('.', "")),
        (1, 0) => '.',
        (0, 1) if style == NumberStyle::Point && is_open(digits, ',') => return Some(digits.replace(',', "")),
        (0, 1) => ',',
        (_, 0) => return is_grouped(digits, '.').then(|| digits.replace('.', "")),
        (0, _) => return is_grouped(digits, ',').then(|| digits.replace(',', "")),
        _ if digits.rfind('.') > digits.rfind(',') => '.',
        _ => ',',
    };
    let (whole, fraction) = digits.rsplit_once(decimal)?;
    let group = if decimal == '.' { ',' } else { '.' };
    let is_sound = !fraction.contains(group) && !whole.contains(decimal) && (!whole.contains(group) || is_grouped(whole, group));
    is_sound
        .then(|| format!("{}.{fraction}", if whole.is_empty() { "0".to_owned() } else { whole.replace(group, "") }))
        .map(|number| number.trim_end_matches('.').to_owned())
}

/// Whether the one sign in the digits may be a decimal sign or one of thousands: `1.500`, not `0.500`, `1.50` or `1500.500`.
pub(super) fn is_open(digits: &str, sign: char) -> bool {
    is_grouped(digits, sign) && !digits.starts_with('0')
}

/// Whether a sign parts the digits in threes.
pub(super) fn is_grouped(digits: &str, sign: char) -> bool {
    let mut groups = digits.split(sign);
    let first = groups.next().map_or(0, str::len);
    (1..=3).contains(&first) && groups.all(|group| group.len() == 3)
}

fn is_scientific(text: &str) -> bool {
    let Some((digits, power)) = text.split_once(['E', 'e']) else { return false };
    let is_digits =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b',');
    is_digits(digits) && is_digits(power.trim_start_matches(['+', '-']))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_plain_number_is_the_one_that_any_spelling_is(text in "[-+]?[0-9]{0,12}[., _]?[0-9]{0,12}[.0-9]?") {
            for style in [NumberStyle::Point, NumberStyle::Comma] {
                let (read, any) = (number(&text, style), any_number(&text, style));
                let told = |number: &Result<Decimal, ProblemCode>| number.map(|number| (number.unpack(), number.to_string()));
                prop_assert_eq!(told(&read), told(&any), "{}", text);
            }
        }
    }

    #[test]
    fn most_numbers_are_plain() {
        let parts = |number: Decimal| number.unpack();
        for text in ["0", "7", "007", "1500", "1500.00", "0.50", "0.00", "99999.5", "123456789012345678", "1.2345678901234567"] {
            let exact = Decimal::from_str_exact(text).map(parts).ok();
            assert!(exact.is_some() && plain(text, NumberStyle::Point).map(parts) == exact, "{text}");
            let told = exact.filter(|_| !text.contains('.'));
            assert_eq!(plain(text, NumberStyle::Comma).map(parts), told, "{text}");
        }
        for text in ["", ".", "5.", ".5", "1.2.3", "-1", "+1", "1 500", "1,5", "1_000", "1234567890123456789", "1e5", "x1", "1x1"]
        {
            assert_eq!(plain(text, NumberStyle::Point), None, "{text}");
        }
    }

    #[test]
    fn numbers_are_read_with_either_decimal_sign() {
        for (text, expected) in [
            ("1500.00", "1500.00"),
            ("1500", "1500"),
            ("99.9", "99.9"),
            ("1 500,00", "1500.00"),
            ("1\u{a0}500,5", "1500.5"),
            ("1\u{202f}234\u{202f}567,89", "1234567.89"),
            ("1,500.00", "1500.00"),
            ("1.500,00", "1500.00"),
            ("1,234,567", "1234567"),
            ("1,500", "1500"),
            ("0,125", "0.125"),
            ("12,5", "12.5"),
            ("-3.50", "-3.50"),
            (".5", "0.5"),
        ] {
            assert_eq!(number(text, NumberStyle::Point).map(|number| number.to_string()), Ok(expected.to_owned()), "{text}");
        }
        for text in ["", "doce", "1.2.3", "1,23,4.5", "12-3", "--1", "1e"] {
            assert_eq!(number(text, NumberStyle::Point), Err(ProblemCode::BadNumber), "{text}");
        }
        assert_eq!(number("5.21558E+11", NumberStyle::Point), Err(ProblemCode::SpreadsheetDamage));
    }

    #[test]
    fn what_a_number_leaves_open_the_style_of_the_file_decides() {
        for (text, point, comma) in [
            ("1.500", "1.500", "1500"),
            ("1,500", "1500", "1.500"),
            ("0.125", "0.125", "0.125"),
            ("1.50", "1.50", "1.50"),
            ("1,50", "1.50", "1.50"),
            ("1.234.567", "1234567", "1234567"),
            ("-12.000", "-12.000", "-12000"),
            ("1500.000", "1500.000", "1500.000"),
            ("1 500", "1500", "1500"),
        ] {
            let read = |style| number(text, style).map(|number| number.to_string());
            assert_eq!(
                (read(NumberStyle::Point), read(NumberStyle::Comma)),
                (Ok(point.to_owned()), Ok(comma.to_owned())),
                "{text}"
            );
        }
    }

    #[test]
    fn money_keeps_its_currency_where_the_cell_names_one() {
        let schema = Schema::standard();
        let read = |text: &str| match money(text, NumberStyle::Point, &schema) {
            Ok(Value::Money(of)) => format!("{} {}", of.amount, of.currency.unwrap_or_default()),
            other => format!("{other:?}"),
        };
        assert_eq!(read("$1,500.00"), "1500.00 ");
        assert_eq!(read("1500|MXN"), "1500 MXN");
        assert_eq!(read("1 500,00 ₽"), "1500.00 RUB");
        assert_eq!(read("USD 12.50"), "12.50 USD");
        assert_eq!(read("-$5.00"), "-5.00 ");
        assert_eq!(read("US$20.50"), "20.50 USD");
        assert_eq!(read("R$ 1.500,00"), "1500.00 BRL");
        assert_eq!(read("COP$ 1.500,00"), "1500.00 COP");
    }

    #[test]
    fn a_sign_before_an_amount_and_its_currency_behind_it_are_one_currency() {
        let mut schema = Schema::standard();
        let peso = crate::model::Currency { code: "MXN".into(), name: "Peso Mexicano".into(), base: true };
        schema.currencies.push(peso);
        let read = |text: &str| amount(text, NumberStyle::Point, &schema);
        for text in ["$1,500.00 MXN", "$ 1,500.00 M.N.", "1,500.00 Peso Mexicano", "MX$1,500.00"] {
            assert_eq!(read(text), Ok((Decimal::new(150_000, 2), Some("MXN".to_owned()))), "{text}");
        }
        assert_eq!(read("$1,500.00"), Ok((Decimal::new(150_000, 2), None)));
        for text in ["USD 1,500.00 MXN", "$1,500.00 pesos", "aprox. 1,500.00 MXN"] {
            assert_eq!(read(text), Err(ProblemCode::BadNumber), "{text}");
        }
    }
}
