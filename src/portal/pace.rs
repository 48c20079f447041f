//! How fast requests go: the portal's bucket of hits, met with head room (rest-transport 5.1).
//!
//! The bucket is governor's; the waiting is tokio's, so that a test's paused clock governs both. The portal counts per address, whichever
//! process asks: what the others of this user have sent is looked up in a [`PaceMemory`] before each request. Who isn't one of ours can
//! fill the bucket, too (trap 26): after a refusal everyone waits at one gate, the rate is halved, and it comes back step by step.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::time::{Instant, sleep};

use super::pace_memory::{Left, PaceMemory};
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
/// A wait shorter than this isn't worth telling.
const TOLD_FROM: Duration = Duration::from_millis(200);

type Limiter = RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Duration>>;

/// How fast requests may go.
#[derive(Debug, Clone, Copy)]
struct Speed {
    /// Requests at once, head room taken off.
    burst: NonZeroU32,
    /// Requests a second, head room taken off.
    rate: f64,
    /// The most requests that the portal counts: what it refuses doesn't count.
    threshold: f64,
}

/// Lets requests go as fast as the portal allows.
pub(super) struct Pace {
    /// The share of the limits that may be used, from 0 to 1.
    api_share: f64,
    state: Mutex<State>,
    clock: TokioClock,
    observer: Arc<dyn Observer>,
}

struct State {
    /// `None` where there is no limit.
    full: Option<Speed>,
    limiter: Option<Arc<Limiter>>,
    /// What other programs leave; `None` for a program alone.
    memory: Option<Arc<dyn PaceMemory>>,
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
            limiter: full.map(|full| limiter(full.burst, full.rate, &clock)),
            memory: None,
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

    /// Takes into account what other programs send, from here on, and lets them know what this one sends.
    pub fn remember(&self, memory: Arc<dyn PaceMemory>) {
        self.lock().memory = Some(memory);
    }

    /// The portal refused a request that was sent at `sent` because there were too many: closes the gate and slows down.
    pub fn refused(&self, sent: Instant) {
        let mut state = self.lock();
        if state.refusals_in_a_row > 0 && sent <= state.changed {
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
        // Whoever filled it, the portal's bucket is full.
        self.refit(&mut state, now, |full| full.threshold);
    }

    /// The portal let a request through.
    pub fn accepted(&self) {
        let mut state = self.lock();
        let now = Instant::now();
        let open = state.gate.is_none_or(|(gate, _)| gate <= now);
        if open {
            state.refusals_in_a_row = 0;
        }
        if open && state.share < 1.0 && now.saturating_duration_since(state.changed) >= CLEAN_TIME {
            state.share = (state.share + STEP_UP).min(1.0);
            state.changed = now;
            self.refit(&mut state, now, |full| f64::from(full.burst.get()));
        }
    }

    fn admit(&self, now: Instant) -> Admitted {
        let mut admitted = Admitted::Now;
        self.turn(&mut self.lock(), now, |state| {
            admitted = self.admit_alone(state, now);
            matches!(admitted, Admitted::Now)
        });
        admitted
    }

    fn admit_alone(&self, state: &mut State, now: Instant) -> Admitted {
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

    /// Does something with the bucket as the others left it. What comes of it is kept for them where `act` says that it changed.
    fn turn(&self, state: &mut State, now: Instant, mut act: impl FnMut(&mut State) -> bool) {
        match state.memory.clone().filter(|_| state.full.is_some()) {
            Some(memory) => memory.turn(&mut |left| {
                if let Some(left) = left {
                    self.take_up(state, left, now);
                }
                act(state).then(|| state.level_at(now))
            }),
            None => _ = act(state),
        }
    }

    /// Takes the bucket for as full as another program left it, some time ago.
    fn take_up(&self, state: &mut State, left: Left, now: Instant) {
        let Some(Speed { burst, rate, threshold }) = state.full else { return };
        let level = (left.level - rate * left.ago.as_secs_f64()).max(state.level_at(now)).clamp(0.0, threshold);
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

    /// Puts a full bucket with the state's rate in place: a quota can't be changed, and an empty bucket would let a whole burst through.
    /// The others are told the level.
    fn refit(&self, state: &mut State, now: Instant, level: impl Fn(Speed) -> f64) {
        self.turn(state, now, |state| {
            let Some(full) = state.full else { return false };
            let limiter = limiter(full.burst, full.rate * state.share, &self.clock);
            let _ = limiter.check_n(full.burst);
            state.limiter = Some(limiter);
            state.level = (level(full), now);
            true
        });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn level_at(&self, now: Instant) -> f64 {
        let (level, then) = self.level;
        self.full.map_or(0.0, |full| (level - full.rate * now.saturating_duration_since(then).as_secs_f64()).max(0.0))
    }
}

/// A portal's limits, with head room, or the share of them that may be used.
fn full_speed(limits: LimitsProfile, api_share: f64) -> Option<Speed> {
    let (threshold, rate) = limits.bucket()?;
    let burst = (f64::from(threshold - BURST_RESERVE) * api_share) as u32;
    Some(Speed {
        burst: NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN),
        rate: rate * RATE_SHARE * api_share,
        threshold: f64::from(threshold),
    })
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
    use crate::portal::tests::{Bucket, Told};

    fn pace(limits: LimitsProfile, api_share: u8) -> Pace {
        Pace::new(limits, api_share, Arc::new(Silent), 1)
    }

    #[tokio::test(start_paused = true)]
    async fn a_program_alone_is_never_refused_and_loses_little_of_the_rate() {
        for (limits, threshold, drain) in [(LimitsProfile::Standard, 50.0, 2.0), (LimitsProfile::Enterprise, 250.0, 5.0)] {
            let pace = pace(limits, 100);
            let mut bucket = Bucket::new(drain);
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

    /// How long the next request waits.
    async fn waited(pace: &Pace) -> f64 {
        let began = Instant::now();
        pace.ready().await;
        began.elapsed().as_secs_f64()
    }

    /// Seconds without a request.
    async fn rest(seconds: u64) {
        sleep(Duration::from_secs(seconds)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_of_one_instant_are_one_and_the_gate_is_what_is_waited_for() {
        let told = Arc::new(Collector::default());
        let pace = Pace::new(LimitsProfile::Enterprise, 100, told.clone(), 1);
        let sent = Instant::now();
        pace.refused(sent);
        pace.refused(sent);
        let first = waited(&pace).await;
        assert!((1.0..=1.25).contains(&first), "{first}");
        assert!(matches!(told.events()[..], [Event::Wait { reason: WaitReason::Refused, .. }]), "{:?}", told.events());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_let_through_ends_a_row_of_refusals_only_when_the_gate_is_open() {
        for (seconds, least) in [(0, 2.0), (3, 1.0)] {
            let pace = pace(LimitsProfile::Enterprise, 100);
            pace.refused(Instant::now());
            rest(seconds).await;
            pace.accepted();
            // The rate of a portal that was refused twice is slower than its gate: what a second refusal means shows in the gate alone.
            let now = Instant::now() + Duration::from_nanos(1);
            tokio::time::advance(Duration::from_nanos(1)).await;
            pace.refused(now);
            let gate = pace.lock().gate.expect("a gate").0.saturating_duration_since(now).as_secs_f64();
            assert!((least..=least * 1.25).contains(&gate), "after {seconds} s: {gate}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_counts_though_it_was_sent_before_the_rate_was_raised() {
        let pace = pace(LimitsProfile::Standard, 100);
        pace.refused(Instant::now());
        rest(11).await;
        let sent = Instant::now();
        rest(1).await;
        pace.accepted();
        pace.refused(sent);
        assert!(pace.lock().gate.is_some_and(|(gate, _)| gate > Instant::now()));
    }

    #[tokio::test(start_paused = true)]
    async fn the_rate_rises_after_ten_clean_seconds_and_not_before() {
        let pace = pace(LimitsProfile::Standard, 100);
        pace.refused(Instant::now());
        for (seconds, share) in [(9, 0.5), (1, 0.625), (9, 0.625), (1, 0.75)] {
            rest(seconds).await;
            pace.accepted();
            assert!((pace.lock().share - share).abs() < 1e-9, "{share} after {seconds} s more");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_program_that_was_never_refused_keeps_its_burst() {
        let pace = pace(LimitsProfile::Standard, 100);
        rest(60).await;
        pace.accepted();
        for _ in 0..45 {
            assert!(waited(&pace).await < 1e-9);
        }
        assert!(waited(&pace).await > 0.4);
    }

    #[tokio::test(start_paused = true)]
    async fn what_another_program_left_has_run_out_since_and_what_goes_beyond_the_burst_is_waited_for() {
        let beside = |level: f64, seconds: u64| {
            let pace = pace(LimitsProfile::Standard, 100);
            pace.remember(Arc::new(Told(Mutex::new(Some(Left { level, ago: Duration::from_secs(seconds) })))));
            pace
        };
        let full = waited(&beside(50.0, 0)).await;
        assert!((5.0 / 1.94 - full).abs() < 0.02, "{full}");
        // 50 less 10 s at 1.94 a second are 30.6, which leaves room for 14 of 45.
        let pace = beside(50.0, 10);
        for _ in 0..14 {
            assert!(waited(&pace).await < 1e-9);
        }
        assert!(waited(&pace).await > 0.4);
    }

    #[tokio::test(start_paused = true)]
    async fn of_a_refusals_gate_and_anothers_full_bucket_the_later_one_is_waited_for() {
        let full = || Arc::new(Told(Mutex::new(Some(Left { level: 50.0, ago: Duration::ZERO }))));
        for (refusals, seconds) in [(1, 5.0 / 1.94..2.7), (3, 4.0..5.0)] {
            let pace = pace(LimitsProfile::Standard, 100);
            for _ in 0..refusals {
                tokio::time::advance(Duration::from_nanos(1)).await;
                pace.refused(Instant::now());
            }
            pace.remember(full());
            let first = waited(&pace).await;
            assert!(seconds.contains(&first), "{refusals}: {first}");
            // What has run out since then ran out at the rate that the refusals have left.
            let mut at_once = 1;
            while waited(&pace).await < 1e-9 {
                at_once += 1;
            }
            assert!(at_once <= 2, "{at_once} at once");
        }
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
