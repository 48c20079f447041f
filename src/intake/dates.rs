//! Dates and moments as files write them. A cell is read without knowing whether day or month comes first ([`Loose`]); the order is
//! decided once for the whole file, from all of its dates (csv 4.6).

use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;

use super::detect::DateOrder;
use crate::model::Value;

/// A date as it stands in a cell, its order still open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Loose {
    parts: [i16; 3],
    /// The first part has four digits.
    year_first: bool,
    /// The year has two digits.
    short_year: bool,
    separator: u8,
    /// Hour, minute, second; `None` for a date alone.
    clock: Option<[i8; 3]>,
    /// How the hour was written.
    hours: Hours,
    nanos: i32,
    /// Seconds east of UTC, where the cell says so.
    offset: Option<i32>,
}

/// How an hour is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hours {
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
        let [first, second, third] = self.parts;
        let (year, month, day) = match order {
            _ if self.year_first || (order == DateOrder::Ymd && self.short_year) => (first, second, third),
            DateOrder::Mdy => (third, first, second),
            DateOrder::Dmy | DateOrder::Ymd => (third, second, first),
        };
        Date::new(self.full_year(year), month as i8, day as i8).ok()
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

/// The dates of a file, counted by what they say of its order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct OrderVotes {
    day_first: u64,
    month_first: u64,
    year_first: u64,
    /// Dates that are another day in another order.
    open: u64,
    dots: u64,
    /// Hours with `am` or `pm`.
    half_days: u64,
    /// Hours that only a clock of 24 has.
    full_days: u64,
    /// Hours that both clocks have, without `am` or `pm`.
    plain_hours: u64,
}

/// The order that a file's dates are read in.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Decided {
    pub(super) order: DateOrder,
    /// Whether the dates themselves say so.
    pub(super) sure: bool,
    /// From 0.5, a guess, to 1.
    pub(super) confidence: f32,
    /// What it was found by, for people.
    pub(super) how: String,
}

impl OrderVotes {
    /// Counts one date.
    pub(super) fn count(&mut self, date: &Loose) {
        let [first, second, _] = date.parts;
        match (date.year_first, first > 12, second > 12) {
            (true, ..) => self.year_first += 1,
            (_, true, false) => self.day_first += 1,
            (_, false, true) => self.month_first += 1,
            (_, false, false) if first != second => self.open += 1,
            _ => {}
        }
        self.dots += u64::from(date.separator == b'.');
        match (date.hours, date.clock) {
            (_, None) => {}
            (Hours::Half, _) => self.half_days += 1,
            (Hours::Full, Some([1..=12, ..])) => self.plain_hours += 1,
            (Hours::Full | Hours::Midnight, _) => self.full_days += 1,
        }
    }

    /// Adds another part of the file.
    pub(super) fn add(&mut self, other: &Self) {
        self.day_first += other.day_first;
        self.month_first += other.month_first;
        self.year_first += other.year_first;
        self.open += other.open;
        self.dots += other.dots;
        self.half_days += other.half_days;
        self.full_days += other.full_days;
        self.plain_hours += other.plain_hours;
    }

    /// Whether some dates are another day in another order, so that it matters which one is taken.
    pub(super) fn is_open(&self) -> bool {
        self.open + self.day_first + self.month_first > 0
    }

    /// The order. Where the dates themselves don't say it, the language and the separator decide.
    pub(super) fn decide(&self, language: Option<&str>) -> Decided {
        let telling = self.day_first + self.month_first;
        if telling > 0 {
            let order = if self.day_first >= self.month_first { DateOrder::Dmy } else { DateOrder::Mdy };
            let against = self.day_first.min(self.month_first);
            let confidence = (telling - against) as f32 / telling as f32;
            let how = format!("its dates: {} of {telling} that tell day from month", telling - against);
            return Decided { order, sure: against * 20 <= telling - against, confidence, how };
        }
        if self.open == 0 {
            return Decided { order: DateOrder::Ymd, sure: true, confidence: 1.0, how: "its dates leave no choice".to_owned() };
        }
        let is_english = matches!(language, Some("en" | "lt")) && self.dots == 0;
        let order = if is_english { DateOrder::Mdy } else { DateOrder::Dmy };
        Decided {
            order,
            sure: false,
            confidence: 0.5,
            how: "the language of its titles; no date tells day from month".to_owned(),
        }
    }

    /// The clock that hours are written by: `12`, `24` or `unsure`, how sure, and by what; `None` without hours.
    pub(super) fn clock(&self) -> Option<(&'static str, f32, String)> {
        let (half, full, plain) = (self.half_days, self.full_days, self.plain_hours);
        let all = (half + full + plain) as f32;
        Some(match (half, full, plain) {
            (0, 0, 0) => return None,
            (0, 0, 24..) => {
                ("unsure", 0.5, "no hour is beyond 12 and none says am or pm: they may have been lost; read as they stand".into())
            }
            (0, 0, _) => ("24", 0.6, "no hour says am or pm".to_owned()),
            (0, ..) => ("24", 1.0, format!("{full} hours that only a clock of 24 has")),
            (_, 0, 0) => ("12", 1.0, "all hours say am or pm".to_owned()),
            _ if half * 2 >= full + plain => ("12", half as f32 / all, format!("{half} hours say am or pm")),
            _ => ("24", (full + plain) as f32 / all, format!("{half} hours say am or pm, {} don't", full + plain)),
        })
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

    #[test]
    fn the_clock_of_twelve_is_told_by_am_and_pm() {
        let clock = |hours: &[&str]| {
            let mut votes = OrderVotes::default();
            let dates = hours.iter().map(|hour| format!("15/01/2024 {hour}"));
            dates.filter_map(|date| Loose::parse(&date)).for_each(|date| votes.count(&date));
            votes.clock().map(|(clock, ..)| clock)
        };
        assert_eq!(clock(&["03:04:05 pm", "11:00:00 am"]), Some("12"));
        assert_eq!(clock(&["15:04:05", "11:00:00"]), Some("24"));
        assert_eq!(clock(&["24:00:00"]), Some("24"));
        assert_eq!(clock(&["09:00:00"; 30]), Some("unsure"));
        assert_eq!(clock(&[""]), None);
    }

    #[test]
    fn days_above_twelve_decide_the_order_and_the_language_only_where_they_are_missing() {
        let decide = |dates: &[&str], language| {
            let mut votes = OrderVotes::default();
            dates.iter().filter_map(|date| Loose::parse(date)).for_each(|date| votes.count(&date));
            let decided = votes.decide(language);
            (decided.order, decided.sure)
        };
        assert_eq!(decide(&["05/06/2024", "13/06/2024"], Some("en")), (DateOrder::Dmy, true));
        assert_eq!(decide(&["05/06/2024", "06/13/2024"], Some("es")), (DateOrder::Mdy, true));
        assert_eq!(decide(&["05/06/2024"], Some("es")), (DateOrder::Dmy, false));
        assert_eq!(decide(&["05/06/2024"], Some("en")), (DateOrder::Mdy, false));
        assert_eq!(decide(&["2024-06-05"], None), (DateOrder::Ymd, true));
    }
}
