//! Dates as portals and databases write them, alone or with their clock: `15/01/2024`, `15.01.2024 15:04:05`, `2024-01-15 15:04:05`,
//! `01/15/2024 03:04:05 pm`. Nearly every date of a file is one, and each sign has its place, so that there is nothing to look for.

use super::dates::{Hours, Loose};

/// Reads a date of these shapes as [`Loose::parse`] reads all the others; `None` for any other text.
pub(super) fn usual(text: &[u8]) -> Option<Loose> {
    let (date, clock) = text.split_first_chunk::<10>()?;
    let year_first = date[2].is_ascii_digit();
    let (parts, separators) = if year_first {
        ([number(&date[..4])?, number(&date[5..7])?, number(&date[8..])?], [date[4], date[7]])
    } else {
        ([number(&date[..2])?, number(&date[3..5])?, number(&date[6..])?], [date[2], date[5]])
    };
    if separators[0] != separators[1] || !matches!(separators[0], b'/' | b'.' | b'-') {
        return None;
    }
    with_clock(Loose::of_day(parts, year_first, false, separators[0]), clock)
}

/// The date with what stands behind it: nothing, or hour, minute and second, and `am` or `pm`.
fn with_clock(mut date: Loose, text: &[u8]) -> Option<Loose> {
    let Some((clock, half)) = text.split_first_chunk::<9>() else {
        return text.is_empty().then_some(date);
    };
    if [clock[0], clock[3], clock[6]] != *b" ::" {
        return None;
    }
    let [mut hour, minute, second] = [number(&clock[1..3])? as i8, number(&clock[4..6])? as i8, number(&clock[7..])? as i8];
    // The next day's midnight, and what only a spreadsheet writes, are for the general reader.
    let noon = match half {
        [] if hour != 24 => None,
        [b' ', b'a' | b'A', b'm' | b'M'] if (1..=12).contains(&hour) => Some(0),
        [b' ', b'p' | b'P', b'm' | b'M'] if (1..=12).contains(&hour) => Some(12),
        _ => return None,
    };
    if let Some(noon) = noon {
        hour = hour % 12 + noon;
        date.hours = Hours::Half;
    }
    date.clock = Some([hour, minute, second]);
    Some(date)
}

/// The number of a few digits.
#[inline]
pub(super) fn number(digits: &[u8]) -> Option<i16> {
    let mut number = 0;
    for byte in digits {
        number = number * 10 + i16::from(byte.is_ascii_digit().then(|| byte - b'0')?);
    }
    Some(number)
}
