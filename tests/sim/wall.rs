//! A wall clock that anybody may set.

use std::sync::Mutex;

use b24restore::apply::Clock;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// Goes on with tokio's time, and jumps when it is told to.
#[derive(Debug)]
pub struct Wall {
    begun_at: Timestamp,
    begun: Instant,
    off: Mutex<SignedDuration>,
}

impl Wall {
    pub fn at(begun_at: Timestamp) -> Self {
        Self { begun_at, begun: Instant::now(), off: Mutex::default() }
    }

    /// Somebody sets the clock.
    pub fn jump(&self, by: SignedDuration) {
        *self.off.lock().expect("the clock") += by;
    }
}

impl Clock for Wall {
    fn wall(&self) -> Timestamp {
        let passed = SignedDuration::try_from(self.begun.elapsed()).expect("less than an age");
        self.begun_at + passed + *self.off.lock().expect("the clock")
    }
}
