//! The line to the portal: paces, sends, listens to what each answer costs, and tries again where that is safe.
//!
//! Two kinds of call, two rules. A read may be sent again whatever became of it, as long as the patience lasts. A change is sent again
//! only when the whole request was provably not applied; a lost answer is handed up as it is.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::answer::{Answer, Reply};
use super::batch::{self, BATCH_COMMANDS_MAX, Outcome};
use super::call::{Call, reads_only};
use super::effect::{Effect, Refusal};
use super::error::PortalError;
use super::operating::{Admission, OperatingBudget};
use super::pace::Pace;
use super::pace_memory::PaceMemory;
use super::renewal::{NotRenewed, Renewed};
use super::schedule::Backoff;
use super::transport::{Transport, Trouble};
use crate::drill::planted;
use crate::event::{Event, Observer, WaitReason};

/// How long a method whose run time is used up is waited for, patience or not: a sum of ten minutes is gone by then (trap 25).
const OPERATING_PATIENCE: Duration = Duration::from_mins(15);

/// The line to one portal.
pub(super) struct Line {
    transport: Box<dyn Transport>,
    pace: Pace,
    operating: Mutex<OperatingBudget>,
    observer: Arc<dyn Observer>,
    hits: AtomicU64,
    last_sent: Mutex<Option<Instant>>,
    patience: Duration,
    seed: u64,
}

impl Line {
    /// A line over a transport; sends nothing.
    pub fn new(transport: Box<dyn Transport>, pace: Pace, patience: Duration, observer: Arc<dyn Observer>, seed: u64) -> Self {
        Self {
            transport,
            pace,
            operating: Mutex::default(),
            observer,
            hits: AtomicU64::new(0),
            last_sent: Mutex::default(),
            patience,
            seed,
        }
    }

    /// Requests that have reached the portal, or may have.
    pub fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }

    /// When the last request was handed to the transport: later than it was asked for, by all that the limits made it wait.
    pub fn last_sent(&self) -> Option<Instant> {
        *self.last_sent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shares the portal's limit of requests with other programs.
    pub fn remember_pace(&self, memory: Arc<dyn PaceMemory>) {
        self.pace.remember(memory);
    }

    /// How many units of a method to put in the next request.
    pub fn size_for(&self, method: &str, max: usize) -> usize {
        self.budget().size_for(method, max)
    }

    /// Carries reading calls out, in as many batches as their cost asks for. One result a call, in their order.
    ///
    /// # Panics
    ///
    /// If a call isn't known to only read: a reader can't be made to change anything.
    pub async fn read(&self, calls: &[Call]) -> Result<Vec<Result<Answer, Refusal>>, PortalError> {
        assert!(calls.iter().all(|call| reads_only(&call.method)), "a reader was asked for a method that may change something");
        let mut results: Vec<Option<Result<Answer, Refusal>>> = vec![None; calls.len()];
        let mut patience = Patience::new(self.patience, self.seed);
        loop {
            let open: Vec<usize> = (0..calls.len()).filter(|at| results[*at].is_none()).collect();
            let Some(first) = open.first() else { break };
            let size = self.size_for(&calls[*first].method, BATCH_COMMANDS_MAX);
            let open = &open[..size.min(open.len())];
            let batch: Vec<&Call> = open.iter().map(|at| &calls[*at]).collect();
            let reply = self.send_batch(&batch).await;
            if reply == Reply::Lost(Trouble::TooLarge) && batch.len() > 1 {
                continue; // The next batch is half as large.
            }
            if let Again::Yes(reason) = again_for_a_read(&reply)
                && self.wait(&mut patience, reason).await
            {
                continue;
            }
            let answer = reply.read(patience.tried_for())?;
            let mut wanting: Option<(WaitReason, PortalError)> = None;
            for (at, outcome) in open.iter().zip(batch::outcomes(answer, batch.len())) {
                match outcome {
                    Outcome::Success(answer) => results[*at] = Some(Ok(answer)),
                    Outcome::Refused(refusal) => match again_for_a_refused_read(&refusal) {
                        Again::Yes(reason) => {
                            wanting = Some((reason, PortalError::Busy { refusal, tried_for: patience.tried_for() }));
                        }
                        Again::No => results[*at] = Some(Err(refusal)),
                    },
                    Outcome::Missing => {
                        wanting = Some((WaitReason::Network, PortalError::Protocol("a command of a batch has no answer")));
                    }
                }
            }
            match wanting {
                Some((reason, error)) if !self.wait(&mut patience, reason).await => return Err(error),
                Some(_) => {}
                None => patience = Patience::new(self.patience, self.seed),
            }
        }
        Ok(results.into_iter().flatten().collect())
    }

    /// Carries changing calls out as one batch; sent again only while provably none of it was applied.
    pub async fn change_batch(&self, calls: &[&Call]) -> Effect<Vec<Outcome>> {
        let mut patience = Patience::new(self.patience, self.seed);
        loop {
            let reply = self.send_batch(calls).await;
            if let Again::Yes(reason) = again_for_a_change(&reply)
                && self.wait(&mut patience, reason).await
            {
                continue;
            }
            return reply.effect().map(|answer| batch::outcomes(answer, calls.len()));
        }
    }

    /// Carries one changing call out as a request of its own; sent again only while it was provably not applied.
    pub async fn change(&self, call: &Call) -> Effect<Answer> {
        let mut patience = Patience::new(self.patience, self.seed);
        loop {
            let reply = self.send(&call.method, &[call], call.body()).await;
            if let Reply::Success(answer) = &reply {
                self.budget().note(&call.method, &answer.time, Instant::now());
            }
            if let Again::Yes(reason) = again_for_a_change(&reply)
                && self.wait(&mut patience, reason).await
            {
                continue;
            }
            return reply.effect();
        }
    }

    /// Sends a batch once, and learns from the answer what each method costs.
    async fn send_batch(&self, calls: &[&Call]) -> Reply {
        let reply = self.send("batch", calls, batch::body(calls)).await;
        let now = Instant::now();
        match &reply {
            Reply::Success(answer) => {
                self.budget().note("batch", &answer.time, now);
                self.learn(calls, &batch::costs(answer, calls.len()), now);
            }
            Reply::Lost(Trouble::Timeout | Trouble::TooLarge) | Reply::NotJson { status: 502 | 504, .. } => {
                for call in calls {
                    self.budget().cut(&call.method, calls.iter().map(|call| call.units).sum());
                }
            }
            _ => {}
        }
        reply
    }

    fn learn(&self, calls: &[&Call], costs: &[batch::Cost], now: Instant) {
        let mut budget = self.budget();
        let mut spent: Vec<(&str, usize, Duration)> = Vec::new();
        for (call, cost) in calls.iter().zip(costs) {
            match cost {
                batch::Cost::Time(time) => {
                    budget.note(&call.method, time, now);
                    let Some(duration) = time.duration else { continue };
                    match spent.iter_mut().find(|(method, ..)| *method == call.method) {
                        Some((_, units, sum)) => (*units, *sum) = (*units + call.units, *sum + duration),
                        None => spent.push((&call.method, call.units, duration)),
                    }
                }
                batch::Cost::UsedUp => budget.refused(&call.method, now),
                batch::Cost::Untold => {}
            }
        }
        for (method, units, sum) in spent {
            budget.learn(method, units, sum);
        }
    }

    /// Sends once, and once more with another token where the first was out of date: that is refused before anything happens.
    async fn send(&self, method: &str, calls: &[&Call], body: Vec<u8>) -> Reply {
        if self.transport.token().is_none() {
            return self.send_once(method, calls, body).await.0;
        }
        let mut renewed = Renewed::Found;
        loop {
            let (reply, token) = self.send_once(method, calls, body.clone()).await;
            let Some(token) = token.filter(|_| is_out_of_date(&reply)) else { return reply };
            // One that was found may be out of date itself; one that was asked for just now is not.
            if renewed == Renewed::Asked {
                return reply;
            }
            renewed = match self.renew(token).await {
                Ok(renewed) => renewed,
                Err(reason) => return Reply::Refused(reason.into()),
            };
        }
    }

    async fn renew(&self, refused: u64) -> Result<Renewed, NotRenewed> {
        let asked = Instant::now();
        let renewed = self.transport.renew(refused).await;
        if renewed != Ok(Renewed::Found) {
            let outcome = if renewed.is_ok() { "ok" } else { "refused" };
            let millis = asked.elapsed().as_millis() as u64;
            self.observer.event(Event::Request { method: "oauth/token".to_owned(), millis, outcome });
        }
        renewed
    }

    /// Sends once, when the limits allow it; tells which token went with it.
    async fn send_once(&self, method: &str, calls: &[&Call], body: Vec<u8>) -> (Reply, Option<u64>) {
        self.rested(method, calls).await;
        self.pace.ready().await;
        let token = self.transport.token();
        let sent = Instant::now();
        *self.last_sent.lock().unwrap_or_else(PoisonError::into_inner) = Some(sent);
        let reply = Reply::from(self.transport.post(method, body).await);
        if !matches!(reply, Reply::NotSent(_)) {
            self.hits.fetch_add(1, Ordering::Relaxed);
        }
        match &reply {
            Reply::Refused(refusal) if refusal.code == "QUERY_LIMIT_EXCEEDED" => self.pace.refused(sent),
            Reply::Refused(refusal) if refusal.code == "OPERATION_TIME_LIMIT" => self.budget().refused(method, Instant::now()),
            Reply::Success(_) | Reply::Refused(_) => self.pace.accepted(),
            _ => {}
        }
        let millis = sent.elapsed().as_millis() as u64;
        self.observer.event(Event::Request { method: method.to_owned(), millis, outcome: reply.outcome() });
        (reply, token)
    }

    /// Waits until every method of the request has run time left.
    async fn rested(&self, method: &str, calls: &[&Call]) {
        loop {
            let now = Instant::now();
            let methods = calls.iter().map(|call| call.method.as_ref()).chain([method]);
            let waits = methods.filter_map(|method| match self.budget().admit(method, now) {
                Admission::After(wait) => Some(wait),
                Admission::Now => None,
            });
            let Some(wait) = waits.max() else { return };
            self.observer.event(Event::Wait { reason: WaitReason::OperatingLimit, millis: wait.as_millis() as u64 });
            sleep(wait).await;
        }
    }

    /// Waits before another attempt; false when the patience is used up.
    async fn wait(&self, patience: &mut Patience, reason: WaitReason) -> bool {
        let Some(pause) = patience.next(reason) else { return false };
        if !pause.is_zero() {
            self.observer.event(Event::Wait { reason, millis: pause.as_millis() as u64 });
            sleep(pause).await;
        }
        true
    }

    fn budget(&self) -> MutexGuard<'_, OperatingBudget> {
        self.operating.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a token is out of date, or so far that the portal doesn't know it any more (rest-transport 4.1).
fn is_out_of_date(reply: &Reply) -> bool {
    matches!(reply, Reply::Refused(Refusal { code, status: 401, .. }) if code == "expired_token" || code == "invalid_token")
}

/// Whether a call is sent again, and what is waited for before.
enum Again {
    Yes(WaitReason),
    No,
}

fn again_for_a_read(reply: &Reply) -> Again {
    match reply {
        Reply::NotSent(Trouble::Certificate) | Reply::Lost(Trouble::TooLarge) => Again::No,
        Reply::Refused(refusal) => again_for_a_refused_read(refusal),
        Reply::NotJson { status, .. } if *status >= 500 || *status == 429 => Again::Yes(WaitReason::Refused),
        // A JSON that isn't one is an empty body, or one that was cut.
        Reply::NotSent(_) | Reply::Lost(_) | Reply::NotJson { status: 200, is_html: false } => Again::Yes(WaitReason::Network),
        _ => Again::No,
    }
}

fn again_for_a_refused_read(refusal: &Refusal) -> Again {
    match (refusal.code.as_str(), refusal.status) {
        ("OVERLOAD_LIMIT" | "PORTAL_DELETED", _) => Again::No,
        ("OPERATION_TIME_LIMIT", _) => Again::Yes(WaitReason::OperatingLimit),
        ("QUERY_LIMIT_EXCEEDED" | "INTERNAL_SERVER_ERROR" | "ERROR_UNEXPECTED_ANSWER", _) | (_, 500..) => {
            Again::Yes(WaitReason::Refused)
        }
        _ => Again::No,
    }
}

/// Nothing but what proves that the method never started.
fn again_for_a_change(reply: &Reply) -> Again {
    match reply {
        Reply::Lost(_) if planted!(RetryOnTimeout) => Again::Yes(WaitReason::Network),
        Reply::NotJson { status: 500.., .. } | Reply::Refused(Refusal { status: 500.., .. }) if planted!(RetryOn500) => {
            Again::Yes(WaitReason::Refused)
        }
        Reply::NotSent(Trouble::Certificate) => Again::No,
        Reply::NotSent(_) => Again::Yes(WaitReason::Network),
        Reply::Refused(refusal) if refusal.code == "OPERATION_TIME_LIMIT" => Again::Yes(WaitReason::OperatingLimit),
        Reply::Refused(refusal) if refusal.code == "QUERY_LIMIT_EXCEEDED" => Again::Yes(WaitReason::Refused),
        _ => Again::No,
    }
}

/// How long a call has been tried, and how long it still will be.
struct Patience {
    limit: Duration,
    began: Option<Instant>,
    failures: u32,
    backoff: Backoff,
}

impl Patience {
    fn new(limit: Duration, seed: u64) -> Self {
        let backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(10), seed);
        Self { limit, began: None, failures: 0, backoff }
    }

    /// The pause before the next attempt; `None` when the patience is used up.
    fn next(&mut self, reason: WaitReason) -> Option<Duration> {
        let elapsed = self.began.get_or_insert_with(Instant::now).elapsed();
        let limit = if reason == WaitReason::OperatingLimit { self.limit.max(OPERATING_PATIENCE) } else { self.limit };
        if elapsed >= limit {
            return None;
        }
        self.failures += 1;
        // The ledger of run time holds the next attempt back by itself.
        if reason == WaitReason::OperatingLimit {
            return Some(Duration::ZERO);
        }
        Some(self.backoff.pause(self.failures).min(limit.saturating_sub(elapsed)))
    }

    fn tried_for(&self) -> Duration {
        self.began.map_or(Duration::ZERO, |began| began.elapsed())
    }
}
