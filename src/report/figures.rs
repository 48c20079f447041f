//! Numbers, money, dates and durations as a person in Mexico reads them: `3,841`, `$48,213,900.00 MXN`, `24/11/2026 10:42`.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rust_decimal::{Decimal, RoundingStrategy};

use super::words::Language;

/// Currencies whose amounts bear the sign `$`.
const DOLLAR_SIGN: [&str; 9] = ["MXN", "USD", "CAD", "ARS", "CLP", "COP", "AUD", "DOP", "UYU"];

const MONTHS_EN: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Places whose Spanish name differs from the last part of their IANA name.
const PLACES_ES: [(&str, &str); 9] = [
    ("America/Mexico_City", "Ciudad de México"),
    ("America/Cancun", "Cancún"),
    ("America/Merida", "Mérida"),
    ("America/Ciudad_Juarez", "Ciudad Juárez"),
    ("America/Bogota", "Bogotá"),
    ("America/New_York", "Nueva York"),
    ("America/Los_Angeles", "Los Ángeles"),
    ("Europe/Moscow", "Moscú"),
    ("Europe/Berlin", "Berlín"),
];

/// A count with its thousands apart: `3,841`, in both languages.
pub fn count(n: u64) -> String {
    group(&n.to_string())
}

/// An amount with its currency: `$48,213,900.00 MXN`.
pub fn money(amount: Decimal, currency: &str) -> String {
    let rounded = amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    let text = format!("{:.2}", rounded.abs());
    let (whole, cents) = text.split_once('.').unwrap_or((&text, "00"));
    let minus = if rounded.is_sign_negative() && !rounded.is_zero() { "-" } else { "" };
    let sign = match currency {
        "EUR" => "€",
        "GBP" => "£",
        known if DOLLAR_SIGN.contains(&known) => "$",
        _ => "",
    };
    format!("{minus}{sign}{}.{cents} {currency}", group(whole)).trim_end().to_owned()
}

/// A moment to the minute: `24/11/2026 10:42`, in English `24 Nov 2026 10:42`.
pub fn moment(at: Timestamp, zone: &TimeZone, language: Language) -> String {
    let local = zone.to_datetime(at);
    format!("{} {:02}:{:02}", date_of(local, language), local.hour(), local.minute())
}

/// A date: `24/11/2026`, in English `24 Nov 2026`.
pub fn date(at: Timestamp, zone: &TimeZone, language: Language) -> String {
    date_of(zone.to_datetime(at), language)
}

/// A date without its year, for narrow screens: `23/12`, in English `23 Dec`.
pub fn day(at: Timestamp, zone: &TimeZone, language: Language) -> String {
    let local = zone.to_datetime(at);
    match language {
        Language::En => format!("{} {}", local.day(), month_en(local)),
        Language::Es => format!("{:02}/{:02}", local.day(), local.month()),
    }
}

/// How long something will take, rounded up to what a person plans with: `~40 s`, `~6 min`, `~1 h 40 min`.
pub fn duration(seconds: u64) -> String {
    let minutes = seconds.div_ceil(60);
    match (seconds, minutes / 60, minutes % 60) {
        (0..60, ..) => format!("~{} s", seconds.max(1)),
        (_, 0, minutes) => format!("~{minutes} min"),
        (_, hours, 0) => format!("~{} h", count(hours)),
        (_, hours, minutes) => format!("~{} h {minutes} min", count(hours)),
    }
}

/// A zone by the place that people know it by: `Ciudad de México`, in English `Mexico City`.
pub fn place_of(zone: &str, language: Language) -> String {
    let spanish = PLACES_ES.iter().find(|(iana, _)| *iana == zone);
    match (language, spanish) {
        (Language::Es, Some((_, name))) => (*name).to_owned(),
        _ => zone.rsplit('/').next().unwrap_or(zone).replace('_', " "),
    }
}

fn date_of(local: DateTime, language: Language) -> String {
    match language {
        Language::En => format!("{} {} {}", local.day(), month_en(local), local.year()),
        Language::Es => format!("{:02}/{:02}/{}", local.day(), local.month(), local.year()),
    }
}

fn month_en(local: DateTime) -> &'static str {
    MONTHS_EN.get(usize::from(local.month().unsigned_abs()).wrapping_sub(1)).copied().unwrap_or_default()
}

fn group(digits: &str) -> String {
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mexico() -> TimeZone {
        TimeZone::get("America/Mexico_City").expect("the zone database is built in")
    }

    #[test]
    fn thousands_stand_apart_in_both_languages() {
        for (n, text) in [(0, "0"), (999, "999"), (3841, "3,841"), (1_000_000, "1,000,000")] {
            assert_eq!(count(n), text);
        }
    }

    #[test]
    fn money_is_written_as_in_mexico() {
        assert_eq!(money(Decimal::new(48_213_900, 0), "MXN"), "$48,213,900.00 MXN");
        assert_eq!(money(Decimal::new(-12_345, 1), "EUR"), "-€1,234.50 EUR");
        assert_eq!(money(Decimal::new(1_005, 3), "RUB"), "1.01 RUB");
        assert_eq!(money(Decimal::new(-1, 3), "USD"), "$0.00 USD");
        assert_eq!(money(Decimal::ONE, ""), "1.00");
    }

    #[test]
    fn a_moment_is_shown_in_the_zone_of_the_portal() {
        let at: Timestamp = "2026-11-24T16:42:10Z".parse().expect("a moment");
        assert_eq!(moment(at, &mexico(), Language::Es), "24/11/2026 10:42");
        assert_eq!(moment(at, &mexico(), Language::En), "24 Nov 2026 10:42");
        assert_eq!(day(at, &mexico(), Language::Es), "24/11");
        assert_eq!(date(at, &TimeZone::UTC, Language::En), "24 Nov 2026");
    }

    #[test]
    fn a_forecast_is_rounded_up_never_down() {
        for (seconds, text) in
            [(0, "~1 s"), (42, "~42 s"), (61, "~2 min"), (3600, "~1 h"), (5990, "~1 h 40 min"), (400_000, "~111 h 7 min")]
        {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn a_zone_is_named_by_its_place() {
        assert_eq!(place_of("America/Mexico_City", Language::Es), "Ciudad de México");
        assert_eq!(place_of("America/Mexico_City", Language::En), "Mexico City");
        assert_eq!(place_of("-06:00", Language::Es), "-06:00");
    }
}
