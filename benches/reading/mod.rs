//! An export, read with the dictionaries of a Mexican portal.

use std::path::Path;

use b24restore::event::Silent;
use b24restore::intake::{self, Keep, Overrides, RestoreFile, SeenIds, Survey};
use b24restore::model::{Currency, Entry, Schema, User, UserId};

use crate::export::Result;

/// A Mexican portal's dictionaries.
pub fn schema() -> Schema {
    let mut schema = Schema::standard();
    let mut directory = |name: &str, entries: &[(&str, &str)]| {
        let entry = |(code, name): &(&str, &str)| Entry { code: (*code).into(), name: (*name).into(), semantics: String::new() };
        schema.directories.insert(name.into(), entries.iter().map(entry).collect());
    };
    directory("STATUS", &[("NEW", "Sin asignar"), ("IN_PROCESS", "En Progreso"), ("PROCESSED", "Procesado")]);
    directory("SOURCE", &[("CALL", "Llamada"), ("WEB", "Sitio Web"), ("ADVERTISING", "Publicidad")]);
    schema.currencies = vec![Currency { code: "MXN".into(), name: "Peso Mexicano".into(), base: true }];
    schema.users = vec![User {
        id: UserId(1),
        name: "Ana".into(),
        second_name: String::new(),
        last_name: "Ruiz".into(),
        login: "ana@ejemplo.mx".into(),
        active: true,
    }];
    schema
}

/// Detects and surveys an export.
pub fn survey(path: &Path, schema: &Schema) -> Result<(RestoreFile, Survey)> {
    let file = intake::detect(path, &Overrides::default())?;
    let survey = intake::survey(&file, schema, Keep::All, &mut SeenIds::default(), &Silent)?;
    Ok((file, survey))
}
