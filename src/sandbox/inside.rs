//! A portal without a network: requests are handed in, answers come out, and nothing happens in between but the methods themselves.
//!
//! For a simulation that brings its own network and its own clock: by tokio's paused time a day of the portal's passes in no time.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::oneshot;

use super::answer::RestError;
use super::application;
use super::clock::Clock;
use super::door::{Call, answered, met, serve};
use super::faults::Strikes;
use super::office::{Office, internal_error};
use super::params::{self, Carrier};
use super::php;
use super::routes::Webhook;
use super::strike::{Answer, Out};
use super::waiting::Waiting;
use super::{Config, SandboxError};

/// The one address from which requests come.
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// The administrator, whose webhook is used.
const ADMIN: u64 = 1;

/// A portal that is called directly.
#[derive(Debug, Clone)]
pub struct Inside {
    office: Arc<Office>,
    secret: String,
}

impl Inside {
    /// Opens a portal whose clock shows `now`. The configuration's time scale, latency and faults are left aside.
    pub fn open(config: &Config, now: Timestamp) -> Result<Self, SandboxError> {
        let config = Config { latency_ms: 0, faults: None, ..config.clone() };
        let office = Arc::new(Office::open_on_the_spot(&config, Clock::born_at(now))?);
        let secret = office.with_store(|store| store.user(ADMIN).map(|user| user.secret.clone())).unwrap_or_default();
        Ok(Self { office, secret })
    }

    /// What stands behind its door: its faults and its state.
    pub fn office(&self) -> &Office {
        &self.office
    }

    /// Carries a request out as the door does, armed faults included: they may make it wait, and what is late goes on when the answer has
    /// been given. Needs a runtime of tokio.
    pub async fn deliver(&self, method: &str, body: &[u8]) -> Out {
        if self.office.admits(ADDRESS) { self.served(self.call(method, body)).await } else { too_many().into() }
    }

    /// The same for an application, whose token is in the body. A renewal, which is a form, is no request to the portal itself: nothing
    /// counts it.
    pub async fn deliver_of_an_application(&self, method: &str, body: &[u8]) -> Out {
        let is_renewal = method == application::TOKEN;
        if !is_renewal && !self.office.admits(ADDRESS) {
            return too_many().into();
        }
        let content_type = if is_renewal { "application/x-www-form-urlencoded" } else { "application/json" };
        let mut params = params::read(Carrier { query: "", body: Some(body), content_type });
        let token = params.shift_remove("auth").as_ref().and_then(php::as_text);
        self.served(Call { webhook: None, token, params, ..self.call(method, b"{}") }).await
    }

    async fn served(&self, mut call: Call) -> Out {
        call.strikes = met(&self.office, &call.name, &call.params);
        let (sender, receiver) = oneshot::channel();
        tokio::spawn(serve(Arc::clone(&self.office), self.office.begin(), call, Waiting::new(sender, ADDRESS)));
        receiver.await.unwrap_or_else(|_| Answer::error(&internal_error()).into())
    }

    /// Carries a request of the administrator out: a JSON body in, HTTP status and JSON body out. Never waits.
    pub async fn handle(&self, method: &str, body: &[u8]) -> (u16, Vec<u8>) {
        if self.office.admits(ADDRESS) { self.handle_unlimited(method, body).await } else { written(too_many()) }
    }

    /// The same for somebody whose requests the limits don't count: who looks on.
    pub async fn handle_unlimited(&self, method: &str, body: &[u8]) -> (u16, Vec<u8>) {
        written(self.carry_out(method, body).await)
    }

    fn call(&self, method: &str, body: &[u8]) -> Call {
        let params = params::read(Carrier { query: "", body: Some(body), content_type: "application/json" });
        let webhook = Webhook { user: ADMIN.to_string(), secret: self.secret.clone() };
        Call {
            name: method.to_lowercase(),
            webhook: Some(webhook),
            params,
            token: None,
            host: String::new(),
            strikes: Strikes::default(),
        }
    }

    async fn carry_out(&self, method: &str, body: &[u8]) -> Answer {
        let call = self.call(method, body);
        // Nobody waits at the other end: the answer is given back here.
        let (nobody, _) = oneshot::channel();
        answered(&self.office, &call, &mut Waiting::new(nobody, ADDRESS)).await.answer
    }
}

fn written(answer: Answer) -> (u16, Vec<u8>) {
    (answer.status, answer.body.into_bytes())
}

fn too_many() -> Answer {
    Answer::error(&RestError::with_status(503, "QUERY_LIMIT_EXCEEDED", "Too many requests"))
}
