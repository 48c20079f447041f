//! The REST client: address, envelope, pace, effects.
//!
//! A request's way: a [`Reader`] or [`Writer`] turns what is wanted into calls (`call`), the line packs them into a batch (`batch`),
//! waits until the method has run time left (`operating`) and the bucket has room (`pace`), sends it (`transport`), and reads the
//! envelope (`answer`). What failed is tried again (`schedule`) where that is safe: a read always, a change only while it provably
//! hasn't happened. What nobody knows about a change is said so: [`Effect::Unknown`].
//!
//! Who we are is a webhook's secret or an application's token (`access`). A token that is out of date is renewed on the way (`renewal`).
//!
//! The room knows no plan, no journal, and no file but that of an application's keys, which are rewritten before the new ones are used.
//! The secrets stay in `address`, `application` and `keys`; `reqwest` stays in `transport`, behind the trait [`Transport`]; JSON stays inside.

mod access;
mod address;
mod answer;
mod application;
mod batch;
mod call;
mod change;
mod decode;
mod doings;
mod effect;
mod error;
mod fields;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod key_file;
mod keys;
mod line;
mod listing;
mod operating;
mod pace;
mod pace_memory;
mod page;
mod reader;
mod renewal;
mod schedule;
mod schema;
mod sealing;
mod transport;
mod walk;
mod writer;

#[cfg(test)]
mod tests;

pub use access::{Access, AccessError};
pub use address::{AddressError, WebhookUrl};
pub use application::Application;
pub use change::Change;
pub use decode::MultiValue;
pub use doings::LinkFrom;
pub use effect::{Effect, Refusal, Unclear};
pub use error::PortalError;
pub use keys::KeysError;
pub use pace::LimitsProfile;
pub use pace_memory::{Left, PaceMemory};
pub use reader::{Reader, Settings, Wants, Who};
pub use renewal::{NotRenewed, Obstacle, Renewed, renewals_are_through};
pub use sealing::Sealing;
pub use transport::{Content, Delivery, Posting, RawAnswer, Renewing, Transport, Trouble, Wire};
pub use writer::Writer;
