//! What the flags promise.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::b24::B24;
use crate::harness::crm::{all, number, text};
use crate::harness::{KINDS, Scene};

/// A line of `records.jsonl` each.
fn records(plan: &Path) -> Vec<Value> {
    let text = fs::read_to_string(plan.join("records.jsonl")).expect("records.jsonl");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn sum(summary: &Value, count: &str) -> u64 {
    summary["entities"].as_object().expect("counts").values().map(|counts| counts[count].as_u64().unwrap_or_default()).sum()
}

fn has_warning(summary: &Value, code: &str) -> bool {
    summary["warnings"].as_array().expect("a list").iter().any(|warning| warning["code"] == code)
}

#[track_caller]
fn has_keys(value: &Value, keys: &[&str]) {
    let found: BTreeSet<&str> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    for key in keys {
        assert!(found.contains(key), "{key} is not among {found:?}");
    }
}

#[test]
fn relink_fills_the_links_that_survivors_lost_and_undo_gives_them_back() {
    let scene = Scene::small().losing("company", &[0, 1, 2]).losing("contact", &[0, 1]);
    let lost: usize = ["contact", "deal"]
        .iter()
        .flat_map(|kind| scene.crm.survivors[*kind].keys().map(|id| scene.crm.lost_links(kind, *id).len()))
        .sum();
    assert!(lost > 2, "the scene has no lost links");
    let summary = scene.plan(&["--relink"]);
    assert_eq!(sum(&summary, "lost_links"), lost as u64);
    let changes = records(&scene.plan_dir()).into_iter().flat_map(|line| line["changes"].as_array().cloned().unwrap_or_default());
    assert_eq!(changes.filter(|change| change["lost_link"] == true).count(), lost);
    scene.apply(&[]);
    scene.crm.is_back(&scene.portal, true);
    scene.on_the_plan("undo", &["--yes"]).exits(0);
    scene.crm.is_untouched(&scene.portal);
}

#[test]
fn relink_leaves_a_link_alone_that_somebody_has_filled_meanwhile() {
    let scene = Scene::small().losing("company", &[0, 1, 2]);
    let (contact, _) =
        scene.crm.survivors["contact"].iter().find(|(id, _)| !scene.crm.lost_links("contact", **id).is_empty()).expect("one");
    let other = *scene.crm.survivors["company"].keys().next().expect("a company");
    scene.plan(&["--relink"]);
    scene.portal.call("crm.contact.update", json!({"id": contact, "fields": {"COMPANY_ID": other}}));
    scene.apply(&[]);
    assert_eq!(number(&scene.portal.call("crm.contact.get", json!({"id": contact})), "COMPANY_ID"), other);
}

#[test]
fn changed_restore_writes_the_files_values_back_and_nothing_else() {
    let scene = Scene::small().changing_one_of(2);
    let changed: usize = KINDS.iter().map(|kind| scene.crm.changed[kind].len()).sum();
    let summary = scene.plan(&["--changed", "restore"]);
    assert_eq!((sum(&summary, "changed"), sum(&summary, "to_update")), (changed as u64, changed as u64));
    scene.apply(&[]);
    let now = all(&scene.portal);
    for kind in KINDS {
        for (id, was) in &scene.crm.before[kind] {
            for (field, value) in was.as_object().expect("a record") {
                let is_stamp = ["DATE_MODIFY", "MODIFY_BY_ID", "LAST_ACTIVITY_TIME"].contains(&field.as_str());
                assert!(is_stamp || now[kind][id][field] == *value, "{kind} {id}, {field}: {}", now[kind][id][field]);
            }
        }
    }
    scene.on_the_plan("undo", &["--yes"]).exits(0);
    scene.crm.is_untouched_but_for_stamps(&scene.portal);
}

#[test]
fn changed_records_are_reported_and_left_alone_by_default() {
    let scene = Scene::small().changing_one_of(2);
    let summary = scene.plan(&[]);
    assert_eq!(sum(&summary, "to_update"), 0);
    let lead = *scene.crm.changed["lead"].first().expect("a lead");
    let line = records(&scene.plan_dir())
        .into_iter()
        .find(|line| line["entity"] == "lead" && line["original_id"] == lead)
        .expect("its line");
    assert_eq!(line["verdict"], "changed");
    assert_eq!((&line["changes"][0]["field"], &line["changes"][0]["portal"]), (&json!("TITLE"), &json!("otro título")));
    scene.portal.watch_writing();
    scene.apply(&[]);
    assert_eq!(scene.portal.written(), Vec::<String>::new());
}

#[test]
fn original_ids_and_dates_are_kept_in_fields_on_demand() {
    let scene = Scene::small().losing("deal", &[0, 3]);
    scene.plan(&["--keep-dates-in-fields"]);
    scene.apply(&[]);
    let now = all(&scene.portal);
    for ((kind, id), new) in scene.crm.new_ids(&now) {
        let (old, new) = (&scene.crm.before[kind][&id], &now[kind][&new]);
        assert_eq!(text(new, "UF_CRM_B24R_ID"), id.to_string());
        let moment = |text: String| text.parse::<jiff::Timestamp>().expect("a moment");
        assert_eq!(moment(text(new, "UF_CRM_B24R_CREATED")), moment(text(old, "DATE_CREATE")), "{new}");
    }
    scene.on_the_plan("verify", &[]).exits(0);
}

#[test]
fn without_mending_no_update_follows_a_create() {
    let scene = Scene::small().losing_one_of(2);
    let with = scene.plan(&[]);
    assert!(sum(&with, "to_mend") > 0);
    let without = scene.plan(&["--no-mend"]);
    assert_eq!(sum(&without, "to_mend"), 0);
    scene.portal.watch_writing();
    scene.apply(&[]);
    assert_eq!(scene.portal.written(), ["crm.item.batchimport"]);
    // What is not mended was declared beforehand.
    let verified = scene.on_the_plan("verify", &[]).exits(0).json();
    assert!(sum(&verified, "declared") > 0, "{verified}");
}

#[test]
fn only_the_chosen_types_are_restored() {
    let scene = Scene::small().losing_one_of(2);
    let summary = scene.plan(&["--only", "company,lead"]);
    for kind in ["contact", "deal"] {
        let counts = &summary["entities"][kind];
        let is_left_out = counts.is_null() || (counts["left_out"] == scene.crm.before[kind].len() && counts["missing"] == 0);
        assert!(is_left_out, "{kind}: {counts}");
    }
    let outcome = scene.apply(&[]);
    let created = (scene.crm.lost["company"].len() + scene.crm.lost["lead"].len()) as u64;
    assert_eq!(sum(&outcome, "created"), created);
    let now = all(&scene.portal);
    for kind in ["contact", "deal"] {
        assert_eq!(now[kind].len(), scene.crm.survivors[kind].len());
    }
}

#[test]
fn existence_alone_is_compared_on_demand() {
    let scene = Scene::small().losing_one_of(2).changing_one_of(4);
    let summary = scene.plan(&["--existence-only"]);
    let lost = scene.crm.lost_count() as u64;
    assert_eq!((sum(&summary, "missing"), sum(&summary, "changed")), (lost, 0));
    assert_eq!(sum(&summary, "identical"), sum(&summary, "in_file") - lost);
    assert!(has_warning(&summary, "not_compared"), "{summary}");
}

#[test]
fn a_duplicate_is_skipped_and_linked_to_unless_it_is_to_be_created() {
    let scene = Scene::small().losing("contact", &[0]);
    // Somebody has typed the contact in again.
    let again = scene.portal.call(
        "crm.contact.add",
        json!({"fields": {"NAME": "Nombre1", "EMAIL": [{"VALUE": "C1@Ejemplo.mx", "VALUE_TYPE": "HOME"}]}}),
    );
    let summary = scene.plan(&[]);
    let counts = &summary["entities"]["contact"];
    assert_eq!((&counts["duplicate"], &counts["missing"]), (&json!(1), &json!(0)), "{counts}");
    assert_eq!(sum(&scene.apply(&[]), "created"), 0);
    let other = scene.portal.dir().join("other");
    scene.b24().run(scene.plan_args(&other, &["--duplicates", "create"])).exits(0);
    scene.b24().applies_until_complete(&other);
    let contacts = scene.portal.every("contact");
    assert_eq!(contacts.len(), scene.crm.before["contact"].len() + 1);
    assert!(contacts.contains_key(&again.as_u64().expect("an id")));
}

/// The file of deals alone: their companies are neither in the portal nor in the files.
fn deals_without_their_companies() -> (Scene, usize, usize) {
    let mut scene = Scene::small().losing("deal", &[0, 1, 2, 3, 4, 5]);
    let linked: Vec<u64> =
        scene.crm.lost["deal"].iter().copied().filter(|id| number(&scene.crm.before["deal"][id], "COMPANY_ID") != 0).collect();
    let companies = scene.crm.ids("company");
    scene.crm.lose(&scene.portal, "company", &companies);
    scene.files = vec![scene.files[3].clone()];
    (scene, linked.len(), 6)
}

#[test]
fn a_record_without_its_parent_is_created_without_it_by_default() {
    let (scene, linked, lost) = deals_without_their_companies();
    assert!(linked > 0);
    let summary = scene.plan(&[]);
    assert_eq!(summary["entities"]["deal"]["to_create"], lost, "{summary}");
    assert_eq!(sum(&scene.apply(&[]), "created"), lost as u64);
}

#[test]
fn a_record_without_its_parent_is_left_out_on_demand() {
    let (scene, linked, lost) = deals_without_their_companies();
    let summary = scene.plan(&["--missing-parent", "skip"]);
    assert_eq!(summary["entities"]["deal"]["missing"], lost);
    assert_eq!(summary["entities"]["deal"]["to_create"], lost - linked, "{summary}");
    assert_eq!(sum(&scene.apply(&[]), "created"), (lost - linked) as u64);
}

#[test]
fn a_record_without_its_parent_stops_the_plan_on_demand() {
    let (scene, ..) = deals_without_their_companies();
    scene.run_plan(&["--missing-parent", "stop"]).exits(4).stderr("deal");
    assert!(!scene.plan_dir().exists());
}

#[test]
fn a_pilot_creates_a_varied_few_and_stops() {
    let scene = Scene::small().losing_one_of(2);
    scene.plan(&[]);
    let outcome = scene.on_the_plan("apply", &["--yes", "--pilot", "3"]).exits(0).json();
    let created = sum(&outcome, "created");
    assert!((3..scene.crm.lost_count() as u64).contains(&created), "{outcome}");
    assert_eq!(outcome["complete"], false);
    scene.apply(&[]);
    scene.crm.is_back(&scene.portal, false);
}

#[test]
fn a_pilot_says_that_it_was_one_and_how_to_go_on() {
    let scene = Scene::small().losing_one_of(2);
    scene.plan(&[]);
    let args = ["apply".into(), scene.plan_dir().into_os_string(), "--yes".into(), "--pilot".into(), "3".into()];
    scene.b24().run(args).exits(0).stdout("PILOT DONE").never_says("the same command goes on");
}

#[test]
fn help_and_mistakes_are_told_in_the_language_of_the_run() {
    let home = tempfile::tempdir().expect("a directory");
    let b24 = B24::without_portal(home.path());
    let help = b24.run(["plan", "--help", "--lang", "es"]).exits(0);
    let help =
        help.stdout("Uso: b24restore plan [OPCIONES] <FILE>...").stdout("Revisión: compara").stdout("[si no se indica: skip]");
    help.never_says("Usage").never_says("Print").never_says("possible values");
    b24.run(["--help", "--lang=es"]).exits(0).stdout("Comandos").stdout("Crea lo que falta").never_says("Commands");
    b24.run(["plan", "--lang", "es"]).exits(2).stderr("falta <FILE>...").never_says("required");
    b24.run(["plan", "--help", "--lang", "en"]).exits(0).stdout("Usage: b24restore plan").never_says("Revisión");
    b24.run(["plan"]).exits(2).stderr("required arguments");
}

/// The portal refuses contacts for want of a field that nobody filled.
fn with_refused_contacts() -> Scene {
    let scene = Scene::small();
    // Three contacts and a deal of one of them are lost.
    let contacts = scene.crm.ids("contact");
    let place = |id: u64| contacts.iter().position(|contact| *contact == id);
    let deals = scene.crm.before["deal"].values().map(|deal| place(number(deal, "CONTACT_ID")));
    let (deal, contact) = deals.enumerate().find_map(|(deal, contact)| Some((deal, contact?))).expect("a deal with a contact");
    let places: Vec<usize> = [contact].into_iter().chain((0..contacts.len()).filter(|place| *place != contact)).take(3).collect();
    let scene = scene.losing("contact", &places).losing("deal", &[deal]);
    let field = json!({"FIELD_NAME": "RFC", "USER_TYPE_ID": "string", "MANDATORY": "Y", "LABEL": "RFC"});
    scene.portal.call("crm.contact.userfield.add", json!({"fields": field}));
    scene.portal.call("sandbox.settings.set", json!({"required_check": true}));
    scene.plan(&[]);
    let outcome = scene.on_the_plan("apply", &["--yes"]).exits(3).json();
    let counts = &outcome["entities"]["contact"];
    assert_eq!((&counts["failed"], &counts["created"], &outcome["complete"]), (&json!(3), &json!(0), &json!(true)));
    scene
}

#[test]
fn what_the_portal_refused_is_told_in_its_words_and_taken_up_again() {
    let scene = with_refused_contacts();
    let failures = fs::read_to_string(scene.plan_dir().join("failures.csv")).expect("failures.csv");
    assert_eq!(failures.matches("CRM_FIELD_ERROR_REQUIRED").count(), 3, "{failures}");
    assert!(failures.contains("RFC"), "{failures}");
    // Nothing changes by running it again.
    scene.on_the_plan("apply", &["--yes"]).exits(3);
    // The cause is mended in the portal.
    scene.portal.call("sandbox.settings.set", json!({"required_check": false}));
    let outcome = scene.apply(&["--failed"]);
    assert_eq!(outcome["entities"]["contact"]["created"], 3, "{outcome}");
    assert_eq!(scene.portal.every("contact").len(), scene.crm.before["contact"].len());
}

#[test]
fn the_failed_rows_can_be_planned_again() {
    let scene = with_refused_contacts();
    scene.portal.call("sandbox.settings.set", json!({"required_check": false}));
    let failed = scene.plan_dir().join("failed").join("contact.csv");
    let other = scene.portal.dir().join("other");
    let args = ["plan".into(), failed.into_os_string(), "--out".into(), other.clone().into_os_string(), "--json".into()];
    let summary = scene.b24().run(args).exits(0).json();
    let counts = &summary["entities"]["contact"];
    assert_eq!((&counts["in_file"], &counts["missing"]), (&json!(3), &json!(3)), "{summary}");
    scene.b24().applies_until_complete(&other);
    assert_eq!(scene.portal.every("contact").len(), scene.crm.before["contact"].len());
}

#[test]
fn a_snapshot_is_a_restore_file() {
    let scene = Scene::small();
    let snapshot = scene.portal.dir().join("snapshot");
    let args = ["snapshot".into(), "--out".into(), snapshot.clone().into_os_string(), "--json".into()];
    let manifest = scene.b24().run(args).exits(0).json();
    assert!(manifest["files"].as_array().is_some_and(|files| files.len() >= 4), "{manifest}");
    let mut scene = scene.losing_one_of(2);
    scene.files = vec![snapshot];
    let summary = scene.plan(&[]);
    assert_eq!(sum(&summary, "missing"), scene.crm.lost_count() as u64, "{summary}");
    scene.apply(&[]);
    scene.crm.is_back(&scene.portal, false);
    scene.on_the_plan("verify", &[]).exits(0);
}

#[test]
fn a_plan_against_a_snapshot_needs_no_portal_and_is_only_to_look_at() {
    let scene = Scene::small().losing_one_of(3).changing_one_of(6);
    let snapshot = scene.portal.dir().join("snapshot");
    scene.b24().run(["snapshot".into(), "--out".into(), snapshot.clone().into_os_string()]).exits(0);
    let live = scene.plan(&[]);
    let out = scene.portal.dir().join("against");
    let args = scene.plan_args(&out, &["--against", snapshot.to_str().expect("UTF-8")]);
    let without = crate::harness::b24::B24::without_portal(scene.portal.dir());
    let summary = without.run(args).exits(0).json();
    assert_eq!(summary["against"], "snapshot");
    for kind in KINDS {
        for count in ["in_file", "missing", "changed", "identical"] {
            assert_eq!(summary["entities"][kind][count], live["entities"][kind][count], "{count} of {kind}");
        }
    }
    scene.b24().run(["apply".into(), out.into_os_string(), "--yes".into()]).exits(4).stderr("snapshot");
}

#[test]
fn everything_is_said_in_spanish_too() {
    let scene = Scene::small().losing_one_of(2);
    let plan = scene.plan_dir().into_os_string();
    let args = scene.plan_args(&scene.plan_dir(), &["--lang", "es"]).into_iter().filter(|arg| arg != "--json");
    scene.b24().run(args).exits(0).stdout("REVISIÓN TERMINADA").stdout("Prospectos").stdout("Negociaciones");
    let say = |command: &str, more: &[&str]| {
        let mut args = vec![command.into(), plan.clone(), "--lang".into(), "es".into()];
        args.extend(more.iter().map(Into::into));
        scene.b24().run(args)
    };
    say("apply", &[]).exits(2).stderr("--yes para continuar");
    say("apply", &["--yes"]).exits(0).stdout("Prospectos");
    say("status", &[]).exits(0).stdout("Compañías");
    say("verify", &[]).exits(0).stdout("Contactos");
    let html = fs::read_to_string(scene.plan_dir().join("report.html")).expect("report.html");
    assert!(html.contains("lang=\"es\"") && html.contains("Negociaciones"), "not in Spanish");
    say("undo", &["--yes"]).exits(0);
}

#[test]
fn json_is_one_value_with_the_contracts_keys() {
    let scene = Scene::small().losing_one_of(2);
    let inspected = scene.b24().run(["inspect".into(), scene.files[2].clone().into_os_string(), "--json".into()]).exits(0).json();
    has_keys(
        &inspected["files"][0],
        &[
            "path",
            "entity",
            "encoding",
            "bom",
            "delimiter",
            "language",
            "header_line",
            "rows",
            "rejected",
            "columns",
            "unmapped",
            "problems",
        ],
    );
    has_keys(&inspected["files"][0]["columns"][0], &["name", "field", "type", "how"]);
    assert_eq!(
        (&inspected["files"][0]["entity"], &inspected["files"][0]["bom"], &inspected["files"][0]["language"]),
        (&json!("lead"), &json!(true), &json!("es"))
    );
    let summary = scene.plan(&[]);
    has_keys(&summary, &["portal", "made_at", "against", "files", "entities", "requests", "forecast", "warnings"]);
    has_keys(&summary["files"][0], &["path", "entity", "encoding", "delimiter", "language", "rows", "rejected"]);
    let counts = [
        "in_file",
        "missing",
        "changed",
        "identical",
        "restored",
        "duplicate",
        "rejected",
        "only_in_portal",
        "left_out",
        "lost_links",
    ];
    has_keys(&summary["entities"]["lead"], &counts);
    has_keys(&summary["requests"], &["made", "to_apply"]);
    has_keys(&summary["forecast"], &["seconds", "bound_by"]);
    has_keys(&summary["warnings"][0], &["code", "records", "text"]);
    assert_eq!((&summary["portal"], &summary["against"]), (&json!(scene.portal.address()), &json!("portal")));
    let saved = fs::read_to_string(scene.plan_dir().join("summary.json")).expect("summary.json");
    assert_eq!(serde_json::from_str::<Value>(&saved).expect("JSON"), summary);
    for line in records(&scene.plan_dir()) {
        has_keys(&line, &["entity", "original_id", "verdict", "title", "line"]);
    }
    let progress = ["entities", "requests", "ids", "failures", "complete"];
    let counts = ["planned", "created", "already_there", "left_out", "failed", "pending"];
    for outcome in
        [scene.on_the_plan("status", &[]).exits(0).json(), scene.apply(&[]), scene.on_the_plan("status", &[]).exits(0).json()]
    {
        has_keys(&outcome, &progress);
        has_keys(&outcome["entities"]["lead"], &counts);
        for counts in outcome["entities"].as_object().expect("counts").values() {
            let parts = ["created", "already_there", "left_out", "failed", "pending"];
            let sum: u64 = parts.iter().filter_map(|part| counts[*part].as_u64()).sum();
            assert_eq!(counts["planned"], sum, "{counts}");
        }
    }
    has_keys(
        &scene.on_the_plan("verify", &[]).exits(0).json()["entities"]["lead"],
        &["checked", "equal", "declared", "different", "absent"],
    );
    has_keys(&scene.on_the_plan("undo", &["--yes"]).exits(0).json()["entities"]["lead"], &["deleted", "kept_changed", "absent"]);
}

#[test]
fn verify_finds_what_somebody_changed_or_deleted_since() {
    let scene = Scene::small().losing_one_of(2);
    scene.plan(&[]);
    scene.apply(&[]);
    let new_ids = scene.crm.new_ids(&all(&scene.portal));
    let of = |wanted: &str| *new_ids.iter().find(|((kind, _), _)| *kind == wanted).expect("one").1;
    scene.portal.call("crm.lead.update", json!({"id": of("lead"), "fields": {"TITLE": "otro título"}}));
    scene.portal.call("crm.deal.delete", json!({"id": of("deal")}));
    let verified = scene.on_the_plan("verify", &[]).exits(3).json();
    assert_eq!((&verified["entities"]["lead"]["different"], &verified["entities"]["deal"]["absent"]), (&json!(1), &json!(1)));
    assert_eq!((sum(&verified, "different"), sum(&verified, "absent")), (1, 1));
}

#[test]
fn records_that_came_back_from_the_recycle_bin_are_not_created_again() {
    let scene = Scene::small().losing("lead", &[0, 1, 2]);
    let lost = scene.crm.lost["lead"].iter().copied().next().expect("a lead");
    scene.portal.call("sandbox.recover", json!({"entityTypeId": 1, "id": lost}));
    let summary = scene.plan(&[]);
    let counts = &summary["entities"]["lead"];
    assert_eq!((&counts["restored"], &counts["missing"]), (&json!(1), &json!(2)), "{counts}");
    scene.apply(&[]);
    assert_eq!(scene.portal.every("lead").len(), scene.crm.before["lead"].len());
}

#[test]
fn a_link_whose_target_was_refused_is_made_when_the_target_comes_after_all() {
    let scene = with_refused_contacts();
    let was_linked = |id| scene.crm.lost["contact"].contains(&number(&scene.crm.before["deal"][id], "CONTACT_ID"));
    assert!(scene.crm.lost["deal"].iter().any(was_linked), "no lost deal was linked to a lost contact");
    scene.portal.call("sandbox.settings.set", json!({"required_check": false}));
    scene.apply(&["--failed"]);
    scene.on_the_plan("verify", &[]).exits(0);
    scene.crm.is_back(&scene.portal, false);
}

#[test]
fn relink_adds_what_was_lost_to_a_list_that_still_has_others() {
    let mut scene = Scene::small();
    let deal = *scene.crm.before["deal"].keys().next().expect("a deal");
    let contacts: Vec<u64> = scene.crm.before["contact"].keys().copied().take(3).collect();
    scene.portal.call("crm.item.update", json!({"entityTypeId": 2, "id": deal, "fields": {"contactIds": contacts}}));
    let snapshot = scene.portal.dir().join("snapshot");
    scene.b24().run(["snapshot".into(), "--out".into(), snapshot.clone().into_os_string()]).exits(0);
    scene.portal.call("crm.contact.delete", json!({"id": contacts[1]}));
    scene.files = vec![snapshot];
    scene.plan(&["--relink"]);
    scene.apply(&[]);
    let ids = fs::read_to_string(scene.plan_dir().join("ids.csv")).expect("ids.csv");
    let line = ids.lines().find(|line| line.starts_with(&format!("contact,{},", contacts[1]))).expect("the contact's new id");
    let new: u64 = line.split(',').nth(2).and_then(|id| id.parse().ok()).expect("an id");
    let item = scene.portal.call("crm.item.get", json!({"entityTypeId": 2, "id": deal}));
    let now: BTreeSet<u64> = item["item"]["contactIds"].as_array().expect("a list").iter().filter_map(Value::as_u64).collect();
    assert_eq!(now, BTreeSet::from([contacts[0], contacts[2], new]));
}

#[test]
fn a_file_without_ids_is_planned_by_another_key_alone_and_what_it_created_is_found_again() {
    let mut scene = Scene::small().losing("contact", &[0, 1, 2]);
    let contacts = scene.files[1].clone();
    let text = fs::read_to_string(&contacts).expect("the export");
    let without: String = text.lines().map(|line| line.split_once(';').map_or("", |(_, rest)| rest).to_owned() + "\n").collect();
    fs::write(&contacts, without).expect("a written file");
    scene.files = vec![contacts];
    scene.run_plan(&[]).exits(2).stderr("no ID column").stderr("--match");
    let count = |summary: &Value, name: &str| summary["entities"]["contact"][name].as_u64().expect("a count");
    let summary = scene.plan(&["--match", "email", "--no-mend"]);
    assert_eq!((count(&summary, "in_file"), count(&summary, "missing"), count(&summary, "rejected")), (8, 3, 0), "{summary}");
    assert!(has_warning(&summary, "no_id"), "{summary}");
    assert_eq!(scene.apply(&[])["entities"]["contact"]["created"], 3);
    scene.on_the_plan("verify", &[]).exits(0);
    let again = scene.portal.dir().join("again");
    let summary = scene.b24().run(scene.plan_args(&again, &["--match", "email", "--no-mend"])).exits(0).json();
    assert_eq!((count(&summary, "missing"), count(&summary, "restored")), (0, 3), "{summary}");
}
