//! Two computers and one portal; and one plan that goes on elsewhere.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use tempfile::TempDir;

use crate::harness::Scene;
use crate::harness::b24::B24;
use crate::harness::crm::all;

/// A computer of its own: it shares nothing with the other one but the portal.
struct Computer {
    home: TempDir,
    b24: B24,
}

impl Computer {
    fn at(scene: &Scene) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let b24 = B24::without_portal(home.path()).webhook(scene.portal.webhook());
        Self { home, b24 }
    }

    /// Carries a plan directory over.
    fn takes(&self, plan: &Path) -> PathBuf {
        fn copy(from: &Path, to: &Path) {
            fs::create_dir(to).expect("a directory");
            for entry in fs::read_dir(from).expect("a directory") {
                let (path, to) = entry.map(|entry| (entry.path(), to.join(entry.file_name()))).expect("an entry");
                if path.is_dir() { copy(&path, &to) } else { fs::copy(&path, &to).map(|_| ()).expect("a copy") }
            }
        }
        let to = self.home.path().join("plan");
        copy(plan, &to);
        to
    }
}

#[test]
fn a_begun_plan_goes_on_on_another_computer_from_its_directory_alone() {
    let scene = Scene::small().losing_one_of(2);
    scene.plan(&[]);
    scene.on_the_plan("apply", &["--yes", "--pilot", "3"]).exits(0);
    let other = Computer::at(&scene);
    let plan = other.takes(&scene.plan_dir());
    fs::remove_dir_all(scene.plan_dir()).expect("a removed plan");
    scene.files.iter().for_each(|file| fs::remove_file(file).expect("a removed file"));
    let outcome = other.b24.applies_until_complete(&plan);
    let created: u64 =
        outcome["entities"].as_object().expect("counts").values().filter_map(|counts| counts["created"].as_u64()).sum();
    assert_eq!(created as usize, scene.crm.lost_count(), "{outcome}");
    scene.crm.is_back(&scene.portal, false);
    other.b24.run(["verify".into(), plan.clone().into_os_string()]).exits(0);
    other.b24.run(["undo".into(), plan.into_os_string(), "--yes".into()]).exits(0);
    scene.crm.is_untouched(&scene.portal);
}

#[test]
fn a_plan_whose_journal_is_lost_finds_its_records_by_their_marks() {
    let scene = Scene::small().losing_one_of(2);
    scene.plan(&[]);
    scene.on_the_plan("apply", &["--yes", "--pilot", "3"]).exits(0);
    for name in ["journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm"] {
        let _ = fs::remove_file(scene.plan_dir().join(name));
    }
    scene.apply(&[]);
    scene.crm.is_back(&scene.portal, false);
}

#[test]
fn a_plan_stops_when_another_one_has_been_written_since_it_was_made() {
    let scene = Scene::small().losing_one_of(2);
    scene.plan(&[]);
    // What another computer, with files of its own, has just brought back.
    let mark = json!({"TITLE": "Elsewhere", "ORIGINATOR_ID": "b24restore", "ORIGIN_ID": "lead:424242"});
    let strange = scene.portal.call("crm.lead.add", json!({"fields": mark}));
    scene.portal.watch_writing();
    scene.on_the_plan("apply", &["--yes"]).exits(4).stderr("another b24restore").stderr("lead").stderr("plan again");
    let args = ["apply".into(), scene.plan_dir().into_os_string(), "--yes".into(), "--lang".into(), "es".into()];
    scene.b24().run(args).exits(4).stderr("otro b24restore").stderr("UTC").stderr("repita la revisión");
    assert_eq!(scene.portal.written(), Vec::<String>::new());
    scene.portal.disarm();
    // The way out.
    scene.portal.call("crm.lead.delete", json!({"id": strange}));
    let again = scene.portal.dir().join("again");
    scene.b24().run(scene.plan_args(&again, &[])).exits(0);
    scene.b24().applies_until_complete(&again);
    scene.crm.is_back(&scene.portal, false);
}

#[test]
fn plans_of_different_types_made_together_are_carried_out_one_after_the_other() {
    let scene = Scene::small().losing_one_of(2);
    let leads = scene.portal.dir().join("leads");
    scene.b24().run(scene.plan_args(&leads, &["--only", "lead"])).exits(0);
    scene.plan(&["--only", "company"]);
    Computer::at(&scene).b24.applies_until_complete(&leads);
    scene.apply(&[]);
}

#[test]
fn of_two_computers_that_carry_out_one_plan_at_once_one_stops_and_nothing_is_there_twice() {
    let scene = Scene::small().losing_one_of(2);
    scene.plan(&[]);
    let other = Computer::at(&scene);
    let copy = other.takes(&scene.plan_dir());
    // The first one has created the companies and waits for the answer while the second one does all the rest.
    scene.portal.arm(json!({"method": "crm.item.batchimport", "nth": 1, "when": "after", "do": {"delay_ms": 4000}}));
    let mut first = scene.b24().start(["apply".into(), scene.plan_dir().into_os_string(), "--yes".into()]);
    assert!(scene.portal.sees(|portal| portal.every("company").len() == scene.crm.before["company"].len(), &mut first));
    other.b24.applies_until_complete(&copy);
    assert_eq!(first.wait().expect("its end").code(), Some(4));
    scene.portal.disarm();
    assert_eq!(scene.crm.new_ids(&all(&scene.portal)).len(), scene.crm.lost_count());
    // Run again when the other one has ended, it finds everything there.
    scene.apply(&[]);
    scene.on_the_plan("verify", &[]).exits(0);
    scene.crm.is_back(&scene.portal, false);
}

#[test]
fn a_plan_that_was_carried_out_elsewhere_from_a_copy_is_no_reason_for_alarm() {
    let scene = Scene::small().losing_one_of(2);
    scene.plan(&[]);
    let other = Computer::at(&scene);
    let copy = other.takes(&scene.plan_dir());
    other.b24.run(["apply".into(), copy.into_os_string(), "--yes".into(), "--pilot".into(), "4".into()]).exits(0);
    scene.apply(&[]);
    scene.crm.is_back(&scene.portal, false);
}
