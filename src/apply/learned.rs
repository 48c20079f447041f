//! What is learned of a step, and what the step becomes by it.

use jiff::Timestamp;

use crate::model::PortalId;

use super::journal::Step;
use super::step::{How, State};

/// What was learned of a step.
#[derive(Debug, Clone, PartialEq)]
pub enum Learned {
    /// It is applied. A create has its new id.
    Done {
        /// The new id.
        portal_id: Option<PortalId>,
        /// How that is known.
        how: How,
    },
    /// The portal refused it, or a person is needed.
    Failed {
        /// The code.
        code: String,
        /// The words.
        message: String,
    },
    /// It is certainly not applied, and may be sent again.
    Again,
    /// It is certainly not applied; it may be sent again without the creation moment, which the portal refused.
    AgainWithoutDates,
    /// Nobody knows; it was sent before now.
    Unclear,
    /// Nobody knows; an earlier run was sending it, up to this moment at most.
    Interrupted(Timestamp),
    /// Looked up twice after the window and found nowhere.
    NotThere,
    /// Not carried out.
    LeftOut {
        /// Why.
        code: String,
    },
    /// Taken back.
    Undone,
}

/// A step as it will be, the state it moves to, and why.
pub(super) type Move = (Step, State, String);

impl Learned {
    /// What a step becomes by it.
    pub(super) fn of(self, mut step: Step, now: Timestamp) -> Move {
        match self {
            Self::Done { portal_id, how } => {
                step.portal_id = portal_id.or(step.portal_id);
                step.how = how;
                let detail = format!("{} {}", how.code(), portal_id.map(|id| id.to_string()).unwrap_or_default());
                (step, State::Done, detail)
            }
            Self::Failed { code, message } => {
                let detail = format!("{code}: {message}");
                step.code = code;
                step.message = message;
                (step, State::Failed, detail)
            }
            Self::Again => (step, State::Planned, "not applied".to_owned()),
            Self::AgainWithoutDates => {
                step.without_dates = true;
                (step, State::Planned, "creation moment refused".to_owned())
            }
            Self::Unclear => {
                step.sent_at = Some(now);
                (step, State::Unknown, "unclear answer".to_owned())
            }
            Self::Interrupted(at) => {
                step.sent_at = Some(at);
                (step, State::Unknown, "interrupted".to_owned())
            }
            Self::NotThere => {
                step.cycles += 1;
                (step, State::Planned, "looked up twice, not there".to_owned())
            }
            Self::LeftOut { code } => {
                step.code.clone_from(&code);
                (step, State::LeftOut, code)
            }
            Self::Undone => (step, State::Undone, "deleted".to_owned()),
        }
    }
}
