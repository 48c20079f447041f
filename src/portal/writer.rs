//! The writer: a reader that may also create, change and delete.
//!
//! It sends a request again only while the portal has provably not touched it; an answer that was lost or is unclear is handed up as
//! [`Effect::Unknown`] and never sent again from here. Who calls must have written the intent down before.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::time::Instant;

use super::access::Access;
use super::answer::{self, Answer, whole};
use super::batch::{BATCH_COMMANDS_MAX, Outcome};
use super::call::{COMMAND_VARIABLES_MAX, Call};
use super::change::Change;
use super::effect::{Effect, Level, Refusal, Unclear, of_refusal};
use super::error::PortalError;
use super::reader::{Reader, Settings};
use crate::drill::planted;
use crate::event::Observer;
use crate::model::{EntityType, Payload, PortalId};

/// The import of several items at once.
const IMPORT: &str = "crm.item.batchImport";
/// Items that one import takes; more answer `MAX_IMPORT_BATCH_SIZE_EXCEEDED`. Source: REST docs, `crm-item-batch-import.md`.
const IMPORT_ITEMS_MAX: usize = 20;
/// The most bytes of commands in one request; PHP takes 8 MB by default, and more would arrive as nothing.
const REQUEST_BYTES_MAX: usize = 6_000_000;

/// A portal that can be read and changed.
#[derive(Clone)]
pub struct Writer {
    reader: Reader,
}

impl Writer {
    /// A writer of a portal; sends nothing yet.
    pub fn open(access: impl Into<Access>, settings: &Settings, observer: Arc<dyn Observer>) -> Result<Self, PortalError> {
        Ok(Self { reader: Reader::open(access, settings, observer)? })
    }

    /// A writer over a reader of another transport ([`Reader::over`]).
    pub fn over(reader: Reader) -> Self {
        Self { reader }
    }

    /// The reader of the same portal, at the same pace.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// The longest that a change may wait for the limits and be tried again before it is sent at last: half an hour is beyond the
    /// patience for connections and for run time together.
    pub const SENDING_MAX: Duration = Duration::from_mins(30);

    /// When the last request was really sent, after all waiting.
    pub fn last_sent(&self) -> Option<Instant> {
        self.reader.line().last_sent()
    }

    /// How many items to hand to [`Writer::import`] now, so that the portal is done well before it cuts the request (60 s).
    ///
    /// It begins small and grows with what the portal says that an item costs.
    pub fn import_capacity(&self) -> usize {
        self.reader.line().size_for(IMPORT, BATCH_COMMANDS_MAX * IMPORT_ITEMS_MAX)
    }

    /// Creates records by import, which starts no automation: one effect an item, in their order.
    ///
    /// It is one request for up to [`Writer::import_capacity`] items of usual size. What doesn't fit (by bytes, by commands, or because
    /// a batch can't say it) goes into requests of its own, one after the other, until one is refused as all behind it would be.
    pub async fn import(&self, entity: EntityType, items: &[Payload]) -> Vec<Effect<PortalId>> {
        let mut effects: Vec<Option<Effect<PortalId>>> = items.iter().map(|_| None).collect();
        let mut ended: Option<Refusal> = None;
        for request in requests(entity, items) {
            let calls: Vec<&Call> = request.iter().map(|part| &part.call).collect();
            let settled = match (&request[..], ended.take()) {
                (_, Some(refusal)) => by_command(Effect::NotDone(refusal), &request),
                ([part], None) if part.alone => vec![alone(self.reader.line().change(&part.call).await, part.items.len())],
                (_, None) => by_command(self.reader.line().change_batch(&calls).await, &request),
            };
            ended = settled.iter().flatten().find_map(Effect::fatal).cloned();
            for (part, settled) in request.iter().zip(settled) {
                for (at, effect) in part.items.clone().zip(settled) {
                    effects[at] = Some(effect);
                }
            }
        }
        effects.into_iter().map(|effect| effect.unwrap_or(Effect::Unknown(Unclear::NotMentioned))).collect()
    }

    /// Makes changes to records that are there, one after the other: one effect a change, until one is refused as all behind it would be.
    /// One request for up to 50 of usual size; what a batch can't say goes alone, in its place.
    pub async fn run(&self, changes: &[Change]) -> Vec<Effect<()>> {
        let calls: Vec<Call> = changes.iter().map(Change::call).collect();
        let line = self.reader.line();
        let mut effects: Vec<Effect<()>> = Vec::with_capacity(calls.len());
        let mut ended: Option<Refusal> = None;
        while let Some(call) = calls.get(effects.len()) {
            let rest = &calls[effects.len()..];
            let size = line.size_for(&call.method, BATCH_COMMANDS_MAX).clamp(1, rest.len());
            let sent: Vec<&Call> = rest[..size].iter().take_while(|call| !call.must_go_alone()).collect();
            let settled = match ended.take() {
                Some(refusal) => vec![Effect::NotDone(refusal); rest.len()],
                None if sent.is_empty() => vec![of_call(line.change(call).await)],
                None => of_commands(line.change_batch(&sent).await, sent.len()),
            };
            ended = settled.iter().find_map(Effect::fatal).cloned();
            effects.extend(settled);
        }
        effects
    }

    /// Makes a custom field for a record type: `kind` is `string`, `datetime` or `double`, `code` begins with `UF_CRM_`.
    pub async fn add_custom_field(&self, entity: EntityType, code: &str, kind: &str, english: &str, spanish: &str) -> Effect<()> {
        // Bitrix24's code for Spanish is `la`; a portal of Spain has `es`.
        let labels = json!({"en": english, "la": spanish, "es": spanish});
        let fields = json!({
            "FIELD_NAME": code, "USER_TYPE_ID": kind, "LABEL": english, "SHOW_FILTER": "Y",
            "EDIT_FORM_LABEL": labels, "LIST_COLUMN_LABEL": labels, "LIST_FILTER_LABEL": labels
        });
        let call = Call::new(format!("crm.{entity}.userfield.add"), json!({"fields": fields}));
        of_call(self.reader.line().change(&call).await)
    }
}

/// One import command, and which of the items it carries.
struct Part {
    call: Call,
    items: Range<usize>,
    alone: bool,
}

/// Cuts items into commands, and commands into requests.
fn requests(entity: EntityType, items: &[Payload]) -> Vec<Vec<Part>> {
    let mut requests: Vec<Vec<Part>> = Vec::new();
    let mut bytes = 0;
    for range in commands(items) {
        let data: Vec<Json> = items[range.clone()].iter().map(element).collect();
        let mut call = Call::new(IMPORT, json!({"entityTypeId": entity.type_id(), "data": data}));
        call.units = range.len();
        let part = Part { alone: range.len() == 1 && goes_alone(&items[range.start]), call, items: range };
        let size = part.call.command().len();
        match requests.last_mut() {
            Some(request)
                if !part.alone
                    && !request[0].alone
                    && request.len() < BATCH_COMMANDS_MAX
                    && bytes + size <= REQUEST_BYTES_MAX =>
            {
                bytes += size;
                request.push(part);
            }
            _ => {
                bytes = size;
                requests.push(vec![part]);
            }
        }
    }
    requests
}

/// An item as an element of `data`. One that says nothing is an empty text there, or the items behind it would move up.
fn element(item: &Payload) -> Json {
    if item.0.values().map(super::call::variables).sum::<usize>() == 0 { Json::from("") } else { Json::Object(item.0.clone()) }
}

/// The runs of items that share a command: at most 20, and within what PHP takes of variables.
fn commands(items: &[Payload]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    let (mut variables, mut closed) = (1, true); // The entity type is a variable too.
    for (at, item) in items.iter().enumerate() {
        let more = variables_of(item);
        let alone = goes_alone(item);
        match runs.last_mut() {
            Some(run) if !closed && !alone && run.len() < IMPORT_ITEMS_MAX && variables + more <= COMMAND_VARIABLES_MAX => {
                run.end = at + 1;
                variables += more;
            }
            _ => {
                runs.push(at..at + 1);
                variables = 1 + more;
            }
        }
        closed = alone;
    }
    runs
}

/// Variables of an item; one without any still holds its place.
fn variables_of(item: &Payload) -> usize {
    item.0.values().map(super::call::variables).sum::<usize>().max(1)
}

fn goes_alone(item: &Payload) -> bool {
    variables_of(item) + 1 > COMMAND_VARIABLES_MAX || item.0.values().any(super::call::holds_reference)
}

/// The effects of a batch of imports, command by command.
fn by_command(effect: Effect<Vec<Outcome>>, request: &[Part]) -> Vec<Vec<Effect<PortalId>>> {
    match effect {
        Effect::Done(outcomes) if planted!(BatchAsOneRecord) => {
            let first = outcomes.into_iter().next().unwrap_or(Outcome::Missing);
            let first = of_import(first, 1).swap_remove(0);
            request.iter().map(|part| vec![first.clone(); part.items.len()]).collect()
        }
        Effect::Done(outcomes) => {
            request.iter().zip(outcomes).map(|(part, outcome)| of_import(outcome, part.items.len())).collect()
        }
        Effect::NotDone(refusal) => request.iter().map(|part| vec![Effect::NotDone(refusal.clone()); part.items.len()]).collect(),
        Effect::Unknown(unclear) => request.iter().map(|part| vec![Effect::Unknown(unclear.clone()); part.items.len()]).collect(),
    }
}

/// The effect of an import that was a request of its own. A refusal counts as one of a call that had begun, unless the portal's front
/// gave it.
fn alone(effect: Effect<Answer>, count: usize) -> Vec<Effect<PortalId>> {
    match effect {
        Effect::Done(answer) => of_import(Outcome::Success(answer), count),
        Effect::NotDone(refusal) if refusal.concerns_the_portal() => vec![Effect::NotDone(refusal); count],
        Effect::NotDone(refusal) => of_import(Outcome::Refused(refusal), count),
        Effect::Unknown(unclear) => vec![Effect::Unknown(unclear); count],
    }
}

/// The effects of one import command's items.
fn of_import(outcome: Outcome, count: usize) -> Vec<Effect<PortalId>> {
    match outcome {
        Outcome::Success(answer) => {
            let items = answer.result.get("items").unwrap_or(&Json::Null);
            (0..count).map(|at| of_element(answer::entry(items, &at.to_string()))).collect()
        }
        Outcome::Refused(refusal) => vec![of_refusal(Level::ImportCommand, refusal); count],
        Outcome::Missing => vec![Effect::Unknown(Unclear::NotMentioned); count],
    }
}

fn of_element(element: Option<&Json>) -> Effect<PortalId> {
    let Some(Json::Object(element)) = element else { return Effect::Unknown(Unclear::NotMentioned) };
    if element.contains_key("error") {
        return of_refusal(Level::Element, answer::refusal(element, 200));
    }
    let id = element.get("item").and_then(|item| item.get("id")).and_then(whole).filter(|id| *id > 0);
    id.map_or(Effect::Unknown(Unclear::NotMentioned), |id| Effect::Done(PortalId(id)))
}

/// The effects of a batch of changes, command by command.
fn of_commands(effect: Effect<Vec<Outcome>>, count: usize) -> Vec<Effect<()>> {
    match effect {
        Effect::Done(outcomes) => outcomes.into_iter().map(of_command).collect(),
        Effect::NotDone(refusal) => vec![Effect::NotDone(refusal); count],
        Effect::Unknown(unclear) => vec![Effect::Unknown(unclear); count],
    }
}

/// The effect of a change that was a request of its own.
fn of_call(effect: Effect<Answer>) -> Effect<()> {
    match effect {
        Effect::Done(answer) => of_command(Outcome::Success(answer)),
        Effect::NotDone(refusal) => Effect::NotDone(refusal),
        Effect::Unknown(unclear) => Effect::Unknown(unclear),
    }
}

fn of_command(outcome: Outcome) -> Effect<()> {
    match outcome {
        // `false` isn't an error and isn't a success either (rest-crm 8.1).
        Outcome::Success(answer) if matches!(answer.result, Json::Bool(false) | Json::Null) => {
            Effect::Unknown(Unclear::NotMentioned)
        }
        Outcome::Success(_) => Effect::Done(()),
        Outcome::Refused(refusal) => of_refusal(Level::Command, refusal),
        Outcome::Missing => Effect::Unknown(Unclear::NotMentioned),
    }
}
