//! Column titles -> field codes, in every language that Bitrix24's packs are known in (csv 3, 5, 7).
//!
//! The titles are data (`titles.json`, the project's fact file as it is); what stands here is how a title is chosen where it stands
//! for more than one field.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use serde_json::Value as Json;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::finding::Findings;
use crate::model::{EntityType, fold, multifield_of, standard_field, standard_fields};

/// Where a title comes from; earlier ones go before later ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Vocabulary {
    /// The list export of today.
    Export,
    /// The list export of other years.
    Variant,
    /// The sample file of the import wizard.
    Import,
    /// The caption that REST gives.
    Caption,
}

/// A title of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Title {
    /// Whose field it is.
    pub entity: EntityType,
    /// The field's classic REST code, or `PRODUCT_NAME`, `PRODUCT_PRICE`, `PRODUCT_QUANTITY`.
    pub code: String,
    /// The language, by ISO 639-1.
    pub language: &'static str,
    /// Where it comes from.
    pub vocabulary: Vocabulary,
    /// The title.
    pub text: String,
}

/// Languages in the order in which a tie between them is broken.
const LANGUAGES: &[(&str, &str)] = &[
    ("la", "es"),
    ("en", "en"),
    ("ru", "ru"),
    ("br", "pt"),
    ("de", "de"),
    ("fr", "fr"),
    ("it", "it"),
    ("pl", "pl"),
    ("ua", "uk"),
    ("tr", "tr"),
    ("bg", "bg"),
    ("lt", "lt"),
];

/// What the user says of a header's language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TitleLanguage {
    /// It holds field codes.
    Codes,
    /// It holds titles of this language, by ISO 639-1.
    Titles(&'static str),
}

impl TitleLanguage {
    /// Reads the word of `--language`: `codes`, an ISO 639-1 code, or Bitrix24's own `la`, `br`, `ua`.
    pub fn parse(word: &str) -> Option<Self> {
        let word = word.to_lowercase();
        if word == "codes" {
            return Some(Self::Codes);
        }
        LANGUAGES.iter().find(|(own, iso)| [*own, *iso].contains(&word.as_str())).map(|(_, iso)| Self::Titles(iso))
    }

    /// The word of `--language`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Codes => "codes",
            Self::Titles(iso) => iso,
        }
    }
}

/// The three columns of product rows (csv 4.9).
pub(super) const PRODUCT_COLUMNS: [&str; 3] = ["PRODUCT_NAME", "PRODUCT_PRICE", "PRODUCT_QUANTITY"];

/// Names of one field in exports, captions and old versions, and its classic code.
const ALIASES: &[(&str, &str)] = &[
    ("ASSIGNED_BY", "ASSIGNED_BY_ID"),
    ("CREATED_BY", "CREATED_BY_ID"),
    ("MODIFY_BY", "MODIFY_BY_ID"),
    ("MOVED_BY", "MOVED_BY_ID"),
    ("OBSERVER", "OBSERVERS"),
    ("OBSERVER_IDS", "OBSERVERS"),
];

/// Columns of the tables in which a portal keeps its records that no field of REST answers to.
///
/// Source: the `getMap` of the tables `b_crm_lead`, `b_crm_deal`, `b_crm_contact`, `b_crm_company` in the product's module `crm`.
const TECHNICAL: &[&str] = &[
    "OPPORTUNITY_ACCOUNT",
    "ACCOUNT_CURRENCY_ID",
    "TAX_VALUE_ACCOUNT",
    "EXCH_RATE",
    "SEARCH_CONTENT",
    "FULL_NAME",
    "BIRTHDAY_SORT",
    "FACE_ID",
    "ORDER_STAGE",
    "PRODUCT_ID",
    "IS_WORK",
    "IS_WON",
    "IS_LOSE",
    "IS_CONVERT",
    "HAS_PRODUCTS",
    "CATEGORY_ID",
    "DATE_CREATE_SHORT",
    "DATE_MODIFY_SHORT",
    "CLOSED",
    "DATE_CLOSED",
    "STAGE_SEMANTIC_ID",
    "STATUS_SEMANTIC_ID",
    "HAS_PHONE",
    "HAS_EMAIL",
    "HAS_IMOL",
    "XML_ID",
];

/// Whether a column is one of the portal's database and no field of this type of record.
pub(super) fn is_technical(entity: EntityType, name: &str) -> bool {
    TECHNICAL.contains(&name) && standard_field(entity, name).is_none()
}

/// All known titles.
pub fn titles() -> &'static [Title] {
    &TITLES.all
}

/// The document of localised words, for `words.rs`.
pub(super) fn document() -> &'static Json {
    &DOCUMENT
}

/// The ISO 639-1 code of one of Bitrix24's languages.
pub(super) fn iso(language: &str) -> &'static str {
    LANGUAGES.iter().find(|(own, _)| *own == language).map_or("en", |(_, iso)| iso)
}

struct Titles {
    all: Vec<Title>,
    by_text: HashMap<(EntityType, String), Vec<usize>>,
    /// The same by [`plain`], for titles that somebody's program or hand has stripped.
    by_plain: HashMap<(EntityType, String), Vec<usize>>,
}

static DOCUMENT: LazyLock<Json> = LazyLock::new(|| serde_json::from_str(include_str!("titles.json")).unwrap_or_default());

static TITLES: LazyLock<Titles> = LazyLock::new(|| {
    let mut titles = Titles { all: Vec::new(), by_text: HashMap::new(), by_plain: HashMap::new() };
    let sections = [
        (Vocabulary::Export, &*DOCUMENT),
        (Vocabulary::Variant, &DOCUMENT["_variants"]),
        (Vocabulary::Import, &DOCUMENT["_import"]),
        (Vocabulary::Caption, &DOCUMENT["_captions"]),
    ];
    for (vocabulary, section) in sections {
        for entity in EntityType::ALL {
            for (code, languages) in section[entity.code()].as_object().into_iter().flatten() {
                titles.add(vocabulary, entity, code, languages);
            }
        }
    }
    titles
});

impl Titles {
    fn add(&mut self, vocabulary: Vocabulary, entity: EntityType, code: &str, languages: &Json) {
        let Some(code) = titled_code(entity, code) else { return };
        for (language, texts) in languages.as_object().into_iter().flatten() {
            let texts = texts.as_array().map_or(std::slice::from_ref(texts), Vec::as_slice);
            for text in texts.iter().filter_map(Json::as_str) {
                self.by_text.entry((entity, fold(text))).or_default().push(self.all.len());
                self.by_plain.entry((entity, plain(text))).or_default().push(self.all.len());
                let (code, text) = (code.clone(), text.to_owned());
                self.all.push(Title { entity, code, language: iso(language), vocabulary, text });
            }
        }
    }

    fn of(&'static self, entity: EntityType, name: &str) -> impl Iterator<Item = &'static Title> {
        let exact = self.by_text.get(&(entity, fold(name)));
        let found = exact.or_else(|| self.by_plain.get(&(entity, plain(name))));
        found.into_iter().flatten().map(|&index| &self.all[index])
    }
}

/// A title as it is typed in haste or kept by a program that knows ASCII alone: without accents, an underscore for a space.
fn plain(text: &str) -> String {
    let spaced = text.replace('_', " ");
    fold(&spaced).nfd().filter(|c| !is_combining_mark(*c)).flat_map(unmarked).collect()
}

/// Letters whose mark is a part of them.
fn unmarked(letter: char) -> impl Iterator<Item = char> {
    let plain = match letter {
        'ß' => ['s', 's'],
        'ł' => ['l', '\0'],
        'ø' => ['o', '\0'],
        'ı' => ['i', '\0'],
        other => [other, '\0'],
    };
    plain.into_iter().filter(|c| *c != '\0')
}

/// The code under which a title of the document is kept; `None` for grid columns that never reach a CSV, and for captions of no field.
fn titled_code(entity: EntityType, code: &str) -> Option<String> {
    // A deal's CONTACT_ID and its composite DEAL_CLIENT share their titles; only the first is ever written (csv 3.1).
    if code == "DEAL_CLIENT" {
        return None;
    }
    if code == "PRODUCT_ID" {
        return Some("PRODUCT_NAME".to_owned());
    }
    known_code(entity, code)
}

/// The classic code of a field, given by that code or by one of its other names; `None` when no such field is known.
pub(super) fn known_code(entity: EntityType, name: &str) -> Option<String> {
    let name = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, code)| code);
    let name = match (entity, name) {
        (EntityType::Company, "CONTACT" | "CONTACT_ID") => "CONTACT_IDS",
        (EntityType::Contact, "COMPANY") => "COMPANY_ID",
        _ => name,
    };
    let is_multi = entity != EntityType::Deal && multifield_of(name).is_some();
    let is_product = matches!(entity, EntityType::Lead | EntityType::Deal) && PRODUCT_COLUMNS.contains(&name);
    let is_known = standard_field(entity, name).is_some() || is_multi || is_product;
    is_known.then(|| name.to_owned())
}

/// The classic code of the field that a person names by its code, or by its name in `crm.item.*`; `None` when there is no such field.
/// Custom fields and parents are the portal's own: their codes are taken as they are.
pub fn field_code(entity: EntityType, name: &str) -> Option<String> {
    code_of(entity, name.trim())
}

/// The code that a header of field codes names: classic, `UF_CRM_…`, `PARENT_ID_…`, or the name in `crm.item.*`.
fn code_of(entity: EntityType, name: &str) -> Option<String> {
    let upper = name.to_uppercase();
    let is_open =
        |prefix: &str| upper.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace));
    if is_open("UF_") || (is_open("PARENT_ID_") && upper["PARENT_ID_".len()..].bytes().all(|byte| byte.is_ascii_digit())) {
        return Some(upper);
    }
    if let Some(code) = known_code(entity, &upper) {
        return Some(code);
    }
    let universal = standard_fields(entity).find(|field| !field.universal.is_empty() && field.universal == name);
    let custom = || name.strip_prefix("ufCrm").map(|rest| format!("UF_CRM_{}", rest.trim_start_matches('_').to_uppercase()));
    universal.map(|field| field.code.to_owned()).or_else(custom)
}

/// Whether a name is written as codes are: in capitals, or as `crm.item.*` does.
fn is_code_form(name: &str) -> bool {
    !name.contains(' ') && (!name.contains(char::is_lowercase) || name.starts_with(char::is_lowercase))
}

/// What a header says when it is read as one of an entity type.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    /// The type it was read as.
    pub(super) entity: EntityType,
    /// The language of its titles; `None` for field codes.
    pub(super) language: Option<&'static str>,
    /// How many columns are known, in any vocabulary.
    pub(super) known: usize,
    /// How many of them the list export or a header of codes would print so.
    pub(super) exported: usize,
    /// How many columns the runner-up among the languages knows.
    runner_up: usize,
    /// A column's code and how it was found, in the order of the header.
    pub(super) columns: Vec<Option<Found>>,
}

impl Reading {
    /// Notes vocabulary and language.
    pub(super) fn note(&self, findings: &mut Findings, said: Option<TitleLanguage>) {
        let count = |word: &str| self.columns.iter().flatten().filter(|found| found.how.starts_with(word)).count();
        let words =
            [("codes", "field code"), ("export", "export title"), ("import", "import title"), ("caption", "field caption")];
        let mut counted = words.map(|(code, word)| (count(word), code));
        counted.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        let [(most, vocabulary), (second, _), ..] = counted;
        let share = most as f32 / (most + second).max(1) as f32;
        findings.note("vocabulary", vocabulary, share, format!("{most} of {} known columns are its own", self.known));
        let (value, confidence, how) = match (said, self.language) {
            (Some(said), _) => (said.code(), 1.0, "given by --language".to_owned()),
            (None, None) => ("codes", 1.0, "field codes have no language".to_owned()),
            (None, Some(language)) => {
                // Languages share titles: half of them in the next one is no doubt yet, all of them is a guess.
                let share = self.runner_up as f32 / self.known.max(1) as f32;
                let how = format!("{} titles are known in it, {} in the next", self.known, self.runner_up);
                (language, 1.0 - share * share / 2.0, how)
            }
        };
        findings.note("language", value, confidence, how);
    }
}

/// The field of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) code: String,
    pub(super) how: String,
    /// An earlier column has that field already.
    pub(super) repeated: bool,
    /// It is a field code, or the export's title in the file's language: a custom field's label doesn't go before it.
    pub(super) sure: bool,
}

/// Whether a cell is a known title or field code of any type of record.
pub(super) fn is_known(cell: &str) -> bool {
    let cell = cell.trim();
    let is_title = || EntityType::ALL.iter().any(|&entity| TITLES.of(entity, cell).next().is_some());
    !cell.is_empty() && cell.len() < 200 && (is_title() || EntityType::ALL.iter().any(|&entity| code_of(entity, cell).is_some()))
}

/// Reads a header as one of `entity`: as what the user says, else as field codes, or in the language that knows most of its titles.
pub(super) fn recognise(entity: EntityType, names: &[&str], said: Option<TitleLanguage>) -> Reading {
    let codes: Vec<_> = names.iter().map(|name| code_of(entity, name.trim())).collect();
    let alike = codes.iter().flatten().count();
    let exact = names.iter().zip(&codes).filter(|(name, code)| code.is_some() && is_code_form(name.trim())).count();
    let columns: Vec<Candidates> = names.iter().map(|name| TITLES.of(entity, name).collect()).collect();
    let (language, runner_up) = match said {
        Some(TitleLanguage::Codes) => return coded_reading(entity, codes),
        Some(TitleLanguage::Titles(language)) => return titled_reading(entity, names, &columns, language, 0),
        None => dominant_language(&columns),
    };
    let titled = language.map_or(0, |language| hits(&columns, |title| title.language == language));
    // `ID` alone is a code and a title in every language; `Observers` is a title, `OBSERVERS` a code.
    if alike > titled || (exact >= titled && exact > 1) {
        return coded_reading(entity, codes);
    }
    let Some(language) = language else {
        return Reading { entity, language: None, known: 0, exported: 0, runner_up: 0, columns: vec![None; names.len()] };
    };
    titled_reading(entity, names, &columns, language, runner_up)
}

/// The titles that one name of a header may be.
type Candidates = Vec<&'static Title>;

fn coded_reading(entity: EntityType, codes: Vec<Option<String>>) -> Reading {
    let mut taken = HashSet::new();
    let columns: Vec<_> = codes
        .into_iter()
        .map(|code| {
            code.map(|code| Found { repeated: !taken.insert(code.clone()), how: "field code".to_owned(), code, sure: true })
        })
        .collect();
    // A custom field's code says nothing of the type of record.
    let known = columns.iter().flatten().filter(|found| !found.code.starts_with("UF_")).count();
    Reading { entity, language: None, known, exported: known, runner_up: 0, columns }
}

fn titled_reading(
    entity: EntityType,
    names: &[&str],
    titles: &[Candidates],
    language: &'static str,
    runner_up: usize,
) -> Reading {
    let order = vocabulary_order(titles, language);
    let mut taken = HashSet::new();
    let columns: Vec<_> =
        names.iter().zip(titles).map(|(name, titles)| choose(name, titles, language, &order, &mut taken)).collect();
    let exported = hits(titles, |title| title.vocabulary <= Vocabulary::Variant);
    let known = columns.iter().flatten().count();
    Reading { entity, language: Some(language), known, exported, runner_up, columns }
}

/// The language that knows most of the names, at a tie the one whose export prints most of them; and how many the next one knows.
fn dominant_language(columns: &[Candidates]) -> (Option<&'static str>, usize) {
    let score = |language: &str| {
        let known = hits(columns, |title| title.language == language);
        let exported = hits(columns, |title| title.language == language && title.vocabulary == Vocabulary::Export);
        (known, exported)
    };
    let mut scored: Vec<_> = LANGUAGES.iter().map(|(_, iso)| (score(iso), *iso)).filter(|((known, _), _)| *known > 0).collect();
    // A stable sort: the first of equals stands.
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    (scored.first().map(|(_, iso)| *iso), scored.get(1).map_or(0, |((known, _), _)| *known))
}

/// How many columns have a title for which `wanted` holds.
fn hits(columns: &[Candidates], wanted: impl Fn(&Title) -> bool) -> usize {
    columns.iter().filter(|titles| titles.iter().any(|title| wanted(title))).count()
}

/// The vocabularies in the order in which a title of several fields is looked up: the file's own first.
fn vocabulary_order(columns: &[Candidates], language: &str) -> [&'static [Vocabulary]; 3] {
    use Vocabulary::{Caption, Export, Import, Variant};
    let mut order: [&'static [Vocabulary]; 3] = [&[Export, Variant], &[Import], &[Caption]];
    let count = |group: &[Vocabulary]| hits(columns, |title| title.language == language && group.contains(&title.vocabulary));
    order.sort_by_key(|group| std::cmp::Reverse(count(group)));
    order
}

/// The field of one title: of the file's language before another, of its vocabulary before another, in exact case before another,
/// and one that no earlier column has.
fn choose(
    name: &str,
    titles: &Candidates,
    language: &str,
    order: &[&'static [Vocabulary]; 3],
    taken: &mut HashSet<String>,
) -> Option<Found> {
    let groups = |own: bool| order.iter().map(move |group| (own, *group));
    for (own, group) in groups(true).chain(groups(false)) {
        let is_wanted = |title: &&&Title| group.contains(&title.vocabulary) && (title.language == language) == own;
        let mut candidates: Vec<&Title> = titles.iter().filter(is_wanted).copied().collect();
        // FULL_REG_ADDRESS is today's export; ADDRESS_LEGAL bears its title in Russian and Ukrainian only.
        candidates.sort_by_key(|title| (title.text != name.trim(), title.vocabulary, title.code == "ADDRESS_LEGAL"));
        let Some(first) = candidates.first() else { continue };
        let free = candidates.iter().find(|title| !taken.contains(&title.code));
        let title = free.unwrap_or(first);
        let kind = match title.vocabulary {
            Vocabulary::Export | Vocabulary::Variant => "export title",
            Vocabulary::Import => "import title",
            Vocabulary::Caption => "field caption",
        };
        let is_exact = fold(&title.text) == fold(name);
        let how = format!("{kind} ({}){}", title.language, if is_exact { "" } else { ", written without accents" });
        let sure = own && is_exact && title.vocabulary <= Vocabulary::Variant;
        return Some(Found { repeated: !taken.insert(title.code.clone()), code: title.code.clone(), how, sure });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_export_title_of_every_language_maps_to_its_code() {
        let mut checked = 0;
        for entity in EntityType::ALL {
            for (_, language) in LANGUAGES {
                let own: Vec<&Title> = titles()
                    .iter()
                    .filter(|title| {
                        title.entity == entity && title.language == *language && title.vocabulary == Vocabulary::Export
                    })
                    .filter(|title| !["PRODUCT_ID", "ADDRESS_LEGAL"].contains(&title.code.as_str()))
                    .collect();
                let mut seen = HashSet::new();
                let own: Vec<&Title> = own.into_iter().filter(|title| seen.insert(&title.code)).collect();
                if own.len() < 2 {
                    continue;
                }
                let names: Vec<&str> = own.iter().map(|title| title.text.as_str()).collect();
                let reading = recognise(entity, &names, None);
                assert_eq!(reading.language, Some(*language), "{entity} {language}");
                for (title, found) in own.iter().zip(&reading.columns) {
                    let found = found.as_ref().map(|found| (found.code.as_str(), found.repeated));
                    assert_eq!(found, Some((title.code.as_str(), false)), "{entity} {language} {}", title.text);
                    checked += 1;
                }
            }
        }
        assert!(checked > 1500, "{checked}");
    }

    #[test]
    fn every_title_of_every_vocabulary_is_known() {
        for title in titles() {
            let reading = recognise(title.entity, &["ID", &title.text], None);
            assert!(reading.columns[1].is_some(), "{title:?}");
        }
        assert!(titles().len() > 3000, "{}", titles().len());
    }

    #[test]
    fn a_header_of_field_codes_is_told_from_titles() {
        let names = ["ID", "TITLE", "ASSIGNED_BY", "PHONE_WORK", "UF_CRM_1700000000", "stageId", "whatever"];
        let reading = recognise(EntityType::Lead, &names, None);
        let codes: Vec<_> = reading.columns.iter().map(|found| found.as_ref().map(|found| found.code.as_str())).collect();
        let expected = [
            Some("ID"),
            Some("TITLE"),
            Some("ASSIGNED_BY_ID"),
            Some("PHONE_WORK"),
            Some("UF_CRM_1700000000"),
            Some("STATUS_ID"),
            None,
        ];
        assert_eq!((reading.language, codes.as_slice()), (None, expected.as_slice()));
    }

    #[test]
    fn a_title_without_its_accents_is_known_but_a_custom_field_of_that_name_goes_before_it() {
        let names = ["ID", "Nombre de la negociacion", "fecha_de_cierre", "Compañía"];
        let reading = recognise(EntityType::Deal, &names, None);
        let found: Vec<_> =
            reading.columns.iter().flatten().map(|found| (found.code.as_str(), found.sure, found.how.as_str())).collect();
        let how = "export title (es), written without accents";
        assert_eq!(found[1..3], [("TITLE", false, how), ("CLOSEDATE", false, how)]);
        assert_eq!(found[3], ("COMPANY_ID", true, "export title (es)"));
    }

    #[test]
    fn a_title_of_two_fields_means_the_one_of_the_files_own_vocabulary() {
        let code = |names: &[&str]| recognise(EntityType::Contact, names, None).columns[0].clone().map(|found| found.code);
        assert_eq!(code(&["Dirección", "ID", "Cumpleaños", "Creado", "Responsable"]).as_deref(), Some("FULL_ADDRESS"));
        assert_eq!(code(&["Dirección", "ID", "Nombre completo", "Creado el", "Persona responsable"]).as_deref(), Some("ADDRESS"));
    }
}
