//! Features and their stacks, read and checked against each other before anything is started.

use super::FeatureArgs;
use crate::language;
use shakedown_harness::double;
use shakedown_harness::plan::Plan;
use shakedown_harness::problem::{Problem, Problems, shown};
use shakedown_harness::stack::{self, Stack};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// What the arguments name.
pub struct Loaded {
    /// The scenarios, in the order of their files.
    pub plans: Vec<Plan>,
    /// The stacks that they use, by name.
    pub stacks: BTreeMap<String, Arc<Stack>>,
    /// What was read but not understood in full.
    pub warnings: Vec<Problem>,
}

/// Reads features and stack files.
///
/// # Errors
/// All mistakes of all files at once.
pub fn load(args: &FeatureArgs) -> Result<Loaded, Problems> {
    let mut problems = Problems::default();
    let mut loaded = Loaded {
        plans: language::read(&args.paths, args.name.as_ref(), &mut problems),
        stacks: BTreeMap::new(),
        warnings: Vec::new(),
    };
    let names: Vec<String> = match &args.stack {
        Some(file) => {
            read_stack(file, &mut loaded, &mut problems);
            Vec::new()
        }
        None => {
            let mut names: Vec<String> =
                loaded.plans.iter().map(|plan| plan.stack.clone()).collect();
            names.sort();
            names.dedup();
            // A scenario whose stack could not be read has been told.
            names.retain(|name| !name.is_empty());
            names
        }
    };
    for name in names {
        match stack::find(&name, Path::new(".")) {
            Ok(file) => read_stack(&file, &mut loaded, &mut problems),
            Err(found) => {
                let step = stack_step(&loaded.plans, &name);
                for problem in found.0 {
                    let place = problem.place.clone().or(step.clone());
                    problems.push(Problem { place, ..problem });
                }
            }
        }
    }
    // Names can only be checked against a stack that could be read.
    let (stacks, given) = (&loaded.stacks, args.stack.is_some());
    let readable = |plan: &&Plan| match given {
        true => !stacks.is_empty() && !plan.stack.is_empty(),
        false => stacks.contains_key(&plan.stack),
    };
    let plans: Vec<&Plan> = loaded.plans.iter().filter(readable).collect();
    let named = |name: &str| stacks.get(name).map(|stack| &**stack);
    problems.0.extend(language::check(&plans, &named).0);
    for warning in &mut loaded.warnings {
        if let Some(place) = &mut warning.place {
            place.file = shown(&place.file).into();
        }
    }
    problems.or(loaded)
}

fn read_stack(file: &Path, loaded: &mut Loaded, problems: &mut Problems) {
    match Stack::read(file) {
        Ok(read) => {
            if let Err(found) = double::check(&read.stack) {
                problems.0.extend(found.0);
            }
            loaded.warnings.extend(read.warnings);
            loaded
                .stacks
                .insert(read.stack.name.clone(), Arc::new(read.stack));
        }
        Err(found) => problems.0.extend(found.0),
    }
}

/// Where a stack is named first.
fn stack_step(plans: &[Plan], name: &str) -> Option<shakedown_harness::problem::Place> {
    use shakedown_harness::plan::Step;
    let steps = plans.iter().flat_map(|plan| &plan.steps);
    let mut named = steps.filter(|planned| planned.step == Step::Stack(name.to_owned()));
    named.next().map(|planned| planned.place.clone())
}
