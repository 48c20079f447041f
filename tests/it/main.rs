//! The program as its users meet it: the real binary against a real (local) portal, one file a concern.

mod faults;
mod harness;
mod kill;
mod story;
