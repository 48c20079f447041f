//! Delimiters, quotes, line ends and the lines above a header.

use super::*;

const LEADS: &str = "ID;Título de prospecto;Etapa\n1;Peñón;Nuevo\n2;Dos;Nuevo\n";

fn found(taken: &Taken, name: &str) -> String {
    taken.file.findings.get(name).map(|found| found.value.clone()).unwrap_or_default()
}

fn with(csv: &str, overrides: &Overrides) -> Result<Taken, String> {
    take(&write("x.csv", csv.as_bytes()).path, &Schema::standard(), overrides).map_err(|error| error.kind.to_string())
}

#[test]
fn a_wrong_delimiter_is_said_with_the_one_that_fits() {
    let said = Overrides { delimiter: Some(b','), ..Overrides::default() };
    assert_eq!(
        with(LEADS, &said).err().as_deref(),
        Some("--delimiter `,`: with it there is but one column; with `;` line 1 has 3 known titles")
    );
    assert_eq!(
        with(&LEADS.replace(';', "~"), &Overrides { delimiter: Some(b'~'), ..Overrides::default() }).unwrap().survey.rows,
        2
    );
}

#[test]
fn the_first_line_of_excel_names_the_delimiter() {
    let taken = with(&format!("sep=|\r\n{}", LEADS.replace(';', "|").replace('\n', "\r\n")), &Overrides::default()).unwrap();
    assert_eq!((taken.file.header_line, taken.survey.rows, found(&taken, "delimiter")), (2, 2, "|".to_owned()));
    assert_eq!(taken.file.findings.get("delimiter").unwrap().how, "the file's `sep=` line");
    assert!(taken.survey.problems.is_empty());
}

#[test]
fn lines_above_the_header_are_left_out_and_said() {
    let comments = "# exportado por Ana\n".repeat(30);
    let taken = with(&format!("{comments}\n{LEADS}"), &Overrides::default()).unwrap();
    assert_eq!((taken.file.header_line, taken.survey.rows), (32, 2));
    let problem = &taken.survey.problems[0];
    assert_eq!((problem.code, problem.place.line), (ProblemCode::LinesAbove, 1));
    assert_eq!(problem.text, "30 lines above the header are left out");
}

#[test]
fn line_ends_are_counted_outside_of_cells() {
    let code = |csv: &str| found(&with(csv, &Overrides::default()).unwrap(), "line_ends");
    assert_eq!(code(LEADS), "lf");
    assert_eq!(code(&LEADS.replace('\n', "\r\n")), "crlf");
    assert_eq!(code(&LEADS.replace('\n', "\r")), "cr");
    assert_eq!(code(&LEADS.replacen('\n', "\r\n", 1)), "mixed");
    assert_eq!(code(&LEADS.replace("Dos", "\"a\r\nb\rc\"")), "lf");
}

#[test]
fn quotes_of_another_kind_are_named() {
    for (open, close) in [('\'', '\''), ('“', '”')] {
        let quoted: Vec<String> = LEADS
            .lines()
            .map(|line| line.split(';').map(|cell| format!("{open}{cell}{close}")).collect::<Vec<_>>().join(";"))
            .collect();
        let says = with(&quoted.join("\n"), &Overrides::default()).err().unwrap_or_default();
        assert!(says.starts_with(&format!("line 1: the cells stand in {open} {close} instead of double quotes")), "{says}");
    }
}

#[test]
fn single_quotes_where_they_are_needed_are_named_and_apostrophes_are_text() {
    let told = |rows: &str| with(&format!("{LEADS}{rows}"), &Overrides::default());
    for rows in ["3;'O''Connor';Nuevo\n", "3;'dijo; luego';Nuevo\n"] {
        let says = told(rows).err().unwrap_or_default();
        assert!(says.starts_with("line 4: the cells stand in ' ' instead of double quotes"), "{says}");
    }
    let taken = told("3;O'Connor;Nuevo\n4;'O''Connor';Nuevo\n").unwrap();
    assert_eq!((taken.value(3, "TITLE"), taken.value(4, "TITLE")), (text("O'Connor"), text("'O''Connor'")));
    let said = Overrides { quoting: Some(Quoting::Doubled), ..Overrides::default() };
    assert_eq!(with(&format!("{LEADS}3;'O''Connor';Nuevo\n"), &said).unwrap().value(3, "TITLE"), text("'O''Connor'"));
}

#[test]
fn a_file_without_a_header_is_shown_its_first_line_and_what_to_do() {
    let says = with("1532;Ana;Nuevo;55\n1533;Luis;Nuevo;66\n", &Overrides::default()).err().unwrap_or_default();
    assert!(
        says.starts_with("no header: line 1 (`1532;Ana;Nuevo;55`) holds data") && says.contains("put a line of titles"),
        "{says}"
    );
}

#[test]
fn the_users_word_on_the_header_goes_before_what_is_seen() {
    let csv = "ID;Etapa;Título de prospecto\nclave;asunto;etapa\n7;Mesa;Nuevo\n";
    let map = [("clave", "ID"), ("asunto", "TITLE")].map(|(column, field)| (column.to_owned(), field.to_owned())).to_vec();
    let said = Overrides { header_line: Some(2), entity: Some(EntityType::Lead), map, ..Overrides::default() };
    let taken = with(csv, &said).unwrap();
    assert_eq!((taken.file.header_line, taken.survey.rows, taken.value(7, "TITLE")), (2, 1, text("Mesa")));
    let said = Overrides { header_line: Some(9), ..Overrides::default() };
    assert_eq!(
        with(csv, &said).err().as_deref(),
        Some("--header-line 9: no line begins there; the file's beginning was read up to line 3")
    );
}

#[test]
fn the_users_word_on_the_language_goes_before_what_is_seen() {
    let said = Overrides { language: TitleLanguage::parse("la"), ..Overrides::default() };
    let csv = "ID;Nombre;Apellido;Fuente\n1;Ana;Luna;Web\n";
    let file = detect(&write("contact.csv", csv.as_bytes()).path, &said).unwrap();
    assert_eq!((file.language, found_how(&file, "language")), (Some("es"), "given by --language".to_owned()));
    let said = Overrides { language: TitleLanguage::parse("codes"), entity: Some(EntityType::Lead), ..Overrides::default() };
    let file = detect(&write("x.csv", LEADS.as_bytes()).path, &said).unwrap();
    assert!(file.is_coded() && file.columns[1].code.is_none());
}

fn found_how(file: &RestoreFile, name: &str) -> String {
    file.findings.get(name).map(|found| found.how.clone()).unwrap_or_default()
}

#[test]
fn titles_are_known_in_any_case_and_with_any_spaces() {
    let taken = with(&LEADS.replace("Título de prospecto", " TÍTULO\u{a0}de  prospecto "), &Overrides::default()).unwrap();
    assert_eq!(taken.value(1, "TITLE"), text("Peñón"));
}

#[test]
fn so_many_columns_are_read_and_more_are_refused() {
    let csv = |columns: usize| {
        let titles = (3..columns).fold(String::new(), |titles, at| titles + &format!(";c{at}"));
        format!("ID;Título de prospecto;Etapa{titles}\n1;a;b{}\n2;{}\n", ";x".repeat(columns - 3), ";".repeat(1_000_000))
    };
    let taken = with(&csv(10_000), &Overrides::default()).unwrap();
    assert_eq!((taken.file.columns.len(), taken.rejects()), (10_000, vec![(3, CellCount)]));
    let says = with(&csv(header::COLUMNS_MAX + 1), &Overrides::default()).err().unwrap_or_default();
    assert!(says.starts_with("line 1 has 16385 columns"), "{says}");
}

#[test]
fn every_finding_has_its_confidence_and_what_it_was_found_by() {
    let taken = with(LEADS, &Overrides::default()).unwrap();
    for name in ["encoding", "delimiter", "quoting", "line_ends", "header", "vocabulary", "language", "entity"] {
        let found = taken.file.findings.get(name).unwrap_or_else(|| panic!("{name} is not among the findings"));
        assert!((0.0..=1.0).contains(&found.confidence) && !found.how.is_empty(), "{name} {found:?}");
    }
    assert_eq!((found(&taken, "vocabulary"), found(&taken, "entity")), ("export".to_owned(), "lead".to_owned()));
}

#[test]
fn what_is_left_of_a_mark_is_no_part_of_the_first_title() {
    let quoted = LEADS.replacen("ID", "\"ID\"", 1);
    let kept = LEADS.replacen("ID", "\"\u{feff}\"\"ID\"\"\"", 1);
    for csv in [format!("ï»¿{LEADS}"), format!("п»ї{LEADS}"), format!("\u{feff}\u{feff}{LEADS}"), format!("ï»¿{quoted}"), kept]
    {
        let taken = with(&csv, &Overrides::default()).unwrap();
        assert_eq!((taken.file.columns[0].name.as_str(), taken.survey.rejected), ("ID", 0), "{csv}");
        assert_eq!(taken.value(1, "TITLE"), text("Peñón"), "{csv}");
    }
}

#[test]
fn backslashes_are_escapes_in_cells_without_quotes_where_those_say_so() {
    let header = "ID,TITLE,STATUS_ID,COMMENTS\n";
    let read = |rows: &str| {
        let taken = take_bytes("lead.csv", format!("{header}{rows}").as_bytes(), &Schema::standard());
        assert_eq!(taken.survey.rejected, 0, "{rows}");
        (found(&taken, "quoting"), taken.value(1, "TITLE"), taken.value(1, "COMMENTS"), taken.value(2, "COMMENTS"))
    };
    let escaped = |title, first, second| ("backslash".to_owned(), text(title), text(first), text(second));
    // As Python's `csv` writes it with an `escapechar`: quotes where a delimiter or a line end needs them, or none at all.
    let rows = "1,Mesa \\\"A\\\",NEW,C:\\\\new\\\\\n2,b,NEW,\"a, \\\"b\\\"\nc\"\n";
    assert_eq!(read(rows), escaped("Mesa \"A\"", "C:\\new\\", "a, \"b\"\nc"));
    let rows = "1,Mesa \\\"A\\\",NEW,x\n2,b,NEW,C:\\\\new\n";
    assert_eq!(read(rows), escaped("Mesa \"A\"", "x", "C:\\new"));
    let rows = "1,a\\, b\\, c\\, d,NEW,uno\\\ndos\n2,b,NEW,C:\\\\new\n";
    assert_eq!(read(rows), escaped("a, b, c, d", "uno\ndos", "C:\\new"));
    // Nothing here is saved by its backslash.
    let plain = |title, first, second| ("doubled".to_owned(), text(title), text(first), text(second));
    let rows = "1,C:\\notas,NEW,D:\\\n2,b,NEW,\\\\server\\share\n";
    assert_eq!(read(rows), plain("C:\\notas", "D:\\", "\\\\server\\share"));
    let rows = "1,C:\\\\notas,NEW,x\n2,b,NEW,y\n";
    assert_eq!(read(rows), plain("C:\\\\notas", "x", "y"));
    let rows = "1,\"a \\\"b\\\", c\",NEW,C:\\notas\n2,b,NEW,\\\\server\n";
    assert_eq!(read(rows), escaped("a \"b\", c", "C:\\notas", "\\\\server"));
}
