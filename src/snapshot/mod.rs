//! The current state, written down and read back.
