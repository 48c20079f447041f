//! Verdicts -> the plan directory: actions drafted, numbers gathered, everything written and sealed.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};

use crate::diff::{ChangeKind, Verdict, show};
use crate::model::{CrmMode, EntityType, PortalId, Value};
use crate::plan::{
    Action, ActionKind, ChangeLine, DirError, Draft, Drafted, Drafter, Fate, FileSummary, Forecast, Input, Manifest, Missing,
    RecordLine, RecordRef, Requests, Summary,
};
use crate::report::{self, Facts};

use super::inferred;
use super::plan::{Ground, PlanError, PlanRequest, Planned};
use super::stakes::Stakes;
use super::verdicts::Verdicts;
use super::warn::warn;

/// Portal time that one import is expected to take, from the vendor's recorded answers: 1.2 s a record and more (rest-crm 4.1).
const IMPORT_SECONDS: f64 = 1.2;
/// Operating seconds of one method in any ten minutes, of which we use four fifths (rest-transport 5.2).
const OPERATING_SHARE: f64 = 0.8;

/// Drafts, writes and seals a plan.
pub(super) fn write(request: &PlanRequest, ground: &Ground, mut verdicts: Verdicts) -> Result<Planned, PlanError> {
    let simple_mode_leads = refuse_leads_in_simple_mode(ground, &mut verdicts);
    let drafting = Drafter {
        schema: &ground.schema,
        current: &ground.current,
        names: &ground.names,
        zone: &ground.zone,
        flags: &request.flags,
        mending: &ground.mending,
        admin: ground.admin,
        now: ground.now,
        shared_pairs: &verdicts.shared_pairs,
    };
    for item in
        verdicts.judged.iter().filter(|item| item.judged.verdict == Verdict::Duplicate && drafting.is_created(&item.judged))
    {
        verdicts.fates.set(item.judged.record.entity, item.judged.record.id, Fate::Planned);
    }
    let mut drafted = drafting.draft(&verdicts.judged, &mut verdicts.fates).map_err(PlanError::ParentMissing)?;
    if simple_mode_leads > 0 {
        drafted.actions.retain(|action| action.entity != EntityType::Lead);
    }
    let mut summary = summarize(request, ground, &verdicts, &drafted);
    let facts_extra = Stakes::gather(ground, &verdicts, &drafted);
    warn(&mut summary, request, ground, &verdicts, &drafted, &facts_extra, simple_mode_leads);

    let draft = Draft::begin(&request.out)?;
    write_records(&draft, ground, &verdicts, &drafted)?;
    draft.write_actions(&drafted.actions)?;
    write_rejected(&draft, ground, &verdicts)?;
    let facts = Facts {
        summary: summary.clone(),
        made_at: ground.now,
        zone: ground.zone.clone(),
        newest: ground.newest.values().max().copied(),
        user: ground.user_name.clone(),
        admin: ground.admin,
        money: facts_extra.money,
        hardest_hit: facts_extra.hardest_hit.filter(|_| !request.redact),
        dates_kept: drafted.dates_kept,
        dates_lost: drafted.dates_lost,
        unwritable: facts_extra.unwritable,
        unmapped: facts_extra.unmapped.into_keys().collect(),
        to_decide: facts_extra.to_decide,
        inferred: inferred::sentences(ground, request.language),
        sandbox: ground.loopback,
        dir: request.out.clone(),
    };
    write_reports(&draft, request, &facts)?;
    let manifest = Manifest {
        format: 0,
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        portal: ground.portal.clone(),
        user: ground.user,
        admin: ground.admin,
        made_at: summary.made_at.clone(),
        zone: ground.zone_name.clone(),
        flags: request.flags.clone(),
        inputs: inputs(ground),
        summary,
        highest: highest(ground),
        parts: BTreeMap::new(),
    };
    let plan = draft.seal(manifest)?;
    let empty = ground.files.iter().filter(|seen| seen.file.no_records);
    let empty_files = empty.map(|seen| seen.file.path.to_string()).collect();
    Ok(Planned { facts, plan, empty_files, unused: Vec::new() })
}

/// The highest id of each type that was read; of a type without records, 0.
fn highest(ground: &Ground) -> BTreeMap<EntityType, PortalId> {
    let read = EntityType::ALL.into_iter().filter(|entity| ground.current.is_read(*entity));
    read.map(|entity| (entity, ground.current.highest(entity).unwrap_or(PortalId(0)))).collect()
}

/// In simple mode a created lead turns into a deal at once (rest-crm 8.2): no lead is created.
fn refuse_leads_in_simple_mode(ground: &Ground, verdicts: &mut Verdicts) -> u64 {
    if ground.schema.mode == CrmMode::Classic {
        return 0;
    }
    let mut leads = 0;
    for item in verdicts
        .judged
        .iter()
        .filter(|item| item.judged.record.entity == EntityType::Lead && item.judged.verdict == Verdict::Missing)
    {
        verdicts.fates.set(EntityType::Lead, item.judged.record.id, Fate::Gone);
        leads += 1;
    }
    leads
}

fn summarize(request: &PlanRequest, ground: &Ground, verdicts: &Verdicts, drafted: &Drafted) -> Summary {
    let mut entities = verdicts.counts.clone();
    for action in &drafted.actions {
        let counts = entities.entry(action.entity).or_default();
        match action.action {
            ActionKind::Create => counts.to_create += 1,
            ActionKind::Mend => counts.to_mend += 1,
            ActionKind::Restore | ActionKind::Relink => counts.to_update += 1,
        }
    }
    let (to_apply, forecast) = forecast(&drafted.actions, ground.loopback);
    Summary {
        portal: ground.portal.to_string(),
        made_at: ground.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        against: if request.against.is_some() { "snapshot" } else { "portal" }.to_owned(),
        zone: ground.zone_name.clone(),
        files: ground.files.iter().map(file_summary).collect(),
        entities,
        requests: Requests { made: ground.requests, to_apply },
        forecast,
        warnings: Vec::new(),
        inferred: inferred::all(ground),
    }
}

fn file_summary(seen: &super::survey::Surveyed) -> FileSummary {
    FileSummary {
        path: seen.file.path.to_string(),
        entity: seen.file.entity,
        encoding: seen.file.encoding.to_owned(),
        delimiter: char::from(seen.file.dialect.delimiter).to_string(),
        language: seen.file.language.map(str::to_owned),
        rows: seen.survey.rows,
        rejected: seen.survey.rejected,
        sha256: seen.survey.sha256.clone(),
    }
}

fn inputs(ground: &Ground) -> Vec<Input> {
    ground
        .files
        .iter()
        .map(|seen| Input {
            path: seen.file.path.to_string(),
            entity: seen.file.entity,
            sha256: seen.survey.sha256.clone(),
            header: seen.file.columns.iter().map(|column| column.name.clone()).collect(),
        })
        .collect()
}

/// Requests and time of `apply`: the request limit and the operating time, whichever takes longer. The sandbox costs next to nothing.
fn forecast(actions: &[Action], sandbox: bool) -> (u64, Forecast) {
    let creates = actions.iter().filter(|action| action.action == ActionKind::Create).count() as u64;
    let mut requests = 4;
    for entity in EntityType::ALL {
        let of_type =
            actions.iter().filter(|action| action.action == ActionKind::Create && action.entity == entity).count() as u64;
        requests += of_type.div_ceil(200) + of_type.div_ceil(2500) + of_type.div_ceil(2500);
    }
    requests += update_requests(actions);
    let by_requests = if requests > 45 { (requests - 45) as f64 / 2.0 } else { 0.0 };
    let operating = if sandbox { 0.0 } else { creates as f64 * IMPORT_SECONDS };
    let by_operating = if operating > 480.0 * OPERATING_SHARE { operating / OPERATING_SHARE } else { operating };
    let (seconds, bound_by) = match (by_requests, by_operating) {
        (r, o) if o > r => (o, "operating"),
        (r, _) if r > 0.0 => (r, "requests"),
        _ => (requests as f64 * 0.1, "nothing"),
    };
    (requests, Forecast { seconds: seconds.ceil() as u64, bound_by: bound_by.to_owned() })
}

/// What updates take, by 50 commands: their own, a look at each live record before, one more before and two after where values of
/// multi-fields are added, and one at its product rows.
fn update_requests(actions: &[Action]) -> u64 {
    let updates = || actions.iter().filter(|action| action.action != ActionKind::Create);
    let counted = |wanted: fn(&Action) -> bool| updates().filter(|action| wanted(action)).count() as u64;
    let commands: usize = updates().map(Action::commands).sum();
    let looks = counted(|action| action.portal_id.is_some());
    let (valued, with_rows) = (counted(|action| !action.values.is_empty()), counted(|action| action.rows.is_some()));
    (commands as u64).div_ceil(50) + looks.div_ceil(50) + 3 * valued.div_ceil(50) + with_rows.div_ceil(50)
}

fn write_records(draft: &Draft, ground: &Ground, verdicts: &Verdicts, drafted: &Drafted) -> Result<(), PlanError> {
    let mut depends: HashMap<RecordRef, Vec<RecordRef>> = HashMap::new();
    for action in &drafted.actions {
        let subject = action.subject();
        let known = depends.entry(subject).or_default();
        known.extend(action.depends_on.iter().filter(|target| **target != subject));
    }
    let mut out = draft.part(crate::plan::dir::RECORDS)?;
    let mut put = |line: &RecordLine| report::jsonl::write(line, &mut out).map_err(|source| io_error(draft, source));
    for item in verdicts.judged.iter().filter(|item| item.judged.verdict != Verdict::Identical) {
        let mut line = record_line(item, ground);
        let subject = RecordRef { entity: item.judged.record.entity, original_id: item.judged.record.id.0 };
        let unmended = drafted.unmended.get(&subject).into_iter().flatten();
        line.notes.extend(unmended.map(|field| format!("restored_unmended:{field}")));
        if let Some(mut targets) = depends.remove(&subject) {
            targets.sort();
            targets.dedup();
            line.depends_on = targets;
        }
        put(&line)?;
    }
    for (input, reject) in &verdicts.rejected {
        put(&RecordLine {
            entity: ground.files[*input].file.entity,
            original_id: reject_id(ground, *input, reject),
            verdict: "rejected".to_owned(),
            title: String::new(),
            file: reject.place.file.to_string(),
            line: reject.place.line,
            portal_id: None,
            matched_by: None,
            reason: Some(reject.reason.code().to_owned()),
            candidates: Vec::new(),
            changes: Vec::new(),
            depends_on: Vec::new(),
            incomplete: false,
            notes: Vec::new(),
        })?;
    }
    out.flush().map_err(|source| io_error(draft, source))
}

fn io_error(draft: &Draft, source: io::Error) -> PlanError {
    PlanError::Dir(DirError::Io { path: draft.place().to_owned(), source })
}

fn reject_id(ground: &Ground, input: usize, reject: &crate::model::Reject) -> Option<u64> {
    let column = ground.files[input]
        .file
        .columns
        .iter()
        .position(|column| column.code.as_ref().is_some_and(|code| code.as_str() == "ID"))?;
    reject.cells.get(column)?.trim().parse().ok()
}

fn record_line(item: &Missing, ground: &Ground) -> RecordLine {
    let judged = &item.judged;
    let entity = judged.record.entity;
    let text = |field: &str, value: &Value| show(value, ground.schema.field(entity, field).as_ref(), &ground.schema);
    let changes = if judged.verdict == Verdict::Changed { judged.changes.as_slice() } else { &[] };
    RecordLine {
        entity,
        original_id: Some(judged.record.id.0),
        verdict: judged.verdict.code().to_owned(),
        title: judged.record.title(),
        file: ground.files[item.source.input].file.path.to_string(),
        line: item.source.line,
        portal_id: judged.live.map(|id| id.0),
        matched_by: judged.live.map(|_| judged.how.code().to_owned()),
        reason: None,
        candidates: judged.candidates.iter().map(|id| id.0).collect(),
        changes: changes
            .iter()
            .filter(|change| change.kind != ChangeKind::PortalOwn)
            .map(|change| ChangeLine {
                field: change.field.to_string(),
                file: text(change.field.as_str(), &change.file),
                portal: text(change.field.as_str(), &change.portal),
                lost_link: change.kind == ChangeKind::LostLink,
            })
            .collect(),
        depends_on: Vec::new(),
        incomplete: item.incomplete,
        notes: judged
            .notes
            .iter()
            .map(|note| note.field().map_or(note.code().to_owned(), |field| format!("{}:{field}", note.code())))
            .collect(),
    }
}

fn write_rejected(draft: &Draft, ground: &Ground, verdicts: &Verdicts) -> Result<(), PlanError> {
    let wrap = |source| io_error(draft, source);
    let mut all = report::rejected::Rejections::new(draft.part(crate::plan::dir::REJECTED)?).map_err(wrap)?;
    for (_, reject) in &verdicts.rejected {
        all.write(reject).map_err(wrap)?;
    }
    all.finish().and_then(|mut out| out.flush()).map_err(wrap)?;
    for entity in EntityType::ALL {
        let of_type: Vec<_> = verdicts.rejected.iter().filter(|(input, _)| ground.files[*input].file.entity == entity).collect();
        let Some((first, _)) = of_type.first() else { continue };
        let header: Vec<String> = ground.files[*first].file.columns.iter().map(|column| column.name.clone()).collect();
        let out = draft.part(&format!("{}/{entity}.csv", crate::plan::dir::REJECTED_DIR))?;
        let mut rows = report::rejected::ReturnedRows::new(out, &header).map_err(wrap)?;
        for (_, reject) in of_type {
            rows.write(&reject.cells, reject.reason.code()).map_err(wrap)?;
        }
        rows.finish().and_then(|mut out| out.flush()).map_err(wrap)?;
    }
    Ok(())
}

fn write_reports(draft: &Draft, request: &PlanRequest, facts: &Facts) -> Result<(), PlanError> {
    let wrap = |source| io_error(draft, source);
    let lines = || -> Result<_, PlanError> {
        let path = draft.path().join(crate::plan::dir::RECORDS);
        let file = std::fs::File::open(path).map_err(wrap)?;
        let lines = report::jsonl::read(io::BufReader::new(file)).map_while(Result::ok);
        Ok(lines.map(|line| if request.redact { line.redacted() } else { line }))
    };
    let mut html = draft.part(crate::plan::dir::REPORT_HTML)?;
    report::html::write(facts, request.language, &mut lines()?, &mut html).map_err(wrap)?;
    html.flush().map_err(wrap)?;
    let mut csv = draft.part(crate::plan::dir::REPORT_CSV)?;
    report::csv::write(&mut lines()?, &mut csv).map_err(wrap)?;
    csv.flush().map_err(wrap)
}
