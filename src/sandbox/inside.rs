//! A portal without a network: requests are handed in, answers come out, and nothing happens in between but the methods themselves.
//!
//! For a simulation that brings its own network and its own clock: by tokio's paused time a day of the portal's passes in no time.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::oneshot;

use super::answer::RestError;
use super::clock::Clock;
use super::door::{Call, answered};
use super::faults::Strikes;
use super::office::Office;
use super::params::{self, Carrier};
use super::strike::Answer;
use super::waiting::Waiting;
use super::{Config, SandboxError};

/// The one address from which requests come.
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A portal that is called directly.
#[derive(Debug, Clone)]
pub struct Inside {
    office: Arc<Office>,
}

impl Inside {
    /// Opens a portal whose clock shows `now`. The configuration's time scale, latency and faults are left aside.
    pub fn open(config: &Config, now: Timestamp) -> Result<Self, SandboxError> {
        let config = Config { latency_ms: 0, faults: None, ..config.clone() };
        Ok(Self { office: Arc::new(Office::open_on_the_spot(&config, Clock::born_at(now))?) })
    }

    /// Carries a request of the administrator out: a JSON body in, HTTP status and JSON body out. Never waits.
    pub async fn handle(&self, method: &str, body: &[u8]) -> (u16, Vec<u8>) {
        if self.office.admits(ADDRESS) { self.handle_unlimited(method, body).await } else { written(too_many()) }
    }

    /// The same for somebody whose requests the limits don't count: who looks on.
    pub async fn handle_unlimited(&self, method: &str, body: &[u8]) -> (u16, Vec<u8>) {
        written(self.carry_out(method, body).await)
    }

    async fn carry_out(&self, method: &str, body: &[u8]) -> Answer {
        let params = params::read(Carrier { query: "", body: Some(body), content_type: "application/json" });
        let webhook = Some(self.office.first_webhook());
        let call = Call { name: method.to_lowercase(), webhook, params, has_token: false, strikes: Strikes::default() };
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
