//! The doors to stdout and stderr.

use std::io::{self, IsTerminal, Write};

use super::args::Output;
use crate::report::sanitize;

/// Prints a result. A closed pipe ends the printing quietly.
pub fn result(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out
        .write_all(text.as_bytes())
        .and_then(|()| if text.ends_with('\n') { Ok(()) } else { out.write_all(b"\n") })
        .and_then(|()| out.flush());
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
