//! What the records that are both in the files and in the portal tell, and what they don't: which are the same, and which only bear one's id.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::harness::b24::{b24, planned, written};
use crate::harness::crm::{number, text};
use crate::harness::{Portal, Ran};

/// Leads of so many different days, by their ids, each with its moment of creation.
fn leads(portal: &Portal, count: i64) -> Vec<(u64, Timestamp)> {
    let lead = |n: i64| {
        let created = Timestamp::from_second(1_700_000_007 + n * 90_061).expect("a moment");
        let fields = json!({"title": format!("Prospecto {n}"), "name": format!("Ana {n}"), "lastName": format!("Ruiz {n}"),
            "createdTime": created.to_string()});
        let made = portal.call("crm.item.import", json!({"entityTypeId": 1, "fields": fields}));
        (made["item"]["id"].as_u64().expect("an id"), created)
    };
    (0..count).map(lead).collect()
}

fn run(portal: &Portal, file: &Path, more: &[&str]) -> Ran {
    let out = portal.dir().join("plan");
    let mut args: Vec<String> =
        ["plan", &file.display().to_string(), "--out", &out.display().to_string()].map(str::to_owned).to_vec();
    args.extend(more.iter().map(|arg| (*arg).to_owned()));
    b24(portal).run(args)
}

fn warned(summary: &Value, code: &str) -> u64 {
    let warnings = summary["warnings"].as_array().expect("a list").iter();
    warnings.filter(|warning| warning["code"] == code).map(|warning| number(warning, "records")).sum()
}

fn counts(summary: &Value, entity: &str) -> [u64; 3] {
    ["identical", "missing", "changed"].map(|verdict| number(&summary["entities"][entity], verdict))
}

#[test]
fn moments_that_are_one_in_every_order_do_not_tell_the_order_of_the_others() {
    let portal = Portal::open();
    let mut lines = vec!["ID;Título de prospecto;Creado;Fecha de nacimiento".to_owned()];
    for (id, created) in leads(&portal, 12) {
        let (month, day) = (id % 9 + 1, (id + 1) % 9 + 1);
        portal.call("crm.lead.update", json!({"id": id, "fields": {"BIRTHDATE": format!("1980-0{month}-0{day}")}}));
        let title = text(&portal.every("lead")[&id], "TITLE");
        let created = TimeZone::UTC.to_datetime(created).strftime("%Y-%m-%d %H:%M:%S").to_string();
        lines.push(format!("{id};{title};{created};0{month}/0{day}/1980"));
    }
    let file = written(&portal, "lead.csv", &lines.join("\n"));
    let summary = planned(&portal, &[file], "plan", &[]);
    let order = summary["inferred"].as_array().expect("a list").iter().find(|found| found["what"] == "date_order").cloned();
    let order = order.expect("an order");
    assert_eq!(order["value"], "mdy", "{order}");
    assert!(text(&order, "how").contains("values of shared records"), "{order}");
    assert_eq!(counts(&summary, "lead"), [12, 0, 0], "{summary:#}");
}

#[test]
fn a_few_records_of_another_portal_are_no_records_of_this_one() {
    let portal = Portal::open();
    let mut lines = vec!["ID;Título de prospecto;Creado".to_owned()];
    for (id, created) in leads(&portal, 5) {
        let other = TimeZone::UTC.to_datetime(created + jiff::SignedDuration::from_secs(1_000_003 * (id as i64 + 1)));
        lines.push(format!("{id};Otra cosa {id};{}", other.strftime("%d/%m/%Y %H:%M:%S")));
    }
    let file = written(&portal, "lead.csv", &lines.join("\n"));
    let summary = planned(&portal, &[file], "plan", &["--changed", "restore"]);
    assert_eq!(counts(&summary, "lead"), [0, 5, 0], "{summary:#}");
    assert_eq!(warned(&summary, "id_reused"), 5);
    let actions = fs::read_to_string(portal.dir().join("plan/actions.jsonl")).expect("actions");
    assert!(!actions.contains("\"restore\""), "nothing is written into a stranger: {actions}");
}

#[test]
fn a_creation_column_of_days_alone_is_held_against_the_days() {
    let portal = Portal::open();
    let mut lines = vec!["ID;Título de prospecto;Creado".to_owned()];
    let mexico = TimeZone::get("America/Mexico_City").expect("a zone");
    for (id, created) in leads(&portal, 30) {
        let title = text(&portal.every("lead")[&id], "TITLE");
        lines.push(format!("{id};{title};{}", mexico.to_datetime(created).strftime("%d/%m/%Y")));
    }
    let file = written(&portal, "lead.csv", &lines.join("\n"));
    let summary = planned(&portal, std::slice::from_ref(&file), "plan", &[]);
    assert_eq!(counts(&summary, "lead"), [30, 0, 0], "{summary:#}");
    // The same days of another year are another portal's.
    let text = fs::read_to_string(&file).expect("the file").replace("/2023", "/2019").replace("/2024", "/2020");
    fs::write(&file, text).expect("a written file");
    run(&portal, &file, &[]).exits(4).stderr("of another portal");
}

#[test]
fn another_portals_file_without_creation_moments_is_known_by_what_its_records_are_called() {
    let portal = Portal::open();
    let ids = leads(&portal, 25);
    let lines = |called: &dyn Fn(u64) -> String| {
        let rows = ids.iter().map(|(id, _)| format!("{id};{}\n", called(*id)));
        format!("ID;Título de prospecto;Nombre;Apellido\n{}", rows.collect::<String>())
    };
    let file = written(&portal, "lead.csv", &lines(&|id| format!("Otro {id};Eva;Sosa {id}")));
    run(&portal, &file, &["--quiet"]).exits(4).stderr("of 25 records").stderr("only 0 agree").stderr("--foreign NAME");
    run(&portal, &file, &["--lang", "es"]).exits(4).stderr("de los 25").stderr("--foreign NOMBRE");
    let summary = run(&portal, &file, &["--foreign", "viejo", "--json"]).exits(0).json();
    assert_eq!(counts(&summary, "lead"), [0, 25, 0]);
    // People have renamed every one of their own.
    let all = portal.every("lead");
    let renamed = lines(&|id| format!("Otro {id};{};{}", text(&all[&id], "NAME"), text(&all[&id], "LAST_NAME")));
    let file = written(&portal, "lead.csv", &renamed);
    run(&portal, &file, &[]).exits(0);
}

#[test]
fn a_stage_without_a_pipeline_is_that_of_the_records_own_pipeline() {
    let portal = Portal::open();
    let category = portal.call("crm.category.add", json!({"entityTypeId": 2, "fields": {"name": "Mayoreo", "sort": 500}}));
    let pipeline = category["category"]["id"].as_u64().expect("an id");
    let stages = portal.call("crm.status.list", json!({"filter": {"ENTITY_ID": format!("DEAL_STAGE_{pipeline}")}}));
    let stage = stages.as_array().expect("stages").first().cloned().expect("a stage");
    let fields = json!({"title": "Tarimas", "categoryId": pipeline, "stageId": text(&stage, "STATUS_ID")});
    let deal = portal.call("crm.item.add", json!({"entityTypeId": 2, "fields": fields}))["item"]["id"].clone();
    let name = text(&stage, "NAME");
    let rows = format!("ID;Nombre de la negociación;Etapa\n{deal};Tarimas;{name}\n900;Grúas;{name}\n");
    let file = written(&portal, "deal.csv", &rows);
    let summary = planned(&portal, &[file], "plan", &["--changed", "restore"]);
    assert_eq!(counts(&summary, "deal"), [1, 1, 0], "{summary:#}");
    assert_eq!(warned(&summary, "stage_ambiguous"), 1);
    let actions = fs::read_to_string(portal.dir().join("plan/actions.jsonl")).expect("actions");
    assert!(actions.contains("\"stageId\":\"NEW\"") && actions.contains("\"categoryId\":0"), "{actions}");
}

#[test]
fn a_column_of_phones_for_all_types_keeps_the_types_that_they_have() {
    let portal = Portal::open();
    let phones = json!([{"VALUE": "5551112222", "VALUE_TYPE": "MOBILE"}, {"VALUE": "5553334444", "VALUE_TYPE": "WORK"}]);
    let of = |title: &str| portal.call("crm.lead.add", json!({"fields": {"TITLE": title, "PHONE": phones}}));
    let (same, other) = (of("Tarimas"), of("Grúas"));
    let rows = format!("ID,TITLE,PHONE\n{same},Tarimas,\"5551112222, 5553334444\"\n{other},Grúas,\"5551112222, 5559998888\"\n");
    let file = written(&portal, "lead.csv", &rows);
    let summary = planned(&portal, &[file], "plan", &["--changed", "restore"]);
    assert_eq!(counts(&summary, "lead"), [1, 0, 1], "{summary:#}");
    let actions = fs::read_to_string(portal.dir().join("plan/actions.jsonl")).expect("actions");
    assert!(actions.contains("5559998888") && !actions.contains("PHONE_MOBILE"), "{actions}");
}

#[test]
fn shared_records_tell_what_a_text_means_that_the_portal_does_not_know() {
    let portal = Portal::open();
    let mut rows = vec!["ID;Título de prospecto;Origen".to_owned()];
    let mut lead = |title: String, source: &str, says: &str| {
        let id = portal.call("crm.lead.add", json!({"fields": {"TITLE": title, "SOURCE_ID": source}}));
        rows.push(format!("{id};{title};{says}"));
    };
    for n in 0..6 {
        lead(format!("Uno {n}"), "CALL", "Anruf");
        lead(format!("Dos {n}"), if n < 3 { "WEB" } else { "EMAIL" }, "Netz");
    }
    rows.extend(["901;Tres;Anruf", "902;Cuatro;Netz"].map(str::to_owned));
    let file = written(&portal, "lead.csv", &rows.join("\n"));
    let summary = planned(&portal, &[file], "plan", &[]);
    assert_eq!(counts(&summary, "lead"), [12, 2, 0], "{summary:#}");
    assert_eq!((warned(&summary, "label_inferred"), warned(&summary, "label_unknown")), (7, 7));
    let told: Vec<&Value> =
        summary["inferred"].as_array().expect("a list").iter().filter(|found| found["what"] == "label").collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((&told[0]["value"], &told[0]["records"]), (&json!("SOURCE_ID: Anruf = CALL"), &json!(6)));
    let actions = fs::read_to_string(portal.dir().join("plan/actions.jsonl")).expect("actions");
    assert_eq!(actions.matches("\"sourceId\":\"CALL\"").count(), 1, "{actions}");
}
