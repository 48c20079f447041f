//! A local application: the token that its requests carry, and what is sent with it.
//!
//! The token goes in the body of a request, as `auth` (docs: settings/how-to-call-rest-api/authorization), so no address holds a secret.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use secrecy::{ExposeSecret, SecretString};

use super::access::Sealed;
use super::address::{Origin, replaced};
use super::key_file::KeyFile;
use super::keys::{Keys, KeysError};
use super::renewal::Renewal;

/// Where the client's secret may go: the vendor's authorisation servers. Which of them it is depends on the region of the licence (docs:
/// settings/oauth, api-reference/chat-bots/send-command).
const AUTHORISATION_SERVERS: [&str; 2] = ["oauth.bitrix.info", "oauth.bitrix24.tech"];

/// A token of fewer letters might stand in a record by chance. The vendor's have 32 and more.
const TOKEN_LETTERS_MIN: usize = 16;

/// A local application of one portal.
pub struct Application {
    portal: Origin,
    /// Where tokens are renewed.
    token_url: String,
    token: Mutex<Token>,
    pub(super) file: KeyFile,
    pub(super) renewal: tokio::sync::Mutex<Renewal>,
}

/// The access token of this moment.
struct Token {
    text: SecretString,
    /// How many this run had before it.
    number: u64,
}

impl Application {
    /// An application by its keys, and the file that they stand in.
    pub(super) fn open(text: &str, path: &Path) -> Result<Self, KeysError> {
        let keys = Keys::parse(text)?;
        let portal = portal_of(&keys)?;
        let (server, _) = Origin::parse(&keys.server_endpoint).map_err(|_| KeysError::Server)?;
        let is_vendors = server.is_encrypted() && AUTHORISATION_SERVERS.contains(&server.identity.as_str());
        let is_sandbox = portal.loopback && server.loopback;
        if !is_vendors && !is_sandbox {
            return Err(KeysError::Server);
        }
        let file = KeyFile::open(path).map_err(KeysError::ReadOnly)?;
        let token_url = format!("{}/oauth/token/", server.url);
        let token = Mutex::new(Token { text: keys.access_token, number: 0 });
        Ok(Self { portal, token_url, token, file, renewal: tokio::sync::Mutex::default() })
    }

    /// The portal.
    pub(super) fn portal(&self) -> &Origin {
        &self.portal
    }

    /// Where tokens are renewed.
    pub(super) fn token_url(&self) -> &str {
        &self.token_url
    }

    /// Which token requests carry now, counted from 0.
    pub(super) fn number(&self) -> u64 {
        self.token().number
    }

    /// The keys that the file holds now, unless somebody has put another portal's there.
    pub(super) fn kept(&self) -> Result<Keys, KeysError> {
        let keys = self.file.read()?;
        if portal_of(&keys)? == self.portal { Ok(keys) } else { Err(KeysError::Portal) }
    }

    /// Whether this is the token that requests carry now.
    pub(super) fn uses(&self, keys: &Keys) -> bool {
        self.token().text.expose_secret() == keys.access_token.expose_secret()
    }

    /// Takes another token into use, which stands in the file by now.
    pub(super) fn take_up(&self, keys: &Keys) {
        let mut token = self.token();
        *token = Token { text: keys.access_token.clone(), number: token.number + 1 };
    }

    /// A request for a method, with the token in it.
    ///
    /// The body is an object, as every call's is; the token is put before its first entry.
    pub(super) fn seal_exposing_the_secret(&self, method: &str, body: &[u8]) -> Sealed {
        let inside = body.strip_prefix(b"{").unwrap_or(body);
        let comma = if inside == b"}" { "" } else { "," };
        let token = serde_json::Value::from(self.token().text.expose_secret()).to_string();
        let url = format!("{}/rest/{method}.json", self.portal.url);
        Sealed { url, body: [format!("{{\"auth\":{token}{comma}").as_bytes(), inside].concat() }
    }

    /// What a portal said, without the token.
    pub(super) fn without_the_token(&self, said: Vec<u8>) -> Vec<u8> {
        let token = self.token();
        let text = token.text.expose_secret();
        if text.len() < TOKEN_LETTERS_MIN { said } else { replaced(said, text.as_bytes(), b"***") }
    }

    fn token(&self) -> MutexGuard<'_, Token> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn portal_of(keys: &Keys) -> Result<Origin, KeysError> {
    match Origin::parse(&keys.client_endpoint) {
        Ok((portal, path)) if path.trim_end_matches('/') == "/rest" => Ok(portal),
        _ => Err(KeysError::Portal),
    }
}

#[cfg(test)]
mod tests {
    use super::super::access::{Access, AccessError};
    use super::*;

    fn opened(portal: &str, server: &str) -> Result<Access, AccessError> {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("app.json");
        let text = format!(
            r#"{{"client_id": "local.1", "client_secret": "canary7secret", "access_token": "canary7\"access of today", "refresh_token": "canary7refresh",
                "client_endpoint": "{portal}", "server_endpoint": "{server}"}}"#
        );
        std::fs::write(&path, &text).expect("a file");
        Access::parse(&text, Some(&path))
    }

    #[test]
    fn the_token_goes_in_the_body_and_no_secret_in_an_address() {
        let access = opened("https://Acme.bitrix24.mx/rest/", "https://oauth.bitrix.info/rest/").expect("sound keys");
        assert_eq!(access.identity().as_str(), "acme.bitrix24.mx");
        for (body, expected) in [
            (&b"{}"[..], r#"{"auth":"canary7\"access of today"}"#),
            (br#"{"halt":0,"cmd":{}}"#, r#"{"auth":"canary7\"access of today","halt":0,"cmd":{}}"#),
        ] {
            let sealed = access.seal_exposing_the_secret("batch", body.to_vec());
            assert_eq!(sealed.url, "https://acme.bitrix24.mx/rest/batch.json");
            assert_eq!(String::from_utf8(sealed.body).expect("text"), expected);
        }
        let Access::Application(application) = &access else { panic!("a webhook") };
        assert_eq!(application.token_url(), "https://oauth.bitrix.info/oauth/token/");
        assert!(!format!("{access} {access:?} {access:#?}").contains("canary7"));
    }

    #[test]
    fn the_clients_secret_goes_to_the_vendors_servers_alone() {
        for (portal, server) in [
            ("https://acme.bitrix24.mx/rest/", "https://oauth.bitrix.info.evil.com/rest/"),
            ("https://acme.bitrix24.mx/rest/", "http://oauth.bitrix.info/rest/"),
            ("https://acme.bitrix24.mx/rest/", "https://oauth.bitrix.info:8443/rest/"),
            ("https://acme.bitrix24.mx/rest/", "http://127.0.0.1:80/rest/"),
            ("https://acme.bitrix24.mx/rest/", "https://acme.bitrix24.mx/rest/"),
        ] {
            let error = opened(portal, server).expect_err(server);
            assert!(matches!(error, AccessError::Keys(KeysError::Server)), "{server}: {error}");
        }
        for (portal, server) in [
            ("https://acme.bitrix24.mx/rest/", "https://OAUTH.bitrix24.tech/rest/"),
            ("http://127.0.0.1:8080/rest", "http://127.0.0.1:8080/rest/"),
        ] {
            assert!(opened(portal, server).is_ok(), "{server}");
        }
    }

    #[test]
    fn an_endpoint_that_is_no_portals_is_refused() {
        for portal in [
            "https://acme.bitrix24.mx/rest/1/secret/",
            "http://acme.bitrix24.mx/rest/",
            "acme.bitrix24.mx",
            "https://acme.bitrix24.mx/",
        ] {
            let error = opened(portal, "https://oauth.bitrix.info/rest/").expect_err(portal);
            assert!(matches!(error, AccessError::Keys(KeysError::Portal)), "{portal}: {error}");
        }
    }

    #[test]
    fn keys_in_a_variable_are_refused_because_new_ones_could_not_be_kept() {
        let error = Access::parse(r#" {"client_id": "local.1"}"#, None).expect_err("keys in a variable");
        assert!(matches!(error, AccessError::Keys(KeysError::NotInAFile)), "{error}");
    }

    #[test]
    fn a_token_that_a_portal_repeats_is_taken_out() {
        let access = opened("https://acme.bitrix24.mx/rest/", "https://oauth.bitrix.info/rest/").expect("sound keys");
        for status in [200, 401] {
            let said = access.without_the_secret(status, b"token canary7\"access of today is bad".to_vec());
            assert_eq!(said, b"token *** is bad");
        }
    }
}
