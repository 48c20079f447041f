//! Why the portal can't be asked, in both languages; the English of it is the error's own text.

use super::Failure;
use super::lang::say;
use crate::portal::{AddressError, PortalError, Refusal, Trouble};
use crate::report::Language;

impl Failure {
    /// The portal can't be asked.
    pub fn of_portal(error: &PortalError, language: Language) -> Self {
        if let PortalError::NotRenewed(reason) = error {
            return super::keys::not_renewed(reason, language);
        }
        let message = match language {
            Language::En => error.to_string(),
            Language::Es => in_spanish(error),
        };
        if matches!(error, PortalError::Authorities) {
            return Self::usage(message);
        }
        let failure = Self::plain(message);
        match advice(error, language) {
            Some(advice) => failure.with_hint(advice),
            None => failure,
        }
    }

    /// The webhook's text is none.
    pub fn of_address(error: &AddressError, language: Language) -> Self {
        Self::usage(match (language, error) {
            (Language::En, _) => error.to_string(),
            (_, AddressError::NoAddress) => {
                "el webhook no es una dirección web; debe ser como https://HOST/rest/USUARIO/CLAVE/".to_owned()
            }
            (_, AddressError::NotHttps) => {
                "el webhook debe empezar con https:// (http:// solo se acepta para este mismo equipo)".to_owned()
            }
            (_, AddressError::UserInfo) => {
                "el webhook trae un nombre de usuario antes del servidor; la clave de un webhook va en su ruta".to_owned()
            }
            (_, AddressError::Extra) => "el webhook debe terminar en su clave; quite todo desde `?` o `#`".to_owned(),
            (_, AddressError::Path) => {
                "la ruta del webhook debe ser /rest/USUARIO/CLAVE/, con el número del usuario y sin nada después de la clave"
                    .to_owned()
            }
        })
    }
}

/// What to do about it.
fn advice(error: &PortalError, language: Language) -> Option<String> {
    let s = |en: &str, es: &str| Some(say(language, en, es));
    match error {
        PortalError::WrongSecret { .. } => s(
            "Check the webhook: it may have been deleted, changed or have expired. Make a new one under Developer resources > Inbound webhook. An application may have been removed, or its user dismissed.",
            "Revise el webhook: puede haberse eliminado, cambiado o vencido. Cree otro en Recursos para desarrolladores > Webhook entrante. Si es una aplicación, puede haberse eliminado o su usuario ya no estar activo.",
        ),
        PortalError::NoScope => s(
            "The webhook (or the application) needs the permissions `crm` and `user_brief`.",
            "El webhook (o la aplicación) necesita los permisos `crm` y `user_brief`.",
        ),
        PortalError::Unreachable { .. } => s(
            "Check the network and the address, then run the same command again.",
            "Revise la red y la dirección y repita el mismo comando.",
        ),
        PortalError::NotJson { .. } => s(
            "Something else than the REST service answers at this address: a login page, a proxy, or a wrong path in the webhook.",
            "En esa dirección responde otra cosa que el servicio REST: una página de acceso, un proxy o una ruta equivocada en el webhook.",
        ),
        PortalError::Redirected { .. } => s(
            "The portal seems to have been renamed: put its new address into the webhook.",
            "Parece que el portal cambió de nombre: ponga su nueva dirección en el webhook.",
        ),
        PortalError::Overload => s(
            "Bitrix24 has blocked this webhook by hand; only its Support can lift that.",
            "Bitrix24 bloqueó este webhook manualmente; solo su Soporte puede levantar el bloqueo.",
        ),
        _ => None,
    }
}

/// One match, so that no error is without its Spanish. The portal's own words stay as they are.
fn in_spanish(error: &PortalError) -> String {
    match error {
        PortalError::WrongSecret { status } => {
            format!("el portal no acepta el webhook, o la llave de la aplicación (HTTP {status})")
        }
        PortalError::NotRenewed(reason) => reason.to_string(),
        PortalError::NoScope => "al webhook le falta un permiso de acceso que se necesita aquí".to_owned(),
        PortalError::AccessDenied(refusal) => format!("el portal niega el acceso: {}", words(refusal)),
        PortalError::UserInactive => "el usuario del webhook no está activo".to_owned(),
        PortalError::NotJson { status, is_html } => {
            format!("la respuesta no es JSON (HTTP {status}{})", if *is_html { ", una página web" } else { "" })
        }
        PortalError::Redirected { host } => {
            format!("el portal remite a {}", host.as_deref().unwrap_or("otra dirección"))
        }
        PortalError::Unreachable { kind, tried_for } => {
            format!("no se llega al portal: {} (se intentó durante {} s)", trouble(*kind), tried_for.as_secs())
        }
        PortalError::Busy { refusal, tried_for } => {
            format!("el portal está ocupado: {} (se intentó durante {} s)", words(refusal), tried_for.as_secs())
        }
        PortalError::Overload => "el portal bloqueó este webhook por sobrecarga (OVERLOAD_LIMIT)".to_owned(),
        PortalError::PortalDeleted => "el portal fue eliminado".to_owned(),
        PortalError::Refused(refusal) => format!("el portal lo rechaza: {}", words(refusal)),
        PortalError::Protocol(what) => format!("no se entiende la respuesta del portal: {what}"),
        PortalError::Authorities => "--ca-file no contiene ningún certificado PEM (-----BEGIN CERTIFICATE-----)".to_owned(),
        PortalError::Setup => {
            "no se puede preparar la conexión: en este equipo no hay certificados de confianza, o la configuración del proxy no sirve"
                .to_owned()
        }
    }
}

fn words(refusal: &Refusal) -> String {
    if refusal.code.is_empty() && refusal.text.is_empty() {
        return format!("no dice por qué (HTTP {})", refusal.status);
    }
    refusal.to_string()
}

fn trouble(kind: Trouble) -> &'static str {
    match kind {
        Trouble::NoSuchHost => "no se conoce el nombre del servidor",
        Trouble::ConnectionRefused => "la conexión se rechaza",
        Trouble::Certificate => "el certificado del servidor no es de confianza",
        Trouble::Tls => "no se logra una conexión cifrada",
        Trouble::ConnectTimeout => "la conexión no se logra a tiempo",
        Trouble::NotConnected => "no se logra la conexión",
        Trouble::Timeout => "la respuesta no llega a tiempo",
        Trouble::ConnectionLost => "la conexión se corta",
        Trouble::CutShort => "la respuesta llega incompleta",
        Trouble::TooLarge => "la respuesta es demasiado larga",
    }
}
