//! A local application of the portal, and the authorisation server that renews its tokens (docs: settings/oauth).
//!
//! At a real portal that server is another host, so no limit of the portal applies to it. Here it answers beside the portal, at
//! `/oauth/token/`, and faults strike it under the name [`TOKEN`]. It is strict: a refresh token holds once. (The documentation says to
//! keep the new one in the old one's place, and not what becomes of the old one.)

use serde_json::{Map, Value, json};

use super::answer::{Reply, RestError};
use super::office::Office;
use super::php;
use super::store::Store;
use super::store::tokens::Tokens;
use super::strike::Answer;

/// The name of a renewal, as rules for faults know it.
pub const TOKEN: &str = "oauth/token";

/// The sandbox's own method that installs the application for the user who calls: it answers what a real portal sends to the application's
/// handler, with the client's id and secret beside. `expires_in` says how many seconds an access token lives.
pub const INSTALL: &str = "sandbox.application.install";

/// The application's id and secret, the same in every sandbox.
const CLIENT_ID: &str = "local.5a11d0b0c0ffee.10010001";
const CLIENT_SECRET: &str = "kR7sandboxWq2applicationZt9secretXv4ofNoUse5pLm8";

/// How many seconds an access token lives.
const LIFE: u64 = 3600;

/// Installs the application.
pub async fn install(office: &Office, user: u64, host: &str, params: &Map<String, Value>) -> Reply {
    let life = params.get("expires_in").and_then(php::as_text).and_then(|text| text.parse().ok()).unwrap_or(LIFE);
    let now = office.clock.wall().as_second();
    let host = host.to_owned();
    Reply::of(office.work(move |store| keys(store, user, now, life, &host)).await)
}

/// The keys of an application that has just been installed for a user, at `now`.
pub fn keys(store: &mut Store, user: u64, now: i64, life: u64, host: &str) -> Value {
    let mut told = told(&store.give_tokens(user, now, life), host);
    told["client_id"] = CLIENT_ID.into();
    told["client_secret"] = CLIENT_SECRET.into();
    told
}

/// Answers a renewal.
pub async fn renew(office: &Office, host: &str, params: &Map<String, Value>) -> Answer {
    let part = |name: &str| params.get(name).and_then(php::as_text).unwrap_or_default();
    if part("grant_type") != "refresh_token" {
        return refused("invalid_request", "Invalid grant_type parameter or parameter missing");
    }
    if part("client_id") != CLIENT_ID || part("client_secret") != CLIENT_SECRET {
        return refused("invalid_client", "The client credentials are invalid");
    }
    let (refresh, now) = (part("refresh_token"), office.clock.wall().as_second());
    let renewed = office.work(move |store| store.renew_tokens(&refresh, now)).await;
    renewed.map_or_else(|| refused("invalid_grant", ""), |tokens| Answer::json(200, told(&tokens, host)))
}

/// The user whose token it is.
pub async fn bearer(office: &Office, token: String) -> Result<u64, RestError> {
    let now = office.clock.wall().as_second();
    let known = move |store: &mut Store| {
        let tokens = store.tokens(&token)?;
        Some((tokens.user, tokens.expires <= now, store.user(tokens.user).is_some_and(|user| user.active)))
    };
    match office.work(known).await {
        None => Err(RestError::with_status(401, "invalid_token", "Unable to get application by token")),
        Some((_, true, _)) => Err(RestError::with_status(401, "expired_token", "The access token provided has expired.")),
        Some((_, _, false)) => Err(RestError::with_status(401, "authorization_error", "Unable to authorize user")),
        Some((user, ..)) => Ok(user),
    }
}

fn refused(code: &str, description: &str) -> Answer {
    Answer::json(400, json!({"error": code, "error_description": description}))
}

fn told(tokens: &Tokens, host: &str) -> Value {
    json!({
        "access_token": tokens.access,
        "refresh_token": tokens.refresh,
        "expires": tokens.expires,
        "expires_in": tokens.life,
        "client_endpoint": format!("http://{host}/rest/"),
        "server_endpoint": format!("http://{host}/rest/"),
        "domain": host,
        "member_id": "5a11d0b0c0ffee5a11d0b0c0ffee5a11",
        "scope": "crm,user_brief",
        "status": "L",
        "user_id": tokens.user,
    })
}
