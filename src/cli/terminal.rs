//! The doors to stdout and stderr.

use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;

use super::args::Output;
use crate::report::sanitize;

/// Why a result did not reach its reader, in the system's words.
static LOST_RESULT: OnceLock<String> = OnceLock::new();

/// Prints a result. A closed pipe ends the printing quietly: its reader has seen enough.
pub fn result(text: &str) {
    let mut out = io::stdout().lock();
    let printed = out
        .write_all(text.as_bytes())
        .and_then(|()| if text.ends_with('\n') { Ok(()) } else { out.write_all(b"\n") })
        .and_then(|()| out.flush());
    if let Err(error) = printed
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        LOST_RESULT.get_or_init(|| error.to_string());
    }
}

/// Why a result of this run did not reach its reader; `None` when all did.
pub fn lost_result() -> Option<&'static str> {
    LOST_RESULT.get().map(String::as_str)
}

/// Prints a machine-readable result.
pub fn json(value: &impl serde::Serialize) {
    if let Ok(text) = serde_json::to_string_pretty(value) {
        result(&text);
    }
}

/// Says what went wrong. Texts of files and portals are made harmless for the terminal.
pub fn error(text: &str) {
    let _ = writeln!(io::stderr().lock(), "b24restore: {}", sanitize(text));
}

/// Says something beside the result.
pub fn note(text: &str, output: &Output) {
    if !output.quiet {
        let _ = writeln!(io::stderr().lock(), "{}", sanitize(text));
    }
}

/// Whether a person sits at the keyboard and reads the answers.
pub fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}
