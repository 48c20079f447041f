//! Codes in a person's words: fields as Bitrix24 labels them, reasons of rejects, ways of matching, notes of a record.

use super::clean::sanitize;
use super::words::{Language, Phrase};

type Table = &'static [(&'static str, Phrase)];

/// A field as the portal labels it: `Etapa`; one without a label here, such as a custom field, by its code.
pub fn field(code: &str, language: Language) -> String {
    match find(FIELDS, code) {
        Some(label) => label.get(language).to_owned(),
        None => sanitize(code),
    }
}

/// Why a row could not be used.
pub fn reason(code: &str, language: Language) -> String {
    find(REASONS, code).map_or_else(|| sanitize(code), |text| text.get(language).to_owned())
}

/// By what a record was recognised.
pub fn matched_by(code: &str, language: Language) -> String {
    find(KEYS, code).map_or_else(|| sanitize(code), |text| text.get(language).to_owned())
}

/// What a person should know of one record: `link_ambiguous:CONTACT_ID`.
pub fn note(code: &str, language: Language) -> String {
    let (name, of) = code.split_once(':').map_or((code, None), |(name, of)| (name, Some(of)));
    match (find(NOTES, name), of) {
        (None, _) => sanitize(code),
        (Some(text), None) => text.get(language).to_owned(),
        (Some(text), Some(of)) => format!("{}: {}", field(of, language), text.get(language)),
    }
}

/// What is wrong with a cell, a row or a file.
pub fn problem_words(code: &str, language: Language) -> String {
    let found = [REASONS, NOTES, OF_FILES].into_iter().find_map(|table| find(table, code));
    found.map_or_else(|| sanitize(code), |text| text.get(language).to_owned())
}

fn find(table: Table, code: &str) -> Option<Phrase> {
    table.iter().find(|(known, _)| *known == code).map(|(_, phrase)| *phrase)
}

const fn label(code: &'static str, en: &'static str, es: &'static str) -> (&'static str, Phrase) {
    (code, Phrase { en, es })
}

/// Source: the product's own English and Spanish language packs.
const FIELDS: Table = &[
    label("TITLE", "Name", "Nombre"),
    label("HONORIFIC", "Salutation", "Saludo"),
    label("NAME", "First name", "Nombre"),
    label("SECOND_NAME", "Middle name", "Segundo nombre"),
    label("LAST_NAME", "Last name", "Apellido"),
    label("BIRTHDATE", "Date of birth", "Fecha de nacimiento"),
    label("COMPANY_TITLE", "Company name", "Nombre de la compañía"),
    label("SOURCE_ID", "Source", "Origen"),
    label("SOURCE_DESCRIPTION", "Source information", "Información de origen"),
    label("STATUS_ID", "Stage", "Etapa"),
    label("STATUS_DESCRIPTION", "More about this stage", "Más información sobre esta etapa"),
    label("CATEGORY_ID", "Pipeline", "Embudo (Pipeline)"),
    label("STAGE_ID", "Stage", "Etapa"),
    label("TYPE_ID", "Type", "Tipo"),
    label("COMPANY_TYPE", "Company type", "Tipo de compañía"),
    label("INDUSTRY", "Industry", "Sector de actividad"),
    label("EMPLOYEES", "Employees", "Empleados"),
    label("BANKING_DETAILS", "Payment details", "Detalles del pago"),
    label("REVENUE", "Annual revenue", "Ingresos anuales"),
    label("POST", "Position", "Cargo"),
    label("EXPORT", "Included in export", "Incluido en la exportación"),
    label("PROBABILITY", "Probability", "Probabilidad"),
    label("CURRENCY_ID", "Currency", "Moneda"),
    label("OPPORTUNITY", "Total", "Total"),
    label("IS_MANUAL_OPPORTUNITY", "Total entered by hand", "Total capturado a mano"),
    label("BEGINDATE", "Start date", "Fecha de inicio"),
    label("CLOSEDATE", "End date", "Fecha de cierre"),
    label("ADDITIONAL_INFO", "Additional information", "Información adicional"),
    label("OPENED", "Available to everyone", "Disponible para todo el mundo"),
    label("COMMENTS", "Comment", "Comentario"),
    label("ASSIGNED_BY_ID", "Responsible person", "Persona responsable"),
    label("OBSERVERS", "Observers", "Observadores"),
    label("COMPANY_ID", "Company", "Compañía"),
    label("COMPANY_IDS", "Companies", "Compañías"),
    label("CONTACT_ID", "Contact", "Contacto"),
    label("CONTACT_IDS", "Contacts", "Contactos"),
    label("LEAD_ID", "Lead", "Prospecto"),
    label("PRODUCTS", "Products", "Productos"),
    label("DATE_CREATE", "Created on", "Creado el"),
    label("CREATED_BY_ID", "Created by", "Creado por"),
    label("DATE_MODIFY", "Modified on", "Modificado el"),
    label("MODIFY_BY_ID", "Modified by", "Modificado por"),
    label("ADDRESS", "Address", "Dirección"),
    label("ADDRESS_CITY", "City", "Ciudad"),
    label("PHONE", "Phone", "Teléfono"),
    label("EMAIL", "E-mail", "Correo electrónico"),
    label("WEB", "Website", "Sitio web"),
    label("IM", "Messenger", "Mensajería"),
];

const REASONS: Table = &[
    label("no_id", "The ID is empty", "El ID está vacío"),
    label("bad_id", "The ID is no whole number", "El ID no es un número entero"),
    label("duplicate_id", "An earlier line has this ID", "Una línea anterior ya tiene este ID"),
    label("cell_count", "More or fewer cells than the header", "Más o menos celdas que el encabezado"),
    label("bad_quotes", "A quotation mark too many or too few", "Sobra o falta una comilla"),
    label("masked", "Bitrix24 had hidden the record", "Bitrix24 ocultó el registro"),
    label("repeated_header", "The header once more", "El encabezado, repetido"),
    label("total_line", "A line of totals", "Una línea de totales"),
    label("too_long", "Too long", "Demasiado larga"),
];

const KEYS: Table = &[
    label("id", "same ID", "mismo ID"),
    label("mark", "created by an earlier run", "creado en una ejecución anterior"),
    label("own_pair", "same external ID", "mismo ID externo"),
    label("twin", "recovered from the recycle bin", "recuperado de la papelera"),
    label("email", "same e-mail", "mismo correo"),
    label("phone", "same phone", "mismo teléfono"),
    label("title", "same title", "mismo título"),
    label("retyped", "typed in again since", "capturado de nuevo después"),
];

const NOTES: Table = &[
    label("link_ambiguous", "several bear that name, left empty", "varios se llaman igual, queda vacío"),
    label("link_unknown", "not found, left empty", "no se encontró, queda vacío"),
    label("label_unknown", "value unknown to the portal, left out", "valor que su Bitrix24 no conoce, se omite"),
    label("stage_ambiguous", "stage of several pipelines", "etapa de varios embudos"),
    label("user_unknown", "user unknown to the portal", "usuario que su Bitrix24 no conoce"),
    label("user_ambiguous", "several users bear that name", "varios usuarios se llaman igual"),
    label("missing_parent", "its record is nowhere to be found", "su registro no está en ninguna parte"),
    label("created_time_not_preserved", "gets a new creation date", "tendrá otra fecha de creación"),
    label("closed_date_mended", "close date put right afterwards", "la fecha de cierre se corrige después"),
    label("mend_updates", "one update after creating", "una actualización después de crear"),
    label("created_twice", "created twice; delete one by hand", "creado dos veces; elimine uno a mano"),
    label("answers_for_another", "resembles a record that answers for another row", "se parece a uno que responde por otra fila"),
    label("id_reused", "its ID belongs to another record now", "su ID hoy es de otro registro"),
    label("duplicate_found", "looks like a live record", "se parece a un registro vivo"),
    label("simple_mode_no_leads", "this portal has no leads", "este Bitrix24 no usa prospectos"),
    label("spreadsheet_damage", "damaged by a spreadsheet", "dañado por una hoja de cálculo"),
    label("not_compared", "not compared", "sin comparar"),
    label("bad_number", "number not understood", "número que no se entendió"),
    label("bad_date", "date not understood", "fecha que no se entendió"),
    label("bad_flag", "neither yes nor no", "ni sí ni no"),
    label("bad_link", "link not understood", "vínculo que no se entendió"),
    label("bad_bytes", "damaged characters", "caracteres dañados"),
    label("left_out", "left out by choice", "se deja fuera por elección"),
];

const OF_FILES: Table = &[
    label("blank_line", "lines without text", "líneas sin texto"),
    label("duplicate_column", "two columns of one field", "dos columnas del mismo campo"),
    label("no_records", "the export says that there are no records", "la exportación dice que no hay registros"),
    label("date_order_unsure", "day and month can't be told apart", "no se distingue el día del mes"),
    label("dates_turned", "a spreadsheet has exchanged day and month", "una hoja de cálculo intercambió día y mes"),
    label("numbers_unsure", "1.500 may be 1500 or 1.5", "1.500 puede ser 1500 o 1.5"),
    label("no_id", "no column holds the records' IDs", "ninguna columna trae el ID de los registros"),
    label("mojibake", "the text was encoded twice", "el texto se codificó dos veces"),
    label("mixed_encodings", "parts of the file are in different encodings", "partes del archivo tienen distinta codificación"),
    label("nul_bytes", "zero bytes within the text", "bytes nulos dentro del texto"),
    label("inner_mark", "files were put together into this one", "se unieron varios archivos en uno"),
    label("lines_above", "lines above the header, left out", "líneas antes del encabezado, se omiten"),
    label("other_sheets", "further sheets with records, not read", "otras hojas con registros, no se leen"),
    label("lost_plus", "phones that have lost their +", "teléfonos que perdieron su +"),
    label("bad_list", "packed list not understood", "lista empaquetada que no se entendió"),
    label("products_scattered", "product lines apart from their record", "productos separados de su registro"),
    label("shared_ids", "another file holds these records too", "otro archivo trae los mismos registros"),
];

#[cfg(test)]
mod tests {
    use crate::model::RejectReason;

    use super::*;

    #[test]
    fn every_reason_of_a_reject_has_its_words() {
        use RejectReason::{BadId, CellCount, DuplicateId, Masked, NoId, RepeatedHeader, TooLong, TotalLine};
        for known in [NoId, BadId, DuplicateId, CellCount, Masked, RepeatedHeader, TotalLine, TooLong] {
            for language in Language::ALL {
                assert_ne!(reason(known.code(), language), known.code());
            }
        }
    }

    #[test]
    fn a_note_names_its_field_as_the_portal_does() {
        assert_eq!(note("link_ambiguous:CONTACT_ID", Language::Es), "Contacto: varios se llaman igual, queda vacío");
        assert_eq!(note("label_unknown:UF_CRM_1", Language::En), "UF_CRM_1: value unknown to the portal, left out");
        assert_eq!(note("gone_odd:X\u{1b}", Language::En), "gone_odd:X");
    }
}
