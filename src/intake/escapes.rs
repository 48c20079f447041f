//! Whether backslashes stand before signs in cells without quotes, too, as Python's `csv` writes them with an `escapechar`.

/// What the backslashes of cells without quotes save.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bare {
    /// Quotes, among others: any other program would put quotes around such a cell.
    Quotes,
    /// Delimiters, line ends and backslashes.
    Others,
}

/// What the backslashes of cells without quotes save; `None` where there are none, or where one stands before a sign that needs it not, as
/// those of a path do, or a quote stands without one.
pub(super) fn of_bare_cells(text: &str, delimiter: u8) -> Option<Bare> {
    let bytes = text.as_bytes();
    memchr::memchr(b'\\', bytes)?;
    let ends = |byte: u8| byte == delimiter || matches!(byte, b'\n' | b'\r');
    let (mut found, mut at) = (None, 0);
    while at < bytes.len() {
        let begin = at;
        if bytes[at] == b'"' {
            at = behind_quotes(bytes, at + 1);
        }
        while let Some(&byte) = bytes.get(at).filter(|byte| !ends(**byte)) {
            match (byte, bytes.get(at + 1)) {
                (b'\\', Some(b'"')) => found = Some(Bare::Quotes),
                // `\\server`: a name of Windows begins so.
                (b'\\', Some(b'\\')) if at == begin => {}
                (b'\\', Some(sign)) if *sign == b'\\' || ends(*sign) => found = found.or(Some(Bare::Others)),
                (b'"', _) | (b'\\', Some(_)) => return None,
                _ => {
                    at += 1;
                    continue;
                }
            }
            at += 2;
        }
        at += 1;
    }
    found
}

/// The place behind the quote that closes a cell whose text begins at a place.
fn behind_quotes(bytes: &[u8], mut at: usize) -> usize {
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        match (bytes[at], bytes.get(at + 1)) {
            (b'"', Some(b'"')) | (b'\\', _) => at += 2,
            _ => return at + 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_of_bare_cells_are_told_from_backslashes_of_paths() {
        assert_eq!(of_bare_cells("1,Mesa \\\"A\\\",x\n2,C:\\\\notas,\"a \\\"b\\\", c\"\n", b','), Some(Bare::Quotes));
        assert_eq!(of_bare_cells("1,a\\, b,x\n2,uno\\\ndos,y\n", b','), Some(Bare::Others));
        assert_eq!(of_bare_cells("1,C:\\\\notas,\"a \\\"b\\\"\"\n", b','), Some(Bare::Others));
        for other in [
            "1,C:\\notas,\"a \\\"b\\\"\"\n",
            "1,\\\\server\\share,x\n",
            "1,\\\\server,x\n",
            "1,\\N,\"a \\\"b\\\"\"\n",
            "1,Mesa \\\"A\\\",5\" x\n",
            "1,\"Mesa \\\"A\\\"\",x\n",
            "1,a,b\n",
            "1,a,\"b\\",
        ] {
            assert_eq!(of_bare_cells(other, b','), None, "{other}");
        }
    }
}
