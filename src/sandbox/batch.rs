//! `batch`: up to fifty commands in one request (rest-transport 2.5, 3.3).

use serde_json::{Map, Value, json};

use super::answer::{Reply, RestError};
use super::envelope;
use super::faults::{Place, Step};
use super::office::{Carried, Desk, End};
use super::references::{Books, resolved};
use super::rule::{Change, Deed};
use super::strike::{Answer, Out, forget};
use super::waiting::Waiting;
use super::wire::Order;
use super::{params, php};

/// Commands that are carried out; each one more answers `ERROR_BATCH_LENGTH_EXCEEDED`.
pub const COMMANDS_MAX: usize = 50;

/// What a batch gave, and how faults at its commands change the answer on its way out.
#[derive(Debug)]
pub struct Done {
    /// The reply of the batch itself; it never fails as a whole.
    pub reply: Reply,
    /// Changes of the answer.
    pub changes: Vec<Change>,
}

/// Carries the commands out one after another.
///
/// A fault at a command that stands in the place of the answer ends the batch there: the worker is gone, what was done stays done.
pub async fn carry_out(desk: &mut Desk, batch: &Map<String, Value>, waiting: &mut Waiting) -> Result<Done, End> {
    let halts = parameter(batch, "halt").is_some_and(php::truthy);
    let mut books = Books::default();
    let mut changes = Vec::new();
    for (at, (key, command)) in commands(batch).into_iter().enumerate() {
        let outcome = if at >= COMMANDS_MAX {
            Err(RestError::bad("ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded"))
        } else {
            // A command that is no text vanishes, but has been counted.
            let Value::String(command) = command else { continue };
            let (method, query) = taken_apart(command);
            let params = resolved(params::query(query.as_bytes()), &books);
            let run = Command { method: method.to_lowercase(), params };
            let (outcome, time) = run.carry_out(desk, waiting, &mut changes).await?;
            if outcome.is_ok() {
                books.time.insert(key.clone(), time);
            }
            outcome
        };
        let failed = outcome.is_err();
        books.enter(key, outcome);
        if failed && halts {
            break;
        }
    }
    let Books { result, error, total, next, time } = books;
    let [result, error, total, next, time] = [result, error, total, next, time].map(Value::Object);
    let reply = Reply::of(
        json!({"result": result, "result_error": error, "result_total": total, "result_next": next, "result_time": time}),
    );
    Ok(Done { reply, changes })
}

/// The methods that a batch asks for, as they were written.
pub fn asked(batch: &Map<String, Value>) -> Vec<Step> {
    let texts = commands(batch).into_iter().filter_map(|(_, command)| command.as_str());
    let taken = texts.map(|text| {
        let (method, query) = taken_apart(text);
        Step::of(&method.to_lowercase(), &params::query(query.as_bytes()))
    });
    taken.collect()
}

/// A parameter of the batch itself, in whatever case it was written; null counts as not given.
fn parameter<'a>(batch: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    batch.iter().rev().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).filter(|value| !value.is_null())
}

fn commands(batch: &Map<String, Value>) -> Vec<(String, &Value)> {
    match parameter(batch, "cmd") {
        Some(Value::Object(named)) => named.iter().map(|(key, command)| (key.clone(), command)).collect(),
        Some(Value::Array(listed)) => listed.iter().enumerate().map(|(at, command)| (at.to_string(), command)).collect(),
        _ => Vec::new(),
    }
}

/// A command's method and query, cut as PHP's `parse_url` cuts a relative address: what follows a `#` is lost (trap 28), and control
/// signs that aren't escaped become `_`.
fn taken_apart(command: &str) -> (String, String) {
    let address = command.split('#').next().unwrap_or_default();
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let plain = |part: &str| part.replace(|sign: char| sign.is_ascii_control(), "_");
    (plain(path), plain(query))
}

struct Command {
    method: String,
    params: Map<String, Value>,
}

impl Command {
    async fn carry_out(
        mut self,
        desk: &mut Desk,
        waiting: &mut Waiting,
        changes: &mut Vec<Change>,
    ) -> Result<(Result<Reply, RestError>, Value), End> {
        if matches!(self.method.as_str(), "batch" | "download" | "upload") {
            let error = RestError::with_status(405, "ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage");
            return Ok((Err(error), Value::Null));
        }
        let strikes = desk.office.meet(Place::Command(&Step::of(&self.method, &self.params)));
        if let Some(fault) = strikes.before {
            desk.office.clock.wait(fault.delay).await;
            match fault.deed {
                Deed::Nothing | Deed::Change(_) => {}
                Deed::Crowd(requests) => waiting.crowd(&desk.office, requests),
                Deed::Twice => _ = desk.carry_out(&self.method, self.params.clone()).await?,
                Deed::Arm(rules) => desk.office.arm(rules),
                Deed::Forget(name) => forget(&mut self.params, &name),
                Deed::Late(late, page) => {
                    waiting.tell(page.map_or_else(|| Out::order(Order::Drop), |status| Answer::page(status).into()));
                    waiting.late(&desk.office, late).await?;
                }
                Deed::Refuse(error, _) => return Ok((Err(error), Value::Null)),
                deed => return Err(End::Struck(deed)),
            }
        }
        let Carried { outcome, time } = desk.carry_out(&self.method, self.params).await?;
        if let Some(fault) = strikes.after {
            desk.office.clock.wait(fault.delay).await;
            match fault.deed {
                Deed::Change(change) => changes.push(change),
                Deed::Nothing => {}
                Deed::Arm(rules) => desk.office.arm(rules),
                Deed::Refuse(error, _) => return Ok((Err(error), Value::Null)),
                deed => return Err(End::Struck(deed)),
            }
        }
        Ok((outcome, time))
    }
}

impl Books {
    /// Enters what a command gave. A failed command stands in `error` only, without a time.
    fn enter(&mut self, key: String, outcome: Result<Reply, RestError>) {
        match outcome {
            Ok(Reply { result, next, total }) => {
                if let Some(next) = next {
                    self.next.insert(key.clone(), next.into());
                }
                if let Some(total) = total {
                    self.total.insert(key.clone(), total.into());
                }
                self.result.insert(key, result);
            }
            Err(error) => _ = self.error.insert(key, envelope::error(&error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trap_28_a_bare_hash_ends_the_query() {
        assert_eq!(
            taken_apart("crm.lead.add?fields[TITLE]=No #5&x=1"),
            ("crm.lead.add".to_owned(), "fields[TITLE]=No ".to_owned())
        );
        assert_eq!(taken_apart("user.current"), ("user.current".to_owned(), String::new()));
        assert_eq!(taken_apart("a?b=1?2"), ("a".to_owned(), "b=1?2".to_owned()));
        assert_eq!(taken_apart("a?b=1\n2"), ("a".to_owned(), "b=1_2".to_owned()));
    }

    #[test]
    fn its_own_parameters_are_found_in_any_case() {
        let Value::Object(batch) = json!({"CMD": ["a"], "halt": null}) else { unreachable!("an object literal") };
        assert_eq!(commands(&batch), [("0".to_owned(), &json!("a"))]);
        assert_eq!(parameter(&batch, "halt"), None);
    }
}
