//! Letters that a program has replaced by question marks, because the encoding in which it saved the file doesn't have them: `Mu?oz`,
//! `Cotizaci?n`, `?ngel`. What stood there is lost, but it can be told from what people type.

/// What a column may have lost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Loss {
    /// Nothing that could be told.
    #[default]
    None,
    /// Letters of texts, in which people ask questions too.
    OfTexts,
    /// Letters of names, in which nobody does.
    OfNames,
}

/// Cells that have lost a letter, from which on those of a column of texts have: one may be a slip of the fingers.
const TEXTS_MIN: u64 = 2;
/// And of how many of its cells one must have, for people do write `precio?gracias`.
const TEXTS_SHARE: u64 = 50;

/// The most bytes of a letter that is lost byte by byte; more marks are an exclamation.
const MARKS_MAX: usize = 3;

/// The votes of one column's cells.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Votes {
    cells: u64,
    lost: u64,
}

impl Votes {
    pub(super) fn count(&mut self, text: &str) {
        self.cells += u64::from(!text.is_empty());
        self.lost += u64::from(is_met(text));
    }

    pub(super) fn add(&mut self, other: Self) {
        self.cells += other.cells;
        self.lost += other.lost;
    }

    /// What the column has lost.
    pub(super) fn decide(self, is_name: bool) -> Loss {
        match is_name {
            true if self.lost > 0 => Loss::OfNames,
            false if self.lost >= TEXTS_MIN && self.lost * TEXTS_SHARE >= self.cells => Loss::OfTexts,
            _ => Loss::None,
        }
    }
}

impl Loss {
    /// Whether a cell of the column has lost letters: within a word, at its beginning, and in a name at its end.
    pub(super) fn is_in(self, text: &str) -> bool {
        self != Self::None
            && words_with_marks(text).any(|word| {
                let ends_lost = self == Self::OfNames && word.ends_with('?');
                let begins_lost = word.trim_start_matches('?').starts_with(char::is_alphabetic) && word.starts_with('?');
                begins_lost || ends_lost || has_lost_inner(word)
            })
    }
}

/// Whether a text has a word that lost a letter between two others.
pub(super) fn is_met(text: &str) -> bool {
    words_with_marks(text).any(has_lost_inner)
}

/// The words of a text with a question mark in them that are no addresses of the web.
fn words_with_marks(text: &str) -> impl Iterator<Item = &str> {
    let has_mark = memchr::memchr(b'?', text.as_bytes()).is_some();
    let words = has_mark.then(|| text.split([' ', '\n', '\r', '\t', ';', ',', '"', '|'])).into_iter().flatten();
    words.filter(|word| word.contains('?') && !word.contains(['/', '=', '&', '@', '<', '>']))
}

/// Whether marks stand between two letters: one for a letter, or one for each of its bytes. `bien?Gracias` are two words without a space.
fn has_lost_inner(word: &str) -> bool {
    let mut before = None;
    let mut marks = 0;
    for letter in word.chars() {
        if letter == '?' {
            marks += 1;
            continue;
        }
        if (1..=MARKS_MAX).contains(&marks)
            && letter.is_alphabetic()
            && before.is_some_and(|before: char| before.is_alphabetic() && (letter.is_lowercase() || before.is_uppercase()))
        {
            return true;
        }
        (before, marks) = (Some(letter), 0);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn votes(cells: &[&str]) -> Votes {
        let mut votes = Votes::default();
        for cell in cells {
            votes.count(cell);
        }
        votes
    }

    #[test]
    fn a_lost_letter_is_told_from_a_question() {
        for lost in ["Mu?oz", "MU?OZ", "N??ez", "Ampliaci?n del almac?n", "Paw?owski"] {
            assert!(is_met(lost), "{lost}");
        }
        for typed in [
            "",
            "¿Qué?",
            "precio?",
            "bien?Gracias",
            "ver https://example.com/?id=5",
            "page?id=5",
            "a ? b",
            "?ngel",
            "??",
            "5?6",
            "a????b",
            "bien??Gracias",
        ] {
            assert!(!is_met(typed), "{typed}");
        }
    }

    #[test]
    fn one_cell_proves_a_names_loss_and_several_that_of_texts() {
        assert_eq!(votes(&["Mu?oz", "López"]).decide(true), Loss::OfNames);
        assert_eq!(votes(&["Mu?oz", "López"]).decide(false), Loss::None);
        assert_eq!(votes(&["Cotizaci?n", "Ampliaci?n", "Venta"]).decide(false), Loss::OfTexts);
        let mut chat = vec!["hola"; 500];
        chat.extend(["precio?gracias", "hay?dime"]);
        assert_eq!(votes(&chat).decide(false), Loss::None);
    }

    #[test]
    fn where_letters_are_lost_those_at_a_words_ends_are_too() {
        for lost in ["Mu?oz", "?ngel", "Jos?"] {
            assert!(Loss::OfNames.is_in(lost), "{lost}");
        }
        assert!(Loss::OfTexts.is_in("Env?o") && Loss::OfTexts.is_in("a ?lvaro"));
        for sound in ["Seguro?", "López", "ver page?id=5", ""] {
            assert!(!Loss::OfTexts.is_in(sound), "{sound}");
        }
        assert!(!Loss::None.is_in("Mu?oz"));
    }
}
