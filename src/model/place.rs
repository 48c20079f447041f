//! Where in the restore files something stands.

use std::fmt;
use std::sync::Arc;

/// A place in a restore file: file, line and, where one cell is meant, its column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file's path as the user gave it.
    pub file: Arc<str>,
    /// The line on which the row begins, counted from 1, the header's line included.
    pub line: u64,
    /// The column's title as it stands in the header.
    pub column: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)?;
        match &self.column {
            Some(column) => write!(f, " [{column}]"),
            None => Ok(()),
        }
    }
}
