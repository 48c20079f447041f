//! A portal's schema, loaded from answers as the facts show them.

use super::*;
use crate::model::{CrmMode, EntityType, FieldType, UserId};

/// The reference lists of a portal with so many users.
fn references(users: u64, sees_users: bool) -> impl Fn(&str, &Json) -> Json {
    move |method, params| match method {
        "crm.item.fields" => json!({"result": {"fields": {
            "title": {"type": "string", "upperName": "TITLE"},
            "ufCrm_1": {"type": "datetime", "isDynamic": true, "upperName": "UF_CRM_1", "listLabel": "Alta"}}}}),
        "crm.status.list" => json!({"result": [
            {"ENTITY_ID": "STATUS", "STATUS_ID": "CONVERTED", "NAME": "Ganado", "SORT": "100", "SEMANTICS": "S"},
            {"ENTITY_ID": "STATUS", "STATUS_ID": "NEW", "NAME": "Sin asignar &amp; nuevo", "SORT": "20", "SEMANTICS": null}], "total": 2}),
        "crm.category.list" => {
            json!({"result": {"categories": [{"id": 9, "name": "B"}, {"id": 0, "name": "General"}]}, "total": 2})
        }
        "crm.currency.list" => {
            json!({"result": [{"CURRENCY": "MXN", "FULL_NAME": "Peso"}, {"CURRENCY": "USD", "FULL_NAME": ""}], "total": 0})
        }
        "crm.currency.base.get" => json!({"result": "MXN"}),
        "crm.settings.mode.get" => json!({"result": 2}),
        "server.time" => json!({"result": "2026-11-23T10:00:00+03:00"}),
        "profile" => json!({"result": {"ID": "1", "ADMIN": true, "NAME": "Ana", "LAST_NAME": "Ruiz"}}),
        "user.get" if !sees_users => json!({"error": "insufficient_scope", "error_description": ""}),
        "user.get" => {
            let start: u64 = params["start"].as_str().and_then(|text| text.parse().ok()).expect("an offset");
            let rows: Vec<Json> = (start..users).take(50).map(|at| json!({"ID": (at + 1).to_string(), "ACTIVE": at % 2 == 0, "NAME": "N", "LAST_NAME": "L", "EMAIL": "e@x.mx"})).collect();
            json!({"result": rows, "total": users, "next": start + 50})
        }
        other => panic!("nobody asked for {other}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_schema_takes_two_requests() {
    let portal = Portal::new(references(320, true));
    let reader = portal.reader();
    let schema = reader.schema().await.expect("the portal answers");
    assert_eq!(reader.requests(), 2);
    assert_eq!(schema.listed(EntityType::Company, "UF_CRM_1").map(|field| &field.kind), Some(&FieldType::Moment));
    assert_eq!(schema.entries("STATUS").iter().map(|entry| entry.code.as_str()).collect::<Vec<_>>(), ["NEW", "CONVERTED"]);
    assert_eq!(schema.label("STATUS", "NEW"), Some("Sin asignar & nuevo"));
    assert_eq!(schema.semantics(EntityType::Lead, "CONVERTED"), "S");
    assert_eq!(schema.pipelines.iter().map(|pipeline| pipeline.id).collect::<Vec<_>>(), [9, 0]);
    assert_eq!((schema.base_currency(), schema.currencies[1].name.as_str()), (Some("MXN"), "USD"));
    assert_eq!((schema.mode, schema.server_offset), (CrmMode::Simple, 3 * 3_600));
    assert_eq!(schema.users.len(), 320);
    assert!(!schema.user(UserId(2)).expect("user 2 is there").active);
}

#[tokio::test(start_paused = true)]
async fn without_the_scope_for_users_the_webhooks_own_user_is_known() {
    let schema = Portal::new(references(320, false)).reader().schema().await.expect("the portal answers");
    assert_eq!(
        schema.users.iter().map(|user| (user.id, user.display())).collect::<Vec<_>>(),
        [(UserId(1), "Ana Ruiz".to_owned())]
    );
}
