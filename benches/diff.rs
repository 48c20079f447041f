//! How many records of an export are judged a second against as many live ones, one in ten of which is lost and one in twenty changed.

mod export;
mod reading;

use std::hint::black_box;
use std::time::Duration;

use b24restore::diff::{Current, Files, Judge, JudgeOptions, Judged, Names, Verdict};
use b24restore::intake::{self, RestoreFile, Survey};
use b24restore::model::{EntityType, FileRecord, LiveRecord, PortalId, Row, Schema, UserId, Value};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use jiff::tz::TimeZone;
use rayon::prelude::*;

const LEADS: usize = 50_000;

/// The record of a row as the portal has it: moments for clocks, the user's id for the name.
fn live(row: &Row, zone: &TimeZone) -> Option<LiveRecord> {
    let Row::Record { record, .. } = row else { return None };
    let mut live = LiveRecord::new(EntityType::Lead, PortalId(record.id.0));
    for (code, value) in record.fields() {
        let value = match value {
            Value::Clock(clock) => Value::Moment(zone.to_timestamp(*clock).ok()?),
            Value::Name(_) => Value::User(UserId(1)),
            other => other.clone(),
        };
        live.push(code.clone(), value);
    }
    Some(live)
}

/// All rows of an export.
fn rows(file: &RestoreFile, survey: &Survey, schema: &Schema) -> export::Result<Vec<Row>> {
    let mut all = Vec::with_capacity(survey.rows as usize);
    for rows in intake::read(file, survey, schema)? {
        all.extend(rows?);
    }
    Ok(all)
}

fn diff(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().expect("the temporary directory is writable");
    let path = dir.path().join("leads.csv");
    export::write(&path, LEADS).expect("the export is written");
    let schema = reading::schema();
    let zone = TimeZone::get("America/Mexico_City").expect("a zone of the database");
    let (file, survey) = reading::survey(&path, &schema).expect("the export is understood");
    let rows = rows(&file, &survey, &schema).expect("the export is read");
    let mut current = Current::default();
    let mut files = Files::default();
    for (id, created) in survey.created() {
        files.add(EntityType::Lead, id);
        files.set_created(EntityType::Lead, id, created);
    }
    for (place, mut live) in rows.iter().filter_map(|row| live(row, &zone)).enumerate() {
        if place % 20 == 0 {
            live.set("TITLE".into(), Value::Text("Otro título".into()));
        }
        if place % 10 != 5 {
            current.insert(&live);
        }
    }
    let records: Vec<FileRecord> =
        rows.into_iter().filter_map(|row| if let Row::Record { record, .. } = row { Some(record) } else { None }).collect();
    let names = Names::build(&current, &files, &schema);
    let judge = Judge::new(&schema, &current, &files, &names, zone, false, JudgeOptions::default());
    let judged_of = |records: Vec<FileRecord>| -> Vec<Judged> {
        let mut judged: Vec<Judged> = records
            .into_par_iter()
            .map(|record| judge.judge(record))
            .filter(|judged| judged.verdict != Verdict::Identical)
            .collect();
        judge.settle(&mut judged);
        judged
    };
    let judged = judged_of(records.clone());
    let count = |verdict| judged.iter().filter(|judged| judged.verdict == verdict).count();
    assert_eq!((count(Verdict::Missing), count(Verdict::Changed)), (LEADS / 10, LEADS / 20));
    let mut group = criterion.benchmark_group("50,000 leads against 45,000 live ones");
    group.throughput(Throughput::Elements(LEADS as u64)).sample_size(10).measurement_time(Duration::from_secs(6));
    group.bench_function("judged and settled", |bencher| {
        bencher.iter_batched(|| records.clone(), |records| black_box(judged_of(records).len()), BatchSize::LargeInput);
    });
    group.finish();
}

criterion_group!(benches, diff);
criterion_main!(benches);
