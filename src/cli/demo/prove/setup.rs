//! Faults that no rule for requests can make: what happens to a portal between plan and apply.

use jiff::Timestamp;
use serde_json::json;

use super::world::{Key, World};
use super::{ProveError, world::ORDER};
use crate::cli::demo::world::{ADMIN, call};
use crate::sandbox::store::Store;
use crate::sandbox::store::record::{Entity, Record, Stored};
use crate::sandbox::store::rows::{Currency, Settings, Status};

/// A custom field that nobody fills in.
const FIELD: &str = "UF_CRM_PROBE";

/// The currency of the deals.
const CURRENCY: &str = "EUR";

/// An id that no `double` holds.
const HUGE_ID: u64 = (1 << 53) + 7;

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setup {
    /// The portal has given out ids that no `double` holds.
    HugeIds,
    /// The portal closes and opens again.
    PortalClosed,
    /// The webhook names `localhost`, where IPv6 has nobody who listens.
    ByName,
    /// The portal that answers isn't the plan's.
    AnotherPortal,
    /// A custom field became required.
    RequiredField,
    /// A stage was deleted.
    StageGone,
    /// A currency was deleted.
    CurrencyGone,
    /// A value of a directory was deleted.
    ListValueGone,
    /// The person who was responsible has left.
    PersonDismissed,
    /// Another computer has brought a record back.
    CreatedElsewhere,
}

const NAMES: [(&str, Setup); 10] = [
    ("ids above 2^53", Setup::HugeIds),
    ("portal closed", Setup::PortalClosed),
    ("by name", Setup::ByName),
    ("another portal", Setup::AnotherPortal),
    ("required field", Setup::RequiredField),
    ("stage gone", Setup::StageGone),
    ("currency gone", Setup::CurrencyGone),
    ("list value gone", Setup::ListValueGone),
    ("person dismissed", Setup::PersonDismissed),
    ("created elsewhere", Setup::CreatedElsewhere),
];

impl Setup {
    /// The set-up of a name.
    pub fn named(name: &str) -> Result<Self, ProveError> {
        let known = NAMES.iter().find(|(known, _)| *known == name);
        known.map(|(_, setup)| *setup).ok_or_else(|| ProveError::Command(format!("no set-up {name:?}")))
    }

    /// Makes it happen in the portal's state, after the plan was made. What happens to the portal as a whole is the stage's matter.
    pub fn happen(self, store: &mut Store, world: &World, entity: Entity, now: Timestamp) -> Result<(), ProveError> {
        match self {
            Self::PortalClosed | Self::ByName | Self::AnotherPortal => {}
            Self::HugeIds => {
                for entity in ORDER {
                    store.reserve_id(&format!("record:{}", entity.type_id()), HUGE_ID);
                }
            }
            Self::RequiredField => require(store, entity, true, now)?,
            Self::StageGone => take_status(store, stage(entity)),
            Self::ListValueGone => take_status(store, list_value(entity)),
            Self::CurrencyGone => store.drop_currency(CURRENCY),
            Self::PersonDismissed => dismiss(store),
            Self::CreatedElsewhere => {
                // One that refers to nothing that is lost itself; companies refer to nothing.
                let stands_alone = |key: &&Key| world.lost[key].references().iter().all(|of| world.survivors.contains_key(of));
                let mut keys = world.lost.keys().filter(stands_alone);
                let key = keys.clone().find(|key| key.0 == entity).or_else(|| keys.next_back()).copied();
                if let Some(key) = key {
                    bring_back(store, key, &world.lost[&key], now)?;
                }
            }
        }
        Ok(())
    }

    /// Mends the cause, as a person would who was told of it.
    pub fn mend(self, store: &mut Store, entity: Entity, now: Timestamp) -> Result<(), ProveError> {
        match self {
            Self::RequiredField => require(store, entity, false, now)?,
            Self::StageGone => put_status(store, stage(entity)),
            Self::CurrencyGone => {
                let like = store.currencies().first().copied().cloned();
                if let Some(like) = like {
                    store.put_currency(Currency { code: CURRENCY.to_owned(), base: false, ..like });
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether a portal shows that it has happened to lost records of a type: what they bear isn't there any more, or what is there
    /// they don't bear.
    pub fn shows(self, store: &Store, world: &World, entity: Entity) -> bool {
        let lost = || world.lost.iter().filter(|(key, _)| key.0 == entity).map(|(_, record)| record);
        let all_bear = |field: &str, (directory, code): Code| {
            store.status(directory, code).is_none() && lost().all(|record| record.text(field) == code)
        };
        match self {
            Self::PortalClosed | Self::ByName | Self::AnotherPortal => false,
            Self::HugeIds => store.records(entity, HUGE_ID..).next().is_some(),
            Self::RequiredField => store.settings().required_check,
            Self::StageGone => all_bear("STAGE_ID", stage(entity)),
            Self::ListValueGone => all_bear(if entity == Entity::Company { "TYPE_ID" } else { "SOURCE_ID" }, list_value(entity)),
            Self::CurrencyGone => {
                !store.currencies().iter().any(|known| known.code == CURRENCY)
                    && lost().any(|record| record.text("CURRENCY_ID") == CURRENCY)
            }
            Self::PersonDismissed => lost().any(|record| {
                let person = record.integer("ASSIGNED_BY_ID").cast_unsigned();
                store.user(person).is_some_and(|user| !user.active)
            }),
            Self::CreatedElsewhere => world.lost.keys().any(|key| store.with_origin(key.0, &World::mark(*key)).next().is_some()),
        }
    }
}

fn require(store: &mut Store, entity: Entity, mandatory: bool, now: Timestamp) -> Result<(), ProveError> {
    store.set_settings(Settings { required_check: mandatory, ..store.settings().clone() });
    if mandatory {
        let method = format!("crm.{}.userfield.add", entity.name().to_lowercase());
        let fields = json!({ "FIELD_NAME": FIELD, "USER_TYPE_ID": "string", "MANDATORY": "Y", "LABEL": "Contrato" });
        call(store, ADMIN, now, &method, json!({ "fields": fields }))?;
    }
    Ok(())
}

/// A directory and one of its codes, which the lost records bear.
type Code = (&'static str, &'static str);

fn stage(entity: Entity) -> Code {
    if entity == Entity::Lead { ("STATUS", "IN_PROCESS") } else { ("DEAL_STAGE", "PREPARATION") }
}

fn list_value(entity: Entity) -> Code {
    if entity == Entity::Company { ("COMPANY_TYPE", "CUSTOMER") } else { ("SOURCE", "CALL") }
}

fn take_status(store: &mut Store, (directory, code): Code) {
    if let Some(id) = store.status(directory, code).map(|status| status.id) {
        store.drop_status(id);
    }
}

fn put_status(store: &mut Store, (directory, code): Code) {
    let Some(like) = store.directory(directory).get(1).copied().cloned() else { return };
    let id = store.next_id("status");
    store.put_status(Status { id, status_id: code.to_owned(), name: code.to_owned(), ..like });
}

/// Everybody but the administrator leaves.
fn dismiss(store: &mut Store) {
    let people: Vec<_> = store.users().filter(|user| user.id != ADMIN).cloned().collect();
    for mut person in people {
        person.active = false;
        store.put_user(person);
    }
}

/// Makes a record with the mark of a lost one, as this program does on another computer.
fn bring_back(store: &mut Store, key: Key, record: &Record, now: Timestamp) -> Result<(), ProveError> {
    let mut fields = json!({ "originatorId": "b24restore", "originId": World::mark(key) });
    let text = |code: &str| record.get(code).map(Stored::to_disk);
    for (name, code) in [
        ("title", "TITLE"),
        ("name", "NAME"),
        ("lastName", "LAST_NAME"),
        ("comments", "COMMENTS"),
        ("opportunity", "OPPORTUNITY"),
        ("currencyId", "CURRENCY_ID"),
        ("stageId", "STAGE_ID"),
        ("typeId", "TYPE_ID"),
        ("sourceId", "SOURCE_ID"),
        ("companyId", "COMPANY_ID"),
        ("assignedById", "ASSIGNED_BY_ID"),
        ("closedate", "CLOSEDATE"),
    ] {
        if let Some(value) = text(code) {
            fields[name] = value;
        }
    }
    for one in &record.multi {
        fields[&one.type_id] = json!([{ "VALUE": one.value, "VALUE_TYPE": one.value_type }]);
    }
    let linked: Vec<u64> = record.links.iter().map(|link| link.target).collect();
    fields[if key.0 == Entity::Contact { "companyIds" } else { "contactIds" }] = json!(linked);
    let params = json!({ "entityTypeId": key.0.type_id(), "fields": fields });
    call(store, ADMIN, now, "crm.item.import", params)?;
    Ok(())
}
