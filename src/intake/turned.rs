//! Dates that a spreadsheet of another region has turned round: it took `05/03/2024` for the 3rd of May and made a date of it, while
//! `25/03/2024`, which is none to it, stayed the text that it was. Nothing is wrong with any single one of them. Together they give
//! themselves away: no real date has a day beyond 12, and every text has one.

use super::dates::Loose;

/// How much less likely the days of dates chosen by chance get with each that is at most 12, and with each that is beyond, in
/// thousandths of a power of ten: 144 days of a year are the former, 221 the latter.
const REAL_WEIGHT: u32 = 404;
const TEXT_WEIGHT: u32 = 218;
/// From here on it is no chance: one in 10,000.
const SURE_MIN: u32 = 4000;
/// From here on somebody should look: one in 100.
const DOUBT_MIN: u32 = 2000;
/// Different days of a month that either kind has at least: firsts and ends of months are nobody's choice by chance.
const SURE_DAYS_MIN: u32 = 3;
const DOUBT_DAYS_MIN: u32 = 2;

/// The dates of one column, counted by what they say of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Votes {
    /// Real dates, as far as their days are at most 12: a bit a day, by month.
    real: [u16; 12],
    /// Texts whose one number is beyond 12, the first and the second one: a bit a day, by month.
    day_first: [u32; 12],
    month_first: [u32; 12],
    /// A real date has a day beyond 12.
    is_sound: bool,
    /// A text may be read in two ways.
    is_open: bool,
}

/// The columns whose real dates are turned round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Turned {
    /// Their places among the columns that were counted.
    pub(super) columns: Vec<usize>,
    /// Whether chance is ruled out.
    pub(super) is_sure: bool,
}

impl Votes {
    /// Counts one date.
    pub(super) fn count(&mut self, date: &Loose) {
        let [first, second, third] = date.parts;
        if date.year_first {
            if third > 12 {
                self.is_sound = true;
            } else if may_be(date)
                && let Some(days) = month(&mut self.real, second)
            {
                *days |= 1 << third;
            }
            return;
        }
        let (texts, day, of) = match (first > 12, second > 12) {
            (true, false) => (&mut self.day_first, first, second),
            (false, true) => (&mut self.month_first, second, first),
            (false, false) => return self.is_open = true,
            (true, true) => return,
        };
        if let Some(days) = month(texts, of).filter(|_| day <= 31) {
            *days |= 1 << day;
        }
    }

    /// Adds what the column's dates in another part of the file tell.
    pub(super) fn add(&mut self, other: &Self) {
        self.real.iter_mut().zip(other.real).for_each(|(own, other)| *own |= other);
        self.day_first.iter_mut().zip(other.day_first).for_each(|(own, other)| *own |= other);
        self.month_first.iter_mut().zip(other.month_first).for_each(|(own, other)| *own |= other);
        self.is_sound |= other.is_sound;
        self.is_open |= other.is_open;
    }

    /// Whether it holds dates of both kinds, as a spreadsheet leaves them.
    fn is_suspect(&self) -> bool {
        let is_of_one_order = (self.day_first == [0; 12]) != (self.month_first == [0; 12]);
        is_of_one_order && !self.is_open && self.may_be_turned()
    }

    /// Whether its real dates, if there are any, may be turned round.
    fn may_be_turned(&self) -> bool {
        !self.is_sound && self.real != [0; 12]
    }

    /// How unlikely its dates are by chance, in thousandths of a power of ten, and how many different days either kind has at least.
    fn weight(&self) -> (u32, u32) {
        let real: u32 = self.real.iter().map(|days| days.count_ones()).sum();
        let texts = || self.day_first.iter().chain(&self.month_first);
        let real_days = self.real.iter().fold(0, |all, days| all | days).count_ones();
        let text_days = texts().fold(0, |all, days| all | days).count_ones();
        let texts: u32 = texts().map(|days| days.count_ones()).sum();
        (real * REAL_WEIGHT + texts * TEXT_WEIGHT, real_days.min(text_days))
    }
}

/// Whether a date is one that the spreadsheet may have turned round: a real one, which is another one with day and month exchanged. A
/// moment with its offset is a program's.
pub(super) fn may_be(date: &Loose) -> bool {
    let [_, month, day] = date.parts;
    date.year_first && (1..=12).contains(&day) && month != day && !date.has_offset()
}

/// What the columns of a file say together: where one program has turned the dates of some, it has turned those of the others, too, even
/// where these are too few to tell.
pub(super) fn decide(columns: &[Votes]) -> Option<Turned> {
    let suspects = || columns.iter().enumerate().filter(|(_, votes)| votes.is_suspect());
    // A record's dates are often one and the same, and are counted once.
    let all = suspects().fold(Votes::default(), |mut all, (_, votes)| {
        all.add(votes);
        all
    });
    let (weight, days) = all.weight();
    if weight >= SURE_MIN && days >= SURE_DAYS_MIN {
        let turned = columns.iter().enumerate().filter(|(_, votes)| votes.may_be_turned());
        return Some(Turned { columns: turned.map(|(at, _)| at).collect(), is_sure: true });
    }
    let is_doubtful = weight >= DOUBT_MIN && days >= DOUBT_DAYS_MIN;
    is_doubtful.then(|| Turned { columns: suspects().map(|(at, _)| at).collect(), is_sure: false })
}

fn month<T>(months: &mut [T; 12], number: i16) -> Option<&mut T> {
    months.get_mut(usize::try_from(number).ok()?.checked_sub(1)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn votes(dates: &[String]) -> Votes {
        let mut votes = Votes::default();
        dates.iter().filter_map(|date| Loose::parse(date)).for_each(|date| votes.count(&date));
        votes
    }

    /// The dates of a day-first file, of which a spreadsheet has turned round what it could.
    fn turned(days: impl Iterator<Item = u32>) -> Vec<String> {
        let each = |day: u32| {
            let month = day * 5 % 12 + 1;
            if day <= 12 { format!("2024-{day:02}-{month:02}") } else { format!("{day}/{month:02}/2024") }
        };
        days.map(each).collect()
    }

    #[test]
    fn dates_that_only_a_spreadsheet_parts_so_are_turned_round() {
        let all = votes(&turned(1..=28));
        assert_eq!(decide(&[all]), Some(Turned { columns: vec![0], is_sure: true }));
        let few = votes(&["2024-05-03".to_owned()]);
        assert_eq!(decide(&[few]), None);
        assert_eq!(decide(&[all, few]).map(|turned| turned.columns), Some(vec![0, 1]), "the same program has turned it");
        let doubtful = votes(&turned(10..=17));
        assert_eq!(decide(&[doubtful]), Some(Turned { columns: vec![0], is_sure: false }));
    }

    #[test]
    fn dates_that_may_be_of_two_programs_are_not() {
        let with = |more: &str| votes(&[turned(1..=28), vec![more.to_owned()]].concat());
        for more in ["2024-05-13", "03/05/2024", "05/13/2024"] {
            assert_eq!(decide(&[with(more)]), None, "{more}");
        }
        let firsts: Vec<String> =
            (1..=12).flat_map(|month| [format!("2024-{month:02}-01"), format!("28/{month:02}/2024")]).collect();
        assert_eq!(decide(&[votes(&firsts)]), None, "firsts and ends of months");
    }
}
