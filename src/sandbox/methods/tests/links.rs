//! rest-crm 8.1, 9.6.

use serde_json::{Value, json};

use super::{Portal, refused};

fn primary_of(rows: &Value, key: &str) -> Vec<i64> {
    rows.as_array().expect("rows").iter().filter(|row| row["IS_PRIMARY"] == "Y").filter_map(|row| row[key].as_i64()).collect()
}

#[test]
fn contact_and_company_see_the_same_links_and_each_contact_has_one_primary() {
    let mut portal = Portal::new();
    let first = portal.add(4, json!({ "title": "First" }))["id"].clone();
    let second = portal.add(4, json!({ "title": "Second" }))["id"].clone();
    let contact = portal.add(3, json!({ "name": "A", "companyIds": [second, first] }));
    assert_eq!((&contact["companyId"], &contact["companyIds"]), (&second, &json!([2, 1])));
    let rows = portal.call("crm.contact.company.items.get", json!({ "id": contact["id"] }));
    assert_eq!(
        rows,
        json!([{ "COMPANY_ID": 2, "SORT": 10, "ROLE_ID": 0, "IS_PRIMARY": "Y" }, { "COMPANY_ID": 1, "SORT": 20, "ROLE_ID": 0, "IS_PRIMARY": "N" }])
    );
    assert_eq!(portal.get(4, &first)["contactIds"], json!([1]));
    let other = portal.add(3, json!({ "name": "B", "companyId": second }));
    let rows = portal.call("crm.company.contact.items.get", json!({ "id": second }));
    assert_eq!(primary_of(&rows, "CONTACT_ID"), [1, 2], "the mark belongs to each contact's own list");
    assert_eq!(portal.call("crm.contact.get", json!({ "id": other["id"] }))["COMPANY_ID"], "2");
    portal.call("crm.company.contact.items.set", json!({ "id": second, "items": [{ "CONTACT_ID": 2 }] }));
    assert_eq!(portal.get(3, &contact["id"])["companyIds"], json!([1]), "the first remaining company became primary");
    assert_eq!(portal.get(3, &contact["id"])["companyId"], 1);
}

#[test]
fn setting_links_replaces_the_whole_set_and_adding_answers_false_for_what_is_there() {
    let mut portal = Portal::new();
    for name in ["A", "B", "C"] {
        portal.add(3, json!({ "name": name }));
    }
    let deal = portal.add(2, json!({ "contactIds": [3] }))["id"].clone();
    let items = json!([{ "CONTACT_ID": 1 }, { "CONTACT_ID": 2, "IS_PRIMARY": "Y" }, { "CONTACT_ID": "2" }]);
    assert_eq!(portal.call("crm.deal.contact.items.set", json!({ "id": deal, "items": items })), true);
    let rows = portal.call("crm.deal.contact.items.get", json!({ "id": deal }));
    assert_eq!(rows.as_array().map(Vec::len), Some(2));
    assert_eq!(primary_of(&rows, "CONTACT_ID"), [2]);
    let shown = portal.get(2, &deal);
    assert_eq!((&shown["contactId"], &shown["contactIds"]), (&json!(2), &json!([2, 1])));
    assert_eq!(portal.call("crm.deal.contact.add", json!({ "id": deal, "fields": { "CONTACT_ID": 1 } })), false);
    assert_eq!(
        portal.call("crm.deal.contact.add", json!({ "id": deal, "fields": { "CONTACT_ID": 3, "IS_PRIMARY": "Y" } })),
        true
    );
    assert_eq!(portal.get(2, &deal)["contactId"], 3);
    assert_eq!(portal.call("crm.deal.contact.delete", json!({ "id": deal, "fields": { "CONTACT_ID": 3 } })), true);
    assert_eq!(portal.get(2, &deal)["contactId"], 1);
    portal.call("crm.deal.contact.items.delete", json!({ "id": deal }));
    assert_eq!(portal.get(2, &deal)["contactIds"], json!([]));
    portal.expect(vec![
        refused(
            "no id",
            "crm.deal.contact.items.get",
            json!({}),
            json!(""),
            "The parameter 'ownerEntityID' is invalid or not defined.",
        ),
        refused("no such deal", "crm.deal.contact.items.get", json!({ "id": 99 }), json!(""), "Not found."),
        refused(
            "items is no array",
            "crm.deal.contact.items.set",
            json!({ "id": deal, "items": "x" }),
            json!(""),
            "The parameter items must be array.",
        ),
        refused(
            "no link id",
            "crm.deal.contact.add",
            json!({ "id": deal, "fields": { "SORT": 5 } }),
            json!(""),
            "The parameter 'fields' is not valid",
        ),
    ]);
}

#[test]
fn deleting_empties_the_links_of_those_that_stay_and_recovery_restores_them() {
    let mut portal = Portal::new();
    let company = portal.add(4, json!({ "title": "First" }))["id"].clone();
    let contact = portal.add(3, json!({ "name": "A", "companyId": company }))["id"].clone();
    let lead = portal.add(1, json!({ "title": "L" }))["id"].clone();
    let deal =
        portal.add(2, json!({ "companyId": company, "contactIds": [contact], "leadId": lead, "title": "D" }))["id"].clone();
    portal.call(
        "crm.timeline.comment.add",
        json!({ "fields": { "ENTITY_ID": company, "ENTITY_TYPE": "company", "COMMENT": "kept" } }),
    );
    portal.later(3600);
    assert_eq!(portal.call("crm.item.delete", json!({ "entityTypeId": 4, "id": company })), json!([]));
    assert_eq!(portal.call("crm.contact.delete", json!({ "id": contact })), true);
    assert_eq!(portal.call("crm.lead.delete", json!({ "id": lead })), true);
    let shown = portal.get(2, &deal);
    assert_eq!((&shown["companyId"], &shown["contactIds"], &shown["leadId"]), (&json!(0), &json!([]), &Value::Null));
    let mut portal = portal.reopened();
    let binned = portal.call("sandbox.binned", json!({}));
    assert_eq!(binned.as_array().map(Vec::len), Some(3));
    assert_eq!(portal.call("sandbox.recover", json!({ "entityTypeId": 4, "id": company })), json!({ "id": 2 }));
    assert_eq!(portal.call("sandbox.recover", json!({ "entityTypeId": 3, "id": contact })), json!({ "id": 2 }));
    assert_eq!(portal.call("sandbox.recover", json!({ "entityTypeId": 1, "id": lead })), json!({ "id": 2 }));
    let back = portal.get(4, &json!(2));
    assert_eq!((&back["title"], &back["createdTime"]), (&json!("First"), &json!("2026-03-10T12:00:00+03:00")));
    let shown = portal.get(2, &deal);
    assert_eq!((&shown["companyId"], &shown["contactIds"], &shown["leadId"]), (&json!(2), &json!([2]), &json!(2)));
    let comments = portal.call("crm.timeline.comment.list", json!({ "filter": { "ENTITY_ID": 2, "ENTITY_TYPE": "company" } }));
    assert_eq!(comments[0]["COMMENT"], "kept");
    portal.expect(vec![refused(
        "it left the bin",
        "sandbox.recover",
        json!({ "entityTypeId": 4, "id": company }),
        json!("NOT_FOUND"),
        "Item not found",
    )]);
    assert_eq!(portal.add(4, json!({}))["id"], 3, "ids are never given twice");
}

#[test]
fn a_client_makes_a_lead_a_returning_one_and_a_won_deal_makes_the_next_one_so() {
    let mut portal = Portal::new();
    let company = portal.add(4, json!({}))["id"].clone();
    assert_eq!(portal.add(1, json!({ "companyId": company }))["isReturnCustomer"], "Y");
    let first = portal.add(2, json!({ "companyId": company, "stageId": "LOSE" }));
    assert_eq!((&first["isReturnCustomer"], &first["isRepeatedApproach"]), (&json!("N"), &json!("N")));
    let second = portal.add(2, json!({ "companyId": company, "stageId": "WON" }));
    assert_eq!((&second["isReturnCustomer"], &second["isRepeatedApproach"]), (&json!("N"), &json!("Y")));
    assert_eq!(portal.add(2, json!({ "companyId": company }))["isReturnCustomer"], "Y");
}
