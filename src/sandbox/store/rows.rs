//! What a portal holds besides records: users, directories, pipelines, currencies, custom fields, comments, product rows, settings.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Letters of a webhook's secret.
const SECRET_LEN: usize = 16;

/// A user with a webhook of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The user's id.
    pub id: u64,
    /// First name.
    pub name: String,
    /// Middle name.
    #[serde(default)]
    pub second_name: String,
    /// Last name.
    pub last_name: String,
    /// E-mail.
    pub email: String,
    /// False for the dismissed.
    pub active: bool,
    /// Whether the user is an administrator of the portal.
    pub admin: bool,
    /// The IANA zone of the profile; empty for the server's.
    pub time_zone: String,
    /// The secret part of the user's webhook address.
    pub secret: String,
    /// When the user was registered, in seconds.
    pub registered: i64,
}

/// The secret of a new webhook: nobody who hasn't seen it knows it. The keys of the standard library's hashes are the system's own
/// randomness, made so that nobody can guess what they give.
pub fn new_secret() -> String {
    const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let random = RandomState::new();
    (0..SECRET_LEN).map(|at| char::from(LETTERS[(random.hash_one(at) % 36) as usize])).collect()
}

/// A value of a directory: a stage, a source, a type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The row's id.
    pub id: u64,
    /// The directory: `SOURCE`, `DEAL_STAGE_3`.
    pub entity_id: String,
    /// The code that records refer to.
    pub status_id: String,
    /// The name shown.
    pub name: String,
    /// The name of a system value at installation; empty for others.
    pub name_init: String,
    /// The place in the directory.
    pub sort: i64,
    /// Whether it is a system value.
    pub system: bool,
    /// The pipeline of a deal stage; none for pipeline 0 and for everything that isn't a stage of a deal.
    pub category: Option<u64>,
    /// The colour with `#`; empty for none.
    pub color: String,
    /// `S`, `F`, or empty while in process.
    pub semantics: String,
}

/// A deal pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    /// Its id; 0 is the one a portal starts with.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Its place.
    pub sort: i64,
    /// When it was made, in seconds.
    pub created: i64,
    /// The id of the record in an external system.
    pub origin_id: String,
    /// The code of the external system.
    pub originator_id: String,
}

/// A currency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Currency {
    /// The code: `USD`.
    pub code: String,
    /// The full name.
    pub name: String,
    /// For how many units the rate stands.
    pub amount_count: i64,
    /// The rate to the base currency.
    pub amount: f64,
    /// The place in the list.
    pub sort: i64,
    /// Whether it is the base currency.
    pub base: bool,
    /// How an amount is printed: `$#`.
    pub format: String,
    /// Places after the decimal point.
    pub decimals: i64,
    /// When the rate was set, in seconds.
    pub updated: i64,
}

/// A custom field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "they are the portal's own columns")]
pub struct UserField {
    /// Its id.
    pub id: u64,
    /// The `entityTypeId` of the records that have it.
    pub entity: i64,
    /// Its code with prefix: `UF_CRM_RFC`.
    pub name: String,
    /// Its `USER_TYPE_ID`.
    pub type_id: String,
    /// The external code.
    pub xml_id: Option<String>,
    /// Its place.
    pub sort: i64,
    /// Whether it holds several values.
    pub multiple: bool,
    /// Whether it is required.
    pub mandatory: bool,
    /// `SHOW_FILTER`: `N`, `I`, `E` or `S`.
    pub show_filter: String,
    /// `SHOW_IN_LIST`.
    pub show_in_list: bool,
    /// `EDIT_IN_LIST`.
    pub edit_in_list: bool,
    /// `IS_SEARCHABLE`.
    pub searchable: bool,
    /// The settings of its type.
    pub settings: Map<String, Value>,
    /// Label kind (`EDIT_FORM_LABEL`) to language to text; the language `""` holds a text given for all.
    pub labels: BTreeMap<String, BTreeMap<String, String>>,
    /// The items of a list field.
    pub items: Vec<EnumItem>,
}

impl UserField {
    /// A label in a language, else in any, else the code.
    pub fn label(&self, kind: &str, language: &str) -> &str {
        self.labels
            .get(kind)
            .and_then(|by_language| {
                by_language.get(language).or_else(|| by_language.get("")).or_else(|| by_language.values().next())
            })
            .filter(|text| !text.is_empty())
            .map_or(&self.name, String::as_str)
    }
}

/// An item of a list field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnumItem {
    /// The id that records hold.
    pub id: u64,
    /// The text shown.
    pub value: String,
    /// Its place.
    pub sort: i64,
    /// Whether it is a default.
    pub default: bool,
    /// The external code.
    pub xml_id: String,
}

/// A comment in the timeline of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// Its id.
    pub id: u64,
    /// The `entityTypeId` of the record.
    pub entity: i64,
    /// The record's id.
    pub owner: u64,
    /// The text.
    pub text: String,
    /// The author.
    pub author: u64,
    /// When it was written, in seconds.
    pub created: i64,
    /// The names of the files that came with it.
    pub files: Vec<String>,
}

/// An activity: a call, a meeting, a to-do, a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// Its id.
    pub id: u64,
    /// The `entityTypeId` of the record that it belongs to.
    pub entity: i64,
    /// The record's id.
    pub owner: u64,
    /// 1 meeting, 2 call, 3 task, 4 e-mail, 6 to-do and others.
    pub kind: i64,
    /// What it is about.
    pub subject: String,
    /// Who made it.
    pub author: u64,
    /// When it was made, in seconds.
    pub created: i64,
}

/// A product row of a lead or deal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProductRow {
    /// Its id.
    pub id: u64,
    /// The `entityTypeId` of the record.
    pub entity: i64,
    /// The record's id.
    pub owner: u64,
    /// The product; 0 for a row of free text.
    pub product: i64,
    /// The name.
    pub name: String,
    /// The price of one with discount and tax.
    pub price: f64,
    /// How many.
    pub quantity: f64,
    /// 1 absolute, 2 percent.
    pub discount_type: i64,
    /// The discount in percent.
    pub discount_rate: f64,
    /// The discount in money, of one.
    pub discount_sum: f64,
    /// The tax in percent; none is "no tax".
    pub tax_rate: Option<f64>,
    /// Whether the price includes the tax.
    pub tax_included: bool,
    /// The code of the unit.
    pub measure_code: i64,
    /// The name of the unit.
    pub measure_name: String,
    /// Its place.
    pub sort: i64,
}

impl ProductRow {
    /// The price of one with discount, without tax.
    pub fn price_exclusive(&self) -> f64 {
        self.price / (1.0 + self.tax_rate.unwrap_or_default() / 100.0)
    }

    /// The tax on all of them.
    pub fn tax_of_all(&self) -> f64 {
        (self.price - self.price_exclusive()) * self.quantity
    }
}

/// The switches of a portal that change what its methods do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own in the portal's settings, and all combinations exist"
)]
pub struct Settings {
    /// 1 classic CRM, with leads; 2 simple CRM, where a lead becomes a deal at once. Source: rest-crm 9.5, 8.2.
    pub mode: i64,
    /// Whether `closedate` becomes today when a deal gets into a final stage. Source: rest-crm 1.4, 4.5 (10).
    pub close_date_sync: bool,
    /// Whether required custom fields, a contact's name and a company's title are checked. Source: rest-crm 3.5, 9.5.
    pub required_check: bool,
    /// Whether universal lists may be filtered by `originId` and `originatorId`; off for a client that must do without.
    pub origin_filter: bool,
    /// Whether `crm.item.list` with `useOriginalUfNames` and a `select` without `*` answers empty items, as portals do.
    /// Source: rest-transport 6.3.
    pub original_names_fault: bool,
    /// What `opened` is when it isn't given. Source: rest-crm 1.1.
    pub opened_default: bool,
    /// The `entityTypeId` that nobody may import; 0 for none. Source: rest-crm 4.3.
    pub no_import: i64,
    /// Whether a dismissed user can't be made responsible. The product stores any (rest-crm 4.5); an event handler may refuse.
    pub responsible_check: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mode: 1,
            close_date_sync: true,
            required_check: false,
            origin_filter: true,
            original_names_fault: true,
            opened_default: true,
            no_import: 0,
            responsible_check: false,
        }
    }
}

/// A record in the recycle bin: its last state, and what stood on it. Source: rest-crm 9.6.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Binned {
    /// The record as [`super::record::Record::to_disk`] writes it.
    pub body: Value,
    /// Who pointed at the record: `entityTypeId` and id.
    pub referrers: Vec<(i64, u64)>,
    /// Its comments.
    pub comments: Vec<Comment>,
    /// Its activities.
    #[serde(default)]
    pub activities: Vec<Activity>,
    /// Its product rows.
    pub rows: Vec<ProductRow>,
    /// When it was deleted, in seconds.
    pub deleted: i64,
    /// Who deleted it.
    pub deleted_by: u64,
}
