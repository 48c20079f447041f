//! How a file is written: what stands between its cells, around them and behind its lines.

/// How a file's cells and lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// What stands between two cells.
    pub delimiter: u8,
    /// How a cell holds delimiters, quotes and line ends of its own.
    pub quoting: Quoting,
    /// What ends a line.
    pub line_ends: LineEnds,
}

/// How a cell holds delimiters, quotes and line ends of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Quoting {
    /// `"a ""b"" c"`: as Bitrix24, spreadsheets and RFC 4180 write it.
    #[default]
    Doubled,
    /// `"a \"b\" c"`: as databases and PHP's `fgetcsv` write and read it; `\\` is a backslash.
    Backslash,
    /// The same, and in cells without quotes a backslash stands before what they hold of quotes, delimiters, line ends and backslashes,
    /// too: as Python's `csv` writes it with an `escapechar`. Found, never asked for: `backslash` may be either.
    Everywhere,
    /// `a\tb`: quotes are signs like any other, and a backslash stands before what a cell holds of delimiters and line ends, or before
    /// the letter of one, as `mysqldump --tab`, `mysql -B` and `PostgreSQL` (`COPY`) write it.
    Escaped,
    /// Quotes are signs like any other; a cell can't hold a delimiter or a line end.
    None,
}

impl Quoting {
    /// Whether a quote at its beginning opens a cell.
    pub(super) const fn has_quotes(self) -> bool {
        matches!(self, Self::Doubled | Self::Backslash | Self::Everywhere)
    }

    /// Whether a backslash saves quotes within quotes.
    pub(super) const fn has_saved_quotes(self) -> bool {
        matches!(self, Self::Backslash | Self::Everywhere)
    }

    /// Whether a backslash saves delimiters and line ends in cells without quotes.
    pub(super) const fn has_bare_escapes(self) -> bool {
        matches!(self, Self::Escaped | Self::Everywhere)
    }

    /// The word of `--quoting`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Doubled => "doubled",
            Self::Backslash | Self::Everywhere => "backslash",
            Self::Escaped => "escaped",
            Self::None => "none",
        }
    }
}

/// What ends a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LineEnds {
    /// LF, CRLF and CR, each where it stands.
    #[default]
    Any,
    /// LF, and the CR before it; a CR alone belongs to its cell.
    Lf,
    /// CR, and the LF behind it; an LF alone belongs to its cell.
    Cr,
}

impl LineEnds {
    /// The word of `--line-ends`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Lf => "lf",
            Self::Cr => "cr",
        }
    }
}

impl Dialect {
    /// Quotes doubled, any line end: what nearly every file is written in.
    pub fn new(delimiter: u8) -> Self {
        Self { delimiter, quoting: Quoting::default(), line_ends: LineEnds::default() }
    }
}
