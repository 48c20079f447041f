//! Any bytes as numbers and money.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| b24restore::intake::fuzzing::number(bytes));
