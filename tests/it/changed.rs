//! `--changed restore` with what is written as a whole: phones, e-mails, websites, messengers, product rows of records that live.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::harness::b24::{B24, Ran, b24, planned, written};
use crate::harness::portal::Portal;

const LEAD: u64 = 1;
const DEAL: u64 = 2;
const CONTACT: u64 = 3;

/// A portal, and files that were written by hand.
struct World {
    portal: Portal,
    files: Vec<PathBuf>,
}

impl World {
    fn new() -> Self {
        Self { portal: Portal::open(), files: Vec::new() }
    }

    fn add(&self, kind: u64, fields: &Value) -> u64 {
        let made = self.portal.call("crm.item.add", json!({"entityTypeId": kind, "fields": fields}));
        made["item"]["id"].as_u64().expect("an id")
    }

    fn update(&self, kind: u64, id: u64, fields: &Value) {
        self.portal.call("crm.item.update", json!({"entityTypeId": kind, "id": id, "fields": fields}));
    }

    fn item(&self, kind: u64, id: u64) -> Value {
        self.portal.call("crm.item.get", json!({"entityTypeId": kind, "id": id}))["item"].take()
    }

    /// The multi-fields of a record: kind and type, value, in the order of their text.
    fn values(&self, kind: u64, id: u64) -> Vec<String> {
        let mut values: Vec<String> = self.entries(kind, id).into_iter().map(|(_, value)| value).collect();
        values.sort_unstable();
        values
    }

    fn entries(&self, kind: u64, id: u64) -> Vec<(u64, String)> {
        let item = self.item(kind, id);
        let entry = |entry: &Value| {
            let part = |name: &str| entry[name].as_str().expect("a text").to_owned();
            (entry["id"].as_u64().expect("an id"), format!("{}_{} {}", part("typeId"), part("valueType"), part("value")))
        };
        item["fm"].as_array().expect("a list").iter().map(entry).collect()
    }

    /// Waits for an answer that the portal gives when whatever it still held back until now has been carried out.
    fn outlives_zombies(&self) {
        self.portal.disarm();
        self.portal.arm(json!({"method": "server.time", "do": {"delay_ms": 350}}));
        self.portal.call("server.time", json!({}));
        self.portal.disarm();
    }

    fn set_rows(&self, owner: &str, id: u64, rows: &Value) {
        self.portal.call("crm.item.productrow.set", json!({"ownerType": owner, "ownerId": id, "productRows": rows}));
    }

    /// The product rows of a record but for their own ids and what the portal computes.
    fn rows(&self, owner: &str, id: u64) -> Vec<Value> {
        let filter = json!({"=ownerType": owner, "=ownerId": id});
        let rows = self.portal.call("crm.item.productrow.list", json!({"filter": filter, "order": {"sort": "ASC"}}));
        let told = ["productId", "productName", "price", "quantity", "discountRate", "taxRate"];
        let row = |row: &Value| told.iter().map(|name| row[*name].clone()).collect();
        rows["productRows"].as_array().expect("a list").iter().map(row).collect()
    }

    fn file(&mut self, name: &str, text: &str) {
        self.files.push(written(&self.portal, name, text));
    }

    fn b24(&self) -> B24 {
        b24(&self.portal)
    }

    fn plan(&self, out: &str, more: &[&str]) -> Value {
        planned(&self.portal, &self.files, out, more)
    }

    fn args(&self, command: &str) -> Vec<OsString> {
        vec![command.into(), self.portal.dir().join("plan").into_os_string(), "--yes".into(), "--json".into()]
    }

    fn on_the_plan(&self, command: &str) -> Ran {
        self.b24().run(self.args(command))
    }

    /// The changes that the plan names of a record.
    fn changes(&self, id: u64) -> Vec<[String; 3]> {
        let lines = fs::read_to_string(self.portal.dir().join("plan").join("records.jsonl")).expect("records.jsonl");
        let mut lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        let line = lines.find(|line| line["original_id"] == id).expect("its line");
        let part = |change: &Value, name: &str| change[name].as_str().expect("a text").to_owned();
        let changes = line["changes"].as_array().expect("a list").iter();
        changes.map(|change| ["field", "file", "portal"].map(|name| part(change, name))).collect()
    }
}

/// How many records a warning counts, by field.
fn warned(summary: &Value, code: &str) -> Vec<(String, u64)> {
    let warnings = summary["warnings"].as_array().expect("a list").iter().filter(|warning| warning["code"] == code);
    let counted = |warning: &Value| {
        (warning["field"].as_str().unwrap_or_default().to_owned(), warning["records"].as_u64().expect("a count"))
    };
    warnings.map(counted).collect()
}

/// How many records of all types a command counts.
fn sum(outcome: &Value, key: &str) -> u64 {
    outcome["entities"].as_object().expect("counts").values().filter_map(|counts| counts[key].as_u64()).sum()
}

fn phone(value_type: &str, value: &str) -> Value {
    json!({"typeId": "PHONE", "valueType": value_type, "value": value})
}

/// A contact whose phones and e-mail an import has spoiled, and the file from before.
fn spoiled() -> (World, u64) {
    let mut world = World::new();
    let fm = json!([
        phone("WORK", "525511112222"),
        phone("WORK", "+52 55 9999 0000"),
        phone("MOBILE", "5599990001"),
        phone("HOME", "5544443333"),
        {"typeId": "EMAIL", "valueType": "WORK", "value": "nadie@ejemplo.mx"},
    ]);
    let contact = world.add(CONTACT, &json!({"name": "Ana", "lastName": "Ruiz", "fm": fm}));
    world.file(
        "contact.csv",
        &format!(
            "ID,NAME,LAST_NAME,PHONE_WORK,PHONE_MOBILE,EMAIL_WORK,WEB_WORK,IM_TELEGRAM\n\
             {contact},Ana,Ruiz,\"+52 55 1111 2222, +52 55 3333 4444\",,ana@ejemplo.mx,https://ejemplo.mx,ana_ruiz\n"
        ),
    );
    (world, contact)
}

const AS_IN_THE_FILE: [&str; 6] = [
    "EMAIL_WORK ana@ejemplo.mx",
    "IM_TELEGRAM ana_ruiz",
    "PHONE_HOME 5544443333",
    "PHONE_WORK +52 55 3333 4444",
    "PHONE_WORK 525511112222",
    "WEB_WORK https://ejemplo.mx",
];

const AS_SPOILED: [&str; 5] = [
    "EMAIL_WORK nadie@ejemplo.mx",
    "PHONE_HOME 5544443333",
    "PHONE_MOBILE 5599990001",
    "PHONE_WORK +52 55 9999 0000",
    "PHONE_WORK 525511112222",
];

#[test]
fn phones_e_mails_and_the_like_become_what_the_file_says_and_what_is_right_stays_as_it_stands() {
    let (world, contact) = spoiled();
    let kept: Vec<(u64, String)> =
        world.entries(CONTACT, contact).into_iter().filter(|(_, value)| AS_IN_THE_FILE.contains(&value.as_str())).collect();
    assert_eq!(kept.len(), 2);
    let summary = world.plan("plan", &["--changed", "restore"]);
    assert_eq!(warned(&summary, "not_written_back"), []);
    let deleted = ["EMAIL_WORK", "PHONE_MOBILE", "PHONE_WORK"].map(|field| (field.to_owned(), 1));
    assert_eq!(warned(&summary, "values_deleted"), deleted, "{summary}");
    // Each field is named, with what it is and what it will be.
    let named = world.changes(contact);
    let phones = ["PHONE_WORK", "+52 55 1111 2222, +52 55 3333 4444", "525511112222, +52 55 9999 0000"];
    assert_eq!((named.len(), &named[0]), (5, &phones.map(str::to_owned)));
    let outcome = world.on_the_plan("apply").exits(0).json();
    assert_eq!((sum(&outcome, "updated"), &outcome["complete"]), (1, &json!(true)), "{outcome}");
    assert_eq!(world.values(CONTACT, contact), AS_IN_THE_FILE);
    let now = world.entries(CONTACT, contact);
    assert!(kept.iter().all(|entry| now.contains(entry)), "{kept:?} are not all in {now:?}");
    let again = world.plan("again", &["--changed", "restore"]);
    assert_eq!((sum(&again, "identical"), sum(&again, "to_update")), (1, 0), "{again}");
    let undone = world.on_the_plan("undo").exits(0).json();
    assert_eq!(sum(&undone, "reverted"), 1, "{undone}");
    assert_eq!(world.values(CONTACT, contact), AS_SPOILED);
}

/// The fields that `verify` finds otherwise than they were written.
fn differing(verified: &Value) -> Vec<&str> {
    let differences = verified["differences"].as_array().map(Vec::as_slice).unwrap_or_default();
    differences.iter().filter_map(|difference| difference["field"].as_str()).collect()
}

#[test]
fn what_was_written_into_live_records_is_read_back() {
    let (mut world, contact) = spoiled();
    let deal = world.add(DEAL, &json!({"title": "Otra cosa"}));
    world.set_rows("D", deal, &json!([{"productName": "Mesa", "price": 10, "quantity": 1}]));
    world.file("deal.csv", &format!("ID,TITLE,PRODUCT_NAME,PRODUCT_PRICE,PRODUCT_QUANTITY\n{deal},Tarimas,Tarima,450,10\n"));
    world.plan("plan", &["--changed", "restore"]);
    world.on_the_plan("apply").exits(0);
    let verify = || {
        let plan = world.portal.dir().join("plan").into_os_string();
        world.b24().run(["verify".into(), plan, OsString::from("--json")])
    };
    let equal = json!({"checked": 1, "equal": 1, "declared": 0, "different": 0, "absent": 0});
    let verified = verify().exits(0).json();
    assert_eq!(verified["updated"], json!({"contact": equal, "deal": equal}), "{verified}");

    world.update(CONTACT, contact, &json!({"fm": {"n0": phone("WORK", "5512340000")}}));
    world.update(DEAL, deal, &json!({"title": "Otra más"}));
    world.set_rows("D", deal, &json!([{"productName": "Tarima", "price": 450, "quantity": 11}]));
    let verified = verify().exits(3).json();
    let different = json!({"checked": 1, "equal": 0, "declared": 0, "different": 1, "absent": 0});
    assert_eq!(verified["updated"], json!({"contact": different, "deal": different}), "{verified}");
    assert_eq!(differing(&verified), ["PHONE_WORK", "TITLE", "PRODUCTS"], "{verified}");
    let title = &verified["differences"][1];
    assert_eq!((&title["expected"], &title["found"]), (&json!("Tarimas"), &json!("Otra más")), "{verified}");

    world.portal.call("crm.item.delete", json!({"entityTypeId": DEAL, "id": deal}));
    let absent = json!({"checked": 1, "equal": 0, "declared": 0, "different": 0, "absent": 1});
    assert_eq!(verify().exits(3).json()["updated"]["deal"], absent);
}

#[test]
fn without_being_told_to_write_phones_the_plan_only_names_them() {
    let (world, contact) = spoiled();
    let summary = world.plan("plan", &[]);
    assert_eq!((sum(&summary, "changed"), sum(&summary, "to_update")), (1, 0));
    assert_eq!(warned(&summary, "values_deleted"), []);
    world.portal.watch_writing();
    world.on_the_plan("apply").exits(0);
    assert_eq!((world.portal.written(), world.values(CONTACT, contact)), (Vec::new(), AS_SPOILED.map(str::to_owned).to_vec()));
}

#[test]
fn a_phone_that_somebody_entered_after_the_plan_is_left_alone_and_so_is_one_entered_after_apply() {
    let (world, contact) = spoiled();
    world.plan("plan", &["--changed", "restore"]);
    world.update(CONTACT, contact, &json!({"fm": {"n0": phone("WORK", "5512340000")}}));
    let before = world.entries(CONTACT, contact);
    let outcome = world.on_the_plan("apply").exits(0).json();
    assert_eq!((sum(&outcome, "updated"), world.entries(CONTACT, contact)), (0, before), "{outcome}");

    let (world, contact) = spoiled();
    world.plan("plan", &["--changed", "restore"]);
    world.on_the_plan("apply").exits(0);
    world.update(CONTACT, contact, &json!({"fm": {"n0": phone("WORK", "5512340000")}}));
    let before = world.entries(CONTACT, contact);
    let undone = world.on_the_plan("undo").exits(3).json();
    assert_eq!((sum(&undone, "kept_changed"), world.entries(CONTACT, contact)), (1, before), "{undone}");
}

/// Meets a fault at the update that writes phones, in `apply` and in `undo`: each value is there once, however it ends.
#[track_caller]
fn writes_each_phone_once(fault: &Value) {
    let (world, contact) = spoiled();
    world.plan("plan", &["--changed", "restore"]);
    for (command, expected) in [("apply", &AS_IN_THE_FILE[..]), ("undo", &AS_SPOILED[..])] {
        world.portal.arm(fault.clone());
        let mut ran = world.on_the_plan(command);
        assert_ne!(world.portal.struck(), [0], "{fault} never struck in {command}");
        world.portal.disarm();
        if ran.code != Some(0) {
            ran = world.on_the_plan(command);
        }
        ran.exits(0);
        world.outlives_zombies();
        assert_eq!(world.values(CONTACT, contact), expected, "{command} with {fault}");
    }
}

#[test]
fn a_phone_whose_answer_is_lost_is_there_once() {
    writes_each_phone_once(&json!({"method": "crm.item.update", "whole": true, "when": "after", "do": "drop", "times": 1}));
}

#[test]
fn a_phone_whose_answers_are_all_lost_is_there_once() {
    writes_each_phone_once(&json!({"method": "crm.item.update", "whole": true, "when": "after", "do": "drop"}));
}

#[test]
fn a_phone_that_a_zombie_writes_within_the_window_is_there_once() {
    writes_each_phone_once(
        &json!({"method": "crm.item.update", "whole": true, "when": "before", "do": {"late_ms": 150}, "times": 1}),
    );
}

#[test]
fn a_phone_after_a_500_that_was_applied_is_there_once() {
    let error = json!({"status": 500, "code": "INTERNAL_SERVER_ERROR"});
    writes_each_phone_once(&json!({"method": "crm.item.update", "whole": true, "when": "after", "do": error, "times": 1}));
}

#[test]
fn a_phone_that_was_never_applied_comes_all_the_same() {
    writes_each_phone_once(
        &json!({"method": "crm.item.update", "whole": true, "when": "before", "do": {"html": 502}, "times": 1}),
    );
}

#[test]
fn a_phone_of_a_request_that_was_delivered_twice_is_there_once() {
    writes_each_phone_once(&json!({"method": "crm.item.update", "whole": true, "when": "before", "do": "twice", "times": 1}));
}

#[test]
fn phones_that_the_portal_drops_in_silence_are_told_as_failed() {
    let (world, contact) = spoiled();
    world.plan("plan", &["--changed", "restore"]);
    world.portal.arm(json!({"method": "crm.item.update", "do": {"forget": "fm"}}));
    world.on_the_plan("apply").exits(3);
    assert_eq!(world.values(CONTACT, contact), AS_SPOILED);
    let failures = fs::read_to_string(world.portal.dir().join("plan").join("failures.csv")).expect("failures.csv");
    assert!(failures.contains("not_stored"), "{failures}");
    world.portal.disarm();
    let mut again = world.args("apply");
    again.push("--failed".into());
    world.b24().run(again).exits(0);
    assert_eq!(world.values(CONTACT, contact), AS_IN_THE_FILE);
}

/// Killed while its update is under way: carried out and not yet answered, or not yet carried out, and then by a zombie.
#[track_caller]
fn survives_a_kill(when: &str, delay_ms: u64) {
    let (world, contact) = spoiled();
    world.plan("plan", &["--changed", "restore"]);
    let b24 = world.b24().window("0.8");
    for (command, expected) in [("apply", &AS_IN_THE_FILE[..]), ("undo", &AS_SPOILED[..])] {
        let delay = json!({"delay_ms": delay_ms});
        world.portal.arm(json!({"method": "crm.item.update", "whole": true, "when": when, "do": delay, "times": 1}));
        let mut child = b24.start(world.args(command));
        assert!(world.portal.sees(|portal| portal.struck() == [1], &mut child), "{command} ended before it was killed");
        child.kill().expect("a kill");
        child.wait().expect("its end");
        world.portal.disarm();
        b24.run(world.args(command)).exits(0);
        world.outlives_zombies();
        assert_eq!(world.values(CONTACT, contact), expected, "{command} killed {when}");
    }
}

#[test]
fn a_kill_after_phones_were_written_and_before_the_answer_writes_none_twice() {
    survives_a_kill("after", 2000);
}

#[test]
fn a_kill_before_phones_are_written_writes_none_twice_when_the_request_outlives_its_client() {
    survives_a_kill("before", 300);
}

/// A deal whose products were replaced, and the file from before.
fn with_products(deal: &Value, rows: &Value, columns: &str, cells: &str) -> (World, u64) {
    let mut world = World::new();
    let id = world.add(DEAL, deal);
    world.set_rows("D", id, rows);
    let lines = format!(
        "ID,TITLE{columns},PRODUCT_NAME,PRODUCT_PRICE,PRODUCT_QUANTITY\n\
         {id},Tarimas{cells},Tarima,450,10\n\
         {id},Tarimas{cells},Silla,90,2\n"
    );
    world.file("deal.csv", &lines);
    (world, id)
}

#[test]
fn products_become_those_of_the_file_and_rows_that_stay_keep_their_catalogue_product_and_discount() {
    let rows = json!([
        {"productId": 7, "productName": "Tarima", "price": 450, "quantity": 3, "discountTypeId": 2, "discountRate": 10, "taxRate": 16},
        {"productName": "Mesa", "price": 1000, "quantity": 1},
    ]);
    let (world, deal) = with_products(&json!({"title": "Tarimas"}), &rows, ",OPPORTUNITY", ",4680");
    let before = world.rows("D", deal);
    let summary = world.plan("plan", &["--changed", "restore"]);
    for code in ["not_written_back", "product_details_lost", "amount_follows_products"] {
        assert_eq!(warned(&summary, code), [], "{summary}");
    }
    let named = world.changes(deal);
    assert!(named.contains(&["PRODUCTS", "Tarima 10 x 450, Silla 2 x 90", "Tarima 3 x 450, Mesa 1 x 1000"].map(str::to_owned)));
    world.on_the_plan("apply").exits(0);
    assert_eq!(world.rows("D", deal), [json!([7, "Tarima", 450, 10, 10, 16]), json!([0, "Silla", 90, 2, 0, null])]);
    assert_eq!(world.item(DEAL, deal)["opportunity"], 4680);
    let again = world.plan("again", &["--changed", "restore"]);
    assert_eq!(sum(&again, "to_update"), 0, "{again}");
    world.on_the_plan("undo").exits(0);
    assert_eq!((world.rows("D", deal), &world.item(DEAL, deal)["opportunity"]), (before, &json!(2350)));
}

#[test]
fn a_catalogue_product_that_the_file_lacks_is_said_to_be_lost_and_undo_brings_it_back() {
    let rows = json!([{"productId": 9, "productName": "Mesa", "price": 1000, "quantity": 1}]);
    let (world, deal) = with_products(&json!({"title": "Tarimas"}), &rows, "", "");
    let before = world.rows("D", deal);
    let summary = world.plan("plan", &["--changed", "restore"]);
    assert_eq!(warned(&summary, "product_details_lost"), [("PRODUCTS".to_owned(), 1)], "{summary}");
    world.on_the_plan("apply").exits(0);
    assert_eq!(world.rows("D", deal).len(), 2);
    world.on_the_plan("undo").exits(0);
    assert_eq!(world.rows("D", deal), before);
}

#[test]
fn an_amount_entered_by_hand_stays_when_products_are_written_back_and_comes_back_with_them() {
    let rows = json!([{"productName": "Mesa", "price": 1000, "quantity": 1}]);
    let by_hand = json!({"title": "Tarimas", "opportunity": 5000, "isManualOpportunity": "Y"});
    let (world, deal) = with_products(&by_hand, &rows, ",OPPORTUNITY,IS_MANUAL_OPPORTUNITY", ",5000,Y");
    world.plan("plan", &["--changed", "restore"]);
    world.on_the_plan("apply").exits(0);
    assert_eq!((world.rows("D", deal).len(), &world.item(DEAL, deal)["opportunity"]), (2, &json!(5000)));
    world.on_the_plan("undo").exits(0);
    assert_eq!((world.rows("D", deal).len(), &world.item(DEAL, deal)["opportunity"]), (1, &json!(5000)));

    // Somebody has handed the amount over to the products since.
    let (world, deal) = with_products(&json!({"title": "Tarimas"}), &rows, ",OPPORTUNITY,IS_MANUAL_OPPORTUNITY", ",1000,Y");
    world.plan("plan", &["--changed", "restore"]);
    world.on_the_plan("apply").exits(0);
    let now = world.item(DEAL, deal);
    assert_eq!((&now["opportunity"], &now["isManualOpportunity"]), (&json!(1000), &json!("Y")));
    world.on_the_plan("undo").exits(0);
    let now = world.item(DEAL, deal);
    assert_eq!((&now["opportunity"], &now["isManualOpportunity"]), (&json!(1000), &json!("N")));
}

#[test]
fn an_amount_that_will_follow_the_products_is_said_and_undo_brings_the_typed_one_back() {
    let (world, deal) = with_products(&json!({"title": "Tarimas", "opportunity": 500}), &json!([]), ",OPPORTUNITY", ",5000");
    // A record without products keeps what was typed.
    world.update(DEAL, deal, &json!({"opportunity": 500}));
    let summary = world.plan("plan", &["--changed", "restore"]);
    assert_eq!(warned(&summary, "amount_follows_products"), [("OPPORTUNITY".to_owned(), 1)], "{summary}");
    world.on_the_plan("apply").exits(0);
    assert_eq!(world.item(DEAL, deal)["opportunity"], 4680);
    let undone = world.on_the_plan("undo").exits(0).json();
    assert_eq!((sum(&undone, "reverted"), &world.item(DEAL, deal)["opportunity"]), (1, &json!(500)), "{undone}");
    assert_eq!(world.rows("D", deal), Vec::<Value>::new());
}

/// An update of three commands, killed between them, is not taken for somebody else's work.
#[test]
fn what_was_carried_out_in_part_goes_on_instead_of_counting_as_touched() {
    let mut world = World::new();
    let lead = world.add(LEAD, &json!({"title": "Feria", "fm": [phone("WORK", "5599990000")]}));
    world.set_rows("L", lead, &json!([{"productName": "Mesa", "price": 1000, "quantity": 1}]));
    world.file(
        "lead.csv",
        &format!("ID,TITLE,PHONE_WORK,PRODUCT_NAME,PRODUCT_PRICE,PRODUCT_QUANTITY\n{lead},Pregunta,5511112222,Silla,90,2\n"),
    );
    world.plan("plan", &["--changed", "restore"]);
    // The rows are written, and the portal cuts the request before the rest.
    world.portal.arm(json!({"method": "crm.item.update", "whole": false, "when": "before", "do": {"html": 502}, "times": 1}));
    let outcome = world.on_the_plan("apply").exits(0).json();
    assert_eq!((sum(&outcome, "updated"), world.portal.struck()), (1, vec![1]), "{outcome}");
    world.portal.disarm();
    assert_eq!(world.item(LEAD, lead)["title"], "Pregunta");
    assert_eq!((world.values(LEAD, lead), world.rows("L", lead).len()), (vec!["PHONE_WORK 5511112222".to_owned()], 1));
    world.on_the_plan("undo").exits(0);
    assert_eq!(world.values(LEAD, lead), ["PHONE_WORK 5599990000"]);
    assert_eq!(world.rows("L", lead), [json!([0, "Mesa", 1000, 1, 0, null])]);
    assert_eq!(world.item(LEAD, lead)["title"], "Feria");
}

#[test]
fn what_the_portal_refused_comes_with_failed_and_what_was_done_of_it_is_not_done_twice() {
    let (world, deal) = with_products(&json!({"title": "Otro título"}), &json!([]), "", "");
    world.plan("plan", &["--changed", "restore"]);
    let refusal = json!({"status": 400, "code": "CRM_FIELD_ERROR_VALUE_NOT_VALID", "description": "Invalid value"});
    world.portal.arm(json!({"method": "crm.item.update", "when": "before", "do": refusal, "times": 1}));
    world.on_the_plan("apply").exits(3);
    assert_eq!((&world.item(DEAL, deal)["title"], world.rows("D", deal).len()), (&json!("Otro título"), 2));
    world.portal.disarm();
    let mut again = world.args("apply");
    again.push("--failed".into());
    world.b24().run(again).exits(0);
    assert_eq!((&world.item(DEAL, deal)["title"], world.rows("D", deal).len()), (&json!("Tarimas"), 2));
    world.on_the_plan("undo").exits(0);
    assert_eq!((&world.item(DEAL, deal)["title"], world.rows("D", deal).len()), (&json!("Otro título"), 0));
}

/// Killed at one boundary after the other, every third by default (`CRASH_STEP=1` tries each), until a run outlives it.
#[cfg(feature = "faults")]
#[track_caller]
fn survives_a_kill_at_any_boundary(command: &str, expected: &[&str]) {
    let step = std::env::var("CRASH_STEP").map_or(3, |text| text.parse().expect("a number"));
    let mut kills = 0;
    for k in (1_u32..).step_by(step) {
        let (world, contact) = spoiled();
        world.plan("plan", &["--changed", "restore"]);
        if command == "undo" {
            world.on_the_plan("apply").exits(0);
        }
        let ran = world.b24().env("B24RESTORE_CRASH_AT", &k.to_string()).run(world.args(command));
        if ran.code == Some(0) {
            break;
        }
        assert_eq!(ran.code, None, "{ran:#?}");
        kills += 1;
        world.on_the_plan(command).exits(0);
        assert_eq!(world.values(CONTACT, contact), expected, "{command} killed at {k}");
    }
    println!("{kills} kills of {command}: each value once");
    assert!(kills > 10, "{command} passes too few boundaries: {kills}");
}

#[cfg(feature = "faults")]
#[test]
fn apply_killed_at_any_boundary_writes_each_phone_once() {
    survives_a_kill_at_any_boundary("apply", &AS_IN_THE_FILE);
}

#[cfg(feature = "faults")]
#[test]
fn undo_killed_at_any_boundary_gives_each_phone_back_once() {
    survives_a_kill_at_any_boundary("undo", &AS_SPOILED);
}
