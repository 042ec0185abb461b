//! `shakedown completions`: what a shell needs to complete our command line.

use clap_complete::{Shell, generate};
use std::io::Write as _;

/// Prints the script for a shell.
pub fn completions(shell: Shell) -> u8 {
    let mut script = Vec::new();
    generate(shell, &mut super::shown(), "shakedown", &mut script);
    let _ = std::io::stdout().write_all(&script);
    0
}
