//! Records that the portal refuses: each is told in the portal's words with what to do, none stops the rest, and all of them come back
//! once the cause is mended.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::harness::Scene;
use crate::harness::crm::{KINDS, all, number, text};

/// The rows of a CSV file, by title.
fn rows(path: &Path, delimiter: u8) -> Vec<Vec<String>> {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect()
}

/// `apply --yes`, of which some records of one type must fail and everything else must succeed.
#[track_caller]
fn some_fail(scene: &Scene, kind: &str, code: &str, words: &str) -> Value {
    let outcome = scene.on_the_plan("apply", &["--yes"]).exits(3).json();
    assert_eq!(outcome["complete"], true);
    for other in KINDS {
        let counts = &outcome["entities"][other];
        let sum: u64 =
            ["created", "already_there", "left_out", "failed", "pending"].iter().filter_map(|part| counts[*part].as_u64()).sum();
        assert_eq!(counts["planned"].as_u64().unwrap_or_default(), sum, "{outcome}");
        assert_eq!(counts["failed"].as_u64().unwrap_or_default() > 0, other == kind, "{other}: {outcome}");
    }
    let failed = outcome["entities"][kind]["failed"].as_u64().expect("a count");
    let cause = &outcome["causes"][0];
    assert_eq!((&cause["entity"], &cause["code"], &cause["records"]), (&json!(kind), &json!(code), &json!(failed)), "{outcome}");
    assert!(text(cause, "message").contains(words) && !text(cause, "remedy").is_empty(), "{outcome}");
    // The same, record by record.
    let failures = rows(&scene.plan_dir().join("failures.csv"), b',');
    let of_code: Vec<_> =
        failures[1..].iter().filter(|row| row[3] == code && row[4].contains(words) && !row[5].is_empty()).collect();
    assert_eq!(of_code.len() as u64, failed, "{failures:?}");
    let returned = rows(&failed_file(scene, kind), b';');
    assert_eq!(returned.len() as u64, failed + 1);
    assert!(returned[1..].iter().all(|row| row.len() == returned[0].len()));
    assert_eq!(returned[0].last().map(String::as_str), Some("reason"));
    // And on the screen.
    let dir = scene.plan_dir().into_os_string();
    scene.b24().run(["status".into(), dir]).exits(0).stdout(words).stdout("SANDBOX");
    outcome
}

fn failed_file(scene: &Scene, kind: &str) -> PathBuf {
    scene.plan_dir().join("failed").join(format!("{kind}.csv"))
}

/// Plans the failed rows, and applies that plan.
#[track_caller]
fn plan_again(scene: &Scene, kind: &str, more: &[&str]) -> Value {
    let out = scene.portal.dir().join("again");
    let mut args = vec![
        "plan".into(),
        failed_file(scene, kind).into_os_string(),
        "--out".into(),
        out.clone().into_os_string(),
        "--json".into(),
    ];
    args.extend(more.iter().map(Into::into));
    let summary = scene.b24().run(args).exits(0).json();
    let unmapped = summary["warnings"].as_array().expect("a list").iter().find(|warning| warning["code"] == "column_unmapped");
    assert_eq!(unmapped, None);
    let outcome = scene.b24().applies_until_complete(&out);
    assert_eq!(outcome["entities"][kind]["failed"], 0, "{outcome}");
    summary
}

#[test]
fn a_required_custom_field_is_filled_in_the_failed_file_and_planned_again() {
    let scene = Scene::small().losing("contact", &[0, 1, 2]).losing("deal", &[0, 1]);
    let field =
        json!({"FIELD_NAME": "RFC", "USER_TYPE_ID": "string", "MANDATORY": "Y", "LABEL": "RFC", "LIST_COLUMN_LABEL": "RFC"});
    scene.portal.call("crm.contact.userfield.add", json!({"fields": field}));
    scene.portal.call("sandbox.settings.set", json!({"required_check": true}));
    scene.plan(&[]);
    let outcome = some_fail(&scene, "contact", "CRM_FIELD_ERROR_REQUIRED", "RFC");
    assert!(text(&outcome["causes"][0], "remedy").contains("failed/"), "{outcome}");
    let path = failed_file(&scene, "contact");
    let mended: Vec<String> = fs::read_to_string(&path)
        .expect("the failed rows")
        .lines()
        .enumerate()
        .map(|(at, line)| {
            format!("\"{}\";{}", if at == 0 { "UF_CRM_RFC" } else { "XAXX010101000" }, line.trim_start_matches('\u{feff}'))
        })
        .collect();
    fs::write(&path, mended.join("\n")).expect("a mended file");
    let summary = plan_again(&scene, "contact", &["--map", "UF_CRM_RFC=UF_CRM_RFC"]);
    assert_eq!(summary["entities"]["contact"]["to_create"], 3, "{summary}");
    let now = all(&scene.portal);
    for ((kind, _), new) in scene.crm.new_ids(&now) {
        if kind == "contact" {
            assert_eq!(text(&now[kind][&new], "UF_CRM_RFC"), "XAXX010101000");
        }
    }
}

#[test]
fn a_stage_that_went_after_the_plan_is_mapped_in_a_plan_of_the_failed_rows() {
    let mut scene = Scene::small();
    let deals: Vec<usize> = (0..scene.crm.before["deal"].len()).collect();
    scene = scene.losing("deal", &deals);
    scene.plan(&[]);
    let label = scene.portal.call("crm.status.list", json!({"filter": {"ENTITY_ID": "DEAL_STAGE", "STATUS_ID": "PREPARATION"}}));
    let label = text(&label[0], "NAME");
    scene.portal.call("sandbox.status.delete", json!({"ENTITY_ID": "DEAL_STAGE", "STATUS_ID": "PREPARATION"}));
    let outcome = some_fail(&scene, "deal", "CRM_FIELD_ERROR_VALUE_NOT_VALID", "stage");
    assert!(text(&outcome["causes"][0], "remedy").contains("--stage-map"), "{outcome}");
    plan_again(&scene, "deal", &["--stage-map", &format!("{label}=NEW")]);
    let now = all(&scene.portal);
    for ((_, id), new) in scene.crm.new_ids(&now) {
        let (old, new) = (&scene.crm.before["deal"][&id], &now["deal"][&new]);
        let stage = text(old, "STAGE_ID");
        assert_eq!(text(new, "STAGE_ID"), if stage == "PREPARATION" { "NEW".to_owned() } else { stage });
        for link in ["COMPANY_ID", "CONTACT_ID"] {
            assert_eq!(number(new, link), number(old, link), "deal {id}, {link}");
        }
    }
}

#[test]
fn a_dismissed_person_who_is_refused_is_replaced_in_a_plan_of_the_failed_rows() {
    let mut scene = Scene::small();
    let fields = json!({"NAME": "Pedro", "LAST_NAME": "Paz"});
    let pedro = scene.portal.call("sandbox.user.add", json!({"fields": fields}))["ID"].clone();
    for lead in &scene.crm.ids("lead")[..2] {
        scene.portal.call("crm.lead.update", json!({"id": lead, "fields": {"ASSIGNED_BY_ID": pedro}}));
    }
    scene.export();
    let scene = scene.losing("lead", &[0, 1, 2, 3]);
    let fields = json!({"ID": pedro, "NAME": "Pedro", "LAST_NAME": "Paz", "ACTIVE": "N"});
    scene.portal.call("sandbox.user.add", json!({"fields": fields}));
    scene.portal.call("sandbox.settings.set", json!({"responsible_check": true}));
    scene.plan(&[]);
    let outcome = some_fail(&scene, "lead", "CRM_FIELD_ERROR_VALUE_NOT_VALID", "Responsible");
    assert!(text(&outcome["causes"][0], "remedy").contains("--assign-missing-to"), "{outcome}");
    plan_again(&scene, "lead", &["--assign-missing-to", "1"]);
    let now = all(&scene.portal);
    assert_eq!(scene.crm.new_ids(&now).len(), 4);
}

#[test]
fn without_the_import_right_for_companies_everything_else_comes_back_and_the_companies_later() {
    let scene = Scene::small().losing_one_of(2);
    scene.plan(&[]);
    scene.portal.call("sandbox.settings.set", json!({"no_import": 4}));
    let outcome = some_fail(&scene, "company", "ACCESS_DENIED", "permission");
    assert!(text(&outcome["causes"][0], "remedy").contains("apply --failed"), "{outcome}");
    scene.portal.call("sandbox.settings.set", json!({"no_import": 0}));
    scene.portal.watch_writing();
    let outcome = scene.apply(&["--failed"]);
    let lost = scene.crm.lost["company"].len();
    assert_eq!(
        (&outcome["entities"]["company"]["created"], &outcome["entities"]["company"]["failed"]),
        (&json!(lost), &json!(0))
    );
    assert_eq!(outcome["causes"], Value::Null);
    assert!(!failed_file(&scene, "company").exists());
    // Links to the companies are made when they come.
    scene.crm.is_back(&scene.portal, false);
    scene.on_the_plan("verify", &[]).exits(0);
}

#[test]
fn links_that_survivors_lost_are_filled_once_their_refused_target_comes() {
    let scene = Scene::small().losing("company", &[0, 1, 2]);
    let survivors = &scene.crm.survivors;
    let lost: usize =
        ["contact", "deal"].iter().flat_map(|kind| survivors[*kind].keys().map(|id| scene.crm.lost_links(kind, *id).len())).sum();
    assert!(lost > 1, "the scene has no lost links");
    scene.plan(&["--relink"]);
    scene.portal.call("sandbox.settings.set", json!({"no_import": 4}));
    let outcome = some_fail(&scene, "company", "ACCESS_DENIED", "permission");
    let updated =
        |outcome: &Value| -> u64 { KINDS.iter().filter_map(|kind| outcome["entities"][kind]["updated"].as_u64()).sum() };
    assert_eq!(updated(&outcome), 0, "{outcome}");
    // Still refused: the links are left out once more, and nothing is pending.
    some_fail(&scene, "company", "ACCESS_DENIED", "permission");
    scene.on_the_plan("apply", &["--yes", "--failed"]).exits(3);
    scene.portal.call("sandbox.settings.set", json!({"no_import": 0}));
    let outcome = scene.apply(&["--failed"]);
    assert!(updated(&outcome) > 0 && outcome["entities"]["company"]["failed"] == 0, "{outcome}");
    scene.journal_is_settled();
    scene.crm.is_back(&scene.portal, true);
    scene.on_the_plan("verify", &[]).exits(0);
    scene.on_the_plan("undo", &["--yes"]).exits(0);
    scene.crm.is_untouched(&scene.portal);
}

#[test]
fn records_that_were_to_come_with_their_parent_only_come_once_it_has_come() {
    let scene = Scene::small().losing("company", &[0, 1, 2, 3]).losing("deal", &[0, 1, 2, 3, 4, 5]);
    scene.plan(&["--missing-parent", "skip"]);
    scene.portal.call("sandbox.settings.set", json!({"no_import": 4}));
    let outcome = some_fail(&scene, "company", "ACCESS_DENIED", "permission");
    assert!(outcome["entities"]["deal"]["left_out"].as_u64() > Some(0), "{outcome}");
    scene.portal.call("sandbox.settings.set", json!({"no_import": 0}));
    let outcome = scene.apply(&["--failed"]);
    for kind in ["company", "deal"] {
        let counts = &outcome["entities"][kind];
        assert_eq!((&counts["created"], &counts["left_out"]), (&counts["planned"], &json!(0)), "{outcome}");
    }
    scene.journal_is_settled();
    scene.crm.is_back(&scene.portal, false);
    scene.on_the_plan("verify", &[]).exits(0);
}

#[test]
fn what_stands_between_us_and_the_portal_is_told_in_spanish() {
    let scene = Scene::small();
    let plan = |webhook: &str| {
        let args = scene.plan_args(&scene.plan_dir(), &["--lang", "es"]);
        scene.b24().webhook(webhook).run(args)
    };
    let wrong = plan(&scene.portal.webhook_with("otraclave")).exits(1).stderr("el portal no acepta el webhook");
    wrong.never_says("the portal").never_says("otraclave");
    plan("https://ejemplo.bitrix24.mx/crm/")
        .exits(2)
        .stderr("la ruta del webhook debe ser /rest/USUARIO/CLAVE/")
        .never_says("must be");
    let report = {
        scene.run_plan(&["--lang", "es"]).exits(0);
        std::fs::read_to_string(scene.plan_dir().join("report.html")).expect("the report")
    };
    assert!(report.contains("indicio: los títulos de las columnas") && !report.contains("only a "), "{report}");
}
