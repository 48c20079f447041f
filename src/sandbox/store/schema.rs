//! What a field is: its names in both method families, its kind, its marks; and the schema of each record type.

use std::collections::{BTreeSet, HashMap};

use super::fields;
use super::record::{Base, Entity};

/// The kind of a field: how it is read, stored and printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole number.
    Integer,
    /// A number with a fraction, kept with two places (`DECIMAL(18,2)`).
    Double,
    /// A text as long as its column.
    Text,
    /// A long text (`TEXT` column).
    LongText,
    /// `Y` or `N`.
    Flag,
    /// A day.
    Date,
    /// An instant.
    DateTime,
    /// A user's id.
    User,
    /// A code of the directory named; for stages the directory depends on the category.
    Status(&'static str),
    /// A currency code.
    Currency,
    /// A pipeline's id.
    Category,
    /// A reference to a record of the type.
    Crm(&'static str),
    /// A location code.
    Location,
    /// A file; the sandbox keeps no standard files, so it is always empty.
    File,
    /// A standard multi-field of the classic family: `PHONE` and the like.
    Multifield,
    /// A custom field.
    Custom(Custom),
}

/// The types of custom fields that the sandbox makes.
///
/// Source: rest-crm 6.7.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Custom {
    /// `string`.
    String,
    /// `integer`.
    Integer,
    /// `double`, with its PRECISION.
    Double(u8),
    /// `boolean`.
    Boolean,
    /// `date`.
    Date,
    /// `datetime`.
    DateTime,
    /// `money`: `300|USD`.
    Money,
    /// `enumeration`: the id of an item.
    Enumeration,
    /// `url`.
    Url,
    /// `employee`: a user's id.
    Employee,
    /// `crm`: `L_4` or `4`.
    Crm,
    /// `crm_status`: a directory code.
    CrmStatus,
    /// `address`: `text|lat;lng|location id`.
    Address,
}

impl Custom {
    /// The type with this `USER_TYPE_ID`.
    pub fn of_type_id(type_id: &str, precision: u8) -> Option<Self> {
        Some(match type_id {
            "string" => Self::String,
            "integer" => Self::Integer,
            "double" => Self::Double(precision),
            "boolean" => Self::Boolean,
            "date" => Self::Date,
            "datetime" => Self::DateTime,
            "money" => Self::Money,
            "enumeration" => Self::Enumeration,
            "url" => Self::Url,
            "employee" => Self::Employee,
            "crm" => Self::Crm,
            "crm_status" => Self::CrmStatus,
            "address" => Self::Address,
            _ => return None,
        })
    }

    /// Its `USER_TYPE_ID`.
    pub fn type_id(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Double(_) => "double",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::DateTime => "datetime",
            Self::Money => "money",
            Self::Enumeration => "enumeration",
            Self::Url => "url",
            Self::Employee => "employee",
            Self::Crm => "crm",
            Self::CrmStatus => "crm_status",
            Self::Address => "address",
        }
    }
}

impl Kind {
    /// The form in which its values are stored.
    pub fn base(self) -> Base {
        match self {
            Self::Integer | Self::User | Self::Category | Self::Crm(_) => Base::Integer,
            Self::Double => Base::Number,
            Self::Flag => Base::Flag,
            Self::Date => Base::Day,
            Self::DateTime => Base::Instant,
            Self::Text | Self::LongText | Self::Status(_) | Self::Currency | Self::Location | Self::File | Self::Multifield => {
                Base::Text
            }
            Self::Custom(custom) => match custom {
                Custom::Integer | Custom::Enumeration | Custom::Employee => Base::Integer,
                Custom::Double(_) => Base::Number,
                Custom::Boolean => Base::Flag,
                Custom::Date => Base::Day,
                Custom::DateTime => Base::Instant,
                Custom::String | Custom::Money | Custom::Url | Custom::Crm | Custom::CrmStatus | Custom::Address => Base::Text,
            },
        }
    }

    /// The `type` that the universal methods show.
    pub fn universal_type(self) -> &'static str {
        match self {
            Self::LongText => "text",
            Self::Flag => "boolean",
            other => other.classic_type(),
        }
    }

    /// The `type` that the classic methods show.
    pub fn classic_type(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Double => "double",
            Self::Text | Self::LongText => "string",
            Self::Flag => "char",
            Self::Date => "date",
            Self::DateTime => "datetime",
            Self::User => "user",
            Self::Status(_) => "crm_status",
            Self::Currency => "crm_currency",
            Self::Category => "crm_category",
            Self::Crm(name) => name,
            Self::Location => "location",
            Self::File => "file",
            Self::Multifield => "crm_multifield",
            Self::Custom(custom) => custom.type_id(),
        }
    }
}

/// A mark of a field; the letters in brackets are those of rest-crm 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum Mark {
    /// Read-only in the universal family (o).
    ReadOnly = 1,
    /// Read-only in the classic family (o).
    ClassicReadOnly = 2,
    /// Can only be set when the record is made, universal family (I).
    Immutable = 4,
    /// Can only be set when the record is made, classic family (I).
    ClassicImmutable = 8,
    /// Holds several values (M).
    Multiple = 16,
    /// Deprecated (x).
    Deprecated = 32,
    /// Required in the universal family (R).
    Required = 64,
    /// Required in the classic family (R).
    ClassicRequired = 128,
    /// Not part of the universal family at all.
    Hidden = 256,
    /// A system field that an administrator may set by import.
    System = 512,
    /// Listed by `fields` only, never in answers.
    ListedOnly = 1024,
}

/// A field of a record type.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The name under which the value is stored, and the `upperName` of the universal family.
    pub code: &'static str,
    /// The universal name.
    pub name: &'static str,
    /// The classic name; empty where the classic family doesn't have the field.
    pub classic: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// The column's length in characters; 0 for no limit of its own.
    pub len: usize,
    /// The human name.
    pub title: &'static str,
    marks: u16,
}

impl Field {
    /// A field that has the same upper-case name in both families.
    pub const fn new(code: &'static str, kind: Kind, title: &'static str) -> Self {
        Self { code, name: "", classic: code, kind, len: 0, title, marks: 0 }
    }

    /// A custom field under its full code.
    pub fn custom(code: &str, custom: Custom) -> Self {
        let code = lasting(code);
        Self { name: lasting(&universal_name(code)), ..Self::new(code, Kind::Custom(custom), code) }
    }

    /// The same with a classic name of its own, or none at all (`""`).
    #[must_use]
    pub const fn classic(mut self, classic: &'static str) -> Self {
        self.classic = classic;
        self
    }

    /// The same with the length of the column.
    #[must_use]
    pub const fn len(mut self, len: usize) -> Self {
        self.len = len;
        self
    }

    /// The same with one more mark.
    #[must_use]
    pub const fn mark(mut self, mark: Mark) -> Self {
        self.marks |= mark as u16;
        self
    }

    /// The same, read-only in both families.
    #[must_use]
    pub const fn read_only(self) -> Self {
        self.mark(Mark::ReadOnly).mark(Mark::ClassicReadOnly)
    }

    /// Whether the field has the mark.
    pub const fn is(&self, mark: Mark) -> bool {
        self.marks & mark as u16 != 0
    }

    /// Whether it is a custom field.
    pub const fn is_custom(&self) -> bool {
        matches!(self.kind, Kind::Custom(_))
    }
}

/// The fields of one record type.
#[derive(Debug)]
pub struct Schema {
    fields: Vec<Field>,
    by_code: HashMap<&'static str, usize>,
    by_name: HashMap<&'static str, usize>,
    by_classic: HashMap<&'static str, usize>,
}

impl Schema {
    /// The standard fields of a record type.
    pub fn standard(entity: Entity) -> Self {
        let mut schema =
            Self { fields: Vec::new(), by_code: HashMap::new(), by_name: HashMap::new(), by_classic: HashMap::new() };
        for field in fields::of(entity) {
            schema.add(Field { name: lasting(&universal_name(field.code)), ..*field });
        }
        schema
    }

    /// Adds a field, standard or custom.
    pub fn add(&mut self, field: Field) {
        let place = self.fields.len();
        self.by_code.insert(field.code, place);
        if !field.is(Mark::Hidden) {
            self.by_name.insert(field.name, place);
        }
        if !field.classic.is_empty() {
            self.by_classic.insert(field.classic, place);
        }
        self.fields.push(field);
    }

    /// All fields, custom ones last.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The custom fields.
    pub fn custom(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.is_custom())
    }

    /// The field stored under this code.
    pub fn by_code(&self, code: &str) -> Option<Field> {
        self.by_code.get(code).map(|place| self.fields[*place])
    }

    /// The field with this universal name.
    pub fn by_name(&self, name: &str) -> Option<Field> {
        self.by_name.get(name).map(|place| self.fields[*place])
    }

    /// The field with this classic name.
    pub fn by_classic(&self, name: &str) -> Option<Field> {
        self.by_classic.get(name).map(|place| self.fields[*place])
    }
}

/// The universal name of an upper-case code: `UTM_SOURCE` is `utmSource`, `UF_CRM_RFC` is `ufCrmRfc`; the underscore stays before a
/// digit of a custom field (`UF_CRM_1720019876534` is `ufCrm_1720019876534`).
///
/// Source: rest-crm 1.0.
pub fn universal_name(code: &str) -> String {
    let custom = code.starts_with("UF_");
    let mut name = String::with_capacity(code.len());
    for (place, part) in code.split('_').enumerate() {
        let mut letters = part.chars();
        let Some(first) = letters.next() else { continue };
        if place == 0 {
            name.push(first.to_ascii_lowercase());
        } else {
            if custom && first.is_ascii_digit() {
                name.push('_');
            }
            name.push(first);
        }
        name.extend(letters.map(|letter| letter.to_ascii_lowercase()));
    }
    name
}

/// A name that lives as long as the process. Every record shares the names of its fields, and there are only as many as fields, so they
/// are kept once and for all instead of being counted.
pub fn lasting(name: &str) -> &'static str {
    static NAMES: std::sync::Mutex<BTreeSet<&'static str>> = std::sync::Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return known;
    }
    let kept: &'static str = Box::leak(name.into());
    names.insert(kept);
    kept
}
