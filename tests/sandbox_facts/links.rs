//! rest-crm 8.1 and 9.6: links, and what a deletion does to those that stay.

use serde_json::{Value, json};

use super::client::Portal;

#[test]
fn deleting_a_company_empties_the_links_of_those_that_stay() {
    for (method, params) in [("crm.item.delete", json!({"entityTypeId": 4, "id": 1})), ("crm.company.delete", json!({"id": 1}))] {
        let portal = Portal::new();
        let (lost, kept) =
            (portal.add(4, &json!({"title": "Lost"}))["id"].clone(), portal.add(4, &json!({"title": "Kept"}))["id"].clone());
        let contact = portal.add(3, &json!({"name": "A", "companyIds": [lost, kept]}))["id"].clone();
        let alone = portal.add(3, &json!({"name": "B", "companyIds": [lost]}))["id"].clone();
        let deal = portal.add(2, &json!({"title": "D", "companyId": lost}))["id"].clone();
        let lead = portal.add(1, &json!({"title": "L", "companyId": lost}))["id"].clone();
        portal.result(method, &params);
        let contact = portal.get(3, &contact);
        assert_eq!((&contact["companyId"], &contact["companyIds"]), (&kept, &json!([kept])), "the next one becomes primary");
        let alone = portal.get(3, &alone);
        assert_eq!((&alone["companyId"], &alone["companyIds"]), (&json!(0), &json!([])));
        assert_eq!((&portal.get(2, &deal)["companyId"], &portal.get(1, &lead)["companyId"]), (&json!(0), &json!(0)));
        assert_eq!(portal.result("crm.deal.get", &json!({"id": deal}))["COMPANY_ID"], Value::Null);
    }
}

#[test]
fn deleting_a_contact_empties_the_links_of_those_that_stay() {
    for (method, params) in [("crm.item.delete", json!({"entityTypeId": 3, "id": 1})), ("crm.contact.delete", json!({"id": 1}))] {
        let portal = Portal::new();
        let (lost, kept) =
            (portal.add(3, &json!({"name": "Lost"}))["id"].clone(), portal.add(3, &json!({"name": "Kept"}))["id"].clone());
        let company = portal.add(4, &json!({"title": "C", "contactIds": [lost, kept]}))["id"].clone();
        let deal = portal.add(2, &json!({"title": "D", "contactIds": [lost, kept]}))["id"].clone();
        let lead = portal.add(1, &json!({"title": "L", "contactIds": [lost]}))["id"].clone();
        let before = portal.get(2, &deal)["updatedTime"].clone();
        portal.result(method, &params);
        let deal = portal.get(2, &deal);
        assert_eq!((&deal["contactId"], &deal["contactIds"], &deal["updatedTime"]), (&kept, &json!([kept]), &before));
        let lead = portal.get(1, &lead);
        assert_eq!((&lead["contactId"], &lead["contactIds"]), (&json!(0), &json!([])));
        assert_eq!(portal.get(4, &company)["contactIds"], json!([kept]));
    }
}

#[test]
fn trap_6_items_set_replaces_the_whole_set() {
    let portal = Portal::new();
    for name in ["A", "B", "C"] {
        portal.add(3, &json!({"name": name}));
    }
    let deal = portal.add(2, &json!({"contactIds": [3]}))["id"].clone();
    assert_eq!(portal.result("crm.deal.contact.items.set", &json!({"id": deal, "items": [{"CONTACT_ID": 1}]})), true);
    assert_eq!(portal.get(2, &deal)["contactIds"], json!([1]));
}

#[test]
fn trap_15_adding_a_link_that_is_there_answers_false_with_200() {
    let portal = Portal::new();
    portal.add(3, &json!({"name": "A"}));
    let deal = portal.add(2, &json!({"contactIds": [1]}))["id"].clone();
    assert_eq!(portal.result("crm.deal.contact.add", &json!({"id": deal, "fields": {"CONTACT_ID": 1}})), false);
}

#[test]
fn a_deleted_id_is_never_given_again() {
    let portal = Portal::new();
    portal.add(1, &json!({"title": "one"}));
    assert_eq!(portal.result("crm.item.delete", &json!({"entityTypeId": 1, "id": 1})), json!([]), "trap 13.21");
    assert_eq!(portal.add(1, &json!({"title": "two"}))["id"], 2);
}
