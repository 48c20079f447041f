//! What a person can do about a refused record, by the portal's code.

use crate::report::Language;

/// The remedy for a code, in the language of the run.
pub(super) fn of(code: &str, language: Language) -> String {
    let (en, es) = match code {
        "CRM_FIELD_ERROR_REQUIRED" => (
            "Fill the named field in failed/ENTITY.csv and plan that file; or make the field optional in Bitrix24, then run `apply --failed`.",
            "Complete el campo indicado en failed/ENTITY.csv y revise ese archivo; o haga opcional el campo en Bitrix24 y ejecute `apply --failed`.",
        ),
        "CRM_FIELD_ERROR_VALUE_NOT_VALID" => (
            "The portal no longer takes this value. Plan failed/ENTITY.csv with --stage-map for a stage, --assign-missing-to for a person, --skip-field to leave the field out; or mend the file.",
            "Bitrix24 ya no acepta ese valor. Revise failed/ENTITY.csv con --stage-map (etapa), --assign-missing-to (persona) o --skip-field (omitir el campo), o corrija el archivo.",
        ),
        "ACCESS_DENIED" | "CRM_ITEM_IMPORT_ACCESS_DENIED" => (
            "Give the webhook's user the import right for this record type, then run `apply --failed`.",
            "Dé al usuario del webhook el permiso de importar este tipo de registro y ejecute `apply --failed`.",
        ),
        "created_twice" => (
            "More than one live record bears this mark: compare them in Bitrix24 and delete the superfluous one by hand.",
            "Más de un registro tiene esta marca: compárelos en Bitrix24 y elimine a mano el que sobre.",
        ),
        "payload_changed" => (
            "It was sent before with other fields, and no answer came: look in Bitrix24 whether it is there, then run `apply --failed`.",
            "Ya se envió con otros campos y no hubo respuesta: compruebe en Bitrix24 si existe y ejecute `apply --failed`.",
        ),
        "returned_twice" => (
            "More than one live record may be this one: look at them in Bitrix24; plan again to compare with what is there now.",
            "Más de un registro podría ser este: véalos en Bitrix24 y repita la revisión para comparar con lo que hay ahora.",
        ),
        "not_stored" => (
            "This portal doesn't take phones, e-mails and the like by `crm.item.update`: enter them by hand from the report.",
            "Este Bitrix24 no acepta teléfonos, correos y similares por `crm.item.update`: captúrelos a mano con el informe.",
        ),
        "missing_parent" => (
            "Restore the record it belongs to first, then plan again.",
            "Recupere primero el registro del que depende y repita la revisión.",
        ),
        _ => (
            "Mend the cause that the portal names, then run `apply --failed`; or mend failed/ENTITY.csv and plan that file.",
            "Corrija la causa que indica el portal y ejecute `apply --failed`, o corrija failed/ENTITY.csv y revise ese archivo.",
        ),
    };
    match language {
        Language::En => en,
        Language::Es => es,
    }
    .to_owned()
}
