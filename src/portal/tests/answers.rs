//! What an answer comes to: as a word, as an error of a reader, and as values, however a portal writes them.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::super::answer::{Answer, Reply, entry, number, plain, take_entry, time, values, whole};
use super::super::effect::Refusal;
use super::super::error::PortalError;
use super::super::renewal::Obstacle;
use super::super::transport::{Delivery, RawAnswer, Trouble};

fn refused(code: &str, text: &str, status: u16) -> Refusal {
    Refusal { code: code.to_owned(), text: text.to_owned(), status }
}

fn answered(status: u16, content_type: Option<&str>, body: &str) -> Reply {
    let content_type = content_type.map(str::to_owned);
    Reply::from(Delivery::Answer(RawAnswer { status, location: None, content_type, body: body.as_bytes().to_vec() }))
}

#[test]
fn a_reader_that_tries_no_more_says_why() {
    let tried_for = Duration::from_secs(7);
    let read = |reply: Reply| reply.read(tried_for).expect_err("no answer");
    for code in ["QUERY_LIMIT_EXCEEDED", "OPERATION_TIME_LIMIT"] {
        let refusal = refused(code, "", 503);
        assert_eq!(read(Reply::Refused(refusal.clone())), PortalError::Busy { refusal, tried_for });
    }
    let other = refused("NOT_FOUND", "", 400);
    assert_eq!(read(Reply::Refused(other.clone())), PortalError::Refused(other));
    let page = |status| Reply::NotJson { status, is_html: true };
    assert_eq!(read(page(401)), PortalError::WrongSecret { status: 401 });
    assert_eq!(read(page(403)), PortalError::NotJson { status: 403, is_html: true });
    let host = Some("nuevo.bitrix24.mx".to_owned());
    assert_eq!(read(Reply::Redirected { status: 302, host: host.clone() }), PortalError::Redirected { host });
    for reply in [Reply::NotSent(Trouble::Timeout), Reply::Lost(Trouble::Timeout)] {
        assert_eq!(read(reply), PortalError::Unreachable { kind: Trouble::Timeout, tried_for });
    }
    assert_eq!(Reply::Success(Answer::default()).read(tried_for), Ok(Answer::default()));
}

#[test]
fn every_outcome_has_its_word() {
    for (reply, word) in [
        (Reply::Success(Answer::default()), "ok"),
        (Reply::Refused(refused("X", "", 400)), "refused"),
        (Reply::NotJson { status: 502, is_html: false }, "not json"),
        (Reply::Redirected { status: 302, host: None }, "redirected"),
        (Reply::NotSent(Trouble::Timeout), "not sent"),
        (Reply::Lost(Trouble::Timeout), "lost"),
    ] {
        assert_eq!(reply.outcome(), word);
    }
}

#[test]
fn a_refusal_ends_a_run_by_what_it_means() {
    type Ends = fn(&PortalError) -> bool;
    let cases: [(&str, &str, u16, Ends); 15] = [
        ("OVERLOAD_LIMIT", "", 503, |end| *end == PortalError::Overload),
        ("PORTAL_DELETED", "", 500, |end| *end == PortalError::PortalDeleted),
        ("insufficient_scope", "", 403, |end| *end == PortalError::NoScope),
        ("ACCESS_DENIED", "", 403, |end| matches!(end, PortalError::AccessDenied(_))),
        ("user_access_error", "", 403, |end| matches!(end, PortalError::AccessDenied(_))),
        ("INVALID_CREDENTIALS", "", 403, |end| *end == PortalError::WrongSecret { status: 403 }),
        ("NO_AUTH_FOUND", "", 401, |end| *end == PortalError::WrongSecret { status: 401 }),
        ("", "Access denied.", 400, |end| matches!(end, PortalError::AccessDenied(_))),
        ("0", "Access denied.", 401, |end| matches!(end, PortalError::AccessDenied(_))),
        ("", "Something else", 401, |end| *end == PortalError::WrongSecret { status: 401 }),
        ("", "Something else", 400, |end| matches!(end, PortalError::Refused(_))),
        ("NOT_FOUND", "Access denied.", 400, |end| matches!(end, PortalError::Refused(_))),
        (Refusal::REDIRECTED, "nuevo.bitrix24.mx", 302, |end| matches!(end, PortalError::Redirected { host: Some(_) })),
        (Refusal::REDIRECTED, "", 302, |end| *end == PortalError::Redirected { host: None }),
        (Refusal::NOT_AUTHORISED, "", 401, |end| *end == PortalError::WrongSecret { status: 401 }),
    ];
    for (code, text, status, ends) in cases {
        let end = refused(code, text, status).into_error();
        assert!(ends(&end), "{code:?} {text:?} {status}: {end:?}");
    }
    let renewal = Refusal::from(super::super::renewal::NotRenewed { why: Obstacle::Refused, said: "no".to_owned() });
    assert!(matches!(renewal.into_error(), PortalError::NotRenewed(_)));
}

#[test]
fn a_refusal_is_told_by_whatever_it_has() {
    for (code, text, told) in [
        ("", "", "no reason given (HTTP 400)"),
        ("", "Not allowed", "Not allowed"),
        ("NOT_FOUND", "", "NOT_FOUND"),
        ("NOT_FOUND", "Not here", "NOT_FOUND: Not here"),
    ] {
        assert_eq!(refused(code, text, 400).to_string(), told);
    }
}

#[test]
fn the_envelope_is_found_behind_what_php_says_before_it() {
    for before in ["", "\u{feff}", "\n", "<br />Warning: something in /var/www on line 3\n"] {
        let reply = answered(200, None, &format!("{before}{{\"result\":5}}"));
        assert!(matches!(&reply, Reply::Success(answer) if answer.result == 5), "{before:?}: {reply:?}");
    }
    assert_eq!(answered(200, None, "{\"result\":5"), Reply::NotJson { status: 200, is_html: false });
    assert_eq!(answered(502, Some(" Text/HTML; charset=utf-8"), "x"), Reply::NotJson { status: 502, is_html: true });
    assert_eq!(answered(502, None, " \n<html>"), Reply::NotJson { status: 502, is_html: true });
    assert_eq!(answered(502, Some("text/plain"), "x"), Reply::NotJson { status: 502, is_html: false });
    // Neither a success by its status alone, nor by its body alone.
    assert_eq!(answered(200, None, "{\"time\":{}}"), Reply::NotJson { status: 200, is_html: false });
    assert_eq!(answered(500, None, "{\"result\":5}"), Reply::NotJson { status: 500, is_html: false });
}

#[test]
fn the_portals_clock_is_compared_with_itself() {
    let told =
        time(&json!({"operating": "12.5", "operating_reset_at": 1_700_000_060, "finish": 1_700_000_000.5, "duration": 0.25}));
    assert_eq!((told.operating, told.duration), (Some(12.5), Some(Duration::from_millis(250))));
    assert_eq!(told.reset_in, Some(Duration::from_millis(59_500)));
    let past = time(&json!({"operating_reset_at": 1_699_999_000, "finish": 1_700_000_000}));
    assert_eq!((past.reset_in, past.operating, past.duration), (Some(Duration::ZERO), None, None));
    assert_eq!(time(&json!({"operating_reset_at": 1_700_000_060})).reset_in, None);
}

#[test]
fn numbers_come_as_numbers_or_as_text() {
    for (json, is_whole, is_number) in [
        (json!(5), Some(5), Some(5.0)),
        (json!(0), Some(0), Some(0.0)),
        (json!(5.0), Some(5), Some(5.0)),
        (json!(0.0), Some(0), Some(0.0)),
        (json!(5.5), None, Some(5.5)),
        (json!(-5), None, Some(-5.0)),
        (json!(" 7 "), Some(7), Some(7.0)),
        (json!("-7"), None, Some(-7.0)),
        (json!("x"), None, None),
        (Json::Null, None, None),
        (json!([1]), None, None),
    ] {
        assert_eq!((whole(&json), number(&json)), (is_whole, is_number), "{json}");
    }
    assert_eq!([json!("a"), json!(1), json!(true), Json::Null, json!({})].map(|json| plain(&json)), ["a", "1", "true", "", ""]);
}

#[test]
fn an_array_of_php_is_a_list_or_an_object() {
    for mut array in [json!(["a", "b"]), json!({"0": "a", "1": "b"})] {
        assert_eq!((entry(&array, "1"), entry(&array, "2")), (Some(&json!("b")), None));
        assert_eq!(values(&array), [&json!("a"), &json!("b")]);
        assert_eq!((take_entry(&mut array, "1"), take_entry(&mut array, "x")), (Some(json!("b")), None));
    }
    let mut none = json!(7);
    assert_eq!((entry(&none, "0"), values(&none).len()), (None, 0));
    assert_eq!(take_entry(&mut none, "0"), None);
}
