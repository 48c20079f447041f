//! rest-crm 3.3; rest-transport 6.

use serde_json::{Value, json};

use super::{Portal, refused};

fn filled(count: u64) -> Portal {
    let mut portal = Portal::new();
    for number in 1..=count {
        let fields = json!({ "title": format!("Lead {number}"), "opportunity": number % 10, "sourceId": if number % 2 == 0 { "WEB" } else { "CALL" } });
        portal.call("crm.item.import", json!({ "entityTypeId": 1, "fields": fields }));
    }
    portal
}

fn ids(result: &Value) -> Vec<i64> {
    result["items"].as_array().expect("items").iter().filter_map(|item| item["id"].as_i64()).collect()
}

#[test]
fn pages_have_fifty_rows_and_start_is_rounded_down() {
    let mut portal = filled(120);
    let from = |start: Value| json!({ "entityTypeId": 1, "order": { "id": "ASC" }, "select": ["id"], "start": start });
    let first = portal.reply("crm.item.list", from(json!(0)));
    assert_eq!((first.next, first.total, ids(&first.result).len()), (Some(50), Some(120), 50));
    let second = portal.reply("crm.item.list", from(json!("99")));
    assert_eq!((second.next, ids(&second.result)[0]), (Some(100), 51));
    let last = portal.reply("crm.item.list", from(json!(100)));
    assert_eq!((last.next, last.total, ids(&last.result).len()), (None, Some(120), 20));
    let behind = portal.reply("crm.item.list", from(json!(500)));
    assert_eq!((behind.next, behind.total, ids(&behind.result).len()), (None, Some(120), 0));
    let uncounted = portal.reply("crm.item.list", from(json!(-1)));
    assert_eq!((uncounted.next, uncounted.total, ids(&uncounted.result).len()), (None, None, 50));
}

#[test]
fn a_classic_list_behind_its_end_begins_again_and_counts_nothing_with_minus_one() {
    let mut portal = filled(60);
    let behind = portal.reply("crm.lead.list", json!({ "start": 500, "select": ["ID"] }));
    assert_eq!((behind.next, behind.total, &behind.result[0]["ID"]), (Some(50), Some(60), &json!("1")));
    let uncounted = portal.reply("crm.lead.list", json!({ "start": "-1", "filter": { ">ID": "5" } }));
    assert_eq!((uncounted.next, uncounted.total, &uncounted.result[0]["ID"]), (None, Some(0), &json!("6")));
}

#[test]
fn every_prefix_of_the_filter_means_what_table_6_2_says() {
    let mut portal = filled(12);
    let mut found = |filter: Value| {
        ids(&portal.call("crm.item.list", json!({ "entityTypeId": 1, "filter": filter, "order": { "id": "ASC" } })))
    };
    assert_eq!(found(json!({ "id": 3 })), [3]);
    assert_eq!(found(json!({ "=id": "3" })), [3]);
    assert_eq!(found(json!({ ">id": 10 })), [11, 12]);
    assert_eq!(found(json!({ ">=id": 10, "<=id": 11 })), [10, 11]);
    assert_eq!(found(json!({ "<id": 3 })), [1, 2]);
    assert_eq!(found(json!({ "@id": [5, "2", 99] })), [2, 5]);
    assert_eq!(found(json!({ "!@id": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] })), [11, 12]);
    assert_eq!(found(json!({ "!id": 1, "<id": 4 })), [2, 3]);
    assert_eq!(found(json!({ "><id": [3, 4] })), [3, 4]);
    assert_eq!(found(json!({ "title": "lead 7" })), [7], "texts are compared without regard to case");
    assert_eq!(found(json!({ "%title": "d 1" })), [1, 10, 11, 12]);
    assert_eq!(found(json!({ "=%title": "%2" })), [2, 12]);
    assert_eq!(found(json!({ "%=title": "Lead 1_" })), [10, 11, 12]);
    assert_eq!(found(json!({ "!%title": "Lead 1" })), [2, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(found(json!({ "!=%title": "Lead _" })), [10, 11, 12]);
    assert_eq!(found(json!({ "opportunity": 1 })), [1, 11]);
    assert_eq!(found(json!({ "sourceId": ["WEB"], "<id": 5 })), [2, 4]);
    assert_eq!(found(json!({ "ID": 4 })), [4], "upper case is taken too");
    assert_eq!(found(json!({ ">=createdTime": "2026-03-10T12:00:00+03:00" })).len(), 12);
    assert_eq!(found(json!({ "<createdTime": "2026-03-10 12:00:00" })).len(), 0);
    assert_eq!(found(json!({ "companyId": 0 })).len(), 12);
    assert_eq!(found(json!({ "originId": "" })).len(), 12);
    assert_eq!(found(json!({ "!originId": "" })).len(), 0);
}

#[test]
fn groups_can_be_joined_by_or_at_any_depth() {
    let mut portal = filled(12);
    let filter = json!({ "<id": 10, "0": { "logic": "OR", "0": { "id": 2 }, "1": { "@id": [11, 3] }, "2": [{ "logic": "AND", "sourceId": "WEB", ">id": 7 }] } });
    let found = portal.call("crm.item.list", json!({ "entityTypeId": 1, "filter": filter }));
    assert_eq!(ids(&found), [2, 3, 8]);
    let listed = json!([{ "logic": "OR", "0": { "id": 2 }, "1": { "id": 5 } }]);
    let found = portal.call("crm.item.list", json!({ "entityTypeId": 1, "filter": listed }));
    assert_eq!(ids(&found), [2, 5]);
}

#[test]
fn what_a_universal_list_does_not_allow_it_refuses() {
    let mut portal = filled(1);
    let list = |more: Value| {
        let mut params = json!({ "entityTypeId": 1 });
        params.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        params
    };
    let code = || json!("INVALID_ARG_VALUE");
    portal.call("sandbox.settings.set", json!({ "origin_filter": false }));
    portal.expect(vec![
        refused(
            "unknown field",
            "crm.item.list",
            list(json!({ "filter": { ">nope": 1 } })),
            code(),
            "Invalid filter: field 'nope' is not allowed in filter",
        ),
        refused(
            "fm",
            "crm.item.list",
            list(json!({ "filter": { "fm": 1 } })),
            code(),
            "Invalid filter: field 'fm' is not allowed in filter",
        ),
        refused(
            "a list where one is expected",
            "crm.item.list",
            list(json!({ "filter": { ">id": [1] } })),
            code(),
            "Invalid filter: field 'id' has invalid value",
        ),
        refused(
            "unknown order",
            "crm.item.list",
            list(json!({ "order": { "nope": "ASC" } })),
            code(),
            "Invalid order: field 'nope' is not allowed in order",
        ),
        refused(
            "unknown direction",
            "crm.item.list",
            list(json!({ "order": { "id": "UP" } })),
            code(),
            "Invalid order: allowed sort directions are `ASC, DESC`. But got 'UP' for field 'id'",
        ),
        refused(
            "marks where the portal can't search them",
            "crm.item.list",
            list(json!({ "filter": { "originId": "1" } })),
            code(),
            "Invalid filter: field 'originId' is not allowed in filter",
        ),
    ]);
}

#[test]
fn select_gives_just_the_valid_names_and_a_star_gives_all() {
    let mut portal = filled(1);
    let item = |portal: &mut Portal, select: Value| {
        portal.call("crm.item.list", json!({ "entityTypeId": 1, "select": select }))["items"][0].clone()
    };
    assert_eq!(item(&mut portal, json!(["title", "nope", "id", "fm"])), json!({ "id": 1, "title": "Lead 1" }));
    assert_eq!(item(&mut portal, json!(["nope"])), json!([]));
    assert_eq!(item(&mut portal, json!(["*"])), portal.get(1, &json!(1)));
    assert_eq!(item(&mut portal, json!([])), portal.get(1, &json!(1)));
}

#[test]
fn lists_are_sorted_by_several_fields_and_in_either_direction() {
    let mut portal = filled(6);
    let mut found =
        |order: Value| ids(&portal.call("crm.item.list", json!({ "entityTypeId": 1, "order": order, "select": ["id"] })));
    assert_eq!(found(json!({ "ID": "desc" })), [6, 5, 4, 3, 2, 1]);
    assert_eq!(found(json!({ "sourceId": "DESC", "id": "DESC" })), [6, 4, 2, 5, 3, 1]);
    assert_eq!(found(json!([])), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_mark_is_found_wherever_it_is_now() {
    let mut portal = filled(3);
    let find = |portal: &mut Portal, filter: Value| {
        ids(&portal.call("crm.item.list", json!({ "entityTypeId": 1, "filter": filter, "select": ["id"] })))
    };
    for id in 1..=3 {
        portal.update(1, &json!(id), json!({ "originId": format!("old-{id}"), "originatorId": "RESTORE" }));
    }
    assert_eq!(find(&mut portal, json!({ "=originatorId": "restore", "@originId": ["old-3", "OLD-1", "none"] })), [1, 3]);
    portal.update(1, &json!(1), json!({ "originId": "new" }));
    portal.call("crm.lead.delete", json!({ "id": 3 }));
    assert_eq!(find(&mut portal, json!({ "@originId": ["old-3", "old-1", "new"] })), [1]);
    let mut portal = portal.reopened();
    assert_eq!(find(&mut portal, json!({ "originId": "old-2" })), [2]);
    assert_eq!(
        portal.call("crm.lead.list", json!({ "filter": { "ORIGIN_ID": "old-2" }, "select": ["ID"] })),
        json!([{ "ID": "2" }])
    );
}

#[test]
fn original_names_together_with_a_select_empty_the_items_while_the_fault_is_there() {
    let mut portal = filled(1);
    let list = json!({ "entityTypeId": 1, "select": ["id"], "useOriginalUfNames": "Y" });
    assert_eq!(portal.call("crm.item.list", list.clone()), json!({ "items": [[]] }));
    portal.call("sandbox.settings.set", json!({ "original_names_fault": false }));
    assert_eq!(portal.call("crm.item.list", list), json!({ "items": [{ "id": 1 }] }));
}
