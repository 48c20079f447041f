//! What somebody may have meant: the known title or code that is nearest to one that isn't known.

use serde::Serialize;

use super::headers;
use crate::model::{EntityType, fold, standard_fields};

/// From here on two titles are near enough to be worth a word; 1 is the same.
const NEAR: f64 = 0.6;

/// A known title, and the field that it is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Nearest {
    /// The title.
    pub title: String,
    /// The field's classic code.
    pub field: String,
}

/// The known title of a type of record that is nearest to a name; titles of `language` go before others.
pub(super) fn nearest_title(entity: EntityType, language: Option<&str>, name: &str) -> Option<Nearest> {
    let wanted = fold(name);
    if wanted.is_empty() {
        return None;
    }
    let titles = headers::titles().iter().filter(|title| title.entity == entity);
    let scored = titles.map(|title| {
        let near = strsim::normalized_damerau_levenshtein(&wanted, &fold(&title.text));
        let own = if language == Some(title.language) { 0.05 } else { 0.0 };
        (near + own, near, title)
    });
    let best = scored.filter(|(_, near, _)| *near >= NEAR).max_by(|one, other| one.0.total_cmp(&other.0))?;
    Some(Nearest { title: best.2.text.clone(), field: best.2.code.clone() })
}

/// The field code of a type of record that is nearest to one that doesn't exist.
pub fn nearest_code(entity: EntityType, code: &str) -> Option<String> {
    nearest_word(&code.to_uppercase(), standard_fields(entity).map(|field| field.code))
}

/// The word nearest to another, if it is near enough to be meant.
pub(super) fn nearest_word<'w>(word: &str, known: impl Iterator<Item = &'w str>) -> Option<String> {
    let scored = known.map(|known| (strsim::jaro_winkler(word, known), known));
    scored.max_by(|one, other| one.0.total_cmp(&other.0)).filter(|(near, _)| *near > 0.7).map(|(_, known)| known.to_owned())
}
