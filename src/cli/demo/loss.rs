//! The days after the backup: work goes on, then one person's whole portfolio and a pipeline are deleted, and people begin to repair by hand.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::world::{ADMIN, WorldError, call};
use crate::sandbox::store::Store;
use crate::sandbox::store::record::{Entity, Record};

/// Mariana Olvera, whose portfolio gets lost.
const OWNER: i64 = 3;
/// "Renta y servicio".
const PIPELINE: i64 = 2;
/// Daniela Zúñiga, who meant to clean up another list.
const CULPRIT: u64 = 7;
/// Iván Treviño, who types the hottest deal in again.
const HELPER: u64 = 4;

/// In the order in which the lists were emptied.
const EMPTIED: [Entity; 4] = [Entity::Deal, Entity::Lead, Entity::Contact, Entity::Company];

/// What happened between the backup and now.
#[derive(Debug)]
pub struct Loss {
    /// Every record that was deleted.
    pub lost: Vec<Lost>,
    /// How many records the portal held just before.
    pub before: usize,
    /// Survivors that colleagues changed.
    pub changed: usize,
    /// Records made since the backup, those typed in again among them.
    pub made: usize,
    /// Deleted records that came back from the recycle bin.
    pub recovered: usize,
    /// Deleted records that somebody typed in again.
    pub retyped: usize,
}

/// A deleted record.
#[derive(Debug)]
pub struct Lost {
    /// Its type.
    pub entity: Entity,
    /// Its id, which nobody gets again.
    pub id: u64,
    /// What tells it from all others without its id.
    pub features: String,
}

impl Loss {
    /// How many of a type were deleted.
    pub fn of(&self, entity: Entity) -> usize {
        self.lost.iter().filter(|lost| lost.entity == entity).count()
    }
}

/// What tells a record from all others of the demo's company: the mobile phone of a person, the title of everything else.
pub fn features(record: &Record) -> String {
    match record.entity {
        Entity::Contact | Entity::Lead => {
            let mobile = record.multi.iter().find(|multi| multi.type_id == "PHONE" && multi.value_type == "MOBILE");
            mobile.map(|multi| multi.value.clone()).unwrap_or_default()
        }
        Entity::Deal | Entity::Company => record.text("TITLE").to_owned(),
    }
}

/// Whether a record belongs to the portfolio or the pipeline that get lost.
fn is_doomed(record: &Record) -> bool {
    record.integer("ASSIGNED_BY_ID") == OWNER || record.entity == Entity::Deal && record.integer("CATEGORY_ID") == PIPELINE
}

/// Lets the days after the backup pass.
pub fn lose(store: &mut Store) -> Result<Loss, WorldError> {
    let mut day = Clock::at("2026-11-20T09:12:00-06:00")?;
    let made = make_new(store, &mut day)?;
    let changed = change_survivors(store, &mut day)?;
    let label = json!({ "ENTITY_ID": "SOURCE", "STATUS_ID": "TRADE_SHOW", "NAME": "Expos y ferias" });
    call(store, ADMIN, day.tick(600), "sandbox.status.rename", label)?;

    let mut day = Clock::at("2026-11-23T08:14:00-06:00")?;
    let before = Entity::ALL.into_iter().map(|entity| store.records(entity, ..).count()).sum();
    let lost = delete_all(store, &mut day)?;
    let recovered = recover_some(store, &lost, &mut day)?;
    let retyped = retype(store, &lost, &mut day)?;
    Ok(Loss { lost, before, changed, made: made + retyped, recovered, retyped })
}

/// The wall clock of the days that pass.
struct Clock(Timestamp);

impl Clock {
    fn at(text: &str) -> Result<Self, WorldError> {
        Ok(Self(text.parse()?))
    }

    fn tick(&mut self, seconds: i64) -> Timestamp {
        self.0 += SignedDuration::from_secs(seconds);
        self.0
    }
}

/// Web forms go on filling in, and a colleague finds a client.
fn make_new(store: &mut Store, day: &mut Clock) -> Result<usize, WorldError> {
    const PEOPLE: [(&str, &str); 8] = [
        ("Renata", "Olivares Tirado"),
        ("Damián", "Quiñones Rea"),
        ("Ximena", "Barragán Solano"),
        ("Leobardo", "Ferrer Ochoa"),
        ("Aurelia", "Montes Landa"),
        ("Cirilo", "Esparza Nolasco"),
        ("Yolanda", "Trujano Peralta"),
        ("Fidel", "Arizmendi Coss"),
    ];
    for (place, (name, last)) in (1..).zip(PEOPLE) {
        let fields = json!({
            "title": format!("Formulario web: {name} {last}"), "name": name, "lastName": last, "sourceId": "WEBFORM", "currencyId": "MXN",
            "assignedById": HELPER, "fm": [{ "typeId": "PHONE", "valueType": "MOBILE", "value": format!("+52 55 0700 99{place:02}") }],
        });
        call(store, ADMIN, day.tick(9_400), "crm.item.add", json!({ "entityTypeId": 1, "fields": fields }))?;
    }
    let contact = json!({
        "name": "Eulalia", "lastName": "Canseco Rubio", "assignedById": HELPER, "typeId": "CLIENT",
        "fm": [{ "typeId": "PHONE", "valueType": "MOBILE", "value": "+52 81 0700 9950" }],
    });
    let contact = call(store, HELPER, day.tick(1_800), "crm.item.add", json!({ "entityTypeId": 3, "fields": contact }))?;
    let deal = json!({
        "title": "Patín hidráulico 2,500 kg - Eulalia Canseco", "opportunity": 7890, "currencyId": "MXN", "assignedById": HELPER,
        "contactIds": [contact["item"]["id"]],
    });
    call(store, HELPER, day.tick(600), "crm.item.add", json!({ "entityTypeId": 2, "fields": deal }))?;
    Ok(PEOPLE.len() + 2)
}

/// Colleagues call leads, negotiate amounts, correct phones: 38 records.
fn change_survivors(store: &mut Store, day: &mut Clock) -> Result<usize, WorldError> {
    let surviving = |store: &Store, entity, wanted: &dyn Fn(&Record) -> bool, most: usize| -> Vec<Record> {
        let known = store.records(entity, ..).rev().filter(|record| record.integer("CREATED_BY") != 1 && !is_doomed(record));
        known
            .filter(|record| record.instant("CREATED_TIME") < Some(BACKUP) && wanted(record))
            .step_by(3)
            .take(most)
            .cloned()
            .collect()
    };
    let leads = surviving(store, Entity::Lead, &|lead| lead.text("STAGE_ID") == "NEW", 15);
    let open = |deal: &Record| !deal.flag("CLOSED") && deal.integer("CATEGORY_ID") == 0;
    let mut deals = surviving(store, Entity::Deal, &open, 40);
    deals.retain(|deal| store.product_rows(Entity::Deal, deal.id).next().is_none());
    deals.truncate(11);
    let contacts =
        surviving(store, Entity::Contact, &|contact| contact.multi.iter().any(|multi| multi.value_type == "MOBILE"), 12);
    for lead in &leads {
        update(store, lead, day, &json!({ "stageId": "IN_PROCESS", "statusDescription": "Contactado por teléfono" }))?;
    }
    for deal in &deals {
        let amount = match deal.get("OPPORTUNITY") {
            Some(crate::sandbox::store::record::Stored::Number(amount)) => (amount * 0.95 * 100.0).round() / 100.0,
            _ => 9_990.0,
        };
        update(store, deal, day, &json!({ "opportunity": amount, "probability": 75 }))?;
    }
    for (place, contact) in (1..).zip(&contacts) {
        let Some(mobile) = contact.multi.iter().find(|multi| multi.value_type == "MOBILE") else { continue };
        let entry = json!({ "value": format!("+52 55 0700 88{place:02}") });
        update(store, contact, day, &json!({ "fm": { mobile.id.to_string(): entry } }))?;
    }
    Ok(leads.len() + deals.len() + contacts.len())
}

/// 2026-11-20 03:10 in Mexico City.
const BACKUP: i64 = 1_795_165_800;

fn update(store: &mut Store, record: &Record, day: &mut Clock, fields: &Value) -> Result<(), WorldError> {
    let user = u64::try_from(record.integer("ASSIGNED_BY_ID")).unwrap_or(ADMIN);
    let params = json!({ "entityTypeId": record.entity.type_id(), "id": record.id, "fields": fields });
    call(store, user, day.tick(1_700), "crm.item.update", params).map(drop)
}

fn delete_all(store: &mut Store, day: &mut Clock) -> Result<Vec<Lost>, WorldError> {
    let mut lost = Vec::new();
    for entity in EMPTIED {
        let doomed = store.records(entity, ..).filter(|record| is_doomed(record));
        lost.extend(doomed.map(|record| Lost { entity, id: record.id, features: features(record) }));
    }
    for record in &lost {
        let params = json!({ "entityTypeId": record.entity.type_id(), "id": record.id });
        call(store, CULPRIT, day.tick(1), "crm.item.delete", params)?;
    }
    Ok(lost)
}

/// The administrator tries the recycle bin on a few, then stops.
fn recover_some(store: &mut Store, lost: &[Lost], day: &mut Clock) -> Result<usize, WorldError> {
    let mut recovered = 0;
    for (entity, most) in [(Entity::Company, 2), (Entity::Contact, 5), (Entity::Deal, 3)] {
        for record in lost.iter().filter(|record| record.entity == entity).skip(20).step_by(9).take(most) {
            let params = json!({ "entityTypeId": entity.type_id(), "id": record.id });
            call(store, ADMIN, day.tick(45), "sandbox.recover", params)?;
            recovered += 1;
        }
    }
    Ok(recovered)
}

/// A colleague types the deal of the day in again from memory, and a lead who calls back.
fn retype(store: &mut Store, lost: &[Lost], day: &mut Clock) -> Result<usize, WorldError> {
    let binned = |entity: Entity, id: u64| {
        store.binned().find(|(of, old, _)| *of == entity.type_id() && *old == id).map(|(_, _, binned)| binned.body.clone())
    };
    let hot = lost.iter().filter(|record| record.entity == Entity::Deal).rev().find_map(|record| {
        let values = binned(Entity::Deal, record.id)?["values"].clone();
        let fits =
            values["STAGE_SEMANTIC_ID"] == json!("P") && values["CATEGORY_ID"].is_null() && values["CURRENCY_ID"] == json!("MXN");
        fits.then_some(values)
    });
    let caller = lost.iter().filter(|record| record.entity == Entity::Lead).rev().find_map(|record| {
        let values = binned(Entity::Lead, record.id)?["values"].clone();
        (values["STAGE_ID"] == json!("IN_PROCESS")).then(|| (values, record.features.clone()))
    });
    let mut retyped = 0;
    if let Some(deal) = hot {
        let fields = json!({
            "title": deal["TITLE"], "opportunity": deal["OPPORTUNITY"], "currencyId": "MXN", "stageId": deal["STAGE_ID"],
            "assignedById": HELPER, "comments": "La volví a capturar: firma hoy",
        });
        call(store, HELPER, day.tick(420), "crm.item.add", json!({ "entityTypeId": 2, "fields": fields }))?;
        retyped += 1;
    }
    if let Some((lead, phone)) = caller {
        let fields = json!({
            "title": "Devolver la llamada", "name": lead["NAME"], "lastName": lead["LAST_NAME"], "sourceId": "CALL", "currencyId": "MXN",
            "assignedById": HELPER, "fm": [{ "typeId": "PHONE", "valueType": "MOBILE", "value": phone }],
        });
        call(store, HELPER, day.tick(300), "crm.item.add", json!({ "entityTypeId": 1, "fields": fields }))?;
        retyped += 1;
    }
    Ok(retyped)
}

#[cfg(test)]
mod tests {
    use super::super::world;
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_loss_is_the_one_that_is_told() {
        let dir = tempfile::tempdir().expect("a temporary directory can be made");
        let mut store = world::build(dir.path()).expect("the bundled portal can be built");
        assert_eq!(BACKUP, "2026-11-20T03:10:00-06:00".parse::<Timestamp>().expect("it is a moment").as_second());
        let loss = lose(&mut store).expect("days pass");
        assert_eq!(
            [Entity::Company, Entity::Contact, Entity::Lead, Entity::Deal].map(|entity| loss.of(entity)),
            [62, 214, 187, 240]
        );
        assert_eq!((loss.changed, loss.made, loss.recovered, loss.retyped), (38, 12, 10, 2));
        let features: HashSet<_> = loss.lost.iter().map(|lost| (lost.entity, &lost.features)).collect();
        assert_eq!(features.len(), loss.lost.len(), "the features of a lost record are its own");
    }
}
