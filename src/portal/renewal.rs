//! Renewing an application's token: once for all who wait, and written down before it is used.
//!
//! A portal refuses a token that is out of date before anything happens (401 `expired_token`), so what was refused may be sent again. Who
//! asks for a new one gives the old refresh token away (docs: settings/oauth/auto-renewal), so the order here is the promise: room for the
//! new keys is made, they are asked for, they are on the disk, and only then does a request carry them. Only when a kill falls between
//! the server's work and the disk are they lost; then the next run is refused, and says what to do.

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Map, Value as Json};
use tokio::time::sleep;

use super::answer::plain;
use super::application::Application;
use super::effect::Refusal;
use super::keys::Keys;
use super::schedule::Backoff;
use super::transport::{Delivery, RawAnswer, Wire};

/// How often new keys are asked for where no answer comes. Each time with the old ones: they may be used up by then, or not.
const ATTEMPTS: u32 = 4;

/// Why there is no new token. The text never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotRenewed {
    /// The authorisation server said no.
    #[error("the authorisation server doesn't renew the application's access: {0}")]
    Refused(String),
    /// It gave no answer; or it did, and it was lost.
    #[error("the authorisation server doesn't answer, so the application's access isn't renewed: {0}")]
    Unanswered(String),
    /// The file of the keys can't be rewritten, so none were asked for.
    #[error("the file of the application's keys can't be rewritten, so its access isn't renewed: {0}")]
    Unwritable(String),
    /// New keys came and could not be written down: they are lost.
    #[error("the application's new keys could not be written down: {0}")]
    Unsaved(String),
}

/// Where a new token came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewed {
    /// This call asked for it.
    Asked,
    /// It was there already: another worker, or another run, has asked for it.
    Found,
}

/// What all who wait have in common.
#[derive(Debug, Default)]
pub(super) struct Renewal {
    /// Why this run asks no more.
    ended: Option<NotRenewed>,
}

/// Sees to it that requests carry another token than the one with this number.
///
/// It goes on to its end where nobody waits for it any more: new keys that nobody writes down are lost.
pub(super) async fn renew(application: Arc<Application>, wire: Wire, refused: u64) -> Result<Renewed, NotRenewed> {
    let work = tokio::spawn(async move {
        let mut renewal = application.renewal.lock().await;
        if application.number() != refused {
            return Ok(Renewed::Found);
        }
        if let Some(ended) = &renewal.ended {
            return Err(ended.clone());
        }
        let outcome = alone(&application, &wire).await;
        renewal.ended = outcome.as_ref().err().cloned();
        outcome
    });
    work.await.unwrap_or_else(|_| Err(NotRenewed::Unanswered("interrupted".to_owned())))
}

async fn alone(application: &Arc<Application>, wire: &Wire) -> Result<Renewed, NotRenewed> {
    let locking = Arc::clone(application);
    let _lock = tokio::task::spawn_blocking(move || locking.file.lock()).await.ok().flatten();
    let old = application.kept().map_err(|error| NotRenewed::Unwritable(error.to_string()))?;
    if !application.uses(&old) {
        application.take_up(&old);
        return Ok(Renewed::Found);
    }
    let draft = application.file.draft().map_err(|error| NotRenewed::Unwritable(error.to_string()))?;
    let new = asked(application.token_url(), &old, wire).await?;
    draft.keep(&new).map_err(|error| NotRenewed::Unsaved(error.to_string()))?;
    application.take_up(&new);
    Ok(Renewed::Asked)
}

/// Asks until there is an answer, but not for ever.
async fn asked(token_url: &str, old: &Keys, wire: &Wire) -> Result<Keys, NotRenewed> {
    let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(10), u64::from(std::process::id()));
    let mut silence = String::new();
    for attempt in 1..=ATTEMPTS {
        match said(wire.post_form(token_url, &old.renewal_form_exposing_the_secrets()).await, old) {
            Said::Keys(new) => return Ok(*new),
            Said::No(text) if silence.is_empty() => return Err(NotRenewed::Refused(text)),
            Said::No(text) => return Err(NotRenewed::Refused(format!("{text} (an answer was lost before: {silence})"))),
            Said::Nothing(text) => silence = text,
        }
        if attempt < ATTEMPTS {
            sleep(backoff.pause(attempt)).await;
        }
    }
    Err(NotRenewed::Unanswered(silence))
}

enum Said {
    Keys(Box<Keys>),
    No(String),
    Nothing(String),
}

fn said(delivery: Delivery, old: &Keys) -> Said {
    let answer = match delivery {
        Delivery::NotSent(trouble) | Delivery::Lost(trouble) => return Said::Nothing(trouble.to_string()),
        Delivery::Answer(answer) => answer,
    };
    let nothing = || Said::Nothing(format!("HTTP {}", answer.status));
    let Ok(body) = serde_json::from_slice::<Map<String, Json>>(&answer.body) else { return nothing() };
    // What a busy or broken server says is no decision.
    if body.contains_key("error") && answer.status < 500 && answer.status != 429 {
        return Said::No(old.without_the_secrets(&refusal(&body)));
    }
    match (token(&body, "access_token"), token(&body, "refresh_token")) {
        (Some(access), Some(refresh)) if is_success(&answer) => Said::Keys(Box::new(old.with_pair(access, refresh, &body))),
        _ => nothing(),
    }
}

fn is_success(answer: &RawAnswer) -> bool {
    (200..300).contains(&answer.status)
}

fn refusal(body: &Map<String, Json>) -> String {
    let part = |name: &str| body.get(name).map(plain).filter(|text| !text.is_empty());
    [part("error"), part("error_description")].into_iter().flatten().collect::<Vec<_>>().join(": ")
}

fn token(body: &Map<String, Json>, name: &str) -> Option<SecretString> {
    body.get(name).and_then(Json::as_str).filter(|text| !text.trim().is_empty()).map(SecretString::from)
}

/// Each reason with the code under which it travels as a refusal: nothing was done, and every other call would be refused as well.
const CODES: [(&str, fn(String) -> NotRenewed); 4] = [
    ("RENEWAL_REFUSED", NotRenewed::Refused),
    ("RENEWAL_UNANSWERED", NotRenewed::Unanswered),
    ("KEYS_UNWRITABLE", NotRenewed::Unwritable),
    ("KEYS_UNSAVED", NotRenewed::Unsaved),
];

impl NotRenewed {
    /// The reason that a refusal carries.
    pub(super) fn of(refusal: &Refusal) -> Option<Self> {
        CODES.iter().find(|(code, _)| *code == refusal.code).map(|(_, reason)| reason(refusal.text.clone()))
    }
}

impl From<NotRenewed> for Refusal {
    fn from(reason: NotRenewed) -> Self {
        let (code, text) = match reason {
            NotRenewed::Refused(text) => (CODES[0].0, text),
            NotRenewed::Unanswered(text) => (CODES[1].0, text),
            NotRenewed::Unwritable(text) => (CODES[2].0, text),
            NotRenewed::Unsaved(text) => (CODES[3].0, text),
        };
        // The portal's own answer was that the token is out of date.
        Self { code: code.to_owned(), text, status: 401 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_travels_as_a_refusal_of_every_call_and_arrives_as_itself() {
        for (code, reason) in CODES {
            let reason = reason("why".to_owned());
            let refusal = Refusal::from(reason.clone());
            assert!(refusal.code == code && refusal.concerns_the_portal());
            assert_eq!(NotRenewed::of(&refusal), Some(reason));
        }
    }
}
