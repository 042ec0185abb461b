//! A stack as the user describes it: `compose.yaml` and `shakedown.yaml`, read into values.
//!
//! Reading starts nothing. All mistakes of both files come back at once, each with its place.

mod model;

pub use model::*;
