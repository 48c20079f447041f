//! Readers against a portal that is told what to answer.

use std::collections::BTreeMap;

use super::super::transport::{RawAnswer, Trouble};
use super::super::{PortalError, Wants};
use super::*;
use crate::model::{EntityType, LiveRecord, OriginPair, PortalId, Schema, UserId, Value};

const EVERYTHING: Wants = Wants { everything: true, addresses: false, products: false };

/// The lists of a portal that holds these leads.
fn lists(leads: BTreeMap<u64, Json>) -> impl Fn(&str, &Json) -> Json {
    move |method, params| match method {
        "crm.item.list" => {
            let filter = &params["filter"];
            let bound =
                |key: &str| filter.get(key).map(|value| value.as_str().and_then(|text| text.parse::<u64>().ok()).expect("an id"));
            let texts =
                |key: &str| filter.get(key).map(|list| list.as_object().expect("a list").values().cloned().collect::<Vec<_>>());
            let (ids, origins) = (texts("@id"), texts("@originId"));
            let low = bound(">=id").max(bound(">id").map(|id| id + 1)).unwrap_or_default();
            let high = bound("<=id").unwrap_or(u64::MAX);
            let fits = |id: u64, lead: &Json| {
                ids.as_ref().is_none_or(|ids| ids.contains(&json!(id.to_string())))
                    && origins.as_ref().is_none_or(|origins| origins.contains(&lead["originId"]))
                    && filter.get("=originatorId").is_none_or(|originator| *originator == lead["originatorId"])
            };
            let mut found: Vec<&Json> =
                leads.range(low..=high).filter(|(id, lead)| fits(**id, lead)).map(|(_, lead)| lead).collect();
            if params["order"]["id"] == "DESC" {
                found.reverse();
            }
            let total = found.len();
            found.truncate(50);
            match params["start"].as_str() {
                Some("-1") => json!({"result": {"items": found}}),
                _ => json!({"result": {"items": found}, "total": total, "next": 50}),
            }
        }
        "crm.lead.list" => {
            let bound = |key: &str| {
                params["filter"].get(key).map(|value| value.as_str().and_then(|text| text.parse::<u64>().ok()).expect("an id"))
            };
            let held = leads.range(bound(">=ID").unwrap_or_default()..=bound("<=ID").unwrap_or(u64::MAX));
            let rows: Vec<Json> = held
                .take(50)
                .map(|(id, _)| json!({"ID": id.to_string(), "ADDRESS_CITY": format!("City {id}"), "ADDRESS": null}))
                .collect();
            json!({"result": rows})
        }
        "crm.item.productrow.list" => {
            let owner: u64 = params["filter"]["=ownerId"].as_str().and_then(|text| text.parse().ok()).expect("an id");
            let start: u64 = params["start"].as_str().and_then(|text| text.parse().ok()).expect("an offset");
            let count = if owner == 3 { 60 } else { 0 };
            let rows: Vec<Json> = (start..count)
                .take(50)
                .map(|row| json!({"productName": format!("P{row}"), "price": 1.5, "quantity": 2}))
                .collect();
            json!({"result": {"productRows": rows}, "total": count})
        }
        other => panic!("nobody asked for {other}"),
    }
}

fn leads(ids: impl IntoIterator<Item = u64>) -> BTreeMap<u64, Json> {
    ids.into_iter()
        .map(|id| (id, json!({"id": id, "title": format!("Lead {id}"), "originatorId": null, "originId": null})))
        .collect()
}

async fn listed(reader: &Reader, wants: Wants) -> Result<Vec<LiveRecord>, PortalError> {
    let mut pages = reader.list(EntityType::Lead, Arc::new(Schema::standard()), wants);
    let mut records = Vec::new();
    while let Some(page) = pages.recv().await {
        records.extend(page?);
    }
    Ok(records)
}

fn ids(records: &[LiveRecord]) -> Vec<u64> {
    records.iter().map(|record| record.id.0).collect()
}

#[tokio::test(start_paused = true)]
async fn trap_17_fifty_thousand_records_take_twenty_one_requests() {
    let portal = Portal::new(lists(leads(1..=50_000)));
    let reader = portal.reader();
    let records = listed(&reader, EVERYTHING).await.expect("the portal answers");
    assert_eq!(ids(&records), (1..=50_000).collect::<Vec<_>>());
    assert_eq!(reader.requests(), 21);
}

#[tokio::test(start_paused = true)]
async fn sparse_dense_and_clustered_ids_are_read_once_each_in_order() {
    for wanted in [
        vec![],
        vec![7],
        (1..=49).collect::<Vec<u64>>(),
        (10..=109).collect(),
        (1..=3_000).map(|id| id * 2).collect(),
        (1..=3_000).map(|id| id * id).collect(),
        (1..=500).chain(1_000_000..=1_002_000).collect(),
    ] {
        let portal = Portal::new(lists(leads(wanted.clone())));
        let records = listed(&portal.reader(), Wants::default()).await.expect("the portal answers");
        assert_eq!(ids(&records), wanted);
    }
}

#[tokio::test(start_paused = true)]
async fn trap_18_addresses_and_product_rows_join_their_records() {
    let portal = Portal::new(lists(leads(1..=120)));
    let wants = Wants { everything: true, addresses: true, products: true };
    let records = listed(&portal.reader(), wants).await.expect("the portal answers");
    assert_eq!(records.len(), 120);
    for record in &records {
        assert_eq!(record.text("ADDRESS_CITY"), Some(format!("City {}", record.id).as_str()));
        assert_eq!(record.get("ADDRESS"), Some(&Value::Empty));
        let rows = match record.get("PRODUCTS") {
            Some(Value::Products(rows)) => rows.len(),
            Some(Value::Empty) => 0,
            other => panic!("{other:?}"),
        };
        assert_eq!(rows, if record.id.0 == 3 { 60 } else { 0 });
    }
}

#[tokio::test(start_paused = true)]
async fn existence_only_asks_for_nothing_but_identity() {
    let portal = Portal::new(lists(leads(1..=3)));
    listed(&portal.reader(), Wants::default()).await.expect("the portal answers");
    let (_, list) = portal.commands().pop().expect("there was a list");
    assert_eq!(list["select"], json!({"0": "id", "1": "originatorId", "2": "originId", "3": "createdTime"}));
    assert_eq!((&list["start"], &list["order"]), (&json!("-1"), &json!({"id": "ASC"})));
}

#[tokio::test(start_paused = true)]
async fn records_are_got_by_their_ids_fifty_a_command() {
    let portal = Portal::new(lists(leads(1..=1_000)));
    let reader = portal.reader();
    let wanted: Vec<PortalId> = (1..=500).rev().map(|id| PortalId(id * 3)).collect();
    let records = reader.get_many(EntityType::Lead, &wanted, &Schema::standard(), EVERYTHING).await.expect("the portal answers");
    assert_eq!(ids(&records), (1..=333).map(|id| id * 3).collect::<Vec<_>>());
    assert_eq!((reader.requests(), portal.commands().len()), (1, 10));
}

#[tokio::test(start_paused = true)]
async fn trap_2_marks_are_looked_up_by_originator_and_a_pair_may_answer_often() {
    let mut held = leads(1..=300);
    for (id, lead) in &mut held {
        // 120 leads of one mailbox share a pair; the others bear marks of ours, or another system's with the same key.
        (lead["originatorId"], lead["originId"]) = match id {
            1..=120 => (json!("email-tracker"), json!("4")),
            121..=200 => (json!("b24restore"), json!(format!("lead:{id}"))),
            _ => (json!("1c"), json!(format!("lead:{}", id - 100))),
        };
    }
    let portal = Portal::new(lists(held));
    let pair = |originator: &str, origin: String| OriginPair { originator: originator.into(), origin };
    let mut pairs: Vec<OriginPair> = (121..=220).map(|id| pair("b24restore", format!("lead:{id}"))).collect();
    pairs.push(pair("email-tracker", "4".into()));
    let records = portal.reader().by_origin(EntityType::Lead, &pairs, &Schema::standard()).await.expect("the portal answers");
    assert_eq!(ids(&records), (1..=200).collect::<Vec<_>>());
    for (_, params) in portal.commands() {
        assert!(params["filter"]["@originId"].as_object().is_some_and(|origins| origins.len() <= 50));
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_is_sent_again_until_the_portal_answers() {
    for first in [
        Delivery::NotSent(Trouble::ConnectionRefused),
        Delivery::Lost(Trouble::Timeout),
        refusal(503, "QUERY_LIMIT_EXCEEDED"),
        refusal(429, "OPERATION_TIME_LIMIT"),
        refusal(500, "INTERNAL_SERVER_ERROR"),
        Delivery::Answer(RawAnswer { status: 502, body: b"<html>".into(), ..RawAnswer::default() }),
        Delivery::Answer(RawAnswer { status: 200, ..RawAnswer::default() }),
    ] {
        let delivery = first.clone();
        let portal = Portal::behind(move |number, _| (number < 3).then(|| delivery.clone()), lists(leads(1..=3)));
        let records = listed(&portal.reader(), Wants::default()).await;
        assert_eq!(records.map(|records| records.len()), Ok(3), "{first:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_no_waiting_mends_ends_a_read_at_once() {
    type Check = fn(&PortalError) -> bool;
    let cases: [(Delivery, Check); 9] = [
        (refusal(401, "INVALID_CREDENTIALS"), |error| *error == PortalError::WrongSecret { status: 401 }),
        (refusal(403, "INVALID_CREDENTIALS"), |error| *error == PortalError::WrongSecret { status: 403 }),
        (refusal(403, "insufficient_scope"), |error| *error == PortalError::NoScope),
        (refusal(503, "OVERLOAD_LIMIT"), |error| *error == PortalError::Overload),
        (refusal(500, "PORTAL_DELETED"), |error| *error == PortalError::PortalDeleted),
        (refusal(403, "ACCESS_DENIED"), |error| matches!(error, PortalError::AccessDenied(_))),
        (Delivery::NotSent(Trouble::Certificate), |error| {
            matches!(error, PortalError::Unreachable { kind: Trouble::Certificate, .. })
        }),
        (Delivery::Answer(RawAnswer { status: 200, body: b"<!DOCTYPE html>".into(), ..RawAnswer::default() }), |error| {
            *error == PortalError::NotJson { status: 200, is_html: true }
        }),
        (
            Delivery::Answer(RawAnswer {
                status: 302,
                location: Some("https://new.bitrix24.mx/rest/1/s/batch.json".into()),
                ..RawAnswer::default()
            }),
            |error| *error == PortalError::Redirected { host: Some("new.bitrix24.mx".into()) },
        ),
    ];
    for (delivery, check) in cases {
        let told = delivery.clone();
        let portal = Portal::behind(move |_, _| Some(told.clone()), lists(leads(1..=3)));
        let error = portal.reader().who().await.expect_err("the portal refuses");
        assert!(check(&error), "{delivery:?}: {error:?}");
        assert_eq!(portal.requests().len(), 1, "{error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_portal_out_of_reach_is_tried_as_long_as_the_patience_lasts() {
    let portal = Portal::behind(|_, _| Some(Delivery::NotSent(Trouble::NoSuchHost)), lists(leads(1..=3)));
    let error = portal.reader().who().await.expect_err("nobody is there");
    let PortalError::Unreachable { kind: Trouble::NoSuchHost, tried_for } = error else { panic!("{error:?}") };
    assert_eq!(tried_for.as_secs(), 30);
    assert_eq!(portal.reader().requests(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_takes_too_long_is_cut_into_smaller_ones() {
    let timed_out = |number: usize, _: &str| {
        // The second request carries all ranges at once.
        (number == 1).then_some(Delivery::Lost(Trouble::Timeout))
    };
    let portal = Portal::behind(timed_out, lists(leads(1..=2_000)));
    let records = listed(&portal.reader(), EVERYTHING).await.expect("the portal answers");
    assert_eq!(records.len(), 2_000);
    let sizes: Vec<usize> = portal.requests().iter().map(|(_, body)| body["cmd"].as_object().map_or(0, Map::len)).collect();
    assert_eq!(sizes, [2, 40, 20, 20]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_too_long_is_asked_for_in_halves() {
    let portal = Portal::behind(
        |number, _| (number == 1 || number == 2).then_some(Delivery::Lost(Trouble::TooLarge)),
        lists(leads(1..=2_000)),
    );
    let records = listed(&portal.reader(), EVERYTHING).await.expect("the portal answers");
    assert_eq!(records.len(), 2_000);
    assert_eq!(portal.requests().len(), 7, "the ends, all 40 ranges, 20 of them, then 10 at a time");
}

#[tokio::test(start_paused = true)]
async fn trap_6_a_command_that_vanishes_or_hits_a_limit_is_asked_for_again() {
    let seen = Mutex::new(0);
    let portal = Portal::new(move |method, _| {
        let mut seen = seen.lock().expect("no test panics while it holds the lock");
        *seen += 1;
        match (*seen, method) {
            (1, _) => json!({"result": null, "vanish": true}),
            (2, _) => json!({"error": "OPERATION_TIME_LIMIT", "error_description": "..."}),
            (_, "profile") => json!({"result": {"ID": "1", "ADMIN": true, "NAME": "Ana", "LAST_NAME": "Ruiz", "TIME_ZONE": ""}}),
            _ => json!({"result": "2026-11-23T10:00:00-06:00"}),
        }
    });
    let who = portal.reader().who().await.expect("the portal answers");
    assert_eq!(
        (who.user, who.name.as_str(), who.admin, who.zone, who.server_offset),
        (UserId(1), "Ana Ruiz", true, None, -6 * 3_600)
    );
}

#[tokio::test(start_paused = true)]
async fn an_inactive_user_is_told_apart() {
    let portal = Portal::new(
        |method, _| json!({"result": if method == "profile" { json!([]) } else { json!("2026-11-23T10:00:00+00:00") }}),
    );
    assert_eq!(portal.reader().who().await, Err(PortalError::UserInactive));
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "may change something")]
async fn a_reader_refuses_to_carry_a_change() {
    let portal = Portal::new(|_, _| json!({"result": true}));
    let _ = portal.reader().line().read(&[super::super::call::Call::new("crm.item.delete", json!({"id": 1}))]).await;
}

#[tokio::test(start_paused = true)]
async fn a_long_listing_never_fills_the_portals_bucket() {
    // One up for each request, two down once a second, and the next request above 50 is refused (rest-transport 5.1).
    let began = tokio::time::Instant::now();
    let bucket = Mutex::new((0_u64, 0_u64));
    let front = move |_: usize, _: &str| {
        let mut bucket = bucket.lock().expect("no test panics while it holds the lock");
        let second = began.elapsed().as_secs();
        *bucket = (bucket.0.saturating_sub(2 * (second - bucket.1)) + 1, second);
        (bucket.0 > 50).then(|| refusal(503, "QUERY_LIMIT_EXCEEDED"))
    };
    let portal = Portal::behind(front, lists(leads(1..=120_000)));
    let reader = portal.reader_with(&Settings {
        limits: LimitsProfile::Standard,
        api_share: 40,
        patience: Duration::from_secs(30),
        authorities: None,
    });
    let records = listed(&reader, Wants::default()).await.expect("the portal answers");
    assert_eq!(records.len(), 120_000);
    assert_eq!(reader.requests(), 49, "none was refused");
    assert!(began.elapsed() < Duration::from_secs(45), "{:?}", began.elapsed());
}
