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

/// The line of the first cell that stands in single quotes because it must, where the whole text is written so: each apostrophe is one of
/// those around a cell, or doubled within. A text with any other apostrophe, or with cells in double quotes, isn't. One that isn't whole
/// may end within a cell.
pub(super) fn single_quoted(text: &str, delimiter: u8, is_whole: bool) -> Option<u64> {
    let bytes = text.as_bytes();
    let ends = |byte: &u8| *byte == delimiter || matches!(byte, b'\n' | b'\r');
    // Nearly every text with an apostrophe has one within a word.
    memchr::memchr(b'\'', bytes)?;
    let (mut first, mut line, mut at) = (None, 1, 0);
    while at < bytes.len() {
        let begin = at;
        if bytes[at] == b'\'' {
            let Some(close) = closing_apostrophe(bytes, at + 1) else { return first.filter(|_| !is_whole) };
            let is_needed = bytes[at + 1..close].iter().any(|byte| ends(byte) || *byte == b'\'');
            first = first.or(is_needed.then_some(line));
            at = close + 1;
            bytes.get(at).is_none_or(ends).then_some(())?;
        } else {
            at = bytes[at..].iter().position(ends).map_or(bytes.len(), |end| at + end);
            let cell = &bytes[begin..at];
            (!cell.starts_with(b"\"") && memchr::memchr(b'\'', cell).is_none()).then_some(())?;
        }
        at += 1;
        line += memchr::memchr_iter(b'\n', &bytes[begin..at.min(bytes.len())]).count() as u64;
    }
    first
}

/// Where the apostrophe stands that closes a cell whose text begins at a place. `None` where none does.
fn closing_apostrophe(bytes: &[u8], mut from: usize) -> Option<usize> {
    loop {
        let found = from + memchr::memchr(b'\'', &bytes[from..])?;
        if bytes.get(found + 1) != Some(&b'\'') {
            return Some(found);
        }
        from = found + 2;
    }
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
    fn single_quotes_around_cells_are_told_from_apostrophes() {
        let told = |rows: &str| single_quoted(&format!("ID;NAME;COMMENTS\n1;Ana;x\n{rows}2;Luis;y\n"), b';', true);
        assert_eq!(told("3;'O''Connor';hola\n"), Some(3));
        assert_eq!(told("3;Ana;'dijo; luego'\n4;'D''Angelo';z\n"), Some(3));
        assert_eq!(told("3;'Ana';z\n4;Ana;'uno\ndos'\n"), Some(4));
        for other in [
            "3;O'Connor;'O''Connor'\n",
            "3;'Ana';z\n",
            "3;'dijo' y fue;'a''b'\n",
            "3;\"Ana\";'a''b'\n",
            "3;'0123;'a''b'\n",
            "3;Ana;'abierta\n",
            "",
        ] {
            assert_eq!(told(other), None, "{other}");
        }
        assert_eq!(single_quoted("1;'a''b'\n2;'a;", b';', false), Some(1));
    }

    #[test]
    fn a_header_within_one_cell_is_told_from_a_header_and_from_a_text() {
        assert!(is_header_in_a_cell("\"ID;\"\"Etapa\"\";\"\"Título de prospecto\"\";\""));
        assert!(is_header_in_a_cell("\"\"\"ID\"\",\"\"TITLE\"\"\""));
        for other in ["\"ID\";\"Etapa\"", "ID;Etapa", "\"El \"\"bueno\"\"; el feo\"", ""] {
            assert!(!is_header_in_a_cell(other), "{other}");
        }
    }
}
