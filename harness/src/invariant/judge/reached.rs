//! Whether more entities may have reached a status than is known.

use super::{Call, Judge, Telling};
use crate::duration::seconds;
use crate::invariant::basis::Basis;
use crate::invariant::untold::Untold;
use crate::problem::Place;
use crate::stack::{Invariant, Pattern, Scope};
use std::collections::BTreeSet;
use std::path::Path;

/// Why nobody can say that no more entities of a kind reached a status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsure {
    /// In words.
    pub why: String,
    /// The field that nothing told, if it is that. Another run of the same rules may have told it.
    pub field: Option<String>,
}

impl Judge {
    /// Why more entities of this kind may have reached a status than is known, if so: a rule that tells it could not be
    /// applied, an observer was blind at the end, a call that tells it was not answered, or nothing ever told it.
    pub fn unsure_of_reached(&self, entity: &str, status: &str) -> Option<Unsure> {
        let kind = self.entities.kind_named(entity)?;
        let field = kind.entity().status.as_ref()?.field.clone();
        // Like this pattern, it reads the status and waits for it.
        let reads = Invariant {
            name: String::new(),
            place: Place::new(Path::new(""), 1, 1),
            entity: entity.to_owned(),
            pattern: Pattern::Moves,
            scope: Scope::default(),
        };
        let basis = Basis::new(&reads, kind.entity());
        let known = |why| Unsure { why, field: None };
        let untold = || match &self.told {
            Telling::Run(heard) => Untold::in_run(&basis, kind, heard).map(|untold| Unsure {
                why: untold.words().to_owned(),
                field: Some(field.clone()),
            }),
            Telling::Complete | Telling::Export => None,
        };
        let mut observers = basis.polled.iter().chain(&basis.beside);
        self.misread(&basis)
            .or_else(|| observers.find_map(|observer| self.blindness.at_end(observer)))
            .or_else(|| self.not_answered(&basis, entity, status))
            .map(known)
            .or_else(untold)
    }

    /// A call that may teach that one more did, and was never answered, or not yet.
    fn not_answered(&self, basis: &Basis, entity: &str, status: &str) -> Option<String> {
        let records = self.entities.records(entity);
        let reached: BTreeSet<&str> = records
            .filter(|(_, record)| record.reached(status))
            .map(|(id, _)| id)
            .collect();
        let of_others = |call: &Call| {
            let own = call.captures.get(entity);
            own.is_none_or(|id| !reached.contains(id.as_str()))
        };
        let never = self
            .unanswered
            .calls()
            .map(|call| (call, "was never answered"));
        let waiting = self.under_way.values().filter(|call| !call.answered);
        let waiting = waiting.map(|call| (call, "had no answer yet"));
        let (call, answer) = never
            .chain(waiting)
            .find(|(call, _)| basis.calls.contains(&call.name) && of_others(call))?;
        Some(format!(
            "the call \"{}\" at +{} reached `{}` and {answer}: what it did is not known",
            call.name,
            seconds(call.asked_ns),
            call.service
        ))
    }
}
