//! Any bytes as lines of cells, in every dialect.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| b24restore::intake::fuzzing::rows(bytes));
