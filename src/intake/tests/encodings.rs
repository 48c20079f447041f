//! Files in every encoding, and files whose letters have met with an accident.

use super::*;

const SPANISH: &str = "ID;Título de prospecto;Etapa;Comentario\n1;Peñón;Señal;mañana\n2;Ampliación;Nuevo;sí\n";
const RUSSIAN: &str = "ID;Стадия;Название лида;Комментарий\n1;Новый;Поставка досок;Ёлки зелёные\n2;Новый;Гвозди;да\n";

fn inspected(name: &str, bytes: &[u8]) -> (Taken, Vec<&'static str>) {
    let taken = take_bytes(name, bytes, &Schema::standard());
    let codes = taken.survey.problems.iter().map(|problem| problem.code.code()).collect();
    (taken, codes)
}

#[test]
fn a_file_says_the_same_in_every_encoding() {
    let wide = |text: &str, bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    for (text, encodings) in
        [(SPANISH, &["windows-1252"][..]), (RUSSIAN, &["windows-1251", "KOI8-R", "IBM866", "ISO-8859-5", "x-mac-cyrillic"][..])]
    {
        let plain = take_bytes("x.csv", text.as_bytes(), &Schema::standard());
        let mut files: Vec<(Vec<u8>, &str)> = vec![
            ([b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat(), "UTF-8"),
            (wide(text, u16::to_le_bytes), "UTF-16LE"),
            (wide(text, u16::to_be_bytes), "UTF-16BE"),
            (wide(&format!("\u{feff}{text}"), u16::to_le_bytes), "UTF-16LE"),
            (wide(&format!("\u{feff}{text}"), u16::to_be_bytes), "UTF-16BE"),
        ];
        for label in encodings {
            let codec = encoding_rs::Encoding::for_label(label.as_bytes()).unwrap();
            files.push((codec.encode(text).0.into_owned(), codec.name()));
        }
        for (bytes, encoding) in files {
            let taken = take_bytes("x.csv", &bytes, &Schema::standard());
            assert_eq!(taken.file.encoding, encoding);
            assert_eq!((taken.record(1).0, taken.record(2).0), (plain.record(1).0, plain.record(2).0), "{encoding}");
            let found = taken.file.findings.get("encoding").unwrap();
            assert!(found.confidence >= 0.9 && !found.how.is_empty(), "{encoding} {found:?}");
        }
    }
}

#[test]
fn iso_8859_1_is_windows_1252_by_another_name() {
    let bytes = encoding_rs::WINDOWS_1252.encode(SPANISH).0.into_owned();
    let overrides = Overrides { encoding: Some("ISO-8859-1".into()), ..Overrides::default() };
    let taken = take(&write("x.csv", &bytes).path, &Schema::standard(), &overrides).unwrap();
    assert_eq!((taken.file.encoding, taken.value(1, "TITLE")), ("windows-1252", text("Peñón")));
}

#[test]
fn a_spoilt_byte_is_told_with_its_line_and_the_rest_is_read() {
    let at = SPANISH.find("Ampliación").unwrap();
    let bytes = [&SPANISH.as_bytes()[..at], b"\xff", &SPANISH.as_bytes()[at..]].concat();
    let (taken, codes) = inspected("x.csv", &bytes);
    assert_eq!((taken.file.encoding, codes.as_slice()), ("UTF-8", ["bad_bytes"].as_slice()));
    assert_eq!(taken.survey.problems[0].place.line, 3);
    assert!(taken.file.findings.get("encoding").unwrap().how.ends_with(&format!("at byte {at}")));
    assert_eq!(taken.value(1, "TITLE"), text("Peñón"));
}

#[test]
fn two_encodings_in_one_file_are_said() {
    let mut bytes = RUSSIAN.as_bytes().to_vec();
    bytes.extend_from_slice(&encoding_rs::WINDOWS_1251.encode("3;Новый;Доски;Брус\n4;Новый;Кирпич;да\n").0);
    let (taken, codes) = inspected("x.csv", &bytes);
    assert_eq!(taken.value(1, "TITLE"), text("Поставка досок"));
    assert!(codes.contains(&"mixed_encodings") && codes.contains(&"bad_bytes"), "{codes:?}");
}

#[test]
fn text_that_was_encoded_twice_is_named_and_its_header_understood() {
    let twice = encoding_rs::WINDOWS_1252.decode_without_bom_handling(SPANISH.as_bytes()).0.into_owned();
    let (taken, codes) = inspected("x.csv", twice.as_bytes());
    assert_eq!(codes, ["mojibake"]);
    assert_eq!(taken.file.columns[1].code.as_ref().map(ToString::to_string).as_deref(), Some("TITLE"));
    assert!(taken.survey.problems[0].text.contains("was `Título`"), "{:?}", taken.survey.problems);
}

#[test]
fn a_column_that_was_encoded_twice_is_read_as_it_was() {
    let twice = encoding_rs::WINDOWS_1252.decode_without_bom_handling(SPANISH.as_bytes()).0.into_owned();
    let (taken, _) = inspected("x.csv", twice.as_bytes());
    assert_eq!((taken.value(1, "TITLE"), taken.value(2, "COMMENTS")), (text("Peñón"), text("sí")));
    assert!(taken.problems(1).is_empty() && taken.problems(2).is_empty());

    let column = SPANISH.replace("Peñón", "PeÃ±Ã³n").replace("Ampliación", "AmpliaciÃ³n");
    let (taken, codes) = inspected("x.csv", column.as_bytes());
    assert_eq!((taken.value(1, "TITLE"), taken.value(1, "COMMENTS")), (text("Peñón"), text("mañana")));
    assert_eq!(codes, ["mojibake"]);
    assert_eq!(taken.survey.problems[0].place.column.as_deref(), Some("Título de prospecto"));
}

#[test]
fn a_cell_that_alone_was_encoded_twice_is_left_out_and_named() {
    let cell = SPANISH.replace("Peñón", "PeÃ±Ã³n");
    let (taken, codes) = inspected("x.csv", cell.as_bytes());
    assert_eq!((taken.value(1, "TITLE"), taken.value(2, "TITLE")), (None, text("Ampliación")));
    assert_eq!((taken.problems(1), codes), (vec![(ProblemCode::Mojibake, "Título de prospecto")], vec![]));
}

#[test]
fn a_cell_with_letters_that_cannot_be_read_is_left_out_and_named() {
    let at = SPANISH.find("ñón").unwrap();
    let bytes = [&SPANISH.as_bytes()[..at], b"\xf1\xf3", &SPANISH.as_bytes()[at + 4..]].concat();
    let (taken, codes) = inspected("x.csv", &bytes);
    assert_eq!((taken.value(1, "TITLE"), taken.value(1, "COMMENTS")), (None, text("mañana")));
    assert_eq!((taken.problems(1), codes), (vec![(ProblemCode::BadBytes, "Título de prospecto")], vec!["bad_bytes"]));
    let told = &taken.survey.problems[0].text;
    assert_eq!(told, &format!("2 byte sequences are no UTF-8, at bytes {at}, {}", at + 1));
    // Another program may have read it before this one did.
    let (taken, _) = inspected("x.csv", SPANISH.replace("Peñón", "Pe\u{fffd}\u{fffd}n").as_bytes());
    assert_eq!((taken.value(1, "TITLE"), taken.problems(1)), (None, vec![(ProblemCode::BadBytes, "Título de prospecto")]));
}

#[test]
fn zeros_and_marks_within_a_file_are_told_with_line_and_byte() {
    let damaged = SPANISH.replace("Señal", "Se\0ñal");
    let (taken, codes) = inspected("x.csv", damaged.as_bytes());
    assert_eq!((taken.survey.rows, codes), (2, vec!["nul_bytes"]));
    let problem = &taken.survey.problems[0];
    assert_eq!(problem.place.line, 2);
    assert!(problem.text.ends_with(&format!("at byte {}", damaged.find('\0').unwrap())), "{}", problem.text);

    let joined = format!("\u{feff}{SPANISH}\u{feff}{}", SPANISH.replace("\n1;", "\n3;").replace("\n2;", "\n4;"));
    let (taken, codes) = inspected("x.csv", joined.as_bytes());
    assert_eq!((taken.survey.rows, taken.rejects()), (5, vec![(4, RepeatedHeader)]));
    assert_eq!(codes, ["inner_mark"]);
    assert_eq!(taken.survey.problems[0].place.line, 4);
}

#[test]
fn a_ctrl_z_at_the_end_is_no_row() {
    let (taken, codes) = inspected("x.csv", format!("{SPANISH}\u{1a}").as_bytes());
    assert_eq!((taken.survey.rows, taken.survey.rejected, codes), (2, 0, vec!["blank_line"]));
}
