//! shakedown with two steps of a team's own: `shakedown` in all else, with all its commands.

use cucumber::{given, when};
use shakedown::World;
use std::process::ExitCode;

/// A step that stands for several, with a value in it.
#[given(expr = "the object store has a bad day, with {int} errors for each submission")]
fn bad_day(world: &mut World, errors: u64) -> Result<(), String> {
    if errors > 5 {
        return Err(format!(
            "the worker gives up after 5 errors, not after {errors}"
        ));
    }
    world.says("the link \"worker -> storage\" is slow by 20ms")?;
    world.says(&format!(
        "the call \"upload output\" answers 503 the first {errors} times for each submission"
    ))
}

/// A step in the words of the trade.
#[when(expr = "{int} people submit at once and wait for their scores")]
fn people_submit(world: &mut World, people: u64) -> Result<(), String> {
    world.says(&format!(
        "\"submit\" runs {people} times with {people} clients"
    ))?;
    world.says("every submission is final within 60s")
}

fn main() -> ExitCode {
    shakedown::command::main()
}
