//! The wall clock, and what is believed of it.
//!
//! A person, a time server or a leap second may set the wall clock while a run waits. So within one process time is measured on the
//! monotonic clock; the wall clock only says to the next process how long ago something was sent, and is believed there only while it
//! still stands to the portal's clock as it did.

use std::fmt::Debug;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// How far the two clocks may have moved apart between two runs: the portal tells whole seconds, and a request takes a while.
const DRIFT_MAX: SignedDuration = SignedDuration::from_secs(2);

/// A wall clock. The seam by which a test sets it back a day.
pub trait Clock: Debug + Send + Sync {
    /// What it shows.
    fn wall(&self) -> Timestamp;
}

/// The computer's own.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn wall(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The wall clock as it stood beside the portal's, and the time that has passed since. What somebody does to the wall clock afterwards
/// is not seen in it: only what was compared can be believed.
#[derive(Debug, Clone, Copy)]
pub struct Compared {
    ahead: SignedDuration,
    wall: Timestamp,
    at: Instant,
}

impl Compared {
    /// Compares the wall clock with what the portal's has just shown.
    pub fn with(portal: Timestamp, clock: &dyn Clock) -> Self {
        let wall = clock.wall();
        Self { ahead: portal.duration_since(wall), wall, at: Instant::now() }
    }

    /// By how much the portal's clock is ahead.
    pub fn ahead(&self) -> SignedDuration {
        self.ahead
    }

    /// What the wall clock would show now if nobody had set it since.
    pub(super) fn now(&self) -> Timestamp {
        let passed = SignedDuration::try_from(self.at.elapsed()).unwrap_or(SignedDuration::MAX);
        self.wall.saturating_add(passed).unwrap_or(Timestamp::MAX)
    }

    /// How long ago a moment was that was written down when the portal's clock was ahead by so much; nothing where the two clocks stand
    /// otherwise now. A computer that slept since has no idea of it, and takes the moment for younger.
    pub(super) fn age(&self, moment: Timestamp, ahead: SignedDuration) -> Option<SignedDuration> {
        let is_comparable = (self.ahead - ahead).abs() <= DRIFT_MAX;
        is_comparable.then(|| self.now().duration_since(moment))
    }
}

/// One run's time: never goes back, whatever the wall clock does.
#[derive(Debug, Clone)]
pub(super) struct Watch {
    clock: Arc<dyn Clock>,
    begun_at: Timestamp,
    begun: Instant,
}

impl Watch {
    pub fn start(clock: Arc<dyn Clock>) -> Self {
        Self { begun_at: clock.wall(), begun: Instant::now(), clock }
    }

    /// The moment to write down: the later of what the wall clock shows and what has passed since the run began. A moment that is
    /// too late makes the next run wait longer, up to the whole window; one that is too early would make it wait less. A computer that
    /// slept shows in the wall clock alone.
    pub fn now(&self) -> Timestamp {
        let passed = SignedDuration::try_from(self.begun.elapsed()).unwrap_or(SignedDuration::MAX);
        self.begun_at.checked_add(passed).map_or(self.clock.wall(), |steady| steady.max(self.clock.wall()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use super::*;

    #[derive(Debug)]
    struct Set(Mutex<Timestamp>);

    impl Clock for Set {
        fn wall(&self) -> Timestamp {
            *self.0.lock().expect("the clock")
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_set_back_does_not_take_a_run_back() {
        let noon: Timestamp = "2026-03-29T12:00:00Z".parse().expect("a moment");
        let clock = Arc::new(Set(Mutex::new(noon)));
        let watch = Watch::start(clock.clone());
        *clock.0.lock().expect("the clock") = noon - SignedDuration::from_hours(24);
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(watch.now(), noon + SignedDuration::from_secs(5));
        *clock.0.lock().expect("the clock") = noon + SignedDuration::from_hours(1);
        assert_eq!(watch.now(), noon + SignedDuration::from_hours(1));
    }

    fn compared() -> (Compared, Arc<Set>) {
        let noon: Timestamp = "2026-03-29T12:00:00Z".parse().expect("a moment");
        let clock = Arc::new(Set(Mutex::new(noon)));
        (Compared::with(noon + SignedDuration::from_secs(40), &*clock), clock)
    }

    #[test]
    fn a_clock_that_was_set_between_two_runs_is_not_believed() {
        let (compared, clock) = compared();
        let (ahead, sent) = (SignedDuration::from_secs(40), clock.wall() - SignedDuration::from_secs(90));
        assert!(compared.age(sent, ahead + SignedDuration::from_secs(1)).is_some_and(|age| age >= SignedDuration::from_secs(90)));
        assert_eq!(compared.age(sent, ahead - SignedDuration::from_hours(1)), None);
        assert_eq!(compared.age(sent, ahead + SignedDuration::from_hours(24)), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_set_after_it_was_compared_makes_nothing_older() {
        let (compared, clock) = compared();
        let sent = clock.wall() - SignedDuration::from_secs(1);
        *clock.0.lock().expect("the clock") += SignedDuration::from_hours(1);
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(compared.age(sent, compared.ahead()), Some(SignedDuration::from_secs(6)));
    }
}
