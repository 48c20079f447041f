//! What the system tells a running program: to stop, and that a file may not grow.

use std::io;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::args::Output;
use super::lang::say;
use super::terminal;

/// How long a person who asked to stop waits for what is in flight.
const IN_FLIGHT_MAX: Duration = Duration::from_secs(10);

/// Exit code of an interrupted run.
const INTERRUPTED: i32 = 130;

/// Ctrl-C, or the system's request to end, once: what is in flight is finished, for at most ten seconds. Twice: the program ends at once.
/// The journal is safe either way: what was sent without an answer is in it as an intent, and looked up by the next run.
pub(super) fn stop_on_request(output: &Output) -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let (flag, output) = (stop.clone(), output.clone());
    // Set up before anything is sent. Without handlers the system ends the program by itself, which the journal survives as well.
    let Ok(mut requests) = Requests::new() else { return stop };
    tokio::spawn(async move {
        requests.next().await;
        flag.store(true, Ordering::SeqCst);
        let language = output.language();
        terminal::note(
            &say(
                language,
                "Finishing what is in flight; press Ctrl-C again to stop at once.",
                "Terminando lo que está en curso; Ctrl-C otra vez para detener ya.",
            ),
            &output,
        );
        // Either the run ends by itself, and this task with it, or its time is up.
        let _ = tokio::time::timeout(IN_FLIGHT_MAX, requests.next()).await;
        terminal::note(
            &say(
                language,
                "Stopped before the portal had answered. Run the same command again: it looks up what was sent, then goes on.",
                "Detenido antes de que respondiera el portal. Repita el mismo comando: primero busca lo enviado y luego continúa.",
            ),
            &output,
        );
        process::exit(INTERRUPTED);
    });
    stop
}

/// A file that may not grow any more (`ulimit -f`) is an error of that write, not the sudden end of the program.
pub(super) fn outlive_full_files() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        // The handler stays when its listener goes; it can't be set where the system has no such signal, and then nothing is lost.
        let _ = signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()));
    }
}

/// Where requests to stop come in. None is lost between two looks.
///
/// The end of the terminal (SIGHUP) is no such request: it ends the program at once, unless it was started with `nohup`, whose wish a
/// handler would undo.
#[cfg(unix)]
struct Requests {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Requests {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Where requests to stop come in.
#[cfg(not(unix))]
struct Requests;

#[cfg(not(unix))]
impl Requests {
    #[expect(clippy::unnecessary_wraps, reason = "on other systems it can fail")]
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            // A console that has no Ctrl-C asks for nothing.
            std::future::pending::<()>().await;
        }
    }
}
