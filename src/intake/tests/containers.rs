//! Files that hold a table without being one: archives, workbooks, pages, and what is no file at all.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use super::workbook::Cell::{Date, Empty, Error, Flag, Formula, Number, Text};
use super::workbook::{Cell, book, workbook, zipped};
use super::*;
use crate::intake::spool;

const LEADS: &str = "ID;Título de prospecto;Etapa\n1;Peñón;Nuevo\n2;Dos;Nuevo\n";

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn an_archive_of_one_file_is_read_like_the_file_whatever_its_name() {
    let plain = take_bytes("leads.csv", LEADS.as_bytes(), &Schema::standard());
    let in_mac_style: &[(&str, &[u8])] = &[("carpeta/leads.csv", LEADS.as_bytes()), ("__MACOSX/carpeta/._leads.csv", b"x")];
    for (bytes, container) in [
        (gzipped(LEADS.as_bytes()), Container::Gzip),
        ([gzipped(&LEADS.as_bytes()[..40]), gzipped(&LEADS.as_bytes()[40..])].concat(), Container::Gzip),
        (zipped(&[("../../leads.csv", LEADS.as_bytes())]), Container::Zip),
        (zipped(in_mac_style), Container::Zip),
        (
            zipped(&[(
                "leads.xlsx",
                &workbook(&[&[Text("ID"), Text("TITLE")], &[Number(1.0), Text("Peñón")], &[Number(2.0), Text("Dos")]]),
            )]),
            Container::Zip,
        ),
    ] {
        let taken = take_bytes("leads.csv", &bytes, &Schema::standard());
        assert_eq!((taken.file.container, taken.survey.rows), (Some(container), 2));
        assert_eq!(taken.value(1, "TITLE"), plain.value(1, "TITLE"));
        // What the plan seals is the file as the user has it.
        assert_eq!(taken.survey.sha256, spool::hex(&Sha256::digest(&bytes)));
    }
}

#[test]
fn an_archive_that_is_not_one_file_says_why() {
    let one = zipped(&[("a.csv", LEADS.as_bytes())]);
    let two = zipped(&[("a.csv", LEADS.as_bytes()), ("b.csv", LEADS.as_bytes())]);
    let starts = |bytes: &[u8], says: &str| assert!(refusal("x.csv", bytes).starts_with(says), "{}", refusal("x.csv", bytes));
    starts(&two, "the archive holds 2 files (a.csv, b.csv)");
    starts(&zipped(&[]), "the archive holds no file");
    starts(&zipped(&[("a.zip", &one)]), "the archive holds another archive");
    starts(&gzipped(&gzipped(LEADS.as_bytes())), "the archive holds another archive");
    starts(&gzipped(LEADS.as_bytes())[..30], "the gzip file is damaged or cut off");
    starts(&one[..one.len() - 30], "the zip file is damaged or cut off");
    starts(b"7z\xbc\xaf\x27\x1c...", "it is packed as 7z");
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.add_symlink("a.csv", "/etc/passwd", zip::write::SimpleFileOptions::default()).unwrap();
    starts(&zip.finish().unwrap().into_inner(), "the archive's only entry (`a.csv`) is a symbolic link");
}

#[test]
fn an_archive_unpacks_within_bounds_only() {
    let bomb = [b"ID;TITLE\n".as_slice(), &b"a".repeat(16 << 20)].concat();
    for bytes in [gzipped(&bomb), zipped(&[("a.csv", &bomb)])] {
        assert!(refusal("x.csv", &bytes).starts_with("it unpacks to more than 200 times"));
    }
    // A small file may be as repetitive as it likes.
    let small = [b"ID;TITLE;STATUS_ID\n".as_slice(), &b"1;aaaaaaaa;NEW\n".repeat(1 << 15)].concat();
    assert_eq!(take_bytes("lead.csv", &gzipped(&small), &Schema::standard()).survey.rows, 1 << 15);
}

#[test]
fn a_workbook_gives_its_values_and_not_what_a_sheet_shows() {
    let bytes = workbook(&[
        &[
            Text("ID"),
            Text("Título de prospecto"),
            Text("Total"),
            Text("Creado"),
            Text("Comentario"),
            Text("Disponible para todos"),
        ],
        &[Number(1.0), Text("Uno \"x\"; &amp; y"), Number(1234.5), Date(45_306.585_937_5), Text("a\nb"), Flag(true)],
        &[Number(1_500_000.0), Text("Dos"), Number(0.1 + 0.2), Date(45_306.0), Error("#N/A"), Empty],
        &[],
        &[Number(3.0), Text("Tres"), Number(123_456_789_012_345.0)],
    ]);
    let taken = take_bytes("renamed.csv", &bytes, &Schema::standard());
    assert_eq!((taken.file.container, taken.survey.rows, taken.survey.rejected), (Some(Container::Xlsx), 3, 0));
    assert_eq!(taken.value(1, "TITLE"), text("Uno \"x\"; & y"));
    assert_eq!(taken.value(1, "OPPORTUNITY"), number("1234.5"));
    assert_eq!(taken.value(1, "COMMENTS"), text("a\nb"));
    assert_eq!(taken.value(1, "DATE_CREATE"), Some(Value::Clock(datetime(2024, 1, 15, 14, 3, 45, 0))));
    assert_eq!(taken.value(1_500_000, "OPPORTUNITY"), number("0.3"));
    assert_eq!(taken.value(3, "OPPORTUNITY"), number("123456789012345"));
    assert_eq!(
        taken.file.findings.get("container").map(|found| found.how.as_str()),
        Some("sheet `Datos`, the first with titles of records of 2")
    );
    assert!(refusal("x.xlsx", &workbook(&[])).starts_with("no sheet of the workbook holds a cell"));
}

#[test]
fn what_a_workbook_has_lost_of_a_value_is_told() {
    let bytes = workbook(&[
        &[Text("ID"), Text("Título de prospecto"), Text("Total"), Text("Comentario"), Text("Móvil")],
        &[Number(1.0), Text("Uno"), Formula("10*2"), Number(12_345_678_901_234_600.0), Number(5_215_512_000_013.0)],
        &[Number(2.0), Formula("&quot;V&quot;"), Number(12.0), Number(-4_152_313_012_345_678.0), Formula("B1")],
    ]);
    let taken = take_bytes("lead.xlsx", &bytes, &Schema::standard());
    let damage =
        |columns: &[&'static str]| -> Vec<_> { columns.iter().map(|column| (ProblemCode::SpreadsheetDamage, *column)).collect() };
    assert_eq!(taken.problems(1), damage(&["Total", "Comentario"]), "a formula without a value, digits beyond the fifteenth");
    assert_eq!(taken.problems(2), damage(&["Título de prospecto", "Comentario", "Móvil"]));
    assert_eq!((taken.value(1, "OPPORTUNITY"), taken.value(1, "COMMENTS"), taken.value(2, "PHONE_MOBILE")), (None, None, None));
    assert_eq!((taken.value(1, "PHONE_MOBILE"), taken.value(2, "OPPORTUNITY")), (list(&["5215512000013"]), number("12")));
}

#[test]
fn the_sheet_with_records_is_read_and_further_ones_are_named() {
    let notes: &[&[Cell]] = &[&[Text("Nota"), Text("Solo para el equipo")]];
    let leads: &[&[Cell]] = &[&[Text("ID"), Text("Título de prospecto")], &[Number(1.0), Text("Uno")]];
    let deals: &[&[Cell]] = &[&[Text("ID"), Text("Nombre de la negociación")], &[Number(7.0), Text("Siete")]];
    let taken = take_bytes("x.xlsx", &book(&[("Notas", notes), ("Prospectos", leads)]), &Schema::standard());
    assert_eq!((taken.value(1, "TITLE"), taken.survey.problems.len()), (text("Uno"), 0));

    let all = book(&[("Notas", notes), ("Prospectos", leads), ("Negocios", deals)]);
    let taken = take_bytes("x.xlsx", &all, &Schema::standard());
    assert_eq!((taken.file.entity, taken.survey.rows), (EntityType::Lead, 1));
    let told: Vec<_> = taken.survey.problems.iter().map(|problem| (problem.code, problem.text.as_str())).collect();
    assert_eq!(told, [(ProblemCode::OtherSheets, "Negocios")]);
}

#[test]
fn a_row_of_a_workbook_has_the_number_that_excel_shows() {
    let bytes = workbook(&[
        &[Text("ID"), Text("Título de prospecto"), Text("Comentario")],
        &[Number(1.0), Text("Uno"), Text("a\nb\nc")],
        &[],
        &[Text("x"), Text("Dos"), Text("d\r\ne")],
    ]);
    let taken = take_bytes("x.xlsx", &bytes, &Schema::standard());
    assert_eq!(taken.rejects(), [(4, BadId)]);
    assert_eq!(taken.value(1, "COMMENTS"), text("a\nb\nc"));
    assert_eq!(taken.survey.findings.get("line_ends"), None);
}

#[test]
fn the_page_that_export_to_excel_makes_is_read() {
    let page = "<html><head><meta http-equiv=\"Content-Type\" content=\"text/html; charset=windows-1252\"><style>td { x }</style></head>\
        <body><table border=\"1\"><thead><tr><th>ID</th><th>T&iacute;tulo de prospecto</th><th>Etapa</th><th>Comentario</th></tr></thead>\
        <tr><td>1</td><td>Peñón &amp; <b>Cía</b> &#233;</td><td>a < b</td><td>uno<br />\r\ndos\ntres</td></tr>\
        <!-- <td>no</td> --><tr><td>2</td><td colspan=\"2\">Dos</td><td>&nbsp;</td></tr><tr><td>3</td><td>Tres</td></tr></table></body></html>";
    let bytes = encoding_rs::WINDOWS_1252.encode(page).0;
    let taken = take_bytes("leads.xls", &bytes, &Schema::standard());
    assert_eq!((taken.file.container, taken.file.encoding), (Some(Container::Html), "windows-1252"));
    assert_eq!((taken.survey.rows, taken.survey.rejected), (3, 0));
    assert_eq!(taken.value(1, "TITLE"), text("Peñón & Cía é"));
    assert_eq!(taken.value(1, "COMMENTS"), text("uno\ndos\ntres"));
    assert_eq!(taken.value(2, "COMMENTS"), Some(Value::Empty));
    assert!(
        refusal("leads.xls", b"<!DOCTYPE html><html><body>Log in</body></html>").starts_with("it is a web page without a table")
    );
}

#[test]
fn what_is_no_table_is_named() {
    for (bytes, says) in [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1........".as_slice(), "it is a binary Excel workbook (.xls)"),
        (b"%PDF-1.7", "it is a PDF, no CSV"),
        (b"ID;PWXL;N;E\r\nP;PGeneral\r\nC;Y1;X1;K\"ID\"\r\n", "it is a SYLK file (.slk), no CSV"),
        (b"TABLE\r\n0,1\r\n\"EXCEL\"\r\n", "it is a DIF file (.dif), no CSV"),
        (
            b"<?xml version=\"1.0\"?>\n<office:document office:mimetype=\"application/vnd.oasis.opendocument.spreadsheet\">",
            "it is an OpenDocument file (.fods), no CSV",
        ),
        (b"{\"result\": [{\"ID\": \"1\"}]}", "it is a JSON file, no CSV"),
        (b"\xef\xbb\xbf[\n  {\"ID\": \"1\"}\n]", "it is a JSON file, no CSV"),
        (&[0; 3000], "it holds nothing but zero bytes"),
        (b"I\0\0\0D\0\0\0;\0\0\0T\0\0\0", "it is in UTF-32"),
        (b"\xff\xfe\0\0I\0\0\0", "it is in UTF-32"),
    ] {
        assert!(refusal("x.csv", bytes).starts_with(says), "{}", refusal("x.csv", bytes));
    }
}

#[test]
fn a_header_that_begins_as_another_format_does_is_a_header() {
    let taken = take_bytes("deal.csv", b"ID;Pipeline;Etapa;Ingreso\n1;Ventas;Nuevo;5\n", &Schema::standard());
    assert_eq!((taken.survey.rows, taken.survey.rejected), (1, 0));
}

#[cfg(unix)]
#[test]
fn devices_sockets_and_circles_are_refused_at_once() {
    let kind = |path: &Path| detect(path, &Overrides::default()).unwrap_err().kind;
    let dir = TempDir::new().unwrap();
    assert!(matches!(kind(Path::new("/dev/zero")), IntakeErrorKind::NoFile));
    let socket = dir.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    assert!(matches!(kind(&socket), IntakeErrorKind::NoFile));
    let (one, other) = (dir.path().join("one.csv"), dir.path().join("other.csv"));
    std::os::unix::fs::symlink(&one, &other).unwrap();
    std::os::unix::fs::symlink(&other, &one).unwrap();
    assert!(matches!(kind(&one), IntakeErrorKind::LinkCircle));
}
