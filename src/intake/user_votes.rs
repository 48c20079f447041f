//! How the cells of a file name users: by their ids, their names, their logins, or by a name with the id in brackets behind it.

/// How many cells name users in which way.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct UserVotes {
    pub(super) ids: u64,
    pub(super) names: u64,
    pub(super) logins: u64,
    pub(super) bracketed: u64,
}

/// A sign that no list of ids has.
const BEYOND_IDS: u8 = 1;
/// A sign that no login has, unless it is an e-mail.
const BEYOND_LOGINS: u8 = 1 << 1;
/// `[`, with which an id may begin.
const BRACKET: u8 = 1 << 2;
/// `@`.
const AT: u8 = 1 << 3;

/// What each byte tells.
const SIGNS: [u8; 256] = {
    let mut signs = [0; 256];
    let mut byte = 0;
    while byte < signs.len() {
        let sign = byte as u8;
        let is_of_ids = sign.is_ascii_digit() || matches!(sign, b',' | b' ' | b'[' | b']');
        let is_of_login = sign.is_ascii_lowercase() || sign.is_ascii_digit() || matches!(sign, b'.' | b'_' | b'-');
        signs[byte] = if is_of_ids { 0 } else { BEYOND_IDS } | if is_of_login { 0 } else { BEYOND_LOGINS };
        byte += 1;
    }
    signs[b'[' as usize] |= BRACKET;
    signs[b'@' as usize] |= AT;
    signs
};

impl UserVotes {
    /// Counts a cell, which has a text; whether it holds ids. Several of one cell are ids, too.
    pub(super) fn count(&mut self, text: &str) -> bool {
        let signs = text.bytes().fold(0, |signs, byte| signs | SIGNS[usize::from(byte)]);
        let has = |sign: u8| signs & sign != 0;
        if !has(BEYOND_IDS) {
            self.ids += 1;
            return true;
        }
        if has(BRACKET) && text.ends_with(']') {
            self.bracketed += 1;
        } else if has(AT) || !has(BEYOND_LOGINS) {
            self.logins += 1;
        } else {
            self.names += 1;
        }
        false
    }

    /// Adds another part of the file.
    pub(super) fn add(&mut self, other: &Self) {
        self.ids += other.ids;
        self.names += other.names;
        self.logins += other.logins;
        self.bracketed += other.bracketed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_told_by_the_signs_of_their_cells() {
        for (cells, expected) in [
            (&["7", "7, 12", "[7]", "[7, 12]"][..], (true, [4, 0, 0, 0])),
            (&["Ana Ruiz", "Ana", "Ángel", "ana ruiz", "ruiz, ana", "Ana [7", "a]", "ana/7"], (false, [0, 8, 0, 0])),
            (&["ana.ruiz_7-a", "ana", "ana@ejemplo.mx", "Ana Ruiz @ventas"], (false, [0, 0, 4, 0])),
            (&["Ana Ruiz [7]", "ana[7]", "[ana@ejemplo.mx]", "Ñ [7, 12]"], (false, [0, 0, 0, 4])),
        ] {
            let mut votes = UserVotes::default();
            for cell in cells {
                assert_eq!(votes.count(cell), expected.0, "{cell}");
            }
            let mut both = votes;
            both.add(&votes);
            let counts = |votes: UserVotes| [votes.ids, votes.names, votes.logins, votes.bracketed];
            assert_eq!((counts(votes), counts(both)), (expected.1, expected.1.map(|count| 2 * count)), "{cells:?}");
        }
    }
}
