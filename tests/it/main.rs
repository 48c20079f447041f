//! The program as its users meet it: the real binary against a real (local) portal, one file a concern.

mod application;
mod badinput;
mod bindings;
#[cfg(feature = "faults")]
mod bugs;
mod changed;
mod corpus;
mod corpus_large;
#[cfg(unix)]
mod confirm;
mod drift;
mod failures;
mod faults;
mod harness;
mod house;
mod inspect;
mod inferred;
mod kill;
mod machines;
mod mending;
mod options;
mod pace;
mod prove;
mod purge;
#[cfg(unix)]
mod owner;
mod refusals;
mod secrets;
mod shared;
mod story;
#[cfg(unix)]
mod system;
mod undo;
mod verify;
