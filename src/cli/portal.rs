//! From the command line to a portal that can be asked.

use std::sync::Arc;
use std::time::Duration;

use super::Failure;
use super::args::{Limits, Output, Portal};
use super::lang::say;
use super::progress;
use crate::event::Observer;
use crate::portal::{LimitsProfile, Reader, Settings, WebhookUrl};

/// The variable that names the portal.
pub const VARIABLE: &str = "B24_WEBHOOK";
/// The variable that shortens the zombie window for tests.
const WINDOW: &str = "B24RESTORE_ZOMBIE_WINDOW";

/// How long a missing connection is tried while planning.
const PATIENCE_PLANNING: Duration = Duration::from_secs(30);
/// How long a missing connection is tried while applying.
pub const PATIENCE_APPLYING: Duration = Duration::from_mins(5);

/// The address of the portal, which is never printed.
pub fn address(portal: &Portal, output: &Output) -> Result<WebhookUrl, Failure> {
    let language = output.language();
    let text = match &portal.webhook_file {
        Some(path) => std::fs::read_to_string(path).map_err(|error| {
            let what = say(language, "cannot read the webhook file", "no se puede leer el archivo del webhook");
            Failure::usage(format!("{what} {}: {error}", path.display()))
        })?,
        None => std::env::var(VARIABLE).map_err(|_| {
            Failure::usage(say(
                language,
                "no portal: set B24_WEBHOOK to your inbound webhook (https://HOST/rest/USER/SECRET/), or give --webhook-file PATH",
                "falta el portal: defina B24_WEBHOOK con su webhook entrante (https://HOST/rest/USUARIO/CLAVE/) o use --webhook-file RUTA",
            ))
        })?,
    };
    let url = WebhookUrl::parse(text.trim()).map_err(|error| Failure::usage(error.to_string()))?;
    if portal.limits == Limits::None && !url.is_loopback() {
        return Err(Failure::usage(say(
            language,
            "--portal-limits none is taken for a local portal only",
            "--portal-limits none solo se acepta para un portal local",
        )));
    }
    Ok(url)
}

/// How the portal is talked to.
pub fn settings(portal: &Portal, patience: Duration) -> Settings {
    let limits = match portal.limits {
        Limits::Standard => LimitsProfile::Standard,
        Limits::Enterprise => LimitsProfile::Enterprise,
        Limits::None => LimitsProfile::None,
    };
    Settings { limits, api_share: portal.api_share, patience }
}

/// A portal that can only be read: for the commands that change nothing.
pub fn reader(portal: &Portal, observer: Arc<dyn Observer>, output: &Output) -> Result<Reader, Failure> {
    let opened = Reader::open(address(portal, output)?, settings(portal, PATIENCE_PLANNING), observer);
    opened.map_err(|error| Failure::of_portal(&error, output.language()))
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
