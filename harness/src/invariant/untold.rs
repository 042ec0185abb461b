//! What an invariant reads and nothing ever told, of any entity: without it, nobody can say that the invariant is broken.
//!
//! Evidence of a run is complete as far as its rules work: an event that never came to pass is what `never` wants. From an
//! export, whole kinds of lines may be missing, so that nobody can say either that an invariant held.

use super::Finding;
use super::basis::Basis;
use super::finding::{Breach, Fate, Tale};
use crate::entity::{FINAL, Kind};
use crate::history::Heard;
use crate::stack::Learn;
use crate::verdict::Verdict;

/// The fields and events that nothing tells.
pub(super) struct Untold {
    words: String,
    /// A breach in one state may rest on them: on a scope that reads them, or on a status that is only declared.
    undermines: bool,
    /// They may have been all the same.
    exported: bool,
    /// Of a run: the kind of entity, the fields, the events.
    names: Option<(String, Vec<String>, Vec<String>)>,
}

/// A finding that rests on rules that told nothing in one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Doubt {
    kind: String,
    fields: Vec<String>,
    events: Vec<String>,
    /// What it is if they work.
    pub finding: Finding,
}

impl Doubt {
    /// Whether other runs of the same rules told all of it.
    pub fn is_gone(&self, heard: &Heard) -> bool {
        let mut fields = self.fields.iter();
        let mut events = self.events.iter();
        fields.all(|name| heard.field(&self.kind, name))
            && events.all(|name| heard.event(&self.kind, name))
    }
}

impl Untold {
    /// Of what an invariant reads in an export; `None`: all of it is told, or nothing was seen that it speaks of.
    pub fn in_export(basis: &Basis, kind: &Kind) -> Option<Untold> {
        let names = Names::new(basis, kind, &Heard::default())?;
        Some(Untold {
            words: format!("no line of the data tells {}", names.words()),
            undermines: names.in_scope(basis),
            exported: true,
            names: None,
        })
    }

    /// The same in a run, when another one of the same rules told what was `heard`.
    pub fn in_run(basis: &Basis, kind: &Kind, heard: &Heard) -> Option<Untold> {
        let names = Names::new(basis, kind, heard)?;
        let (noun, rules) = (&kind.entity().name, names.rules(kind));
        Some(Untold {
            words: format!(
                "nothing ever told {} of any {noun}{}",
                names.words(),
                blame(&rules)
            ),
            undermines: names.undermine(basis, kind),
            exported: false,
            names: Some((noun.clone(), owned(&names.fields), owned(&names.events))),
        })
    }

    /// What nothing told.
    pub fn words(&self) -> &str {
        &self.words
    }

    /// The doubt that it casts on what would be found without it, if other runs can dispel it.
    pub fn cast_on(&self, finding: impl FnOnce() -> Finding) -> Option<Box<Doubt>> {
        let (kind, fields, events) = self.names.clone()?;
        Some(Box::new(Doubt {
            kind,
            fields,
            events,
            finding: finding(),
        }))
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

    /// Whether something is broken whatever it is that nobody told.
    pub fn leaves_broken(&self, tale: &Tale) -> bool {
        let stays = |fate: &Fate| matches!(fate, Fate::Broken(breach) if self.spares(breach));
        tale.fates.iter().any(stays)
    }

    fn spares(&self, breach: &Breach) -> bool {
        breach.whatever && !self.undermines
    }

    /// What did not break may have, or can only be said to have held if that is said as well.
    pub fn weigh(&self, finding: &mut Finding) {
        if finding.verdict == Verdict::Held && !self.exported {
            finding.untold = Some(self.words.clone());
        }
        if finding.verdict == Verdict::Violated
            || finding.verdict == Verdict::Held && !self.exported
        {
            return;
        }
        finding.verdict = Verdict::Inconclusive;
        finding.unwitnessed &= !self.exported;
        let reason = finding.reason.take();
        finding.reason = Some(match reason {
            Some(reason) if reason.contains(&self.words) => reason,
            Some(reason) if !self.exported => format!("{reason}; {}", self.words),
            _ => self.words.clone(),
        });
    }
}

/// What is wrong with these rules, or with what they wait for.
fn blame(rules: &[String]) -> String {
    match rules {
        [] => String::new(),
        [one] => format!(": the rule at {one} has a mistake, or what it waits for never came"),
        all => format!(
            ": the rules at {} have a mistake, or what they wait for never came",
            all.join(" and ")
        ),
    }
}

fn owned(names: &[&String]) -> Vec<String> {
    names.iter().map(|name| name.to_string()).collect()
}

/// What was never told.
struct Names<'b> {
    fields: Vec<&'b String>,
    events: Vec<&'b String>,
}

impl<'b> Names<'b> {
    fn new(basis: &'b Basis, kind: &Kind, heard: &Heard) -> Option<Names<'b>> {
        let of = &kind.entity().name;
        let field =
            |name: &&String| *name != FINAL && !heard.field(of, name) && !kind.tells_field(name);
        let event = |name: &&String| !heard.event(of, name) && !kind.tells_event(name);
        let names = Names {
            fields: basis.fields.iter().filter(field).collect(),
            events: basis.events.iter().filter(event).collect(),
        };
        let all_told = names.fields.is_empty() && names.events.is_empty();
        (!all_told && !kind.is_empty()).then_some(names)
    }

    fn words(&self) -> String {
        let field = self.fields.iter();
        let field = field.map(|name| format!("the field `{name}`"));
        let event = self.events.iter();
        let event = event.map(|name| format!("the event `{name}`"));
        field.chain(event).collect::<Vec<_>>().join(" or ")
    }

    /// Whether the scope of an invariant reads some of it.
    fn in_scope(&self, basis: &Basis) -> bool {
        let mut all = self.fields.iter().chain(&self.events);
        all.any(|name| basis.in_scope.contains(name))
    }

    /// Whether what breaks in one state may rest on it in a run, where the declared first status is taken for told.
    fn undermine(&self, basis: &Basis, kind: &Kind) -> bool {
        let declared = kind.entity().status.as_ref().map(|status| &status.field);
        let assumed = |name: &&String| Some(*name) == declared;
        self.fields.iter().any(assumed) || self.in_scope(basis)
    }

    /// The rules that should have told it: where they stand, and from what they learn.
    fn rules(&self, kind: &Kind) -> Vec<String> {
        let tells = |rule: &&Learn| {
            let mut fields = self.fields.iter();
            fields.any(|name| rule.set.contains_key(*name))
                || self.events.iter().any(|event| rule.tells(event))
        };
        let rules = kind.entity().learn.iter().filter(tells);
        let one = |rule: &Learn| format!("{} ({})", rule.place, rule.evidence.source());
        rules.map(one).collect()
    }
}
