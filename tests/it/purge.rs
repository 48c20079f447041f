//! `purge`: what this program wrote down of people is deleted, and nothing else is.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::harness::crm::text;
use crate::harness::{Ran, Scene};

/// A plan that was carried out.
fn applied() -> Scene {
    let scene = Scene::small().losing_one_of(2);
    scene.plan(&[]);
    scene.apply(&[]);
    scene
}

fn purge(scene: &Scene, more: &[&str]) -> Ran {
    scene.on_the_plan("purge", more)
}

/// Every file below a directory, by its name there.
fn names(dir: &Path) -> BTreeSet<String> {
    fn walk(dir: &Path, top: &Path, names: &mut BTreeSet<String>) {
        for entry in fs::read_dir(dir).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, top, names);
            } else {
                names.insert(path.strip_prefix(top).expect("below").to_string_lossy().replace('\\', "/"));
            }
        }
    }
    let mut found = BTreeSet::new();
    walk(dir, dir, &mut found);
    found
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn of_a_plan_that_is_done_the_ids_remain_and_no_name() {
    let scene = applied();
    let titles: Vec<String> = scene
        .crm
        .lost
        .iter()
        .flat_map(|(kind, ids)| ids.iter().map(|id| &scene.crm.before[kind][id]))
        .flat_map(|record| ["TITLE", "NAME", "LAST_NAME"].map(|field| text(record, field)))
        .filter(|title| !title.is_empty())
        .collect();
    let ids = scene.plan_dir().join("ids.csv");
    let before = fs::read_to_string(&ids).expect("ids.csv");
    assert!(titles.iter().any(|title| before.contains(title)), "the table has no titles to lose: {before}");
    fs::write(scene.plan_dir().join("notes.txt"), "mine").expect("a note");
    let outcome = purge(&scene, &["--yes"]).exits(0).json();
    assert_eq!(names(&scene.plan_dir()), set(&["ids.csv", "notes.txt"]));
    assert_eq!(
        (&outcome["kind"], &outcome["kept"], &outcome["left_alone"]),
        (&json!("plan"), &json!(["ids.csv"]), &json!(["notes.txt"]))
    );
    assert_eq!(outcome["directory_removed"], false);
    let deleted = outcome["deleted"].as_array().expect("a list");
    for name in ["plan.json", "records.jsonl", "actions.jsonl", "report.html", "report.csv", "journal.sqlite"] {
        assert!(deleted.contains(&json!(name)), "{outcome}");
    }
    assert_eq!(outcome["restore_files"].as_array().map(Vec::len), Some(scene.files.len()));
    assert!(scene.files.iter().all(|file| file.exists()), "the restore files are nobody's but the user's");
    let after = fs::read_to_string(&ids).expect("ids.csv");
    assert!(titles.iter().all(|title| !after.contains(title)), "{after}");
    let numbers =
        |table: &str| table.lines().map(|line| line.splitn(4, ',').take(3).collect::<Vec<_>>().join(",")).collect::<Vec<_>>();
    assert_eq!(numbers(&after), numbers(&before));
}

#[test]
fn with_all_the_ids_go_too_and_the_directory_with_them() {
    let scene = applied();
    let outcome = purge(&scene, &["--yes", "--all"]).exits(0).json();
    assert_eq!((&outcome["kept"], &outcome["directory_removed"]), (&json!([]), &json!(true)));
    assert!(!scene.plan_dir().exists());
}

#[test]
fn rows_that_were_handed_back_go_and_what_somebody_put_beside_them_stays() {
    let scene = applied();
    for (dir, name) in [("failed", "deal.csv"), ("failed", "deal-2.csv"), ("rejected", "lead.csv"), ("failed", "deal-mended.csv")]
    {
        fs::create_dir_all(scene.plan_dir().join(dir)).expect("a directory");
        fs::write(scene.plan_dir().join(dir).join(name), "ID;TITLE\n1;Venta\n").expect("a file");
    }
    let outcome = purge(&scene, &["--yes"]).exits(0).json();
    assert_eq!(outcome["left_alone"], json!(["failed/deal-mended.csv"]));
    assert_eq!(names(&scene.plan_dir()), set(&["failed/deal-mended.csv", "ids.csv"]));
    assert!(!scene.plan_dir().join("rejected").exists());
}

#[test]
fn without_a_terminal_and_without_yes_nothing_is_deleted() {
    let scene = applied();
    let before = names(&scene.plan_dir());
    purge(&scene, &[]).exits(2).stderr("--yes");
    assert_eq!(names(&scene.plan_dir()), before);
}

#[cfg(unix)]
#[test]
fn at_a_terminal_it_asks_and_says_what_is_not_possible_afterwards() {
    let scene = applied();
    let before = names(&scene.plan_dir());
    let words = ["purge".into(), scene.plan_dir().into_os_string(), "--lang".into(), "es".into()];
    scene.b24().at_a_terminal(&words, "n").exits(2).stderr("no se podrá continuar, comprobar ni deshacer");
    assert_eq!(names(&scene.plan_dir()), before);
    scene.b24().at_a_terminal(&words, "s").exits(0).stdout("BORRADO: se eliminaron");
    assert_eq!(names(&scene.plan_dir()), set(&["ids.csv"]));
}

#[test]
fn a_plan_that_is_not_complete_is_kept_unless_that_is_said() {
    let scene = Scene::small().losing_one_of(2);
    scene.plan(&[]);
    scene.on_the_plan("apply", &["--yes", "--pilot", "3"]).exits(0);
    let before = names(&scene.plan_dir());
    purge(&scene, &["--yes"]).exits(4).stderr("--unfinished-ok");
    purge(&scene, &["--yes", "--lang", "es"]).exits(4).stderr("pendientes o por confirmar");
    assert_eq!(names(&scene.plan_dir()), before);
    purge(&scene, &["--yes", "--unfinished-ok"]).exits(0);
    assert_eq!(names(&scene.plan_dir()), set(&["ids.csv"]));
}

#[test]
fn a_plan_that_nobody_applied_goes_without_further_ado() {
    let scene = Scene::small().losing_one_of(2);
    scene.plan(&[]);
    purge(&scene, &["--yes"]).exits(0);
    assert!(!scene.plan_dir().exists(), "nothing was left to keep");
}

#[test]
fn a_purge_that_was_interrupted_goes_on() {
    let scene = Scene::small().losing_one_of(2);
    scene.plan(&[]);
    scene.on_the_plan("apply", &["--yes", "--pilot", "3"]).exits(0);
    for gone in ["journal.sqlite", "actions.jsonl", "records.jsonl"] {
        fs::remove_file(scene.plan_dir().join(gone)).expect("a part that is gone already");
    }
    purge(&scene, &["--yes"]).exits(0);
    assert_eq!(names(&scene.plan_dir()), set(&["ids.csv"]));
}

#[test]
fn a_plan_of_which_nobody_can_tell_whether_it_is_complete_is_kept_unless_that_is_said() {
    let scene = applied();
    fs::write(scene.plan_dir().join("actions.jsonl"), "altered\n").expect("an altered part");
    purge(&scene, &["--yes"]).exits(4).stderr("--unfinished-ok");
    purge(&scene, &["--yes", "--unfinished-ok"]).exits(0);
}

#[test]
fn while_a_run_holds_its_lock_nothing_is_deleted() {
    let scene = applied();
    let lock = fs::OpenOptions::new().read(true).write(true).open(scene.plan_dir().join("apply.lock")).expect("the lock's file");
    lock.lock().expect("the lock");
    let before = names(&scene.plan_dir());
    purge(&scene, &["--yes", "--unfinished-ok"]).exits(1).stderr("another b24restore");
    assert_eq!(names(&scene.plan_dir()), before);
    drop(lock);
    purge(&scene, &["--yes"]).exits(0);
}

#[test]
fn a_directory_of_somebody_else_is_refused() {
    let scene = Scene::small();
    let theirs = scene.portal.dir().join("theirs");
    fs::create_dir(&theirs).expect("a directory");
    for (name, content) in
        [("report.html", "theirs"), ("plan.json", r#"{"name": "a plan of another program"}"#), ("snapshot.json", "{}")]
    {
        fs::write(theirs.join(name), content).expect("a file");
        let words = ["purge".into(), theirs.clone().into_os_string(), "--yes".into(), "--all".into()];
        scene.b24().run(words).exits(2).stderr("neither a plan directory nor a snapshot");
    }
    assert_eq!(names(&theirs), set(&["plan.json", "report.html", "snapshot.json"]));
    scene.b24().run(["purge", "/nonexistent/plan", "--yes"]).exits(2);
}

#[test]
fn a_snapshot_goes_whole_and_what_is_beside_it_stays() {
    let scene = Scene::small();
    let copy = scene.portal.dir().join("copy");
    let taken = |command: &str, more: &[&str]| {
        let words =
            [command.into(), if command == "snapshot" { "--out".into() } else { "--yes".into() }, copy.clone().into_os_string()];
        scene.b24().run(words.into_iter().chain(more.iter().map(Into::into)))
    };
    taken("snapshot", &[]).exits(0);
    fs::write(copy.join("notes.txt"), "mine").expect("a note");
    let outcome = taken("purge", &["--json"]).exits(0).json();
    assert_eq!((&outcome["kind"], &outcome["left_alone"]), (&json!("snapshot"), &json!(["notes.txt"])));
    assert_eq!(names(&copy), set(&["notes.txt"]));
    fs::remove_file(copy.join("notes.txt")).and_then(|()| fs::remove_dir(&copy)).expect("an empty directory");
    taken("snapshot", &[]).exits(0);
    taken("purge", &[]).exits(0).stdout("The directory is gone.");
    assert!(!copy.exists());
}

#[cfg(unix)]
#[test]
fn a_link_is_never_followed() {
    use std::os::unix::fs::symlink;
    let scene = applied();
    let away = scene.portal.dir().join("away");
    fs::create_dir(&away).expect("a directory");
    fs::write(away.join("deal.csv"), "theirs").expect("a file");
    let plan = scene.plan_dir();
    fs::remove_file(plan.join("report.html")).expect("the page");
    symlink(away.join("deal.csv"), plan.join("report.html")).expect("a link");
    let _ = fs::remove_dir_all(plan.join("failed"));
    symlink(&away, plan.join("failed")).expect("a link");
    let outcome = purge(&scene, &["--yes"]).exits(0).json();
    assert_eq!(outcome["left_alone"], json!(["failed", "report.html"]));
    assert_eq!(fs::read_to_string(away.join("deal.csv")).expect("their file"), "theirs");
}

/// What a `plan` that was killed while writing leaves beside its place: a directory with a name of chance, which says whose it is.
fn killed_plan(beside: &Path, name: &str, place: &str) -> PathBuf {
    let left = beside.join(format!(".b24restore-plan-{name}"));
    fs::create_dir_all(left.join("rejected")).expect("a directory");
    for (file, text) in [("writing", place), ("records.jsonl", "{}"), ("rejected/lead.csv", "ID;TITLE\n1;Venta\n")] {
        fs::write(left.join(file), text).expect("a file");
    }
    left
}

#[test]
fn what_a_killed_plan_left_beside_its_place_goes_with_it_and_nobody_elses_does() {
    let scene = applied();
    let beside = scene.plan_dir().parent().expect("a directory").to_owned();
    let ours = killed_plan(&beside, "aaaaaa", "plan");
    let others = [killed_plan(&beside, "bbbbbb", "plan-2"), killed_plan(&beside, "cccccc", "")];
    let outcome = purge(&scene, &["--yes"]).exits(0).json();
    assert_eq!(outcome["leftovers"], json!([".b24restore-plan-aaaaaa"]));
    assert!(!ours.exists() && others.iter().all(|other| other.join("rejected/lead.csv").exists()));
    // Nothing but what a killed plan left: that can be purged too.
    let ours = killed_plan(&beside, "dddddd", "other");
    let other = beside.join("other").into_os_string();
    scene.b24().run(["purge".into(), other.clone(), "--yes".into()]).exits(0).stdout(".b24restore-plan-dddddd");
    assert!(!ours.exists());
    scene.b24().run(["purge".into(), other, "--yes".into()]).exits(2);
}

#[test]
fn a_new_plan_clears_away_what_a_killed_one_left_for_its_place() {
    let scene = Scene::small().losing_one_of(2);
    let beside = scene.plan_dir().parent().expect("a directory").to_owned();
    let (ours, others) = (killed_plan(&beside, "aaaaaa", "plan"), killed_plan(&beside, "bbbbbb", "plan-2"));
    scene.plan(&[]);
    assert!(!ours.exists() && others.exists());
    let left: Vec<_> = fs::read_dir(&beside)
        .expect("a directory")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with(".b24restore-plan-"))
        .collect();
    assert_eq!(left, [".b24restore-plan-bbbbbb"]);
    assert!(!scene.plan_dir().join("writing").exists());
    scene.apply(&[]);
}
