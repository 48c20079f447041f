//! `apply` in a simulated world: the real plan, the real journal, the real limits, the real sandbox; chance has the network, the clocks
//! and the deaths of the process. Tokio's time stands still while anybody works, so an hour of waiting takes no time.
//!
//! `SIM_SEEDS=N` sets how many seeds are run, `SIM_FIRST=K` which is the first, `SIM_SEED=K` runs one of them and prints what happened in
//! it; `SIM_CELL=NAME` does so with a cell of the fault matrix.

#[cfg(feature = "faults")]
mod bugs;
mod carry;
#[path = "../it/harness/crm.rs"]
#[expect(dead_code, reason = "shared with the tests of the binary, which need more of it")]
mod crm;
#[path = "../it/harness/export.rs"]
mod export;
mod http;
mod intents;
mod invariants;
mod matrix;
mod network;
mod portal;
mod protocol;
#[path = "../it/harness/random.rs"]
mod random;
mod script;
mod renewing;
mod seeds;
mod spoiled;
mod stage;
mod trace;
mod trial;
mod wall;
mod wire;
mod world;

use crm::KINDS;
