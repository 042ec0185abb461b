//! `shakedown schema`: what editors check stack files by.

use shakedown_harness::stack::schema;

/// Prints the schema of stack files, or of compose files.
pub fn schema(compose: bool) -> u8 {
    let schema = match compose {
        true => schema::compose(),
        false => schema::stack(),
    };
    say!(
        "{}",
        serde_json::to_string_pretty(&schema).unwrap_or_default()
    );
    0
}
