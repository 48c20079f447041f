//! `report.csv`: one line a record, safe to open in a spreadsheet. What differs of a record stands in one cell, a line of it each.
//!
//! Column names and codes are English in both languages, so that a filter made once serves for every report.

use std::io::{self, Write};

use crate::plan::{ChangeLine, RecordLine};

use super::clean::{cell, sanitize};

const COLUMNS: [&str; 11] =
    ["entity", "original_id", "verdict", "title", "portal_id", "line", "file", "fields", "file_to_portal", "lost_links", "notes"];

/// Writes the report: UTF-8 with a byte order mark, comma, CRLF, formulas neutralised.
pub fn write(lines: &mut dyn Iterator<Item = RecordLine>, out: &mut dyn Write) -> io::Result<()> {
    out.write_all("\u{feff}".as_bytes())?;
    let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    table.write_record(COLUMNS)?;
    for line in lines {
        write_line(&mut table, &line)?;
    }
    table.flush()
}

fn write_line(table: &mut csv::Writer<&mut dyn Write>, line: &RecordLine) -> io::Result<()> {
    let number = |id: Option<u64>| id.map_or_else(String::new, |id| id.to_string());
    let codes = |wanted: fn(&ChangeLine) -> bool| {
        line.changes.iter().filter(|change| wanted(change)).map(|change| change.field.as_str()).collect::<Vec<_>>().join(" ")
    };
    let changes = line.changes.iter().map(change).collect::<Vec<_>>().join("\n");
    let fields: [&str; 11] = [
        line.entity.code(),
        &number(line.original_id),
        &line.verdict,
        &line.title,
        &number(line.portal_id),
        &line.line.to_string(),
        &line.file,
        &codes(|_| true),
        &changes,
        &codes(|change| change.lost_link),
        &notes(line),
    ];
    table.write_record(fields.iter().map(|field| cell(field).into_owned()))?;
    Ok(())
}

/// What a field holds in the file and in the portal: `STAGE_ID: Propuesta enviada → Negociación`.
fn change(change: &ChangeLine) -> String {
    format!("{}: {} → {}", change.field, sanitize(&change.file), sanitize(&change.portal))
}

/// Whatever else is known of a record, as codes: `matched_by:email; candidates:12 15; incomplete; link_ambiguous:CONTACT_ID`.
fn notes(line: &RecordLine) -> String {
    let ids = line.candidates.iter().map(u64::to_string).collect::<Vec<_>>().join(" ");
    let parents =
        line.depends_on.iter().map(|parent| format!("{}#{}", parent.entity, parent.original_id)).collect::<Vec<_>>().join(" ");
    let mut notes = Vec::new();
    notes.extend(line.reason.iter().map(|reason| format!("reason:{reason}")));
    notes.extend(line.matched_by.iter().map(|key| format!("matched_by:{key}")));
    notes.extend((!ids.is_empty()).then(|| format!("candidates:{ids}")));
    notes.extend((!parents.is_empty()).then(|| format!("depends_on:{parents}")));
    notes.extend(line.incomplete.then(|| "incomplete".to_owned()));
    notes.extend(line.notes.iter().cloned());
    notes.join("; ")
}

#[cfg(test)]
mod tests {
    use super::super::example;
    use super::*;

    fn written(lines: Vec<RecordLine>) -> String {
        let mut out = Vec::new();
        write(&mut lines.into_iter(), &mut out).expect("memory takes all");
        String::from_utf8(out).expect("it is UTF-8")
    }

    #[test]
    fn a_record_has_one_line_however_many_of_its_fields_differ() {
        insta::assert_snapshot!(written(example::few_lines()).replace('\r', "").trim_start_matches('\u{feff}'), @r#"
        entity,original_id,verdict,title,portal_id,line,file,fields,file_to_portal,lost_links,notes
        deal,9002,missing,"Licencias anuales, Grupo Alameda",,9003,deal.csv,,,,depends_on:contact#4101; label_unknown:STAGE_ID
        deal,9003,changed,Pólizas de mantenimiento 2027,9003,9004,deal.csv,STAGE_ID OPPORTUNITY CONTACT_ID,"STAGE_ID: Propuesta enviada → Negociación
        OPPORTUNITY: 120000.00 → 98500.00
        CONTACT_ID: 4101 → ",CONTACT_ID,matched_by:id
        deal,9004,restored,"Servidor de respaldo, Clínica San Ángel",12880,9005,deal.csv,,,,matched_by:twin
        contact,4102,duplicate,José Núñez Ibarra,,4103,contact.csv,,,,matched_by:email; candidates:4480 4502
        deal,,rejected,,,9006,deal.csv,,,,reason:cell_count
        "#);
    }

    #[test]
    fn no_cell_of_the_report_begins_like_a_formula() -> csv::Result<()> {
        let text = written(example::hostile_lines());
        let mut table = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let mut cells = 0;
        for record in table.records() {
            for cell in &record? {
                assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\0']), "{cell:?}");
                assert!(!cell.contains(['\u{1b}', '\u{202e}', '\0']), "{cell:?}");
                cells += 1;
            }
        }
        assert!(cells > 100);
        Ok(())
    }
}
