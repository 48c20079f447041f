//! What the fuzzer of plan files under `fuzz/` calls.
#![expect(clippy::missing_panics_doc, reason = "a panic is what a fuzzer looks for")]

use super::action::Action;
use super::dir::{Manifest, split_digest};

/// Any text is a manifest and actions, or it is refused; an action that was understood is the same when it is written again.
pub fn plan_file(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Some((body, digest)) = split_digest(text) {
        assert!(text.contains(digest) && text.starts_with(body.trim_end_matches("\n}")));
    }
    let _ = serde_json::from_str::<Manifest>(text);
    for line in text.lines() {
        if let Ok(action) = serde_json::from_str::<Action>(line) {
            let line = action.to_line().expect("JSON");
            let again: Action = serde_json::from_str(&line).expect("what was written");
            assert_eq!(again.to_line().expect("JSON"), line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_inputs_of_the_fuzzer_break_no_promise() {
        let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/plan_file");
        let inputs: Vec<_> = dir.read_dir().unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect();
        assert!(!inputs.is_empty());
        for input in inputs {
            plan_file(&input);
        }
    }
}
