//! Whether more entities may have reached a status than is known.

use super::{Judge, Telling};
use crate::invariant::basis::Basis;
use crate::invariant::untold::Untold;
use crate::stack::{Pattern, Scope};
use std::collections::BTreeSet;

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
        let basis = Basis::new(&Pattern::Moves, &Scope::default(), kind.entity());
        let known = |why| Unsure { why, field: None };
        let untold = || match &self.told {
            Telling::Run(heard) => Untold::in_run(&basis, kind, heard).map(|untold| Unsure {
                why: untold.words().to_owned(),
                field: Some(field.clone()),
            }),
            Telling::Complete | Telling::Export => None,
        };
        let records = self.entities.records(entity);
        let reached = records.filter(|(_, record)| record.reached(status));
        let reached: BTreeSet<&str> = reached.map(|(id, _)| id).collect();
        let more = || {
            let under_way = self.under_way.values();
            let there = |id: &str| reached.contains(id);
            self.unanswered.of_others(under_way, &basis, kind, there)
        };
        let mut observers = basis.polled.iter().chain(&basis.beside);
        self.misread(&basis)
            .or_else(|| observers.find_map(|observer| self.blindness.at_end(observer)))
            .or_else(more)
            .map(known)
            .or_else(untold)
    }
}
