//! The standard fields of the four record types, in the order in which `fields` lists them.
//!
//! Source: rest-crm 1.0 to 1.4 (names, types, marks, column lengths), the `*.fields` samples of the REST docs (titles, order).

use super::record::Entity;
use super::schema::{Field, Kind, Mark};

/// The longest honorific, source description and the like are `VARCHAR(255)`.
const LINE: usize = 255;
/// The three parts of a name are `VARCHAR(50)` each.
const NAME: usize = 50;
/// Directory codes are `VARCHAR(50)`.
const CODE: usize = 50;

const fn text(code: &'static str, title: &'static str) -> Field {
    Field::new(code, Kind::Text, title).len(LINE)
}

const fn long(code: &'static str, title: &'static str) -> Field {
    Field::new(code, Kind::LongText, title).len(65_535)
}

const fn status(code: &'static str, directory: &'static str, title: &'static str) -> Field {
    Field::new(code, Kind::Status(directory), title).len(CODE)
}

const fn flag(code: &'static str, title: &'static str) -> Field {
    Field::new(code, Kind::Flag, title)
}

const fn lead(title: &'static str) -> Field {
    Field::new("LEAD_ID", Kind::Crm("crm_lead"), title).mark(Mark::ClassicReadOnly)
}

const fn address(code: &'static str, title: &'static str) -> Field {
    text(code, title).mark(Mark::Hidden)
}

const fn multi(code: &'static str, title: &'static str) -> Field {
    Field::new(code, Kind::Multifield, title).mark(Mark::Hidden).mark(Mark::Multiple)
}

const fn system(code: &'static str, classic: &'static str, kind: Kind, title: &'static str) -> Field {
    Field::new(code, kind, title).classic(classic).read_only().mark(Mark::System)
}

const ID: Field = Field::new("ID", Kind::Integer, "ID").read_only();
const HONORIFIC: Field = status("HONORIFIC", "HONORIFIC", "Salutation").len(128);
const FIRST_NAME: Field = text("NAME", "Name").len(NAME);
const SECOND_NAME: Field = text("SECOND_NAME", "Second name").len(NAME);
const LAST_NAME: Field = text("LAST_NAME", "Last name").len(NAME);
const BIRTHDATE: Field = Field::new("BIRTHDATE", Kind::Date, "Birthdate");
const SOURCE_ID: Field = status("SOURCE_ID", "SOURCE", "Source");
const SOURCE_DESCRIPTION: Field = long("SOURCE_DESCRIPTION", "Additional source info");
const POST: Field = text("POST", "Position");
const CURRENCY_ID: Field = Field::new("CURRENCY_ID", Kind::Currency, "Currency").len(CODE);
const OPPORTUNITY: Field = Field::new("OPPORTUNITY", Kind::Double, "Amount");
const IS_MANUAL: Field = flag("IS_MANUAL_OPPORTUNITY", "IS_MANUAL_OPPORTUNITY");
const OPENED: Field = flag("OPENED", "Available to everyone").mark(Mark::Required);
const COMMENTS: Field = long("COMMENTS", "Comment");
const HAS_PHONE: Field = flag("HAS_PHONE", "Phone set").read_only();
const HAS_EMAIL: Field = flag("HAS_EMAIL", "E-mail set").read_only();
const HAS_IMOL: Field = flag("HAS_IMOL", "Open line set").read_only();
const ASSIGNED: Field = Field::new("ASSIGNED_BY_ID", Kind::User, "Responsible person");
const CREATED_BY: Field = system("CREATED_BY", "CREATED_BY_ID", Kind::User, "Created by");
const UPDATED_BY: Field = system("UPDATED_BY", "MODIFY_BY_ID", Kind::User, "Updated by");
const MOVED_BY: Field = system("MOVED_BY", "MOVED_BY_ID", Kind::User, "Moved by");
const CREATED_TIME: Field = system("CREATED_TIME", "DATE_CREATE", Kind::DateTime, "Created on");
const UPDATED_TIME: Field = system("UPDATED_TIME", "DATE_MODIFY", Kind::DateTime, "Updated on");
const MOVED_TIME: Field = system("MOVED_TIME", "MOVED_TIME", Kind::DateTime, "Moved on");
const COMPANY_ID: Field = Field::new("COMPANY_ID", Kind::Crm("crm_company"), "Company");
const CONTACT_ID: Field = Field::new("CONTACT_ID", Kind::Crm("crm_contact"), "Contact").mark(Mark::Deprecated);
const CONTACT_IDS: Field = Field::new("CONTACT_IDS", Kind::Crm("crm_contact"), "CONTACT_IDS").mark(Mark::Multiple);
const CONTACTS: Field =
    Field::new("CONTACTS", Kind::Crm("crm_contact"), "CONTACTS").classic("").mark(Mark::Multiple).mark(Mark::ListedOnly);
const RETURN_CUSTOMER: Field = flag("IS_RETURN_CUSTOMER", "Repeat").read_only();
const ORIGINATOR_ID: Field = text("ORIGINATOR_ID", "External Source");
const ORIGIN_ID: Field = text("ORIGIN_ID", "Identifier in External Source");
const ORIGIN_VERSION: Field = text("ORIGIN_VERSION", "Original Version");
const WEBFORM_ID: Field = Field::new("WEBFORM_ID", Kind::Integer, "Created by CRM form").classic("");
const OBSERVERS: Field = Field::new("OBSERVERS", Kind::User, "Observers").classic("").mark(Mark::Multiple);
const UTM_SOURCE: Field = text("UTM_SOURCE", "Advertising System");
const UTM_MEDIUM: Field = text("UTM_MEDIUM", "Traffic Type");
const UTM_CAMPAIGN: Field = text("UTM_CAMPAIGN", "Campaign Identifier");
const UTM_CONTENT: Field = text("UTM_CONTENT", "Campaign Content");
const UTM_TERM: Field = text("UTM_TERM", "Campaign Search Term");
const LAST_TIME: Field = Field::new("LAST_ACTIVITY_TIME", Kind::DateTime, "Last activity").read_only();
const LAST_BY: Field = Field::new("LAST_ACTIVITY_BY", Kind::User, "Last activity by").read_only();
const PHONE: Field = multi("PHONE", "Phone");
const EMAIL: Field = multi("EMAIL", "E-mail");
const WEB: Field = multi("WEB", "Website");
const IM: Field = multi("IM", "Messenger");
const LINK: Field = multi("LINK", "LINK");
const ADDRESS: Field = address("ADDRESS", "Address");
const ADDRESS_2: Field = address("ADDRESS_2", "Address (line 2)");
const ADDRESS_CITY: Field = address("ADDRESS_CITY", "City");
const ADDRESS_POSTAL_CODE: Field = address("ADDRESS_POSTAL_CODE", "Postal Code");
const ADDRESS_REGION: Field = address("ADDRESS_REGION", "Region");
const ADDRESS_PROVINCE: Field = address("ADDRESS_PROVINCE", "Province");
const ADDRESS_COUNTRY: Field = address("ADDRESS_COUNTRY", "Country");
const ADDRESS_COUNTRY_CODE: Field = address("ADDRESS_COUNTRY_CODE", "Country Code");
const ADDRESS_LOC: Field = Field::new("ADDRESS_LOC_ADDR_ID", Kind::Integer, "Location Address ID").mark(Mark::Hidden);

const LEAD: &[Field] = &[
    ID,
    text("TITLE", "Lead Title"),
    HONORIFIC,
    FIRST_NAME,
    SECOND_NAME,
    LAST_NAME,
    BIRTHDATE,
    text("COMPANY_TITLE", "Company Name"),
    SOURCE_ID,
    SOURCE_DESCRIPTION,
    status("STAGE_ID", "STATUS", "Stage").classic("STATUS_ID"),
    long("STATUS_DESCRIPTION", "Stage Description"),
    text("STAGE_SEMANTIC_ID", "Stage group").classic("STATUS_SEMANTIC_ID").read_only(),
    POST,
    ADDRESS,
    ADDRESS_2,
    ADDRESS_CITY,
    ADDRESS_POSTAL_CODE,
    ADDRESS_REGION,
    ADDRESS_PROVINCE,
    ADDRESS_COUNTRY,
    ADDRESS_COUNTRY_CODE,
    ADDRESS_LOC,
    CURRENCY_ID,
    OPPORTUNITY,
    IS_MANUAL,
    OPENED,
    COMMENTS,
    HAS_PHONE,
    HAS_EMAIL,
    HAS_IMOL,
    ASSIGNED,
    CREATED_BY,
    UPDATED_BY,
    MOVED_BY,
    CREATED_TIME,
    UPDATED_TIME,
    MOVED_TIME,
    COMPANY_ID,
    CONTACT_ID,
    CONTACT_IDS,
    CONTACTS,
    RETURN_CUSTOMER,
    Field::new("DATE_CLOSED", Kind::DateTime, "Completed on").read_only(),
    ORIGINATOR_ID,
    ORIGIN_ID,
    WEBFORM_ID,
    OBSERVERS,
    UTM_SOURCE,
    UTM_MEDIUM,
    UTM_CAMPAIGN,
    UTM_CONTENT,
    UTM_TERM,
    LAST_TIME,
    LAST_BY,
    PHONE,
    EMAIL,
    WEB,
    IM,
    LINK,
];

const CONTACT: &[Field] = &[
    ID,
    HONORIFIC,
    FIRST_NAME,
    SECOND_NAME,
    LAST_NAME,
    Field::new("PHOTO", Kind::File, "Photo"),
    BIRTHDATE,
    status("TYPE_ID", "CONTACT_TYPE", "Contact Type"),
    SOURCE_ID,
    SOURCE_DESCRIPTION,
    POST,
    ADDRESS,
    ADDRESS_2,
    ADDRESS_CITY,
    ADDRESS_POSTAL_CODE,
    ADDRESS_REGION,
    ADDRESS_PROVINCE,
    ADDRESS_COUNTRY,
    ADDRESS_COUNTRY_CODE,
    ADDRESS_LOC,
    COMMENTS,
    OPENED,
    flag("EXPORT", "Participates in Contact Export"),
    HAS_PHONE,
    HAS_EMAIL,
    HAS_IMOL,
    ASSIGNED,
    CREATED_BY,
    UPDATED_BY,
    CREATED_TIME,
    UPDATED_TIME,
    Field::new("COMPANY_ID", Kind::Crm("crm_company"), "Company").mark(Mark::Deprecated),
    Field::new("COMPANY_IDS", Kind::Crm("crm_company"), "COMPANY_IDS").mark(Mark::Multiple),
    Field::new("COMPANIES", Kind::Crm("crm_company"), "COMPANIES").classic("").mark(Mark::Multiple).mark(Mark::ListedOnly),
    lead("Lead"),
    ORIGINATOR_ID,
    ORIGIN_ID,
    ORIGIN_VERSION,
    Field::new("CATEGORY_ID", Kind::Category, "Pipeline").classic("").mark(Mark::Immutable),
    OBSERVERS,
    UTM_SOURCE,
    UTM_MEDIUM,
    UTM_CAMPAIGN,
    UTM_CONTENT,
    UTM_TERM,
    LAST_TIME,
    LAST_BY,
    PHONE,
    EMAIL,
    WEB,
    IM,
    LINK,
];

const COMPANY: &[Field] = &[
    ID,
    text("TITLE", "Company Name").mark(Mark::ClassicRequired),
    status("TYPE_ID", "COMPANY_TYPE", "Company Type").classic("COMPANY_TYPE"),
    Field::new("LOGO", Kind::File, "Logo"),
    ADDRESS,
    ADDRESS_2,
    ADDRESS_CITY,
    ADDRESS_POSTAL_CODE,
    ADDRESS_REGION,
    ADDRESS_PROVINCE,
    ADDRESS_COUNTRY,
    ADDRESS_COUNTRY_CODE,
    ADDRESS_LOC,
    address("ADDRESS_LEGAL", "Legal Address"),
    address("REG_ADDRESS", "Legal Address"),
    address("REG_ADDRESS_2", "Legal Address (line 2)"),
    address("REG_ADDRESS_CITY", "Legal Address City"),
    address("REG_ADDRESS_POSTAL_CODE", "Legal Address Postal Code"),
    address("REG_ADDRESS_REGION", "Legal Address Region"),
    address("REG_ADDRESS_PROVINCE", "Legal Address Province"),
    address("REG_ADDRESS_COUNTRY", "Legal Address Country"),
    address("REG_ADDRESS_COUNTRY_CODE", "Legal Address Country Code"),
    Field::new("REG_ADDRESS_LOC_ADDR_ID", Kind::Integer, "Legal Address Location ID").mark(Mark::Hidden),
    long("BANKING_DETAILS", "Banking Details"),
    status("INDUSTRY", "INDUSTRY", "Industry"),
    status("EMPLOYEES", "EMPLOYEES", "Number of Employees"),
    CURRENCY_ID,
    Field::new("REVENUE", Kind::Double, "Annual Revenue"),
    OPENED,
    COMMENTS,
    HAS_PHONE,
    HAS_EMAIL,
    HAS_IMOL,
    flag("IS_MY_COMPANY", "My Company").mark(Mark::Immutable),
    ASSIGNED,
    CREATED_BY,
    UPDATED_BY,
    CREATED_TIME,
    UPDATED_TIME,
    Field::new("CONTACT_IDS", Kind::Crm("crm_contact"), "Contact").classic("CONTACT_ID").mark(Mark::Multiple),
    CONTACTS,
    lead("Lead"),
    ORIGINATOR_ID,
    ORIGIN_ID,
    ORIGIN_VERSION,
    Field::new("CATEGORY_ID", Kind::Category, "Pipeline").classic("").mark(Mark::Immutable),
    OBSERVERS,
    UTM_SOURCE,
    UTM_MEDIUM,
    UTM_CAMPAIGN,
    UTM_CONTENT,
    UTM_TERM,
    LAST_TIME,
    LAST_BY,
    PHONE,
    EMAIL,
    WEB,
    IM,
    LINK,
];

const DEAL: &[Field] = &[
    ID,
    text("TITLE", "Title"),
    status("TYPE_ID", "DEAL_TYPE", "Type"),
    Field::new("CATEGORY_ID", Kind::Category, "Pipeline").mark(Mark::ClassicImmutable),
    status("STAGE_ID", "DEAL_STAGE", "Deal stage"),
    text("STAGE_SEMANTIC_ID", "Stage group").read_only(),
    flag("IS_NEW", "New Deal").read_only(),
    flag("IS_RECURRING", "Recurring Deal"),
    RETURN_CUSTOMER,
    flag("IS_REPEATED_APPROACH", "Repeated Approach").read_only(),
    Field::new("PROBABILITY", Kind::Integer, "Probability"),
    CURRENCY_ID,
    OPPORTUNITY,
    IS_MANUAL,
    Field::new("TAX_VALUE", Kind::Double, "Tax amount"),
    COMPANY_ID,
    CONTACT_ID,
    CONTACT_IDS,
    CONTACTS,
    Field::new("QUOTE_ID", Kind::Crm("crm_quote"), "Estimate").mark(Mark::ClassicReadOnly),
    Field::new("BEGINDATE", Kind::Date, "Start date"),
    Field::new("CLOSEDATE", Kind::Date, "Expected close date"),
    OPENED,
    flag("CLOSED", "Closed").read_only(),
    COMMENTS,
    ASSIGNED,
    CREATED_BY,
    UPDATED_BY,
    MOVED_BY,
    CREATED_TIME,
    UPDATED_TIME,
    MOVED_TIME,
    SOURCE_ID,
    SOURCE_DESCRIPTION,
    lead("Lead"),
    long("ADDITIONAL_INFO", "Additional Information"),
    Field::new("LOCATION_ID", Kind::Location, "Location").len(100),
    ORIGINATOR_ID,
    ORIGIN_ID,
    OBSERVERS,
    UTM_SOURCE,
    UTM_MEDIUM,
    UTM_CAMPAIGN,
    UTM_CONTENT,
    UTM_TERM,
    LAST_TIME,
    LAST_BY,
];

/// The standard fields of a record type, in the order of `fields`.
pub const fn of(entity: Entity) -> &'static [Field] {
    match entity {
        Entity::Lead => LEAD,
        Entity::Deal => DEAL,
        Entity::Contact => CONTACT,
        Entity::Company => COMPANY,
    }
}
