//! Faults of which it is plain that they cannot come to pass as they are said.

use shakedown_harness::gateway::WORKLOAD;
use shakedown_harness::plan::{
    CallFault, Effect, Fault, Plan, Planned, ServiceFault, Step, Times, Trigger,
};
use shakedown_harness::problem::Problem;
use shakedown_harness::stack::Stack;

/// What is wrong, and what to do.
type Said = (String, String);

/// A warning for each fault that waits for what never comes, or strikes where nothing goes.
pub fn impossible(plan: &Plan, stack: &Stack) -> Vec<Problem> {
    let mut warnings = Vec::new();
    for (i, planned) in plan.steps.iter().enumerate() {
        let Step::Fault(fault) = &planned.step else {
            continue;
        };
        let said = [
            unused_link(fault, stack),
            too_many(fault, &plan.steps[i..], stack),
            own_end(fault),
            silenced(fault, stack),
        ];
        let warning = |(what, help): Said| Problem::at(&planned.place, what).help(help);
        warnings.extend(said.into_iter().flatten().map(warning));
    }
    warnings
}

/// A link on which nobody connects.
fn unused_link(fault: &Fault, stack: &Stack) -> Option<Said> {
    let Effect::Link { link, .. } = &fault.effect else {
        return None;
    };
    let (client, service) = (&link.client, &link.service);
    let ports = stack.services.get(service).map(|known| known.ports.len());
    if ports == Some(0) {
        let what = format!("`{service}` has no port, so nothing goes from `{client}` to it");
        let help = format!(
            "is `{client} -> {service}` the right way round? else declare its port with `expose`"
        );
        return Some((what, help));
    }
    let strange = client == service || !stack.may_connect(client, service);
    let called = stack.calls.values();
    let called = || {
        called
            .clone()
            .any(|call| call.client == *client && call.service == *service)
    };
    (strange && !called()).then(|| {
        let what =
            format!("nothing tells `{client}` of `{service}`, so nothing may go on this link");
        let help = format!("is `{client} -> {service}` the right way round?");
        (what, help)
    })
}

/// A number that is higher than the workload's requests can bring it to.
fn too_many(fault: &Fault, steps: &[Planned], stack: &Stack) -> Option<Said> {
    let Times::Nth(nth) = fault.times else {
        return None;
    };
    let call = match (&fault.trigger, &fault.effect) {
        (Some(Trigger::AfterAnswered { call } | Trigger::BeforeSent { call }), _)
        | (None, Effect::Call { call, .. }) => stack.calls.get(call)?,
        _ => return None,
    };
    if call.client != WORKLOAD {
        return None;
    }
    let may_be = |workload: &String| {
        let workload = stack.workloads.get(workload)?;
        let (_, target) = workload.url.split_once("://")?;
        let host = target.split(['/', ':', '?']).next()?;
        let host = stack.host(WORKLOAD, host)?;
        Some(workload.method == call.method && host == call.service)
    };
    let in_force = steps.iter().take_while(|one| one.step != Step::Heal);
    let times = in_force.filter_map(|one| match &one.step {
        Step::Work {
            workload, times, ..
        } if may_be(workload).unwrap_or(true) => Some(*times),
        _ => None,
    });
    let most: u64 = times.sum();
    (nth > most).then(|| {
        let what = format!(
            "`{}` is made by the workload alone, and {most} times at most while this fault is in force: there is no number {nth}",
            call.name
        );
        (what, "run the workload more often, or take an earlier one".to_owned())
    })
}

/// A call that is held until it is answered itself.
fn own_end(fault: &Fault) -> Option<Said> {
    let Effect::Call { call, fault: how } = &fault.effect else {
        return None;
    };
    let kept = matches!(how, CallFault::Hangs | CallFault::Refused);
    let until = match &fault.until {
        Some(Trigger::AfterAnswered { call: until }) => until == call,
        _ => false,
    };
    (kept && until && fault.times == Times::Always).then(|| {
        let what = format!("`{call}` is never answered while this fault keeps it from being so");
        (
            what,
            "say until another moment, or how often: `the first 2 times`".to_owned(),
        )
    })
}

/// A service that is to come back when it itself has made a call.
fn silenced(fault: &Fault, stack: &Stack) -> Option<Said> {
    let Effect::Service {
        service,
        fault: how,
    } = &fault.effect
    else {
        return None;
    };
    let silent = matches!(
        how,
        ServiceFault::Killed | ServiceFault::Stopped | ServiceFault::Paused
    );
    let (Some(Trigger::AfterAnswered { call } | Trigger::BeforeSent { call }), true) =
        (&fault.until, silent)
    else {
        return None;
    };
    let made = stack.calls.get(call)?;
    (made.client == *service).then(|| {
        let what = format!(
            "`{service}` itself makes `{call}`, and is {} until then",
            how.word()
        );
        (
            what,
            "say until a moment that others bring about".to_owned(),
        )
    })
}
