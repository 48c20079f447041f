//! How fast a Spanish lead export is detected, surveyed and read into typed records, against the csv crate that only counts its records
//! with the same number of threads.
//!
//! `ROWS` (default 1,000,000) and `ROUNDS` (default 5) are environment variables; the best round of each counts, all of one run. Beside
//! the time on the wall stands the time on the cores, where the system tells it: on a computer that does other work it says more.

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

/// The program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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

/// How long something took: on the wall, and on the cores.
#[derive(Clone, Copy)]
struct Taken {
    wall: Duration,
    cores: Duration,
}

impl Taken {
    const NEVER: Self = Self { wall: Duration::MAX, cores: Duration::MAX };

    fn best(&mut self, other: Self) {
        (self.wall, self.cores) = (self.wall.min(other.wall), self.cores.min(other.cores));
    }
}

/// A clock that is running.
struct Clock(Instant, Duration);

impl Clock {
    fn start() -> Self {
        Self(Instant::now(), on_cores())
    }

    fn taken(&self) -> Taken {
        Taken { wall: self.0.elapsed(), cores: on_cores().saturating_sub(self.1) }
    }
}

/// How long this process has kept cores busy; Linux alone says so.
fn on_cores() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name in brackets: the 12th and 13th fields are user and system time in hundredths of a second (proc_pid_stat(5)).
    let behind = stat.rsplit_once(')').map_or("", |(_, behind)| behind);
    let hundredths: u64 = behind.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(10 * hundredths)
}

/// Detects, surveys and reads a file as `plan` does; gives what each step took, and all of it.
fn take(path: &Path, schema: &Schema, rows: usize) -> [Taken; 3] {
    let all = Clock::start();
    let (file, survey) = reading::survey(path, schema).expect("the export is understood");
    let surveyed = all.taken();
    assert_eq!((survey.rows, survey.rejected, survey.unmapped.len()), (rows as u64, 0, 0));
    let read = Clock::start();
    let mut records = 0;
    for chunk in intake::read(&file, &survey, schema).expect("the export is there") {
        let (chunk, _sources) = black_box(chunk.expect("the export is read")).into_parts();
        records += chunk.iter().filter(|row| matches!(row, Row::Record { problems, .. } if problems.is_empty())).count();
        // As in `plan`, where rows that are identical to the portal's are dropped on all cores.
        chunk.into_par_iter().for_each(drop);
    }
    assert_eq!(records, rows);
    [surveyed, read.taken(), all.taken()]
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
    let mut best = [Taken::NEVER; 5];
    for _ in 0..rounds {
        let time = |parts| {
            let clock = Clock::start();
            assert_eq!(black_box(count(&path, parts)), rows);
            clock.taken()
        };
        let (one, all) = (time(&whole), time(&shares));
        let ours = take(&path, &schema, rows);
        for (best, taken) in best.iter_mut().zip([one, all].into_iter().chain(ours)) {
            best.best(taken);
        }
    }
    let peer = best[1];
    println!("{rows} rows, {threads} threads, best of {rounds}; the ratios are to the csv crate with as many threads");
    let what = [
        "the csv crate counts the records, 1 thread",
        "the csv crate counts the records, all threads",
        "detected and surveyed",
        "read into typed records",
        "all of it",
    ];
    for (what, Taken { wall, cores }) in what.iter().zip(best) {
        let ratio = |ours: Duration, theirs: Duration| ours.as_secs_f64() / theirs.as_secs_f64();
        let per_second = rows as f64 / wall.as_secs_f64();
        println!(
            "{what:<46} {:>6} ms {per_second:>10.0} rows/s {:>6.2} x {:>6} ms of cores {:>6.2} x",
            wall.as_millis(),
            ratio(wall, peer.wall),
            cores.as_millis(),
            ratio(cores, peer.cores)
        );
    }
    Ok(())
}
