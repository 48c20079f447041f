//! A local portal to rehearse on: it stores what a Bitrix24 portal stores, and answers what a portal answers.
//!
//! The sandbox is independent of the client. It shares no request, parsing or value code with the `portal` room, so that a wrong
//! belief of the client meets a portal that doesn't share it. The facts it follows are cited where they are used.
//!
//! A request comes in over the [`wire`], passes the [`guard`] and the [`door`], is read by [`routes`] and [`params`], carried out by the
//! [`office`] (in a [`batch`] command by command) under the [`limits`], and leaves in an [`envelope`] in PHP's JSON ([`mod@print`]).
//! [`faults`] may strike it on the way; how they are written is told in [`rule`].

pub mod answer;
pub mod application;
pub mod arming;
pub mod batch;
pub mod clock;
pub mod door;
pub mod envelope;
pub mod faults;
pub mod guard;
pub mod inside;
pub mod limits;
pub mod methods;
pub mod multipart;
pub mod office;
pub mod params;
pub mod php;
pub mod print;
#[cfg(test)]
mod probe;
pub mod references;
pub mod routes;
pub mod rule;
pub mod server;
pub mod store;
pub mod strike;
pub mod system;
#[cfg(test)]
mod tests;
pub mod waiting;
pub mod wire;

pub use inside::Inside;
pub use office::{Office, Traffic};
pub use server::{Sandbox, SandboxError, run};

/// What a portal needs to know before it opens its door.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the state lives; made if it doesn't exist.
    pub data: std::path::PathBuf,
    /// Which limits the portal enforces.
    pub limits: Limits,
    /// How many times faster than the wall clock limits drain and waits pass; 1.0 is real time.
    pub time_scale: f64,
    /// What each command costs, in milliseconds of the portal's time.
    pub latency_ms: u64,
    /// A script of faults.
    pub faults: Option<std::path::PathBuf>,
    /// The language in which a new portal's directories are written.
    pub language: Language,
    /// The IANA name of the server's time zone, in which dates are printed.
    pub zone: String,
}

/// The limits of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limits {
    /// 50 requests at once, 2 a second; 480 s of a method's run time in ten minutes; 60 s a request.
    Standard,
    /// 250 requests at once, 5 a second; the rest as standard.
    Enterprise,
    /// No limit at all, for quick seeding.
    None,
}

/// The language of a new portal's directories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    En,
    /// Spanish (the product's pack `la`).
    Es,
    /// Russian.
    Ru,
}
