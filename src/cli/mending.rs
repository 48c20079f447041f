//! What is wrong with a word that a person gave, in their language: mending flags, and the file of `--only-ids`.

use super::lang::say;
use crate::pipeline::OnlyIdsError;
use crate::plan::MendingError;
use crate::report::Language;

/// The sentence of a flag that names nothing, or too much.
pub(super) fn said(error: &MendingError, language: Language) -> String {
    if language == Language::En {
        return error.to_string();
    }
    let or = |nearest: &Option<String>| nearest.as_ref().map(|nearest| format!("; ¿quiso decir {nearest}?")).unwrap_or_default();
    match error {
        MendingError::UserUnknown { said, nearest } => {
            format!(
                "--assign-missing-to {said}: ningún usuario activo tiene ese ID, nombre, inicio de sesión o correo{}",
                or(nearest)
            )
        }
        MendingError::UserDismissed { said, name } => format!("--assign-missing-to {said}: {name} está dado de baja"),
        MendingError::UserAmbiguous { said, ids } => {
            format!("--assign-missing-to {said}: varios usuarios se llaman así; indique uno de los ID {ids}")
        }
        MendingError::StageForm { said } => {
            format!("--stage-map {said}: se espera \"ANTERIOR=NUEVA\" o \"PIPELINE:ANTERIOR=PIPELINE:NUEVA\"")
        }
        MendingError::StageUnknown { said, new, nearest } => {
            format!("--stage-map {said}: su Bitrix24 no tiene la etapa {new}{}", or(nearest))
        }
        MendingError::FieldUnknown { said, nearest } => {
            format!("--skip-field {said}: no es un campo de estos registros ni una columna de los archivos{}", or(nearest))
        }
        MendingError::FieldNeeded { said } => {
            format!("--skip-field {said}: {}", say(language, "", "sirve para reconocer los registros; no se puede omitir"))
        }
    }
}

/// The sentence of a file of ids that can't be used.
pub(super) fn only_ids(error: &OnlyIdsError, language: Language) -> String {
    match (error, language) {
        (_, Language::En) => error.to_string(),
        (OnlyIdsError::Io { path, source }, _) => {
            format!("no se puede leer {}: {}", path.display(), super::disk::said(source, language))
        }
        (OnlyIdsError::Line { path, line, text }, _) => {
            format!("{}, línea {line}: se espera un tipo de registro y un ID, como deal,9; dice {text:?}", path.display())
        }
        (OnlyIdsError::Stranger { path, line, entity, id }, _) => {
            format!("{}, línea {line}: {entity} {id} no lo creó esta revisión", path.display())
        }
    }
}
