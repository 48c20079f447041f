//! What is said where an application's keys can't be used, or its access isn't renewed: in both languages, with the next step.

use super::Failure;
use super::lang::say;
use crate::portal::{KeysError, NotRenewed, Obstacle};
use crate::report::Language;

/// The keys can't be used: wrong usage.
pub fn unusable(error: &KeysError, language: Language) -> Failure {
    let (message, hint) = match error {
        KeysError::Missing(name) => {
            let lacking = say(language, "the application's keys have no", "a las claves de la aplicación les falta");
            (format!("{lacking} `{name}`"), what_the_file_holds(language))
        }
        KeysError::NotJson => (
            say(language, "the application's keys are no JSON", "las claves de la aplicación no están en JSON"),
            what_the_file_holds(language),
        ),
        KeysError::NotInAFile => (
            say(
                language,
                "the keys of an application must be in a file",
                "las claves de una aplicación deben estar en un archivo",
            ),
            say(
                language,
                "Bitrix24 replaces them every hour, and the new ones have to be kept: name the file with --webhook-file PATH.",
                "Bitrix24 las reemplaza cada hora y hay que guardar las nuevas: indique el archivo con --webhook-file RUTA.",
            ),
        ),
        KeysError::ReadOnly(cause) => {
            let unwritable = say(
                language,
                "the file of the application's keys can't be rewritten",
                "no se puede reescribir el archivo de claves de la aplicación",
            );
            let hint = say(
                language,
                "Bitrix24 replaces the keys every hour. Give this user the right to write the file and its directory.",
                "Bitrix24 reemplaza las claves cada hora. Dé a este usuario permiso para escribir el archivo y su directorio.",
            );
            (format!("{unwritable}: {cause}"), hint)
        }
        KeysError::Portal => (
            say(
                language,
                "the application's `client_endpoint` must be the portal's address, https://HOST/rest/",
                "el `client_endpoint` de la aplicación debe ser la dirección del portal, https://HOST/rest/",
            ),
            say(
                language,
                "Look at the application in Bitrix24, then run the same command again.",
                "Revise la aplicación en Bitrix24 y repita el mismo comando.",
            ),
        ),
        KeysError::Server => (
            say(
                language,
                "the application's `server_endpoint` is no authorisation server of Bitrix24 (oauth.bitrix.info, oauth.bitrix24.tech)",
                "el `server_endpoint` de la aplicación no es un servidor de autorización de Bitrix24 (oauth.bitrix.info, oauth.bitrix24.tech)",
            ),
            say(
                language,
                "Nothing was sent there: it would have got the application's secret.",
                "No se envió nada ahí: habría recibido la clave secreta de la aplicación.",
            ),
        ),
    };
    Failure { hint: Some(hint), ..Failure::usage(message) }
}

fn what_the_file_holds(language: Language) -> String {
    say(
        language,
        "The file holds what Bitrix24 gave the application when it was installed (access_token, refresh_token, client_endpoint, server_endpoint), and its client_id and client_secret beside.",
        "El archivo contiene lo que Bitrix24 entregó a la aplicación al instalarla (access_token, refresh_token, client_endpoint, server_endpoint) y, además, su client_id y client_secret.",
    )
}

/// The token is out of date and there is no other: the run can't go on, and the next one can.
pub fn not_renewed(reason: &NotRenewed, language: Language) -> Failure {
    let (what, hint) = match reason.why {
        Obstacle::Refused => (
            say(
                language,
                "the authorisation server doesn't renew the application's access",
                "el servidor de autorización no renueva el acceso de la aplicación",
            ),
            say(
                language,
                "Either the application was removed, or its keys are older than 180 days, or something else has used them: they hold once. Authorise or reinstall it in Bitrix24 and put its new keys into the file.",
                "La aplicación se eliminó, o sus claves tienen más de 180 días, o algo más ya las usó: sirven una sola vez. Autorícela o reinstálela en Bitrix24 y ponga las claves nuevas en el archivo.",
            ),
        ),
        Obstacle::Unanswered => (
            say(
                language,
                "the authorisation server doesn't answer, so the application's access isn't renewed",
                "el servidor de autorización no responde y no se renovó el acceso de la aplicación",
            ),
            say(
                language,
                "See that this computer reaches it (oauth.bitrix.info). If the next run is refused, an answer was lost with the new keys in it: authorise the application again.",
                "Verifique que este equipo llegue a él (oauth.bitrix.info). Si la próxima ejecución es rechazada, se perdió una respuesta con las claves nuevas: autorice otra vez la aplicación.",
            ),
        ),
        Obstacle::Unwritable => (
            say(
                language,
                "the file of the application's keys can't be rewritten, so its access isn't renewed",
                "no se puede reescribir el archivo de claves, así que no se renovó el acceso de la aplicación",
            ),
            say(
                language,
                "No new keys were asked for: the old ones still hold. Make room, or give this user the right to write the file and its directory.",
                "No se pidieron claves nuevas: las anteriores siguen sirviendo. Libere espacio o dé a este usuario permiso para escribir el archivo y su directorio.",
            ),
        ),
        Obstacle::Unsaved => (
            say(
                language,
                "the application's new keys could not be written down",
                "no se pudieron guardar las claves nuevas de la aplicación",
            ),
            say(
                language,
                "They are lost, and the old ones hold no more. Look at the disk, authorise the application again in Bitrix24, and put its keys into the file.",
                "Se perdieron y las anteriores ya no sirven. Revise el disco, autorice otra vez la aplicación en Bitrix24 y ponga sus claves en el archivo.",
            ),
        ),
    };
    Failure { code: 1, message: format!("{what}: {}", reason.said), hint: Some(hint) }
}
