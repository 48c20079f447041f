//! A cell's text -> a value, by the type of its field. What a cell says is decided here and nowhere else.

use std::borrow::Cow;
use std::sync::Arc;

use rust_decimal::Decimal;

use super::columns::is_of_portal;
use super::contacts;
use super::conventions::Conventions;
use super::dates::Loose;
use super::detect::{DateOrder, NumberStyle};
use super::ids::whole;
use super::labels::{Dictionary, Users};
use super::packed::{self, Packed};
use super::several::{is_one, join, split};
use super::ways::{Harm, Shape, Way};
use super::{damage, mojibake, numbers, protected, turned, words};
use crate::model::{FieldDef, FieldType, ProblemCode, Schema, UserId, Value, fold};

/// The first byte of U+FFFD; hardly any letter of a language that Bitrix24 exports begins with it.
const REPLACEMENT_BEGINS: u8 = 0xef;

/// Reads the cells of one file.
pub(super) struct CellReader<'a> {
    schema: &'a Schema,
    /// The header holds field codes, so cells hold codes and ids.
    coded: bool,
    /// There is a portal to look labels up in; without one they stay as they are, without a problem.
    of_portal: bool,
    conventions: &'a Conventions,
    users: Users,
    pipelines: Dictionary,
    /// The stages of each pipeline.
    stages: Vec<(u64, Dictionary)>,
    currencies: Dictionary,
}

/// What a cell says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cell {
    /// The value; `None` when the cell can't be understood.
    pub(super) value: Option<Value>,
    /// What a person should know of it.
    pub(super) problem: Option<ProblemCode>,
}

/// The pipeline of a row, as far as its own column tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowPipeline {
    /// The row names it.
    Named(u64),
    /// The file has no such column, or the cell is empty.
    Unnamed,
    /// The cell names one that the portal doesn't have.
    Unknown,
}

impl Cell {
    /// The cell of a multiple field that has this one value.
    fn listed(mut self) -> Self {
        self.value = self.value.map(|value| if matches!(value, Value::Empty) { value } else { Value::List(vec![value]) });
        self
    }
}

impl From<Value> for Cell {
    fn from(value: Value) -> Self {
        Self { value: Some(value), problem: None }
    }
}

impl From<ProblemCode> for Cell {
    fn from(problem: ProblemCode) -> Self {
        Self { value: None, problem: Some(problem) }
    }
}

impl From<Result<Value, ProblemCode>> for Cell {
    fn from(read: Result<Value, ProblemCode>) -> Self {
        read.map_or_else(Self::from, Self::from)
    }
}

impl<'a> CellReader<'a> {
    pub(super) fn new(schema: &'a Schema, coded: bool, conventions: &'a Conventions) -> Self {
        let named = |id: &u64| (*id, Dictionary::of_directory(schema, &Schema::stage_directory(*id)));
        let mut pipelines: Vec<u64> = schema.pipelines.iter().map(|pipeline| pipeline.id).collect();
        if !pipelines.contains(&0) {
            pipelines.insert(0, 0);
        }
        let ids: Vec<(String, &str)> =
            schema.pipelines.iter().map(|pipeline| (pipeline.id.to_string(), pipeline.name.as_str())).collect();
        Self {
            schema,
            coded,
            of_portal: is_of_portal(schema),
            conventions,
            users: Users::of(schema),
            pipelines: Dictionary::new(ids.iter().map(|(id, name)| (id.as_str(), *name))),
            stages: pipelines.iter().map(named).collect(),
            currencies: Dictionary::new(
                schema.currencies.iter().map(|currency| (currency.code.as_str(), currency.name.as_str())),
            ),
        }
    }

    /// How the cells of the column at a place are read. `has_ids`: it has ids whatever the header's language is.
    pub(super) fn way(&self, at: usize, def: Arc<FieldDef>, has_ids: bool) -> Way {
        Way::of(at, def, has_ids, self.coded, self.schema, self.conventions)
    }

    /// Reads one cell of a column. `is_sound`: the file's cells are [usual](Conventions::are_usual), and those of the line
    /// [plain](super::lines::Texts::is_plain), so that what stands in them is what was written.
    #[inline]
    pub(super) fn read(&self, way: &Way, text: &str, pipeline: RowPipeline, is_sound: bool) -> Cell {
        if !is_sound {
            return self.doubted(way, text, pipeline);
        }
        if words::trim(text).is_empty() { Value::Empty.into() } else { self.present(way, text, pipeline) }
    }

    /// The value of a sound cell that is as most of its column are; `None` where it isn't, and takes a closer look.
    #[inline]
    pub(super) fn usual(&self, way: &Way, text: &str) -> Option<Value> {
        match way.shape {
            Shape::Text => damage::begins_sound(text).then(|| Value::Text(text.into())),
            Shape::Number => numbers::plain(text, self.conventions.numbers).map(Value::Number),
            Shape::Multi => is_usual_contact(text).then(|| Value::List(vec![Value::Text(text.into())])),
            Shape::DecimalIds | Shape::Other => None,
        }
    }

    /// Reads a cell that may have lost something, or stand for nothing.
    fn doubted(&self, way: &Way, text: &str, pipeline: RowPipeline) -> Cell {
        if words::trim(self.conventions.present(text)).is_empty() {
            return Value::Empty.into();
        }
        // What stood where this sign does is lost, whoever has put it there: this program's decoder, or one before it.
        if memchr::memchr(REPLACEMENT_BEGINS, text.as_bytes()).is_some() && text.contains(char::REPLACEMENT_CHARACTER) {
            return ProblemCode::BadBytes.into();
        }
        if let Some(problem) = self.conventions.suspect.as_ref().and_then(|suspect| suspect.problem(way.at, text)) {
            return problem.into();
        }
        match mojibake::meant(text) {
            Cow::Owned(meant) if way.is_twice => self.present(way, &meant, pipeline),
            // One cell among others that were not: somebody may have typed it so, and a guess is no restore.
            Cow::Owned(_) => ProblemCode::Mojibake.into(),
            Cow::Borrowed(text) => self.present(way, text, pipeline),
        }
    }

    /// Reads a cell that has a text.
    fn present(&self, way: &Way, text: &str, pipeline: RowPipeline) -> Cell {
        if self.conventions.is_protected && protected::is_met(text) {
            return self.spread(way, &protected::text(text), pipeline);
        }
        self.spread(way, text, pipeline)
    }

    /// Reads the values of a cell.
    fn spread(&self, way: &Way, text: &str, pipeline: RowPipeline) -> Cell {
        if !way.def.multiple {
            return self.single(way, text, pipeline);
        }
        if let FieldType::Multi(multi) = &way.def.kind
            && let Some(values) = contacts::of_type(text, multi)
        {
            return match values {
                Ok(values) => join(values.iter().map(|value| self.single(way, value, pipeline)).collect()),
                Err(problem) => problem.into(),
            };
        }
        let parts = match self.unpacked(text, way.coded) {
            Some(Err(packed::Unreadable)) => return ProblemCode::BadList.into(),
            Some(Ok(packed)) => packed.texts(),
            None if way.def.kind == FieldType::Enumeration => return join(self.items(way, text)),
            // One value is the rule, and needs no list of parts.
            None if is_one(text) => return self.single(way, text, pipeline).listed(),
            None if way.def.kind == FieldType::User => self.people(text),
            None => split(&way.def.kind, text),
        };
        join(parts.iter().map(|part| self.single(way, part, pipeline)).collect())
    }

    /// A number, dressed as money or not. Which currency it is of is the row's business where another column says it, and else nobody's.
    fn amount(&self, way: &Way, text: &str) -> Result<Decimal, ProblemCode> {
        let (amount, currency) = numbers::amount(text, self.conventions.numbers, self.schema)?;
        if currency.is_none() || way.has_currency { Ok(amount) } else { Err(ProblemCode::BadNumber) }
    }

    /// Money of a custom field. What its sign leaves open is of the currency that the portal's own records bear out.
    fn money(&self, text: &str) -> Result<Value, ProblemCode> {
        let mut value = numbers::money(text, self.conventions.money, self.schema)?;
        if let Value::Money(money) = &mut value
            && money.currency.is_none()
        {
            money.currency.clone_from(&self.conventions.currency);
        }
        Ok(value)
    }

    /// Whether an amount is said to be of another currency than its row's, as its own column says it.
    pub(super) fn is_of_other_currency(&self, amount: &str, own: Option<&str>) -> bool {
        let is_bare = |byte: u8| matches!(byte, b'0'..=b'9' | b' ' | b'.' | b',' | b'+' | b'-');
        if amount.bytes().all(is_bare) {
            return false;
        }
        let Ok((_, Some(told))) = numbers::amount(amount.trim(), self.conventions.numbers, self.schema) else { return false };
        let base = || self.schema.currencies.iter().find(|currency| currency.base).map(|currency| currency.code.clone());
        let own = match own.map(|cell| self.conventions.present(cell).trim()).filter(|cell| !cell.is_empty()) {
            Some(cell) => match self.currency(cell).value {
                Some(Value::Code(code)) => Some(code.into()),
                _ => None,
            },
            // Without a portal nobody knows what an amount without a currency would be taken for.
            None if !self.of_portal => return false,
            None => base(),
        };
        own.as_deref() != Some(told.as_str())
    }

    /// The moment of a clock, where the file's times have a zone of their own.
    fn in_own_zone(&self, value: Value) -> Value {
        match &self.conventions.clocks {
            Some(clocks) => clocks.moment(value),
            None => value,
        }
    }

    fn single(&self, way: &Way, text: &str, pipeline: RowPipeline) -> Cell {
        let &Way { ref def, coded, .. } = way;
        let trimmed = words::trim(text);
        let trimmed = if way.shape == Shape::DecimalIds { whole(trimmed) } else { trimmed };
        if damage::is_lost(trimmed) {
            return ProblemCode::SpreadsheetDamage.into();
        }
        if trimmed.is_empty() {
            return Value::Empty.into();
        }
        match &def.kind {
            FieldType::Id | FieldType::Integer => numbers::number(trimmed, self.conventions.numbers).map(Value::Number).into(),
            FieldType::Double => self.amount(way, trimmed).map(Value::Number).into(),
            FieldType::Money => self.money(trimmed).into(),
            FieldType::Flag => flag(def, trimmed).map(Value::Flag).ok_or(ProblemCode::BadFlag).into(),
            FieldType::Date => self.date(way, trimmed, Loose::day),
            FieldType::Moment => self.date(way, trimmed, |date, order| Some(self.in_own_zone(date.moment(order)?))),
            // In a database no item is item 0.
            FieldType::Enumeration if coded && trimmed == "0" => Value::Empty.into(),
            FieldType::Status(_) | FieldType::Enumeration => self.label(way.dictionary.as_deref(), coded, trimmed),
            FieldType::Pipeline => self.label(Some(&self.pipelines), coded, trimmed),
            FieldType::Stage => self.stage(trimmed, coded, pipeline),
            FieldType::Currency => self.currency(trimmed),
            FieldType::User => self.user(trimmed, coded),
            FieldType::Link(_) | FieldType::Parent => link(trimmed, coded),
            FieldType::Multi(multi) if damage::is_phone_with_decimals(trimmed) && multi.kind == "PHONE" => {
                ProblemCode::SpreadsheetDamage.into()
            }
            FieldType::Multi(_) if lacks_plus(trimmed, way.plus_lost) => {
                Cell { value: Some(Value::Text(trimmed.into())), problem: Some(ProblemCode::LostPlus) }
            }
            FieldType::Text | FieldType::LongText | FieldType::Address
                if way.harm == Harm::Measured && damage::has_decimals(trimmed) =>
            {
                ProblemCode::SpreadsheetDamage.into()
            }
            FieldType::Binding if !coded => Value::Name(trimmed.into()).into(),
            FieldType::Multi(_) | FieldType::Binding if !self.coded => Value::Text(trimmed.into()).into(),
            FieldType::Text
            | FieldType::LongText
            | FieldType::Url
            | FieldType::Address
            | FieldType::Multi(_)
            | FieldType::Binding
            | FieldType::Products
            | FieldType::File
            | FieldType::Other => Value::Text(text.into()).into(),
        }
    }

    /// The users of a cell. A portal may print the last name first and a comma behind it, `Pérez Luna, Ana`: what is a user only
    /// together is one (csv 4.2).
    fn people(&self, text: &str) -> Vec<String> {
        let mut people: Vec<String> = Vec::new();
        let mut parts = split(&FieldType::User, text).into_iter().peekable();
        let is_user = |name: &str| name.ends_with(']') || !self.users.named(name).is_empty();
        while let Some(part) = parts.next() {
            let whole = parts.peek().filter(|_| !is_user(&part)).map(|first| format!("{part}, {first}"));
            people.push(match whole.filter(|whole| is_user(whole)) {
                Some(whole) => {
                    parts.next();
                    whole
                }
                None => part,
            });
        }
        people
    }

    /// The values of a packed cell: PHP's array in any file, JSON where cells are a database's or a snapshot's.
    fn unpacked(&self, text: &str, coded: bool) -> Option<Result<Packed, packed::Unreadable>> {
        packed::serialised(text)
            .or_else(|| ((coded || self.coded) && text.starts_with('[')).then(|| packed::json(text)).flatten().map(Ok))
    }

    /// The items of a multiple list field.
    fn items(&self, way: &Way, text: &str) -> Vec<Cell> {
        let Some(dictionary) = way.dictionary.as_deref().filter(|dictionary| !dictionary.is_empty()) else {
            let label = |part: &str| self.label(None, way.coded, part);
            return text.split(", ").map(label).collect();
        };
        let parts = dictionary.several(text).into_iter();
        parts.map(|part| part.map_or_else(|label| self.unknown(label), |code| Value::Code(code.into()).into())).collect()
    }

    fn label(&self, dictionary: Option<&Dictionary>, coded: bool, text: &str) -> Cell {
        let Some(dictionary) = dictionary.filter(|dictionary| !dictionary.is_empty()) else {
            // Nothing to look it up in: a code of a header of codes is believed.
            return if coded && !self.of_portal { Value::Code(text.into()).into() } else { self.unknown(text) };
        };
        let code = if coded { dictionary.by_code(text).or_else(|| dictionary.by_label(text)) } else { dictionary.by_label(text) };
        code.map_or_else(|| self.unknown(text), |code| Value::Code(code.into()).into())
    }

    /// A label that nothing answers to. It stays in the record, so that reports can show it.
    fn unknown(&self, text: &str) -> Cell {
        let problem = self.of_portal.then_some(ProblemCode::LabelUnknown);
        Cell { value: Some(Value::Label(text.into())), problem }
    }

    fn date(&self, way: &Way, text: &str, value: impl Fn(&Loose, DateOrder) -> Option<Value>) -> Cell {
        let date = Loose::parse(text);
        if way.harm == Harm::Turned && date.as_ref().is_some_and(turned::may_be) {
            return ProblemCode::SpreadsheetDamage.into();
        }
        match date.as_ref().and_then(|date| value(date, self.conventions.date_order)) {
            Some(value) => value.into(),
            None if date.is_some_and(|date| date.is_nothing()) => Value::Empty.into(),
            None if damage::is_day_number(text) => ProblemCode::SpreadsheetDamage.into(),
            None => ProblemCode::BadDate.into(),
        }
    }

    /// A stage, within the row's pipeline (csv 4.1: two pipelines have stages of one name).
    fn stage(&self, text: &str, coded: bool, pipeline: RowPipeline) -> Cell {
        if self.stages.iter().all(|(_, stages)| stages.is_empty()) {
            return self.label(None, coded, text);
        }
        let by_code = || self.stages.iter().find_map(|(_, stages)| stages.by_code(text));
        let within = |id: u64| self.stages.iter().find(|(known, _)| *known == id).and_then(|(_, stages)| stages.by_label(text));
        let unique = || {
            let mut found = self.stages.iter().filter_map(|(_, stages)| stages.by_label(text));
            found.next().filter(|_| found.next().is_none())
        };
        let code = match pipeline {
            RowPipeline::Named(id) => within(id).or_else(by_code),
            RowPipeline::Unnamed if coded => by_code().or_else(|| within(0)).or_else(unique),
            RowPipeline::Unnamed => within(0).or_else(by_code).or_else(unique),
            RowPipeline::Unknown => by_code().or_else(unique),
        };
        code.map_or_else(|| self.unknown(text), |code| Value::Code(code.into()).into())
    }

    fn currency(&self, text: &str) -> Cell {
        let iso = || Some(text).filter(|text| text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase()));
        let code = self.currencies.by_label(text).or_else(|| {
            // A name in another language than the portal's; or, without a portal, the only ones that we know.
            let code = words::currency_named(&fold(text)).or_else(iso)?;
            (self.currencies.is_empty() || self.currencies.by_code(code).is_some()).then_some(code)
        });
        code.map_or_else(|| self.unknown(text), |code| Value::Code(code.into()).into())
    }

    /// A user: `Name [123]`, an id where cells hold ids, else a name.
    fn user(&self, text: &str, coded: bool) -> Cell {
        let bracketed = text.strip_suffix(']').and_then(|text| text.rsplit_once('[')).map(|(_, id)| id);
        if let Some(id) = bracketed.or((coded || self.coded).then_some(text)).and_then(|id| id.parse().ok()) {
            return if id == 0 { Value::Empty.into() } else { Value::User(UserId(id)).into() };
        }
        let known = || text.parse().ok().map(UserId).filter(|id| self.schema.user(*id).is_some());
        let problem = match self.users.named(text) {
            [only] => return Value::User(*only).into(),
            // An id among names.
            [] if text.starts_with(|c: char| c.is_ascii_digit()) && known().is_some() => {
                return known().map_or(Value::Empty, Value::User).into();
            }
            [] => ProblemCode::UserUnknown,
            _ => ProblemCode::UserAmbiguous,
        };
        Cell { value: Some(Value::Name(text.into())), problem: self.of_portal.then_some(problem) }
    }
}

impl RowPipeline {
    /// The pipeline that a row's cell names.
    pub(super) fn of(cell: &Cell) -> Self {
        match &cell.value {
            Some(Value::Code(id)) => id.parse().map_or(Self::Unknown, Self::Named),
            Some(Value::Empty) => Self::Unnamed,
            _ => Self::Unknown,
        }
    }
}

/// Yes or no: in the field's own words, else in those of any language.
fn flag(def: &FieldDef, text: &str) -> Option<bool> {
    let own = def.items.iter().find(|(_, label)| fold(label) == fold(text)).and_then(|(id, _)| words::flag(id));
    own.or_else(|| words::flag(text))
}

/// A linked record: an id where cells hold ids, else a name; a placeholder is neither.
fn link(text: &str, coded: bool) -> Cell {
    if coded && let Ok(id) = text.parse() {
        return if id == 0 { Value::Empty.into() } else { Value::Link(id).into() };
    }
    if words::is_hidden_link(text) {
        return ProblemCode::BadLink.into();
    }
    Value::Name(text.into()).into()
}

/// Whether a cell holds one multi-field value that begins and ends as nearly all of them do: no digits alone, and nothing lost.
#[inline]
fn is_usual_contact(text: &str) -> bool {
    let begins = || damage::begins_sound(text) || (text.starts_with('+') && !damage::is_lost(text));
    let ends = text.as_bytes().last().is_some_and(u8::is_ascii_graphic);
    ends && begins() && is_one(text) && packed::serialised(text).is_none() && !damage::is_phone_with_decimals(text)
}

/// Whether a phone is one of those whose `+` a spreadsheet took.
fn lacks_plus(phone: &str, digits: usize) -> bool {
    digits > 0 && phone.len() == digits && phone.bytes().all(|byte| byte.is_ascii_digit())
}

/// A number of a product's cell; an empty one is `default`.
pub(super) fn product_number(text: &str, style: NumberStyle, default: Decimal) -> Result<Decimal, ProblemCode> {
    let trimmed = text.trim();
    if trimmed.is_empty() { Ok(default) } else { numbers::number(trimmed, style) }
}
