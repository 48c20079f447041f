//! How fast a Spanish lead export is detected, surveyed and read into typed records, against the csv crate that only counts its records
//! with the same number of threads.
//!
//! `ROWS` (default 1,000,000) and `ROUNDS` (default 5) are environment variables; the best round of each counts, all of one run.

mod export;
mod reading;

use std::fs::File;
use std::hint::black_box;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::time::{Duration, Instant};

use b24restore::intake;
use b24restore::model::{Row, Schema};
use rayon::prelude::*;

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn reader(source: impl Read, has_headers: bool) -> csv::Reader<impl Read> {
    csv::ReaderBuilder::new().delimiter(b';').flexible(true).has_headers(has_headers).from_reader(source)
}

/// Where the csv crate may begin to count, so that each of so many threads has about as much to do.
fn parts(path: &Path, threads: u64) -> export::Result<Vec<(u64, u64)>> {
    let bytes = std::fs::metadata(path)?.len();
    let mut reader = reader(File::open(path)?, true);
    let mut record = csv::ByteRecord::new();
    let mut begins = Vec::new();
    while reader.read_byte_record(&mut record)? {
        let begin = record.position().map_or(0, csv::Position::byte);
        if begin >= bytes / threads * begins.len() as u64 {
            begins.push(begin);
        }
    }
    let ends = begins.iter().skip(1).copied().chain([bytes]).collect::<Vec<u64>>();
    Ok(begins.into_iter().zip(ends).collect())
}

/// Counts the records of some parts of a file, each on a thread of its own.
fn count(path: &Path, parts: &[(u64, u64)]) -> usize {
    let count = |&(begin, end): &(u64, u64)| {
        let mut file = File::open(path).expect("the export is there");
        file.seek(SeekFrom::Start(begin)).expect("a file can be sought in");
        let mut reader = reader(file.take(end - begin), false);
        let mut record = csv::ByteRecord::new();
        let mut records = 0_usize;
        while reader.read_byte_record(&mut record).expect("a record") {
            records += 1;
        }
        records
    };
    parts.par_iter().map(count).sum()
}

/// Detects, surveys and reads a file as `plan` does; gives the time of each step.
fn take(path: &Path, schema: &Schema, rows: usize) -> [Duration; 2] {
    let begin = Instant::now();
    let (file, survey) = reading::survey(path, schema).expect("the export is understood");
    let surveyed = begin.elapsed();
    assert_eq!((survey.rows, survey.rejected, survey.unmapped.len()), (rows as u64, 0, 0));
    let mut records = 0;
    for chunk in intake::read(&file, &survey, schema).expect("the export is there") {
        let chunk = black_box(chunk.expect("the export is read"));
        records += chunk.iter().filter(|row| matches!(row, Row::Record { problems, .. } if problems.is_empty())).count();
        // As in `plan`, where rows that are identical to the portal's are dropped on all cores.
        chunk.into_par_iter().for_each(drop);
    }
    assert_eq!(records, rows);
    [surveyed, begin.elapsed().saturating_sub(surveyed)]
}

fn main() -> export::Result<()> {
    let (rows, rounds) = (number("ROWS", 1_000_000), number("ROUNDS", 5));
    let threads = rayon::current_num_threads();
    let path = std::env::temp_dir().join(format!("LEAD_20240115_b24restore_bench_{rows}.csv"));
    if !path.exists() {
        export::write(&path, rows)?;
    }
    let schema = reading::schema();
    let (whole, shares) = (parts(&path, 1)?, parts(&path, threads as u64)?);
    let mut best = [Duration::MAX; 5];
    for _ in 0..rounds {
        let time = |parts| {
            let begin = Instant::now();
            assert_eq!(black_box(count(&path, parts)), rows);
            begin.elapsed()
        };
        let (one, all) = (time(&whole), time(&shares));
        let [surveyed, read] = take(&path, &schema, rows);
        for (best, time) in best.iter_mut().zip([one, all, surveyed, read, surveyed + read]) {
            *best = (*best).min(time);
        }
    }
    let peer = best[1];
    println!("{rows} rows, {threads} threads, best of {rounds}:");
    for (what, time) in [
        ("the csv crate counts the records, 1 thread".to_owned(), best[0]),
        (format!("the csv crate counts the records, {threads} threads"), best[1]),
        (format!("detected and surveyed, {threads} threads"), best[2]),
        (format!("read into typed records, {threads} threads"), best[3]),
        (format!("all of it, {threads} threads"), best[4]),
    ] {
        let per_second = rows as f64 / time.as_secs_f64();
        println!("{what:<52} {time:>8.0?} {per_second:>12.0} rows/s {:>6.2} x", time.as_secs_f64() / peer.as_secs_f64());
    }
    Ok(())
}
