//! Scenarios that nobody can tell apart by their names.

use shakedown_harness::plan::Plan;
use shakedown_harness::problem::Problem;

/// A warning for each scenario that is called as an earlier one of its file. The rows of one outline share their steps,
/// and may share their name.
pub fn alike(plans: &[Plan]) -> Vec<Problem> {
    let end = |plan: &Plan| plan.steps.last().map(|planned| planned.place.clone());
    let mut warnings = Vec::new();
    for (n, plan) in plans.iter().enumerate() {
        let mut earlier = plans[..n].iter();
        let same = earlier.find(|other| {
            other.scenario == plan.scenario
                && other.place.file == plan.place.file
                && end(other) != end(plan)
        });
        if let Some(same) = same {
            let what = format!(
                "the scenario \"{}\" is called as the one at {}",
                plan.scenario, same.place
            );
            let help =
                "give it a name of its own: by it a report tells them apart, and `--name` chooses";
            warnings.push(Problem::at(&plan.place, what).help(help));
        }
    }
    warnings
}
