//! `crm.category.*` and the older `crm.dealcategory.*`: pipelines.
//!
//! Source: rest-crm 6.2, 9.4.

use serde_json::{Value, json};

use super::{Params, ask};
use crate::sandbox::answer::{Reply, RestError};
use crate::sandbox::store::Store;
use crate::sandbox::store::moment::print_instant;
use crate::sandbox::store::record::Entity;
use crate::sandbox::store::rows::Category;
use crate::sandbox::store::seed::add_pipeline_stages;
use crate::sandbox::store::value;

fn not_supported(entity: Entity) -> RestError {
    RestError::bad("ENTITY_TYPE_NOT_SUPPORTED", format!("Entity type {} is not supported", entity.name()))
}

/// Pipeline 0 has no origin keys.
fn row(category: &Category) -> Value {
    let mut row = json!({
        "id": category.id,
        "name": category.name,
        "sort": category.sort,
        "entityTypeId": 2,
        "isDefault": if category.id == 0 { "Y" } else { "N" },
    });
    if category.id != 0 {
        row["originId"] = json!(category.origin_id);
        row["originatorId"] = json!(category.originator_id);
    }
    row
}

/// `crm.category.list` `{entityTypeId}` answers `{categories: [..]}` by sort, with `total`.
pub fn list(store: &mut Store, params: &Params) -> Result<Reply, RestError> {
    let categories: Vec<Value> = match ask::entity(params)? {
        Entity::Lead => return Err(not_supported(Entity::Lead)),
        Entity::Deal => store.categories().into_iter().map(row).collect(),
        entity => {
            let name = format!("{} (default)", entity.caption());
            vec![
                json!({ "id": 0, "name": name, "sort": 100, "entityTypeId": entity.type_id(), "isDefault": "Y", "code": "", "isSystem": "N" }),
            ]
        }
    };
    let total = Some(categories.len() as u64);
    Ok(Reply { result: json!({ "categories": categories }), next: None, total })
}

/// `crm.category.add` `{entityTypeId, fields: {name, sort?, originId?, originatorId?}}` answers `{category: {..}}`; the stages are those of a
/// new pipeline. Deals only; administrators only.
pub fn add(store: &mut Store, params: &Params) -> Result<Reply, RestError> {
    let entity = ask::entity(params)?;
    let fields = ask::array(params, "fields")?;
    if entity != Entity::Deal {
        return Err(not_supported(entity));
    }
    if !store.caller_is_admin() {
        return Err(RestError::bad("ACCESS_DENIED", "Access denied"));
    }
    let part = |name: &str| fields.get(name).map(value::text).unwrap_or_default();
    let name = part("name");
    if name.is_empty() {
        return Err(RestError { status: 400, code: json!(0), description: "Field 'NAME' is required".to_owned() });
    }
    let category = Category {
        id: store.next_id("category"),
        name,
        sort: fields.get("sort").map_or(500, value::integer),
        created: store.now(),
        origin_id: part("originId"),
        originator_id: part("originatorId"),
    };
    let answer = row(&category);
    store.note("CATEGORY", &category.id, "create", &answer);
    let id = category.id;
    store.put_category(category);
    add_pipeline_stages(store, id);
    Ok(Reply::of(json!({ "category": answer })))
}

fn old_row(store: &Store, category: &Category) -> Value {
    json!({
        "ID": category.id.to_string(),
        "CREATED_DATE": print_instant(category.created, store.zone()),
        "NAME": category.name,
        "IS_LOCKED": "N",
        "SORT": category.sort.to_string(),
    })
}

/// `crm.dealcategory.list` answers the pipelines without pipeline 0.
pub fn deal_list(store: &mut Store, _: &Params) -> Result<Reply, RestError> {
    let rows: Vec<Value> =
        store.categories().into_iter().filter(|category| category.id != 0).map(|category| old_row(store, category)).collect();
    let total = Some(rows.len() as u64);
    Ok(Reply { result: Value::Array(rows), next: None, total })
}

/// `crm.dealcategory.default.get` answers pipeline 0.
pub fn deal_default(store: &mut Store, _: &Params) -> Result<Reply, RestError> {
    let name = store.category(0).map_or("", |category| &category.name);
    Ok(Reply::of(json!({ "ID": 0, "NAME": name })))
}

/// `crm.dealcategory.stage.list` `{id?}` answers name, sort and code of the stages; an unknown pipeline has none.
pub fn deal_stages(store: &mut Store, params: &Params) -> Result<Reply, RestError> {
    let id = ask::param_in_any_case(params, "id").map_or(0, value::integer);
    let directory = if id == 0 { "DEAL_STAGE".to_owned() } else { format!("DEAL_STAGE_{id}") };
    let rows: Vec<Value> = store
        .directory(&directory)
        .into_iter()
        .map(|status| json!({ "NAME": status.name, "SORT": status.sort, "STATUS_ID": status.status_id }))
        .collect();
    let total = Some(rows.len() as u64);
    Ok(Reply { result: Value::Array(rows), next: None, total })
}
