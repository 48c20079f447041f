//! What the system said of a file, in the person's language.

use std::io::{Error, ErrorKind};

use crate::report::Language;

/// The reason; where a Spanish one is missing, the system's own words.
pub(super) fn said(error: &Error, language: Language) -> String {
    let spanish = match error.kind() {
        _ if language == Language::En => None,
        ErrorKind::NotFound => Some("no existe"),
        ErrorKind::PermissionDenied => Some("no hay permiso"),
        ErrorKind::AlreadyExists => Some("ya existe"),
        ErrorKind::IsADirectory => Some("es un directorio"),
        ErrorKind::NotADirectory => Some("una parte de la ruta no es un directorio"),
        ErrorKind::StorageFull => Some("no queda espacio en el disco"),
        ErrorKind::QuotaExceeded => Some("se agotó la cuota del disco"),
        ErrorKind::FileTooLarge => Some("el archivo rebasa el tamaño permitido"),
        ErrorKind::ReadOnlyFilesystem => Some("el disco es de solo lectura"),
        ErrorKind::InvalidData => Some("no es texto UTF-8"),
        _ => None,
    };
    spanish.map_or_else(|| error.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_said_is_told_in_the_language_of_the_run() {
        let error = Error::from(ErrorKind::StorageFull);
        assert_eq!(said(&error, Language::Es), "no queda espacio en el disco");
        assert_eq!(said(&error, Language::En), error.to_string());
    }
}
