//! The fault matrix: 60 faults, 4 record types, at the first, middle and last import, once and from then on. All 1,440 cells.
//!
//! `SIM_CELL=F36/1/deal/middle/once` plays one of them and prints what happened in it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use b24restore::cli::prove::cell::{self, Cell};
use b24restore::cli::prove::faults::{self, Fault};

use crate::stage::play;
use crate::trace::Trace;
use crate::trial::{Trial, imports_without_a_fault};

/// How many of the cells that failed are told with all that happened in them.
const TOLD: usize = 3;

/// Plays a cell; what was wrong, and what happened.
fn play_cell(cell: Cell, fault: &Fault) -> Result<String, (String, String)> {
    let mut told = None;
    let ended = catch_unwind(AssertUnwindSafe(|| {
        play(async {
            let trace = Arc::new(Trace::begin());
            told = Some(trace.clone());
            Trial::set(cell, fault, trace).carry_out().await;
        });
    }));
    let trace = told.map(|trace| trace.to_string()).unwrap_or_default();
    ended.map(|()| trace.clone()).map_err(|cause| {
        let text = cause.downcast_ref::<String>().map(String::as_str).or_else(|| cause.downcast_ref().copied());
        (text.unwrap_or("it panicked").to_owned(), trace)
    })
}

fn fault_of(cell: Cell, faults: &[Fault]) -> &Fault {
    faults.iter().find(|fault| fault.number == cell.fault).expect("a fault")
}

#[test]
fn in_all_1440_cells_of_the_fault_matrix_every_record_is_there_once() {
    let faults = faults::table().expect("the table of faults");
    let cells = cell::simulated(&faults);
    if let Ok(name) = std::env::var("SIM_CELL") {
        let cell = cells.into_iter().find(|cell| cell.to_string() == name).expect("a cell");
        let (wrong, trace) = match play_cell(cell, fault_of(cell, &faults)) {
            Ok(trace) => (String::new(), trace),
            Err(told) => told,
        };
        println!("{cell}\n{trace}");
        assert_eq!(wrong, "");
        return;
    }
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some(cell) = cells.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err((wrong, trace)) = play_cell(*cell, fault_of(*cell, &faults)) {
                        failed.lock().expect("the failures").push((*cell, wrong, trace));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().expect("the failures");
    for (cell, wrong, trace) in failed.iter().take(TOLD) {
        println!("{cell}: {wrong}\n{trace}\n");
    }
    for (cell, wrong, _) in &failed {
        println!("{cell}: {wrong}");
    }
    assert_eq!(cells.len(), 1440);
    assert!(failed.is_empty(), "{} of {} cells failed; SIM_CELL=NAME repeats one", failed.len(), cells.len());
    println!("{} cells: 0 lost, 0 twice", cells.len());
}

#[test]
fn each_record_type_takes_three_requests_so_that_there_is_a_first_a_middle_and_a_last() {
    let faults = faults::table().expect("the table of faults");
    for cell in cell::simulated(&faults).into_iter().filter(|cell| cell.fault == 11 && cell.place == 0 && !cell.forever) {
        let imports = play(imports_without_a_fault(cell, fault_of(cell, &faults)));
        assert_eq!(imports, 3, "{cell}");
    }
}
