//! b24restore: brings lost Bitrix24 CRM records back.
pub mod model;
pub mod sandbox;
