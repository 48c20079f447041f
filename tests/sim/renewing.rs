//! An application's token goes out of date while many requests are under way.

use std::sync::Arc;

use b24restore::cli::prove::cell;
use b24restore::cli::prove::faults;

use crate::stage::play;
use crate::trace::Trace;
use crate::trial::Trial;

/// How many ask at once.
const WORKERS: usize = 20;

#[test]
fn many_workers_whose_token_is_out_of_date_have_it_renewed_once_and_all_go_on() {
    let faults = faults::table().expect("the table of faults");
    let fault = faults.iter().find(|fault| fault.number == 46).expect("a token that is out of date");
    let cell = cell::simulated(&faults).into_iter().find(|cell| cell.fault == 46).expect("a cell");
    play(async {
        let trial = Trial::set(cell, fault, Arc::new(Trace::begin()));
        trial.mend();
        // Twice: what was renewed goes out of date as well.
        for renewals in 1..=2 {
            trial.expire();
            let reader = trial.usual_reader();
            let asking = (0..WORKERS).map(|_| {
                let reader = reader.clone();
                tokio::task::spawn_local(async move { reader.server_time().await })
            });
            for asked in asking.collect::<Vec<_>>() {
                asked.await.expect("nobody panics").expect("the portal's time");
            }
            assert_eq!(trial.renewals(), renewals);
        }
        trial.went_by_kept_keys();
    });
}
