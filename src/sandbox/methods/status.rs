//! `crm.status.*`: directories and stages.
//!
//! Source: rest-crm 6.1, 9.3.

use serde_json::{Value, json};

use super::{Params, ask};
use crate::sandbox::answer::{Reply, RestError};
use crate::sandbox::store::Store;
use crate::sandbox::store::rows::Status;
use crate::sandbox::store::seed::is_directory;
use crate::sandbox::store::value;

/// The longest code of a lead stage. Source: rest-crm 6.1.
const LEAD_STAGE_LEN_MAX: usize = 21;
/// The longest code of a deal stage, and of a quote's.
const DEAL_STAGE_LEN_MAX: usize = 22;
/// The longest code of other directories.
const CODE_LEN_MAX: usize = 50;

/// `crm.status.list` `{order?, filter?}` answers all rows at once; `start` has no effect. Filters compare exactly.
pub fn list(store: &mut Store, params: &Params) -> Result<Reply, RestError> {
    let filter = ask::classic_array(params, "filter")?;
    let order = ask::classic_array(params, "order")?;
    let mut rows: Vec<(&Status, Value)> = store.statuses().map(|status| (status, row(store, status))).collect();
    rows.retain(|(_, row)| {
        filter.iter().filter(|(key, _)| row.get(key.as_str()).is_some()).all(|(key, wanted)| {
            let has = value::text(&row[key.as_str()]);
            match wanted {
                Value::Array(_) | Value::Object(_) => value::items(wanted).into_iter().any(|wanted| value::text(wanted) == has),
                single => value::text(single) == has,
            }
        })
    });
    rows.sort_by_key(|(status, _)| (status.sort, status.id));
    for (key, direction) in order.iter().rev() {
        rows.sort_by(|(one, one_row), (other, other_row)| {
            let ordering = match key.as_str() {
                "SORT" => one.sort.cmp(&other.sort),
                "ID" => one.id.cmp(&other.id),
                name => value::text(&one_row[name]).cmp(&value::text(&other_row[name])),
            };
            if value::text(direction).eq_ignore_ascii_case("desc") { ordering.reverse() } else { ordering }
        });
    }
    let rows: Vec<Value> = rows.into_iter().map(|(_, row)| row).collect();
    let total = Some(rows.len() as u64);
    Ok(Reply { result: Value::Array(rows), next: None, total })
}

/// A row of `crm.status.list`: all values texts or null, EXTRA on stages.
pub fn row(store: &Store, status: &Status) -> Value {
    let or_null = |text: &str| if text.is_empty() { Value::Null } else { json!(text) };
    let mut row = json!({
        "ID": status.id.to_string(),
        "ENTITY_ID": status.entity_id,
        "STATUS_ID": status.status_id,
        "NAME": status.name,
        "NAME_INIT": status.name_init,
        "SORT": status.sort.to_string(),
        "SYSTEM": if status.system { "Y" } else { "N" },
        "CATEGORY_ID": status.category.map(|id| id.to_string()),
        "COLOR": or_null(&status.color),
        "SEMANTICS": or_null(&status.semantics),
    });
    if is_stage_directory(&status.entity_id) {
        let semantics = match status.semantics.as_str() {
            "S" => "success",
            "F" if is_first_failure(store, status) => "failure",
            "F" => "apology",
            _ => "process",
        };
        row["EXTRA"] = json!({ "SEMANTICS": semantics, "COLOR": status.color });
    }
    row
}

fn is_stage_directory(entity_id: &str) -> bool {
    matches!(entity_id, "STATUS" | "QUOTE_STATUS") || entity_id.starts_with("DEAL_STAGE")
}

fn is_first_failure(store: &Store, status: &Status) -> bool {
    store.directory(&status.entity_id).into_iter().find(|other| other.semantics == "F").is_some_and(|first| first.id == status.id)
}

/// `crm.status.add` `{fields: {ENTITY_ID, STATUS_ID, NAME, SORT?, COLOR?, SEMANTICS?}}` answers the row's id. Administrators only.
pub fn add(store: &mut Store, params: &Params) -> Result<Reply, RestError> {
    let fields = ask::classic_array(params, "fields")?;
    let part = |name: &str| fields.get(name).map(value::text).unwrap_or_default();
    if !store.caller_is_admin() {
        return Err(ask::access_denied());
    }
    let (entity_id, mut status_id, name) = (part("ENTITY_ID"), part("STATUS_ID"), part("NAME"));
    let category =
        entity_id.strip_prefix("DEAL_STAGE_").and_then(|id| id.parse::<u64>().ok()).filter(|id| store.category(*id).is_some());
    if !is_directory(&entity_id) && category.is_none() {
        return Err(RestError::bad("", "Specified entity type is not supported."));
    }
    if status_id.is_empty() {
        return Err(RestError::bad("", "The field STATUS_ID is required."));
    }
    if name.is_empty() {
        return Err(RestError::bad("", "The field Title is required."));
    }
    check_code(&entity_id, &status_id)?;
    if let Some(category) = category {
        let prefix = format!("C{category}:");
        if !status_id.starts_with(&prefix) {
            status_id = prefix + &status_id;
        }
    }
    if store.status(&entity_id, &status_id).is_some() {
        return Err(RestError::bad("ERROR_CORE", "The specified status ID already exists."));
    }
    let semantics = Some(part("SEMANTICS")).filter(|text| text == "S" || text == "F").unwrap_or_default();
    if semantics == "S"
        && is_stage_directory(&entity_id)
        && store.directory(&entity_id).iter().any(|status| status.semantics == "S")
    {
        return Err(RestError::bad(
            "",
            "Cannot create more stages after the final stage because the final successful stage already exists.",
        ));
    }
    let color = match part("COLOR") {
        color if color.is_empty() || color.starts_with('#') => color,
        color => format!("#{color}"),
    };
    let sort = fields.get("SORT").map_or(10, value::integer);
    let status = Status {
        id: store.next_id("status"),
        entity_id,
        status_id,
        name,
        name_init: String::new(),
        sort: if sort <= 0 { 10 } else { sort },
        system: false,
        category,
        color,
        semantics,
    };
    let id = status.id;
    store.note("STATUS", &id, "create", &row(store, &status));
    store.put_status(status);
    Ok(Reply::of(json!(id)))
}

fn check_code(entity_id: &str, status_id: &str) -> Result<(), RestError> {
    let len_max = match entity_id {
        "STATUS" => LEAD_STAGE_LEN_MAX,
        name if is_stage_directory(name) => DEAL_STAGE_LEN_MAX,
        _ => CODE_LEN_MAX,
    };
    let bare = status_id.split_once(':').map_or(status_id, |(_, bare)| bare);
    let plain = bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if status_id.chars().count() > len_max || is_stage_directory(entity_id) && !plain {
        return Err(RestError::bad(
            "ERROR_CORE",
            format!("The STATUS_ID field takes at most {len_max} Latin letters, digits, - and _."),
        ));
    }
    Ok(())
}

/// `crm.status.fields` answers the fields of a directory value.
pub fn fields(_: &mut Store, _: &Params) -> Result<Reply, RestError> {
    let entry = |type_name: &str, required: bool, read_only: bool, immutable: bool| json!({ "type": type_name, "isRequired": required, "isReadOnly": read_only, "isImmutable": immutable, "isMultiple": false, "isDynamic": false });
    Ok(Reply::of(json!({
        "ID": entry("integer", false, true, false),
        "ENTITY_ID": entry("string", true, false, true),
        "STATUS_ID": entry("string", true, false, true),
        "SORT": entry("integer", false, false, false),
        "NAME": entry("string", true, false, false),
        "NAME_INIT": entry("string", false, true, false),
        "SYSTEM": entry("char", false, true, false),
        "CATEGORY_ID": entry("integer", false, false, true),
        "COLOR": entry("string", false, false, false),
        "SEMANTICS": entry("char", false, false, true),
        "EXTRA": entry("crm_status_extra", false, false, false),
    })))
}
