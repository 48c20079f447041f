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
    /// A formula without a value, as a program writes it that can't calculate.
    Formula(&'static str),
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
    book(&[("Vacía", &[]), ("Datos", rows)])
}

const NS: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const DOC: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";

/// A workbook of sheets, each with its name and rows.
pub(super) fn book(sheets: &[(&str, &[&[Cell]])]) -> Vec<u8> {
    let mut texts = Vec::new();
    let parts: Vec<String> = sheets.iter().map(|(_, rows)| sheet(rows, &mut texts)).collect();
    let (mut names, mut relations) = (String::new(), String::new());
    for (id, (name, _)) in (1..).zip(sheets) {
        let _ = write!(names, "<sheet name=\"{name}\" sheetId=\"{id}\" r:id=\"r{id}\"/>");
        relations.push_str(&relation(id, "worksheet", &format!("worksheets/sheet{id}.xml")));
    }
    relations.push_str(&relation(sheets.len() + 1, "sharedStrings", "sharedStrings.xml"));
    relations.push_str(&relation(sheets.len() + 2, "styles", "styles.xml"));
    let styles = "<cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"22\"/></cellXfs>";
    let texts = texts.iter().fold(String::new(), |all, text| all + "<si><t xml:space=\"preserve\">" + text + "</t></si>");
    let mut entries = vec![
        ("_rels/.rels".to_owned(), related(&relation(1, "officeDocument", "xl/workbook.xml"))),
        ("xl/workbook.xml".to_owned(), format!("<workbook xmlns=\"{NS}\" xmlns:r=\"{DOC}\"><sheets>{names}</sheets></workbook>")),
        ("xl/_rels/workbook.xml.rels".to_owned(), related(&relations)),
        ("xl/styles.xml".to_owned(), format!("<styleSheet xmlns=\"{NS}\">{styles}</styleSheet>")),
        ("xl/sharedStrings.xml".to_owned(), format!("<sst xmlns=\"{NS}\">{texts}</sst>")),
    ];
    entries.extend((1..).zip(parts).map(|(id, part)| (format!("xl/worksheets/sheet{id}.xml"), part)));
    let entries: Vec<(&str, &[u8])> = entries.iter().map(|(name, part)| (name.as_str(), part.as_bytes())).collect();
    zipped(&entries)
}

fn relation(id: usize, kind: &str, target: &str) -> String {
    format!("<Relationship Id=\"r{id}\" Type=\"{DOC}/{kind}\" Target=\"{target}\"/>")
}

fn related(relations: &str) -> String {
    format!("<Relationships xmlns=\"{PACKAGE}/relationships\">{relations}</Relationships>")
}

fn sheet(rows: &[&[Cell]], texts: &mut Vec<&'static str>) -> String {
    let mut data = String::new();
    for (at, row) in (1..).zip(rows).filter(|(_, row)| !row.is_empty()) {
        let _ = write!(data, "<row r=\"{at}\">");
        for (column, cell) in ('A'..).zip(row.iter()) {
            let place = format!("{column}{at}");
            let _ = match cell {
                Cell::Text(text) => {
                    texts.push(text);
                    write!(data, "<c r=\"{place}\" t=\"s\"><v>{}</v></c>", texts.len() - 1)
                }
                Cell::Number(number) => write!(data, "<c r=\"{place}\"><v>{number}</v></c>"),
                Cell::Date(serial) => write!(data, "<c r=\"{place}\" s=\"1\"><v>{serial}</v></c>"),
                Cell::Flag(yes) => write!(data, "<c r=\"{place}\" t=\"b\"><v>{}</v></c>", u8::from(*yes)),
                Cell::Error(error) => write!(data, "<c r=\"{place}\" t=\"e\"><v>{error}</v></c>"),
                Cell::Formula(formula) => write!(data, "<c r=\"{place}\"><f>{formula}</f><v/></c>"),
                Cell::Empty => write!(data, "<c r=\"{place}\" s=\"1\"/>"),
            };
        }
        data.push_str("</row>");
    }
    format!("<worksheet xmlns=\"{NS}\"><sheetData>{data}</sheetData></worksheet>")
}
