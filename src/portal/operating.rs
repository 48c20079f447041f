//! The portal's run time: 480 s of each method's own in any ten minutes, and 60 s for one request (rest-transport 5.2, 5.3).
//!
//! What a call costs is known after it only, so this is a ledger, not a bucket. The portal's own sum is taken as the truth, because
//! other programs spend from it too. Pure: time is handed in.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::answer::Time;
use super::call::reads_only;

/// A method rests from this sum on: 80 % of the limit that the docs name, and under the product's own default of 420 s.
const OPERATING_SECONDS_MAX: f64 = 0.8 * 480.0;
/// How long a method rests that was refused when the portal never said until when: its sum falls once a minute.
const REST_UNTOLD: Duration = Duration::from_mins(1);
/// The portal's time that one request should take at most. It is cut at 60 s, perhaps in the middle of a change (trap 27).
const REQUEST_SECONDS: f64 = 20.0;
/// A first request of a changing method takes this many; at 2.4 s each, the dearest on record, it stays well below the cut.
const FIRST_CHANGES: usize = 10;
/// How many times more than what was measured the next request may take.
const GROWTH_MAX: usize = 20;

/// Whether a method may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    Now,
    After(Duration),
}

/// What is known of each method's run time.
#[derive(Debug, Default)]
pub(super) struct OperatingBudget {
    methods: HashMap<String, Ledger>,
}

#[derive(Debug, Default)]
struct Ledger {
    /// Nobody calls the method before this.
    rests_until: Option<Instant>,
    /// When the portal's sum next falls.
    resets_at: Option<Instant>,
    /// Seconds of portal time for one unit: a command, or an item of an import.
    unit_seconds: Option<f64>,
    /// The most units that one request took.
    units_done: usize,
    /// The most units that one request may take since the portal cut one.
    units_cap: Option<usize>,
}

impl OperatingBudget {
    /// Whether a method may be called at `now`. Decides only; the caller sleeps.
    pub fn admit(&self, method: &str, now: Instant) -> Admission {
        match self.methods.get(method).and_then(|ledger| ledger.rests_until) {
            Some(until) if until > now => Admission::After(until - now),
            _ => Admission::Now,
        }
    }

    /// Takes note of what one answer says of a method.
    pub fn note(&mut self, method: &str, time: &Time, now: Instant) {
        let Some(operating) = time.operating else { return };
        let ledger = self.ledger(method);
        if let Some(reset_in) = time.reset_in {
            ledger.resets_at = Some(now + reset_in);
        }
        if operating >= OPERATING_SECONDS_MAX {
            let known = ledger.resets_at.filter(|at| *at > now);
            // A moment more than told: the portal counts in whole seconds.
            ledger.rests_until = Some(known.map_or(now + REST_UNTOLD, |at| at + Duration::from_secs(1)));
        }
    }

    /// The portal refused the method because its run time is used up; such an answer doesn't say until when.
    pub fn refused(&mut self, method: &str, now: Instant) {
        let ledger = self.ledger(method);
        let known = ledger.resets_at.filter(|at| *at > now);
        ledger.rests_until = Some(known.map_or(now + REST_UNTOLD, |at| at + Duration::from_secs(1)));
    }

    /// Learns what one request cost: `units` of a method took the portal `spent`.
    pub fn learn(&mut self, method: &str, units: usize, spent: Duration) {
        if units == 0 {
            return;
        }
        let seconds = spent.as_secs_f64() / units as f64;
        let ledger = self.ledger(method);
        // Dearer is believed at once, cheaper slowly.
        ledger.unit_seconds = Some(ledger.unit_seconds.map_or(seconds, |known| seconds.max(known * 0.5 + seconds * 0.5)));
        ledger.units_done = ledger.units_done.max(units);
        // A cut may have been the network's doing: what went well at the cap may be tried at twice that.
        if spent.as_secs_f64() <= REQUEST_SECONDS {
            ledger.units_cap = ledger.units_cap.map(|cap| if units >= cap { cap.saturating_mul(2) } else { cap });
        }
    }

    /// A request of `units` took too long for the portal.
    pub fn cut(&mut self, method: &str, units: usize) {
        let ledger = self.ledger(method);
        let half = (units / 2).max(1);
        ledger.units_cap = Some(ledger.units_cap.map_or(half, |cap| cap.min(half)));
    }

    /// How many units of a method to put in the next request, at most `max`.
    ///
    /// A method that only reads begins with `max`: a cut read costs time and nothing else. One that changes begins small.
    pub fn size_for(&self, method: &str, max: usize) -> usize {
        let ledger = self.methods.get(method);
        let fitting = match ledger.and_then(|ledger| ledger.unit_seconds.map(|seconds| (ledger, seconds))) {
            Some((ledger, seconds)) => {
                let fitting = (REQUEST_SECONDS / seconds.max(1e-6)) as usize;
                if reads_only(method) { fitting } else { fitting.min(ledger.units_done * GROWTH_MAX) }
            }
            None if reads_only(method) => max,
            None => FIRST_CHANGES,
        };
        fitting.min(ledger.and_then(|ledger| ledger.units_cap).unwrap_or(max)).clamp(1, max.max(1))
    }

    fn ledger(&mut self, method: &str) -> &mut Ledger {
        self.methods.entry(method.to_owned()).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMPORT: &str = "crm.item.batchImport";

    fn time(operating: f64, reset_in: Option<u64>) -> Time {
        Time { operating: Some(operating), reset_in: reset_in.map(Duration::from_secs), duration: None }
    }

    #[test]
    fn a_method_rests_before_the_portal_refuses_it_and_others_go_on() {
        let now = Instant::now();
        let mut budget = OperatingBudget::default();
        budget.note(IMPORT, &time(383.0, Some(200)), now);
        assert_eq!(budget.admit(IMPORT, now), Admission::Now);
        budget.note(IMPORT, &time(385.0, Some(200)), now);
        assert_eq!(budget.admit(IMPORT, now), Admission::After(Duration::from_secs(201)));
        assert_eq!(budget.admit("crm.item.list", now), Admission::Now);
        assert_eq!(budget.admit(IMPORT, now + Duration::from_secs(201)), Admission::Now);
    }

    #[test]
    fn a_reset_in_the_past_or_none_at_all_means_a_minute() {
        let now = Instant::now();
        for reset_in in [Some(0), None] {
            let mut budget = OperatingBudget::default();
            budget.note(IMPORT, &time(480.0, reset_in), now);
            assert_eq!(budget.admit(IMPORT, now), Admission::After(REST_UNTOLD));
        }
    }

    #[test]
    fn trap_25_a_429_rests_for_minutes_when_the_portal_said_so_before() {
        let now = Instant::now();
        let mut budget = OperatingBudget::default();
        budget.note(IMPORT, &time(100.0, Some(300)), now);
        budget.refused(IMPORT, now + Duration::from_secs(100));
        assert_eq!(budget.admit(IMPORT, now + Duration::from_secs(100)), Admission::After(Duration::from_secs(201)));
        // A moment that is just over says nothing of the next.
        budget.refused(IMPORT, now + Duration::from_mins(5));
        assert_eq!(budget.admit(IMPORT, now + Duration::from_mins(5)), Admission::After(REST_UNTOLD));
    }

    #[test]
    fn dearer_is_believed_at_once_and_cheaper_slowly() {
        let mut budget = OperatingBudget::default();
        for (seconds, size) in [(10, 20), (20, 10), (10, 13)] {
            budget.learn(IMPORT, 10, Duration::from_secs(seconds));
            assert_eq!(budget.size_for(IMPORT, 1_000), size, "{seconds} s for ten");
        }
    }

    #[test]
    fn a_portal_that_tells_no_run_time_is_never_waited_for() {
        let now = Instant::now();
        let mut budget = OperatingBudget::default();
        budget.note(IMPORT, &Time::default(), now);
        assert_eq!(budget.admit(IMPORT, now), Admission::Now);
    }

    #[test]
    fn requests_grow_as_far_as_a_third_of_the_cut_allows() {
        let mut budget = OperatingBudget::default();
        assert_eq!(budget.size_for(IMPORT, 1_000), FIRST_CHANGES);
        budget.learn(IMPORT, 10, Duration::from_millis(10));
        assert_eq!(budget.size_for(IMPORT, 1_000), 200);
        budget.learn(IMPORT, 200, Duration::from_millis(200));
        assert_eq!(budget.size_for(IMPORT, 1_000), 1_000);
        budget.learn(IMPORT, 1_000, Duration::from_secs(400));
        assert_eq!(budget.size_for(IMPORT, 1_000), 50);
    }

    #[test]
    fn reads_begin_full_and_shrink_when_they_are_dear_or_cut() {
        let mut budget = OperatingBudget::default();
        assert_eq!(budget.size_for("crm.item.list", 50), 50);
        budget.learn("crm.item.list", 50, Duration::from_secs(50));
        assert_eq!(budget.size_for("crm.item.list", 50), 20);
        budget.cut("crm.item.list", 20);
        assert_eq!(budget.size_for("crm.item.list", 50), 10);
        for units in [10, 20, 40] {
            budget.learn("crm.item.list", units, Duration::from_secs(1));
        }
        assert!(budget.size_for("crm.item.list", 50) > 20, "what goes well again grows again");
    }
}
