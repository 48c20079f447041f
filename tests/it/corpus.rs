//! The corpus of restore files: the program's answer to each is the golden one (`fixtures/csv`, written by its `generate.py`).
//!
//! Files are read together, many to a call, as a user would; a call that fails is halved until the file that fails it stands alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Mutex;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::harness::Portal;
use crate::harness::b24::{B24, b24};

/// Files that are read in one call.
const TOGETHER: usize = 48;
/// What of a golden answer is compared with `inspect --json` as it stands.
const PLAIN_KEYS: &[&str] =
    &["entity", "encoding", "bom", "container", "delimiter", "language", "header_line", "rows", "fields", "unmapped"];

#[test]
fn every_file_of_the_corpus_is_answered_as_its_golden_answer_says() {
    let portal = Portal::open();
    let empty = portal.dir().join("empty");
    b24(&portal).run(["snapshot", "--out", text(&empty)]).exits(0);
    let cases = cases();
    let (alone, together): (Vec<&Case>, Vec<&Case>) = cases.iter().partition(|case| case.is_alone());
    let calls: Vec<&[&Case]> = alone.chunks(1).chain(together.chunks(TOGETHER)).collect();
    let (next, answers) = (Mutex::new(calls.iter()), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        for worker in 0..2 {
            let (next, answers, empty) = (&next, &answers, &empty);
            let home = portal.dir().join(format!("worker-{worker}"));
            scope.spawn(move || {
                let reader = Reader { program: B24::without_portal(&home), home, empty };
                let take = || next.lock().expect("no panic").next();
                while let Some(cases) = take() {
                    let found = reader.answers(cases);
                    answers.lock().expect("no panic").extend(found);
                }
            });
        }
    });
    let answers = answers.into_inner().expect("no panic");
    let mut wrong = Vec::new();
    for case in &cases {
        let mut differences = case.differences(&answers[case.path.as_str()]);
        match (&case.golden["known"], differences.is_empty()) {
            (Value::Null, _) => wrong.append(&mut differences),
            (_, false) => {}
            (known, true) => wrong.push(format!("{}: is answered by now, take away its known = {known}", case.path)),
        }
    }
    assert!(wrong.is_empty(), "{} answers of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn the_corpus_has_all_its_kinds() {
    let cases = cases();
    let kinds: BTreeSet<&str> = cases.iter().map(|case| case.path.split('/').next().unwrap_or_default()).collect();
    let of = |verdict: &str| cases.iter().filter(|case| case.golden["verdict"] == verdict).count();
    assert!(kinds.len() >= 70 && cases.len() >= 450, "{} kinds, {} files", kinds.len(), cases.len());
    assert!(of("exact") >= 250 && of("warned") >= 80 && of("refused") >= 35, "{} {}", of("exact"), of("warned"));
    for case in cases.iter().filter(|case| case.golden["verdict"] == "refused" && case.golden["known"].is_null()) {
        assert!(case.golden["message"].is_string(), "{}: its message is not in messages.json", case.path);
    }
}

/// A file and its golden answer.
struct Case {
    /// Below the corpus' directory.
    path: String,
    golden: Value,
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/csv")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for entry in fs::read_dir(corpus()).expect("the corpus") {
        let kind = entry.expect("an entry").path();
        let Ok(golden) = fs::read_to_string(kind.join("golden.json")) else { continue };
        let golden: Value = serde_json::from_str(&golden).expect("JSON");
        let kind = kind.file_name().expect("a name").to_string_lossy().into_owned();
        let files = golden["files"].as_object().expect("files").iter();
        cases.extend(files.map(|(name, golden)| Case { path: format!("{kind}/{name}"), golden: golden.clone() }));
    }
    cases.sort_by(|a, b| a.path.cmp(&b.path));
    cases
}

/// What the program says of a file.
#[derive(Default)]
struct Answer {
    /// What stands on stderr when it isn't read.
    refusal: Option<String>,
    /// Its part of `inspect --json`.
    inspected: Value,
    /// Reason -> lines, from the plan's `rejected.csv`.
    rejected: BTreeMap<String, Vec<u64>>,
    /// Id -> field -> value, from the plan's creates.
    values: BTreeMap<String, BTreeMap<String, String>>,
}

struct Reader<'a> {
    program: B24,
    home: PathBuf,
    /// A snapshot of a portal without records: all that is in a file is missing there.
    empty: &'a Path,
}

impl Reader<'_> {
    fn answers<'c>(&self, cases: &[&'c Case]) -> BTreeMap<&'c str, Answer> {
        let mut args = vec!["inspect".to_owned(), "--json".into(), "--lang".into(), "en".into()];
        args.extend(cases.iter().map(|case| case.place()));
        args.extend(cases[0].args());
        let ran = self.program.run(&args);
        if !matches!(ran.code, Some(0 | 3)) {
            if let [case] = cases {
                return [(case.path.as_str(), Answer { refusal: Some(bare(&ran.err)), ..Answer::default() })].into();
            }
            let (first, second) = cases.split_at(cases.len() / 2);
            return [first, second].into_iter().flat_map(|half| self.answers(half)).collect();
        }
        let inspected = ran.json();
        let files = inspected["files"].as_array().expect("files").iter();
        let mut answers: BTreeMap<&str, Answer> = cases
            .iter()
            .zip(files)
            .map(|(case, file)| (case.path.as_str(), Answer { inspected: file.clone(), ..Answer::default() }))
            .collect();
        let planned: Vec<&Case> = cases.iter().copied().filter(|case| case.golden["plan"] != false).collect();
        self.plan(&planned, &mut answers);
        answers
    }

    /// Plans the files against nothing, for the reasons of their rejected rows and the values of their records.
    fn plan(&self, cases: &[&Case], answers: &mut BTreeMap<&str, Answer>) {
        let Some(first) = cases.first() else { return };
        let out = self.home.join("plan");
        let mut args = vec!["plan".to_owned(), "--json".into(), "--against".into(), text(self.empty).into()];
        args.extend(["--out".into(), text(&out).into(), "--lang".into(), "en".into()]);
        args.extend(cases.iter().map(|case| case.place()));
        args.extend(first.args());
        let ran = self.program.run(&args);
        if !matches!(ran.code, Some(0 | 3)) {
            if let [case] = cases {
                answers.get_mut(case.path.as_str()).expect("was asked for").refusal = Some(format!("plan: {}", bare(&ran.err)));
            } else {
                let (first, second) = cases.split_at(cases.len() / 2);
                self.plan(first, answers);
                self.plan(second, answers);
            }
            return;
        }
        let mut rejected = csv::Reader::from_path(out.join("rejected.csv")).expect("rejected.csv");
        for row in rejected.records().map(|row| row.expect("a row")) {
            let case = cases.iter().find(|case| case.place() == row[0]).expect("a file of this call");
            let answer = answers.get_mut(case.path.as_str()).expect("was asked for");
            answer.rejected.entry(row[3].to_owned()).or_default().push(row[1].parse().expect("a line"));
        }
        for line in fs::read_to_string(out.join("actions.jsonl")).expect("actions").lines() {
            let action: Value = serde_json::from_str(line).expect("JSON");
            let (Some(input), Some(fields)) = (action["source"]["input"].as_u64(), action["expect"].as_array()) else { continue };
            let answer = answers.get_mut(cases[input as usize].path.as_str()).expect("was asked for");
            let values = fields.iter().map(|field| (field[0].as_str().unwrap_or_default().to_owned(), flat(&field[1])));
            answer.values.insert(action["original_id"].to_string(), values.collect());
        }
        fs::remove_dir_all(&out).expect("a plan");
    }
}

impl Case {
    fn place(&self) -> String {
        text(&corpus().join(&self.path)).to_owned()
    }

    fn args(&self) -> Vec<String> {
        let args = self.golden["args"].as_array().into_iter().flatten();
        args.filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Whether nothing can be read together with it.
    fn is_alone(&self) -> bool {
        self.golden["verdict"] == "refused" || !self.args().is_empty() || !self.golden["known"].is_null()
    }

    /// In what an answer isn't the golden one, a line each.
    fn differences(&self, answer: &Answer) -> Vec<String> {
        let mut found = Differences { path: &self.path, lines: Vec::new() };
        let golden = &self.golden;
        match (&answer.refusal, golden["verdict"] == "refused") {
            (Some(said), true) => {
                for word in golden["says"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                    found.unless(said.contains(word), "message", &json!(word), &json!(said));
                }
                if golden["message"].is_string() {
                    found.unless(golden["message"] == *said, "message", &golden["message"], &json!(said));
                }
                return found.lines;
            }
            (said, is_refused) if said.is_some() || is_refused => {
                let said = said.as_ref().map_or_else(|| answer.inspected["rows"].clone(), |said| json!(said));
                found.unless(false, "verdict", &golden["verdict"], &said);
                return found.lines;
            }
            _ => {}
        }
        let mut inspected = answer.inspected.clone();
        inspected["fields"] =
            inspected["columns"].as_array().into_iter().flatten().map(|column| column["field"].clone()).collect();
        for key in PLAIN_KEYS.iter().filter(|key| golden.get(**key).is_some()) {
            found.unless(golden[*key] == inspected[*key], key, &golden[*key], &inspected[*key]);
        }
        let rejected = by_code(&golden["rejected"]);
        let sum: usize = rejected.values().map(Vec::len).sum();
        found.unless(inspected["rejected"] == sum, "rejected", &json!(sum), &inspected["rejected"]);
        if golden["plan"] != false {
            found.unless(rejected == answer.rejected, "rejected", &golden["rejected"], &json!(answer.rejected));
        }
        let mut problems: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for problem in inspected["problems"].as_array().into_iter().flatten() {
            let (code, line) = (problem["code"].as_str().unwrap_or_default(), problem["line"].as_u64().unwrap_or_default());
            // The rejected rows are among the problems too.
            if !rejected.get(code).is_some_and(|lines| lines.contains(&line)) {
                problems.entry(code.to_owned()).or_default().push(line);
            }
        }
        problems.values_mut().for_each(Vec::dedup);
        found.unless(by_code(&golden["problems"]) == problems, "problems", &golden["problems"], &json!(problems));
        for (id, fields) in golden["values"].as_object().into_iter().flatten() {
            let Some(values) = answer.values.get(id) else {
                found.unless(false, id, &json!("a record"), &Value::Null);
                continue;
            };
            for (code, value) in fields.as_object().into_iter().flatten() {
                let has = values.get(code);
                let wanted = value.as_str().map(|value| plain_number(value).unwrap_or_else(|| value.to_owned()));
                let is_same = has.map(|has| plain_number(has).unwrap_or_else(|| has.clone())) == wanted;
                found.unless(is_same, &format!("{id} {code}"), value, &json!(has));
            }
        }
        found.lines
    }
}

struct Differences<'a> {
    path: &'a str,
    lines: Vec<String>,
}

impl Differences<'_> {
    fn unless(&mut self, is_so: bool, what: &str, golden: &Value, found: &Value) {
        if !is_so {
            let short = |value: &Value| value.to_string().chars().take(200).collect::<String>();
            self.lines.push(format!("{}: {what}: golden {}, found {}", self.path, short(golden), short(found)));
        }
    }
}

/// A refusal without what changes from place to place.
fn bare(said: &str) -> String {
    said.replace(&format!("{}/", text(&corpus())), "").trim().to_owned()
}

fn by_code(lines: &Value) -> BTreeMap<String, Vec<u64>> {
    let of = |lines: &Value| lines.as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
    lines.as_object().into_iter().flatten().map(|(code, lines)| (code.clone(), of(lines))).collect()
}

/// A number in one spelling: `1500.00` is `1500`.
fn plain_number(text: &str) -> Option<String> {
    Decimal::from_str(text).ok().filter(|_| !text.starts_with('+')).map(|number| number.normalize().to_string())
}

/// A value as the golden answers write it: its text; the members of a list with ` | ` between them; nothing where it is empty.
fn flat(value: &Value) -> String {
    match value {
        Value::String(word) if word == "empty" => String::new(),
        Value::Object(tagged) => tagged.values().map(inner).collect(),
        other => other.to_string(),
    }
}

fn inner(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(members) => members.iter().map(flat).collect::<Vec<_>>().join(" | "),
        other => other.to_string(),
    }
}
