//! `sandbox`: the local portal.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::args::{Limits, Output};
use super::{Failure, Outcome, terminal};
use crate::sandbox;

/// Run a local portal to rehearse on.
#[derive(Debug, Args)]
pub struct Sandbox {
    /// Where to listen; loopback only, port 0 for a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Where the portal's state lives; it survives a restart.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Fill a new portal with a snapshot: its records under their old ids, with all that they refer to.
    #[arg(long, value_name = "SNAPSHOT_DIR")]
    seed: Option<PathBuf>,
    /// Which limits the portal has.
    #[arg(long, value_enum, default_value = "standard", value_name = "standard|enterprise|none")]
    limits: Limits,
    /// How many times faster than the wall clock limits drain and waits pass.
    #[arg(long, value_name = "K", default_value_t = 1.0)]
    time_scale: f64,
    /// What each command costs, in milliseconds of the portal's time.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    latency: u64,
    /// A script of faults (JSON).
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// The language of a new portal's directories.
    #[arg(long, value_enum, default_value = "en", value_name = "en|es|ru")]
    portal_lang: PortalLang,
    /// The server's time zone (IANA name).
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    zone: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PortalLang {
    En,
    Es,
    Ru,
}

impl Sandbox {
    pub(super) async fn run(self, output: &Output) -> Result<Outcome, Failure> {
        let language = output.language();
        if !(self.time_scale.is_finite() && self.time_scale > 0.0) {
            return Err(Failure::usage(super::lang::say(
                language,
                "--time-scale takes a number above 0",
                "--time-scale debe ser mayor que 0",
            )));
        }
        if !self.listen.ip().is_loopback() {
            return Err(Failure::usage(super::lang::say(
                language,
                "--listen takes an address of this computer alone, such as 127.0.0.1:0",
                "--listen debe ser una dirección de esta misma computadora, por ejemplo 127.0.0.1:0",
            )));
        }
        let config = sandbox::Config {
            data: self.data,
            limits: match self.limits {
                Limits::Standard => sandbox::Limits::Standard,
                Limits::Enterprise => sandbox::Limits::Enterprise,
                Limits::None => sandbox::Limits::None,
            },
            time_scale: self.time_scale,
            latency_ms: self.latency,
            faults: self.faults,
            language: match self.portal_lang {
                PortalLang::En => sandbox::Language::En,
                PortalLang::Es => sandbox::Language::Es,
                PortalLang::Ru => sandbox::Language::Ru,
            },
            zone: self.zone,
        };
        if let Some(snapshot) = &self.seed {
            let lost = super::seed::seed(&config, snapshot, language)?;
            if !lost.is_empty() {
                let what =
                    super::lang::say(language, "fields that the sandbox doesn't have", "campos que el portal local no tiene");
                terminal::note(&format!("{what}: {}", Vec::from_iter(lost).join(", ")), output);
            }
        }
        let sandbox_failure = |error: &sandbox::SandboxError| match error {
            sandbox::SandboxError::Zone(zone) => {
                let text = super::lang::say(
                    language,
                    "there is no such time zone; use an IANA name such as America/Mexico_City",
                    "no existe esa zona horaria; use un nombre IANA como America/Mexico_City",
                );
                Failure::usage(format!("--zone {zone}: {text}"))
            }
            error => {
                Failure::other(super::lang::say(language, "the sandbox cannot run", "el portal local no puede funcionar"), error)
            }
        };
        let running = sandbox::Sandbox::start(&config, self.listen).map_err(|error| sandbox_failure(&error))?;
        terminal::result(&format!("webhook: {}", running.webhook()));
        wait_for_the_end().await;
        running.stop().map_err(|error| sandbox_failure(&error))?;
        Ok(Outcome::Done)
    }
}

/// Ctrl-C, or a request to end from the system.
async fn wait_for_the_end() {
    #[cfg(unix)]
    if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        return;
    }
    let _ = tokio::signal::ctrl_c().await;
}
