//! The portal's two clocks: the wall clock that stamps records, and the scaled one by which limits drain and waits pass.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// A portal's time. Durations that go in and come out are the portal's own; only [`Clock::wall`] is everybody's.
#[derive(Debug)]
pub struct Clock {
    born: Instant,
    /// The wall clock at that moment, where it only goes as the portal's time goes.
    born_at: Option<Timestamp>,
    scale: f64,
}

impl Clock {
    /// A clock that begins now and runs `scale` times as fast as the wall clock; `None` unless the scale is a positive number.
    pub fn new(scale: f64) -> Option<Self> {
        (scale.is_finite() && scale > 0.0).then(|| Self { born: Instant::now(), born_at: None, scale })
    }

    /// A clock that shows `born_at` now, and goes on with tokio's time: where that is paused, the wall clock is paused too.
    pub fn born_at(born_at: Timestamp) -> Self {
        Self { born: Instant::now(), born_at: Some(born_at), scale: 1.0 }
    }

    /// How much of the portal's time has passed since the clock began.
    pub fn now(&self) -> Duration {
        self.born.elapsed().mul_f64(self.scale)
    }

    /// The moment that stamps answers and records.
    pub fn wall(&self) -> Timestamp {
        let passed = || SignedDuration::try_from(self.born.elapsed()).unwrap_or_default();
        self.born_at.map_or_else(Timestamp::now, |born_at| born_at.saturating_add(passed()).unwrap_or(Timestamp::MAX))
    }

    /// The wall clock's unix second at which `portal_time` from now will have passed, rounded up: a client that waits until then has
    /// waited long enough.
    pub fn unix_after(&self, portal_time: Duration) -> i64 {
        let millis = i64::try_from(self.real(portal_time).as_millis()).unwrap_or(i64::MAX);
        let millis = self.wall().as_millisecond().saturating_add(millis);
        millis / 1000 + i64::from(millis % 1000 > 0)
    }

    /// Lets the portal's time pass.
    pub async fn wait(&self, portal_time: Duration) {
        if !portal_time.is_zero() {
            tokio::time::sleep(self.real(portal_time)).await;
        }
    }

    /// How long a time of the portal lasts on the wall clock.
    pub fn real(&self, portal_time: Duration) -> Duration {
        Duration::try_from_secs_f64(portal_time.as_secs_f64() / self.scale).unwrap_or(Duration::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_that_is_no_positive_number_is_refused() {
        for scale in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Clock::new(scale).is_none());
        }
    }

    #[test]
    fn six_hundred_seconds_of_a_portal_that_runs_a_hundred_times_as_fast_last_six() {
        let clock = Clock::new(100.0).expect("100 is positive");
        assert_eq!(clock.real(Duration::from_mins(10)), Duration::from_secs(6));
        assert!(clock.unix_after(Duration::from_mins(10)) <= clock.wall().as_second() + 7);
    }
}
