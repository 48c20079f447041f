//! `crm.activity.*`, as far as it says what hangs on a record.
//!
//! Source: rest-crm 8.6.

use serde_json::{Map, Value, json};

use super::{Params, ask};
use crate::sandbox::answer::{Reply, RestError};
use crate::sandbox::store::Store;
use crate::sandbox::store::moment::print_instant;
use crate::sandbox::store::page::{PAGE, start_of};
use crate::sandbox::store::record::Entity;
use crate::sandbox::store::rows::Activity;
use crate::sandbox::store::value;

/// The kinds that the method makes; a task makes its activity by itself, which here is told by this method too.
const KINDS: [i64; 5] = [1, 2, 3, 4, 6];

/// `add` `{fields: {OWNER_TYPE_ID, OWNER_ID, TYPE_ID, SUBJECT, ..}}` answers the id.
pub fn add(store: &mut Store, params: &Params) -> Result<Reply, RestError> {
    let fields = ask::array(params, "fields")?;
    let number = |name: &str| fields.get(name).map_or(0, value::integer);
    let entity = Entity::of_type_id(number("OWNER_TYPE_ID"));
    let owner = entity.zip(u64::try_from(number("OWNER_ID")).ok());
    let Some((entity, owner)) = owner.filter(|(entity, id)| store.record(*entity, *id).is_some()) else {
        return Err(RestError::bad("", "The field OWNER_ID is required."));
    };
    let kind = number("TYPE_ID");
    if !KINDS.contains(&kind) {
        return Err(RestError::bad("", "The activity type is not supported in current context."));
    }
    let activity = Activity {
        id: store.next_id("activity"),
        entity: entity.type_id(),
        owner,
        kind,
        subject: fields.get("SUBJECT").map(value::text).unwrap_or_default(),
        author: store.caller(),
        created: store.now(),
    };
    let id = activity.id;
    store.note("ACTIVITY", &id, "create", &json!(activity));
    store.put_activity(activity);
    Ok(Reply::of(json!(id)))
}

/// `list` `{filter: {BINDINGS: [{OWNER_TYPE_ID, OWNER_ID}]}, start?}` answers rows of texts by 50.
pub fn list(store: &mut Store, params: &Params) -> Result<Reply, RestError> {
    let filter = ask::classic_array(params, "filter")?;
    let owners: Vec<Map<String, Value>> = match filter.get("BINDINGS").and_then(ask::map_of) {
        Some(bindings) => bindings.values().filter_map(ask::map_of).map(std::borrow::Cow::into_owned).collect(),
        None => vec![filter.into_owned()],
    };
    let number = |owner: &Map<String, Value>, name: &str| owner.get(name).map_or(0, value::integer);
    let rows: Vec<Value> = owners
        .iter()
        .filter_map(|owner| {
            let id = u64::try_from(number(owner, "OWNER_ID")).ok()?;
            Some((Entity::of_type_id(number(owner, "OWNER_TYPE_ID"))?, id))
        })
        .flat_map(|(entity, id)| store.activities(entity, id).map(|activity| row(store, activity)).collect::<Vec<_>>())
        .collect();
    let from = start_of(ask::param_in_any_case(params, "start")).unwrap_or_default();
    let total = rows.len();
    let page: Vec<Value> = rows.into_iter().skip(from).take(PAGE).collect();
    let next = (from + page.len() < total).then_some((from + page.len()) as u64);
    Ok(Reply { result: Value::Array(page), next, total: Some(total as u64) })
}

fn row(store: &Store, activity: &Activity) -> Value {
    json!({
        "ID": activity.id.to_string(),
        "OWNER_TYPE_ID": activity.entity.to_string(),
        "OWNER_ID": activity.owner.to_string(),
        "TYPE_ID": activity.kind.to_string(),
        "SUBJECT": activity.subject,
        "AUTHOR_ID": activity.author.to_string(),
        "CREATED": print_instant(activity.created, store.zone()),
    })
}
