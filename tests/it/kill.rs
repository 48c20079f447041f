//! Killed at any instant and begun again: nothing missing, nothing twice.
