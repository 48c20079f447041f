//! What was inferred of the files, said in sentences: nothing is guessed in silence.

use crate::intake::{DateOrder, RestoreFile};
use crate::report::Language;
use crate::report::words;

/// What a file was taken for, and by what.
pub(super) fn file(file: &RestoreFile, order: DateOrder, language: Language) -> String {
    let holds = words::entity_heading(file.entity).get(language).to_lowercase();
    let dates = match order {
        DateOrder::Dmy => words::Phrase { en: "day/month/year", es: "día/mes/año" },
        DateOrder::Mdy => words::Phrase { en: "month/day/year", es: "mes/día/año" },
        DateOrder::Ymd => words::Phrase { en: "year-month-day", es: "año-mes-día" },
    };
    match language {
        Language::En => {
            format!("{} holds {holds} (found by: {}); dates read as {}.", file.path, file.entity_how, dates.get(language))
        }
        Language::Es => {
            format!("{} contiene {holds} (indicio: {}); fechas leídas como {}.", file.path, file.entity_how, dates.get(language))
        }
    }
}

/// In which zone the files' times were read, and how sure that is.
pub(super) fn zone(name: &str, explained: usize, of: usize, language: Language) -> String {
    match (language, of) {
        (Language::En, 0) => format!("Times without a zone are read in {name}."),
        (Language::Es, 0) => format!("Las horas sin zona se leen en {name}."),
        (Language::En, _) => format!(
            "Times are read in {name}: that explains {explained} of {of} records that are in both the files and the portal."
        ),
        (Language::Es, _) => {
            format!(
                "Las horas se leen en {name}: así coinciden {explained} de {of} registros que están en los archivos y en el portal."
            )
        }
    }
}

/// The fixed order of matching.
pub(super) fn matching_order(language: Language) -> String {
    match language {
        Language::En => "Records are matched in this order: same ID and same creation moment; the mark of an earlier run; the record's own external ID; \
                         a twin recovered from the recycle bin; e-mail, phone or a company's exact title; a lead or deal typed in again; \
                         the keys of --match; else it is missing.",
        Language::Es => "Los registros se buscan en este orden: mismo ID y mismo momento de creación; la marca de una ejecución anterior; \
                         el ID externo propio; un gemelo recuperado de la Papelera; e-mail, teléfono o título exacto de la compañía; \
                         un prospecto o negociación vuelto a capturar; las claves de --match; si nada coincide, falta.",
    }
    .to_owned()
}
