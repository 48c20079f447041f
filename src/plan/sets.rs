//! What is written as a whole into a live record (`--changed restore`): the values of a kind and type of multi-field, and product rows.
//!
//! A set is named with all that it was and all that it shall be; how it gets there is found when it is written, by what the record holds
//! then. So a value that is there already is never sent again.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::diff::{FieldChange, apart, same_price, same_product};
use crate::model::{FieldCode, FieldDef, Multi, ProductRow, RowDetails, Value};

use super::action::Action;
use super::create::MULTIFIELD_LENGTH;
use super::draft::{Drafted, Drafter, Missing};
use super::update::before;
use super::wire::wire;

/// The values of one kind and type of multi-field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueSet {
    /// The field: `PHONE_WORK`.
    pub field: FieldCode,
    /// What it held when the plan was made.
    pub before: Vec<String>,
    /// What it shall hold. What is there keeps its id, the rest is added, and what isn't among them is deleted.
    pub after: Vec<String>,
}

/// The product rows of a lead or deal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RowSet {
    /// What it had when the plan was made.
    pub before: Vec<ProductRow>,
    /// What it shall have.
    pub after: Vec<ProductRow>,
}

impl Drafter<'_> {
    /// The amount of a record whose product rows are written: unless it is kept by hand, it follows them (rest-crm 8.3). So the file's goes
    /// with them, for a record that has no rows or an amount of its own afterwards, and the old one is noted.
    pub(super) fn settle_amount(&self, item: &Missing, restore: &mut Action, drafted: &mut Drafted) {
        let record = &item.judged.record;
        let live = item.judged.live.and_then(|id| self.current.get(record.entity, id));
        let (Some(rows), Some(live), Some(field)) = (&restore.rows, live, self.schema.listed(record.entity, "OPPORTUNITY"))
        else {
            return;
        };
        let by_hand = live.get("IS_MANUAL_OPPORTUNITY") == Some(&Value::Flag(true));
        let will_be = restore.fields.0.get("isManualOpportunity").map_or(by_hand, |flag| *flag == json!("Y"));
        if by_hand && will_be {
            return;
        }
        let of_file = record.get("OPPORTUNITY");
        let sum = sum_of(&rows.after);
        let differs = |amount: &Value| matches!(amount, Value::Number(amount) if sum.is_none_or(|sum| amount.round_dp(2) != sum.round_dp(2)));
        if !will_be && !rows.after.is_empty() && of_file.is_some_and(differs) {
            drafted.warn("amount_follows_products", record.entity, Some("OPPORTUNITY"));
        }
        let name = field.universal.as_str();
        if !restore.before.0.contains_key(name) {
            restore.before.set(name, before(live.get("OPPORTUNITY").unwrap_or(&Value::Empty), &field.kind, self.zone));
        }
        if !restore.fields.0.contains_key(name)
            && let Some(amount) = of_file.and_then(|amount| wire(amount, &field.kind, self.zone))
        {
            restore.fields.set(name, amount);
        }
    }
}

/// The values of a multi-field as the file has them.
pub(super) fn restore_values(
    (field, multi): (&FieldDef, &Multi),
    change: &FieldChange,
    restore: &mut Action,
    drafted: &mut Drafted,
) {
    let code = field.code.as_str();
    let (before, mut after) = (texts(&change.portal), texts(&change.file));
    for text in after.iter_mut().filter(|text| text.chars().count() > MULTIFIELD_LENGTH) {
        *text = text.chars().take(MULTIFIELD_LENGTH).collect();
        drafted.warn("value_cut", restore.entity, Some(code));
    }
    let between = apart(&borrowed(&before), &borrowed(&after), &multi.kind);
    if between.is_nothing() {
        return;
    }
    if !between.surplus.is_empty() {
        drafted.warn("values_deleted", restore.entity, Some(code));
    }
    restore.values.push(ValueSet { field: field.code.clone(), before, after });
}

/// The product rows as the file has them; what the portal knows of the same rows besides stays.
pub(super) fn restore_rows(change: &FieldChange, restore: &mut Action, drafted: &mut Drafted) {
    let before = rows(&change.portal);
    let (after, is_lossy) = merged(&rows(&change.file), &before);
    if is_lossy {
        drafted.warn("product_details_lost", restore.entity, Some("PRODUCTS"));
    }
    restore.rows = Some(RowSet { before, after });
}

fn texts(value: &Value) -> Vec<String> {
    value.each().iter().filter_map(Value::as_text).filter(|text| !text.is_empty()).map(str::to_owned).collect()
}

fn borrowed(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

fn rows(value: &Value) -> Vec<ProductRow> {
    match value {
        Value::Products(rows) => rows.clone(),
        _ => Vec::new(),
    }
}

/// What the rows amount to; nothing where that is more than a number holds.
fn sum_of(rows: &[ProductRow]) -> Option<Decimal> {
    rows.iter().try_fold(Decimal::ZERO, |sum, row| sum.checked_add(row.price.checked_mul(row.quantity)?))
}

/// How surely a row of the file is one of the portal's, the surest first.
const LIKENESSES: [fn(&ProductRow, &ProductRow) -> bool; 3] = [
    |file, live| same_product(file, live) && same_price(file, live) && file.quantity == live.quantity,
    |file, live| same_product(file, live) && same_price(file, live),
    same_product,
];

/// The rows of the file, each with what the portal knows of the same row besides; and whether something that it knows is lost.
///
/// Discount and tax belong to a price: of a row that has another one, product and unit alone are kept.
fn merged(file: &[ProductRow], live: &[ProductRow]) -> (Vec<ProductRow>, bool) {
    let mut left: Vec<&ProductRow> = live.iter().collect();
    let mut after: Vec<Option<ProductRow>> = vec![None; file.len()];
    let mut is_lossy = false;
    for alike in LIKENESSES {
        for (row, slot) in file.iter().zip(&mut after).filter(|(_, slot)| slot.is_none()) {
            let Some(found) = left.iter().position(|live| alike(row, live)) else { continue };
            let live = left.remove(found);
            let known = live.details.as_deref();
            *slot = Some(if same_price(row, live) {
                ProductRow { quantity: row.quantity, ..live.clone() }
            } else {
                is_lossy |= known.is_some_and(RowDetails::has_terms);
                let details =
                    known.map(|known| RowDetails { product: known.product, measure: known.measure, ..RowDetails::default() });
                ProductRow { details: details.filter(RowDetails::tell).map(Box::new), ..row.clone() }
            });
        }
    }
    is_lossy |= left.iter().any(|row| row.details.is_some());
    (file.iter().zip(after).map(|(row, kept)| kept.unwrap_or_else(|| row.clone())).collect(), is_lossy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, price: i64, quantity: i64, details: Option<RowDetails>) -> ProductRow {
        ProductRow { details: details.map(Box::new), ..ProductRow::free(name, price.into(), quantity.into()) }
    }

    fn sold(product: u64, discount: i64) -> RowDetails {
        let discount_type = u64::from(discount > 0) * 2;
        RowDetails { product, discount_type, discount_rate: discount.into(), measure: 166, ..RowDetails::default() }
    }

    #[test]
    fn a_row_that_stays_keeps_what_no_file_holds_whatever_its_quantity() {
        let live = [row("Tarima", 450, 3, Some(sold(7, 10))), row("Silla", 90, 1, None)];
        let (after, is_lossy) = merged(&[row("Silla", 90, 1, None), row("Tarima", 450, 10, None)], &live);
        assert_eq!(after, [row("Silla", 90, 1, None), row("Tarima", 450, 10, Some(sold(7, 10)))]);
        assert!(!is_lossy);
    }

    #[test]
    fn of_a_row_with_another_price_the_product_stays_and_the_discount_is_lost() {
        let (after, is_lossy) = merged(&[row("Tarima", 400, 3, None)], &[row("Tarima", 450, 3, Some(sold(7, 10)))]);
        assert_eq!(after, [row("Tarima", 400, 3, Some(sold(7, 0)))]);
        assert!(is_lossy);
        assert!(!merged(&[row("Tarima", 400, 3, None)], &[row("Tarima", 450, 3, Some(sold(7, 0)))]).1);
    }

    #[test]
    fn a_product_of_the_catalogue_that_the_file_does_not_have_is_a_loss_and_a_free_text_is_none() {
        assert!(merged(&[], &[row("Tarima", 450, 3, Some(sold(7, 0)))]).1);
        assert_eq!(merged(&[], &[row("Tarima", 450, 3, None)]), (Vec::new(), false));
    }

    #[test]
    fn of_two_rows_of_one_product_each_finds_the_one_that_is_most_like_it() {
        let live = [row("Tarima", 450, 3, Some(sold(7, 10))), row("Tarima", 400, 2, Some(sold(7, 20)))];
        let (after, is_lossy) = merged(&[row("Tarima", 400, 5, None), row("Tarima", 450, 3, None)], &live);
        assert_eq!(after, [row("Tarima", 400, 5, Some(sold(7, 20))), row("Tarima", 450, 3, Some(sold(7, 10)))]);
        assert!(!is_lossy);
    }
}
