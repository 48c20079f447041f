//! The envelope: what a body says, read as leniently as portals write it (rest-transport 3).
//!
//! An answer is an error when it has the key `error`, whatever stands there: `""`, `0`, `"0"` and `100` are errors too (trap 20).
//! Nothing beside `result` is relied on: `time` differs from build to build (trap 21).

use std::time::Duration;

use serde_json::{Map, Value as Json};

use super::effect::{self, Effect, Level, Refusal, Unclear};
use super::error::PortalError;
use super::transport::{Delivery, RawAnswer, Trouble};

/// A success.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Answer {
    /// What the method gave back.
    pub result: Json,
    /// The offset of the next page. Its presence isn't proof of one (trap 18).
    pub next: Option<u64>,
    /// How many rows there are; 0 or absent with `start=-1` (trap 17).
    pub total: Option<u64>,
    /// What the call cost.
    pub time: Time,
}

/// What a call cost, as far as the portal says.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Time {
    /// Seconds of the method's own run time in the last ten minutes.
    pub operating: Option<f64>,
    /// When the oldest part of that drops out, in seconds after this answer was made.
    pub reset_in: Option<Duration>,
    /// How long the call took the portal.
    pub duration: Option<Duration>,
}

/// What a delivered request comes to, for readers and writers alike.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Reply {
    Success(Answer),
    Refused(Refusal),
    NotJson { status: u16, is_html: bool },
    Redirected { status: u16, host: Option<String> },
    NotSent(Trouble),
    Lost(Trouble),
}

impl From<Delivery> for Reply {
    fn from(delivery: Delivery) -> Self {
        match delivery {
            Delivery::NotSent(trouble) => Self::NotSent(trouble),
            Delivery::Lost(trouble) => Self::Lost(trouble),
            Delivery::Answer(raw) => of_answer(&raw),
        }
    }
}

fn of_answer(raw: &RawAnswer) -> Reply {
    let status = raw.status;
    if (300..400).contains(&status) {
        return Reply::Redirected { status, host: raw.location.as_deref().and_then(host_of) };
    }
    match parsed(&raw.body) {
        Some(envelope) if envelope.contains_key("error") => Reply::Refused(refusal(&envelope, status)),
        // A success with the status of an error has never been seen; it is no answer of a method.
        Some(mut envelope) if (200..300).contains(&status) && envelope.contains_key("result") => Reply::Success(Answer {
            result: envelope.remove("result").unwrap_or_default(),
            next: envelope.get("next").and_then(whole),
            total: envelope.get("total").and_then(whole),
            time: envelope.get("time").map(time).unwrap_or_default(),
        }),
        _ => Reply::NotJson { status, is_html: is_html(raw) },
    }
}

impl Reply {
    /// The effect of a change whose whole request came to this; a success is handed back to be looked into.
    pub fn effect(self) -> Effect<Answer> {
        match self {
            Self::Success(answer) => Effect::Done(answer),
            Self::Refused(refusal) => effect::of_refusal(Level::Request, refusal),
            Self::NotSent(trouble) => Effect::NotDone(Refusal::no_connection(trouble)),
            Self::Lost(trouble) => Effect::Unknown(Unclear::Lost(trouble)),
            Self::Redirected { status, host } => match effect::applied(Level::Request, status, None) {
                effect::Applied::No => Effect::NotDone(Refusal::redirected(status, host)),
                effect::Applied::Maybe => Effect::Unknown(Unclear::NotJson { status }),
            },
            Self::NotJson { status, .. } => match effect::applied(Level::Request, status, None) {
                effect::Applied::No => {
                    Effect::NotDone(Refusal { code: Refusal::NOT_AUTHORISED.to_owned(), text: String::new(), status })
                }
                effect::Applied::Maybe => Effect::Unknown(Unclear::NotJson { status }),
            },
        }
    }

    /// The outcome of a call that only reads, when it isn't tried again.
    pub fn read(self, tried_for: Duration) -> Result<Answer, PortalError> {
        Err(match self {
            Self::Success(answer) => return Ok(answer),
            Self::Refused(refusal) if refusal.code == "QUERY_LIMIT_EXCEEDED" || refusal.code == "OPERATION_TIME_LIMIT" => {
                PortalError::Busy { refusal, tried_for }
            }
            Self::Refused(refusal) => refusal.into(),
            Self::NotJson { status: status @ 401, .. } => PortalError::WrongSecret { status },
            Self::NotJson { status, is_html } => PortalError::NotJson { status, is_html },
            Self::Redirected { host, .. } => PortalError::Redirected { host },
            Self::NotSent(kind) | Self::Lost(kind) => PortalError::Unreachable { kind, tried_for },
        })
    }

    /// What came of a request, in a word.
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Success(_) => "ok",
            Self::Refused(_) => "refused",
            Self::NotJson { .. } => "not json",
            Self::Redirected { .. } => "redirected",
            Self::NotSent(_) => "not sent",
            Self::Lost(_) => "lost",
        }
    }
}

/// The refusal that an object with the key `error` holds: an envelope, an entry of `result_error`, an element of an import.
pub(super) fn refusal(object: &Map<String, Json>, status: u16) -> Refusal {
    let (code, text) = match object.get("error") {
        // REST 3.0 puts an object there (rest-transport 3.2).
        Some(Json::Object(inner)) => (inner.get("code"), inner.get("message")),
        code => (code, object.get("error_description")),
    };
    Refusal { code: code.map(plain).unwrap_or_default(), text: text.map(plain).unwrap_or_default(), status }
}

/// The envelope in a body: after a byte order mark, white space, or the warnings that PHP prints before its answer.
fn parsed(body: &[u8]) -> Option<Map<String, Json>> {
    let text = std::str::from_utf8(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)).ok()?;
    if let Ok(envelope) = serde_json::from_str(text) {
        return Some(envelope);
    }
    let start = ["{\"result\"", "{\"error\""].iter().filter_map(|key| text.find(key)).min()?;
    serde_json::from_str(&text[start..]).ok()
}

fn is_html(raw: &RawAnswer) -> bool {
    let named = raw.content_type.as_deref().is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("text/html"));
    named || raw.body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<')
}

/// The host (and port) of a redirection's target; its path would hold the secret.
fn host_of(location: &str) -> Option<String> {
    let url = url::Url::parse(location).ok()?;
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// The `time` of an envelope or of an entry of `result_time`.
pub(super) fn time(json: &Json) -> Time {
    let seconds = |key: &str| json.get(key).and_then(number);
    let positive = |seconds: f64| Duration::try_from_secs_f64(seconds.max(0.0)).ok();
    // The portal's clock is compared with itself: ours may differ.
    let reset_in = seconds("operating_reset_at").zip(seconds("finish")).and_then(|(reset, now)| positive(reset - now));
    Time { operating: seconds("operating"), reset_in, duration: seconds("duration").and_then(positive) }
}

/// A number, also one that is written as text.
pub(super) fn number(json: &Json) -> Option<f64> {
    match json {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A whole number that isn't negative, also one that is written as text.
pub(super) fn whole(json: &Json) -> Option<u64> {
    match json {
        Json::Number(number) => number
            .as_u64()
            .or_else(|| number.as_f64().filter(|float| *float >= 0.0 && float.fract() == 0.0).map(|float| float as u64)),
        Json::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A scalar as text; nothing for null, lists and objects.
pub(super) fn plain(json: &Json) -> String {
    match json {
        Json::String(text) => text.clone(),
        Json::Number(number) => number.to_string(),
        Json::Bool(flag) => flag.to_string(),
        _ => String::new(),
    }
}

/// The entry of a PHP array: an object's key, or a list's index (trap 19). `[]` holds nothing.
pub(super) fn entry<'a>(array: &'a Json, key: &str) -> Option<&'a Json> {
    match array {
        Json::Object(object) => object.get(key),
        Json::Array(list) => list.get(key.parse::<usize>().ok()?),
        _ => None,
    }
}

/// Takes the entry of a PHP array out of it, so that a page of records needn't be copied.
pub(super) fn take_entry(array: &mut Json, key: &str) -> Option<Json> {
    match array {
        Json::Object(object) => object.get_mut(key).map(Json::take),
        Json::Array(list) => list.get_mut(key.parse::<usize>().ok()?).map(Json::take),
        _ => None,
    }
}

/// The values of a PHP array, whether it came as a list or as an object; nothing else has any.
pub(super) fn values(array: &Json) -> Vec<&Json> {
    match array {
        Json::Array(list) => list.iter().collect(),
        Json::Object(object) => object.values().collect(),
        _ => Vec::new(),
    }
}
