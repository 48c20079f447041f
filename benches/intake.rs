//! How many rows of a Spanish lead export are read a second, against the csv crate that only counts the same records.

mod export;
mod reading;

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const LEADS: usize = 50_000;

fn intake(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().expect("the temporary directory is writable");
    let path = dir.path().join("LEAD_20240115_7c1e09ab_65a4f0e1c2d3e.csv");
    export::write(&path, LEADS).expect("the export is written");
    let schema = reading::schema();
    let (file, survey) = reading::survey(&path, &schema).expect("the export is understood");
    assert_eq!((survey.rows, survey.rejected, survey.unmapped.len()), (LEADS as u64, 0, 0));
    let mut group = criterion.benchmark_group("50,000 leads of an export");
    group.throughput(Throughput::Elements(LEADS as u64)).sample_size(10).measurement_time(Duration::from_secs(6));
    group.bench_function("the csv crate counts the records", |bencher| {
        bencher.iter(|| {
            let mut reader =
                csv::ReaderBuilder::new().delimiter(b';').flexible(true).from_path(&path).expect("the export is there");
            let mut record = csv::ByteRecord::new();
            let mut records = 0_usize;
            while reader.read_byte_record(&mut record).expect("a record") {
                records += 1;
            }
            assert_eq!(black_box(records), LEADS);
        });
    });
    group.bench_function("detected and surveyed", |bencher| {
        bencher.iter(|| black_box(reading::survey(&path, &schema).expect("the export is understood")));
    });
    group.bench_function("read into records", |bencher| {
        bencher.iter(|| black_box(reading::rows(&file, &survey, &schema).expect("the export is read").len()));
    });
    group.finish();
}

criterion_group!(benches, intake);
criterion_main!(benches);
