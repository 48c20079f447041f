//! `crm.item.productrow.list` and `set`.
//!
//! Source: rest-crm 8.3.

use serde_json::{Value, json};

use super::{Params, ask};
use crate::sandbox::answer::{Reply, RestError};
use crate::sandbox::store::Store;
use crate::sandbox::store::page::{PAGE, start_of};
use crate::sandbox::store::record::Entity;
use crate::sandbox::store::rows::ProductRow;
use crate::sandbox::store::value::{self, print_number, rounded};

/// The unit "piece", taken where none is given.
const PIECE: i64 = 796;

/// The record that an owner type (`L`, `D`) and id name.
fn owner(store: &Store, owner_type: &str, owner_id: i64) -> Result<(Entity, u64), RestError> {
    let entity = match owner_type {
        "L" => Entity::Lead,
        "D" => Entity::Deal,
        _ => return Err(RestError::bad("ENTITY_TYPE_NOT_SUPPORTED", "Entity type is not supported")),
    };
    let id = u64::try_from(owner_id).unwrap_or_default();
    store
        .record(entity, id)
        .map(|record| (entity, record.id))
        .ok_or_else(|| RestError::bad("OWNER_NOT_FOUND", "Owner was not found"))
}

fn row(row: &ProductRow) -> Value {
    let exclusive = row.price_exclusive();
    let discount = row.discount_sum;
    let netto = exclusive + discount;
    let brutto = netto * (1.0 + row.tax_rate.unwrap_or_default() / 100.0);
    let money = |amount: f64| print_number(rounded(amount, 2));
    json!({
        "id": row.id,
        "ownerId": row.owner,
        "ownerType": if row.entity == Entity::Lead.type_id() { "L" } else { "D" },
        "productId": row.product,
        "productName": row.name,
        "price": print_number(row.price),
        "priceAccount": money(row.price),
        "priceExclusive": money(exclusive),
        "priceNetto": money(netto),
        "priceBrutto": money(brutto),
        "quantity": print_number(row.quantity),
        "discountTypeId": row.discount_type,
        "discountRate": print_number(row.discount_rate),
        "discountSum": money(discount),
        "taxRate": row.tax_rate.map_or(Value::Null, print_number),
        "taxIncluded": if row.tax_included { "Y" } else { "N" },
        "customized": "Y",
        "measureCode": row.measure_code,
        "measureName": row.measure_name,
        "sort": row.sort,
        "xmlId": "",
        "type": 4,
        "storeId": null,
    })
}

/// `list` `{filter: {"=ownerType", "=ownerId"}, start?}` answers `{productRows: [..]}` by 50; both filters are needed.
pub fn list(store: &mut Store, params: &Params) -> Result<Reply, RestError> {
    let filter = ask::array(params, "filter")?;
    let part = |name: &str| {
        filter
            .get(&format!("={name}"))
            .or_else(|| filter.get(name))
            .ok_or_else(|| RestError::bad("100", format!("Could not find value for parameter {{filter[={name}]}}")))
    };
    let (entity, id) = owner(store, &value::text(part("ownerType")?), value::integer(part("ownerId")?))?;
    let mut rows: Vec<&ProductRow> = store.product_rows(entity, id).collect();
    rows.sort_by_key(|row| (row.sort, row.id));
    let start = start_of(params.get("start"));
    let total = rows.len();
    let page: Vec<Value> = rows.into_iter().skip(start.unwrap_or_default()).take(PAGE).map(row).collect();
    let next = start.filter(|from| page.len() == PAGE && from + page.len() < total).map(|from| (from + page.len()) as u64);
    Ok(Reply { result: json!({ "productRows": page }), next, total: start.map(|_| total as u64) })
}

/// `set` `{ownerType, ownerId, productRows: [..]}` replaces all rows and answers the stored ones. The record's amount follows unless it is
/// kept by hand.
pub fn set(store: &mut Store, params: &Params) -> Result<Reply, RestError> {
    let owner_type = value::text(ask::must(params, "ownerType")?);
    let owner_id = value::integer(ask::must(params, "ownerId")?);
    let given = ask::array_or_empty(params, "productRows")?;
    ask::must(params, "productRows")?;
    let (entity, id) = owner(store, &owner_type, owner_id)?;
    store.take_product_rows(entity, id);
    for (place, given) in (1..).zip(given.values()) {
        let row_id = store.next_id("productrow");
        store.put_product_row(read(given, entity, id, row_id, place));
    }
    let Some(mut record) = store.record(entity, id).cloned() else { return Err(super::item::not_found()) };
    if given.is_empty() && !record.flag("IS_MANUAL_OPPORTUNITY") {
        record.set("OPPORTUNITY", None);
    }
    store.sum_rows(&mut record);
    store.stamp(&mut record);
    store.put_record(record);
    let rows: Vec<Value> = store.product_rows(entity, id).map(row).collect();
    store.note(entity.name(), &id, "productrows", &json!(rows));
    Ok(Reply::of(json!({ "productRows": rows })))
}

fn read(given: &Value, entity: Entity, owner: u64, id: u64, place: i64) -> ProductRow {
    let part = |name: &str| given.get(name).filter(|value| !value.is_null());
    let price = part("price").map_or(0.0, value::number);
    let discount_type = part("discountTypeId").map_or(2, value::integer);
    let (mut rate, mut sum) = (part("discountRate").map_or(0.0, value::number), part("discountSum").map_or(0.0, value::number));
    let tax_rate = part("taxRate").filter(|value| value != &&Value::from("")).map(value::number);
    let exclusive = price / (1.0 + tax_rate.unwrap_or_default() / 100.0);
    if discount_type == 2 && rate > 0.0 && rate < 100.0 {
        sum = exclusive * rate / (100.0 - rate);
    } else if discount_type == 1 && sum > 0.0 {
        rate = sum / (exclusive + sum) * 100.0;
    }
    ProductRow {
        id,
        entity: entity.type_id(),
        owner,
        product: part("productId").map_or(0, value::integer),
        name: part("productName").map(value::text).unwrap_or_default(),
        price,
        quantity: part("quantity").map_or(1.0, value::number),
        discount_type,
        discount_rate: rounded(rate, 2),
        discount_sum: rounded(sum, 2),
        tax_rate,
        tax_included: part("taxIncluded").is_some_and(value::universal_flag),
        measure_code: part("measureCode").map(value::integer).filter(|code| *code > 0).unwrap_or(PIECE),
        measure_name: part("measureName").map_or_else(|| "pcs".to_owned(), value::text),
        sort: part("sort").map_or(place * 10, value::integer),
    }
}
