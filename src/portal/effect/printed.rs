//! The table as `docs/answers.md` prints it.

use super::*;

const HEAD: &str = "# What an answer proves

A create that is sent twice is a record that is there twice, and Bitrix24 has no key that would make a second sending harmless. So every
answer is sorted into one of three: **created**, **not created** (it may be sent again), **unclear** (it is never sent again before the portal
was asked for the record by its mark, twice, after the window in which the portal may still act).

This page is printed from the table that `apply` goes by (`RULES` in `src/portal/effect.rs`); a test fails when they differ.

Created: HTTP 200 with a JSON `result` that names the new id. Not created: no connection came about. Unclear: the answer was lost, cut short, empty, or no
JSON, and whatever no row below fits. The first row that fits holds.

| what was answered | HTTP status | code | verdict | because |
|---|---|---|---|---|
";

fn printed() -> String {
    HEAD.to_owned() + &RULES.iter().map(row).collect::<String>()
}

fn row(rule: &Rule) -> String {
    let levels = match rule.levels {
        [Request] => "the request",
        [ImportCommand] => "an import of several records",
        [Command, Element] => "one record, or one command",
        _ => "anything",
    };
    let statuses = match rule.statuses {
        Any => "any".to_owned(),
        Statuses::These(list) => list.iter().map(u16::to_string).collect::<Vec<_>>().join(", "),
        Between(low, high) => format!("{low} to {high}"),
    };
    let codes = match rule.codes {
        Anything => "any, or no JSON at all".to_owned(),
        AnyCode => "any".to_owned(),
        Codes::These(list) => list.iter().map(|code| format!("`{code}`")).collect::<Vec<_>>().join(", "),
    };
    let verdict = match rule.applied {
        No => "not created",
        Maybe => "unclear",
    };
    format!("| {levels} | {statuses} | {codes} | {verdict} | {} |\n", rule.why)
}

/// `B24RESTORE_PRINT_DOCS=1` writes the page anew.
#[test]
fn the_page_of_answers_says_what_the_table_says() {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/answers.md");
    if std::env::var_os("B24RESTORE_PRINT_DOCS").is_some() {
        std::fs::write(&page, printed()).expect("the page is written");
    }
    let stands = std::fs::read_to_string(&page).expect("the page").replace("\r\n", "\n");
    assert!(stands == printed(), "docs/answers.md is out of date: B24RESTORE_PRINT_DOCS=1 cargo test --lib printed");
}

/// A rule behind another that takes all of its answers would never hold.
#[test]
fn every_row_of_the_table_decides_something() {
    let samples = |rule: &Rule| {
        let status = match rule.statuses {
            Any => 200,
            Statuses::These(list) => list[0],
            Between(low, _) => low,
        };
        let codes: Vec<Option<&str>> = match rule.codes {
            Anything => vec![None],
            AnyCode => vec![Some("SOME_CODE")],
            Codes::These(list) => list.iter().copied().map(Some).collect(),
        };
        codes.into_iter().map(move |code| (rule.levels[0], status, code)).collect::<Vec<_>>()
    };
    for rule in RULES {
        for (level, status, code) in samples(rule) {
            assert_eq!(applied(level, status, code), rule.applied, "{level:?} {status} {code:?}");
        }
    }
}
