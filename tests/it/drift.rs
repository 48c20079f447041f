//! A saved plan is carried out as it was seen, or not at all: every kind of drift is refused with its reason and the way out, in both
//! languages, before anything is written.

use std::fs;
use std::path::Path;

use b24restore::plan::digest_of_text;
use serde_json::{Value, json};

use crate::harness::{Portal, Scene};

/// A small loss, planned; nothing is written from here on.
fn planned() -> Scene {
    let scene = Scene::small().losing_one_of(3);
    scene.plan(&[]);
    scene.portal.watch_writing();
    scene
}

/// `apply --yes` refuses with exit code 4, says why in both languages and what to do, and writes nothing.
#[track_caller]
fn refused(scene: &Scene, webhook: &str, more: &[&str], en: &str, es: &str) {
    for (lang, words, way_out) in [("en", en, "again"), ("es", es, "epita")] {
        let mut args = vec!["apply".into(), scene.plan_dir().into_os_string(), "--yes".into(), "--lang".into(), lang.into()];
        args.extend(more.iter().map(Into::into));
        let ran = scene.b24().webhook(webhook).run(args);
        let said = ran.err.clone();
        ran.exits(4).stderr(words);
        assert!(said.lines().count() >= 2 && said.contains(way_out), "no way out: {said}");
    }
    assert_eq!(scene.portal.written(), Vec::<String>::new());
}

/// Changes the manifest and seals it again, as only a program could.
fn reseal(plan: &Path, change: impl FnOnce(&mut Value)) {
    let path = plan.join("plan.json");
    let mut manifest: Value = serde_json::from_slice(&fs::read(&path).expect("plan.json")).expect("JSON");
    manifest.as_object_mut().expect("an object").shift_remove("digest");
    change(&mut manifest);
    let body = serde_json::to_string_pretty(&manifest).expect("JSON");
    let digest = digest_of_text(&body);
    let open = body.trim_end().trim_end_matches('}').trim_end();
    fs::write(path, format!("{open},\n  \"digest\": \"{digest}\"\n}}\n")).expect("a sealed manifest");
}

#[test]
fn a_plan_sealed_again_without_a_change_is_still_the_plan() {
    let scene = planned();
    reseal(&scene.plan_dir(), |_| {});
    scene.portal.disarm();
    scene.apply(&[]);
}

#[test]
fn drift_1_an_altered_part() {
    let scene = planned();
    let path = scene.plan_dir().join("actions.jsonl");
    let text = fs::read_to_string(&path).expect("the actions");
    fs::write(&path, text.replacen("Prospecto", "Prospekto", 1)).expect("altered actions");
    refused(&scene, scene.portal.webhook(), &[], "actions.jsonl: was altered", "actions.jsonl: alguien lo modificó");
}

#[test]
fn drift_2_an_altered_manifest() {
    let scene = planned();
    let path = scene.plan_dir().join("plan.json");
    let text = fs::read_to_string(&path).expect("plan.json");
    fs::write(&path, text.replacen("\"duplicates\": \"skip\"", "\"duplicates\": \"create\"", 1)).expect("an altered manifest");
    refused(&scene, scene.portal.webhook(), &[], "plan.json: was altered", "plan.json: alguien lo modificó");
}

#[test]
fn drift_3_a_missing_part() {
    let scene = planned();
    fs::remove_file(scene.plan_dir().join("records.jsonl")).expect("a removed part");
    refused(&scene, scene.portal.webhook(), &[], "records.jsonl", "records.jsonl");
}

/// Nobody would ever write into it, and who opens it waits for that.
#[cfg(unix)]
#[test]
fn a_pipe_in_the_place_of_a_part_is_refused_and_not_waited_for() {
    for (part, code) in [("records.jsonl", 4), ("plan.json", 2)] {
        let scene = planned();
        let path = scene.plan_dir().join(part);
        fs::remove_file(&path).expect("a removed part");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo").success());
        scene.on_the_plan("apply", &["--yes"]).exits(code);
        assert_eq!(scene.portal.written(), Vec::<String>::new());
    }
}

#[test]
fn drift_4_a_field_that_nobody_knows() {
    let scene = planned();
    reseal(&scene.plan_dir(), |manifest| manifest["flags"]["create_everything"] = json!(true));
    refused(&scene, scene.portal.webhook(), &[], "plan.json: was altered", "plan.json: alguien lo modificó");
    let scene = planned();
    reseal(&scene.plan_dir(), |manifest| manifest["approved"] = json!(true));
    refused(&scene, scene.portal.webhook(), &[], "plan.json: was altered", "plan.json: alguien lo modificó");
}

#[test]
fn drift_5_another_portal() {
    let scene = planned();
    let other = Portal::open();
    refused(&scene, other.webhook(), &[], "this plan was made for", "esta revisión se hizo para");
    assert_eq!(other.changes(), 0);
}

#[test]
fn drift_6_another_user_who_may_not_see_everything_is_refused_and_an_administrator_is_named() {
    let scene = planned();
    let webhook = scene.portal.webhook_of_a_new_user(false);
    refused(&scene, &webhook, &[], "no administrator", "no es administrador");
    scene.portal.disarm();
    let webhook = scene.portal.webhook_of_a_new_user(true);
    let args = ["apply".into(), scene.plan_dir().into_os_string(), "--yes".into()];
    scene.b24().webhook(&webhook).run(args).exits(0).stderr("made by user 1").stderr("Otra Persona").stderr("checked again");
}

/// The portal's clock, so many hours from now. (A run asks for it with the user's name first.)
fn the_portal_says(scene: &Scene, hours: i64) {
    let moment = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(hours);
    let moment = moment.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string();
    scene.portal.disarm();
    let patch = json!({"patch": {"result": {"result": {"c0": moment}}}});
    scene.portal.arm(json!({"method": "server.time", "nth": 2, "every": 2, "do": patch}));
}

#[test]
fn drift_7_a_plan_older_than_a_day() {
    let scene = planned();
    the_portal_says(&scene, 25);
    refused(&scene, scene.portal.webhook(), &[], "stale", "vencida");
}

#[test]
fn drift_8_a_plan_from_the_future() {
    let scene = planned();
    the_portal_says(&scene, -2);
    refused(&scene, scene.portal.webhook(), &[], "future", "futura");
}

#[test]
fn drift_9_a_changed_restore_file() {
    let scene = planned();
    let text = fs::read_to_string(&scene.files[2]).expect("the leads");
    fs::write(&scene.files[2], text.replacen("Monterrey", "Saltillo", 1)).expect("a changed file");
    refused(&scene, scene.portal.webhook(), &[], "lead.csv: was changed", "lead.csv: el archivo cambió");
}

#[test]
fn drift_10_the_journal_of_another_plan() {
    let scene = Scene::small().losing_one_of(3);
    scene.plan(&[]);
    scene.apply(&[]);
    let journal = fs::read(scene.plan_dir().join("journal.sqlite")).expect("a journal");
    let other = scene.portal.dir().join("other");
    scene.b24().run(scene.plan_args(&other, &[])).exits(0);
    fs::write(other.join("journal.sqlite"), journal).expect("a foreign journal");
    scene.portal.watch_writing();
    for command in ["apply", "status", "verify", "undo"] {
        let yes: &[&str] = if matches!(command, "apply" | "undo") { &["--yes"] } else { &[] };
        for (lang, words, way_out) in [("en", "another plan", "plan again"), ("es", "otra revisión", "repita")] {
            let mut args = vec![command.into(), other.clone().into_os_string(), "--lang".into(), lang.into()];
            args.extend(yes.iter().map(Into::into));
            scene.b24().run(args).exits(4).stderr(words).stderr(way_out);
        }
    }
    assert_eq!(scene.portal.written(), Vec::<String>::new());
}

#[test]
fn drift_11_a_newer_format() {
    let scene = planned();
    reseal(&scene.plan_dir(), |manifest| {
        manifest["format"] = json!(99);
        manifest["tool"] = json!("9.0.0");
        manifest["something_new"] = json!({});
    });
    refused(&scene, scene.portal.webhook(), &[], "made by version 9.0.0", "la hizo la versión 9.0.0");
}

#[test]
fn drift_12_a_part_of_another_plan() {
    let scene = planned();
    let other = scene.portal.dir().join("other");
    scene.b24().run(scene.plan_args(&other, &["--no-mend"])).exits(0);
    fs::copy(other.join("actions.jsonl"), scene.plan_dir().join("actions.jsonl")).expect("a foreign part");
    refused(&scene, scene.portal.webhook(), &[], "actions.jsonl: was altered", "actions.jsonl: alguien lo modificó");
}

#[test]
fn drift_13_more_creates_than_were_allowed() {
    let scene = planned();
    refused(&scene, scene.portal.webhook(), &["--max-creates", "1"], "too many records", "demasiados registros");
}

#[test]
fn a_plan_of_the_sandbox_never_reaches_a_real_portal() {
    let scene = planned();
    let webhook = "https://empresa.bitrix24.invalid/rest/1/abcdef0123456789/";
    refused(&scene, webhook, &["--portal-limits", "standard"], "this plan was made for", "esta revisión se hizo para");
}
