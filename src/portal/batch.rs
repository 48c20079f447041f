//! Up to 50 commands in one hit, each with an outcome of its own (rest-transport 2.5, 3.3).
//!
//! The status is 200 whatever happens inside (trap 5), so each command is looked up by its key. The keys are names and no numbers,
//! because numbered ones flip between list and object when a command fails (trap 19). `halt` is the number 0: with 1 later commands
//! would have no entry anywhere (trap 6), and the text `false` would mean 1 (trap 29).

use serde_json::{Map, Value as Json, json};

use super::answer::{self, Answer, Time};
use super::call::Call;
use super::effect::Refusal;

/// Commands that one `batch` takes; one more answers `ERROR_BATCH_LENGTH_EXCEEDED`. Source: REST docs, `batch.md`.
pub(super) const BATCH_COMMANDS_MAX: usize = 50;

/// What an answered batch says of one command.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Outcome {
    Success(Answer),
    Refused(Refusal),
    /// Its key is nowhere: neither done nor failed, as far as anyone can tell.
    Missing,
}

/// The body of a batch.
pub(super) fn body(calls: &[&Call]) -> Vec<u8> {
    let commands: Map<String, Json> = calls.iter().enumerate().map(|(at, call)| (key(at), call.command().into())).collect();
    json!({ "halt": 0, "cmd": commands }).to_string().into_bytes()
}

/// What an answered batch says of each of its `count` commands, in their order.
pub(super) fn outcomes(mut answer: Answer, count: usize) -> Vec<Outcome> {
    let mut results = answer.result.get_mut("result").map(Json::take).unwrap_or_default();
    let part = |name: &str| answer.result.get(name).unwrap_or(&Json::Null);
    let [errors, nexts, totals, times] = ["result_error", "result_next", "result_total", "result_time"].map(part);
    let mut one = |at: usize| {
        let key = key(at);
        if let Some(Json::Object(error)) = answer::entry(errors, &key) {
            return Outcome::Refused(answer::refusal(error, 200));
        }
        let Some(result) = answer::take_entry(&mut results, &key) else { return Outcome::Missing };
        Outcome::Success(Answer {
            result,
            next: answer::entry(nexts, &key).and_then(answer::whole),
            total: answer::entry(totals, &key).and_then(answer::whole),
            time: answer::entry(times, &key).map(answer::time).unwrap_or_default(),
        })
    };
    (0..count).map(&mut one).collect()
}

/// What an answered batch says of one command's cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cost {
    Time(Time),
    /// The method's run time is used up.
    UsedUp,
    Untold,
}

/// What each command cost, in their order.
pub(super) fn costs(answer: &Answer, count: usize) -> Vec<Cost> {
    let part = |name: &str| answer.result.get(name).unwrap_or(&Json::Null);
    let [errors, times] = ["result_error", "result_time"].map(part);
    let one = |at: usize| match (answer::entry(times, &key(at)), answer::entry(errors, &key(at))) {
        (_, Some(Json::Object(error))) if answer::refusal(error, 200).code == "OPERATION_TIME_LIMIT" => Cost::UsedUp,
        (Some(time), _) => Cost::Time(answer::time(time)),
        _ => Cost::Untold,
    };
    (0..count).map(one).collect()
}

fn key(at: usize) -> String {
    format!("c{at}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(result: Json) -> Answer {
        Answer { result, ..Answer::default() }
    }

    #[test]
    fn trap_29_the_body_names_its_commands_and_does_not_halt() {
        let calls = [Call::new("profile", Json::Null), Call::new("crm.item.list", json!({"entityTypeId": 2}))];
        let text = String::from_utf8(body(&calls.iter().collect::<Vec<_>>())).expect("JSON is UTF-8");
        assert_eq!(text, r#"{"halt":0,"cmd":{"c0":"profile?","c1":"crm.item.list?entityTypeId=2"}}"#);
    }

    #[test]
    fn trap_5_and_19_each_command_is_looked_up_by_its_name() {
        let answer = batch(json!({
            "result": {"c0": [], "c3": null},
            "result_error": {"c1": {"error": "", "error_description": "Not found"}},
            "result_total": {"c0": 7}, "result_next": [], "result_time": {"c0": {"operating": 1.5}}
        }));
        let outcomes = outcomes(answer, 4);
        let Outcome::Success(first) = &outcomes[0] else { panic!("{outcomes:?}") };
        assert_eq!((first.total, first.next, first.time.operating), (Some(7), None, Some(1.5)));
        assert_eq!(outcomes[1], Outcome::Refused(Refusal { code: String::new(), text: "Not found".into(), status: 200 }));
        assert_eq!(outcomes[2], Outcome::Missing);
        assert!(matches!(&outcomes[3], Outcome::Success(answer) if answer.result.is_null()));
    }

    #[test]
    fn empty_parts_are_empty_lists() {
        let answer = batch(
            json!({"result": [], "result_error": {"c0": {"error": 0}}, "result_total": [], "result_next": [], "result_time": []}),
        );
        assert!(matches!(&outcomes(answer, 1)[0], Outcome::Refused(refusal) if refusal.code == "0"));
    }

    #[test]
    fn a_result_that_is_no_batch_mentions_no_command() {
        for result in [json!(false), json!([]), json!("x"), Json::Null, json!({"result": 1})] {
            assert_eq!(outcomes(batch(result), 2), [Outcome::Missing, Outcome::Missing]);
        }
    }
}
