//! Any bytes as plan.json and actions.jsonl.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| b24restore::plan::fuzzing::plan_file(bytes));
