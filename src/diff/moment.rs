//! Moments: an instant of the portal against a clock of a file.
//!
//! A cell names no offset and may have lost its seconds (csv 4.6), so a clock is compared as what the zone's clock showed at the instant.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

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

/// Whether a clock in the zone shows this at the instant. Where the clock's seconds are 0, the format may have had none: the minute decides.
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
