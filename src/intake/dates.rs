//! Dates and moments as files write them. A cell is read without knowing whether day or month comes first ([`Loose`]); the order is
//! decided once for the whole file, from all of its dates (`order`).

use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;

use super::detect::DateOrder;
use super::months::{is_weekday, month};
use crate::model::Value;

/// A date as it stands in a cell, its order still open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Loose {
    pub(super) parts: [i16; 3],
    /// The first part has four digits.
    pub(super) year_first: bool,
    /// The year has two digits.
    short_year: bool,
    pub(super) separator: u8,
    /// Hour, minute, second; `None` for a date alone.
    pub(super) clock: Option<[i8; 3]>,
    /// How the hour was written.
    pub(super) hours: Hours,
    nanos: i32,
    /// Seconds east of UTC, where the cell says so.
    offset: Option<i32>,
}

/// How an hour is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hours {
    /// With `am` or `pm`.
    Half,
    /// Without.
    Full,
    /// `24:00`: the next day's midnight.
    Midnight,
}

impl Loose {
    /// Reads a cell's shape; `None` for what is no date in any order.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::numeric(text).or_else(|| Self::named(text))
    }

    fn numeric(text: &str) -> Option<Self> {
        let mut scan = Scan(text.trim().as_bytes());
        let (first, digits) = scan.number(4)?;
        let separator = scan.one_of(b"/.-")?;
        let (second, _) = scan.number(2)?;
        scan.one_of(&[separator])?;
        let (third, third_digits) = scan.number(4)?;
        let year_first = digits == 4;
        let short_year = !year_first && third_digits == 2;
        if digits == 3 || (!year_first && !matches!(third_digits, 2 | 4)) || (year_first && third_digits > 2) {
            return None;
        }
        let parts = [first, second, third];
        let mut loose =
            Self { parts, year_first, short_year, separator, clock: None, hours: Hours::Full, nanos: 0, offset: None };
        let spaced = scan.spaces();
        if scan.0.is_empty() {
            return Some(loose);
        }
        if !spaced {
            scan.one_of(b"Tt,")?;
            scan.spaces();
        }
        loose.time(&mut scan)?;
        scan.0.is_empty().then_some(loose)
    }

    /// `15-ene-24`, `15 de enero de 2024`, `Jan 15, 2024 3:04 pm`: the month's name leaves no order open.
    fn named(text: &str) -> Option<Self> {
        let mut rest = text.trim();
        let mut part = || date_part(&mut rest);
        let mut first = part()?;
        // The long date of Excel begins with the weekday, which says nothing more: `lunes, 15 de enero de 2024`.
        while is_weekday(first) {
            first = part()?;
        }
        let (second, year) = (part()?, part()?);
        let (day, month) = month(second).map(|month| (first, month)).or_else(|| Some((second, month(first)?)))?;
        if day.len() > 2 || !matches!(year.len(), 2 | 4) {
            return None;
        }
        let parts = [year.parse().ok()?, month, day.parse().ok()?];
        let short_year = year.len() == 2;
        let mut loose = Self {
            parts,
            year_first: true,
            short_year,
            separator: b'-',
            clock: None,
            hours: Hours::Full,
            nanos: 0,
            offset: None,
        };
        // A Russian or Ukrainian year bears a letter: `2024 г.`
        let rest = rest.trim_start_matches([' ', ',', '\u{a0}', '\u{202f}', 'г', 'р', '.']);
        let mut scan = Scan(rest.as_bytes());
        if !rest.is_empty() {
            loose.time(&mut scan)?;
        }
        scan.0.is_empty().then_some(loose)
    }

    /// `15:04:05`, `3:04 pm`, `15:04:05.123+03:00`.
    fn time(&mut self, scan: &mut Scan<'_>) -> Option<()> {
        let (mut hour, _) = scan.number(2)?;
        scan.one_of(b":")?;
        let (minute, _) = scan.number(2)?;
        let second = if scan.one_of(b":").is_some() { scan.number(2)?.0 } else { 0 };
        if scan.one_of(b".").is_some() {
            self.nanos = scan.fraction()?;
        }
        scan.spaces();
        if let Some(is_afternoon) = scan.half_day() {
            // A spreadsheet may show the first hour of the day as 0.
            if !(1..=12).contains(&hour) && (hour, is_afternoon) != (0, false) {
                return None;
            }
            hour = hour % 12 + if is_afternoon { 12 } else { 0 };
            self.hours = Hours::Half;
        } else {
            self.offset = scan.offset();
            if !scan.0.is_empty() {
                return None;
            }
        }
        if (hour, minute, second, self.nanos) == (24, 0, 0, 0) {
            (hour, self.hours) = (0, Hours::Midnight);
        }
        self.clock = Some([hour as i8, minute as i8, second as i8]);
        Some(())
    }

    /// The date in an order.
    fn date(&self, order: DateOrder) -> Option<Date> {
        let [year, month, day] = self.in_order(order);
        Date::new(year, month as i8, day as i8).ok()
    }

    /// Year, month and day in an order, whether there is such a day or not.
    fn in_order(&self, order: DateOrder) -> [i16; 3] {
        let [first, second, third] = self.parts;
        let (year, month, day) = match order {
            _ if self.year_first || (order == DateOrder::Ymd && self.short_year) => (first, second, third),
            DateOrder::Mdy => (third, first, second),
            DateOrder::Dmy | DateOrder::Ymd => (third, second, first),
        };
        [self.full_year(year), month, day]
    }

    /// Whether a date without an offset is before a day, by an order: told without making a moment of it. `false` where that takes more.
    pub(super) fn is_before(&self, order: DateOrder, day: Date) -> bool {
        let own = self.in_order(order);
        self.offset.is_none() && self.hours != Hours::Midnight && own < [day.year(), day.month().into(), day.day().into()]
    }

    /// Two digits mean a year of 1936 to 2035: birthdays look back, deals do not look far ahead.
    fn full_year(&self, year: i16) -> i16 {
        match (self.short_year, year) {
            (true, 0..=35) => 2000 + year,
            (true, _) => 1900 + year,
            (false, _) => year,
        }
    }

    /// Date and clock in an order, offset aside; a date alone is its midnight.
    pub(super) fn date_time(&self, order: DateOrder) -> Option<DateTime> {
        let [hour, minute, second] = self.clock.unwrap_or_default();
        let time = jiff::civil::Time::new(hour, minute, second, self.nanos).ok()?;
        let date = self.date(order)?;
        let date = if self.hours == Hours::Midnight { date.tomorrow().ok()? } else { date };
        Some(date.to_datetime(time))
    }

    /// Whether it is a database's date of nothing: `0000-00-00`.
    pub(super) fn is_nothing(&self) -> bool {
        self.parts == [0; 3]
    }

    /// The value of a date field: a moment's day is its day in UTC, as the portal's own dates are (design 6).
    pub(super) fn day(&self, order: DateOrder) -> Option<Value> {
        let at = self.date_time(order)?;
        let day = match self.offset {
            Some(seconds) => Offset::UTC.to_datetime(Offset::from_seconds(seconds).ok()?.to_timestamp(at).ok()?).date(),
            None => at.date(),
        };
        Some(Value::Date(day))
    }

    /// The value of a moment field: a moment where the cell names its offset, else a clock.
    pub(super) fn moment(&self, order: DateOrder) -> Option<Value> {
        let at = self.date_time(order)?;
        Some(match self.offset {
            Some(seconds) => Value::Moment(Offset::from_seconds(seconds).ok()?.to_timestamp(at).ok()?),
            None => Value::Clock(at),
        })
    }
}

/// The next number or word of a date with names, without what joins them.
fn date_part<'t>(rest: &mut &'t str) -> Option<&'t str> {
    loop {
        let text = rest.trim_start_matches([' ', '-', '/', '.', ',', '\u{a0}', '\u{202f}']);
        let is_digit = text.chars().next()?.is_ascii_digit();
        let is_of_part = |c: char| if is_digit { c.is_ascii_digit() } else { c.is_alphabetic() };
        let (part, behind) = text.split_at(text.find(|c| !is_of_part(c)).unwrap_or(text.len()));
        *rest = behind;
        match part {
            "" => return None,
            "de" | "del" => {}
            part => return Some(part),
        }
    }
}

/// What is left of a cell.
struct Scan<'a>(&'a [u8]);

impl Scan<'_> {
    /// A number of at most so many digits, and how many it has.
    fn number(&mut self, digits_max: usize) -> Option<(i16, usize)> {
        let digits = self.0.iter().take(digits_max + 1).take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 || digits > digits_max {
            return None;
        }
        let number = self.0[..digits].iter().fold(0, |number, digit| number * 10 + i16::from(digit - b'0'));
        self.0 = &self.0[digits..];
        Some((number, digits))
    }

    fn one_of(&mut self, wanted: &[u8]) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        wanted.contains(&first).then(|| {
            self.0 = rest;
            first
        })
    }

    /// Skips spaces, the no-break ones of spreadsheets too.
    fn spaces(&mut self) -> bool {
        let before = self.0.len();
        loop {
            self.0 = match self.0 {
                [b' ' | b'\t', rest @ ..] | [0xC2, 0xA0, rest @ ..] | [0xE2, 0x80, 0xAF, rest @ ..] => rest,
                _ => return self.0.len() < before,
            };
        }
    }

    fn fraction(&mut self) -> Option<i32> {
        let digits = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 || digits > 9 {
            return None;
        }
        let number = self.0[..digits].iter().fold(0, |number, digit| number * 10 + i32::from(digit - b'0'));
        self.0 = &self.0[digits..];
        Some(number * 10_i32.pow(9 - digits as u32))
    }

    /// `am`, `PM`, `p. m.`: whether it is the afternoon.
    fn half_day(&mut self) -> Option<bool> {
        let letters: Vec<u8> = self.0.iter().filter(|byte| byte.is_ascii_alphabetic()).map(u8::to_ascii_lowercase).collect();
        let is_afternoon = match letters.as_slice() {
            b"am" => false,
            b"pm" => true,
            _ => return None,
        };
        let is_dressing = |byte: &u8| byte.is_ascii_alphabetic() || b". ".contains(byte) || !byte.is_ascii();
        self.0.iter().all(is_dressing).then(|| {
            self.0 = &[];
            is_afternoon
        })
    }

    /// `Z`, `+03:00`, `-0600` in seconds; leaves what is none of them.
    fn offset(&mut self) -> Option<i32> {
        if self.one_of(b"Zz").is_some() {
            return Some(0);
        }
        let sign = if self.one_of(b"+-")? == b'-' { -1 } else { 1 };
        let digits: Vec<i32> =
            self.0.iter().filter(|&&byte| byte != b':').map(|byte| i32::from(*byte) - i32::from(b'0')).collect();
        let seconds = match digits[..] {
            _ if digits.iter().any(|digit| !(0..=9).contains(digit)) => return None,
            [a, b] => (a * 10 + b) * 3600,
            [a, b, c, d] => (a * 10 + b) * 3600 + (c * 10 + d) * 60,
            _ => return None,
        };
        self.0 = &[];
        Some(sign * seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str, order: DateOrder) -> String {
        match Loose::parse(text).and_then(|date| date.moment(order)) {
            Some(Value::Clock(at)) => at.to_string(),
            Some(Value::Moment(at)) => at.to_string(),
            _ => "-".to_owned(),
        }
    }

    #[test]
    fn moments_are_read_in_every_format_that_a_portal_writes() {
        use DateOrder::{Dmy, Mdy, Ymd};
        for (text, order, expected) in [
            ("15/01/2024 03:04:05 pm", Dmy, "2024-01-15T15:04:05"),
            ("01/15/2024 12:04:05 AM", Mdy, "2024-01-15T00:04:05"),
            ("15.01.2024 15:04:05", Dmy, "2024-01-15T15:04:05"),
            ("15-01-2024 3:04:05 p.\u{a0}m.", Dmy, "2024-01-15T15:04:05"),
            ("2024/01/15 15:04", Ymd, "2024-01-15T15:04:00"),
            ("2024-01-15T15:04:05+03:00", Dmy, "2024-01-15T12:04:05Z"),
            ("2024-01-15T15:04:05Z", Mdy, "2024-01-15T15:04:05Z"),
            ("15/01/24 8:00", Dmy, "2024-01-15T08:00:00"),
            ("15/01/2024", Dmy, "2024-01-15T00:00:00"),
            ("01/25/2024", Dmy, "-"),
            ("31/02/2024", Dmy, "-"),
            ("15/01/2024 24:00", Dmy, "2024-01-16T00:00:00"),
            ("31/12/2023 24:00:00", Dmy, "2024-01-01T00:00:00"),
            ("15/01/2024 24:01", Dmy, "-"),
            ("15/01/2024 0:15 a. m.", Dmy, "2024-01-15T00:15:00"),
            ("15/01/2024 0:15 pm", Dmy, "-"),
            ("15/01/36 8:00", Dmy, "1936-01-15T08:00:00"),
            ("15/01/35 8:00", Dmy, "2035-01-15T08:00:00"),
            ("15/01/2024 25:00", Dmy, "-"),
            ("15/01/2024 13:00 pm", Dmy, "-"),
            ("15-ene-24", Mdy, "2024-01-15T00:00:00"),
            ("15-ene.-2024 15:04", Dmy, "2024-01-15T15:04:00"),
            ("15 de enero de 2024", Ymd, "2024-01-15T00:00:00"),
            ("Jan 15, 2024 3:04:05 PM", Dmy, "2024-01-15T15:04:05"),
            ("15. März 1972", Dmy, "1972-03-15T00:00:00"),
            ("15 января 2024 г., 15:04", Dmy, "2024-01-15T15:04:00"),
            ("31-feb-24", Dmy, "-"),
            ("15-ene", Dmy, "-"),
            ("ene-24", Dmy, "-"),
            ("Calle 15 enero 2024", Dmy, "-"),
            ("15 ene 2024 tarde", Dmy, "-"),
            ("45321", Dmy, "-"),
            ("mañana", Dmy, "-"),
        ] {
            assert_eq!(moment(text, order), expected, "{text}");
        }
    }

    #[test]
    fn a_moment_in_a_date_field_is_its_day_in_utc() {
        let day = Loose::parse("2024-01-31T18:00:00-06:00").and_then(|date| date.day(DateOrder::Dmy));
        assert_eq!(day, Some(Value::Date(jiff::civil::date(2024, 2, 1))));
    }
}
