//! A record: a type, an id and its fields.

use std::sync::Arc;

use super::{EntityType, FieldCode, OriginalId, PortalId, Value};

/// A record of the CRM. `I` says whose id it bears: [`FileRecord`] or [`LiveRecord`].
///
/// A field that the source doesn't have is absent; it is neither compared nor written. The records of one source share their codes, so
/// that each holds little more than its values.
#[derive(Debug, Clone)]
pub struct Record<I> {
    /// What kind of record it is.
    pub entity: EntityType,
    /// Its id.
    pub id: I,
    codes: Arc<Vec<FieldCode>>,
    /// One a code, in their order; `None` for a field that is absent.
    values: Vec<Option<Value>>,
}

/// A record of a restore file.
pub type FileRecord = Record<OriginalId>;
/// A record of the portal's current state.
pub type LiveRecord = Record<PortalId>;

impl<I> Record<I> {
    /// A record without fields.
    pub fn new(entity: EntityType, id: I) -> Self {
        Self::with_fields(entity, id, Arc::default(), Vec::new())
    }

    /// A record with one value a code, `None` for a field that is absent.
    pub fn with_fields(entity: EntityType, id: I, codes: Arc<Vec<FieldCode>>, values: Vec<Option<Value>>) -> Self {
        Self { entity, id, codes, values }
    }

    /// The codes that it shares with the other records of its source, and its values, `None` for a field that is absent.
    pub fn parts(&self) -> (&Arc<Vec<FieldCode>>, &[Option<Value>]) {
        (&self.codes, &self.values)
    }

    /// Sets a field, replacing what stood there.
    pub fn set(&mut self, code: FieldCode, value: Value) {
        match self.place(code.as_str()) {
            Some(at) => self.values[at] = Some(value),
            None => self.push(code, value),
        }
    }

    /// Adds a field that the caller knows to be new: the cheap way to fill a record from a source without repetition.
    pub fn push(&mut self, code: FieldCode, value: Value) {
        Arc::make_mut(&mut self.codes).push(code);
        self.values.push(Some(value));
    }

    /// Where a field stands that isn't absent; two columns of one source may be of one field, and one of them absent.
    fn place(&self, code: &str) -> Option<usize> {
        self.codes.iter().zip(&self.values).position(|(known, value)| value.is_some() && known.as_str() == code)
    }

    /// A field's value; `None` when the source doesn't have the field.
    pub fn get(&self, code: &str) -> Option<&Value> {
        self.fields().find(|(known, _)| known.as_str() == code).map(|(_, value)| value)
    }

    /// A field's text; `None` when it is absent, empty or no text.
    pub fn text(&self, code: &str) -> Option<&str> {
        self.get(code).and_then(Value::as_text).filter(|text| !text.is_empty())
    }

    /// Takes a field out.
    pub fn take(&mut self, code: &str) -> Option<Value> {
        self.place(code).and_then(|at| self.values[at].take())
    }

    /// The fields in the order of their source.
    pub fn fields(&self) -> impl Iterator<Item = (&FieldCode, &Value)> {
        self.codes.iter().zip(&self.values).filter_map(|(code, value)| Some((code, value.as_ref()?)))
    }

    /// The same fields under another id.
    pub fn with_id<J>(self, id: J) -> Record<J> {
        Record { entity: self.entity, id, codes: self.codes, values: self.values }
    }

    /// What a person would call it: the title, or the name of a person, or nothing.
    pub fn title(&self) -> String {
        let names = ["NAME", "SECOND_NAME", "LAST_NAME"].map(|code| self.text(code).unwrap_or_default());
        match self.text("TITLE") {
            Some(title) => title.to_owned(),
            None => names.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" "),
        }
    }
}

/// Two records are equal whatever the codes of fields that both lack.
impl<I: PartialEq> PartialEq for Record<I> {
    fn eq(&self, other: &Self) -> bool {
        self.entity == other.entity && self.id == other.id && self.fields().eq(other.fields())
    }
}
