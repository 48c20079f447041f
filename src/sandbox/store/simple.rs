//! The simple CRM mode: a lead turns into a deal at once.
//!
//! Source: rest-crm 8.2, 9.5. What exactly the deal takes over from the lead is (inferred).

use super::Store;
use super::record::{Entity, Multi, Record, Stored};
use super::save::{Draft, MultiChange, MultiEntry};
use crate::sandbox::answer::RestError;

/// What a deal has in common with the lead it comes from.
const TAKEN_OVER: [&str; 15] = [
    "TITLE",
    "COMPANY_ID",
    "OPPORTUNITY",
    "IS_MANUAL_OPPORTUNITY",
    "CURRENCY_ID",
    "SOURCE_ID",
    "SOURCE_DESCRIPTION",
    "COMMENTS",
    "OPENED",
    "ASSIGNED_BY_ID",
    "UTM_SOURCE",
    "UTM_MEDIUM",
    "UTM_CAMPAIGN",
    "UTM_CONTENT",
    "UTM_TERM",
];

/// What a contact has in common with the lead it comes from.
const PERSON: [&str; 9] =
    ["HONORIFIC", "NAME", "SECOND_NAME", "LAST_NAME", "BIRTHDATE", "POST", "SOURCE_ID", "OPENED", "ASSIGNED_BY_ID"];

impl Store {
    /// Turns a lead that was just made into a deal, if the portal is in simple mode; the lead is no longer found afterwards.
    pub fn follow_simple_mode(&mut self, entity: Entity, id: u64) -> Result<(), RestError> {
        if self.settings().mode != 2 || entity != Entity::Lead {
            return Ok(());
        }
        let Some(lead) = self.take_record(Entity::Lead, id) else { return Ok(()) };
        let mut contacts: Vec<u64> = lead.links.iter().map(|link| link.target).collect();
        let person = !lead.multi.is_empty() || ["NAME", "LAST_NAME"].iter().any(|code| !lead.text(code).is_empty());
        if contacts.is_empty() && person {
            contacts.push(self.create(Entity::Contact, &person_of(&lead))?);
        }
        let deal = Draft { values: taken(&lead, &TAKEN_OVER), links: Some(contacts), ..Draft::default() };
        self.create(Entity::Deal, &deal)?;
        self.note(Entity::Lead.name(), &id, "convert", &lead.to_disk());
        Ok(())
    }
}

fn taken(lead: &Record, codes: &[&'static str]) -> Vec<(&'static str, Option<Stored>)> {
    codes.iter().filter_map(|code| Some((*code, Some(lead.get(code)?.clone())))).collect()
}

fn person_of(lead: &Record) -> Draft {
    let added = |multi: &Multi| {
        MultiChange::Add(MultiEntry {
            type_id: multi.type_id.clone(),
            value_type: multi.value_type.clone(),
            value: multi.value.clone(),
        })
    };
    let company = lead.integer("COMPANY_ID");
    Draft {
        values: taken(lead, &PERSON),
        primary: (company > 0).then_some(company as u64),
        multi: lead.multi.iter().map(added).collect(),
        ..Draft::default()
    }
}
