//! What a file is.

use super::*;
use crate::intake::columns::export_title;

#[test]
fn every_export_header_finds_its_type_and_language() {
    for entity in EntityType::ALL {
        for language in ["es", "en", "ru"] {
            let codes: Vec<&str> = titles()
                .iter()
                .filter(|title| title.entity == entity && title.language == language && title.vocabulary == Vocabulary::Export)
                .map(|title| title.code.as_str())
                .collect();
            let names: Vec<String> =
                codes.iter().filter_map(|code| export_title(entity, code, language)).map(str::to_owned).collect();
            let written = write("migracion.csv", &export(&[names]));
            let file = detect(&written.path, &Overrides::default()).unwrap();
            assert_eq!((file.entity, file.language), (entity, Some(language)), "{}", file.entity_how);
        }
    }
}

#[test]
fn the_file_name_decides_only_where_titles_do_not() {
    let bytes = export(&lines(&[&["ID", "Nombre", "Apellido"], &["1", "Ana", "Luna"]]));
    assert_eq!(take_bytes("CONTACT_20240115_7c1e09ab_65a4f0e1c2d3e.csv", &bytes, &portal()).file.entity, EntityType::Contact);
    assert_eq!(take_bytes("prospectos marzo.csv", &bytes, &portal()).file.entity, EntityType::Lead);
    assert_eq!(refusal("datos.csv", &bytes), "line 1: these titles fit contact, lead; say which with --entity");
    assert_eq!(take_bytes("leads.csv", DEALS.as_bytes(), &portal()).file.entity, EntityType::Deal);
}

#[test]
fn encodings_delimiters_and_line_ends_make_no_difference() {
    let rows =
        lines(&[&["ID", "Título de prospecto", "Etapa", "Compañía"], &["1", "Ampliación; \"B\", C|D", "Señal", "Peñón\tX"]]);
    let mut rows = rows;
    rows[0][3] = "Nombre de la Compañía".to_owned();
    let expected = take_bytes("x.csv", &export(&rows), &Schema::standard()).record(1).0.clone();
    for delimiter in [";", ",", "\t", "|"] {
        for line_end in ["\n", "\r\n", "\r"] {
            let csv: String = rows
                .iter()
                .map(|row| {
                    row.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect::<Vec<_>>().join(delimiter)
                        + line_end
                })
                .collect();
            let wide: Vec<u8> = std::iter::once(0xFEFF).chain(csv.encode_utf16()).flat_map(u16::to_le_bytes).collect();
            let western = encoding_rs::WINDOWS_1252.encode(&csv).0.into_owned();
            for (bytes, encoding) in [(csv.as_bytes(), "UTF-8"), (&wide, "UTF-16LE"), (&western, "windows-1252")] {
                let taken = take_bytes("x.csv", bytes, &Schema::standard());
                assert_eq!(taken.file.encoding, encoding);
                assert_eq!(taken.record(1).0, &expected, "{delimiter:?} {line_end:?} {encoding}");
            }
        }
    }
}

#[test]
fn a_russian_file_of_an_old_portal_is_read() {
    let csv = "ID;Стадия сделки;Название сделки;Сумма;Сделка закрыта\n1;Новая;Поставка;\"1 500,00\";да\n";
    let taken = take_bytes("x.csv", &encoding_rs::WINDOWS_1251.encode(csv).0, &Schema::standard());
    assert_eq!((taken.file.encoding, taken.file.language, taken.file.entity), ("windows-1251", Some("ru"), EntityType::Deal));
    assert_eq!((taken.value(1, "OPPORTUNITY"), taken.value(1, "CLOSED")), (number("1500.00"), Some(Value::Flag(true))));
}

#[test]
fn a_column_is_mapped_by_hand() {
    let csv = "ID;Título de prospecto;Mi columna;Etapa\n1;a;b;c\n";
    let map = vec![("Mi columna".to_owned(), "COMMENTS".to_owned()), ("No está".to_owned(), "POST".to_owned())];
    let taken =
        take(&write("x.csv", csv.as_bytes()).path, &Schema::standard(), &Overrides { map, ..Overrides::default() }).unwrap();
    assert_eq!(taken.value(1, "COMMENTS"), text("b"));
    assert_eq!(taken.file.columns[2].how, "given by --map");
}

#[test]
fn an_inspection_tells_columns_and_problems() {
    let csv = "ID;Título de prospecto;Total;Fecha de nacimiento;Raro\n1;a;doce;1990-05-06;x\n";
    let written = write("x.csv", csv.as_bytes());
    let taken = take(&written.path, &Schema::standard(), &Overrides::default()).unwrap();
    let inspection = inspect(&taken.file, &taken.survey, &Schema::standard()).unwrap();
    let json = serde_json::to_value(&inspection).unwrap();
    assert_eq!(
        json["columns"][2],
        serde_json::json!({"name": "Total", "field": "OPPORTUNITY", "type": "double", "how": "export title (es)", "samples": ["doce"]})
    );
    assert_eq!(json["problems"][0], serde_json::json!({"line": 2, "column": "Total", "code": "bad_number", "text": "doce"}));
    assert_eq!((&json["unmapped"], &json["delimiter"], &json["bom"]), (&serde_json::json!(["Raro"]), &";".into(), &false.into()));
}

#[test]
fn dates_of_low_days_follow_the_ids() {
    let order = |language_first: bool| {
        let days = [5, 3, 9, 1, 12, 2, 11, 4, 10, 6, 8, 7];
        let rows = days.iter().enumerate().map(|(at, day)| {
            let (first, second) = if language_first { (*day, at + 1) } else { (at + 1, *day) };
            format!("{};a;Nuevo;{first:02}/{second:02}/2024 10:00:00\n", at + 1)
        });
        let csv = format!("ID;Título de prospecto;Etapa;Creado\n{}", rows.collect::<String>());
        let survey = take_bytes("x.csv", csv.as_bytes(), &Schema::standard()).survey;
        assert!(survey.problems.iter().any(|problem| problem.code == ProblemCode::DateOrderUnsure));
        (survey.conventions.date_order, survey.date_order_sure)
    };
    assert_eq!((order(true), order(false)), ((DateOrder::Dmy, false), (DateOrder::Mdy, false)));
}

#[test]
fn a_header_may_stand_below_other_lines() {
    let csv = "sep=;\nID;Título de prospecto;Etapa\n1;Cliente;Total\n";
    let taken = take_bytes("x.csv", csv.as_bytes(), &Schema::standard());
    assert_eq!((taken.file.header_line, taken.file.dialect.delimiter, taken.survey.rows), (2, b';', 1));
    assert_eq!(taken.value(1, "TITLE"), text("Cliente"));
    assert!(refusal("x.csv", b"1;Cliente;Nuevo\n2;Cliente;Nuevo\n").contains("holds data and no column titles"));
}

#[test]
fn a_margin_without_title_and_text_is_no_column_that_anybody_misses() {
    let csv = ";;ID;Título de prospecto;Etapa;\n;;1;a;Nuevo;\n;;2;b;Nuevo;\n";
    assert_eq!(take_bytes("x.csv", csv.as_bytes(), &Schema::standard()).survey.unmapped, Vec::<String>::new());
    let csv = ";;ID;Título de prospecto;Etapa\n;;1;a;Nuevo\n;nota;2;b;Nuevo\n";
    assert_eq!(take_bytes("x.csv", csv.as_bytes(), &Schema::standard()).survey.unmapped, [""]);
}

#[test]
fn a_title_of_two_fields_that_nothing_tells_apart_says_so() {
    let how = |header: &str| {
        let csv = format!("{header}\n1;a;1;b;c\n");
        let file = detect(&write("x.csv", csv.as_bytes()).path, &Overrides::default()).unwrap();
        file.columns.into_iter().find(|column| column.name == "Descripción").unwrap().how
    };
    assert_eq!(how("ID;Título;Oportunidad;Estado;Descripción"), "import title (es)");
    assert_eq!(
        how("ID;Título;Oportunidad;Descripción;Estado"),
        "import title (es); STATUS_DESCRIPTION has this title, too: say which with --map"
    );
}

#[test]
fn a_word_of_three_letters_makes_no_encoding_certain() {
    let sure = |title: &str| {
        let csv = format!("ID;TITLE;STAGE_ID\n1;{title};NEW\n");
        let file = detect(&write("x.csv", &encoding_rs::KOI8_R.encode(&csv).0).path, &Overrides::default()).unwrap();
        (file.encoding, file.findings.get("encoding").unwrap().confidence)
    };
    let (short, long) = (sure("Мир"), sure("Поставка металлических изделий для завода"));
    assert_eq!((short.0, long.0), ("KOI8-R", "KOI8-R"));
    assert!(short.1 < 0.6 && long.1 > 0.9, "{} {}", short.1, long.1);
}
