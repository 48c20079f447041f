//! The program as its users meet it: the real binary against a real (local) portal, one file a concern.

mod badinput;
mod faults;
mod harness;
mod house;
mod inspect;
mod kill;
mod options;
mod refusals;
mod secrets;
mod story;
