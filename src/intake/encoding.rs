//! Which encoding a file is in: byte order mark, strict UTF-8, else by its bytes windows-1251 or windows-1252 (csv 2, 9, 10).

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1251, WINDOWS_1252};

/// The encoding of a file whose first non-ASCII bytes are in `bytes`; `cut` says that the file goes on behind them.
pub(super) fn guess(bytes: &[u8], cut: bool) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return encoding;
    }
    if let Some(encoding) = wide(bytes) {
        return encoding;
    }
    if is_utf8(bytes, cut) {
        return UTF_8;
    }
    if is_cyrillic(bytes) { WINDOWS_1251 } else { WINDOWS_1252 }
}

/// UTF-16 without a mark: every other byte of western text is zero.
fn wide(bytes: &[u8]) -> Option<&'static Encoding> {
    let pairs = bytes.len().min(4096) / 2;
    if pairs < 4 {
        return None;
    }
    let zeros = |offset: usize| (0..pairs).filter(|pair| bytes[2 * pair + offset] == 0).count();
    match (zeros(0), zeros(1)) {
        (high, low) if low * 3 > pairs && high * 20 < pairs => Some(UTF_16LE),
        (high, low) if high * 3 > pairs && low * 20 < pairs => Some(UTF_16BE),
        _ => None,
    }
}

/// Whether it is UTF-8, or UTF-8 with a few spoilt bytes: text of another encoding has hardly a valid sequence.
fn is_utf8(bytes: &[u8], cut: bool) -> bool {
    match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) if cut && error.error_len().is_none() => true,
        Err(_) => {
            let (mut valid, mut invalid) = (0usize, 0usize);
            for chunk in bytes.utf8_chunks() {
                valid += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
                invalid += usize::from(!chunk.invalid().is_empty());
            }
            valid > 4 * invalid
        }
    }
}

/// Whether the bytes above ASCII come in words, as Cyrillic letters do; accented Latin letters stand alone among ASCII.
fn is_cyrillic(bytes: &[u8]) -> bool {
    let is_letter = |byte: u8| byte >= 0xC0 || byte == 0xA8 || byte == 0xB8;
    let letters = bytes.iter().filter(|&&byte| is_letter(byte)).count();
    let paired = bytes.windows(2).filter(|pair| is_letter(pair[0]) && is_letter(pair[1])).count();
    paired * 2 > letters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_without_a_mark_are_told_apart_by_their_bytes() {
        let spanish = "ID;Etapa;Título de prospecto;Compañía\n1;Cotización;Ampliación del almacén;Peñón\n";
        let russian = "ID;Стадия;Название лида\n1;Новый;Ёлки зелёные\n";
        for (text, encoding) in [(spanish, UTF_8), (russian, UTF_8), (spanish, WINDOWS_1252), (russian, WINDOWS_1251)] {
            let (bytes, _, unmappable) = encoding.encode(text);
            assert!(!unmappable);
            assert_eq!(guess(&bytes, false).name(), encoding.name(), "{text}");
        }
        let wide: Vec<u8> = spanish.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(guess(&wide, false).name(), "UTF-16LE");
    }

    #[test]
    fn a_spoilt_byte_does_not_make_utf8_another_encoding() {
        let mut bytes = "Compañía, Teléfono, Dirección, Región, Número".as_bytes().to_vec();
        bytes.push(0xff);
        assert_eq!(guess(&bytes, false).name(), "UTF-8");
        assert_eq!(guess(&"ñ".as_bytes()[..1], true).name(), "UTF-8");
    }
}
