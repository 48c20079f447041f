//! The warnings of a plan: each with its count and its sentence.

use crate::diff::ZoneFit;
use crate::model::{EntityType, ProblemCode};
use crate::plan::{Drafted, Summary, Warning};
use crate::report;

use super::plan::{Ground, PlanRequest};
use super::stakes::Stakes;
use super::survey::Surveyed;
use super::verdicts::{Counted, Verdicts};
use super::zones::has_clocks;

/// The field that holds the responsible person.
const RESPONSIBLE: &str = "ASSIGNED_BY_ID";

/// Counts everything a person should know before applying, and says it in sentences.
pub(super) fn warn(
    summary: &mut Summary,
    request: &PlanRequest,
    ground: &Ground,
    verdicts: &Verdicts,
    drafted: &Drafted,
    parts: &Stakes,
    simple_mode_leads: u64,
) {
    let mut counted: Counted = verdicts.notes.clone();
    for (key, records) in &drafted.warnings {
        *counted.entry(key.clone()).or_default() += records;
    }
    settle_reassigned(&mut counted);
    let mut add = |code: &str, entity: Option<EntityType>, field: Option<String>, records: u64| {
        if records > 0 {
            *counted.entry((code.to_owned(), entity, field)).or_default() += records;
        }
    };
    for (entity, counts) in &summary.entities {
        add("file_incomplete", Some(*entity), None, counts.only_in_portal - counts.newer_in_portal);
        add("rejected_rows", Some(*entity), None, counts.rejected);
        add("duplicate_found", Some(*entity), None, counts.duplicate);
    }
    for (entity, title, records) in &parts.unwritable {
        add("column_unwritable", Some(*entity), Some(title.clone()), *records);
    }
    for ((entity, title), rows) in &parts.unmapped {
        add("column_unmapped", Some(*entity), Some(title.clone()), *rows);
    }
    for seen in &ground.files {
        if seen.file.no_records {
            add("no_records", Some(seen.file.entity), None, 1);
        }
        for of in &seen.survey.open.rivals {
            add("title_of_two_fields", Some(seen.file.entity), Some(of.title.clone()), seen.survey.rows);
        }
        if seen.survey.columns.iter().any(|column| column.is_requisite(&column.name)) {
            add("requisites_left_out", Some(seen.file.entity), None, seen.survey.rows);
        }
        let without_id = seen.survey.problems.iter().any(|problem| problem.code == ProblemCode::NoId);
        if without_id {
            add(ProblemCode::NoId.code(), Some(seen.file.entity), None, seen.survey.rows);
        }
        if !seen.survey.date_order_sure {
            add(ProblemCode::DateOrderUnsure.code(), Some(seen.file.entity), None, seen.survey.rows);
        }
        for problem in seen.survey.problems.iter().filter(|problem| problem.code == ProblemCode::DatesTurned) {
            add(problem.code.code(), Some(seen.file.entity), problem.place.column.clone(), seen.survey.rows);
        }
        for code in [ProblemCode::Mojibake, ProblemCode::NumbersUnsure] {
            if seen.survey.problems.iter().any(|problem| problem.code == code) {
                add(code.code(), Some(seen.file.entity), None, seen.survey.rows);
            }
        }
        for sheet in seen.file.other_sheets() {
            add(ProblemCode::OtherSheets.code(), Some(seen.file.entity), Some(sheet.clone()), 1);
        }
        let scattered = ProblemCode::ProductsScattered;
        let lines = seen.survey.problems.iter().filter(|problem| problem.code == scattered).count() as u64;
        add(scattered.code(), Some(seen.file.entity), None, lines);
    }
    let said = |rule: &str| drafted.warnings.keys().chain(verdicts.notes.keys()).any(|(_, _, of)| of.as_deref() == Some(rule));
    for rule in ground.mending.stage_rules().filter(|rule| !said(rule)) {
        add("stage_map_unused", None, Some(rule.to_owned()), 1);
    }
    let total = summary.total();
    if ground.zone_unsure || is_zone_untold(ground, total.to_create) {
        add("zone_uncertain", None, None, total.in_file);
    }
    if total.to_create > 0 {
        add("recycle_bin_first", None, None, total.to_create);
        add("import_side_effects", None, None, total.to_create);
        add("history_not_restored", None, None, total.to_create);
    }
    if request.flags.keep_dates {
        add("dates_kept_in_fields", None, None, total.to_create);
    }
    if !ground.admin && request.against.is_none() {
        add("not_admin", None, None, total.missing);
    }
    if !ground.scopes_spare.is_empty() {
        add("webhook_wide", None, Some(ground.scopes_spare.join(", ")), ground.scopes_spare.len() as u64);
    }
    add("simple_mode_no_leads", Some(EntityType::Lead), None, simple_mode_leads);
    summary.warnings = counted
        .into_iter()
        .map(|((code, entity, field), records)| Warning {
            text: report::words::warning_text(&code, entity, field.as_deref(), records, request.language),
            code,
            entity,
            field,
            records,
        })
        .chain(super::copies::warnings(&ground.files, request.language))
        .collect();
}

/// Whether creation moments without an offset are going to be written in a zone that nothing confirms: no record is there to compare
/// with, and nobody has said the zone.
fn is_zone_untold(ground: &Ground, to_create: u64) -> bool {
    let is_open = |seen: &Surveyed| seen.file.timezone().is_none() && has_clocks(seen);
    to_create > 0 && matches!(ground.zone_fit, ZoneFit::NotNeeded) && ground.files.iter().any(is_open)
}

/// Who got another responsible person is no longer one whom the portal doesn't know: the sentence of that warning would be wrong.
fn settle_reassigned(counted: &mut Counted) {
    let reassigned: Vec<_> = counted.keys().filter(|(code, ..)| code == "reassigned").cloned().collect();
    for key in reassigned {
        let (Some(records), (_, entity, Some(why))) = (counted.remove(&key), key) else { continue };
        *counted.entry(("reassigned".to_owned(), entity, Some(RESPONSIBLE.to_owned()))).or_default() += records;
        let unknown = (why, entity, Some(RESPONSIBLE.to_owned()));
        if let Some(left) = counted.get_mut(&unknown) {
            *left = left.saturating_sub(records);
            if *left == 0 {
                counted.remove(&unknown);
            }
        }
    }
}
