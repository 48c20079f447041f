//! The portal's state: records, directories, users, the recycle bin and the ledger, in memory and written through to SQLite.

/// The whole state of one portal.
#[derive(Debug)]
pub struct Store {}
