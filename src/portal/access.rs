//! The way into a portal: an inbound webhook, or an application whose token is renewed while it is used.
//!
//! Everything behind this file is the same for both. A plan is bound to the portal alone, so one that was made through a webhook can be
//! applied through an application of the same portal, whose user's rights are checked as any other's.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::address::{AddressError, WebhookUrl};
use super::application::Application;
use super::keys::KeysError;
use crate::model::PortalIdentity;

/// How a portal is reached, with the secret that lets us in. It can be printed, without that, and not written down.
#[derive(Clone)]
pub enum Access {
    /// An inbound webhook.
    Webhook(WebhookUrl),
    /// A local application.
    Application(Arc<Application>),
}

/// Why a text is no way into a portal. It never repeats the text.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// It is no webhook.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// It begins like the keys of an application and isn't that.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

/// A request as it goes out: nothing of it may be printed, logged or kept.
pub(super) struct Sealed {
    /// Where to.
    pub url: String,
    /// What.
    pub body: Vec<u8>,
}

impl Access {
    /// Reads a webhook's address, or the keys of an application: JSON, which has to come from a file, because it is rewritten whenever
    /// the portal gives new ones.
    pub fn parse(text: &str, file: Option<&Path>) -> Result<Self, AccessError> {
        let text = text.trim();
        if !text.starts_with('{') {
            return Ok(Self::Webhook(WebhookUrl::parse(text)?));
        }
        let file = file.ok_or(KeysError::NotInAFile)?;
        Ok(Self::Application(Arc::new(Application::open(text, file)?)))
    }

    /// The portal, by host and port.
    pub fn identity(&self) -> PortalIdentity {
        match self {
            Self::Webhook(webhook) => webhook.identity(),
            Self::Application(application) => application.portal().identity.clone(),
        }
    }

    /// Whether the portal is on this computer.
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Webhook(webhook) => webhook.is_loopback(),
            Self::Application(application) => application.portal().loopback,
        }
    }

    /// Whether the connection is encrypted: always, but for `http://` on this computer.
    pub(super) fn is_encrypted(&self) -> bool {
        match self {
            Self::Webhook(webhook) => webhook.is_encrypted(),
            Self::Application(application) => application.portal().is_encrypted(),
        }
    }

    /// A request for a method, with the secret in it: for the HTTP client alone.
    pub(super) fn seal_exposing_the_secret(&self, method: &str, body: Vec<u8>) -> Sealed {
        match self {
            Self::Webhook(webhook) => Sealed { url: webhook.request_url_exposing_the_secret(method), body },
            Self::Application(application) => application.seal_exposing_the_secret(method, &body),
        }
    }

    /// What a portal answered, without the secret: some repeat in a refusal what they were asked, and refusals are shown and kept.
    pub(super) fn without_the_secret(&self, status: u16, said: Vec<u8>) -> Vec<u8> {
        match self {
            // Records come at 200, and stay as they are.
            Self::Webhook(webhook) if status == 200 => webhook.without_the_path(said),
            Self::Webhook(webhook) => webhook.without_the_secret(said),
            Self::Application(application) => application.without_the_token(said),
        }
    }
}

impl From<WebhookUrl> for Access {
    fn from(webhook: WebhookUrl) -> Self {
        Self::Webhook(webhook)
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Webhook(webhook) => webhook.fmt(f),
            Self::Application(application) => write!(f, "{}/rest/ (application)", application.portal().url),
        }
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
