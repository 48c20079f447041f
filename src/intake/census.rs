//! Bytes that tell of an accident with the file: zeros within the text, and byte order marks where two files were put together.

use std::sync::Arc;

use encoding_rs::{UTF_16BE, UTF_16LE};

use super::detect::RestoreFile;
use crate::model::{Place, Problem, ProblemCode};

const MARK: &[u8] = b"\xef\xbb\xbf";

/// Counts what passes by.
pub(super) struct Census {
    /// Zeros belong to letters of two bytes.
    is_wide: bool,
    bytes: u64,
    lines: u64,
    /// The last bytes before: a mark may be cut.
    tail: Vec<u8>,
    zeros: Counted,
    marks: Counted,
}

/// How often something was met, and where first.
#[derive(Default)]
struct Counted {
    count: u64,
    line: u64,
    byte: u64,
}

impl Counted {
    fn add(&mut self, count: u64, line: u64, byte: u64) {
        if self.count == 0 {
            (self.line, self.byte) = (line, byte);
        }
        self.count += count;
    }
}

impl Census {
    pub(super) fn of(file: &RestoreFile) -> Self {
        let is_wide = [UTF_16LE, UTF_16BE].contains(&file.codec);
        Self { is_wide, bytes: 0, lines: 0, tail: Vec::new(), zeros: Counted::default(), marks: Counted::default() }
    }

    pub(super) fn take(&mut self, piece: &[u8]) {
        if self.is_wide || piece.is_empty() {
            return;
        }
        if let Some(first) = memchr::memchr(0, piece) {
            let count = memchr::memchr_iter(0, piece).count() as u64;
            self.zeros.add(count, self.line_at(&piece[..first]), self.bytes + first as u64);
        }
        self.find_marks(piece);
        self.lines += line_ends(self.tail.last().copied(), piece);
        self.bytes += piece.len() as u64;
        self.tail = piece[piece.len().saturating_sub(MARK.len())..].to_vec();
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
                let place = self.bytes + at as u64 - carried as u64;
                let line = self.line_at(&piece[..at.saturating_sub(carried).min(piece.len())]);
                self.marks.add(1, line, place);
            }
        }
    }

    fn line_at(&self, before: &[u8]) -> u64 {
        self.lines + 1 + line_ends(self.tail.last().copied(), before)
    }

    /// What a person should know.
    pub(super) fn problems(&self, file: &RestoreFile) -> Vec<Problem> {
        let told = [
            (&self.zeros, ProblemCode::NulBytes, "zero bytes within the text, the first at byte"),
            (
                &self.marks,
                ProblemCode::InnerMark,
                "byte order marks within the file, as when files are put together, the first at byte",
            ),
        ];
        let met = told.into_iter().filter(|(counted, ..)| counted.count > 0);
        met.map(|(counted, code, text)| Problem {
            place: Place { file: Arc::clone(&file.path), line: counted.line, column: None },
            code,
            text: format!("{} {text} {}", counted.count, counted.byte),
        })
        .collect()
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
