//! Links that aren't of the usual kind: custom fields that bind records, and records that name each other.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::harness::b24::{B24, Ran, b24, planned, written};
use crate::harness::portal::Portal;

/// A portal with records that name each other, and files of them that were written by hand.
struct World {
    portal: Portal,
    files: Vec<PathBuf>,
}

impl World {
    /// A portal with nothing but these custom fields of deals: code, whether it holds several, settings.
    fn new(fields: &[(&str, &str, Value)]) -> Self {
        let portal = Portal::open();
        for (code, multiple, settings) in fields {
            let label = json!({"en": format!("Campo {code}")});
            let fields = json!({"FIELD_NAME": code, "USER_TYPE_ID": "crm", "MULTIPLE": multiple, "SETTINGS": settings,
                "EDIT_FORM_LABEL": label, "LIST_COLUMN_LABEL": label});
            portal.call("crm.deal.userfield.add", json!({ "fields": fields }));
        }
        Self { portal, files: Vec::new() }
    }

    fn add(&self, kind: u64, fields: &Value) -> u64 {
        let made = self.portal.call("crm.item.add", json!({"entityTypeId": kind, "fields": fields}));
        made["item"]["id"].as_u64().expect("an id")
    }

    fn item(&self, kind: u64, id: u64) -> Value {
        self.portal.call("crm.item.get", json!({"entityTypeId": kind, "id": id}))["item"].take()
    }

    fn lose(&self, kind: u64, id: u64) {
        self.portal.call("crm.item.delete", json!({"entityTypeId": kind, "id": id}));
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

    fn on(&self, out: &str, command: &str, more: &[&str]) -> Ran {
        let mut args = vec![command.into(), self.portal.dir().join(out).into_os_string(), "--json".into()];
        args.extend(more.iter().map(Into::into));
        self.b24().run(args)
    }

    /// The new id of a record, by `ids.csv`.
    fn new_id(&self, out: &str, kind: &str, old: u64) -> u64 {
        let ids = fs::read_to_string(self.portal.dir().join(out).join("ids.csv")).expect("ids.csv");
        let begin = format!("{kind},{old},");
        let line = ids.lines().find_map(|line| line.strip_prefix(&begin)).unwrap_or_else(|| panic!("{begin} in {ids}"));
        line.split(',').next().and_then(|id| id.parse().ok()).expect("an id")
    }
}

const ALL: &str = r#"{"LEAD": "Y", "CONTACT": "Y", "COMPANY": "Y", "DEAL": "Y"}"#;

fn of_all_types() -> Value {
    serde_json::from_str(ALL).expect("JSON")
}

/// A company, a contact, and a deal that names both in custom fields; all in files by title, as an export prints them.
fn exported() -> (World, [u64; 3]) {
    let mut world = World::new(&[
        ("UF_CRM_ONE", "N", of_all_types()),
        ("UF_CRM_MANY", "Y", of_all_types()),
        ("UF_CRM_PERSON", "N", json!({"CONTACT": "Y"})),
    ]);
    let company = world.add(4, &json!({"title": "Aceros \"del Norte\", S.A. de C.V."}));
    let contact = world.add(3, &json!({"name": "Juan", "lastName": "De la Ó"}));
    // What was given out before and deleted makes the ids of the types differ.
    let spare = world.add(2, &json!({"title": "spare"}));
    world.lose(2, spare);
    let (bound, person) = (format!("CO_{company}"), contact.to_string());
    let many = json!([format!("C_{contact}"), bound]);
    let deal = world.add(2, &json!({"title": "Tarimas", "ufCrmOne": bound, "ufCrmMany": many, "ufCrmPerson": person}));
    world.file(
        "COMPANY_1.csv",
        &format!("\"ID\";\"Nombre de la Compañía\";\n\"{company}\";\"Aceros \"\"del Norte\"\", S.A. de C.V.\";\n"),
    );
    world.file("CONTACT_1.csv", &format!("\"ID\";\"Primer Nombre\";\"Apellido\";\n\"{contact}\";\"Juan\";\"De la Ó\";\n"));
    let aceros = "[CO] Aceros \"\"del Norte\"\", S.A. de C.V.";
    world.file(
        "DEAL_1.csv",
        &format!(
            "\"ID\";\"Nombre de la negociación\";\"Campo UF_CRM_ONE\";\"Campo UF_CRM_MANY\";\"Campo UF_CRM_PERSON\";\n\
             \"{deal}\";\"Tarimas\";\"{aceros}\";\"[C] Juan De la Ó, {aceros}\";\"[C] Juan De la Ó\";\n"
        ),
    );
    (world, [company, contact, deal])
}

#[test]
fn a_record_that_names_others_by_title_in_custom_fields_is_unchanged() {
    let (world, _) = exported();
    let summary = world.plan("plan", &[]);
    for kind in ["company", "contact", "deal"] {
        assert_eq!(summary["entities"][kind]["identical"], 1, "{summary}");
    }
}

#[test]
fn custom_fields_that_name_lost_records_name_the_new_ones_afterwards() {
    let (world, [company, contact, deal]) = exported();
    for (kind, id) in [(2, deal), (3, contact), (4, company)] {
        world.lose(kind, id);
    }
    world.plan("plan", &[]);
    world.on("plan", "apply", &["--yes"]).exits(0);
    let id = |kind, old| world.new_id("plan", kind, old);
    let (company, contact) = (id("company", company), id("contact", contact));
    let made = world.item(2, id("deal", deal));
    assert_eq!(made["ufCrmOne"], format!("CO_{company}"));
    assert_eq!(made["ufCrmMany"], json!([format!("C_{contact}"), format!("CO_{company}")]));
    assert_eq!(made["ufCrmPerson"], contact.to_string(), "a field that is bound to one type takes a bare id");
    let verified = world.on("plan", "verify", &[]).exits(0).json();
    assert_eq!((&verified["entities"]["deal"]["equal"], &verified["entities"]["deal"]["declared"]), (&json!(1), &json!(0)));
}

#[test]
fn the_ids_in_custom_fields_of_a_snapshot_are_those_of_today_afterwards() {
    let (mut world, [company, contact, deal]) = exported();
    let snapshot = world.portal.dir().join("snapshot");
    world.b24().run(["snapshot".into(), "--out".into(), snapshot.clone().into_os_string()]).exits(0);
    world.files = vec![snapshot];
    for (kind, id) in [(2, deal), (3, contact), (4, company)] {
        world.lose(kind, id);
    }
    world.plan("plan", &[]);
    world.on("plan", "apply", &["--yes"]).exits(0);
    let id = |kind, old| world.new_id("plan", kind, old);
    let made = world.item(2, id("deal", deal));
    assert_eq!(made["ufCrmOne"], format!("CO_{}", id("company", company)));
    assert_eq!(made["ufCrmPerson"], id("contact", contact).to_string());
    world.on("plan", "verify", &[]).exits(0);
    let again = world.plan("again", &[]);
    assert_eq!(again["entities"]["deal"]["restored"], 1, "{again}");
}

#[test]
fn a_custom_field_of_a_survivor_is_a_lost_link_and_filled_on_demand() {
    let (world, [company, contact, deal]) = exported();
    world.lose(4, company);
    let summary = world.plan("plan", &["--relink"]);
    assert_eq!(summary["entities"]["deal"]["lost_links"], 2, "{summary}");
    world.on("plan", "apply", &["--yes"]).exits(0);
    let back = world.new_id("plan", "company", company);
    let kept = world.item(2, deal);
    assert_eq!(kept["ufCrmOne"], format!("CO_{back}"));
    assert_eq!(kept["ufCrmMany"], json!([format!("C_{contact}"), format!("CO_{back}")]));
    assert_eq!(kept["ufCrmPerson"], contact.to_string());
    world.on("plan", "undo", &["--yes"]).exits(0);
    assert_eq!(world.item(2, deal)["ufCrmOne"], format!("CO_{company}"), "what it was before");
}

#[test]
fn a_custom_field_that_names_nobody_known_is_left_empty_and_said() {
    let mut world = World::new(&[("UF_CRM_ONE", "N", of_all_types())]);
    world.file("DEAL_1.csv", "\"ID\";\"Nombre de la negociación\";\"Campo UF_CRM_ONE\";\n\"7\";\"Tarimas\";\"[C] Nadie\";\n");
    let summary = world.plan("plan", &[]);
    let warnings = summary["warnings"].as_array().expect("a list");
    let said = warnings.iter().find(|warning| warning["code"] == "link_unknown").expect("a warning");
    assert_eq!((&said["field"], &said["records"]), (&json!("UF_CRM_ONE"), &json!(1)));
    world.on("plan", "apply", &["--yes"]).exits(0);
    let verified = world.on("plan", "verify", &[]).exits(0).json();
    assert_eq!(verified["entities"]["deal"]["declared"], 1, "{verified}");
}

#[test]
fn records_that_name_each_other_are_verified_by_both_links() {
    let mut world = World::new(&[]);
    world.file("contact.csv", "ID,NAME,LAST_NAME,TYPE_ID,LEAD_ID\n4,Ana,Ruiz,CLIENT,7\n");
    world.file("lead.csv", "ID,TITLE,STATUS_ID,CONTACT_IDS\n7,Pregunta,NEW,4\n");
    world.plan("plan", &[]);
    world.on("plan", "apply", &["--yes"]).exits(0);
    let (contact, lead) = (world.new_id("plan", "contact", 4), world.new_id("plan", "lead", 7));
    assert_eq!(world.item(3, contact)["leadId"], lead);
    assert_eq!(world.item(1, lead)["contactIds"], json!([contact]));
    world.on("plan", "verify", &[]).exits(0);
    world.portal.call("crm.item.update", json!({"entityTypeId": 3, "id": contact, "fields": {"leadId": 0}}));
    let verified = world.on("plan", "verify", &[]).exits(3).json();
    assert_eq!(verified["differences"][0]["field"], "LEAD_ID", "{verified}");
}

#[test]
fn a_text_of_a_zero_alone_is_said_to_be_lost_and_the_decimals_of_money_stay() {
    let mut world = World::new(&[]);
    for (code, kind) in [("UF_CRM_CHILDREN", "string"), ("UF_CRM_PAID", "money")] {
        world.portal.call("crm.deal.userfield.add", json!({"fields": {"FIELD_NAME": code, "USER_TYPE_ID": kind}}));
    }
    world.file("deal.csv", "ID,TITLE,UF_CRM_CHILDREN,UF_CRM_PAID\n7,Tarimas,0,1500.50|USD\n");
    let summary = world.plan("plan", &[]);
    assert!(summary["warnings"].to_string().contains("zero_text"), "{summary}");
    world.on("plan", "apply", &["--yes"]).exits(0);
    assert_eq!(world.item(2, world.new_id("plan", "deal", 7))["ufCrmPaid"], "1500.50|USD");
    let verified = world.on("plan", "verify", &[]).exits(0).json();
    assert_eq!(verified["entities"]["deal"]["declared"], 1, "{verified}");
}

#[test]
fn a_record_with_links_that_lead_nowhere_counts_once() {
    let mut world = World::new(&[]);
    for _ in 0..2 {
        world.add(3, &json!({"name": "Luis", "lastName": "Gómez"}));
    }
    world.file("DEAL_1.csv", "\"ID\";\"Nombre de la negociación\";\"Contacto\";\n\"7\";\"Tarimas\";\"Luis Gómez\";\n");
    world.file("lead.csv", "ID,TITLE,STATUS_ID,CONTACT_IDS\n8,Pregunta,NEW,\"801, 802\"\n");
    let summary = world.plan("plan", &[]);
    let counted = |code: &str| -> Vec<u64> {
        let warnings = summary["warnings"].as_array().expect("a list").iter();
        warnings.filter(|warning| warning["code"] == code).filter_map(|warning| warning["records"].as_u64()).collect()
    };
    assert_eq!(counted("link_ambiguous"), [1], "{summary}");
    assert_eq!((counted("link_unknown"), counted("missing_parent")), (vec![1], vec![1]), "{summary}");
}

#[test]
fn a_record_that_was_changed_a_moment_ago_keeps_its_creation_moment() {
    let mut world = World::new(&[]);
    let old = json!({"title": "Tarimas", "createdTime": "2025-03-01T10:00:00+00:00"});
    let made = world.portal.call("crm.item.import", json!({"entityTypeId": 2, "fields": old}));
    let deal = made["item"]["id"].as_u64().expect("an id");
    let snapshot = world.portal.dir().join("snapshot");
    world.b24().run(["snapshot".into(), "--out".into(), snapshot.clone().into_os_string()]).exits(0);
    world.files = vec![snapshot];
    world.lose(2, deal);
    world.plan("plan", &[]);
    world.on("plan", "apply", &["--yes"]).exits(0);
    assert_eq!(world.item(2, world.new_id("plan", "deal", deal))["createdTime"], "2025-03-01T10:00:00+00:00");
}

#[test]
fn what_an_earlier_run_created_without_its_contact_gets_it_by_relink() {
    let mut world = World::new(&[]);
    let label = json!({"en": "RFC"});
    let fields = json!({"FIELD_NAME": "UF_CRM_RFC", "USER_TYPE_ID": "string", "MANDATORY": "Y", "EDIT_FORM_LABEL": label});
    world.portal.call("crm.contact.userfield.add", json!({ "fields": fields }));
    world.portal.call("sandbox.settings.set", json!({"required_check": true}));
    world.file("contact.csv", "ID,NAME,LAST_NAME,TYPE_ID,UF_CRM_RFC\n4,Ana,Ruiz,CLIENT,\n");
    world.file("deal.csv", "ID,TITLE,CONTACT_IDS\n7,Tarimas,4\n");
    world.plan("plan", &[]);
    world.on("plan", "apply", &["--yes"]).exits(3);
    let deal = world.new_id("plan", "deal", 7);
    let all = std::mem::take(&mut world.files);
    // The failed row, mended by hand, planned by itself.
    world.file("contact.csv", "ID,NAME,LAST_NAME,TYPE_ID,UF_CRM_RFC\n4,Ana,Ruiz,CLIENT,RUAA800101\n");
    world.plan("mended", &[]);
    world.on("mended", "apply", &["--yes"]).exits(0);
    world.files = all;
    let summary = world.plan("again", &["--relink"]);
    let counts = &summary["entities"]["deal"];
    assert_eq!(
        (&counts["restored"], &counts["lost_links"], &counts["to_update"]),
        (&json!(1), &json!(1), &json!(1)),
        "{summary}"
    );
    world.on("again", "apply", &["--yes"]).exits(0);
    assert_eq!(world.item(2, deal)["contactIds"], json!([world.new_id("mended", "contact", 4)]));
}

#[test]
fn changed_lists_of_links_are_written_back_and_undo_gives_the_old_ones_back() {
    let mut world = World::new(&[]);
    let [ana, eva] = ["Ana", "Eva"].map(|name| world.add(3, &json!({"name": name, "lastName": "Ruiz"})));
    let deal = world.add(2, &json!({"title": "Tarimas", "contactIds": [ana]}));
    world.file("deal.csv", &format!("ID,TITLE,CONTACT_IDS\n{deal},Tarimas,\"{ana}, {eva}\"\n"));
    world.plan("plan", &["--changed", "restore"]);
    world.on("plan", "apply", &["--yes"]).exits(0);
    assert_eq!(world.item(2, deal)["contactIds"], json!([ana, eva]));
    world.on("plan", "undo", &["--yes"]).exits(0);
    assert_eq!(world.item(2, deal)["contactIds"], json!([ana]));
}

#[test]
fn the_main_contact_and_company_are_the_ones_they_were_though_they_were_lost_too() {
    let mut world = World::new(&[("UF_CRM_MANY", "Y", of_all_types())]);
    let [lost_company, company] = ["Uno", "Dos"].map(|title| world.add(4, &json!({ "title": title })));
    let [lost, live] = ["Ana", "Luis"].map(|name| world.add(3, &json!({"name": name, "companyIds": [lost_company, company]})));
    let many = json!([format!("CO_{lost_company}"), format!("C_{live}"), format!("C_{lost}")]);
    let deal = world.add(2, &json!({"title": "Venta", "contactIds": [lost, live], "ufCrmMany": many}));
    world.file("company.csv", &format!("ID,TITLE\n{lost_company},Uno\n{company},Dos\n"));
    world.file(
        "contact.csv",
        &format!("ID,NAME,COMPANY_IDS\n{lost},Ana,\"{lost_company}, {company}\"\n{live},Luis,\"{lost_company}, {company}\"\n"),
    );
    let bound = format!("CO_{lost_company}, C_{live}, C_{lost}");
    world.file("deal.csv", &format!("ID,TITLE,CONTACT_IDS,UF_CRM_MANY\n{deal},Venta,\"{lost}, {live}\",\"{bound}\"\n"));
    for (kind, id) in [(4, lost_company), (3, lost), (2, deal)] {
        world.lose(kind, id);
    }

    world.plan("plan", &[]);
    world.on("plan", "apply", &["--yes"]).exits(0);

    let [lost_company, lost, deal] =
        [("company", lost_company), ("contact", lost), ("deal", deal)].map(|(kind, id)| world.new_id("plan", kind, id));
    let deal = world.item(2, deal);
    assert_eq!(deal["contactIds"], json!([lost, live]), "the first is the main one");
    assert_eq!(deal["contactId"], json!(lost));
    assert_eq!(deal["ufCrmMany"], json!([format!("CO_{lost_company}"), format!("C_{live}"), format!("C_{lost}")]));
    let contact = world.item(3, lost);
    assert_eq!(contact["companyIds"], json!([lost_company, company]));
    assert_eq!(contact["companyId"], json!(lost_company));
}
