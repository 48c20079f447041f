//! Any bytes as a portal's answers.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| b24restore::portal::fuzzing::answer(bytes));
