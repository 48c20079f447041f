//! The schema of one portal: what turns a cell's text into a value, and a value into a text for people.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::field::{FieldDef, FieldType, Multi, Writing, multifield_of, standard_fields};
use super::{EntityType, PersonName, UserId, fold, name_keys};

/// Fields, directories, pipelines, currencies and users of one portal.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Schema {
    /// The fields of each record type, multi-fields not included.
    pub fields: HashMap<EntityType, Vec<FieldDef>>,
    /// The directories of `crm.status.list`, by `ENTITY_ID`, in sort order.
    pub directories: BTreeMap<String, Vec<Entry>>,
    /// The pipelines of deals.
    pub pipelines: Vec<Pipeline>,
    /// The currencies.
    pub currencies: Vec<Currency>,
    /// All users, dismissed ones included.
    pub users: Vec<User>,
    /// With or without leads.
    pub mode: CrmMode,
    /// The server's offset from UTC in seconds, from `server.time`: the zone in which it reads times without an offset.
    pub server_offset: i32,
}

/// An entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// `STATUS_ID`: what records refer to.
    pub code: String,
    /// What people see.
    pub name: String,
    /// `S` won, `F` lost, empty in process.
    pub semantics: String,
}

/// A pipeline of deals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pipeline {
    /// Its number; 0 is the general one.
    pub id: u64,
    /// What people see.
    pub name: String,
}

/// A currency of the portal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Currency {
    /// The ISO code.
    pub code: String,
    /// What people see, and what an export prints.
    pub name: String,
    /// Whether it is the base currency.
    pub base: bool,
}

/// A user of the portal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// First name.
    pub name: String,
    /// Middle name.
    pub second_name: String,
    /// Last name.
    pub last_name: String,
    /// E-mail or login, where the webhook may see it.
    pub login: String,
    /// Whether they still work there.
    pub active: bool,
}

/// Whether the CRM has leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CrmMode {
    /// With leads.
    #[default]
    Classic,
    /// Without: a created lead turns into a deal at once.
    Simple,
}

impl Schema {
    /// The standard fields alone, with no dictionary: enough to read a file when no portal is at hand.
    pub fn standard() -> Self {
        let mut schema = Self::default();
        for entity in EntityType::ALL {
            let fields = standard_fields(entity).map(FieldDef::from).collect();
            schema.fields.insert(entity, fields);
        }
        schema
    }

    /// A field by its classic code; multi-fields are made on demand.
    pub fn field(&self, entity: EntityType, code: &str) -> Option<FieldDef> {
        match self.listed(entity, code) {
            Some(field) => Some(field.clone()),
            None if entity != EntityType::Deal => multifield_of(code).map(|multi| FieldDef::multi(code, multi)),
            None => None,
        }
    }

    /// A field of the schema itself, without a copy.
    pub fn listed(&self, entity: EntityType, code: &str) -> Option<&FieldDef> {
        self.fields.get(&entity)?.iter().find(|field| field.code.as_str() == code)
    }

    /// The directory of a deal's stages in a pipeline: `DEAL_STAGE`, or `DEAL_STAGE_<n>`.
    pub fn stage_directory(pipeline: u64) -> String {
        if pipeline == 0 { "DEAL_STAGE".to_owned() } else { format!("DEAL_STAGE_{pipeline}") }
    }

    /// The entries of a directory in sort order.
    pub fn entries(&self, directory: &str) -> &[Entry] {
        self.directories.get(directory).map_or(&[], Vec::as_slice)
    }

    /// What people see for a code of a directory.
    pub fn label(&self, directory: &str, code: &str) -> Option<&str> {
        self.entries(directory).iter().find(|entry| entry.code == code).map(|entry| entry.name.as_str())
    }

    /// The semantics of a stage, whatever its pipeline: `S`, `F`, or empty in process and for an unknown one.
    pub fn semantics(&self, entity: EntityType, stage: &str) -> &str {
        let of = |name: &str| name == "DEAL_STAGE" || name.starts_with("DEAL_STAGE_");
        self.directories
            .iter()
            .filter(|(name, _)| if entity == EntityType::Lead { *name == "STATUS" } else { of(name) })
            .flat_map(|(_, entries)| entries)
            .find(|entry| entry.code == stage)
            .map_or("", |entry| entry.semantics.as_str())
    }

    /// The base currency's code.
    pub fn base_currency(&self) -> Option<&str> {
        self.currencies.iter().find(|currency| currency.base).map(|currency| currency.code.as_str())
    }

    /// The users who bear a name in any of the formats that an export prints, or that login.
    pub fn users_named(&self, name: &str) -> Vec<&User> {
        let wanted = fold(name);
        self.users.iter().filter(|user| user.keys().contains(&wanted)).collect()
    }

    /// A user by id.
    pub fn user(&self, id: UserId) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }
}

impl User {
    /// The folded texts under which an export may print this user.
    pub fn keys(&self) -> Vec<String> {
        let mut keys = name_keys(&PersonName {
            honorific: String::new(),
            name: self.name.clone(),
            second: self.second_name.clone(),
            last: self.last_name.clone(),
        });
        if !self.login.is_empty() {
            keys.push(fold(&self.login));
        }
        keys
    }

    /// The name as the default format prints it; the login where there is no name.
    pub fn display(&self) -> String {
        let name = format!("{} {}", self.name, self.last_name).trim().to_owned();
        if name.is_empty() { self.login.clone() } else { name }
    }
}

impl From<&super::StandardField> for FieldDef {
    fn from(field: &super::StandardField) -> Self {
        Self {
            code: field.code.into(),
            universal: field.universal.to_owned(),
            kind: field.kind.clone(),
            multiple: field.multiple,
            writing: field.writing,
            portal_own: field.portal_own,
            labels: Vec::new(),
            items: Vec::new(),
        }
    }
}

impl FieldDef {
    /// The field of one kind and type of multi-field.
    pub fn multi(code: &str, multi: Multi) -> Self {
        Self {
            code: code.into(),
            universal: String::new(),
            kind: FieldType::Multi(multi),
            multiple: true,
            writing: Writing::Import,
            portal_own: false,
            labels: Vec::new(),
            items: Vec::new(),
        }
    }
}
