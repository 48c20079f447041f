//! The way through all ids of a record type: which ranges to ask for next, and when a range is done. Pure; the reader does the asking.
//!
//! A page has 50 rows at most (rest-transport 5.3), and offset pages overlap or miss rows when records come and go meanwhile
//! (rest-transport 6.1). So the ids from the lowest to the highest are cut into ranges, each expected to fill one page; a range whose
//! page is full is continued behind its last row until it has no more. Nothing is missed when ids are dense, sparse or in clusters,
//! and dense ids need one command for 50 records.

use std::collections::VecDeque;

/// Rows of one page.
pub(super) const PAGE: usize = 50;
/// From this density on, ranges have as many ids as a page has rows: then a full page always ends its range.
const DENSE: f64 = 0.8;
/// How much of a page a range of sparse ids is expected to fill at first; a page that runs over costs a command more.
const FILL_FIRST: f64 = 0.85;

/// A range of ids to ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    /// The lowest id.
    pub from: u64,
    /// The highest id; `None` for all from `from` on.
    pub to: Option<u64>,
}

/// A range on its way, and what came of it.
#[derive(Debug)]
struct Stretch<T> {
    range: Range,
    sent: bool,
    rows: Vec<T>,
    done: bool,
}

/// The walk over the ids of one record type; `T` is a row.
#[derive(Debug)]
pub(super) struct Walk<T> {
    /// The ranges that are open or not yet handed over, ascending.
    stretches: VecDeque<Stretch<T>>,
    /// The first id that no range has yet; `None` when all have.
    next: Option<u64>,
    highest: u64,
    /// Records for each id, where the walk is.
    density: f64,
    fill: f64,
}

impl<T> Walk<T> {
    /// A walk from the lowest to the highest of `count` ids.
    pub fn new(lowest: u64, highest: u64, count: u64) -> Self {
        let span = highest.saturating_sub(lowest) + 1;
        let density = (count.max(1) as f64 / span as f64).min(1.0);
        Self { stretches: VecDeque::new(), next: Some(lowest), highest, density, fill: FILL_FIRST }
    }

    /// Up to `max` ranges to ask for now, the lowest first.
    pub fn take(&mut self, max: usize) -> Vec<Range> {
        let mut taken: Vec<Range> = Vec::new();
        for stretch in self.stretches.iter_mut().filter(|stretch| !stretch.done && !stretch.sent).take(max) {
            stretch.sent = true;
            taken.push(stretch.range);
        }
        while taken.len() < max {
            let Some(range) = self.cut() else { break };
            self.stretches.push_back(Stretch { range, sent: true, rows: Vec::new(), done: false });
            taken.push(range);
        }
        taken
    }

    /// Takes the rows of one range that was asked for: `ids` ascending, `rows` in the same order.
    pub fn put(&mut self, range: Range, ids: &[u64], rows: Vec<T>) {
        let Some(at) = self.stretches.iter().position(|stretch| stretch.range == range && stretch.sent) else { return };
        let last = ids.last().copied();
        let highest = self.highest;
        let stretch = &mut self.stretches[at];
        stretch.rows = rows;
        stretch.done = true;
        match last {
            // A full page may have left rows behind. What was made after the walk began isn't chased.
            Some(last) if ids.len() >= PAGE && range.to.map_or(last < highest, |to| last < to) => {
                let width = last - range.from + 1;
                self.continue_behind(at, Range { from: last + 1, to: range.to }, width);
                self.fill = (self.fill * 0.97).max(0.6);
            }
            _ => self.fill = (self.fill * 1.01).min(1.0),
        }
        let width = range.to.unwrap_or(highest.max(range.from)).saturating_sub(range.from) + 1;
        let seen = ids.len() as f64 / width as f64;
        self.density = (self.density * 0.8 + seen.min(1.0) * 0.2).max(1e-12);
    }

    /// The rows of the ranges that are done, as far as no lower range is open.
    pub fn finished(&mut self) -> Vec<T> {
        let mut rows = Vec::new();
        while self.stretches.front().is_some_and(|stretch| stretch.done) {
            rows.extend(self.stretches.pop_front().map(|stretch| stretch.rows).unwrap_or_default());
        }
        rows
    }

    /// Whether every id has been asked for and handed over.
    pub fn is_over(&self) -> bool {
        self.next.is_none() && self.stretches.is_empty()
    }

    /// The next range of ids that nobody has asked for.
    fn cut(&mut self) -> Option<Range> {
        let from = self.next?;
        let to = from.saturating_add(self.width() - 1);
        if to >= self.highest {
            self.next = None;
            return Some(Range { from, to: None });
        }
        self.next = Some(to + 1);
        Some(Range { from, to: Some(to) })
    }

    fn width(&self) -> u64 {
        let page = PAGE as f64;
        let width = if self.density >= DENSE { page } else { page * self.fill / self.density };
        (width as u64).clamp(PAGE as u64, 1 << 40)
    }

    /// Cuts what a full page of `width` ids left behind: pieces of that width first, then ever wider ones, so that a cluster of ids
    /// in a wide range is asked for in parallel.
    fn continue_behind(&mut self, at: usize, rest: Range, width: u64) {
        let end = rest.to.unwrap_or(self.highest);
        let mut from = rest.from;
        let mut pieces = Vec::new();
        let mut piece = width.max(PAGE as u64);
        while from <= end && pieces.len() < 64 {
            let to = from.saturating_add(piece - 1);
            if to >= end {
                break;
            }
            pieces.push(Range { from, to: Some(to) });
            from = to + 1;
            if pieces.len() >= 8 {
                piece = piece.saturating_mul(2);
            }
        }
        pieces.push(Range { from, to: rest.to });
        for (offset, range) in pieces.into_iter().enumerate() {
            self.stretches.insert(at + 1 + offset, Stretch { range, sent: false, rows: Vec::new(), done: false });
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Walks over `ids` with pages as a portal gives them; answers what was read and how many commands it took.
    fn walked(ids: &[u64], commands_at_once: usize) -> (Vec<u64>, usize) {
        let (Some(lowest), Some(highest)) = (ids.first(), ids.last()) else { return (Vec::new(), 0) };
        let mut walk = Walk::new(*lowest, *highest, ids.len() as u64);
        let (mut read, mut commands) = (Vec::new(), 0);
        while !walk.is_over() {
            let ranges = walk.take(commands_at_once);
            assert!(!ranges.is_empty(), "the walk goes on");
            commands += ranges.len();
            for range in ranges {
                let start = ids.partition_point(|id| *id < range.from);
                let page: Vec<u64> =
                    ids[start..].iter().copied().take_while(|id| range.to.is_none_or(|to| *id <= to)).take(PAGE).collect();
                walk.put(range, &page, page.clone());
            }
            read.extend(walk.finished());
        }
        (read, commands)
    }

    #[test]
    fn fifty_thousand_dense_records_take_a_thousand_commands() {
        let ids: Vec<u64> = (1..=50_000).collect();
        let (read, commands) = walked(&ids, 50);
        assert_eq!(read, ids);
        assert_eq!(commands, 1_000);
    }

    #[test]
    fn ids_in_steps_of_two_cost_little_more() {
        let ids: Vec<u64> = (1..=50_000).map(|id| id * 2).collect();
        let (read, commands) = walked(&ids, 50);
        assert_eq!(read, ids);
        assert!(commands <= 1_250, "{commands}");
    }

    #[test]
    fn a_cluster_far_from_the_rest_is_read_in_few_rounds() {
        let ids: Vec<u64> = std::iter::once(1).chain(5_000_000..5_010_000).chain([900_000_000]).collect();
        let (read, commands) = walked(&ids, 50);
        assert_eq!(read, ids);
        assert!(commands < 600, "{commands}");
    }

    #[test]
    fn a_lonely_record_is_one_command() {
        assert_eq!(walked(&[77], 50), (vec![77], 1));
    }

    proptest! {
        #[test]
        fn no_id_is_missed_and_none_comes_twice(gaps in prop::collection::vec(prop_oneof![8 => 1u64..3, 2 => 1u64..200, 1 => 1u64..1_000_000], 1..3_000), at_once in 1usize..60) {
            let mut id = 0;
            let ids: Vec<u64> = gaps.iter().map(|gap| { id += gap; id }).collect();
            let (read, _) = walked(&ids, at_once);
            prop_assert_eq!(read, ids);
        }
    }
}
