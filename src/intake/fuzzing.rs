//! What the fuzzers under `fuzz/` call. Each function takes any bytes, and panics where what it does to them breaks a promise.
#![expect(clippy::missing_panics_doc, reason = "a panic is what a fuzzer looks for")]

use std::io::Write;
use std::sync::LazyLock;

use encoding_rs::{Encoding, IBM866, KOI8_R, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1251, WINDOWS_1252};
use tempfile::TempDir;

use super::dates::Loose;
use super::decode::Decoder;
use super::rows::{Line, Splitter};
use super::*;
use crate::event::Silent;
use crate::model::{Row, Schema, Value};

const ENCODINGS: [&Encoding; 7] = [UTF_8, UTF_16LE, UTF_16BE, WINDOWS_1251, WINDOWS_1252, KOI8_R, IBM866];
/// The size of a block that holds every input whole.
const WHOLE: usize = 1 << 20;

/// Takes as many bytes off the front as there are choices to make.
fn choices<const N: usize>(bytes: &[u8]) -> Option<([usize; N], &[u8])> {
    let (first, rest) = bytes.split_first_chunk::<N>()?;
    Some((first.map(usize::from), rest))
}

/// Lines don't depend on where blocks end, and nothing of the text is lost between them.
pub fn rows(bytes: &[u8]) {
    let Some(([encoding, delimiter, quoting, ends, block], bytes)) = choices(bytes) else { return };
    let dialect = Dialect {
        delimiter: b";,\t|"[delimiter % 4],
        quoting: [Quoting::Doubled, Quoting::Backslash, Quoting::None, Quoting::Escaped, Quoting::Everywhere][quoting % 5],
        line_ends: [LineEnds::Any, LineEnds::Lf, LineEnds::Cr][ends % 3],
    };
    let encoding = ENCODINGS[encoding % ENCODINGS.len()];
    let (lines, is_open) = split(bytes, encoding, dialect, WHOLE);
    assert_eq!((&lines, is_open), (&split(bytes, encoding, dialect, 1 + block).0, is_open));
    let text = decoded(bytes, encoding, WHOLE).0;
    let mut rest = text.as_str();
    for line in lines.iter().filter(|line| !line.too_long) {
        rest = rest.strip_prefix(line.raw.as_str()).expect("lines in the text's order");
        rest = ["\r\n", "\n", "\r"].into_iter().find_map(|end| rest.strip_prefix(end)).unwrap_or(rest);
    }
    assert!(rest.is_empty() || is_open || lines.iter().any(|line| line.too_long), "{rest:?} is lost");
}

/// The lines of a text, whatever the size of the blocks, and whether it ends within quotes.
pub(super) fn split(bytes: &[u8], encoding: &'static Encoding, dialect: Dialect, block: usize) -> (Vec<Line>, bool) {
    let mut splitter = Splitter::new(bytes, encoding, dialect, block);
    let mut lines = Vec::new();
    loop {
        let mut line = Line::default();
        match splitter.read(&mut line) {
            Ok(true) => lines.push(line),
            Ok(false) => return (lines, false),
            Err(_) => return (lines, true),
        }
    }
}

/// A file of any bytes is refused with a message, or every row of it is a record or a reject.
pub fn file(bytes: &[u8]) {
    static DIR: LazyLock<TempDir> = LazyLock::new(|| TempDir::new().expect("a directory"));
    let path = DIR.path().join("deal.csv");
    std::fs::File::create(&path).and_then(|mut file| file.write_all(bytes)).expect("a written file");
    let schema = Schema::standard();
    let file = match detect(&path, &Overrides::default()) {
        Ok(file) => file,
        Err(error) => return assert!(!error.kind.to_string().is_empty()),
    };
    let Ok(survey) = survey(&file, &schema, Keep::All, &mut SeenIds::default(), &Silent) else { return };
    let (mut rows, mut rejected) = (0, 0);
    for chunk in read(&file, &survey, &schema).expect("it was read before") {
        for row in chunk.expect("it was read before") {
            rows += 1;
            rejected += u64::from(matches!(row, Row::Rejected(_)));
        }
    }
    assert_eq!((rows, rejected), (survey.rows, survey.rejected));
}

/// Text doesn't depend on how the bytes are cut, and is what `encoding_rs` makes of all of them.
pub fn decode(bytes: &[u8]) {
    let Some(([encoding, block], bytes)) = choices(bytes) else { return };
    let encoding = ENCODINGS[encoding % ENCODINGS.len()];
    let (text, replaced) = decoded(bytes, encoding, 1 + block);
    assert_eq!(text, encoding.decode_with_bom_removal(bytes).0);
    assert_eq!((&text, &replaced), (&decoded(bytes, encoding, WHOLE).0, &decoded(bytes, encoding, WHOLE).1));
    for place in replaced {
        assert!(text[place as usize..].starts_with(char::REPLACEMENT_CHARACTER), "{place} in {text:?}");
    }
}

fn decoded(bytes: &[u8], encoding: &'static Encoding, block: usize) -> (String, Vec<u64>) {
    let mut decoder = Decoder::new(bytes, encoding, block);
    let mut text = String::new();
    while decoder.fill(&mut text).expect("bytes in memory") {}
    let replaced = decoder.replaced_before(u64::MAX).collect();
    (text, replaced)
}

/// A number that was understood is the same number when it is written plainly.
pub fn number(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for style in [NumberStyle::Point, NumberStyle::Comma] {
        let _ = numbers::money(text, style, &Schema::standard());
        if let Ok(number) = numbers::number(text, style) {
            assert_eq!(numbers::number(&number.to_string(), NumberStyle::Point), Ok(number), "{text:?}");
        }
    }
}

/// A date that was understood is the same date when it is written plainly, in every order.
pub fn date(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Some(loose) = Loose::parse(text) else { return };
    for order in [DateOrder::Dmy, DateOrder::Mdy, DateOrder::Ymd] {
        if let Some(Value::Date(day)) = loose.day(order) {
            let again = Loose::parse(&day.to_string()).and_then(|loose| loose.day(order));
            assert_eq!(again, Some(Value::Date(day)), "{text:?}");
        }
        if let Some(Value::Clock(at)) = loose.moment(order) {
            let again = Loose::parse(&at.to_string()).and_then(|loose| loose.moment(order));
            assert_eq!(again, Some(Value::Clock(at)), "{text:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The stored inputs of a fuzzer.
    fn stored(fuzzer: &str) -> Vec<Vec<u8>> {
        let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(fuzzer);
        let inputs: Vec<_> = dir.read_dir().unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect();
        assert!(!inputs.is_empty());
        inputs
    }

    #[test]
    fn the_stored_inputs_of_the_fuzzers_break_no_promise() {
        let run = |fuzzer: &str, run: fn(&[u8])| {
            for input in stored(fuzzer) {
                run(&input);
            }
        };
        run("csv_rows", rows);
        run("sniff", file);
        run("decode", decode);
        run("numbers", number);
        run("dates", date);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_break_a_promise(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200), text in "[0-9 .,/:|$eE+apm-]{0,24}") {
            rows(&bytes);
            decode(&bytes);
            number(text.as_bytes());
            date(text.as_bytes());
        }
    }
}
