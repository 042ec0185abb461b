//! What the gateway costs, beside a direct connection, nginx and HAProxy, in one run.
//!
//! `cargo bench -p shakedown-harness --bench gateway`. The gateway is a process of its own, as in a container, and this
//! process is its harness: it drains the reports and writes the history. All traffic stays on loopback, and every load
//! has an end. nginx and HAProxy are Debian's; a row whose program is not installed says so.

mod exact;
mod held;
mod load;
mod origin;
mod process;
mod recorder;
mod rows;
mod stand;

use stand::Stand;
use std::process::ExitCode;

/// That of the `shakedown` binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["origin", listen] => origin::serve(listen.parse().expect("an address")),
        ["gateway", listen] => stand::gateway(listen.parse().expect("an address")),
        // Cargo says `--bench`; other words choose tables.
        _ => bench(&words),
    }
}

fn bench(words: &[&str]) -> ExitCode {
    let most = process::most_connections();
    let wanted = |table: &str| {
        let mut chosen = words
            .iter()
            .filter(|word| !word.starts_with('-'))
            .peekable();
        chosen.peek().is_none() || chosen.any(|word| *word == table)
    };
    let stand = Stand::up();
    println!("{}\n", process::machine());
    if wanted("calls") {
        rows::calls(&stand, 32);
        rows::calls(&stand, 1);
    }
    if wanted("bodies") {
        rows::bodies(&stand);
    }
    if wanted("tcp") {
        rows::tcp(&stand);
    }
    if wanted("large") {
        rows::large(&stand);
    }
    if wanted("exact") {
        exact::table(&stand);
    }
    if wanted("held") {
        held::table(most);
    }
    match stand.recorder.complete() {
        Ok(exchanges) => {
            println!("{exchanges} exchanges, each with its `asked`, `answered` and `delivered`.");
            ExitCode::SUCCESS
        }
        Err(reason) => {
            eprintln!("error: the history is not whole: {reason}");
            ExitCode::FAILURE
        }
    }
}
