//! The language of features: Gherkin steps <-> values.

mod advice;
mod check;
mod feature;
mod phrases;
mod qualifiers;

pub use check::check;
pub use feature::read;
pub use phrases::{Phrase, parse, phrases, print};
pub use qualifiers::FORMS as QUALIFIERS;
