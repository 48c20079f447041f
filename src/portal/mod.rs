//! The REST client: address, envelope, pace, effects.
