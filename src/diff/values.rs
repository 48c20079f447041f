//! The values of one kind and type of multi-field: which of those that a record has stay, and which are one too many, for it to have those
//! that a file has.
//!
//! A value that means the same stays as it stands, however the two are written; what is there twice and once in the file is one too many.

use super::equal::same_contact_text;

/// What stands between the values that are there and those that are wanted, each by its place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Apart {
    /// Those that are wanted and not there.
    pub missing: Vec<usize>,
    /// Those that are there and not wanted.
    pub surplus: Vec<usize>,
}

impl Apart {
    /// Whether nothing does.
    pub fn is_nothing(&self) -> bool {
        self.missing.is_empty() && self.surplus.is_empty()
    }
}

/// What stands between the values that are there and those that are wanted; `kind` is `PHONE`, `EMAIL` and so on.
pub fn apart(there: &[&str], wanted: &[&str], kind: &str) -> Apart {
    let mut apart = Apart { missing: (0..wanted.len()).collect(), surplus: (0..there.len()).collect() };
    // What is written alike first, so that of two that mean the same the right one stays.
    apart.pair_off(|at, of| there[at] == wanted[of]);
    apart.pair_off(|at, of| same_contact_text(wanted[of], there[at], kind));
    apart.put_together(there, wanted, kind);
    apart
}

impl Apart {
    fn pair_off(&mut self, same: impl Fn(usize, usize) -> bool) {
        let missing = &mut self.missing;
        self.surplus.retain(|at| match missing.iter().position(|of| same(*at, *of)) {
            Some(found) => {
                missing.remove(found);
                false
            }
            None => true,
        });
    }

    /// A cell joins several values with a comma, so that one with a comma in it was read as several (csv 4.8).
    fn put_together(&mut self, there: &[&str], wanted: &[&str], kind: &str) {
        let missing = &mut self.missing;
        self.surplus.retain(|at| {
            let parts: Vec<&str> = there[*at].split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
            let mut left = missing.clone();
            let all = parts.iter().all(|part| match left.iter().position(|of| same_contact_text(wanted[*of], part, kind)) {
                Some(found) => {
                    left.remove(found);
                    true
                }
                None => false,
            });
            let is_joined = parts.len() > 1 && all;
            if is_joined {
                *missing = left;
            }
            !is_joined
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: &str, there: &[&str], wanted: &[&str], missing: &[usize], surplus: &[usize]) {
        assert_eq!(apart(there, wanted, kind), Apart { missing: missing.into(), surplus: surplus.into() });
    }

    #[test]
    fn what_means_the_same_stays_however_it_is_written() {
        check("PHONE", &["525512345678"], &["+52 (55) 1234-5678"], &[], &[]);
        check("EMAIL", &["ana@example.com"], &["Ana@Example.com"], &[], &[]);
        check("WEB", &["https://example.com"], &["https://Example.com/"], &[], &[]);
        check("IM", &["ana"], &["eva"], &[0], &[0]);
    }

    #[test]
    fn what_is_there_twice_and_wanted_once_is_one_too_many() {
        check("PHONE", &["5551234567", "555 123 4567"], &["555 123 4567"], &[], &[0]);
        check("PHONE", &["5551234567"], &["5551234567", "5551234567"], &[1], &[]);
    }

    #[test]
    fn a_phone_with_a_comma_in_it_is_not_torn_apart() {
        check("PHONE", &["555 123 4567, ext. 12"], &["555 123 4567", "ext. 12", "5557654321"], &[2], &[]);
        check("PHONE", &["555 123 4567, ext. 12"], &["555 123 4567"], &[0], &[0]);
    }

    #[test]
    fn nothing_wanted_is_everything_too_many() {
        check("EMAIL", &["a@b.mx", "c@d.mx"], &[], &[], &[0, 1]);
        assert!(apart(&[], &[], "EMAIL").is_nothing());
    }
}
