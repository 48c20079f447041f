//! The page `docs/faults.md`, printed from the table of faults; a test keeps it fresh.

use std::fmt::Write as _;

use super::faults::{At, Deed, Fault, Handling, table};

/// What is expected, and what that means.
const MEANINGS: [(Handling, &str); 9] = [
    (Handling::Accept, "the answer is understood in spite of it"),
    (Handling::Retry, "it is waited, and sent again: it was provably not applied"),
    (
        Handling::LookUp,
        "the zombie window is waited out and the record looked up by its mark: adopted if it is there, else sent again",
    ),
    (Handling::Pending, "the same, five times in vain: the record stays pending, exit code 1; the next run goes on"),
    (Handling::Stop, "the run stops, exit code 1; nothing has failed, the next run goes on"),
    (
        Handling::RecordFails,
        "the record fails and the others don't, exit code 3; `apply --failed` brings it back once the cause is mended",
    ),
    (Handling::Refuse, "nothing is sent, exit code 4"),
    (Handling::AlreadyThere, "the record is found by its mark and not created"),
    (Handling::Declared, "not to be seen while applying; `verify` finds it and names it, exit code 3"),
];

const HEAD: &str = "# Faults

What can go wrong between `apply` and a portal, and what `apply` does then. Each of the 60 faults happens for every record type, at its
first, middle and last import, once and from then on: 1,440 cells.

- The simulation (`cargo test --test sim matrix::`) plays all of them: the real planner, journal, pace and client, on a portal inside the process,
  by a clock that nobody waits for. There a network can also do what no loopback address does.
- `b24restore demo --prove` makes them happen to the real program on a local portal, over HTTP, but for the faults that are named below as proven
  in simulation only.

Every cell checks that its fault did strike, how the run ended and what it said, that no record is lost, none is there twice and nobody else's was
touched, and that the next run completes once the cause is gone. Where trying again is the answer, the fault is over when it has struck three times.
This page is printed from `src/cli/demo/prove/faults.toml`, which both go by; how a deed is written is told in `src/sandbox/rule.rs`.

| word | what it means |
|---|---|
";

fn place(deed: &Deed) -> String {
    let what = match deed.at {
        At::Request if deed.application => "the request of an import, through an application",
        At::Request => "the request of an import",
        At::Command => "an import",
        At::Head => "the request after an import's predecessor, its head just read",
        At::Connect => "a new connection",
        At::Every => "each request",
        At::Setup => "between plan and apply",
        At::Network => "the network under the request of an import",
    };
    match deed.when.as_str() {
        "before" => format!("{what}, before it takes effect"),
        "after" => format!("{what}, after it took effect"),
        _ => what.to_owned(),
    }
}

fn row(name: &str, deed: &Deed, proven: &str) -> String {
    let only = if deed.only.is_empty() { String::new() } else { format!(" ({})", deed.only.join(", ")) };
    let text = deed.what.replace('\n', "\\n").replace('\r', "\\r").replace('|', "\\|");
    format!("| {name} | {}{only} | `{text}` | {} | {} | {proven} |\n", place(deed), deed.once, deed.forever)
}

fn page(faults: &[Fault]) -> String {
    let mut page = HEAD.to_owned();
    for (handling, meaning) in MEANINGS {
        _ = writeln!(page, "| {handling} | {meaning} |");
    }
    page.push_str("\n| fault | what it strikes | what happens | once | from then on | proven |\n|---|---|---|---|---|---|\n");
    for fault in faults {
        let mut name = format!("F{} {}", fault.number, fault.name);
        let real = if fault.simulated.is_empty() { "both ways" } else { "real program" };
        let forms = fault.deeds.iter().map(|deed| (deed, real)).chain(fault.simulated.iter().map(|deed| (deed, "simulation")));
        for (deed, proven) in forms {
            page.push_str(&row(&name, deed, proven));
            name.clear();
        }
    }
    page.push_str("\n## In simulation only\n\n| fault | why no local portal can be made to do it |\n|---|---|\n");
    for fault in faults {
        if let Some(reason) = &fault.outside {
            _ = writeln!(page, "| F{} {} | {reason} |", fault.number, fault.name);
        }
    }
    page
}

/// `UPDATE_DOCS=1 cargo test` prints it anew.
#[test]
fn the_page_in_docs_says_what_the_table_says() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/faults.md");
    let page = page(&table().expect("the table is TOML"));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).expect("the page can be written");
    }
    assert!(std::fs::read_to_string(&path).is_ok_and(|kept| kept == page), "docs/faults.md is stale: UPDATE_DOCS=1 cargo test");
}
