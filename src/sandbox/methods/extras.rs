//! `sandbox.*`: what no portal answers over REST. Tests and demonstrations set up here what a person would do in the portal's pages.
//!
//! | method | parameters | answer |
//! |---|---|---|
//! | `sandbox.user.add` | `fields`: ID?, NAME, SECOND_NAME, LAST_NAME, EMAIL, ACTIVE, ADMIN, TIME_ZONE | `{"ID":"2","SECRET":".."}` |
//! | `sandbox.settings.set` | any of `mode`, `close_date_sync`, `required_check`, `origin_filter`, `original_names_fault`, `opened_default`, `no_import`, `responsible_check` | all settings |
//! | `sandbox.status.rename` | ENTITY_ID, STATUS_ID, NAME | `true` |
//! | `sandbox.status.delete` | ENTITY_ID, STATUS_ID | `true` |
//! | `sandbox.ledger` | `since` (0), `limit` (1000) | rows after that `seq` |
//! | `sandbox.binned` | `entityTypeId`? | `[{"entityTypeId":1,"id":5,"deletedTime":"..","deletedBy":1}]` |
//! | `sandbox.recover` | `entityTypeId`, `id` | `{"id": new id}` |

use serde_json::{Map, Value, json};

use super::{Params, ask};
use crate::sandbox::answer::{Reply, RestError};
use crate::sandbox::store::Store;
use crate::sandbox::store::moment::print_instant;
use crate::sandbox::store::rows::{Settings, User, new_secret};
use crate::sandbox::store::value;

/// Rows of the ledger in one answer, if no `limit` is given.
const LEDGER_ROWS: i64 = 1000;

/// Adds a user, or changes the one with this ID, and answers the id and the secret of the user's webhook.
pub fn user_add(store: &mut Store, params: &Params) -> Result<Reply, RestError> {
    let fields = ask::array(params, "fields")?;
    let part = |name: &str| fields.get(name).map(value::text).unwrap_or_default();
    let flag = |name: &str, default: bool| fields.get(name).map_or(default, value::classic_flag);
    let id = match u64::try_from(value::integer(&fields.get("ID").cloned().unwrap_or_default())) {
        Ok(id) if id > 0 => id,
        _ => store.next_id("user"),
    };
    store.reserve_id("user", id);
    let user = User {
        id,
        name: part("NAME"),
        second_name: part("SECOND_NAME"),
        last_name: part("LAST_NAME"),
        email: part("EMAIL"),
        active: flag("ACTIVE", true),
        admin: flag("ADMIN", false),
        time_zone: part("TIME_ZONE"),
        secret: store.user(id).map_or_else(new_secret, |user| user.secret.clone()),
        registered: store.user(id).map_or(store.now(), |user| user.registered),
    };
    let answer = json!({ "ID": id.to_string(), "SECRET": user.secret });
    store.note("USER", &id, "create", &json!({ "ID": id, "ADMIN": user.admin, "ACTIVE": user.active }));
    store.put_user(user);
    Ok(Reply::of(answer))
}

/// Changes switches of the portal; what isn't named stays. A wrong name or value is refused, since it can only be a slip in a test.
pub fn settings_set(store: &mut Store, params: &Params) -> Result<Reply, RestError> {
    let mut settings = json!(store.settings());
    for (name, given) in params {
        let Some(setting) = settings.get_mut(name) else {
            if name == "auth" {
                continue;
            }
            return Err(RestError::bad("INVALID_ARG_VALUE", format!("Unknown setting {name}")));
        };
        *setting = if setting.is_boolean() { json!(value::classic_flag(given)) } else { json!(value::integer(given)) };
    }
    let settings: Settings =
        serde_json::from_value(settings).map_err(|error| RestError::bad("INVALID_ARG_VALUE", error.to_string()))?;
    if !(1..=2).contains(&settings.mode) {
        return Err(RestError::bad("INVALID_ARG_VALUE", "mode is 1 or 2"));
    }
    let answer = json!(settings);
    store.note("SETTINGS", &0, "update", &answer);
    store.set_settings(settings);
    Ok(Reply::of(answer))
}

/// Renames a directory value.
pub fn status_rename(store: &mut Store, params: &Params) -> Result<Reply, RestError> {
    let part = |name: &str| ask::must(params, name).map(value::text);
    let found = store.status(&part("ENTITY_ID")?, &part("STATUS_ID")?).cloned();
    let Some(mut status) = found else { return Err(RestError::bad("NOT_FOUND", "No such status")) };
    status.name = part("NAME")?;
    store.note("STATUS", &status.id, "update", &super::status::row(store, &status));
    store.put_status(status);
    Ok(Reply::of(json!(true)))
}

/// Takes a directory value away, whoever may use it.
pub fn status_delete(store: &mut Store, params: &Params) -> Result<Reply, RestError> {
    let part = |name: &str| ask::must(params, name).map(value::text);
    let found = store.status(&part("ENTITY_ID")?, &part("STATUS_ID")?).cloned();
    let Some(status) = found else { return Err(RestError::bad("NOT_FOUND", "No such status")) };
    store.note("STATUS", &status.id, "delete", &super::status::row(store, &status));
    store.drop_status(status.id);
    Ok(Reply::of(json!(true)))
}

/// The ledger after an entry.
pub fn ledger(store: &mut Store, params: &Params) -> Result<Reply, RestError> {
    let since = ask::given(params, "since").map_or(0, value::integer);
    let limit = ask::given(params, "limit").map_or(LEDGER_ROWS, value::integer);
    let rows =
        store.ledger(since, limit).map_err(|error| RestError::with_status(500, "INTERNAL_SERVER_ERROR", error.to_string()))?;
    let rows: Vec<Value> = rows
        .into_iter()
        .map(|row| {
            let payload: Value = serde_json::from_str(&row.payload).unwrap_or(Value::Null);
            json!({
                "seq": row.seq,
                "at": row.at,
                "user": row.user,
                "method": row.method,
                "entity": row.entity,
                "entity_id": row.entity_id,
                "action": row.action,
                "payload": payload,
            })
        })
        .collect();
    Ok(Reply::of(Value::Array(rows)))
}

/// What lies in the recycle bin.
pub fn binned(store: &mut Store, params: &Params) -> Result<Reply, RestError> {
    let only = ask::given(params, "entityTypeId").map(value::integer);
    let rows: Vec<Value> = store
        .binned()
        .filter(|(entity, _, _)| only.is_none_or(|only| only == *entity))
        .map(|(entity, id, binned)| {
            let mut row = Map::new();
            row.insert("entityTypeId".to_owned(), json!(entity));
            row.insert("id".to_owned(), json!(id));
            row.insert("deletedTime".to_owned(), json!(print_instant(binned.deleted, store.zone())));
            row.insert("deletedBy".to_owned(), json!(binned.deleted_by));
            Value::Object(row)
        })
        .collect();
    Ok(Reply::of(Value::Array(rows)))
}

/// Brings a record back from the bin under a new id.
pub fn recover(store: &mut Store, params: &Params) -> Result<Reply, RestError> {
    let entity = ask::entity(params)?;
    let id = u64::try_from(value::integer(ask::must(params, "id")?)).unwrap_or_default();
    let new_id = store.recover(entity, id).ok_or_else(super::item::not_found)?;
    Ok(Reply::of(json!({ "id": new_id })))
}
