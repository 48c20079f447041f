//! What is wrong with a command line, in Spanish; the English is clap's own.

use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

/// The sentence; `None` for what is no mistake: help and version that were asked for.
pub(super) fn in_spanish(error: &Error) -> Option<String> {
    let of = |kind| error.get(kind).map(words).unwrap_or_default();
    let (argument, value) = (of(ContextKind::InvalidArg), of(ContextKind::InvalidValue));
    let said = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => return None,
        ErrorKind::UnknownArgument => {
            let near = error.get(ContextKind::SuggestedArg).map(|near| format!("; ¿quiso decir {}?", words(near)));
            format!("no existe la opción {argument}{}", near.unwrap_or_default())
        }
        ErrorKind::InvalidSubcommand => {
            let near = error.get(ContextKind::SuggestedSubcommand).map(|near| format!("; ¿quiso decir {}?", words(near)));
            format!("no existe el comando {}{}", of(ContextKind::InvalidSubcommand), near.unwrap_or_default())
        }
        ErrorKind::MissingSubcommand => "falta el comando".to_owned(),
        ErrorKind::MissingRequiredArgument => format!("falta {argument}"),
        ErrorKind::InvalidValue | ErrorKind::NoEquals if value.is_empty() => format!("falta el valor de {argument}"),
        ErrorKind::InvalidValue => {
            format!("«{value}» no es un valor de {argument}; valores: {}", of(ContextKind::ValidValue))
        }
        ErrorKind::ValueValidation => format!("«{value}» no es un valor de {argument}"),
        ErrorKind::ArgumentConflict if argument == of(ContextKind::PriorArg) => format!("{argument} va una sola vez"),
        ErrorKind::ArgumentConflict => {
            format!("{argument} no se puede usar junto con {}", of(ContextKind::PriorArg))
        }
        ErrorKind::TooManyValues | ErrorKind::WrongNumberOfValues | ErrorKind::TooFewValues => {
            format!("{argument} no lleva esa cantidad de valores")
        }
        ErrorKind::InvalidUtf8 => "un argumento no es texto UTF-8".to_owned(),
        _ => "los argumentos no se entienden".to_owned(),
    };
    Some(said)
}

fn words(value: &ContextValue) -> String {
    match value {
        ContextValue::Strings(texts) => texts.join(", "),
        ContextValue::String(text) => text.clone(),
        ContextValue::StyledStrs(texts) => texts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        ContextValue::StyledStr(text) => text.to_string(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[track_caller]
    fn said(typed: &[&str]) -> String {
        let words = ["b24restore"].iter().chain(typed);
        let error = super::super::Cli::command().try_get_matches_from(words).expect_err("a mistake");
        in_spanish(&error).expect("a sentence")
    }

    #[test]
    fn a_mistyped_command_line_is_told_in_spanish() {
        assert_eq!(said(&["plan"]), "falta <FILE>...");
        assert_eq!(said(&["plan", "x.csv", "--duplicate", "p"]), "no existe la opción --duplicate; ¿quiso decir --duplicates?");
        assert_eq!(said(&["verifi", "x.csv"]), "no existe el comando verifi; ¿quiso decir verify?");
        assert_eq!(said(&["plan", "x.csv", "--out"]), "falta el valor de --out <PLAN_DIR>");
        assert_eq!(
            said(&["plan", "x.csv", "--duplicates", "quizá"]),
            "«quizá» no es un valor de --duplicates <skip|create>; valores: skip, create"
        );
        assert_eq!(said(&["apply", "p", "--pilot", "x"]), "«x» no es un valor de --pilot <N>");
        assert_eq!(said(&["apply", "p", "--pilot", "3", "--failed"]), "--pilot <N> no se puede usar junto con --failed");
    }
}
