//! The two languages of messages.

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
