//! What was inferred of the files, for scripts and in sentences: nothing is guessed in silence.

use crate::intake::{DateOrder, Finding, NumberStyle};
use crate::plan::Inferred;
use crate::report::Language;
use crate::report::words::{self, Phrase};

use super::plan::Ground;
use super::survey::Surveyed;
use super::zones::{explained, has_clocks};

/// Everything that was inferred of every file: what, by what, and from how many of the portal's records.
pub(super) fn all(ground: &Ground) -> Vec<Inferred> {
    ground.files.iter().filter(|seen| !seen.file.no_records).flat_map(|seen| of_file(seen, ground)).collect()
}

fn of_file(seen: &Surveyed, ground: &Ground) -> Vec<Inferred> {
    let file = seen.file.path.to_string();
    let entry = |what: &str, found: &Finding, records| Inferred {
        file: file.clone(),
        what: what.to_owned(),
        value: found.value.clone(),
        how: found.how.clone(),
        records,
    };
    let compared = seen.compared;
    let records = [
        ("date_order", compared.date_order),
        ("clock", 0),
        ("numbers", compared.numbers),
        ("users", 0),
        ("dictionaries", compared.dictionaries),
        ("currency", compared.currency),
        ("empty", 0),
    ];
    let mut all: Vec<Inferred> =
        records.into_iter().filter_map(|(what, records)| Some(entry(what, seen.survey.findings.get(what)?, records))).collect();
    all.extend(seen.meanings.told().into_iter().map(|told| Inferred {
        file: file.clone(),
        what: "label".to_owned(),
        value: format!("{}: {} = {}", told.field, told.text, told.code),
        how: format!("the portal: {} of {} shared records with this text", told.records, told.of),
        records: told.records,
    }));
    let (zone, records, of) = zone_of(seen, ground);
    let how = match of {
        0 => "nothing to compare with".to_owned(),
        of => format!("the portal: {records} of {of} shared records were created then"),
    };
    all.push(Inferred { file, what: "zone".to_owned(), value: zone, how, records });
    all
}

/// The zone of a file's times, how many shared records it explains, and of how many.
fn zone_of(seen: &Surveyed, ground: &Ground) -> (String, u64, u64) {
    seen.zone.clone().unwrap_or_else(|| {
        // What other files' creation moments tell is no proof for a file that has none.
        let tells = has_clocks(seen) || !ground.files.iter().any(has_clocks);
        let (explained, of) = if tells { explained(&ground.zone_fit) } else { (0, 0) };
        (ground.zone_name.clone(), explained as u64, of as u64)
    })
}

/// The same in sentences, with the order of matching.
pub(super) fn sentences(ground: &Ground, language: Language) -> Vec<String> {
    let mut sentences: Vec<String> = Vec::new();
    for seen in &ground.files {
        sentences.push(file(seen, language));
        if let Some((name, explained, of)) = &seen.zone {
            sentences.push(own_zone(seen, name, *explained, *of, language));
        }
    }
    let (explained, of) = explained(&ground.zone_fit);
    sentences.push(zone(&ground.zone_name, explained, of, language));
    sentences.push(match ground.current.foreign() {
        Some(name) => foreign(name, language),
        None => matching_order(language),
    });
    sentences
}

/// What a file was taken for, and by what.
fn file(seen: &Surveyed, language: Language) -> String {
    let (path, how) = (&seen.file.path, &seen.file.entity_how);
    let holds = words::entity_heading(seen.file.entity).get(language).to_lowercase();
    let conventions = &seen.survey.conventions;
    let dates = match conventions.date_order {
        DateOrder::Dmy => Phrase { en: "day/month/year", es: "día/mes/año" },
        DateOrder::Mdy => Phrase { en: "month/day/year", es: "mes/día/año" },
        DateOrder::Ymd => Phrase { en: "year-month-day", es: "año-mes-día" },
    };
    let numbers = match conventions.numbers {
        NumberStyle::Point => Phrase { en: "a point before decimals", es: "punto decimal" },
        NumberStyle::Comma => Phrase { en: "a comma before decimals", es: "coma decimal" },
    };
    let dates = format!("{}{}", dates.get(language), borne_out(seen.compared.date_order, language));
    let numbers = format!("{}{}", numbers.get(language), borne_out(seen.compared.numbers, language));
    match language {
        Language::En => format!("{path} holds {holds} (found by: {how}); dates read as {dates}, numbers with {numbers}."),
        Language::Es => {
            format!("{path} contiene {holds} (indicio: {}); fechas leídas como {dates}, números con {numbers}.", sign(how))
        }
    }
}

/// By what a file's type was found, in Spanish; the title itself stands in `inspect`.
fn sign(how: &str) -> &'static str {
    match how.split([':', ';']).next() {
        Some("titles") => "los títulos de las columnas",
        Some("file name") => "el nombre del archivo",
        _ => "se indicó con --entity",
    }
}

/// By how many of the portal's records a reading was confirmed, if by any.
fn borne_out(records: u64, language: Language) -> String {
    match (records, language) {
        (0, _) => String::new(),
        (_, Language::En) => format!(" (confirmed by {} of the portal)", words::RECORD.counted(records, language)),
        (_, Language::Es) => format!(" (confirmado por {} del portal)", words::RECORD.counted(records, language)),
    }
}

/// That one file's times are in another zone than the others'.
fn own_zone(seen: &Surveyed, name: &str, explained: u64, of: u64, language: Language) -> String {
    let path = &seen.file.path;
    // A database's times are its server's, unless the user has said another zone.
    let is_servers = seen.file.is_coded() && seen.file.timezone().is_none();
    match (language, of) {
        (Language::En, 0) if is_servers => format!("The times of {path} are read in {name}, the server's zone."),
        (Language::Es, 0) if is_servers => format!("Las horas de {path} se leen en {name}, la zona del servidor."),
        (Language::En, 0) => format!("The times of {path} are read in {name}."),
        (Language::Es, 0) => format!("Las horas de {path} se leen en {name}."),
        (Language::En, _) => format!("The times of {path} are read in {name}: that explains {explained} of {of} shared records."),
        (Language::Es, _) => {
            format!("Las horas de {path} se leen en {name}: así coinciden {explained} de {of} registros en común.")
        }
    }
}

/// In which zone the files' times were read, and how sure that is.
fn zone(name: &str, explained: usize, of: usize, language: Language) -> String {
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

/// How another portal's records are matched.
fn foreign(name: &str, language: Language) -> String {
    match language {
        Language::En => format!(
            "The files are of another portal, let in as “{name}”: no record is matched by ID or creation moment, only by the mark of an \
             earlier run under this name; the record's own external ID; e-mail, phone or a company's exact title; the keys of --match; \
             else it is missing. Links by ID are followed within the files alone; IDs of users say nothing here."
        ),
        Language::Es => format!(
            "Los archivos son de otro portal, admitidos como «{name}»: ningún registro se busca por ID ni por momento de creación, solo por la \
             marca de una ejecución anterior con este nombre; el ID externo propio; e-mail, teléfono o título exacto de la compañía; las \
             claves de --match; si nada coincide, falta. Los vínculos por ID se siguen solo dentro de los archivos; los ID de usuarios no \
             dicen nada aquí."
        ),
    }
}

/// The fixed order of matching.
fn matching_order(language: Language) -> String {
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
