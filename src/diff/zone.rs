//! Which zone the files' clocks are in: fitted to the creation moments of the ids that the portal has too (design 6).
//!
//! A wrong zone must not double a CRM: it would turn every record that is there into "another record with the same id".

use std::collections::HashMap;

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, tz};

use super::moment::{implied, is_day_of, is_possible};

/// From how many shared ids on files that fit no zone are taken for files of another portal.
pub const FOREIGN_SHARED_MIN: usize = 20;

/// How many of a hundred shared ids a zone must explain to be taken without a doubt.
const EXPLAINED_PERCENT: usize = 99;
/// Below this, with enough shared ids, the files are foreign.
const FOREIGN_PERCENT: usize = 95;
/// With fewer shared ids: a zone that explains so many, and more than half of all, is no coincidence. A wrong one explains a pair of
/// unrelated moments with a chance of one in 900, one in 15 where seconds are cut.
const SURE_EXPLAINED_MIN: usize = 3;

/// Zones that are taken first where several explain the moments equally well; else the name's order decides.
const USUAL: &[&str] = &[
    "UTC",
    "America/Mexico_City",
    "America/Bogota",
    "America/Lima",
    "America/Argentina/Buenos_Aires",
    "America/Santiago",
    "America/Sao_Paulo",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "Europe/Madrid",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Kyiv",
    "Europe/Moscow",
    "Asia/Kolkata",
];

/// What the fitting found.
#[derive(Debug, Clone)]
pub enum ZoneFit {
    /// This zone explains the moments.
    Fits {
        /// The zone.
        zone: TimeZone,
        /// Its name.
        name: String,
        /// How many shared ids it explains.
        explained: usize,
        /// How many there are.
        of: usize,
    },
    /// Too few shared ids to be sure, and no zone that explains them: the best guess; the id has to decide what is the same record, as
    /// long as some zone could make its two moments one.
    TooFew {
        /// The preferred zone that explains most.
        zone: TimeZone,
        /// Its name.
        name: String,
        /// How many shared ids it explains.
        explained: usize,
        /// How many there are.
        of: usize,
    },
    /// No zone explains them: files of another portal, or a damaged creation column. The plan stops.
    Foreign {
        /// How many shared ids the best zone explains.
        explained: usize,
        /// How many there are.
        of: usize,
    },
    /// No clock of a file stands against a moment of the portal; the first preferred zone serves.
    NotNeeded,
}

/// Fits a zone to pairs of a file's clock and the portal's moment of the same id.
///
/// `preferred` in order: `--timezone`, the user's zone, the server's; then all of the IANA database. Costs O(n log n + zones * transitions * log n).
pub fn fit(samples: &[(DateTime, Timestamp)], preferred: &[(String, TimeZone)]) -> ZoneFit {
    // Days whose time was cut tell no zone, but that their records are the portal's.
    let (days, samples): (Vec<_>, Vec<_>) = samples.iter().partition(|(clock, moment)| is_day_of(*clock, *moment));
    if samples.is_empty() {
        return ZoneFit::NotNeeded;
    }
    let (of, shifts) = (samples.len(), Shifts::new(&samples));
    let mut guess: Option<Candidate> = None;
    for (name, zone) in preferred {
        let explained = shifts.explained_by(zone);
        if explained * 100 >= of * EXPLAINED_PERCENT {
            return ZoneFit::Fits { zone: zone.clone(), name: name.clone(), explained, of };
        }
        if guess.as_ref().is_none_or(|known| explained > known.explained) {
            guess = Some(Candidate { zone: zone.clone(), name: name.clone(), explained });
        }
    }
    let best = shifts.best_of_all(guess.clone());
    // A moment that no zone explains is another record's, and says nothing of the zone.
    let possible = explainable(&samples);
    let sure = best.explained * 100 >= of * EXPLAINED_PERCENT
        || (of < FOREIGN_SHARED_MIN && best.explained >= SURE_EXPLAINED_MIN && best.explained * 2 > possible)
        || (of >= FOREIGN_SHARED_MIN && best.explained * 100 >= of * FOREIGN_PERCENT);
    if sure {
        return ZoneFit::Fits { zone: best.zone, name: best.name, explained: best.explained, of };
    }
    let (same, shared) = (best.explained + days.len(), of + days.len());
    if shared >= FOREIGN_SHARED_MIN && same * 100 < shared * FOREIGN_PERCENT {
        return ZoneFit::Foreign { explained: same, of: shared };
    }
    let guess = guess.unwrap_or_else(|| Candidate {
        zone: TimeZone::UTC,
        name: "UTC".to_owned(),
        explained: shifts.explained_by(&TimeZone::UTC),
    });
    ZoneFit::TooFew { zone: guess.zone, name: guess.name, explained: guess.explained, of }
}

/// How many of the pairs of a file's clock and the portal's moment are one moment in some zone. A date read in a wrong order is days
/// off and explained by none, so this tells the order of dates before any zone is known.
pub fn explainable(samples: &[(DateTime, Timestamp)]) -> usize {
    samples.iter().filter(|(clock, moment)| is_possible(*clock, *moment)).count()
}

#[derive(Clone)]
struct Candidate {
    zone: TimeZone,
    name: String,
    explained: usize,
}

/// The samples by the offset that they imply: for each, the instants (seconds) in ascending order.
///
/// A zone explains a sample when its offset at the instant is the implied one. Zones keep an offset for months, so a zone is
/// judged by a few binary searches a year instead of a conversion a sample.
struct Shifts {
    by_offset: HashMap<i32, Vec<i64>>,
    first: Timestamp,
    last: Timestamp,
}

impl Shifts {
    fn new(samples: &[(DateTime, Timestamp)]) -> Self {
        let mut by_offset: HashMap<i32, Vec<i64>> = HashMap::new();
        let (mut first, mut last) = (Timestamp::MAX, Timestamp::MIN);
        for (clock, moment) in samples {
            (first, last) = (first.min(*moment), last.max(*moment));
            if let Some(offset) = implied(*clock, *moment) {
                by_offset.entry(offset).or_default().push(moment.as_second());
            }
        }
        for moments in by_offset.values_mut() {
            moments.sort_unstable();
        }
        Self { by_offset, first, last }
    }

    fn count(&self, offset: Offset, from: i64, to: i64) -> usize {
        let Some(moments) = self.by_offset.get(&offset.seconds()) else { return 0 };
        moments.partition_point(|moment| *moment < to).saturating_sub(moments.partition_point(|moment| *moment < from))
    }

    fn explained_by(&self, zone: &TimeZone) -> usize {
        let mut explained = 0;
        let (mut from, mut offset) = (self.first.as_second(), zone.to_offset(self.first));
        let end = self.last.as_second() + 1;
        // A transition shortly behind the last sample still excuses a clock in the hour that it skips.
        for transition in zone.following(self.first) {
            let (at, next) = (transition.timestamp().as_second(), transition.offset());
            if at >= end {
                break;
            }
            explained += self.count(offset, from, at);
            let gap = i64::from(next.seconds() - offset.seconds());
            if gap > 0 {
                // Clocks that summer time skips are read with either offset.
                explained += self.count(next, (at - gap).max(from), at) + self.count(offset, at, at + gap);
            }
            (from, offset) = (at, next);
        }
        explained + self.count(offset, from, end)
    }

    fn best_of_all(&self, guess: Option<Candidate>) -> Candidate {
        let mut best = guess.unwrap_or_else(|| Candidate { zone: TimeZone::UTC, name: "UTC".to_owned(), explained: 0 });
        if self.by_offset.is_empty() {
            return best;
        }
        let usual = USUAL.iter().map(|name| (*name).to_owned());
        let mut others: Vec<String> = tz::db().available().map(|name| name.to_string()).collect();
        others.sort_unstable_by(|one, other| (is_old_name(one), one).cmp(&(is_old_name(other), other)));
        for name in usual.chain(others) {
            let Ok(zone) = tz::db().get(&name) else { continue };
            let explained = self.explained_by(&zone);
            if explained > best.explained {
                best = Candidate { zone, name, explained };
            }
        }
        best
    }
}

/// Whether a zone's name is one of those that the database keeps for old programs alone, as `Australia/LHI` and `US/Pacific`.
fn is_old_name(name: &str) -> bool {
    const AREAS: &[&str] =
        &["Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"];
    name.split_once('/').is_none_or(|(area, place)| !AREAS.contains(&area) || !place.contains(|c: char| c.is_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::diff::kit::zone;

    /// A sample every seven days and some seconds from 2022 on.
    fn samples(of: &str, count: i64, cut: bool) -> Vec<(DateTime, Timestamp)> {
        let zone = zone(of);
        let moments =
            (0..count).map(|n| Timestamp::from_second(1_650_000_000 + n * (7 * 86_400 + 3_661)).expect("a sane moment"));
        moments
            .map(|moment| {
                let clock = zone.to_datetime(moment);
                (if cut { clock.with().second(0).build().expect("a sane clock") } else { clock }, moment)
            })
            .collect()
    }

    fn preferred(names: &[&str]) -> Vec<(String, TimeZone)> {
        names.iter().map(|name| ((*name).to_owned(), zone(name))).collect()
    }

    #[test]
    fn the_preferred_zone_is_taken_when_it_explains_the_moments() {
        let found = fit(&samples("Europe/Madrid", 100, false), &preferred(&["UTC", "Europe/Madrid"]));
        assert!(matches!(&found, ZoneFit::Fits { name, explained: 100, of: 100, .. } if name == "Europe/Madrid"), "{found:?}");
    }

    #[test]
    fn a_zone_that_nobody_named_is_found() {
        for of in ["America/Mexico_City", "Asia/Kolkata", "America/St_Johns", "Australia/Lord_Howe"] {
            let found = fit(&samples(of, 200, false), &preferred(&["UTC"]));
            let ZoneFit::Fits { zone: fitted, explained, .. } = &found else { panic!("{of}: {found:?}") };
            assert_eq!(*explained, 200, "{of}");
            for (clock, moment) in samples(of, 200, false) {
                assert_eq!(fitted.to_datetime(moment), clock, "{of}");
            }
        }
    }

    #[test]
    fn a_zone_is_called_by_the_name_that_people_know() {
        let found = fit(&samples("Australia/Lord_Howe", 200, false), &preferred(&["UTC"]));
        assert!(matches!(&found, ZoneFit::Fits { name, .. } if name == "Australia/Lord_Howe"), "{found:?}");
    }

    #[test]
    fn clocks_without_seconds_fit_too() {
        let found = fit(&samples("America/Bogota", 60, true), &preferred(&["UTC"]));
        assert!(matches!(&found, ZoneFit::Fits { name, explained: 60, .. } if name == "America/Bogota"), "{found:?}");
    }

    #[test]
    fn files_of_another_portal_are_foreign() {
        let mut mixed = samples("UTC", 40, false);
        for (n, (_, moment)) in mixed.iter_mut().enumerate() {
            *moment += SignedDuration::from_secs(1_000_003 * (n as i64 + 1));
        }
        assert!(matches!(fit(&mixed, &preferred(&["UTC"])), ZoneFit::Foreign { of: 40, .. }));
    }

    #[test]
    fn a_few_ids_given_out_again_do_not_make_files_foreign() {
        let mut mixed = samples("Europe/Madrid", 100, false);
        for (_, moment) in mixed.iter_mut().take(4) {
            *moment += SignedDuration::from_secs(77_777);
        }
        assert!(matches!(fit(&mixed, &preferred(&["UTC"])), ZoneFit::Fits { explained: 96, of: 100, .. }));
    }

    #[test]
    fn with_few_shared_ids_that_fit_nothing_the_zone_is_a_guess() {
        let mut few = samples("UTC", 5, false);
        for (n, (_, moment)) in few.iter_mut().enumerate() {
            *moment += SignedDuration::from_secs(1_000_003 * (n as i64 + 1));
        }
        assert!(
            matches!(fit(&few, &preferred(&["Europe/Madrid"])), ZoneFit::TooFew { name, explained: 0, of: 5, .. } if name == "Europe/Madrid")
        );
    }

    #[test]
    fn with_few_shared_ids_one_given_out_again_is_still_seen() {
        let mut few = samples("UTC", 5, false);
        few[0].1 += SignedDuration::from_secs(1_000_003);
        assert!(matches!(fit(&few, &preferred(&["UTC"])), ZoneFit::Fits { explained: 4, of: 5, .. }));
    }

    #[test]
    fn moments_that_no_zone_explains_don_t_hide_the_zone_of_the_few_others() {
        let mut half = samples("America/Mexico_City", 12, false);
        for (n, (_, moment)) in half.iter_mut().take(6).enumerate() {
            *moment += SignedDuration::from_secs(1_000_003 * (n as i64 + 1));
        }
        let found = fit(&half, &preferred(&["UTC"]));
        assert!(matches!(&found, ZoneFit::Fits { name, explained: 6, of: 12, .. } if name == "America/Mexico_City"), "{found:?}");
    }

    #[test]
    fn days_alone_tell_no_zone_and_are_not_foreign() {
        let cut = |(clock, moment): (DateTime, Timestamp)| (clock.date().at(0, 0, 0, 0), moment);
        let mut days: Vec<_> = samples("America/Mexico_City", 60, false).into_iter().map(cut).collect();
        assert!(matches!(fit(&days, &preferred(&["UTC"])), ZoneFit::NotNeeded));
        days[0].1 += SignedDuration::from_hours(24 * 90);
        assert!(matches!(fit(&days, &preferred(&["UTC"])), ZoneFit::TooFew { .. }));
        for (n, (_, moment)) in days.iter_mut().enumerate() {
            *moment += SignedDuration::from_hours(24 * (7 + n as i64));
        }
        assert!(matches!(fit(&days, &preferred(&["UTC"])), ZoneFit::Foreign { .. }));
    }

    #[test]
    fn a_date_in_a_wrong_order_is_explained_by_no_zone() {
        let right: Vec<_> =
            samples("America/Mexico_City", 60, false).into_iter().filter(|(clock, _)| clock.day() <= 12).collect();
        let wrong = right.iter().filter_map(|(clock, moment)| {
            let turned = clock.with().day(clock.month()).month(clock.day()).build().ok()?;
            (turned != *clock).then_some((turned, *moment))
        });
        let wrong: Vec<_> = wrong.collect();
        assert!(wrong.len() > 10);
        assert_eq!((explainable(&right), explainable(&wrong)), (right.len(), 0));
    }

    #[test]
    fn without_shared_ids_nothing_is_fitted() {
        assert!(matches!(fit(&[], &preferred(&["UTC"])), ZoneFit::NotNeeded));
    }

    #[test]
    fn the_server_s_fixed_offset_is_a_zone_like_any_other() {
        let fixed = vec![("+03:00".to_owned(), TimeZone::fixed(tz::offset(3)))];
        assert!(matches!(fit(&samples("Europe/Moscow", 30, false), &fixed), ZoneFit::Fits { name, .. } if name == "+03:00"));
    }

    #[test]
    fn counting_by_transitions_says_what_converting_each_sample_says() {
        let all = samples("America/New_York", 400, false);
        let shifts = Shifts::new(&all);
        for of in ["America/New_York", "America/Chicago", "America/Mexico_City", "UTC", "America/Bogota", "Europe/Madrid"] {
            let zone = zone(of);
            let slow = all.iter().filter(|(clock, moment)| crate::diff::moment::shows(*clock, *moment, &zone)).count();
            assert_eq!(shifts.explained_by(&zone), slow, "{of}");
        }
    }
}
