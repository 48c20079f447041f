//! The REST methods: name, parameters, rule, answer.
//!
//! One table, `METHODS`, names them all. The methods `sandbox.*` are the sandbox's own: no portal has them; tests and demonstrations
//! use them to set up what a person would do in the portal's pages (see [`extras`]).

pub mod ask;
pub mod category;
pub mod classic;
pub mod comment;
pub mod currency;
pub mod draft;
pub mod duplicate;
pub mod extras;
pub mod fields;
pub mod import;
pub mod item;
pub mod links;
pub mod list;
pub mod productrow;
pub mod settings;
pub mod show;
pub mod status;
#[cfg(test)]
mod tests;
pub mod user;
pub mod userfield;

use serde_json::{Map, Value};

use super::answer::{Reply, RestError};
use super::store::Store;
use super::store::record::Entity;

/// Who calls, and when: what a method may know of the request besides its parameters.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The user whose webhook it is.
    pub user: u64,
    /// The portal's wall clock at the start of the call.
    pub now: jiff::Timestamp,
}

/// The parameters of a call, merged from query and body.
pub type Params = Map<String, Value>;

/// What carries a method out.
#[derive(Debug, Clone, Copy)]
enum Handler {
    /// A method with a name of its own.
    Plain(fn(&mut Store, &Params) -> Result<Reply, RestError>),
    /// A method that exists for several record types; the type is part of the name.
    Of(Entity, fn(&mut Store, Entity, &Params) -> Result<Reply, RestError>),
    /// A link family: the owner's type, and the type on the other side.
    Link(Entity, Entity, fn(&mut Store, links::Side, &Params) -> Result<Reply, RestError>),
}

use Entity::{Company, Contact, Deal, Lead};
use Handler::{Link, Of, Plain};

/// Every method but those of the envelope (`batch`, `methods`, `scope`, ..), which belong to the door.
const METHODS: &[(&str, Handler)] = &[
    ("profile", Plain(user::profile)),
    ("user.get", Plain(user::get)),
    ("user.current", Plain(user::current)),
    ("user.admin", Plain(user::admin)),
    ("crm.item.add", Plain(item::add)),
    ("crm.item.get", Plain(item::get)),
    ("crm.item.list", Plain(item::list)),
    ("crm.item.update", Plain(item::update)),
    ("crm.item.delete", Plain(item::delete)),
    ("crm.item.fields", Plain(fields::item)),
    ("crm.item.import", Plain(import::one)),
    ("crm.item.batchimport", Plain(import::batch)),
    ("crm.item.productrow.list", Plain(productrow::list)),
    ("crm.item.productrow.set", Plain(productrow::set)),
    ("crm.lead.add", Of(Lead, classic::add)),
    ("crm.lead.get", Of(Lead, classic::get)),
    ("crm.lead.list", Of(Lead, classic::list)),
    ("crm.lead.update", Of(Lead, classic::update)),
    ("crm.lead.delete", Of(Lead, classic::delete)),
    ("crm.lead.fields", Of(Lead, fields::classic)),
    ("crm.deal.add", Of(Deal, classic::add)),
    ("crm.deal.get", Of(Deal, classic::get)),
    ("crm.deal.list", Of(Deal, classic::list)),
    ("crm.deal.update", Of(Deal, classic::update)),
    ("crm.deal.delete", Of(Deal, classic::delete)),
    ("crm.deal.fields", Of(Deal, fields::classic)),
    ("crm.contact.add", Of(Contact, classic::add)),
    ("crm.contact.get", Of(Contact, classic::get)),
    ("crm.contact.list", Of(Contact, classic::list)),
    ("crm.contact.update", Of(Contact, classic::update)),
    ("crm.contact.delete", Of(Contact, classic::delete)),
    ("crm.contact.fields", Of(Contact, fields::classic)),
    ("crm.company.add", Of(Company, classic::add)),
    ("crm.company.get", Of(Company, classic::get)),
    ("crm.company.list", Of(Company, classic::list)),
    ("crm.company.update", Of(Company, classic::update)),
    ("crm.company.delete", Of(Company, classic::delete)),
    ("crm.company.fields", Of(Company, fields::classic)),
    ("crm.lead.userfield.add", Of(Lead, userfield::add)),
    ("crm.lead.userfield.list", Of(Lead, userfield::list)),
    ("crm.deal.userfield.add", Of(Deal, userfield::add)),
    ("crm.deal.userfield.list", Of(Deal, userfield::list)),
    ("crm.contact.userfield.add", Of(Contact, userfield::add)),
    ("crm.contact.userfield.list", Of(Contact, userfield::list)),
    ("crm.company.userfield.add", Of(Company, userfield::add)),
    ("crm.company.userfield.list", Of(Company, userfield::list)),
    ("crm.contact.company.fields", Link(Contact, Company, links::fields)),
    ("crm.contact.company.add", Link(Contact, Company, links::add)),
    ("crm.contact.company.delete", Link(Contact, Company, links::delete)),
    ("crm.contact.company.items.get", Link(Contact, Company, links::items_get)),
    ("crm.contact.company.items.set", Link(Contact, Company, links::items_set)),
    ("crm.contact.company.items.delete", Link(Contact, Company, links::items_delete)),
    ("crm.company.contact.fields", Link(Company, Contact, links::fields)),
    ("crm.company.contact.add", Link(Company, Contact, links::add)),
    ("crm.company.contact.delete", Link(Company, Contact, links::delete)),
    ("crm.company.contact.items.get", Link(Company, Contact, links::items_get)),
    ("crm.company.contact.items.set", Link(Company, Contact, links::items_set)),
    ("crm.company.contact.items.delete", Link(Company, Contact, links::items_delete)),
    ("crm.deal.contact.fields", Link(Deal, Contact, links::fields)),
    ("crm.deal.contact.add", Link(Deal, Contact, links::add)),
    ("crm.deal.contact.delete", Link(Deal, Contact, links::delete)),
    ("crm.deal.contact.items.get", Link(Deal, Contact, links::items_get)),
    ("crm.deal.contact.items.set", Link(Deal, Contact, links::items_set)),
    ("crm.deal.contact.items.delete", Link(Deal, Contact, links::items_delete)),
    ("crm.lead.contact.fields", Link(Lead, Contact, links::fields)),
    ("crm.lead.contact.add", Link(Lead, Contact, links::add)),
    ("crm.lead.contact.delete", Link(Lead, Contact, links::delete)),
    ("crm.lead.contact.items.get", Link(Lead, Contact, links::items_get)),
    ("crm.lead.contact.items.set", Link(Lead, Contact, links::items_set)),
    ("crm.lead.contact.items.delete", Link(Lead, Contact, links::items_delete)),
    ("crm.status.list", Plain(status::list)),
    ("crm.status.add", Plain(status::add)),
    ("crm.status.fields", Plain(status::fields)),
    ("crm.category.list", Plain(category::list)),
    ("crm.category.add", Plain(category::add)),
    ("crm.dealcategory.list", Plain(category::deal_list)),
    ("crm.dealcategory.default.get", Plain(category::deal_default)),
    ("crm.dealcategory.stage.list", Plain(category::deal_stages)),
    ("crm.currency.list", Plain(currency::list)),
    ("crm.currency.add", Plain(currency::add)),
    ("crm.currency.base.get", Plain(currency::base)),
    ("crm.settings.mode.get", Plain(settings::mode)),
    ("crm.duplicate.findbycomm", Plain(duplicate::find)),
    ("crm.timeline.comment.add", Plain(comment::add)),
    ("crm.timeline.comment.list", Plain(comment::list)),
    ("sandbox.user.add", Plain(extras::user_add)),
    ("sandbox.settings.set", Plain(extras::settings_set)),
    ("sandbox.status.rename", Plain(extras::status_rename)),
    ("sandbox.status.delete", Plain(extras::status_delete)),
    ("sandbox.ledger", Plain(extras::ledger)),
    ("sandbox.binned", Plain(extras::binned)),
    ("sandbox.recover", Plain(extras::recover)),
];

fn handler(method: &str) -> Option<Handler> {
    METHODS.iter().find(|(name, _)| *name == method).map(|(_, handler)| *handler)
}

/// The names of all methods, the sandbox's own included.
pub fn names() -> impl Iterator<Item = &'static str> {
    METHODS.iter().map(|(name, _)| *name)
}

/// Whether the portal knows a method of this (lower-case) name.
pub fn exists(method: &str) -> bool {
    handler(method).is_some()
}

/// Carries a method out. The name is lower-case; parameters are already merged from query and body, by PHP's rules.
///
/// What the method changed is on disk when this returns, also where it answers an error: `crm.item.batchImport` can fail after it made
/// some records, and those stay (rest-crm 4.1).
pub fn call(store: &mut Store, caller: &Caller, method: &str, params: &Map<String, Value>) -> Result<Reply, RestError> {
    let Some(handler) = handler(method) else {
        return Err(RestError::with_status(404, "ERROR_METHOD_NOT_FOUND", "Method not found!"));
    };
    store.begin(method, caller.user, caller.now);
    let reply = match handler {
        Plain(run) => run(store, params),
        Of(entity, run) => run(store, entity, params),
        Link(owner, target, run) => run(store, links::Side { owner, target }, params),
    };
    match store.commit() {
        Ok(()) => reply,
        Err(_) => Err(RestError::with_status(500, "INTERNAL_SERVER_ERROR", "The sandbox could not write its state.")),
    }
}
