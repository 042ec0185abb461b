//! What people and programs are told about an invocation.

mod console;
mod cucumber;
mod github;
mod html;
mod json;
mod junit;
mod markdown;
mod matrix;
mod printable;
mod results;
mod rounds;
mod source;
mod summary;
mod systems;
mod violation;

pub use console::{receipt_line, scenario, stories};
pub use cucumber::cucumber_json;
pub use github::annotations;
pub use html::{Page, REPORT};
pub use json::{mutants_json, run_json};
pub use junit::junit;
pub use markdown::markdown;
pub use matrix::{Killed, Matrix, MutantResult, may_yet_tell};
pub use results::Results;
pub use rounds::{all_rounds, worth_telling};
pub use summary::summary;
pub use systems::{System, Systems};
