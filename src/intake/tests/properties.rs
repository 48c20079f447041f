//! What holds for every file.

use proptest::prelude::*;

use super::*;

fn cell() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => "[a-zñЖ0-9 ]{0,6}",
        1 => proptest::sample::select(vec!["\"", ";", "\n", "\r\n", ",", "\"\"", "\u{a0}", "😀", "|", "\t"]).prop_map(str::to_owned),
    ];
    // An `x` at both ends: white space around a text is the file's own, but a cell of nothing else is empty.
    proptest::collection::vec(piece, 0..6).prop_map(|pieces| format!("x{}x", pieces.concat()))
}

proptest! {
    #[test]
    fn an_export_with_hostile_cells_comes_back_as_it_was_written(cells in proptest::collection::vec((cell(), cell()), 1..12)) {
        let mut rows = lines(&[&["ID", "Título de prospecto", "Comentario"]]);
        rows.extend(cells.iter().enumerate().map(|(at, (title, comment))| vec![(at + 1).to_string(), title.clone(), comment.clone()]));
        let taken = take_bytes("x.csv", &export(&rows), &Schema::standard());
        prop_assert_eq!(taken.survey.rows, cells.len() as u64);
        for (at, (title, comment)) in cells.iter().enumerate() {
            let id = at as u64 + 1;
            prop_assert_eq!(taken.value(id, "TITLE"), text(title));
            prop_assert_eq!(taken.value(id, "COMMENTS"), text(comment));
        }
    }

    #[test]
    fn no_bytes_make_it_fail_otherwise_than_by_an_error_and_every_row_is_counted(
        pieces in proptest::collection::vec(prop_oneof![
            3 => proptest::sample::select(vec!["1", "2", ";", "\"", "\n", "\r\n", "oculto", "Total", "ID", "[1]", "[\"a\"]", "15/01/2024", "1,5", "$", "ñ", " "]).prop_map(|text| text.as_bytes().to_vec()),
            1 => proptest::collection::vec(any::<u8>(), 0..4),
        ], 0..60),
        header in proptest::sample::select(vec![
            "ID;Nombre de la negociación;Etapa;Ingreso;Creado;Productos;Precio;Cantidad;Límite;Colores;Detalles: ID\n",
            "ID;TITLE;STAGE_ID;OPPORTUNITY;DATE_CREATE;CONTACT_IDS;OBSERVERS;CLOSED;UF_CRM_COLORS;UF_CRM_LIMIT;\n",
            "\u{feff}",
        ]),
    ) {
        let bytes = [header.as_bytes(), &pieces.concat()].concat();
        if let Ok(taken) = take(&write("deal.csv", &bytes).path, &portal(), &Overrides::default()) {
            let rejected = taken.rejects().len() as u64;
            prop_assert_eq!((taken.rows.len() as u64, rejected), (taken.survey.rows, taken.survey.rejected));
        }
    }

    #[test]
    fn lines_are_those_that_the_csv_crate_reads(
        pieces in proptest::collection::vec(proptest::sample::select(vec!["a", "ñ", "\"", ";", "\n", "\r\n", "\"\"", "\";\"", "x"]), 0..60),
    ) {
        let mut bytes = pieces.concat().into_bytes();
        if split(&bytes, 7).1 {
            bytes.push(b'"');
        }
        let (lines, _) = split(&bytes, 7);
        let mut reader = csv::ReaderBuilder::new().delimiter(b';').has_headers(false).flexible(true).from_reader(bytes.as_slice());
        let theirs: Vec<Vec<String>> = reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect();
        // `csv` drops empty lines.
        let ours: Vec<Vec<String>> = lines.into_iter().filter(|line| !line.raw.is_empty()).map(|line| line.cells.into()).collect();
        prop_assert_eq!(ours, theirs);
    }
}

/// The lines of UTF-8 with semicolons, and whether a quote is left open.
fn split(bytes: &[u8], block: usize) -> (Vec<rows::Line>, bool) {
    fuzzing::split(bytes, encoding_rs::UTF_8, Dialect::new(b';'), block)
}
