//! Which line is the header, and how cells and lines are written: what makes most of the first lines' cells known titles, and most of
//! the rows as wide as they are.

use std::borrow::Cow;

use super::dialect::{Dialect, LineEnds, Quoting};
use super::error::IntakeErrorKind;
use super::finding::Findings;
use super::fit::{Fit, LineEndCount};
use super::rows::{Line, SplitError, Splitter};
use super::{damage, escapes, headers, ids, leftover, misquoted, mojibake, protected, quotes};

/// Among how many lines the header is looked for: some programs write a title or an empty line above it. Comments don't count.
const HEADER_LINES: usize = 20;
/// How many lines are read for that at most, comments and those above `--header-line` included.
const LINES_MAX: usize = 10_000;
/// The most columns that a file may have: as many as a sheet of Excel.
pub(super) const COLUMNS_MAX: usize = 16_384;
/// Delimiters in the order in which a tie is broken.
const DELIMITERS: [u8; 4] = [b';', b',', b'\t', b'|'];
/// What begins a line that is no data.
const COMMENT: char = '#';
/// What is shown of a line that is no header.
const SHOWN_CHARS: usize = 60;

/// What is known beforehand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) delimiter: Option<u8>,
    pub(super) quoting: Option<Quoting>,
    pub(super) line_ends: Option<LineEnds>,
    /// The header's line.
    pub(super) line: Option<u64>,
    /// What wrote the file, where it was no foreign program.
    pub(super) by_table: Option<&'static str>,
    /// Titles that the user knows a field for.
    pub(super) map: &'a [(String, String)],
}

/// The first lines in one dialect, and which of them is the header.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) dialect: Dialect,
    /// Lines with text above the header, and the first of them.
    pub(super) skipped: usize,
    pub(super) first_skipped: u64,
    lines: Vec<Line>,
    at: usize,
    /// How many of its cells are known titles or codes.
    known: usize,
    unclosed: Option<(u64, usize)>,
    delimiter_how: (f32, String),
    quoting_how: (f32, String),
    line_ends: LineEndCount,
    by_table: Option<&'static str>,
}

/// Finds the header in the beginning of a file, and the dialect that makes most sense of it.
pub(super) fn find(text: &str, asked: Asked<'_>, is_whole: bool) -> Result<Header, IntakeErrorKind> {
    let told = separator_line(text);
    let candidates = asked.delimiter.or(told).map_or(DELIMITERS.to_vec(), |delimiter| vec![delimiter]);
    let split = |delimiter: &u8| Header::split(text, asked.dialect(*delimiter), asked);
    let mut tried: Vec<Header> = candidates.iter().map(split).collect();
    let score = |header: &Header| (header.known, header.width());
    // The first of equals stands.
    let best = (0..tried.len()).reduce(|best, next| if score(&tried[next]) > score(&tried[best]) { next } else { best });
    let Some(best) = best else { return Err(IntakeErrorKind::Empty) };
    if tried[best].known == 0
        && is_whole
        && let Some(cut) = tried.iter().find(|header| header.is_cut_by_a_quote(text))
        && let Some((line, cell)) = cut.unclosed
    {
        return Err(cut.unclosed_kind(line, cell));
    }
    let mut header = tried.swap_remove(best);
    let second = tried.iter().map(|other| other.known).max().unwrap_or_default();
    if let Some(given) = asked.delimiter {
        check_given(text, asked, given, &header)?;
    }
    header.delimiter_how = match (asked.delimiter, told, asked.by_table) {
        (_, _, Some(table)) => (1.0, table.to_owned()),
        (Some(_), ..) => (1.0, "given by --delimiter".to_owned()),
        (_, Some(_), _) => (1.0, "the file's `sep=` line".to_owned()),
        _ if header.width() == 1 => (0.5, "a single column".to_owned()),
        _ => (if second * 2 < header.known { 0.99 } else { 0.7 }, format!("{} titles are known with it", header.known)),
    };
    header.refuse(text, asked, is_whole)?;
    if asked.quoting.is_none()
        && let Some(line) = misquoted::single_quoted(text, header.dialect.delimiter, is_whole)
    {
        return Err(IntakeErrorKind::OtherQuotes { line, open: '\'', close: '\'' });
    }
    let header = header.refined(text, asked);
    match header.unclosed {
        Some((line, cell)) if is_whole => Err(header.unclosed_kind(line, cell)),
        _ => Ok(header),
    }
}

/// Why a quote that nothing closes is refused.
pub(super) fn unclosed(line: u64, cell: usize, names: &[&str]) -> IntakeErrorKind {
    let column =
        names.get(cell).filter(|name| !name.is_empty()).map_or_else(|| (cell + 1).to_string(), |name| format!("`{name}`"));
    IntakeErrorKind::UnclosedQuote { line, column }
}

/// A title as its author meant it: one that was encoded twice is read once less.
pub(super) fn readable(name: &str) -> Cow<'_, str> {
    mojibake::meant(name)
}

/// The delimiter of Excel's own first line, `sep=;`.
fn separator_line(text: &str) -> Option<u8> {
    let first = text.trim_start_matches('\u{feff}').lines().next()?.trim().trim_matches('"');
    let sign = first.get(..4).filter(|word| word.eq_ignore_ascii_case("sep=")).map(|_| &first[4..])?;
    match sign.as_bytes() {
        [sign] if sign.is_ascii() => Some(*sign),
        // A tab is white space, and was trimmed.
        [] => Some(b'\t'),
        _ => None,
    }
}

/// A delimiter that was given, and under which there is but one column where another would make titles, is a mistake.
fn check_given(text: &str, asked: Asked<'_>, given: u8, header: &Header) -> Result<(), IntakeErrorKind> {
    if header.width() > 1 && header.known > 0 {
        return Ok(());
    }
    let others = DELIMITERS.iter().filter(|other| **other != given);
    let split = others.map(|other| Header::split(text, asked.dialect(*other), asked));
    match split.max_by_key(|header| header.known).filter(|better| better.known > header.known) {
        Some(better) => Err(IntakeErrorKind::WrongDelimiter {
            line: better.line(),
            given: char::from(given),
            fits: char::from(better.dialect.delimiter),
            known: better.known,
        }),
        None => Ok(()),
    }
}

impl Asked<'_> {
    fn dialect(&self, delimiter: u8) -> Dialect {
        let plain = Dialect::new(delimiter);
        Dialect {
            delimiter,
            quoting: self.quoting.unwrap_or(plain.quoting),
            line_ends: self.line_ends.unwrap_or(plain.line_ends),
        }
    }
}

impl Header {
    fn split(text: &str, dialect: Dialect, asked: Asked<'_>) -> Self {
        let mut splitter = Splitter::of_text(text, dialect);
        let mut header = Self {
            dialect,
            skipped: 0,
            first_skipped: 0,
            lines: Vec::new(),
            at: 0,
            known: 0,
            unclosed: None,
            delimiter_how: (1.0, String::new()),
            quoting_how: (1.0, String::new()),
            line_ends: LineEndCount::default(),
            by_table: asked.by_table,
        };
        let mut counted = 0;
        let is_above = |line: &Line| asked.line.is_some_and(|wanted| line.number < wanted);
        while counted < HEADER_LINES && header.lines.len() < LINES_MAX {
            let mut line = Line::default();
            match splitter.read(&mut line) {
                Ok(true) => {
                    counted += usize::from(!is_comment(&line) && !is_above(&line));
                    header.lines.push(line);
                }
                Err(SplitError::Unclosed { line, cell }) => {
                    header.unclosed = Some((line, cell));
                    break;
                }
                Ok(false) | Err(SplitError::Io(_)) => break,
            }
        }
        header.choose(asked);
        header
    }

    /// Which line it is: the one that was asked for, else the first with nearly as many known titles as any.
    fn choose(&mut self, asked: Asked<'_>) {
        let known: Vec<usize> = self.lines.iter().map(|line| headers::known_titles(line, asked.map)).collect();
        if let Some(wanted) = asked.line {
            if let Some(at) = self.lines.iter().position(|line| line.number == wanted) {
                (self.at, self.known) = (at, known[at].max(1));
            }
        } else {
            let most = known.iter().copied().max().unwrap_or_default();
            // A later line of data may hold a word more that happens to be a title somewhere.
            if let Some(at) = known.iter().position(|&known| known > 0 && known * 2 > most) {
                (self.at, self.known) = (at, known[at]);
            }
        }
        let is_separator = |line: &Line| line.raw.trim_start_matches(['\u{feff}', '"']).to_lowercase().starts_with("sep=");
        let is_text = |line: &&Line| !line.is_blank() && !is_separator(line);
        let above: Vec<u64> =
            self.lines[..self.at.min(self.lines.len())].iter().filter(is_text).map(|line| line.number).collect();
        (self.skipped, self.first_skipped) = (above.len(), above.first().copied().unwrap_or_default());
    }

    /// Whether there is a header at all.
    fn refuse(&self, text: &str, asked: Asked<'_>, is_whole: bool) -> Result<(), IntakeErrorKind> {
        if self.known == 0 {
            if let (Some((line, cell)), true) = (self.unclosed, is_whole) {
                return Err(self.unclosed_kind(line, cell));
            }
            return Err(self.no_header(text, asked));
        }
        let (line, columns) = (self.line(), self.width());
        if columns > COLUMNS_MAX { Err(IntakeErrorKind::TooManyColumns { line, columns }) } else { Ok(()) }
    }

    /// Whether a quote that nothing closes stands among known titles, and hides them.
    fn is_cut_by_a_quote(&self, text: &str) -> bool {
        let line = self.unclosed.and_then(|(line, _)| text.lines().nth(usize::try_from(line - 1).ok()?));
        line.is_some_and(|line| line.split(char::from(self.dialect.delimiter)).filter(|cell| headers::is_known(cell)).count() > 1)
    }

    fn unclosed_kind(&self, line: u64, cell: usize) -> IntakeErrorKind {
        let names: Vec<&str> = self.lines.get(self.at).map(|line| line.cells.iter().collect()).unwrap_or_default();
        unclosed(line, cell, &names)
    }

    fn no_header(&self, text: &str, asked: Asked<'_>) -> IntakeErrorKind {
        if let Some(line) = asked.line {
            return IntakeErrorKind::NoSuchLine { line, last: self.lines.last().map_or(0, |line| line.number) };
        }
        let first = self.lines.iter().find(|line| !line.is_blank() && !is_comment(line));
        let (line, raw) = first.map_or((1, ""), |line| (line.number, line.raw.as_str()));
        if let Some([open, close]) = misquoted::other_quotes(raw) {
            return IntakeErrorKind::OtherQuotes { line, open, close };
        }
        if misquoted::is_header_in_a_cell(raw) {
            return IntakeErrorKind::LinesInCells { line };
        }
        let found = raw.chars().take(SHOWN_CHARS).collect();
        let is_data = text.lines().nth(usize::try_from(line - 1).unwrap_or_default()).is_some_and(|line| {
            line.split(|c: char| ";,\t|".contains(c)).any(|cell| headers::is_number(cell.trim().trim_matches('"')))
        });
        if is_data { IntakeErrorKind::HeaderMissing { line, found } } else { IntakeErrorKind::NoHeader { line, found } }
    }

    /// The same header in the dialect that makes most rows as wide as it is; an unclosed quote counts against one.
    fn refined(mut self, text: &str, asked: Asked<'_>) -> Self {
        let plain = self.dialect;
        let mut best = Fit::of(text, plain, self.line(), self.width());
        let mut is_plain = true;
        let is_doubtful = best.misfits > 0 || best.is_unclosed;
        let dump = if is_doubtful || plain.delimiter == b'\t' { self.as_dump(text, asked) } else { None };
        if let Some(dump) = dump {
            (self, best, is_plain) = (dump.0, dump.1, false);
        } else if let Some(escaped) = self.with_bare_escapes(text, asked, &best) {
            (self, best, is_plain) = (escaped.0, escaped.1, false);
        } else if is_doubtful {
            let others = [
                Dialect { quoting: Quoting::Backslash, ..plain },
                Dialect { line_ends: LineEnds::Lf, ..plain },
                Dialect { line_ends: LineEnds::Cr, ..plain },
            ];
            let is_free = |other: &Dialect| {
                (asked.quoting.is_none() || other.quoting == plain.quoting)
                    && (asked.line_ends.is_none() || other.line_ends == plain.line_ends)
                    && (other.quoting != Quoting::Backslash || text.contains("\\\""))
            };
            for other in others.into_iter().filter(is_free) {
                let fit = Fit::of(text, other, self.line(), self.width());
                if fit.is_better_than(&best) {
                    (best, is_plain) = (fit, false);
                    self = Self { delimiter_how: self.delimiter_how.clone(), ..Self::split(text, other, asked) };
                }
            }
        }
        self.quoting_how = match asked.quoting {
            Some(_) if asked.by_table.is_some() => (1.0, "the cells of a table".to_owned()),
            Some(_) => (1.0, "given by --quoting".to_owned()),
            None if !text.contains('"') => (1.0, "there is no quote".to_owned()),
            None => (best.confidence(), format!("{} of {} rows are as wide as the header", best.fits, best.fits + best.misfits)),
        };
        self.line_ends = LineEndCount::of(text, if is_plain { plain } else { self.dialect });
        self
    }

    /// The same header in the dialect of a database's text files, where their word for nothing stands as a cell and all rows fit.
    fn as_dump(&self, text: &str, asked: Asked<'_>) -> Option<(Self, Fit)> {
        let is_asked = asked.quoting.is_some() || asked.by_table.is_some();
        if is_asked || !self.dialect.quoting.has_quotes() || !quotes::is_of_database(text, self.dialect.delimiter) {
            return None;
        }
        let dialect = Dialect { quoting: Quoting::Escaped, ..self.dialect };
        let dump = Self { delimiter_how: self.delimiter_how.clone(), ..Self::split(text, dialect, asked) };
        let fit = Fit::of(text, dialect, dump.line(), dump.width());
        // Cells that begin and end with quotes are another make of file, whose quotes belong to no cell.
        let begun =
            || dump.lines.iter().flat_map(|line| line.cells.iter()).filter(|cell| cell.len() > 1 && cell.starts_with('"'));
        let is_bare = || begun().filter(|cell| cell.ends_with('"')).count() * 2 <= begun().count();
        let is_sound = dump.known >= self.known && fit.fits > 0 && fit.misfits == 0 && fit.is_even;
        let is_sound = is_sound && quotes::are_signs(text, self.dialect, self.line()).unwrap_or_else(is_bare);
        is_sound.then_some((dump, fit))
    }

    /// The same header in the dialect in which backslashes save signs in cells without quotes, too, where those cells say so and the rows
    /// fit at least as well.
    fn with_bare_escapes(&self, text: &str, asked: Asked<'_>, best: &Fit) -> Option<(Self, Fit)> {
        if asked.by_table.is_some() || !matches!(asked.quoting, None | Some(Quoting::Backslash)) {
            return None;
        }
        let bare = escapes::of_bare_cells(text, self.dialect.delimiter)?;
        let dialect = Dialect { quoting: Quoting::Everywhere, ..self.dialect };
        let other = Self { delimiter_how: self.delimiter_how.clone(), ..Self::split(text, dialect, asked) };
        let fit = Fit::of(text, dialect, other.line(), other.width());
        let is_as_good = other.known >= self.known && fit.misfits == 0 && fit.fits >= best.fits && !fit.is_unclosed;
        // A path that ends its cell with a backslash says nothing where the rows fit without.
        let is_told = bare == escapes::Bare::Quotes || fit.is_better_than(best) || asked.quoting.is_some();
        (is_as_good && is_told).then_some((other, fit))
    }

    pub(super) fn line(&self) -> u64 {
        self.lines.get(self.at).map_or(0, |line| line.number)
    }

    pub(super) fn width(&self) -> usize {
        self.lines.get(self.at).map_or(0, |line| line.cells.len())
    }

    /// Notes how cells and lines are written, and where the header is.
    pub(super) fn note(&self, findings: &mut Findings) {
        let named = |text: &(f32, String)| text.clone();
        let (confidence, how) = named(&self.delimiter_how);
        findings.note("delimiter", char::from(self.dialect.delimiter), confidence, how);
        let (confidence, how) = named(&self.quoting_how);
        findings.note("quoting", self.dialect.quoting.code(), confidence, how);
        // A table has rows and no line ends; those of its text are this program's.
        if self.by_table.is_none() {
            findings.note("line_ends", self.line_ends.code(), 1.0, self.line_ends.how());
        }
        let filled = self.lines.get(self.at).map_or(0, |line| line.cells.iter().filter(|cell| !cell.trim().is_empty()).count());
        let share = self.known as f32 / filled.max(1) as f32;
        let how = format!("line {}: {} of {filled} titles are known", self.line(), self.known);
        findings.note("header", self.line().to_string(), 0.5 + share.min(1.0) / 2.0, how);
    }

    /// The titles, and how many unnamed columns behind them are empty.
    pub(super) fn names(&self) -> (Vec<&str>, usize) {
        let mut names: Vec<&str> = self.lines[self.at].cells.iter().map(leftover::without).collect();
        let width = names.len();
        let rows = &self.lines[self.at + 1..];
        let is_used = |column: usize| {
            let filled = rows.iter().filter(|row| row.cells.get(column).is_some_and(|cell| !cell.trim().is_empty())).count();
            filled * 2 > rows.len()
        };
        while names.len() > 1 && names.last().is_some_and(|name| name.is_empty()) && !is_used(names.len() - 1) {
            names.pop();
        }
        let unnamed = self.row_width(width, names.len()) - names.len();
        (names, unnamed)
    }

    /// The first rows.
    pub(super) fn rows(&self) -> Vec<&Line> {
        self.lines[self.at + 1..].iter().filter(|row| !row.is_blank()).collect()
    }

    /// Whether the first rows have numbers with decimals in a column, more than one and without exception.
    pub(super) fn has_decimals(&self, column: usize) -> bool {
        self.each_is(column, |cell| ids::whole(cell).len() < cell.len())
    }

    /// The same with a comma before the decimals, too.
    pub(super) fn has_measures(&self, column: usize) -> bool {
        self.each_is(column, damage::has_decimals)
    }

    /// Whether each of the cells that the first rows have in a column is of a kind, and there is more than one.
    fn each_is(&self, column: usize, is_of_kind: impl Fn(&str) -> bool) -> bool {
        let cells = self.lines[self.at + 1..].iter().filter_map(|row| row.cells.get(column)).map(str::trim);
        let (all, of_kind) = cells
            .filter(|cell| !cell.is_empty())
            .fold((0, 0), |(all, of_kind), cell| (all + 1, of_kind + usize::from(is_of_kind(cell))));
        all > 1 && of_kind == all
    }

    /// Whether a cell of the first rows is protected from spreadsheets, and not the only one.
    pub(super) fn has_protected_cells(&self) -> bool {
        let cells = self.lines[self.at + 1..].iter().flat_map(|row| row.cells.iter());
        cells.filter(|cell| protected::is_met(cell.trim())).nth(1).is_some()
    }

    /// How many cells a row has: as many as the header, unless all rows agree that the delimiter at the line's end is only the
    /// header's, or only theirs (csv 9).
    fn row_width(&self, header: usize, named: usize) -> usize {
        let rows = || self.lines[self.at + 1..].iter().filter(|row| !row.is_blank());
        let all_have = |width: usize| rows().count() > 0 && rows().all(|row| row.cells.len() == width);
        let last_is_filled = |row: &Line| row.cells.get(named - 1).is_some_and(|cell| !cell.trim().is_empty());
        if header > named && all_have(named) && rows().any(last_is_filled) {
            return named;
        }
        let ends_empty = |row: &Line| row.cells.get(named).is_some_and(|cell| cell.trim().is_empty());
        if header == named && all_have(named + 1) && rows().all(ends_empty) { named + 1 } else { header }
    }
}

fn is_comment(line: &Line) -> bool {
    line.raw.trim_start_matches(['\u{feff}', ' ']).starts_with(COMMENT)
}
