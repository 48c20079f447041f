//! JSON as PHP prints it: `"` `<` `>` `&` `'` as `\u0022` and the like, `/` as `\/`, whole floats without a fraction (rest-transport 3.1).
//!
//! A client that compares bytes instead of parsing fails here as it fails at a portal.

use std::io;

use memchr::memchr3;
use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{CharEscape, Formatter, Serializer};

/// The text of a value.
pub fn json(value: &Value) -> Vec<u8> {
    let mut text = Vec::new();
    // Writing a JSON value into memory has nothing that can fail: its keys are texts, and memory takes every byte.
    _ = value.serialize(&mut Serializer::with_formatter(&mut text, Php));
    text
}

/// Signs that PHP escapes beyond what JSON demands; the last two are line ends to JavaScript.
const ESCAPED: [char; 7] = ['<', '>', '&', '\'', '/', '\u{2028}', '\u{2029}'];

/// Whether a text may hold one of [`ESCAPED`], told by the first byte of each. Most texts hold none, and an answer has thousands of them.
fn may_hold_escaped(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr3(b'<', b'>', b'&', bytes).is_some() || memchr3(b'\'', b'/', 0xe2, bytes).is_some()
}

struct Php;

impl Formatter for Php {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        if !may_hold_escaped(fragment) {
            return writer.write_all(fragment.as_bytes());
        }
        let mut rest = fragment;
        while let Some(at) = rest.find(ESCAPED) {
            let (plain, special) = rest.split_at(at);
            writer.write_all(plain.as_bytes())?;
            let mut signs = special.chars();
            match signs.next() {
                Some('/') => writer.write_all(b"\\/")?,
                Some(sign) => write!(writer, "\\u{:04X}", u32::from(sign))?,
                None => {}
            }
            rest = signs.as_str();
        }
        writer.write_all(rest.as_bytes())
    }

    fn write_char_escape<W: ?Sized + io::Write>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        match escape {
            CharEscape::Quote => writer.write_all(b"\\u0022"),
            CharEscape::ReverseSolidus => writer.write_all(b"\\\\"),
            CharEscape::Solidus => writer.write_all(b"\\/"),
            CharEscape::Backspace => writer.write_all(b"\\b"),
            CharEscape::FormFeed => writer.write_all(b"\\f"),
            CharEscape::LineFeed => writer.write_all(b"\\n"),
            CharEscape::CarriageReturn => writer.write_all(b"\\r"),
            CharEscape::Tab => writer.write_all(b"\\t"),
            CharEscape::AsciiControl(byte) => write!(writer, "\\u{byte:04x}"),
        }
    }

    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        if value.fract() == 0.0 && value.abs() < 1e15 { write!(writer, "{value:.0}") } else { write!(writer, "{value}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn signs_are_escaped_and_letters_are_not() {
        let text = json(&json!({"t": "\"<a href='x'>&</a>\"\n\u{1}Привет", "whole": 19000.0, "part": 0.5}));
        let expected = "{\"t\":\"\\u0022\\u003Ca href=\\u0027x\\u0027\\u003E\\u0026\\u003C\\/a\\u003E\\u0022\\n\\u0001Привет\",\"whole\":19000,\"part\":0.5}";
        assert_eq!(String::from_utf8_lossy(&text), expected);
    }

    #[test]
    fn every_escaped_sign_is_noticed() {
        for sign in ESCAPED {
            let printed = json(&Value::String(format!("a{sign}b")));
            assert!(printed.contains(&b'\\'), "{sign:?}");
        }
    }

    proptest! {
        #[test]
        fn every_text_reads_back_the_same(text: String) {
            let printed = json(&Value::String(text.clone()));
            prop_assert_eq!(serde_json::from_slice::<Value>(&printed).expect("printed JSON parses"), Value::String(text));
        }
    }
}
