//! The REST client: address, envelope, pace, effects.
//!
//! A request's way: a [`Reader`] or [`Writer`] turns what is wanted into calls (`call`), the line packs them into a batch (`batch`),
//! waits until the method has run time left (`operating`) and the bucket has room (`pace`), sends it (`transport`), and reads the
//! envelope (`answer`). What failed is tried again (`schedule`) where that is safe: a read always, a change only while it provably
//! hasn't happened. What nobody knows about a change is said so: [`Effect::Unknown`].
//!
//! The room knows no file, no plan and no journal. The secret stays in `address`; `reqwest` stays in `transport`,
//! behind the trait [`Transport`]; JSON stays inside.

mod address;
mod answer;
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
mod line;
mod listing;
mod operating;
mod pace;
mod pace_memory;
mod page;
mod reader;
mod schedule;
mod schema;
mod transport;
mod walk;
mod writer;

#[cfg(test)]
mod tests;

pub use address::{AddressError, WebhookUrl};
pub use change::Change;
pub use doings::LinkFrom;
pub use effect::{Effect, Refusal, Unclear};
pub use error::PortalError;
pub use pace::LimitsProfile;
pub use pace_memory::{Left, PaceMemory};
pub use reader::{Reader, Settings, Wants, Who};
pub use transport::{Delivery, Posting, RawAnswer, Transport, Trouble};
pub use writer::Writer;
