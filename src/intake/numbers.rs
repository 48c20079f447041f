//! Numbers and money as files write them: `1500.00`, `1 500,00`, `1,500.00`, `$1,500.00`, `1500|MXN` (csv 4.4).

use std::str::FromStr;

use rust_decimal::Decimal;

use crate::model::{ProblemCode, Schema, Value};

/// Reads a number. A number in powers of ten has lost its digits to a spreadsheet (csv 9).
pub(super) fn number(text: &str) -> Result<Decimal, ProblemCode> {
    if let Ok(number) = Decimal::from_str_exact(text) {
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
    let plain = with_decimal_point(digits).ok_or(ProblemCode::BadNumber)?;
    Decimal::from_str(&format!("{sign}{plain}")).map_err(|_| ProblemCode::BadNumber)
}

/// Reads money: a number with a currency's code, sign or nothing around it.
pub(super) fn money(text: &str, schema: &Schema) -> Result<Value, ProblemCode> {
    if let Some((amount, code)) = text.split_once('|') {
        let code = Some(code.trim().to_owned()).filter(|code| !code.is_empty());
        return Ok(Value::Money(number(amount.trim())?, code));
    }
    let is_digit = |c: char| c.is_ascii_digit();
    let (Some(begin), Some(end)) = (text.find(is_digit), text.rfind(is_digit)) else {
        return Err(ProblemCode::BadNumber);
    };
    let mut amount = number(&text[begin..=end])?;
    if text[..begin].contains(['-', '\u{2212}']) {
        amount.set_sign_negative(true);
    }
    let around = [&text[..begin], &text[end + 1..]].map(|part| part.trim_matches(|c: char| c.is_whitespace() || c == '-'));
    let code = around.iter().find(|word| !word.is_empty()).and_then(|word| currency_of(word, schema));
    Ok(Value::Money(amount, code))
}

/// The currency of a code or sign. `$` stands for a dozen currencies and so for none.
fn currency_of(word: &str, schema: &Schema) -> Option<String> {
    const SIGNS: &[(&str, &str)] =
        &[("€", "EUR"), ("₽", "RUB"), ("руб.", "RUB"), ("руб", "RUB"), ("₴", "UAH"), ("R$", "BRL"), ("£", "GBP")];
    let known = |code: &&str| schema.currencies.iter().any(|currency| currency.code.eq_ignore_ascii_case(code));
    let code = Some(word).filter(known).map(str::to_uppercase);
    let is_code = || word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_uppercase());
    let sign = || SIGNS.iter().find(|(sign, _)| *sign == word).map(|(_, code)| (*code).to_owned());
    code.or_else(sign).or_else(|| is_code().then(|| word.to_owned()))
}

/// Digits with one decimal point: which of `.` and `,` is the decimal sign follows from their places.
fn with_decimal_point(digits: &str) -> Option<String> {
    let (points, commas) = (digits.matches('.').count(), digits.matches(',').count());
    let decimal = match (points, commas) {
        (0, 0) => return Some(digits.to_owned()),
        (_, 0) if points == 1 => '.',
        (0, 1) if is_grouped(digits, ',') && !digits.starts_with('0') => return Some(digits.replace(',', "")),
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

/// Whether a sign parts the digits in threes.
fn is_grouped(digits: &str, sign: char) -> bool {
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
    use super::*;

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
            assert_eq!(number(text).map(|number| number.to_string()), Ok(expected.to_owned()), "{text}");
        }
        for text in ["", "doce", "1.2.3", "1,23,4.5", "12-3", "--1", "1e"] {
            assert_eq!(number(text), Err(ProblemCode::BadNumber), "{text}");
        }
        assert_eq!(number("5.21558E+11"), Err(ProblemCode::SpreadsheetDamage));
    }

    #[test]
    fn money_keeps_its_currency_where_the_cell_names_one() {
        let schema = Schema::standard();
        let read = |text: &str| match money(text, &schema) {
            Ok(Value::Money(amount, currency)) => format!("{amount} {}", currency.unwrap_or_default()),
            other => format!("{other:?}"),
        };
        assert_eq!(read("$1,500.00"), "1500.00 ");
        assert_eq!(read("1500|MXN"), "1500 MXN");
        assert_eq!(read("1 500,00 ₽"), "1500.00 RUB");
        assert_eq!(read("USD 12.50"), "12.50 USD");
        assert_eq!(read("-$5.00"), "-5.00 ");
    }
}
