//! Where in a file the bytes stand that are no UTF-8. Asked only of files that have some: they are read once more for it.

use std::io::{self, Read};

use super::census::line_ends;

const PIECE_BYTES: usize = 128 << 10;
/// Places that are told; a file with more is of another encoding.
const PLACES_MAX: usize = 10_000;
/// Places that a sentence names.
const NAMED_MAX: usize = 5;

/// A byte sequence that is no UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spoilt {
    /// The physical line, from 1.
    pub(super) line: u64,
    /// Its first byte, from 0.
    pub(super) byte: u64,
}

/// The first places of a stream that are no UTF-8, in order.
pub(super) fn places(mut source: impl Read) -> io::Result<Vec<Spoilt>> {
    let mut places = Vec::new();
    let (mut line, mut byte) = (1, 0);
    let mut text = Vec::with_capacity(PIECE_BYTES);
    // The end of a piece may be the half of a letter, and waits for the next.
    let mut is_last = false;
    let mut before = None;
    while !is_last && places.len() < PLACES_MAX {
        is_last = source.by_ref().take(PIECE_BYTES as u64).read_to_end(&mut text)? == 0;
        let mut at = 0;
        while at < text.len() {
            let (valid, invalid) = match std::str::from_utf8(&text[at..]) {
                Ok(rest) => (rest.len(), 0),
                Err(error) => match error.error_len() {
                    Some(length) => (error.valid_up_to(), length),
                    None if is_last => (error.valid_up_to(), text.len() - at - error.valid_up_to()),
                    None => (error.valid_up_to(), 0),
                },
            };
            let sound = &text[at..at + valid];
            line += line_ends(before, sound);
            before = sound.last().copied().or(before);
            if invalid > 0 {
                places.push(Spoilt { line, byte: byte + valid as u64 });
                before = None;
            } else if valid == 0 {
                break;
            }
            (at, byte) = (at + valid + invalid, byte + (valid + invalid) as u64);
        }
        text.drain(..at);
    }
    Ok(places)
}

/// The places in words, the first ones by name.
pub(super) fn named(places: &[Spoilt]) -> String {
    let bytes: Vec<String> = places.iter().take(NAMED_MAX).map(|place| place.byte.to_string()).collect();
    let more = places.len().saturating_sub(NAMED_MAX);
    match (bytes.len(), more) {
        (0, _) => String::new(),
        (1, _) => format!(", at byte {}", bytes[0]),
        (_, 0) => format!(", at bytes {}", bytes.join(", ")),
        (_, more) => format!(", at bytes {} and {more} more", bytes.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_that_is_no_letter_is_told_with_its_line() {
        let places = places(&b"ID\r\n1;\xffb\n2;\xc3\xb1\n3;\xe2\x82\n4;\xc3"[..]).expect("bytes in memory");
        let told: Vec<(u64, u64)> = places.iter().map(|place| (place.line, place.byte)).collect();
        assert_eq!(told, [(2, 6), (4, 16), (5, 21)]);
        assert_eq!(named(&places), ", at bytes 6, 16, 21");
    }

    #[test]
    fn a_letter_cut_by_the_piece_is_whole() {
        let text = format!("{}ñ\n{}\u{20ac}", "a".repeat(PIECE_BYTES - 1), "b".repeat(PIECE_BYTES - 3));
        assert_eq!(places(text.as_bytes()).expect("bytes in memory"), []);
    }
}
