//! What to type next, exactly as it has to be typed.

use std::path::Path;

use super::clean::sanitize;
use super::facts::Facts;
use super::figures::duration;
use super::words::Language;

/// How many records a first try creates.
pub const PILOT: u64 = 10;

/// One step of the way from a review to a restored CRM.
pub struct Step {
    /// What is done, in a sentence.
    pub text: String,
    /// What to type for it.
    pub command: Option<String>,
}

/// A command with the plan directory, quoted as the shells need it.
pub fn command(name: &str, dir: &Path, option: &str) -> String {
    let gap = if option.is_empty() { "" } else { " " };
    format!("b24restore {name} {}{gap}{option}", quoted(&sanitize(&dir.display().to_string())))
}

/// Whether there is enough to create for a first try to be worth it.
pub fn has_pilot(facts: &Facts) -> bool {
    facts.summary.total().to_create > PILOT
}

/// The steps that are left after a review, the next one first.
pub fn steps(facts: &Facts, language: Language) -> Vec<Step> {
    use Language::{En, Es};
    let total = facts.summary.total();
    let step = |text: String, command: Option<String>| Step { text, command };
    let apply = |option: &str| Some(command("apply", &facts.dir, option));
    if !facts.admin {
        return vec![step(
            match language {
                En => "Have an administrator make the webhook, and run this review again: with this user nothing can be created."
                    .into(),
                Es => {
                    "Pida que un administrador cree el webhook y repita esta revisión: con este usuario no se puede crear nada."
                        .into()
                }
            },
            None,
        )];
    }
    let mut steps = Vec::new();
    if facts.to_decide > 0 {
        steps.push(step(to_decide(facts.to_decide, language), None));
    }
    if total.to_create + total.to_update == 0 {
        steps.push(step(
            match language {
                En => "There is nothing to create.".into(),
                Es => "No hay nada que crear.".into(),
            },
            None,
        ));
        return steps;
    }
    if has_pilot(facts) {
        steps.push(step(
            match language {
                En => format!("Try it with {PILOT}: they are created and verified, and the program stops."),
                Es => format!("Se prueba con {PILOT}: se crean, se comprueban y el programa se detiene."),
            },
            apply(&format!("--pilot {PILOT}")),
        ));
    }
    let time = duration(facts.summary.forecast.seconds);
    steps.push(step(
        match (language, has_pilot(facts)) {
            (En, true) => format!("Create the rest ({time}). It can be interrupted at any moment; the same command goes on."),
            (Es, true) => {
                format!("Se crea el resto ({time}). Se puede interrumpir en cualquier momento; el mismo comando continúa.")
            }
            (En, false) => format!("Carry it out ({time}). It can be interrupted at any moment; the same command goes on."),
            (Es, false) => format!("Se ejecuta ({time}). Se puede interrumpir en cualquier momento; el mismo comando continúa."),
        },
        apply(""),
    ));
    steps.push(step(
        match language {
            En => "Read everything back and compare it field by field.".into(),
            Es => "Se comprueba lo creado, campo por campo.".into(),
        },
        Some(command("verify", &facts.dir, "")),
    ));
    steps.push(step(
        match language {
            En => "What was created can be undone, as long as nobody has changed it.".into(),
            Es => "Lo creado se puede deshacer, mientras nadie lo haya modificado.".into(),
        },
        Some(command("undo", &facts.dir, "")),
    ));
    steps
}

/// The way in one breath, for the first screen.
pub fn in_short(facts: &Facts, language: Language) -> String {
    use Language::{En, Es};
    let all = steps(facts, language);
    let total = facts.summary.total();
    if !facts.admin || total.to_create + total.to_update == 0 {
        return all.into_iter().map(|step| step.text).collect::<Vec<_>>().join(" ");
    }
    let decide = (facts.to_decide > 0).then(|| to_decide(facts.to_decide, language));
    let time = duration(facts.summary.forecast.seconds);
    let pilot = has_pilot(facts);
    let create = match language {
        En if pilot => format!(
            "It is tried with {PILOT}, then the rest is created ({time}; it can be interrupted). What was created can be undone."
        ),
        Es if pilot => {
            format!("Se prueba con {PILOT} y luego se crea el resto ({time}; se puede interrumpir). Lo creado se puede deshacer.")
        }
        En => format!("It takes {time} and can be interrupted. What was created can be undone."),
        Es => format!("Tarda {time} y se puede interrumpir. Lo creado se puede deshacer."),
    };
    decide.into_iter().chain([create]).collect::<Vec<_>>().join(" ")
}

fn to_decide(cases: u64, language: Language) -> String {
    let n = super::figures::count(cases);
    match (language, cases) {
        (Language::En, 1) => "Somebody who knows the clients decides the 1 open case.".into(),
        (Language::En, _) => format!("Somebody who knows the clients decides the {n} open cases."),
        (Language::Es, 1) => "Alguien que conozca a los clientes (Ventas) responde el caso por decidir.".into(),
        (Language::Es, _) => format!("Alguien que conozca a los clientes (Ventas) responde los {n} casos por decidir."),
    }
}

/// A path as sh, PowerShell and cmd take it: bare where it is plain, else in quotes.
fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/\\:._-+,@%~".contains(c);
    let path = if path.starts_with('-') { format!("./{path}") } else { path.to_owned() };
    if !path.is_empty() && path.chars().all(plain) {
        path
    } else if path.contains(['"', '$', '`', '!']) {
        format!("'{}'", path.replace('\'', r"'\''"))
    } else {
        format!("\"{path}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::super::example;
    use super::*;

    #[test]
    fn a_command_can_be_pasted_whatever_the_directory_is_called() {
        for (dir, typed) in [
            ("C:\\Casos\\2026-11-23", "b24restore apply C:\\Casos\\2026-11-23"),
            ("Mis casos/año", "b24restore apply \"Mis casos/año\""),
            ("-rf", "b24restore apply ./-rf"),
            ("$(reboot)", "b24restore apply '$(reboot)'"),
            ("a'b`c", r"b24restore apply 'a'\''b`c'"),
        ] {
            assert_eq!(command("apply", Path::new(dir), ""), typed);
        }
    }

    #[test]
    fn who_may_not_create_is_shown_no_command_that_creates() {
        let facts = Facts { admin: false, ..example::facts(Language::Es) };
        assert!(steps(&facts, Language::Es).iter().all(|step| step.command.is_none()));
    }
}
