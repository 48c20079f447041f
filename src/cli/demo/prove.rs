//! `demo --prove`: the promises, tried again and again on local portals, for a person who believes nobody.
//!
//! Each proof has a world of its own: a portal, a loss, a plan. The program is run as its user runs it, struck by a fault or killed, and run
//! again until it says that it is done. Then the portal itself is counted.
//!
//! The table of faults, its cells, the worlds and the counting are open to the simulation in `tests/sim`, which plays the same cells inside one
//! process: one list of expectations, one way of counting.

pub mod cell;
pub mod chance;
pub mod count;
pub mod faults;
mod kill;
mod pace;
#[cfg(test)]
mod page;
mod program;
mod scene;
mod secret;
pub mod setup;
mod table;
mod tamper;
mod trial;
pub mod world;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use clap::Args;

use self::cell::Cell;
use self::chance::Chance;
use self::faults::Fault;
use super::world::WorldError;
use crate::cli::args::Output;
use crate::cli::lang::say;
use crate::cli::{Failure, Outcome, terminal};
use crate::sandbox::SandboxError;
use crate::sandbox::rule::RuleError;
use crate::sandbox::store::StoreError;

/// Kills, unless a number is given.
const KILLS: usize = 300;
/// Kills that one worker does in a row.
const KILLS_A_TASK: usize = 10;
/// Worlds that are proven at once on each core: most of them wait for a window to pass.
const WORKERS_A_CORE: usize = 5;

/// How much is proven.
#[derive(Debug, Clone, Args)]
pub struct Prove {
    /// Prove the promises: faults, kills, altered plans, limits, the secret. Takes at most 10 minutes.
    #[arg(id = "prove", long)]
    wanted: bool,
    /// The seed of everything that is left to chance (default: a new one, which is shown).
    #[arg(long, value_name = "N", requires = "prove")]
    seed: Option<u64>,
    /// How many cells of the fault matrix (default: all).
    #[arg(long, value_name = "N", requires = "prove")]
    cells: Option<usize>,
    /// One cell of the fault matrix, as it is named where it failed; may be given several times.
    #[arg(long, value_name = "CELL", requires = "prove", conflicts_with = "cells")]
    cell: Vec<String>,
    /// How many kills.
    #[arg(long, value_name = "N", requires = "prove", default_value_t = KILLS)]
    kills: usize,
    /// Nothing new is begun after so many minutes.
    #[arg(long, value_name = "M", requires = "prove", default_value_t = 10)]
    minutes: u64,
}

/// Why a proof couldn't be carried out to its end.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The world can't be made.
    #[error(transparent)]
    World(#[from] WorldError),
    /// The portal can't be opened.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The portal's state can't be worked on.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system refuses a file or a process.
    #[error(transparent)]
    System(#[from] std::io::Error),
    /// A fault of the table is no rule.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// The table of faults is no table.
    #[error("the table of faults can't be read")]
    Table(#[from] toml::de::Error),
    /// A command didn't do what it was to do.
    #[error("{0}")]
    Command(String),
    /// Something is asked of a portal that is closed.
    #[error("the portal is closed")]
    Closed,
}

/// What was done in a proof, and what was wrong.
#[derive(Debug, Clone, Default)]
struct Done {
    /// Everything that was wrong, in words.
    complaints: Vec<String>,
    /// Portals that were counted.
    portals: usize,
    /// Lost records that were nowhere in the end.
    lost: usize,
    /// Lost records that were there more than once, though nothing had declared it.
    doubled: usize,
    /// Records of others that were touched.
    touched: usize,
    /// Cells whose double or difference `verify` had to find, and found.
    declared: usize,
    /// Kills of `apply`.
    kills: usize,
    /// Kills of the portal.
    portal_kills: usize,
    /// Worlds of the kill loop.
    worlds: usize,
    /// Sums that were checked, and those that don't add up.
    sums: usize,
    unequal: usize,
    /// Bytes of plans that were altered, and those that were believed.
    alterations: usize,
    believed: usize,
    /// Requests at a portal that keeps its limits, and those that it turned away.
    requests: u64,
    refused: u64,
    /// Files that were searched for the secret, and those that hold it.
    files: u64,
    leaks: usize,
}

impl Done {
    fn add(&mut self, other: Self) {
        self.complaints.extend(other.complaints);
        self.portals += other.portals;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.touched += other.touched;
        self.declared += other.declared;
        self.kills += other.kills;
        self.portal_kills += other.portal_kills;
        self.worlds += other.worlds;
        self.sums += other.sums;
        self.unequal += other.unequal;
        self.alterations += other.alterations;
        self.believed += other.believed;
        self.requests += other.requests;
        self.refused += other.refused;
        self.files += other.files;
        self.leaks += other.leaks;
    }
}

/// One piece of work.
#[derive(Debug, Clone, Copy)]
enum Task {
    Cell(Cell),
    Kills(usize),
    Tamper,
    Pace,
}

/// All that came of it.
#[derive(Debug, Default)]
struct Tally {
    cells: Done,
    cells_done: usize,
    kills: Done,
    tamper: Done,
    pace: Done,
    failures: Vec<Failed>,
}

/// A proof that failed.
#[derive(Debug, Clone, serde::Serialize)]
struct Failed {
    what: String,
    /// The fault, where it is a cell.
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
    why: Vec<String>,
    evidence: PathBuf,
}

impl Prove {
    /// Whether it is asked for.
    pub(super) fn is_wanted(&self) -> bool {
        self.wanted
    }

    /// Proves, below a directory.
    pub(super) fn run(self, root: &Path, is_temporary: bool, output: &Output) -> Result<Outcome, Failure> {
        let language = output.language();
        let wrong = |error: ProveError| Failure::other(say(language, "cannot prove", "no se puede comprobar"), &error);
        let begun = Instant::now();
        let faults = faults::table().map_err(ProveError::from).map_err(wrong)?;
        let seed = self.seed.unwrap_or_else(fresh_seed);
        let tasks = self.tasks(&faults, seed).map_err(Failure::usage)?;
        let asked = tasks.len();
        let proofs = Proofs { faults: &faults, root, seed, deadline: begun + Duration::from_secs(self.minutes * 60), output };
        let (tally, left) = proofs.carry_out(tasks);
        let outside: Vec<u8> = faults.iter().filter(|fault| fault.outside.is_some()).map(|fault| fault.number).collect();
        let shown = table::Shown { seed, tally: &tally, left, asked, outside: &outside, seconds: begun.elapsed().as_secs_f64() };
        if output.json {
            terminal::json(&shown.json());
        } else {
            terminal::result(&shown.text(language));
        }
        if is_temporary && tally.failures.is_empty() {
            // What can't be removed does no harm: it is in the system's temporary folder.
            _ = std::fs::remove_dir_all(root);
        }
        Ok(if shown.held() { Outcome::Done } else { Outcome::Pending })
    }

    /// Everything that is to be done, in an order in which nothing has to wait for the end.
    fn tasks(&self, faults: &[Fault], seed: u64) -> Result<Vec<Task>, String> {
        let cells = if self.cell.is_empty() {
            let all = cell::all(faults);
            let count = self.cells.unwrap_or(all.len());
            cell::choose(all, count, &mut Chance::new(seed))
        } else {
            let named = |name: &String| cell::named(name, faults).ok_or_else(|| format!("no cell {name}"));
            self.cell.iter().map(named).collect::<Result<_, _>>()?
        };
        let mut kills = Vec::new();
        let mut left = self.kills;
        while left > 0 {
            kills.push(Task::Kills(left.min(KILLS_A_TASK)));
            left = left.saturating_sub(KILLS_A_TASK);
        }
        // The pace takes longest and costs least.
        let mut tasks = if self.cell.is_empty() { vec![Task::Pace, Task::Tamper] } else { Vec::new() };
        // Spread the kills evenly among the cells, so that a deadline cuts both.
        let each = cells.len() / (kills.len() + 1) + 1;
        let mut kills = kills.into_iter();
        for part in cells.chunks(each) {
            tasks.extend(part.iter().copied().map(Task::Cell));
            tasks.extend(kills.next());
        }
        tasks.extend(kills);
        Ok(tasks)
    }
}

/// A seed that nobody chose.
fn fresh_seed() -> u64 {
    let now = jiff::Timestamp::now().as_nanosecond() as u64;
    Chance::new(now ^ u64::from(std::process::id())).next() % 1_000_000_000
}

/// The proofs at work.
struct Proofs<'a> {
    faults: &'a [Fault],
    root: &'a Path,
    seed: u64,
    deadline: Instant,
    output: &'a Output,
}

impl Proofs<'_> {
    /// Carries tasks out on several threads; gives what came of them, and how many were left undone.
    fn carry_out(&self, tasks: Vec<Task>) -> (Tally, usize) {
        let count = tasks.len();
        let waiting = Mutex::new(tasks.into_iter().enumerate());
        let tally = Mutex::new((Tally::default(), 0));
        let cores = std::thread::available_parallelism().map_or(2, NonZeroUsize::get);
        std::thread::scope(|scope| {
            for _ in 0..(cores * WORKERS_A_CORE).min(count) {
                scope.spawn(|| {
                    while Instant::now() < self.deadline {
                        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
                        let Some((place, task)) = next else { return };
                        let ended = self.carry_out_one(place, task);
                        let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
                        tally.1 += 1;
                        self.note(tally.1, count, ended.1.as_ref());
                        tally.0.enter(task, ended);
                    }
                });
            }
        });
        let (tally, done) = tally.into_inner().unwrap_or_else(PoisonError::into_inner);
        (tally, count - done)
    }

    /// Carries one task out in a directory of its own, which stays only if it failed.
    fn carry_out_one(&self, place: usize, task: Task) -> (Done, Option<Failed>) {
        // A cell is the same wherever it stands among the tasks, so that it can be repeated alone.
        let (what, salt) = match task {
            Task::Cell(cell) => {
                (cell.to_string(), cell.to_string().bytes().fold(7, |sum: u64, byte| sum.wrapping_mul(31) + u64::from(byte)))
            }
            Task::Kills(kills) => (format!("kills-{place} ({kills})"), place as u64),
            Task::Tamper => ("altered plans".to_owned(), 1),
            Task::Pace => ("limits".to_owned(), 2),
        };
        let mut chance = Chance::new(self.seed ^ salt.wrapping_mul(0x9e37_79b9));
        let dir = self.root.join(what.replace(['/', ' ', '(', ')'], "-"));
        let fault = match task {
            Task::Cell(cell) => self.faults.iter().find(|fault| fault.number == cell.fault),
            _ => None,
        };
        let ended = match task {
            Task::Cell(cell) => fault.map_or_else(|| Ok(Done::default()), |fault| cell.carry_out(fault, &dir, &mut chance)),
            Task::Kills(kills) => kill::carry_out(kills, &dir, &mut chance),
            Task::Tamper => tamper::carry_out(&dir, &mut chance),
            Task::Pace => pace::carry_out(&dir, &mut chance),
        };
        let done = ended.unwrap_or_else(|error| Done { complaints: vec![chain(&error)], ..Done::default() });
        if done.complaints.is_empty() {
            // The next proofs don't need it.
            _ = std::fs::remove_dir_all(&dir);
            return (done, None);
        }
        let failed = Failed { what, fault: fault.map(|fault| fault.name.clone()), why: done.complaints.clone(), evidence: dir };
        (done, Some(failed))
    }

    /// Says on the way what failed, and now and then how far it is.
    fn note(&self, done: usize, of: usize, failed: Option<&Failed>) {
        if let Some(failed) = failed {
            terminal::note(&format!("{}: {}", failed.what, failed.why.join("; ")), self.output);
        }
        if !self.output.json && (done.is_multiple_of(of.div_ceil(10)) || done == of) {
            terminal::note(&format!("{done}/{of}"), self.output);
        }
    }
}

/// An error and its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

impl Tally {
    fn enter(&mut self, task: Task, (done, failed): (Done, Option<Failed>)) {
        match task {
            Task::Cell(_) => {
                self.cells_done += 1;
                self.cells.add(done);
            }
            Task::Kills(_) => self.kills.add(done),
            Task::Tamper => self.tamper.add(done),
            Task::Pace => self.pace.add(done),
        }
        self.failures.extend(failed);
    }

    /// All proofs together.
    fn all(&self) -> Done {
        let mut all = self.cells.clone();
        for done in [&self.kills, &self.tamper, &self.pace] {
            all.add(done.clone());
        }
        all
    }
}
