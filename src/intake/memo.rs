//! What short-lived work has found out of texts that come again and again: the stage, the source, the user of a record are one of a few.
//!
//! Looking a text up in a portal's dictionary costs ten times what comparing it to the one met before does.

/// Places of each column; each has room for two texts, so that two of a few seldom drive each other out.
const PLACES: usize = 8;

/// A text, and what it comes to.
type Met<'t, V> = Option<(&'t str, V)>;

/// The answers for the texts met so far, by column; `V` is asked for once for a text that isn't driven out.
pub(super) struct Memo<'t, V>(Vec<[Met<'t, V>; 2]>);

impl<'t, V> Memo<'t, V> {
    /// Nothing known yet, of so many columns.
    pub(super) fn of(columns: usize) -> Self {
        Self(std::iter::repeat_with(|| [None, None]).take(columns * PLACES).collect())
    }

    /// What a text of a column comes to.
    #[inline]
    pub(super) fn get(&mut self, column: usize, text: &'t str, ask: impl FnOnce(&'t str) -> V) -> &V {
        let pair = &mut self.0[column * PLACES + place(text)];
        let is_in = |met: &Met<'t, V>| met.as_ref().is_some_and(|(known, _)| is_same(known, text));
        let at = if is_in(&pair[0]) {
            0
        } else if is_in(&pair[1]) {
            1
        } else {
            pair.swap(0, 1);
            pair[0] = Some((text, ask(text)));
            0
        };
        &pair[at].as_ref().expect("a place that was filled").1
    }
}

/// A text's place: by its length and three of its bytes.
#[inline]
fn place(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return 0 };
    let middle = bytes[bytes.len() / 2];
    (bytes.len() + 3 * usize::from(*first) + 5 * usize::from(middle) + 7 * usize::from(*last)) % PLACES
}

/// Whether two texts are the same. Most are of few bytes, and a call that compares any number of them costs more than to look at those.
#[inline]
fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    match one.len() {
        8..=16 => (one.first_chunk::<8>(), one.last_chunk::<8>()) == (other.first_chunk(), other.last_chunk()),
        4..8 => (one.first_chunk::<4>(), one.last_chunk::<4>()) == (other.first_chunk(), other.last_chunk()),
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn texts_are_the_same_or_differ_in_one_place(text in "[a-z]{1,24}", at in 0_usize..24) {
            prop_assert!(is_same(&text, &text.clone()));
            prop_assert!(!is_same(&text, &text[1..]) && !is_same("", &text) && is_same("", ""));
            let at = at % text.len();
            let other = format!("{}_{}", &text[..at], &text[at + 1..]);
            prop_assert!(!is_same(&text, &other));
        }
    }

    #[test]
    fn a_text_is_asked_for_once_and_never_taken_for_another() {
        let mut memo = Memo::of(2);
        let texts: Vec<String> = (0..50).map(|n| format!("texto {n}")).collect();
        for round in 0..3 {
            for text in &texts {
                let asked = *memo.get(1, text, |text| format!("{text}/{round}").len());
                assert_eq!(*memo.get(1, text, |_| unreachable!("it was asked for just now")), asked);
                assert_eq!(*memo.get(0, text, str::len), text.len());
            }
        }
        assert_eq!(memo.get(0, "", |_| 7), &7);
    }
}
