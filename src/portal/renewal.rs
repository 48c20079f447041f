//! Renewing an application's token: once for all who wait, and written down before it is used.
//!
//! A portal refuses a token that is out of date before anything happens (401 `expired_token`), so what was refused may be sent again. Who
//! asks for a new one gives the old refresh token away (docs: settings/oauth/auto-renewal), so the order here is the promise: room for the
//! new keys is made, they are asked for, they are on the disk, and only then does a request carry them. Only when a kill falls between
//! the server's work and the disk are they lost; then the next run is refused, and says what to do.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Map, Value as Json};
use tokio::sync::watch;
use tokio::time::sleep;

use super::answer::plain;
use super::application::Application;
use super::effect::Refusal;
use super::keys::{Keys, KeysError};
use super::schedule::Backoff;
use super::transport::{Content, Delivery, RawAnswer, Wire};

/// How often new keys are asked for where no answer comes. Each time with the old ones: they may be used up by then, or not.
const ATTEMPTS: u32 = 4;

/// Why there is no new token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}: {said}")]
pub struct NotRenewed {
    /// What stood in the way.
    pub why: Obstacle,
    /// In whose words: the server's or the system's. It never holds a secret.
    pub said: String,
}

/// What can stand between an application and a new token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    /// The authorisation server said no.
    #[error("the authorisation server doesn't renew the application's access")]
    Refused,
    /// It gave no answer; or it did, and it was lost.
    #[error("the authorisation server doesn't answer, so the application's access isn't renewed")]
    Unanswered,
    /// The file of the keys can't be rewritten, so none were asked for.
    #[error("the file of the application's keys can't be rewritten, so its access isn't renewed")]
    Unwritable,
    /// New keys came and could not be written down: they are lost.
    #[error("the application's new keys could not be written down")]
    Unsaved,
}

impl Obstacle {
    fn said(self, what: impl Into<String>) -> NotRenewed {
        NotRenewed { why: self, said: what.into() }
    }
}

/// Where a new token came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewed {
    /// This call asked for it.
    Asked,
    /// It was there already: another worker, or another run, has asked for it.
    Found,
}

/// Renewals of this process that have begun and aren't through.
static UNDER_WAY: LazyLock<watch::Sender<usize>> = LazyLock::new(|| watch::Sender::new(0));

/// Waits until no renewal is under way. A program that ends before would lose the keys that are on their way.
pub async fn renewals_are_through() {
    // The sender is never dropped.
    let _ = UNDER_WAY.subscribe().wait_for(|renewals| *renewals == 0).await;
}

/// One of them, until it is dropped.
struct UnderWay;

impl UnderWay {
    fn begin() -> Self {
        UNDER_WAY.send_modify(|renewals| *renewals += 1);
        Self
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        UNDER_WAY.send_modify(|renewals| *renewals -= 1);
    }
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
pub(super) async fn renew(application: Arc<Application>, wire: Arc<dyn Wire>, refused: u64) -> Result<Renewed, NotRenewed> {
    let under_way = UnderWay::begin();
    let work = tokio::spawn(async move {
        let _under_way = under_way;
        let mut renewal = application.renewal.lock().await;
        if application.number() != refused {
            return Ok(Renewed::Found);
        }
        if let Some(ended) = &renewal.ended {
            return Err(ended.clone());
        }
        let outcome = alone(&application, &*wire).await;
        renewal.ended = outcome.as_ref().err().cloned();
        outcome
    });
    work.await.unwrap_or_else(|_| Err(Obstacle::Unanswered.said("interrupted")))
}

async fn alone(application: &Application, wire: &dyn Wire) -> Result<Renewed, NotRenewed> {
    let _lock = application.file.lock().await;
    let old = application.kept().map_err(|error| match error {
        KeysError::ReadOnly(cause) => Obstacle::Unwritable.said(cause.to_string()),
        other => Obstacle::Unwritable.said(other.to_string()),
    })?;
    if !application.uses(&old) {
        application.take_up(&old);
        return Ok(Renewed::Found);
    }
    let draft = application.file.draft().map_err(|error| Obstacle::Unwritable.said(error.to_string()))?;
    let new = asked(application.token_url(), &old, wire).await?;
    draft.keep(&new).map_err(|error| Obstacle::Unsaved.said(error.to_string()))?;
    application.take_up(&new);
    Ok(Renewed::Asked)
}

/// Asks until there is an answer, but not for ever.
async fn asked(token_url: &str, old: &Keys, wire: &dyn Wire) -> Result<Keys, NotRenewed> {
    let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(10), u64::from(std::process::id()));
    let mut lost = String::new();
    let mut silence = String::new();
    for attempt in 1..=ATTEMPTS {
        let form = old.renewal_form_exposing_the_secrets().as_bytes().to_vec();
        match said(wire.post(token_url, Content::Form, form).await, old) {
            Said::Keys(new) => return Ok(*new),
            Said::No(text) => return Err(Obstacle::Refused.said(text + &lost)),
            Said::Unreached(text) => silence = text,
            Said::Lost(text) => {
                lost = format!(" (an answer was lost before: {text})");
                silence = text;
            }
        }
        if attempt < ATTEMPTS {
            sleep(backoff.pause(attempt)).await;
        }
    }
    Err(Obstacle::Unanswered.said(silence))
}

/// What came of one attempt.
enum Said {
    Keys(Box<Keys>),
    No(String),
    /// Nobody was asked.
    Unreached(String),
    /// There may be new keys, which nobody has.
    Lost(String),
}

fn said(delivery: Delivery, old: &Keys) -> Said {
    let answer = match delivery {
        Delivery::NotSent(trouble) => return Said::Unreached(trouble.to_string()),
        Delivery::Lost(trouble) => return Said::Lost(trouble.to_string()),
        Delivery::Answer(answer) => answer,
    };
    let nothing = || Said::Lost(format!("HTTP {}", answer.status));
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

/// Each with the code under which it travels as a refusal: nothing was done, and every other call would be refused as well.
const CODES: [(&str, Obstacle); 4] = [
    ("RENEWAL_REFUSED", Obstacle::Refused),
    ("RENEWAL_UNANSWERED", Obstacle::Unanswered),
    ("KEYS_UNWRITABLE", Obstacle::Unwritable),
    ("KEYS_UNSAVED", Obstacle::Unsaved),
];

impl NotRenewed {
    /// The reason that a refusal carries.
    pub(super) fn of(refusal: &Refusal) -> Option<Self> {
        CODES.iter().find(|(code, _)| *code == refusal.code).map(|(_, why)| why.said(&refusal.text))
    }
}

impl From<NotRenewed> for Refusal {
    fn from(NotRenewed { why, said }: NotRenewed) -> Self {
        let code = CODES.iter().find(|(_, known)| *known == why).map(|(code, _)| (*code).to_owned());
        // The portal's own answer was that the token is out of date.
        Self { code: code.unwrap_or_default(), text: said, status: 401 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_travels_as_a_refusal_of_every_call_and_arrives_as_itself() {
        for (code, why) in CODES {
            let reason = why.said("its words");
            let refusal = Refusal::from(reason.clone());
            assert!(refusal.code == code && refusal.concerns_the_portal());
            assert_eq!(NotRenewed::of(&refusal), Some(reason));
        }
    }
}
