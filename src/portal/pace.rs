//! How fast requests go: the portal's bucket of hits, met with head room (rest-transport 5.1).
//!
//! The bucket is governor's; the waiting is tokio's, so that a test's paused clock governs both. The portal counts per address, so
//! another program on this computer can empty the bucket (trap 26): after a refusal everyone waits at one gate, the rate is halved,
//! and it comes back step by step.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::time::{Instant, sleep};

use super::schedule::Backoff;
use crate::event::{Event, Observer, WaitReason};

/// The portal's limit of requests, by its plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LimitsProfile {
    /// 50 at once, then 2 a second.
    #[default]
    Standard,
    /// 250 at once, then 5 a second.
    Enterprise,
    /// No limit: a self-hosted portal, the sandbox.
    None,
}

impl LimitsProfile {
    /// Requests at once, and requests a second. Source: REST docs, `limits.md`.
    fn bucket(self) -> Option<(u32, f64)> {
        match self {
            Self::Standard => Some((50, 2.0)),
            Self::Enterprise => Some((250, 5.0)),
            Self::None => None,
        }
    }
}

/// The portal's counter falls in steps of a second and governor's evenly, so some requests are left in reserve.
const BURST_RESERVE: u32 = 5;
/// And some of the rate.
const RATE_SHARE: f64 = 0.97;
/// The rate falls to no less than this share of the full one.
const SLOWEST: f64 = 0.125;
/// After this long without a refusal the rate rises by [`STEP_UP`] of the full one.
const CLEAN_TIME: Duration = Duration::from_secs(10);
const STEP_UP: f64 = 0.125;
/// Requests that a killed run may have sent after it last wrote down how many they were.
const UNTOLD: f64 = 3.0;
/// A wait shorter than this isn't worth telling.
const TOLD_FROM: Duration = Duration::from_millis(200);

type Limiter = RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Duration>>;

/// Lets requests go as fast as the portal allows.
pub(super) struct Pace {
    /// The share of the limits that may be used, from 0 to 1.
    api_share: f64,
    state: Mutex<State>,
    clock: TokioClock,
    observer: Arc<dyn Observer>,
}

struct State {
    /// Requests at once and a second at full speed, head room taken off; `None` where there is no limit.
    full: Option<(NonZeroU32, f64)>,
    limiter: Option<Arc<Limiter>>,
    /// How many requests the portal still counts, and when that was reckoned.
    level: (f64, Instant),
    /// The share of the full rate that is used now.
    share: f64,
    /// Nobody goes before this, and why.
    gate: Option<(Instant, WaitReason)>,
    /// When the gate was last closed, or the rate last raised.
    changed: Instant,
    refusals_in_a_row: u32,
    backoff: Backoff,
}

impl Pace {
    /// The pace for a portal's limits, of which `api_share` percent may be used.
    pub fn new(limits: LimitsProfile, api_share: u8, observer: Arc<dyn Observer>, seed: u64) -> Self {
        let clock = TokioClock(Instant::now());
        let api_share = f64::from(api_share.clamp(1, 100)) / 100.0;
        let full = full_speed(limits, api_share);
        let state = State {
            full,
            limiter: full.map(|(burst, rate)| limiter(burst, rate, &clock)),
            level: (0.0, Instant::now()),
            share: 1.0,
            gate: None,
            changed: Instant::now(),
            refusals_in_a_row: 0,
            backoff: Backoff::new(Duration::from_secs(1), Duration::from_secs(16), seed),
        };
        Self { api_share, state: Mutex::new(state), clock, observer }
    }

    /// Waits until a request may go, and counts it.
    pub async fn ready(&self) {
        loop {
            let (wait, reason) = match self.admit(Instant::now()) {
                Admitted::Now => return,
                Admitted::After(wait, reason) => (wait, reason),
            };
            if wait >= TOLD_FROM {
                self.observer.event(Event::Wait { reason, millis: wait.as_millis() as u64 });
            }
            sleep(wait).await;
        }
    }

    /// The portal refused a request that was sent at `sent` because there were too many: closes the gate and slows down.
    pub fn refused(&self, sent: Instant) {
        let mut state = self.lock();
        if state.refusals_in_a_row > 0 && sent < state.changed {
            return; // It was on its way already when the gate closed.
        }
        let now = Instant::now();
        state.refusals_in_a_row += 1;
        let refusals = state.refusals_in_a_row;
        let pause = state.backoff.pause(refusals);
        state.gate = Some((now + pause, WaitReason::Refused));
        state.changed = now;
        state.share = (state.share / 2.0).max(SLOWEST);
        // A portal that was said to have no limit has one after all.
        state.full = state.full.or_else(|| full_speed(LimitsProfile::Standard, self.api_share));
        self.refit(&mut state);
    }

    /// The portal let a request through.
    pub fn accepted(&self) {
        let mut state = self.lock();
        let open = state.gate.is_none_or(|(gate, _)| gate <= Instant::now());
        if open {
            state.refusals_in_a_row = 0;
        }
        if open && state.share < 1.0 && state.changed.elapsed() >= CLEAN_TIME {
            state.share = (state.share + STEP_UP).min(1.0);
            state.changed = Instant::now();
            self.refit(&mut state);
        }
    }

    /// How many requests of ours the portal still counts; 0 where there is no limit.
    pub fn level(&self) -> f64 {
        let state = self.lock();
        state.level_at(Instant::now())
    }

    /// Takes up what an earlier run had used: `level` requests, of which the portal has forgotten some since, `passed` ago.
    ///
    /// Without this a program that is killed and begun again would send a whole burst each time.
    pub fn resume(&self, level: f64, passed: Duration) {
        let mut state = self.lock();
        let Some((burst, rate)) = state.full else { return };
        // What this run has sent already comes on top.
        let now = Instant::now();
        let left = (level + UNTOLD - rate * passed.as_secs_f64()).clamp(0.0, 2.0 * f64::from(burst.get()));
        let level = left + state.level_at(now);
        state.level = (level, now);
        let limiter = limiter(burst, rate * state.share, &self.clock);
        // A fresh bucket takes up to its whole burst at once.
        if let Some(used) = NonZeroU32::new(level.ceil() as u32) {
            let _ = limiter.check_n(used.min(burst));
        }
        state.limiter = Some(limiter);
        // What goes beyond the burst has to run out first.
        let gate = now + Duration::from_secs_f64((level - f64::from(burst.get())).max(0.0) / rate);
        if state.gate.is_none_or(|(known, _)| known < gate) {
            state.gate = Some((gate, WaitReason::RequestLimit));
        }
    }

    fn admit(&self, now: Instant) -> Admitted {
        let mut state = self.lock();
        if let Some((gate, reason)) = state.gate {
            if gate > now {
                return Admitted::After(gate - now, reason);
            }
            state.gate = None;
        }
        match state.limiter.as_ref().map(|limiter| limiter.check()) {
            None | Some(Ok(())) => {
                state.level = (state.level_at(now) + 1.0, now);
                Admitted::Now
            }
            Some(Err(early)) => Admitted::After(early.wait_time_from(self.clock.now()), WaitReason::RequestLimit),
        }
    }

    /// Puts an empty bucket with the state's rate in place; a quota can't be changed, and a full one would let a whole burst through.
    fn refit(&self, state: &mut State) {
        let Some((burst, rate)) = state.full else { return };
        let limiter = limiter(burst, rate * state.share, &self.clock);
        let _ = limiter.check_n(burst);
        state.limiter = Some(limiter);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn level_at(&self, now: Instant) -> f64 {
        let (level, then) = self.level;
        self.full.map_or(0.0, |(_, rate)| (level - rate * now.saturating_duration_since(then).as_secs_f64()).max(0.0))
    }
}

/// Requests at once and a second, head room taken off.
fn full_speed(limits: LimitsProfile, api_share: f64) -> Option<(NonZeroU32, f64)> {
    let (burst, rate) = limits.bucket()?;
    let burst = (f64::from(burst - BURST_RESERVE) * api_share) as u32;
    Some((NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN), rate * RATE_SHARE * api_share))
}

enum Admitted {
    Now,
    After(Duration, WaitReason),
}

fn limiter(burst: NonZeroU32, rate: f64, clock: &TokioClock) -> Arc<Limiter> {
    let quota = Quota::with_period(Duration::from_secs_f64(1.0 / rate)).expect("a positive rate has a period above zero");
    Arc::new(RateLimiter::direct_with_clock(quota.allow_burst(burst), clock.clone()))
}

/// governor's clock on tokio's time: the time since the pace began.
#[derive(Debug, Clone)]
struct TokioClock(Instant);

impl Clock for TokioClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Collector, Silent};

    fn pace(limits: LimitsProfile, api_share: u8) -> Pace {
        Pace::new(limits, api_share, Arc::new(Silent), 1)
    }

    /// The portal's own counter: one up for each request, two down once a second (rest-transport 5.1).
    struct Bucket {
        began: Instant,
        hits: f64,
        drained: u64,
        drain: f64,
    }

    impl Bucket {
        fn hit(&mut self) -> f64 {
            let second = self.began.elapsed().as_secs();
            self.hits = (self.hits - self.drain * (second - self.drained) as f64).max(0.0) + 1.0;
            self.drained = second;
            self.hits
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_program_alone_is_never_refused_and_loses_little_of_the_rate() {
        for (limits, threshold, drain) in [(LimitsProfile::Standard, 50.0, 2.0), (LimitsProfile::Enterprise, 250.0, 5.0)] {
            let pace = pace(limits, 100);
            let mut bucket = Bucket { began: Instant::now(), hits: 0.0, drained: 0, drain };
            for _ in 0..2_000 {
                pace.ready().await;
                assert!(bucket.hit() <= threshold);
            }
            let floor = (2_000.0 - threshold) / drain;
            assert!(bucket.began.elapsed().as_secs_f64() < floor * 1.05, "{limits:?}: {:?}", bucket.began.elapsed());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_share_of_the_limits_leaves_the_rest_to_the_people() {
        let pace = pace(LimitsProfile::Standard, 50);
        let began = Instant::now();
        for _ in 0..122 {
            pace.ready().await;
        }
        let seconds = began.elapsed().as_secs_f64();
        assert!((100.0..106.0).contains(&seconds), "{seconds}");
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_refusal_everyone_waits_a_second_then_two_then_four() {
        let pace = pace(LimitsProfile::None, 100);
        for least in [1.0, 2.0, 4.0] {
            let sent = Instant::now();
            pace.refused(sent);
            pace.refused(sent - Duration::from_millis(1)); // One more that was on its way counts for nothing.
            pace.ready().await;
            let waited = sent.elapsed().as_secs_f64();
            assert!((least..=least * 1.25).contains(&waited), "{waited}");
        }
        let opened = Instant::now();
        pace.ready().await;
        assert!(opened.elapsed() > Duration::from_millis(500), "no crowd behind the gate, whatever the limits were said to be");
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_program_goes_on_slower_and_speeds_up_again() {
        let pace = pace(LimitsProfile::Standard, 100);
        pace.ready().await;
        pace.refused(Instant::now());
        pace.ready().await;
        let began = Instant::now();
        pace.ready().await;
        assert!(began.elapsed() > Duration::from_millis(700), "no burst after a refusal: {:?}", began.elapsed());
        for _ in 0..200 {
            pace.ready().await;
            pace.accepted();
        }
        let began = Instant::now();
        pace.ready().await;
        assert!(began.elapsed() < Duration::from_millis(530), "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_hundred_runs_that_are_killed_and_begun_again_are_refused_once_at_most() {
        let mut bucket = Bucket { began: Instant::now(), hits: 0.0, drained: 0, drain: 2.0 };
        let mut left: Option<(f64, Instant)> = None;
        let mut refused = 0;
        for _ in 0..100 {
            let pace = pace(LimitsProfile::Standard, 100);
            // What a run asks before it has its journal.
            for _ in 0..3 {
                pace.ready().await;
                refused += u32::from(bucket.hit() > 50.0);
            }
            if let Some((level, at)) = left {
                pace.resume(level, at.elapsed());
            }
            for _ in 0..7 {
                left = Some((pace.level() + 1.0, Instant::now()));
                pace.ready().await;
                refused += u32::from(bucket.hit() > 50.0);
            }
        }
        assert!(refused <= 1, "{refused}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_portal_without_limits_has_nothing_to_take_up() {
        let pace = pace(LimitsProfile::None, 100);
        pace.resume(50.0, Duration::ZERO);
        pace.ready().await;
        assert!(pace.level().abs() < f64::EPSILON);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_is_told() {
        let told = Arc::new(Collector::default());
        let pace = Pace::new(LimitsProfile::Standard, 100, told.clone(), 1);
        for _ in 0..46 {
            pace.ready().await;
        }
        assert!(matches!(told.events()[..], [Event::Wait { reason: WaitReason::RequestLimit, .. }]));
    }
}
