//! What is left of a byte order mark before the first title: the mark itself, or the letters that a program has taken it for; and the
//! quotes behind it, which it has kept from being read as such.

/// U+FEFF, and its three bytes of UTF-8 read as windows-1252, windows-1251, windows-1250, and the code pages of DOS.
const MARKS: [&str; 7] = ["\u{feff}", "ï»¿", "п»ї", "ď»ż", "´╗┐", "∩╗┐", "я╗┐"];

/// A title without white space around it, and without what is left of a mark.
pub(super) fn without(title: &str) -> &str {
    let title = title.trim();
    let mut rest = title;
    while let Some(behind) = MARKS.iter().find_map(|mark| rest.strip_prefix(mark)) {
        rest = behind.trim_start();
    }
    let is_marked = rest.len() < title.len();
    let within = rest.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).filter(|_| is_marked);
    within.unwrap_or(rest).trim_end_matches('\u{feff}').trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_stands_without_what_is_left_of_a_mark() {
        for marked in
            ["ID", " ID ", "\u{feff}ID", "ï»¿ID", "п»їID", "\u{feff}\"ID\"", "ï»¿\"ID\"", "\u{feff}\u{feff}ID", "\u{feff}ï»¿ ID"]
        {
            assert_eq!(without(marked), "ID", "{marked:?}");
        }
        for other in ["\"ID\"", "ïID", "»", "\"", ""] {
            assert_eq!(without(other), other);
        }
        assert_eq!(without("\u{feff}\""), "\"");
    }

    #[test]
    fn the_letters_are_what_encodings_make_of_a_mark() {
        use encoding_rs::{IBM866, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252};
        for encoding in [WINDOWS_1252, WINDOWS_1251, WINDOWS_1250, IBM866] {
            let letters = encoding.decode_without_bom_handling("\u{feff}".as_bytes()).0;
            assert!(MARKS.contains(&&*letters), "{letters}");
        }
    }
}
