//! Sentences as a page sets them: options of the command line in their own type, numbers kept with what they count.

/// A stretch of a sentence.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its text.
    pub text: String,
    /// Whether it is an option, such as `--pilot`.
    pub is_option: bool,
}

/// Takes a sentence apart. Nothing is lost but blanks that become no-break ones.
pub fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((start, end)) = next_option(rest) {
        pieces.push(Piece { text: keep_together(&rest[..start]), is_option: false });
        pieces.push(Piece { text: rest[start..end].to_owned(), is_option: true });
        rest = &rest[end..];
    }
    pieces.push(Piece { text: keep_together(rest), is_option: false });
    pieces
}

/// Where the next option begins and ends: two hyphens, letters and hyphens.
fn next_option(text: &str) -> Option<(usize, usize)> {
    let begins = |at: usize| text[at + 2..].starts_with(|c: char| c.is_ascii_lowercase());
    let start = text.match_indices("--").map(|(at, _)| at).find(|at| begins(*at))?;
    let length = text[start..].find(|c: char| !c.is_ascii_lowercase() && c != '-').unwrap_or(text.len() - start);
    Some((start, start + length))
}

/// A line never ends between a number and its word, nor between a plus and its number.
fn keep_together(text: &str) -> String {
    let mut before = ' ';
    let mut kept = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let after = letters.peek().copied().unwrap_or(' ');
        let bound = letter == ' ' && ((before.is_ascii_digit() && after.is_alphabetic()) || (before == '+' && after.is_ascii_digit()));
        kept.push(if bound { '\u{a0}' } else { letter });
        before = letter;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_stands_apart_from_its_sentence() {
        let plain = |text: &str| Piece { text: text.into(), is_option: false };
        let option = |text: &str| Piece { text: text.into(), is_option: true };
        assert_eq!(
            pieces("Use --date-order mdy -- o --relink."),
            [plain("Use "), option("--date-order"), plain(" mdy -- o "), option("--relink"), plain(".")]
        );
        assert_eq!(pieces("ñ--"), [plain("ñ--")]);
    }

    #[test]
    fn a_number_stays_with_what_it_counts() {
        assert_eq!(pieces("2 + 3 filas de 4")[0].text, "2 +\u{a0}3\u{a0}filas de 4");
    }
}
