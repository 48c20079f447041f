//! How a live record stands to an update of it: as the plan saw it, as the plan wants it, on the way from one to the other, or touched by
//! somebody since.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rust_decimal::Decimal;
use serde_json::Value as Json;

use crate::diff::{agrees, apart};
use crate::model::{EntityType, FieldDef, FieldType, LiveRecord, Payload, PortalId, Schema, Value, multifield_of};
use crate::plan::{Action, RowSet, ValueSet, wire};
use crate::portal::{MultiValue, PortalError, Reader, Wants};

use super::run::{ApplyError, Run};

/// A live record as an update of the plan meets it.
#[derive(Debug, Clone)]
pub(super) struct Met {
    /// Its fields.
    pub live: LiveRecord,
    /// The values of its multi-fields with their ids; read only where the update sets some.
    pub values: Vec<MultiValue>,
}

/// How a record stands to an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stand {
    /// It holds what the update wants.
    AsWanted,
    /// It holds what it held when the plan was made.
    AsSeen,
    /// Each part of it is one of the two, or a part of the way: an update of several commands of which some were carried out.
    Between,
    /// It holds something else: somebody has changed it since.
    Touched,
}

/// What became of values that were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// They are there, each as often as it should be.
    Whole,
    /// Something has delivered the request twice, and the portal has appended them twice.
    Doubled,
    /// The portal has dropped them, or some of them.
    NotStored,
    /// Something else is there: the portal has its own way to write them, or somebody was faster.
    Otherwise,
}

/// How one part of a record stands.
struct Part {
    is_wanted: bool,
    is_seen: bool,
    way: Way,
}

/// How it stands to the way from what was seen to what is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// On it, or at one of its ends.
    On,
    /// On it, but with something twice that comes or goes on it.
    Doubled,
    /// Beside it.
    Off,
}

impl Part {
    fn of(is_wanted: bool, is_seen: bool) -> Self {
        Self { is_wanted, is_seen, way: if is_wanted || is_seen { Way::On } else { Way::Off } }
    }
}

impl Run<'_> {
    /// Reads the live records that these updates are about; those that aren't there any more are left out.
    pub(super) async fn meet(&self, seqs: &[usize]) -> Result<HashMap<usize, Met>, ApplyError> {
        Ok(meet(self.actions, seqs, self.writer.reader(), self.schema).await?)
    }

    /// How the record stands to the update.
    pub(super) fn stand(&self, seq: usize, met: &Met) -> Stand {
        let action = &self.actions[seq];
        let mut parts = self.fields_stand(seq, &met.live);
        parts.extend(action.values.iter().map(|set| values_stand(set, &met.values)));
        let is_sent = self.journal.step(seq).attempts > 0;
        parts.extend(action.rows.iter().map(|set| rows_stand(set, &met.live, is_sent, self.schema)));
        if parts.iter().all(|part| part.is_wanted) {
            Stand::AsWanted
        } else if parts.iter().all(|part| part.is_seen) {
            Stand::AsSeen
        } else if parts.iter().all(|part| part.way != Way::Off) {
            Stand::Between
        } else {
            Stand::Touched
        }
    }

    /// What became of the values that an update has written, by what is there now.
    pub(super) fn written(&self, seq: usize, met: &Met) -> Written {
        let parts: Vec<Part> = self.actions[seq].values.iter().map(|set| values_stand(set, &met.values)).collect();
        if parts.iter().all(|part| part.is_wanted) {
            Written::Whole
        } else if parts.iter().any(|part| part.way == Way::Off) {
            Written::Otherwise
        } else if parts.iter().any(|part| part.way == Way::Doubled) {
            Written::Doubled
        } else {
            Written::NotStored
        }
    }

    fn fields_stand(&self, seq: usize, live: &LiveRecord) -> Vec<Part> {
        let action = &self.actions[seq];
        let wanted = self.wanted(seq);
        let names: BTreeSet<&String> = action.before.0.keys().chain(wanted.0.keys()).collect();
        let holds = |name: &str, value: Option<&Json>| value.is_none_or(|value| field_holds(live, name, value, self.schema));
        names
            .into_iter()
            .filter(|name| !follows_rows(action, name, live))
            .map(|name| Part::of(holds(name, wanted.0.get(name)), holds(name, action.before.0.get(name))))
            .collect()
    }
}

/// Reads the live records that these updates are about; those that aren't there any more are left out.
pub(super) async fn meet(
    actions: &[Action],
    seqs: &[usize],
    reader: &Reader,
    schema: &Schema,
) -> Result<HashMap<usize, Met>, PortalError> {
    let mut groups: BTreeMap<(EntityType, bool, bool), Vec<(usize, PortalId)>> = BTreeMap::new();
    for &seq in seqs {
        let action = &actions[seq];
        let Some(id) = action.portal_id else { continue };
        groups.entry((action.entity, !action.classic.is_empty(), action.rows.is_some())).or_default().push((seq, id));
    }
    let mut met = HashMap::new();
    for ((entity, addresses, products), group) in groups {
        let ids: Vec<PortalId> = group.iter().map(|(_, id)| *id).collect();
        let wants = Wants { everything: true, addresses, products };
        let live = reader.get_many(entity, &ids, schema, wants).await?;
        let live: HashMap<PortalId, LiveRecord> = live.into_iter().map(|record| (record.id, record)).collect();
        let setting = group.iter().filter(|(seq, _)| !actions[*seq].values.is_empty());
        let setting: Vec<PortalId> = setting.map(|(_, id)| *id).collect();
        let values: HashMap<PortalId, Vec<MultiValue>> = reader.multi_values(entity, &setting).await?.into_iter().collect();
        for (seq, id) in group {
            let Some(live) = live.get(&id).cloned() else { continue };
            met.insert(seq, Met { live, values: values.get(&id).cloned().unwrap_or_default() });
        }
    }
    Ok(met)
}

/// A part of a live record that doesn't hold what an update has written there.
pub(super) struct Unlike {
    /// The classic field code.
    pub field: String,
    pub wanted: Value,
    pub found: Value,
}

/// What of a record is not as an update wants it.
pub(super) fn unlike(action: &Action, wanted: &Payload, met: &Met, schema: &Schema) -> Vec<Unlike> {
    let text = |text: String| if text.is_empty() { Value::Empty } else { Value::Text(text.into()) };
    let mut unlike = Vec::new();
    for (name, value) in &wanted.0 {
        let Some(field) = field_of(&met.live, name, schema) else { continue };
        if !follows_rows(action, name, &met.live) && !field_holds(&met.live, name, value, schema) {
            let found = text_of(&json_of(met.live.get(field.code.as_str()), &field.kind));
            unlike.push(Unlike { field: field.code.to_string(), wanted: text(text_of(value)), found: text(found) });
        }
    }
    for set in action.values.iter().filter(|set| !values_stand(set, &met.values).is_wanted) {
        let list = |texts: Vec<&str>| {
            let values: Vec<Value> = texts.into_iter().map(|text| Value::Text(text.into())).collect();
            if values.is_empty() { Value::Empty } else { Value::List(values) }
        };
        let found = of_field(set, &met.values).into_iter().map(|value| value.value.as_str()).collect();
        unlike.push(Unlike { field: set.field.to_string(), wanted: list(borrowed(&set.after)), found: list(found) });
    }
    for set in action.rows.iter().filter(|set| !rows_stand(set, &met.live, true, schema).is_wanted) {
        let found = met.live.get("PRODUCTS").cloned().unwrap_or(Value::Empty);
        unlike.push(Unlike { field: "PRODUCTS".to_owned(), wanted: Value::Products(set.after.clone()), found });
    }
    unlike
}

/// Whether a field is the amount that the portal computes from the product rows that are written with it (rest-crm 8.3).
fn follows_rows(action: &Action, name: &str, live: &LiveRecord) -> bool {
    action.rows.is_some() && name == "opportunity" && live.get("IS_MANUAL_OPPORTUNITY") != Some(&Value::Flag(true))
}

/// The values of a set's field that the record has now.
pub(super) fn of_field<'a>(set: &ValueSet, values: &'a [MultiValue]) -> Vec<&'a MultiValue> {
    values.iter().filter(|value| value.field == set.field).collect()
}

/// The kind of a set's values: `PHONE`.
pub(super) fn kind_of(set: &ValueSet) -> String {
    multifield_of(set.field.as_str()).map(|multi| multi.kind.into_owned()).unwrap_or_default()
}

fn values_stand(set: &ValueSet, values: &[MultiValue]) -> Part {
    let kind = kind_of(set);
    let there: Vec<&str> = of_field(set, values).into_iter().map(|value| value.value.as_str()).collect();
    let (before, after) = (borrowed(&set.before), borrowed(&set.after));
    let moved = apart(&before, &after, &kind);
    let added: Vec<&str> = moved.missing.iter().map(|at| after[*at]).collect();
    let (gone, kept): (Vec<usize>, Vec<usize>) = (0..before.len()).partition(|at| moved.surplus.contains(at));
    let [gone, kept] = [gone, kept].map(|places| places.into_iter().map(|at| before[at]).collect::<Vec<&str>>());
    let either: Vec<&str> = before.iter().chain(&added).copied().collect();
    // What is there more often than it was or shall be was appended twice, if it is one of those that come or go.
    let surplus = apart(&there, &either, &kind).surplus;
    let passes = |at: &usize| added.iter().chain(&gone).any(|one| apart(&[there[*at]], &[one], &kind).is_nothing());
    let way = match surplus.as_slice() {
        _ if !apart(&there, &kept, &kind).missing.is_empty() => Way::Off,
        [] => Way::On,
        several if several.iter().all(passes) => Way::Doubled,
        _ => Way::Off,
    };
    let is = |values: &[&str]| apart(&there, values, &kind).is_nothing();
    Part { is_wanted: is(&after), is_seen: is(&before), way }
}

pub(super) fn borrowed(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

/// Until we have sent something, a discount or a product that somebody has given a row since counts as touched, too.
fn rows_stand(set: &RowSet, live: &LiveRecord, is_sent: bool, schema: &Schema) -> Part {
    let now = live.get("PRODUCTS").cloned().unwrap_or(Value::Empty);
    let same = |rows: &[_]| {
        let field = schema.listed(live.entity, "PRODUCTS");
        field.and_then(|field| agrees(&Value::Products(rows.to_vec()), &now, field, schema)).unwrap_or_default()
    };
    let is_as_it_was = || match &now {
        Value::Products(rows) => *rows == set.before,
        _ => set.before.is_empty(),
    };
    Part::of(same(&set.after), if is_sent { same(&set.before) } else { is_as_it_was() })
}

/// Whether a live record holds this value, by `crm.item.*` name or classic code. Empty, `0` and absent are one.
pub(super) fn field_holds(live: &LiveRecord, name: &str, value: &Json, schema: &Schema) -> bool {
    let Some(field) = field_of(live, name, schema) else { return true };
    text_of(&json_of(live.get(field.code.as_str()), &field.kind)) == text_of(value)
}

/// The field of a `crm.item.*` name or classic code.
fn field_of<'s>(live: &LiveRecord, name: &str, schema: &'s Schema) -> Option<&'s FieldDef> {
    let fields = schema.fields.get(&live.entity).map(Vec::as_slice).unwrap_or_default();
    fields.iter().find(|field| field.universal == name || field.code.as_str() == name)
}

/// A value as `crm.item.*` would take it; nothing for one that can't be written.
pub(super) fn json_of(value: Option<&Value>, kind: &FieldType) -> Json {
    match value {
        Some(Value::Link(id)) => Json::from(*id),
        Some(links @ Value::List(_)) if matches!(kind, FieldType::Link(_)) => {
            links.each().iter().map(|link| json_of(Some(link), kind)).collect()
        }
        Some(other) => wire(other, kind, &jiff::tz::TimeZone::UTC).unwrap_or(Json::Null),
        None => Json::Null,
    }
}

/// Money without the zeros that say nothing, however a portal prints them: `1500.00|MXN` -> `1500|MXN`.
fn money_form(text: &str) -> Option<String> {
    let (amount, currency) = text.split_once('|')?;
    Some(format!("{}|{currency}", amount.parse::<Decimal>().ok()?.normalize()))
}

/// What tells two values apart: empty, `0` and absent are one, and so are a number and its text.
pub(super) fn text_of(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) if text == "0" => String::new(),
        Json::String(text) => money_form(text).unwrap_or_else(|| text.clone()),
        Json::Number(number) if number.as_u64() == Some(0) => String::new(),
        // The links of a list are a set: the portal gives them in an order of its own.
        Json::Array(values) => {
            let mut texts: Vec<String> = values.iter().map(text_of).collect();
            texts.sort_unstable();
            texts.join(",")
        }
        other => other.to_string(),
    }
}
