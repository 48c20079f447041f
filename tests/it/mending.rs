//! The flags that bring records back which would be refused, or come back to nobody: who is responsible, which stage, which fields.

use std::fs;

use serde_json::{Value, json};

use crate::harness::Scene;
use crate::harness::crm::{KINDS, all, number, text};

/// The count of a warning about a record type.
fn warned(summary: &Value, code: &str, kind: &str) -> u64 {
    let warnings = summary["warnings"].as_array().expect("a list");
    warnings
        .iter()
        .filter(|warning| warning["code"] == code && warning["entity"] == kind)
        .filter_map(|warning| warning["records"].as_u64())
        .sum()
}

/// Who is responsible for each re-created record of a type.
fn responsible(scene: &Scene, kind: &'static str) -> Vec<u64> {
    let now = all(&scene.portal);
    let new_ids = scene.crm.new_ids(&now);
    let of_kind = new_ids.iter().filter(|((of, _), _)| *of == kind);
    of_kind.map(|(_, new)| number(&now[kind][new], "ASSIGNED_BY_ID")).collect()
}

/// Deals of a colleague, exported, then lost, and the colleague has left, under the same name or another one.
fn whose_owner_left(name_now: &str) -> Scene {
    let mut scene = Scene::small();
    let fields = json!({"NAME": "Pedro", "LAST_NAME": "Paz", "EMAIL": "pedro@ejemplo.mx"});
    let pedro = scene.portal.call("sandbox.user.add", json!({"fields": fields}))["ID"].clone();
    let ana = json!({"NAME": "Ana", "LAST_NAME": "Ruiz", "EMAIL": "ana@ejemplo.mx"});
    scene.portal.call("sandbox.user.add", json!({"fields": ana}));
    for deal in scene.crm.ids("deal") {
        scene.portal.call("crm.deal.update", json!({"id": deal, "fields": {"ASSIGNED_BY_ID": pedro}}));
    }
    scene.export();
    let fields = json!({"ID": pedro, "NAME": name_now, "LAST_NAME": "Paz", "ACTIVE": "N"});
    scene.portal.call("sandbox.user.add", json!({"fields": fields}));
    scene.losing("deal", &[0, 1, 2])
}

#[test]
fn what_a_dismissed_person_was_responsible_for_goes_to_somebody_else() {
    let scene = whose_owner_left("Pedro");
    let summary = scene.plan(&[]);
    assert_eq!(warned(&summary, "user_dismissed", "deal"), 3, "{summary}");
    let text = summary["warnings"].to_string();
    assert!(text.contains("--assign-missing-to"), "{text}");
    for user in ["3", "Ana Ruiz", "ana@ejemplo.mx"] {
        let summary = scene.plan(&["--assign-missing-to", user]);
        assert_eq!((warned(&summary, "reassigned", "deal"), warned(&summary, "user_dismissed", "deal")), (3, 0), "{summary}");
        assert_eq!(summary["entities"]["deal"]["changed"], 0, "survivors keep whom they have: {summary}");
    }
    let sealed: Value = serde_json::from_slice(&fs::read(scene.plan_dir().join("plan.json")).expect("plan.json")).expect("JSON");
    assert_eq!(sealed["flags"]["assign_missing_to"], "ana@ejemplo.mx");
    scene.apply(&[]);
    assert_eq!(responsible(&scene, "deal"), [3, 3, 3]);
    scene.on_the_plan("verify", &[]).exits(0);
}

#[test]
fn a_person_whom_the_portal_does_not_know_is_replaced_as_well() {
    let scene = whose_owner_left("Pablo");
    assert_eq!(warned(&scene.plan(&[]), "user_unknown", "deal"), 10);
    let summary = scene.plan(&["--assign-missing-to", "Ana Ruiz"]);
    assert_eq!((warned(&summary, "reassigned", "deal"), warned(&summary, "user_unknown", "deal")), (3, 7), "{summary}");
    scene.apply(&[]);
    assert_eq!(responsible(&scene, "deal"), [3, 3, 3]);
    scene.on_the_plan("verify", &[]).exits(0);
}

#[test]
fn a_stage_that_is_no_more_becomes_the_one_that_was_said() {
    let scene = Scene::small().losing("deal", &[0, 1, 2, 3, 4]).losing("lead", &[0, 1, 2]);
    scene.portal.call("sandbox.status.rename", json!({"ENTITY_ID": "STATUS", "STATUS_ID": "NEW", "NAME": "Recién llegado"}));
    let label = scene.portal.call("crm.status.list", json!({"filter": {"ENTITY_ID": "STATUS", "STATUS_ID": "IN_PROCESS"}}));
    let label = text(&label[0], "NAME");
    let without = scene.plan(&[]);
    let unknown = warned(&without, "label_unknown", "lead");
    let in_stage = |stage: &str| scene.crm.before["lead"].values().filter(|lead| text(lead, "STATUS_ID") == stage).count() as u64;
    assert_eq!(unknown, in_stage("NEW"));
    assert!(unknown > 0, "no lead was in the renamed stage");
    let rule = format!("Unassigned={label}");
    let summary = scene.plan(&["--stage-map", &rule]);
    assert_eq!((warned(&summary, "stage_mapped", "lead"), warned(&summary, "label_unknown", "lead")), (unknown, 0), "{summary}");
    scene.apply(&[]);
    let now = all(&scene.portal);
    for ((kind, id), new) in scene.crm.new_ids(&now) {
        if kind == "lead" {
            let was = text(&scene.crm.before["lead"][&id], "STATUS_ID");
            let is = if was == "NEW" { "IN_PROCESS".to_owned() } else { was };
            assert_eq!(text(&now["lead"][&new], "STATUS_ID"), is);
        }
    }
    scene.on_the_plan("verify", &[]).exits(0);
}

#[test]
fn a_deal_moves_into_another_pipeline_with_its_stage() {
    let scene = Scene::small().losing("deal", &[0, 1, 2, 3, 4, 5]);
    let category = scene.portal.call("crm.category.add", json!({"entityTypeId": 2, "fields": {"name": "Mayoreo", "sort": 500}}));
    let pipeline = category["category"]["id"].as_u64().expect("an id");
    let stage = format!("C{pipeline}:PREPARATION");
    let summary = scene.plan(&["--stage-map", &format!("General:NEW=Mayoreo:{stage}"), "--stage-map", "WON=LOSE"]);
    assert!(warned(&summary, "stage_mapped", "deal") > 0, "{summary}");
    scene.apply(&[]);
    let now = all(&scene.portal);
    for ((_, id), new) in scene.crm.new_ids(&now) {
        let is = text(&now["deal"][&new], "STAGE_ID");
        match text(&scene.crm.before["deal"][&id], "STAGE_ID").as_str() {
            "NEW" => assert_eq!((is, number(&now["deal"][&new], "CATEGORY_ID")), (stage.clone(), pipeline)),
            "WON" => assert_eq!(is, "LOSE"),
            other => assert_eq!(is, other),
        }
    }
    scene.on_the_plan("verify", &[]).exits(0);
}

#[test]
fn a_field_that_is_left_out_is_neither_compared_nor_written() {
    let scene = Scene::small().losing_one_of(2).changing_one_of(3);
    let changed =
        |summary: &Value| -> u64 { KINDS.iter().filter_map(|kind| summary["entities"][kind]["changed"].as_u64()).sum() };
    let all_changed = changed(&scene.plan(&[]));
    let summary = scene.plan(&["--skip-field", "COMMENTS", "--skip-field", "Título de prospecto", "--skip-field", "POST"]);
    // The names of leads, the posts of contacts, the comments of deals and companies are all that was changed.
    assert!(changed(&summary) < all_changed, "{summary}");
    let lost_deals = scene.crm.before["deal"].len() as u64;
    assert_eq!(warned(&summary, "field_skipped", "deal"), lost_deals, "{summary}");
    scene.apply(&[]);
    let now = all(&scene.portal);
    for ((kind, id), new) in scene.crm.new_ids(&now) {
        assert_eq!(text(&now[kind][&new], "COMMENTS"), "", "{kind} {id}");
    }
    scene.on_the_plan("verify", &[]).exits(0);
}

#[test]
fn a_mending_word_that_names_nothing_is_wrong_usage_and_told_with_the_nearest() {
    let scene = whose_owner_left("Pedro");
    for (flag, word, en, es) in [
        ("--assign-missing-to", "Ana Ruis", "did you mean Ana Ruiz?", "¿quiso decir Ana Ruiz?"),
        ("--assign-missing-to", "Pedro Paz", "is dismissed", "está dado de baja"),
        ("--stage-map", "Vieja=PREPARACION", "did you mean PREPARATION?", "¿quiso decir PREPARATION?"),
        ("--stage-map", "Vieja", "OLD=NEW", "ANTERIOR=NUEVA"),
        ("--skip-field", "COMENTS", "did you mean COMMENTS?", "¿quiso decir COMMENTS?"),
        ("--skip-field", "ID", "recognised", "reconocer"),
    ] {
        scene.run_plan(&[flag, word]).exits(2).stderr(en);
        scene.run_plan(&[flag, word, "--lang", "es"]).exits(2).stderr(es);
        assert!(!scene.plan_dir().exists());
    }
}

#[test]
fn a_stage_rule_that_meets_no_record_is_told() {
    let scene = Scene::small().losing_one_of(2);
    let summary = scene.plan(&["--stage-map", "Vieja=PREPARATION"]);
    let unused = summary["warnings"].as_array().expect("a list").iter().find(|warning| warning["code"] == "stage_map_unused");
    assert_eq!(unused.map(|warning| &warning["field"]), Some(&json!("Vieja=PREPARATION")), "{summary}");
}

/// Plans once more, into another directory.
fn planned_anew(scene: &Scene, more: &[&str]) -> (Value, Vec<Value>) {
    let anew = scene.portal.dir().join("anew");
    let summary = scene.b24().run(scene.plan_args(&anew, more)).exits(0).json();
    let lines = fs::read_to_string(anew.join("records.jsonl")).expect("records.jsonl");
    (summary, lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect())
}

fn unmended(summary: &Value) -> u64 {
    KINDS.iter().map(|kind| warned(summary, "restored_unmended", kind)).sum()
}

#[test]
fn records_that_an_earlier_run_never_mended_are_named_and_left_alone() {
    let scene = Scene::small().losing_one_of(2);
    // A run that ends before its mends leaves just what one leaves that was told to make none.
    let to_mend: u64 =
        scene.plan(&[])["entities"].as_object().expect("counts").values().filter_map(|of| of["to_mend"].as_u64()).sum();
    scene.plan(&["--no-mend"]);
    scene.apply(&[]);
    let (summary, lines) = planned_anew(&scene, &[]);
    let named = unmended(&summary);
    assert!((1..=to_mend).contains(&named), "{named} of {to_mend}: {summary}");
    let notes = |line: &Value| line["notes"].as_array().cloned().unwrap_or_default();
    let is_told =
        |line: &&Value| notes(line).iter().any(|note| note.as_str().is_some_and(|note| note.starts_with("restored_unmended:")));
    let told: Vec<&Value> = lines.iter().filter(is_told).collect();
    assert_eq!(told.len() as u64, named, "{told:?}");
    assert!(told.iter().all(|line| line["verdict"] == "restored" && line["portal_id"].is_u64()), "{told:?}");
    scene.portal.watch_writing();
    scene.b24().run(["apply".into(), scene.portal.dir().join("anew").into_os_string(), "--yes".into()]).exits(0);
    assert_eq!(scene.portal.written(), Vec::<String>::new());
}

#[test]
fn records_that_were_mended_are_just_back() {
    let scene = Scene::small().losing_one_of(2);
    scene.plan(&[]);
    scene.apply(&[]);
    let (summary, _) = planned_anew(&scene, &[]);
    assert_eq!(unmended(&summary), 0, "{summary}");
}

#[test]
fn what_an_import_dropped_and_is_still_empty_is_filled_where_the_files_values_are_wanted() {
    let address = |lead: &Value| text(lead, "ADDRESS_CITY");
    let mut scene = Scene::small();
    let leads = scene.crm.ids("lead");
    for lead in &leads[..3] {
        scene.portal.call("crm.lead.update", json!({"id": lead, "fields": {"ADDRESS_CITY": "Puebla"}}));
    }
    scene.export();
    let scene = scene.losing("lead", &[0, 1, 2]);
    scene.plan(&["--no-mend"]);
    scene.apply(&[]);
    let new: Vec<u64> = scene.crm.new_ids(&all(&scene.portal)).into_values().collect();
    // Somebody has typed one of them in since: what they typed stays, and the rest of that address comes.
    scene.portal.call("crm.lead.update", json!({"id": new[1], "fields": {"ADDRESS_CITY": "Toluca"}}));
    let before = all(&scene.portal);
    assert_eq!([0, 1, 2].map(|at| address(&before["lead"][&new[at]])), ["", "Toluca", ""]);

    let (summary, _) = planned_anew(&scene, &["--changed", "restore"]);
    assert_eq!(
        (warned(&summary, "restored_filled", "lead"), &summary["entities"]["lead"]["to_update"]),
        (3, &json!(3)),
        "{summary}"
    );
    assert_eq!(warned(&summary, "restored_unmended", "lead"), 1, "{summary}");
    // And one is typed in between the plan and its application: that record is left alone.
    scene.portal.call("crm.lead.update", json!({"id": new[2], "fields": {"ADDRESS_CITY": "Celaya"}}));
    let anew = scene.portal.dir().join("anew").into_os_string();
    let on_anew =
        |command: &str| scene.b24().run([command.into(), anew.clone(), "--yes".into(), "--json".into()]).exits(0).json();
    assert_eq!(on_anew("apply")["entities"]["lead"]["updated"], 2);
    let cities = || new.iter().map(|id| address(&scene.portal.every("lead")[id])).collect::<Vec<_>>();
    assert_eq!(cities(), ["Puebla", "Toluca", "Celaya"]);
    assert_eq!(on_anew("undo")["entities"]["lead"]["reverted"], 2);
    assert_eq!(cities(), ["", "Toluca", "Celaya"]);
}
