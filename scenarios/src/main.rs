//! The `shakedown` binary: command line, gateway, reaper and reference services in one executable.

use std::process::ExitCode;

/// Every exchange is many small pieces, and the libc's allocator took a sixth of the gateway's own time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    shakedown::command::main()
}
