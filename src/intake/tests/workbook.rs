//! A writer of the smallest workbooks that Excel would open.

use std::fmt::Write as _;
use std::io::{Cursor, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A cell of a workbook.
pub(super) enum Cell {
    Text(&'static str),
    Number(f64),
    /// A serial number, shown as a date.
    Date(f64),
    Flag(bool),
    Error(&'static str),
    Empty,
}

/// A zip of entries.
pub(super) fn zipped(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A workbook whose first sheet is empty and whose second holds `rows`; a row without cells is left out, as Excel does.
pub(super) fn workbook(rows: &[&[Cell]]) -> Vec<u8> {
    const NS: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const DOC: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
    let relation =
        |id: u8, kind: &str, target: &str| format!("<Relationship Id=\"r{id}\" Type=\"{DOC}/{kind}\" Target=\"{target}\"/>");
    let relations = |all: &str| format!("<Relationships xmlns=\"{PACKAGE}/relationships\">{all}</Relationships>");
    let (mut data, mut texts) = (String::new(), String::new());
    let mut count = 0;
    for (at, row) in (1..).zip(rows).filter(|(_, row)| !row.is_empty()) {
        let _ = write!(data, "<row r=\"{at}\">");
        for (column, cell) in ('A'..).zip(row.iter()) {
            let place = format!("{column}{at}");
            let _ = match cell {
                Cell::Text(text) => {
                    count += 1;
                    let _ = write!(texts, "<si><t xml:space=\"preserve\">{text}</t></si>");
                    write!(data, "<c r=\"{place}\" t=\"s\"><v>{}</v></c>", count - 1)
                }
                Cell::Number(number) => write!(data, "<c r=\"{place}\"><v>{number}</v></c>"),
                Cell::Date(serial) => write!(data, "<c r=\"{place}\" s=\"1\"><v>{serial}</v></c>"),
                Cell::Flag(yes) => write!(data, "<c r=\"{place}\" t=\"b\"><v>{}</v></c>", u8::from(*yes)),
                Cell::Error(error) => write!(data, "<c r=\"{place}\" t=\"e\"><v>{error}</v></c>"),
                Cell::Empty => write!(data, "<c r=\"{place}\" s=\"1\"/>"),
            };
        }
        data.push_str("</row>");
    }
    let sheet = |data: &str| format!("<worksheet xmlns=\"{NS}\"><sheetData>{data}</sheetData></worksheet>");
    let book = format!(
        "<workbook xmlns=\"{NS}\" xmlns:r=\"{DOC}\"><sheets><sheet name=\"Vacía\" sheetId=\"1\" r:id=\"r1\"/>\
         <sheet name=\"Datos\" sheetId=\"2\" r:id=\"r2\"/></sheets></workbook>"
    );
    let book_relations = relations(
        &(relation(1, "worksheet", "worksheets/sheet1.xml")
            + &relation(2, "worksheet", "worksheets/sheet2.xml")
            + &relation(3, "sharedStrings", "sharedStrings.xml")
            + &relation(4, "styles", "styles.xml")),
    );
    zipped(&[
        ("_rels/.rels", relations(&relation(1, "officeDocument", "xl/workbook.xml")).as_bytes()),
        ("xl/workbook.xml", book.as_bytes()),
        ("xl/_rels/workbook.xml.rels", book_relations.as_bytes()),
        (
            "xl/styles.xml",
            format!("<styleSheet xmlns=\"{NS}\"><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"22\"/></cellXfs></styleSheet>")
                .as_bytes(),
        ),
        ("xl/sharedStrings.xml", format!("<sst xmlns=\"{NS}\">{texts}</sst>").as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet("").as_bytes()),
        ("xl/worksheets/sheet2.xml", sheet(&data).as_bytes()),
    ])
}
