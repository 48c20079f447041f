//! The traps of Bitrix24's import (rest-crm 13), as a plan meets them: judged records in, actions out.

use std::collections::HashSet;

use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use serde_json::json;

use super::draft::{Drafted, Drafter, Missing};
use super::{Action, ActionKind, Fates, Flags, Mending, SourceRow};
use crate::diff::{Current, Files, Judged, MatchedBy, Names, Verdict};
use crate::model::{EntityType, Entry, FileRecord, LiveRecord, OriginalId, PortalId, ProductRow, Schema, UserId, Value};
use EntityType::{Company, Contact, Deal, Lead};

fn at(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn row(entity: EntityType, id: u64, fields: &[(&str, Value)]) -> FileRecord {
    let mut record = FileRecord::new(entity, OriginalId(id));
    for (code, value) in fields {
        record.push((*code).into(), value.clone());
    }
    record
}

fn created(moment: &str) -> (&'static str, Value) {
    ("DATE_CREATE", Value::Moment(at(moment)))
}

/// A portal with one live record of a type, made at a moment, and what a plan for these missing rows would do.
struct Planning {
    current: Current,
    admin: bool,
}

impl Planning {
    fn new() -> Self {
        Self { current: Current::default(), admin: true }
    }

    fn with_live(mut self, entity: EntityType, id: u64, moment: &str) -> Self {
        let mut live = LiveRecord::new(entity, PortalId(id));
        live.push("DATE_CREATE".into(), Value::Moment(at(moment)));
        self.current.insert(&live);
        self
    }

    fn draft(&self, rows: &[FileRecord]) -> Drafted {
        let mut schema = Schema::standard();
        let won = Entry { code: "C3:WON".into(), name: "Ganada".into(), semantics: "S".into() };
        schema.directories.insert("DEAL_STAGE_3".into(), vec![won]);
        let names = Names::build(&self.current, &Files::default(), &schema);
        let (shared_pairs, flags) = (HashSet::new(), Flags::default());
        let drafter = Drafter {
            schema: &schema,
            current: &self.current,
            names: &names,
            zone: &TimeZone::UTC,
            flags: &flags,
            mending: &Mending::default(),
            admin: self.admin,
            now: at("2024-12-01T00:00:00Z"),
            shared_pairs: &shared_pairs,
        };
        let missing = |record: &FileRecord| Missing {
            judged: Judged {
                record: record.clone(),
                verdict: Verdict::Missing,
                live: None,
                how: MatchedBy::Id,
                changes: Vec::new(),
                candidates: Vec::new(),
                notes: Vec::new(),
            },
            source: SourceRow { input: 0, line: 2, lines: Vec::new() },
            incomplete: false,
        };
        let judged: Vec<Missing> = rows.iter().map(missing).collect();
        drafter.draft(&judged, &mut Fates::default()).expect("no parent is asked for")
    }

    /// The create of a single row, and its mend.
    fn one(&self, record: FileRecord) -> (Action, Option<Action>) {
        let mut actions = self.draft(&[record]).actions.into_iter();
        (actions.next().expect("a create"), actions.next())
    }
}

fn is_declared(action: &Action, field: &str, reason: &str) -> bool {
    action.declared.iter().any(|declared| (declared.field.as_str(), declared.reason.as_str()) == (field, reason))
}

#[test]
fn crm_trap_1_a_date_older_than_the_record_with_the_greatest_id_is_given_up_and_said() {
    let planning = Planning::new().with_live(Lead, 90, "2024-06-01T00:00:00Z").with_live(Lead, 80, "2024-09-01T00:00:00Z");
    let (older, _) = planning.one(row(Lead, 1, &[created("2024-05-31T23:59:59Z")]));
    assert!(older.system.is_empty() && is_declared(&older, "DATE_CREATE", "created_time_not_preserved"));
    let (same, _) = planning.one(row(Lead, 1, &[created("2024-06-01T00:00:00Z")]));
    assert_eq!(same.system.0["createdTime"], json!("2024-06-01T00:00:00+00:00"), "only the greatest id counts");
}

#[test]
fn crm_trap_2_and_28_creates_go_oldest_first_over_all_pipelines_and_those_without_a_date_last() {
    let deal = |id: u64, pipeline: &str, moment: Option<&str>| {
        let mut fields = vec![("CATEGORY_ID", Value::Code(pipeline.into()))];
        fields.extend(moment.map(created));
        row(Deal, id, &fields)
    };
    let rows = [
        deal(1, "0", Some("2024-03-01T00:00:00Z")),
        deal(2, "3", Some("2024-01-01T00:00:00Z")),
        deal(3, "0", None),
        deal(4, "0", Some("2024-02-01T00:00:00Z")),
    ];
    let drafted = Planning::new().draft(&rows);
    assert_eq!(drafted.actions.iter().map(|action| action.original_id.0).collect::<Vec<_>>(), [2, 4, 1, 3]);
}

#[test]
fn crm_trap_3_times_of_change_and_move_go_only_with_a_creation_time_that_they_fit() {
    let moved = ("MOVED_TIME", Value::Moment(at("2024-03-01T00:00:00Z")));
    let changed = ("DATE_MODIFY", Value::Moment(at("2024-04-01T00:00:00Z")));
    let (whole, _) = Planning::new().one(row(Lead, 1, &[created("2024-02-01T00:00:00Z"), changed.clone(), moved.clone()]));
    assert_eq!(whole.system.0.keys().collect::<Vec<_>>(), ["createdTime", "updatedTime", "movedTime"]);
    let (alone, _) = Planning::new().one(row(Lead, 1, &[created("2024-02-01T00:00:00Z"), moved.clone()]));
    assert_eq!(alone.system.0.keys().collect::<Vec<_>>(), ["createdTime"], "moved without changed");
    let (none, _) = Planning::new().one(row(Lead, 1, &[changed, moved]));
    assert!(none.system.is_empty());
}

#[test]
fn crm_trap_4_the_close_date_of_a_closed_deal_is_put_right_afterwards() {
    let closed = [("STAGE_ID", Value::Code("C3:WON".into())), ("CLOSEDATE", Value::Date(civil::date(2023, 5, 6)))];
    let (create, mend) = Planning::new().one(row(Deal, 1, &closed));
    assert_eq!(mend.expect("a mend").fields.0["closedate"], json!("2023-05-06"));
    assert_eq!(create.fields.0["categoryId"], json!(3), "trap 10: the pipeline goes with its stage");
}

#[test]
fn crm_trap_7_an_empty_cell_is_emptied_again_after_the_portal_filled_it() {
    let (create, mend) = Planning::new().one(row(Company, 1, &[("INDUSTRY", Value::Empty), ("EMPLOYEES", Value::Empty)]));
    let mend = mend.expect("a mend");
    assert!(!create.fields.0.contains_key("industry"));
    assert_eq!((&mend.fields.0["industry"], &mend.fields.0["employees"]), (&json!(""), &json!("")));
    let (_, mend) = Planning::new().one(row(Company, 1, &[("TITLE", text("Sin columna de industria"))]));
    assert!(mend.is_none(), "a column that the file doesn't have is left alone");
}

#[test]
fn crm_trap_9_without_an_administrator_no_system_field_is_sent() {
    let planning = Planning { admin: false, ..Planning::new() };
    let author = ("CREATED_BY_ID", Value::User(UserId(7)));
    let (create, _) = planning.one(row(Lead, 1, &[created("2024-02-01T00:00:00Z"), author]));
    assert!(create.system.is_empty() && !create.fields.0.contains_key("createdBy"));
}

#[test]
fn crm_trap_11_and_12_days_go_without_an_offset_and_flags_as_letters() {
    let born = ("BIRTHDATE", Value::Date(civil::date(1990, 5, 6)));
    let (create, _) =
        Planning::new().one(row(Contact, 1, &[born, ("OPENED", Value::Flag(true)), ("EXPORT", Value::Flag(false))]));
    assert_eq!(create.fields.0["birthdate"], json!("1990-05-06"));
    assert_eq!((&create.fields.0["opened"], &create.fields.0["export"]), (&json!("Y"), &json!("N")));
}

#[test]
fn crm_trap_13_phones_go_in_upper_case_lists_and_never_as_fm() {
    let (create, _) = Planning::new().one(row(Contact, 1, &[("PHONE_WORK", Value::List(vec![text("+52 1"), text("+52 2")]))]));
    let both = json!([{"VALUE": "+52 1", "VALUE_TYPE": "WORK"}, {"VALUE": "+52 2", "VALUE_TYPE": "WORK"}]);
    assert_eq!(create.fields.0["PHONE"], both);
    assert!(!create.fields.0.contains_key("fm"));
}

#[test]
fn crm_trap_14_and_19_products_and_addresses_are_written_by_a_second_step() {
    let product = ProductRow::free("Tarima", 450.into(), 10.into());
    let fields = [("PRODUCTS", Value::Products(vec![product.clone()])), ("ADDRESS_CITY", text("Puebla"))];
    let (create, mend) = Planning::new().one(row(Lead, 1, &fields));
    let mend = mend.expect("a mend");
    assert_eq!((create.action, mend.action), (ActionKind::Create, ActionKind::Mend));
    assert_eq!((mend.products, &mend.classic.0["ADDRESS_CITY"]), (vec![product], &json!("Puebla")));
    assert!(!create.fields.0.contains_key("ADDRESS_CITY"));
}

#[test]
fn crm_trap_15_the_pair_of_the_mail_tracker_is_no_mark_and_an_own_pair_is_kept() {
    let pair = |originator: &str| [("ORIGINATOR_ID", text(originator)), ("ORIGIN_ID", text("X-1"))];
    let (tracked, _) = Planning::new().one(row(Lead, 5, &pair("email-tracker")));
    assert_eq!((&tracked.fields.0["originatorId"], &tracked.fields.0["originId"]), (&json!("b24restore"), &json!("lead:5")));
    let (own, _) = Planning::new().one(row(Lead, 5, &pair("sap")));
    assert_eq!((&own.fields.0["originatorId"], &own.fields.0["originId"]), (&json!("sap"), &json!("X-1")));
}

#[test]
fn crm_trap_17_a_text_longer_than_its_column_is_cut_by_us_and_said() {
    let (create, _) = Planning::new().one(row(Contact, 1, &[("NAME", text(&"ñ".repeat(51)))]));
    assert_eq!(create.fields.0["name"], json!("ñ".repeat(50)));
    assert!(is_declared(&create, "NAME", "value_cut"));
}

#[test]
fn crm_trap_27_a_user_whom_nobody_knows_is_not_sent_and_said() {
    let unknown = Value::Name("Ex Empleado".into());
    let (create, _) = Planning::new().one(row(Lead, 1, &[("ASSIGNED_BY_ID", unknown.clone()), ("CREATED_BY_ID", unknown)]));
    assert!(!create.fields.0.contains_key("assignedById") && !create.fields.0.contains_key("createdBy"));
    assert!(is_declared(&create, "ASSIGNED_BY_ID", "user_unknown") && is_declared(&create, "CREATED_BY_ID", "user_unknown"));
}

#[test]
fn crm_trap_29_the_web_form_of_a_deal_is_never_written() {
    let form = [("WEBFORM_ID", Value::Number(4.into()))];
    assert!(!Planning::new().one(row(Deal, 1, &form)).0.fields.0.contains_key("webformId"));
    assert!(Planning::new().one(row(Lead, 1, &form)).0.fields.0.contains_key("webformId"));
}
