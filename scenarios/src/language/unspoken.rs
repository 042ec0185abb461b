//! Faults on statements of stacks in which nothing tells of PostgreSQL.

use shakedown_harness::plan::{Effect, Plan, Step};
use shakedown_harness::problem::Problem;
use shakedown_harness::stack::{Protocol, Service, Stack};

/// PostgreSQL's own port.
const PORT: u16 = 5432;
/// What its URLs begin with.
const URLS: [&str; 2] = ["postgres://", "postgresql://"];

/// A warning for each fault on a statement, where no port is declared to speak PostgreSQL and nothing else hints at it.
pub fn unspoken(plan: &Plan, stack: &Stack) -> Vec<Problem> {
    if stack.services.values().any(hints) {
        return Vec::new();
    }
    let statements = plan.steps.iter().filter(|planned| match &planned.step {
        Step::Fault(fault) => matches!(fault.effect, Effect::Statement { .. }),
        _ => false,
    });
    let warning = statements.map(|planned| {
        let what = "nothing in this stack tells of PostgreSQL: no statement may come that this fault could strike";
        let help = "say `x-shakedown: {ports: {PORT: postgres}}` at the database in the compose file";
        Problem::at(&planned.place, what).help(help)
    });
    warning.collect()
}

fn hints(service: &Service) -> bool {
    let told = service.environment.values().chain(&service.sql);
    let mut ports = service.ports.iter();
    ports.any(|(port, protocol)| *port == PORT || *protocol == Protocol::Postgres)
        || told
            .into_iter()
            .any(|text| URLS.iter().any(|url| text.contains(url)))
}
