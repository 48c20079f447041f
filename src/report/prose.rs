//! Sentences as a page sets them: what is typed (`` `--pilot 10` ``) in its own type, numbers kept with what they count.

/// A stretch of a sentence.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its text.
    pub text: String,
    /// Whether it is something to type; in the sentence it stood between backticks.
    pub is_code: bool,
}

/// Takes a sentence apart. A backtick without a partner is a sign like any other.
pub fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, code, after)) = next_code(rest) {
        pieces.push(Piece { text: keep_together(before), is_code: false });
        pieces.push(Piece { text: code.to_owned(), is_code: true });
        rest = after;
    }
    pieces.push(Piece { text: keep_together(rest), is_code: false });
    pieces
}

fn next_code(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('`')?;
    let (code, after) = rest.split_once('`')?;
    Some((before, code, after))
}

/// A line never ends between a number and its word, nor between a plus and its number; an apostrophe within a word is a curved one.
fn keep_together(text: &str) -> String {
    let mut before = ' ';
    let mut kept = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let after = letters.peek().copied().unwrap_or(' ');
        let bound =
            letter == ' ' && ((before.is_ascii_digit() && after.is_alphabetic()) || (before == '+' && after.is_ascii_digit()));
        let apostrophe = letter == '\'' && before.is_alphabetic() && after.is_alphabetic();
        kept.push(match letter {
            _ if bound => '\u{a0}',
            _ if apostrophe => '’',
            _ => letter,
        });
        before = letter;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_stands_apart_from_its_sentence() {
        let plain = |text: &str| Piece { text: text.into(), is_code: false };
        let code = |text: &str| Piece { text: text.into(), is_code: true };
        assert_eq!(
            pieces("Use `--date-order mdy` o `--relink`."),
            [plain("Use "), code("--date-order mdy"), plain(" o "), code("--relink"), plain(".")]
        );
        assert_eq!(pieces("ñ ` --"), [plain("ñ ` --")]);
    }

    #[test]
    fn a_number_stays_with_what_it_counts_and_an_apostrophe_is_curved() {
        assert_eq!(pieces("don't 'x'")[0].text, "don’t 'x'");
        assert_eq!(pieces("2 + 3 filas de 4")[0].text, "2 +\u{a0}3\u{a0}filas de 4");
    }
}
