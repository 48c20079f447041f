//! Numbers that must not be mixed up.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The ID that a record had before it was lost. It names the record in files and reports; the portal never gives it back.
///
/// It is another type than [`PortalId`], so that the one can't be sent where the other is meant:
///
/// ```compile_fail
/// use b24restore::model::{OriginalId, PortalId};
/// fn delete(_: PortalId) {}
/// delete(OriginalId(7));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OriginalId(pub u64);

/// The ID that the portal gave to a record that is there now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PortalId(pub u64);

/// The ID of a user of the portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(pub u64);

impl fmt::Display for OriginalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for PortalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
