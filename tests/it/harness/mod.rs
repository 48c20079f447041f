//! What the tests stand on: a portal, the CRM in it, the files of a backup, the program, and the truth about the outcome.
//!
//! Nothing here shares code with the program's client, its reader of files or its comparison: what one believes wrongly, the other must see.

pub mod b24;
pub mod crm;
pub mod export;
pub mod http;
pub mod portal;
pub mod random;
pub mod scene;

pub use b24::Ran;
pub use crm::{Crm, KINDS};
pub use portal::Portal;
pub use random::Random;
pub use scene::Scene;
