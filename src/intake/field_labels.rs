//! The custom fields of a portal by what they are called.

use std::collections::HashMap;

use super::{entities, mojibake};
use crate::model::{EntityType, FieldCode, Schema, fold};

/// The custom fields of an entity type by label.
pub(super) struct FieldLabels {
    exact: HashMap<String, Vec<FieldCode>>,
    folded: HashMap<String, Vec<FieldCode>>,
    /// Labels with signs that only Unicode has, without them: another encoding drops them or puts question marks in their place.
    bare: HashMap<String, Vec<FieldCode>>,
}

impl FieldLabels {
    pub(super) fn of(schema: &Schema, entity: EntityType) -> Self {
        let mut labels = Self { exact: HashMap::new(), folded: HashMap::new(), bare: HashMap::new() };
        for field in schema.fields.get(&entity).into_iter().flatten() {
            for label in &field.labels {
                let keys = [
                    (&mut labels.exact, Some(label.trim().to_owned())),
                    (&mut labels.folded, Some(fold(label))),
                    (&mut labels.bare, label.contains(is_pictograph).then(|| bare(label)).filter(|bare| !bare.is_empty())),
                ];
                for (map, key) in keys.into_iter().filter_map(|(map, key)| Some((map, key?))) {
                    let codes: &mut Vec<FieldCode> = map.entry(key).or_default();
                    if !codes.contains(&field.code) {
                        codes.push(field.code.clone());
                    }
                }
            }
        }
        labels
    }

    /// The fields of exactly this label.
    pub(super) fn exact(&self, title: &str) -> Option<&Vec<FieldCode>> {
        [title, &entities::decode(title)].into_iter().find_map(|text| self.exact.get(text.trim()))
    }

    /// The fields that a title may mean: those of exactly this label, else those that differ in case or spaces only, else the one that
    /// differs in signs that were lost on the way.
    pub(super) fn of_title(&self, title: &str) -> &[FieldCode] {
        let title = &*mojibake::meant(title);
        let folded = || [title, &entities::decode(title)].into_iter().find_map(|text| self.folded.get(&fold(text)));
        let bare = || self.bare.get(&bare(&entities::decode(title))).filter(|codes| codes.len() == 1);
        self.exact(title).or_else(folded).or_else(bare).map_or(&[], Vec::as_slice)
    }
}

/// A label without the signs that only Unicode has, and without the question marks that stand in their place at its edges.
fn bare(label: &str) -> String {
    let kept: String = label.chars().filter(|c| !is_pictograph(*c)).collect();
    fold(&kept).trim_matches(|c: char| c == '?' || c.is_whitespace()).to_owned()
}

/// Whether a sign is one of the pictures and marks beyond all letters that a code page could hold.
fn is_pictograph(sign: char) -> bool {
    matches!(sign, '\u{2190}'..='\u{2bff}' | '\u{fe0f}' | '\u{200d}' | '\u{1f000}'..='\u{1faff}')
}
