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

fn place(deed: &Deed) -> String {
    let what = match deed.at {
        At::Request => "the request of an import",
        At::Command => "an import",
        At::Head => "the request after an import's predecessor, its head just read",
        At::Connect => "a new connection",
        At::Every => "each request",
        At::Setup => "between plan and apply",
    };
    match deed.when.as_str() {
        "before" => format!("{what}, before it takes effect"),
        "after" => format!("{what}, after it took effect"),
        _ => what.to_owned(),
    }
}

fn page(faults: &[Fault]) -> String {
    let mut page = String::from(
        "# Faults\n\n\
         What can go wrong between `apply` and a portal, and what `apply` does then. `b24restore demo --prove` makes each of them happen on the\n\
         local portal: for every record type, at its first, middle and last import, once and from then on; where trying again is the answer,\n\
         the fault is over when it has struck three times. This page is printed from `src/cli/demo/prove/faults.toml`, which the command reads;\n\
         how a deed is written is told in `src/sandbox/rule.rs`.\n\n| word | what it means |\n|---|---|\n",
    );
    for (handling, meaning) in MEANINGS {
        _ = writeln!(page, "| {handling} | {meaning} |");
    }
    page.push_str("\n| fault | what it strikes | what happens | once | from then on |\n|---|---|---|---|---|\n");
    for fault in faults {
        let name = format!("F{} {}", fault.number, fault.name);
        for (at, deed) in fault.deeds.iter().enumerate() {
            let name = if at == 0 { name.as_str() } else { "" };
            let only = if deed.only.is_empty() { String::new() } else { format!(" ({})", deed.only.join(", ")) };
            let deed_text = deed.what.replace('\n', "\\n").replace('\r', "\\r").replace('|', "\\|");
            _ = writeln!(page, "| {name} | {}{only} | `{deed_text}` | {} | {} |", place(deed), deed.once, deed.forever);
        }
        if let Some(reason) = &fault.outside {
            _ = writeln!(page, "| {name} | | not on the sandbox: {reason} | | |");
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
