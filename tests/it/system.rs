//! What the operating system does to a run: asks it to stop, has no room, closes its outputs. Said in words, never lost, always resumable.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use serde_json::json;

use crate::harness::Scene;
use crate::harness::b24::PROGRAM;

/// `apply` by way of a shell that sets something up before: in the script, `"$@"` is the command.
fn apply_by_shell(scene: &Scene, script: &str) -> Output {
    let plan = scene.plan_dir();
    Command::new("sh")
        .args(["-c", script, "sh", PROGRAM, "apply"])
        .arg(plan)
        .args(["--yes", "--portal-limits", "none"])
        .env("B24_WEBHOOK", scene.portal.webhook())
        .env("XDG_STATE_HOME", scene.portal.dir().join("state"))
        .env("LC_ALL", "en_US.UTF-8")
        .output()
        .expect("a shell")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_request_to_end_is_obeyed_like_ctrl_c_after_what_is_in_flight() {
    let scene = Scene::small().losing_one_of(2);
    scene.plan(&[]);
    scene.portal.arm(json!({"method": "crm.item.batchimport", "times": 1, "do": {"delay_ms": 1500}}));
    let mut child = scene.b24().start(["apply".into(), scene.plan_dir().into_os_string(), "--yes".into()]);
    assert!(scene.portal.sees(|portal| portal.met().iter().sum::<u64>() > 0, &mut child), "it sends a create");
    let sent = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill");
    assert!(sent.success());
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert!(!scene.journal_states().contains("intent"), "what was in flight is settled");
    scene.apply(&[]);
    scene.journal_is_settled();
}

#[test]
fn a_journal_with_nothing_in_it_is_a_plan_that_was_not_begun() {
    let scene = Scene::small().losing("lead", &[0, 1]);
    scene.plan(&[]);
    let journal = scene.plan_dir().join("journal.sqlite");
    fs::write(&journal, b"").expect("a file");
    fs::set_permissions(&journal, fs::Permissions::from_mode(0o600)).expect("a mode");
    scene.on_the_plan("status", &[]).exits(0);
    scene.on_the_plan("verify", &[]).exits(2).stderr("never applied");
    scene.apply(&[]);
    scene.journal_is_settled();
}

#[test]
fn too_few_open_files_are_said_before_anything_is_done() {
    let scene = Scene::small().losing("lead", &[0]);
    scene.plan(&[]);
    let seen = scene.portal.changes();
    let output = apply_by_shell(&scene, "ulimit -n 20; exec \"$@\"");
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("may be open at once: 20"), "{}", said(&output));
    assert_eq!(scene.portal.changes(), seen);
    // A soft limit alone is raised.
    assert_eq!(apply_by_shell(&scene, "ulimit -S -n 20; exec \"$@\"").status.code(), Some(0));
}

#[test]
fn a_file_that_may_not_grow_is_an_error_and_no_sudden_end() {
    let scene = Scene::small().losing_one_of(2);
    scene.plan(&[]);
    let output = apply_by_shell(&scene, "ulimit -f 8; exec \"$@\"");
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("the journal cannot be written"), "{}", said(&output));
    scene.apply(&[]);
    scene.journal_is_settled();
}

#[cfg(target_os = "linux")]
#[test]
fn a_result_that_could_not_be_printed_is_not_called_done() {
    let scene = Scene::small().losing("lead", &[0]);
    scene.plan(&[]);
    let output = apply_by_shell(&scene, "exec \"$@\" >/dev/full");
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("the result could not be printed: No space left"), "{}", said(&output));
    scene.on_the_plan("status", &[]).exits(0);
}

#[test]
fn the_portals_address_as_an_argument_is_refused_and_not_repeated() {
    let scene = Scene::small();
    let address = "https://firma.bitrix24.es/rest/1/abcdef123456/";
    let webhook = format!("--webhook={address}");
    for args in [["plan", address], ["plan", &webhook], ["apply", address], ["--lang=es", address]] {
        scene.b24().run(args).exits(2).stderr("B24_WEBHOOK").never_says("abcdef123456");
    }
}
