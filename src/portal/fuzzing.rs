//! What the fuzzer of answers under `fuzz/` calls.
#![expect(clippy::missing_panics_doc, reason = "a panic is what a fuzzer looks for")]

use std::time::Duration;

use super::answer::{self, Reply};
use super::effect::Effect;
use super::transport::{Delivery, RawAnswer};

/// Any body at any status is understood, refused or unclear; a change counts as done only where the portal says so, with a result.
pub fn answer(bytes: &[u8]) {
    let Some((&[high, low, kind], body)) = bytes.split_first_chunk::<3>() else { return };
    let status = 100 + u16::from_be_bytes([high, low]) % 500;
    let content_type = ["application/json", "text/html", ""].get(usize::from(kind)).map(|kind| (*kind).to_owned());
    let location = (kind > 127).then(|| String::from_utf8_lossy(body).into_owned());
    let reply = || {
        Reply::from(Delivery::Answer(RawAnswer {
            status,
            content_type: content_type.clone(),
            body: body.to_vec(),
            location: location.clone(),
        }))
    };
    let _ = reply().outcome();
    if let Err(error) = reply().read(Duration::ZERO) {
        assert!(!error.to_string().is_empty());
    }
    if let Effect::Done(_) = reply().effect() {
        assert!((200..300).contains(&status), "{status} passes for done");
        // Some portals write a mark or a warning before the JSON; then there is nothing to compare with.
        if let Ok(json) = serde_json::from_slice::<serde_json::Value>(body) {
            assert!(json.get("result").is_some() && json.get("error").is_none(), "{json}");
        }
    }
    let Ok(json) = serde_json::from_slice(body) else { return };
    let _ = (answer::time(&json), answer::number(&json), answer::whole(&json), answer::plain(&json), answer::values(&json).len());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_inputs_of_the_fuzzer_break_no_promise() {
        let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/api_json");
        let inputs: Vec<_> = dir.read_dir().unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect();
        assert!(!inputs.is_empty());
        for input in inputs {
            answer(&input);
        }
    }
}
