//! Which armed rules strike which request.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::rule::{Deed, Fault, Rule, RuleError, When};
use super::store::record::Entity;
use super::store::value;

/// All armed rules, in the order in which they were armed.
#[derive(Debug, Default)]
pub struct Faults {
    armed: Vec<Armed>,
}

#[derive(Debug)]
struct Armed {
    rule: Rule,
    seen: u64,
    fired: u64,
}

/// What strikes one request or one command of a batch. Of several rules that are due at the same point the first strikes. The others
/// have met the request and not struck: one that is limited by `times` has its turn at its next match, so that a script of such rules is
/// gone through in order.
#[derive(Debug, Default, PartialEq)]
pub struct Strikes {
    /// When the head has been read.
    pub head: Option<Fault>,
    /// Before the method takes effect.
    pub before: Option<Fault>,
    /// After it, on the answer.
    pub after: Option<Fault>,
}

/// What meets the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    /// A new connection.
    Connection,
    /// The head of a request for a method; its parameters may still be on the way.
    Head(&'a str),
    /// A request that has been read.
    Request(&'a Asked),
    /// A command of a batch.
    Command(&'a Step),
}

/// A method that is asked for, and the record type that it concerns, where it is one's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its name in lower case.
    pub method: String,
    /// The `entityTypeId`.
    pub entity: Option<i64>,
}

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The request's own method.
    pub own: Step,
    /// The commands of a batch.
    pub commands: Vec<Step>,
}

impl Step {
    /// A method with its parameters. Classic methods have the record type in their names.
    pub fn of(method: &str, params: &Map<String, Value>) -> Self {
        let named = || Entity::of_name(method.split('.').nth(1)?).map(Entity::type_id);
        let entity = params.get("entityTypeId").map(value::integer).or_else(named);
        Self { method: method.to_owned(), entity }
    }
}

/// Why a script of faults can't be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot use the fault script {}", path.display())]
pub struct ScriptError {
    /// The script.
    pub path: PathBuf,
    /// What is wrong with it.
    #[source]
    pub kind: ScriptErrorKind,
}

/// What is wrong with a script of faults.
#[derive(Debug, thiserror::Error)]
pub enum ScriptErrorKind {
    /// It can't be read.
    #[error(transparent)]
    Read(#[from] std::io::Error),
    /// It isn't a JSON list.
    #[error("not a JSON list: {0}")]
    List(#[from] serde_json::Error),
    /// One of its rules is wrong.
    #[error("rule {number}: {source}")]
    Rule {
        /// Which one, counted from 1.
        number: usize,
        /// What is wrong with it.
        source: RuleError,
    },
}

impl Faults {
    /// Reads a script: a JSON list of rules.
    pub fn of_script(path: &Path) -> Result<Self, ScriptError> {
        Self::of_file(path).map_err(|kind| ScriptError { path: path.to_owned(), kind })
    }

    fn of_file(path: &Path) -> Result<Self, ScriptErrorKind> {
        let rules: Vec<Value> = serde_json::from_slice(&std::fs::read(path)?)?;
        let mut faults = Self::default();
        for (at, rule) in rules.into_iter().enumerate() {
            faults.arm(Rule::read(rule).map_err(|source| ScriptErrorKind::Rule { number: at + 1, source })?);
        }
        Ok(faults)
    }

    /// Arms a rule; its counting begins here.
    pub fn arm(&mut self, rule: Rule) {
        self.armed.push(Armed { rule, seen: 0, fired: 0 });
    }

    /// Whether nothing is armed.
    pub fn is_empty(&self) -> bool {
        self.armed.is_empty()
    }

    /// Disarms all rules.
    pub fn clear(&mut self) {
        self.armed.clear();
    }

    /// How often each rule has met its request and has struck, for tests that wait for it.
    pub fn told(&self) -> Value {
        self.armed.iter().map(|armed| json!({"method": armed.rule.method, "seen": armed.seen, "fired": armed.fired})).collect()
    }

    /// How often anything has struck but rules that arm others.
    pub fn struck(&self) -> u64 {
        self.armed.iter().filter(|armed| !matches!(armed.rule.fault.deed, Deed::Arm(_))).map(|armed| armed.fired).sum()
    }

    /// Counts a request on all rules it matches, and tells what strikes it.
    pub fn meet(&mut self, place: Place<'_>) -> Strikes {
        let mut strikes = Strikes::default();
        for armed in self.armed.iter_mut().filter(|armed| armed.rule.matches(place)) {
            let fault = &armed.rule.fault;
            let slot = match (armed.rule.when, &fault.deed) {
                (When::Connect | When::Head, _) => &mut strikes.head,
                (_, Deed::Change(_)) | (When::After, _) => &mut strikes.after,
                (When::Before, _) => &mut strikes.before,
            };
            // Every rule counts what it meets, whether or not another one was quicker.
            if armed.is_due() && slot.is_none() {
                *slot = Some(armed.strike());
            }
        }
        strikes
    }
}

impl Armed {
    /// Counts a match; says whether it is one that the rule strikes.
    fn is_due(&mut self) -> bool {
        self.seen += 1;
        let Rule { nth, every, times, .. } = self.rule;
        let due = match (nth, every) {
            (None, None) => true,
            (Some(nth), None) => self.seen == nth,
            (None, Some(every)) => self.seen.is_multiple_of(every),
            (Some(nth), Some(every)) => self.seen.checked_sub(nth).is_some_and(|past| past.is_multiple_of(every)),
        };
        due && times.is_none_or(|times| self.fired < times)
    }

    fn strike(&mut self) -> Fault {
        self.fired += 1;
        self.rule.fault.clone()
    }
}

impl Rule {
    fn matches(&self, place: Place<'_>) -> bool {
        match (place, self.when) {
            (Place::Connection, When::Connect) => true,
            (Place::Head(method), When::Head) => self.names(method),
            (Place::Request(asked), When::Before | When::After) if self.whole => {
                self.means(&asked.own) || asked.commands.iter().any(|command| self.means(command))
            }
            (Place::Request(asked), When::Before | When::After) => self.means(&asked.own),
            (Place::Command(command), When::Before | When::After) => !self.whole && self.method != "*" && self.means(command),
            _ => false,
        }
    }

    fn means(&self, step: &Step) -> bool {
        self.names(&step.method) && (self.entity.is_none() || self.entity == step.entity)
    }

    fn names(&self, method: &str) -> bool {
        match self.method.strip_suffix('*') {
            Some(beginning) => method.starts_with(beginning),
            None => self.method == method,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn armed(rule: Value) -> Faults {
        let mut faults = Faults::default();
        faults.arm(Rule::read(rule).expect("a rule"));
        faults
    }

    fn step(method: &str, entity: Option<i64>) -> Step {
        Step { method: method.to_owned(), entity }
    }

    fn request(method: &str) -> Asked {
        Asked { own: step(method, None), commands: Vec::new() }
    }

    /// Which of ten requests a rule strikes.
    fn struck(rule: Value) -> Vec<usize> {
        let mut faults = armed(rule);
        (1..=10).filter(|_| faults.meet(Place::Request(&request("a.b"))).before.is_some()).collect()
    }

    #[test]
    fn rules_count_their_matches() {
        assert_eq!(struck(json!({"do": "drop", "nth": 2})), [2]);
        assert_eq!(struck(json!({"do": "drop", "every": 3})), [3, 6, 9]);
        assert_eq!(struck(json!({"do": "drop", "nth": 2, "every": 4})), [2, 6, 10]);
        assert_eq!(struck(json!({"do": "drop", "every": 3, "times": 2})), [3, 6]);
        assert_eq!(struck(json!({"do": "drop", "times": 2})), [1, 2]);
        assert_eq!(struck(json!({"do": "drop", "method": "a.c"})), [0_usize; 0]);
        assert_eq!(struck(json!({"do": "drop", "method": "A.*", "nth": 4})), [4]);
    }

    #[test]
    fn of_two_rules_for_one_request_the_second_strikes_the_next() {
        let mut faults = armed(json!({"do": {"late_ms": 2500}, "times": 1}));
        faults.arm(Rule::read(json!({"do": {"late_ms": 6000}, "times": 1})).expect("a rule"));
        let late = |faults: &mut Faults| faults.meet(Place::Request(&request("a.b"))).before.map(|fault| fault.deed);
        assert_eq!(late(&mut faults), Some(Deed::Late(Duration::from_millis(2500), None)));
        assert_eq!(faults.struck(), 1, "what did not happen is not counted");
        assert_eq!(late(&mut faults), Some(Deed::Late(Duration::from_secs(6), None)));
        assert_eq!((late(&mut faults), faults.struck()), (None, 2));
    }

    #[test]
    fn a_star_means_requests_and_a_name_means_commands_too() {
        assert_eq!(armed(json!({"do": "drop"})).meet(Place::Command(&step("a.b", None))), Strikes::default());
        assert!(armed(json!({"do": "drop", "method": "a.b"})).meet(Place::Command(&step("a.b", None))).before.is_some());
        assert!(
            armed(json!({"do": "drop", "method": "a.*", "when": "after"}))
                .meet(Place::Command(&step("a.b", None)))
                .after
                .is_some()
        );
        assert_eq!(
            armed(json!({"do": "drop", "method": "a.b", "when": "head"})).meet(Place::Command(&step("a.b", None))),
            Strikes::default()
        );
    }

    #[test]
    fn a_rule_for_connections_meets_no_request() {
        let mut faults = armed(json!({"do": "reset", "when": "connect"}));
        assert_eq!(faults.meet(Place::Request(&request("a"))), Strikes::default());
        assert!(faults.meet(Place::Connection).head.is_some());
    }

    #[test]
    fn what_changes_an_answer_leaves_the_method_alone() {
        let strikes = armed(json!({"do": {"prefix": "x"}, "when": "before"})).meet(Place::Request(&request("a")));
        assert!(strikes.before.is_none() && strikes.after.is_some());
    }

    #[test]
    fn a_rule_for_the_head_meets_the_head_alone() {
        let rule = json!({"do": "drop", "method": "a.b", "when": "head"});
        assert!(armed(rule.clone()).meet(Place::Head("a.b")).head.is_some());
        assert_eq!(armed(rule).meet(Place::Request(&request("a.b"))), Strikes::default());
    }

    #[test]
    fn a_rule_for_a_record_type_meets_no_other() {
        let mut faults = armed(json!({"do": "drop", "method": "a.b", "entity": 2, "nth": 2}));
        let struck = [3, 2, 3, 2, 2].map(|entity| faults.meet(Place::Command(&step("a.b", Some(entity)))).before.is_some());
        assert_eq!(struck, [false, false, false, true, false]);
    }

    #[test]
    fn a_rule_for_the_whole_request_strikes_the_batch_that_holds_the_command() {
        let rule = json!({"do": "drop", "method": "a.b", "entity": 2, "whole": true});
        let batch =
            |entity| Asked { own: step("batch", None), commands: vec![step("x", Some(entity)), step("a.b", Some(entity))] };
        assert!(armed(rule.clone()).meet(Place::Request(&batch(2))).before.is_some());
        assert!(armed(rule.clone()).meet(Place::Request(&batch(3))).before.is_none());
        assert!(armed(rule).meet(Place::Command(&step("a.b", Some(2)))).before.is_none());
    }

    #[test]
    fn the_record_type_is_a_parameter_or_part_of_the_name() {
        let params = |json: Value| json.as_object().cloned().expect("an object");
        assert_eq!(Step::of("crm.item.list", &params(json!({"entityTypeId": "4"}))).entity, Some(4));
        assert_eq!(Step::of("crm.deal.update", &params(json!({}))).entity, Some(2));
        assert_eq!(Step::of("profile", &params(json!({}))).entity, None);
    }
}
