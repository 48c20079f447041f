//! One page of records: the condition, the calls that ask for it, and the records in its answer.

use serde_json::{Value as Json, json};

use super::answer::{Answer, values};
use super::call::Call;
use super::decode::{Decoder, IDENTITY_FIELDS};
use super::error::PortalError;
use crate::model::{EntityType, LiveRecord, Schema};

/// The same condition in the words of both families of methods.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    pub universal: Json,
    pub classic: Json,
}

impl Filter {
    /// One condition on the id, such as `@id` and `@ID`.
    pub fn new(universal: &str, classic: &str, value: &Json) -> Self {
        Self { universal: json!({universal: value}), classic: json!({classic: value}) }
    }

    /// The ids from one to another, both included; without an end, all from there on.
    pub fn range(from: u64, to: Option<u64>) -> Self {
        let mut filter = Self::new(">=id", ">=ID", &json!(from));
        if let Some(to) = to {
            filter.universal["<=id"] = json!(to);
            filter.classic["<=ID"] = json!(to);
        }
        filter
    }
}

/// The call for a page of a record type, ascending by id and without a count: counting took 50 s where the page took 0.1 s (rest-transport 6.1).
pub(super) fn list_call(entity: EntityType, filter: &Json, everything: bool) -> Call {
    // `fm` comes with the star only (rest-transport 6.3).
    let select = if everything { json!(["*"]) } else { json!(IDENTITY_FIELDS) };
    Call::new(
        "crm.item.list",
        json!({"entityTypeId": entity.type_id(), "select": select, "filter": filter, "order": {"id": "ASC"}, "start": -1}),
    )
}

/// The call for the addresses of the same page.
pub(super) fn classic_call(entity: EntityType, filter: &Json, codes: &[&str]) -> Call {
    let select: Vec<&str> = std::iter::once("ID").chain(codes.iter().copied()).collect();
    Call::new(format!("crm.{entity}.list"), json!({"select": select, "filter": filter, "order": {"ID": "ASC"}, "start": -1}))
}

/// The address fields that only the classic list has; deals have none.
pub(super) fn address_codes(entity: EntityType, schema: &Schema) -> Vec<&str> {
    let fields = schema.fields.get(&entity).map(Vec::as_slice).unwrap_or_default();
    let is_address = |code: &&str| code.starts_with("ADDRESS") || code.starts_with("REG_ADDRESS");
    fields.iter().filter(|field| field.universal.is_empty()).map(|field| field.code.as_str()).filter(is_address).collect()
}

/// The records of a page, ascending by id.
pub(super) fn records_of(decoder: &Decoder, answer: &Answer) -> Result<Vec<LiveRecord>, PortalError> {
    let items = answer.result.get("items").ok_or(PortalError::Protocol("a list has no items"))?;
    let mut records = Vec::new();
    for item in values(items) {
        // Without ids paging can't go on (trap 31).
        records.push(decoder.record(item).ok_or(PortalError::Protocol("an item has no id"))?);
    }
    records.sort_by_key(|record| record.id);
    records.dedup_by_key(|record| record.id);
    Ok(records)
}
