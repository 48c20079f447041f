//! A plan, a portal and a moment -> approval, or the reason why not. One table of reasons.

use jiff::Timestamp;

use crate::model::PortalIdentity;

use super::dir::Plan;

/// How old a plan may be before its first intent.
pub const AGE_MAX_HOURS: i64 = 24;
/// How far ahead of the portal's clock a plan's moment may lie: both are the portal's, so that only a clock that was set back tells them apart.
const FUTURE_MAX_SECONDS: i64 = 600;

/// A plan that may be carried out now. Only [`approve`] makes one.
///
/// ```compile_fail
/// fn forge(plan: b24restore::plan::Plan) -> b24restore::plan::Approved {
///     b24restore::plan::Approved { plan }
/// }
/// ```
#[derive(Debug)]
pub struct Approved {
    plan: Plan,
}

impl Approved {
    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
}

/// What approval is measured against.
#[derive(Debug, Clone)]
pub struct Conditions {
    /// The portal at hand.
    pub portal: PortalIdentity,
    /// Whether the webhook's user is an administrator.
    pub admin: bool,
    /// The moment.
    pub now: Timestamp,
    /// Whether the plan has been begun: then its age is no matter.
    pub begun: bool,
    /// `--stale-ok`.
    pub stale_ok: bool,
    /// `--max-creates`.
    pub max_creates: Option<u64>,
}

/// Why a plan is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It was made for another portal.
    OtherPortal {
        /// The portal it was made for.
        plan: PortalIdentity,
        /// The portal at hand.
        here: PortalIdentity,
    },
    /// The webhook's user can't see every record, now or when the plan was made.
    NotAdmin,
    /// It is older than 24 hours.
    Stale {
        /// How old, in hours.
        hours: i64,
    },
    /// Its moment lies in the future: one of the clocks is wrong.
    FromTheFuture,
    /// It holds more creates than allowed.
    TooMany {
        /// How many it holds.
        creates: u64,
        /// How many are allowed.
        max: u64,
    },
    /// A restore file is there, but changed.
    InputChanged {
        /// Its path.
        path: String,
    },
    /// It was compared with a snapshot, not with the portal.
    AgainstSnapshot,
}

/// Approves a plan for a portal at a moment.
pub fn approve(plan: Plan, conditions: &Conditions) -> Result<Approved, Refusal> {
    let manifest = &plan.manifest;
    if manifest.portal != conditions.portal {
        return Err(Refusal::OtherPortal { plan: manifest.portal.clone(), here: conditions.portal.clone() });
    }
    if manifest.summary.against != "portal" {
        return Err(Refusal::AgainstSnapshot);
    }
    if !manifest.admin || !conditions.admin {
        return Err(Refusal::NotAdmin);
    }
    let made_at: Timestamp = manifest.made_at.parse().unwrap_or(Timestamp::UNIX_EPOCH);
    let hours = (conditions.now.as_second() - made_at.as_second()) / 3600;
    if !conditions.begun && !conditions.stale_ok {
        if hours >= AGE_MAX_HOURS {
            return Err(Refusal::Stale { hours });
        }
        if conditions.now.as_second() - made_at.as_second() < -FUTURE_MAX_SECONDS {
            return Err(Refusal::FromTheFuture);
        }
    }
    if let Some(input) = plan.changed_inputs().first() {
        return Err(Refusal::InputChanged { path: input.path.clone() });
    }
    let creates = manifest.summary.total().to_create;
    match conditions.max_creates {
        Some(max) if creates > max => Err(Refusal::TooMany { creates, max }),
        _ => Ok(Approved { plan }),
    }
}
