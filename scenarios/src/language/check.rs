//! What steps name must exist in their stack.

use serde_json::Value;
use shakedown_harness::gateway::WORKLOAD;
use shakedown_harness::plan::{
    Effect, Fault, OperationFault, Plan, Planned, ServiceFault, Step, Times, Trigger, Whom,
};
use shakedown_harness::problem::{Place, Problem, Problems};
use shakedown_harness::stack::{Entity, Protocol, Stack};

/// Checks all names in all plans against their stacks.
pub fn check<'s>(plans: &[&Plan], stacks: &dyn Fn(&str) -> Option<&'s Stack>) -> Problems {
    let mut problems = Problems::default();
    for plan in plans {
        match stacks(&plan.stack) {
            Some(stack) => {
                for planned in &plan.steps {
                    Checker {
                        stack,
                        place: &planned.place,
                        problems: &mut problems,
                    }
                    .step(planned);
                }
            }
            None => {
                let stack_step = plan
                    .steps
                    .iter()
                    .find(|planned| matches!(planned.step, Step::Stack(_)));
                let place = stack_step.map_or(&plan.place, |planned| &planned.place);
                problems.push(
                    Problem::at(place, format!("unknown stack `{}`", plan.stack))
                        .help("the file given with `--stack` describes another one"),
                );
            }
        }
    }
    problems
}

struct Checker<'c> {
    stack: &'c Stack,
    place: &'c Place,
    problems: &'c mut Problems,
}

impl Checker<'_> {
    fn step(&mut self, planned: &Planned) {
        let stack = self.stack;
        match &planned.step {
            Step::Stack(_) | Step::Heal | Step::EveryInvariant => {}
            Step::Fault(fault) => self.fault(fault),
            Step::Work { workload, .. } => self.known("workload", workload, stack.workloads.keys()),
            Step::Invariant(name) => self.known("invariant", name, stack.invariants.keys()),
            Step::AllFinal { entity, .. } => {
                self.known("entity", entity, stack.entities.keys());
                let finals = stack
                    .entities
                    .get(entity)
                    .map(|entity| entity.status.as_ref().map(|s| &s.finals));
                if finals.is_some_and(|finals| finals.is_none_or(Vec::is_empty)) {
                    let what =
                        format!("`{entity}` declares no final status, so it can never be final");
                    self.say(
                        what,
                        "add `status: {field: ..., final: [...]}` to it in the stack file",
                    );
                }
            }
            Step::AtLeast { entity, status, .. } => {
                self.known("entity", entity, stack.entities.keys());
                if let Some(entity) = stack
                    .entities
                    .get(entity)
                    .filter(|entity| !entity.moves.is_empty())
                {
                    self.known("status", status, entity.statuses());
                }
            }
        }
    }

    fn fault(&mut self, fault: &Fault) {
        let stack = self.stack;
        match &fault.effect {
            Effect::Call { call, .. } => self.call(call, &fault.whom),
            Effect::Operation {
                operation,
                fault: how,
            } => self.operation(operation, how, fault),
            Effect::Service {
                service,
                fault: how,
            } => {
                self.known("service", service, stack.services.keys());
                self.counted(fault, &format!("a service is {} once", how.word()));
                self.joined_once(service, *how, fault);
                self.comes_back(service, *how, fault);
                self.disk(service, *how);
            }
            Effect::Link { link, .. } => {
                let services = || stack.services.keys().map(String::as_str);
                self.known("client", &link.client, services().chain([WORKLOAD]));
                self.known("service", &link.service, services());
                self.counted(fault, "a link is bent once");
            }
            Effect::Statement { .. } => self.statement(fault),
            Effect::Connections { service } => self.connections(service, fault),
        }
        if fault.lasting.is_some() && !matches!(fault.effect, Effect::Link { .. }) {
            self.say(
                "a fault lasts for a time on links only".to_owned(),
                "say until which moment: `until \"CALL\" is answered`",
            );
        }
        if let (Some(_), Some(_)) = (&fault.lasting, &fault.until) {
            self.say(
                "a fault lasts for a time or until a moment, not both".to_owned(),
                "take one of them away",
            );
        }
        for moment in [&fault.trigger, &fault.until].into_iter().flatten() {
            match moment {
                Trigger::AfterAnswered { call } | Trigger::BeforeSent { call } => {
                    self.call(call, &fault.whom);
                }
                Trigger::Reaches { entity, status } => self.reaches(entity, status, &fault.whom),
                Trigger::Becomes {
                    entity,
                    field,
                    value,
                } => self.becomes((entity, field, value), &fault.whom),
                Trigger::Happens { event } => self.happens(event, &fault.whom),
            }
        }
        if let Some(entity) = fault.whom.entity() {
            self.known("entity", entity, stack.entities.keys());
        }
    }

    /// An operation that a fault strikes.
    fn operation(&mut self, name: &str, how: &OperationFault, fault: &Fault) {
        self.known("operation", name, self.stack.operations.keys());
        let Some(operation) = self.stack.operations.get(name) else {
            return;
        };
        self.call(&operation.poll, &fault.whom);
        if matches!(how, OperationFault::FailsWith { .. }) && operation.error.is_none() {
            let what = format!("`{name}` does not say where its error stands in an answer");
            self.say(what, "add `error: PATH` to it in the stack file");
        }
        if matches!(how, OperationFault::Takes { .. }) && fault.times != Times::Always {
            self.say(
                "an operation that takes its time does so at every poll; there is nothing to count"
                    .to_owned(),
                "take the count away",
            );
        }
    }

    /// A statement that a fault strikes.
    fn statement(&mut self, fault: &Fault) {
        if let Some(entity) = fault.whom.entity() {
            let what =
                format!("a statement names no {entity}, so it cannot be counted for one or each");
            self.say(what, "count for all: `the first 2 times`");
        }
        let mut ports = self
            .stack
            .services
            .values()
            .flat_map(|one| one.ports.values());
        let may_be = |protocol: &Protocol| match protocol {
            Protocol::Postgres | Protocol::Sniffed => true,
            Protocol::Http | Protocol::Tcp => false,
        };
        if !ports.any(may_be) {
            self.say(
                "no service of this stack speaks PostgreSQL, so there is no statement to strike"
                    .to_owned(),
                "say `x-shakedown: {ports: {5432: postgres}}` at the database in the compose file",
            );
        }
    }

    /// Connections that are dropped.
    fn connections(&mut self, name: &str, fault: &Fault) {
        self.known("service", name, self.stack.services.keys());
        self.counted(fault, "connections are dropped once");
        if fault.until.is_some() {
            self.say(
                "connections are dropped at one moment; there is nothing that could end".to_owned(),
                "take the `until` away, or cut the link: `the link \"CLIENT -> SERVICE\" is cut until ...`",
            );
        }
        let service = self.stack.services.get(name);
        if service.is_some_and(|service| service.ports.is_empty()) {
            let what = format!("`{name}` has no port, so nobody connects to it");
            self.say(what, "declare it in the compose file with `expose`");
        }
    }

    /// A call that a fault strikes or waits for.
    fn call(&mut self, call: &str, whom: &Whom) {
        self.known("call", call, self.stack.calls.keys());
        if let (Some(entity), Some(known)) = (whom.entity(), self.stack.calls.get(call))
            && self.stack.entities.contains_key(entity)
            && !known.path.contains(&format!("{{{entity}}}"))
        {
            let what = format!(
                "`{call}` cannot be counted for one {entity} or each: its path does not name it"
            );
            let help = self.countable(entity, &known.path);
            self.say(what, &help);
        }
    }

    /// What to do where the path of a call does not name an entity. A fault is decided before anybody has answered, so
    /// the `id` of a rule comes too late for it.
    fn countable(&self, entity: &str, path: &str) -> String {
        let name = format!("{{{entity}}}");
        if let Some((_, other)) = path.split_once('{')
            && let Some((other, _)) = other.split_once('}')
        {
            return format!(
                "if `{{{other}}}` is the {entity}'s id, call it `{name}` in the request; else count for all"
            );
        }
        let calls = self.stack.calls.values();
        let naming = calls.filter(|call| call.path.contains(&name));
        let naming: Vec<&str> = naming.map(|call| call.name.as_str()).collect();
        let all = format!(
            "the path of a call alone says for whom it counts, not the `id` of a rule: leave `for each {entity}` or `for \
             one {entity}` out"
        );
        match naming.is_empty() {
            true => all,
            false => format!(
                "{all}, or take a call whose path has {name}: `{}`",
                naming.join("`, `")
            ),
        }
    }

    /// What waits for no moment is done once.
    fn counted(&mut self, fault: &Fault, what: &str) {
        let once = matches!(fault.times, Times::Always | Times::First(1));
        if fault.trigger.is_none() && (fault.whom != Whom::All || !once) {
            self.say(
                format!("{what} at this step; there is nothing to count"),
                "say when: `after \"CALL\" is answered`",
            );
        }
    }

    /// There is one second instance of a service at most.
    fn joined_once(&mut self, service: &str, how: ServiceFault, fault: &Fault) {
        let once = match &fault.whom {
            Whom::All | Whom::One(_) => {
                matches!(fault.times, Times::First(1) | Times::Nth(_))
            }
            Whom::Each(_) => false,
        };
        if how == ServiceFault::Joined && fault.trigger.is_some() && !once {
            let what = format!("a second `{service}` starts once, and no third one does");
            self.say(what, "say `once`, or which time: `the 2nd time`");
        }
    }

    /// A service that comes back by itself cannot be kept down until a moment.
    fn comes_back(&mut self, service: &str, how: ServiceFault, fault: &Fault) {
        let known = self.stack.services.get(service);
        let restarts = known.is_some_and(|known| known.restarts.after(None));
        let by_itself = match how {
            ServiceFault::Restarted => true,
            ServiceFault::Killed => restarts,
            ServiceFault::Stopped
            | ServiceFault::Paused
            | ServiceFault::Joined
            | ServiceFault::DiskFull => false,
        };
        if fault.until.is_some() && by_itself {
            self.say(
                format!("`{service}` starts again at once, so it cannot stay down until a moment"),
                "say `is stopped`, or take its `restart` policy away",
            );
        }
    }

    /// Only a disk whose size is known can be filled.
    fn disk(&mut self, name: &str, how: ServiceFault) {
        let service = self.stack.services.get(name);
        if let (ServiceFault::DiskFull, Some(service)) = (how, service)
            && service.disk.is_none()
        {
            let what = format!("`{name}` declares no disk, and what has no bound is never full");
            let help = format!(
                "add `x-shakedown: {{disk: {{path: /data, size: 16 MB}}}}` to it ({}), with the path that it writes to",
                service.place
            );
            self.say(what, &help);
        }
    }

    /// A trigger that waits for a status.
    fn reaches(&mut self, entity: &str, status: &str, whom: &Whom) {
        self.known("entity", entity, self.stack.entities.keys());
        self.same(entity, whom);
        let Some(kind) = self.stack.entities.get(entity) else {
            return;
        };
        let field = kind.status.as_ref().map(|status| &status.field);
        if !field.is_some_and(|field| kind.learn.iter().any(|rule| rule.set.contains_key(field))) {
            let what = format!("nothing teaches the status of `{entity}`, so it can reach none");
            self.say(what, "add `status` to it, and a rule that sets that field");
        } else if !kind.moves.is_empty() {
            self.known("status", status, kind.statuses());
        }
        let known = kind.moves.is_empty() || kind.statuses().contains(&status);
        if let Some(field) = field.filter(|_| known) {
            self.can_be(kind, field, &status.into());
        }
    }

    /// A trigger that waits for a field.
    fn becomes(&mut self, (entity, field, value): (&str, &str, &Value), whom: &Whom) {
        self.known("entity", entity, self.stack.entities.keys());
        self.same(entity, whom);
        if let Some(kind) = self.stack.entities.get(entity) {
            let taught = kind.learn.iter().flat_map(|rule| rule.set.keys());
            self.known("field", field, taught);
            self.can_be(kind, field, value);
        }
    }

    /// Whether a field can have a value, where rules give it nothing but constants.
    fn can_be(&mut self, kind: &Entity, field: &str, value: &Value) {
        let constants = kind.constants(field);
        if let Some(known) = constants.filter(|known| !known.contains(value)) {
            let known: Vec<String> = known.iter().map(Value::to_string).collect();
            let what = format!("`{field}` of {} can never be {value}", kind.name);
            self.say(
                what,
                &format!("its rules set it to {} alone", known.join(", ")),
            );
        }
    }

    /// A trigger that waits for an event.
    fn happens(&mut self, event: &str, whom: &Whom) {
        let entities = || self.stack.entities.values();
        let teller = entities().find(|entity| entity.events().any(|told| told == event));
        self.known("event", event, entities().flat_map(Entity::events));
        if let Some(entity) = teller {
            self.same(&entity.name, whom);
        }
    }

    /// What is counted for each entity of a kind can only be set off by entities of that kind.
    fn same(&mut self, entity: &str, whom: &Whom) {
        if let Some(counted) = whom.entity().filter(|counted| *counted != entity) {
            let what =
                format!("the moment is one of a {entity}, but the fault counts for a {counted}");
            self.say(what, &format!("count for each {entity}, or for all"));
        }
    }

    fn known<'n, N: AsRef<str> + ?Sized + 'n>(
        &mut self,
        noun: &str,
        name: &str,
        known: impl IntoIterator<Item = &'n N>,
    ) {
        let known: Vec<&str> = known.into_iter().map(AsRef::as_ref).collect();
        if !known.contains(&name) {
            self.problems
                .push(Problem::unknown(self.place, noun, name, known));
        }
    }

    fn say(&mut self, what: String, help: &str) {
        self.problems.push(Problem::at(self.place, what).help(help));
    }
}
