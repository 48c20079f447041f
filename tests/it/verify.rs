//! Reading back: what is there twice is named, whoever made the second one and whenever it came.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::Scene;
use crate::harness::crm::all;

/// The ids of the only double that `verify` names.
fn double(verified: &Value) -> (u64, BTreeSet<u64>) {
    let doubles = verified["doubles"].as_array().expect("doubles");
    assert_eq!(doubles.len(), 1, "{verified}");
    let ids = doubles[0]["portal_ids"].as_array().expect("ids").iter().filter_map(Value::as_u64).collect();
    (doubles[0]["original_id"].as_u64().expect("an id"), ids)
}

#[test]
fn a_request_carried_out_after_we_gave_up_on_it_is_found_with_both_ids() {
    let scene = Scene::small().losing("lead", &[2]);
    let id = *scene.crm.lost["lead"].first().expect("a lead");
    scene.plan(&[]);
    scene.portal.arm(json!({"method": "crm.item.batchimport", "nth": 1, "do": "drop"}));
    scene.apply(&[]);
    // The first request, which was looked up, found nowhere and sent again, is carried out after all.
    let fields = json!({"title": "Prospecto 3", "originatorId": "b24restore", "originId": format!("lead:{id}")});
    scene.portal.call("crm.item.import", json!({"entityTypeId": 1, "fields": fields}));
    // That a second request was needed is known, so nobody else is suspected.
    scene.apply(&[]);
    let verified = scene.on_the_plan("verify", &[]).exits(3).json();
    let marked: BTreeSet<u64> = scene
        .portal
        .every("lead")
        .into_iter()
        .filter(|(_, lead)| lead["ORIGIN_ID"] == format!("lead:{id}"))
        .map(|(id, _)| id)
        .collect();
    assert_eq!(double(&verified), (id, marked.clone()));
    let ran = scene.b24().run(["verify".into(), scene.plan_dir().into_os_string()]).exits(3);
    marked.iter().fold(ran, |ran, id| ran.stdout(&id.to_string()));
}

#[test]
fn a_double_is_found_though_the_record_we_made_has_lost_its_mark() {
    let scene = Scene::small().losing("contact", &[1, 2]);
    scene.plan(&[]);
    scene.apply(&[]);
    let ((_, old), new) = scene.crm.new_ids(&all(&scene.portal)).into_iter().next().expect("a contact");
    scene.portal.call("crm.contact.update", json!({"id": new, "fields": {"ORIGINATOR_ID": "", "ORIGIN_ID": ""}}));
    let fields = json!({"NAME": "otra", "ORIGINATOR_ID": "b24restore", "ORIGIN_ID": format!("contact:{old}")});
    let second = scene.portal.call("crm.contact.add", json!({"fields": fields})).as_u64().expect("an id");
    let verified = scene.on_the_plan("verify", &[]).exits(3).json();
    assert_eq!(double(&verified), (old, BTreeSet::from([new, second])));
}

#[test]
fn a_part_is_read_back_on_demand_and_doubles_are_looked_for_among_all() {
    let scene = Scene::small().losing("contact", &[0, 1, 2, 3, 4, 5, 6]).losing("deal", &[0, 1, 2, 3, 4, 5, 6, 7]);
    scene.plan(&[]);
    scene.apply(&[]);
    let checked = |verified: &Value| -> u64 {
        verified["entities"].as_object().expect("counts").values().filter_map(|counts| counts["checked"].as_u64()).sum()
    };
    let part = checked(&scene.on_the_plan("verify", &["--sample", "30%"]).exits(0).json());
    assert!((2..15).contains(&part), "{part} of 15");
    assert_eq!(checked(&scene.on_the_plan("verify", &["--sample", "30"]).exits(0).json()), part);
    assert_eq!(checked(&scene.on_the_plan("verify", &["--sample", "100%"]).exits(0).json()), 15);
    for wrong in ["0", "101%", "some"] {
        scene.on_the_plan("verify", &["--sample", wrong]).exits(2).stderr("percentage");
    }
    for ((kind, old), _) in scene.crm.new_ids(&all(&scene.portal)) {
        if kind == "contact" {
            let fields = json!({"NAME": "otra", "ORIGINATOR_ID": "b24restore", "ORIGIN_ID": format!("contact:{old}")});
            scene.portal.call("crm.contact.add", json!({"fields": fields}));
        }
    }
    let verified = scene.on_the_plan("verify", &["--sample", "1%"]).exits(3).json();
    assert_eq!(verified["doubles"].as_array().map(Vec::len), Some(7), "{verified}");
}
