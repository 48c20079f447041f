//! Killed at any instant and begun again: nothing missing, nothing twice.

#[cfg(feature = "faults")]
mod boundaries;

use serde_json::json;

use crate::harness::crm::Size;
use crate::harness::{Portal, Random, Scene};

/// A CRM that loses half of its records; the plan fills lost links too.
fn scene() -> Scene {
    let size = Size { companies: 12, contacts: 24, leads: 16, deals: 28 };
    let scene = Scene::of(Portal::open(), size).losing_one_of(2);
    scene.plan(&["--relink"]);
    scene
}

/// Twelve runs, each killed while one of its requests is under way: not yet carried out, or carried out and not yet answered. A plan that
/// is complete before the twelfth kill is checked, and another one takes its place.
fn survives_twelve_kills(seed: u64) {
    let mut random = Random(seed);
    let mut left = 12;
    while left > 0 {
        let scene = scene();
        let b24 = scene.b24().window("0.8");
        let apply = ["apply".into(), scene.plan_dir().into_os_string(), "--yes".into()];
        while left > 0 {
            // The request is held for longer than it takes to see that it has come; one that outlives its client is carried out within
            // the window.
            let (when, delay) = random.pick(&[("before", 150), ("after", 2000)]);
            let nth = 1 + random.below(20);
            scene.portal.disarm();
            scene.portal.arm(json!({"method": "*", "nth": nth, "when": when, "do": {"delay_ms": delay}}));
            let mut child = b24.start(&apply);
            let is_met = scene.portal.sees(|portal| portal.struck() == [1], &mut child);
            if is_met {
                child.kill().expect("a kill");
                left -= 1;
            }
            child.wait().expect("its end");
            if !is_met {
                break;
            }
        }
        scene.portal.disarm();
        b24.applies_until_complete(&scene.plan_dir());
        scene.crm.is_back(&scene.portal, true);
        scene.journal_is_settled();
    }
}

#[test]
fn apply_killed_twelve_times_neither_loses_nor_doubles_a_record() {
    survives_twelve_kills(1);
}

#[test]
fn apply_killed_at_twelve_other_instants_neither_loses_nor_doubles_a_record() {
    survives_twelve_kills(2);
}

#[test]
fn four_kills_after_an_import_took_effect_and_before_its_answer() {
    let scene = scene();
    let b24 = scene.b24();
    let apply = ["apply".into(), scene.plan_dir().into_os_string(), "--yes".into()];
    for _ in 0..4 {
        scene.portal.disarm();
        scene.portal.arm(json!({"method": "crm.item.batchimport", "when": "after", "do": {"delay_ms": 2000}}));
        let mut child = b24.start(&apply);
        assert!(scene.portal.sees(|portal| portal.struck()[0] >= 1, &mut child), "no import was sent");
        child.kill().expect("a kill");
        child.wait().expect("its end");
    }
    scene.portal.disarm();
    b24.applies_until_complete(&scene.plan_dir());
    scene.crm.is_back(&scene.portal, true);
    scene.journal_is_settled();
}

#[test]
fn undo_killed_on_the_way_goes_on_where_it_stopped() {
    let scene = scene();
    scene.b24().applies_until_complete(&scene.plan_dir());
    let undo = ["undo".into(), scene.plan_dir().into_os_string(), "--yes".into()];
    scene.portal.arm(json!({"method": "crm.item.delete", "nth": 9, "when": "after", "do": {"delay_ms": 2000}}));
    let mut child = scene.b24().start(&undo);
    assert!(scene.portal.sees(|portal| portal.struck() == [1], &mut child), "undo ended before it was killed");
    child.kill().expect("a kill");
    child.wait().expect("its end");
    scene.portal.disarm();
    scene.b24().run(undo).exits(0);
    scene.crm.is_untouched(&scene.portal);
}

#[test]
fn a_second_apply_of_the_same_plan_is_refused_while_the_first_runs() {
    let scene = scene();
    let apply = ["apply".into(), scene.plan_dir().into_os_string(), "--yes".into()];
    scene.portal.arm(json!({"method": "crm.item.batchimport", "times": 1, "do": {"delay_ms": 1500}}));
    let mut first = scene.b24().start(&apply);
    assert!(scene.portal.sees(|portal| portal.struck() == [1], &mut first), "no import was sent");
    let refused = scene.b24().run(&apply).exits(1).stderr("another b24restore is writing");
    // Windows shows nobody what is in a locked file.
    if cfg!(unix) {
        refused.stderr(&format!("(process {} on ", first.id())).stderr(" UTC)");
    }
    assert!(first.wait().expect("its end").success());
    scene.crm.is_back(&scene.portal, true);
}
