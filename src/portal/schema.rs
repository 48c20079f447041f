//! Loads a portal's schema: fields, directories, pipelines, currencies, users, mode and clock, in one batch and the pages it leaves.

use jiff::fmt::temporal::Pieces;
use serde_json::{Value as Json, json};

use super::answer::{Answer, plain, values, whole};
use super::call::Call;
use super::effect::Refusal;
use super::error::PortalError;
use super::fields;
use super::line::Line;
use crate::model::{CrmMode, Currency, EntityType, Entry, Pipeline, Schema, User, UserId};

/// Rows of one page of `user.get`.
const PAGE: u64 = 50;

/// Loads the schema.
pub(super) async fn load(line: &Line) -> Result<Schema, PortalError> {
    let mut calls: Vec<Call> =
        EntityType::ALL.map(|entity| Call::new("crm.item.fields", json!({"entityTypeId": entity.type_id()}))).into();
    calls.extend([
        Call::new("crm.status.list", json!({"order": {"SORT": "ASC"}})),
        Call::new("crm.category.list", json!({"entityTypeId": EntityType::Deal.type_id()})),
        Call::new("crm.currency.list", Json::Null),
        Call::new("crm.currency.base.get", Json::Null),
        Call::new("crm.settings.mode.get", Json::Null),
        Call::new("server.time", Json::Null),
        Call::new("profile", Json::Null),
        users_page(0),
    ]);
    let mut answers = line.read(&calls).await?.into_iter();
    let mut schema = Schema::standard();
    for entity in EntityType::ALL {
        let described = required(answers.next())?.result;
        fields::merge(schema.fields.entry(entity).or_default(), &described);
    }
    let statuses = required(answers.next())?;
    directories(&mut schema, statuses.result);
    schema.pipelines = pipelines(&required(answers.next())?.result);
    schema.currencies = currencies(&required(answers.next())?.result, &required(answers.next())?.result);
    schema.mode = if whole(&required(answers.next())?.result) == Some(2) { CrmMode::Simple } else { CrmMode::Classic };
    schema.server_offset = offset(&required(answers.next())?.result)?;
    let profile = required(answers.next())?.result;
    schema.users = match answers.next() {
        Some(Ok(first)) => users(line, first).await?,
        // The scope `user` is missing; the webhook's own user is still known.
        _ => user(&profile).into_iter().collect(),
    };
    Ok(schema)
}

fn required(answer: Option<Result<Answer, Refusal>>) -> Result<Answer, PortalError> {
    answer.ok_or(PortalError::Protocol("an answer is missing"))?.map_err(PortalError::from)
}

/// The rows of `crm.status.list` into their directories, in sort order.
fn directories(schema: &mut Schema, statuses: Json) {
    let part = |row: &Json, key: &str| row.get(key).map(plain).unwrap_or_default();
    let mut rows: Vec<(f64, Json)> = match statuses {
        Json::Array(rows) => {
            rows.into_iter().map(|row| (row.get("SORT").and_then(super::answer::number).unwrap_or_default(), row)).collect()
        }
        _ => Vec::new(),
    };
    rows.sort_by(|one, other| one.0.total_cmp(&other.0));
    for (_, row) in rows {
        let entry = Entry {
            code: part(&row, "STATUS_ID"),
            name: fields::decoded(&part(&row, "NAME")),
            semantics: part(&row, "SEMANTICS"),
        };
        schema.directories.entry(part(&row, "ENTITY_ID")).or_default().push(entry);
    }
}

fn pipelines(result: &Json) -> Vec<Pipeline> {
    let rows = result.get("categories").map(values).unwrap_or_default();
    let pipeline = |row: &&Json| {
        Some(Pipeline {
            id: row.get("id").and_then(whole)?,
            name: fields::decoded(&row.get("name").map(plain).unwrap_or_default()),
        })
    };
    rows.iter().filter_map(pipeline).collect()
}

fn currencies(rows: &Json, base: &Json) -> Vec<Currency> {
    let base = plain(base);
    let currency = |row: &Json| {
        let code = plain(row.get("CURRENCY")?);
        let name = row.get("FULL_NAME").map(plain).filter(|name| !name.is_empty()).unwrap_or_else(|| code.clone());
        Some(Currency { base: code == base, name: fields::decoded(&name), code })
    };
    values(rows).into_iter().filter_map(currency).collect()
}

fn users_page(start: u64) -> Call {
    // Without ACTIVE in the filter the dismissed come too (rest-crm 6.4).
    Call::new("user.get", json!({"sort": "ID", "order": "ASC", "start": start}))
}

/// All users: the first page, and the pages that its total announces.
async fn users(line: &Line, first: Answer) -> Result<Vec<User>, PortalError> {
    let pages: Vec<Call> = (1..first.total.unwrap_or_default().div_ceil(PAGE)).map(|page| users_page(page * PAGE)).collect();
    let mut users: Vec<User> = values(&first.result).into_iter().filter_map(user).collect();
    for answer in line.read(&pages).await? {
        users.extend(values(&required(Some(answer))?.result).into_iter().filter_map(user));
    }
    // An offset page can overlap another when a user is added meanwhile.
    users.sort_by_key(|user| user.id);
    users.dedup_by_key(|user| user.id);
    Ok(users)
}

/// A row of `user.get`, or the answer of `profile`, which has fewer fields.
fn user(row: &Json) -> Option<User> {
    let part = |key: &str| row.get(key).map(plain).unwrap_or_default();
    Some(User {
        id: UserId(row.get("ID").and_then(whole)?),
        name: part("NAME"),
        second_name: part("SECOND_NAME"),
        last_name: part("LAST_NAME"),
        login: part("EMAIL"),
        active: !matches!(part("ACTIVE").as_str(), "false" | "N" | "0"),
    })
}

/// The server's offset from UTC in seconds, from the answer of `server.time`.
pub(super) fn offset(time: &Json) -> Result<i32, PortalError> {
    let offset = Pieces::parse(&plain(time)).ok().and_then(|pieces| pieces.to_numeric_offset());
    offset.map(jiff::tz::Offset::seconds).ok_or(PortalError::Protocol("server.time has no offset"))
}
