//! The stacked bar of a record type: how its rows divide into verdicts. Geometry only; colours are the style sheet's.

use crate::plan::EntityCounts;

use super::figures::count;
use super::words::{Language, VERDICTS, verdict_heading};

/// Units that a bar is wide. The page stretches it.
const WIDTH: u64 = 1000;
/// What a verdict gets at least, so that 3 rows of 11,420 can be seen.
const VISIBLE: u64 = 6;

/// One stretch of a bar.
#[derive(Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The verdict's code, which is its class.
    pub verdict: &'static str,
    /// Where it begins.
    pub x: u64,
    /// How wide it is.
    pub width: u64,
    /// What it says when pointed at: `Faltan: 2,957`.
    pub title: String,
}

/// The count of a verdict by its code.
pub fn of_verdict(counts: &EntityCounts, verdict: &str) -> u64 {
    match verdict {
        "missing" => counts.missing,
        "duplicate" => counts.duplicate,
        "changed" => counts.changed,
        "restored" => counts.restored,
        "rejected" => counts.rejected,
        "identical" => counts.identical,
        _ => 0,
    }
}

/// The stretches in the order of the verdicts; none for a record type without rows. They fill the bar exactly.
pub fn stretches(counts: &EntityCounts, language: Language) -> Vec<Stretch> {
    let shares: Vec<_> =
        VERDICTS.into_iter().map(|verdict| (verdict, of_verdict(counts, verdict))).filter(|(_, n)| *n > 0).collect();
    let total: u64 = shares.iter().map(|(_, n)| n).sum();
    let mut widths: Vec<_> = shares.iter().map(|(_, n)| (n.saturating_mul(WIDTH) / total.max(1)).max(VISIBLE)).collect();
    let used: u64 = widths.iter().sum();
    // The widest stretch gives what the small ones were lent, and takes what rounding left.
    if let Some(widest) = widths.iter_mut().max() {
        *widest = (*widest + WIDTH).saturating_sub(used);
    }
    let mut x = 0;
    let mut bar = Vec::new();
    for ((verdict, n), width) in shares.into_iter().zip(widths) {
        bar.push(Stretch { verdict, x, width, title: format!("{}: {}", verdict_heading(verdict).get(language), count(n)) });
        x += width;
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_filled_exactly_and_shows_even_a_single_row() {
        for counts in [
            EntityCounts {
                in_file: 11_420,
                missing: 2957,
                duplicate: 31,
                restored: 9,
                changed: 214,
                rejected: 3,
                identical: 8206,
                ..EntityCounts::default()
            },
            EntityCounts { in_file: 1, missing: 1, ..EntityCounts::default() },
            EntityCounts { in_file: 1_000_001, missing: 1, identical: 1_000_000, ..EntityCounts::default() },
        ] {
            let bar = stretches(&counts, Language::Es);
            assert_eq!(bar.iter().map(|stretch| stretch.width).sum::<u64>(), WIDTH);
            assert!(bar.iter().all(|stretch| stretch.width >= VISIBLE));
        }
        assert!(stretches(&EntityCounts::default(), Language::En).is_empty());
    }
}
