//! What the splitter does at its bounds, and beside the csv crate where that has the same dialect.

use std::io::{self, Read};

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::intake::rows::{LINE_BYTES_MAX, Line, SplitError, Splitter};

/// The lines of some bytes, and the line and cell of a quote that isn't closed.
fn split(bytes: impl Read + Send, dialect: Dialect, size: usize) -> (Vec<Line>, Option<(u64, usize)>) {
    let mut splitter = Splitter::new(bytes, encoding_rs::UTF_8, dialect, size);
    let mut lines = Vec::new();
    loop {
        let mut line = Line::default();
        match splitter.read(&mut line) {
            Ok(true) => lines.push(line),
            Ok(false) => return (lines, None),
            Err(SplitError::Unclosed { line, cell }) => return (lines, Some((line, cell))),
            Err(SplitError::Io(error)) => panic!("{error}"),
        }
    }
}

proptest! {
    #[test]
    fn backslashes_and_bare_quotes_are_read_as_the_csv_crate_reads_them(
        pieces in proptest::collection::vec(select(vec!["a", ";", "\n", "\"x\\\"y\"", "\"\\\\\"", "\"a;b\nc\"", "ñ"]), 0..40),
        size in 1..80usize,
        quoting in select(vec![Quoting::Backslash, Quoting::None]),
    ) {
        let text = pieces.concat();
        let mut reader = csv::ReaderBuilder::new();
        reader.delimiter(b';').has_headers(false).flexible(true).quoting(quoting == Quoting::Backslash).escape(Some(b'\\'));
        let theirs: Vec<Vec<String>> = reader
            .from_reader(text.as_bytes())
            .records()
            .map(|record| record.unwrap().iter().map(str::to_owned).collect())
            .collect();
        let (lines, unclosed) = split(text.as_bytes(), Dialect { quoting, ..Dialect::new(b';') }, size);
        // `csv` drops empty lines.
        let ours: Vec<Vec<String>> = lines.into_iter().filter(|line| !line.raw.is_empty()).map(|line| line.cells.into()).collect();
        prop_assert_eq!((ours, unclosed), (theirs, None));
    }
}

/// Counts what is read through it.
struct Counted<'a, R>(R, &'a mut u64);

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.0.read(buffer)?;
        *self.1 += length as u64;
        Ok(length)
    }
}

#[test]
fn an_unclosed_quote_is_refused_where_it_opens_without_reading_on_for_ever() {
    for size in [1 << 14, 1 << 17] {
        let mut read = 0;
        let endless = b"a;b\n1;\"x\n2;y\n3".as_slice().chain(io::repeat(b'\n'));
        let (lines, unclosed) = split(Counted(endless, &mut read), Dialect::new(b';'), size);
        assert_eq!((lines.len(), unclosed), (1, Some((2, 1))));
        assert!(read < 4 * LINE_BYTES_MAX as u64, "{read}");
    }
}

#[test]
fn zeros_without_end_are_one_line_that_is_too_long() {
    let zeros = io::repeat(0).take(3 * LINE_BYTES_MAX as u64);
    let (lines, unclosed) = split(zeros, Dialect::new(b';'), 1 << 20);
    assert_eq!((lines.len(), lines[0].too_long, lines[0].raw.len(), unclosed), (1, true, 1024, None));
}

#[test]
fn lines_behind_one_that_is_too_long_are_read_and_numbered() {
    let long = "x".repeat(LINE_BYTES_MAX);
    let text = format!("a;b\r\n1;\"y\nz\";{long};\"\r\nw\";{long};\"v\nu\"\r\n2;\"t\ns\"\r\n3;r");
    let whole = split(text.as_bytes(), Dialect::new(b';'), 64 << 20);
    let numbers: Vec<(u64, bool)> = whole.0.iter().map(|line| (line.number, line.too_long)).collect();
    assert_eq!((numbers, whole.1), (vec![(1, false), (2, true), (6, false), (8, false)], None));
    for size in [1 << 20, LINE_BYTES_MAX - 3, LINE_BYTES_MAX + 9] {
        assert!(split(text.as_bytes(), Dialect::new(b';'), size) == whole, "{size}");
    }
}

#[test]
fn a_line_over_the_bound_on_cells_is_too_long() {
    let text = format!("a;b\n{}\n{}\n1;2\n", ";".repeat(3_000_000), "\"\";".repeat(1_500_000));
    let (lines, _) = split(text.as_bytes(), Dialect::new(b';'), 1 << 18);
    let told: Vec<(u64, bool, usize)> = lines.iter().map(|line| (line.number, line.too_long, line.cells.len())).collect();
    assert_eq!(told, [(1, false, 2), (2, true, 0), (3, true, 0), (4, false, 2)]);
}

#[test]
fn a_line_of_a_million_empty_cells_has_them_all() {
    let text = format!("a;b\n{}\n1;2\n", ";".repeat(1_000_000));
    let (lines, _) = split(text.as_bytes(), Dialect::new(b';'), 1 << 18);
    assert_eq!(lines.iter().map(|line| line.cells.len()).collect::<Vec<_>>(), [2, 1_000_001, 2]);
}
