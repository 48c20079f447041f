//! Words that programs write where there is nothing: a database's `NULL` and `\N`, those of Python's tables, R's `NA`. Which of them a file means so
//! is told by its columns without free text: no date is called `NaN`, and a person may be called Null.

/// All of them; those of one program stand together.
const WORDS: [&str; 11] = ["NULL", "\\N", "NaN", "nan", "NaT", "<NA>", "None", "null", "(null)", "[NULL]", "NA"];
/// The longest.
const LENGTH_MAX: usize = 6;
/// A database's own; in a file of codes both mean one thing.
const OF_DATABASES: u16 = 0b11;
/// What Python's tables write, each for another type of column.
const OF_TABLES: u16 = 0b11_1100;
/// What programs show of a database's nothing. Nobody types it, and it is no name.
const SHOWN: u16 = 0b11_0000_0000;

/// One of the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word(u16);

/// The words that mean nothing in one file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Nothing(u16);

impl Word {
    /// The word that a cell is.
    #[inline]
    pub(super) fn of(text: &str) -> Option<Self> {
        // Asked for every cell of many columns, and nearly all are longer or begin with another letter.
        if text.len() > LENGTH_MAX || !matches!(text.as_bytes().first(), Some(b'N' | b'n' | b'\\' | b'<' | b'(' | b'[')) {
            return None;
        }
        Self::among_all(text)
    }

    #[cold]
    fn among_all(text: &str) -> Option<Self> {
        WORDS.iter().position(|word| *word == text).map(|at| Self(1 << at))
    }

    /// Whether it is one of a database.
    pub(super) fn is_of_databases(self) -> bool {
        self.0 & (OF_DATABASES | SHOWN) != 0
    }

    /// Whether it is one that nobody bears as a name.
    pub(super) fn is_no_name(self) -> bool {
        self.0 & (OF_TABLES | SHOWN) != 0
    }
}

impl Nothing {
    /// Whether a text is one of the words.
    pub(super) fn is(self, text: &str) -> bool {
        self.0 != 0 && Word::of(text).is_some_and(|word| self.0 & word.0 != 0)
    }

    /// With a database's words.
    pub(super) fn with_databases(self) -> Self {
        Self(self.0 | OF_DATABASES)
    }
}

/// How often each word was met where no text of a person stands.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Votes([u64; WORDS.len()]);

impl Votes {
    pub(super) fn count(&mut self, word: Word) {
        self.0[word.0.trailing_zeros() as usize] += 1;
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(own, other)| *own += other);
    }

    /// The words that were met, and their kin.
    pub(super) fn decide(&self) -> Nothing {
        let met = self.met().fold(0, |met, (at, _)| met | 1 << at);
        Nothing([OF_DATABASES, OF_TABLES].iter().filter(|kin| met & **kin != 0).fold(met, |all, kin| all | kin))
    }

    /// The words that were met, the most frequent first, and how often all of them.
    pub(super) fn told(&self) -> Option<(String, u64)> {
        let mut met: Vec<(usize, u64)> = self.met().collect();
        met.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let words: Vec<&str> = met.iter().map(|(at, _)| WORDS[*at]).collect();
        (!met.is_empty()).then(|| (words.join(", "), met.iter().map(|(_, count)| count).sum()))
    }

    fn met(&self) -> impl Iterator<Item = (usize, u64)> {
        self.0.iter().copied().enumerate().filter(|(_, count)| *count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(words: &[&str]) -> Votes {
        let mut votes = Votes::default();
        words.iter().filter_map(|word| Word::of(word)).for_each(|word| votes.count(word));
        votes
    }

    #[test]
    fn a_word_for_nothing_brings_those_of_the_same_program() {
        let tables = met(&["nan", "2024-01-15", "nan", "NaT"]);
        assert_eq!(tables.told(), Some(("nan, NaT".to_owned(), 3)));
        for nothing in ["nan", "NaN", "NaT", "<NA>"] {
            assert!(tables.decide().is(nothing), "{nothing}");
        }
        for text in ["NULL", "None", "null", "Nan", ""] {
            assert!(!tables.decide().is(text), "{text}");
        }
        assert!(met(&["NULL"]).decide().is("\\N") && !met(&["NULL"]).decide().is("None"));
        for (word, other) in [("(null)", "[NULL]"), ("[NULL]", "(null)"), ("NA", "NaN")] {
            assert!(met(&[word]).decide().is(word) && !met(&[word]).decide().is(other), "{word}");
        }
        assert_eq!((met(&["n/a"]).told(), met(&[]).decide()), (None, Nothing::default()));
    }
}
