//! Methods of the global group, which need no scope and no record (rest-transport 1.3, 1.4).

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::answer::Reply;
use super::{methods, php};

/// What the webhook may use: what a restore needs, and no more.
const SCOPES: [&str; 2] = ["crm", "user_brief"];

/// The scopes that `full=true` lists, in short.
const ALL_SCOPES: [&str; 12] = [
    "bizproc",
    "calendar",
    "crm",
    "department",
    "disk",
    "im",
    "sonet_group",
    "task",
    "telephony",
    "user",
    "user_basic",
    "user_brief",
];

/// The methods of this file.
const OWN: [&str; 7] = ["app.info", "batch", "feature.get", "method.get", "methods", "scope", "server.time"];

/// Names that `methods` tells if the sandbox has them. The list of a real portal is longer.
const KNOWN: &[&str] = &[
    "profile",
    "user.current",
    "user.get",
    "user.admin",
    "user.access",
    "department.get",
    "crm.item.add",
    "crm.item.batchimport",
    "crm.item.delete",
    "crm.item.fields",
    "crm.item.get",
    "crm.item.import",
    "crm.item.list",
    "crm.item.update",
    "crm.item.productrow.add",
    "crm.item.productrow.list",
    "crm.item.productrow.set",
    "crm.lead.add",
    "crm.lead.delete",
    "crm.lead.fields",
    "crm.lead.get",
    "crm.lead.list",
    "crm.lead.update",
    "crm.deal.add",
    "crm.deal.delete",
    "crm.deal.fields",
    "crm.deal.get",
    "crm.deal.list",
    "crm.deal.update",
    "crm.deal.contact.items.get",
    "crm.deal.contact.items.set",
    "crm.contact.add",
    "crm.contact.delete",
    "crm.contact.fields",
    "crm.contact.get",
    "crm.contact.list",
    "crm.contact.update",
    "crm.contact.company.items.get",
    "crm.contact.company.items.set",
    "crm.company.add",
    "crm.company.delete",
    "crm.company.fields",
    "crm.company.get",
    "crm.company.list",
    "crm.company.update",
    "crm.lead.userfield.add",
    "crm.lead.userfield.list",
    "crm.deal.userfield.add",
    "crm.deal.userfield.list",
    "crm.contact.userfield.add",
    "crm.contact.userfield.list",
    "crm.company.userfield.add",
    "crm.company.userfield.list",
    "crm.status.add",
    "crm.status.list",
    "crm.status.fields",
    "crm.category.add",
    "crm.category.list",
    "crm.category.get",
    "crm.currency.add",
    "crm.currency.list",
    "crm.currency.base.get",
    "crm.type.list",
    "crm.enum.ownertype",
    "crm.enum.fields",
    "crm.duplicate.findbycomm",
    "crm.requisite.list",
    "crm.address.list",
    "crm.stagehistory.list",
    "crm.activity.list",
    "crm.timeline.comment.add",
    "crm.timeline.comment.list",
];

/// When and where a system method is called.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The wall clock.
    pub now: Timestamp,
    /// The server's zone.
    pub zone: TimeZone,
}

/// Whether the portal knows a method of this (lower-case) name at all.
pub fn portal_knows(method: &str) -> bool {
    #[cfg(test)]
    if super::probe::Probe::knows(method) {
        return true;
    }
    OWN.contains(&method) || methods::exists(method)
}

/// Answers a method of this file; nothing if it belongs elsewhere.
pub fn call(method: &str, params: &Map<String, Value>, surroundings: &Surroundings) -> Option<Reply> {
    let asks_full = ["full", "FULL"].iter().any(|key| params.get(*key).is_some_and(|full| full == "true" || full == true));
    Some(match method {
        "server.time" => {
            let now = surroundings.now.to_zoned_datetime(surroundings.zone.clone());
            Reply::of(now.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
        }
        "scope" if asks_full => Reply::of(json!(ALL_SCOPES)),
        "scope" => Reply::of(json!(SCOPES)),
        // The product's answer to a webhook; the documentation shows `ACCESS_DENIED` (rest-transport 1.4).
        "app.info" => Reply::of(json!({"SCOPE": SCOPES, "LICENSE": "en_sandbox"})),
        "feature.get" => Reply::of(json!({"value": "N"})),
        "methods" => Reply::of(OWN.iter().chain(KNOWN).filter(|name| portal_knows(name)).copied().collect::<Value>()),
        "method.get" => {
            let name = params.get("name").or_else(|| params.get("NAME")).and_then(php::as_text).unwrap_or_default();
            let known = portal_knows(&name);
            Reply::of(json!({"isExisting": known, "isAvailable": known}))
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(method: &str, params: Value) -> Value {
        let now = "2024-08-05T06:02:13Z".parse().expect("a timestamp");
        let zone = TimeZone::get("Europe/Moscow").expect("a zone");
        let Value::Object(params) = params else { unreachable!("an object literal") };
        call(method, &params, &Surroundings { now, zone }).expect("a system method").result
    }

    #[test]
    fn the_servers_time_is_told_in_its_zone() {
        assert_eq!(answered("server.time", json!({})), json!("2024-08-05T09:02:13+03:00"));
    }

    #[test]
    fn a_method_is_asked_for_in_lower_case() {
        assert_eq!(answered("method.get", json!({"name": "server.time"})), json!({"isExisting": true, "isAvailable": true}));
        assert_eq!(answered("method.get", json!({"name": "Server.Time"})), json!({"isExisting": false, "isAvailable": false}));
        assert_eq!(answered("method.get", json!({})), json!({"isExisting": false, "isAvailable": false}));
    }

    #[test]
    fn the_list_of_methods_holds_what_the_portal_knows() {
        let methods = answered("methods", json!({}));
        let names: Vec<&str> = methods.as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        assert!(names.contains(&"batch") && names.iter().all(|name| portal_knows(name)));
    }

    #[test]
    fn the_scope_is_no_wider_than_a_restore_needs() {
        assert_eq!(answered("scope", json!({})), json!(["crm", "user_brief"]));
        assert!(answered("scope", json!({"full": true})).as_array().expect("a list").len() > 2);
    }
}
