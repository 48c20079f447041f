//! Bytes that tell of an accident with the file: zeros within the text, and byte order marks where two files were put together.

use std::io::{self, Read};
use std::sync::Arc;

use encoding_rs::{UTF_16BE, UTF_16LE};

use super::detect::RestoreFile;
use super::error::IntakeError;
use super::rows::BUFFER_BYTES;
use crate::model::{Place, Problem, ProblemCode};

const MARK: &[u8] = b"\xef\xbb\xbf";

/// Counts what passes by.
pub(super) struct Census {
    /// Zeros belong to letters of two bytes.
    is_wide: bool,
    bytes: u64,
    /// The last bytes before: a mark may be cut.
    tail: Vec<u8>,
    zeros: Counted,
    marks: Counted,
}

/// How often something was met, and at which byte first.
#[derive(Default)]
struct Counted {
    count: u64,
    byte: u64,
}

impl Counted {
    fn add(&mut self, count: u64, byte: u64) {
        if self.count == 0 {
            self.byte = byte;
        }
        self.count += count;
    }
}

impl Census {
    pub(super) fn of(file: &RestoreFile) -> Self {
        let is_wide = [UTF_16LE, UTF_16BE].contains(&file.codec);
        Self { is_wide, bytes: 0, tail: Vec::new(), zeros: Counted::default(), marks: Counted::default() }
    }

    pub(super) fn take(&mut self, piece: &[u8]) {
        if self.is_wide || piece.is_empty() {
            return;
        }
        if let Some(first) = memchr::memchr(0, piece) {
            let count = memchr::memchr_iter(0, piece).count() as u64;
            self.zeros.add(count, self.bytes + first as u64);
        }
        self.find_marks(piece);
        self.bytes += piece.len() as u64;
        self.tail.clear();
        self.tail.extend_from_slice(&piece[piece.len().saturating_sub(MARK.len())..]);
    }

    /// A mark counts where a line begins, and not at the file's own beginning.
    fn find_marks(&mut self, piece: &[u8]) {
        let carried = self.tail.len();
        let seam: Vec<u8> = self.tail.iter().chain(&piece[..piece.len().min(MARK.len() - 1)]).copied().collect();
        let in_seam = memchr::memmem::find_iter(&seam, MARK).map(|at| (at, seam.as_slice(), carried)).collect::<Vec<_>>();
        let within = memchr::memmem::find_iter(piece, MARK).map(|at| (at, piece, 0));
        for (at, bytes, carried) in in_seam.into_iter().chain(within) {
            let before = at.checked_sub(1).map(|at| bytes[at]).or(if carried == 0 { self.tail.last().copied() } else { None });
            if matches!(before, Some(b'\n' | b'\r')) {
                self.marks.add(1, self.bytes + at as u64 - carried as u64);
            }
        }
    }

    /// What a person should know.
    pub(super) fn problems(&self, file: &RestoreFile) -> Result<Vec<Problem>, IntakeError> {
        let told = [
            (&self.zeros, ProblemCode::NulBytes, "zero bytes within the text, the first at byte"),
            (
                &self.marks,
                ProblemCode::InnerMark,
                "byte order marks within the file, as when files are put together, the first at byte",
            ),
        ];
        let met = told.into_iter().filter(|(counted, ..)| counted.count > 0);
        met.map(|(counted, code, text)| {
            let read = line_of(file.open()?.take(counted.byte));
            let line = read.map_err(|error| file.io_error(counted.byte, error))?;
            let place = Place { file: Arc::clone(&file.path), line, column: None };
            Ok(Problem { place, code, text: format!("{} {text} {}", counted.count, counted.byte) })
        })
        .collect()
    }
}

/// The line that goes on behind some bytes, from 1. Asked for few files, and so counted only where it is.
fn line_of(mut before: impl Read) -> io::Result<u64> {
    let mut piece = vec![0; BUFFER_BYTES];
    let (mut line, mut last) = (1, None);
    loop {
        let length = before.read(&mut piece)?;
        if length == 0 {
            return Ok(line);
        }
        line += line_ends(last, &piece[..length]);
        last = piece[..length].last().copied();
    }
}

/// How many lines end in a piece: LF, CRLF and CR count one each.
pub(super) fn line_ends(before: Option<u8>, piece: &[u8]) -> u64 {
    let feeds = memchr::memchr_iter(b'\n', piece).count();
    let returns = memchr::memchr_iter(b'\r', piece).count();
    let pairs = if returns > 0 { memchr::memmem::find_iter(piece, b"\r\n").count() } else { 0 };
    let cut_pair = before == Some(b'\r') && piece.first() == Some(&b'\n');
    (feeds + returns - pairs - usize::from(cut_pair)) as u64
}
