//! The program: everything is in the library.

use std::process::ExitCode;

/// Most of the work is small texts that one core makes and another drops.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    b24restore::cli::run()
}
