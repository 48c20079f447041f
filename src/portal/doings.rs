//! What people have done around records since: comments, activities (tasks and calls among them), and links from other records.
//!
//! None of it is a field of the record, and none of it moves its date of modification.

use std::collections::HashSet;

use serde_json::json;

use super::answer::{Answer, values};
use super::call::Call;
use super::decode::Decoder;
use super::effect::Refusal;
use super::error::PortalError;
use super::page::records_of;
use super::reader::Reader;
use super::walk::PAGE;
use crate::model::{EntityType, LiveRecord, PortalId, Schema, Value};

/// A link from one record to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkFrom {
    /// What kind of record bears the link.
    pub entity: EntityType,
    /// Its id.
    pub id: PortalId,
    /// The record that it leads to.
    pub target: PortalId,
}

/// Which fields of which records lead to a type of record: by the name to filter by, and by classic codes. The first of each is the primary
/// link, by which every portal filters; whether it filters by the whole list as well isn't documented.
const LEADING_TO: &[(EntityType, EntityType, &[&str], &[&str])] = &[
    (EntityType::Company, EntityType::Contact, &["companyId", "companyIds"], &["COMPANY_ID", "COMPANY_IDS"]),
    (EntityType::Company, EntityType::Lead, &["companyId"], &["COMPANY_ID"]),
    (EntityType::Company, EntityType::Deal, &["companyId"], &["COMPANY_ID"]),
    (EntityType::Contact, EntityType::Lead, &["contactId", "contactIds"], &["CONTACT_ID", "CONTACT_IDS"]),
    (EntityType::Contact, EntityType::Deal, &["contactId", "contactIds"], &["CONTACT_ID", "CONTACT_IDS"]),
    (EntityType::Lead, EntityType::Company, &["leadId"], &["LEAD_ID"]),
    (EntityType::Lead, EntityType::Contact, &["leadId"], &["LEAD_ID"]),
    (EntityType::Lead, EntityType::Deal, &["leadId"], &["LEAD_ID"]),
];

impl Reader {
    /// Which of these records bear a comment in their timeline. One command a record (rest-crm 8.5).
    pub async fn commented(&self, entity: EntityType, ids: &[PortalId]) -> Result<HashSet<PortalId>, PortalError> {
        self.bearing(ids, |id| {
            let filter = json!({"ENTITY_ID": id.0, "ENTITY_TYPE": entity.code()});
            Call::new("crm.timeline.comment.list", json!({"filter": filter, "select": ["ID"]}))
        })
        .await
    }

    /// Which of these records an activity is bound to: calls, meetings, mails, to-dos, and tasks, each of which makes an activity by itself
    /// (rest-crm 8.6). One command a record.
    pub async fn active(&self, entity: EntityType, ids: &[PortalId]) -> Result<HashSet<PortalId>, PortalError> {
        self.bearing(ids, |id| {
            let filter = json!({"BINDINGS": [{"OWNER_TYPE_ID": entity.type_id(), "OWNER_ID": id.0}]});
            Call::new("crm.activity.list", json!({"filter": filter, "select": ["ID"]}))
        })
        .await
    }

    async fn bearing(&self, ids: &[PortalId], call: impl Fn(PortalId) -> Call) -> Result<HashSet<PortalId>, PortalError> {
        let calls: Vec<Call> = ids.iter().map(|id| call(*id)).collect();
        let mut bearing = HashSet::new();
        for (id, answer) in ids.iter().zip(self.line().read(&calls).await?) {
            match answer {
                Ok(answer) if !values(&answer.result).is_empty() => {
                    bearing.insert(*id);
                }
                Ok(_) => {}
                // A portal without the method has none of these; a record that went meanwhile bears nothing any more.
                Err(refusal) if is_nothing(&refusal) => {}
                Err(refusal) => return Err(PortalError::from(refusal)),
            }
        }
        Ok(bearing)
    }

    /// The links that lead to these records, from whatever record. A few commands for every 50 of them.
    pub async fn links_to(&self, target: EntityType, ids: &[PortalId], schema: &Schema) -> Result<Vec<LinkFrom>, PortalError> {
        let wanted: HashSet<u64> = ids.iter().map(|id| id.0).collect();
        let mut found = Vec::new();
        for (_, owner, filters, codes) in LEADING_TO.iter().filter(|(of, ..)| *of == target) {
            let mut seen = HashSet::new();
            for (at, name) in filters.iter().enumerate() {
                for record in self.linking(*owner, name, ids, schema, at == 0).await? {
                    let targets = codes.iter().filter_map(|code| record.get(code)).flat_map(Value::each);
                    let targets = targets.filter_map(|value| if let Value::Link(id) = value { Some(*id) } else { None });
                    for id in targets.filter(|id| wanted.contains(id)) {
                        if seen.insert((record.id, id)) {
                            found.push(LinkFrom { entity: *owner, id: record.id, target: PortalId(id) });
                        }
                    }
                }
            }
        }
        Ok(found)
    }

    async fn linking(
        &self,
        owner: EntityType,
        field: &str,
        ids: &[PortalId],
        schema: &Schema,
        is_primary: bool,
    ) -> Result<Vec<LiveRecord>, PortalError> {
        let condition = format!("@{field}");
        let call = |ids: &[PortalId]| {
            let ids: Vec<u64> = ids.iter().map(|id| id.0).collect();
            let select = ["id", "companyId", "companyIds", "contactId", "contactIds", "leadId"];
            let filter = json!({condition.as_str(): ids});
            let params =
                json!({"entityTypeId": owner.type_id(), "select": select, "filter": filter, "order": {"id": "ASC"}, "start": -1});
            Call::new("crm.item.list", params)
        };
        let mut calls: Vec<Call> = ids.chunks(PAGE).map(call).collect();
        let decoder = Decoder::new(owner, schema);
        let mut records = Vec::new();
        while !calls.is_empty() {
            let answers: Vec<Result<Answer, Refusal>> = self.line().read(&calls).await?;
            let mut further = Vec::new();
            for (mut call, answer) in std::mem::take(&mut calls).into_iter().zip(answers) {
                let answer = match answer {
                    Err(refusal) if !is_primary && refusal.code == "INVALID_ARG_VALUE" => continue,
                    answer => answer?,
                };
                let page = records_of(&decoder, &answer)?;
                if let Some(last) = page.last().filter(|_| page.len() >= PAGE) {
                    call.params["filter"][">id"] = json!(last.id.0);
                    further.push(call);
                }
                records.extend(page);
            }
            calls = further;
        }
        Ok(records)
    }

    /// The records that bear a mark of b24restore and an id above the one that is given for their type, with their origin pairs: what was
    /// re-created since. One request as long as they are few.
    pub async fn marked_above(&self, above: &[(EntityType, PortalId)], schema: &Schema) -> Result<Vec<LiveRecord>, PortalError> {
        let call = |(entity, above): &(EntityType, PortalId)| {
            let filter = json!({"=originatorId": crate::model::ORIGINATOR, ">id": above.0});
            (*entity, super::page::list_call(*entity, &filter, false))
        };
        let mut calls: Vec<(EntityType, Call)> = above.iter().map(call).collect();
        let mut records = Vec::new();
        while !calls.is_empty() {
            let sent: Vec<Call> = calls.iter().map(|(_, call)| call.clone()).collect();
            let answers = self.line().read(&sent).await?;
            let mut further = Vec::new();
            for ((entity, mut call), answer) in calls.into_iter().zip(answers) {
                let page = records_of(&Decoder::new(entity, schema), &answer?)?;
                if let Some(last) = page.last().filter(|_| page.len() >= PAGE) {
                    call.params["filter"][">id"] = json!(last.id.0);
                    further.push((entity, call));
                }
                records.extend(page);
            }
            calls = further;
        }
        Ok(records)
    }
}

fn is_nothing(refusal: &Refusal) -> bool {
    ["ERROR_METHOD_NOT_FOUND", "OWNER_NOT_FOUND", "NOT_FOUND"].contains(&refusal.code.as_str())
}
