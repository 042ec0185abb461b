//! Carries out the steps of a plan, one after the other.

use super::Setup;
use super::deeds::Deeds;
use super::record::{Record, State};
use super::worked::{Counts, Worked};
use crate::gateway::{CallPattern, Command, WORKLOAD};
use crate::history::CUT_SHORT;
use crate::observe::Observers;
use crate::plan::{Effect, Fault, Pace, Planned, Step, Trigger};
use crate::runtime::{Failure, Runtime};
use crate::stack::{Entity, Evidence, Learn, Stack};
use crate::{duration, workload};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// How long a gateway may take to stop for a new fault.
const ARM_WITHIN: Duration = Duration::from_secs(10);

/// How long healing waits for what faults are about to do; longer than a service takes that must be killed after it was
/// asked to end.
const DEEDS_WITHIN: Duration = Duration::from_secs(30);

/// How long an entity whose id turns out to be a secret may go by two names, by the one and by what stands for it, while it is
/// waited for.
const ONE_NAME_WITHIN: Duration = Duration::from_secs(1);

/// How many entities a message names before it only counts.
const MAX_NAMED: usize = 5;

/// How many requests of each workload were begun.
pub(super) type Begun = Mutex<HashMap<String, u64>>;

pub(super) struct Steps<'a> {
    pub setup: &'a Setup,
    pub runtime: &'a Arc<dyn Runtime>,
    pub record: &'a Arc<Record>,
    pub deeds: &'a Deeds,
    pub commands: &'a mpsc::UnboundedSender<Command>,
    pub observers: &'a Observers,
}

/// Tells the gateway which requests have names, and at which of them it stops for probes.
pub(super) fn name_calls(
    stack: &Stack,
    record: &Record,
    commands: &mpsc::UnboundedSender<Command>,
) {
    let pattern = |call: &crate::stack::Call| CallPattern {
        name: call.name.clone(),
        client: call.client.clone(),
        service: call.service.clone(),
        method: call.method.clone(),
        path: call.path.clone(),
    };
    let calls = stack.calls.values().map(pattern).collect();
    let _ = commands.send(Command::Calls { calls });
    let stops = record.stops();
    let _ = commands.send(Command::Watch { stops });
}

impl Steps<'_> {
    /// Plays all steps. Gives what was waited for in vain.
    ///
    /// # Errors
    /// When the environment broke.
    pub async fn play(&self) -> Result<Vec<String>, Failure> {
        let mut unmet = Vec::new();
        let begun = Begun::default();
        for planned in &self.setup.plan.steps {
            unmet.extend(self.carry_out(planned, &begun).await?);
        }
        if let Some(live) = &self.setup.live {
            self.obey(live).await;
        }
        Ok(unmet)
    }

    /// Carries out one step. Gives what it waited for in vain.
    ///
    /// # Errors
    /// When the environment broke.
    pub async fn carry_out(
        &self,
        planned: &Planned,
        begun: &Begun,
    ) -> Result<Option<String>, Failure> {
        match &planned.step {
            Step::Stack(_) => {}
            Step::Fault(fault) => self.arm(fault, &planned.text).await?,
            Step::Work {
                workload,
                times,
                pace,
            } => {
                let so_far = self.record.look(|state| {
                    let worked = state.worked.get(workload).map(Worked::counts);
                    (worked.unwrap_or_default(), state.struck)
                });
                self.work(workload, *times, *pace, begun).await?;
                return Ok(self.in_vain(workload, so_far, planned));
            }
            Step::AllFinal { entity, within } => {
                return Ok(self.all_final(entity, *within, planned).await);
            }
            Step::Heal => self.heal().await?,
            // What is judged is judged at the end, on the whole history.
            Step::EveryInvariant | Step::Invariant(_) | Step::AtLeast { .. } => {}
        }
        Ok(None)
    }

    /// Where a workload reaches a port of a host.
    pub fn reach(&self, host: &str, port: u16) -> Option<SocketAddr> {
        let service = self.setup.stack.host(WORKLOAD, host)?;
        self.runtime.address(WORKLOAD, service, port)
    }

    async fn arm(&self, fault: &Fault, text: &str) -> Result<(), Failure> {
        let moments = [&fault.trigger, &fault.until].into_iter().flatten();
        let teachers = moments
            .flat_map(|trigger| teachers(&self.setup.stack, trigger))
            .collect();
        let operation = match &fault.effect {
            Effect::Operation { operation, .. } => self.setup.stack.operations.get(operation),
            _ => None,
        };
        let operation = operation.cloned();
        self.record.arm(fault, text, teachers, operation);
        let _ = self.commands.send(Command::Watch {
            stops: self.record.stops(),
        });
        let deadline = Instant::now() + ARM_WITHIN;
        if !self.record.until(deadline, Record::all_armed).await {
            return Err(Failure::new(format!(
                "the gateway did not arm `{text}` within {} s",
                ARM_WITHIN.as_secs()
            )));
        }
        match self.record.at_once() {
            Some(deed) => self.deeds.carry_out(&deed, None).await,
            None => Ok(()),
        }
    }

    async fn work(&self, name: &str, times: u64, pace: Pace, begun: &Begun) -> Result<(), Failure> {
        let first = {
            let mut begun = begun.lock().expect("no panic while it is held");
            let so_far = begun.entry(name.to_owned()).or_default();
            *so_far += times;
            *so_far - times
        };
        let resolve = |host: &str, port| self.reach(host, port);
        let sink = {
            let record = self.record.clone();
            Arc::new(move |what| record.append(what)) as _
        };
        let stack = &self.setup.stack;
        workload::run(
            &stack.filled(&stack.workloads[name]),
            (first, times, pace),
            self.setup.seed,
            &resolve,
            &sink,
        )
        .await
        .map_err(|e| Failure::new(format!("workload `{name}`: {e}")))
    }

    /// What is to be said of a step whose requests all failed, where earlier ones of the workload did not and no fault was at
    /// work: what the scenario is about has not come to pass. `before` is how they went, and how often faults had struck.
    fn in_vain(
        &self,
        name: &str,
        (before, struck): (Counts, u64),
        planned: &Planned,
    ) -> Option<String> {
        self.record.look(|state| {
            let calm = state.struck == struck && !state.judge.troubled();
            let last = state.worked.get(name)?.in_vain_since(before);
            let last = last.filter(|_| calm)?;
            let (text, place) = (&planned.text, &planned.place);
            Some(format!(
                "`{text}` ({place}): nothing was accepted; last: {last}"
            ))
        })
    }

    /// Waits until every entity of a kind is final. Ends early once something is violated that settles the verdict.
    async fn all_final(&self, entity: &str, within: Duration, planned: &Planned) -> Option<String> {
        let unfinished = |judge: &crate::invariant::Judge| -> Vec<String> {
            let entities = judge.entities();
            let all = entities.records(entity).map(|(id, _)| id.to_owned());
            all.filter(|id| !entities.is_final(entity, id)).collect()
        };
        let some =
            |judge: &crate::invariant::Judge| judge.entities().records(entity).next().is_some();
        let decisive = self.setup.decisive();
        let over = |state: &State| {
            let judge = &state.judge;
            judge.broken(&decisive).is_some() || (some(judge) && unfinished(judge).is_empty())
        };
        let deadline = Instant::now() + within;
        loop {
            let until = deadline.min(Instant::now() + ONE_NAME_WITHIN);
            let over = self.record.until(until, over).await;
            // What had two names until now may be neither unfinished nor broken.
            let renamed = self.record.hide_new(|| self.setup.judge());
            if (over && !renamed) || Instant::now() >= deadline {
                break;
            }
        }
        let left = self.record.look(|state| unfinished(&state.judge));
        let text = format!("`{}` ({})", planned.text, planned.place);
        if !self.record.look(|state| some(&state.judge)) {
            return Some(format!("{text}: no {entity} was ever seen"));
        }
        if left.is_empty() {
            return None;
        }
        let broken = |state: &State| state.judge.broken(&decisive).map(str::to_owned);
        if let Some(broken) = self.record.look(broken) {
            // What follows may mend it, and could then seem to have been in time, for all that those could tell who look
            // only now and then.
            self.observers.look_now().await;
            super::phase(self.record, CUT_SHORT);
            self.record.note(&format!(
                "{text}: waited no longer once `{broken}` was violated; {} not final then",
                left.len()
            ));
            return None;
        }
        let named = left
            .iter()
            .take(MAX_NAMED)
            .cloned()
            .collect::<Vec<_>>()
            .join(", ");
        let more = if left.len() > MAX_NAMED { ", ..." } else { "" };
        let (count, within) = (left.len(), duration::print(within));
        let struck = [self.deeds.struck(), self.record.hanging()].concat();
        let down = match struck[..] {
            [] => String::new(),
            ref struck => format!("; until `all faults are healed`, {}", struck.join(", ")),
        };
        Some(format!(
            "{text}: {count} not final after {within}: {entity} {named}{more}{down}"
        ))
    }

    /// Ends every fault, lets go of what hangs, and brings back what is down.
    ///
    /// # Errors
    /// When a service does not come back.
    pub async fn heal(&self) -> Result<(), Failure> {
        // What was set off before is done first: done afterwards, nobody would undo it.
        let deadline = Instant::now() + DEEDS_WITHIN;
        self.record.until(deadline, Record::idle).await;
        self.record.heal();
        self.deeds.heal().await
    }
}

/// The calls whose answers can teach what a trigger waits for.
fn teachers(stack: &Stack, trigger: &Trigger) -> Vec<String> {
    let rules = stack
        .entities
        .values()
        .flat_map(|entity| entity.learn.iter().map(move |rule| (entity, rule)));
    let teaches = |(entity, rule): &(&Entity, &Learn)| match trigger {
        Trigger::AfterAnswered { .. } | Trigger::BeforeSent { .. } => false,
        Trigger::Reaches { entity: kind, .. } => {
            let field = entity.status.as_ref().map(|status| &status.field);
            entity.name == *kind && field.is_some_and(|field| rule.set.contains_key(field))
        }
        Trigger::Becomes {
            entity: kind,
            field,
            ..
        } => entity.name == *kind && rule.set.contains_key(field),
        Trigger::Happens { event } => rule.tells(event),
    };
    let calls = rules
        .filter(teaches)
        .filter_map(|(_, rule)| match &rule.evidence {
            // What the caller was told is known only when it cannot be stopped any more.
            Evidence::Call(_) if rule.reads_seen() => None,
            Evidence::Call(call) | Evidence::Probe { after: call, .. } => Some(call.clone()),
            Evidence::Poll { .. } | Evidence::Sql { .. } | Evidence::Log { .. } => None,
        });
    calls.collect()
}
