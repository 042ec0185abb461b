//! Faults that end before they can strike: a run heals them as soon as its steps are over, and no step waits.

use shakedown_harness::gateway::WORKLOAD;
use shakedown_harness::plan::{Effect, Fault, Plan, Planned, Step, Trigger};
use shakedown_harness::problem::Problem;
use shakedown_harness::stack::{Entity, Evidence, Learn, Stack};

/// A warning for each fault that may be over before anything comes that it strikes or waits for.
pub fn unawaited(plan: &Plan, stack: &Stack) -> Vec<Problem> {
    let ends = |entity: &&Entity| {
        let status = entity.status.as_ref();
        status.is_some_and(|status| !status.finals.is_empty())
    };
    // Where nothing can be waited for, there is nothing to advise.
    let Some(entity) = stack.entities.values().find(ends) else {
        return Vec::new();
    };
    let mut warnings = Vec::new();
    for (i, planned) in plan.steps.iter().enumerate() {
        let Step::Fault(fault) = &planned.step else {
            continue;
        };
        if !awaited(&plan.steps[i..]) && comes_later(fault, stack) {
            let what = "no step waits while this fault is in force: it ends once the requests before its end are \
                        answered, and what services do later is not struck";
            let help = format!(
                "let a step wait, such as `every {} is final within 60s`",
                entity.name
            );
            warnings.push(Problem::at(&planned.place, what).help(help));
        }
    }
    warnings
}

/// Whether, up to the end of a fault at the first step, some step waits for what work before it leads to.
pub(super) fn awaited(steps: &[Planned]) -> bool {
    let in_force = steps.iter().map(|planned| &planned.step);
    let in_force = in_force.take_while(|step| **step != Step::Heal);
    let steps: Vec<&Step> = in_force.collect();
    // What comes before all work in force waits for work before the fault, and for nothing that follows.
    let work = |step: &&Step| matches!(step, Step::Work { .. });
    let first_work = steps.iter().position(work).unwrap_or_default();
    let mut from_there = steps[first_work..].iter();
    from_there.any(|step| matches!(step, Step::AllFinal { .. }))
}

/// Whether what a fault needs may come when the requests of the workloads are answered already.
pub(super) fn comes_later(fault: &Fault, stack: &Stack) -> bool {
    let moment = fault.trigger.as_ref();
    let begins_later = moment.is_some_and(|moment| moment_comes_later(moment, stack));
    begins_later
        || match &fault.effect {
            Effect::Call { call, .. } => made_later(call, stack),
            Effect::Operation { operation, .. } => {
                let operation = stack.operations.get(operation);
                operation.is_some_and(|operation| made_later(&operation.poll, stack))
            }
            Effect::Link { link, .. } => later(&link.client, stack),
            // Who is asked may send it before it answers.
            Effect::Statement { .. } => false,
            // It is felt when it is done.
            Effect::Connections { .. } | Effect::Service { .. } => false,
        }
}

fn moment_comes_later(moment: &Trigger, stack: &Stack) -> bool {
    let rules = |teaches: &dyn Fn(&Entity, &Learn) -> bool| {
        let entities = stack.entities.values();
        let mut rules = entities.flat_map(|one| one.learn.iter().map(move |rule| (one, rule)));
        rules.any(|(entity, rule)| teaches(entity, rule) && !learnt_later(rule, stack))
    };
    match moment {
        Trigger::AfterAnswered { call } | Trigger::BeforeSent { call } => made_later(call, stack),
        Trigger::Happens { event } => !rules(&|_, rule| rule.tells(event)),
        Trigger::Becomes { entity, field, .. } => {
            !rules(&|one, rule| one.name == *entity && rule.set.contains_key(field))
        }
        Trigger::Reaches { entity, status } => {
            let kind = stack.entities.get(entity);
            let status_of = kind.and_then(|kind| kind.status.as_ref());
            let begins = status_of.is_some_and(|one| one.first.as_ref() == Some(status));
            let field = status_of.map(|status| &status.field);
            let sets = |rule: &Learn| field.is_some_and(|field| rule.set.contains_key(field));
            !begins && !rules(&|one, rule| one.name == *entity && sets(rule))
        }
    }
}

fn learnt_later(rule: &Learn, stack: &Stack) -> bool {
    match &rule.evidence {
        Evidence::Call(call) | Evidence::Probe { after: call, .. } => made_later(call, stack),
        Evidence::Poll { .. } | Evidence::Sql { .. } | Evidence::Log { .. } => true,
    }
}

fn made_later(call: &str, stack: &Stack) -> bool {
    let call = stack.calls.get(call);
    call.is_some_and(|call| later(&call.client, stack))
}

/// Whether a client may go on when the requests of the workloads are answered: it is neither the workload itself nor the
/// service that it asks, which may do what it does before it answers, nor one that is asked for that in turn.
fn later(client: &str, stack: &Stack) -> bool {
    if client == WORKLOAD {
        return false;
    }
    let asked = stack.workloads.values().filter_map(|workload| {
        let host = workload.url.split("://").nth(1).unwrap_or_default();
        let end = host.find([':', '/']).unwrap_or(host.len());
        stack.host(WORKLOAD, &host[..end])
    });
    let mut reached: Vec<&str> = asked.collect();
    let mut next = 0;
    while let Some(service) = reached.get(next).copied() {
        next += 1;
        for call in stack.calls.values().filter(|call| call.client == service) {
            if !reached.contains(&call.service.as_str()) {
                reached.push(&call.service);
            }
        }
    }
    !reached.contains(&client)
}
