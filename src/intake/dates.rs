//! Dates and moments as files write them. A cell is read without knowing whether day or month comes first ([`Loose`]); the order is
//! decided once for the whole file, from all of its dates (`order`).

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;

use super::detect::DateOrder;
use super::months::{is_weekday, month};
use super::usual_dates::{number, usual};
use crate::model::Value;

/// A date as it stands in a cell, its order still open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Loose {
    pub(super) parts: [i16; 3],
    /// The first part has four digits.
    pub(super) year_first: bool,
    /// The year has two digits.
    pub(super) short_year: bool,
    pub(super) separator: u8,
    /// Hour, minute, second; `None` for a date alone.
    pub(super) clock: Option<[i8; 3]>,
    /// How the hour was written.
    pub(super) hours: Hours,
    nanos: i32,
    /// Minutes east of UTC, where the cell says so.
    offset: Option<i16>,
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
        usual(text.as_bytes()).or_else(|| Self::general(text))
    }

    /// A date alone.
    #[inline]
    pub(super) fn of_day(parts: [i16; 3], year_first: bool, short_year: bool, separator: u8) -> Self {
        Self { parts, year_first, short_year, separator, clock: None, hours: Hours::Full, nanos: 0, offset: None }
    }

    /// Reads a cell of any shape.
    #[cold]
    fn general(text: &str) -> Option<Self> {
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
        let mut loose = Self::of_day([first, second, third], year_first, short_year, separator);
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
        let mut loose = Self::of_day(parts, true, year.len() == 2, b'-');
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
        // Who says that the year comes first means no date whose year comes last; unless day and month are alike.
        if order == DateOrder::Ymd && !self.year_first && !self.short_year && self.parts[0] != self.parts[1] {
            return None;
        }
        // In the wrong order most dates are none, and an error would cost more than the date.
        let may_be = (1..=12).contains(&month) && (1..=31).contains(&day);
        if may_be { Date::new(year, month as i8, day as i8).ok() } else { None }
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
        let number = |[year, month, day]: [i16; 3]| i32::from(year) << 16 | i32::from(month) << 8 | i32::from(day);
        self.offset.is_none()
            && self.hours != Hours::Midnight
            && number(self.in_order(order)) < number([day.year(), day.month().into(), day.day().into()])
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

    /// Whether the cell names its offset.
    pub(super) fn has_offset(&self) -> bool {
        self.offset.is_some()
    }

    /// Whether it is a database's date of nothing: `0000-00-00`.
    pub(super) fn is_nothing(&self) -> bool {
        self.parts == [0; 3]
    }

    /// The value of a date field: a moment's day is its day in UTC, as the portal's own dates are (design 6).
    pub(super) fn day(&self, order: DateOrder) -> Option<Value> {
        let at = self.date_time(order)?;
        let day = match self.offset {
            Some(minutes) => Offset::UTC.to_datetime(timestamp(at, minutes)?).date(),
            None => at.date(),
        };
        Some(Value::Date(day))
    }

    /// The value of a moment field: a moment where the cell names its offset, else a clock.
    pub(super) fn moment(&self, order: DateOrder) -> Option<Value> {
        let at = self.date_time(order)?;
        Some(match self.offset {
            Some(minutes) => Value::Moment(timestamp(at, minutes)?),
            None => Value::Clock(at),
        })
    }
}

/// The moment of a clock so many minutes east of UTC.
fn timestamp(clock: DateTime, minutes: i16) -> Option<Timestamp> {
    Offset::from_seconds(i32::from(minutes) * 60).ok()?.to_timestamp(clock).ok()
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
        let mut letters = self.0.iter().filter(|byte| byte.is_ascii_alphabetic()).map(u8::to_ascii_lowercase);
        let is_afternoon = match [letters.next(), letters.next(), letters.next()] {
            [Some(b'a'), Some(b'm'), None] => false,
            [Some(b'p'), Some(b'm'), None] => true,
            _ => return None,
        };
        let is_dressing = |byte: &u8| byte.is_ascii_alphabetic() || b". ".contains(byte) || !byte.is_ascii();
        self.0.iter().all(is_dressing).then(|| {
            self.0 = &[];
            is_afternoon
        })
    }

    /// `Z`, `+03:00`, `-0600` in minutes; leaves what is none of them.
    fn offset(&mut self) -> Option<i16> {
        if self.one_of(b"Zz").is_some() {
            return Some(0);
        }
        let sign = if self.one_of(b"+-")? == b'-' { -1 } else { 1 };
        let (mut digits, mut count) = ([0; 4], 0);
        for byte in self.0.iter().filter(|byte| **byte != b':') {
            *digits.get_mut(count)? = number(&[*byte])?;
            count += 1;
        }
        let [a, b, c, d] = digits;
        if count != 2 && count != 4 {
            return None;
        }
        self.0 = &[];
        Some(sign * ((a * 10 + b) * 60 + c * 10 + d))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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

    /// A piece of a date: usually what stands in its place, and now and then something else.
    fn piece(usual: &'static str) -> impl Strategy<Value = String> {
        prop_oneof![12 => usual, 1 => "[0-9]{0,5}", 1 => "[ /.:aAmMpPTtZ+-]{0,2}", 1 => "\\PC{0,2}"]
    }

    proptest! {
        #[test]
        fn a_usual_date_is_read_as_any_other_is(
            day in piece("[0-3][0-9][/.-][01][0-9][/.-][12][0-9]{3}|[12][0-9]{3}[/.-][01][0-9][/.-][0-3][0-9]"),
            space in piece(" "),
            clock in piece("|[0-2][0-9]:[0-5][0-9]:[0-5][0-9]|24:00:00"),
            half in piece("|| [aApP][mM]"),
        ) {
            let text = format!("{day}{space}{clock}{half}");
            for text in [text.as_str(), &day, text.trim_end()] {
                let read = usual(text.as_bytes());
                prop_assert!(read.is_none() || read == Loose::general(text), "{}", text);
            }
        }
    }

    #[test]
    fn a_portals_own_dates_are_usual() {
        for text in [
            "15/01/2024 15:04:05",
            "15.01.2024 15:04:05",
            "2024-01-15 15:04:05",
            "01/15/2024 03:04:05 pm",
            "01/15/2024 12:04:05 AM",
            "15/01/2024",
            "2024-01-15",
        ] {
            assert!(usual(text.as_bytes()).is_some(), "{text}");
        }
    }

    #[test]
    fn an_offset_has_two_digits_or_four() {
        let minutes = |offset: &str| Loose::parse(&format!("2024-01-15T15:04:05{offset}")).map(|date| date.offset);
        for (offset, read) in [
            ("+03", Some(Some(180))),
            ("-06:00", Some(Some(-360))),
            ("+0530", Some(Some(330))),
            ("z", Some(Some(0))),
            ("+", Some(None)),
            ("+3", None),
            ("+033", None),
            ("+03:00:00", None),
            ("+0a", None),
            ("UTC", None),
        ] {
            assert_eq!(minutes(offset), read, "{offset}");
        }
    }
}
