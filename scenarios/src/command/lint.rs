//! `shakedown lint`: everything that can be found wrong without starting anything.

use super::{Answer, LintArgs, load, warn};
use crate::language;

/// Prints warnings and counts; mistakes are the error.
pub fn lint(args: LintArgs) -> Answer {
    let mut loaded = load::load(&args.features)?;
    for plan in &loaded.plans {
        if let Some(stack) = loaded.stacks.get(&plan.stack) {
            loaded.warnings.extend(language::unawaited(plan, stack));
            loaded.warnings.extend(language::unmet(plan, stack));
            loaded.warnings.extend(language::unspoken(plan, stack));
            loaded.warnings.extend(language::impossible(plan, stack));
        }
    }
    let stacks = loaded.stacks.values();
    let programs = stacks.flat_map(|stack| stack.missing_programs());
    loaded.warnings.extend(programs);
    let stacks = loaded.stacks.values();
    let in_containers = stacks.flat_map(|stack| stack.mistakes_in_containers().0);
    loaded.warnings.extend(in_containers);
    loaded.warnings.extend(language::alike(&loaded.plans));
    for warning in &loaded.warnings {
        warn(warning);
    }
    say!(
        "no mistakes (scenarios: {}, stacks: {}, warnings: {})",
        loaded.plans.len(),
        loaded.stacks.len(),
        loaded.warnings.len()
    );
    Ok(0)
}
