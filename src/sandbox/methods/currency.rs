//! `crm.currency.*`.
//!
//! Source: rest-crm 6.3, 9.4.

use serde_json::{Value, json};

use super::{Params, ask};
use crate::sandbox::answer::{Reply, RestError};
use crate::sandbox::store::Store;
use crate::sandbox::store::moment::print_instant;
use crate::sandbox::store::rows::Currency;
use crate::sandbox::store::value;

/// `crm.currency.list` answers all currencies; `total` is always 0, and numbers are texts.
pub fn list(store: &mut Store, _: &Params) -> Result<Reply, RestError> {
    let rows: Vec<Value> = store
        .currencies()
        .into_iter()
        .map(|currency| {
            json!({
                "CURRENCY": currency.code,
                "AMOUNT_CNT": currency.amount_count.to_string(),
                "AMOUNT": format!("{:.4}", currency.amount),
                "SORT": currency.sort.to_string(),
                "BASE": if currency.base { "Y" } else { "N" },
                "FULL_NAME": currency.name,
                "LID": store.language_code(),
                "FORMAT_STRING": currency.format,
                "DEC_POINT": ".",
                "THOUSANDS_SEP": ",",
                "DECIMALS": currency.decimals.to_string(),
                "DATE_UPDATE": print_instant(currency.updated, store.zone()),
            })
        })
        .collect();
    Ok(Reply { result: Value::Array(rows), next: None, total: Some(0) })
}

/// `crm.currency.add` `{fields: {CURRENCY, AMOUNT_CNT?, AMOUNT?, SORT?, LANG?}}` answers the code in upper case. Administrators only.
pub fn add(store: &mut Store, params: &Params) -> Result<Reply, RestError> {
    let fields = ask::classic_array(params, "fields")?;
    if !store.caller_is_admin() {
        return Err(ask::access_denied());
    }
    let code = fields.get("CURRENCY").map(value::text).unwrap_or_default().to_uppercase();
    if code.chars().count() != 3 || !code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(RestError::bad("ERROR_CORE", "The currency code must have three Latin letters."));
    }
    if store.currencies().iter().any(|currency| currency.code == code) {
        return Err(RestError::bad("ERROR_CORE", format!("The currency {code} already exists.")));
    }
    let by_language = fields.get("LANG").map(value::items).unwrap_or_default().into_iter().next();
    let named = |key: &str| by_language.and_then(|row| row.get(key)).map(value::text).filter(|text| !text.is_empty());
    let currency = Currency {
        name: named("FULL_NAME").unwrap_or_else(|| code.clone()),
        format: named("FORMAT_STRING").unwrap_or_else(|| format!("# {code}")),
        amount_count: fields.get("AMOUNT_CNT").map_or(1, value::integer).max(1),
        amount: fields.get("AMOUNT").map_or(1.0, value::number),
        sort: fields.get("SORT").map_or(100, value::integer),
        base: false,
        decimals: 2,
        updated: store.now(),
        code: code.clone(),
    };
    store.note("CURRENCY", &code, "create", &json!({ "CURRENCY": code }));
    store.put_currency(currency);
    Ok(Reply::of(json!(code)))
}

/// `crm.currency.base.get` answers the bare code.
pub fn base(store: &mut Store, _: &Params) -> Result<Reply, RestError> {
    Ok(Reply::of(json!(store.base_currency())))
}
