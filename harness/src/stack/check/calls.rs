//! Calls between services that exist, and what is polled by them.

use super::{keys, service};
use crate::gateway::WORKLOAD;
use crate::problem::{Problem, Problems};
use crate::stack::Stack;

pub(super) fn check(stack: &Stack, problems: &mut Problems) {
    for operation in stack.operations.values() {
        if !stack.calls.contains_key(&operation.poll) {
            let (place, known) = (&operation.place, keys(&stack.calls));
            problems.push(Problem::unknown(place, "call", &operation.poll, known));
        }
    }
    for call in stack.calls.values() {
        service(stack, &call.service, &call.place, problems);
        if call.client != WORKLOAD && !stack.services.contains_key(&call.client) {
            let clients = keys(&stack.services).chain([WORKLOAD]);
            problems.push(Problem::unknown(
                &call.place,
                "client",
                &call.client,
                clients,
            ));
        }
        if stack
            .services
            .get(&call.service)
            .is_some_and(|service| service.ports.is_empty())
        {
            let what = format!(
                "service `{}` has no port that anybody could call",
                call.service
            );
            problems.push(
                Problem::at(&call.place, what).help("declare it with `expose` in the compose file"),
            );
        }
    }
}
