//! Sets of original ids. A portal gives them out one after another, so that a bitmap holds millions of them in a few hundred KiB.

use roaring::RoaringTreemap;

use crate::model::{EntityType, OriginalId};

/// A set of original ids of one type of record.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ids(RoaringTreemap);

impl Ids {
    /// Adds an id; `false` when it was there before.
    pub(super) fn insert(&mut self, id: OriginalId) -> bool {
        self.0.insert(id.0)
    }

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

/// A number that a program wrote with decimals because other cells of its column are empty: `300.0` is 300, to the last digit.
pub(super) fn whole(text: &str) -> &str {
    text.strip_suffix(".0")
        .filter(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .unwrap_or(text)
}

/// The original ids met so far, over all files of a comparison.
#[derive(Debug, Clone, Default)]
pub struct SeenIds([Ids; 4]);

impl SeenIds {
    /// Notes an id; `false` when it was met before.
    pub(super) fn insert(&mut self, entity: EntityType, id: OriginalId) -> bool {
        self.0[entity as usize].insert(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_new_once_for_each_type_of_record() {
        let mut seen = SeenIds::default();
        for id in (0..64).map(|bit| OriginalId(1 << bit)) {
            assert!(seen.insert(EntityType::Lead, id) && !seen.insert(EntityType::Lead, id) && seen.insert(EntityType::Deal, id));
        }
    }
}
