//! Live records -> snapshot -> rows and records.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::date;
use rust_decimal::Decimal;
use tempfile::TempDir;

use super::*;
use crate::event::Silent;
use crate::intake::{self, Keep, Overrides, SeenIds};
use crate::model::{
    EntityType, Entry, FieldDef, FieldType, LiveRecord, Pipeline, PortalId, PortalIdentity, ProductRow, Row, Schema, UserId,
    Value, standard_field,
};

fn portal() -> PortalIdentity {
    PortalIdentity::new("ejemplo.bitrix24.mx")
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn schema() -> Schema {
    let mut schema = Schema::standard();
    let entries = |codes: &[&str]| {
        codes.iter().map(|code| Entry { code: (*code).into(), name: format!("«{code}»"), semantics: String::new() }).collect()
    };
    schema.directories.insert("STATUS".into(), entries(&["NEW", "CONVERTED"]));
    schema.directories.insert("SOURCE".into(), entries(&["WEB"]));
    schema.directories.insert("DEAL_STAGE_3".into(), entries(&["C3:NEW"]));
    schema.pipelines = vec![Pipeline { id: 3, name: "Servicio".into() }];
    for (code, kind, multiple) in [
        ("UF_CRM_LIST", FieldType::Enumeration, true),
        ("UF_CRM_TEXTS", FieldType::Text, true),
        ("UF_CRM_MONEY", FieldType::Money, false),
        ("UF_CRM_DAY", FieldType::Date, false),
        ("UF_CRM_BIND", FieldType::Binding, true),
    ] {
        let mut def = FieldDef::from(standard_field(EntityType::Deal, "COMMENTS").unwrap());
        (def.code, def.kind, def.multiple) = (code.into(), kind, multiple);
        def.items = vec![("31".into(), "Rojo, claro".into()), ("32".into(), "Azul".into())];
        schema.fields.values_mut().for_each(|fields| fields.push(def.clone()));
    }
    schema
}

fn texts(texts: &[&str]) -> Value {
    Value::List(texts.iter().map(|text| Value::Text((*text).into())).collect())
}

fn record(entity: EntityType, id: u64, fields: &[(&str, Value)]) -> LiveRecord {
    let mut record = LiveRecord::new(entity, PortalId(id));
    for (code, value) in fields {
        record.push((*code).into(), value.clone());
    }
    record
}

fn records() -> Vec<LiveRecord> {
    let text = |text: &str| Value::Text(text.into());
    let code = |code: &str| Value::Code(code.into());
    let product = |name: &str| ProductRow::free(name, Decimal::new(9990, 2), Decimal::from(2));
    let lead = [
        ("TITLE", text("Con \"comillas\", comas;\ny renglones")),
        ("STATUS_ID", code("NEW")),
        ("SOURCE_ID", Value::Empty),
        ("OPENED", Value::Flag(true)),
        ("OPPORTUNITY", Value::Number(Decimal::new(150_000, 2))),
        ("BIRTHDATE", Value::Date(date(1990, 5, 6))),
        ("DATE_CREATE", Value::Moment(at("2024-01-15T15:04:05Z"))),
        ("ASSIGNED_BY_ID", Value::User(UserId(7))),
        ("OBSERVERS", Value::List(vec![Value::User(UserId(1)), Value::User(UserId(7))])),
        ("CONTACT_IDS", Value::List(vec![Value::Link(5), Value::Link(6)])),
        ("PHONE_WORK", texts(&["+52 55 1234 5678", "5587654321"])),
        ("PHONE_TALLER", texts(&["55, ext. 3"])),
        ("EMAIL_HOME", texts(&["a@example.com"])),
        ("UF_CRM_LIST", Value::List(vec![code("31"), code("32")])),
        ("UF_CRM_TEXTS", texts(&["uno, dos", "[tres]", " cuatro "])),
        ("UF_CRM_MONEY", Value::money(Decimal::from(300), Some("USD".into()))),
        ("UF_CRM_DAY", Value::Date(date(2024, 2, 1))),
        ("UF_CRM_BIND", texts(&["L_4", "CO_3"])),
    ];
    let deal = [
        ("TITLE", text("oculto")),
        ("CATEGORY_ID", code("3")),
        ("STAGE_ID", code("C3:NEW")),
        ("OPPORTUNITY", Value::Number(Decimal::from(1000))),
        ("COMPANY_ID", Value::Link(9)),
        ("SOURCE_DESCRIPTION", text("hidden")),
        ("COMMENTS", text("hidden")),
        ("PRODUCTS", Value::Products(vec![product("Tarima"), product("Flete; urgente"), product("Flete; urgente")])),
    ];
    vec![
        record(EntityType::Lead, 17, &lead),
        record(EntityType::Lead, 18, &[("TITLE", text("Otro")), ("STATUS_ID", code("BORRADO")), ("UF_CRM_TEXTS", texts(&["x"]))]),
        record(EntityType::Deal, 1, &deal),
        record(
            EntityType::Deal,
            2,
            &[("TITLE", text("Sin productos")), ("PRODUCTS", Value::Empty), ("STAGE_ID", code("C3:NEW"))],
        ),
        record(EntityType::Company, 9, &[("TITLE", text("Aceros")), ("WEB_WORK", texts(&["https://example.com/a,b"]))]),
    ]
}

fn snapshot(dir: &Path, made_at: &str) -> Manifest {
    let mut writer = SnapshotWriter::create(dir, &portal(), &schema(), at(made_at)).unwrap();
    for record in records() {
        writer.write(&record).unwrap();
    }
    writer.finish().unwrap()
}

/// Every field of `wanted` is in `found`; what else is there is empty.
fn assert_same<I, J>(wanted: &crate::model::Record<I>, found: &crate::model::Record<J>) {
    for (code, value) in wanted.fields() {
        assert_eq!(found.get(code.as_str()), Some(value), "{code}");
    }
    for (code, value) in found.fields().filter(|(code, _)| wanted.get(code.as_str()).is_none()) {
        assert_eq!(value, &Value::Empty, "{code}");
    }
}

#[test]
fn a_snapshot_gives_the_portals_records_back() {
    let dir = TempDir::new().unwrap();
    let place = dir.path().join("2024").join("snapshot");
    let made = snapshot(&place, "2024-02-01T10:00:00Z");
    assert_eq!(manifest(&place).unwrap(), made);
    let counts: Vec<_> = made.files.iter().map(|entry| (entry.name.as_str(), entry.records)).collect();
    assert_eq!(counts, [("schema.json", 1), ("company.csv", 1), ("contact.csv", 0), ("lead.csv", 2), ("deal.csv", 2)]);
    let current = read_current(&place, &Silent).unwrap();
    let mut found = Vec::new();
    for entity in EntityType::ALL {
        found.extend(current.records(entity).unwrap().flat_map(Result::unwrap));
    }
    assert_eq!(found.len(), records().len());
    for wanted in records() {
        let same = found.iter().find(|record| record.id == wanted.id && record.entity == wanted.entity).unwrap();
        assert_same(&wanted, same);
    }
}

#[test]
fn a_snapshot_is_a_restore_file() {
    let dir = TempDir::new().unwrap();
    let place = dir.path().join("snapshot");
    snapshot(&place, "2024-02-01T10:00:00Z");
    let paths: Vec<_> = read_current(&place, &Silent).unwrap().paths().collect();
    for path in paths {
        let file = intake::detect(&path, &Overrides::default()).unwrap();
        let schema = schema();
        let survey = intake::survey(&file, &schema, Keep::All, &mut SeenIds::default(), &Silent).unwrap();
        for row in intake::read(&file, &survey, &schema).unwrap().flat_map(Result::unwrap) {
            let Row::Record { record, .. } = row else { panic!("{row:?}") };
            let wanted =
                records().into_iter().find(|wanted| wanted.id.0 == record.id.0 && wanted.entity == record.entity).unwrap();
            if wanted.id != PortalId(18) {
                assert_same(&wanted, &record);
            }
        }
        assert_eq!(survey.unmapped, Vec::<String>::new());
    }
}

#[test]
fn a_snapshot_that_was_touched_is_refused() {
    let dir = TempDir::new().unwrap();
    for name in ["lead.csv", "schema.json"] {
        let place = dir.path().join(name.replace('.', "-"));
        snapshot(&place, "2024-02-01T10:00:00Z");
        let touched = fs::read_to_string(place.join(name)).unwrap().replace("Azul", "Verde").replace("Otro", "Otra");
        fs::write(place.join(name), touched).unwrap();
        let error = read_current(&place, &Silent).unwrap_err();
        assert!(matches!(error.kind, SnapshotErrorKind::Altered), "{error:?}");
    }
}

#[test]
fn an_unfinished_snapshot_leaves_nothing_and_a_finished_one_is_never_overwritten() {
    let dir = TempDir::new().unwrap();
    let place = dir.path().join("snapshot");
    let mut writer = SnapshotWriter::create(&place, &portal(), &schema(), at("2024-02-01T10:00:00Z")).unwrap();
    writer.write(&records()[0]).unwrap();
    drop(writer);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    snapshot(&place, "2024-02-01T10:00:00Z");
    let again = SnapshotWriter::create(&place, &portal(), &schema(), at("2024-02-02T10:00:00Z"));
    assert!(matches!(again.err().map(|error| error.kind), Some(SnapshotErrorKind::Exists)));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn the_newest_snapshots_are_kept_and_only_snapshots_are_removed() {
    let dir = TempDir::new().unwrap();
    let dirs: Vec<_> = ["a", "b", "c", "d"].iter().map(|name| dir.path().join(name)).collect();
    for (place, made_at) in dirs.iter().zip(["2024-02-03T10:00:00Z", "2024-02-01T10:00:00Z", "2024-02-02T10:00:00Z"]) {
        snapshot(place, made_at);
    }
    fs::create_dir(&dirs[3]).unwrap();
    assert_eq!(retention(&dirs, 1), [dirs[1].clone(), dirs[2].clone()]);
    assert_eq!(retention(&dirs, 0), retention(&dirs, 1));
    assert_eq!(retention(&dirs, 3), Vec::<std::path::PathBuf>::new());
    discard(&dirs[1]).unwrap();
    assert!(!dirs[1].exists());
    fs::write(dirs[2].join("notas.txt"), "mías").unwrap();
    assert!(matches!(discard(&dirs[2]).unwrap_err().kind, SnapshotErrorKind::Foreign(_)));
    assert!(dirs[2].join("lead.csv").exists());
}
