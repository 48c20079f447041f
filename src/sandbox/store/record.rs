//! One record of the portal: its stored values, multi-fields and links, and how they are written down.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::schema::{Field, Kind, Schema};

/// The four record types that the sandbox stores, under the portal's `entityTypeId` numbers.
///
/// Source: rest-crm, list of entity types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entity {
    /// entityTypeId 1.
    Lead = 1,
    /// entityTypeId 2.
    Deal = 2,
    /// entityTypeId 3.
    Contact = 3,
    /// entityTypeId 4.
    Company = 4,
}

impl Entity {
    /// All of them, by number.
    pub const ALL: [Self; 4] = [Self::Lead, Self::Deal, Self::Contact, Self::Company];

    /// The entity type with this `entityTypeId`.
    pub fn of_type_id(id: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|entity| entity.type_id() == id)
    }

    /// The entity type with this name in either case: `lead`, `DEAL`.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|entity| entity.name().eq_ignore_ascii_case(name))
    }

    /// Its `entityTypeId`.
    pub fn type_id(self) -> i64 {
        self as i64
    }

    /// Its name in upper case, as in `crm.duplicate.findbycomm`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lead => "LEAD",
            Self::Deal => "DEAL",
            Self::Contact => "CONTACT",
            Self::Company => "COMPANY",
        }
    }

    /// Its name in sentences and placeholders: `Lead #5`.
    pub fn caption(self) -> &'static str {
        match self {
            Self::Lead => "Lead",
            Self::Deal => "Deal",
            Self::Contact => "Contact",
            Self::Company => "Company",
        }
    }

    /// Whether its records stand in a stage.
    pub fn has_stages(self) -> bool {
        matches!(self, Self::Lead | Self::Deal)
    }

    /// What the links of a record of this type point at: a contact's companies, a deal's or lead's contacts.
    /// A company has none of its own: its contacts are the contacts that point at it.
    pub fn link_target(self) -> Option<Self> {
        match self {
            Self::Contact => Some(Self::Company),
            Self::Lead | Self::Deal => Some(Self::Contact),
            Self::Company => None,
        }
    }
}

/// A stored value. What is empty isn't stored at all.
#[derive(Debug, Clone, PartialEq)]
pub enum Stored {
    /// A text, a directory code, a stage.
    Text(Box<str>),
    /// An id, a user, a whole number, an item of a list field.
    Integer(i64),
    /// An amount or other number with a fraction.
    Number(f64),
    /// Yes or no.
    Flag(bool),
    /// A calendar day without zone.
    Day(Date),
    /// An instant in whole seconds since 1970.
    Instant(i64),
    /// The values of a multiple field.
    List(Box<[Stored]>),
}

impl Stored {
    /// A text value.
    pub fn text(text: impl Into<Box<str>>) -> Self {
        Self::Text(text.into())
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number, if it is one.
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// How the value stands in the `SQLite` file: texts and numbers as such, flags as `Y`/`N`, days as `YYYY-MM-DD`, instants as UTC.
    pub fn to_disk(&self) -> Value {
        match self {
            Self::Text(text) => json!(text),
            Self::Integer(number) => json!(number),
            Self::Number(number) => json!(number),
            Self::Flag(flag) => json!(if *flag { "Y" } else { "N" }),
            Self::Day(day) => json!(day.to_string()),
            Self::Instant(seconds) => json!(Timestamp::from_second(*seconds).unwrap_or(Timestamp::UNIX_EPOCH).to_string()),
            Self::List(items) => Value::Array(items.iter().map(Self::to_disk).collect()),
        }
    }

    /// Reads what [`Stored::to_disk`] wrote; nothing where it can't be of this kind.
    pub(super) fn from_disk(kind: Kind, value: &Value) -> Option<Self> {
        if let Value::Array(items) = value {
            return Some(Self::List(items.iter().filter_map(|item| Self::from_disk(kind, item)).collect()));
        }
        Some(match (kind.base(), value) {
            (Base::Flag, Value::String(text)) => Self::Flag(text == "Y"),
            (Base::Day, Value::String(text)) => Self::Day(text.parse().ok()?),
            (Base::Instant, Value::String(text)) => Self::Instant(text.parse::<Timestamp>().ok()?.as_second()),
            (Base::Number, Value::Number(number)) => Self::Number(number.as_f64()?),
            (Base::Integer, Value::Number(number)) => Self::Integer(number.as_i64()?),
            (_, Value::String(text)) => Self::text(text.as_str()),
            (_, Value::Number(number)) => {
                number.as_i64().map_or_else(|| Self::Number(number.as_f64().unwrap_or_default()), Self::Integer)
            }
            _ => return None,
        })
    }
}

/// The form in which the values of a kind of field are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// [`Stored::Text`].
    Text,
    /// [`Stored::Integer`].
    Integer,
    /// [`Stored::Number`].
    Number,
    /// [`Stored::Flag`].
    Flag,
    /// [`Stored::Day`].
    Day,
    /// [`Stored::Instant`].
    Instant,
}

/// One phone, e-mail, site or messenger address of a record.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Multi {
    /// Its own id, unique over all records.
    pub id: u64,
    /// `PHONE`, `EMAIL`, `WEB`, `IM` or `LINK`.
    pub type_id: String,
    /// `WORK`, `HOME` and so on.
    pub value_type: String,
    /// The number or address as it was given.
    pub value: String,
}

/// A link of a record to a company (of a contact) or to a contact (of a deal or lead).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Link {
    /// The id on the other side.
    pub target: u64,
    /// The place in the owner's order.
    pub sort: i64,
    /// Whether it is the owner's primary link; exactly one is, if there are any.
    pub primary: bool,
}

/// A record as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its type.
    pub entity: Entity,
    /// Its id, given by the portal.
    pub id: u64,
    values: Vec<(&'static str, Stored)>,
    /// Its multi-fields, in the order of their ids.
    pub multi: Vec<Multi>,
    /// Its links, in their order.
    pub links: Vec<Link>,
}

impl Record {
    /// A record without any value.
    pub fn new(entity: Entity, id: u64) -> Self {
        Self { entity, id, values: Vec::new(), multi: Vec::new(), links: Vec::new() }
    }

    /// The value under a field's code, if there is one.
    pub fn get(&self, code: &str) -> Option<&Stored> {
        self.values.iter().find(|(name, _)| *name == code).map(|(_, value)| value)
    }

    /// Sets or empties the value under a field's code.
    pub fn set(&mut self, code: &'static str, value: Option<Stored>) {
        let place = self.values.iter().position(|(name, _)| *name == code);
        match (place, value) {
            (Some(place), Some(value)) => self.values[place].1 = value,
            (Some(place), None) => {
                self.values.remove(place);
            }
            (None, Some(value)) => self.values.push((code, value)),
            (None, None) => {}
        }
    }

    /// Whether it holds the same as another; a flag that isn't stored is no.
    pub fn same_as(&self, other: &Self) -> bool {
        let holds = |one: &Self, other: &Self| {
            one.values.iter().all(|(code, value)| other.get(code).map_or(*value == Stored::Flag(false), |found| found == value))
        };
        self.multi == other.multi && self.links == other.links && holds(self, other) && holds(other, self)
    }

    /// Gives back the room that changes left over; a portal may hold hundreds of thousands of records.
    pub fn shrink(&mut self) {
        self.values.shrink_to_fit();
        self.multi.shrink_to_fit();
        self.links.shrink_to_fit();
    }

    /// The text under a code; empty where there is none.
    pub fn text(&self, code: &str) -> &str {
        self.get(code).and_then(Stored::as_text).unwrap_or_default()
    }

    /// The whole number under a code; 0 where there is none.
    pub fn integer(&self, code: &str) -> i64 {
        self.get(code).and_then(Stored::as_integer).unwrap_or_default()
    }

    /// The instant under a code, in seconds.
    pub fn instant(&self, code: &str) -> Option<i64> {
        match self.get(code) {
            Some(Stored::Instant(seconds)) => Some(*seconds),
            _ => None,
        }
    }

    /// Whether a flag is set.
    pub fn flag(&self, code: &str) -> bool {
        matches!(self.get(code), Some(Stored::Flag(true)))
    }

    /// The id of the primary link's other side; 0 where there is none.
    pub fn primary(&self) -> u64 {
        self.links.iter().find(|link| link.primary).map_or(0, |link| link.target)
    }

    /// What the record points at: its links, its company, its lead.
    pub fn references(&self) -> Vec<(Entity, u64)> {
        let mut references = Vec::new();
        if let Some(target) = self.entity.link_target() {
            references.extend(self.links.iter().map(|link| (target, link.target)));
        }
        for (code, target) in [("COMPANY_ID", Entity::Company), ("LEAD_ID", Entity::Lead)] {
            let id = self.integer(code);
            if id > 0 {
                references.push((target, id as u64));
            }
        }
        references
    }

    /// How the record stands in the `SQLite` file: `{"values":{CODE:..},"multi":[..],"links":[..]}`.
    pub fn to_disk(&self) -> Value {
        let values: Map<String, Value> = self.values.iter().map(|(code, value)| ((*code).to_owned(), value.to_disk())).collect();
        json!({ "values": values, "multi": self.multi, "links": self.links })
    }

    /// Reads what [`Record::to_disk`] wrote; values of fields that are no longer known are left out.
    pub fn from_disk(schema: &Schema, entity: Entity, id: u64, body: &Value) -> Self {
        let mut record = Self::new(entity, id);
        for (code, value) in body["values"].as_object().into_iter().flatten() {
            let Some(Field { code, kind, .. }) = schema.by_code(code) else { continue };
            record.set(code, Stored::from_disk(kind, value));
        }
        record.multi = serde_json::from_value(body["multi"].clone()).unwrap_or_default();
        record.links = serde_json::from_value(body["links"].clone()).unwrap_or_default();
        record.shrink();
        record
    }
}
