//! The house: which room may use which. The table is ARCHITECTURE.md's; a room may use only what its line lists.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Room, and what it may use besides itself.
const MAY_USE: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("event", &["model"]),
    ("drill", &[]),
    ("intake", &["model", "event"]),
    ("portal", &["model", "event", "drill"]),
    ("snapshot", &["model", "event", "intake"]),
    ("diff", &["model"]),
    ("plan", &["model", "diff"]),
    ("apply", &["model", "event", "drill", "portal", "diff", "plan"]),
    ("report", &["model", "plan"]),
    ("sandbox", &[]),
    ("pipeline", &["model", "event", "drill", "intake", "portal", "snapshot", "diff", "plan", "apply", "report"]),
    ("cli", &["model", "event", "intake", "portal", "snapshot", "diff", "plan", "apply", "report", "sandbox", "pipeline"]),
];

/// Files that may open a portal for writing: where a person has said so, and the demo, which has a portal of its own.
const MAY_OPEN_A_WRITER: &[&str] = &["cli/apply.rs", "cli/undo.rs", "cli/demo.rs", "cli/demo/"];

/// Names under which anything can hide.
const NO_NAMES: &[&str] = &["utils", "util", "helpers", "helper", "common", "misc", "shared"];

fn sources() -> Vec<(String, String)> {
    fn walk(dir: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, files);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    walk(&root, &mut files);
    files.sort();
    let name = |path: &Path| path.strip_prefix(&root).expect("below src").to_string_lossy().replace('\\', "/");
    files.into_iter().map(|path| (name(&path), fs::read_to_string(&path).expect("a source"))).collect()
}

/// `cli/apply.rs` -> `cli`, `event.rs` -> `event`.
fn room_of(file: &str) -> &str {
    file.split('/').next().expect("a part").trim_end_matches(".rs")
}

/// Source without comments, so that prose may name what code may not use.
fn code_of(source: &str) -> String {
    source.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The rooms named by `crate::ROOM` and by `use crate::{ROOM, ROOM::..}`.
fn rooms_in(code: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let listed = match rest.strip_prefix('{') {
            Some(list) => parts(list),
            None => vec![rest.to_owned()],
        };
        for path in listed {
            let word: String = path.trim_start().chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            rooms.insert(word);
        }
    }
    rooms
}

/// The parts of a `{..}` list at its own level.
fn parts(list: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0;
    for sign in list.chars() {
        match sign {
            '}' if depth == 0 => break,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        parts.last_mut().expect("a part").push(sign);
    }
    parts
}

/// What each room really uses, and in which file.
fn uses() -> BTreeMap<String, BTreeMap<String, String>> {
    let rooms: BTreeSet<&str> = MAY_USE.iter().map(|(room, _)| *room).collect();
    let mut uses: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for (file, source) in sources() {
        let room = room_of(&file).to_owned();
        if matches!(room.as_str(), "lib" | "main") {
            continue;
        }
        let others = uses.entry(room.clone()).or_default();
        for other in rooms_in(&code_of(&source)) {
            if other != room && rooms.contains(other.as_str()) {
                others.insert(other, file.clone());
            }
        }
    }
    uses
}

#[test]
fn a_room_uses_only_what_it_may() {
    for (room, used) in uses() {
        let (_, may) = MAY_USE.iter().find(|(known, _)| *known == room).unwrap_or_else(|| panic!("{room} is not in the table"));
        for (other, file) in used {
            assert!(may.contains(&other.as_str()), "{file}: {room} may not use {other}");
        }
    }
}

#[test]
fn the_table_allows_nothing_that_nobody_needs() {
    let uses = uses();
    for (room, may) in MAY_USE.iter().filter(|(room, _)| *room != "cli") {
        for other in *may {
            assert!(uses[*room].contains_key(*other), "{room} doesn't use {other}: take it out of the table");
        }
    }
}

#[test]
fn no_room_uses_itself_round_a_corner() {
    let uses = uses();
    // A room without uses left to follow is taken away until nothing is left; what can't be taken away is a circle.
    let mut left: BTreeMap<String, BTreeSet<String>> =
        uses.into_iter().map(|(room, used)| (room, used.into_keys().collect())).collect();
    while !left.is_empty() {
        let free: Vec<String> = left.iter().filter(|(_, used)| used.is_empty()).map(|(room, _)| room.clone()).collect();
        assert!(!free.is_empty(), "these rooms use each other in a circle: {left:?}");
        for room in free {
            left.remove(&room);
            for used in left.values_mut() {
                used.remove(&room);
            }
        }
    }
}

#[test]
fn a_portal_is_opened_for_writing_only_where_a_person_said_so() {
    let mut openers = BTreeSet::new();
    for (file, source) in sources() {
        // The test code of a file stands at its end.
        let code = code_of(source.split("#[cfg(test)]\nmod ").next().unwrap_or_default());
        if ["Writer::open(", "Writer::over("].iter().any(|word| code.contains(word)) && !file.contains("/tests") {
            openers.insert(file);
        }
    }
    let allowed = |file: &String| MAY_OPEN_A_WRITER.iter().any(|may| file.starts_with(may));
    assert!(openers.iter().all(allowed), "{openers:?}");
    assert!(openers.contains("cli/apply.rs"), "the test looks for the wrong words: {openers:?}");
}

/// A clock that a person can set must not decide when a lost request is over; what asks for it says so (`apply::Clock`).
#[test]
fn nobody_who_applies_looks_at_the_clock_behind_the_back_of_the_test() {
    for (file, source) in sources().iter().filter(|(file, _)| room_of(file) == "apply" || file == "pipeline/apply.rs") {
        let code = code_of(source.split("#[cfg(test)]").next().unwrap_or_default());
        let asks = code.contains("Timestamp::now()") || code.contains("SystemTime::now()") || code.contains("Zoned::now()");
        assert_eq!(asks, file == "apply/clock.rs", "{file}");
    }
}

#[test]
fn only_the_command_line_prints() {
    for (file, source) in sources().iter().filter(|(file, _)| room_of(file) != "cli") {
        let code = code_of(source.split("#[cfg(test)]").next().unwrap_or_default());
        for word in ["println!(", "eprintln!(", "print!(", "eprint!(", "dbg!("] {
            assert!(!code.contains(word), "{file} prints with {word}");
        }
    }
}

/// An error of `reqwest` prints the whole address, secret and all (measured), so only the file that strips it may know the crate.
#[test]
fn only_the_transport_knows_the_http_client() {
    let knows: Vec<String> =
        sources().into_iter().filter(|(_, source)| code_of(source).contains("reqwest::")).map(|(file, _)| file).collect();
    assert_eq!(knows, ["portal/transport.rs"]);
}

/// A process that is started inherits the environment, and with it the webhook.
#[test]
fn no_child_inherits_the_webhook() {
    for (file, source) in sources() {
        let code = code_of(source.split("#[cfg(test)]").next().unwrap_or_default());
        let starts = code.matches("Command::new(").count();
        let removes = code.matches("env_remove(").count();
        assert!(starts <= removes, "{file} starts {starts} processes and takes the webhook from {removes}");
    }
}

#[test]
fn no_file_is_named_for_everything() {
    for (file, _) in sources() {
        let stem = file.rsplit('/').next().expect("a name").trim_end_matches(".rs");
        assert!(!NO_NAMES.contains(&stem), "{file} has no name");
    }
}

#[test]
fn every_warning_that_the_program_gives_out_has_words() {
    let sources = sources();
    let words = &sources.iter().find(|(name, _)| name == "report/warnings.rs").expect("the words").1;
    let mut given = BTreeSet::new();
    for (_, source) in sources.iter().filter(|(name, _)| name.starts_with("plan/") || name.starts_with("pipeline/")) {
        let code = code_of(source.split("#[cfg(test)]").next().unwrap_or_default());
        for call in [".warn(\"", "add(\""] {
            given.extend(code.split(call).skip(1).filter_map(|rest| rest.split_once('"')).map(|(code, _)| code.to_owned()));
        }
    }
    let notes = &sources.iter().find(|(name, _)| name == "diff/verdict.rs").expect("the notes").1;
    let notes = notes.split("impl Note").nth(1).and_then(|notes| notes.split("pub const fn field").next()).expect("their codes");
    given.extend(notes.split("=> \"").skip(1).filter_map(|rest| rest.split_once('"')).map(|(code, _)| code.to_owned()));
    assert!(given.contains("value_cut") && given.contains("created_twice"), "the codes are found: {given:?}");
    let mute: Vec<_> = given.iter().filter(|code| !words.contains(&format!("        \"{code}\",\n        \""))).collect();
    assert!(mute.is_empty(), "no sentence in report/warnings.rs for {mute:?}");
}
