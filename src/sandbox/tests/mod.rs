//! The door from outside, byte by byte, by code that isn't our client.

mod application;
mod as_php;
mod batches;
mod client;
mod closing;
mod faulty;
mod limited;
mod protocol;
