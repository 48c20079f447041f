//! `crm.contact.company.*`, `crm.company.contact.*`, `crm.deal.contact.*`, `crm.lead.contact.*`: client links.
//!
//! Source: rest-crm 8.1.

use serde_json::{Map, Value, json};

use super::{Params, ask};
use crate::sandbox::answer::{Reply, RestError};
use crate::sandbox::store::Store;
use crate::sandbox::store::links::{SORT_STEP, Wanted, whole_set, with_primary, without};
use crate::sandbox::store::record::{Entity, Link};
use crate::sandbox::store::value;

/// A link family: whose links they are, and what they point at.
#[derive(Debug, Clone, Copy)]
pub struct Side {
    /// The type after `crm.`.
    pub owner: Entity,
    /// The type after the owner's.
    pub target: Entity,
}

impl Side {
    /// `COMPANY_ID` or `CONTACT_ID`.
    fn key(self) -> &'static str {
        if self.target == Entity::Company { "COMPANY_ID" } else { "CONTACT_ID" }
    }

    fn links(self, store: &Store, id: u64) -> Vec<Link> {
        match self.owner {
            Entity::Company => store.contacts_of_company(id),
            owner => store.record(owner, id).map(|record| record.links.clone()).unwrap_or_default(),
        }
    }

    fn owner_id(self, store: &Store, params: &Params) -> Result<u64, RestError> {
        let id = ask::param_in_any_case(params, "id").map_or(0, value::integer);
        let id = u64::try_from(id).ok().filter(|id| *id > 0);
        let id = id.ok_or_else(|| RestError::bad("", "The parameter 'ownerEntityID' is invalid or not defined."))?;
        if store.record(self.owner, id).is_some() {
            return Ok(id);
        }
        Err(match self.owner {
            Entity::Lead => RestError::bad("NOT_FOUND", "Not found."),
            _ => RestError::bad("", "Not found."),
        })
    }

    /// Stores the owner's new links and stamps it: later writes move updatedTime (rest-crm 4.5 (8)).
    fn settle(self, store: &mut Store, id: u64, changed: bool) {
        if !changed {
            return;
        }
        if let Some(mut record) = store.record(self.owner, id).cloned() {
            store.stamp(&mut record);
            store.note(self.owner.name(), &id, "update", &record.to_disk());
            store.put_record(record);
        }
    }
}

/// `fields` describes a link.
pub fn fields(_: &mut Store, side: Side, _: &Params) -> Result<Reply, RestError> {
    let entry = |type_name: &str, required: bool| json!({ "type": type_name, "isRequired": required, "isReadOnly": false, "isImmutable": false, "isMultiple": false, "isDynamic": false, "title": "" });
    let mut fields = Map::new();
    fields.insert(side.key().to_owned(), entry("integer", true));
    fields.insert("SORT".to_owned(), entry("integer", false));
    fields.insert("IS_PRIMARY".to_owned(), entry("char", false));
    Ok(Reply::of(Value::Object(fields)))
}

/// `items.get` `{id}` answers the links by place: numbers as numbers, flags as texts.
pub fn items_get(store: &mut Store, side: Side, params: &Params) -> Result<Reply, RestError> {
    let id = side.owner_id(store, params)?;
    let rows: Vec<Value> = side
        .links(store, id)
        .iter()
        .map(|link| json!({ side.key(): link.target, "SORT": link.sort, "ROLE_ID": 0, "IS_PRIMARY": if link.primary { "Y" } else { "N" } }))
        .collect();
    Ok(Reply::of(Value::Array(rows)))
}

/// `items.set` `{id, items: [{COMPANY_ID|CONTACT_ID, SORT?, IS_PRIMARY?}]}` gives the owner just these links.
pub fn items_set(store: &mut Store, side: Side, params: &Params) -> Result<Reply, RestError> {
    let id = side.owner_id(store, params)?;
    let items = ask::param_in_any_case(params, "items").and_then(ask::map_of);
    let Some(items) = items else { return Err(RestError::bad("", "The parameter items must be array.")) };
    let mut wanted = Vec::new();
    for (place, item) in (1..).zip(items.values()) {
        let Some(mut want) = item.as_object().and_then(|item| wanted_link(side, item)) else { continue };
        if side.owner.has_stages() && want.sort.is_none() {
            // The deal family numbers by place. Source: rest-crm 8.1.
            want.sort = Some(place * SORT_STEP);
        }
        wanted.push(want);
    }
    let before = side.links(store, id);
    if side.owner == Entity::Company {
        store.set_contacts_of_company(id, &wanted);
    } else {
        store.change_links(side.owner, id, |links| whole_set(links, &wanted));
    }
    let changed = before != side.links(store, id);
    side.settle(store, id, changed);
    Ok(Reply::of(json!(true)))
}

/// `items.delete` `{id}` clears all links.
pub fn items_delete(store: &mut Store, side: Side, params: &Params) -> Result<Reply, RestError> {
    let id = side.owner_id(store, params)?;
    let changed = !side.links(store, id).is_empty();
    if side.owner == Entity::Company {
        store.set_contacts_of_company(id, &[]);
    } else {
        store.change_links(side.owner, id, |_| Vec::new());
    }
    side.settle(store, id, changed);
    Ok(Reply::of(json!(true)))
}

/// `add` `{id, fields: {..}}` answers `false` for a link that is there already.
pub fn add(store: &mut Store, side: Side, params: &Params) -> Result<Reply, RestError> {
    let id = side.owner_id(store, params)?;
    let want = one_link(side, params)?;
    if side.links(store, id).iter().any(|link| link.target == want.target) {
        return Ok(Reply::of(json!(false)));
    }
    if side.owner == Entity::Company {
        store.add_contact_of_company(id, want);
    } else {
        store.change_links(side.owner, id, |links| {
            let sort = want.sort.unwrap_or_else(|| links.iter().map(|link| link.sort).max().unwrap_or_default() + SORT_STEP);
            let mut links = links.to_vec();
            links.push(Link { target: want.target, sort, primary: links.is_empty() });
            if want.primary { with_primary(&links, want.target) } else { links }
        });
    }
    side.settle(store, id, true);
    Ok(Reply::of(json!(true)))
}

/// `delete` `{id, fields: {COMPANY_ID|CONTACT_ID}}` takes one link away.
pub fn delete(store: &mut Store, side: Side, params: &Params) -> Result<Reply, RestError> {
    let id = side.owner_id(store, params)?;
    let want = one_link(side, params)?;
    if side.links(store, id).iter().all(|link| link.target != want.target) {
        return Ok(Reply::of(json!(false)));
    }
    if side.owner == Entity::Company {
        store.drop_contact_of_company(id, want.target);
    } else {
        store.change_links(side.owner, id, |links| without(links, want.target));
    }
    side.settle(store, id, true);
    Ok(Reply::of(json!(true)))
}

fn one_link(side: Side, params: &Params) -> Result<Wanted, RestError> {
    let fields = ask::param_in_any_case(params, "fields").and_then(ask::map_of);
    let Some(fields) = fields else { return Err(RestError::bad("", "The parameter 'fields' must be array")) };
    wanted_link(side, &fields).ok_or_else(|| RestError::bad("", "The parameter 'fields' is not valid"))
}

fn wanted_link(side: Side, item: &Map<String, Value>) -> Option<Wanted> {
    let target = u64::try_from(value::integer(item.get(side.key())?)).ok().filter(|id| *id > 0)?;
    let sort = item.get("SORT").map(value::integer).filter(|sort| (1..=i64::from(i32::MAX)).contains(sort));
    Some(Wanted { target, sort, primary: item.get("IS_PRIMARY").is_some_and(value::classic_flag) })
}
