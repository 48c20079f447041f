//! The tables that `apply` leaves behind: `ids.csv` and `failures.csv`. Machine files: UTF-8 without byte order mark, comma, exact.

use std::io::{self, Write};

use serde::Serialize;

use crate::model::EntityType;

/// A line of `ids.csv`: which new id belongs to an old one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IdLine {
    /// What kind of record it is.
    pub entity: EntityType,
    /// Its id in the file.
    pub original_id: u64,
    /// The id that the portal gave it.
    pub new_id: u64,
    /// What a person would call it.
    pub title: String,
}

/// A line of `failures.csv`: a record that the portal refused, in its words and ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FailureLine {
    /// What kind of record it is.
    pub entity: EntityType,
    /// Its id in the file.
    pub original_id: u64,
    /// What a person would call it.
    pub title: String,
    /// The portal's error code.
    pub code: String,
    /// The portal's words.
    pub message: String,
    /// What to do, in the language of the run.
    pub remedy: String,
}

/// Writes `ids.csv`; the header stands there even when no line follows.
pub fn write_ids(lines: impl IntoIterator<Item = IdLine>, out: &mut dyn Write) -> io::Result<()> {
    write(&["entity", "original_id", "new_id", "title"], lines, out)
}

/// Writes `failures.csv`; the header stands there even when no line follows.
pub fn write_failures(lines: impl IntoIterator<Item = FailureLine>, out: &mut dyn Write) -> io::Result<()> {
    write(&["entity", "original_id", "title", "code", "message", "remedy"], lines, out)
}

fn write<T: Serialize>(header: &[&str], lines: impl IntoIterator<Item = T>, out: &mut dyn Write) -> io::Result<()> {
    let mut table = csv::WriterBuilder::new().has_headers(false).from_writer(out);
    table.write_record(header)?;
    for line in lines {
        table.serialize(line)?;
    }
    table.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ids_are_a_plain_table_that_scripts_read() -> io::Result<()> {
        let mut out = Vec::new();
        let line = IdLine { entity: EntityType::Deal, original_id: 9, new_id: 12_001, title: "=Venta, \"uno\"".into() };
        write_ids([line], &mut out)?;
        insta::assert_snapshot!(String::from_utf8_lossy(&out), @r#"
        entity,original_id,new_id,title
        deal,9,12001,"=Venta, ""uno"""
        "#);
        Ok(())
    }

    #[test]
    fn a_run_without_failures_leaves_the_header_alone() -> io::Result<()> {
        let mut out = Vec::new();
        write_failures([], &mut out)?;
        assert_eq!(out, b"entity,original_id,title,code,message,remedy\n");
        Ok(())
    }
}
