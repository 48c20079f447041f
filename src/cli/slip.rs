//! What is wrong with a word that a person gave of the files, in their language; the English of it is the error's own text.

use crate::intake::{Expected, MappingError, MappingErrorKind, listed};
use crate::pipeline::FileError;
use crate::report::Language;

/// The sentence of a flag about a file.
pub(super) fn of_flag(error: &FileError, language: Language) -> String {
    match language {
        Language::En => error.to_string(),
        Language::Es => format!("--{} {}: {}", error.flag, error.value, takes(&error.expected)),
    }
}

/// The sentence of a mapping file.
pub(super) fn of_mapping(error: &MappingError, language: Language) -> String {
    if language == Language::En {
        return error.to_string();
    }
    let path = error.path.display();
    match &error.kind {
        MappingErrorKind::Io(error) => format!("archivo de columnas {path}: {}", super::disk::said(error, language)),
        MappingErrorKind::Syntax { line, message, nearest } => {
            format!("archivo de columnas {path}: línea {line}: no se entiende ({message}){}", meant(nearest.as_deref()))
        }
        MappingErrorKind::Word { entity, key, value, expected } => {
            format!("archivo de columnas {path}: [{entity}] {key} = \"{value}\": {}", takes(expected))
        }
        MappingErrorKind::Differs { entity, key, first, second } => {
            let word = |said: &Option<String>| said.as_ref().map_or_else(|| "no indicado".to_owned(), |word| format!("`{word}`"));
            format!(
                "archivo de columnas {path}: dos archivos de {entity} se leen de dos maneras ({key}: {} y {}) y un archivo de columnas \
                 dice lo mismo para todos los de un tipo; guarde uno para cada archivo",
                word(first),
                word(second)
            )
        }
        MappingErrorKind::NoFile => format!("archivo de columnas {path}: no es un archivo normal"),
        MappingErrorKind::Taken => {
            format!("archivo de columnas {path}: ya existe un archivo con ese nombre y no es de columnas; indique otro nombre")
        }
        MappingErrorKind::Field { entity, column, field, nearest } => format!(
            "archivo de columnas {path}: [{entity}.columns] \"{column}\" = \"{field}\": {entity} no tiene ese campo{}",
            meant(nearest.as_deref())
        ),
    }
}

/// What a flag takes. One match, so that nothing is without its Spanish.
fn takes(expected: &Expected) -> String {
    match expected {
        Expected::Word(words) => format!("se espera {}", listed(words, "o")),
        Expected::Delimiter => "se espera un carácter, o tab, semicolon, comma, pipe".to_owned(),
        Expected::Language => "se espera codes o un idioma: es, en, ru, pt, de, fr, it, pl, uk, tr, bg, lt".to_owned(),
        Expected::Line => "se espera el número de una línea, desde 1".to_owned(),
        Expected::Encoding => {
            "no se conoce esa codificación; use un nombre como UTF-8, windows-1252, windows-1251 o UTF-16LE".to_owned()
        }
        Expected::File => "ninguno de los archivos indicados tiene ese nombre".to_owned(),
        Expected::Zone => "no existe esa zona horaria; use un nombre IANA como America/Mexico_City".to_owned(),
        Expected::Pair => "se espera \"Columna=CAMPO\"".to_owned(),
        Expected::Field { entity, field, nearest } => {
            format!("{entity} no tiene el campo {field}{}", meant(nearest.as_deref()))
        }
        Expected::Nothing => "no existe esa opción".to_owned(),
    }
}

fn meant(nearest: Option<&str>) -> String {
    nearest.map(|nearest| format!("; ¿quiso decir {nearest}?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::EntityType;

    #[test]
    fn a_slip_is_told_in_the_language_of_who_made_it() {
        let expected = Expected::Field { entity: EntityType::Deal, field: "TITEL".into(), nearest: Some("TITLE".into()) };
        let error = FileError { flag: "map", value: "\"Nombre=TITEL\"".into(), expected };
        let told = |language| of_flag(&error, language);
        assert_eq!(told(Language::En), "--map \"Nombre=TITEL\": a deal has no field TITEL; did you mean TITLE?");
        assert_eq!(told(Language::Es), "--map \"Nombre=TITEL\": deal no tiene el campo TITEL; ¿quiso decir TITLE?");
        let order = FileError { flag: "date-order", value: "x".into(), expected: Expected::Word(&["dmy", "mdy", "ymd"]) };
        assert_eq!(of_flag(&order, Language::Es), "--date-order x: se espera dmy, mdy o ymd");
    }
}
