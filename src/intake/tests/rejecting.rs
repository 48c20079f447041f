//! Rows and files that can't be used.

use super::*;

#[test]
fn rows_that_cannot_be_used_are_rejected_with_their_reason() {
    let csv = "\"ID\";\"Título de prospecto\";\"Etapa\";\n\
               \"1\";\"uno\";\"Nuevo\";\n\
               \n\
               \"\";\"sin id\";\"Nuevo\";\n\
               \"x7\";\"malo\";\"Nuevo\";\n\
               \"0\";\"cero\";\"Nuevo\";\n\
               \"1\";\"otra vez\";\"Nuevo\";\n\
               \"5\";\"corta\";\n\
               \"6\";\"larga\";\"Nuevo\";\"más\";\n\
               \"ID\";\"Título de prospecto\";\"Etapa\";\n\
               \"7\";\"oculto\";\"oculto\";\n\
               \"8\";\"a\nb\";\"Nuevo\";\n\
               \"Total\";\"8\";\"\";\n";
    let taken = take_bytes("x.csv", csv.as_bytes(), &Schema::standard());
    let expected = [
        (4, NoId),
        (5, BadId),
        (6, BadId),
        (7, DuplicateId),
        (8, CellCount),
        (9, CellCount),
        (10, RepeatedHeader),
        (11, RejectReason::Masked),
        (14, TotalLine),
    ];
    assert_eq!(taken.rejects(), expected);
    assert_eq!((taken.survey.rows, taken.survey.rejected, taken.survey.blank), (11, 9, 1));
    assert_eq!(taken.rows.len(), 11);
    let Some(Row::Rejected(reject)) = taken.rows.iter().find(|row| matches!(row, Row::Rejected(_))) else { panic!() };
    assert_eq!((reject.text.as_str(), reject.cells.get(1)), ("\"\";\"sin id\";\"Nuevo\";", Some("sin id")));
}

#[test]
fn an_id_stands_once_over_all_files_of_a_type() {
    let schema = Schema::standard();
    let mut seen = SeenIds::default();
    let mut rejected = Vec::new();
    for _ in 0..2 {
        let written = write("lead.csv", b"ID,TITLE,STATUS_ID\n1,a,NEW\n2,b,NEW\n");
        let file = detect(&written.path, &Overrides::default()).unwrap();
        let survey = survey(&file, &schema, Keep::All, &mut seen, &Silent).unwrap();
        rejected.push(survey.rejected);
        let rows: Vec<Row> = read(&file, &survey, &schema).unwrap().flat_map(Result::unwrap).collect();
        assert_eq!(rows.iter().filter(|row| matches!(row, Row::Rejected(_))).count() as u64, survey.rejected);
    }
    assert_eq!(rejected, [0, 2]);
}

#[test]
fn requisite_lines_belong_to_the_record_above() {
    let rows: [&[&str]; 4] = [
        &["ID", "Nombre de la Compañía", "Tipo de Compañía", "Detalles: ID", "Detalles (México): RFC"],
        &["3", "Aceros", "", "1", "ANO0102034X5"],
        &["", "", "", "2", "BBB0102034X5"],
        &["4", "Otra", "", "", ""],
    ];
    let taken = take_bytes("x.csv", &export(&lines(&rows)), &portal());
    assert_eq!((taken.survey.rows, taken.survey.rejected), (2, 0));
    assert_eq!(taken.lines.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(taken.survey.names, [(OriginalId(3), vec!["aceros".to_owned()]), (OriginalId(4), vec!["otra".to_owned()])]);
}

#[test]
fn a_repeated_line_without_products_is_no_product_line() {
    let rows: [&[&str]; 5] = [
        &["ID", "Nombre de la negociación", "Ingreso", "Productos", "Precio", "Cantidad"],
        &["1", "a", "50", "", "", ""],
        &["1", "a", "50", "", "", ""],
        &["2", "b", "10", "Flete", "10", "1"],
        &["2", "b", "10", "Flete", "10", "1"],
    ];
    let taken = take_bytes("x.csv", &export(&lines(&rows)), &portal());
    assert_eq!(taken.rejects(), [(3, DuplicateId)]);
    assert_eq!((taken.value(1, "OPPORTUNITY"), taken.value(1, "PRODUCTS")), (number("50"), Some(Value::Empty)));
    assert_eq!(taken.value(2, "OPPORTUNITY"), number("20"));
}

#[test]
fn a_file_that_says_no_records_is_no_error() {
    let taken = take_bytes("x.csv", "\u{feff}Ningún prospecto".as_bytes(), &Schema::standard());
    assert!(taken.file.no_records && taken.rows.is_empty());
    assert_eq!((taken.file.entity, taken.survey.rows), (EntityType::Lead, 0));
    assert_eq!(taken.survey.problems[0].code, ProblemCode::NoRecords);
}

#[test]
fn files_that_cannot_be_read_say_why_and_what_to_do() {
    assert_eq!(refusal("x.csv", b""), "the file is empty");
    assert_eq!(refusal("x.csv", b"\xef\xbb\xbf\n \n"), "the file is empty");
    assert!(refusal("x.csv", b"hola;mundo\n1;2\n").starts_with("no header: line 1 (`hola;mundo`)"));
    let unclosed = "\"ID\";\"Etapa\";\"Título de prospecto\";\n\"1\";\"a\";\"b\";\n\"2\";\"c\nd\";\"sin fin;\n";
    assert_eq!(
        refusal("lead.csv", unclosed.as_bytes()),
        "line 4, column `Título de prospecto`: a quote opens here and isn't closed; put the missing \" behind the cell"
    );
    let dir = TempDir::new().unwrap();
    let kind = |path: &Path| detect(path, &Overrides::default()).unwrap_err().kind;
    assert!(matches!(kind(dir.path()), IntakeErrorKind::IsDirectory));
    assert!(matches!(kind(&dir.path().join("none.csv")), IntakeErrorKind::NotFound));
    let bad = Overrides { encoding: Some("klingon".into()), ..Overrides::default() };
    let written = write("x.csv", DEALS.as_bytes());
    assert!(matches!(detect(&written.path, &bad).unwrap_err().kind, IntakeErrorKind::UnknownEncoding(_)));
}

#[test]
fn a_file_that_changes_between_the_passes_is_refused() {
    let written = write("lead.csv", b"ID,TITLE,STATUS_ID\n1,a,NEW\n");
    let schema = Schema::standard();
    let file = detect(&written.path, &Overrides::default()).unwrap();
    let survey = survey(&file, &schema, Keep::All, &mut SeenIds::default(), &Silent).unwrap();
    std::fs::write(&written.path, b"ID,TITLE,STATUS_ID\n1,a,NEW\n2,b,NEW\n").unwrap();
    let last = read(&file, &survey, &schema).unwrap().last();
    assert!(matches!(last, Some(Err(IntakeError { kind: IntakeErrorKind::Changed, .. }))));
}

#[test]
fn a_file_that_shrinks_after_it_was_detected_is_refused() {
    let schema = Schema::standard();
    // Cut behind a line, and within a quoted cell.
    for rest in ["ID,TITLE\n1,a\n", "ID,TITLE\n1,\"a"] {
        let written = write("lead.csv", b"ID,TITLE\n1,a\n2,b\n");
        let file = detect(&written.path, &Overrides::default()).unwrap();
        std::fs::write(&written.path, rest).unwrap();
        let error = survey(&file, &schema, Keep::All, &mut SeenIds::default(), &Silent).unwrap_err();
        assert!(matches!(error.kind, IntakeErrorKind::Changed), "{error}");
    }
}

#[test]
fn a_line_without_end_is_cut_and_rejected() {
    let mut bytes = b"ID;Etapa;Comentario\n1;a;".to_vec();
    bytes.resize(bytes.len() + rows::LINE_BYTES_MAX + (1 << 20), b'x');
    bytes.extend(b"\n2;b;c\n");
    let taken = take_bytes("lead.csv", &bytes, &Schema::standard());
    assert_eq!(taken.rejects(), [(2, RejectReason::TooLong)]);
    assert_eq!(taken.value(2, "COMMENTS"), text("c"));
}

/// What a person is told of a file, or how many rows it has and how many of them can't be used.
fn told(name: &str, csv: &str) -> String {
    match take(&write(name, csv.as_bytes()).path, &Schema::standard(), &Overrides::default()) {
        Ok(taken) => format!("{} rows, {} rejected", taken.survey.rows, taken.survey.rejected),
        Err(error) => error.kind.to_string(),
    }
}

#[test]
fn rows_that_are_wider_than_the_header_are_read_only_where_they_stand_below_its_titles() {
    let header = "ID;Nombre de la negociación;Etapa;Ingreso;Creado;Comentario";
    let of_rows = |row: fn(u32) -> String| (1..30).fold(header.to_owned(), |csv, at| csv + "\n" + &row(at));
    // They just end with a delimiter.
    let ended = of_rows(|at| format!("{at};Mesa {at};Nuevo;10.50;{:02}/01/2024 10:00:00;hola;", at % 28 + 1));
    assert_eq!(told("deal.csv", &ended), "29 rows, 0 rejected");
    // R's names of rows, before ids; a title that is gone from the middle; and one of which nothing but the ids tells.
    let named = of_rows(|at| format!("{at};{};V {at};Nuevo;10.50;{:02}/01/2024;", at + 100, at % 28 + 1));
    let moved = of_rows(|at| format!("{at};Mesa {at};Nuevo;Ventas;10.50;{:02}/01/2024;", at % 28 + 1));
    let numbered = "ID;Nombre de la negociación;Etapa;Creado\n1;1013;Mesa;15/01/2024;\n2;1014;Silla;16/01/2024;\n";
    let bare = "ID;Nombre de la negociación;Etapa\n1;Mesa;Nuevo;\n2;Silla;Nuevo;\n";
    for (csv, titles) in [(named.as_str(), 6), (&moved, 6), (numbered, 4), (bare, 3)] {
        let says = told("deal.csv", csv);
        assert!(says.starts_with(&format!("line 1 has {titles} titles, and each row below one cell more")), "{says}\n{csv}");
    }
    // The header has the cell, too.
    assert_eq!(told("deal.csv", &bare.replacen("Etapa", "Etapa;", 1)), "2 rows, 0 rejected");
}

#[test]
fn a_second_header_of_other_columns_is_no_row_and_nothing_is_read_below_it() {
    let first = "ID;Nombre;Apellido;Cargo;Creado\n1;Ana;Luna;Gerente;10/01/2024 10:00:00\n";
    let says = "line 3 is a header, too, and of other columns than line 1: two files were put into one; split it before line 3, and give \
                both parts";
    for second in [
        "ID;Apellido;Nombre;Cargo;Creado\n2;Luna;Ana;Gerente;10/01/2024 10:00:00\n",
        "Apellido;ID;Nombre;Cargo;Creado\nLuna;2;Ana;Gerente;10/01/2024 10:00:00\n",
        "\u{feff}ID;Nombre;Apellido;Folio;Creado\n2;Ana;Luna;77;10/01/2024 10:00:00\n",
        "ID;Nombre;Apellido;Cargo;Creado;Comentario\n2;Ana;Luna;Gerente;10/01/2024 10:00:00;x\n",
        "ID;LAST_NAME;NAME;POST;DATE_CREATE\n2;Luna;Ana;Gerente;10/01/2024 10:00:00\n",
    ] {
        assert_eq!(told("contact.csv", &format!("{first}{second}")), says, "{second}");
    }
    // In another encoding, it is the same header.
    let mut joined = "ID;Nombre;Apellido;Teléfono del trabajo\n1;Peña;Luna;55\n".as_bytes().to_vec();
    joined.extend_from_slice(&encoding_rs::WINDOWS_1252.encode("ID;Nombre;Apellido;Teléfono del trabajo\n2;Ana;Luna;55\n").0);
    assert_eq!(take_bytes("contact.csv", &joined, &Schema::standard()).rejects(), [(3, BadId)]);
    let twice =
        "ID;Nombre;Apellido;Teléfono del trabajo\n1;Ana;Luna;55\nID;Nombre;Apellido;TelÃ©fono del trabajo\n2;Ana;Luna;55\n";
    assert_eq!(take_bytes("contact.csv", twice.as_bytes(), &Schema::standard()).rejects(), [(3, BadId)]);
    // The same columns under other words, and a row without an id whose cells happen to be titles.
    for second in [
        "ID;Nombre;Apellido;Cargo;Creado\n2;Ana;Luna;Gerente;10/01/2024 10:00:00\n",
        "ID;NAME;LAST_NAME;POST;DATE_CREATE\n2;Ana;Luna;Gerente;10/01/2024 10:00:00\n",
        "x2;Contacto;Cliente;Cargo;Creado\n2;Ana;Luna;Gerente;10/01/2024 10:00:00\n",
    ] {
        assert_eq!(told("contact.csv", &format!("{first}{second}")), "3 rows, 1 rejected", "{second}");
    }
    let without_ids = "Nombre;Apellido;Cargo\nAna;Luna;Gerente\nApellido;Nombre;Cargo\nRuiz;Juan;Gerente\n";
    assert_eq!(told("contact.csv", without_ids), says);
}
