//! A condition on entities that is worked out once for each combination of values that it reads.
//!
//! A condition is a function of what it reads and of nothing else, so its answer is looked up where the same values have
//! been seen before, for whichever entity. Values that cannot be told apart by a glance (lists, objects) are compared by
//! when they last changed.

use crate::entity::{Atom, Input, Kind, Moment, View};
use crate::expression::{Expression, Scope, Truth};
use foldhash::fast::RandomState;
use std::collections::HashMap;

/// The most inputs by which answers are remembered.
const MAX_INPUTS: usize = 4;
/// The most answers that are remembered: numbers may be different each time.
const MAX_ANSWERS: usize = 1 << 14;

pub(super) struct Condition {
    expression: Expression,
    inputs: Vec<Input>,
    answers: HashMap<[Atom; MAX_INPUTS], Truth, RandomState>,
    /// By entity, where there are no atoms: when what it reads last changed, and the answer.
    last: HashMap<usize, (u64, u64, Truth), RandomState>,
    /// How often it was really evaluated.
    #[cfg(test)]
    pub evaluated: u64,
}

impl Condition {
    pub fn new(expression: Expression, kind: &mut Kind) -> Condition {
        let inputs = kind.inputs(&expression);
        Condition {
            expression,
            inputs,
            answers: HashMap::default(),
            last: HashMap::default(),
            #[cfg(test)]
            evaluated: 0,
        }
    }

    pub fn text(&self) -> &str {
        self.expression.text()
    }

    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// The event that is all that it waits for: it holds if that has happened, and not before.
    pub fn sole_event(&self) -> Option<usize> {
        let [Input::Event(event)] = self.inputs[..] else {
            return None;
        };
        let mut scope = Scope::new();
        let before = self.expression.test(&scope);
        for name in self.expression.events() {
            scope.happened(&name);
        }
        let after = self.expression.test(&scope);
        (before == Truth::False && after == Truth::True).then_some(event)
    }

    /// Whether it holds for an entity now.
    pub fn test(&mut self, view: &View<'_>) -> Truth {
        let Some(atoms) = self.atoms(view) else {
            return self.test_unlike(view);
        };
        if let Some(truth) = self.answers.get(&atoms) {
            return truth.clone();
        }
        let truth = self.evaluate(view);
        if self.answers.len() == MAX_ANSWERS {
            self.answers.clear();
        }
        self.answers.insert(atoms, truth.clone());
        truth
    }

    /// Whether what is waited for is there. Where not everything was told, what is not known may be so.
    pub fn met(&mut self, view: &View<'_>) -> Truth {
        match self.test(view) {
            Truth::Unset(why) if !view.has_beginning() => Truth::Unknown(why),
            truth => truth,
        }
    }

    /// Whether it would hold now without what the events of these numbers told.
    pub fn test_without(&self, view: &View<'_>, without: &[u64]) -> Truth {
        let truth = self.test_told(view, without);
        let untold = match view.is_whole() {
            true => Vec::new(),
            false => self.untold(view),
        };
        match untold.first() {
            Some(event) if !self.stays_without(view, without, &truth) => {
                let event = view.event_name(*event);
                let why = format!("whether `{event}` happened before the data begins is not known");
                Truth::Unset(why.into())
            }
            _ => truth,
        }
    }

    /// Whether only an event that may have happened before the data begins makes it unknown.
    pub fn hangs_on_the_past(&self, view: &View<'_>) -> bool {
        let events = || self.inputs.iter().any(|i| matches!(i, Input::Event(_)));
        !view.is_whole()
            && events()
            && matches!(self.test_told(view, &[]), Truth::True | Truth::False)
    }

    /// Whether it comes to the same whichever of the events had happened of which nobody has told.
    pub fn stays(&self, view: &View<'_>, truth: &Truth) -> bool {
        self.stays_without(view, &[], truth)
    }

    /// Whether it may come to something else with these inputs told anew: events have happened then, and fields are anything.
    pub fn turns(&self, view: &View<'_>, truth: &Truth, told: &[Input]) -> bool {
        let mut scope = view.scope(&self.inputs, &[]);
        for input in told {
            match *input {
                Input::Field(_) => return true,
                Input::Event(event) => scope.happened(view.event_name(event)),
            }
        }
        self.expression.test(&scope) != *truth
    }

    /// What it reads of an entity, with its values.
    pub fn values(&self, view: &View<'_>) -> String {
        let fields = self.inputs.iter().filter_map(|input| match *input {
            Input::Field(field) => view.said(field),
            Input::Event(_) => None,
        });
        fields.collect::<Vec<_>>().join(", ")
    }

    /// Whether it holds by what was told, as if nothing else had happened.
    fn test_told(&self, view: &View<'_>, without: &[u64]) -> Truth {
        self.expression.test(&view.scope(&self.inputs, without))
    }

    /// The events that it reads and of which nobody has told.
    fn untold(&self, view: &View<'_>) -> Vec<usize> {
        let events = self.inputs.iter().filter_map(|input| match *input {
            Input::Event(event) if view.learnt(*input).is_none() => Some(event),
            _ => None,
        });
        events.collect()
    }

    fn stays_without(&self, view: &View<'_>, without: &[u64], truth: &Truth) -> bool {
        let events = self.untold(view);
        // With many events, few of all cases would be looked at in reasonable time.
        events.len() <= MAX_INPUTS
            && (0..1 << events.len()).all(|case: usize| {
                let mut scope = view.scope(&self.inputs, without);
                for (n, event) in events.iter().enumerate() {
                    if case >> n & 1 == 1 {
                        scope.happened(view.event_name(*event));
                    }
                }
                self.expression.test(&scope) == *truth
            })
    }

    fn atoms(&self, view: &View<'_>) -> Option<[Atom; MAX_INPUTS]> {
        if self.inputs.len() > MAX_INPUTS {
            return None;
        }
        let mut atoms = [Atom::UNSET; MAX_INPUTS];
        for (atom, input) in atoms.iter_mut().zip(&self.inputs) {
            *atom = view.atom(*input)?;
        }
        Some(atoms)
    }

    fn test_unlike(&mut self, view: &View<'_>) -> Truth {
        let changed = self.inputs.iter().map(|input| view.changed(*input));
        let latest = changed.max().unwrap_or_default();
        // Where a scope begins again, others have happened.
        let inputs = self.inputs.iter().enumerate();
        let events = inputs.filter(|(_, input)| matches!(input, Input::Event(_)));
        let happened = events.fold(0, |all, (n, input)| all | view.changed(*input) << (n % 63));
        let happened = happened | u64::from(view.is_whole()) << 63;
        if let Some((then, events, truth)) = self.last.get(&view.number)
            && (*then, *events) == (latest, happened)
        {
            return truth.clone();
        }
        let truth = self.evaluate(view);
        self.last
            .insert(view.number, (latest, happened, truth.clone()));
        truth
    }

    fn evaluate(&mut self, view: &View<'_>) -> Truth {
        #[cfg(test)]
        {
            self.evaluated += 1;
        }
        self.test_without(view, &[])
    }
}

/// The shortest list of what was learnt without any one of which `proven` would not be so any more. It is asked about
/// lists of events that are left out. Where nothing that was learnt matters, what was seen last. What the beginning of a
/// scope tells is part of a proof anyway, and so is what it has become since.
pub(super) fn proof(
    view: &View<'_>,
    inputs: &[Input],
    proven: impl Fn(&[u64]) -> bool,
) -> Vec<Moment> {
    let begun = inputs.iter().filter(|input| view.was_told(**input));
    proof_since(view, inputs, &begun.copied().collect::<Vec<_>>(), proven)
}

/// The same where the beginning of a scope tells of these inputs.
pub(super) fn proof_since(
    view: &View<'_>,
    inputs: &[Input],
    begun: &[Input],
    proven: impl Fn(&[u64]) -> bool,
) -> Vec<Moment> {
    let fixed = learnt(view, begun);
    let mut needed = learnt(view, inputs);
    let mut needless: Vec<u64> = Vec::new();
    // What can be left out may depend on what is left out already.
    loop {
        let before = needed.len();
        needed.retain(|event| {
            if fixed.contains(event) {
                return true;
            }
            needless.push(*event);
            let kept = !proven(&needless);
            if kept {
                needless.pop();
            }
            kept
        });
        if needed.len() == before {
            break;
        }
    }
    let told = needed.iter().filter_map(|event| view.told(inputs, *event));
    let mut moments: Vec<Moment> = told.collect();
    if moments.is_empty() {
        moments.push(view.last());
    }
    moments
}

/// The same list, told event by event: what is left out after each of those that are not.
pub(super) fn stages(view: &View<'_>, inputs: &[Input], without: &[u64]) -> Vec<Vec<u64>> {
    let mut kept = learnt(view, inputs);
    kept.retain(|event| !without.contains(event));
    let stage = |n: usize| [without, &kept[n..]].concat();
    match kept.len() {
        0 => vec![without.to_vec()],
        all => (1..=all).map(stage).collect(),
    }
}

/// The events by which what these inputs are was learnt.
pub(super) fn learnt(view: &View<'_>, inputs: &[Input]) -> Vec<u64> {
    let learnt = inputs.iter().filter_map(|input| view.learnt(*input));
    let mut events: Vec<u64> = learnt.map(|stamp| stamp.seq).collect();
    events.sort_unstable();
    events.dedup();
    events
}
