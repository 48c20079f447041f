//! Two records -> what differs between them. Equality of meaning lives here and in `equal`, and nowhere else.

use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::model::{
    EntityType, FieldCode, FieldDef, FieldType, FileRecord, LiveRecord, ORIGINATOR, OriginalId, PortalId, Schema, Value, Writing,
    multifield_of,
};

use super::Target;
use super::equal::{Frame, Sameness, plainly_same};
use super::links::Links;

/// One field in which a record of a file and its record in the portal differ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    /// The field.
    pub field: FieldCode,
    /// What the file says.
    pub file: Value,
    /// What the portal says.
    pub portal: Value,
    /// What kind of difference it is.
    pub kind: ChangeKind,
}

/// What a difference means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// The portal holds something else.
    Changed,
    /// The portal's link is empty or dead because its target was lost.
    LostLink,
    /// The portal writes this field by itself; never alone a reason for `changed`.
    PortalOwn,
}

/// What holding a record of a file against one of the portal says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comparison {
    /// The fields that differ, in the order of the file.
    pub changes: Vec<FieldChange>,
    /// The fields that can't be compared: unknown labels and users, files, columns that the portal doesn't answer.
    pub uncompared: Vec<FieldCode>,
}

impl Comparison {
    /// Whether the records are equal in every field that could be compared and that isn't the portal's own.
    pub fn is_equal(&self) -> bool {
        self.changes.iter().all(|change| change.kind == ChangeKind::PortalOwn)
    }
}

/// Compares a record of a file with a record of the portal, field by field of the file.
///
/// Allocates once for the walk; equal fields cost no more than their comparison.
pub fn compare(file: &FileRecord, live: &LiveRecord, schema: &Schema, zone: &TimeZone, links: &dyn Links) -> Comparison {
    let frame = Frame { schema, zone, links };
    let fields = LiveFields::of(live);
    let marked = live.text("ORIGINATOR_ID") == Some(ORIGINATOR);
    let mut comparison = Comparison::default();
    for (code, value) in file.fields() {
        let found = fields.get(code.as_str());
        if code.as_str() == "ID"
            || found.is_some_and(|found| plainly_same(value, found) && !may_name_a_record(file.entity, code, value, schema))
        {
            continue;
        }
        let made;
        let field = if let Some(field) = schema.listed(file.entity, code.as_str()) {
            Some(field)
        } else {
            made = multifield_of(code.as_str()).map(|multi| FieldDef::multi(code.as_str(), multi));
            made.as_ref()
        };
        let Some(found) = found.or_else(|| unanswered(field)) else {
            // Nothing of a field that the portal doesn't answer is nothing to compare.
            if !value.is_empty() {
                comparison.uncompared.push(code.clone());
            }
            continue;
        };
        match frame.compare(value, found, field) {
            Sameness::Same => {}
            Sameness::Unknown => comparison.uncompared.push(code.clone()),
            _ if marked && matches!(code.as_str(), "ORIGINATOR_ID" | "ORIGIN_ID") => {}
            _ if field.is_some_and(is_incomparable) => comparison.uncompared.push(code.clone()),
            sameness => {
                let kind = if field.is_some_and(|field| field.portal_own)
                    || (marked && is_stamp(code))
                    || follows_products(code, file, live, &frame)
                    || is_sum_of_products(code, file, live)
                {
                    ChangeKind::PortalOwn
                } else if sameness == Sameness::Lost {
                    ChangeKind::LostLink
                } else {
                    ChangeKind::Changed
                };
                comparison.changes.push(FieldChange { field: code.clone(), file: value.clone(), portal: found.clone(), kind });
            }
        }
    }
    comparison
}

/// Whether a text is the id of a record in a custom field that binds records: it may name a lost one in the file and another in the portal.
fn may_name_a_record(entity: EntityType, code: &FieldCode, value: &Value, schema: &Schema) -> bool {
    let ends_in_digit = |value: &Value| value.as_text().is_some_and(|text| text.ends_with(|c: char| c.is_ascii_digit()));
    code.is_custom()
        && value.each().iter().any(ends_in_digit)
        && schema.listed(entity, code.as_str()).is_some_and(|field| field.kind == FieldType::Binding)
}

/// Whether a value of a file and one of the portal mean the same by themselves; `None` where that can't be said: an unknown label, a
/// link. For finding out how a file is to be read, before its links can be resolved.
pub fn agrees(file: &Value, live: &Value, field: &FieldDef, schema: &Schema) -> Option<bool> {
    let frame = Frame { schema, zone: &TimeZone::UTC, links: &Unresolved };
    match frame.compare(file, live, Some(field)) {
        Sameness::Same => Some(true),
        Sameness::Differs => Some(false),
        Sameness::Lost | Sameness::Unknown => None,
    }
}

/// No link can be followed yet.
struct Unresolved;

impl Links for Unresolved {
    fn live(&self, _: EntityType, _: OriginalId) -> Option<PortalId> {
        None
    }

    fn named(&self, _: EntityType, _: &str) -> Vec<Target> {
        Vec::new()
    }

    fn exists(&self, _: EntityType, _: PortalId) -> bool {
        false
    }

    fn knows(&self, _: EntityType) -> bool {
        false
    }
}

/// The value of a field that the live record doesn't have: answers leave out multi-fields without a value (transport 7).
fn unanswered(field: Option<&FieldDef>) -> Option<&'static Value> {
    field.filter(|field| matches!(field.kind, FieldType::Multi(_))).map(|_| &Value::Empty)
}

/// Whether a difference of the field says nothing, because file and REST show it in ways that can't be held against each other.
fn is_incomparable(field: &FieldDef) -> bool {
    let opaque = matches!(field.kind, FieldType::File | FieldType::Other | FieldType::Parent);
    opaque || (field.writing == Writing::Never && !field.portal_own)
}

/// Creation moment and author of a record that b24restore created can't always be kept (rest-crm 4.5); the plan declares that.
fn is_stamp(code: &FieldCode) -> bool {
    matches!(code.as_str(), "DATE_CREATE" | "CREATED_BY_ID")
}

/// Whether a differing amount is the portal's sum of product rows that are the same on both sides (rest-crm 8.3, csv 4.9).
fn follows_products(code: &FieldCode, file: &FileRecord, live: &LiveRecord, frame: &Frame<'_>) -> bool {
    if code.as_str() != "OPPORTUNITY" || live.get("IS_MANUAL_OPPORTUNITY") == Some(&Value::Flag(true)) {
        return false;
    }
    let rows = file.get("PRODUCTS").filter(|rows| !rows.is_empty()).zip(live.get("PRODUCTS"));
    rows.is_some_and(|(file, live)| frame.compare(file, live, None) == Sameness::Same)
}

/// Whether a file's amount is but the sum of its product lines, while the portal's was set by hand: an export with products prints the
/// sum in the amount's place, so that it doesn't say what the amount was (csv 4.9).
fn is_sum_of_products(code: &FieldCode, file: &FileRecord, live: &LiveRecord) -> bool {
    let by_hand = live.get("IS_MANUAL_OPPORTUNITY") == Some(&Value::Flag(true));
    let is_said_sum = file.get("IS_MANUAL_OPPORTUNITY") == Some(&Value::Flag(false));
    if code.as_str() != "OPPORTUNITY" || !by_hand || is_said_sum {
        return false;
    }
    let (Some(Value::Number(amount)), Some(Value::Products(rows))) = (file.get("OPPORTUNITY"), file.get("PRODUCTS")) else {
        return false;
    };
    let sum = rows.iter().try_fold(Decimal::ZERO, |sum, row| sum.checked_add(row.price.checked_mul(row.quantity)?));
    // Each line's total is rounded by itself.
    let tolerance = Decimal::new(rows.len() as i64, 2);
    !rows.is_empty() && sum.is_some_and(|sum| (sum - amount).abs() <= tolerance)
}

/// The fields of a live record for look-ups in the order of the file, which mostly is the record's own order: each search goes on
/// where the last one ended.
struct LiveFields<'a> {
    fields: Vec<(&'a FieldCode, &'a Value)>,
    next: std::cell::Cell<usize>,
}

impl<'a> LiveFields<'a> {
    fn of(live: &'a LiveRecord) -> Self {
        Self { fields: live.fields().collect(), next: std::cell::Cell::new(0) }
    }

    fn get(&self, code: &str) -> Option<&'a Value> {
        let (before, after) = self.fields.split_at(self.next.get().min(self.fields.len()));
        let found = after.iter().chain(before).position(|(known, _)| known.as_str() == code)?;
        let index = (before.len() + found) % self.fields.len();
        self.next.set(index + 1);
        Some(self.fields[index].1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::kit::{Build, Known, clock, date, file, live, moment, number, schema, zone};
    use crate::model::{EntityType, OriginalId, PortalId, ProductRow};
    use EntityType::{Contact, Deal, Lead};

    /// Mexico: six hours behind UTC.
    const ZONE: &str = "America/Mexico_City";

    fn text(text: &str) -> Value {
        Value::Text(text.into())
    }

    fn code(text: &str) -> Value {
        Value::Code(text.into())
    }

    fn label(text: &str) -> Value {
        Value::Label(text.into())
    }

    fn list(texts: &[&str]) -> Value {
        Value::List(texts.iter().map(|text| Value::Text((*text).into())).collect())
    }

    fn money(amount: &str, currency: &str) -> Value {
        Value::money(amount.parse().expect("an amount"), Some(currency.into()))
    }

    fn compared(entity: EntityType, field: &str, of_file: Value, of_portal: Value) -> Comparison {
        let (file, live) = (file(entity, 1).with(field, of_file).done(), live(entity, 1).with(field, of_portal).done());
        compare(&file, &live, &schema(), &zone(ZONE), &Known::default().live(Contact, 4, 4))
    }

    #[track_caller]
    fn same(entity: EntityType, field: &str, file: Value, portal: Value) {
        let found = compared(entity, field, file, portal);
        assert_eq!(found, Comparison::default());
    }

    #[track_caller]
    fn differs(entity: EntityType, field: &str, file: Value, portal: Value) {
        let found = compared(entity, field, file, portal);
        assert_eq!(found.changes.len(), 1, "{found:?}");
        assert!(!found.is_equal());
    }

    #[track_caller]
    fn uncompared(entity: EntityType, field: &str, file: Value, portal: Value) {
        let found = compared(entity, field, file, portal);
        assert_eq!(found, Comparison { changes: Vec::new(), uncompared: vec![field.into()] });
    }

    #[test]
    fn an_amount_with_its_currency_equals_however_it_is_written() {
        same(Deal, "UF_MONEY", money("1000.00", "MXN"), text("1000|MXN"));
        same(Deal, "UF_MONEY", money("1000", "MXN"), money("1000.00", "mxn"));
        same(Deal, "UF_MONEY", Value::money(1000.into(), None), text("1000|MXN"));
        same(Deal, "UF_MONEY", Value::Empty, text("0|MXN"));
        same(Deal, "UF_MONEY", Value::Empty, text("|MXN"));
        differs(Deal, "UF_MONEY", money("1000", "MXN"), text("1000|USD"));
        differs(Deal, "UF_MONEY", money("1000", "MXN"), text("1001|MXN"));
    }

    #[test]
    fn a_stage_s_label_equals_its_code() {
        same(Lead, "STATUS_ID", label("en  progreso"), code("IN_PROCESS"));
        same(Lead, "STATUS_ID", code("NEW"), code("NEW"));
        differs(Lead, "STATUS_ID", label("En Progreso"), code("NEW"));
        differs(Lead, "STATUS_ID", code("NEW"), code("IN_PROCESS"));
    }

    #[test]
    fn a_stage_of_a_name_that_two_pipelines_have_equals_either() {
        same(Deal, "STAGE_ID", label("Nuevo"), code("C9:NEW"));
        same(Deal, "STAGE_ID", label("Nuevo"), code("NEW"));
        differs(Deal, "STAGE_ID", label("Nuevo"), code("C9:WON"));
    }

    #[test]
    fn a_label_that_the_portal_doesn_t_know_can_t_be_compared() {
        uncompared(Lead, "STATUS_ID", label("Congelado"), code("NEW"));
        uncompared(Lead, "SOURCE_ID", label("Feria 2019"), Value::Empty);
        uncompared(Lead, "UF_LIST", label("Azul"), number("81"));
    }

    #[test]
    fn list_items_pipelines_and_currencies_equal_by_text_or_key() {
        same(Deal, "UF_LIST", code("81"), number("81"));
        same(Deal, "UF_LIST", label("rojo"), code("81"));
        same(Deal, "UF_LIST", Value::Empty, code("0"));
        same(Deal, "CATEGORY_ID", label("Mayoreo"), code("9"));
        same(Deal, "CATEGORY_ID", code("0"), Value::Empty);
        same(Deal, "CATEGORY_ID", number("9"), code("9"));
        same(Deal, "CURRENCY_ID", label("Peso Mexicano"), code("MXN"));
        differs(Deal, "CURRENCY_ID", code("USD"), code("MXN"));
    }

    #[test]
    fn an_empty_number_equals_0() {
        same(Deal, "OPPORTUNITY", Value::Empty, number("0"));
        same(Deal, "OPPORTUNITY", number("0.00"), Value::Empty);
        same(Deal, "OPPORTUNITY", number("1500.00"), number("1500"));
        same(Deal, "PROBABILITY", Value::Empty, number("0"));
        differs(Deal, "OPPORTUNITY", Value::Empty, number("1"));
    }

    #[test]
    fn amounts_compare_to_two_digits_and_other_numbers_to_four() {
        same(Deal, "OPPORTUNITY", number("99.9"), number("99.904"));
        differs(Deal, "OPPORTUNITY", number("99.9"), number("99.91"));
        same(Deal, "UF_DOUBLE", number("0.3"), number("0.30000000000000004"));
        differs(Deal, "UF_DOUBLE", number("0.3"), number("0.301"));
    }

    #[test]
    fn phones_compare_by_their_digits_and_in_any_order() {
        same(Contact, "PHONE_WORK", list(&["+52 (55) 1234-5678"]), list(&["525512345678"]));
        same(Contact, "PHONE_WORK", list(&["555 123 4567", "555 765 4321"]), list(&["5557654321", "5551234567"]));
        same(Contact, "PHONE_WORK", text("555 123 4567"), list(&["5551234567"]));
        differs(Contact, "PHONE_WORK", list(&["5551234567"]), list(&["5551234568"]));
        differs(Contact, "PHONE_WORK", list(&["5551234567", "5551234567"]), list(&["5551234567"]));
        differs(Contact, "PHONE_WORK", list(&["5551234567"]), list(&["5551234567", "5557654321"]));
    }

    #[test]
    fn a_phone_with_a_comma_in_it_still_equals_itself() {
        same(Contact, "PHONE_WORK", list(&["555 123 4567", "ext. 12"]), list(&["555 123 4567, ext. 12"]));
    }

    #[test]
    fn a_kind_of_phone_that_the_portal_doesn_t_answer_is_empty() {
        let (of_file, portal) = (file(Contact, 1).texts("PHONE_HOME", &["5551234567"]).done(), live(Contact, 1).done());
        let found = compare(&of_file, &portal, &schema(), &zone(ZONE), &Known::default());
        assert_eq!(found.changes.len(), 1);
        assert_eq!(found.changes[0].portal, Value::Empty);
        let none = file(Contact, 1).with("PHONE_HOME", Value::Empty).done();
        assert_eq!(compare(&none, &portal, &schema(), &zone(ZONE), &Known::default()), Comparison::default());
    }

    #[test]
    fn e_mails_and_addresses_of_the_web_compare_as_they_are_meant() {
        same(Contact, "EMAIL_WORK", list(&["Ana@Example.com"]), list(&[" ana@example.com"]));
        differs(Contact, "EMAIL_WORK", list(&["ana@example.com"]), list(&["ana@example.org"]));
        same(Contact, "WEB_WORK", list(&["https://Example.com/"]), list(&["https://example.com"]));
        same(Contact, "UF_URL", text("https://example.com/a/"), text("https://example.com/a"));
    }

    #[test]
    fn dates_compare_by_their_day_in_utc() {
        same(Deal, "BEGINDATE", date("2024-02-01"), moment("2024-02-01T00:00:00Z"));
        same(Deal, "BEGINDATE", date("2024-02-01"), date("2024-02-01"));
        same(Deal, "BEGINDATE", clock("2024-02-01T00:00:00"), date("2024-02-01"));
        same(Deal, "BEGINDATE", Value::Empty, Value::Empty);
        differs(Deal, "BEGINDATE", date("2024-01-31"), moment("2024-02-01T00:00:00Z"));
        differs(Deal, "BEGINDATE", date("2024-01-31"), Value::Empty);
        differs(Deal, "BEGINDATE", Value::Empty, date("2024-01-31"));
    }

    #[test]
    fn moments_compare_as_instants_in_the_file_s_zone() {
        same(Deal, "UF_MOMENT", clock("2024-01-15T15:04:05"), moment("2024-01-15T21:04:05Z"));
        same(Deal, "UF_MOMENT", clock("2024-01-15T15:04:00"), moment("2024-01-15T21:04:59Z"));
        same(Deal, "UF_MOMENT", moment("2024-01-15T21:04:05Z"), moment("2024-01-15T21:04:05.7Z"));
        differs(Deal, "UF_MOMENT", clock("2024-01-15T15:04:05"), moment("2024-01-15T15:04:05Z"));
        differs(Deal, "UF_MOMENT", clock("2024-01-15T15:04:05"), Value::Empty);
        differs(Deal, "UF_MOMENT", Value::Empty, moment("2024-01-15T21:04:05Z"));
    }

    #[test]
    fn long_texts_compare_after_their_markup_is_made_one_form() {
        same(Deal, "COMMENTS", text("<p>Hola <b>Ana</b></p>"), text("[p]\nHola [b]Ana[/b]\n[/p]"));
        differs(Deal, "COMMENTS", text("Hola"), text("Adiós"));
        differs(Deal, "TITLE", text("<b>x</b>"), text("[b]x[/b]"));
    }

    #[test]
    fn short_texts_compare_trimmed_and_composed() {
        same(Lead, "TITLE", text(" Go\u{301}mez\u{a0}e Hijos "), text("Gómez e Hijos"));
        same(Lead, "TITLE", Value::Empty, text("  "));
        differs(Lead, "TITLE", text("ACME"), text("Acme"));
    }

    #[test]
    fn a_number_in_a_custom_text_equals_its_text() {
        same(Lead, "UF_TEXT", text("20123456789"), number("20123456789"));
        same(Lead, "UF_UNLISTED", text("7"), number("7.0"));
    }

    #[test]
    fn yes_and_no_compare_however_they_are_stored() {
        same(Contact, "UF_FLAG", Value::Flag(true), text("1"));
        same(Contact, "UF_FLAG", Value::Flag(false), Value::Empty);
        same(Contact, "EXPORT", Value::Flag(true), text("Y"));
        differs(Contact, "EXPORT", Value::Flag(true), Value::Flag(false));
    }

    #[test]
    fn users_compare_by_id_or_by_any_form_of_their_name() {
        same(Lead, "ASSIGNED_BY_ID", Value::Name("Gómez Luis".into()), Value::User(crate::model::UserId(2)));
        same(Lead, "UF_USER", Value::User(crate::model::UserId(2)), number("2"));
        differs(Lead, "ASSIGNED_BY_ID", Value::Name("Ana Ruiz".into()), Value::User(crate::model::UserId(2)));
        uncompared(Lead, "ASSIGNED_BY_ID", Value::Name("Pedro Paz".into()), Value::User(crate::model::UserId(2)));
    }

    #[test]
    fn lists_are_sets_and_an_empty_list_is_empty() {
        same(Lead, "UF_TEXTS", list(&["a", "b"]), list(&["b", "a"]));
        same(Lead, "UF_TEXTS", Value::Empty, Value::List(Vec::new()));
        same(Lead, "UF_TEXTS", text("uno, dos y tres"), list(&["uno", "dos y tres"]));
        same(Lead, "UF_LISTS", Value::List(vec![label("Verde"), code("81")]), Value::List(vec![number("81"), number("82")]));
        differs(Lead, "UF_TEXTS", list(&["a"]), list(&["a", "b"]));
        uncompared(Lead, "UF_LISTS", Value::List(vec![label("Azul"), code("81")]), Value::List(vec![number("81")]));
    }

    #[test]
    fn addresses_compare_without_their_coordinates() {
        same(Lead, "UF_ADDRESS", text("Reforma 10, CDMX (19.43, -99.13)"), text("Reforma 10, CDMX|19.43;-99.13|571"));
        differs(Lead, "UF_ADDRESS", text("Reforma 10"), text("Reforma 11|19.43;-99.13|571"));
    }

    #[test]
    fn product_rows_compare_without_regard_to_their_order() {
        let rows = |rows: &[(&str, &str, &str)]| {
            let row = |(name, price, quantity): &(&str, &str, &str)| {
                ProductRow::free(*name, price.parse().expect("a price"), quantity.parse().expect("a quantity"))
            };
            Value::Products(rows.iter().map(row).collect())
        };
        same(
            Deal,
            "PRODUCTS",
            rows(&[("A", "450", "1"), ("B", "99.9", "2.5")]),
            rows(&[("B", "99.9000", "2.50"), ("A", "450.00", "1")]),
        );
        same(Deal, "PRODUCTS", Value::Empty, rows(&[]));
        differs(Deal, "PRODUCTS", rows(&[("A", "450", "1")]), rows(&[("A", "450", "2")]));
        differs(Deal, "PRODUCTS", rows(&[("A", "450", "1"), ("A", "450", "1")]), rows(&[("A", "450", "1")]));
        differs(Deal, "PRODUCTS", rows(&[("A", "450", "1")]), Value::Empty);
    }

    #[test]
    fn the_amount_of_a_deal_with_equal_products_is_the_portal_s_sum_unless_it_was_set_by_hand() {
        let rows = || Value::Products(vec![ProductRow::free("A", 100.into(), 1.into())]);
        let deal = || file(Deal, 1).number("OPPORTUNITY", "120").with("PRODUCTS", rows()).done();
        let portal = |by_hand| {
            live(Deal, 1)
                .number("OPPORTUNITY", "116")
                .with("PRODUCTS", rows())
                .with("IS_MANUAL_OPPORTUNITY", Value::Flag(by_hand))
                .done()
        };
        let found = |by_hand| compare(&deal(), &portal(by_hand), &schema(), &zone(ZONE), &Known::default());
        assert!(found(false).is_equal());
        assert!(!found(true).is_equal());
    }

    #[test]
    fn an_amount_that_is_the_sum_of_the_file_s_lines_says_nothing_of_one_that_was_set_by_hand() {
        let rows = || {
            let row = |price: &str, quantity: &str| ProductRow::free("A", price.parse().unwrap(), quantity.parse().unwrap());
            Value::Products(vec![row("450", "10"), row("99.9", "1.5")])
        };
        let deal = |amount: &str| file(Deal, 1).number("OPPORTUNITY", amount).with("PRODUCTS", rows());
        let portal = live(Deal, 1).number("OPPORTUNITY", "9000").with("IS_MANUAL_OPPORTUNITY", Value::Flag(true)).done();
        let differing = |deal: Build<OriginalId>| {
            let found = compare(&deal.done(), &portal, &schema(), &zone(ZONE), &Known::default());
            found.changes.iter().find(|change| change.field.as_str() == "OPPORTUNITY").map(|change| change.kind)
        };
        assert_eq!(differing(deal("4649.85")), Some(ChangeKind::PortalOwn));
        assert_eq!(differing(deal("8000")), Some(ChangeKind::Changed), "an amount of its own");
        let by_hand = deal("4649.85").with("IS_MANUAL_OPPORTUNITY", Value::Flag(true));
        assert_eq!(differing(by_hand), Some(ChangeKind::PortalOwn), "what was set by hand isn't the sum that stands there");
        let said = deal("4649.85").with("IS_MANUAL_OPPORTUNITY", Value::Flag(false));
        assert_eq!(differing(said), Some(ChangeKind::Changed), "the file says that it was the sum");
    }

    #[test]
    fn a_field_of_the_portal_s_own_is_told_but_is_no_reason_for_changed() {
        for (field, of_file, portal) in [
            ("DATE_MODIFY", clock("2024-01-15T15:04:05"), moment("2025-01-15T15:04:05Z")),
            ("MODIFY_BY_ID", Value::User(crate::model::UserId(1)), Value::User(crate::model::UserId(2))),
            ("CLOSED", Value::Flag(true), Value::Flag(false)),
            ("IS_RETURN_CUSTOMER", Value::Flag(true), Value::Flag(false)),
        ] {
            let found = compared(Deal, field, of_file, portal);
            assert_eq!(found.changes.iter().map(|change| change.kind).collect::<Vec<_>>(), [ChangeKind::PortalOwn], "{field}");
            assert!(found.is_equal());
        }
    }

    #[test]
    fn what_rest_can_t_write_is_compared_only_where_the_texts_are_equal() {
        uncompared(Lead, "FULL_ADDRESS", text("Reforma 10"), text("Reforma 10, CDMX"));
        same(Lead, "FULL_ADDRESS", text("Reforma 10"), text(" Reforma 10"));
        uncompared(Lead, "UF_FILE", text("/upload/crm/a.pdf"), text("17"));
        uncompared(Contact, "PHOTO", text("/upload/crm/a.png"), Value::Empty);
    }

    #[test]
    fn a_field_that_the_portal_doesn_t_answer_is_not_compared() {
        let portal = live(Lead, 1).done();
        let found = compare(
            &file(Lead, 1).text("UF_GONE", "x").text("TITLE", "").done(),
            &portal,
            &schema(),
            &zone(ZONE),
            &Known::default(),
        );
        assert_eq!(found, Comparison { changes: Vec::new(), uncompared: vec!["UF_GONE".into()] });
    }

    #[test]
    fn our_own_mark_is_no_change_but_another_system_s_is() {
        let of_file =
            file(Lead, 1).with("ORIGINATOR_ID", Value::Empty).with("ORIGIN_ID", Value::Empty).born("2020-01-01T00:00:01").done();
        let marked =
            live(Lead, 9).text("ORIGINATOR_ID", "b24restore").text("ORIGIN_ID", "lead:1").born("2024-01-01T00:00:01Z").done();
        let found = compare(&of_file, &marked, &schema(), &zone(ZONE), &Known::default());
        assert!(found.is_equal());
        assert_eq!(found.changes.len(), 1, "the creation moment is told");
        let foreign = live(Lead, 9).text("ORIGINATOR_ID", "1c").text("ORIGIN_ID", "a").done();
        assert_eq!(compare(&of_file, &foreign, &schema(), &zone(ZONE), &Known::default()).changes.len(), 2);
    }

    #[test]
    fn a_lost_link_is_told_apart_from_a_changed_one() {
        let kinds = |value: Value, portal: Value| {
            compared(Deal, "CONTACT_ID", value, portal).changes.iter().map(|change| change.kind).collect::<Vec<_>>()
        };
        assert_eq!(kinds(Value::Link(6), Value::Empty), [ChangeKind::LostLink]);
        assert_eq!(kinds(Value::Link(6), Value::Link(0)), [ChangeKind::LostLink]);
        assert_eq!(kinds(Value::Link(6), Value::Link(4)), [ChangeKind::Changed]);
        assert_eq!(kinds(Value::Link(4), Value::Empty), [ChangeKind::Changed]);
        assert_eq!(kinds(Value::Link(4), Value::Link(4)), []);
        assert_eq!(kinds(Value::Empty, Value::Empty), []);
    }

    #[test]
    fn fields_are_found_in_whatever_order_the_two_records_have_them() {
        let codes = ["TITLE", "NAME", "LAST_NAME", "POST", "COMMENTS"];
        let of_file = codes.iter().fold(file(Lead, 1), |record, code| record.text(code, code)).done();
        let portal = codes.iter().rev().fold(live(Lead, 1), |record, code| record.text(code, code)).done();
        assert_eq!(compare(&of_file, &portal, &schema(), &zone(ZONE), &Known::default()), Comparison::default());
    }

    #[test]
    fn ids_of_the_two_kinds_are_never_mixed_up() {
        let known = Known::default().live(Contact, 4, 90).live(Contact, 90, 4).named(Contact, "x", &[]);
        let of_file = file(Deal, 1).link("CONTACT_ID", 4).done();
        let at = |id| compare(&of_file, &live(Deal, 1).link("CONTACT_ID", id).done(), &schema(), &zone(ZONE), &known);
        assert!(at(90).is_equal());
        assert!(!at(4).is_equal());
        let _ = (OriginalId(4), PortalId(90));
    }
}
