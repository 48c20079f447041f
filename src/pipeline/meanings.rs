//! What texts of lists and stages mean that the portal doesn't know: texts in another language than its own, or of entries that were
//! renamed since. The records that are both in a file and in the portal tell, where a text stands where the portal has one entry.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::ControlFlow;

use crate::diff::{self, Current};
use crate::intake::IntakeError;
use crate::model::{EntityType, FieldCode, FieldType, FileRecord, Schema, Value, fold};

use super::survey::Surveyed;
use super::twins::{each_record, twin};

/// From how many records on a meaning is no chance.
const RECORDS_MIN: u64 = 5;
/// Of a hundred records with a text, so many have the entry that it means; people have changed the others since.
const MAJORITY_PERCENT: u64 = 80;
/// Rows after which a file that has shown no unknown text is believed to have none.
const PROBE: usize = 2_000;

const STAGE: &str = "STAGE_ID";
const PIPELINE: &str = "CATEGORY_ID";

/// A text of a field: for a stage with the text of its pipeline, since two pipelines have stages of one name.
type Place = (FieldCode, String, String);

/// What the portal doesn't know of a file's texts, and shared records tell.
#[derive(Debug, Default)]
pub(super) struct Meanings(HashMap<Place, Meaning>);

/// An entry that a text means.
#[derive(Debug)]
struct Meaning {
    text: String,
    code: Value,
    records: u64,
    of: u64,
}

/// One text's meaning, for people.
pub(super) struct Told<'m> {
    pub field: &'m FieldCode,
    pub text: &'m str,
    pub code: &'m str,
    pub records: u64,
    pub of: u64,
}

impl Meanings {
    /// Learns them from the records that a file shares with the portal.
    pub(super) fn learn(seen: &Surveyed, current: &Current, schema: &Schema) -> Result<Self, IntakeError> {
        let entity = seen.file.entity;
        let is_shared = |id| current.under_id(entity, id).is_some();
        let has_entries = |column: &crate::intake::Column| {
            let kind = column.code.as_ref().and_then(|code| schema.listed(entity, code.as_str()));
            kind.is_some_and(|field| is_of_entries(&field.kind))
        };
        if !seen.survey.columns.iter().any(has_entries) || !seen.survey.ids.iter().any(is_shared) {
            return Ok(Self::default());
        }
        let (mut heard, mut rows, mut has_unknown) = (Heard::default(), 0, false);
        each_record(seen, schema, |record| {
            rows += 1;
            has_unknown |= heard.hear(record, current, schema);
            if rows >= PROBE && !has_unknown { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok(Self(heard.meanings(entity, schema)))
    }

    /// Puts what is meant in the place of what the portal doesn't know; gives the fields.
    pub(super) fn read(&self, record: &mut FileRecord) -> Vec<FieldCode> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let told = unknown(record).filter_map(|place| Some((place.0.clone(), self.0.get(&place)?.code.clone())));
        let told: Vec<(FieldCode, Value)> = told.collect();
        told.into_iter()
            .map(|(field, code)| {
                record.set(field.clone(), code);
                field
            })
            .collect()
    }

    /// All of them, in the order of fields and texts.
    pub(super) fn told(&self) -> Vec<Told<'_>> {
        let mut told: Vec<Told<'_>> = self
            .0
            .iter()
            .map(|((field, ..), meaning)| Told {
                field,
                text: &meaning.text,
                code: meaning.code.as_text().unwrap_or_default(),
                records: meaning.records,
                of: meaning.of,
            })
            .collect();
        told.sort_by(|one, other| (one.field.as_str(), one.text, one.code).cmp(&(other.field.as_str(), other.text, other.code)));
        told
    }
}

/// What has been met of a file's texts.
#[derive(Default)]
struct Heard {
    /// How often each entry of the portal was met where a text stands, and the text as it is written.
    met: HashMap<Place, (String, BTreeMap<String, u64>)>,
    /// Entries that the file names in a way that the portal knows.
    known: HashSet<(FieldCode, String)>,
}

impl Heard {
    /// Takes a record in; whether it has a text that the portal doesn't know.
    fn hear(&mut self, record: &FileRecord, current: &Current, schema: &Schema) -> bool {
        for (field, value) in record.fields() {
            if let Value::Code(code) = value {
                let key = (field.clone(), code.to_string());
                self.known.insert(key);
            }
        }
        let mut places = unknown(record).peekable();
        if places.peek().is_none() {
            return false;
        }
        let Some(live) = twin(record, current) else { return true };
        for place in places {
            let kind = schema.listed(record.entity, place.0.as_str()).map(|field| &field.kind);
            let code = live.get(place.0.as_str()).and_then(Value::as_text).filter(|code| !code.is_empty());
            if let (Some(code), true) = (code, kind.is_some_and(is_of_entries)) {
                let text = record.text(place.0.as_str()).unwrap_or_default();
                let (_, met) = self.met.entry(place).or_insert_with(|| (text.to_owned(), BTreeMap::new()));
                *met.entry(code.to_owned()).or_default() += 1;
            }
        }
        true
    }

    /// The texts that have one meaning, which no other text of their field has.
    fn meanings(self, entity: EntityType, schema: &Schema) -> HashMap<Place, Meaning> {
        let mut meanings: HashMap<Place, Meaning> = HashMap::new();
        let mut bearers: HashMap<(FieldCode, String), u32> = HashMap::new();
        for (place, (text, met)) in self.met {
            let of: u64 = met.values().sum();
            let Some((code, records)) = met.into_iter().max_by_key(|(_, records)| *records) else { continue };
            let key = (place.0.clone(), code.clone());
            *bearers.entry(key.clone()).or_default() += 1;
            if records >= RECORDS_MIN && records * 100 >= of * MAJORITY_PERCENT && !self.known.contains(&key) {
                meanings.insert(place, Meaning { text, code: Value::Code(code.as_str().into()), records, of });
            }
        }
        let is_alone = |place: &Place, meaning: &Meaning| {
            let code = meaning.code.as_text().unwrap_or_default().to_owned();
            bearers.get(&(place.0.clone(), code)) == Some(&1)
        };
        meanings.retain(|place, meaning| is_alone(place, meaning) && may_mean(entity, place, &meaning.code, schema));
        meanings
    }
}

/// The texts of a record that the portal doesn't know.
fn unknown(record: &FileRecord) -> impl Iterator<Item = Place> {
    let pipeline = || record.text(PIPELINE).map(fold).unwrap_or_default();
    record.fields().filter_map(move |(field, value)| match value {
        Value::Label(text) if field.as_str() == STAGE => Some((field.clone(), pipeline(), fold(text))),
        Value::Label(text) => Some((field.clone(), String::new(), fold(text))),
        _ => None,
    })
}

/// Whether the portal has the entry, and none of the text: of two entries with one text no majority of others tells which is meant.
fn may_mean(entity: EntityType, (field, _, text): &Place, code: &Value, schema: &Schema) -> bool {
    let Some(field) = schema.listed(entity, field.as_str()) else { return false };
    let entries = diff::entries(schema, &field.kind, Some(field));
    entries.iter().any(|(known, _)| code.as_text() == Some(known)) && !entries.iter().any(|(_, name)| fold(name) == *text)
}

fn is_of_entries(kind: &FieldType) -> bool {
    matches!(kind, FieldType::Status(_) | FieldType::Stage | FieldType::Pipeline | FieldType::Currency | FieldType::Enumeration)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Entry, LiveRecord, OriginalId, PortalId};

    /// What is learned where each text stands beside so many records of an entry.
    fn learned(met: &[(&str, &str, u64)]) -> Vec<(String, String)> {
        let mut schema = Schema::standard();
        let entry = |code: &str, name: &str| Entry { code: code.into(), name: name.into(), semantics: String::new() };
        schema.directories.insert("SOURCE".into(), vec![entry("CALL", "Llamada"), entry("WEB", "Sitio Web")]);
        let (mut heard, mut current, mut id) = (Heard::default(), Current::default(), 0);
        for (text, code, records) in met {
            for _ in 0..*records {
                id += 1;
                let mut live = LiveRecord::new(EntityType::Lead, PortalId(id));
                live.set("SOURCE_ID".into(), Value::Code((*code).into()));
                current.insert(&live);
                let mut record = FileRecord::new(EntityType::Lead, OriginalId(id));
                record.set("SOURCE_ID".into(), Value::Label((*text).into()));
                heard.hear(&record, &current, &schema);
            }
        }
        let meanings = Meanings(heard.meanings(EntityType::Lead, &schema));
        meanings.told().iter().map(|told| (told.text.to_owned(), told.code.to_owned())).collect()
    }

    #[test]
    fn a_text_means_what_nearly_all_of_enough_records_have() {
        let call = [("Anruf".to_owned(), "CALL".to_owned())];
        assert_eq!(learned(&[("Anruf", "CALL", 8), ("Anruf", "WEB", 2)]), call);
        assert!(
            learned(&[("Anruf", "CALL", 7), ("Anruf", "WEB", 3)]).is_empty(),
            "people have changed too many, or it means neither"
        );
        assert!(learned(&[("Anruf", "CALL", 4)]).is_empty(), "too few");
    }

    #[test]
    fn nothing_is_learned_of_two_texts_of_one_entry_of_an_entry_that_is_gone_or_of_a_text_that_is_known() {
        assert!(learned(&[("Anruf", "CALL", 9), ("Telefon", "CALL", 9)]).is_empty());
        assert!(learned(&[("Messe", "UC_1", 9)]).is_empty());
        assert!(learned(&[("Sitio Web", "CALL", 9)]).is_empty());
    }
}
