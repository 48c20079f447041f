//! The portal's three limits as pure functions of a given time: requests at once, run time of a method, time of one request
//! (rest-transport 5.1 to 5.3). Times are the portal's own, counted from its start.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::Limits;

/// What a plan allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Requests that the bucket holds.
    pub threshold: u32,
    /// Requests that run off, all at once, every second.
    pub drain: u32,
    /// Run time that one method may use up within ten minutes.
    pub operating_max: Duration,
    /// Time after which a request is interrupted.
    pub request_max: Duration,
}

impl Allowance {
    /// The figures of a plan, or nothing where nothing is limited.
    pub fn of(limits: Limits) -> Option<Self> {
        let (threshold, drain) = match limits {
            Limits::Standard => (50, 2),
            Limits::Enterprise => (250, 5),
            Limits::None => return None,
        };
        Some(Self { threshold, drain, operating_max: Duration::from_mins(8), request_max: Duration::from_mins(1) })
    }
}

/// The bucket of one source address. It drains in steps, once a second, not evenly.
#[derive(Debug, Default)]
pub struct Bucket {
    level: u32,
    second: u64,
}

impl Bucket {
    /// Takes a request in, or refuses it. A refused request doesn't count.
    pub fn admit(&mut self, now: Duration, allowance: Allowance) -> bool {
        self.drain(now, allowance);
        let admitted = self.level < allowance.threshold;
        if admitted {
            self.level += 1;
        }
        admitted
    }

    /// Requests of somebody else behind the same address; the bucket overflows no further than full.
    pub fn crowd(&mut self, now: Duration, allowance: Allowance, requests: u32) {
        self.drain(now, allowance);
        self.level = self.level.saturating_add(requests).min(allowance.threshold);
    }

    fn drain(&mut self, now: Duration, allowance: Allowance) {
        let steps = u32::try_from(now.as_secs().saturating_sub(self.second)).unwrap_or(u32::MAX);
        self.level = self.level.saturating_sub(steps.saturating_mul(allowance.drain));
        self.second = self.second.max(now.as_secs());
    }
}

/// Length of a basket of run time.
const BASKET: Duration = Duration::from_mins(1);
/// A basket stops counting so long after its first call.
pub const BASKET_LIFE: Duration = Duration::from_mins(10);
/// Calls up to this long aren't counted at all.
const COUNTED_FROM: Duration = Duration::from_millis(100);

/// Whose run time is summed: a credential's, by method.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Account {
    /// The webhook's user.
    pub user: u64,
    /// The method's name; `batch` has no account, its commands have.
    pub method: String,
}

/// All accounts of run time.
#[derive(Debug, Default)]
pub struct Accounts {
    baskets: HashMap<Account, VecDeque<Basket>>,
}

#[derive(Debug, Clone, Copy)]
struct Basket {
    opened: Duration,
    sum: Duration,
}

/// How an account stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// What counts now.
    pub sum: Duration,
    /// How long until the oldest basket stops counting; a whole life if there is none.
    pub reset_in: Duration,
}

impl Accounts {
    /// How an account stands. Checked before a call against the limit, so the call that crosses it still finishes.
    pub fn standing(&mut self, account: &Account, now: Duration) -> Standing {
        let Some(baskets) = self.baskets.get_mut(account) else { return Standing { sum: Duration::ZERO, reset_in: BASKET_LIFE } };
        baskets.retain(|basket| now < basket.opened + BASKET_LIFE);
        let reset_in = baskets.front().map_or(BASKET_LIFE, |oldest| (oldest.opened + BASKET_LIFE).saturating_sub(now));
        Standing { sum: baskets.iter().map(|basket| basket.sum).sum(), reset_in }
    }

    /// Adds a call's run time.
    pub fn charge(&mut self, account: Account, now: Duration, cost: Duration) {
        if cost <= COUNTED_FROM {
            return;
        }
        let baskets = self.baskets.entry(account).or_default();
        match baskets.back_mut() {
            Some(basket) if now < basket.opened + BASKET => basket.sum += cost,
            _ => baskets.push_back(Basket { opened: now, sum: cost }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STANDARD: Limits = Limits::Standard;

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    fn allowance(limits: Limits) -> Allowance {
        Allowance::of(limits).expect("a plan with limits")
    }

    fn admitted(bucket: &mut Bucket, now: f64, requests: usize, limits: Limits) -> usize {
        (0..requests).filter(|_| bucket.admit(seconds(now), allowance(limits))).count()
    }

    #[test]
    fn fifty_requests_pass_at_once_and_the_next_is_refused() {
        assert_eq!(admitted(&mut Bucket::default(), 0.3, 60, STANDARD), 50);
        assert_eq!(admitted(&mut Bucket::default(), 0.3, 300, Limits::Enterprise), 250);
    }

    #[test]
    fn the_bucket_drains_in_a_step_not_in_a_slope() {
        let mut bucket = Bucket::default();
        assert_eq!(admitted(&mut bucket, 0.0, 60, STANDARD), 50);
        assert_eq!(admitted(&mut bucket, 0.999, 5, STANDARD), 0);
        assert_eq!(admitted(&mut bucket, 1.0, 5, STANDARD), 2);
        assert_eq!(admitted(&mut bucket, 1.9, 5, STANDARD), 0);
        assert_eq!(admitted(&mut bucket, 4.0, 9, STANDARD), 6);
        assert_eq!(admitted(&mut bucket, 4000.0, 60, STANDARD), 50);
    }

    #[test]
    fn trap_26_a_neighbour_on_the_same_address_eats_the_budget() {
        let mut bucket = Bucket::default();
        bucket.crowd(seconds(0.0), allowance(STANDARD), 1000);
        assert_eq!(admitted(&mut bucket, 0.5, 3, STANDARD), 0);
        assert_eq!(admitted(&mut bucket, 1.0, 3, STANDARD), 2);
    }

    fn account(method: &str) -> Account {
        Account { user: 1, method: method.to_owned() }
    }

    #[test]
    fn run_time_counts_for_ten_minutes_from_a_baskets_first_call() {
        let mut accounts = Accounts::default();
        accounts.charge(account("a"), seconds(10.0), seconds(5.0));
        accounts.charge(account("a"), seconds(69.0), seconds(5.0));
        accounts.charge(account("a"), seconds(70.0), seconds(7.0));
        let standing = |accounts: &mut Accounts, now| accounts.standing(&account("a"), seconds(now));
        assert_eq!(standing(&mut accounts, 100.0), Standing { sum: seconds(17.0), reset_in: seconds(510.0) });
        assert_eq!(standing(&mut accounts, 609.0), Standing { sum: seconds(17.0), reset_in: seconds(1.0) });
        assert_eq!(standing(&mut accounts, 610.0), Standing { sum: seconds(7.0), reset_in: seconds(60.0) });
        assert_eq!(standing(&mut accounts, 670.0), Standing { sum: Duration::ZERO, reset_in: BASKET_LIFE });
    }

    #[test]
    fn every_method_has_its_own_account() {
        let mut accounts = Accounts::default();
        accounts.charge(account("a"), seconds(0.0), seconds(500.0));
        assert_eq!(accounts.standing(&account("b"), seconds(0.0)).sum, Duration::ZERO);
    }

    #[test]
    fn short_calls_cost_nothing() {
        let mut accounts = Accounts::default();
        accounts.charge(account("a"), seconds(0.0), Duration::from_millis(100));
        assert_eq!(accounts.standing(&account("a"), seconds(0.0)).sum, Duration::ZERO);
        accounts.charge(account("a"), seconds(0.0), Duration::from_millis(101));
        assert_eq!(accounts.standing(&account("a"), seconds(0.0)).sum, Duration::from_millis(101));
    }
}
