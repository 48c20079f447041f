//! `profile` and `user.*`.
//!
//! Source: rest-crm 6.4; REST docs of `user.get`, `user.current`, `user.admin`, `profile`.

use serde_json::{Map, Value, json};

use super::{Params, ask};
use crate::sandbox::answer::{Reply, RestError};
use crate::sandbox::store::Store;
use crate::sandbox::store::filter::{Operator, like, split_key};
use crate::sandbox::store::moment::print_instant;
use crate::sandbox::store::page::{PAGE, start_of};
use crate::sandbox::store::rows::User;
use crate::sandbox::store::value;

fn caller(store: &Store) -> Result<&User, RestError> {
    store.user(store.caller()).ok_or_else(|| RestError::with_status(401, "INVALID_CREDENTIALS", "Invalid request credentials"))
}

/// `profile` answers the caller's id, name and whether the caller is an administrator.
pub fn profile(store: &mut Store, _: &Params) -> Result<Reply, RestError> {
    let user = caller(store)?;
    Ok(Reply::of(json!({
        "ID": user.id.to_string(),
        "ADMIN": user.admin,
        "NAME": user.name,
        "LAST_NAME": user.last_name,
        "PERSONAL_GENDER": "",
        "TIME_ZONE": user.time_zone,
    })))
}

/// `user.current` answers the caller's row.
pub fn current(store: &mut Store, _: &Params) -> Result<Reply, RestError> {
    Ok(Reply::of(row(store, caller(store)?)))
}

/// `user.admin` answers whether the caller is an administrator.
pub fn admin(store: &mut Store, _: &Params) -> Result<Reply, RestError> {
    Ok(Reply::of(json!(store.caller_is_admin())))
}

/// A user's row: ID a text, ACTIVE a boolean, dates ISO.
fn row(store: &Store, user: &User) -> Value {
    let registered = print_instant(user.registered, store.zone());
    json!({
        "ID": user.id.to_string(),
        "ACTIVE": user.active,
        "NAME": user.name,
        "LAST_NAME": user.last_name,
        "SECOND_NAME": user.second_name,
        "EMAIL": user.email,
        "LAST_LOGIN": registered,
        "DATE_REGISTER": registered,
        "TIME_ZONE": user.time_zone,
        "IS_ONLINE": if user.id == store.caller() { "Y" } else { "N" },
        "TIMESTAMP_X": {},
        "LAST_ACTIVITY_DATE": {},
        "PERSONAL_GENDER": "",
        "PERSONAL_BIRTHDAY": "",
        "WORK_POSITION": "",
        "UF_EMPLOYMENT_DATE": "",
        "UF_DEPARTMENT": [1],
        "USER_TYPE": "employee",
    })
}

/// `user.get` `{FILTER?, sort?, order?, start?, ..}` answers rows by 50. A field of the row may also be given beside FILTER (`ID=1`).
pub fn get(store: &mut Store, params: &Params) -> Result<Reply, RestError> {
    let mut filter: Map<String, Value> = ask::array_or_empty(params, "FILTER")?.into_owned();
    filter.extend(ask::array_or_empty(params, "filter")?.into_owned());
    filter.extend(
        params
            .iter()
            .filter(|(key, _)| matches!(key.as_str(), "ID" | "EMAIL" | "ACTIVE" | "NAME" | "LAST_NAME"))
            .map(|(key, value)| (key.clone(), value.clone())),
    );
    let mut rows: Vec<Value> = store.users().map(|user| row(store, user)).collect();
    rows.retain(|row| filter.iter().all(|(key, wanted)| holds(row, key, wanted)));
    let sort = ask::param_in_any_case(params, "sort").map(value::text).unwrap_or_default();
    if !sort.is_empty() && sort != "ID" {
        rows.sort_by_cached_key(|row| row.get(&sort).map(value::text));
    }
    if params.get("order").or_else(|| params.get("ORDER")).is_some_and(|order| value::text(order).eq_ignore_ascii_case("desc")) {
        rows.reverse();
    }
    let start = start_of(ask::param_in_any_case(params, "start"));
    let total = rows.len();
    let from = start.unwrap_or_default();
    let page: Vec<Value> = rows.into_iter().skip(from).take(PAGE).collect();
    let next = start.filter(|from| from + page.len() < total && page.len() == PAGE).map(|from| (from + page.len()) as u64);
    Ok(Reply { result: Value::Array(page), next, total: start.map(|_| total as u64) })
}

fn holds(row: &Value, key: &str, wanted: &Value) -> bool {
    let (operator, name) = split_key(key);
    if name.eq_ignore_ascii_case("NAME_SEARCH") {
        let name = format!("{} {}", value::text(&row["NAME"]), value::text(&row["LAST_NAME"]));
        return like(&name, &format!("%{}%", value::text(wanted)));
    }
    let Some(has) = row.get(name.to_uppercase()) else { return true };
    let same = |wanted: &Value| match has {
        Value::Bool(flag) => *flag == (value::classic_flag(wanted)),
        other => value::text(other).eq_ignore_ascii_case(&value::text(wanted)),
    };
    let any = || {
        if matches!(wanted, Value::Array(_) | Value::Object(_)) {
            value::items(wanted).into_iter().any(same)
        } else {
            same(wanted)
        }
    };
    let number = |value: &Value| value::integer(value);
    match operator {
        Operator::NotEqual | Operator::NotIn => !any(),
        Operator::Greater => number(has) > number(wanted),
        Operator::GreaterOrEqual => number(has) >= number(wanted),
        Operator::Less => number(has) < number(wanted),
        Operator::LessOrEqual => number(has) <= number(wanted),
        Operator::Contains => like(&value::text(has), &format!("%{}%", value::text(wanted))),
        Operator::Like => like(&value::text(has), &value::text(wanted)),
        _ => any(),
    }
}
