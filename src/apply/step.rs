//! The states of a step, and the one table of legal moves between them.

use serde::{Deserialize, Serialize};

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nothing has been sent, or what was sent is known not to have been applied.
    Planned,
    /// Committed before the first byte was sent; the answer isn't known yet. Found on a resume, it means "perhaps applied".
    Intent,
    /// The answer was lost or unclear: perhaps applied. Never sent again before the portal was asked.
    Unknown,
    /// Applied.
    Done,
    /// Refused by the portal, or in need of a person.
    Failed,
    /// Not carried out, by choice or because somebody changed the record since.
    LeftOut,
    /// `undo` has sent the old values of a live record; the answer isn't known yet. Found on another `undo`, it means "perhaps given back".
    Returning,
    /// Taken back by `undo`.
    Undone,
}

/// Every legal move. Whatever isn't here is a bug, and stops the program before it is written.
pub const LEGAL: &[(State, State)] = &[
    // A first attempt, or another one after a definite "not applied".
    (State::Planned, State::Intent),
    // The look-up before the first attempt found the record: an earlier run had created it.
    (State::Planned, State::Done),
    // More than one record bears the mark, or a parent failed.
    (State::Planned, State::Failed),
    (State::Planned, State::LeftOut),
    (State::Intent, State::Done),
    (State::Intent, State::Failed),
    (State::Intent, State::Unknown),
    // Definitely not applied: may be sent again.
    (State::Intent, State::Planned),
    (State::Intent, State::LeftOut),
    // The look-up found the record.
    (State::Unknown, State::Done),
    // Looked up twice after the window, found nowhere.
    (State::Unknown, State::Planned),
    // More than one record bears the mark.
    (State::Unknown, State::Failed),
    // `apply --failed`.
    (State::Failed, State::Planned),
    // The same, for what was left out because its parent failed.
    (State::LeftOut, State::Planned),
    (State::Done, State::Undone),
    // The old values of a live record go back; once more after an unclear answer and a look; refused, and so still ours.
    (State::Done, State::Returning),
    (State::Returning, State::Returning),
    (State::Returning, State::Undone),
    (State::Returning, State::Done),
];

impl State {
    /// Whether a step may move from here to there.
    pub fn may_become(self, next: Self) -> bool {
        LEGAL.contains(&(self, next))
    }

    /// The word in the journal.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Intent => "intent",
            Self::Unknown => "unknown",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::LeftOut => "left_out",
            Self::Returning => "returning",
            Self::Undone => "undone",
        }
    }

    /// The state of a word in the journal.
    pub fn from_code(code: &str) -> Option<Self> {
        let all =
            [Self::Planned, Self::Intent, Self::Unknown, Self::Done, Self::Failed, Self::LeftOut, Self::Returning, Self::Undone];
        all.into_iter().find(|state| state.code() == code)
    }

    /// Whether the step still waits for something.
    pub const fn is_pending(self) -> bool {
        matches!(self, Self::Planned | Self::Intent | Self::Unknown)
    }
}

/// How a create came to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum How {
    /// Not done yet.
    Open,
    /// The portal answered with the new id.
    Created,
    /// The answer was lost; the record was found by its mark.
    Adopted,
    /// It was there before this plan sent anything.
    AlreadyThere,
}

impl How {
    /// The word in the journal.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "",
            Self::Created => "created",
            Self::Adopted => "adopted",
            Self::AlreadyThere => "already_there",
        }
    }

    /// What a word in the journal means.
    pub fn from_code(code: &str) -> Self {
        [Self::Created, Self::Adopted, Self::AlreadyThere].into_iter().find(|how| how.code() == code).unwrap_or(Self::Open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unclear_answer_is_never_sent_again_without_a_look_up() {
        assert!(!State::Unknown.may_become(State::Intent));
    }

    #[test]
    fn what_is_done_is_never_sent_again() {
        for next in [State::Planned, State::Intent, State::Unknown, State::Failed] {
            assert!(!State::Done.may_become(next), "{next:?}");
        }
    }

    #[test]
    fn every_state_survives_its_word() {
        for (from, to) in LEGAL {
            assert_eq!(State::from_code(from.code()), Some(*from));
            assert_eq!(State::from_code(to.code()), Some(*to));
        }
    }
}
