//! When to try again. Pure: the caller says which attempt it was and sleeps by itself.

use std::time::Duration;

/// A growing pause with seeded jitter, so that a test can foretell it and two programs don't march in step.
#[derive(Debug, Clone)]
pub(super) struct Backoff {
    first: Duration,
    longest: Duration,
    seed: u64,
}

impl Backoff {
    /// Pauses that begin at `first`, double each time, and stay under `longest`.
    pub fn new(first: Duration, longest: Duration, seed: u64) -> Self {
        Self { first, longest, seed }
    }

    /// The pause after the `failures`-th failure in a row, counted from 1: doubled each time, and up to a quarter longer by chance.
    pub fn pause(&mut self, failures: u32) -> Duration {
        let doubled = self.first.saturating_mul(1 << failures.saturating_sub(1).min(20));
        let pause = doubled.min(self.longest);
        pause + pause.mul_f64(self.chance() / 4.0)
    }

    /// The next number of the seed's sequence, from 0 up to 1 (`SplitMix64`).
    fn chance(&mut self) -> f64 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.seed;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_their_limit_and_jitter_only_adds() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(10), 7);
        for (failures, least) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 10), (60, 10)] {
            let pause = backoff.pause(failures).as_secs_f64();
            assert!((f64::from(least)..=f64::from(least) * 1.25).contains(&pause), "{failures}: {pause}");
        }
    }

    #[test]
    fn chance_is_the_sequence_that_split_mix_64_is_known_by() {
        let mut backoff = Backoff::new(Duration::ZERO, Duration::ZERO, 1_234_567);
        for whole in [6_457_827_717_110_365_317_u64, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423] {
            assert!((backoff.chance() - whole as f64 / 2_f64.powi(64)).abs() < 1e-15, "{whole}");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_pauses() {
        let pauses = |seed| {
            let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(10), seed);
            (1..6).map(|failures| backoff.pause(failures)).collect::<Vec<_>>()
        };
        assert_eq!(pauses(3), pauses(3));
        assert_ne!(pauses(3), pauses(4));
    }
}
