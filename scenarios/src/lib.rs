//! The language of features, and the commands that play them.

pub mod command;
pub mod language;

pub use language::World;
