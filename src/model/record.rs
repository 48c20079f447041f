//! A record: a type, an id and its fields.

use super::{EntityType, FieldCode, OriginalId, PortalId, Value};

/// A record of the CRM. `I` says whose id it bears: [`FileRecord`] or [`LiveRecord`].
///
/// A field that the source doesn't have is absent; it is neither compared nor written.
#[derive(Debug, Clone, PartialEq)]
pub struct Record<I> {
    /// What kind of record it is.
    pub entity: EntityType,
    /// Its id.
    pub id: I,
    fields: Vec<(FieldCode, Value)>,
}

/// A record of a restore file.
pub type FileRecord = Record<OriginalId>;
/// A record of the portal's current state.
pub type LiveRecord = Record<PortalId>;

impl<I> Record<I> {
    /// A record without fields.
    pub fn new(entity: EntityType, id: I) -> Self {
        Self { entity, id, fields: Vec::new() }
    }

    /// Sets a field, replacing what stood there.
    pub fn set(&mut self, code: FieldCode, value: Value) {
        match self.fields.iter_mut().find(|(known, _)| *known == code) {
            Some(field) => field.1 = value,
            None => self.fields.push((code, value)),
        }
    }

    /// Adds a field that the caller knows to be new: the cheap way to fill a record from a header without repetition.
    pub fn push(&mut self, code: FieldCode, value: Value) {
        self.fields.push((code, value));
    }

    /// A field's value; `None` when the source doesn't have the field.
    pub fn get(&self, code: &str) -> Option<&Value> {
        self.fields.iter().find(|(known, _)| known.as_str() == code).map(|(_, value)| value)
    }

    /// A field's text; `None` when it is absent, empty or no text.
    pub fn text(&self, code: &str) -> Option<&str> {
        self.get(code).and_then(Value::as_text).filter(|text| !text.is_empty())
    }

    /// Takes a field out.
    pub fn take(&mut self, code: &str) -> Option<Value> {
        let index = self.fields.iter().position(|(known, _)| known.as_str() == code)?;
        Some(self.fields.remove(index).1)
    }

    /// The fields in the order of their source.
    pub fn fields(&self) -> impl Iterator<Item = (&FieldCode, &Value)> {
        self.fields.iter().map(|(code, value)| (code, value))
    }

    /// The same fields under another id.
    pub fn with_id<J>(self, id: J) -> Record<J> {
        Record { entity: self.entity, id, fields: self.fields }
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
