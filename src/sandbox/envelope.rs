//! What is wrapped around a reply or an error (rest-transport 3.1, 3.2).

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::answer::{Reply, RestError};
use super::php;

/// Headers of every answer, errors too (rest-transport 1.1, 3.1).
pub const HEADERS: [(&str, &str); 4] = [
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Headers", "origin, content-type, accept"),
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Type", "application/json; charset=utf-8"),
];

/// When a call ran, and what its method has used up.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// The wall clock when the call began.
    pub start: Timestamp,
    /// The wall clock when it was done.
    pub finish: Timestamp,
    /// The method's account; none where the portal keeps no such accounts.
    pub operating: Option<Operating>,
}

/// A method's account of run time, as it is announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operating {
    /// What counts against the limit.
    pub sum: Duration,
    /// The unix second at which the oldest part stops counting.
    pub reset_at: i64,
}

/// The `time` object. As in current builds `start` and `processing` are whole numbers (trap 21); the rest are floats.
pub fn time(timing: &Timing, zone: &TimeZone) -> Value {
    let seconds = |moment: Timestamp| moment.as_microsecond() as f64 / 1e6;
    let date = |moment: Timestamp| moment.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
    let mut time = json!({
        "start": timing.start.as_second(),
        "finish": seconds(timing.finish),
        "duration": (timing.finish.as_microsecond() - timing.start.as_microsecond()) as f64 / 1e6,
        "processing": 0,
        "date_start": date(timing.start),
        "date_finish": date(timing.finish),
    });
    if let (Some(operating), Value::Object(time)) = (timing.operating, &mut time) {
        time.insert("operating_reset_at".to_owned(), operating.reset_at.into());
        let sum = if operating.sum.is_zero() { json!(0) } else { json!(operating.sum.as_micros() as f64 / 1e6) };
        time.insert("operating".to_owned(), sum);
    }
    time
}

/// The body of a success.
pub fn success(reply: Reply, time: Value) -> Value {
    let mut body = Map::new();
    body.insert("result".to_owned(), php::printed(reply.result));
    if let Some(next) = reply.next {
        body.insert("next".to_owned(), next.into());
    }
    if let Some(total) = reply.total {
        body.insert("total".to_owned(), total.into());
    }
    body.insert("time".to_owned(), time);
    Value::Object(body)
}

/// The body of an error: no `time`, no `result`.
pub fn error(error: &RestError) -> Value {
    json!({"error": error.code, "error_description": error.description})
}

/// The server lifts `next` and `total` out of a method's own result into the envelope (rest-transport 3.1).
pub fn lifted(mut reply: Reply) -> Reply {
    if let Value::Object(result) = &mut reply.result {
        for (key, slot) in [("next", &mut reply.next), ("total", &mut reply.total)] {
            let lifted = result.shift_remove(key);
            *slot = lifted.as_ref().and_then(Value::as_u64).or(*slot);
        }
    }
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timing(sum: Duration) -> Timing {
        let start: Timestamp = "2023-11-14T22:13:20.125Z".parse().expect("a timestamp");
        let finish: Timestamp = "2023-11-14T22:13:20.225Z".parse().expect("a timestamp");
        Timing { start, finish, operating: Some(Operating { sum, reset_at: 1_700_000_600 }) }
    }

    #[test]
    fn trap_21_start_and_processing_are_whole_numbers() {
        let zone = TimeZone::get("Europe/Moscow").expect("a zone");
        let expected = json!({
            "start": 1_700_000_000, "finish": 1_700_000_000.225, "duration": 0.1, "processing": 0,
            "date_start": "2023-11-15T01:13:20+03:00", "date_finish": "2023-11-15T01:13:20+03:00",
            "operating_reset_at": 1_700_000_600, "operating": 0
        });
        assert_eq!(time(&timing(Duration::ZERO), &zone), expected);
        assert_eq!(time(&timing(Duration::from_millis(1500)), &zone)["operating"], json!(1.5));
    }

    #[test]
    fn a_portal_without_accounts_announces_none() {
        let time = time(&Timing { operating: None, ..timing(Duration::ZERO) }, &TimeZone::UTC);
        assert!(time.get("operating").is_none() && time.get("operating_reset_at").is_none());
    }

    #[test]
    fn a_result_of_its_own_loses_next_and_total_to_the_envelope() {
        let body = success(lifted(Reply::of(json!({"items": [], "next": 50, "total": 60}))), json!({}));
        assert_eq!(body, json!({"result": {"items": []}, "next": 50, "total": 60, "time": {}}));
    }

    #[test]
    fn trap_20_an_error_code_keeps_its_type() {
        let zero = RestError { status: 400, code: json!(0), description: "x".to_owned() };
        assert_eq!(error(&zero), json!({"error": 0, "error_description": "x"}));
    }
}
