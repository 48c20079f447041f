//! The room as a whole: files in, rows out. The files are written by a small writer of this module's own, as Bitrix24's templates do.

use std::path::{Path, PathBuf};

use jiff::civil::{date, datetime};
use proptest::prelude::*;
use rust_decimal::Decimal;
use tempfile::TempDir;

use super::columns::export_title;
use super::*;
use crate::event::Silent;
use crate::model::RejectReason::{BadId, CellCount, DuplicateId, NoId, RepeatedHeader, TotalLine};
use crate::model::{
    Currency, EntityType, Entry, FieldDef, FieldType, FileRecord, OriginalId, Pipeline, Problem, ProblemCode, ProductRow,
    RejectReason, Row, Schema, User, UserId, Value, standard_field,
};

/// A list export, as the portal's own template writes it: BOM, every cell quoted, `;` behind each, LF (csv 2).
fn export(lines: &[Vec<String>]) -> Vec<u8> {
    let mut text = String::from("\u{feff}");
    for line in lines {
        for cell in line {
            text.extend(["\"", &cell.replace('"', "\"\""), "\";"]);
        }
        text.push('\n');
    }
    text.into_bytes()
}

fn lines(rows: &[&[&str]]) -> Vec<Vec<String>> {
    rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect()
}

/// A file in a directory of its own.
struct Written {
    _dir: TempDir,
    path: PathBuf,
}

fn write(name: &str, bytes: &[u8]) -> Written {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    Written { _dir: dir, path }
}

/// Everything that comes of a file.
struct Taken {
    file: RestoreFile,
    survey: Survey,
    rows: Vec<Row>,
}

fn take(path: &Path, schema: &Schema, overrides: &Overrides) -> Result<Taken, IntakeError> {
    let file = detect(path, overrides)?;
    let survey = survey(&file, schema, &mut SeenIds::default(), &Silent)?;
    let chunks: Result<Vec<Vec<Row>>, IntakeError> = read(&file, &survey, schema)?.collect();
    let rows = chunks?.into_iter().flatten().collect();
    Ok(Taken { file, survey, rows })
}

fn take_bytes(name: &str, bytes: &[u8], schema: &Schema) -> Taken {
    take(&write(name, bytes).path, schema, &Overrides::default()).unwrap()
}

/// The error of a file, with its cause, as a person would read it.
fn refusal(name: &str, bytes: &[u8]) -> String {
    match take(&write(name, bytes).path, &Schema::standard(), &Overrides::default()) {
        Ok(_) => "read".to_owned(),
        Err(error) => error.kind.to_string(),
    }
}

impl Taken {
    fn record(&self, id: u64) -> (&FileRecord, &[Problem]) {
        let found = self.rows.iter().find_map(|row| match row {
            Row::Record { record, problems, .. } if record.id == OriginalId(id) => Some((record, problems.as_slice())),
            _ => None,
        });
        found.unwrap_or_else(|| panic!("no record {id} in {:#?}", self.rows))
    }

    fn value(&self, id: u64, code: &str) -> Option<Value> {
        self.record(id).0.get(code).cloned()
    }

    fn problems(&self, id: u64) -> Vec<(ProblemCode, &str)> {
        self.record(id).1.iter().map(|problem| (problem.code, problem.place.column.as_deref().unwrap_or_default())).collect()
    }

    fn rejects(&self) -> Vec<(u64, RejectReason)> {
        let reject = |row: &Row| if let Row::Rejected(reject) = row { Some((reject.place.line, reject.reason)) } else { None };
        self.rows.iter().filter_map(reject).collect()
    }
}

#[expect(clippy::unnecessary_wraps, reason = "a value as `Taken::value` gives it")]
fn text(text: &str) -> Option<Value> {
    Some(Value::Text(text.to_owned()))
}

#[expect(clippy::unnecessary_wraps, reason = "a value as `Taken::value` gives it")]
fn code(code: &str) -> Option<Value> {
    Some(Value::Code(code.to_owned()))
}

#[expect(clippy::unnecessary_wraps, reason = "a value as `Taken::value` gives it")]
fn number(number: &str) -> Option<Value> {
    Some(Value::Number(number.parse().unwrap()))
}

#[expect(clippy::unnecessary_wraps, reason = "a value as `Taken::value` gives it")]
fn list(texts: &[&str]) -> Option<Value> {
    Some(Value::List(texts.iter().map(|text| Value::Text((*text).to_owned())).collect()))
}

/// A portal in Spanish with two pipelines whose stages share names.
fn portal() -> Schema {
    let mut schema = Schema::standard();
    let entries = |entries: &[(&str, &str)]| {
        entries
            .iter()
            .map(|(code, name)| Entry { code: (*code).into(), name: (*name).into(), semantics: String::new() })
            .collect()
    };
    schema
        .directories
        .insert("STATUS".into(), entries(&[("NEW", "Sin asignar"), ("IN_PROCESS", "En Progreso"), ("CONVERTED", "Convertido")]));
    schema.directories.insert("SOURCE".into(), entries(&[("CALL", "Llamada"), ("WEB", "Sitio Web")]));
    schema.directories.insert("HONORIFIC".into(), entries(&[("HNR_LA_1", "Sr."), ("HNR_LA_2", "Sra.")]));
    schema
        .directories
        .insert("DEAL_STAGE".into(), entries(&[("NEW", "Nuevo"), ("QUOTE", "Cotización enviada"), ("WON", "Ganada")]));
    schema.directories.insert("DEAL_STAGE_3".into(), entries(&[("C3:NEW", "Nuevo"), ("C3:DEMO", "Demostración")]));
    schema.pipelines = vec![Pipeline { id: 0, name: "Ventas".into() }, Pipeline { id: 3, name: "Servicio".into() }];
    schema.currencies = vec![
        Currency { code: "MXN".into(), name: "Peso Mexicano".into(), base: true },
        Currency { code: "USD".into(), name: "Dólar US".into(), base: false },
    ];
    let user = |id, name: &str, last: &str| User {
        id: UserId(id),
        name: name.into(),
        second_name: String::new(),
        last_name: last.into(),
        login: String::new(),
        active: true,
    };
    schema.users = vec![user(1, "Ana", "Pérez Luna"), user(7, "Juan", "Ruiz"), user(8, "Juan", "Ruiz")];
    for (code, label, kind, multiple, items) in [
        ("UF_CRM_RFC", "RFC", FieldType::Text, false, &[][..]),
        ("UF_CRM_BANK", "Banco de Cobro", FieldType::Enumeration, false, &[("31", "BBVA"), ("32", "Banorte")][..]),
        ("UF_CRM_COLORS", "Colores", FieldType::Enumeration, true, &[("41", "Rojo"), ("42", "Rojo, claro")][..]),
        ("UF_CRM_RD", "R&D \"x\"", FieldType::Flag, false, &[][..]),
        ("UF_CRM_FV1", "Fecha de la Venta", FieldType::Date, false, &[][..]),
        ("UF_CRM_FV2", "Fecha De la Venta", FieldType::Moment, false, &[][..]),
        ("UF_CRM_LIMIT", "Límite", FieldType::Money, false, &[][..]),
    ] {
        let mut def = FieldDef::from(standard_field(EntityType::Deal, "COMMENTS").unwrap());
        (def.code, def.kind, def.multiple, def.labels) = (code.into(), kind, multiple, vec![label.to_owned()]);
        def.items = items.iter().map(|(id, label)| ((*id).to_owned(), (*label).to_owned())).collect();
        for fields in schema.fields.values_mut() {
            fields.push(def.clone());
        }
    }
    schema
}

/// The example of csv 11: a Spanish portal's deals, products exported.
const DEALS: &str = "\u{feff}\"ID\";\"Pipeline\";\"Etapa\";\"Responsable\";\"Nombre de la negociación\";\"Origen\";\"Ingreso\";\"Moneda\";\"Compañía\";\"Contacto\";\"Cerrado\";\"Creado\";\"Fecha de cierre\";\"Productos\";\"Precio\";\"Cantidad\";\"Comentario\";\"RFC\";
\"1532\";\"Ventas\";\"Cotización enviada\";\"Ana Pérez Luna\";\"Tarimas \"\"estándar\"\" Monterrey\";\"Sitio Web\";\"4500\";\"Peso Mexicano\";\"Aceros del Norte, S.A. de C.V.\";\"Sr. Luis Gómez\";\"no\";\"15/01/2024 03:04:05 pm\";\"28/02/2024\";\"Tarima 1.2 m\";\"450\";\"10\";\"Pidió factura;
llamar el lunes\";\"ANO0102034X5\";
\"1532\";\"Ventas\";\"Cotización enviada\";\"Ana Pérez Luna\";\"Tarimas \"\"estándar\"\" Monterrey\";\"Sitio Web\";\"800\";\"Peso Mexicano\";\"Aceros del Norte, S.A. de C.V.\";\"Sr. Luis Gómez\";\"no\";\"15/01/2024 03:04:05 pm\";\"28/02/2024\";\"Flete\";\"800\";\"1\";\"Pidió factura;
llamar el lunes\";\"ANO0102034X5\";
\"1519\";\"oculto\";\"oculto\";\"oculto\";\"oculto\";\"oculto\";\"oculto\";\"oculto\";\"oculto\";\"oculto\";\"oculto\";\"oculto\";\"oculto\";\"\";\"\";\"\";\"oculto\";\"oculto\";
";

#[test]
fn a_spanish_list_export_is_read_end_to_end() {
    let taken = take_bytes("migracion.csv", DEALS.as_bytes(), &portal());
    let file = &taken.file;
    assert_eq!((file.entity, file.encoding, file.bom, file.delimiter), (EntityType::Deal, "UTF-8", true, b';'));
    assert_eq!((file.language, file.header_line, file.columns.len()), (Some("es"), 1, 18));
    assert_eq!(taken.survey.unmapped, Vec::<String>::new());
    assert_eq!((taken.survey.rows, taken.survey.rejected), (2, 1));
    assert_eq!((taken.survey.date_order, taken.survey.date_order_sure), (DateOrder::Dmy, true));
    assert_eq!(taken.rejects(), [(6, RejectReason::Masked)]);
    assert_eq!(taken.problems(1532), []);
    assert_eq!(taken.value(1532, "CATEGORY_ID"), code("0"));
    assert_eq!(taken.value(1532, "STAGE_ID"), code("QUOTE"));
    assert_eq!(taken.value(1532, "ASSIGNED_BY_ID"), Some(Value::User(UserId(1))));
    assert_eq!(taken.value(1532, "TITLE"), text("Tarimas \"estándar\" Monterrey"));
    assert_eq!(taken.value(1532, "SOURCE_ID"), code("WEB"));
    assert_eq!(taken.value(1532, "OPPORTUNITY"), number("5300"));
    assert_eq!(taken.value(1532, "CURRENCY_ID"), code("MXN"));
    assert_eq!(taken.value(1532, "COMPANY_ID"), Some(Value::Name("Aceros del Norte, S.A. de C.V.".into())));
    assert_eq!(taken.value(1532, "CLOSED"), Some(Value::Flag(false)));
    assert_eq!(taken.value(1532, "DATE_CREATE"), Some(Value::Clock(datetime(2024, 1, 15, 15, 4, 5, 0))));
    assert_eq!(taken.value(1532, "CLOSEDATE"), Some(Value::Date(date(2024, 2, 28))));
    assert_eq!(taken.value(1532, "COMMENTS"), text("Pidió factura;\nllamar el lunes"));
    assert_eq!(taken.value(1532, "UF_CRM_RFC"), text("ANO0102034X5"));
    let product =
        |name: &str, price: i64, quantity: i64| ProductRow { name: name.into(), price: price.into(), quantity: quantity.into() };
    assert_eq!(
        taken.value(1532, "PRODUCTS"),
        Some(Value::Products(vec![product("Tarima 1.2 m", 450, 10), product("Flete", 800, 1)]))
    );
    assert_eq!(taken.survey.newest, Some(Value::Clock(datetime(2024, 1, 15, 15, 4, 5, 0))));
    assert_eq!(taken.survey.ids, [OriginalId(1532)]);
    assert_eq!(taken.survey.sha256.len(), 64);
}

#[test]
fn stages_are_read_within_their_pipeline() {
    let head = &["ID", "Pipeline", "Etapa", "Nombre de la negociación"][..];
    let rows = [
        head,
        &["1", "Ventas", "Nuevo", "a"],
        &["2", "Servicio", "Nuevo", "b"],
        &["3", "servicio", "C3:DEMO", "c"],
        &["4", "Otro", "Nuevo", "d"],
        &["5", "3", "Ganada", "e"],
    ];
    let taken = take_bytes("x.csv", &export(&lines(&rows)), &portal());
    for (id, stage) in [(1, "NEW"), (2, "C3:NEW"), (3, "C3:DEMO")] {
        assert_eq!(taken.value(id, "STAGE_ID"), code(stage), "{id}");
    }
    assert_eq!(taken.problems(4), [(ProblemCode::LabelUnknown, "Pipeline"), (ProblemCode::LabelUnknown, "Etapa")]);
    assert_eq!(taken.value(5, "STAGE_ID"), Some(Value::Label("Ganada".into())));
    let taken = take_bytes(
        "x.csv",
        &export(&lines(&[&["ID", "Etapa", "Ingreso", "Nombre de la negociación"], &["1", "Demostración", "5", "a"]])),
        &portal(),
    );
    assert_eq!(taken.value(1, "STAGE_ID"), code("C3:DEMO"));
}

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
fn custom_fields_are_found_by_their_labels() {
    let rows: [&[&str]; 2] = [
        &[
            "ID",
            "Nombre de la negociación",
            "Banco de Cobro",
            "Colores",
            "R&amp;D &quot;x&quot;",
            "Fecha De la Venta",
            "Fecha de la Venta",
            "Límite",
            "Etapa",
            "etapa",
            "Zzz",
        ],
        &["5", "x", "Banorte", "Rojo, claro, Rojo", "Si", "13/02/2024 10:00:00", "13/02/2024", "$1,500.00", "Nuevo", "?", "??"],
    ];
    let taken = take_bytes("x.csv", &export(&lines(&rows)), &portal());
    assert_eq!(taken.value(5, "UF_CRM_BANK"), code("32"));
    assert_eq!(taken.value(5, "UF_CRM_COLORS"), Some(Value::List(vec![Value::Code("42".into()), Value::Code("41".into())])));
    assert_eq!(taken.value(5, "UF_CRM_RD"), Some(Value::Flag(true)));
    assert_eq!(taken.value(5, "UF_CRM_FV1"), Some(Value::Date(date(2024, 2, 13))));
    assert_eq!(taken.value(5, "UF_CRM_FV2"), Some(Value::Clock(datetime(2024, 2, 13, 10, 0, 0, 0))));
    assert_eq!(taken.value(5, "UF_CRM_LIMIT"), Some(Value::Money(Decimal::new(150_000, 2), None)));
    assert_eq!(taken.survey.unmapped, ["etapa", "Zzz"]);
    let duplicate = taken.survey.problems.iter().find(|problem| problem.code == ProblemCode::DuplicateColumn);
    assert_eq!(duplicate.and_then(|problem| problem.place.column.as_deref()), Some("etapa"));
}

#[test]
fn users_and_labels_that_nobody_knows_stay_to_be_seen() {
    let rows: [&[&str]; 5] = [
        &["ID", "Título de prospecto", "Etapa", "Responsable", "Moneda"],
        &["1", "a", "Perdido", "Juan Ruiz", "Peso Argentino"],
        &["2", "b", "en progreso", "Nadie Nunca", "US Dollar"],
        &["3", "c", "NEW", "Quien Sea [7]", "MXN"],
        &["4", "d", "", "", ""],
    ];
    let taken = take_bytes("x.csv", &export(&lines(&rows)), &portal());
    let codes = |id| taken.problems(id).into_iter().map(|(code, _)| code).collect::<Vec<_>>();
    assert_eq!(codes(1), [ProblemCode::LabelUnknown, ProblemCode::UserAmbiguous, ProblemCode::LabelUnknown]);
    assert_eq!(taken.value(1, "STATUS_ID"), Some(Value::Label("Perdido".into())));
    assert_eq!(codes(2), [ProblemCode::UserUnknown]);
    assert_eq!((taken.value(2, "STATUS_ID"), taken.value(2, "CURRENCY_ID")), (code("IN_PROCESS"), code("USD")));
    assert_eq!((taken.value(3, "STATUS_ID"), taken.value(3, "ASSIGNED_BY_ID")), (code("NEW"), Some(Value::User(UserId(7)))));
    assert_eq!(codes(3), []);
    assert_eq!(taken.value(4, "STATUS_ID"), Some(Value::Empty));
    let taken = take_bytes("x.csv", &export(&lines(&rows)), &Schema::standard());
    assert_eq!((taken.problems(1), taken.value(1, "STATUS_ID")), (vec![], Some(Value::Label("Perdido".into()))));
}

#[test]
fn a_file_of_field_codes_holds_codes_and_ids() {
    let csv = "ID,TITLE,STATUS_ID,ASSIGNED_BY,PHONE_WORK,COMPANY_ID,OBSERVERS,DATE_CREATE,BIRTHDATE,OPENED,UF_CRM_LIMIT,UF_CRM_NONE\r\n\
               9,\"Uno, dos\",NEW,7,\"+52 55 1234 5678, 5587654321\",44,\"1, 7\",2024-01-15T15:04:05+03:00,2024-01-15,Y,300|USD,x\r\n";
    let taken = take_bytes("lead.csv", csv.as_bytes(), &portal());
    assert_eq!((taken.file.language, taken.file.delimiter, taken.file.bom), (None, b',', false));
    assert_eq!(taken.problems(9), []);
    assert_eq!(taken.value(9, "STATUS_ID"), code("NEW"));
    assert_eq!(taken.value(9, "ASSIGNED_BY_ID"), Some(Value::User(UserId(7))));
    assert_eq!(taken.value(9, "PHONE_WORK"), list(&["+52 55 1234 5678", "5587654321"]));
    assert_eq!(taken.value(9, "COMPANY_ID"), Some(Value::Link(44)));
    assert_eq!(taken.value(9, "OBSERVERS"), Some(Value::List(vec![Value::User(UserId(1)), Value::User(UserId(7))])));
    assert_eq!(taken.value(9, "DATE_CREATE"), Some(Value::Moment("2024-01-15T12:04:05Z".parse().unwrap())));
    assert_eq!(taken.value(9, "BIRTHDATE"), Some(Value::Date(date(2024, 1, 15))));
    assert_eq!(taken.value(9, "UF_CRM_LIMIT"), Some(Value::Money(Decimal::from(300), Some("USD".into()))));
    assert_eq!(taken.survey.unmapped, ["UF_CRM_NONE"]);
}

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
        let survey = survey(&file, &schema, &mut seen, &Silent).unwrap();
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
    let Row::Record { lines, .. } = &taken.rows[0] else { panic!() };
    assert_eq!(lines.len(), 2);
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
fn a_custom_label_goes_before_a_title_of_another_language_or_vocabulary() {
    let mut schema = portal();
    for fields in schema.fields.values_mut() {
        for (code, label) in [("UF_CRM_STATUS", "Status"), ("UF_CRM_ORIGIN", "Origen")] {
            let mut def = FieldDef::from(standard_field(EntityType::Deal, "COMMENTS").unwrap());
            (def.code, def.labels) = (code.into(), vec![label.to_owned()]);
            fields.push(def);
        }
    }
    let rows: [&[&str]; 2] =
        [&["ID", "Título de prospecto", "Etapa", "Status", "Origen", "Origen"], &["1", "a", "NEW", "b", "WEB", "c"]];
    let taken = take_bytes("x.csv", &export(&lines(&rows)), &schema);
    assert_eq!((taken.value(1, "STATUS_ID"), taken.value(1, "UF_CRM_STATUS")), (code("NEW"), text("b")));
    assert_eq!((taken.value(1, "SOURCE_ID"), taken.value(1, "UF_CRM_ORIGIN")), (code("WEB"), None));
    assert_eq!(taken.survey.unmapped, ["Origen"]);
}

#[test]
fn a_clients_id_goes_before_its_name() {
    let rows: [&[&str]; 3] = [
        &["ID", "Nombre de la negociación", "Contacto", "Contacto: ID", "Contacto: Apellido", "Compañía: ID"],
        &["1", "a", "Sr. Luis Gómez", "77", "Gómez", ""],
        &["2", "b", "Sr. Luis Gómez", "", "Gómez", "5"],
    ];
    let taken = take_bytes("x.csv", &export(&lines(&rows)), &portal());
    assert_eq!(taken.value(1, "CONTACT_ID"), Some(Value::Link(77)));
    assert_eq!(taken.value(2, "CONTACT_ID"), Some(Value::Name("Sr. Luis Gómez".into())));
    assert_eq!(taken.value(2, "COMPANY_ID"), Some(Value::Link(5)));
    assert_eq!(taken.record(1).0.fields().filter(|(code, _)| code.as_str() == "CONTACT_ID").count(), 1);
    assert_eq!(taken.survey.unmapped, Vec::<String>::new());
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
        serde_json::json!({"name": "Total", "field": "OPPORTUNITY", "type": "double", "how": "export title (es)"})
    );
    assert_eq!(json["problems"][0], serde_json::json!({"line": 2, "column": "Total", "code": "bad_number", "text": "doce"}));
    assert_eq!((&json["unmapped"], &json["delimiter"], &json["bom"]), (&serde_json::json!(["Raro"]), &";".into(), &false.into()));
}

#[test]
fn a_file_that_changes_between_the_passes_is_refused() {
    let written = write("lead.csv", b"ID,TITLE,STATUS_ID\n1,a,NEW\n");
    let schema = Schema::standard();
    let file = detect(&written.path, &Overrides::default()).unwrap();
    let survey = survey(&file, &schema, &mut SeenIds::default(), &Silent).unwrap();
    std::fs::write(&written.path, b"ID,TITLE,STATUS_ID\n1,a,NEW\n2,b,NEW\n").unwrap();
    let last = read(&file, &survey, &schema).unwrap().last();
    assert!(matches!(last, Some(Err(IntakeError { kind: IntakeErrorKind::Changed, .. }))));
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
        (survey.date_order, survey.date_order_sure)
    };
    assert_eq!((order(true), order(false)), ((DateOrder::Dmy, false), (DateOrder::Mdy, false)));
}

#[test]
fn a_header_may_stand_below_other_lines() {
    let csv = "sep=;\nID;Título de prospecto;Etapa\n1;Cliente;Total\n";
    let taken = take_bytes("x.csv", csv.as_bytes(), &Schema::standard());
    assert_eq!((taken.file.header_line, taken.file.delimiter, taken.survey.rows), (2, b';', 1));
    assert_eq!(taken.value(1, "TITLE"), text("Cliente"));
    assert!(refusal("x.csv", b"1;Cliente;Nuevo\n2;Cliente;Nuevo\n").starts_with("no header: line 1"));
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
    fn rows_do_not_depend_on_the_buffer_size(
        pieces in proptest::collection::vec(proptest::sample::select(vec!["a", "ñ", "\"", ";", "\n", "\r", "\r\n", "\"\"", "😀", "ID"]), 0..80),
        buffer in 1..64usize,
    ) {
        let bytes = pieces.concat().into_bytes();
        prop_assert_eq!(split(&bytes, buffer), split(&bytes, 1 << 16));
    }

    #[test]
    fn lines_are_those_that_the_csv_crate_reads(
        pieces in proptest::collection::vec(proptest::sample::select(vec!["a", "ñ", "\"", ";", "\n", "\r\n", "\"\"", "\";\"", "x"]), 0..60),
    ) {
        let bytes = pieces.concat().into_bytes();
        let (lines, unclosed) = split(&bytes, 7);
        prop_assume!(!unclosed);
        let mut reader = csv::ReaderBuilder::new().delimiter(b';').has_headers(false).flexible(true).from_reader(bytes.as_slice());
        let theirs: Vec<Vec<String>> = reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect();
        // `csv` drops empty lines.
        let ours: Vec<Vec<String>> = lines.into_iter().filter(|line| !line.raw.is_empty()).map(|line| line.cells.into()).collect();
        prop_assert_eq!(ours, theirs);
    }
}

fn split(bytes: &[u8], buffer: usize) -> (Vec<rows::Line>, bool) {
    let mut splitter = rows::Splitter::new(bytes, encoding_rs::UTF_8, b';', buffer);
    let mut lines = Vec::new();
    loop {
        let mut line = rows::Line::default();
        match splitter.read(&mut line) {
            Ok(true) => lines.push(line),
            Ok(false) => return (lines, false),
            Err(_) => return (lines, true),
        }
    }
}
