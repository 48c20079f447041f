//! What binds a plan to a portal, and what binds a re-created record to its source.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{EntityType, OriginalId};

/// The `ORIGINATOR_ID` of every record that b24restore created.
pub const ORIGINATOR: &str = "b24restore";

/// A portal, known by host and port; the scheme, user and secret of a webhook are no part of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PortalIdentity(String);

impl PortalIdentity {
    /// A portal by its host, lower-case, with `:port` where the port isn't the scheme's own.
    pub fn new(host_and_port: &str) -> Self {
        Self(host_and_port.to_lowercase())
    }

    /// Whether it is on this computer: a sandbox.
    pub fn is_loopback(&self) -> bool {
        let host = self.0.rsplit_once(':').map_or(self.0.as_str(), |(host, port)| {
            if port.bytes().all(|byte| byte.is_ascii_digit()) { host } else { self.0.as_str() }
        });
        let address = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// The host, and the port where it was named.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PortalIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The pair `ORIGINATOR_ID` + `ORIGIN_ID` of a record: the only mark in a live record that says which source it came from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OriginPair {
    /// `ORIGINATOR_ID`: the code of the external system.
    pub originator: String,
    /// `ORIGIN_ID`: the record's key in that system.
    pub origin: String,
}

/// The record of a file that a record was created from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source<'a> {
    /// What kind of record it is.
    pub entity: EntityType,
    /// Its id in its own portal.
    pub id: OriginalId,
    /// The name under which the user let another portal's files in; `None` for this portal's own.
    pub foreign: Option<&'a str>,
}

impl OriginPair {
    /// The mark of b24restore for a source record: `b24restore` + `deal:1234`, and `@NAME` behind it for another portal's.
    ///
    /// It is made from the source alone, so that another computer, a lost journal or a plan made next month computes the same.
    pub fn mark(entity: EntityType, id: OriginalId, foreign: Option<&str>) -> Self {
        let origin = match foreign {
            Some(name) => format!("{entity}:{id}@{name}"),
            None => format!("{entity}:{id}"),
        };
        Self { originator: ORIGINATOR.to_owned(), origin }
    }

    /// The source record of a mark, or `None` for a pair that isn't ours.
    pub fn source(&self) -> Option<Source<'_>> {
        if self.originator != ORIGINATOR {
            return None;
        }
        let (entity, id) = self.origin.split_once(':')?;
        let (id, foreign) = match id.split_once('@') {
            Some((id, name)) => (id, Some(name)),
            None => (id, None),
        };
        Some(Source { entity: entity.parse().ok()?, id: OriginalId(id.parse().ok()?), foreign })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_names_its_source_and_the_portal_that_it_is_not_of() {
        let own = OriginPair::mark(EntityType::Deal, OriginalId(12), None);
        assert_eq!((own.origin.as_str(), own.source().map(|source| source.foreign)), ("deal:12", Some(None)));
        let foreign = OriginPair::mark(EntityType::Deal, OriginalId(12), Some("viejo"));
        assert_eq!(foreign.origin, "deal:12@viejo");
        let source = foreign.source().expect("a mark of ours");
        assert_eq!((source.entity, source.id, source.foreign), (EntityType::Deal, OriginalId(12), Some("viejo")));
    }
}
