//! Moments: an instant of the portal against a clock of a file.
//!
//! A cell names no offset and may have lost its seconds (csv 4.6), so a clock is compared as what the zone's clock showed at the instant.

use jiff::civil::{DateTime, Time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use crate::model::Value;

/// Whether two values name one moment; `None` when one of them names none.
pub(super) fn same_moment(file: &Value, live: &Value, zone: &TimeZone) -> Option<bool> {
    let live = match live {
        Value::Moment(live) => *live,
        // A snapshot's own CSV read as the current state may hold clocks.
        Value::Clock(clock) => zone.to_timestamp(*clock).ok()?,
        _ => return None,
    };
    match file {
        Value::Moment(file) => Some(file.as_second() == live.as_second()),
        Value::Clock(clock) => Some(shows(*clock, live, zone)),
        Value::Date(day) => Some(zone.to_datetime(live).date() == *day),
        _ => None,
    }
}

/// Whether a file's moment and an instant are one in some zone: offsets are whole quarters of an hour.
pub(super) fn may_be(file: &Value, live: Timestamp) -> bool {
    match file {
        Value::Clock(clock) => is_possible(*clock, live),
        // A clock that was read in a zone which nothing confirms.
        Value::Moment(file) => is_possible(Offset::UTC.to_datetime(*file), live),
        _ => true,
    }
}

/// Whether the clock shows this at the instant in some zone.
pub(super) fn is_possible(clock: DateTime, instant: Timestamp) -> bool {
    implied(clock, instant).is_some() || is_day_of(clock, instant)
}

/// The offset that makes the clock out of the moment, if any zone could have it: a whole quarter of an hour within a day.
pub(super) fn implied(clock: DateTime, moment: Timestamp) -> Option<i32> {
    const QUARTER: i64 = 15 * 60;
    const DAY: i64 = 24 * 60 * 60;
    let wall = Offset::UTC.to_timestamp(clock).ok()?;
    let exact = wall
        .duration_since(moment.checked_sub(SignedDuration::from_nanos(i64::from(moment.subsec_nanosecond()))).ok()?)
        .as_secs();
    let minutes = wall.as_second() - moment.as_second().div_euclid(60) * 60;
    let fits = |shift: &i64| shift % QUARTER == 0 && shift.abs() <= DAY;
    // Where the seconds are 0, the format may have cut them.
    let cut = (clock.second() == 0).then_some(minutes);
    [Some(exact), cut].into_iter().flatten().find(fits).map(|shift| shift as i32)
}

/// Whether a clock of midnight is a day whose time was cut, as a spreadsheet's short date is, and the instant lies within that day in
/// some zone. Such a pair tells no zone.
pub fn is_day_of(clock: DateTime, instant: Timestamp) -> bool {
    const HOUR: i64 = 60 * 60;
    let Ok(begins) = Offset::UTC.to_timestamp(clock) else { return false };
    let ahead = begins.as_second() - instant.as_second();
    // From twelve hours behind UTC to fourteen before it.
    clock.time() == Time::midnight() && (-36 * HOUR + 1..=14 * HOUR).contains(&ahead)
}

/// Whether a clock in the zone shows this at the instant. Where the clock's seconds are 0, the format may have had none: the minute decides;
/// at midnight it may have had no time at all: the day does.
pub fn shows(clock: DateTime, instant: Timestamp, zone: &TimeZone) -> bool {
    if agree(clock, zone.to_datetime(instant)) {
        return true;
    }
    // A clock in the hour that summer time skips never was on a wall; who wrote it meant the offset before or after.
    match zone.to_ambiguous_timestamp(clock).offset() {
        AmbiguousOffset::Gap { before, after } => [before, after].iter().any(|offset| agree(clock, offset.to_datetime(instant))),
        _ => false,
    }
}

fn agree(file: DateTime, wall: DateTime) -> bool {
    if file.time() == Time::midnight() && file.date() == wall.date() {
        return true;
    }
    let cut = |moment: DateTime, seconds: i8| (moment.date(), moment.hour(), moment.minute(), seconds);
    let seconds = if file.second() == 0 { 0 } else { wall.second() };
    cut(file, file.second()) == cut(wall, seconds)
}

/// The instants that a value may name: two in the hour that is repeated when summer time ends.
pub(super) fn instants(value: &Value, zone: &TimeZone) -> Vec<Timestamp> {
    match value {
        Value::Moment(moment) => vec![*moment],
        Value::Clock(clock) => {
            let ambiguous = zone.to_ambiguous_timestamp(*clock);
            let offsets = match ambiguous.offset() {
                AmbiguousOffset::Unambiguous { offset } => [offset, offset],
                AmbiguousOffset::Gap { before, after } | AmbiguousOffset::Fold { before, after } => [before, after],
            };
            let mut instants: Vec<_> = offsets.iter().filter_map(|offset| offset.to_timestamp(*clock).ok()).collect();
            instants.dedup();
            instants
        }
        _ => Vec::new(),
    }
}

/// Whether a live moment lies behind a moment of the files, seconds aside.
pub(super) fn is_after(live: &Value, file: &Value, zone: &TimeZone) -> bool {
    let latest = instants(file, zone).into_iter().max();
    match (live, latest) {
        (Value::Moment(live), Some(latest)) => *live > latest && same_moment(file, &Value::Moment(*live), zone) != Some(true),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::kit::{clock, moment, zone};

    #[track_caller]
    fn check(file: &str, live: &str, of: &str, expected: bool) {
        assert_eq!(same_moment(&clock(file), &moment(live), &zone(of)), Some(expected), "{file} {of} {live}");
    }

    #[test]
    fn a_clock_is_read_in_the_zone_of_the_file() {
        check("2024-01-15T15:04:05", "2024-01-15T21:04:05Z", "America/Mexico_City", true);
        check("2024-01-15T15:04:05", "2024-01-15T21:04:06Z", "America/Mexico_City", false);
    }

    #[test]
    fn a_clock_without_seconds_matches_by_the_minute() {
        check("2024-01-15T15:04:00", "2024-01-15T21:04:37Z", "America/Mexico_City", true);
        check("2024-01-15T15:04:00", "2024-01-15T21:05:00Z", "America/Mexico_City", false);
    }

    #[test]
    fn a_clock_of_midnight_may_be_a_day_alone() {
        check("2024-01-15T00:00:00", "2024-01-15T21:04:37Z", "America/Mexico_City", true);
        check("2024-01-15T00:00:00", "2024-01-16T05:59:59Z", "America/Mexico_City", true);
        check("2024-01-15T00:00:00", "2024-01-16T06:00:00Z", "America/Mexico_City", false);
    }

    #[test]
    fn what_no_zone_makes_one_moment_is_told_without_a_zone() {
        let may = |file: Value, live: &str| may_be(&file, live.parse().unwrap());
        assert!(may(clock("2024-01-15T15:04:05"), "2024-01-15T21:04:05Z"));
        assert!(may(clock("2024-01-15T15:04:00"), "2024-01-15T09:19:37Z"), "its seconds may have been cut");
        assert!(may(moment("2024-01-15T15:04:05Z"), "2024-01-15T21:04:05Z"), "read in a wrong zone");
        assert!(!may(clock("2024-01-15T15:04:05"), "2024-01-15T21:04:06Z"));
        assert!(!may(clock("2024-01-15T15:04:05"), "2024-01-18T15:04:05Z"));
        assert!(may(clock("2024-01-15T00:00:00"), "2024-01-16T05:00:01Z"), "a day alone");
        assert!(may(clock("2024-01-15T00:00:00"), "2024-01-14T10:00:01Z"), "a day alone, fourteen hours before UTC");
        assert!(!may(clock("2024-01-15T00:00:00"), "2024-01-17T00:00:01Z"));
        assert!(!may(clock("2024-01-15T00:00:00"), "2024-01-13T21:00:01Z"));
    }

    #[test]
    fn the_hour_that_summer_time_repeats_matches_both_of_its_instants() {
        check("2024-10-27T02:30:10", "2024-10-27T00:30:10Z", "Europe/Madrid", true);
        check("2024-10-27T02:30:10", "2024-10-27T01:30:10Z", "Europe/Madrid", true);
        assert_eq!(instants(&clock("2024-10-27T02:30:10"), &zone("Europe/Madrid")).len(), 2);
    }

    #[test]
    fn the_hour_that_summer_time_skips_matches_before_and_after() {
        check("2024-03-31T02:30:10", "2024-03-31T01:30:10Z", "Europe/Madrid", true);
        check("2024-03-31T02:30:10", "2024-03-31T00:30:10Z", "Europe/Madrid", true);
        check("2024-03-31T02:30:10", "2024-03-31T02:30:10Z", "Europe/Madrid", false);
    }

    #[test]
    fn a_text_is_no_moment() {
        assert_eq!(same_moment(&Value::Text("x".into()), &moment("2024-01-15T21:04:05Z"), &zone("UTC")), None);
    }
}
