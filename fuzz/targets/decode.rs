//! Any bytes as bytes to text.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| b24restore::intake::fuzzing::decode(bytes));
