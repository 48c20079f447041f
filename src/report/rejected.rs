//! Rows handed back. `rejected.csv` says which and why; `rejected/ENTITY.csv` and `failed/ENTITY.csv` hold them in their file's own
//! columns, so that they can be mended and planned again. Machine files: exact to the sign, no formula is neutralised.

use std::io::{self, Write};

use crate::model::{Cells, Reject};

/// The title of the column that says why a row comes back.
pub const REASON: &str = "reason";

/// Writes `rejected.csv`: UTF-8, comma, `file,line,column,reason,row`.
pub struct Rejections<W: Write> {
    table: csv::Writer<W>,
}

impl<W: Write> Rejections<W> {
    /// Begins the file with its header.
    pub fn new(out: W) -> io::Result<Self> {
        let mut table = csv::Writer::from_writer(out);
        table.write_record(["file", "line", "column", REASON, "row"])?;
        Ok(Self { table })
    }

    /// Adds a row as it stood.
    pub fn write(&mut self, reject: &Reject) -> io::Result<()> {
        let column = reject.place.column.as_deref().unwrap_or_default();
        self.table.write_record([
            &*reject.place.file,
            &reject.place.line.to_string(),
            column,
            reject.reason.code(),
            &reject.text,
        ])?;
        Ok(())
    }

    /// Ends the file.
    pub fn finish(self) -> io::Result<W> {
        finish(self.table)
    }
}

/// Writes rows in their file's own columns with a `reason` at the end: semicolon, every cell quoted, byte order mark, so that our own
/// reader and a spreadsheet both take it.
pub struct ReturnedRows<W: Write> {
    table: csv::Writer<W>,
    /// Columns of the file, without the reason.
    columns: usize,
    /// Whether the file's own last column is the reason of an earlier run.
    has_reason: bool,
}

impl<W: Write> ReturnedRows<W> {
    /// Begins the file with the header of the restore file.
    ///
    /// A file that is itself one of returned rows has the reason already: it is replaced, not added twice.
    pub fn new(mut out: W, header: &[String]) -> io::Result<Self> {
        out.write_all("\u{feff}".as_bytes())?;
        let has_reason = header.last().is_some_and(|title| title == REASON);
        let columns = header.len() - usize::from(has_reason);
        let mut table =
            csv::WriterBuilder::new().delimiter(b';').quote_style(csv::QuoteStyle::Always).flexible(true).from_writer(out);
        table.write_record(header.iter().take(columns).map(String::as_str).chain([REASON]))?;
        Ok(Self { table, columns, has_reason })
    }

    /// Adds a row. One with too few cells is filled up, so that the reason stands under its title; one with too many keeps them all.
    pub fn write(&mut self, cells: &Cells, reason: &str) -> io::Result<()> {
        let earlier = self.has_reason && cells.len() == self.columns + 1;
        let mut kept = cells.len() - usize::from(earlier);
        // An export ends its lines with a delimiter; the cell behind it is none, and here it would push the reason out of its column.
        if kept == self.columns + 1 && cells.get(self.columns) == Some("") {
            kept = self.columns;
        }
        let padding = self.columns.saturating_sub(kept);
        self.table.write_record(cells.iter().take(kept).chain(std::iter::repeat_n("", padding)).chain([reason]))?;
        Ok(())
    }

    /// Ends the file.
    pub fn finish(self) -> io::Result<W> {
        finish(self.table)
    }
}

fn finish<W: Write>(table: csv::Writer<W>) -> io::Result<W> {
    table.into_inner().map_err(csv::IntoInnerError::into_error)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::model::{Place, RejectReason};

    use super::*;

    fn returned(header: &[&str], rows: &[&[&str]], reason: &str) -> io::Result<String> {
        let header: Vec<String> = header.iter().map(|title| (*title).to_owned()).collect();
        let mut file = ReturnedRows::new(Vec::new(), &header)?;
        for row in rows {
            file.write(&row.iter().copied().collect(), reason)?;
        }
        Ok(String::from_utf8_lossy(&file.finish()?).replace('\u{feff}', "<BOM>"))
    }

    #[test]
    fn a_rejected_row_is_handed_back_to_the_sign() -> io::Result<()> {
        let mut file = Rejections::new(Vec::new())?;
        file.write(&Reject {
            place: Place { file: Arc::from("deal.csv"), line: 7, column: Some("ID".into()) },
            reason: RejectReason::BadId,
            text: "=x1;\"Venta \"\"uno\"\"\";".into(),
            cells: Cells::default(),
        })?;
        insta::assert_snapshot!(String::from_utf8_lossy(&file.finish()?), @r#"
        file,line,column,reason,row
        deal.csv,7,ID,bad_id,"=x1;""Venta """"uno"""""";"
        "#);
        Ok(())
    }

    #[test]
    fn a_failed_row_comes_back_in_its_own_columns_with_the_reason_behind_them() -> io::Result<()> {
        insta::assert_snapshot!(returned(&["ID", "Nombre"], &[&["7", "=Venta; \"uno\""], &["8"], &["9", "a", "b"]], "no_rights")?, @r#"
        <BOM>"ID";"Nombre";"reason"
        "7";"=Venta; ""uno""";"no_rights"
        "8";"";"no_rights"
        "9";"a";"b";"no_rights"
        "#);
        Ok(())
    }

    #[test]
    fn the_delimiter_at_the_end_of_an_exports_line_is_no_cell() -> io::Result<()> {
        insta::assert_snapshot!(returned(&["ID", "Nombre"], &[&["7", "Venta", ""]], "no_rights")?, @r#"
        <BOM>"ID";"Nombre";"reason"
        "7";"Venta";"no_rights"
        "#);
        Ok(())
    }

    #[test]
    fn a_row_that_fails_twice_has_one_reason() -> io::Result<()> {
        insta::assert_snapshot!(returned(&["ID", "Nombre", "reason"], &[&["7", "Venta", "first"]], "second")?, @r#"
        <BOM>"ID";"Nombre";"reason"
        "7";"Venta";"second"
        "#);
        Ok(())
    }
}
