//! What is seen of a running stack, in words.

use shakedown_harness::duration::seconds;
use shakedown_harness::engine::{Door, Sight};
use shakedown_harness::entity::Fact;
use shakedown_harness::history::{Asked, Event, ExchangeId, FaultMoment, Seen, ServiceState, What};
use std::collections::{BTreeMap, HashMap};

/// What has been seen so far.
#[derive(Default)]
pub struct Sights {
    /// Where services are reached.
    pub doors: Vec<Door>,
    /// What is known of each entity, by its kind and id.
    pub entities: BTreeMap<(String, String), Known>,
    /// Named calls that are under way, with when they were asked.
    asked: HashMap<ExchangeId, (Asked, u64)>,
    last_ns: u64,
}

/// What is known of an entity.
#[derive(Default)]
pub struct Known {
    status: Option<String>,
    fields: BTreeMap<String, String>,
    /// How often each happened.
    events: BTreeMap<String, u64>,
}

impl Sights {
    /// Takes note of one. Gives it in words where it is worth showing.
    pub fn see(&mut self, sight: Sight) -> Option<String> {
        match sight {
            Sight::Up { doors, .. } => {
                self.doors = doors;
                None
            }
            Sight::Event(event) => {
                self.last_ns = event.at_ns;
                let text = self.event(*event)?;
                Some(self.timed(&text))
            }
            Sight::Fact(fact) => {
                let key = (fact.entity.clone(), fact.id.clone());
                let known = self.entities.entry(key).or_default();
                known.learn(&fact);
                let is = fact.statuses.iter().map(|status| format!("is {status}"));
                let event = fact
                    .event
                    .iter()
                    .map(|event| format!("\"{event}\" happened"));
                let news: Vec<String> = is.chain(event).collect();
                let (entity, id) = (&fact.entity, &fact.id);
                (!news.is_empty())
                    .then(|| self.timed(&format!("{entity} {id}: {}", news.join(", "))))
            }
            Sight::Broken(name) => {
                Some(self.timed(&format!("VIOLATED `{name}` (`check` tells why)")))
            }
        }
    }

    fn timed(&self, text: &str) -> String {
        format!("  +{}  {text}", seconds(self.last_ns))
    }

    fn event(&mut self, event: Event) -> Option<String> {
        match event.what {
            What::Asked(asked) if asked.call.is_some() => {
                self.asked.insert(asked.exchange, (asked, event.at_ns));
                None
            }
            What::Delivered { exchange, seen, .. } => {
                let (asked, since_ns) = self.asked.remove(&exchange)?;
                let took = seconds(event.at_ns.saturating_sub(since_ns));
                let ids: Vec<String> = asked
                    .captures
                    .iter()
                    .map(|(entity, id)| format!(" {entity}={id}"))
                    .collect();
                Some(format!(
                    "{} -> {}  {}{}  {}  {took}",
                    asked.client,
                    asked.service,
                    asked.call.unwrap_or_default(),
                    ids.concat(),
                    told(&seen),
                ))
            }
            What::Service {
                service,
                state,
                detail,
            } => {
                let detail = detail
                    .map(|detail| format!(" ({detail})"))
                    .unwrap_or_default();
                Some(format!("{service} {}{detail}", stands(state)))
            }
            What::Fault { text, moment, .. } => {
                let word = match moment {
                    FaultMoment::Applied => "applied",
                    FaultMoment::Felt => "felt",
                    FaultMoment::Ended => "over",
                    FaultMoment::Armed | FaultMoment::Matched | FaultMoment::Reached => {
                        return None;
                    }
                };
                Some(format!("fault {word}: {text}"))
            }
            _ => None,
        }
    }

    /// What is known of the entities, or of those of one kind, a line for each.
    pub fn entities(&self, wanted: Option<&str>) -> Vec<String> {
        let known = self.entities.iter();
        let known = known.filter(|((kind, _), _)| wanted.is_none_or(|wanted| wanted == kind));
        known
            .map(|((kind, id), known)| format!("  {kind} {id}: {}", known.words().join(" ")))
            .collect()
    }
}

impl Known {
    fn learn(&mut self, fact: &Fact) {
        self.status = fact.statuses.last().or(self.status.as_ref()).cloned();
        for (field, value) in &fact.fields {
            self.fields.insert(field.clone(), value.to_string());
        }
        if let Some(event) = &fact.event {
            *self.events.entry(event.clone()).or_default() += 1;
        }
    }

    fn words(&self) -> Vec<String> {
        let status = self.status.iter().map(|status| format!("is {status}"));
        let fields = self.fields.iter();
        let fields = fields.map(|(field, value)| format!("{field}={value}"));
        let events = self.events.iter();
        let events = events.map(|(event, times)| match times {
            1 => format!("\"{event}\""),
            _ => format!("\"{event}\" {times} times"),
        });
        status.chain(fields).chain(events).collect()
    }
}

fn stands(state: ServiceState) -> &'static str {
    match state {
        ServiceState::Starting => "is starting",
        ServiceState::Ready => "is ready",
        ServiceState::Killed => "was killed",
        ServiceState::Stopped => "was stopped",
        ServiceState::Paused => "stands still",
        ServiceState::Resumed => "goes on",
        ServiceState::Exited => "ended by itself",
    }
}

fn told(seen: &Seen) -> String {
    match seen {
        Seen::Answer {
            status,
            altered: true,
            ..
        } => format!("{status} (by a fault)"),
        Seen::Answer { status, .. } => status.to_string(),
        Seen::Cut {
            status, body_bytes, ..
        } => format!("{status}, cut after {body_bytes} bytes"),
        Seen::Copy => "a copy".to_owned(),
        Seen::Reset => "connection reset".to_owned(),
        Seen::Left => "the caller left".to_owned(),
        Seen::Unreachable { reason } => format!("unreachable: {reason}"),
    }
}
