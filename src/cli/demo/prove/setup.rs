//! Faults that no rule for requests can make: what happens to a portal between plan and apply.

use serde_json::json;

use super::program::Program;
use super::scene::{self, Scene};
use super::world::{Key, World};
use super::{ProveError, world::ORDER};
use crate::cli::demo::world::{ADMIN, call};
use crate::sandbox::store::Store;
use crate::sandbox::store::record::Entity;
use crate::sandbox::store::rows::{Currency, Settings, Status};

/// A custom field that nobody fills in.
const FIELD: &str = "UF_CRM_PROBE";

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

    /// Makes it happen, after the plan was made. Where the portal has moved, the program at its new address is given.
    pub fn prepare(self, scene: &mut Scene, entity: Entity) -> Result<Option<Program>, ProveError> {
        match self {
            Self::PortalClosed | Self::ByName => {}
            Self::AnotherPortal => {
                let address = scene.reopen(true)?;
                let webhook = scene::webhook(&address.to_string(), &scene.world.secret);
                return Ok(Some(scene.program.at(webhook)));
            }
            Self::HugeIds => scene.meanwhile(|store| {
                for entity in ORDER {
                    store.reserve_id(&format!("record:{}", entity.type_id()), (1 << 53) + 7);
                }
                Ok(())
            })?,
            Self::RequiredField => scene.meanwhile(|store| require(store, entity, true))?,
            Self::StageGone => drop(scene.meanwhile(|store| Ok(take_status(store, stage(entity))))?),
            Self::ListValueGone => drop(scene.meanwhile(|store| Ok(take_status(store, list_value(entity))))?),
            Self::CurrencyGone => scene.meanwhile(|store| {
                store.drop_currency("EUR");
                Ok(())
            })?,
            Self::PersonDismissed => scene.meanwhile(|store| {
                dismiss(store);
                Ok(())
            })?,
            Self::CreatedElsewhere => {
                // One that refers to nothing that is lost itself; companies refer to nothing.
                let stands_alone =
                    |key: &&Key| scene.world.lost[key].references().iter().all(|of| scene.world.survivors.contains_key(of));
                let mut keys = scene.world.lost.keys().filter(stands_alone);
                let key = keys.clone().find(|key| key.0 == entity).or_else(|| keys.next_back()).copied();
                if let Some(key) = key {
                    let record = scene.world.lost[&key].clone();
                    scene.meanwhile(|store| bring_back(store, key, &record))?;
                }
            }
        }
        Ok(None)
    }

    /// Mends the cause, as a person would who was told of it.
    pub fn mend(self, scene: &mut Scene, entity: Entity) -> Result<(), ProveError> {
        match self {
            Self::AnotherPortal => scene.reopen(false).map(drop),
            Self::RequiredField => scene.meanwhile(|store| require(store, entity, false)),
            Self::StageGone => scene.meanwhile(|store| {
                put_status(store, stage(entity));
                Ok(())
            }),
            Self::CurrencyGone => scene.meanwhile(|store| {
                let like = store.currencies().first().copied().cloned();
                if let Some(like) = like {
                    store.put_currency(Currency { code: "EUR".to_owned(), base: false, ..like });
                }
                Ok(())
            }),
            _ => Ok(()),
        }
    }
}

fn require(store: &mut Store, entity: Entity, mandatory: bool) -> Result<(), ProveError> {
    store.set_settings(Settings { required_check: mandatory, ..store.settings().clone() });
    if mandatory {
        let method = format!("crm.{}.userfield.add", entity.name().to_lowercase());
        let fields = json!({ "FIELD_NAME": FIELD, "USER_TYPE_ID": "string", "MANDATORY": "Y", "LABEL": "Contrato" });
        call(store, ADMIN, jiff::Timestamp::now(), &method, json!({ "fields": fields }))?;
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

fn take_status(store: &mut Store, (directory, code): Code) -> Option<u64> {
    let id = store.status(directory, code)?.id;
    store.drop_status(id);
    Some(id)
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
fn bring_back(store: &mut Store, key: Key, record: &crate::sandbox::store::record::Record) -> Result<(), ProveError> {
    let mut fields = json!({ "originatorId": "b24restore", "originId": World::mark(key) });
    let text = |code: &str| record.get(code).map(crate::sandbox::store::record::Stored::to_disk);
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
    call(store, ADMIN, jiff::Timestamp::now(), "crm.item.import", params)?;
    Ok(())
}
