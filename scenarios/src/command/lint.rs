//! `shakedown lint`: everything that can be found wrong without starting anything.

use super::{Answer, LintArgs, load};

/// Prints warnings and counts; mistakes are the error.
pub fn lint(args: LintArgs) -> Answer {
    let loaded = load::load(&args.features)?;
    for warning in &loaded.warnings {
        eprintln!("{}", warning.to_string().replacen("error:", "warning:", 1));
    }
    say!(
        "no mistakes (scenarios: {}, stacks: {}, warnings: {})",
        loaded.plans.len(),
        loaded.stacks.len(),
        loaded.warnings.len()
    );
    Ok(0)
}
