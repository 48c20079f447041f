//! Fields: their codes, their types, and the standard fields of the four record types.
//!
//! A field is known by its classic REST code (`STATUS_ID`, `ASSIGNED_BY_ID`, `UF_CRM_…`); multi-fields are one field a kind and type
//! (`PHONE_WORK`), as in an export. The names that `crm.item.*` uses (`stageId`, `assignedById`) are the field's `universal` name.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::EntityType;

/// The classic REST code of a field.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct FieldCode(Arc<str>);

impl FieldCode {
    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a custom field.
    pub fn is_custom(&self) -> bool {
        self.0.starts_with("UF_")
    }
}

impl From<&str> for FieldCode {
    fn from(code: &str) -> Self {
        Self(code.into())
    }
}

impl From<String> for FieldCode {
    fn from(code: String) -> Self {
        Self(code.into())
    }
}

impl From<FieldCode> for String {
    fn from(code: FieldCode) -> Self {
        code.as_str().to_owned()
    }
}

impl Borrow<str> for FieldCode {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FieldCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What a field holds, and so how its cell is read and how two values of it compare.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// The record's own id.
    Id,
    /// A whole number.
    Integer,
    /// A number with a fraction; amounts too.
    Double,
    /// Amount and currency in one custom field (`300|USD`).
    Money,
    /// Short text.
    Text,
    /// Long text with line breaks and markup.
    LongText,
    /// An address of the web.
    Url,
    /// A postal address in one custom field.
    Address,
    /// Yes or no.
    Flag,
    /// A day.
    Date,
    /// A moment.
    Moment,
    /// An entry of a directory of `crm.status.list`, by `STATUS_ID`; the text is the directory's `ENTITY_ID`.
    Status(Cow<'static, str>),
    /// A deal's stage: its directory depends on the deal's pipeline.
    Stage,
    /// A deal's pipeline, by number.
    Pipeline,
    /// A currency, by ISO code.
    Currency,
    /// An item of a list field, by the item's id.
    Enumeration,
    /// A user.
    User,
    /// A linked record.
    Link(EntityType),
    /// A custom field bound to CRM records of one or several types, each value as REST gives it (`5`, `L_4`, `CO_3`).
    Binding,
    /// A parent item of a smart process (`PARENT_ID_<type>`).
    Parent,
    /// The values of one kind and type of multi-field.
    Multi(Multi),
    /// Product rows.
    Products,
    /// A file.
    File,
    /// Anything else, kept as text.
    Other,
}

/// One kind and type of multi-field: `PHONE` + `WORK`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Multi {
    /// `PHONE`, `EMAIL`, `WEB`, `IM` or `LINK`.
    pub kind: Cow<'static, str>,
    /// `WORK`, `MOBILE` and so on.
    pub value_type: Cow<'static, str>,
}

/// How a field of a re-created record comes to its value (rest-crm 1.5 and 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Writing {
    /// `crm.item.import` takes it.
    Import,
    /// `crm.item.import` takes it from an administrator, within the rules of rest-crm 4.5.
    ImportByAdmin,
    /// Only the classic update after the creation takes it.
    ClassicUpdate,
    /// `crm.item.productrow.set` after the creation.
    ProductRows,
    /// REST has no way to write it.
    Never,
}

/// A field of one portal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldDef {
    /// The classic code.
    pub code: FieldCode,
    /// The name in `crm.item.*`; empty for a field that only the classic methods know.
    pub universal: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Whether it holds a list of values.
    pub multiple: bool,
    /// How it is written.
    pub writing: Writing,
    /// Whether the portal writes it by itself, so that a difference is never alone a reason for `changed`.
    pub portal_own: bool,
    /// What the portal calls it, for custom fields; HTML entities decoded.
    pub labels: Vec<String>,
    /// The items of a list field: id and text. Of a field that binds records: the types it is bound to, by their code, without text.
    pub items: Vec<(String, String)>,
}

impl FieldDef {
    /// The only record type that a binding field is bound to: then its values are bare ids (rest-crm 6.7).
    pub fn bound_to(&self) -> Option<EntityType> {
        match (&self.kind, self.items.as_slice()) {
            (FieldType::Binding, [(only, _)]) => only.parse().ok(),
            _ => None,
        }
    }
}

/// A standard field: the same on every portal.
#[derive(Debug)]
pub struct StandardField {
    /// The classic code.
    pub code: &'static str,
    /// The name in `crm.item.*`; empty for a classic-only field.
    pub universal: &'static str,
    /// Which record types have it, by [`EntityType::short_code`].
    entities: &'static [EntityType],
    /// What it holds.
    pub kind: FieldType,
    /// Whether it holds a list.
    pub multiple: bool,
    /// How it is written.
    pub writing: Writing,
    /// Whether the portal writes it by itself.
    pub portal_own: bool,
}

/// The standard fields of a record type, without multi-fields (see [`multifield_of`]).
pub fn standard_fields(entity: EntityType) -> impl Iterator<Item = &'static StandardField> {
    STANDARD.iter().filter(move |field| field.entities.contains(&entity))
}

/// A standard field by its classic code.
pub fn standard_field(entity: EntityType, code: &str) -> Option<&'static StandardField> {
    standard_fields(entity).find(|field| field.code == code)
}

/// The kinds of multi-fields, and the types of each that a portal has from the start (csv 4.5).
pub const MULTIFIELDS: &[(&str, &[&str])] = &[
    ("PHONE", &["WORK", "MOBILE", "FAX", "HOME", "PAGER", "MAILING", "OTHER"]),
    ("EMAIL", &["WORK", "HOME", "MAILING", "OTHER"]),
    ("WEB", &["WORK", "HOME", "FACEBOOK", "VK", "LIVEJOURNAL", "TWITTER", "OTHER"]),
    (
        "IM",
        &[
            "FACEBOOK",
            "TELEGRAM",
            "VK",
            "SKYPE",
            "VIBER",
            "INSTAGRAM",
            "BITRIX24",
            "OPENLINE",
            "IMOL",
            "ICQ",
            "MSN",
            "JABBER",
            "OTHER",
        ],
    ),
    ("LINK", &["USER"]),
];

/// The type of a field that a record of a file has beside values whose type its cell doesn't say: `PHONE_ANY`, always empty. The live
/// record tells which types they have.
pub const ANY_TYPE: &str = "ANY";
/// The type of a value whose type nothing says.
pub const USUAL_TYPE: &str = "WORK";

/// The kind and type of a multi-field's code: `PHONE_WORK` is `PHONE` + `WORK`. Deals have none.
pub fn multifield_of(code: &str) -> Option<Multi> {
    let (kind, value_type) = code.split_once('_')?;
    let known = MULTIFIELDS.iter().any(|(own, _)| *own == kind);
    (known && !value_type.is_empty()).then(|| Multi { kind: kind.to_owned().into(), value_type: value_type.to_owned().into() })
}

use EntityType::{Company, Contact, Deal, Lead};

const EVERY: &[EntityType] = &[Company, Contact, Lead, Deal];
const PEOPLE: &[EntityType] = &[Contact, Lead];
const STAGED: &[EntityType] = &[Lead, Deal];
const ADDRESSED: &[EntityType] = &[Company, Contact, Lead];

const fn field(code: &'static str, universal: &'static str, entities: &'static [EntityType], kind: FieldType) -> StandardField {
    StandardField { code, universal, entities, kind, multiple: false, writing: Writing::Import, portal_own: false }
}

impl StandardField {
    const fn written(mut self, writing: Writing) -> Self {
        self.writing = writing;
        self
    }

    const fn many(mut self) -> Self {
        self.multiple = true;
        self
    }

    const fn own(mut self) -> Self {
        self.portal_own = true;
        self
    }
}

const fn status(directory: &'static str) -> FieldType {
    FieldType::Status(Cow::Borrowed(directory))
}

const fn address(code: &'static str, entities: &'static [EntityType]) -> StandardField {
    field(code, "", entities, FieldType::Text).written(Writing::ClassicUpdate)
}

/// rest-crm 1.0-1.4; columns of an export that REST doesn't know are here too, so that a file's column is never "unknown".
static STANDARD: &[StandardField] = &[
    field("ID", "id", EVERY, FieldType::Id).written(Writing::Never),
    field("TITLE", "title", &[Company, Lead, Deal], FieldType::Text),
    field("HONORIFIC", "honorific", PEOPLE, status("HONORIFIC")),
    field("NAME", "name", PEOPLE, FieldType::Text),
    field("SECOND_NAME", "secondName", PEOPLE, FieldType::Text),
    field("LAST_NAME", "lastName", PEOPLE, FieldType::Text),
    field("BIRTHDATE", "birthdate", PEOPLE, FieldType::Date),
    field("COMPANY_TITLE", "companyTitle", &[Lead], FieldType::Text),
    field("SOURCE_ID", "sourceId", &[Contact, Lead, Deal], status("SOURCE")),
    field("SOURCE_DESCRIPTION", "sourceDescription", &[Contact, Lead, Deal], FieldType::LongText),
    field("STATUS_ID", "stageId", &[Lead], status("STATUS")),
    field("STATUS_DESCRIPTION", "statusDescription", &[Lead], FieldType::LongText),
    field("CATEGORY_ID", "categoryId", &[Deal], FieldType::Pipeline),
    field("STAGE_ID", "stageId", &[Deal], FieldType::Stage),
    field("TYPE_ID", "typeId", &[Contact], status("CONTACT_TYPE")),
    field("TYPE_ID", "typeId", &[Deal], status("DEAL_TYPE")),
    field("COMPANY_TYPE", "typeId", &[Company], status("COMPANY_TYPE")),
    field("INDUSTRY", "industry", &[Company], status("INDUSTRY")),
    field("EMPLOYEES", "employees", &[Company], status("EMPLOYEES")),
    field("BANKING_DETAILS", "bankingDetails", &[Company], FieldType::LongText),
    field("REVENUE", "revenue", &[Company], FieldType::Double),
    field("IS_MY_COMPANY", "isMyCompany", &[Company], FieldType::Flag),
    field("POST", "post", PEOPLE, FieldType::Text),
    field("EXPORT", "export", &[Contact], FieldType::Flag),
    field("PROBABILITY", "probability", &[Deal], FieldType::Integer),
    field("CURRENCY_ID", "currencyId", &[Company, Lead, Deal], FieldType::Currency),
    field("OPPORTUNITY", "opportunity", STAGED, FieldType::Double),
    field("TAX_VALUE", "taxValue", &[Deal], FieldType::Double),
    field("IS_MANUAL_OPPORTUNITY", "isManualOpportunity", STAGED, FieldType::Flag),
    field("IS_RECURRING", "isRecurring", &[Deal], FieldType::Flag),
    field("BEGINDATE", "begindate", &[Deal], FieldType::Date),
    field("CLOSEDATE", "closedate", &[Deal], FieldType::Date),
    field("ADDITIONAL_INFO", "additionalInfo", &[Deal], FieldType::LongText),
    field("LOCATION_ID", "locationId", &[Deal], FieldType::Other),
    field("OPENED", "opened", EVERY, FieldType::Flag),
    field("COMMENTS", "comments", EVERY, FieldType::LongText),
    field("ASSIGNED_BY_ID", "assignedById", EVERY, FieldType::User),
    field("OBSERVERS", "observers", EVERY, FieldType::User).many(),
    field("COMPANY_ID", "companyId", &[Contact, Lead, Deal], FieldType::Link(Company)),
    field("COMPANY_IDS", "companyIds", &[Contact], FieldType::Link(Company)).many(),
    field("CONTACT_ID", "contactId", STAGED, FieldType::Link(Contact)),
    field("CONTACT_IDS", "contactIds", &[Company, Lead, Deal], FieldType::Link(Contact)).many(),
    field("LEAD_ID", "leadId", &[Company, Contact, Deal], FieldType::Link(Lead)),
    field("ORIGINATOR_ID", "originatorId", EVERY, FieldType::Text),
    field("ORIGIN_ID", "originId", EVERY, FieldType::Text),
    field("ORIGIN_VERSION", "originVersion", &[Company, Contact], FieldType::Text),
    field("WEBFORM_ID", "webformId", &[Lead], FieldType::Integer),
    field("UTM_SOURCE", "utmSource", EVERY, FieldType::Text),
    field("UTM_MEDIUM", "utmMedium", EVERY, FieldType::Text),
    field("UTM_CAMPAIGN", "utmCampaign", EVERY, FieldType::Text),
    field("UTM_CONTENT", "utmContent", EVERY, FieldType::Text),
    field("UTM_TERM", "utmTerm", EVERY, FieldType::Text),
    // What the portal stamps; an administrator's import may set it.
    field("DATE_CREATE", "createdTime", EVERY, FieldType::Moment).written(Writing::ImportByAdmin),
    field("CREATED_BY_ID", "createdBy", EVERY, FieldType::User).written(Writing::ImportByAdmin),
    field("DATE_MODIFY", "updatedTime", EVERY, FieldType::Moment).written(Writing::ImportByAdmin).own(),
    field("MODIFY_BY_ID", "updatedBy", EVERY, FieldType::User).written(Writing::ImportByAdmin).own(),
    field("MOVED_TIME", "movedTime", STAGED, FieldType::Moment).written(Writing::ImportByAdmin).own(),
    field("MOVED_BY_ID", "movedBy", STAGED, FieldType::User).written(Writing::ImportByAdmin).own(),
    // What the portal computes.
    field("STATUS_SEMANTIC_ID", "stageSemanticId", &[Lead], FieldType::Text).written(Writing::Never).own(),
    field("STAGE_SEMANTIC_ID", "stageSemanticId", &[Deal], FieldType::Text).written(Writing::Never).own(),
    field("CLOSED", "closed", &[Deal], FieldType::Flag).written(Writing::Never).own(),
    field("IS_NEW", "isNew", &[Deal], FieldType::Flag).written(Writing::Never).own(),
    field("IS_RETURN_CUSTOMER", "isReturnCustomer", STAGED, FieldType::Flag).written(Writing::Never).own(),
    field("IS_REPEATED_APPROACH", "isRepeatedApproach", &[Deal], FieldType::Flag).written(Writing::Never).own(),
    field("DATE_CLOSED", "dateClosed", &[Lead], FieldType::Moment).written(Writing::Never).own(),
    field("LAST_ACTIVITY_TIME", "lastActivityTime", EVERY, FieldType::Moment).written(Writing::Never).own(),
    field("LAST_ACTIVITY_BY", "lastActivityBy", EVERY, FieldType::User).written(Writing::Never).own(),
    field("LAST_COMMUNICATION_TIME", "lastCommunicationTime", EVERY, FieldType::Moment).written(Writing::Never).own(),
    field("HAS_PHONE", "hasPhone", ADDRESSED, FieldType::Flag).written(Writing::Never).own(),
    field("HAS_EMAIL", "hasEmail", ADDRESSED, FieldType::Flag).written(Writing::Never).own(),
    field("HAS_IMOL", "hasImol", ADDRESSED, FieldType::Flag).written(Writing::Never).own(),
    // What only the classic methods write (rest-crm 1.1, 1.3).
    address("ADDRESS", ADDRESSED),
    address("ADDRESS_2", ADDRESSED),
    address("ADDRESS_CITY", ADDRESSED),
    address("ADDRESS_POSTAL_CODE", ADDRESSED),
    address("ADDRESS_REGION", ADDRESSED),
    address("ADDRESS_PROVINCE", ADDRESSED),
    address("ADDRESS_COUNTRY", ADDRESSED),
    address("ADDRESS_COUNTRY_CODE", ADDRESSED),
    address("ADDRESS_LEGAL", &[Company]),
    address("REG_ADDRESS", &[Company]),
    address("REG_ADDRESS_2", &[Company]),
    address("REG_ADDRESS_CITY", &[Company]),
    address("REG_ADDRESS_POSTAL_CODE", &[Company]),
    address("REG_ADDRESS_REGION", &[Company]),
    address("REG_ADDRESS_PROVINCE", &[Company]),
    address("REG_ADDRESS_COUNTRY", &[Company]),
    address("REG_ADDRESS_COUNTRY_CODE", &[Company]),
    field("PRODUCTS", "", STAGED, FieldType::Products).written(Writing::ProductRows),
    // Columns of an export that REST can't write.
    field("FULL_ADDRESS", "", ADDRESSED, FieldType::Other).written(Writing::Never),
    field("FULL_REG_ADDRESS", "", &[Company], FieldType::Other).written(Writing::Never),
    field("PHOTO", "photo", &[Contact], FieldType::File).written(Writing::Never),
    field("LOGO", "logo", &[Company], FieldType::File).written(Writing::Never),
    field("QUOTE_ID", "quoteId", &[Deal], FieldType::Other).written(Writing::Never),
    field("WEBFORM_ID", "", &[Company, Contact, Deal], FieldType::Integer).written(Writing::Never),
    field("LEAD_CLIENT", "", &[Lead], FieldType::Other).written(Writing::Never),
    field("DEAL_CLIENT", "", &[Deal], FieldType::Other).written(Writing::Never),
    field("TRACKING_PATH", "", EVERY, FieldType::Other).written(Writing::Never),
    field("PAYMENT_STAGE", "", &[Deal], FieldType::Other).written(Writing::Never),
    field("DELIVERY_STAGE", "", &[Deal], FieldType::Other).written(Writing::Never),
    field("EVENT_DATE", "", &[Deal], FieldType::Other).written(Writing::Never),
    field("EVENT_ID", "", &[Deal], FieldType::Other).written(Writing::Never),
    field("EVENT_DESCRIPTION", "", &[Deal], FieldType::Other).written(Writing::Never),
];
