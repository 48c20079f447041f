//! Survivors whose phones, e-mails and titles an import has spoiled, and a plan that writes the files' values back into them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::KINDS;
use crate::crm::{Crm, Size, all, text};
use crate::portal::Portal;
use crate::stage::Stage;
use crate::world::{Origin, World};

/// A world with such survivors.
pub static SPOILED: LazyLock<World> = LazyLock::new(|| {
    let size = Size { companies: 6, contacts: 8, leads: 10, deals: 4 };
    World::spoiling(size, 5, false, Origin::Here, spoil)
});

/// The multi-fields that the CRM has.
const VALUES: [&str; 2] = ["PHONE", "EMAIL"];
/// What a writing moves besides.
const STAMPS: [&str; 6] =
    ["DATE_MODIFY", "MODIFY_BY_ID", "LAST_ACTIVITY_TIME", "LAST_ACTIVITY_BY", "IS_RETURN_CUSTOMER", "IS_REPEATED_APPROACH"];

/// Takes away every phone and e-mail of the survivors, enters two of somebody else's, and changes the titles of leads.
fn spoil(portal: &Portal, crm: &mut Crm) -> Vec<(&'static str, u64)> {
    let mut spoiled = Vec::new();
    for kind in KINDS.into_iter().filter(|kind| *kind != "deal") {
        for (id, record) in crm.survivors[kind].clone() {
            let mut fields = if kind == "lead" { json!({"TITLE": "otro título"}) } else { json!({}) };
            for field in VALUES {
                let Some(values) = record[field].as_array() else { continue };
                let mut entries: Vec<Value> = values.iter().map(|value| json!({"ID": value["ID"], "DELETE": "Y"})).collect();
                for n in 1..=2 {
                    let other =
                        if field == "PHONE" { format!("55 9999 {id:04} {n}") } else { format!("otro{id}.{n}@ejemplo.mx") };
                    entries.push(json!({"VALUE": other, "VALUE_TYPE": values[0]["VALUE_TYPE"]}));
                }
                fields[field] = json!(entries);
            }
            portal.call(&format!("crm.{kind}.update"), json!({"id": id, "fields": fields}));
            spoiled.push((kind, id));
        }
    }
    crm.survivors = all(portal);
    spoiled
}

/// The CRM as it has to be but for the spoiled survivors, which are looked at here: the files' phones, e-mails and titles, each value
/// once, and all else as it was.
pub fn restored(stage: &Stage) -> Crm {
    let crm = &stage.world.crm;
    let mut survivors = crm.survivors.clone();
    let now = all(stage.portal());
    for (kind, id) in &stage.world.spoiled {
        let (file, spoiled, is) = (&crm.before[kind][id], &crm.survivors[kind][id], &now[kind][id]);
        for field in VALUES {
            assert_eq!(values(is, field), values(file, field), "{kind} {id}, {field}");
        }
        for (field, was) in spoiled.as_object().expect("a record") {
            match field.as_str() {
                "TITLE" => assert_eq!(text(is, "TITLE"), text(file, "TITLE"), "{kind} {id}"),
                own if VALUES.contains(&own) || STAMPS.contains(&own) => {}
                _ => assert_eq!(is[field], *was, "{kind} {id}, {field}"),
            }
        }
        survivors.get_mut(kind).expect("a type").insert(*id, is.clone());
    }
    Crm { before: crm.before.clone(), survivors, lost: crm.lost.clone(), changed: crm.changed.clone() }
}

/// How often each value of a multi-field is there.
fn values(record: &Value, field: &str) -> BTreeMap<(String, String), usize> {
    let mut values = BTreeMap::new();
    for value in record[field].as_array().into_iter().flatten() {
        *values.entry((text(value, "VALUE_TYPE"), text(value, "VALUE"))).or_default() += 1;
    }
    values
}
