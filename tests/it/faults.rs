//! Answers that are lost, late or wrong: nothing is lost, nothing is there twice.

use b24restore::sandbox::Limits;
use serde_json::{Value, json};

use crate::harness::crm::Size;
use crate::harness::scene::SMALL;
use crate::harness::{KINDS, Portal, Scene};

/// THE test: the one that stood before the rest of `apply` was written.
#[test]
fn lost_answers_and_a_kill_between_two_batches_neither_lose_nor_double_a_record() {
    let size = Size { companies: 60, contacts: 80, leads: 60, deals: 120 };
    let mut scene = Scene::of(Portal::open(), size);
    for (kind, count) in KINDS.into_iter().zip([35, 50, 40, 75]) {
        let ids = scene.crm.ids(kind);
        let lost = scene.random.sample(&ids, count);
        scene.crm.lose(&scene.portal, kind, &lost);
    }
    assert_eq!(scene.crm.lost_count(), 200);
    scene.plan(&["--relink"]);
    scene.portal.arm(json!({"method": "crm.item.batchimport", "every": 2, "when": "after", "do": "drop"}));

    let apply = ["apply".into(), scene.plan_dir().into_os_string(), "--yes".into()];
    let mut child = scene.b24().start(apply);
    // The second lost answer: the process is between that batch and the next, waiting before it looks the records up.
    assert!(scene.portal.sees(|portal| portal.struck() == [2], &mut child), "apply ended before it was killed");
    child.kill().expect("a kill");
    child.wait().expect("its end");

    scene.b24().applies_until_complete(&scene.plan_dir());
    assert!(scene.portal.struck()[0] > 2, "no answer was lost after the kill");
    scene.crm.is_back(&scene.portal, true);
    scene.journal_is_settled();
    scene.portal.disarm();
    scene.on_the_plan("verify", &[]).exits(0);
}

/// What becomes of a run that meets a fault.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Then {
    /// It copes by itself.
    Copes,
    /// It stops, and goes on when it is run again after the fault is over.
    Stops,
}

/// Meets a fault at imports until it has struck so often, then is run again until it is complete.
fn meets(fault: &Value, then: Then) {
    let scene = Scene::of(Portal::open(), SMALL).losing_one_of(2);
    scene.plan(&["--relink"]);
    scene.portal.arm(fault.clone());
    let ran = scene.on_the_plan("apply", &["--yes"]);
    assert_eq!(ran.code, Some(i32::from(then == Then::Stops)), "{fault}: {ran:#?}");
    assert_ne!(scene.portal.struck(), [0], "{fault} never struck");
    scene.portal.disarm();
    let outcome = scene.b24().applies_until_complete(&scene.plan_dir());
    for counts in outcome["entities"].as_object().expect("counts").values() {
        assert_eq!((&counts["failed"], &counts["pending"]), (&json!(0), &json!(0)), "{fault}: {outcome}");
    }
    scene.crm.is_back(&scene.portal, true);
    scene.journal_is_settled();
}

/// A test for a row of the table: name, request, point, deed, how often, what then.
macro_rules! faults {
    ($($name:ident: $method:literal $when:literal $deed:tt $times:literal => $then:ident;)*) => {$(
        #[test]
        fn $name() {
            meets(&json!({"method": $method, "when": $when, "do": $deed, "times": $times}), Then::$then);
        }
    )*};
}

faults! {
    a_500_with_json_before_it_was_applied: "crm.item.batchimport" "before" {"status": 500, "code": "INTERNAL_SERVER_ERROR"} 1 => Copes;
    a_500_with_json_after_it_was_applied: "crm.item.batchimport" "after" {"status": 500, "code": "INTERNAL_SERVER_ERROR"} 1 => Copes;
    a_500_page_before_it_was_applied: "crm.item.batchimport" "before" {"html": 500} 1 => Copes;
    a_500_page_after_it_was_applied: "crm.item.batchimport" "after" {"html": 500} 1 => Copes;
    a_502_page_after_it_was_applied: "crm.item.batchimport" "after" {"html": 502} 1 => Copes;
    a_504_page_after_it_was_applied: "crm.item.batchimport" "after" {"html": 504} 1 => Copes;
    a_login_page_at_200_after_it_was_applied: "crm.item.batchimport" "after" {"html": 200} 1 => Copes;
    an_empty_200_after_it_was_applied: "crm.item.batchimport" "after" "empty" 1 => Copes;
    an_empty_200_before_it_was_applied: "crm.item.batchimport" "before" "empty" 1 => Copes;
    a_503_without_a_body_after_it_was_applied: "crm.item.batchimport" "after" {"empty": 503} 1 => Copes;
    an_answer_cut_short: "crm.item.batchimport" "after" {"truncate": 40} 1 => Copes;
    an_answer_cut_short_that_looks_whole: "crm.item.batchimport" "after" {"truncate": 40, "framed": true} 1 => Copes;
    an_answer_with_a_warning_before_its_json: "crm.item.batchimport" "after" {"prefix": "<br />\nWarning: x in y on line 1<br />\n"} 1 => Copes;
    an_answer_of_another_content_type: "crm.item.batchimport" "after" {"content_type": "text/html"} 1 => Copes;
    a_result_that_is_false: "crm.item.batchimport" "after" {"patch": {"result": false}} 1 => Copes;
    a_connection_reset_before_it_was_applied: "crm.item.batchimport" "before" "reset" 1 => Copes;
    a_connection_reset_after_it_was_applied: "crm.item.batchimport" "after" "reset" 1 => Copes;
    every_answer_is_dropped: "crm.item.batchimport" "after" "drop" 100 => Copes;
    a_connection_that_dies_after_the_answer: "batch" "after" "stale" 3 => Copes;
    a_zombie_within_the_window: "crm.item.batchimport" "before" {"late_ms": 150} 1 => Copes;
    a_block_by_hand_stops_the_run: "batch" "before" {"status": 503, "code": "OVERLOAD_LIMIT", "description": "REST API is blocked due to overload."} 1 => Stops;
    a_webhook_revoked_on_the_way_stops_the_run: "batch" "before" {"status": 401, "code": "INVALID_CREDENTIALS", "description": "Invalid request credentials"} 1 => Stops;
}

/// After the refusal the program keeps to the standard pace, so there is just one record to create.
#[test]
fn a_full_bucket_is_waited_for() {
    let mut scene = Scene::small().losing("company", &[0]);
    scene.files.truncate(1);
    scene.plan(&["--no-mend"]);
    let full = json!({"status": 503, "code": "QUERY_LIMIT_EXCEEDED", "description": "Too many requests"});
    scene.portal.arm(json!({"method": "batch", "nth": 3, "times": 1, "do": full}));
    assert_eq!(scene.apply(&[])["entities"]["company"]["created"], 1);
    assert_eq!(scene.portal.struck(), [1]);
    scene.crm.is_back(&scene.portal, false);
}

/// The portal's own limits, met and not fought: its clock runs a thousand times as fast, and a command costs 10 s of it, so that 480 s of
/// a method's run time are used up on the way (rest-transport 5.2).
#[test]
fn run_time_that_is_used_up_is_waited_for() {
    let size = Size { companies: 0, contacts: 0, leads: 60, deals: 0 };
    let mut scene = Scene::of(Portal::open(), size);
    let ids = scene.crm.ids("lead");
    scene.crm.lose(&scene.portal, "lead", &ids);
    scene.files = vec![scene.files[2].clone()];
    scene.plan(&[]);
    scene.portal.reopen(Limits::Standard, 1000.0, 10_000);
    // Somebody else has used most of it.
    for _ in 0..46 {
        scene.portal.ask("crm.item.batchimport", &json!({"entityTypeId": 1, "data": []}));
    }
    scene.portal.arm(json!({"method": "crm.item.batchimport", "nth": 1_000_000, "do": {"delay_ms": 1}}));
    let outcome = scene.on_the_plan("apply", &["--yes"]).exits(0).json();
    assert_eq!(outcome["complete"], true);
    assert!(scene.portal.met()[0] >= 3);
    scene.portal.reopen(Limits::None, 1.0, 0);
    scene.crm.is_back(&scene.portal, false);
    scene.journal_is_settled();
}
