//! What became of a call that changes something: it happened, it did not, or nobody knows.
//!
//! There is no idempotency on `/rest/` (trap 1), so the third answer is as real as the other two, and whether a call may be sent
//! again is decided from this value alone. The decision is a table: [`RULES`].

use std::fmt;

use super::error::PortalError;
use super::transport::Trouble;

/// What became of a call that changes something.
#[must_use = "an effect that nobody looks at is a change that nobody knows of"]
#[derive(Debug, Clone, PartialEq)]
pub enum Effect<T> {
    /// The portal did it.
    Done(T),
    /// The portal did not do it, provably.
    NotDone(Refusal),
    /// The portal may or may not have done it, now or within the zombie window. Never to be sent again before it is looked up.
    Unknown(Unclear),
}

impl<T> Effect<T> {
    /// The same effect with another content.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Effect<U> {
        match self {
            Self::Done(content) => Effect::Done(change(content)),
            Self::NotDone(refusal) => Effect::NotDone(refusal),
            Self::Unknown(unclear) => Effect::Unknown(unclear),
        }
    }

    /// A refusal that every further call would meet too. The operating limit is none: it passes by itself, and is waited for before the
    /// next call.
    pub fn fatal(&self) -> Option<&Refusal> {
        match self {
            Self::NotDone(refusal) if refusal.concerns_the_portal() && refusal.code != "OPERATION_TIME_LIMIT" => Some(refusal),
            _ => None,
        }
    }
}

/// A refusal in the portal's own words.
///
/// Where the portal said nothing, because no request reached it, the status is 0 and the code is [`Refusal::NO_CONNECTION`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The `error` of the answer as text: often empty, sometimes a number (trap 20).
    pub code: String,
    /// The `error_description`, in the portal's language.
    pub text: String,
    /// The HTTP status; 200 for a command inside a batch.
    pub status: u16,
}

impl Refusal {
    /// The code of a request that never reached the portal; the text says why.
    pub const NO_CONNECTION: &'static str = "NO_CONNECTION";
    /// The code of a request that was answered by a redirection; the text is the new host.
    pub const REDIRECTED: &'static str = "REDIRECTED";
    /// The code of a refusal without a Bitrix24 code: status 401 with no JSON.
    pub const NOT_AUTHORISED: &'static str = "NOT_AUTHORISED";

    /// Whether the refusal speaks of the connection, the webhook or the portal's limits, and not of the record: the record is as
    /// good as before, and every other one would be refused as well.
    pub fn concerns_the_portal(&self) -> bool {
        const CODES: &[&str] = &[
            Refusal::NO_CONNECTION,
            Refusal::REDIRECTED,
            Refusal::NOT_AUTHORISED,
            "QUERY_LIMIT_EXCEEDED",
            "OPERATION_TIME_LIMIT",
            "OVERLOAD_LIMIT",
            "PORTAL_DELETED",
            "INVALID_CREDENTIALS",
            "NO_AUTH_FOUND",
            "authorization_error",
            "expired_token",
            "invalid_token",
            "insufficient_scope",
            "PAYMENT_REQUIRED",
        ];
        self.status == 401 || CODES.contains(&self.code.as_str())
    }

    pub(super) fn no_connection(trouble: Trouble) -> Self {
        Self { code: Self::NO_CONNECTION.to_owned(), text: trouble.to_string(), status: 0 }
    }

    pub(super) fn redirected(status: u16, host: Option<String>) -> Self {
        Self { code: Self::REDIRECTED.to_owned(), text: host.unwrap_or_default(), status }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code.is_empty(), self.text.is_empty()) {
            (true, true) => write!(f, "no reason given (HTTP {})", self.status),
            (true, false) => f.write_str(&self.text),
            (false, true) => f.write_str(&self.code),
            (false, false) => write!(f, "{}: {}", self.code, self.text),
        }
    }
}

/// Why nobody knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unclear {
    /// The answer was lost on its way.
    #[error("the answer was lost: {0}")]
    Lost(Trouble),
    /// The answer is no JSON, so it isn't the method that spoke.
    #[error("the answer isn't the portal's (HTTP {status})")]
    NotJson {
        /// The HTTP status.
        status: u16,
    },
    /// The portal reports a failure that may have come after the change.
    #[error("the portal failed, before or after the change: {0}")]
    Failed(Refusal),
    /// The request was answered, but the answer says nothing of this change.
    #[error("the answer doesn't mention it")]
    NotMentioned,
}

/// Which kind of error is being classified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// The answer to a whole HTTP request.
    Request,
    /// One command of a batch that was answered; it has no status of its own.
    Command,
    /// One `crm.item.batchImport` command of a batch that was answered: an error of the call says nothing of its elements.
    ImportCommand,
    /// One element of a `crm.item.batchImport` that was answered.
    Element,
}

/// What a rule says of the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Applied {
    No,
    Maybe,
}

struct Rule {
    levels: &'static [Level],
    statuses: Statuses,
    codes: Codes,
    applied: Applied,
    #[cfg_attr(not(test), expect(dead_code, reason = "printed in docs/answers.md by a test"))]
    why: &'static str,
}

enum Statuses {
    Any,
    These(&'static [u16]),
    Between(u16, u16),
}

enum Codes {
    /// Whatever the body is, JSON or not.
    Anything,
    /// A JSON error, whatever its code.
    AnyCode,
    These(&'static [&'static str]),
}

use Applied::{Maybe, No};
use Codes::{AnyCode, Anything};
use Level::{Command, Element, ImportCommand, Request};
use Statuses::{Any, Between};

const EVERYWHERE: &[Level] = &[Request, Command, ImportCommand, Element];

/// The protocol's step "classify the answer" (reliability 2, 4). The first rule that fits holds; where none fits, nobody knows. Printed in
/// `docs/answers.md`.
const RULES: &[Rule] = &[
    Rule {
        levels: EVERYWHERE,
        statuses: Any,
        codes: Codes::These(&["WRONG_ENCODING"]),
        applied: Maybe,
        // rest-transport 2.1
        why: "the method has run; only its answer couldn't be encoded",
    },
    Rule {
        levels: EVERYWHERE,
        statuses: Any,
        codes: Codes::These(&["QUERY_LIMIT_EXCEEDED", "OPERATION_TIME_LIMIT", "OVERLOAD_LIMIT"]),
        applied: No,
        // rest-transport 1.3
        why: "limits are checked before the method starts",
    },
    Rule {
        levels: &[Request],
        statuses: Statuses::These(&[429]),
        codes: AnyCode,
        applied: No,
        why: "limits are checked before the method starts",
    },
    Rule {
        levels: &[Request],
        statuses: Statuses::These(&[401, 301, 302, 307, 308]),
        codes: Anything,
        applied: No,
        why: "who asks is checked before the method starts (the webhook, or the token: one that is out of date is renewed, and the request sent again), and a redirection is the front's, not the method's (303 is none: it says that the request was carried out)",
    },
    Rule {
        levels: EVERYWHERE,
        statuses: Any,
        codes: Codes::These(&["INTERNAL_SERVER_ERROR", "ERROR_UNEXPECTED_ANSWER"]),
        applied: Maybe,
        why: "a handler may have failed after the insert",
    },
    Rule {
        levels: &[Request],
        statuses: Between(400, 499),
        codes: AnyCode,
        applied: No,
        why: "the portal's own checks, in its own words",
    },
    Rule {
        levels: &[ImportCommand],
        statuses: Any,
        codes: Codes::These(&[
            "MAX_IMPORT_BATCH_SIZE_EXCEEDED",
            "NOT_FOUND",
            "ACCESS_DENIED",
            "ERROR_METHOD_NOT_FOUND",
            "insufficient_scope",
            "INVALID_CREDENTIALS",
            "NO_AUTH_FOUND",
            "ERROR_BATCH_LENGTH_EXCEEDED",
            "ERROR_BATCH_METHOD_NOT_ALLOWED",
        ]),
        applied: No,
        // rest-crm 4.1
        why: "these come before all elements; any other error of the call (code 100, say) may come when earlier elements were created",
    },
    Rule {
        levels: &[Command, Element],
        statuses: Any,
        codes: AnyCode,
        applied: No,
        why: "one element's refusal is its own, and a change to what is there can be made again without harm",
    },
];

/// Whether a change may have been applied although the answer was no success. `code` is `None` where the answer was no JSON error.
pub(super) fn applied(level: Level, status: u16, code: Option<&str>) -> Applied {
    let fits = |rule: &&Rule| {
        let status = match rule.statuses {
            Any => true,
            Statuses::These(list) => list.contains(&status),
            Between(low, high) => (low..=high).contains(&status),
        };
        let code = match rule.codes {
            Anything => true,
            AnyCode => code.is_some(),
            Codes::These(list) => code.is_some_and(|code| list.contains(&code)),
        };
        rule.levels.contains(&level) && status && code
    };
    RULES.iter().find(fits).map_or(Maybe, |rule| rule.applied)
}

/// A refusal's effect at its level.
pub(super) fn of_refusal<T>(level: Level, refusal: Refusal) -> Effect<T> {
    match applied(level, refusal.status, Some(&refusal.code)) {
        No => Effect::NotDone(refusal),
        Maybe => Effect::Unknown(Unclear::Failed(refusal)),
    }
}

impl Refusal {
    /// The same refusal as an error that ends a whole run.
    pub fn into_error(self) -> PortalError {
        match self.code.as_str() {
            Self::REDIRECTED => PortalError::Redirected { host: Some(self.text).filter(|host| !host.is_empty()) },
            Self::NOT_AUTHORISED => PortalError::WrongSecret { status: self.status },
            _ => PortalError::from(self),
        }
    }
}

#[cfg(test)]
mod printed;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_portal_refuses_before_the_method_starts_was_not_applied() {
        for (status, code) in [
            (503, "QUERY_LIMIT_EXCEEDED"),
            (429, "OPERATION_TIME_LIMIT"),
            (503, "OVERLOAD_LIMIT"),
            (401, "NO_AUTH_FOUND"),
            (403, "INVALID_CREDENTIALS"),
            (404, "ERROR_METHOD_NOT_FOUND"),
            (400, ""),
            (400, "0"),
            (400, "100"),
        ] {
            assert_eq!(applied(Request, status, Some(code)), No, "{status} {code}");
        }
        for status in [301, 302, 307, 308, 401] {
            assert_eq!(applied(Request, status, None), No, "{status}");
        }
    }

    #[test]
    fn trap_4_a_5xx_or_an_answer_that_is_no_json_says_nothing() {
        for (status, code) in [
            (500, None),
            (502, None),
            (504, None),
            (503, None),
            (200, None),
            (303, None),
            (404, None),
            (413, None),
            (429, None),
            (500, Some("INTERNAL_SERVER_ERROR")),
            (500, Some("ERROR_UNEXPECTED_ANSWER")),
            (500, Some("ERROR_CORE")),
            (500, Some("PORTAL_DELETED")),
            (200, Some("WRONG_ENCODING")),
            (200, Some("ACCESS_DENIED")),
        ] {
            assert_eq!(applied(Request, status, code), Maybe, "{status} {code:?}");
        }
    }

    #[test]
    fn an_error_of_a_whole_import_call_says_nothing_of_its_elements() {
        for code in ["100", "", "0", "ERROR_CORE", "CRM_FIELD_ERROR_REQUIRED", "INTERNAL_SERVER_ERROR", "WRONG_ENCODING"] {
            assert_eq!(applied(ImportCommand, 200, Some(code)), Maybe, "{code}");
        }
        for code in
            ["MAX_IMPORT_BATCH_SIZE_EXCEEDED", "NOT_FOUND", "ACCESS_DENIED", "ERROR_METHOD_NOT_FOUND", "OPERATION_TIME_LIMIT"]
        {
            assert_eq!(applied(ImportCommand, 200, Some(code)), No, "{code}");
        }
    }

    #[test]
    fn an_error_of_one_element_or_command_is_that_ones_own() {
        for level in [Command, Element] {
            for code in ["CRM_FIELD_ERROR_REQUIRED", "", "NOT_FOUND", "100"] {
                assert_eq!(applied(level, 200, Some(code)), No, "{level:?} {code}");
            }
        }
    }
}
