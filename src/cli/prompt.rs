//! Questions to the person at the keyboard.

use std::io::{self, BufRead, Write};

use super::Failure;
use super::args::Output;
use super::lang::say;
use super::terminal;

/// Asks for the name of what is about to be changed, which nobody types by mistake; without a terminal there is nobody to ask.
pub fn confirm_by_name(question: &str, name: &str, output: &Output) -> Result<bool, Failure> {
    let language = output.language();
    if !terminal::is_interactive() {
        return confirm(question, output);
    }
    let ask = say(language, "Type the portal's name to go on", "Escriba el nombre del portal para continuar");
    let _ = write!(io::stderr().lock(), "{question}\n{ask} ({name}): ").and_then(|()| io::stderr().flush());
    let mut answer = String::new();
    if io::stdin().lock().read_line(&mut answer).is_err() {
        return Ok(false);
    }
    Ok(answer.trim().eq_ignore_ascii_case(name))
}

/// Asks a yes-or-no question; without a terminal there is nobody to ask, which is wrong usage.
pub fn confirm(question: &str, output: &Output) -> Result<bool, Failure> {
    let language = output.language();
    if !terminal::is_interactive() {
        return Err(Failure::usage(say(
            language,
            "nobody is there to confirm; say --yes to go on without a question",
            "no hay nadie que confirme; use --yes para continuar sin preguntar",
        )));
    }
    let hint = say(language, "[y/N]", "[s/N]");
    let _ = write!(io::stderr().lock(), "{question} {hint} ").and_then(|()| io::stderr().flush());
    let mut answer = String::new();
    if io::stdin().lock().read_line(&mut answer).is_err() {
        return Ok(false);
    }
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes" | "s" | "si" | "sí"))
}
