//! Writers against a portal that is told what to answer: no request that may have been carried out is ever sent again.

use super::super::transport::{RawAnswer, Trouble};
use super::super::{Change, Effect, Refusal, Unclear};
use super::*;
use crate::model::{EntityType, Payload, PortalId, ProductRow};

fn item(title: &str) -> Payload {
    let mut item = Payload::default();
    item.set("title", title);
    item
}

fn items(count: usize) -> Vec<Payload> {
    (0..count).map(|at| item(&format!("Lead {at}"))).collect()
}

/// Imports everything: the id of an item is the number in its title and 1,000.
fn imports(_: &str, params: &Json) -> Json {
    let title =
        |item: &Json| item["title"].as_str().and_then(|title| title.rsplit(' ').next()?.parse::<u64>().ok()).unwrap_or_default();
    let one = |item: &Json| json!({"item": {"id": 1_000 + title(item)}});
    let data = &params["data"];
    let items: Vec<Json> = data.as_object().map(|data| data.values().map(one).collect()).unwrap_or_default();
    let items =
        if items.is_empty() { data.as_array().map(|data| data.iter().map(one).collect()).unwrap_or_default() } else { items };
    json!({"result": {"items": items}, "time": {"duration": 0.1, "operating": 0.1}})
}

#[tokio::test(start_paused = true)]
async fn items_are_imported_in_one_request_and_their_effects_come_in_order() {
    let portal = Portal::new(imports);
    let effects = portal.writer().import(EntityType::Lead, &items(45)).await;
    let expected: Vec<_> = (0..45).map(|at| Effect::Done(PortalId(1_000 + at))).collect();
    assert_eq!(effects, expected);
    assert_eq!(portal.requests().len(), 1);
    let sizes: Vec<usize> = portal.commands().iter().map(|(_, params)| params["data"].as_object().map_or(0, Map::len)).collect();
    assert_eq!(sizes, [20, 20, 5]);
}

#[tokio::test(start_paused = true)]
async fn a_command_never_holds_more_variables_than_php_takes() {
    let mut wide = Payload::default();
    wide.set("title", "Wide 7");
    wide.set("ufCrm_1", (0..400).collect::<Vec<u32>>());
    let mut too_wide = wide.clone();
    too_wide.set("ufCrm_2", (0..600).collect::<Vec<u32>>());
    let portal = Portal::new(imports);
    let effects =
        portal.writer().import(EntityType::Lead, &[item("A 1"), wide.clone(), wide.clone(), wide, too_wide, item("B 2")]).await;
    let expected = [1_001, 1_007, 1_007, 1_007, 1_007, 1_002].map(|id| Effect::Done(PortalId(id)));
    assert_eq!(effects, expected);
    for (method, body) in portal.requests() {
        let commands = if method == "batch" { commands(&body) } else { Vec::new() };
        for (_, params) in commands {
            assert!(super::super::call::variables(&params) <= 900);
        }
    }
    let alone: Vec<String> = portal.requests().into_iter().map(|(method, _)| method).collect();
    assert_eq!(alone, ["batch", "crm.item.batchImport", "batch"]);
}

#[tokio::test(start_paused = true)]
async fn an_item_that_says_nothing_holds_its_place() {
    let portal = Portal::new(imports);
    let effects = portal.writer().import(EntityType::Lead, &[item("A 1"), Payload::default(), item("B 2")]).await;
    assert_eq!(effects, [1_001, 1_000, 1_002].map(|id| Effect::Done(PortalId(id))));
}

#[tokio::test(start_paused = true)]
async fn trap_5_each_element_has_an_effect_of_its_own() {
    let portal = Portal::new(|_, _| {
        json!({"result": {"items": {"0": {"item": {"id": 15}}, "1": {"error": "CRM_FIELD_ERROR_REQUIRED", "error_description": "Name"},
               "2": {"item": {"id": 0}}, "4": {"error": 0}}}})
    });
    let effects = portal.writer().import(EntityType::Lead, &items(5)).await;
    assert_eq!(effects[0], Effect::Done(PortalId(15)));
    assert!(
        matches!(&effects[1], Effect::NotDone(refusal) if refusal.code == "CRM_FIELD_ERROR_REQUIRED" && refusal.text == "Name")
    );
    assert_eq!(effects[2], Effect::Unknown(Unclear::NotMentioned));
    assert_eq!(effects[3], Effect::Unknown(Unclear::NotMentioned));
    assert!(matches!(&effects[4], Effect::NotDone(refusal) if refusal.code == "0"));
}

#[tokio::test(start_paused = true)]
async fn an_error_of_an_import_call_leaves_its_elements_unknown_and_others_done() {
    let portal = Portal::new(|method, params| {
        if params["data"]["0"]["title"] == "Lead 0" {
            json!({"error": "100", "error_description": "Expected iterable value"})
        } else {
            imports(method, params)
        }
    });
    let effects = portal.writer().import(EntityType::Lead, &items(25)).await;
    assert!(
        effects[..20].iter().all(|effect| matches!(effect, Effect::Unknown(Unclear::Failed(refusal)) if refusal.code == "100"))
    );
    assert!(effects[20..].iter().all(|effect| matches!(effect, Effect::Done(_))));
}

#[tokio::test(start_paused = true)]
async fn trap_1_an_unclear_answer_is_never_sent_again() {
    for delivery in [
        Delivery::Lost(Trouble::Timeout),
        Delivery::Lost(Trouble::CutShort),
        refusal(500, "INTERNAL_SERVER_ERROR"),
        refusal(200, "WRONG_ENCODING"),
        Delivery::Answer(RawAnswer { status: 502, body: b"<html>".into(), ..RawAnswer::default() }),
        Delivery::Answer(RawAnswer { status: 503, ..RawAnswer::default() }),
        Delivery::Answer(RawAnswer { status: 200, ..RawAnswer::default() }),
        Delivery::Answer(RawAnswer {
            status: 200,
            body: b"{\"result\":{\"result\":{\"c0\":{\"it".into(),
            ..RawAnswer::default()
        }),
        answer(200, &json!({"result": false})),
        answer(200, &json!({"result": []})),
    ] {
        let told = delivery.clone();
        let portal = Portal::behind(move |_, _| Some(told.clone()), imports);
        let effects = portal.writer().import(EntityType::Lead, &items(2)).await;
        assert!(effects.iter().all(|effect| matches!(effect, Effect::Unknown(_))), "{delivery:?}: {effects:?}");
        assert_eq!(portal.requests().len(), 1, "{delivery:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_provably_not_carried_out_is_sent_again() {
    for delivery in [
        Delivery::NotSent(Trouble::ConnectionRefused),
        refusal(503, "QUERY_LIMIT_EXCEEDED"),
        refusal(429, "OPERATION_TIME_LIMIT"),
    ] {
        let told = delivery.clone();
        let portal = Portal::behind(move |number, _| (number < 2).then(|| told.clone()), imports);
        let effects = portal.writer().import(EntityType::Lead, &items(1)).await;
        assert_eq!(effects, [Effect::Done(PortalId(1_000))], "{delivery:?}");
        assert_eq!(portal.requests().len(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn what_no_waiting_mends_is_not_done_and_concerns_the_portal() {
    let moved = RawAnswer { status: 302, location: Some("https://new.bitrix24.mx/rest/1/s/".into()), ..RawAnswer::default() };
    for (delivery, code) in [
        (refusal(401, "INVALID_CREDENTIALS"), "INVALID_CREDENTIALS"),
        (refusal(403, "insufficient_scope"), "insufficient_scope"),
        (refusal(503, "OVERLOAD_LIMIT"), "OVERLOAD_LIMIT"),
        (Delivery::NotSent(Trouble::Certificate), Refusal::NO_CONNECTION),
        (Delivery::Answer(moved), Refusal::REDIRECTED),
        (Delivery::Answer(RawAnswer { status: 401, ..RawAnswer::default() }), Refusal::NOT_AUTHORISED),
    ] {
        let told = delivery.clone();
        let portal = Portal::behind(move |_, _| Some(told.clone()), imports);
        let effects = portal.writer().import(EntityType::Lead, &items(1)).await;
        assert!(
            matches!(&effects[..], [Effect::NotDone(refusal)] if refusal.code == code && refusal.concerns_the_portal()),
            "{effects:?}"
        );
        assert_eq!(portal.requests().len(), 1, "{code}");
    }
}

/// Every request of an import used to be tried for the whole patience, one after the other.
#[tokio::test(start_paused = true)]
async fn a_portal_that_cannot_be_reached_is_tried_once_for_all_requests_of_an_import_or_a_change() {
    let alone = |number: u32| item(&format!("$result[0] {number}"));
    let told = |delivery: Delivery| Portal::behind(move |_, _| Some(delivery.clone()), imports);
    for (delivery, requests) in [(refusal(503, "OVERLOAD_LIMIT"), 1), (Delivery::NotSent(Trouble::Certificate), 1)] {
        let portal = told(delivery.clone());
        let effects = portal.writer().import(EntityType::Lead, &[item("Lead 1"), alone(2), item("Lead 3")]).await;
        assert!(effects.iter().all(|effect| effect.fatal().is_some()), "{effects:?}");
        assert_eq!(portal.requests().len(), requests);
        let portal = told(delivery);
        let changes = [1, 2, 3].map(|id| Change::Update { entity: EntityType::Lead, id: PortalId(id), fields: alone(2) });
        let effects = portal.writer().run(&changes).await;
        assert!(effects.iter().all(|effect| effect.fatal().is_some()), "{effects:?}");
        assert_eq!(portal.requests().len(), requests);
    }
    let portal = told(Delivery::NotSent(Trouble::NoSuchHost));
    let begun = tokio::time::Instant::now();
    portal.writer().import(EntityType::Lead, &[item("Lead 1"), alone(2), item("Lead 3")]).await;
    assert!(begun.elapsed() < Duration::from_secs(40), "{:?} for a patience of 30 s", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_limit_inside_a_batch_is_told_and_the_next_import_waits() {
    let seen = Mutex::new(0);
    let portal = Portal::new(move |method, params| {
        let mut seen = seen.lock().expect("no test panics while it holds the lock");
        *seen += 1;
        if *seen == 1 { json!({"error": "OPERATION_TIME_LIMIT", "error_description": "..."}) } else { imports(method, params) }
    });
    let writer = portal.writer();
    let effects = writer.import(EntityType::Lead, &items(1)).await;
    assert!(matches!(&effects[..], [Effect::NotDone(refusal)] if refusal.code == "OPERATION_TIME_LIMIT"));
    let began = tokio::time::Instant::now();
    assert_eq!(writer.import(EntityType::Lead, &items(1)).await, [Effect::Done(PortalId(1_000))]);
    assert_eq!(began.elapsed(), Duration::from_mins(1));
}

#[tokio::test(start_paused = true)]
async fn the_capacity_follows_what_an_item_costs() {
    let portal = Portal::new(|method, params| {
        let mut answer = imports(method, params);
        answer["time"]["duration"] = json!(2.0 * params["data"].as_object().map_or(0, Map::len) as f64);
        answer
    });
    let writer = portal.writer();
    assert_eq!(writer.import_capacity(), 10);
    let _ = writer.import(EntityType::Lead, &items(10)).await;
    assert_eq!(writer.import_capacity(), 10, "20 s at 2 s an item");
    let cheap = Portal::new(imports).writer();
    let _ = cheap.import(EntityType::Lead, &items(10)).await;
    assert_eq!(cheap.import_capacity(), 200);
}

#[tokio::test(start_paused = true)]
async fn changes_go_as_the_calls_that_make_them() {
    let portal = Portal::new(|method, _| match method {
        "crm.item.delete" => json!({"error": "NOT_FOUND", "error_description": "Item not found"}),
        "crm.contact.update" => json!({"result": false}),
        _ => json!({"result": true}),
    });
    let (id, entity) = (PortalId(5), EntityType::Contact);
    let mut fields = item("a&b #1");
    fields.set("comments", "");
    let row = ProductRow::free("P", "10.50".parse().expect("a number"), 2.into());
    let changes = [
        Change::Update { entity, id, fields: fields.clone() },
        Change::Delete { entity, id },
        Change::UpdateClassic { entity, id, fields },
        Change::ProductRows { entity: EntityType::Deal, id, rows: vec![row] },
        Change::ContactCompanies { contact: id, companies: vec![PortalId(8), PortalId(9)] },
        Change::ContactCompanies { contact: id, companies: Vec::new() },
        Change::ProductRows { entity: EntityType::Deal, id, rows: Vec::new() },
        Change::Update { entity, id, fields: item("$result[c0][id]") },
    ];
    let effects = portal.writer().run(&changes).await;
    assert_eq!(effects[0], Effect::Done(()));
    assert!(matches!(&effects[1], Effect::NotDone(refusal) if refusal.code == "NOT_FOUND"));
    assert_eq!(effects[2], Effect::Unknown(Unclear::NotMentioned));
    assert!(effects[3..].iter().all(|effect| *effect == Effect::Done(())));

    let commands = portal.commands();
    let sent = |at: usize| (commands[at].0.as_str(), &commands[at].1);
    assert_eq!(
        sent(0),
        ("crm.item.update", &json!({"entityTypeId": "3", "id": "5", "fields": {"title": "a&b #1", "comments": ""}}))
    );
    assert_eq!(sent(1), ("crm.item.delete", &json!({"entityTypeId": "3", "id": "5"})));
    assert_eq!(sent(2).0, "crm.contact.update");
    assert_eq!(
        sent(3),
        (
            "crm.item.productrow.set",
            &json!({"ownerType": "D", "ownerId": "5", "productRows": {"0": {"productName": "P", "price": "10.50", "quantity": "2", "sort": "10"}}})
        )
    );
    assert_eq!(sent(4).1["items"]["0"], json!({"COMPANY_ID": "8", "SORT": "10", "IS_PRIMARY": "Y"}));
    assert_eq!(sent(5), ("crm.contact.company.items.delete", &json!({"id": "5"})));
    // What a batch can't say goes alone, as JSON.
    assert_eq!(sent(6), ("crm.item.productrow.set", &json!({"ownerType": "D", "ownerId": 5, "productRows": []})));
    assert_eq!(sent(7).1["fields"]["title"], "$result[c0][id]");
}

#[tokio::test(start_paused = true)]
async fn a_custom_field_is_made_with_labels_in_both_languages() {
    let portal = Portal::new(|_, _| json!({"result": 77}));
    let effect =
        portal.writer().add_custom_field(EntityType::Deal, "UF_CRM_OLD_ID", "string", "Original ID", "ID original").await;
    assert_eq!(effect, Effect::Done(()));
    let (method, params) = portal.commands().remove(0);
    assert_eq!(method, "crm.deal.userfield.add");
    assert_eq!(params["fields"]["LIST_COLUMN_LABEL"]["la"], "ID original");
}
