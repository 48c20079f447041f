//! From the command line to a portal that can be asked.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use secrecy::zeroize::Zeroizing;

use super::Failure;
use super::args::{Limits, Output, Portal};
use super::lang::say;
#[cfg(unix)]
use super::terminal;
use super::{disk, keys, progress};
use crate::apply::{PaceFile, SystemClock};
use crate::event::Observer;
use crate::model::typed_text;
use crate::portal::{Access, AccessError, LimitsProfile, Reader, Settings};

/// The variable that names the portal.
pub const VARIABLE: &str = "B24_WEBHOOK";
/// The variable that shortens the zombie window for tests.
const WINDOW: &str = "B24RESTORE_ZOMBIE_WINDOW";

/// How long a missing connection is tried while planning.
const PATIENCE_PLANNING: Duration = Duration::from_secs(30);
/// How long a missing connection is tried while applying.
pub const PATIENCE_APPLYING: Duration = Duration::from_mins(5);

/// The way into the portal, whose secret is never printed.
pub fn access(portal: &Portal, output: &Output) -> Result<Access, Failure> {
    let language = output.language();
    let text = match &portal.webhook_file {
        Some(path) => {
            warn_of_readers(path, output);
            let bytes = std::fs::read(path).map(Zeroizing::new);
            bytes.and_then(|bytes| typed_text(&bytes)).map(Zeroizing::new).map_err(|error| {
                let what = say(language, "cannot read the webhook file", "no se puede leer el archivo del webhook");
                Failure::usage(format!("{what} {}: {}", path.display(), disk::said(&error, language)))
            })?
        }
        None => std::env::var(VARIABLE).map(Zeroizing::new).map_err(|_| {
            Failure::usage(say(
                language,
                "no portal: set B24_WEBHOOK to your inbound webhook (https://HOST/rest/USER/SECRET/), or give --webhook-file PATH",
                "falta el portal: defina B24_WEBHOOK con su webhook entrante (https://HOST/rest/USUARIO/CLAVE/) o use --webhook-file RUTA",
            ))
        })?,
    };
    let access = Access::parse(&text, portal.webhook_file.as_deref()).map_err(|error| match error {
        AccessError::Address(error) => Failure::of_address(&error, language),
        AccessError::Keys(error) => keys::unusable(&error, language),
    })?;
    if portal.limits == Limits::None && !access.is_loopback() {
        return Err(Failure::usage(say(
            language,
            "--portal-limits none is taken for a local portal only",
            "--portal-limits none solo se acepta para un portal local",
        )));
    }
    Ok(access)
}

/// Says so when others on this computer can read the file that holds the secret.
fn warn_of_readers(path: &Path, output: &Output) {
    #[cfg(unix)]
    if std::fs::metadata(path).is_ok_and(|data| std::os::unix::fs::MetadataExt::mode(&data) & 0o077 != 0) {
        let text = say(
            output.language(),
            "others on this computer can read this file with the access to the portal; make it yours alone",
            "otros usuarios de este equipo pueden leer este archivo con el acceso al portal; déjelo solo para usted",
        );
        terminal::note(&format!("{}: {text} (chmod 600)", path.display()), output);
    }
    #[cfg(not(unix))]
    let _ = (path, output);
}

/// How the portal is talked to.
pub fn settings(portal: &Portal, patience: Duration, output: &Output) -> Result<Settings, Failure> {
    let limits = match portal.limits {
        Limits::Standard => LimitsProfile::Standard,
        Limits::Enterprise => LimitsProfile::Enterprise,
        Limits::None => LimitsProfile::None,
    };
    let read = |path: &PathBuf| {
        std::fs::read(path).map_err(|error| {
            let what =
                say(output.language(), "cannot read the file of certificates", "no se puede leer el archivo de certificados");
            Failure::usage(format!("--ca-file {}: {what}: {}", path.display(), disk::said(&error, output.language())))
        })
    };
    let authorities = portal.ca_file.as_ref().map(read).transpose()?;
    Ok(Settings { limits, api_share: portal.api_share, patience, authorities })
}

/// A portal that can only be read: for the commands that change nothing.
pub fn reader(portal: &Portal, observer: Arc<dyn Observer>, output: &Output) -> Result<Reader, Failure> {
    let opened = Reader::open(access(portal, output)?, &settings(portal, PATIENCE_PLANNING, output)?, observer);
    let reader = opened.map_err(|error| Failure::of_portal(&error, output.language()))?;
    remember_pace(&reader);
    Ok(reader)
}

/// Lets a command go on from where the last one left the portal's bucket of requests.
pub fn remember_pace(reader: &Reader) {
    reader.remember_pace(Arc::new(PaceFile::of(reader.identity(), Arc::new(SystemClock))));
}

/// Who listens to what happens.
pub fn observer(output: &Output) -> Arc<dyn Observer> {
    progress::observer(output)
}

/// How long an unclear request may still be carried out by the portal.
pub fn zombie_window(output: &Output) -> Result<Duration, Failure> {
    let Ok(text) = std::env::var(WINDOW) else { return Ok(Duration::from_secs(150)) };
    match text.parse::<f64>() {
        Ok(seconds) if seconds.is_finite() && (0.0..=86_400.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err(Failure::usage(say(
            output.language(),
            "B24RESTORE_ZOMBIE_WINDOW takes seconds",
            "B24RESTORE_ZOMBIE_WINDOW se indica en segundos",
        ))),
    }
}
