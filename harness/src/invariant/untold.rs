//! What an invariant reads and no line of an export tells: such data cannot show whether it holds.

use super::Finding;
use super::basis::Basis;
use super::finding::{Breach, Fate, Tale};
use crate::entity::{FINAL, Kind};
use crate::verdict::Verdict;

/// The fields and events that nothing tells.
pub(super) struct Untold {
    words: String,
    /// A breach in one state may rest on them: on a scope that reads them, or on a status that is only declared.
    undermines: bool,
}

impl Untold {
    /// Of what an invariant reads; `None`: all of it is told, or nothing was seen that it speaks of.
    pub fn new(basis: &Basis, kind: &Kind) -> Option<Untold> {
        let fields = basis.fields.iter();
        let fields: Vec<_> = fields
            .filter(|name| *name != FINAL && !kind.tells_field(name))
            .collect();
        let events = basis.events.iter();
        let events: Vec<_> = events.filter(|name| !kind.tells_event(name)).collect();
        if kind.is_empty() || fields.is_empty() && events.is_empty() {
            return None;
        }
        let declared = kind.entity().status.as_ref().map(|status| &status.field);
        let assumed = |name: &&String| Some(*name) == declared;
        let in_scope = |name: &&String| basis.in_scope.contains(name);
        let field = fields.iter().map(|name| format!("the field `{name}`"));
        let event = events.iter().map(|name| format!("the event `{name}`"));
        let named: Vec<String> = field.chain(event).collect();
        Some(Untold {
            words: format!("no line of the data tells {}", named.join(" or ")),
            undermines: fields.iter().any(assumed) || fields.iter().chain(&events).any(in_scope),
        })
    }

    /// What broke for want of what nobody told may not be broken.
    pub fn doubt(&self, tale: &mut Tale) {
        for fate in &mut tale.fates {
            if let Fate::Broken(breach) = fate
                && !self.spares(breach)
            {
                *fate = Fate::Unknown(format!("{}, but {}", breach.why, self.words).into());
            }
        }
    }

    fn spares(&self, breach: &Breach) -> bool {
        breach.whatever && !self.undermines
    }

    /// What did not break may have.
    pub fn weigh(&self, finding: &mut Finding) {
        if finding.verdict == Verdict::Violated {
            return;
        }
        finding.verdict = Verdict::Inconclusive;
        finding.unwitnessed = false;
        let reason = finding.reason.take();
        let reason = reason.filter(|reason| reason.contains(&self.words));
        finding.reason = Some(reason.unwrap_or_else(|| self.words.clone()));
    }
}
