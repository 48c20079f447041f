//! Texts that a person wrote into a file with whatever was at hand: a webhook, a mapping, a list of ids.

use std::io;

/// The text of such a file: UTF-8, with the mark that Notepad puts before it or without; or UTF-16 with its mark, which is what `>` writes
/// in the PowerShell that comes with Windows.
///
/// # Errors
///
/// It is neither.
pub fn typed_text(bytes: &[u8]) -> io::Result<String> {
    let text = match bytes {
        [0xFF, 0xFE, units @ ..] => utf_16(units, u16::from_le_bytes),
        [0xFE, 0xFF, units @ ..] => utf_16(units, u16::from_be_bytes),
        _ => std::str::from_utf8(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)).ok().map(str::to_owned),
    };
    text.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "it is no text in UTF-8 or UTF-16"))
}

fn utf_16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let (units, rest) = bytes.as_chunks();
    // Room for the longest text at once: what may be a secret is not left behind wherever it had to grow.
    let mut text = String::with_capacity(units.len() * 3);
    for sign in char::decode_utf16(units.iter().copied().map(unit)) {
        text.push(sign.ok()?);
    }
    rest.is_empty().then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_the_same_whichever_program_wrote_it() {
        let text = "Teléfono = \"PHONE\"\r\n😀\n";
        let utf_16 = |unit: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
        let files = [
            text.as_bytes().to_vec(),
            [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
            [&[0xFF, 0xFE], &*utf_16(u16::to_le_bytes)].concat(),
            [&[0xFE, 0xFF], &*utf_16(u16::to_be_bytes)].concat(),
        ];
        for bytes in files {
            assert_eq!(typed_text(&bytes).expect("a text"), text);
        }
    }

    #[test]
    fn what_is_no_text_is_refused() {
        for bytes in [&b"\xE9\xE9"[..], b"\xFF\xFEa", b"\xFF\xFE\x00\xD8", b"\xFE\xFF\xD8\x00"] {
            assert_eq!(typed_text(bytes).expect_err("no text").kind(), io::ErrorKind::InvalidData, "{bytes:?}");
        }
    }
}
