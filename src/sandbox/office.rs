//! What stands behind the door: the state, the accounts and the faults, and how one method is carried out.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::tz::TimeZone;
use serde_json::{Map, Value};
use tokio::sync::watch;

use super::answer::{Reply, RestError};
use super::clock::Clock;
use super::envelope::{self, Operating, Timing};
use super::faults::{Faults, Place, Strikes};
use super::limits::{Account, Accounts, Allowance, Bucket};
use super::methods::{self, Caller};
use super::routes::Webhook;
use super::rule::{Deed, Rule};
use super::server::SandboxError;
use super::store::Store;
use super::system::{self, Surroundings};
use super::{Config, faults};

/// One portal at work.
#[derive(Debug)]
pub struct Office {
    /// Everything that calls may change is changed under this one lock.
    store: Arc<Mutex<Store>>,
    buckets: Mutex<HashMap<IpAddr, Bucket>>,
    accounts: Mutex<Accounts>,
    faults: Mutex<Faults>,
    allowance: Option<Allowance>,
    latency: Duration,
    /// The portal's time.
    pub clock: Clock,
    zone: TimeZone,
    /// Whether methods are carried out where they are asked for, and not on a thread of their own.
    on_the_spot: bool,
    traffic: Mutex<Traffic>,
    /// Set when the portal closes.
    closing: watch::Sender<bool>,
    /// Requests that have begun and aren't done, whether or not somebody waits for them.
    underway: watch::Sender<usize>,
    #[cfg(test)]
    probe: super::probe::Probe,
}

/// What came in since the portal was opened, and what its limits turned away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Requests that met the bucket.
    pub requests: u64,
    /// Of these, how many it refused: 503 `QUERY_LIMIT_EXCEEDED`.
    pub refused: u64,
    /// Commands that were blocked because their method's run time was used up: 429 `OPERATION_TIME_LIMIT`.
    pub blocked: u64,
}

/// A method as it was carried out: what it gave, and the `time` object beside it.
#[derive(Debug)]
pub struct Carried {
    /// The reply or the refusal.
    pub outcome: Result<Reply, RestError>,
    /// The `time` object.
    pub time: Value,
}

/// Why a request ended before its methods were through.
#[derive(Debug, PartialEq)]
pub enum End {
    /// It took longer than a request may.
    Interrupted,
    /// A fault at a command of a batch stands in the place of the whole answer.
    Struck(Deed),
}

/// Who calls, and how long he may still: one request's own desk.
#[derive(Debug)]
pub struct Desk {
    /// The portal.
    pub office: Arc<Office>,
    /// The user whose webhook it is.
    pub user: u64,
    /// What is left of the time of one request; none where that is not limited.
    left: Option<Duration>,
}

impl Office {
    /// Opens a portal. Its clock begins to run here.
    pub fn open(config: &Config) -> Result<Self, SandboxError> {
        let clock = Clock::new(config.time_scale).ok_or(SandboxError::TimeScale(config.time_scale))?;
        Self::with_clock(config, clock, false)
    }

    /// Opens a portal whose methods are carried out where they are asked for, by a clock that is handed in.
    pub fn open_on_the_spot(config: &Config, clock: Clock) -> Result<Self, SandboxError> {
        Self::with_clock(config, clock, true)
    }

    fn with_clock(config: &Config, clock: Clock, on_the_spot: bool) -> Result<Self, SandboxError> {
        let zone = TimeZone::get(&config.zone).map_err(|_| SandboxError::Zone(config.zone.clone()))?;
        let faults = config.faults.as_deref().map_or_else(|| Ok(Faults::default()), faults::Faults::of_script)?;
        Ok(Self {
            store: Arc::new(Mutex::new(Store::open(&config.data, config.language, &config.zone)?)),
            buckets: Mutex::default(),
            accounts: Mutex::default(),
            faults: Mutex::new(faults),
            allowance: Allowance::of(config.limits),
            latency: Duration::from_millis(config.latency_ms),
            clock,
            zone,
            on_the_spot,
            traffic: Mutex::default(),
            closing: watch::Sender::new(false),
            underway: watch::Sender::new(0),
            #[cfg(test)]
            probe: super::probe::Probe::default(),
        })
    }

    /// Takes a request into its address's bucket, or refuses it.
    pub fn admits(&self, address: IpAddr) -> bool {
        let admitted = self
            .allowance
            .is_none_or(|allowance| locked(&self.buckets).entry(address).or_default().admit(self.clock.now(), allowance));
        let mut traffic = locked(&self.traffic);
        traffic.requests += 1;
        traffic.refused += u64::from(!admitted);
        admitted
    }

    /// What came in so far.
    pub fn traffic(&self) -> Traffic {
        *locked(&self.traffic)
    }

    /// The webhook of user 1, with which a new portal is set up.
    pub fn first_webhook(&self) -> Webhook {
        let secret = self.with_store(|store| store.user(1).map(|user| user.secret.clone()));
        Webhook { user: "1".to_owned(), secret: secret.unwrap_or_default() }
    }

    /// Works on the state as no call does: what a person does in the portal's pages, or somebody else meanwhile.
    pub fn with_store<T>(&self, work: impl FnOnce(&mut Store) -> T) -> T {
        work(&mut locked(&self.store))
    }

    /// Fills an address's bucket with a neighbour's requests.
    pub fn crowd(&self, address: IpAddr, requests: u32) {
        if let Some(allowance) = self.allowance {
            locked(&self.buckets).entry(address).or_default().crowd(self.clock.now(), allowance, requests);
        }
    }

    /// Whether the user has a webhook with this secret.
    pub async fn authorises(&self, user: u64, secret: String) -> bool {
        if self.on_the_spot {
            return locked(&self.store).authorise(user, &secret);
        }
        let store = Arc::clone(&self.store);
        // The lock may be held by a method that takes long.
        tokio::task::spawn_blocking(move || locked(&store).authorise(user, &secret)).await.unwrap_or(false)
    }

    /// Works on the state, and writes down what was changed. The lock may be held by a method that takes long.
    pub async fn work<T: Send + 'static>(&self, work: impl FnOnce(&mut Store) -> T + Send + 'static) -> T {
        let store = Arc::clone(&self.store);
        let work = move || {
            let mut store = locked(&store);
            let done = work(&mut store);
            // What can't be written is told by the next call that changes something.
            _ = store.commit();
            done
        };
        if self.on_the_spot {
            return work();
        }
        match tokio::task::spawn_blocking(work).await {
            Ok(done) => done,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The portal ends; so will whoever waits.
            Err(_) => std::future::pending().await,
        }
    }

    /// What strikes a request or a command.
    pub fn meet(&self, place: Place<'_>) -> Strikes {
        locked(&self.faults).meet(place)
    }

    /// What strikes a new connection.
    pub fn meet_connection(&self) -> Option<Deed> {
        self.meet(Place::Connection).head.map(|fault| fault.deed)
    }

    /// Arms rules; their counting begins here.
    pub fn arm(&self, rules: Vec<Rule>) {
        let mut faults = locked(&self.faults);
        for rule in rules {
            faults.arm(rule);
        }
    }

    /// The armed faults.
    pub fn faults(&self) -> MutexGuard<'_, Faults> {
        locked(&self.faults)
    }

    /// The `time` object of what began at `start` and is done now.
    pub fn time(&self, user: u64, method: &str, start: jiff::Timestamp) -> Value {
        let operating = self.allowance.map(|_| {
            let standing = locked(&self.accounts).standing(&account(user, method), self.clock.now());
            Operating { sum: standing.sum, reset_at: self.clock.unix_after(standing.reset_in) }
        });
        envelope::time(&Timing { start, finish: self.clock.wall(), operating }, &self.zone)
    }

    /// Says that the portal closes: what is still to happen late doesn't happen any more.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Waits until the portal closes.
    pub async fn closed(&self) {
        _ = self.closing.subscribe().wait_for(|closing| *closing).await;
    }

    /// Waits until no request is under way.
    pub async fn idle(&self) {
        _ = self.underway.subscribe().wait_for(|requests| *requests == 0).await;
    }

    /// Counts a request as under way until what is returned is dropped.
    pub fn begin(self: &Arc<Self>) -> Underway {
        self.underway.send_modify(|requests| *requests += 1);
        Underway(Arc::clone(self))
    }
}

/// A request under way.
#[derive(Debug)]
pub struct Underway(Arc<Office>);

impl Drop for Underway {
    fn drop(&mut self) {
        self.0.underway.send_modify(|requests| *requests -= 1);
    }
}

impl Desk {
    /// A desk for one request.
    pub fn new(office: Arc<Office>, user: u64) -> Self {
        let left = office.allowance.map(|allowance| allowance.request_max);
        Self { office, user, left }
    }

    /// Carries one method out: alone, or as a command of a batch. Its cost is spent first; if the request's time runs out meanwhile,
    /// the method doesn't take effect.
    pub async fn carry_out(&mut self, method: &str, params: Map<String, Value>) -> Result<Carried, End> {
        let start = self.office.clock.wall();
        let outcome = if !system::portal_knows(method) {
            Err(method_not_found())
        } else if self.is_blocked(method) {
            locked(&self.office.traffic).blocked += 1;
            Err(RestError::with_status(429, "OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit."))
        } else {
            self.spend(self.office.latency).await?;
            let outcome = self.call(method, params).await;
            locked(&self.office.accounts).charge(account(self.user, method), self.office.clock.now(), self.office.latency);
            outcome
        };
        Ok(Carried { outcome: outcome.map(envelope::lifted), time: self.office.time(self.user, method, start) })
    }

    fn is_blocked(&self, method: &str) -> bool {
        self.office.allowance.is_some_and(|allowance| {
            let standing = locked(&self.office.accounts).standing(&account(self.user, method), self.office.clock.now());
            standing.sum > allowance.operating_max
        })
    }

    async fn spend(&mut self, cost: Duration) -> Result<(), End> {
        let Some(left) = self.left else {
            self.office.clock.wait(cost).await;
            return Ok(());
        };
        self.office.clock.wait(cost.min(left)).await;
        self.left = left.checked_sub(cost);
        self.left.map(|_| ()).ok_or(End::Interrupted)
    }

    async fn call(&self, method: &str, params: Map<String, Value>) -> Result<Reply, RestError> {
        let now = self.office.clock.wall();
        let surroundings = Surroundings { now, zone: self.office.zone.clone() };
        if let Some(reply) = system::call(method, &params, &surroundings) {
            return Ok(reply);
        }
        #[cfg(test)]
        if super::probe::Probe::knows(method) {
            let office = Arc::clone(&self.office);
            let method = method.to_owned();
            let call = move || office.probe.call(&method, &params);
            return tokio::task::spawn_blocking(call).await.unwrap_or_else(|_| Err(internal_error()));
        }
        let store = Arc::clone(&self.office.store);
        let caller = Caller { user: self.user, now };
        let method = method.to_owned();
        let call = move || methods::call(&mut locked(&store), &caller, &method, &params);
        if self.office.on_the_spot {
            return call();
        }
        // A method may take long and may write to the disk. One that panics is an error of the server, not its end.
        tokio::task::spawn_blocking(call).await.unwrap_or_else(|_| Err(internal_error()))
    }
}

/// The answer to an unknown name.
pub fn method_not_found() -> RestError {
    RestError::with_status(404, "ERROR_METHOD_NOT_FOUND", "Method not found!")
}

/// The answer when something broke.
pub fn internal_error() -> RestError {
    RestError::with_status(500, "INTERNAL_SERVER_ERROR", "Internal server error")
}

fn account(user: u64, method: &str) -> Account {
    Account { user, method: method.to_owned() }
}

/// A method that panicked leaves its lock poisoned; the portal goes on with what is there, as a server does.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
