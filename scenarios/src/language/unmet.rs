//! Faults that no request of a workload can meet any more.

use super::unawaited::{awaited, comes_later};
use shakedown_harness::gateway::WORKLOAD;
use shakedown_harness::plan::{Effect, Fault, Plan, Planned, Step, Trigger};
use shakedown_harness::problem::Problem;
use shakedown_harness::stack::Stack;

/// A warning for each fault behind the last work that only requests of a workload, or what they lead to at once, could
/// meet. What services do later is for [`super::unawaited`].
pub fn unmet(plan: &Plan, stack: &Stack) -> Vec<Problem> {
    let mut warnings = Vec::new();
    for (i, planned) in plan.steps.iter().enumerate() {
        let Step::Fault(fault) = &planned.step else {
            continue;
        };
        let steps = &plan.steps[i..];
        let can_come = worked(steps) || awaited(steps) || comes_later(fault, stack);
        if of_workload(fault, stack) && !worked(steps) || needs_work(fault) && !can_come {
            let what =
                "no workload runs while this fault is in force: nothing comes that it could strike";
            let help = "arm it before the step that runs the workload";
            warnings.push(Problem::at(&planned.place, what).help(help));
        }
    }
    warnings
}

/// Whether a workload runs up to the end of a fault at the first step.
fn worked(steps: &[Planned]) -> bool {
    let in_force = steps.iter().take_while(|one| one.step != Step::Heal);
    in_force
        .into_iter()
        .any(|one| matches!(one.step, Step::Work { .. }))
}

/// Whether it is felt by what comes, and not when it is done.
fn needs_work(fault: &Fault) -> bool {
    let by_itself = matches!(
        fault.effect,
        Effect::Service { .. } | Effect::Connections { .. }
    );
    fault.trigger.is_some() || !by_itself
}

/// Whether nobody but the workload itself makes what it strikes or waits for.
fn of_workload(fault: &Fault, stack: &Stack) -> bool {
    let made = |call: &String| {
        let call = stack.calls.get(call);
        call.is_some_and(|call| call.client == WORKLOAD)
    };
    let moment = match &fault.trigger {
        Some(Trigger::AfterAnswered { call } | Trigger::BeforeSent { call }) => made(call),
        _ => false,
    };
    let struck = match &fault.effect {
        Effect::Call { call, .. } => made(call),
        Effect::Operation { operation, .. } => {
            let operation = stack.operations.get(operation);
            operation.is_some_and(|operation| made(&operation.poll))
        }
        Effect::Link { link, .. } => link.client == WORKLOAD,
        // Which of the clients sends a statement is not known.
        Effect::Statement { .. } | Effect::Connections { .. } | Effect::Service { .. } => false,
    };
    moment || struck
}
