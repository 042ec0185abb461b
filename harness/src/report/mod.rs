//! What people and programs are told about an invocation.

mod console;
mod html;
mod json;
mod matrix;
mod printable;
mod rounds;
mod summary;
mod systems;
mod violation;

pub use console::{scenario, stories};
pub use html::{Page, REPORT};
pub use json::{mutants_json, run_json};
pub use matrix::{Killed, Matrix, MutantResult};
pub use rounds::{all_rounds, worth_telling};
pub use summary::summary;
pub use systems::{System, Systems};
