//! Dates and times at the border: read as PHP's `strtotime` reads them, printed in the server's zone.
//!
//! Source: rest-crm 3.6; rest-transport 7.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};

/// Reads a date and time like PHP's `strtotime`: the offset in the text counts, and without one it is the server's zone. None if it can't
/// be read.
pub fn instant(text: &str, zone: &TimeZone, now: i64) -> Option<i64> {
    let text = text.trim();
    if let Some(seconds) = text.strip_prefix('@') {
        return Some(Timestamp::from_second(seconds.parse().ok()?).ok()?.as_second());
    }
    let today = Timestamp::from_second(now).ok()?.to_zoned_datetime(zone.clone());
    let midnight = |day: Date| Some(zone.to_timestamp(day.to_datetime(Time::midnight())).ok()?.as_second());
    match text.to_ascii_lowercase().as_str() {
        "now" => return Some(now),
        "today" => return midnight(today.date()),
        "tomorrow" => return midnight(today.date().tomorrow().ok()?),
        "yesterday" => return midnight(today.date().yesterday().ok()?),
        _ => {}
    }
    let (date, rest) = leading_date(text)?;
    let rest = rest.trim_start_matches(['T', 't', ' ']);
    let (time, rest) = leading_time(rest)?;
    let moment = date.to_datetime(time);
    match rest.trim() {
        "" => Some(zone.to_timestamp(moment).ok()?.as_second()),
        offset => Some(offset_of(offset)?.to_timestamp(moment).ok()?.as_second()),
    }
}

/// The day of the server's zone on which an instant falls. Source: rest-crm 3.6.
pub fn day(text: &str, zone: &TimeZone, now: i64) -> Option<Date> {
    day_of(instant(text, zone, now)?, zone)
}

/// The day of the server's zone on which so many seconds since 1970 fall.
pub fn day_of(seconds: i64, zone: &TimeZone) -> Option<Date> {
    Some(Timestamp::from_second(seconds).ok()?.to_zoned_datetime(zone.clone()).date())
}

/// The date at the start: `2024-01-31`, `20240131`, `31.01.2024`, `31-01-2024`, `01/31/2024`, `2024/01/31`.
fn leading_date(text: &str) -> Option<(Date, &str)> {
    let end = text.find(|letter: char| !letter.is_ascii_digit() && !"-./".contains(letter)).unwrap_or(text.len());
    let (written, rest) = text.split_at(end);
    if written.len() == 8 && written.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some((
            Date::new(written[..4].parse().ok()?, written[4..6].parse().ok()?, written[6..].parse().ok()?).ok()?,
            rest,
        ));
    }
    let separator = written.chars().find(|letter| !letter.is_ascii_digit())?;
    let parts: Vec<&str> = written.split(separator).collect();
    let [first, second, third] = parts.as_slice() else { return None };
    let (year, month, day) = match (separator, first.len(), third.len()) {
        ('-' | '/', 4, 1 | 2) => (first, second, third),
        ('/', 1 | 2, 4) => (third, first, second),
        ('.' | '-', 1 | 2, 4) => (third, second, first),
        _ => return None,
    };
    Some((Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?, rest))
}

/// The time at the start, midnight where there is none: `14:00`, `14:00:05`, `14:00:05.123`, `2:00 pm`.
fn leading_time(text: &str) -> Option<(Time, &str)> {
    let end = text.find(|letter: char| !letter.is_ascii_digit() && !":.".contains(letter)).unwrap_or(text.len());
    let (written, rest) = text.split_at(end);
    if written.is_empty() {
        return Some((Time::midnight(), rest));
    }
    let whole = written.split('.').next().unwrap_or(written);
    let mut parts = whole.split(':').map(|part| part.parse::<i8>().ok());
    let (mut hour, minute, second) = (parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0))?);
    if parts.next().is_some() {
        return None;
    }
    let half = rest.trim_start().get(..2).map(str::to_ascii_lowercase);
    let rest = match half.as_deref() {
        Some("am") => {
            hour %= 12;
            &rest.trim_start()[2..]
        }
        Some("pm") => {
            hour = hour % 12 + 12;
            &rest.trim_start()[2..]
        }
        _ => rest,
    };
    Some((Time::new(hour, minute, second, 0).ok()?, rest))
}

/// `Z`, `UTC`, `+03:00`, `+0300`, `+03`.
fn offset_of(text: &str) -> Option<Offset> {
    if ["Z", "UTC", "GMT"].iter().any(|name| name.eq_ignore_ascii_case(text)) {
        return Some(Offset::UTC);
    }
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let digits: String = digits.chars().filter(|letter| *letter != ':').collect();
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes): (i32, i32) = match digits.len() {
        1 | 2 => (digits.parse().ok()?, 0),
        3 | 4 => (digits[..digits.len() - 2].parse().ok()?, digits[digits.len() - 2..].parse().ok()?),
        _ => return None,
    };
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

/// An instant as the portal prints it, in the server's zone: `2024-07-18T14:00:14+02:00`.
pub fn print_instant(seconds: i64, zone: &TimeZone) -> String {
    let zoned = Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned_datetime(zone.clone());
    let moment: DateTime = zoned.datetime();
    let offset = zoned.offset().seconds();
    let sign = if offset < 0 { '-' } else { '+' };
    let minutes = offset.abs() / 60;
    format!("{}{sign}{:02}:{:02}", moment.strftime("%Y-%m-%dT%H:%M:%S"), minutes / 60, minutes % 60)
}

/// A day as the portal prints it: midnight UTC of that day, moved to the server's zone. Source: rest-transport 7.
pub fn print_day(day: Date, zone: &TimeZone) -> String {
    let midnight = Offset::UTC.to_timestamp(day.to_datetime(Time::midnight())).unwrap_or(Timestamp::UNIX_EPOCH);
    print_instant(midnight.as_second(), zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, zone: &str) -> Option<String> {
        let zone = TimeZone::get(zone).expect("zones of the tests are in the database");
        instant(text, &zone, 1_700_000_000).map(|seconds| print_instant(seconds, &TimeZone::UTC))
    }

    #[test]
    fn a_date_and_time_is_read_as_strtotime_reads_it() {
        for (text, expected) in [
            ("2024-01-10T00:00:00+05:00", Some("2024-01-09T19:00:00+00:00")),
            ("2024-01-10 12:30:00", Some("2024-01-10T09:30:00+00:00")),
            ("2024-01-10T12:30", Some("2024-01-10T09:30:00+00:00")),
            ("2024-01-10", Some("2024-01-09T21:00:00+00:00")),
            ("10.01.2024 12:30:05", Some("2024-01-10T09:30:05+00:00")),
            ("01/10/2024 02:30 pm", Some("2024-01-10T11:30:00+00:00")),
            ("2024-01-10T12:30:00.125Z", Some("2024-01-10T12:30:00+00:00")),
            ("2024-01-10T12:30:00-0600", Some("2024-01-10T18:30:00+00:00")),
            ("@86400", Some("1970-01-02T00:00:00+00:00")),
            ("32.01.2024", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(at(text, "Europe/Moscow").as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_day_is_printed_as_midnight_utc_moved_to_the_servers_zone() {
        let day = "2024-04-19".parse().expect("a date");
        for (zone, printed) in [
            ("Europe/Moscow", "2024-04-19T03:00:00+03:00"),
            ("Europe/Berlin", "2024-04-19T02:00:00+02:00"),
            ("America/New_York", "2024-04-18T20:00:00-04:00"),
        ] {
            assert_eq!(print_day(day, &TimeZone::get(zone).expect("a zone")), printed);
        }
    }
}
