//! rest-crm 1.5 and 3.6, and what add, update and delete do besides.

use serde_json::{Value, json};

use super::{Case, Portal, adding, refused};

#[test]
fn each_kind_of_field_is_treated_in_add_as_table_1_5_says() {
    Portal::new().expect(table_1_5());
}

/// Table 1.5, column "add", for a new portal at the tests' clock.
pub fn table_1_5() -> Vec<Case> {
    vec![
        adding(
            "plain fields, UTM and observers are stored",
            1,
            json!({ "title": "A lead", "utmSource": "google", "observers": [1, "2"], "post": "Chief" }),
            vec![
                ("/item/title", json!("A lead")),
                ("/item/utmSource", json!("google")),
                ("/item/observers", json!([1, 2])),
                ("/item/post", json!("Chief")),
            ],
        ),
        adding(
            "unknown names, classic-only names and PHONE are ignored without a word",
            1,
            json!({ "nonsense": 5, "ADDRESS": "Main St", "TITLE": "Upper", "PHONE": [{ "VALUE": "+1", "VALUE_TYPE": "WORK" }] }),
            vec![
                ("/item/address", Value::Null),
                ("/item/title", json!("Lead #2")),
                ("/item/fm", json!([])),
                ("/item/hasPhone", json!("N")),
            ],
        ),
        adding("a given id is reset", 1, json!({ "id": 700 }), vec![("/item/id", json!(3))]),
        adding(
            "system fields are ignored in add",
            1,
            json!({ "createdTime": "2020-01-01T00:00:00+03:00", "updatedTime": "2020-01-01", "movedTime": "2020-01-01", "createdBy": 9, "updatedBy": 9, "movedBy": 9 }),
            vec![
                ("/item/createdTime", json!("2026-03-10T12:00:00+03:00")),
                ("/item/updatedTime", json!("2026-03-10T12:00:00+03:00")),
                ("/item/movedTime", json!("2026-03-10T12:00:00+03:00")),
                ("/item/createdBy", json!(1)),
                ("/item/updatedBy", json!(1)),
                ("/item/movedBy", json!(1)),
            ],
        ),
        adding(
            "other read-only fields are computed",
            2,
            json!({ "lastActivityTime": "2020-01-01", "stageSemanticId": "F", "isNew": "N", "closed": "Y", "isReturnCustomer": "Y" }),
            vec![
                ("/item/lastActivityTime", json!("2026-03-10T12:00:00+03:00")),
                ("/item/stageSemanticId", json!("P")),
                ("/item/isNew", json!("Y")),
                ("/item/closed", json!("N")),
                ("/item/isReturnCustomer", json!("N")),
            ],
        ),
        adding(
            "product rows are hidden and removed",
            2,
            json!({ "productRows": [{ "price": 5 }], "opportunity": 7 }),
            vec![("/item/opportunity", json!(7))],
        ),
        adding(
            "values that PHP takes for empty become the default",
            4,
            json!({ "title": "", "typeId": 0, "industry": "0", "employees": [], "currencyId": null, "assignedById": false }),
            vec![
                ("/item/title", json!("Company #1")),
                ("/item/typeId", json!("CUSTOMER")),
                ("/item/industry", json!("IT")),
                ("/item/employees", json!("EMPLOYEES_1")),
                ("/item/currencyId", json!("USD")),
                ("/item/assignedById", json!(1)),
            ],
        ),
    ]
}

#[test]
fn values_are_converted_as_table_3_6_says() {
    Portal::new().expect(table_3_6());
}

/// Table 3.6, and the refusals of 3.4, for a new portal at the tests' clock.
pub fn table_3_6() -> Vec<Case> {
    vec![
        adding(
            "an empty deal gets today, today + 7, the first type, and no source",
            2,
            json!({ "begindate": "", "closedate": "", "typeId": "", "sourceId": "" }),
            vec![
                ("/item/begindate", json!("2026-03-10T03:00:00+03:00")),
                ("/item/closedate", json!("2026-03-17T03:00:00+03:00")),
                ("/item/typeId", json!("SALE")),
                ("/item/sourceId", Value::Null),
                ("/item/stageId", json!("NEW")),
                ("/item/categoryId", json!(0)),
            ],
        ),
        adding(
            "a lead's source defaults to the first",
            1,
            json!({}),
            vec![("/item/sourceId", json!("CALL")), ("/item/stageId", json!("NEW"))],
        ),
        adding("true is yes", 1, json!({ "isManualOpportunity": true }), vec![("/item/isManualOpportunity", json!("Y"))]),
        adding("y is yes", 1, json!({ "isManualOpportunity": "y" }), vec![("/item/isManualOpportunity", json!("Y"))]),
        adding(
            "the text true is yes",
            1,
            json!({ "isManualOpportunity": "true" }),
            vec![("/item/isManualOpportunity", json!("Y"))],
        ),
        adding("1 is no", 1, json!({ "isManualOpportunity": 1 }), vec![("/item/isManualOpportunity", json!("N"))]),
        adding("the text 1 is no", 1, json!({ "isManualOpportunity": "1" }), vec![("/item/isManualOpportunity", json!("N"))]),
        adding("yes is no", 1, json!({ "isManualOpportunity": "yes" }), vec![("/item/isManualOpportunity", json!("N"))]),
        adding(
            "a date is cut to the day of the server's zone",
            3,
            json!({ "name": "A", "birthdate": "2024-01-10T00:00:00+05:00" }),
            vec![("/item/birthdate", json!("2024-01-09T03:00:00+03:00"))],
        ),
        adding(
            "a plain day is that day",
            3,
            json!({ "name": "A", "birthdate": "2024-01-10" }),
            vec![("/item/birthdate", json!("2024-01-10T03:00:00+03:00"))],
        ),
        adding(
            "an unreadable date leaves the field alone",
            3,
            json!({ "name": "A", "birthdate": "soon" }),
            vec![("/item/birthdate", Value::Null)],
        ),
        adding(
            "a text longer than its column is cut",
            3,
            json!({ "name": "x".repeat(60) }),
            vec![("/item/name", json!("x".repeat(50)))],
        ),
        adding(
            "comments lose scripts",
            1,
            json!({ "comments": "<b>a</b><script>x</script>\r\n1 < 2" }),
            vec![("/item/comments", json!("[B]a[/B]\r\n1 < 2"))],
        ),
        adding("amounts keep two places", 2, json!({ "opportunity": "999.999" }), vec![("/item/opportunity", json!(1000))]),
        adding(
            "a whole amount has no fraction",
            2,
            json!({ "opportunity": "19000.00" }),
            vec![("/item/opportunity", json!(19000))],
        ),
        refused(
            "an unknown stage is refused",
            "crm.item.add",
            json!({ "entityTypeId": 1, "fields": { "stageId": "NOPE" } }),
            json!("CRM_FIELD_ERROR_VALUE_NOT_VALID"),
            "Invalid value for field \"Stage\"",
        ),
        refused(
            "an unknown pipeline is refused",
            "crm.item.add",
            json!({ "entityTypeId": 2, "fields": { "categoryId": 77 } }),
            json!("CRM_FIELD_ERROR_VALUE_NOT_VALID"),
            "Invalid value for field \"Pipeline\"",
        ),
        refused(
            "a deal in a currency that the portal doesn't have is refused",
            "crm.item.add",
            json!({ "entityTypeId": 2, "fields": { "currencyId": "MXN" } }),
            json!("CRM_FIELD_ERROR_VALUE_NOT_VALID"),
            "Invalid value for field \"Currency\"",
        ),
        refused(
            "a single value in a multiple field is error 100",
            "crm.item.add",
            json!({ "entityTypeId": 1, "fields": { "contactIds": "5" } }),
            json!("100"),
            "Expected iterable value for multiple field, but got string instead",
        ),
        refused(
            "an unknown type is refused",
            "crm.item.add",
            json!({ "entityTypeId": 999, "fields": {} }),
            json!("NOT_FOUND"),
            "Smart process not found",
        ),
        refused(
            "a missing id is refused",
            "crm.item.get",
            json!({ "entityTypeId": 1, "id": 999 }),
            json!("NOT_FOUND"),
            "Item not found",
        ),
        refused(
            "missing fields are refused",
            "crm.item.add",
            json!({ "entityTypeId": 1 }),
            json!("100"),
            "Could not find value for parameter {fields}",
        ),
    ]
}

#[test]
fn a_foreign_stage_is_replaced_by_the_first_of_the_same_meaning_only_where_a_pipeline_is_given() {
    let mut portal = Portal::new();
    let added = portal.call("crm.category.add", json!({ "entityTypeId": 2, "fields": { "name": "Second", "sort": 10 } }));
    assert_eq!(
        added,
        json!({ "category": { "id": 1, "name": "Second", "sort": 10, "entityTypeId": 2, "isDefault": "N", "originId": "", "originatorId": "" } })
    );
    let stage = |portal: &mut Portal, fields: Value| portal.add(2, fields)["stageId"].clone();
    assert_eq!(stage(&mut portal, json!({ "categoryId": 1 })), "C1:NEW");
    assert_eq!(stage(&mut portal, json!({ "categoryId": "1", "stageId": "C1:EXECUTING" })), "C1:EXECUTING");
    assert_eq!(stage(&mut portal, json!({ "categoryId": 1, "stageId": "WON" })), "C1:WON");
    assert_eq!(stage(&mut portal, json!({ "categoryId": 1, "stageId": "APOLOGY" })), "C1:LOSE");
    portal.expect(vec![refused(
        "a stage of another pipeline without that pipeline",
        "crm.item.add",
        json!({ "entityTypeId": 2, "fields": { "stageId": "C1:NEW" } }),
        json!("CRM_FIELD_ERROR_VALUE_NOT_VALID"),
        "Invalid value for field \"Deal stage\"",
    )]);
}

#[test]
fn the_close_date_of_a_closed_deal_becomes_today_while_the_portal_keeps_it_in_step() {
    let mut portal = Portal::new();
    let fields = json!({ "stageId": "WON", "closedate": "2024-05-01" });
    assert_eq!(portal.add(2, fields.clone())["closedate"], "2026-03-10T03:00:00+03:00");
    portal.call("sandbox.settings.set", json!({ "close_date_sync": false }));
    let deal = portal.add(2, fields);
    assert_eq!(
        (&deal["closedate"], &deal["closed"], &deal["stageSemanticId"]),
        (&json!("2024-05-01T03:00:00+03:00"), &json!("Y"), &json!("S"))
    );
    let lead = portal.add(1, json!({ "stageId": "JUNK" }));
    assert_eq!((&lead["dateClosed"], &lead["stageSemanticId"]), (&json!("2026-03-10T12:00:00+03:00"), &json!("F")));
}

#[test]
fn an_update_that_changes_nothing_moves_no_stamp_and_a_real_one_moves_it() {
    let mut portal = Portal::new();
    let lead = portal.add(1, json!({ "title": "One", "opportunity": 5 }));
    portal.later(60);
    let same = portal.update(1, &lead["id"], json!({ "title": "One", "opportunity": "5.00", "nonsense": 1, "createdBy": 7 }));
    assert_eq!(same["updatedTime"], lead["updatedTime"]);
    let changed = portal.update(1, &lead["id"], json!({ "stageId": "IN_PROCESS" }));
    assert_eq!(changed["updatedTime"], "2026-03-10T12:01:00+03:00");
    assert_eq!(changed["movedTime"], "2026-03-10T12:01:00+03:00");
    assert_eq!(changed["createdTime"], lead["createdTime"]);
}

#[test]
fn what_is_the_same_in_other_words_changes_nothing() {
    let mut portal = Portal::new();
    let company = portal.add(4, json!({}))["id"].clone();
    let contact = portal.add(3, json!({ "name": "A", "companyIds": [company] }))["id"].clone();
    let deal = portal.add(2, json!({ "companyId": company, "contactIds": [contact], "begindate": "2024-01-10" }));
    portal.add(2, json!({ "companyId": company, "stageId": "WON" }));
    portal.later(60);
    let same = json!({
        "title": "", "isManualOpportunity": "N", "opportunity": "0", "contactIds": [contact], "companyId": "1", "observers": "",
        "begindate": "2024-01-10T00:00:00+03:00", "categoryId": 0,
    });
    assert_eq!(portal.update(2, &deal["id"], same)["updatedTime"], deal["updatedTime"]);
    let linked = portal.update(4, &company, json!({ "contactIds": [contact] }));
    assert_eq!(linked["updatedTime"], linked["createdTime"]);
    let unlinked = portal.update(4, &company, json!({ "contactIds": "" }));
    assert_eq!((&unlinked["contactIds"], &unlinked["updatedTime"]), (&json!([]), &json!("2026-03-10T12:01:00+03:00")));
    assert_eq!(portal.get(3, &contact)["companyIds"], json!([]));
    let without = portal.update(2, &deal["id"], json!({ "contactIds": [], "companyId": 0 }));
    assert_eq!((&without["contactId"], &without["companyId"]), (&json!(0), &json!(0)));
}

#[test]
fn form_encoded_parameters_are_understood() {
    let mut portal = Portal::new();
    portal
        .call("crm.lead.userfield.add", json!({ "fields": { "FIELD_NAME": "TAGS", "USER_TYPE_ID": "string", "MULTIPLE": "Y" } }));
    let fields = json!({ "title": "F", "ufCrmTags": ["a", "b"], "observers": ["1", "2"], "opportunity": "12.50", "fm": { "n0": { "typeId": "PHONE", "valueType": "WORK", "value": "+1" } } });
    let lead = portal.call("crm.item.add", json!({ "entityTypeId": "1", "fields": fields }))["item"].clone();
    assert_eq!(
        (&lead["ufCrmTags"], &lead["observers"], &lead["opportunity"]),
        (&json!(["a", "b"]), &json!([1, 2]), &json!(12.5))
    );
    assert_eq!(lead["phoneWork"], "+1");
    let cleared = portal.update(1, &json!("1"), json!({ "ufCrmTags": "", "observers": "" }));
    assert_eq!((&cleared["ufCrmTags"], &cleared["observers"]), (&json!([]), &json!([])));
    let listed = portal.reply("crm.lead.list", json!({ "start": "0", "filter": { ">=ID": "1", "@STATUS_ID": ["NEW"] }, "select": ["ID", "UF_*"], "order": { "ID": "asc" } }));
    assert_eq!(listed.result, json!([{ "ID": "1", "UF_CRM_TAGS": false }]));
}

#[test]
fn an_update_without_a_date_it_can_read_keeps_the_old_one() {
    let mut portal = Portal::new();
    let contact = portal.add(3, json!({ "name": "A", "birthdate": "1990-02-03" }));
    let changed = portal.update(3, &contact["id"], json!({ "birthdate": "31.31.1990", "post": "x" }));
    assert_eq!(changed["birthdate"], contact["birthdate"]);
    let emptied = portal.update(3, &contact["id"], json!({ "birthdate": "" }));
    assert_eq!(emptied["birthdate"], Value::Null);
}

#[test]
fn multi_fields_are_added_changed_and_deleted_by_their_ids() {
    let mut portal = Portal::new();
    let phones = json!([{ "typeId": "PHONE", "valueType": "WORK", "value": "+1" }, { "typeId": "EMAIL", "valueType": "HOME", "value": "a@b.co" }, { "typeId": "PHONE", "value": "" }]);
    let contact = portal.add(3, json!({ "name": "A", "fm": phones }));
    assert_eq!(
        contact["fm"],
        json!([{ "id": 1, "valueType": "WORK", "value": "+1", "typeId": "PHONE" }, { "id": 2, "valueType": "HOME", "value": "a@b.co", "typeId": "EMAIL" }])
    );
    assert_eq!((&contact["phone"], &contact["emailHome"], &contact["hasPhone"]), (&json!("+1"), &json!("a@b.co"), &json!("Y")));
    let entries = json!({ "1": { "valueType": "HOME", "value": "+2", "typeId": "PHONE" }, "2": { "value": "", "typeId": "EMAIL" }, "n0": { "typeId": "WEB", "valueType": "WORK", "value": "x.example" }, "99": { "typeId": "PHONE", "valueType": "WORK", "value": "+9" } });
    let changed = portal.update(3, &contact["id"], json!({ "fm": entries }));
    assert_eq!(
        changed["fm"],
        json!([{ "id": 1, "valueType": "HOME", "value": "+2", "typeId": "PHONE" }, { "id": 3, "valueType": "WORK", "value": "x.example", "typeId": "WEB" }, { "id": 4, "valueType": "WORK", "value": "+9", "typeId": "PHONE" }])
    );
    assert_eq!(changed["hasEmail"], "N");
}

#[test]
fn an_item_has_the_keys_of_the_vendors_sample_in_its_order() {
    let mut portal = Portal::new();
    portal.call("crm.lead.userfield.add", json!({ "fields": { "FIELD_NAME": "1720019876534", "USER_TYPE_ID": "string" } }));
    let item = portal.add(1, json!({ "ufCrm_1720019876534": "321" }));
    let keys: Vec<&String> = item.as_object().expect("an object").keys().collect();
    let sample = "id createdTime dateCreateShort updatedTime dateModifyShort createdBy updatedBy assignedById opened companyId contactId stageId isConvert \
        statusDescription stageSemanticId productId opportunity currencyId sourceId sourceDescription title name lastName secondName shortName companyTitle post \
        address comments webformId originatorId originId dateClosed birthdate honorific hasPhone hasEmail hasImol login isReturnCustomer searchContent \
        isManualOpportunity movedBy movedTime lastActivityBy lastActivityTime phoneMobile phoneWork phoneMailing emailHome emailWork emailMailing skype icq imol \
        email phone fm ufCrm_1720019876534 utmSource utmMedium utmCampaign utmContent utmTerm observers contactIds entityTypeId";
    assert_eq!(keys, sample.split_whitespace().collect::<Vec<_>>());
    assert_eq!(item["companyId"], 0);
    assert_eq!(item["observers"], json!([]));
    assert_eq!(item["opened"], "Y");
}

#[test]
fn custom_fields_of_every_type_are_read_and_printed_as_table_6_7_says() {
    let mut portal = Portal::new();
    let add = |portal: &mut Portal, name: &str, kind: &str, more: Value| {
        let mut fields = json!({ "FIELD_NAME": name, "USER_TYPE_ID": kind, "EDIT_FORM_LABEL": name.to_lowercase() });
        fields.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        portal.call("crm.deal.userfield.add", json!({ "fields": fields }))
    };
    for kind in ["string", "integer", "double", "boolean", "date", "datetime", "money", "url", "employee", "crm"] {
        add(&mut portal, &format!("A_{kind}"), kind, json!({}));
    }
    add(&mut portal, "A_list", "enumeration", json!({ "LIST": [{ "VALUE": "Red" }, { "VALUE": "Blue" }] }));
    add(&mut portal, "A_many", "enumeration", json!({ "MULTIPLE": "Y", "LIST": [{ "VALUE": "Red" }, { "VALUE": "Blue" }] }));
    let sent = json!({
        "ufCrmAString": "text", "ufCrmAInteger": "5", "ufCrmADouble": "9.999", "ufCrmABoolean": "Y", "ufCrmADate": "2024-01-10", "ufCrmADatetime": "2024-01-10T10:00:00+00:00",
        "ufCrmAMoney": "300|USD", "ufCrmAUrl": "https://x.example", "ufCrmAEmployee": "1", "ufCrmACrm": "L_4", "ufCrmAList": "2", "ufCrmAMany": ["3", 4, 77],
    });
    let deal = portal.add(2, sent);
    for (name, expected) in [
        ("ufCrmAString", json!("text")),
        ("ufCrmAInteger", json!(5)),
        ("ufCrmADouble", json!(10)),
        ("ufCrmABoolean", json!("Y")),
        ("ufCrmADate", json!("2024-01-10T03:00:00+03:00")),
        ("ufCrmADatetime", json!("2024-01-10T13:00:00+03:00")),
        ("ufCrmAMoney", json!("300|USD")),
        ("ufCrmAUrl", json!("https://x.example")),
        ("ufCrmAEmployee", json!(1)),
        ("ufCrmACrm", json!("L_4")),
        ("ufCrmAList", json!(2)),
        ("ufCrmAMany", json!([3, 4])),
    ] {
        assert_eq!(deal[name], expected, "{name}");
    }
    let original = portal.call("crm.item.get", json!({ "entityTypeId": 2, "id": deal["id"], "useOriginalUfNames": "Y" }));
    assert_eq!(original["item"]["UF_CRM_A_LIST"], 2);
    let classic = portal.call("crm.deal.get", json!({ "id": deal["id"] }));
    assert_eq!(
        (&classic["UF_CRM_A_LIST"], &classic["UF_CRM_A_BOOLEAN"], &classic["UF_CRM_A_MANY"]),
        (&json!("2"), &json!("1"), &json!([3, 4]))
    );
    let fields = portal.call("crm.item.fields", json!({ "entityTypeId": 2 }));
    assert_eq!(fields["fields"]["ufCrmAList"]["items"], json!([{ "ID": "1", "VALUE": "Red" }, { "ID": "2", "VALUE": "Blue" }]));
    assert_eq!(fields["fields"]["ufCrmAList"]["upperName"], "UF_CRM_A_LIST");
    assert_eq!(fields["fields"]["ufCrmAList"]["formLabel"], "a_list");
    let by_flag = portal.call("crm.item.list", json!({ "entityTypeId": 2, "filter": { "ufCrmABoolean": 1 }, "select": ["id"] }));
    assert_eq!(by_flag["items"], json!([{ "id": 1 }]));
    let by_letter = portal.call("crm.item.list", json!({ "entityTypeId": 2, "filter": { "ufCrmABoolean": "Y" } }));
    assert_eq!(by_letter["items"], json!([]));
}

#[test]
fn a_contact_without_any_name_gets_a_placeholder_and_may_not_lose_its_names_later() {
    let mut portal = Portal::new();
    let contact = portal.add(3, json!({}));
    assert_eq!(contact["lastName"], "Contact #1");
    portal.expect(vec![refused(
        "both names emptied",
        "crm.item.update",
        json!({ "entityTypeId": 3, "id": 1, "fields": { "lastName": "" } }),
        json!("CRM_FIELD_ERROR_REQUIRED"),
        "The \"Last name\" field is required",
    )]);
}

#[test]
fn the_amount_follows_the_product_rows_unless_it_is_kept_by_hand() {
    let mut portal = Portal::new();
    let rows = json!([{ "productName": "Thing", "price": 10.5, "quantity": 2 }, { "productName": "Other", "price": "4" }]);
    let deal = portal.add(2, json!({ "opportunity": 999 }));
    let by_hand = portal.add(2, json!({ "opportunity": 999, "isManualOpportunity": "Y" }));
    portal.later(5);
    for id in [&deal["id"], &by_hand["id"]] {
        let set = portal.call("crm.item.productrow.set", json!({ "ownerType": "D", "ownerId": id, "productRows": rows }));
        assert_eq!(set["productRows"][1]["quantity"], 1);
    }
    let deal = portal.get(2, &deal["id"]);
    assert_eq!((&deal["opportunity"], &deal["updatedTime"]), (&json!(25), &json!("2026-03-10T12:00:05+03:00")));
    assert_eq!(portal.get(2, &by_hand["id"])["opportunity"], 999);
    let listed = portal.reply("crm.item.productrow.list", json!({ "filter": { "=ownerType": "D", "=ownerId": deal["id"] } }));
    assert_eq!((listed.total, &listed.result["productRows"][0]["productName"]), (Some(2), &json!("Thing")));
    portal.expect(vec![refused(
        "rows of nobody",
        "crm.item.productrow.set",
        json!({ "ownerType": "D", "ownerId": 99, "productRows": [] }),
        json!("OWNER_NOT_FOUND"),
        "Owner was not found",
    )]);
}

#[test]
fn in_simple_mode_a_lead_turns_into_a_deal_at_once() {
    let mut portal = Portal::new();
    portal.call("sandbox.settings.set", json!({ "mode": 2 }));
    assert_eq!(portal.call("crm.settings.mode.get", json!({})), 2);
    let fields =
        json!({ "title": "From a lead", "name": "Ann", "fm": [{ "typeId": "PHONE", "valueType": "WORK", "value": "+1" }] });
    let lead = portal.add(1, fields);
    portal.expect(vec![refused("the lead is gone", "crm.lead.get", json!({ "id": lead["id"] }), json!(""), "Not found")]);
    assert_eq!(portal.get(2, &json!(1))["title"], "From a lead");
    assert_eq!(portal.get(3, &json!(1))["phone"], "+1");
    assert_eq!(portal.get(2, &json!(1))["contactIds"], json!([1]));
}
