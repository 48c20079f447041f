//! Cells that a program has protected from spreadsheets, so that these keep their zeros: `="000123"` is the text within.

use std::borrow::Cow;

/// The text within a protected cell, a quote in it still doubled; any other text as it is.
pub(super) fn within(text: &str) -> &str {
    let inner = text.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'));
    // A quote that isn't doubled ends the text: what stands there is a formula.
    inner.filter(|inner| is_one_text(inner)).unwrap_or(text)
}

/// The text within a protected cell, as it was; any other text as it is.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    let inner = within(text);
    if inner.len() < text.len() && inner.contains('"') { Cow::Owned(inner.replace("\"\"", "\"")) } else { Cow::Borrowed(inner) }
}

/// Whether a cell is protected.
pub(super) fn is_met(text: &str) -> bool {
    within(text).len() < text.len()
}

fn is_one_text(inner: &str) -> bool {
    inner.split("\"\"").all(|part| !part.contains('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_within_is_what_stood_there() {
        for (cell, expected) in [
            ("=\"000123\"", "000123"),
            ("=\"\"", ""),
            ("=\"a \"\"b\"\"\"", "a \"b\""),
            ("=\"a\"&\"b\"", "=\"a\"&\"b\""),
            ("=\"", "=\""),
            ("=1+2", "=1+2"),
            ("\"a\"", "\"a\""),
            ("", ""),
        ] {
            assert_eq!(text(cell), expected, "{cell}");
            assert_eq!(is_met(cell), cell != expected, "{cell}");
        }
    }
}
