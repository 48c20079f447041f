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

/// Whether what an earlier run wrote down can be measured by this run's wall clock.
pub(super) fn is_comparable(ahead_then: SignedDuration, ahead_now: SignedDuration) -> bool {
    (ahead_now - ahead_then).abs() <= DRIFT_MAX
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

    #[test]
    fn a_clock_that_was_set_between_two_runs_is_not_believed() {
        let ahead = SignedDuration::from_secs(40);
        assert!(is_comparable(ahead, ahead + SignedDuration::from_secs(1)));
        assert!(!is_comparable(ahead, ahead - SignedDuration::from_hours(1)));
        assert!(!is_comparable(ahead, ahead + SignedDuration::from_hours(24)));
    }
}
