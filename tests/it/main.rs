//! The program as its users meet it: the real binary against a real (local) portal, one file a concern.

mod badinput;
mod failures;
mod faults;
mod harness;
mod house;
mod kill;
mod mending;
mod options;
mod refusals;
mod secrets;
mod story;
mod undo;
