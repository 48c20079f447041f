//! The vocabulary: what every room speaks of. No file, no network, no clock.

mod cells;
mod entity;
mod field;
mod id;
mod identity;
mod naming;
mod payload;
mod place;
mod record;
mod row;
mod schema;
mod typed;
mod value;

pub use cells::Cells;
pub use entity::EntityType;
pub use field::{
    ANY_TYPE, FieldCode, FieldDef, FieldType, MULTIFIELDS, Multi, StandardField, USUAL_TYPE, Writing, multifield_of,
    standard_field, standard_fields,
};
pub use id::{OriginalId, PortalId, UserId};
pub use identity::{ORIGINATOR, OriginPair, PortalIdentity, Source};
pub use naming::{PersonName, fold, name_keys};
pub use payload::Payload;
pub use place::Place;
pub use record::{FileRecord, LiveRecord, Record};
pub use row::{Problem, ProblemCode, Reject, RejectReason, Row};
pub use schema::{CrmMode, Currency, Entry, Pipeline, Schema, User};
pub use typed::typed_text;
pub use value::{Money, ProductRow, RowDetails, Value};
