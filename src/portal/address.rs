//! The address of a portal, and of an inbound webhook, whose path is the whole credential (rest-transport 1.1).
//!
//! The secret leaves this file through one method only; whatever prints an address prints `https://host/rest/1/***/`.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use crate::model::{PortalIdentity, UserId};

/// An inbound webhook: `https://HOST[:PORT]/rest/USER/SECRET/`.
///
/// It can be printed (without its secret) but not written down:
///
/// ```compile_fail
/// let url = b24restore::portal::WebhookUrl::parse("https://a.bitrix24.com/rest/1/abcdef/").unwrap();
/// serde_json::to_string(&url).unwrap();
/// ```
#[derive(Clone)]
pub struct WebhookUrl {
    portal: Origin,
    user: UserId,
    secret: SecretString,
}

/// Where a server is: scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    /// `https://host:port`, without a path.
    pub url: String,
    /// The host, and its port where that isn't the scheme's own.
    pub identity: PortalIdentity,
    /// Whether it is this computer.
    pub loopback: bool,
}

/// Why a text is no webhook. It never repeats the text, which may hold the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is no address of the web.
    #[error("the webhook is no web address; it looks like https://HOST/rest/USER/SECRET/")]
    NoAddress,
    /// Another scheme than `https`, where `http` isn't taken either.
    #[error("the webhook must begin with https:// (http:// is taken for this computer only)")]
    NotHttps,
    /// A user name or password before the host.
    #[error("the webhook has a user name before its host; the credential of a webhook is in its path")]
    UserInfo,
    /// Something behind `?` or `#`.
    #[error("the webhook must end after its secret; leave out everything from `?` or `#` on")]
    Extra,
    /// The path isn't `/rest/USER/SECRET/`.
    #[error("the webhook's path must be /rest/USER/SECRET/, with the user's number and nothing behind the secret")]
    Path,
}

impl WebhookUrl {
    /// Reads a webhook's address, with or without the slash at its end. White space around it is ignored.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let (portal, path) = Origin::parse(text)?;
        let (user, secret) = credential(&path).ok_or(AddressError::Path)?;
        Ok(Self { portal, user, secret: SecretString::from(secret.to_owned()) })
    }

    /// The portal, by host and port.
    pub fn identity(&self) -> PortalIdentity {
        self.portal.identity.clone()
    }

    /// The user with whose rights the webhook acts.
    pub fn user(&self) -> UserId {
        self.user
    }

    /// Whether the portal is on this computer.
    pub fn is_loopback(&self) -> bool {
        self.portal.loopback
    }

    /// Whether the connection is encrypted.
    pub(super) fn is_encrypted(&self) -> bool {
        self.portal.is_encrypted()
    }

    /// What a portal said in a refusal, without the secret: some repeat the address that they were asked under.
    pub(super) fn without_the_secret(&self, said: Vec<u8>) -> Vec<u8> {
        replaced(said, self.secret.expose_secret().as_bytes(), b"***")
    }

    /// What a portal said in an answer that may hold records: only the webhook's own path loses its secret, as a command's refusal inside
    /// a batch may repeat it; the same letters in a record stay.
    pub(super) fn without_the_path(&self, said: Vec<u8>) -> Vec<u8> {
        ["/", "\\/"].into_iter().fold(said, |said, slash| {
            let path = |secret: &str| format!("rest{slash}{}{slash}{secret}", self.user);
            replaced(said, path(self.secret.expose_secret()).as_bytes(), path("***").as_bytes())
        })
    }

    /// The full address of a method, with the secret in it: for the HTTP client alone, never to be printed, logged or kept.
    pub(super) fn request_url_exposing_the_secret(&self, method: &str) -> String {
        // `.json` is the suffix by which an official client selects the format (rest-transport 10.1).
        format!("{}/rest/{}/{}/{method}.json", self.portal.url, self.user, self.secret.expose_secret())
    }
}

impl Origin {
    /// Reads an address that must be encrypted, or on this computer, and have nothing but a path behind its host; gives the path too.
    pub fn parse(text: &str) -> Result<(Self, String), AddressError> {
        let url = Url::parse(text.trim()).map_err(|_| AddressError::NoAddress)?;
        let host = url.host().ok_or(AddressError::NoAddress)?;
        let loopback = match &host {
            Host::Domain(name) => *name == "localhost",
            Host::Ipv4(ip) => ip.is_loopback(),
            Host::Ipv6(ip) => ip.is_loopback(),
        };
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            _ => return Err(AddressError::NotHttps),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressError::UserInfo);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(AddressError::Extra);
        }
        // `Url` writes hosts in lower case and leaves a scheme's own port out.
        let place = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_string(),
        };
        let origin = Self { url: format!("{}://{place}", url.scheme()), identity: PortalIdentity::new(&place), loopback };
        Ok((origin, url.path().to_owned()))
    }

    /// Whether the connection is encrypted: always, but for `http://` on this computer.
    pub fn is_encrypted(&self) -> bool {
        self.url.starts_with("https:")
    }
}

/// User and secret of `/rest/USER/SECRET` or `/rest/USER/SECRET/`.
///
/// An address without the user would end as "method not found" at the portal (rest-transport 1.1), so it is refused here.
fn credential(path: &str) -> Option<(UserId, &str)> {
    let mut parts = path.strip_prefix("/rest/")?.trim_end_matches('/').split('/');
    let user = parts.next()?.parse().ok()?;
    let secret = parts.next()?;
    let sound = secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte));
    (!secret.is_empty() && sound && parts.next().is_none()).then_some((UserId(user), secret))
}

impl fmt::Display for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/rest/{}/***/", self.portal.url, self.user)
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text with every occurrence of a part replaced. Most texts have none, and are given back as they are.
pub(super) fn replaced(text: Vec<u8>, part: &[u8], by: &[u8]) -> Vec<u8> {
    if part.is_empty() || memchr::memmem::find(&text, part).is_none() {
        return text;
    }
    let mut clean = Vec::with_capacity(text.len());
    let mut rest = &text[..];
    while let Some(byte) = rest.first() {
        if let Some(behind) = rest.strip_prefix(part) {
            clean.extend_from_slice(by);
            rest = behind;
        } else {
            clean.push(*byte);
            rest = &rest[1..];
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "canary7secret";

    #[test]
    fn an_address_is_taken_with_and_without_its_last_slash() {
        for text in ["https://Acme.Bitrix24.com/rest/7/canary7secret", " https://acme.bitrix24.com:443/rest/7/canary7secret/\n"] {
            let url = WebhookUrl::parse(text).expect("a sound webhook");
            assert_eq!(url.identity().as_str(), "acme.bitrix24.com");
            assert_eq!(url.user(), UserId(7));
            assert!(!url.is_loopback());
            assert_eq!(
                url.request_url_exposing_the_secret("crm.item.list"),
                "https://acme.bitrix24.com/rest/7/canary7secret/crm.item.list.json"
            );
        }
    }

    #[test]
    fn an_address_that_a_portal_repeats_loses_its_secret() {
        let url = WebhookUrl::parse("https://acme.bitrix24.com/rest/7/canary7secret/").expect("a sound webhook");
        let clean = |said: &str| String::from_utf8(url.without_the_secret(said.as_bytes().to_vec())).expect("text");
        assert_eq!(clean("canary7secret at /rest/7/canary7secret/batch, canary7secre"), "*** at /rest/7/***/batch, canary7secre");
        assert_eq!(clean(""), "");
    }

    #[test]
    fn among_records_only_the_webhooks_own_path_loses_its_secret() {
        let url = WebhookUrl::parse("https://acme.bitrix24.com/rest/7/canary7secret/").expect("a sound webhook");
        let clean = |said: &str| String::from_utf8(url.without_the_path(said.as_bytes().to_vec())).expect("text");
        assert_eq!(
            clean(r"canary7secret /rest/7/canary7secret/x \/rest\/7\/canary7secret\/x"),
            r"canary7secret /rest/7/***/x \/rest\/7\/***\/x"
        );
    }

    #[test]
    fn http_is_taken_for_this_computer_only_trap_37_clear_text() {
        for text in ["http://127.0.0.1:8080/rest/1/s", "http://localhost:8080/rest/1/s/", "http://[::1]:8080/rest/1/s/"] {
            assert!(WebhookUrl::parse(text).is_ok_and(|url| url.is_loopback()), "{text}");
        }
        for text in ["http://acme.bitrix24.com/rest/1/s/", "http://127.0.0.1.evil.com/rest/1/s/", "ftp://localhost/rest/1/s/"] {
            assert_eq!(WebhookUrl::parse(text).err(), Some(AddressError::NotHttps), "{text}");
        }
    }

    #[test]
    fn a_port_of_its_own_is_part_of_the_portals_name() {
        let url = WebhookUrl::parse("http://127.0.0.1:8080/rest/1/s/").expect("a sound webhook");
        assert_eq!(url.identity().as_str(), "127.0.0.1:8080");
        let url = WebhookUrl::parse("http://[::1]:8080/rest/1/s/").expect("a sound webhook");
        assert_eq!(url.identity().as_str(), "[::1]:8080");
    }

    #[test]
    fn what_prints_an_address_prints_no_secret_trap_38() {
        let url = WebhookUrl::parse("https://acme.bitrix24.com/rest/1/canary7secret/").expect("a sound webhook");
        for text in [format!("{url}"), format!("{url:?}"), format!("{url:#?}")] {
            assert_eq!(text, "https://acme.bitrix24.com/rest/1/***/");
        }
    }

    #[test]
    fn a_refused_address_is_never_repeated() {
        let wrong = [
            "canary7secret",
            "https://acme.bitrix24.com/rest/canary7secret/",
            "https://acme.bitrix24.com/rest/1/canary7secret/crm.lead.list",
            "https://acme.bitrix24.com/rest/1/canary7secret?x=1",
            "https://acme.bitrix24.com/rest/1//canary7secret/",
            "https://acme.bitrix24.com/rest/api/1/canary7secret/",
            "https://canary7secret@acme.bitrix24.com/rest/1/canary7secret/",
            "http://acme.bitrix24.com/rest/1/canary7secret/",
        ];
        for text in wrong {
            let error = WebhookUrl::parse(text).expect_err(text);
            assert!(!format!("{error} {error:?}").contains(SECRET), "{error}");
        }
    }
}
