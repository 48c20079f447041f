//! The original ids met so far.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hasher, RandomState};

use crate::model::{EntityType, OriginalId};

/// A number that a program wrote with decimals because other cells of its column are empty: `300.0` is 300, to the last digit.
pub(super) fn whole(text: &str) -> &str {
    text.strip_suffix(".0")
        .filter(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .unwrap_or(text)
}

/// The original ids met so far, over all files of a comparison.
#[derive(Debug, Clone, Default)]
pub struct SeenIds([HashSet<u64, Mixing>; 4]);

impl SeenIds {
    /// Notes an id; `false` when it was met before.
    pub(super) fn insert(&mut self, entity: EntityType, id: OriginalId) -> bool {
        self.0[entity as usize].insert(id.0)
    }
}

/// Hashes one number with a few multiplications: an id of each row is looked up, and the standard hasher takes as long as reading the
/// row does. Its seed is random, so that no file can be made to collide.
#[derive(Debug, Clone)]
struct Mixing {
    seed: u64,
}

impl Default for Mixing {
    fn default() -> Self {
        Self { seed: RandomState::new().hash_one(0_u64) }
    }
}

impl BuildHasher for Mixing {
    type Hasher = Mixed;

    fn build_hasher(&self) -> Mixed {
        Mixed(self.seed)
    }
}

/// The hash of one number, by the finalizer of `SplitMix64`.
struct Mixed(u64);

impl Hasher for Mixed {
    fn write_u64(&mut self, number: u64) {
        let mut mixed = self.0 ^ number;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        self.0 = mixed ^ (mixed >> 31);
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn finish(&self) -> u64 {
        self.0
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
