//! b24restore brings lost Bitrix24 CRM records back.
//!
//! The data's way, room by room:
//!
//! ```text
//! restore file --intake--> Row --+
//!                                +--diff--> Judged --plan--> plan directory --apply--> portal, journal, ids.csv
//! portal --portal::Reader--> Record                                |                       |
//! snapshot --intake--> Record    +                                 +------- report <-------+
//! ```
//!
//! `pipeline` is the conductor, `cli` is all that a person types and sees, `sandbox` is a local portal to rehearse on.

pub mod model;
pub mod event;
pub mod drill;
pub mod intake;
pub mod portal;
pub mod snapshot;
pub mod diff;
pub mod plan;
pub mod apply;
pub mod report;
pub mod sandbox;
pub mod pipeline;
pub mod cli;
