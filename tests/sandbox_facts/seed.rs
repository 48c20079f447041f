//! `sandbox --seed`: what a snapshot of one portal makes of another.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::client::{self, Portal};

fn b24restore() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_b24restore"));
    command.env_remove("B24_WEBHOOK").args(["--lang", "en"]);
    command
}

/// A sandbox in a process of its own; it ends with the test.
struct Running {
    process: Child,
    webhook: String,
}

impl Running {
    fn seeded(data: &Path, snapshot: &Path) -> Self {
        let mut process = b24restore()
            .args(["sandbox", "--limits", "none", "--zone", "Europe/Moscow", "--data"])
            .arg(data)
            .arg("--seed")
            .arg(snapshot)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the sandbox starts");
        let mut line = String::new();
        let stdout = process.stdout.take().expect("stdout is piped");
        BufReader::new(stdout).read_line(&mut line).expect("the sandbox says where it is");
        let webhook = line.trim().strip_prefix("webhook: ").expect("the address of the webhook").to_owned();
        Self { process, webhook }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn snapshot(webhook: &str, out: &Path) {
    let done = b24restore().env("B24_WEBHOOK", webhook).arg("snapshot").arg("--out").arg(out).output().expect("it runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// A portal with something of everything that a snapshot holds.
fn varied() -> Portal {
    let portal = Portal::new();
    let call = |method: &str, params: &Value| portal.result(method, params);
    call(
        "sandbox.user.add",
        &json!({"fields": {"ID": 7, "NAME": "Luz", "SECOND_NAME": "del", "LAST_NAME": "Río", "EMAIL": "luz@example.com"}}),
    );
    call("sandbox.user.add", &json!({"fields": {"NAME": "Ex", "LAST_NAME": "Empleado", "ACTIVE": "N"}}));
    call("sandbox.status.rename", &json!({"ENTITY_ID": "SOURCE", "STATUS_ID": "WEB", "NAME": "Página «nueva»"}));
    call(
        "crm.status.add",
        &json!({"fields": {"ENTITY_ID": "SOURCE", "STATUS_ID": "FERIA", "NAME": "Feria R&amp;D", "SORT": 15}}),
    );
    call(
        "crm.currency.add",
        &json!({"fields": {"CURRENCY": "MXN", "AMOUNT_CNT": 1, "AMOUNT": 0.05, "LANG": {"en": {"FULL_NAME": "Peso"}}}}),
    );
    call("crm.category.add", &json!({"entityTypeId": 2, "fields": {"name": "Servicio"}}));
    let pipeline = call("crm.category.add", &json!({"entityTypeId": 2, "fields": {"name": "Obra"}}))["category"]["id"].clone();
    for (kind, name, more) in [
        ("string", "TEXTO", json!({"MULTIPLE": "Y"})),
        ("enumeration", "LISTA", json!({"MULTIPLE": "Y", "LIST": [{"VALUE": "Rojo, claro"}, {"VALUE": "Azul"}]})),
        ("money", "DINERO", json!({})),
        ("date", "DIA", json!({})),
        ("datetime", "HORA", json!({})),
        ("boolean", "SI", json!({})),
        ("employee", "QUIEN", json!({})),
        ("crm", "ENLACE", json!({"MULTIPLE": "Y"})),
        ("crm_status", "FUENTE", json!({"SETTINGS": {"ENTITY_TYPE": "SOURCE"}})),
        ("double", "METROS", json!({})),
    ] {
        let mut fields = json!({"FIELD_NAME": name, "USER_TYPE_ID": kind, "LIST_COLUMN_LABEL": {"en": format!("{name} en lista")},
            "EDIT_FORM_LABEL": {"en": format!("{name} en formulario")}});
        fields.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        for entity in ["lead", "deal"] {
            call(&format!("crm.{entity}.userfield.add"), &json!({"fields": fields}));
        }
    }
    let items = call("crm.lead.userfield.list", &json!({"filter": {"FIELD_NAME": "UF_CRM_LISTA"}}))[0]["LIST"].clone();
    let item = |place: usize| items[place]["ID"].as_str().and_then(|id| id.parse::<u64>().ok()).expect("an item has an id");
    let company = |title: &str, created: &str| {
        let fields = json!({"title": title, "createdTime": created, "createdBy": 7, "industry": "IT", "revenue": 1500.5,
            "PHONE": [{"VALUE": "+52 55 1234 5678", "VALUE_TYPE": "WORK"}, {"VALUE": "55, ext. 3", "VALUE_TYPE": "TALLER"}]});
        call("crm.item.import", &json!({"entityTypeId": 4, "fields": fields}))["item"]["id"].clone()
    };
    let (acme, other) =
        (company("Aceros \"del\" Norte; S.A.", "2019-05-06T07:08:09+03:00"), company("Otra", "2020-01-01T00:00:00+03:00"));
    call(
        "crm.company.update",
        &json!({"id": acme, "fields": {"ADDRESS": "Av. Juárez 1", "ADDRESS_CITY": "Puebla", "REG_ADDRESS": "Otra calle"}}),
    );
    let gone = company("Se va", "2021-01-01T00:00:00+03:00");
    let person = |name: &str| {
        portal.add(
            3,
            &json!({"name": name, "lastName": "Gómez", "birthdate": "1990-05-06", "companyIds": [other, acme], "companyId": other,
            "fm": [{"typeId": "EMAIL", "valueType": "HOME", "value": "a@example.com"}], "comments": "uno\ndos"}),
        )["id"]
            .clone()
    };
    let (ana, luis) = (person("Ana"), person("Luis"));
    call("crm.item.delete", &json!({"entityTypeId": 4, "id": gone}));
    for place in 0..3 {
        let fields = json!({"title": format!("Prospecto {place};\n\"a\""), "stageId": "IN_PROCESS", "sourceId": "FERIA", "opened": "N", "opportunity": 100.25,
            "currencyId": "MXN", "companyId": acme, "contactIds": [luis, ana], "assignedById": 7, "observers": [1, 7], "utmSource": "x",
            "ufCrmTexto": ["uno, dos", "tres"], "ufCrmLista": [item(1), item(0)], "ufCrmDinero": "300.50|MXN", "ufCrmDia": "2024-02-01",
            "ufCrmHora": "2024-02-01T10:00:00+03:00", "ufCrmSi": "Y", "ufCrmQuien": 7, "ufCrmEnlace": ["CO_1", "C_2"], "ufCrmFuente": "FERIA", "ufCrmMetros": 2.5});
        portal.add(1, &fields);
    }
    let deal = portal.add(2, &json!({"title": "Obra", "categoryId": pipeline, "stageId": format!("C{pipeline}:WON"), "contactIds": [ana], "companyId": other,
        "probability": 80, "begindate": "2024-01-31", "closedate": "2024-03-01", "originatorId": "sap", "originId": "X-1"}))["id"].clone();
    let rows = json!([{"productName": "Tarima; \"A\"", "price": 99.9, "quantity": 2}, {"productName": "Flete", "price": 10, "quantity": 1.5}]);
    call("crm.item.productrow.set", &json!({"ownerType": "D", "ownerId": deal, "productRows": rows}));
    portal.add(2, &json!({"title": "Sin nada"}));
    portal
}

#[test]
fn a_portal_that_is_seeded_with_a_snapshot_gives_the_same_snapshot() {
    let dir = tempfile::tempdir().expect("the temporary directory is writable");
    let (first, second, plan) = (dir.path().join("first"), dir.path().join("second"), dir.path().join("plan"));
    let portal = varied();
    snapshot(&portal.webhook(), &first);
    let data = dir.path().join("data");
    let seeded = Running::seeded(&data, &first);
    snapshot(&seeded.webhook, &second);
    for name in ["company.csv", "contact.csv", "lead.csv", "deal.csv", "schema.json"] {
        let read = |place: &Path| fs::read_to_string(place.join(name)).expect("a snapshot has all files");
        assert_eq!(without_order(&read(&second)), without_order(&read(&first)), "{name}");
    }
    let done = b24restore()
        .env("B24_WEBHOOK", &seeded.webhook)
        .args(["plan", "--json", "--out"])
        .arg(&plan)
        .arg(&first)
        .output()
        .expect("it runs");
    let told = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{told}{}", String::from_utf8_lossy(&done.stderr));
    let summary: Value = serde_json::from_str(&told).expect("--json prints JSON");
    for (entity, records) in [("company", 2), ("contact", 2), ("lead", 3), ("deal", 2)] {
        let counts = &summary["entities"][entity];
        assert_eq!(counts["identical"], records, "{entity}: {summary}");
    }
    let added = client::call(&seeded.webhook, "crm.item.add", &json!({"entityTypeId": 1, "fields": {"title": "Nuevo"}}));
    assert_eq!(added.body["result"]["item"]["id"], 4, "a new record takes the id after the greatest one that was seeded");
    drop(seeded);
    let again = b24restore().args(["sandbox", "--data"]).arg(&data).arg("--seed").arg(&first).output().expect("it runs");
    assert_eq!(again.status.code(), Some(2), "a portal that holds records is not filled again");
    assert!(String::from_utf8_lossy(&again.stderr).contains("already holds records"));
}

/// The keys of the schema's maps come in no order of their own.
fn without_order(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!(text))
}
