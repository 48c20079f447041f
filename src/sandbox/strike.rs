//! What goes out: an answer, and what a fault makes of it.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};

use super::answer::RestError;
use super::envelope;
use super::print;
use super::rule::{Change, Deed, Packing};
use super::wire::Order;

/// An answer before it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// All headers but those that HTTP itself needs.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Body,
}

/// A body before it is written.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// JSON, printed at the last moment.
    Json(Value),
    /// Bytes as they are.
    Bytes(Vec<u8>),
}

impl Body {
    /// The bytes on the wire.
    pub fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Json(value) => print::json(&value),
            Self::Bytes(bytes) => bytes,
        }
    }
}

impl Answer {
    /// An answer of the REST server.
    pub fn json(status: u16, body: Value) -> Self {
        let headers = envelope::HEADERS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { status, headers, body: Body::Json(body) }
    }

    /// An error of the REST server.
    pub fn error(error: &RestError) -> Self {
        Self::json(error.status, envelope::error(error))
    }

    /// A page of the web server in front of it (rest-transport 4.4); with status 200 it is a page to log in.
    pub fn page(status: u16) -> Self {
        let title = match status {
            200 => "Authorization".to_owned(),
            404 => "404 Not Found".to_owned(),
            413 => "413 Request Entity Too Large".to_owned(),
            414 => "414 Request-URI Too Large".to_owned(),
            421 => "421 Misdirected Request".to_owned(),
            500 => "500 Internal Server Error".to_owned(),
            502 => "502 Bad Gateway".to_owned(),
            503 => "503 Service Temporarily Unavailable".to_owned(),
            504 => "504 Gateway Time-out".to_owned(),
            other => other.to_string(),
        };
        let page = format!(
            "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
        );
        Self { status, headers: vec![("content-type".to_owned(), "text/html".to_owned())], body: Body::Bytes(page.into_bytes()) }
    }

    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Body::Bytes(Vec::new()) }
    }
}

/// An answer, and what the connection has to do with it.
#[derive(Debug, PartialEq)]
pub struct Out {
    /// The answer.
    pub answer: Answer,
    /// What the connection does instead of just sending it.
    pub order: Option<Order>,
}

impl From<Answer> for Out {
    fn from(answer: Answer) -> Self {
        Self { answer, order: None }
    }
}

impl Out {
    /// No answer, but an order.
    pub fn order(order: Order) -> Self {
        Self { answer: Answer::empty(200), order: Some(order) }
    }
}

/// What a deed puts in the place of an answer; nothing for a deed that leaves the answer alone.
pub fn replacement(deed: &Deed) -> Option<Out> {
    Some(match deed {
        Deed::Refuse(error, headers) => {
            let mut answer = Answer::error(error);
            answer.headers.extend(headers.iter().cloned());
            answer.into()
        }
        Deed::Page(status) | Deed::Late(_, Some(status)) => Answer::page(*status).into(),
        Deed::Verbatim { status, headers, body } => {
            let mut headers = headers.clone();
            if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
                headers.push(("content-type".to_owned(), "application/json; charset=utf-8".to_owned()));
            }
            Answer { status: *status, headers, body: Body::Bytes(body.clone()) }.into()
        }
        // Written as it stands: to print so long a text sign by sign takes longer than to send it.
        Deed::Flood(bytes) => {
            let [head, tail] = [&b"{\"result\":\""[..], &b"\",\"time\":[]}"[..]];
            let mut body = Vec::with_capacity(head.len() + bytes + tail.len());
            body.extend_from_slice(head);
            body.resize(head.len() + bytes, b'x');
            body.extend_from_slice(tail);
            Answer { body: Body::Bytes(body), ..Answer::json(200, Value::Null) }.into()
        }
        Deed::Drop | Deed::Late(_, None) => Out::order(Order::Drop),
        Deed::Reset => Out::order(Order::Reset),
        Deed::Raw(bytes) => Out::order(Order::Raw(bytes.clone())),
        Deed::Nothing
        | Deed::Twice
        | Deed::Expire
        | Deed::Revoke
        | Deed::Crowd(_)
        | Deed::Forget(_)
        | Deed::Arm(_)
        | Deed::Change(_) => return None,
    })
}

/// Changes an answer on its way out.
pub fn changed(mut out: Out, change: &Change) -> Out {
    match change {
        Change::Cut(bytes) => out.order = Some(Order::Cut(*bytes)),
        Change::Tear(bytes) => out.order = Some(Order::Tear(*bytes)),
        Change::Dribble(pause) => out.order = Some(Order::Dribble(*pause)),
        Change::Stale => out.order = Some(Order::Stale),
        Change::Shorten(bytes) => {
            let mut body = out.answer.body.into_bytes();
            body.truncate(*bytes);
            out.answer.body = Body::Bytes(body);
        }
        Change::Patch(patch) => {
            if let Body::Json(body) = &mut out.answer.body {
                merge(body, patch);
            }
        }
        Change::Prefix(prefix) => {
            let mut body = prefix.clone().into_bytes();
            body.extend(out.answer.body.into_bytes());
            out.answer.body = Body::Bytes(body);
        }
        Change::Replace(from, to) => {
            let body = String::from_utf8_lossy(&out.answer.body.into_bytes()).replacen(from.as_str(), to, 1);
            out.answer.body = Body::Bytes(body.into_bytes());
        }
        Change::Quote(name) => {
            if let Body::Json(body) = &mut out.answer.body {
                quote(body, name);
            }
        }
        Change::Gzip(packing) => {
            let body = out.answer.body.into_bytes();
            out.answer.body = Body::Bytes(packed(body, *packing));
            out.answer.headers.push(("content-encoding".to_owned(), "gzip".to_owned()));
        }
        Change::ContentType(kind) => {
            out.answer.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
            out.answer.headers.push(("content-type".to_owned(), kind.clone()));
        }
    }
    out
}

/// A body as a server packs it, or as one goes wrong at it.
fn packed(body: Vec<u8>, packing: Packing) -> Vec<u8> {
    let pack = |bytes: &[u8]| {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        // Memory takes every byte.
        _ = packer.write_all(bytes);
        packer.finish().unwrap_or_default()
    };
    match packing {
        Packing::Whole => pack(&body),
        Packing::Cut => {
            let mut packed = pack(&body);
            packed.truncate(packed.len() / 2);
            packed
        }
        Packing::False => body,
        Packing::Bomb(bytes) => pack(&vec![b' '; bytes]),
    }
}

/// Takes everything under a name out.
pub fn forget(params: &mut Map<String, Value>, name: &str) {
    params.retain(|key, _| key != name);
    params.values_mut().for_each(|value| forget_in(value, name));
}

fn forget_in(value: &mut Value, name: &str) {
    match value {
        Value::Object(object) => forget(object, name),
        Value::Array(list) => list.iter_mut().for_each(|value| forget_in(value, name)),
        _ => {}
    }
}

/// Makes texts of the numbers under a name.
fn quote(value: &mut Value, name: &str) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::Number(number) if key == name => *value = Value::String(number.to_string()),
                    value => quote(value, name),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|value| quote(value, name)),
        _ => {}
    }
}

/// JSON merge patch (RFC 7396): null removes, objects merge, everything else replaces.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    if let Value::Object(target) = target {
        for (key, value) in patch {
            if value.is_null() {
                target.shift_remove(key);
            } else {
                merge(target.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_removes_replaces_and_adds() {
        let mut body = json!({"result": {"a": 1}, "time": {"start": 1, "operating": 2}});
        merge(&mut body, &json!({"result": false, "time": {"operating": null}, "error": ""}));
        assert_eq!(body, json!({"result": false, "time": {"start": 1}, "error": ""}));
    }

    #[test]
    fn a_shortened_answer_is_whole_for_http() {
        let out = changed(Answer::json(200, json!({"result": true})).into(), &Change::Shorten(4));
        assert_eq!((out.answer.body, out.order), (Body::Bytes(b"{\"re".to_vec()), None));
    }
}
