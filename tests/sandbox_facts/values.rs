//! rest-crm 1.5 and 3.6: what becomes of each kind of field and of each kind of value, a named case a row.

use serde_json::{Value, json};

use super::client::{Case, Form, NOW, Portal, in_days, refused, stores};

const NOT_VALID: &str = "CRM_FIELD_ERROR_VALUE_NOT_VALID";

/// Rows that hold for `crm.item.add` and for `crm.item.import` alike. (lead 1, deal 2, contact 3, company 4)
fn rows_of_both() -> Vec<Case> {
    vec![
        stores(
            "1.5 plain writable fields, UTM, observers and origin marks are stored",
            1,
            json!({"title": "A lead", "utmSource": "google", "observers": ["1"], "post": "Chief", "originatorId": "sap", "originId": "7"}),
            &[
                ("title", json!("A lead")),
                ("utmSource", json!("google")),
                ("observers", json!([1])),
                ("post", json!("Chief")),
                ("originatorId", json!("sap")),
                ("originId", json!("7")),
            ],
        ),
        stores(
            "1.5 unknown names and classic-only names are ignored without a word",
            1,
            json!({"title": "x", "nonsense": "5", "ADDRESS": "Main St", "TITLE": "Upper"}),
            &[("title", json!("x")), ("address", Value::Null), ("nonsense", Value::Null)],
        ),
        stores(
            "1.5 other read-only fields are computed",
            2,
            json!({"title": "x", "lastActivityTime": "2020-01-01", "stageSemanticId": "F", "isNew": "N", "closed": "Y", "isReturnCustomer": "Y"}),
            &[
                ("lastActivityTime", json!(NOW)),
                ("stageSemanticId", json!("P")),
                ("isNew", json!("Y")),
                ("closed", json!("N")),
                ("isReturnCustomer", json!("N")),
            ],
        ),
        stores(
            "1.5 has... are computed",
            3,
            json!({"name": "x", "hasPhone": "Y", "hasEmail": "Y", "hasImol": "Y"}),
            &[("hasPhone", json!("N")), ("hasEmail", json!("N")), ("hasImol", json!("N"))],
        ),
        stores(
            "1.5 hidden fields are removed before anything",
            2,
            json!({"title": "x", "productRows": [{"price": "5"}], "opportunityAccount": "9", "accountCurrencyId": "EUR", "opportunity": "7"}),
            &[("opportunity", json!(7)), ("currencyId", json!("USD")), ("productRows", Value::Null)],
        ),
        stores(
            "1.5 an empty text becomes the default",
            4,
            json!({"title": "x", "typeId": "", "industry": "", "employees": "", "currencyId": "", "assignedById": ""}),
            &[
                ("typeId", json!("CUSTOMER")),
                ("industry", json!("IT")),
                ("employees", json!("EMPLOYEES_1")),
                ("currencyId", json!("USD")),
                ("assignedById", json!(1)),
            ],
        ),
        stores("1.5 the text 0 is empty too", 4, json!({"title": "x", "industry": "0"}), &[("industry", json!("IT"))]),
        stores(
            "3.6 an empty deal gets today, today + 7, the first type, and no source",
            2,
            json!({"title": "x", "begindate": "", "closedate": "", "typeId": "", "sourceId": ""}),
            &[
                ("begindate", in_days(0)),
                ("closedate", in_days(7)),
                ("typeId", json!("SALE")),
                ("sourceId", Value::Null),
                ("categoryId", json!(0)),
                ("stageId", json!("NEW")),
            ],
        ),
        stores(
            "3.6 a lead's source defaults to the first",
            1,
            json!({"title": "x", "sourceId": ""}),
            &[("sourceId", json!("CALL"))],
        ),
        stores(
            "3.6 a contact's type defaults to the first",
            3,
            json!({"name": "x", "typeId": ""}),
            &[("typeId", json!("CLIENT"))],
        ),
        stores("3.6 Y is yes", 1, json!({"isManualOpportunity": "Y"}), &[("isManualOpportunity", json!("Y"))]),
        stores("3.6 y is yes", 1, json!({"isManualOpportunity": "y"}), &[("isManualOpportunity", json!("Y"))]),
        stores("3.6 the text true is yes", 1, json!({"isManualOpportunity": "true"}), &[("isManualOpportunity", json!("Y"))]),
        stores("3.6 the text 1 is no", 1, json!({"isManualOpportunity": "1"}), &[("isManualOpportunity", json!("N"))]),
        stores("3.6 yes is no", 1, json!({"isManualOpportunity": "yes"}), &[("isManualOpportunity", json!("N"))]),
        stores("3.6 Sí is no", 1, json!({"isManualOpportunity": "Sí"}), &[("isManualOpportunity", json!("N"))]),
        stores(
            "3.6 a date with an offset is cut to the day of the server's zone",
            3,
            json!({"name": "x", "birthdate": "2024-01-10T00:00:00+05:00"}),
            &[("birthdate", json!("2024-01-09T03:00:00+03:00"))],
        ),
        stores(
            "3.6 a plain day is that day",
            3,
            json!({"name": "x", "birthdate": "2024-01-10"}),
            &[("birthdate", json!("2024-01-10T03:00:00+03:00"))],
        ),
        stores(
            "3.6 a day in the old form is that day",
            3,
            json!({"name": "x", "birthdate": "10.01.2024"}),
            &[("birthdate", json!("2024-01-10T03:00:00+03:00"))],
        ),
        stores(
            "3.6 an unreadable date leaves the field alone",
            3,
            json!({"name": "x", "birthdate": "soon"}),
            &[("birthdate", Value::Null)],
        ),
        stores(
            "3.6 a text longer than its column is cut",
            3,
            json!({"name": "x".repeat(60)}),
            &[("name", json!("x".repeat(50)))],
        ),
        stores(
            "3.6 comments lose their scripts",
            1,
            json!({"comments": "<b>a</b><script>x</script>\r\n1 < 2"}),
            &[("comments", json!("[B]a[/B]\r\n1 < 2"))],
        ),
        stores("3.6 amounts keep two places", 2, json!({"opportunity": "999.994"}), &[("opportunity", json!(999.99))]),
        refused("3.6 an unknown stage", 1, json!({"stageId": "NOPE"}), json!(NOT_VALID), "Invalid value for field \"Stage\""),
        refused(
            "3.6 a stage of another pipeline without that pipeline",
            2,
            json!({"stageId": "C9:NEW"}),
            json!(NOT_VALID),
            "Deal stage",
        ),
        refused("3.4 an unknown pipeline", 2, json!({"categoryId": "77"}), json!(NOT_VALID), "Pipeline"),
        refused(
            "3.4 a deal in a currency that the portal doesn't have",
            2,
            json!({"currencyId": "MXN"}),
            json!(NOT_VALID),
            "Currency",
        ),
        refused("3.4 a text where several are expected", 1, json!({"observers": "5"}), json!("100"), "but got string instead"),
    ]
}

/// Rows with values that only JSON can carry.
fn rows_of_json() -> Vec<Case> {
    vec![
        stores("1.5 0 is empty", 4, json!({"title": "x", "industry": 0}), &[("industry", json!("IT"))]),
        stores("1.5 an empty list is empty", 4, json!({"title": "x", "employees": []}), &[("employees", json!("EMPLOYEES_1"))]),
        stores("1.5 null is empty", 4, json!({"title": "x", "currencyId": null}), &[("currencyId", json!("USD"))]),
        stores("1.5 false is empty", 4, json!({"title": "x", "assignedById": false}), &[("assignedById", json!(1))]),
        stores("3.6 true is yes", 1, json!({"isManualOpportunity": true}), &[("isManualOpportunity", json!("Y"))]),
        stores("3.6 the number 1 is no", 1, json!({"isManualOpportunity": 1}), &[("isManualOpportunity", json!("N"))]),
        stores("3.6 a list of numbers", 1, json!({"observers": [3, 1]}), &[("observers", json!([3, 1]))]),
        refused("3.4 a number where several are expected", 1, json!({"contactIds": 5}), json!("100"), "but got integer instead"),
    ]
}

#[test]
fn every_row_of_tables_1_5_and_3_6_holds_in_add_and_import_however_it_is_sent() {
    let portal = Portal::new();
    for method in ["crm.item.add", "crm.item.import"] {
        for form in [Form::Json, Form::Urlencoded, Form::Query] {
            portal.holds(form, method, &rows_of_both());
        }
        portal.holds(Form::Json, method, &rows_of_json());
    }
}

#[test]
fn what_only_add_does_holds() {
    let portal = Portal::new();
    let stamped = json!({"title": "x", "createdTime": "2020-01-01T00:00:00+03:00", "updatedTime": "2020-01-01", "movedTime": "2020-01-01",
        "createdBy": 9, "updatedBy": 9, "movedBy": 9});
    let phone = json!({"title": "x", "PHONE": [{"VALUE": "+1", "VALUE_TYPE": "WORK"}]});
    let fm = json!({"title": "x", "fm": [{"typeId": "PHONE", "valueType": "WORK", "value": "+1"}]});
    portal.holds(
        Form::Json,
        "crm.item.add",
        &[
            stores(
                "1.5 system fields are ignored in silence",
                1,
                stamped,
                &[
                    ("createdTime", json!(NOW)),
                    ("updatedTime", json!(NOW)),
                    ("movedTime", json!(NOW)),
                    ("createdBy", json!(1)),
                    ("updatedBy", json!(1)),
                    ("movedBy", json!(1)),
                ],
            ),
            stores("1.5 a given id is reset", 1, json!({"id": 700}), &[("id", json!(2))]),
            stores("1.5 an empty title becomes the placeholder", 1, json!({"title": ""}), &[("title", json!("Lead #3"))]),
            stores("3.7 PHONE is ignored in add", 1, phone, &[("fm", json!([])), ("hasPhone", json!("N"))]),
            stores("3.7 fm is taken in add", 1, fm, &[("hasPhone", json!("Y")), ("phoneWork", json!("+1"))]),
        ],
    );
}

#[test]
fn a_foreign_stage_is_replaced_only_where_a_pipeline_is_given() {
    let portal = Portal::new();
    let made = portal.result("crm.category.add", &json!({"entityTypeId": 2, "fields": {"name": "Second"}}));
    assert_eq!(made["category"]["id"], 1);
    let of =
        |stage: &str, is: &str| stores("3.6 stageId", 2, json!({"categoryId": 1, "stageId": stage}), &[("stageId", json!(is))]);
    portal.holds(
        Form::Json,
        "crm.item.add",
        &[
            of("", "C1:NEW"),
            of("C1:EXECUTING", "C1:EXECUTING"),
            of("WON", "C1:WON"),
            of("APOLOGY", "C1:LOSE"),
            of("NOPE", "C1:NEW"),
        ],
    );
    portal.holds(
        Form::Json,
        "crm.item.add",
        &[refused("a stage of pipeline 1 in pipeline 0", 2, json!({"stageId": "C1:WON"}), json!(NOT_VALID), "Deal stage")],
    );
}

#[test]
fn the_first_contact_given_is_the_primary_one_and_the_set_is_replaced() {
    let portal = Portal::new();
    let ids: Vec<Value> = ["A", "B", "C"].map(|name| portal.add(3, &json!({"name": name}))["id"].clone()).into();
    let deal = portal.add(2, &json!({"title": "x", "contactIds": [ids[2], ids[0]], "observers": [1, 2]}));
    assert_eq!((&deal["contactId"], &deal["contactIds"]), (&ids[2], &json!([ids[2], ids[0]])));
    let update = json!({"entityTypeId": 2, "id": deal["id"], "fields": {"contactIds": [ids[1]], "observers": [2]}});
    let deal = portal.result("crm.item.update", &update)["item"].clone();
    assert_eq!((&deal["contactId"], &deal["contactIds"], &deal["observers"]), (&ids[1], &json!([ids[1]]), &json!([2])));
}
