//! A local application instead of a webhook: its token runs out on the way, and is renewed once, without losing anything.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::harness::b24::B24;
use crate::harness::{Ran, Scene};

/// What is armed to count renewals: it strikes none of them.
fn count_renewals() -> Value {
    json!({"method": "oauth/token", "nth": u64::MAX, "do": {"delay_ms": 1}})
}

/// A token goes out of date at an import; the application is removed at it.
fn at_an_import(nth: u64, deed: &str) -> Value {
    json!({"method": "crm.item.batchimport", "whole": true, "nth": nth, "times": 1, "do": deed})
}

/// A scene with a plan, and the program with an application's keys at it.
struct Case {
    scene: Scene,
    keys: PathBuf,
}

impl Case {
    fn planned() -> Self {
        let scene = Scene::small().losing_one_of(2);
        scene.plan(&["--relink"]);
        let keys = scene.portal.keys_of_an_application("app.json", 3600);
        Self { scene, keys }
    }

    fn b24(&self) -> B24 {
        self.scene.b24().keys(&self.keys)
    }

    fn words(&self, command: &str, more: &[&str]) -> Vec<OsString> {
        let mut words: Vec<OsString> = vec![command.into(), self.scene.plan_dir().into()];
        words.extend(more.iter().map(Into::into));
        words
    }

    fn apply(&self) -> Ran {
        self.b24().run(self.words("apply", &["--yes"]))
    }

    /// What the file holds.
    fn kept(&self) -> Value {
        kept(&self.keys)
    }

    #[track_caller]
    fn is_back(&self) {
        self.scene.crm.is_back(&self.scene.portal, true);
        self.scene.journal_is_settled();
    }
}

fn kept(file: &Path) -> Value {
    serde_json::from_slice(&fs::read(file).expect("the file")).expect("JSON")
}

#[test]
fn a_plan_that_was_made_through_a_webhook_is_applied_through_an_application_of_the_same_portal() {
    let case = Case::planned();
    case.apply().exits(0);
    case.is_back();
    case.b24().run(case.words("verify", &[])).exits(0);
    let plan = case.scene.plan_args(&case.scene.portal.dir().join("another"), &[]);
    let summary = case.b24().run(plan).exits(0).json();
    assert_eq!(summary["entities"]["deal"]["missing"], 0);
}

#[test]
fn an_application_of_another_portal_is_refused() {
    let case = Case::planned();
    let other = crate::harness::Portal::open();
    let keys = other.keys_of_an_application("app.json", 3600);
    case.scene.b24().keys(&keys).run(case.words("apply", &["--yes"])).exits(4);
}

#[test]
fn a_token_that_runs_out_while_several_requests_are_under_way_is_renewed_once() {
    let case = Case::planned();
    // The portal is slow, so that all that are under way are refused before the first new token is there.
    case.scene.portal.arm(json!({"method": "oauth/token", "do": {"delay_ms": 300}}));
    case.scene.portal.arm(json!({"method": "batch", "nth": 3, "times": 1, "do": "expire"}));
    let before = case.kept();
    let out = case.scene.portal.dir().join("another");
    let ran = case.b24().run(case.scene.plan_args(&out, &["-vv"])).exits(0);
    assert_eq!(case.scene.portal.struck(), [1, 1], "{ran:?}");
    assert_eq!(ran.err.matches("oauth/token").count(), 1, "{ran:?}");
    let after = case.kept();
    assert_ne!(before["refresh_token"], after["refresh_token"]);
    assert_eq!(before["client_secret"], after["client_secret"]);
}

#[test]
fn a_token_that_runs_out_again_and_again_while_applying_costs_no_record() {
    let case = Case::planned();
    case.scene.portal.arm(json!({"method": "crm.item.batchimport", "whole": true, "every": 2, "do": "expire"}));
    case.scene.portal.arm(count_renewals());
    case.apply().exits(0);
    let [expired, renewed] = case.scene.portal.met()[..] else { panic!("two rules") };
    assert!(renewed >= 2 && expired > renewed);
    assert_eq!(case.scene.portal.struck()[0], renewed, "one renewal for each token that ran out");
    case.is_back();
}

#[test]
fn two_programs_with_the_same_keys_renew_them_once() {
    let case = Case::planned();
    case.scene.portal.arm(json!({"method": "*", "nth": 1, "times": 1, "do": "expire"}));
    case.scene.portal.arm(json!({"method": "oauth/token", "do": {"delay_ms": 300}}));
    let snapshot = |name: &str| vec![OsString::from("snapshot"), "--out".into(), case.scene.portal.dir().join(name).into()];
    let mut first = case.b24().start(snapshot("one"));
    let mut second = case.b24().start(snapshot("two"));
    assert!(first.wait().expect("its end").success() && second.wait().expect("its end").success());
    assert_eq!(case.scene.portal.struck()[1], 1);
}

#[test]
fn a_refused_renewal_stops_the_run_says_why_and_the_next_one_goes_on_with_new_keys() {
    for (language, words) in
        [("en", "reinstall it in Bitrix24 and put its new keys"), ("es", "reinstálela en Bitrix24 y ponga las claves nuevas")]
    {
        let case = Case::planned();
        case.scene.portal.arm(at_an_import(2, "revoke"));
        case.scene.portal.arm(count_renewals());
        let ran = case.b24().run(case.words("apply", &["--yes", "--lang", language]));
        let ran = ran.exits(1).stderr("invalid_grant").stderr(words);
        assert_eq!(case.scene.portal.met()[1], 1, "{ran:?}");
        case.scene.portal.disarm();
        let keys = case.scene.portal.keys_of_an_application("app.json", 3600);
        assert_eq!(keys, case.keys);
        case.apply().exits(0);
        case.is_back();
    }
}

#[test]
fn a_renewal_that_never_reached_the_server_is_asked_for_again() {
    let case = Case::planned();
    case.scene.portal.arm(at_an_import(1, "expire"));
    case.scene.portal.arm(json!({"method": "oauth/token", "times": 1, "do": "drop"}));
    case.apply().exits(0);
    assert_eq!(case.scene.portal.met()[1], 2);
    case.is_back();
}

#[test]
fn a_renewal_whose_answer_was_lost_is_told_apart_from_one_that_was_refused() {
    let case = Case::planned();
    case.scene.portal.arm(at_an_import(1, "expire"));
    case.scene.portal.arm(json!({"method": "oauth/token", "times": 1, "when": "after", "do": "drop"}));
    case.apply().exits(1).stderr("invalid_grant (an answer was lost before").stderr("put its new keys into the file");
    case.scene.portal.disarm();
    case.scene.portal.keys_of_an_application("app.json", 3600);
    case.apply().exits(0);
    case.is_back();
}

#[test]
fn a_kill_before_the_new_keys_are_written_leaves_the_old_file_whole_and_says_what_to_do() {
    let case = Case::planned();
    let before = fs::read(&case.keys).expect("the file");
    case.scene.portal.arm(at_an_import(1, "expire"));
    case.scene.portal.arm(json!({"method": "oauth/token", "when": "after", "do": {"delay_ms": 600_000}}));
    let mut child = case.b24().start(case.words("apply", &["--yes"]));
    assert!(case.scene.portal.sees(|portal| portal.struck()[1] == 1, &mut child), "apply ended before it was killed");
    child.kill().expect("a kill");
    child.wait().expect("its end");
    case.scene.portal.disarm();
    assert_eq!(fs::read(&case.keys).expect("the file"), before);
    case.apply().exits(1).stderr("invalid_grant").stderr("they hold once");
    case.scene.portal.keys_of_an_application("app.json", 3600);
    case.apply().exits(0);
    case.is_back();
}

#[test]
fn a_kill_after_the_new_keys_were_written_costs_nothing() {
    let case = Case::planned();
    case.scene.portal.arm(at_an_import(1, "expire"));
    // The same import again, with the new token.
    case.scene.portal.arm(json!({"method": "crm.item.batchimport", "whole": true, "nth": 2, "do": {"delay_ms": 600_000}}));
    let before = case.kept();
    let mut child = case.b24().start(case.words("apply", &["--yes"]));
    assert!(case.scene.portal.sees(|portal| portal.struck()[1] == 1, &mut child), "apply ended before it was killed");
    child.kill().expect("a kill");
    child.wait().expect("its end");
    assert_ne!(case.kept()["access_token"], before["access_token"]);
    case.scene.portal.disarm();
    case.scene.portal.arm(count_renewals());
    case.apply().exits(0);
    assert_eq!(case.scene.portal.met(), [0]);
    case.is_back();
}

#[test]
fn keys_that_can_not_be_rewritten_are_said_before_anything_is_sent() {
    let case = Case::planned();
    let mut rights = fs::metadata(&case.keys).expect("the file").permissions();
    rights.set_readonly(true);
    fs::set_permissions(&case.keys, rights).expect("other rights");
    case.scene.portal.watch_writing();
    case.apply().exits(2).stderr("the file of the application's keys can't be rewritten").stderr("right to write the file");
    assert_eq!(case.scene.portal.written(), [""; 0]);
}

#[test]
fn keys_in_the_variable_or_for_a_strangers_server_are_refused_without_being_repeated() {
    let case = Case::planned();
    let text = fs::read_to_string(&case.keys).expect("the file");
    let secret = case.kept()["client_secret"].as_str().expect("a secret").to_owned();
    let ran = case.scene.b24().webhook(&text).run(case.words("verify", &[])).exits(2);
    ran.stderr("must be in a file").stderr("--webhook-file").never_says(&secret);
    for (wrong, said) in [
        (json!({"server_endpoint": "https://oauth.bitrix.info.example/rest/"}), "is no authorisation server of Bitrix24"),
        (json!({"client_endpoint": "http://portal.example/rest/"}), "must be the portal's address"),
        (json!({"refresh_token": ""}), "have no `refresh_token`"),
    ] {
        let mut keys = case.kept();
        keys.as_object_mut().expect("an object").extend(wrong.as_object().expect("an object").clone());
        let file = case.scene.portal.dir().join("wrong.json");
        fs::write(&file, keys.to_string()).expect("a file");
        let ran = case.scene.b24().keys(&file).run(case.words("verify", &[])).exits(2);
        ran.stderr(said).never_says(&secret);
    }
}

#[test]
fn a_renewal_is_not_redirected() {
    let case = Case::planned();
    let elsewhere = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    elsewhere.set_nonblocking(true).expect("no waiting");
    let location = format!("http://{}/oauth/token/", elsewhere.local_addr().expect("an address"));
    case.scene.portal.arm(at_an_import(1, "expire"));
    case.scene.portal.arm(json!({"method": "oauth/token", "do": {"status": 307, "body": "", "headers": {"Location": location}}}));
    case.apply().exits(1).stderr("HTTP 307");
    assert!(elsewhere.accept().is_err(), "the secret went elsewhere");
    case.scene.portal.disarm();
    case.apply().exits(0);
    case.is_back();
}

#[test]
fn no_key_is_in_any_output_or_file_but_its_own() {
    let case = Case::planned();
    let mut secrets = Vec::new();
    let mut note = || {
        let kept = case.kept();
        secrets.extend(
            ["access_token", "refresh_token", "client_secret"].map(|name| kept[name].as_str().expect("a key").to_owned()),
        );
    };
    note();
    case.scene.portal.arm(json!({"method": "crm.item.batchimport", "whole": true, "nth": 2, "times": 1, "do": "expire"}));
    let mut said = vec![case.b24().run(case.words("apply", &["--yes", "-vv"])).exits(0)];
    note();
    // Answers that repeat what they were asked, and a server that repeats what it was told.
    let [access, refresh, secret] = &secrets[3..] else { panic!("two sets of keys") };
    for fault in [
        json!({"method": "batch", "do": {"status": 400, "code": "INVALID_REQUEST", "description": format!("bad token {access}")}}),
        json!({"method": "batch", "do": {"body": format!("<html>{access}</html>"), "status": 502, "content_type": "text/html"}, "times": 1}),
    ] {
        case.scene.portal.arm(fault);
        said.push(case.b24().run(case.words("verify", &["-vv"])));
        case.scene.portal.disarm();
    }
    case.scene.portal.arm(json!({"method": "batch", "times": 1, "do": "expire"}));
    let repeated = format!("{refresh} of {secret}");
    case.scene
        .portal
        .arm(json!({"method": "oauth/token", "do": {"status": 400, "code": "invalid_grant", "description": repeated}}));
    said.push(case.b24().run(case.words("verify", &["-vv"])).exits(1).stderr("invalid_grant: *** of ***"));
    for ran in &said {
        for secret in &secrets {
            crate::secrets::says_nothing(ran, secret);
        }
    }
    for secret in &secrets {
        assert!(crate::secrets::holds_nothing(&case.scene.plan_dir(), secret) > 8);
        assert!(crate::secrets::holds_nothing(&case.scene.portal.dir().join("state"), secret) > 0);
    }
}
