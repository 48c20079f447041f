//! Words of the portal's language in cells: yes and no, the mask, "no records", totals.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::headers::document;
use crate::model::{EntityType, fold};

/// Sentences that an export of nothing holds instead of a table (csv 2).
const NO_RECORDS: &[(EntityType, &str)] = &[
    (EntityType::Lead, "No leads."),
    (EntityType::Lead, "Ningún prospecto"),
    (EntityType::Lead, "Список лидов пуст!"),
    (EntityType::Lead, "Nenhum lead."),
    (EntityType::Lead, "Keine Leads."),
    (EntityType::Contact, "There are currently no contacts available."),
    (EntityType::Contact, "Actualmente no hay contactos disponibles."),
    (EntityType::Contact, "Список контактов пуст!"),
    (EntityType::Company, "No companies."),
    (EntityType::Company, "No hay compañías."),
    (EntityType::Company, "Список компаний пуст!"),
    (EntityType::Deal, "There are no deals."),
    (EntityType::Deal, "No hay negociaciones."),
    (EntityType::Deal, "Список сделок пуст!"),
    (EntityType::Deal, "Não existem ofertas."),
    (EntityType::Deal, "Es gibt keine Aufträge."),
];

/// What a spreadsheet writes for yes and no, in the languages of its menus.
const LOGICAL: &[(&str, bool)] = &[
    ("verdadero", true),
    ("falso", false),
    ("истина", true),
    ("ложь", false),
    ("істина", true),
    ("хибність", false),
    ("verdadeiro", true),
    ("wahr", true),
    ("falsch", false),
    ("vrai", true),
    ("faux", false),
    ("vero", true),
    ("prawda", true),
    ("fałsz", false),
];

/// Words with which a spreadsheet's total line begins.
const TOTALS: &[&str] = &[
    "total",
    "totales",
    "totals",
    "grand total",
    "suma",
    "suma total",
    "gran total",
    "total general",
    "total geral",
    "total général",
    "totale generale",
    "totale complessivo",
    "suma końcowa",
    "sum",
    "count",
    "cuenta",
    "recuento",
    "registros",
    "records",
    "записей",
    "общий итог",
    "усього",
    "загальний підсумок",
    "gesamtergebnis",
    "subtotal",
    "итого",
    "всего",
    "всього",
    "разом",
    "summe",
    "gesamt",
    "gesamtsumme",
    "totale",
    "totais",
    "soma",
    "razem",
    "somme",
];

/// The titles of requisite columns begin with one of these (csv 4.10).
const REQUISITES: &[&str] = &["details", "detalles", "реквизиты", "реквізити", "detalhes", "détails", "dettagli", "szczegóły"];

/// Names under which a user who may not see the linked record finds it (csv 2.2).
const HIDDEN_LINKS: &[&str] = &[
    "contacto oculto",
    "compañía oculta",
    "prospecto oculto",
    "cliente oculto",
    "hidden contact",
    "hidden company",
    "hidden lead",
    "hidden client",
];

/// What people and programs fill empty cells with: a line full of it is no masked one.
const FILLERS: &[&str] = &[
    "null",
    "none",
    "nan",
    "empty",
    "blank",
    "unknown",
    "no data",
    "vacío",
    "vacio",
    "ninguno",
    "ninguna",
    "nada",
    "sin dato",
    "sin datos",
    "desconocido",
    "vazio",
    "nenhum",
    "nenhuma",
    "sem dados",
    "leer",
    "keine",
    "unbekannt",
    "vide",
    "aucun",
    "aucune",
    "inconnu",
    "vuoto",
    "nessuno",
    "nessuna",
    "brak",
    "puste",
    "пусто",
    "нет",
    "нет данных",
    "немає",
    "порожньо",
];

static FLAGS: LazyLock<HashMap<String, bool>> = LazyLock::new(|| {
    let mut flags: HashMap<String, bool> = HashMap::new();
    for (key, value) in [("boolean_yes", true), ("boolean_uf_yes", true), ("boolean_no", false), ("boolean_uf_no", false)] {
        flags.extend(words(key).map(|word| (fold(word), value)));
    }
    flags.extend([("y", true), ("1", true), ("true", true), ("sí", true)].map(|(word, value)| (word.to_owned(), value)));
    flags.extend(LOGICAL.iter().map(|(word, value)| ((*word).to_owned(), *value)));
    flags.extend([("n", false), ("0", false), ("false", false)].map(|(word, value)| (word.to_owned(), value)));
    flags
});

/// The words that mask records (csv 2.2).
pub(super) struct Hidden {
    words: Vec<&'static str>,
    /// The first bytes of cells that may hold one: its letter, large or small, and all that white space may begin with.
    begins: [bool; 256],
}

static HIDDEN: LazyLock<Hidden> = LazyLock::new(|| {
    let words: Vec<&str> = words("hidden").collect();
    let is_first = |byte: u8| words.iter().any(|word| word.bytes().next().is_some_and(|first| first.eq_ignore_ascii_case(&byte)));
    let begins = |byte: u8| !byte.is_ascii_graphic() || is_first(byte);
    Hidden { begins: std::array::from_fn(|byte| begins(byte as u8)), words }
});

impl Hidden {
    /// Whether a cell that begins with this byte may hold one of them. Asked for every cell of a file, and it decides for most.
    #[inline]
    pub(super) fn begin_with(&self, first: u8) -> bool {
        self.begins[usize::from(first)]
    }

    /// Whether a cell holds one of them. The words are ASCII, so that there is no folding.
    #[cold]
    pub(super) fn has(&self, text: &str) -> bool {
        self.words.iter().any(|word| word.eq_ignore_ascii_case(trim(text)))
    }
}

static CURRENCIES: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let mut names = HashMap::new();
    for (code, languages) in document()["_values"]["currency_name"].as_object().into_iter().flatten() {
        let texts = languages.as_object().into_iter().flatten().filter_map(|(_, name)| name.as_str());
        names.extend(texts.map(|name| (fold(name), code.clone())));
    }
    // The older Spanish name (csv 4.4).
    names.insert("dólar usa".to_owned(), "USD".to_owned());
    names
});

fn words(key: &str) -> impl Iterator<Item = &'static str> {
    document()["_values"][key].as_object().into_iter().flatten().filter_map(|(_, word)| word.as_str())
}

/// Yes or no, in any of the languages and spellings of csv 4.7.
pub(super) fn flag(text: &str) -> Option<bool> {
    match text {
        "Y" | "si" | "Si" | "yes" => Some(true),
        "N" | "no" | "No" => Some(false),
        _ => FLAGS.get(&fold(text)).copied(),
    }
}

/// A text without the white space around it. Asked for every cell of a file, and nearly every cell is bare.
#[inline]
pub(super) fn trim(text: &str) -> &str {
    let bytes = text.as_bytes();
    match (bytes.first(), bytes.last()) {
        (Some(first), Some(last)) if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim(),
    }
}

/// The words that mask records.
pub(super) fn hidden() -> &'static Hidden {
    &HIDDEN
}

/// Whether a cell may hold the mask's word in a language in which nobody has published it: a word or two, of letters alone.
pub(super) fn may_mask(text: &str) -> bool {
    let is_of_words = |text: &str| text.chars().all(|c| c.is_alphabetic() || c == ' ' || c == '-');
    (4..=40).contains(&text.len())
        && text.starts_with(char::is_alphabetic)
        && is_of_words(text)
        && !FILLERS.contains(&fold(text).as_str())
}

/// Whether a link's cell holds a placeholder instead of a name.
pub(super) fn is_hidden_link(text: &str) -> bool {
    text.len() < 40 && HIDDEN_LINKS.contains(&fold(text).as_str())
}

/// The ISO code of a currency by its name in any known language.
pub(super) fn currency_named(folded: &str) -> Option<&'static str> {
    CURRENCIES.get(folded).map(String::as_str)
}

/// The type of record of which a file says that there are none.
pub(super) fn no_records(text: &str) -> Option<EntityType> {
    let bare = |text: &str| fold(text.trim_matches(|c: char| c.is_whitespace() || ";,\"'.!\u{feff}".contains(c)));
    let text = bare(text);
    NO_RECORDS.iter().find(|(_, sentence)| bare(sentence) == text).map(|(entity, _)| *entity)
}

/// Whether a cell begins a total line.
pub(super) fn is_total(text: &str) -> bool {
    if text.len() > 64 {
        return false;
    }
    let folded = fold(text);
    let word = folded.split([':', '=']).next().unwrap_or_default().trim();
    let word = word.trim_end_matches(|c: char| c.is_ascii_digit() || c.is_whitespace());
    TOTALS.contains(&word)
}

/// Whether a title is one of a requisite column.
pub(super) fn is_requisite_title(title: &str) -> bool {
    let folded = fold(title);
    REQUISITES.iter().any(|word| folded.strip_prefix(word).is_some_and(|rest| rest.starts_with(": ") || rest.starts_with(" (")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yes_and_no_are_read_in_every_language() {
        for yes in ["Y", "si", "Si", "Sí", "да", "Yes", "sim", "Tak", "1", "VERDADERO", "ИСТИНА"] {
            assert_eq!(flag(yes), Some(true), "{yes}");
        }
        for no in ["N", "no", "No", "нет", "não", "nein", "0", "FALSO", "Faux"] {
            assert_eq!(flag(no), Some(false), "{no}");
        }
        assert_eq!(flag("quizás"), None);
    }

    #[test]
    fn a_word_that_masks_is_known_in_either_case_and_between_spaces() {
        let is_hidden = |text: &str| text.bytes().next().is_some_and(|first| hidden().begin_with(first)) && hidden().has(text);
        for word in ["hidden", "Hidden", "OCULTO", " oculto", "\u{a0}oculto\u{a0}", "\thidden\n", "\u{2003}Oculto"] {
            assert!(is_hidden(word), "{word:?}");
        }
        for other in ["", " ", "h", "hidden.", "ocultos", "o culto", "no hidden", "5", "\u{feff}oculto", "ñ"] {
            assert!(!is_hidden(other), "{other:?}");
        }
    }

    #[test]
    fn a_sentence_instead_of_a_table_is_understood() {
        assert_eq!(no_records("Ningún prospecto"), Some(EntityType::Lead));
        assert_eq!(no_records("\"There are no deals.\";\n"), Some(EntityType::Deal));
        assert_eq!(no_records("ID;Etapa"), None);
    }

    #[test]
    fn a_total_line_is_told_from_a_title() {
        for total in ["Total: 120", "ИТОГО", "Total", "Total general", "Count: 20", "Усього", "Registros: 20"] {
            assert!(is_total(total), "{total}");
        }
        assert!(!is_total("Total Play S.A. de C.V."));
    }
}
