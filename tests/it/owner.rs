//! What belongs to the person who restores belongs to nobody else: files, journals, the process itself, and what reports tell.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::harness::Scene;

/// Everything below a directory, and the directory itself.
fn all_below(dir: &Path) -> Vec<PathBuf> {
    let mut found = vec![dir.to_owned()];
    for entry in fs::read_dir(dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { found.extend(all_below(&path)) } else { found.push(path) }
    }
    found
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
}

#[test]
fn nobody_else_may_look_into_what_is_written() {
    let scene = Scene::small().losing_one_of(2);
    scene.portal.arm(json!({"method": "crm.item.batchimport", "nth": 2, "times": 1, "when": "after", "do": "reset"}));
    scene.plan(&[]);
    scene.apply(&[]);
    let snapshot = scene.portal.dir().join("snapshot");
    scene.b24().run(["snapshot".as_ref(), "--out".as_ref(), snapshot.as_os_str()]).exits(0);
    let mut looked = 0;
    for path in [scene.plan_dir(), snapshot, scene.portal.dir().join("state")].iter().flat_map(|dir| all_below(dir)) {
        assert_eq!(mode(&path) & 0o077, 0, "{}", path.display());
        looked += 1;
    }
    assert!(looked > 18, "{looked}");
}

#[test]
fn a_journal_that_others_could_have_written_decides_nothing() {
    let scene = Scene::small().losing("lead", &[0, 1]);
    scene.plan(&[]);
    scene.apply(&[]);
    let journal = scene.plan_dir().join("journal.sqlite");
    set_mode(&journal, 0o666);
    for command in ["apply", "undo"] {
        scene.on_the_plan(command, &["--yes"]).exits(4).stderr("others than its owner may write it").stderr("chmod 600");
    }
    set_mode(&journal, 0o600);
    scene.on_the_plan("undo", &["--yes"]).exits(0);
}

#[test]
fn a_webhook_file_that_others_can_read_is_said() {
    let scene = Scene::small();
    let file = scene.portal.dir().join("webhook.txt");
    fs::write(&file, scene.portal.webhook()).expect("a file");
    let look = |mode| {
        set_mode(&file, mode);
        let mut args = scene.plan_args(&scene.plan_dir(), &["--webhook-file"]);
        args.push(file.clone().into());
        scene.b24().run(args).exits(0)
    };
    look(0o644).stderr("others on this computer can read this file");
    look(0o600).never_says("others on this computer");
}

#[cfg(target_os = "linux")]
#[test]
fn a_crash_leaves_no_memory_behind() {
    let scene = Scene::small().losing("lead", &[0]);
    scene.plan(&[]);
    scene.portal.arm(json!({"method": "crm.item.batchimport", "times": 1, "do": {"delay_ms": 2000}}));
    let mut child = scene.b24().start(["apply".into(), scene.plan_dir().into_os_string(), "--yes".into()]);
    assert!(scene.portal.sees(|portal| portal.struck() == [1], &mut child), "no import was sent");
    let limits = fs::read_to_string(format!("/proc/{}/limits", child.id())).expect("its limits");
    child.kill().expect("a kill");
    child.wait().expect("its end");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("the limit of core files");
    assert_eq!(core.split_whitespace().collect::<Vec<_>>()[4..6], ["0", "0"], "{core}");
}

#[test]
fn a_redacted_report_tells_ids_and_no_values() {
    let scene = Scene::small().losing_one_of(2).changing_one_of(3);
    let told = |more: &[&str]| {
        let dir = scene.portal.dir().join(format!("plan-{}", more.len()));
        scene.b24().run(scene.plan_args(&dir, more)).exits(0);
        let records = fs::read_to_string(dir.join("records.jsonl")).expect("records");
        let lines: Vec<serde_json::Value> = records.lines().map(|line| serde_json::from_str(line).expect("a line")).collect();
        let mut values: Vec<String> = lines.iter().filter_map(|line| line["title"].as_str()).map(str::to_owned).collect();
        for change in lines.iter().flat_map(|line| line["changes"].as_array().into_iter().flatten()) {
            values.extend(["file", "portal"].iter().filter_map(|side| change[side].as_str()).map(str::to_owned));
        }
        values.retain(|value| value.len() > 6);
        assert!(values.len() > 10, "{values:?}");
        let reports = ["report.html", "report.csv"].map(|name| fs::read_to_string(dir.join(name)).expect("a report"));
        values.iter().filter(|value| reports.iter().any(|report| report.contains(value.as_str()))).count()
    };
    assert!(told(&[]) > 10);
    assert_eq!(told(&["--redact"]), 0);
}

#[test]
fn a_file_of_authorities_that_holds_none_is_wrong_usage() {
    let scene = Scene::small();
    let file = scene.portal.dir().join("ca.pem");
    let look = || {
        let mut args = scene.plan_args(&scene.plan_dir(), &["--ca-file"]);
        args.push(file.clone().into());
        scene.b24().run(args).exits(2)
    };
    look().stderr("cannot read the file of certificates");
    fs::write(&file, "no certificate").expect("a file");
    look().stderr("holds no certificate in PEM form");
}

#[test]
fn a_webhook_that_can_do_more_than_a_restore_needs_is_said() {
    let scene = Scene::small();
    let wide = |more: &[&str]| {
        let summary = scene.plan(more);
        let warnings = summary["warnings"].as_array().expect("warnings").clone();
        warnings.into_iter().find(|warning| warning["code"] == "webhook_wide")
    };
    assert_eq!(wide(&[]), None);
    let scopes = json!(["crm", "user_brief", "disk", "telephony"]);
    scene.portal.arm(json!({"method": "batch", "nth": 1, "do": {"patch": {"result": {"result": {"c2": scopes}}}}}));
    let warning = wide(&[]).expect("a warning");
    assert!(warning["text"].as_str().expect("a text").contains("disk, telephony"), "{warning}");
}
