//! The keys of an application, under all the names by which they are handed out.

use std::io;

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::{Map, Value as Json};

/// The authorisation server where the file names none (docs: settings/oauth).
const AUTHORISATION_SERVER: &str = "https://oauth.bitrix.info/rest/";

/// How much longer than the old keys the new ones may be before the room that was made for them is too small.
pub(super) const ROOM: usize = 4096;

/// An application's keys as they stand in the file.
#[derive(Clone)]
pub(super) struct Keys {
    pub client_id: String,
    pub client_secret: SecretString,
    pub access_token: SecretString,
    pub refresh_token: SecretString,
    /// The portal's REST address.
    pub client_endpoint: String,
    /// The authorisation server's.
    pub server_endpoint: String,
    /// What else stands there and is none of ours: it stays.
    others: Map<String, Json>,
}

/// Why a text is no application's keys. It never repeats the text.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// It begins with `{` and is no JSON object.
    #[error("the application's keys are no JSON")]
    NotJson,
    /// They stand in the environment, where new ones can't be put.
    #[error("the keys of an application must be in a file, because Bitrix24 replaces them every hour")]
    NotInAFile,
    /// One of them is missing.
    #[error("the application's keys have no `{0}`")]
    Missing(&'static str),
    /// The portal's address isn't one.
    #[error("the application's `client_endpoint` must look like https://HOST/rest/")]
    Portal,
    /// The client's secret would go to a stranger.
    #[error(
        "the application's `server_endpoint` is no authorisation server of Bitrix24 (oauth.bitrix.info, oauth.bitrix24.tech)"
    )]
    Server,
    /// New keys could not be put into the file.
    #[error("the file of the application's keys can't be rewritten: {0}")]
    ReadOnly(#[source] io::Error),
}

/// The names under which each key is known: to the authorisation server and the install event, to an application's page in a frame (docs:
/// settings/oauth/simple-way), and to the vendor's own `CRest` (`settings.json`).
const CLIENT_ID: &[&str] = &["client_id", "C_REST_CLIENT_ID"];
const CLIENT_SECRET: &[&str] = &["client_secret", "C_REST_CLIENT_SECRET"];
const ACCESS_TOKEN: &[&str] = &["access_token", "AUTH_ID"];
const REFRESH_TOKEN: &[&str] = &["refresh_token", "REFRESH_ID"];
const CLIENT_ENDPOINT: &[&str] = &["client_endpoint"];
const SERVER_ENDPOINT: &[&str] = &["server_endpoint", "SERVER_ENDPOINT"];
/// The portal's host, where a frame's parameters name no address. (`domain` is the authorisation server's, as often as not.)
const HOST: &[&str] = &["DOMAIN"];

impl Keys {
    /// Reads keys: as the authorisation server answers them with the client's id and secret beside, or the `auth` of an install event.
    pub fn parse(text: &str) -> Result<Self, KeysError> {
        let mut found: Map<String, Json> = serde_json::from_str(text).map_err(|_| KeysError::NotJson)?;
        if let Some(Json::Object(auth)) = found.shift_remove("auth") {
            found.extend(auth);
        }
        let mut take = |names: &[&'static str]| {
            let mut first = None;
            // Under all its names, lest an old value stay under one of them.
            for name in names {
                if let Some(Json::String(text)) = found.shift_remove(*name)
                    && !text.trim().is_empty()
                {
                    first.get_or_insert(text);
                }
            }
            first.ok_or(KeysError::Missing(names[0]))
        };
        let client_id = take(CLIENT_ID)?;
        let client_secret = take(CLIENT_SECRET)?.into();
        let access_token = take(ACCESS_TOKEN)?.into();
        let refresh_token = take(REFRESH_TOKEN)?.into();
        let client_endpoint = take(CLIENT_ENDPOINT).or_else(|missing| match take(HOST) {
            Ok(host) => Ok(format!("https://{host}/rest/")),
            Err(_) => Err(missing),
        })?;
        let server_endpoint = take(SERVER_ENDPOINT).unwrap_or_else(|_| AUTHORISATION_SERVER.to_owned());
        Ok(Self { client_id, client_secret, access_token, refresh_token, client_endpoint, server_endpoint, others: found })
    }

    /// The same with a new pair of tokens. How long they live is said anew too, where it was said.
    pub fn with_pair(&self, access_token: SecretString, refresh_token: SecretString, answer: &Map<String, Json>) -> Self {
        let mut renewed = Self { access_token, refresh_token, ..self.clone() };
        for name in ["expires", "expires_in"] {
            if let (Some(place), Some(value)) = (renewed.others.get_mut(name), answer.get(name)) {
                *place = value.clone();
            }
        }
        renewed
    }

    /// The form that asks for new tokens. By POST, as the vendor's `CRest` does it: the documentation's GET has all secrets in its address.
    pub fn renewal_form_exposing_the_secrets(&self) -> Zeroizing<String> {
        let mut form = url::form_urlencoded::Serializer::new(String::with_capacity(ROOM));
        form.append_pair("grant_type", "refresh_token")
            .append_pair("client_id", &self.client_id)
            .append_pair("client_secret", self.client_secret.expose_secret())
            .append_pair("refresh_token", self.refresh_token.expose_secret());
        Zeroizing::new(form.finish())
    }

    /// What an authorisation server said, without any of the secrets that it was told.
    pub fn without_the_secrets(&self, said: &str) -> String {
        let secrets = [&self.client_secret, &self.refresh_token, &self.access_token];
        secrets.into_iter().fold(said.to_owned(), |said, secret| said.replace(secret.expose_secret(), "***"))
    }

    /// The keys as the file holds them.
    pub fn written(&self) -> io::Result<Zeroizing<Vec<u8>>> {
        #[derive(Serialize)]
        struct Written<'a> {
            client_id: &'a str,
            client_secret: &'a str,
            access_token: &'a str,
            refresh_token: &'a str,
            client_endpoint: &'a str,
            server_endpoint: &'a str,
            #[serde(flatten)]
            others: &'a Map<String, Json>,
        }
        let written = Written {
            client_id: &self.client_id,
            client_secret: self.client_secret.expose_secret(),
            access_token: self.access_token.expose_secret(),
            refresh_token: self.refresh_token.expose_secret(),
            client_endpoint: &self.client_endpoint,
            server_endpoint: &self.server_endpoint,
            others: &self.others,
        };
        // With room to spare, so that no copy is left behind where the text grows.
        let mut text = Zeroizing::new(Vec::with_capacity(ROOM * 4));
        serde_json::to_writer_pretty(&mut *text, &written)?;
        text.push(b'\n');
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"{"client_id": "local.1", "client_secret": "s", "access_token": "a", "refresh_token": "r",
        "client_endpoint": "https://acme.bitrix24.mx/rest/", "server_endpoint": "https://oauth.bitrix24.tech/rest/", "expires_in": 3600, "scope": "crm"}"#;

    fn keys(text: &str) -> Keys {
        Keys::parse(text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    #[test]
    fn keys_are_taken_as_each_of_the_vendors_ways_hands_them_out() {
        let event = r#"{"event": "ONAPPINSTALL", "client_id": "local.1", "client_secret": "s",
            "auth": {"access_token": "a", "refresh_token": "r", "client_endpoint": "https://acme.bitrix24.mx/rest/", "domain": "acme.bitrix24.mx"}}"#;
        let frame = r#"{"client_id": "local.1", "client_secret": "s", "DOMAIN": "acme.bitrix24.mx", "AUTH_ID": "a", "REFRESH_ID": "r",
            "SERVER_ENDPOINT": "https://oauth.bitrix24.tech/rest/"}"#;
        let crest = r#"{"C_REST_CLIENT_ID": "local.1", "C_REST_CLIENT_SECRET": "s", "access_token": "a", "refresh_token": "r",
            "client_endpoint": "https:\/\/acme.bitrix24.mx\/rest\/", "domain": "oauth.bitrix.info"}"#;
        for (text, server) in [(ANSWER, "24.tech"), (event, "bitrix.info"), (frame, "24.tech"), (crest, "bitrix.info")] {
            let keys = keys(text);
            assert_eq!((keys.client_id.as_str(), keys.client_secret.expose_secret()), ("local.1", "s"));
            assert_eq!((keys.access_token.expose_secret(), keys.refresh_token.expose_secret()), ("a", "r"));
            assert_eq!(keys.client_endpoint, "https://acme.bitrix24.mx/rest/");
            assert!(keys.server_endpoint.contains(server), "{text}");
        }
    }

    #[test]
    fn what_is_missing_is_named_and_nothing_is_repeated() {
        for name in ["client_id", "client_secret", "access_token", "refresh_token", "client_endpoint"] {
            let mut text: Map<String, Json> = serde_json::from_str(&ANSWER.replace("\"s\"", "\"canary7secret\"")).expect("JSON");
            text.remove(name);
            let error = Keys::parse(&Json::Object(text).to_string()).err().expect("keys that aren't whole");
            assert!(matches!(error, KeysError::Missing(missing) if missing == name), "{name}: {error}");
            assert!(!format!("{error} {error:?}").contains("canary"));
        }
        assert!(matches!(Keys::parse("{canary"), Err(KeysError::NotJson)));
    }

    #[test]
    fn what_an_authorisation_server_repeats_loses_every_secret() {
        let keys = keys(
            &ANSWER
                .replace("\"s\"", "\"canary7secret\"")
                .replace("\"r\"", "\"canary7refresh\"")
                .replace("\"a\"", "\"canary7access\""),
        );
        assert_eq!(keys.without_the_secrets("canary7refresh of canary7secret, canary7access"), "*** of ***, ***");
    }
}
