//! Headers that can't be read for their quotation marks: other signs in their place, or one pair of them around the whole line.

use super::headers;

/// Signs that some programs put around cells instead of `"`.
const OTHER_QUOTES: [[char; 2]; 4] = [['\'', '\''], ['“', '”'], ['«', '»'], ['„', '“']];

/// The signs around the cells of a line, where they aren't `"`.
pub(super) fn other_quotes(raw: &str) -> Option<[char; 2]> {
    OTHER_QUOTES.into_iter().find(|[open, close]| {
        let inner = parts(raw).filter_map(|cell| cell.strip_prefix(*open)?.strip_suffix(*close));
        inner.filter(|cell| headers::is_known(cell)).count() > 1
    })
}

/// Whether a line is a header within one cell: a spreadsheet whose separator is another one has read each line as a cell, and quoted it
/// again.
pub(super) fn is_header_in_a_cell(raw: &str) -> bool {
    let Some(inner) = raw.trim_start_matches('\u{feff}').strip_prefix('"').filter(|inner| inner.contains("\"\"")) else {
        return false;
    };
    let line = inner.replace("\"\"", "\"");
    parts(&line).map(|cell| cell.trim_matches('"')).filter(|cell| headers::is_known(cell)).count() > 1
}

fn parts(line: &str) -> impl Iterator<Item = &str> {
    line.split([';', ',', '\t', '|']).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_within_one_cell_is_told_from_a_header_and_from_a_text() {
        assert!(is_header_in_a_cell("\"ID;\"\"Etapa\"\";\"\"Título de prospecto\"\";\""));
        assert!(is_header_in_a_cell("\"\"\"ID\"\",\"\"TITLE\"\"\""));
        for other in ["\"ID\";\"Etapa\"", "ID;Etapa", "\"El \"\"bueno\"\"; el feo\"", ""] {
            assert!(!is_header_in_a_cell(other), "{other}");
        }
    }
}
