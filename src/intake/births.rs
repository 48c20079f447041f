//! When records were created: of all of them, or of a sample that stays within its bound however long the file is.

use super::dates::Loose;
use super::survey::Keep;
use crate::model::OriginalId;

/// Records whose creation is kept where a sample is enough.
const SAMPLE: usize = 1 << 17;

/// When records were created.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Births {
    pub(super) kept: Vec<(OriginalId, Loose)>,
    /// Of so many records one is kept.
    stride: usize,
    /// How many are to be passed over before the next one is kept.
    skip: usize,
    max: usize,
}

impl Births {
    pub(super) fn of(keep: Keep) -> Self {
        let max = if keep == Keep::All { usize::MAX } else { SAMPLE };
        Self { kept: Vec::new(), stride: 1, skip: 0, max }
    }

    pub(super) fn add(&mut self, births: &[(OriginalId, Loose)]) {
        if self.stride == 1 && births.len() < self.max - self.kept.len() {
            self.kept.extend_from_slice(births);
            return;
        }
        for birth in births {
            if self.skip > 0 {
                self.skip -= 1;
                continue;
            }
            if self.kept.len() == self.max {
                let mut at = 0;
                self.kept.retain(|_| (at % 2 == 0, at += 1).0);
                self.stride *= 2;
            }
            self.kept.push(*birth);
            self.skip = self.stride - 1;
        }
    }
}
