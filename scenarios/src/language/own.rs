//! Steps that a team adds in Rust, with cucumber's macros: each stands for steps of the language.

use super::phrases::parse;
use cucumber::World as _;
use cucumber::codegen::{StepConstructor, WorldInventory, inventory};
use cucumber::gherkin;
use futures::FutureExt;
use shakedown_harness::plan::Step;
use std::any::Any;
use std::panic::{self, AssertUnwindSafe};

/// What a step of a team's own is given: it says what the step stands for.
///
/// ```
/// use cucumber::given;
/// use shakedown::World;
///
/// #[given(expr = "the shop's bank is down")]
/// fn bank_is_down(world: &mut World) -> Result<(), String> {
///     world.says("the link \"shop -> bank\" is cut")
/// }
/// ```
#[derive(Debug, Default, cucumber::World)]
pub struct World {
    steps: Vec<Step>,
}

impl World {
    /// Adds a step in the words of a feature, without its keyword.
    ///
    /// # Errors
    /// Nothing is said so, or not with these values; in words.
    pub fn says(&mut self, phrase: &str) -> Result<(), String> {
        let step = parse(phrase, None);
        let step = step.ok_or_else(|| format!("nothing is said like `{phrase}`"))?;
        self.adds(step.map_err(|why| format!("`{phrase}`: {why}"))?);
        Ok(())
    }

    /// Adds a step as a value.
    pub fn adds(&mut self, step: Step) {
        self.steps.push(step);
    }
}

/// The steps that a step of a team's own stands for. `None`: nobody added one that is written so.
pub(super) fn expand(step: &gherkin::Step) -> Option<Result<Vec<Step>, String>> {
    let steps = World::collection();
    let (run, _, _, context) = match steps.find(step) {
        Ok(found) => found?,
        Err(ambiguous) => return Some(Err(ambiguous.to_string())),
    };
    let mut world = World::default();
    // The mistake is told with its place, like every other; the panic itself has nothing to add.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let ran = AssertUnwindSafe(run(&mut world, context)).catch_unwind();
    let ran = futures::executor::block_on(ran);
    panic::set_hook(hook);
    Some(match ran {
        Ok(()) if world.steps.is_empty() => Err("this step stands for nothing".to_owned()),
        Ok(()) => Ok(world.steps),
        Err(panicked) => Err(words(&*panicked)),
    })
}

fn words(panicked: &(dyn Any + Send)) -> String {
    let text = panicked.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panicked.downcast_ref::<&str>().map(|text| text.to_string()));
    text.unwrap_or_else(|| "this step failed".to_owned())
}

/// The patterns of a team's own steps, each with the place of its function.
pub fn own_steps() -> Vec<(String, String)> {
    fn all<C: inventory::Collect + StepConstructor<World>>()
    -> impl Iterator<Item = (String, String)> {
        inventory::iter::<C>.into_iter().map(|constructor| {
            let (place, regex, _) = constructor.inner();
            (
                regex().to_string(),
                format!("{}:{}", place.path, place.line),
            )
        })
    }
    let given = all::<<World as WorldInventory>::Given>();
    let when = all::<<World as WorldInventory>::When>();
    let then = all::<<World as WorldInventory>::Then>();
    given.chain(when).chain(then).collect()
}
