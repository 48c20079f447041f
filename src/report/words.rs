//! The words of the program, in both languages, each once. A verdict that is called one thing on the screen and another in the
//! report would be two verdicts to a reader under stress.
//!
//! Everything that a person reads is a [`Phrase`], a [`Noun`] or a `match` on [`Language`]: a missing translation doesn't compile.

use std::fmt;
use std::str::FromStr;

use crate::model::EntityType;

use super::figures::count;

pub use super::figures::{date, day, duration, moment, money};
pub use super::warnings::warning_text;

/// The language of what a person reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Spanish, Mexican usage, formal.
    Es,
}

impl Language {
    /// Both.
    pub const ALL: [Self; 2] = [Self::En, Self::Es];

    /// The ISO 639-1 code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Es => "es",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl FromStr for Language {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|language| language.code() == text).ok_or_else(|| format!("`{text}` is none of en, es"))
    }
}

/// A fixed text in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phrase {
    /// In English.
    pub en: &'static str,
    /// In Spanish.
    pub es: &'static str,
}

impl Phrase {
    /// The text in one of the two languages.
    pub const fn get(self, language: Language) -> &'static str {
        match language {
            Language::En => self.en,
            Language::Es => self.es,
        }
    }
}

/// A word that is counted: one of it, several of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Noun {
    /// One.
    pub one: Phrase,
    /// None or several.
    pub many: Phrase,
}

impl Noun {
    /// The word that goes with a number.
    pub const fn for_count(self, n: u64, language: Language) -> &'static str {
        if n == 1 { self.one.get(language) } else { self.many.get(language) }
    }

    /// The number with its word: `3,841 registros`.
    pub fn counted(self, n: u64, language: Language) -> String {
        format!("{} {}", count(n), self.for_count(n, language))
    }
}

const fn noun(en: (&'static str, &'static str), es: (&'static str, &'static str)) -> Noun {
    Noun { one: Phrase { en: en.0, es: es.0 }, many: Phrase { en: en.1, es: es.1 } }
}

/// A record of whatever type.
pub const RECORD: Noun = noun(("record", "records"), ("registro", "registros"));
/// A row of a restore file.
pub const ROW: Noun = noun(("row", "rows"), ("fila", "filas"));
/// A link of a live record whose target was lost.
pub const LOST_LINK: Noun = noun(("lost link", "lost links"), ("vínculo perdido", "vínculos perdidos"));
/// A request to the portal.
pub const REQUEST: Noun = noun(("request", "requests"), ("solicitud", "solicitudes"));

/// What a record type is called in a sentence.
pub const fn entity(entity: EntityType) -> Noun {
    match entity {
        EntityType::Company => noun(("company", "companies"), ("compañía", "compañías")),
        EntityType::Contact => noun(("contact", "contacts"), ("contacto", "contactos")),
        EntityType::Lead => noun(("lead", "leads"), ("prospecto", "prospectos")),
        EntityType::Deal => noun(("deal", "deals"), ("negociación", "negociaciones")),
    }
}

/// What a record type is called in a heading or a table.
pub const fn entity_heading(entity: EntityType) -> Phrase {
    match entity {
        EntityType::Company => Phrase { en: "Companies", es: "Compañías" },
        EntityType::Contact => Phrase { en: "Contacts", es: "Contactos" },
        EntityType::Lead => Phrase { en: "Leads", es: "Prospectos" },
        EntityType::Deal => Phrase { en: "Deals", es: "Negociaciones" },
    }
}

/// The order in which people look for record types: what they sell first. (The order of dependence is the machine's.)
pub const READING_ORDER: [EntityType; 4] = [EntityType::Deal, EntityType::Contact, EntityType::Company, EntityType::Lead];

/// The verdicts in the order in which a report tells them, by their code in `records.jsonl`.
pub const VERDICTS: [&str; 6] = ["missing", "duplicate", "changed", "restored", "rejected", "identical"];

/// The head of a column that counts records of a verdict: the short word for it.
pub fn verdict_heading(code: &str) -> Phrase {
    match code {
        "missing" => Phrase { en: "Missing", es: "Faltan" },
        "duplicate" => Phrase { en: "Unsure", es: "Dudosos" },
        "changed" => Phrase { en: "Changed", es: "Distintos" },
        "restored" => Phrase { en: "Back", es: "De vuelta" },
        "rejected" => Phrase { en: "Unreadable", es: "Ilegibles" },
        "identical" => Phrase { en: "Identical", es: "Sin cambios" },
        _ => Phrase { en: "Other", es: "Otros" },
    }
}

/// A verdict said of one record.
pub fn verdict(code: &str) -> Phrase {
    match code {
        "missing" => Phrase { en: "missing", es: "falta" },
        "duplicate" => Phrase { en: "possible duplicate", es: "posible duplicado" },
        "changed" => Phrase { en: "differs from the copy", es: "distinto de la copia" },
        "restored" => Phrase { en: "already back", es: "ya está de vuelta" },
        "rejected" => Phrase { en: "row that could not be read", es: "fila que no se pudo leer" },
        "identical" => Phrase { en: "identical", es: "sin cambios" },
        _ => Phrase { en: "other", es: "otro" },
    }
}

/// What a verdict means and what happens to such records, in a sentence or two.
pub fn verdict_meaning(code: &str) -> Phrase {
    match code {
        "missing" => Phrase {
            en: "In the copy, and no record in the portal answers for them. These are the ones that can be re-created.",
            es: "Están en la copia y nada en su Bitrix24 responde por ellos. Son los que se pueden volver a crear.",
        },
        "duplicate" => Phrase {
            en: "Not there under their ID, but a live record looks like them. They are not created until somebody decides.",
            es: "No están con su ID, pero hay un registro vivo que se les parece. No se crean hasta que alguien decida.",
        },
        "changed" => Phrase {
            en: "There, but different from the copy: as a rule, your people went on working. Left alone unless you asked otherwise.",
            es: "Están, pero distintos de la copia: por lo general, su gente siguió trabajando. No se tocan, salvo que usted lo haya pedido.",
        },
        "restored" => Phrase {
            en: "Back under a new ID: recovered from the recycle bin, or re-created by an earlier run. Nothing to do.",
            es: "Ya están de vuelta con un ID nuevo: recuperados de la papelera o creados en una ejecución anterior. No hay nada que hacer.",
        },
        "rejected" => Phrase {
            en: "Rows of the files that could not be used. They stand as they were in the folder rejected: mend them and run the review again.",
            es: "Filas de los archivos que no se pudieron usar. Están tal cual en la carpeta rejected: corríjalas y repita la revisión.",
        },
        _ => Phrase { en: "There, and equal to the copy.", es: "Están, y son iguales a la copia." },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_read_by_its_code_and_nothing_else() {
        assert_eq!("es".parse(), Ok(Language::Es));
        assert_eq!("en".parse(), Ok(Language::En));
        assert!("fr".parse::<Language>().is_err());
        assert_eq!(Language::default(), Language::En);
    }

    #[test]
    fn a_number_brings_its_own_form_of_the_word() {
        assert_eq!(entity(EntityType::Deal).counted(1, Language::Es), "1 negociación");
        assert_eq!(entity(EntityType::Deal).counted(2957, Language::Es), "2,957 negociaciones");
        assert_eq!(entity(EntityType::Company).counted(0, Language::En), "0 companies");
    }

    #[test]
    fn no_word_of_a_verdict_serves_for_two() {
        for language in Language::ALL {
            let mut words: Vec<_> = VERDICTS.iter().map(|code| verdict(code).get(language)).collect();
            words.sort_unstable();
            words.dedup();
            assert_eq!(words.len(), VERDICTS.len());
        }
    }
}
