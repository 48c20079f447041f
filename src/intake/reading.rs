//! How a header is read: as field codes, or as titles of one language and vocabulary; and which field a title means where it stands for
//! more than one.

use std::collections::HashSet;

use super::finding::Findings;
use super::headers::{self, Title, TitleLanguage, Vocabulary};
use crate::model::{EntityType, fold};

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
    /// It is the title that today's export prints: one of other years, or of another vocabulary, gives way to it.
    current: bool,
}

/// Reads a header as one of `entity`: as what the user says, else as field codes, or in the language that knows most of its titles.
pub(super) fn recognise(entity: EntityType, names: &[&str], said: Option<TitleLanguage>) -> Reading {
    let codes: Vec<_> = names.iter().map(|name| headers::code_of(entity, name.trim())).collect();
    let alike = codes.iter().flatten().count();
    let exact = names.iter().zip(&codes).filter(|(name, code)| code.is_some() && headers::is_code_form(name.trim())).count();
    let columns: Vec<Candidates> = names.iter().map(|name| headers::titles_of(entity, name)).collect();
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
            code.map(|code| Found {
                repeated: !taken.insert(code.clone()),
                how: "field code".to_owned(),
                code,
                sure: true,
                current: true,
            })
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
    let mut chooser = Chooser { language, order: vocabulary_order(titles, language), taken: HashSet::new() };
    let mut columns: Vec<Option<Found>> = Vec::with_capacity(names.len());
    for (name, titles) in names.iter().zip(titles) {
        let before = columns.last().and_then(Option::as_ref).map(|found| found.code.as_str());
        let found = chooser.own(name, titles, before);
        columns.push(found);
    }
    give_way(&mut columns);
    // `Client` is a deal's contact in French; where an own title says which column that is, it is something else.
    let taken = chooser.taken.clone();
    for ((name, titles), column) in names.iter().zip(titles).zip(&mut columns).filter(|(_, column)| column.is_none()) {
        *column = chooser.foreign(name, titles).filter(|found| !taken.contains(&found.code));
    }
    let exported = hits(titles, |title| title.vocabulary <= Vocabulary::Variant);
    let known = columns.iter().flatten().count();
    Reading { entity, language: Some(language), known, exported, runner_up, columns }
}

/// Gives a field that two titles mean to the one that today's export prints: the other may be a custom field's label.
fn give_way(columns: &mut [Option<Found>]) {
    for at in 1..columns.len() {
        let (before, from) = columns.split_at_mut(at);
        let Some(found) = from[0].as_mut().filter(|found| found.repeated && found.current) else { continue };
        let earlier = before.iter_mut().flatten().find(|other| other.code == found.code && !other.repeated && !other.current);
        if let Some(earlier) = earlier {
            (earlier.repeated, found.repeated) = (true, false);
        }
    }
}

/// The language that knows most of the names, at a tie the one whose export prints most of them; and how many the next one knows.
fn dominant_language(columns: &[Candidates]) -> (Option<&'static str>, usize) {
    let score = |language: &str| {
        let known = hits(columns, |title| title.language == language);
        let exported = hits(columns, |title| title.language == language && title.vocabulary == Vocabulary::Export);
        (known, exported)
    };
    let mut scored: Vec<_> =
        headers::LANGUAGES.iter().map(|(_, iso)| (score(iso), *iso)).filter(|((known, _), _)| *known > 0).collect();
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

/// Chooses the fields of a header's titles, one after another.
struct Chooser {
    language: &'static str,
    order: [&'static [Vocabulary]; 3],
    /// The fields that earlier columns hold.
    taken: HashSet<String>,
}

impl Chooser {
    /// The field of a title in the file's language: of its vocabulary before another, in exact case before another, of one matter with
    /// the column before it, and one that no earlier column has.
    fn own(&mut self, name: &str, titles: &Candidates, before: Option<&str>) -> Option<Found> {
        self.choose(name, titles, before, |title, language| title.language == language)
    }

    /// The field of a title in another language.
    fn foreign(&mut self, name: &str, titles: &Candidates) -> Option<Found> {
        self.choose(name, titles, None, |title, language| title.language != language)
    }

    fn choose(
        &mut self,
        name: &str,
        titles: &Candidates,
        before: Option<&str>,
        is_wanted: fn(&Title, &str) -> bool,
    ) -> Option<Found> {
        let wanted = |group: &[Vocabulary]| {
            let of_group = titles.iter().filter(|title| is_wanted(title, self.language) && group.contains(&title.vocabulary));
            of_group.copied().collect::<Vec<&Title>>()
        };
        let mut candidates = self.order.iter().map(|group| wanted(group)).find(|candidates| !candidates.is_empty())?;
        // FULL_REG_ADDRESS is today's export; ADDRESS_LEGAL bears its title in Russian and Ukrainian only.
        candidates.sort_by_key(|title| {
            let is_apart = !before.is_some_and(|before| is_of_one_matter(before, &title.code));
            (title.text != name.trim(), is_apart, title.vocabulary, title.code == "ADDRESS_LEGAL")
        });
        let first = candidates.first()?;
        let free = candidates.iter().find(|title| !self.taken.contains(&title.code));
        let title = free.unwrap_or(first);
        let kind = match title.vocabulary {
            Vocabulary::Export | Vocabulary::Variant => "export title",
            Vocabulary::Import => "import title",
            Vocabulary::Caption => "field caption",
        };
        let is_exact = fold(&title.text) == fold(name);
        let mut how = format!("{kind} ({}){}", title.language, if is_exact { "" } else { ", written without accents" });
        // Neither the column before it nor the title tells which of two fields it is.
        let is_like = |other: &&&Title| {
            let apart = |title: &Title| !before.is_some_and(|before| is_of_one_matter(before, &title.code));
            other.code != title.code && (other.text == title.text) && apart(other) == apart(title)
        };
        if let Some(twin) = candidates.iter().filter(|other| is_wanted(other, self.language)).find(is_like) {
            how = format!("{how}; {} has this title, too: say which with --map", twin.code);
        }
        let is_printed = title.text == name.trim() && title.vocabulary <= Vocabulary::Variant;
        let sure = title.language == self.language && is_printed;
        let repeated = !self.taken.insert(title.code.clone());
        let current = sure && title.vocabulary == Vocabulary::Export;
        Some(Found { repeated, code: title.code.clone(), how, sure, current })
    }
}

/// Whether a field describes the one that stands before it: an import's `Descripción` behind the source is the source's, behind the
/// status the status's.
fn is_of_one_matter(before: &str, code: &str) -> bool {
    let described = code.strip_suffix("_DESCRIPTION");
    described.is_some_and(|matter| before.strip_suffix("_ID") == Some(matter))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::headers::{LANGUAGES, titles};

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
    fn a_title_of_two_fields_means_the_one_that_describes_the_column_before_it() {
        for (language, [status, source, description]) in [
            ("es", ["Estado", "Origen", "Descripción"]),
            ("de", ["Status", "Quelle", "Beschreibung"]),
            ("uk", ["Статус", "Джерело", "Опис"]),
        ] {
            let said = Some(TitleLanguage::Titles(language));
            let codes = |names: &[&str]| -> Vec<String> {
                recognise(EntityType::Lead, names, said).columns.into_iter().flatten().map(|found| found.code).collect()
            };
            let status_first = ["ID", "STATUS_ID", "STATUS_DESCRIPTION", "SOURCE_ID", "SOURCE_DESCRIPTION"];
            assert_eq!(codes(&["ID", status, description, source, description]), status_first, "{language}");
            let source_first = ["ID", "SOURCE_ID", "SOURCE_DESCRIPTION", "STATUS_ID", "STATUS_DESCRIPTION"];
            assert_eq!(codes(&["ID", source, description, status, description]), source_first, "{language}");
            assert_eq!(codes(&["ID", status, description]), status_first[..3], "{language}");
        }
    }

    #[test]
    fn a_title_of_another_language_takes_no_field_from_one_of_the_files_own() {
        let names = ["ID", "Deal Name", "Client", "Contact", "Pipeline"];
        let codes: Vec<_> =
            recognise(EntityType::Deal, &names, None).columns.into_iter().map(|found| found.map(|found| found.code)).collect();
        let expected = ["ID", "TITLE", "", "CONTACT_ID", "CATEGORY_ID"].map(|code| (!code.is_empty()).then(|| code.to_owned()));
        assert_eq!(codes, expected);
    }

    #[test]
    fn a_field_is_the_exports_own_titles_wherever_that_stands() {
        for names in [["Nombre", "ID", "Primer Nombre", "Apellido"], ["Primer Nombre", "ID", "Nombre", "Apellido"]] {
            let reading = recognise(EntityType::Contact, &names, None);
            let found = |name: &str| {
                let at = names.iter().position(|other| *other == name).unwrap();
                reading.columns[at].as_ref().map(|found| (found.code.as_str(), found.repeated))
            };
            assert_eq!((found("Primer Nombre"), found("Nombre")), (Some(("NAME", false)), Some(("NAME", true))));
        }
    }

    #[test]
    fn a_title_of_two_fields_means_the_one_of_the_files_own_vocabulary() {
        let code = |names: &[&str]| recognise(EntityType::Contact, names, None).columns[0].clone().map(|found| found.code);
        assert_eq!(code(&["Dirección", "ID", "Cumpleaños", "Creado", "Responsable"]).as_deref(), Some("FULL_ADDRESS"));
        assert_eq!(code(&["Dirección", "ID", "Nombre completo", "Creado el", "Persona responsable"]).as_deref(), Some("ADDRESS"));
    }
}
