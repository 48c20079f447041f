//! How well a dialect fits a text: how many lines it makes as wide as the header, and what ends them.

use super::dialect::{Dialect, LineEnds, Quoting};
use super::rows::{Line, SplitError, Splitter};

/// How many lines behind the header show how wide rows are.
const SAMPLE_LINES: usize = 200;

/// How well a dialect makes rows of the lines behind the header.
pub(super) struct Fit {
    pub(super) fits: usize,
    pub(super) misfits: usize,
    pub(super) is_unclosed: bool,
    /// Whether all of these lines have equally many cells.
    pub(super) is_even: bool,
}

impl Fit {
    pub(super) fn of(text: &str, dialect: Dialect, header: u64, width: usize) -> Self {
        let mut splitter = Splitter::of_text(text, dialect);
        let mut fit = Self { fits: 0, misfits: 0, is_unclosed: false, is_even: true };
        let mut cells = None;
        let mut line = Line::default();
        while fit.fits + fit.misfits < SAMPLE_LINES {
            match splitter.read(&mut line) {
                Ok(true) if line.number <= header || line.is_blank() => {}
                Ok(true) => {
                    let is_fit = line.cells.len().abs_diff(width) <= 1 && !line.stray_quote;
                    fit.fits += usize::from(is_fit);
                    fit.misfits += usize::from(!is_fit);
                    fit.is_even &= *cells.get_or_insert(line.cells.len()) == line.cells.len();
                }
                Err(SplitError::Unclosed { .. }) => {
                    fit.is_unclosed = true;
                    break;
                }
                Ok(false) | Err(SplitError::Io(_)) => break,
            }
        }
        fit
    }

    pub(super) fn is_better_than(&self, other: &Self) -> bool {
        let ranked = |fit: &Self| (!fit.is_unclosed, fit.fits, std::cmp::Reverse(fit.misfits));
        self.misfits <= other.misfits && self.fits > 0 && ranked(self) > ranked(other)
    }

    pub(super) fn confidence(&self) -> f32 {
        0.5 + self.fits as f32 / (self.fits + self.misfits).max(1) as f32 * 0.49
    }
}

/// How the lines of a text end, cells in quotes apart.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct LineEndCount {
    lf: usize,
    crlf: usize,
    cr: usize,
}

impl LineEndCount {
    pub(super) fn of(text: &str, dialect: Dialect) -> Self {
        let mut count = Self::default();
        let mut quoted = false;
        let mut bytes = text.bytes().peekable();
        while let Some(byte) = bytes.next() {
            match byte {
                b'\\' if (quoted && dialect.quoting == Quoting::Backslash) || dialect.quoting.has_bare_escapes() => {
                    _ = bytes.next();
                }
                b'"' if dialect.quoting.has_quotes() => quoted = !quoted,
                b'\r' if !quoted && bytes.peek() == Some(&b'\n') => {
                    bytes.next();
                    count.crlf += 1;
                }
                b'\r' if !quoted && dialect.line_ends != LineEnds::Lf => count.cr += 1,
                b'\n' if !quoted && dialect.line_ends != LineEnds::Cr => count.lf += 1,
                _ => {}
            }
        }
        count
    }

    pub(super) fn code(self) -> &'static str {
        match (self.lf > 0, self.crlf > 0, self.cr > 0) {
            (_, false, false) => "lf",
            (false, true, false) => "crlf",
            (false, false, true) => "cr",
            _ => "mixed",
        }
    }

    pub(super) fn how(self) -> String {
        format!("{} LF, {} CRLF, {} CR in its beginning", self.lf, self.crlf, self.cr)
    }
}
