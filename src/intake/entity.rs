//! Which type of record a file holds: by its titles, and where they fit several types, by its name.

use std::path::Path;

use super::error::IntakeErrorKind;
use super::headers::TitleLanguage;
use super::reading::{self, Reading};
use crate::model::EntityType;

/// A type of record, the header read as one of it, and why.
pub(super) struct Chosen {
    pub(super) reading: Reading,
    pub(super) confidence: f32,
    pub(super) how: String,
}

/// The type whose titles fit best.
pub(super) fn choose(
    path: &Path,
    names: &[&str],
    given: Option<EntityType>,
    language: Option<TitleLanguage>,
    line: u64,
) -> Result<Chosen, IntakeErrorKind> {
    let recognise = |entity| reading::recognise(entity, names, language);
    if let Some(entity) = given {
        return Ok(Chosen { reading: recognise(entity), confidence: 1.0, how: "given by --entity".to_owned() });
    }
    let mut readings = EntityType::ALL.map(recognise).to_vec();
    let score = |reading: &Reading| (reading.known, reading.exported);
    let best = readings.iter().map(score).max().unwrap_or_default();
    let fits: Vec<EntityType> = readings.iter().filter(|reading| score(reading) == best).map(|reading| reading.entity).collect();
    let (entity, (confidence, how)) = match (fits.as_slice(), entity_of_name(path)) {
        ([only], _) => (*only, by_titles(*only, names, &readings)),
        (_, Some(told)) if fits.contains(&told) => (told, (0.6, format!("file name; the titles fit {}", list(&fits)))),
        _ => return Err(IntakeErrorKind::EntityUnclear { line, candidates: fits }),
    };
    readings.retain(|reading| reading.entity == entity);
    let reading = readings.pop().ok_or(IntakeErrorKind::EntityUnclear { line, candidates: fits })?;
    Ok(Chosen { reading, confidence, how })
}

/// Names the first title that only this type has.
fn by_titles(entity: EntityType, names: &[&str], readings: &[Reading]) -> (f32, String) {
    let is_known = |reading: &Reading, column: usize| reading.columns[column].is_some();
    let distinctive =
        (0..names.len()).find(|&column| readings.iter().all(|reading| is_known(reading, column) == (reading.entity == entity)));
    match distinctive {
        Some(column) => (0.95, format!("titles: only a {entity} has `{}`", names[column])),
        None => (0.8, format!("titles: most are a {entity}'s")),
    }
}

fn list(entities: &[EntityType]) -> String {
    entities.iter().map(|entity| entity.code()).collect::<Vec<_>>().join(", ")
}

/// The type of record that a file's name speaks of: `DEAL_20240115_….csv`, `leads.csv`, `negociaciones 2024.csv` (csv 2.1).
fn entity_of_name(path: &Path) -> Option<EntityType> {
    const WORDS: &[(EntityType, &[&str])] = &[
        (EntityType::Lead, &["lead", "prospect", "лид", "лід"]),
        (EntityType::Deal, &["deal", "negocia", "trato", "сделк", "угод"]),
        (EntityType::Contact, &["contact", "контакт"]),
        (EntityType::Company, &["company", "companies", "compañ", "compan\u{ed}", "compania", "empresa", "компани", "компані"]),
    ];
    let stem = crate::model::fold(&path.file_stem()?.to_string_lossy());
    let mut named: Vec<EntityType> = Vec::new();
    for word in stem.split(|c: char| !c.is_alphabetic()) {
        named.extend(
            WORDS.iter().filter(|(_, begins)| begins.iter().any(|begin| word.starts_with(begin))).map(|(entity, _)| *entity),
        );
    }
    named.dedup();
    if let [only] = named.as_slice() { Some(*only) } else { None }
}
