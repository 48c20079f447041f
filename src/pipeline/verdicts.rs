//! Every row gets its verdict: rows are read in chunks, compared on all cores, and only what is not identical is kept.

use std::collections::{BTreeMap, HashMap, HashSet};

use rayon::prelude::*;

use crate::diff::{ChangeKind, Judge, JudgeOptions, Judged, Note, Verdict};
use crate::event::{Event, Observer, Phase};
use crate::intake;
use crate::model::{Cells, EntityType, FieldCode, FileRecord, OriginPair, Problem, ProblemCode, Reject, Row, Schema, Value};
use crate::plan::{EntityCounts, Fate, Fates, Mended, Missing, SourceRow, stage_field};

use super::meanings::Meanings;
use super::plan::{Ground, PlanError, PlanRequest, match_keys};

/// Warning code, type, field -> records.
pub(super) type Counted = BTreeMap<(String, Option<EntityType>, Option<String>), u64>;

/// What the comparison of all rows gave.
pub(super) struct Verdicts {
    /// The records that are not identical, by type in the order of dependence, then in file order.
    pub judged: Vec<Missing>,
    /// The rows that can't be used, each with its file's number.
    pub rejected: Vec<(usize, Reject)>,
    /// The counts of each type.
    pub counts: BTreeMap<EntityType, EntityCounts>,
    /// What answers for each record of the files.
    pub fates: Fates,
    /// Own origin pairs that several rows bear.
    pub shared_pairs: HashSet<(EntityType, OriginPair)>,
    /// Warning code, type, field -> records.
    pub notes: Counted,
}

/// Judges every row: each alone on all cores, then what is not identical once more, together.
pub(super) fn judge(request: &PlanRequest, ground: &Ground, observer: &dyn Observer) -> Result<Verdicts, PlanError> {
    let keys = match_keys(&request.flags);
    let id_decides = ground.zone_unsure;
    let options = JudgeOptions { match_keys: keys.clone(), existence_only: request.flags.existence_only };
    let is_foreign = ground.current.foreign().is_some();
    let judge =
        Judge::new(&ground.schema, &ground.current, &ground.known, &ground.names, ground.zone.clone(), id_decides, options);
    let mut sifting = Sifting::default();
    let rows: u64 = ground.files.iter().map(|seen| seen.survey.rows).sum();
    observer.event(Event::Begin { phase: Phase::Compare, total: Some(rows) });
    for (input, seen) in ground.files.iter().enumerate() {
        let entity = seen.file.entity;
        if !request.flags.only.is_empty() && !request.flags.only.contains(&entity) {
            sifting.counts.entry(entity).or_default().left_out += seen.survey.rows;
            continue;
        }
        if !seen.file.no_records && keys.is_empty() && !seen.file.columns.iter().any(is_id) {
            return Err(PlanError::NoId(seen.file.path.to_string()));
        }
        let mending = FileMending::of(ground, seen);
        for chunk in intake::read(&seen.file, &seen.survey, &ground.schema)? {
            let chunk = chunk?;
            let (rows, sources) = chunk.into_parts();
            observer.event(Event::Advance { phase: Phase::Compare, by: rows.len() as u64 });
            let sift = |(at, row)| sift(row, || sources.lines(at), &judge, &mending, input);
            let sifted: Vec<Sifted> = rows.into_par_iter().enumerate().map(sift).collect();
            for sifted in sifted {
                sifting.take(sifted, entity, input, &ground.schema);
            }
        }
        // A type whose file holds no row has its counts, too.
        sifting.counts.entry(entity).or_default();
    }
    let verdicts = settle(&judge, sifting, &ground.schema, is_foreign);
    observer.event(Event::End { phase: Phase::Compare });
    for (entity, counts) in &verdicts.counts {
        let selected = |seen: &&super::survey::Surveyed| seen.file.entity == *entity && counts.left_out == 0;
        let rows: u64 = ground.files.iter().filter(selected).map(|seen| seen.survey.rows).sum();
        if counts.in_file != rows {
            return Err(PlanError::Tally { entity: *entity, rows, judged: counts.in_file });
        }
    }
    Ok(verdicts)
}

fn is_id(column: &intake::Column) -> bool {
    column.code.as_ref().is_some_and(|code| code.as_str() == "ID")
}

/// What the rows have given so far.
#[derive(Default)]
struct Sifting {
    counts: BTreeMap<EntityType, EntityCounts>,
    rejected: Vec<(usize, Reject)>,
    sources: HashMap<(EntityType, u64), (SourceRow, bool)>,
    kept: Vec<Judged>,
    pairs: HashMap<(EntityType, OriginPair), u32>,
    notes: Counted,
}

/// A row after its comparison.
enum Sifted {
    Identical(Vec<Note>, Vec<FieldCode>, Vec<Problem>, Vec<Mended>),
    Kept(Box<Judged>, SourceRow, Vec<Problem>, Vec<Mended>),
    Rejected(Reject),
}

/// Mends the records of one file by the flags of the plan, before they are compared.
struct FileMending<'a> {
    ground: &'a Ground,
    meanings: &'a Meanings,
    /// Titles of columns that are left out, and of those that hold the stage: what was wrong there is no matter once it is mended.
    skipped: HashSet<&'a str>,
    stages: HashSet<&'a str>,
}

impl<'a> FileMending<'a> {
    fn of(ground: &'a Ground, seen: &'a super::survey::Surveyed) -> Self {
        let titles = |wanted: &dyn Fn(&FieldCode) -> bool| {
            let columns = seen.survey.columns.iter().filter(|column| column.code.as_ref().is_some_and(wanted));
            columns.map(|column| column.name.as_str()).collect()
        };
        let stage = stage_field(seen.file.entity);
        let skipped = titles(&|code| ground.mending.skips(seen.file.entity, code));
        Self {
            ground,
            meanings: &seen.meanings,
            skipped,
            stages: titles(&|code| code.as_str() == stage || code.as_str() == "CATEGORY_ID"),
        }
    }

    fn mend(&self, record: &mut FileRecord, problems: &mut Vec<Problem>) -> Vec<Mended> {
        let mut mended = self.ground.mending.read(record, &self.ground.schema);
        mended.extend(self.meanings.read(record).into_iter().map(|field| ("label_inferred", field.to_string())));
        if !mended.is_empty() || !self.skipped.is_empty() {
            let is_mapped = mended.iter().any(|(code, _)| *code == "stage_mapped");
            let column = |problem: &Problem| problem.place.column.clone().unwrap_or_default();
            problems.retain(|problem| !self.skipped.contains(column(problem).as_str()));
            problems.retain(|problem| {
                problem.code != ProblemCode::LabelUnknown || !is_mapped || !self.stages.contains(column(problem).as_str())
            });
        }
        mended
    }
}

fn sift(row: Row, lines: impl Fn() -> Vec<Cells>, judge: &Judge<'_>, mending: &FileMending<'_>, input: usize) -> Sifted {
    match row {
        Row::Rejected(reject) => Sifted::Rejected(reject),
        Row::Record { mut record, place, mut problems } => {
            if mending.ground.current.foreign().is_some() {
                forget_users(&mut record);
            }
            let mended = mending.mend(&mut record, &mut problems);
            let judged = judge.judge(record);
            if judged.verdict == Verdict::Identical {
                let own = portal_own(&judged).cloned().collect();
                return Sifted::Identical(judged.notes, own, problems, mended);
            }
            Sifted::Kept(Box::new(judged), SourceRow { input, line: place.line, lines: lines() }, problems, mended)
        }
    }
}

/// Another portal's user 7 is somebody else: an id of a user names nobody here.
fn forget_users(record: &mut FileRecord) {
    let is_user = |value: &Value| matches!(value, Value::User(_));
    let named = |value: &Value| match value {
        Value::User(id) => Value::Name(id.to_string().into()),
        other => other.clone(),
    };
    let known: Vec<(FieldCode, Value)> = record
        .fields()
        .filter(|(_, value)| value.each().iter().any(is_user))
        .map(|(code, value)| match value {
            Value::List(values) => (code.clone(), Value::List(values.iter().map(named).collect())),
            value => (code.clone(), named(value)),
        })
        .collect();
    for (code, value) in known {
        record.set(code, value);
    }
}

impl Sifting {
    fn take(&mut self, sifted: Sifted, entity: EntityType, input: usize, schema: &Schema) {
        let counts = self.counts.entry(entity).or_default();
        match sifted {
            Sifted::Identical(notes, own, problems, mended) => {
                counts.identical += 1;
                note_problems(&problems, entity, &mut self.notes);
                note_mended(mended, entity, &mut self.notes);
                note(&notes, entity, schema, &mut self.notes);
                note_own(own.iter(), entity, &mut self.notes);
            }
            Sifted::Rejected(reject) => {
                counts.rejected += 1;
                self.rejected.push((input, reject));
            }
            Sifted::Kept(judged, source, problems, mended) => {
                note_mended(mended, entity, &mut self.notes);
                self.keep(*judged, source, &problems);
            }
        }
    }

    fn keep(&mut self, judged: Judged, source: SourceRow, problems: &[Problem]) {
        let entity = judged.record.entity;
        note_problems(problems, entity, &mut self.notes);
        // A text that no entry answers to leaves the record whole; a cell that can't be read doesn't.
        let incomplete = problems.iter().any(|problem| !is_unknown(problem) && problem.code != ProblemCode::LostPlus);
        if let (Some(originator), Some(origin)) = (judged.record.text("ORIGINATOR_ID"), judged.record.text("ORIGIN_ID")) {
            let pair = OriginPair { originator: originator.to_owned(), origin: origin.to_owned() };
            *self.pairs.entry((entity, pair)).or_default() += 1;
        }
        self.sources.insert((entity, judged.record.id.0), (source, incomplete));
        self.kept.push(judged);
    }
}

/// Whether a text is one that the portal doesn't know, or knows more than once.
fn is_unknown(problem: &Problem) -> bool {
    matches!(problem.code, ProblemCode::LabelUnknown | ProblemCode::UserUnknown | ProblemCode::UserAmbiguous)
}

/// Counts the cells that can't be read. Texts and names that the portal doesn't know are noted by the comparison, field by field.
fn note_problems(problems: &[Problem], entity: EntityType, counts: &mut Counted) {
    for problem in problems.iter().filter(|problem| !is_unknown(problem)) {
        let has_words = matches!(problem.code, ProblemCode::LostPlus | ProblemCode::SpreadsheetDamage);
        let code = if has_words { problem.code.code() } else { "bad_cells" };
        *counts.entry((code.to_owned(), Some(entity), problem.place.column.clone())).or_default() += 1;
    }
}

/// The second look at what is not identical, and the fate of each.
fn settle(judge: &Judge<'_>, mut sifting: Sifting, schema: &Schema, is_foreign: bool) -> Verdicts {
    let answers = judge.settle(&mut sifting.kept);
    let mut fates = Fates::default();
    let mut judged = Vec::with_capacity(sifting.kept.len());
    for one in sifting.kept {
        let (entity, id) = (one.record.entity, one.record.id);
        note(&one.notes, entity, schema, &mut sifting.notes);
        note_own(portal_own(&one), entity, &mut sifting.notes);
        let counts = sifting.counts.entry(entity).or_default();
        match one.verdict {
            Verdict::Missing => counts.missing += 1,
            Verdict::Identical => counts.identical += 1,
            Verdict::Changed => counts.changed += 1,
            Verdict::Restored => counts.restored += 1,
            Verdict::Duplicate => counts.duplicate += 1,
            Verdict::Rejected => counts.rejected += 1,
        }
        counts.lost_links += one.changes.iter().filter(|change| change.kind == ChangeKind::LostLink).count() as u64;
        fates.set(entity, id, fate(&one));
        let (source, incomplete) = sifting.sources.remove(&(entity, id.0)).unwrap_or_default();
        judged.push(Missing { judged: one, source, incomplete });
    }
    for (entity, counts) in &mut sifting.counts {
        counts.in_file =
            counts.missing + counts.changed + counts.identical + counts.restored + counts.duplicate + counts.rejected;
        let only = answers.only_in_portal(*entity);
        counts.only_in_portal = (only.newer + only.older) as u64;
        // Another portal's files say nothing of what should be here.
        counts.newer_in_portal = if is_foreign { counts.only_in_portal } else { only.newer as u64 };
    }
    judged.sort_by_key(|item| (item.judged.record.entity, item.source.input, item.source.line));
    Verdicts {
        judged,
        rejected: sifting.rejected,
        counts: sifting.counts,
        fates,
        shared_pairs: sifting.pairs.into_iter().filter(|(_, rows)| *rows > 1).map(|(pair, _)| pair).collect(),
        notes: sifting.notes,
    }
}

fn fate(judged: &Judged) -> Fate {
    match judged.verdict {
        Verdict::Identical | Verdict::Changed | Verdict::Restored => judged.live.map_or(Fate::Gone, Fate::Live),
        Verdict::Missing => Fate::Planned,
        Verdict::Duplicate => match judged.candidates.as_slice() {
            [only] => Fate::Live(*only),
            _ => Fate::Gone,
        },
        Verdict::Rejected => Fate::Gone,
    }
}

/// Counts what a person should know; a text in a column that the portal writes itself is no matter.
fn note(notes: &[Note], entity: EntityType, schema: &Schema, counts: &mut Counted) {
    for note in notes {
        let field = note.field();
        if field.is_some_and(|field| schema.listed(entity, field.as_str()).is_some_and(|def| def.portal_own)) {
            continue;
        }
        *counts.entry((note.code().to_owned(), Some(entity), field.map(ToString::to_string))).or_default() += 1;
    }
}

/// The columns of a record that differ because the portal writes them itself: never alone a reason for `changed`.
fn portal_own(judged: &Judged) -> impl Iterator<Item = &FieldCode> {
    judged.changes.iter().filter(|change| change.kind == ChangeKind::PortalOwn).map(|change| &change.field)
}

fn note_mended(mended: Vec<Mended>, entity: EntityType, counts: &mut Counted) {
    for (code, of) in mended {
        *counts.entry((code.to_owned(), Some(entity), Some(of))).or_default() += 1;
    }
}

fn note_own<'a>(own: impl Iterator<Item = &'a FieldCode>, entity: EntityType, counts: &mut Counted) {
    for field in own {
        *counts.entry(("portal_own_differs".to_owned(), Some(entity), Some(field.to_string()))).or_default() += 1;
    }
}
