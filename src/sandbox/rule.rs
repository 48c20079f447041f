//! How a fault rule is written. A rule says which request it strikes, when, and what happens to it.
//!
//! ```json
//! {"method": "crm.item.batchimport", "nth": 2, "every": 2, "times": 1, "when": "after", "do": "drop"}
//! ```
//!
//! - `method`: the outer method, or that of a command inside a `batch`; `crm.item.*` any that begins so; `*` (the default) any outer one.
//! - `entity`: only what concerns this record type, by its `entityTypeId`.
//! - `whole`: the request that is such a method, or the `batch` that holds such a command, instead of the command itself.
//! - `nth`: only the n-th match, counted from arming; `every`: each k-th; both: the n-th and each k-th after it; neither: each match.
//! - `times`: how often it strikes at most. Of several rules for one request the first strikes; so rules with `times` are gone through in order.
//! - `when`: `before` (the default) or `after` the method took effect; `head`: as soon as the request's head has been read, while its body
//!   may still be on the way, so it knows neither `entity` nor `whole`; `connect`: as soon as the connection is there (`drop` and `reset`
//!   only). What changes the true answer (see [`Change`]) can be written with `before` and `after`, to the same effect; `late_ms`, `twice`,
//!   `crowd`, `forget`, `expire` and `revoke` only with `before`.
//! - `do`: a word (`"empty"`, `"drop"`, `"reset"`, `"stale"`, `"twice"`, `"expire"`, `"revoke"`) or an object with one of the keys of [`Deed`] and
//!   [`Change`]; `delay_ms` may stand beside any, beside a word as `{"word": "drop", "delay_ms": 5}`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::answer::RestError;

/// A rule as armed.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Which method it is for, in lower case.
    pub method: String,
    /// Which record type it is for, by its `entityTypeId`.
    pub entity: Option<i64>,
    /// Whether it is for the whole request that carries the method.
    pub whole: bool,
    /// The first match that counts.
    pub nth: Option<u64>,
    /// The distance between matches that count.
    pub every: Option<u64>,
    /// How often it strikes at most.
    pub times: Option<u64>,
    /// At which point of the request.
    pub when: When,
    /// What happens then.
    pub fault: Fault,
}

/// At which point of a request a rule strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum When {
    /// When the connection is there and nothing has been read.
    Connect,
    /// When the head has been read.
    Head,
    /// Before the method takes effect.
    #[default]
    Before,
    /// After the method took effect.
    After,
}

/// What happens, and how much of the portal's time passes before it.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// What happens.
    pub deed: Deed,
    /// The time that passes first.
    pub delay: Duration,
}

/// What can happen to a request. Written in JSON as shown.
#[derive(Debug, Clone, PartialEq)]
pub enum Deed {
    /// `{"delay_ms": 500}`: nothing but a delay.
    Nothing,
    /// `{"status": 503, "code": "QUERY_LIMIT_EXCEEDED", "description": "..", "headers": {"Retry-After": "1"}}`: a REST error.
    Refuse(RestError, Vec<(String, String)>),
    /// `{"html": 502}`: the web server's own page.
    Page(u16),
    /// `{"empty": 503}`, `{"body": "..", "status": 200, "content_type": "..", "headers": {..}}`, `{"hex": "1f8b..", ..}`: a body word for word.
    Verbatim {
        /// The status.
        status: u16,
        /// The headers, the content type among them.
        headers: Vec<(String, String)>,
        /// The body.
        body: Vec<u8>,
    },
    /// `{"flood": 104857600}`: a valid answer whose result is a text of so many bytes.
    Flood(usize),
    /// `"drop"`: the connection is closed without an answer.
    Drop,
    /// `"reset"`: the connection is reset.
    Reset,
    /// `{"raw": "HTTP/1.1 200 OK\r\n.."}`: these bytes instead of an answer, then the end of the connection.
    Raw(Vec<u8>),
    /// `{"late_ms": 60000}`: the connection is closed at once, and the method takes effect so much later (a "zombie"); with
    /// `"html": 504` beside it, that page is answered at once.
    Late(Duration, Option<u16>),
    /// `"twice"`: the request is carried out twice, as if a proxy had delivered it again; the second answer goes out.
    Twice,
    /// `{"crowd": 50}`: so many requests of a neighbour on the same address go into the bucket.
    Crowd(u32),
    /// `{"forget": "comments"}`: the method takes effect without the parameters of this name, and says nothing of it.
    Forget(String),
    /// `"expire"`: every application's token goes out of date, and the request is looked at after that.
    Expire,
    /// `"revoke"`: the same, and none is renewed: somebody has removed the application.
    Revoke,
    /// `{"arm": [RULE, ..]}`: these rules are armed from here on, so that one can follow upon another.
    Arm(Vec<Rule>),
    /// One that leaves the method alone and changes its true answer, whatever `when` says.
    Change(Change),
}

/// What can happen to a true answer on its way out.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// `{"truncate": 16}`: the first bytes of the body, then the end of the connection.
    Cut(usize),
    /// `{"truncate": 16, "reset": true}`: the first bytes of the body, then a reset.
    Tear(usize),
    /// `{"truncate": 16, "framed": true}`: the first bytes of the body as a complete answer.
    Shorten(usize),
    /// `{"dribble_ms": 1000}`: the body byte by byte.
    Dribble(Duration),
    /// `"stale"`: the answer goes out whole; the connection is reset as soon as the next request comes in on it.
    Stale,
    /// `{"patch": {"time": {"operating": null}}}`: changed by the rules of JSON merge patch, null removes.
    Patch(Value),
    /// `{"prefix": "\ufeff"}`: a text before the body.
    Prefix(String),
    /// `{"replace": ["\"time\":", "\"time\":NaN,\"x\":"]}`: the first occurrence of a text in the body, as it is on the wire.
    Replace(String, String),
    /// `{"quote": "id"}`: every number under this name becomes a text.
    Quote(String),
    /// `{"gzip": "whole"}`, `"cut"`, `"false"` or a number: the body packed, packed and cut in half, said to be packed, or in its place a
    /// packed one that unpacks to so many bytes.
    Gzip(Packing),
    /// `{"content_type": "text/html"}`: another content type.
    ContentType(String),
}

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Packing {
    /// As it should be.
    Whole,
    /// Only its first half.
    Cut,
    /// Not at all, but the head says so.
    False,
    /// Spaces, so many, in the body's place.
    #[serde(skip)]
    Bomb(usize),
}

/// Why a rule can't be read.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// It isn't a rule at all.
    #[error("not a fault rule: {0}")]
    Shape(#[from] serde_json::Error),
    /// `do` is a word that means nothing.
    #[error("unknown deed {0:?}")]
    Word(String),
    /// `do` holds none of the keys, or more than one of them.
    #[error("a deed needs exactly one of its keys, this has {0}")]
    Keys(usize),
    /// `hex` isn't pairs of hexadecimal digits.
    #[error("hex has something else than pairs of hexadecimal digits")]
    Hex,
    /// A count of zero never strikes.
    #[error("nth, every and times count from 1")]
    Zero,
    /// The deed can't happen at that point of a request, or what the rule looks for isn't known there.
    #[error("this can't happen at {0:?}")]
    When(When),
    /// `gzip` says how by something else than its words and numbers.
    #[error("gzip is whole, cut, false, or a number of bytes")]
    Gzip,
    /// One of the rules that `arm` arms.
    #[error("a rule to be armed: {0}")]
    Armed(Box<RuleError>),
}

impl Rule {
    /// Reads one rule.
    pub fn read(value: Value) -> Result<Self, RuleError> {
        let written: Written = serde_json::from_value(value)?;
        if [written.nth, written.every, written.times].contains(&Some(0)) {
            return Err(RuleError::Zero);
        }
        let fault = match written.deed {
            WrittenDeed::Word(word) => Fault { deed: named(&word).ok_or(RuleError::Word(word))?, delay: Duration::ZERO },
            WrittenDeed::Figures(figures) => figures.fault()?,
        };
        let is_blind = matches!(written.when, When::Connect | When::Head) && (written.entity.is_some() || written.whole);
        if is_blind || !fault.deed.can_happen(written.when) {
            return Err(RuleError::When(written.when));
        }
        let Written { method, entity, whole, nth, every, times, when, .. } = written;
        Ok(Self { method: method.to_lowercase(), entity, whole, nth, every, times, when, fault })
    }
}

impl Deed {
    fn can_happen(&self, when: When) -> bool {
        match self {
            Self::Drop | Self::Reset => true,
            Self::Late(..) | Self::Twice | Self::Crowd(_) | Self::Forget(_) | Self::Expire | Self::Revoke => when == When::Before,
            Self::Change(_) => matches!(when, When::Before | When::After),
            _ => when != When::Connect,
        }
    }
}

fn named(word: &str) -> Option<Deed> {
    Some(match word {
        "empty" => Deed::Verbatim { status: 200, headers: Vec::new(), body: Vec::new() },
        "drop" => Deed::Drop,
        "reset" => Deed::Reset,
        "stale" => Deed::Change(Change::Stale),
        "twice" => Deed::Twice,
        "expire" => Deed::Expire,
        "revoke" => Deed::Revoke,
        _ => return None,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default = "any")]
    method: String,
    entity: Option<i64>,
    #[serde(default)]
    whole: bool,
    nth: Option<u64>,
    every: Option<u64>,
    times: Option<u64>,
    #[serde(default)]
    when: When,
    #[serde(rename = "do")]
    deed: WrittenDeed,
}

fn any() -> String {
    "*".to_owned()
}

#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenDeed {
    Word(String),
    Figures(Box<Figures>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Figures {
    #[serde(default)]
    delay_ms: u64,
    status: Option<u16>,
    code: Option<Value>,
    #[serde(default)]
    description: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    content_type: Option<String>,
    body: Option<String>,
    hex: Option<String>,
    #[serde(default)]
    framed: bool,
    #[serde(default)]
    reset: bool,
    html: Option<u16>,
    empty: Option<u16>,
    flood: Option<usize>,
    raw: Option<String>,
    late_ms: Option<u64>,
    crowd: Option<u32>,
    truncate: Option<usize>,
    dribble_ms: Option<u64>,
    patch: Option<Value>,
    prefix: Option<String>,
    replace: Option<(String, String)>,
    quote: Option<String>,
    gzip: Option<Value>,
    forget: Option<String>,
    arm: Option<Vec<Value>>,
    /// One of the words, where a delay goes with it.
    word: Option<String>,
}

impl Figures {
    fn fault(mut self: Box<Self>) -> Result<Fault, RuleError> {
        let delay = Duration::from_millis(self.delay_ms);
        let has_body = self.body.is_some() || self.hex.is_some();
        let mut deeds = Vec::new();
        if let Some(word) = self.word.take() {
            deeds.push(named(&word).ok_or(RuleError::Word(word))?);
        }
        if let Some(code) = self.code.take() {
            let error =
                RestError { status: self.status.unwrap_or(400), code, description: std::mem::take(&mut self.description) };
            deeds.push(Deed::Refuse(error, self.headers()));
        }
        if let Some(text) = self.body.take() {
            deeds.push(self.verbatim(text.into_bytes()));
        }
        if let Some(text) = self.hex.take() {
            let bytes = bytes_of(&text).ok_or(RuleError::Hex)?;
            deeds.push(self.verbatim(bytes));
        }
        if let Some(status) = self.empty {
            self.status = Some(status);
            deeds.push(self.verbatim(Vec::new()));
        }
        match self.late_ms.map(Duration::from_millis) {
            Some(late) => deeds.push(Deed::Late(late, self.html)),
            None => deeds.extend(self.html.map(Deed::Page)),
        }
        deeds.extend(self.flood.map(Deed::Flood));
        deeds.extend(self.raw.take().map(|text| Deed::Raw(text.into_bytes())));
        deeds.extend(self.crowd.map(Deed::Crowd));
        let cut = match (self.framed, self.reset) {
            (true, _) => Change::Shorten,
            (false, true) => Change::Tear,
            (false, false) => Change::Cut,
        };
        deeds.extend(self.truncate.map(|bytes| Deed::Change(cut(bytes))));
        deeds.extend(self.dribble_ms.map(|ms| Deed::Change(Change::Dribble(Duration::from_millis(ms)))));
        deeds.extend(self.patch.take().map(|patch| Deed::Change(Change::Patch(patch))));
        deeds.extend(self.prefix.take().map(|prefix| Deed::Change(Change::Prefix(prefix))));
        deeds.extend(self.replace.take().map(|(from, to)| Deed::Change(Change::Replace(from, to))));
        deeds.extend(self.quote.take().map(|name| Deed::Change(Change::Quote(name))));
        deeds.extend(self.forget.take().map(Deed::Forget));
        if let Some(packing) = self.gzip.take() {
            deeds.push(Deed::Change(Change::Gzip(packing_of(packing)?)));
        }
        if let Some(rules) = self.arm.take() {
            let rules: Result<Vec<Rule>, RuleError> = rules.into_iter().map(Rule::read).collect();
            deeds.push(Deed::Arm(rules.map_err(|error| RuleError::Armed(Box::new(error)))?));
        }
        if !has_body {
            deeds.extend(self.content_type.take().map(|kind| Deed::Change(Change::ContentType(kind))));
        }
        match (deeds.pop(), deeds.len()) {
            (Some(deed), 0) => Ok(Fault { deed, delay }),
            (None, _) if !delay.is_zero() => Ok(Fault { deed: Deed::Nothing, delay }),
            (None, _) => Err(RuleError::Keys(0)),
            (Some(_), more) => Err(RuleError::Keys(more + 1)),
        }
    }

    fn verbatim(&self, body: Vec<u8>) -> Deed {
        let mut headers = self.headers();
        headers.extend(self.content_type.iter().map(|kind| ("content-type".to_owned(), kind.clone())));
        Deed::Verbatim { status: self.status.unwrap_or(200), headers, body }
    }

    fn headers(&self) -> Vec<(String, String)> {
        self.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

fn packing_of(written: Value) -> Result<Packing, RuleError> {
    match written.as_u64() {
        Some(bytes) => Ok(Packing::Bomb(bytes as usize)),
        None => serde_json::from_value(written).map_err(|_| RuleError::Gzip),
    }
}

fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = hex.chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    digits.chunks(2).map(|pair| <[u32; 2]>::try_from(pair).ok().map(|[high, low]| (high * 16 + low) as u8)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn deed(written: impl Into<Value>) -> Deed {
        Rule::read(json!({"do": written.into()})).expect("a rule").fault.deed
    }

    #[test]
    fn every_deed_is_read() {
        let headers = vec![("Retry-After".to_owned(), "1".to_owned())];
        assert_eq!(
            deed(json!({"status": 503, "code": "X", "description": "y", "headers": {"Retry-After": "1"}})),
            Deed::Refuse(RestError::with_status(503, "X", "y"), headers)
        );
        assert_eq!(deed(json!({"html": 502})), Deed::Page(502));
        assert_eq!(deed(json!("empty")), Deed::Verbatim { status: 200, headers: vec![], body: vec![] });
        assert_eq!(deed(json!({"empty": 503})), Deed::Verbatim { status: 503, headers: vec![], body: vec![] });
        let html = vec![("content-type".to_owned(), "text/html".to_owned())];
        assert_eq!(
            deed(json!({"body": "x", "content_type": "text/html"})),
            Deed::Verbatim { status: 200, headers: html, body: b"x".to_vec() }
        );
        assert_eq!(deed(json!({"hex": "1f8b"})), Deed::Verbatim { status: 200, headers: vec![], body: vec![0x1f, 0x8b] });
        assert_eq!(deed(json!("drop")), Deed::Drop);
        assert_eq!(deed(json!("reset")), Deed::Reset);
        assert_eq!(deed(json!("stale")), Deed::Change(Change::Stale));
        assert_eq!(deed(json!("twice")), Deed::Twice);
        assert_eq!((deed(json!("expire")), deed(json!("revoke"))), (Deed::Expire, Deed::Revoke));
        assert_eq!(deed(json!({"truncate": 16})), Deed::Change(Change::Cut(16)));
        assert_eq!(deed(json!({"truncate": 16, "framed": true})), Deed::Change(Change::Shorten(16)));
        assert_eq!(deed(json!({"truncate": 16, "reset": true})), Deed::Change(Change::Tear(16)));
        assert_eq!(deed(json!({"late_ms": 5})), Deed::Late(Duration::from_millis(5), None));
        assert_eq!(deed(json!({"late_ms": 5, "html": 504})), Deed::Late(Duration::from_millis(5), Some(504)));
        assert_eq!(deed(json!({"replace": ["a", "b"]})), Deed::Change(Change::Replace("a".into(), "b".into())));
        assert_eq!(deed(json!({"quote": "id"})), Deed::Change(Change::Quote("id".into())));
        assert_eq!(deed(json!({"gzip": "cut"})), Deed::Change(Change::Gzip(Packing::Cut)));
        assert_eq!(deed(json!({"gzip": 7})), Deed::Change(Change::Gzip(Packing::Bomb(7))));
        assert_eq!(deed(json!({"forget": "x"})), Deed::Forget("x".into()));
        let next = json!({"method": "a.b", "entity": 2, "whole": true, "do": "drop"});
        let Deed::Arm(rules) = deed(json!({"arm": [next]})) else { panic!("not armed") };
        assert_eq!((rules[0].entity, rules[0].whole), (Some(2), true));
        assert_eq!(deed(json!({"delay_ms": 5})), Deed::Nothing);
        assert_eq!(deed(json!({"patch": {"time": null}})), Deed::Change(Change::Patch(json!({"time": null}))));
    }

    #[test]
    fn a_delay_goes_with_another_deed() {
        let rule = Rule::read(json!({"when": "after", "do": {"html": 504, "delay_ms": 40_000}})).expect("a rule");
        assert_eq!(rule.fault, Fault { deed: Deed::Page(504), delay: Duration::from_secs(40) });
        assert_eq!((rule.when, rule.method.as_str()), (When::After, "*"));
        let rule = Rule::read(json!({"do": {"word": "drop", "delay_ms": 1}})).expect("a rule");
        assert_eq!(rule.fault.deed, Deed::Drop);
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for wrong in [
            json!({}),
            json!({"do": "explode"}),
            json!({"do": {}}),
            json!({"do": {"html": 502, "flood": 1}}),
            json!({"do": {"gzip": "bomb"}}),
            json!({"do": {"arm": [{"do": "explode"}]}}),
            json!({"do": "drop", "when": "head", "entity": 2}),
            json!({"do": "drop", "when": "connect", "whole": true}),
            json!({"do": {"hex": "1f8"}}),
            json!({"do": {"hex": "xx"}}),
            json!({"do": "drop", "nth": 0}),
            json!({"do": "drop", "when": "later"}),
            json!({"do": {"html": 502}, "when": "connect"}),
            json!({"do": {"late_ms": 1}, "when": "after"}),
            json!({"do": "stale", "when": "head"}),
            json!({"do": "expire", "when": "after"}),
            json!({"do": "drop", "method_name": "x"}),
        ] {
            assert!(Rule::read(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
