//! The language of features: Gherkin steps <-> values.

mod advice;
mod alike;
mod check;
mod expressions;
mod feature;
mod files;
mod impossible;
mod own;
mod phrases;
mod prose;
mod qualifiers;
mod spoken;
mod unawaited;
mod unmet;
mod unspoken;

pub use alike::alike;
pub use check::check;
pub use expressions::{expressions, parameter_types};
pub use feature::read;
pub use impossible::impossible;
pub use own::{World, own_steps};
pub use phrases::{Phrase, parse, phrases, print};
pub use qualifiers::FORMS as QUALIFIERS;
pub use spoken::spoken;
pub use unawaited::unawaited;
pub use unmet::unmet;
pub use unspoken::unspoken;
