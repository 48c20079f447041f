//! Any bytes as a whole file: what it is, and all its rows.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| b24restore::intake::fuzzing::file(bytes));
