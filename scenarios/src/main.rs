//! The `shakedown` binary: command line, gateway, reaper and reference services in one executable.

use std::process::ExitCode;

fn main() -> ExitCode {
    shakedown::command::main()
}
