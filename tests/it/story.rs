//! The whole story, from a loss to a CRM that is whole again, and back.

use serde_json::{Value, json};

use crate::harness::crm::{KINDS, Size, other_fields};
use crate::harness::{Portal, Scene};

#[test]
fn a_company_loses_a_tenth_of_its_records_and_gets_just_those_back() {
    let story = Size { companies: 40, contacts: 120, leads: 200, deals: 150 };
    let scene = Scene::of(Portal::as_a_process(), story).losing_one_of(10).changing_one_of(20);
    let (portal, crm) = (&scene.portal, &scene.crm);

    // Looking changes nothing.
    portal.watch_writing();
    let ledger = portal.changes();
    let inspected = scene.b24().run(["inspect", scene.files[0].to_str().expect("a path"), "--json"]).exits(0).json();
    assert_eq!(inspected["files"][0]["rows"], 40);
    let summary = scene.plan(&[]);
    scene.on_the_plan("status", &[]).exits(0);
    assert_eq!(portal.written(), Vec::<String>::new());
    assert_eq!(portal.changes(), ledger);

    // The counts are right to the record.
    for kind in KINDS {
        let (lost, changed) = (crm.lost[kind].len(), crm.changed[kind].len());
        let differing = crm.survivors[kind]
            .keys()
            .filter(|id| crm.changed[kind].contains(id) || !crm.lost_links(kind, **id).is_empty())
            .count();
        assert!(differing >= changed);
        let in_file = crm.before[kind].len();
        let expected = json!({"in_file": in_file, "missing": lost, "changed": differing, "identical": in_file - lost - differing,
            "restored": 0, "duplicate": 0, "rejected": 0, "only_in_portal": 0, "left_out": 0});
        let counts = &summary["entities"][kind];
        for (count, expected) in expected.as_object().expect("counts") {
            assert_eq!(counts[count], *expected, "{count} of {kind}: {counts}");
        }
        let links: usize = crm.survivors[kind].keys().map(|id| crm.lost_links(kind, *id).len()).sum();
        assert_eq!(counts["lost_links"], links, "lost links of {kind}");
    }

    // What was lost is created, once.
    let outcome = scene.apply(&[]);
    for kind in KINDS {
        let lost = crm.lost[kind].len();
        let expected = json!({"planned": lost, "created": lost, "already_there": 0, "left_out": 0, "failed": 0, "pending": 0});
        assert_eq!(outcome["entities"][kind], expected, "{kind}");
    }
    crm.is_back(portal, false);
    scene.journal_is_settled();

    // Again creates nothing, and reading back finds all equal, without a writing call.
    portal.watch_writing();
    scene.apply(&[]);
    let verified = scene.on_the_plan("verify", &[]).exits(0).json();
    for kind in KINDS {
        let counts = &verified["entities"][kind];
        let lost = crm.lost[kind].len();
        assert_eq!((&counts["checked"], &counts["equal"]), (&json!(lost), &json!(lost)), "{kind}: {counts}");
    }
    let again = scene.b24().run(scene.plan_args(&portal.dir().join("plan2"), &[])).exits(0).json();
    for kind in KINDS {
        let counts = &again["entities"][kind];
        assert_eq!(counts["missing"], 0, "{kind}: {counts}");
        assert_eq!(counts["restored"], crm.lost[kind].len(), "{kind}: {counts}");
    }
    assert_eq!(portal.written(), Vec::<String>::new());
    portal.disarm();

    // Undoing takes back what was created, and leaves what somebody has worked on since.
    let ids = std::fs::read_to_string(scene.plan_dir().join("ids.csv")).expect("ids.csv");
    assert!(ids.starts_with("entity,original_id,new_id"), "{ids}");
    let kept: u64 = ids.lines().find_map(|line| line.strip_prefix("deal,")?.split(',').nth(1)?.parse().ok()).expect("a deal");
    portal.call("crm.deal.update", json!({"id": kept, "fields": other_fields("deal")}));
    let undone = scene.on_the_plan("undo", &["--yes"]).exits(3).json();
    for kind in KINDS {
        let kept = usize::from(kind == "deal");
        let expected = json!({"deleted": crm.lost[kind].len() - kept, "kept_changed": kept, "absent": 0});
        assert_eq!(undone["entities"][kind], expected, "{kind}");
    }
    let left = portal.call("crm.deal.get", json!({"id": kept}));
    assert_eq!(left["COMMENTS"], "cambiado después");
    portal.call("crm.deal.delete", json!({"id": kept}));
    crm.is_untouched(portal);
}

#[test]
fn undo_leaves_nothing_of_a_plan_that_nobody_touched() {
    let scene = Scene::small().losing_one_of(2);
    scene.plan(&[]);
    scene.apply(&[]);
    let undone = scene.on_the_plan("undo", &["--yes"]).exits(0).json();
    let deleted: u64 =
        undone["entities"].as_object().expect("counts").values().filter_map(|counts| counts["deleted"].as_u64()).sum();
    assert_eq!(deleted as usize, scene.crm.lost_count());
    scene.crm.is_untouched(&scene.portal);
    assert_eq!(scene.portal.call("sandbox.binned", json!({})).as_array().map(Vec::len), Some(2 * scene.crm.lost_count()));
}

#[test]
fn a_plan_made_a_second_time_is_the_same_to_the_digit() {
    let scene = Scene::small().losing_one_of(3);
    let one = scene.plan(&[]);
    let other = scene.plan(&[]);
    let counts = |summary: &Value| summary["entities"].clone();
    assert_eq!(counts(&one), counts(&other));
}
