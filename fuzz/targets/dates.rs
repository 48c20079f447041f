//! Any bytes as dates and moments.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| b24restore::intake::fuzzing::date(bytes));
