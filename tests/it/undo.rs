//! Taking back: just what a plan created, and nothing that somebody has worked on since.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;

use serde_json::{Value, json};

use crate::harness::Scene;
use crate::harness::b24::{b24, planned, written};
use crate::harness::crm::{KINDS, all};
use crate::harness::http::Line;
use crate::harness::portal::Portal;

/// Old and new id of the re-created records of each type.
type NewIds = BTreeMap<&'static str, Vec<(u64, u64)>>;

/// A plan carried out, and the new id of each re-created record.
fn restored() -> (Scene, NewIds) {
    let scene = Scene::small().losing_one_of(2);
    scene.plan(&[]);
    scene.apply(&[]);
    let mut by_kind = NewIds::new();
    for ((kind, old), new) in scene.crm.new_ids(&all(&scene.portal)) {
        by_kind.entry(kind).or_default().push((old, new));
    }
    (scene, by_kind)
}

/// Reason, type and new id of each record that was kept.
fn kept(undone: &Value) -> Vec<(String, String, u64)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let kept = undone["kept"].as_array().cloned().unwrap_or_default();
    let mut kept: Vec<_> =
        kept.iter().map(|one| (text(&one["reason"]), text(&one["entity"]), one["new_id"].as_u64().expect("an id"))).collect();
    kept.sort();
    kept
}

fn sum(outcome: &Value, count: &str) -> u64 {
    outcome["entities"].as_object().expect("counts").values().map(|counts| counts[count].as_u64().unwrap_or_default()).sum()
}

#[test]
fn whatever_somebody_did_to_a_record_keeps_it_and_is_named() {
    let (scene, new) = restored();
    let at = |kind: &str, place: usize| new[kind][place].1;
    let portal = &scene.portal;
    // A comment, a to-do, a task, product rows, a deal for the contact, a contact for the company: none of them is a field of the record.
    portal.call(
        "crm.timeline.comment.add",
        json!({"fields": {"ENTITY_TYPE": "lead", "ENTITY_ID": at("lead", 0), "COMMENT": "llamar"}}),
    );
    let activity = |kind: u64, owner: (u64, u64)| {
        let fields = json!({"OWNER_TYPE_ID": owner.0, "OWNER_ID": owner.1, "TYPE_ID": kind, "SUBJECT": "cita"});
        portal.call("crm.activity.add", json!({"fields": fields}));
    };
    activity(6, (2, at("deal", 0)));
    activity(3, (1, at("lead", 1)));
    let rows = json!([{"productName": "Silla", "price": 10, "quantity": 2}]);
    portal.call("crm.item.productrow.set", json!({"ownerType": "D", "ownerId": at("deal", 1), "productRows": rows}));
    portal.call("crm.deal.add", json!({"fields": {"TITLE": "nueva", "CONTACT_ID": at("contact", 0)}}));
    portal.call("crm.contact.add", json!({"fields": {"NAME": "nuevo", "COMPANY_ID": at("company", 0)}}));
    let before = all(portal);

    let undone = scene.on_the_plan("undo", &["--yes"]).exits(3).json();
    let expected: Vec<(String, String, u64)> = [
        ("activity", "deal", at("deal", 0)),
        ("activity", "lead", at("lead", 1)),
        ("commented", "lead", at("lead", 0)),
        ("linked", "company", at("company", 0)),
        ("linked_from", "contact", at("contact", 0)),
    ]
    .map(|(why, kind, id)| (why.to_owned(), kind.to_owned(), id))
    .into();
    let found = kept(&undone);
    let (products, others): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|(_, kind, id)| kind == "deal" && *id == at("deal", 1));
    assert_eq!(others, expected, "{undone}");
    // The rows moved the deal's amount, too.
    assert!(products.len() == 1 && ["products", "edited"].contains(&products[0].0.as_str()), "{undone}");
    assert_eq!(sum(&undone, "kept_changed"), 6);
    assert_eq!(sum(&undone, "deleted") as usize, scene.crm.lost_count() - 6);
    assert_eq!(undone["in_recycle_bin"], sum(&undone, "deleted"));
    let now = all(portal);
    for (_, kind, id) in expected {
        let kind = KINDS.into_iter().find(|known| *known == kind).expect("a type");
        assert!(now[kind].contains_key(&id) && before[kind].contains_key(&id));
    }
    // Run again, it finds the same and nothing else.
    assert_eq!(kept(&scene.on_the_plan("undo", &["--yes"]).exits(3).json()).len(), 6);
}

#[test]
fn a_link_to_another_record_that_somebody_made_keeps_the_record() {
    let (scene, new) = restored();
    let company = *scene.crm.survivors["company"].keys().next().expect("a company");
    let contact = new["contact"][0].1;
    scene.portal.call("crm.contact.company.add", json!({"id": contact, "fields": {"COMPANY_ID": company}}));
    let undone = scene.on_the_plan("undo", &["--yes"]).exits(3).json();
    let found = kept(&undone);
    assert_eq!(found.len(), 1, "{undone}");
    assert_eq!((found[0].1.as_str(), found[0].2), ("contact", contact));
}

#[test]
fn what_somebody_edited_while_the_rest_was_still_being_created_is_kept() {
    let scene = Scene::small().losing_one_of(2);
    scene.plan(&[]);
    let block = json!({"status": 503, "code": "OVERLOAD_LIMIT", "description": "blocked"});
    scene.portal.arm(json!({"method": "crm.item.batchimport", "whole": true, "nth": 2, "times": 1, "do": block}));
    scene.on_the_plan("apply", &["--yes"]).exits(1);
    scene.portal.disarm();
    let now = all(&scene.portal);
    let (company, _) = now["company"].iter().find(|(_, one)| one["ORIGINATOR_ID"] == "b24restore").expect("a new company");
    let webhook = scene.portal.webhook_of_a_new_user(true);
    let (_, way) = webhook.split_once(scene.portal.address()).expect("the address");
    let edit = json!({"entityTypeId": 4, "id": company, "fields": {"comments": "llamar el lunes"}}).to_string();
    Line::to(scene.portal.address()).post(&format!("{way}crm.item.update.json"), &edit).expect("an answer");

    scene.apply(&[]);
    let undone = scene.on_the_plan("undo", &["--yes"]).exits(3).json();
    assert_eq!(kept(&undone), [("edited".to_owned(), "company".to_owned(), *company)], "{undone}");
    assert_eq!(all(&scene.portal)["company"][company]["COMMENTS"], "llamar el lunes");
}

/// Without another user's name under it, the moment tells: an import keeps the file's, and an edit takes it away.
#[test]
fn what_the_webhooks_own_user_edited_while_the_rest_was_still_being_created_is_kept() {
    let portal = Portal::open();
    let line = |id: u64| format!("{id},Empresa {id},2023-05-01T10:00:00+00:00,2023-06-01T10:00:00+00:00,vieja nota\n");
    let companies = (901..=903).map(line).collect::<String>();
    let files = [
        written(&portal, "company.csv", &format!("ID,TITLE,DATE_CREATE,DATE_MODIFY,COMMENTS\n{companies}")),
        written(&portal, "lead.csv", "ID,TITLE\n901,Prospecto\n"),
    ];
    planned(&portal, &files, "plan", &[]);
    let on_the_plan = |command: &str| {
        let plan = portal.dir().join("plan").into_os_string();
        b24(&portal).run([command.into(), plan, "--yes".into(), OsString::from("--json")])
    };
    let block = json!({"status": 503, "code": "OVERLOAD_LIMIT", "description": "blocked"});
    portal.arm(json!({"method": "crm.item.batchimport", "whole": true, "nth": 2, "times": 1, "do": block}));
    on_the_plan("apply").exits(1);
    portal.disarm();
    let (edited, _) = all(&portal)["company"].clone().pop_first().expect("a company");
    portal.call("crm.item.update", json!({"entityTypeId": 4, "id": edited, "fields": {"comments": "llamar el lunes"}}));
    on_the_plan("apply").exits(0);
    let undone = on_the_plan("undo").exits(3).json();
    assert_eq!(kept(&undone), [("edited".to_owned(), "company".to_owned(), edited)], "{undone}");
    assert_eq!(sum(&undone, "deleted"), 3, "{undone}");
}

#[test]
fn what_was_kept_and_where_the_rest_is_are_told_in_both_languages() {
    let (scene, new) = restored();
    let comment = json!({"fields": {"ENTITY_TYPE": "lead", "ENTITY_ID": new["lead"][0].1, "COMMENT": "llamar"}});
    scene.portal.call("crm.timeline.comment.add", comment);
    let say = |lang: &str| {
        let args = ["undo".into(), scene.plan_dir().into_os_string(), "--yes".into(), "--lang".into(), lang.into()];
        scene.b24().run(args).exits(3)
    };
    say("es").stdout("Papelera de reciclaje").stdout("alguien escribió un comentario").stdout("SANDBOX");
    say("en").stdout("somebody wrote a comment");
}

#[test]
fn some_records_are_taken_back_by_their_ids() {
    let (scene, new) = restored();
    let file = scene.portal.dir().join("some.csv");
    let run = |text: &str| {
        fs::write(&file, text).expect("a file");
        scene.on_the_plan("undo", &["--yes", "--only-ids", file.to_str().expect("UTF-8")])
    };
    // A part of ids.csv, new ids alone, and plain lines.
    let ids = fs::read_to_string(scene.plan_dir().join("ids.csv")).expect("ids.csv");
    let header = ids.lines().next().expect("a header");
    let line = |kind: &str| {
        let of_the_first = format!("{kind},{},", new[kind][0].0);
        ids.lines().find(|line| line.starts_with(&of_the_first)).expect("a line")
    };
    let takes_back = |text: &str, records: u64| {
        let undone = run(text).exits(0).json();
        assert_eq!(sum(&undone, "deleted"), records, "{text}{undone}\n{ids}");
    };
    takes_back(&format!("{header}\n{}\n{}\n", line("lead"), line("deal")), 2);
    takes_back(&format!("entity;new_id\ndeal;{}\n", new["deal"][1].1), 1);
    takes_back(&format!("lead:{}\n\nlead:{}\n", new["lead"][1].0, new["lead"][2].0), 2);
    let left = scene.crm.lost_count() - 5;
    let status = scene.on_the_plan("status", &[]).exits(0).json();
    assert_eq!((sum(&status, "created") as usize, sum(&status, "left_out")), (left, 5));
    // A line that is none, and a record of somebody else: nothing is done.
    scene.portal.watch_writing();
    run("deal,9,x\nqué\n").exits(2).stderr("some.csv, line");
    let stranger = *scene.crm.survivors["company"].keys().next().expect("a company");
    run(&format!("entity,original_id\ncompany,{stranger}\n")).exits(2).stderr("was not created by this plan");
    assert_eq!(scene.portal.written(), Vec::<String>::new());
    scene.portal.disarm();
    assert_eq!(sum(&scene.on_the_plan("undo", &["--yes"]).exits(0).json(), "deleted") as usize, left);
    scene.crm.is_untouched(&scene.portal);
}

#[test]
fn a_deletion_whose_answer_is_lost_is_looked_up_and_counted_once() {
    let (scene, _) = restored();
    scene.portal.arm(json!({"method": "crm.item.delete", "every": 2, "when": "after", "do": "drop"}));
    let undone = scene.on_the_plan("undo", &["--yes"]).exits(0).json();
    assert!(scene.portal.struck()[0] > 0);
    assert_eq!((sum(&undone, "deleted") as usize, sum(&undone, "absent")), (scene.crm.lost_count(), 0), "{undone}");
    scene.crm.is_untouched(&scene.portal);
}

#[test]
fn an_undo_that_is_killed_goes_on_where_it_was() {
    let (scene, _) = restored();
    scene.portal.arm(json!({"method": "crm.item.delete", "nth": 2, "when": "after", "do": {"delay_ms": 5000}}));
    let mut child = scene.b24().start(["undo".into(), scene.plan_dir().into_os_string(), "--yes".into()]);
    assert!(scene.portal.sees(|portal| portal.met()[0] >= 2, &mut child), "undo ended before it was killed");
    child.kill().expect("a kill");
    child.wait().expect("its end");
    scene.portal.disarm();
    let undone = scene.on_the_plan("undo", &["--yes"]).exits(0).json();
    assert_eq!(sum(&undone, "kept_changed"), 0, "{undone}");
    scene.crm.is_untouched(&scene.portal);
    scene.on_the_plan("undo", &["--yes"]).exits(0);
}

#[test]
fn a_second_record_with_the_same_mark_is_named_and_left_by_undo_and_by_verify_after_it() {
    let scene = Scene::small().losing("lead", &[2, 3]).losing("contact", &[1]);
    let late = *scene.crm.lost["lead"].first().expect("a lead");
    scene.plan(&[]);
    scene.portal.arm(json!({"method": "crm.item.batchimport", "nth": 2, "do": "drop"}));
    scene.apply(&[]);
    let ours = scene.crm.new_ids(&all(&scene.portal))[&("lead", late)];
    // The request whose answer was lost is carried out after all.
    let fields = json!({"title": "Prospecto", "originatorId": "b24restore", "originId": format!("lead:{late}")});
    let second = scene.portal.call("crm.item.import", json!({"entityTypeId": 1, "fields": fields}));
    let second = second["item"]["id"].as_u64().expect("an id");

    let left = json!([{"entity": "lead", "original_id": late, "new_id": ours, "still_there": [second]}]);
    let undone = scene.on_the_plan("undo", &["--yes"]).exits(3).json();
    assert_eq!((sum(&undone, "deleted") as usize, &undone["leftovers"]), (scene.crm.lost_count(), &left), "{undone}");
    assert!(scene.portal.every("lead").contains_key(&second), "deleted without a proof");
    let verified = scene.on_the_plan("verify", &[]).exits(3).json();
    assert_eq!((&verified["leftovers"], &verified["doubles"]), (&left, &Value::Null), "{verified}");
    let run = |lang: &str| {
        let args = ["undo".into(), scene.plan_dir().into_os_string(), "--yes".into(), "--lang".into(), lang.into()];
        scene.b24().run(args).exits(3)
    };
    run("en").stdout(&format!("still there as {second}"));
    run("es").stdout(&format!("todavía está como {second}"));

    // Once a person has looked at it and deleted it, nothing is left to tell.
    scene.portal.call("crm.item.delete", json!({"entityTypeId": 1, "id": second}));
    assert_eq!(scene.on_the_plan("verify", &[]).exits(0).json()["leftovers"], Value::Null);
    scene.on_the_plan("undo", &["--yes"]).exits(0);
    scene.crm.is_untouched(&scene.portal);
}
