//! The two languages of messages.

use std::ffi::OsString;

use crate::report::Language;

/// The sentence in the language of the run. Both are always there, so a missing translation can't happen.
pub fn say(language: Language, en: &str, es: &str) -> String {
    match language {
        Language::En => en,
        Language::Es => es,
    }
    .to_owned()
}

/// The language that the system asks for: Spanish where its locale says so, else English.
///
/// The variables come first, as every program on Linux and macOS obeys them; elsewhere the system is asked.
pub fn of_the_system() -> Language {
    let set =
        ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(|name| std::env::var(name).ok()).find(|value| !value.is_empty());
    let locale = set.or_else(sys_locale::get_locale).unwrap_or_default();
    if locale.to_lowercase().starts_with("es") { Language::Es } else { Language::En }
}

/// The language of a command line that isn't understood yet: help and mistakes are told in it too.
pub fn of_the_words(words: impl IntoIterator<Item = OsString>) -> Language {
    let words: Vec<String> = words.into_iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let after = words.iter().position(|word| word == "--lang").and_then(|at| words.get(at + 1));
    let said = after.map(String::as_str).or_else(|| words.iter().find_map(|word| word.strip_prefix("--lang=")));
    match said {
        Some("en") => Language::En,
        Some("es") => Language::Es,
        _ => of_the_system(),
    }
}
