//! Column titles -> field codes, in every language that Bitrix24's packs are known in (csv 3, 5, 7).
//!
//! The titles are data (`titles.json`, the project's fact file as it is). Which field a title means where it stands for more than one is
//! chosen in `reading`.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use serde_json::Value as Json;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::rows::Line;
use super::{leftover, mojibake};
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
pub(super) const LANGUAGES: &[(&str, &str)] = &[
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
    /// The letters beyond ASCII of each language's titles, folded.
    letters: HashMap<&'static str, HashSet<char>>,
}

static DOCUMENT: LazyLock<Json> = LazyLock::new(|| serde_json::from_str(include_str!("titles.json")).unwrap_or_default());

static TITLES: LazyLock<Titles> = LazyLock::new(|| {
    let mut titles = Titles { all: Vec::new(), by_text: HashMap::new(), by_plain: HashMap::new(), letters: HashMap::new() };
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
                self.letters.entry(iso(language)).or_default().extend(fold(text).chars().filter(|c| !c.is_ascii()));
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
pub(super) fn code_of(entity: EntityType, name: &str) -> Option<String> {
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
pub(super) fn is_code_form(name: &str) -> bool {
    !name.contains(' ') && (!name.contains(char::is_lowercase) || name.starts_with(char::is_lowercase))
}

/// All that a name of a header may be as a title of one type of record.
pub(super) fn titles_of(entity: EntityType, name: &str) -> Vec<&'static Title> {
    TITLES.of(entity, name).collect()
}

/// How a title beyond ASCII, decoded in some encoding, is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// Letter by letter.
    Exact,
    /// But for accents, all of them of letters that the titles of its language have.
    Folded,
}

/// How a cell beyond ASCII is a known title of any type of record; `None` where it is none, or has letters that no title of its language
/// has: what another encoding makes of the title's own (`Imiê`).
pub(super) fn spelling(cell: &str) -> Option<Spelling> {
    let cell = cell.trim();
    if cell.is_empty() || cell.len() >= 200 {
        return None;
    }
    let found = || EntityType::ALL.iter().flat_map(|&entity| TITLES.of(entity, cell));
    let text = fold(cell);
    if found().any(|title| fold(&title.text) == text) {
        return Some(Spelling::Exact);
    }
    let is_own = |title: &Title| {
        let letters = TITLES.letters.get(title.language);
        text.chars().filter(|c| !c.is_ascii()).all(|c| letters.is_some_and(|letters| letters.contains(&c)))
    };
    found().any(is_own).then_some(Spelling::Folded)
}

/// Whether a cell is a known title or field code of any type of record.
pub(super) fn is_known(cell: &str) -> bool {
    let cell = cell.trim();
    let is_title = || EntityType::ALL.iter().any(|&entity| TITLES.of(entity, cell).next().is_some());
    !cell.is_empty() && cell.len() < 200 && (is_title() || EntityType::ALL.iter().any(|&entity| code_of(entity, cell).is_some()))
}

/// How many cells of a line are titles or codes; a single one proves nothing unless it is the id's, and where they are few beside
/// numbers, it is a line of data.
pub(super) fn known_titles(line: &Line, map: &[(String, String)]) -> usize {
    let is_mapped = |cell: &str| map.iter().any(|(title, _)| fold(title) == fold(cell));
    let is_known = |cell: &&str| is_known(cell) || is_known(&mojibake::meant(cell)) || is_mapped(cell);
    let known: Vec<&str> = line.cells.iter().map(leftover::without).filter(is_known).collect();
    let filled = line.cells.iter().map(str::trim).filter(|cell| !cell.is_empty());
    let (cells, numbers) = filled.fold((0, 0), |(cells, numbers), cell| (cells + 1, numbers + usize::from(is_number(cell))));
    let is_data = known.len() * 2 < cells && numbers * 5 >= cells || known.len() * 4 < cells && numbers > 0;
    if is_data {
        return 0;
    }
    match known.as_slice() {
        [only] if !only.eq_ignore_ascii_case("ID") => 0,
        known => known.len(),
    }
}

/// Whether a cell holds digits and nothing else.
pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
