//! Defects planted on purpose: each is caught by name. A story that is green without its defect is red with it, or it proves nothing.
//!
//! Three more need a real process, network or lock; they are in `tests/it/bugs.rs`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use b24restore::apply::State;
use b24restore::cli::prove::{cell, faults};
use b24restore::drill::{BUGS, Bug};

use crate::invariants;
use crate::script::{Fate, Script, Scripted, nth_create};
use crate::stage::{End, LATER, Stage, play};
use crate::trace::Trace;
use crate::trial::Trial;
use crate::world::WORLDS;

/// Tells the story without the defect, which must go well, and with it, which must not.
fn catches(name: &str, story: impl Fn(Option<Bug>)) {
    let (_, bug) = BUGS.iter().find(|(known, _)| *known == name).expect("a planted defect");
    story(None);
    let noticed = catch_unwind(AssertUnwindSafe(|| story(Some(*bug))));
    let cause = noticed.expect_err("the planted defect went unnoticed");
    let text = cause.downcast_ref::<String>().map(String::as_str).or_else(|| cause.downcast_ref().copied());
    println!("{name}: caught: {}", text.unwrap_or_default().chars().take(120).collect::<String>());
}

fn stage(script: impl Script + 'static, bug: Option<Bug>) -> Stage {
    let mut stage = Stage::set(&WORLDS[2], Box::new(script), false, Arc::new(Trace::begin()));
    stage.bug = bug;
    stage
}

/// A plan is carried out to its end, whatever a script does, and everything holds.
fn complete<S: Script + 'static>(script: impl Fn() -> S) -> impl Fn(Option<Bug>) {
    move |bug| {
        play(async {
            let stage = Arc::new(stage(script(), bug));
            stage.until_complete().await;
            invariants::hold(&stage).await;
        });
    }
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn an_intent_that_is_not_on_the_disk_is_caught() {
    catches("intent-not-synced", complete(|| nth_create(1, Fate::DieLate(seconds(30)))));
}

#[test]
fn an_intent_that_is_written_behind_the_answer_is_caught() {
    catches("intent-after-send", complete(|| nth_create(0, Fate::Answered)));
}

#[test]
fn a_create_that_counts_as_done_without_an_answer_is_caught() {
    catches("ack-before-answer", complete(|| nth_create(0, Fate::LostBefore(seconds(75)))));
}

#[test]
fn a_create_that_is_sent_again_after_a_timeout_is_caught() {
    catches("retry-on-timeout", complete(|| nth_create(0, Fate::LostAfter(seconds(75)))));
}

#[test]
fn a_create_that_is_sent_again_after_a_500_is_caught() {
    catches("retry-on-500", complete(|| nth_create(0, Fate::Page(500, true))));
}

#[test]
fn a_single_look_up_is_caught() {
    catches("look-up-once", complete(|| nth_create(0, Fate::Late(seconds(149))).lagging(seconds(5))));
}

#[test]
fn a_window_that_is_not_waited_out_is_caught() {
    catches("zombie-window-0", complete(|| nth_create(0, Fate::Late(seconds(60)))));
}

#[test]
fn a_mark_with_the_number_of_the_attempt_is_caught() {
    catches("key-with-attempt", complete(|| nth_create(0, Fate::LostAfter(seconds(1)))));
}

#[test]
fn a_mark_with_the_plan_in_it_is_caught() {
    catches("key-with-plan", |bug| {
        play(async {
            let mut stage = stage(Scripted::new(|_| Fate::Answered), bug);
            // Two plans of one loss: made before anything was created.
            stage.plan_again("second");
            for plan in ["plan", "second"] {
                stage.turn_to(plan);
                let set = Arc::new(stage);
                assert_eq!(set.run().await, End::Complete);
                stage = Arc::into_inner(set).expect("a stage that nobody else holds");
            }
            invariants::hold(&stage).await;
        });
    });
}

#[test]
fn a_batch_that_counts_as_one_record_is_caught() {
    catches("batch-as-one-record", complete(|| nth_create(0, Fate::Answered)));
}

#[test]
fn a_run_that_forgets_what_the_last_one_was_sending_is_caught() {
    catches("resume-ignores-sent", complete(|| nth_create(1, Fate::DieLate(seconds(60)))));
}

#[test]
fn taking_the_first_of_two_is_caught() {
    catches("adopt-first-of-two", |bug| {
        play(async {
            let stage = Arc::new(stage(nth_create(0, Fate::TwiceLost), bug));
            stage.run().await;
            assert_ne!(stage.count(State::Failed), 0, "nobody was told that there are two");
        });
    });
}

/// The cells of the fault matrix are no decoration: where the protocol is broken, the cell that it is for is red.
#[test]
fn the_fault_matrix_sees_the_defects_that_its_faults_bring_out() {
    let faults = faults::table().expect("the table of faults");
    for (bug, name) in [
        ("retry-on-timeout", "F36/1/deal/middle/once"),
        ("retry-on-500", "F12/2/contact/first/once"),
        ("ack-before-answer", "F35/1/lead/last/once"),
        ("zombie-window-0", "F28/3/company/last/once"),
        ("batch-as-one-record", "F21/1/deal/last/once"),
        ("intent-after-send", "F1/1/lead/first/once"),
    ] {
        let cell = cell::simulated(&faults).into_iter().find(|cell| cell.to_string() == name);
        let cell = cell.unwrap_or_else(|| panic!("no cell {name}"));
        let fault = faults.iter().find(|fault| fault.number == cell.fault).expect("a fault");
        catches(bug, |bug| {
            play(async {
                let mut trial = Trial::set(cell, fault, Arc::new(Trace::begin()));
                trial.bug = bug;
                trial.carry_out().await;
            });
        });
    }
}

#[test]
fn a_state_that_is_noted_before_our_own_updates_is_caught() {
    catches("baseline-before-ack", |bug| {
        play(async {
            let stage = Arc::new(stage(Scripted::new(|_| Fate::Answered), bug));
            stage.until_complete().await;
            tokio::time::sleep(LATER).await;
            let kept = stage.undo().await;
            assert_eq!(kept, 0, "undo takes our own updates for somebody else's");
        });
    });
}
