//! In which order day, month and year stand, and by which clock hours are written: decided over all dates of a file (csv 4.6).

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::dates::{Hours, Loose};
use super::detect::DateOrder;
use crate::model::{OriginalId, Value};

/// So many different numbers stand last where they are taken for days: hardly any file is of as many years.
const LASTS_MIN: u32 = 4;

/// The dates of a file, counted by what they say of its order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct OrderVotes {
    day_first: u64,
    month_first: u64,
    year_first: u64,
    /// Dates that are another day in another order.
    open: u64,
    dots: u64,
    /// Hours with `am` or `pm`.
    half_days: u64,
    /// Hours that only a clock of 24 has.
    full_days: u64,
    /// Hours that both clocks have, without `am` or `pm`.
    plain_hours: u64,
    short: ShortYears,
}

/// The dates whose year has two digits, as far as the year may be the first or the last of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct ShortYears {
    /// The numbers that stand first and last: a bit each.
    firsts: u32,
    lasts: u32,
    /// Some date tells that the year is last.
    is_last: bool,
}

/// The order that a file's dates are read in.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Decided {
    pub(super) order: DateOrder,
    /// Whether the dates themselves say so.
    pub(super) sure: bool,
    /// From 0.5, a guess, to 1.
    pub(super) confidence: f32,
    /// What it was found by, for people.
    pub(super) how: String,
}

impl OrderVotes {
    /// Counts one date.
    pub(super) fn count(&mut self, date: &Loose) {
        let [first, second, _] = date.parts;
        if [first, second].contains(&0) {
            // A database's or a spreadsheet's date of nothing.
            return;
        }
        match (date.year_first, first > 12, second > 12) {
            (true, ..) => self.year_first += 1,
            (_, true, false) => self.day_first += 1,
            (_, false, true) => self.month_first += 1,
            (_, false, false) if first != second => self.open += 1,
            _ => {}
        }
        if !date.year_first {
            self.short.count(date);
        }
        self.dots += u64::from(date.separator == b'.');
        match (date.hours, date.clock) {
            (_, None) => {}
            (Hours::Half, _) => self.half_days += 1,
            (Hours::Full, Some([1..=12, ..])) => self.plain_hours += 1,
            (Hours::Full | Hours::Midnight, _) => self.full_days += 1,
        }
    }

    /// Adds another part of the file.
    pub(super) fn add(&mut self, other: &Self) {
        self.day_first += other.day_first;
        self.month_first += other.month_first;
        self.year_first += other.year_first;
        self.open += other.open;
        self.dots += other.dots;
        self.half_days += other.half_days;
        self.full_days += other.full_days;
        self.plain_hours += other.plain_hours;
        self.short.firsts |= other.short.firsts;
        self.short.lasts |= other.short.lasts;
        self.short.is_last |= other.short.is_last;
    }

    /// Whether some dates are another day in another order, so that it matters which one is taken.
    pub(super) fn is_open(&self) -> bool {
        self.open + self.day_first + self.month_first > 0
    }

    /// Whether all dates have years of two digits that may as well stand first, and the days seem to stand last: `24/01/13`.
    pub(super) fn may_begin_with_years(&self) -> bool {
        let ShortYears { firsts, lasts, is_last } = self.short;
        !is_last && lasts.count_ones() >= LASTS_MIN && lasts.count_ones() >= firsts.count_ones() * 2
    }

    /// The order. Where the dates themselves don't say it, the language and the separator decide.
    pub(super) fn decide(&self, language: Option<&str>) -> Decided {
        let telling = self.day_first + self.month_first;
        if self.may_begin_with_years() {
            let order = if self.month_first > self.day_first { DateOrder::Mdy } else { DateOrder::Dmy };
            let how = "its years of two digits may stand first or last; taken for the last";
            return Decided { order, sure: false, confidence: 0.5, how: how.to_owned() };
        }
        if telling > 0 {
            let order = if self.day_first >= self.month_first { DateOrder::Dmy } else { DateOrder::Mdy };
            let against = self.day_first.min(self.month_first);
            let confidence = (telling - against) as f32 / telling as f32;
            let how = format!("its dates: {} of {telling} that tell day from month", telling - against);
            return Decided { order, sure: against * 20 <= telling - against, confidence, how };
        }
        if self.open == 0 {
            return Decided { order: DateOrder::Ymd, sure: true, confidence: 1.0, how: self.without_doubt().to_owned() };
        }
        let is_english = matches!(language, Some("en" | "lt")) && self.dots == 0;
        let order = if is_english { DateOrder::Mdy } else { DateOrder::Dmy };
        Decided {
            order,
            sure: false,
            confidence: 0.5,
            how: "the language of its titles; no date tells day from month".to_owned(),
        }
    }

    /// Why no order is in doubt.
    fn without_doubt(&self) -> &'static str {
        if self.year_first > 0 { "its dates leave no choice" } else { "no date in it could be read in two ways" }
    }

    /// The clock that hours are written by: `12`, `24` or `unsure`, how sure, and by what; `None` without hours.
    pub(super) fn clock(&self) -> Option<(&'static str, f32, String)> {
        let (half, full, plain) = (self.half_days, self.full_days, self.plain_hours);
        let all = (half + full + plain) as f32;
        Some(match (half, full, plain) {
            (0, 0, 0) => return None,
            (0, 0, 24..) => {
                ("unsure", 0.5, "no hour is beyond 12 and none says am or pm: they may have been lost; read as they stand".into())
            }
            (0, 0, _) => ("24", 0.6, "no hour says am or pm".to_owned()),
            (0, ..) => ("24", 1.0, format!("{full} hours that only a clock of 24 has")),
            (_, 0, 0) => ("12", 1.0, "all hours say am or pm".to_owned()),
            _ if half * 2 >= full + plain => ("12", half as f32 / all, format!("{half} hours say am or pm")),
            _ => ("24", (full + plain) as f32 / all, format!("{half} hours say am or pm, {} don't", full + plain)),
        })
    }
}

impl ShortYears {
    fn count(&mut self, date: &Loose) {
        let [first, second, last] = date.parts;
        let may_be_first = date.short_year && (1..=12).contains(&second) && (1..=31).contains(&last);
        if may_be_first && first <= 31 {
            self.firsts |= 1 << first;
            self.lasts |= 1 << last;
        } else {
            self.is_last = true;
        }
    }
}

/// The order of dates by which records were created in the order of their ids, as a portal gives them out; `None` where no order is much
/// better than the others. Years are tried in the first place where the dates let them.
pub(super) fn order_by_ids(created: &[(OriginalId, Loose)], may_begin_with_years: bool) -> Option<DateOrder> {
    let mut created: Vec<&(OriginalId, Loose)> = created.iter().collect();
    created.sort_by_key(|(id, _)| *id);
    let years_first = may_begin_with_years.then_some(DateOrder::Ymd);
    let orders = [DateOrder::Dmy, DateOrder::Mdy].into_iter().chain(years_first);
    let tried: Vec<(DateOrder, usize, usize)> = orders
        .map(|order| {
            let dates: Vec<_> = created.iter().filter_map(|(_, date)| date.date_time(order)).collect();
            (order, dates.len(), dates.windows(2).filter(|pair| pair[1] < pair[0]).count())
        })
        .collect();
    // An order that makes few of them dates has little to go backward.
    let most = tried.iter().map(|(_, read, _)| *read).max()?;
    let mut backward: Vec<(usize, DateOrder)> =
        tried.iter().filter(|(_, read, _)| read * 2 >= most).map(|(order, _, backward)| (*backward, *order)).collect();
    backward.sort_by_key(|(backward, _)| *backward);
    let [(best, order), (second, _), ..] = backward.as_slice() else { return None };
    (best * 4 < *second).then_some(*order)
}

/// The newest moment, in each order, as the order isn't known before the end.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Newest([(Option<DateTime>, Option<Timestamp>); 3]);

const ORDERS: [DateOrder; 3] = [DateOrder::Dmy, DateOrder::Mdy, DateOrder::Ymd];

impl Newest {
    /// Takes a date in.
    pub(super) fn add(&mut self, date: &Loose) {
        for (order, (clock, moment)) in ORDERS.into_iter().zip(&mut self.0) {
            // Most dates are older than the newest one by their year, month and day alone.
            if clock.is_some_and(|newest| date.is_before(order, newest.date())) {
                continue;
            }
            match date.moment(order) {
                Some(Value::Clock(at)) => *clock = (*clock).max(Some(at)),
                Some(Value::Moment(at)) => *moment = (*moment).max(Some(at)),
                _ => {}
            }
        }
    }

    /// Adds another part of the file.
    pub(super) fn merge(&mut self, other: &Self) {
        for ((clock, moment), (other_clock, other_moment)) in self.0.iter_mut().zip(&other.0) {
            *clock = (*clock).max(*other_clock);
            *moment = (*moment).max(*other_moment);
        }
    }

    /// The newest one, in an order.
    pub(super) fn value(&self, order: DateOrder) -> Option<Value> {
        let (clock, moment) = self.0[ORDERS.iter().position(|known| *known == order)?];
        moment.map(Value::Moment).or(clock.map(Value::Clock))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_of_twelve_is_told_by_am_and_pm() {
        let clock = |hours: &[&str]| {
            let mut votes = OrderVotes::default();
            let dates = hours.iter().map(|hour| format!("15/01/2024 {hour}"));
            dates.filter_map(|date| Loose::parse(&date)).for_each(|date| votes.count(&date));
            votes.clock().map(|(clock, ..)| clock)
        };
        assert_eq!(clock(&["03:04:05 pm", "11:00:00 am"]), Some("12"));
        assert_eq!(clock(&["15:04:05", "11:00:00"]), Some("24"));
        assert_eq!(clock(&["24:00:00"]), Some("24"));
        assert_eq!(clock(&["09:00:00"; 30]), Some("unsure"));
        assert_eq!(clock(&[""]), None);
    }

    #[test]
    fn days_above_twelve_decide_the_order_and_the_language_only_where_they_are_missing() {
        let decide = |dates: &[&str], language| {
            let mut votes = OrderVotes::default();
            dates.iter().filter_map(|date| Loose::parse(date)).for_each(|date| votes.count(&date));
            let decided = votes.decide(language);
            (decided.order, decided.sure)
        };
        assert_eq!(decide(&["05/06/2024", "13/06/2024"], Some("en")), (DateOrder::Dmy, true));
        assert_eq!(decide(&["05/06/2024", "06/13/2024"], Some("es")), (DateOrder::Mdy, true));
        assert_eq!(decide(&["05/06/2024"], Some("es")), (DateOrder::Dmy, false));
        assert_eq!(decide(&["05/06/2024"], Some("en")), (DateOrder::Mdy, false));
        assert_eq!(decide(&["2024-06-05"], None), (DateOrder::Ymd, true));
    }
}
