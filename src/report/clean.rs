//! Text from files and portals is hostile until shown otherwise. What leaves the program is cleaned here, at the last moment, for the
//! place that it goes to. (HTML is escaped by the template.)

use std::borrow::Cow;

/// Text for a terminal: one line, without control characters, escape sequences and marks that turn the direction of writing.
pub fn sanitize(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut space = false;
    for c in text.chars() {
        if matches!(c, '\n' | '\r' | '\t' | '\u{85}' | '\u{2028}' | '\u{2029}') {
            space = true;
        } else if !is_invisible(c) {
            if space && !clean.is_empty() {
                clean.push(' ');
            }
            space = false;
            clean.push(c);
        }
    }
    clean
}

/// The first `max` characters of a cleaned text, with an ellipsis where something was cut off.
pub fn shorten(text: &str, max: usize) -> String {
    let clean = sanitize(text);
    match clean.char_indices().nth(max) {
        Some(_) => clean.chars().take(max.saturating_sub(1)).chain(['…']).collect(),
        None => clean,
    }
}

/// Text for a cell of a spreadsheet: line breaks stay, other control and direction characters go, and what a spreadsheet would take
/// for a formula gets a leading apostrophe.
///
/// Signs are looked for behind leading blanks too, and in their full width, because some spreadsheets trim and fold them.
/// Source: OWASP ASVS 1.2.10, CWE-1236.
pub fn cell(text: &str) -> Cow<'_, str> {
    let dangerous = text.starts_with(['\t', '\r', '\n', '\0'])
        || text
            .trim_start_matches(|c: char| c.is_whitespace() || is_invisible(c))
            .starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    let unclean = |c: char| is_invisible(c) && !matches!(c, '\t' | '\n' | '\r');
    match (dangerous, text.contains(unclean)) {
        (false, false) => Cow::Borrowed(text),
        (true, false) => Cow::Owned(format!("'{text}")),
        (dangerous, true) => {
            let clean: String = text.chars().filter(|c| !unclean(*c)).collect();
            Cow::Owned(if dangerous { format!("'{clean}") } else { clean })
        }
    }
}

/// Characters that show nothing and can mislead: C0 and C1 controls, direction marks, zero-width marks that are no joiners, tags.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_never_sees_an_escape_sequence() {
        assert_eq!(sanitize("\u{1b}[31mrojo\u{1b}[0m\u{7}\u{9b}2J"), "[31mrojo[0m2J");
        assert_eq!(sanitize("uno\r\n\r\ndos\tTres\n"), "uno dos Tres");
        assert_eq!(sanitize("fac\u{202e}fdp.exe\u{200b}"), "facfdp.exe");
        assert_eq!(sanitize("👩‍🔧 Ñandú"), "👩‍🔧 Ñandú");
    }

    #[test]
    fn a_long_text_is_cut_with_an_ellipsis() {
        assert_eq!(shorten("Negociación", 5), "Nego…");
        assert_eq!(shorten("Venta", 5), "Venta");
    }

    #[test]
    fn a_cell_never_begins_like_a_formula() {
        for text in
            ["=1+1", "+52 55", "-5", "@SUM(A1)", "\t=1", "\r=1", "\0=1", "  =cmd|'/c calc'!A0", "\u{feff}=1", "＝1", "\n=1"]
        {
            assert!(cell(text).starts_with('\''), "{text:?} became {:?}", cell(text));
        }
        assert_eq!(cell("5 - 3 = 2"), "5 - 3 = 2");
        assert_eq!(cell("uno\ndos"), "uno\ndos");
    }
}
