//! From an item of `crm.item.list` to a record: classic codes, typed values (rest-transport 7, rest-crm 3.2 and 6.7).
//!
//! Lenient about form (numbers come as text and text as numbers), strict about meaning: what can't be read as its type stays text, so
//! that it shows as a difference instead of vanishing.

use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, fmt::strtime};
use rust_decimal::Decimal;
use serde_json::{Map, Value as Json};

use super::answer::{plain, values, whole};
use crate::model::{
    EntityType, FieldCode, FieldDef, FieldType, LiveRecord, PortalId, ProductRow, RowDetails, Schema, UserId, Value,
};

/// The fields that tell records apart; all that is read where only existence matters.
pub(super) const IDENTITY_FIELDS: &[&str] = &["id", "originatorId", "originId", "createdTime"];

/// Turns the items of one record type into records.
pub(super) struct Decoder<'a> {
    entity: EntityType,
    /// The fields with a universal name, but the id and what isn't compared.
    fields: Vec<&'a FieldDef>,
    /// What the server's offset means for a moment without one.
    server: Offset,
}

impl<'a> Decoder<'a> {
    /// A decoder for one record type of a portal.
    pub fn new(entity: EntityType, schema: &'a Schema) -> Self {
        let wanted = |field: &&FieldDef| {
            !field.universal.is_empty()
                && !matches!(field.kind, FieldType::Id | FieldType::File | FieldType::Products | FieldType::Multi(_))
        };
        let fields = schema.fields.get(&entity).map(|fields| fields.iter().filter(wanted).collect()).unwrap_or_default();
        Self { entity, fields, server: Offset::from_seconds(schema.server_offset).unwrap_or(Offset::UTC) }
    }

    /// The record of an item; `None` for one without an id.
    ///
    /// A field that the answer doesn't have is absent. A multi-field without values is absent too: the portal doesn't say which kinds
    /// a record could have.
    pub fn record(&self, item: &Json) -> Option<LiveRecord> {
        let item = item.as_object()?;
        let id = item.get("id").or_else(|| item.get("ID")).and_then(whole)?;
        let mut record = LiveRecord::new(self.entity, PortalId(id));
        for field in &self.fields {
            if let Some(json) = item.get(&field.universal) {
                record.push(field.code.clone(), self.value(field, json));
            }
        }
        if let Some(entries) = item.get("fm") {
            multi_fields(&mut record, entries);
        }
        Some(record)
    }

    fn value(&self, field: &FieldDef, json: &Json) -> Value {
        let is_php_array = matches!(json, Json::Array(_) | Json::Object(_));
        if !field.multiple && !is_php_array {
            return self.single(&field.kind, json);
        }
        // An empty multiple field comes as `[]`, `false` or null (rest-transport 7).
        let each = if is_php_array { values(json) } else { vec![json] };
        let list: Vec<Value> = each
            .into_iter()
            .filter(|one| !one.is_null() && *one != &Json::Bool(false))
            .map(|one| self.single(&field.kind, one))
            .filter(|value| !value.is_empty())
            .collect();
        match list.len() {
            0 => Value::Empty,
            1 if !field.multiple => list.into_iter().next().unwrap_or(Value::Empty),
            _ => Value::List(list),
        }
    }

    fn single(&self, kind: &FieldType, json: &Json) -> Value {
        match (kind, json) {
            (FieldType::Flag, Json::Bool(flag)) => return Value::Flag(*flag),
            // PHP's way to say that there is nothing.
            (_, Json::Bool(false)) => return Value::Empty,
            _ => {}
        }
        let text = plain(json);
        if text.is_empty() {
            return Value::Empty;
        }
        let known = match kind {
            FieldType::Integer | FieldType::Double => decimal(&text).map(Value::Number),
            FieldType::Money => money(&text),
            FieldType::Flag => flag(&text).map(Value::Flag),
            FieldType::Date => day(&text).map(Value::Date),
            FieldType::Moment => self.moment(&text).map(Value::Moment),
            // Pipeline 0 is the general one, not none.
            FieldType::Status(_) | FieldType::Stage | FieldType::Pipeline | FieldType::Currency => {
                Some(Value::Code(text.as_str().into()))
            }
            FieldType::Enumeration => Some(if text == "0" { Value::Empty } else { Value::Code(text.as_str().into()) }),
            FieldType::User => text.parse().ok().map(|id| if id == 0 { Value::Empty } else { Value::User(UserId(id)) }),
            FieldType::Link(_) | FieldType::Parent => {
                text.parse().ok().map(|id| if id == 0 { Value::Empty } else { Value::Link(id) })
            }
            _ => None,
        };
        known.unwrap_or(Value::Text(text.into()))
    }

    /// A moment; one without an offset is in the server's zone (trap 13).
    fn moment(&self, text: &str) -> Option<Timestamp> {
        if let Ok(moment) = text.parse::<Timestamp>() {
            return Some(moment);
        }
        let clock: DateTime = text.parse().ok()?;
        TimeZone::fixed(self.server).to_timestamp(clock).ok()
    }
}

/// The values of `fm`, by kind and type, in their order.
fn multi_fields(record: &mut LiveRecord, entries: &Json) {
    let mut found: Vec<(String, Vec<Value>)> = Vec::new();
    for entry in values(entries) {
        let part = |name: &str| entry.get(name).map(plain).unwrap_or_default();
        let (code, value) = (format!("{}_{}", part("typeId"), part("valueType")), part("value"));
        if value.is_empty() {
            continue;
        }
        match found.iter_mut().find(|(known, _)| *known == code) {
            Some((_, values)) => values.push(Value::Text(value.into())),
            None => found.push((code, vec![Value::Text(value.into())])),
        }
    }
    for (code, values) in found {
        record.push(FieldCode::from(code), Value::List(values));
    }
}

/// Adds the address fields of a row of a classic list: they have no universal name (rest-crm 1.1).
pub(super) fn add_addresses(record: &mut LiveRecord, row: &Map<String, Json>) {
    for (code, json) in row {
        if code != "ID" {
            let text = plain(json);
            record.set(FieldCode::from(code.as_str()), if text.is_empty() { Value::Empty } else { Value::Text(text.into()) });
        }
    }
}

/// The product row of an item of `crm.item.productrow.list`.
pub(super) fn product_row(json: &Json) -> ProductRow {
    let number = |name: &str| json.get(name).map(plain).and_then(|text| decimal(&text)).unwrap_or_default();
    ProductRow {
        name: json.get("productName").map(plain).unwrap_or_default(),
        price: number("price"),
        quantity: number("quantity"),
        details: row_details(json),
    }
}

/// What an export doesn't hold of a product row; nothing for a row of free text.
fn row_details(json: &Json) -> Option<Box<RowDetails>> {
    let text = |name: &str| json.get(name).map(plain).unwrap_or_default();
    let number = |name: &str| decimal(&text(name)).unwrap_or_default();
    let whole = |name: &str| json.get(name).and_then(whole).unwrap_or_default();
    let details = RowDetails {
        product: whole("productId"),
        discount_type: whole("discountTypeId"),
        discount_rate: number("discountRate"),
        discount_sum: number("discountSum"),
        tax_rate: decimal(&text("taxRate")),
        tax_included: flag(&text("taxIncluded")).unwrap_or_default(),
        measure: whole("measureCode"),
    };
    details.tell().then(|| Box::new(details))
}

/// A value of a multi-field with the id that the portal knows it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MultiValue {
    /// Its id.
    pub id: u64,
    /// Its kind and type: `PHONE_WORK`.
    pub field: FieldCode,
    /// The value.
    pub value: String,
}

/// The id of an item, and the values of its multi-fields in their order; `None` for one without an id.
pub(super) fn multi_values(item: &Json) -> Option<(PortalId, Vec<MultiValue>)> {
    let id = item.get("id").and_then(whole)?;
    let value = |entry: &Json| {
        let part = |name: &str| entry.get(name).map(plain).unwrap_or_default();
        let field = FieldCode::from(format!("{}_{}", part("typeId"), part("valueType")));
        Some(MultiValue { id: entry.get("id").and_then(whole)?, field, value: part("value") })
    };
    let entries = item.get("fm").map(values).unwrap_or_default();
    Some((PortalId(id), entries.into_iter().filter_map(value).filter(|entry| !entry.value.is_empty()).collect()))
}

/// A number from its text, so that no digit is lost on the way; `19000`, `15000.00`, `1.5e3`.
fn decimal(text: &str) -> Option<Decimal> {
    let text = text.trim();
    text.parse().ok().or_else(|| Decimal::from_scientific(text).ok())
}

/// `300|USD`; the currency may be missing.
fn money(text: &str) -> Option<Value> {
    let (amount, currency) = text.split_once('|').unwrap_or((text, ""));
    if amount.trim().is_empty() {
        return Some(Value::Empty);
    }
    Some(Value::money(decimal(amount)?, Some(currency.trim().to_owned()).filter(|code| !code.is_empty())))
}

fn flag(text: &str) -> Option<bool> {
    match text {
        "Y" | "y" | "1" | "true" => Some(true),
        "N" | "n" | "0" | "false" => Some(false),
        _ => None,
    }
}

/// The day of a date: midnight UTC of it, printed in the server's zone (trap 12).
fn day(text: &str) -> Option<Date> {
    match text.parse::<Timestamp>() {
        Ok(moment) => Some(TimeZone::UTC.to_datetime(moment).date()),
        Err(_) => strtime::parse("%Y-%m-%d", text).ok()?.to_date().ok(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use serde_json::json;

    use super::*;

    fn decoded(entity: EntityType, item: &Json) -> LiveRecord {
        Decoder::new(entity, &Schema::standard()).record(item).expect("an item with an id")
    }

    #[test]
    fn an_item_becomes_a_record_of_classic_codes() {
        let lead = decoded(
            EntityType::Lead,
            &json!({"id": 342, "title": "A", "stageId": "NEW", "opportunity": 999.99, "currencyId": "EUR", "opened": "N", "assignedById": 6,
                    "companyId": 0, "contactId": null, "contactIds": [4, 5], "observers": [], "isManualOpportunity": true,
                    "createdTime": "2024-07-18T14:00:14+02:00", "utmSource": null, "utmTerm": false, "searchContent": "junk"}),
        );
        assert_eq!(lead.id, PortalId(342));
        assert_eq!(lead.get("STATUS_ID"), Some(&Value::Code("NEW".into())));
        assert_eq!(lead.get("OPPORTUNITY"), Some(&Value::Number("999.99".parse().expect("a number"))));
        assert_eq!(lead.get("CURRENCY_ID"), Some(&Value::Code("EUR".into())));
        assert_eq!(lead.get("OPENED"), Some(&Value::Flag(false)));
        assert_eq!(lead.get("IS_MANUAL_OPPORTUNITY"), Some(&Value::Flag(true)));
        assert_eq!(lead.get("ASSIGNED_BY_ID"), Some(&Value::User(UserId(6))));
        assert_eq!(lead.get("COMPANY_ID"), Some(&Value::Empty));
        assert_eq!(lead.get("CONTACT_ID"), Some(&Value::Empty));
        assert_eq!(lead.get("CONTACT_IDS"), Some(&Value::List(vec![Value::Link(4), Value::Link(5)])));
        assert_eq!(lead.get("OBSERVERS"), Some(&Value::Empty));
        assert_eq!(lead.get("UTM_SOURCE"), Some(&Value::Empty));
        assert_eq!(lead.get("UTM_TERM"), Some(&Value::Empty));
        assert_eq!(lead.get("DATE_CREATE"), Some(&Value::Moment("2024-07-18T12:00:14Z".parse().expect("a moment"))));
        assert_eq!(lead.get("HONORIFIC"), None, "what the answer doesn't have is absent");
    }

    #[test]
    fn trap_12_a_date_is_its_utc_day_whatever_the_zone_it_is_printed_in() {
        for text in [
            "2024-01-31T18:00:00-06:00",
            "2024-02-01T03:00:00+03:00",
            "2024-02-01T00:00:00+00:00",
            "2024-02-01",
            "2024-02-01T00:00:00Z",
        ] {
            let deal = decoded(EntityType::Deal, &json!({"id": 1, "begindate": text}));
            assert_eq!(deal.get("BEGINDATE"), Some(&Value::Date(date(2024, 2, 1))), "{text}");
        }
    }

    #[test]
    fn numbers_come_as_numbers_or_as_text_and_keep_their_digits() {
        for (json, text) in [
            (json!(19000), "19000"),
            (json!("15000.00"), "15000.00"),
            (json!(0), "0"),
            (json!(0.1), "0.1"),
            (json!(1.5e3), "1500.0"),
        ] {
            let deal = decoded(EntityType::Deal, &json!({"id": "7", "opportunity": json}));
            assert_eq!(deal.get("OPPORTUNITY"), Some(&Value::Number(text.parse().expect("a number"))), "{json}");
        }
    }

    #[test]
    fn the_general_pipeline_is_a_pipeline() {
        let deal = decoded(EntityType::Deal, &json!({"id": 7, "categoryId": 0, "stageId": "C9:WON"}));
        assert_eq!(deal.get("CATEGORY_ID"), Some(&Value::Code("0".into())));
        assert_eq!(deal.get("STAGE_ID"), Some(&Value::Code("C9:WON".into())));
    }

    #[test]
    fn multi_fields_are_sorted_by_kind_and_type_in_their_order() {
        let contact = decoded(
            EntityType::Contact,
            &json!({"id": 1, "fm": [
                {"id": 101, "valueType": "WORK", "value": "+52 55 1", "typeId": "PHONE"},
                {"id": 102, "valueType": "HOME", "value": "a@b.mx", "typeId": "EMAIL"},
                {"id": 103, "valueType": "WORK", "value": "+52 55 2", "typeId": "PHONE"}], "phoneWork": "+52 55 1"}),
        );
        assert_eq!(
            contact.get("PHONE_WORK"),
            Some(&Value::List(vec![Value::Text("+52 55 1".into()), Value::Text("+52 55 2".into())]))
        );
        assert_eq!(contact.get("EMAIL_HOME"), Some(&Value::List(vec![Value::Text("a@b.mx".into())])));
    }

    #[test]
    fn custom_fields_are_read_by_their_type() {
        let mut schema = Schema::standard();
        let fields = schema.fields.get_mut(&EntityType::Lead).expect("every type has fields");
        for (code, kind, multiple) in [
            ("UF_CRM_M", FieldType::Money, false),
            ("UF_CRM_E", FieldType::Enumeration, true),
            ("UF_CRM_B", FieldType::Binding, false),
            ("UF_CRM_F", FieldType::File, false),
            ("UF_CRM_Y", FieldType::Flag, false),
            ("UF_CRM_Z", FieldType::Enumeration, true),
        ] {
            let mut field = FieldDef::multi(code, crate::model::multifield_of("PHONE_WORK").expect("a multi-field"));
            (field.kind, field.multiple, field.universal) = (kind, multiple, code.to_lowercase());
            fields.push(field);
        }
        let item = json!({"id": 1, "uf_crm_m": "300|USD", "uf_crm_e": [81, "82"], "uf_crm_b": 5, "uf_crm_f": {"id": 3, "url": "x"}, "uf_crm_y": "1", "uf_crm_z": false});
        let lead = Decoder::new(EntityType::Lead, &schema).record(&item).expect("an item with an id");
        assert_eq!(lead.get("UF_CRM_M"), Some(&Value::money(300.into(), Some("USD".into()))));
        assert_eq!(lead.get("UF_CRM_E"), Some(&Value::List(vec![Value::Code("81".into()), Value::Code("82".into())])));
        assert_eq!(lead.get("UF_CRM_B"), Some(&Value::Text("5".into())));
        assert_eq!(lead.get("UF_CRM_F"), None);
        assert_eq!(lead.get("UF_CRM_Y"), Some(&Value::Flag(true)));
        assert_eq!(lead.get("UF_CRM_Z"), Some(&Value::Empty));
    }

    #[test]
    fn a_moment_without_an_offset_is_the_servers_trap_13() {
        let mut schema = Schema::standard();
        schema.server_offset = -6 * 3600;
        let item = json!({"id": 1, "createdTime": "2024-01-31 18:00:00"});
        let lead = Decoder::new(EntityType::Lead, &schema).record(&item).expect("an item with an id");
        assert_eq!(lead.get("DATE_CREATE"), Some(&Value::Moment("2024-02-01T00:00:00Z".parse().expect("a moment"))));
    }

    #[test]
    fn trap_31_a_row_without_an_id_is_no_record() {
        let schema = Schema::standard();
        let decoder = Decoder::new(EntityType::Lead, &schema);
        for item in [json!([]), json!({}), json!({"title": "A"}), json!(null)] {
            assert_eq!(decoder.record(&item), None);
        }
    }
}
