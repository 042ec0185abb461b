//! Calls that their callees had and never answered, or have not answered yet: what they did is not known to rules that learn
//! from the answer.

use super::basis::Basis;
use super::finding::{Breach, Fate, Tale};
use crate::count::times;
use crate::duration::seconds;
use crate::entity::Kind;
use crate::history::{Asked, Captures};
use indexmap::{IndexMap, IndexSet};

/// Those of one run.
#[derive(Default)]
pub(super) struct Unanswered {
    calls: Vec<Call>,
}

/// A named call.
#[derive(Clone)]
pub(super) struct Call {
    pub name: String,
    pub service: String,
    /// The ids in its path, as they count.
    pub captures: Captures,
    pub asked_ns: u64,
    /// Its answer has come.
    pub answered: bool,
}

impl Unanswered {
    /// One more.
    pub fn add(&mut self, call: Call) {
        self.calls.push(call);
    }

    /// All of them.
    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        self.calls.iter()
    }

    /// What is broken for want of something that such a call may have done cannot be told, and nothing can of what came
    /// when such a call may have ended the scope. `under_way` are those whose answers may still come. `lasting`: more
    /// evidence of the rest changes nothing.
    pub fn doubt<'a>(
        &'a self,
        under_way: impl Iterator<Item = &'a Call>,
        (basis, lasting): (&Basis, bool),
        kind: &Kind,
        tale: &mut Tale,
    ) {
        let waiting = under_way.filter(|call| !call.answered);
        let waiting: Vec<(&Call, &str)> = waiting.map(|call| (call, "had no answer yet")).collect();
        let never = self.calls.iter().map(|call| (call, "was never answered"));
        let calls: Vec<(&Call, &str)> = never.chain(waiting).collect();
        if calls.is_empty() {
            return;
        }
        let undermines = |call: &Call| {
            basis.ending.contains(&call.name) || !lasting && basis.calls.contains(&call.name)
        };
        for (number, fate) in tale.fates.iter_mut().enumerate() {
            let Fate::Broken(breach) = fate else {
                continue;
            };
            let about = |call: &Call| {
                call.about(&kind.entity().name, kind.view(number).id) && call.before(breach)
            };
            let mut calls = calls.iter().filter(|(call, _)| undermines(call));
            if let Some((call, answer)) = calls.find(|(call, _)| about(call)) {
                let why = format!(
                    "{}, but the call \"{}\" at +{} reached `{}` and {answer}: what it did is not known",
                    breach.why,
                    call.name,
                    seconds(call.asked_ns),
                    call.service
                );
                *fate = Fate::Unknown(why.into());
            }
        }
    }

    /// What is to be said of these invariants, each with the kind of entity that it is for: none is broken, as far as is
    /// known, and what such a call may have done could break them.
    pub fn notes<'a>(
        &self,
        held: impl Iterator<Item = (&'a str, &'a Basis, &'a str)>,
    ) -> Vec<String> {
        let mut resting: IndexMap<String, Vec<&str>> = IndexMap::new();
        for (name, basis, kind) in held {
            let calls = self.breaking(basis).map(|call| call.name.as_str());
            let calls: IndexSet<&str> = calls.collect();
            for call in calls {
                resting.entry(self.told(call, kind)).or_default().push(name);
            }
        }
        let note = |(told, names): (String, Vec<&str>)| {
            let names = names.join("`, `");
            format!(
                "{told}: whether it did its work is not known to what rests on its answer (`{names}`)"
            )
        };
        resting.into_iter().map(note).collect()
    }

    /// How often a call was not answered, and for whom.
    fn told(&self, name: &str, kind: &str) -> String {
        let calls: Vec<&Call> = self.calls.iter().filter(|call| call.name == name).collect();
        let ids: Vec<&str> = calls
            .iter()
            .filter_map(|call| call.captures.get(kind).map(String::as_str))
            .collect();
        let whose = match ids.is_empty() {
            true => String::new(),
            false => format!(" ({kind} {})", ids.join(", ")),
        };
        let service = calls.first().map(|call| call.service.as_str());
        format!(
            "the call \"{name}\" {} reached `{}` and was never answered{whose}",
            times(calls.len() as u64),
            service.unwrap_or_default()
        )
    }

    /// Those that may have broken an invariant.
    fn breaking<'a>(&'a self, basis: &'a Basis) -> impl Iterator<Item = &'a Call> {
        let all = self.calls.iter();
        all.filter(|call| basis.breaking.contains(&call.name))
    }
}

impl Call {
    /// `None`: the request has no name.
    pub fn new(asked: &Asked, captures: Captures, asked_ns: u64) -> Option<Call> {
        Some(Call {
            name: asked.call.clone()?,
            service: asked.service.clone(),
            captures,
            asked_ns,
            answered: false,
        })
    }

    fn about(&self, kind: &str, id: &str) -> bool {
        self.captures.get(kind).is_some_and(|own| own == id)
    }

    /// Whether it was asked before something broke.
    fn before(&self, breach: &Breach) -> bool {
        breach.at_ns().is_none_or(|broken| self.asked_ns < broken)
    }
}
