//! Why the portal can't be read, as facts: no sentence of advice, no address, no secret.

use std::time::Duration;

use super::effect::Refusal;
use super::renewal::NotRenewed;
use super::transport::Trouble;

/// What ends a call that only reads.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PortalError {
    /// The webhook's secret (or the application's token) is wrong, deleted or out of date, or its owner may not log in any more.
    #[error("the portal doesn't accept the webhook, or the application's token (HTTP {status})")]
    WrongSecret {
        /// The HTTP status: 401 or 403 (the sources differ, rest-transport "Unknown" 1).
        status: u16,
    },
    /// The application's token is out of date, and there is no new one.
    #[error(transparent)]
    NotRenewed(NotRenewed),
    /// The webhook lacks a scope.
    #[error("the webhook lacks a permission (scope) that the call needs")]
    NoScope,
    /// The webhook's user may not do that, or the portal's plan has no REST (trap 23).
    #[error("the portal denies access: {0}")]
    AccessDenied(Refusal),
    /// The webhook's user is inactive: `profile` answers nothing.
    #[error("the webhook's user is inactive")]
    UserInactive,
    /// The answer is no JSON: a login page, a proxy, a stopped portal.
    #[error("the answer isn't JSON (HTTP {status}{})", if *is_html { ", a web page" } else { "" })]
    NotJson {
        /// The HTTP status.
        status: u16,
        /// Whether it is a web page.
        is_html: bool,
    },
    /// The portal has another address now; nothing was sent there (trap 36).
    #[error("the portal sends on to {}", host.as_deref().unwrap_or("another address"))]
    Redirected {
        /// The new host, with its port where one is named.
        host: Option<String>,
    },
    /// No answer, however often it was tried.
    #[error("the portal can't be reached: {kind} (tried for {} s)", tried_for.as_secs())]
    Unreachable {
        /// What stood in the way the last time.
        kind: Trouble,
        /// How long it was tried.
        tried_for: Duration,
    },
    /// The portal went on refusing for its limits, longer than the patience lasts.
    #[error("the portal is busy: {refusal} (tried for {} s)", tried_for.as_secs())]
    Busy {
        /// Its last words.
        refusal: Refusal,
        /// How long it was tried.
        tried_for: Duration,
    },
    /// The vendor has blocked the webhook by hand; trying again makes it worse.
    #[error("the portal has blocked this webhook because of overload (OVERLOAD_LIMIT)")]
    Overload,
    /// The portal is gone.
    #[error("the portal was deleted")]
    PortalDeleted,
    /// The portal refused the call.
    #[error("the portal refuses: {0}")]
    Refused(Refusal),
    /// The answer isn't what the method answers by its documentation.
    #[error("the portal's answer can't be understood: {0}")]
    Protocol(&'static str),
    /// The file of trusted authorities holds none.
    #[error("--ca-file holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)")]
    Authorities,
    /// The HTTP client can't be set up: this computer has no trusted certificates, or a broken proxy setting.
    #[error("the connection can't be set up: no trusted certificates, or a broken proxy setting, on this computer")]
    Setup,
}

impl From<Refusal> for PortalError {
    /// Sorts a refusal by its code, and by its status where the code is no help.
    fn from(refusal: Refusal) -> Self {
        if let Some(reason) = NotRenewed::of(&refusal) {
            return Self::NotRenewed(reason);
        }
        match (refusal.code.as_str(), refusal.status) {
            ("OVERLOAD_LIMIT", _) => Self::Overload,
            ("PORTAL_DELETED", _) => Self::PortalDeleted,
            ("insufficient_scope", _) => Self::NoScope,
            ("ACCESS_DENIED" | "user_access_error" | "allowed_only_intranet_user" | "METHOD_CONFIRM_DENIED", _) => {
                Self::AccessDenied(refusal)
            }
            ("INVALID_CREDENTIALS" | "NO_AUTH_FOUND" | "authorization_error" | "expired_token" | "invalid_token", status) => {
                Self::WrongSecret { status }
            }
            // Classic CRM checks have no code (rest-transport 4.3); this text is a constant in English.
            ("" | "0", _) if refusal.text.starts_with("Access denied") => Self::AccessDenied(refusal),
            ("" | "0", status @ 401) => Self::WrongSecret { status },
            _ => Self::Refused(refusal),
        }
    }
}
