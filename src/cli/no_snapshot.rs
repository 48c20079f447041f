//! Why a snapshot can't be written or read, in both languages.

use super::Failure;
use super::lang::say;
use crate::report::Language;
use crate::snapshot::{SnapshotError, SnapshotErrorKind as Kind};

/// The failure of a command that writes or reads a snapshot.
pub(super) fn failure(error: &SnapshotError, language: Language) -> Failure {
    let said = match language {
        Language::En => error.kind.to_string(),
        Language::Es => in_spanish(&error.kind),
    };
    let path = error.path.display();
    let word = say(language, "snapshot", "copia propia");
    let why = std::error::Error::source(&error.kind).map(|why| format!(": {why}")).unwrap_or_default();
    match error.kind {
        Kind::Exists => Failure::usage(format!("{word} {path}: {said}")),
        _ => Failure::plain(format!("{word} {path}: {said}{why}")),
    }
}

/// One match, so that no kind is without its Spanish.
fn in_spanish(kind: &Kind) -> String {
    match kind {
        Kind::Io(_) => "no se pudo leer o escribir".to_owned(),
        Kind::Exists => "ya existe; indique un directorio nuevo".to_owned(),
        Kind::NoManifest => "no es una copia propia: no contiene snapshot.json".to_owned(),
        Kind::Malformed(what) => format!("no se entiende: {what}"),
        Kind::Newer(format) => format!("es del formato {format}, que esta versión no conoce"),
        Kind::Altered => "no es lo que se escribió: su huella (SHA-256) no coincide".to_owned(),
        Kind::Intake(_) => "uno de sus archivos no se puede leer".to_owned(),
        Kind::Foreign(name) => format!("contiene `{name}`, que no es parte de una copia propia; no se eliminó nada"),
    }
}
