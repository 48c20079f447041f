//! Bytes -> text, piece by piece. Owns one buffer of bytes; bytes that are not valid in the encoding become U+FFFD and are counted.

use std::collections::VecDeque;
use std::io::{self, Read};

use encoding_rs::{DecoderResult, Encoding};

/// How many bytes are decoded at a time near a place where some were invalid: enough to go on, and so few that to begin anew behind each
/// of a thousand in a row takes no time.
const STEP: usize = 1 << 10;

/// A stream of bytes, read as text in one encoding, without its byte order mark.
pub(super) struct Decoder<R> {
    source: R,
    converter: encoding_rs::Decoder,
    raw: Box<[u8]>,
    near: NearInvalid,
    bytes: u64,
    text: u64,
    /// Where in the text an invalid sequence was replaced, oldest first.
    replaced: VecDeque<u64>,
    ended: bool,
}

impl<R: Read> Decoder<R> {
    /// Reads `source` by `buffer` bytes.
    pub(super) fn new(source: R, encoding: &'static Encoding, buffer: usize) -> Self {
        Self {
            source,
            converter: encoding.new_decoder_with_bom_removal(),
            raw: vec![0; buffer.max(1)].into(),
            near: NearInvalid::default(),
            bytes: 0,
            text: 0,
            replaced: VecDeque::new(),
            ended: false,
        }
    }

    /// Appends the next piece of text; `false` when there is none any more.
    pub(super) fn fill(&mut self, out: &mut String) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        let length = loop {
            match self.source.read(&mut self.raw) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.bytes += length as u64;
        self.ended = length == 0;
        let before = out.len();
        let mut raw = &self.raw[..length];
        let mut is_near_invalid = false;
        loop {
            let (result, read, is_all) = if is_near_invalid {
                self.near.step(&mut self.converter, raw, self.ended, out)
            } else {
                let room = self.converter.max_utf8_buffer_length_without_replacement(raw.len());
                out.reserve(room.unwrap_or(4 * raw.len() + 16));
                let (result, read) = self.converter.decode_to_string_without_replacement(raw, out, self.ended);
                (result, read, true)
            };
            raw = &raw[read..];
            match result {
                DecoderResult::InputEmpty if is_all => break,
                DecoderResult::InputEmpty => is_near_invalid = false,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => {
                    self.replaced.push_back(self.text + (out.len() - before) as u64);
                    out.push(char::REPLACEMENT_CHARACTER);
                    is_near_invalid = true;
                }
            }
        }
        self.text += (out.len() - before) as u64;
        Ok(true)
    }

    /// The replacements that stand before a place in the text; asked with growing places, each is told once.
    pub(super) fn replaced_before(&mut self, place: u64) -> impl Iterator<Item = u64> {
        let told = self.replaced.partition_point(|&replaced| replaced < place);
        self.replaced.drain(..told)
    }

    /// How many bytes have been read.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The stream below.
    pub(super) fn source_mut(&mut self) -> &mut R {
        &mut self.source
    }

    /// The same, when nothing is read any more.
    pub(super) fn into_source(self) -> R {
        self.source
    }
}

/// Decodes near a place where bytes were invalid.
#[derive(Default)]
struct NearInvalid(String);

impl NearInvalid {
    /// Decodes the first of some bytes through a small buffer, for the library touches all the room that it is given, each time; gives
    /// how it ended, how many bytes it took, and whether it was given all of them.
    fn step(
        &mut self,
        converter: &mut encoding_rs::Decoder,
        raw: &[u8],
        ended: bool,
        out: &mut String,
    ) -> (DecoderResult, usize, bool) {
        let piece = &raw[..raw.len().min(STEP)];
        let is_all = piece.len() == raw.len();
        self.0.clear();
        self.0.reserve(4 * STEP);
        let (result, read) = converter.decode_to_string_without_replacement(piece, &mut self.0, is_all && ended);
        out.push_str(&self.0);
        (result, read, is_all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8], encoding: &'static Encoding, buffer: usize) -> (String, u64) {
        let mut decoder = Decoder::new(bytes, encoding, buffer);
        let mut text = String::new();
        while decoder.fill(&mut text).unwrap() {}
        (text, decoder.replaced_before(u64::MAX).count() as u64)
    }

    #[test]
    fn a_letter_cut_by_the_buffer_stays_whole() {
        for buffer in 1..8 {
            assert_eq!(decode("año 😀".as_bytes(), encoding_rs::UTF_8, buffer), ("año 😀".to_owned(), 0));
        }
    }

    #[test]
    fn invalid_bytes_are_replaced_and_counted() {
        assert_eq!(decode(b"a\xffb\xc3", encoding_rs::UTF_8, 3), ("a\u{fffd}b\u{fffd}".to_owned(), 2));
    }

    #[test]
    fn bytes_are_decoded_alike_near_invalid_ones_and_far_from_them() {
        for encoding in [encoding_rs::UTF_8, encoding_rs::UTF_16LE, encoding_rs::WINDOWS_1252, encoding_rs::SHIFT_JIS] {
            for gap in [0, 1, STEP - 2, STEP - 1, STEP, 3 * STEP] {
                let damaged = [vec![b'a'; gap], b"\xe2\x82\xff\xd8\x81".to_vec(), "ñ€".as_bytes().to_vec()].concat().repeat(5);
                let (text, _, _) = encoding.decode(&damaged);
                assert_eq!(decode(&damaged, encoding, damaged.len()).0, text, "{} {gap}", encoding.name());
            }
        }
    }

    #[test]
    fn byte_order_marks_are_no_text() {
        assert_eq!(decode(b"\xef\xbb\xbfID", encoding_rs::UTF_8, 2).0, "ID");
        assert_eq!(decode(b"\xff\xfeI\0D\0", encoding_rs::UTF_16LE, 3).0, "ID");
    }
}
