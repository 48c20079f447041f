//! Sets of original ids. A portal gives them out one after another, so that a bitmap holds millions of them in a few hundred KiB.

use roaring::RoaringTreemap;

use crate::model::{EntityType, OriginalId};

/// A set of original ids of one type of record.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ids(RoaringTreemap);

impl Ids {
    /// The ids, ascending.
    pub fn iter(&self) -> impl Iterator<Item = OriginalId> {
        self.0.iter().map(OriginalId)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many ids are in both sets.
    pub fn shared(&self, other: &Self) -> u64 {
        self.0.intersection_len(&other.0)
    }
}

impl FromIterator<OriginalId> for Ids {
    fn from_iter<T: IntoIterator<Item = OriginalId>>(ids: T) -> Self {
        Self(ids.into_iter().map(|id| id.0).collect())
    }
}

/// Ids as a file gives them: those of an export follow one another, up or down, and go into the bitmap by whole runs.
#[derive(Debug, Clone, Default)]
pub(super) struct MetIds {
    kept: RoaringTreemap,
    /// The first and the last of some that follow one another and aren't kept yet.
    run: Option<(u64, u64)>,
    /// The least and the greatest of all.
    least: u64,
    greatest: u64,
}

impl MetIds {
    /// Adds an id; `false` when it was met before.
    #[inline]
    pub(super) fn insert(&mut self, OriginalId(id): OriginalId) -> bool {
        let Some((first, last)) = self.run else {
            (self.run, self.least, self.greatest) = (Some((id, id)), id, id);
            return true;
        };
        // Beyond all that were met an id is new, and there is nothing to look up.
        if id > self.greatest {
            self.greatest = id;
            self.go_on((first, id), last == id - 1, id)
        } else if id < self.least {
            self.least = id;
            self.go_on((id, last), first == id + 1, id)
        } else {
            !(first..=last).contains(&id) && self.kept.insert(id)
        }
    }

    /// Makes the run longer, or begins another one with an id that is new.
    fn go_on(&mut self, longer: (u64, u64), follows: bool, id: u64) -> bool {
        if follows {
            self.run = Some(longer);
        } else {
            self.keep_run();
            self.run = Some((id, id));
        }
        true
    }

    fn keep_run(&mut self) {
        match self.run.take() {
            Some((first, last)) if first == last => _ = self.kept.insert(first),
            Some((first, last)) => _ = self.kept.insert_range(first..=last),
            None => {}
        }
    }
}

impl From<MetIds> for Ids {
    fn from(mut met: MetIds) -> Self {
        met.keep_run();
        Self(met.kept)
    }
}

/// A number that a program wrote with decimals because other cells of its column are empty: `300.0` is 300, to the last digit.
pub(super) fn whole(text: &str) -> &str {
    text.strip_suffix(".0")
        .filter(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .unwrap_or(text)
}

/// The original ids met so far, over all files of a comparison.
#[derive(Debug, Clone, Default)]
pub struct SeenIds([MetIds; 4]);

impl SeenIds {
    /// Notes an id; `false` when it was met before.
    pub(super) fn insert(&mut self, entity: EntityType, id: OriginalId) -> bool {
        self.0[entity as usize].insert(id)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_id_is_new_once_for_each_type_of_record() {
        let mut seen = SeenIds::default();
        for id in (0..64).map(|bit| OriginalId(1 << bit)) {
            assert!(seen.insert(EntityType::Lead, id) && !seen.insert(EntityType::Lead, id) && seen.insert(EntityType::Deal, id));
        }
    }

    proptest! {
        #[test]
        fn ids_in_any_order_are_each_met_once(
            runs in proptest::collection::vec((prop_oneof![0_u64..40, Just(u64::MAX - 9)], 1_u64..10, any::<bool>()), 0..12),
        ) {
            let (mut met, mut expected) = (MetIds::default(), BTreeSet::new());
            for (first, length, is_down) in runs {
                for at in 0..length {
                    let id = first + if is_down { length - at } else { at };
                    prop_assert_eq!(met.insert(OriginalId(id)), expected.insert(OriginalId(id)), "{}", id);
                }
            }
            prop_assert_eq!(Ids::from(met), expected.into_iter().collect::<Ids>());
        }
    }
}
