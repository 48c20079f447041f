//! The room as a whole: files in, rows out. The files are written by a small writer of this module's own, as Bitrix24's templates do.

use std::path::{Path, PathBuf};

use jiff::civil::{date, datetime};
use rust_decimal::Decimal;
use tempfile::TempDir;

mod containers;
mod bounds;
mod detecting;
mod dialects;
mod encodings;
mod mappings;
mod layouts;
mod dump;
mod meaning;
mod properties;
mod rejecting;
mod splitting;
mod values;
mod wear;
mod workbook;

use super::*;
use crate::event::Silent;
use crate::model::RejectReason::{BadId, CellCount, DuplicateId, NoId, RepeatedHeader, TotalLine};
use crate::model::{
    Cells, Currency, EntityType, Entry, FieldDef, FieldType, FileRecord, OriginalId, Pipeline, Problem, ProblemCode, ProductRow,
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
    /// The cells of each row as they stood.
    lines: Vec<Vec<Cells>>,
}

fn take(path: &Path, schema: &Schema, overrides: &Overrides) -> Result<Taken, IntakeError> {
    let file = detect(path, overrides)?;
    let survey = survey(&file, schema, Keep::All, &mut SeenIds::default(), &Silent)?;
    let (mut rows, mut lines) = (Vec::new(), Vec::new());
    for chunk in read(&file, &survey, schema)? {
        let (more, sources) = chunk?.into_parts();
        lines.extend((0..more.len()).map(|row| sources.lines(row)));
        rows.extend(more);
    }
    Ok(Taken { file, survey, rows, lines })
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
    Some(Value::Text(text.into()))
}

#[expect(clippy::unnecessary_wraps, reason = "a value as `Taken::value` gives it")]
fn code(code: &str) -> Option<Value> {
    Some(Value::Code(code.into()))
}

#[expect(clippy::unnecessary_wraps, reason = "a value as `Taken::value` gives it")]
fn number(number: &str) -> Option<Value> {
    Some(Value::Number(number.parse().unwrap()))
}

#[expect(clippy::unnecessary_wraps, reason = "a value as `Taken::value` gives it")]
fn list(texts: &[&str]) -> Option<Value> {
    Some(Value::List(texts.iter().map(|text| Value::Text((*text).into())).collect()))
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
