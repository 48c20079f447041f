//! The four record types of the CRM, and the order in which they depend on each other.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A record type of the CRM.
///
/// The order of the variants is the order of dependence: what comes later refers to what comes before, so records are re-created
/// in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EntityType {
    /// A company.
    Company,
    /// A contact, a person.
    Contact,
    /// A lead.
    Lead,
    /// A deal.
    Deal,
}

impl EntityType {
    /// All types, in the order of dependence.
    pub const ALL: [Self; 4] = [Self::Company, Self::Contact, Self::Lead, Self::Deal];

    /// The name in files, flags, JSON and classic method names: `company`, `contact`, `lead`, `deal`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Company => "company",
            Self::Contact => "contact",
            Self::Lead => "lead",
            Self::Deal => "deal",
        }
    }

    /// Bitrix24's `entityTypeId`: lead 1, deal 2, contact 3, company 4.
    pub const fn type_id(self) -> u64 {
        match self {
            Self::Lead => 1,
            Self::Deal => 2,
            Self::Contact => 3,
            Self::Company => 4,
        }
    }

    /// The short code of owners and bindings: `L`, `D`, `C`, `CO`.
    pub const fn short_code(self) -> &'static str {
        match self {
            Self::Lead => "L",
            Self::Deal => "D",
            Self::Contact => "C",
            Self::Company => "CO",
        }
    }
}

impl fmt::Display for EntityType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl FromStr for EntityType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|entity| entity.code() == text)
            .ok_or_else(|| format!("`{text}` is none of lead, contact, company, deal"))
    }
}
