//! A secret that is used stays secret: it is in no output and in no file.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::harness::{Ran, Scene};

/// Every file below a directory.
fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).expect("a directory").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The ways in which a secret can stand somewhere.
fn disguises(secret: &str) -> Vec<Vec<u8>> {
    let hex: Vec<String> = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let escaped: Vec<String> = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
    vec![secret.into(), secret.to_uppercase().into(), hex.concat().into(), escaped.concat().into(), base64(secret).into()]
}

fn base64(text: &str) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    // Whole groups only: what stands behind may differ.
    let groups = text.as_bytes().chunks_exact(3).map(|bytes| u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]));
    groups.flat_map(|group| [18, 12, 6, 0].map(|shift| char::from(LETTERS[(group >> shift & 63) as usize]))).collect()
}

/// Looks for a secret in what a run said.
#[track_caller]
pub fn says_nothing(ran: &Ran, secret: &str) {
    for disguise in disguises(secret) {
        let holds = |text: &str| text.as_bytes().windows(disguise.len()).any(|window| window == disguise);
        assert!(!holds(&ran.out) && !holds(&ran.err), "the secret is in {ran:#?}");
    }
}

/// Looks for a secret in every file below a directory; how many there are.
#[track_caller]
pub fn holds_nothing(dir: &Path, secret: &str) -> usize {
    let files = files(dir);
    for file in &files {
        let bytes = fs::read(file).expect("a file");
        for disguise in disguises(secret) {
            let holds = bytes.windows(disguise.len()).any(|window| window == disguise);
            assert!(!holds, "the secret is in {}", file.display());
        }
    }
    files.len()
}

#[test]
fn the_secret_is_in_no_output_and_in_no_file() {
    let scene = Scene::small().losing_one_of(2);
    let webhook = scene.portal.webhook_of_a_new_user(true);
    let secret = webhook.trim_end_matches('/').rsplit('/').next().expect("a secret").to_owned();
    assert!(secret.len() >= 12, "too short to be looked for");
    let b24 = scene.b24().webhook(&webhook);
    let plan = scene.plan_dir().into_os_string();
    let snapshot = scene.portal.dir().join("snapshot");
    let say = |args: Vec<std::ffi::OsString>, code: i32| {
        let mut args = args;
        args.push("-vv".into());
        let ran = b24.run(args).exits(code);
        says_nothing(&ran, &secret);
    };
    say(scene.plan_args(&scene.plan_dir(), &["--relink"]), 0);
    // An unclear answer, a refusal and a page that is no JSON on the way.
    scene.portal.arm(json!({"method": "crm.item.batchimport", "times": 1, "when": "after", "do": "reset"}));
    scene.portal.arm(json!({"method": "crm.item.list", "nth": 2, "do": {"html": 502}}));
    say(vec!["apply".into(), plan.clone(), "--yes".into()], 0);
    scene.portal.disarm();
    for command in ["status", "verify"] {
        say(vec![command.into(), plan.clone()], 0);
    }
    say(vec!["snapshot".into(), "--out".into(), snapshot.clone().into()], 0);
    say(vec!["undo".into(), plan.clone(), "--yes".into()], 0);
    assert!(holds_nothing(&scene.plan_dir(), &secret) > 8);
    assert!(holds_nothing(&snapshot, &secret) > 3);
    assert!(holds_nothing(&scene.portal.dir().join("state"), &secret) > 0);
}

#[test]
fn the_secret_is_in_no_message_of_a_portal_that_fails() {
    let scene = Scene::small();
    let webhook = scene.portal.webhook_of_a_new_user(true);
    let secret = webhook.trim_end_matches('/').rsplit('/').next().expect("a secret").to_owned();
    for fault in [
        json!({"html": 200}),
        json!({"html": 404}),
        json!({"status": 401, "code": "INVALID_CREDENTIALS", "description": "Invalid request credentials"}),
        json!({"status": 403, "code": "insufficient_scope", "description": "The request requires higher privileges"}),
        json!({"status": 503, "code": "OVERLOAD_LIMIT", "description": "REST API is blocked due to overload."}),
        // Some portals repeat the address that they were asked under.
        json!({"status": 400, "code": "INVALID_REQUEST", "description": format!("Bad request to {webhook}batch.json")}),
        json!({"status": 302, "body": "", "headers": {"Location": format!("{webhook}batch.json")}}),
    ] {
        scene.portal.disarm();
        scene.portal.arm(json!({"method": "*", "do": fault}));
        let mut args = scene.plan_args(&scene.plan_dir(), &["-vv"]);
        args.retain(|arg| arg != "--json");
        let ran = scene.b24().webhook(&webhook).run(args).exits(1);
        says_nothing(&ran, &secret);
    }
    let wrong = scene.portal.webhook_with("unaclavequenoes");
    let ran = scene.b24().webhook(&wrong).run(scene.plan_args(&scene.plan_dir(), &["-vv"])).exits(1);
    says_nothing(&ran, "unaclavequenoes");
}

#[cfg(unix)]
#[test]
fn only_its_owner_may_look_into_a_plan() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::small().losing("lead", &[0]);
    scene.plan(&[]);
    let mode = std::fs::metadata(scene.plan_dir()).expect("a plan").permissions().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
}
