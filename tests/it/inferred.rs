//! What is found out of files by holding them against the portal, and what is said of it: nothing is guessed that can be compared.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::harness::b24::b24;
use crate::harness::crm::{number, text};
use crate::harness::{Portal, Ran};

/// A lead that was created at a moment.
fn lead(portal: &Portal, created: &str, more: &Value) -> u64 {
    let mut fields = json!({"title": format!("Prospecto de {created}"), "createdTime": created});
    for (name, value) in more.as_object().into_iter().flatten() {
        fields[name] = value.clone();
    }
    let made = portal.call("crm.item.import", json!({"entityTypeId": 1, "fields": fields}));
    made["item"]["id"].as_u64().expect("an id")
}

/// A restore file of its own directory.
fn file(portal: &Portal, name: &str, lines: &[String]) -> PathBuf {
    let path = portal.dir().join(name);
    fs::write(&path, lines.join("\n") + "\n").expect("a written file");
    path
}

fn plan(portal: &Portal, files: &[&PathBuf], more: &[&str]) -> Ran {
    let out = portal.dir().join("plan");
    let mut args: Vec<String> = vec!["plan".into()];
    args.extend(files.iter().map(|path| path.display().to_string()));
    args.extend(["--json".into()]);
    if !more.contains(&"--out") {
        args.extend(["--out".into(), out.display().to_string()]);
    }
    args.extend(more.iter().map(|arg| (*arg).to_owned()));
    b24(portal).run(args)
}

/// A file's inferred thing: what it is, and how many records bear it out.
fn inferred(summary: &Value, of: &Path, what: &str) -> (String, u64) {
    let path = of.display().to_string();
    let found =
        summary["inferred"].as_array().expect("a list").iter().find(|found| found["file"] == path && found["what"] == what);
    let found = found.unwrap_or_else(|| panic!("nothing on {what} of {path} in {:#}", summary["inferred"]));
    assert!(!text(found, "how").is_empty());
    (text(found, "value"), number(found, "records"))
}

fn counts(summary: &Value, entity: &str) -> [u64; 4] {
    ["identical", "missing", "changed", "restored"].map(|verdict| number(&summary["entities"][entity], verdict))
}

/// A live record's moment as a file of a zone writes it.
fn clock(portal: &Portal, kind: &str, id: u64, zone: &str, form: &str) -> String {
    let moment: Timestamp = text(&portal.every(kind)[&id], "DATE_CREATE").parse().expect("a moment");
    TimeZone::get(zone).expect("a zone").to_datetime(moment).strftime(form).to_string()
}

#[test]
fn shared_records_tell_day_from_month_against_the_language_of_the_titles() {
    let portal = Portal::open();
    // Both orders give rising dates, and no day is above twelve: the file alone says nothing.
    let ids = ["2026-02-03T10:00:07+00:00", "2026-04-05T11:30:09+00:00"].map(|created| lead(&portal, created, &json!({})));
    let mut lines = vec!["ID;Título de prospecto;Etapa;Creado".to_owned()];
    for id in ids {
        let title = text(&portal.every("lead")[&id], "TITLE");
        lines.push(format!("{id};{title};;{}", clock(&portal, "lead", id, "UTC", "%m/%d/%Y %H:%M:%S")));
    }
    lines.push("900;Perdido;;06/07/2026 08:00:00".to_owned());
    let leads = file(&portal, "lead.csv", &lines);
    let summary = plan(&portal, &[&leads], &[]).exits(0).json();
    assert_eq!(inferred(&summary, &leads, "date_order"), ("mdy".to_owned(), 2));
    let [identical, missing, changed, _] = counts(&summary, "lead");
    assert_eq!((identical + changed, missing), (2, 1), "a record that is there is no other one with its id: {summary:#}");
    let warned = |code: &str| summary["warnings"].as_array().expect("a list").iter().any(|warning| warning["code"] == code);
    assert!(!warned("date_order_unsure") && !warned("id_reused"));
    let report = fs::read_to_string(portal.dir().join("plan/report.html")).expect("a report");
    assert!(report.contains("month/day/year (confirmed by"));
}

#[test]
fn where_nothing_can_be_compared_the_guess_is_said() {
    let portal = Portal::open();
    let leads = file(&portal, "lead.csv", &["ID;Título de prospecto;Creado".into(), "9;a;05/06/2026 10:00:00".into()]);
    let summary = plan(&portal, &[&leads], &[]).exits(0).json();
    assert_eq!(inferred(&summary, &leads, "date_order"), ("dmy".to_owned(), 0));
    assert!(summary["warnings"].as_array().expect("a list").iter().any(|warning| warning["code"] == "date_order_unsure"));
}

#[test]
fn days_tell_the_order_where_no_creation_moment_does() {
    let portal = Portal::open();
    let id = portal.call("crm.deal.add", json!({"fields": {"TITLE": "a", "CLOSEDATE": "2026-05-03"}})).as_u64().expect("an id");
    let deals = file(&portal, "deal.csv", &["ID;Nombre de la negociación;Fecha de cierre".into(), format!("{id};a;05/03/2026")]);
    let summary = plan(&portal, &[&deals], &[]).exits(0).json();
    assert_eq!(inferred(&summary, &deals, "date_order"), ("mdy".to_owned(), 1));
    assert_eq!(counts(&summary, "deal")[..3], [1, 0, 0]);
}

#[test]
fn shared_records_tell_the_decimal_sign() {
    let portal = Portal::open();
    let id = lead(&portal, "2026-01-20T10:00:07+00:00", &json!({"opportunity": 1500}));
    let title = text(&portal.every("lead")[&id], "TITLE");
    let leads = file(
        &portal,
        "lead.csv",
        &["ID;Título de prospecto;Total".into(), format!("{id};{title};1.500"), "901;Otro;2.250".into()],
    );
    let summary = plan(&portal, &[&leads], &[]).exits(0).json();
    assert_eq!(inferred(&summary, &leads, "numbers"), ("comma".to_owned(), 1));
    assert_eq!(counts(&summary, "lead"), [1, 1, 0, 0]);
    let actions = fs::read_to_string(portal.dir().join("plan/actions.jsonl")).expect("actions");
    assert!(actions.contains(r#""opportunity":"2250""#), "{actions}");
}

#[test]
fn shared_records_tell_codes_from_labels() {
    let portal = Portal::open();
    for (code, name) in [("1", "Feria"), ("2", "1")] {
        portal.call("crm.status.add", json!({"fields": {"ENTITY_ID": "SOURCE", "STATUS_ID": code, "NAME": name}}));
    }
    let id = lead(&portal, "2026-01-20T10:00:07+00:00", &json!({"sourceId": "1"}));
    let title = text(&portal.every("lead")[&id], "TITLE");
    let leads =
        file(&portal, "lead.csv", &["ID;Título de prospecto;Origen".into(), format!("{id};{title};1"), "901;Otro;1".into()]);
    let summary = plan(&portal, &[&leads], &[]).exits(0).json();
    assert_eq!(inferred(&summary, &leads, "dictionaries"), ("code".to_owned(), 1));
    assert_eq!(counts(&summary, "lead"), [1, 1, 0, 0]);
}

#[test]
fn a_dump_in_the_servers_time_and_an_export_in_a_users_are_planned_together() {
    let portal = Portal::open();
    let leads: Vec<u64> =
        (1..=6).map(|month| lead(&portal, &format!("2026-0{month}-15T0{month}:10:2{month}+00:00"), &json!({}))).collect();
    let companies: Vec<u64> = (1..=6)
        .map(|month| {
            let fields = json!({"title": format!("Empresa {month}"), "createdTime": format!("2026-0{month}-16T0{month}:20:3{month}+00:00")});
            let made = portal.call("crm.item.import", json!({"entityTypeId": 4, "fields": fields}));
            made["item"]["id"].as_u64().expect("an id")
        })
        .collect();
    let mut export = vec!["ID;Título de prospecto;Creado".to_owned()];
    for id in &leads {
        let title = text(&portal.every("lead")[id], "TITLE");
        export.push(format!("{id};{title};{}", clock(&portal, "lead", *id, "America/Mexico_City", "%d/%m/%Y %H:%M:%S")));
    }
    let mut dump = vec!["ID,TITLE,DATE_CREATE,PHONE,SEARCH_CONTENT".to_owned()];
    for id in &companies {
        let title = text(&portal.every("company")[id], "TITLE");
        dump.push(format!("{id},{title},{},NULL,{title}", clock(&portal, "company", *id, "UTC", "%Y-%m-%d %H:%M:%S")));
    }
    dump.push(r#"900,Perdida,2026-05-01 10:00:00,"[{""VALUE"":""+52 55"",""VALUE_TYPE"":""MOBILE""}]",x"#.to_owned());
    let (leads, companies) = (file(&portal, "lead.csv", &export), file(&portal, "company.csv", &dump));
    let summary = plan(&portal, &[&leads, &companies], &[]).exits(0).json();
    assert_eq!(counts(&summary, "lead"), [6, 0, 0, 0], "{summary:#}");
    assert_eq!(counts(&summary, "company"), [6, 1, 0, 0], "{summary:#}");
    assert_eq!(inferred(&summary, &leads, "zone").1, 6);
    let (zone, records) = inferred(&summary, &companies, "zone");
    assert!(zone.starts_with("UTC") && records == 6, "{zone} {records}");
    let actions = fs::read_to_string(portal.dir().join("plan/actions.jsonl")).expect("actions");
    assert!(actions.contains(r#"{"moment":"2026-05-01T10:00:00Z"}"#), "the server's time is the moment itself: {actions}");
    assert!(actions.contains(r#"{"VALUE":"+52 55","VALUE_TYPE":"MOBILE"}"#), "{actions}");
}

#[test]
fn files_of_two_users_are_each_read_in_their_own_zone() {
    let portal = Portal::open();
    let made = |entity: u64, kind: &str, zone: &str, head: &str| {
        let mut lines = vec![head.to_owned()];
        for month in 1..=6 {
            let created = format!("2026-0{month}-15T0{month}:10:2{month}+00:00");
            let fields = json!({"title": format!("De {month}"), "createdTime": created});
            let made = portal.call("crm.item.import", json!({"entityTypeId": entity, "fields": fields}));
            let id = made["item"]["id"].as_u64().expect("an id");
            lines.push(format!("{id};De {month};{}", clock(&portal, kind, id, zone, "%d/%m/%Y %H:%M:%S")));
        }
        file(&portal, &format!("{kind}.csv"), &lines)
    };
    let leads = made(1, "lead", "America/Mexico_City", "ID;Título de prospecto;Creado");
    let companies = made(4, "company", "Asia/Kolkata", "ID;Nombre de la Compañía;Creado");
    let summary = plan(&portal, &[&leads, &companies], &[]).exits(0).json();
    assert_eq!((counts(&summary, "lead"), counts(&summary, "company")), ([6, 0, 0, 0], [6, 0, 0, 0]), "{summary:#}");
    assert_eq!(inferred(&summary, &companies, "zone"), ("Asia/Kolkata".to_owned(), 6));
    assert!(!summary["warnings"].as_array().expect("a list").iter().any(|warning| warning["code"] == "zone_uncertain"));
}

#[test]
fn where_everything_is_lost_nothing_confirms_the_zone_and_that_is_said() {
    let portal = Portal::open();
    let leads = file(&portal, "leads.csv", &["ID;Título de prospecto;Creado", "7;Uno;25/01/2026 10:00:00"].map(str::to_owned));
    let uncertain = |more: &[&str]| {
        let summary = plan(&portal, &[&leads], more).exits(0).json();
        summary["warnings"].as_array().expect("a list").iter().any(|warning| warning["code"] == "zone_uncertain")
    };
    assert!(uncertain(&[]));
    assert!(!uncertain(&["--timezone", "America/Mexico_City"]));
}

#[test]
fn text_that_was_encoded_twice_is_restored_as_it_was_and_the_plan_says_so() {
    let portal = Portal::open();
    let lines = ["ID;Título de prospecto;Comentario", "900;PeÃ±Ã³n;uno", "901;SeÃ±al;dos"].map(str::to_owned);
    let leads = file(&portal, "leads.csv", &lines);
    let summary = plan(&portal, &[&leads], &[]).exits(0).json();
    assert_eq!(counts(&summary, "lead"), [0, 2, 0, 0]);
    assert!(summary["warnings"].as_array().expect("a list").iter().any(|warning| warning["code"] == "mojibake"), "{summary:#}");
    let actions = fs::read_to_string(portal.dir().join("plan/actions.jsonl")).expect("actions");
    assert!(actions.contains(r#""title":"Peñón""#) && actions.contains(r#""title":"Señal""#), "{actions}");
}

#[test]
fn the_zone_of_one_file_can_be_said() {
    let portal = Portal::open();
    let row = |title: &str| vec![format!("ID;{title};Creado"), "900;Nueva;15/03/2026 10:00:00".to_owned()];
    let leads = file(&portal, "leads.csv", &row("Título de prospecto"));
    let companies = file(&portal, "companies.csv", &row("Nombre de la Compañía"));
    let said = ["--timezone", "leads.csv=Asia/Tokyo", "--timezone", "Europe/Madrid"];
    let summary = plan(&portal, &[&leads, &companies], &said).exits(0).json();
    assert_eq!(inferred(&summary, &leads, "zone").0, "Asia/Tokyo");
    assert_eq!(inferred(&summary, &companies, "zone").0, "Europe/Madrid");
    let actions = fs::read_to_string(portal.dir().join("plan/actions.jsonl")).expect("actions");
    for moment in ["2026-03-15T01:00:00+00:00", "2026-03-15T09:00:00+00:00"] {
        assert!(actions.contains(moment), "{moment} in {actions}");
    }
}

/// Companies and deals of another portal, whose ids are taken here by others.
fn strangers(portal: &Portal) -> (PathBuf, PathBuf) {
    for n in 1..=25 {
        let fields = json!({"title": format!("De aquí {n}"), "createdTime": format!("2026-02-01T00:{n:02}:00+00:00")});
        for entity in [4, 2] {
            portal.call("crm.item.import", json!({"entityTypeId": entity, "fields": fields}));
        }
    }
    let mut companies = vec!["ID,TITLE,DATE_CREATE,ASSIGNED_BY_ID".to_owned()];
    let mut deals = vec!["ID,TITLE,DATE_CREATE,COMPANY_ID,ASSIGNED_BY_ID".to_owned()];
    for n in 1..=25 {
        companies.push(format!("{n},Ajena {n},2021-03-{:02} 0{}:13:{:02},77", n, n % 10, n + 20));
        deals.push(format!("{n},Negocio ajeno {n},2022-07-{:02} 1{}:41:{:02},{n},77", n, n % 10, 59 - n));
    }
    (file(portal, "company.csv", &companies), file(portal, "deal.csv", &deals))
}

#[test]
fn another_portals_files_are_refused_unless_they_are_let_in_by_name() {
    let portal = Portal::open();
    let (companies, deals) = strangers(&portal);
    plan(&portal, &[&companies, &deals], &[]).exits(4).stderr("--foreign");
    plan(&portal, &[&companies, &deals], &["--foreign", "no es nombre"]).exits(2).stderr("1 to 40");
    let before = portal.every("company");
    let summary = plan(&portal, &[&companies, &deals], &["--foreign", "viejo"]).exits(0).json();
    assert_eq!((counts(&summary, "company"), counts(&summary, "deal")), ([0, 25, 0, 0], [0, 25, 0, 0]));
    assert!(!summary["warnings"].as_array().expect("a list").iter().any(|warning| warning["code"] == "file_incomplete"));

    let out = portal.dir().join("plan").display().to_string();
    b24(&portal).run(["apply", &out, "--yes", "--json"]).exits(0);
    let (companies_now, deals_now) = (portal.every("company"), portal.every("deal"));
    assert_eq!((companies_now.len(), deals_now.len()), (50, 50));
    for (id, was) in &before {
        assert_eq!(companies_now[id]["TITLE"], was["TITLE"], "what was here is as it was");
    }
    for n in 1..=25 {
        let marked = |records: &std::collections::BTreeMap<u64, Value>, mark: String| {
            let found = records.iter().filter(|(_, record)| text(record, "ORIGIN_ID") == mark).map(|(id, _)| *id);
            found.collect::<Vec<_>>()
        };
        let company = marked(&companies_now, format!("company:{n}@viejo"));
        let deal = marked(&deals_now, format!("deal:{n}@viejo"));
        assert_eq!((company.len(), deal.len()), (1, 1));
        assert_eq!(number(&deals_now[&deal[0]], "COMPANY_ID"), company[0], "links are followed within the files");
        assert_eq!(number(&deals_now[&deal[0]], "ASSIGNED_BY_ID"), 1, "another portal's user 77 is nobody here");
    }
    let again = plan(&portal, &[&companies, &deals], &["--foreign", "viejo", "--out", &format!("{out}2")]).exits(0).json();
    assert_eq!((counts(&again, "company"), counts(&again, "deal")), ([0, 0, 0, 25], [0, 0, 0, 25]));
}

#[test]
fn two_files_with_the_same_ids_are_two_copies_to_choose_from() {
    let portal = Portal::open();
    let of = |name: &str, title: &str| {
        file(&portal, name, &["ID,TITLE,STATUS_ID".into(), format!("1,{title},NEW"), format!("2,{title},NEW")])
    };
    let (monday, tuesday) = (of("leads-lunes.csv", "a"), of("leads-martes.csv", "b"));
    let summary = plan(&portal, &[&monday, &tuesday], &[]).exits(3).json();
    let warnings = summary["warnings"].as_array().expect("a list");
    let shared = warnings.iter().find(|warning| warning["code"] == "shared_ids").expect("a warning");
    assert_eq!((number(shared, "records"), text(shared, "entity")), (2, "lead".to_owned()));
    assert!(text(shared, "text").contains("leads-lunes.csv") && text(shared, "text").contains("leads-martes.csv"), "{shared}");
    assert_eq!(summary["entities"]["lead"]["rejected"], 2);
}

/// A deal with a custom field of money, and the field's code.
fn money_field(portal: &Portal) -> &'static str {
    let fields = json!({"FIELD_NAME": "PAGO", "USER_TYPE_ID": "money", "EDIT_FORM_LABEL": {"en": "Pago"}, "LIST_COLUMN_LABEL": {"en": "Pago"}});
    portal.call("crm.deal.userfield.add", json!({"fields": fields}));
    portal.call("crm.currency.add", json!({"fields": {"CURRENCY": "MXN"}}));
    "UF_CRM_PAGO"
}

#[test]
fn the_currency_behind_a_dollar_sign_is_that_of_the_portals_same_amounts() {
    let portal = Portal::open();
    let code = money_field(&portal);
    let paid = |amount: &str| {
        let fields = json!({"TITLE": "Venta", code: amount});
        portal.call("crm.deal.add", json!({"fields": fields})).as_u64().expect("an id")
    };
    let (one, two) = (paid("1500|MXN"), paid("99.5|MXN"));
    let head = "ID;Nombre de la negociación;Pago".to_owned();
    let rows =
        [format!("{one};Venta;$1,500.00"), format!("{two};Venta;$99.50"), "900;Perdida;$20.00".into(), "901;Otra;US$7.00".into()];
    let deals = file(&portal, "deal.csv", &[&[head][..], &rows[..]].concat());
    let summary = plan(&portal, &[&deals], &[]).exits(0).json();
    assert_eq!(counts(&summary, "deal"), [2, 2, 0, 0], "{summary:#}");
    assert_eq!(inferred(&summary, &deals, "currency"), ("MXN".to_owned(), 2));
    let actions = fs::read_to_string(portal.dir().join("plan/actions.jsonl")).expect("actions");
    assert!(actions.contains("\"20.00|MXN\"") && actions.contains("\"7.00|USD\""), "{actions}");
    assert!(!summary["warnings"].as_array().expect("a list").iter().any(|warning| warning["code"] == "currency_taken"));
}

#[test]
fn an_amount_whose_currency_nothing_tells_gets_the_base_currency_and_that_is_said() {
    let portal = Portal::open();
    money_field(&portal);
    let deals = file(&portal, "deal.csv", &["ID;Nombre de la negociación;Pago".into(), "900;Perdida;$20.00".into()]);
    let summary = plan(&portal, &[&deals], &[]).exits(0).json();
    let taken = summary["warnings"].as_array().expect("a list").iter().find(|warning| warning["code"] == "currency_taken");
    let taken = taken.unwrap_or_else(|| panic!("no word of it in {:#}", summary["warnings"]));
    assert_eq!((number(taken, "records"), text(taken, "field")), (1, "UF_CRM_PAGO".to_owned()));
    let actions = fs::read_to_string(portal.dir().join("plan/actions.jsonl")).expect("actions");
    assert!(actions.contains("\"20.00|USD\""), "{actions}");
}

/// Leads with a meeting each, and a file of them that doesn't say when they were created: the import wizard's layout.
fn meetings(portal: &Portal, zone: &str) -> PathBuf {
    let fields = json!({"FIELD_NAME": "CITA", "USER_TYPE_ID": "datetime", "EDIT_FORM_LABEL": {"en": "Cita"}, "LIST_COLUMN_LABEL": {"en": "Cita"}});
    portal.call("crm.lead.userfield.add", json!({"fields": fields}));
    let mut lines = vec!["ID;Título;Oportunidad;Cita".to_owned()];
    for month in 1..=6 {
        let meeting = format!("2026-0{month}-15T0{month}:10:2{month}+00:00");
        let fields = json!({"TITLE": format!("De {month}"), "UF_CRM_CITA": meeting});
        let id = portal.call("crm.lead.add", json!({"fields": fields})).as_u64().expect("an id");
        let moment: Timestamp = meeting.parse().expect("a moment");
        let clock = TimeZone::get(zone).expect("a zone").to_datetime(moment).strftime("%d/%m/%Y %H:%M:%S").to_string();
        lines.push(format!("{id};De {month};0;{clock}"));
    }
    lines.push("900;Perdido;0;15/07/2026 10:00:00".to_owned());
    file(portal, "lead.csv", &lines)
}

#[test]
fn the_zone_of_a_file_without_creation_moments_is_told_by_its_other_moments() {
    let portal = Portal::open();
    let leads = meetings(&portal, "Europe/Madrid");
    let summary = plan(&portal, &[&leads], &[]).exits(0).json();
    assert_eq!(counts(&summary, "lead"), [6, 1, 0, 0], "{summary:#}");
    let (zone, records) = inferred(&summary, &leads, "zone");
    assert_eq!((zone.as_str(), records), ("Europe/Madrid", 6));
    let actions = fs::read_to_string(portal.dir().join("plan/actions.jsonl")).expect("actions");
    assert!(actions.contains("2026-07-15T08:00:00+00:00"), "{actions}");
    assert!(!summary["warnings"].as_array().expect("a list").iter().any(|warning| warning["code"] == "zone_uncertain"));
}

#[test]
fn a_file_without_creation_moments_whose_zone_nothing_tells_says_so_and_is_never_foreign() {
    let portal = Portal::open();
    let leads = meetings(&portal, "Europe/Madrid");
    // Somebody has moved every meeting by minutes since.
    let moved = fs::read_to_string(&leads).expect("a file").replace(":10:2", ":17:2");
    fs::write(&leads, moved).expect("a written file");
    let summary = plan(&portal, &[&leads], &[]).exits(0).json();
    assert_eq!(counts(&summary, "lead"), [0, 1, 6, 0], "{summary:#}");
    assert!(summary["warnings"].as_array().expect("a list").iter().any(|warning| warning["code"] == "zone_uncertain"));
}

#[test]
fn amounts_that_may_be_read_in_two_ways_are_an_alarm_until_a_record_tells() {
    let portal = Portal::open();
    let rows = ["ID;Título de prospecto;Total", "900;Uno;1.500", "901;Dos;2.250"].map(str::to_owned);
    let leads = file(&portal, "lead.csv", &rows);
    let unsure = |more: &[&str]| {
        let summary = plan(&portal, &[&leads], more).exits(0).json();
        summary["warnings"].as_array().expect("a list").iter().any(|warning| warning["code"] == "numbers_unsure")
    };
    assert!(unsure(&[]) && !unsure(&["--numbers", "comma"]));
    let id = lead(&portal, "2026-01-20T10:00:07+00:00", &json!({"opportunity": 1500}));
    fs::write(&leads, format!("ID;Título de prospecto;Total\n{id};Uno;1.500\n901;Dos;2.250\n")).expect("a written file");
    assert!(!unsure(&[]));
}

#[test]
fn a_column_that_parts_of_one_whole_leave_unmapped_is_counted_once_a_row() {
    let portal = Portal::open();
    let part = |name: &str, id: u64| {
        file(
            &portal,
            name,
            &["ID;Título de prospecto;Etapa;Raro;Detalles: ID".into(), format!("{id};a;;x;5"), format!("{};b;;;", id + 1)],
        )
    };
    let (one, two) = (part("leads-1.csv", 900), part("leads-2.csv", 910));
    let summary = plan(&portal, &[&one, &two], &[]).exits(0).json();
    let warned = |code: &str| -> Vec<(u64, Value)> {
        let all = summary["warnings"].as_array().expect("a list").iter().filter(|warning| warning["code"] == code);
        all.map(|warning| (number(warning, "records"), warning["field"].clone())).collect()
    };
    assert_eq!(warned("column_unmapped"), [(4, json!("Raro"))], "a requisite's column is no field that somebody renamed");
    assert_eq!(warned("requisites_left_out"), [(4, Value::Null)]);
}

#[test]
fn which_of_two_columns_of_one_title_is_the_custom_field_the_shared_records_tell() {
    let portal = Portal::open();
    let fields = json!({"FIELD_NAME": "NOTA", "USER_TYPE_ID": "string", "EDIT_FORM_LABEL": {"en": "Comentario"}, "LIST_COLUMN_LABEL": {"en": "Comentario"}});
    portal.call("crm.lead.userfield.add", json!({"fields": fields}));
    let fields = json!({"TITLE": "Uno", "COMMENTS": "del sistema", "UF_CRM_NOTA": "propio"});
    let id = portal.call("crm.lead.add", json!({"fields": fields})).as_u64().expect("an id");
    let actions = || fs::read_to_string(portal.dir().join("plan/actions.jsonl")).expect("actions");
    let warned = |summary: &Value| {
        let warnings = summary["warnings"].as_array().expect("a list");
        warnings.iter().any(|warning| warning["code"] == "title_of_two_fields" && warning["field"] == "Comentario")
    };
    let head = "ID;Título de prospecto;Comentario;Cargo;Comentario".to_owned();
    // A user may put columns in any order.
    for (first, second, lost) in [("del sistema", "propio", ["a", "b"]), ("propio", "del sistema", ["b", "a"])] {
        let rows = [format!("{id};Uno;{first};;{second}"), format!("900;Perdido;{};;{}", lost[0], lost[1])];
        let leads = file(&portal, "lead.csv", &[&[head.clone()][..], &rows[..]].concat());
        let summary = plan(&portal, &[&leads], &[]).exits(0).json();
        assert_eq!(counts(&summary, "lead"), [1, 1, 0, 0], "{summary:#}");
        assert!(actions().contains(r#""comments":"a""#) && actions().contains(r#""ufCrmNota":"b""#), "{}", actions());
        assert!(!warned(&summary));
    }
    let leads = file(&portal, "lead.csv", &[head, "900;Perdido;a;;b".into()]);
    let summary = plan(&portal, &[&leads], &[]).exits(0).json();
    assert!(actions().contains(r#""comments":"a""#) && actions().contains(r#""ufCrmNota":"b""#), "{}", actions());
    assert!(warned(&summary), "nothing tells, and that is said: {summary:#}");
}

#[test]
fn one_column_whose_title_a_custom_field_bears_too_is_the_one_whose_values_are_the_portals() {
    let portal = Portal::open();
    let fields = json!({"FIELD_NAME": "NOTA", "USER_TYPE_ID": "string", "EDIT_FORM_LABEL": {"en": "Comentario"}, "LIST_COLUMN_LABEL": {"en": "Comentario"}});
    portal.call("crm.lead.userfield.add", json!({"fields": fields}));
    let id = portal.call("crm.lead.add", json!({"fields": {"TITLE": "Uno", "UF_CRM_NOTA": "propio"}})).as_u64().expect("an id");
    let rows = ["ID;Título de prospecto;Comentario".to_owned(), format!("{id};Uno;propio"), "900;Perdido;b".into()];
    let leads = file(&portal, "lead.csv", &rows);
    let summary = plan(&portal, &[&leads], &[]).exits(0).json();
    assert_eq!(counts(&summary, "lead"), [1, 1, 0, 0], "{summary:#}");
    let actions = fs::read_to_string(portal.dir().join("plan/actions.jsonl")).expect("actions");
    assert!(actions.contains(r#""ufCrmNota":"b""#), "{actions}");
}
