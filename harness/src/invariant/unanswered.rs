//! Calls that their callees had and never answered, or have not answered yet: what they did is not known to rules that learn
//! from the answer.

use super::basis::Basis;
use super::finding::{Breach, Fate, Tale};
use super::teacher::{Teacher, Whose};
use super::work::{Deed, Work};
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
    name: String,
    service: String,
    /// What was caught in its path.
    pub caught: Captures,
    /// The ids among that, as they count.
    pub captures: Captures,
    asked_ns: u64,
    /// Its answer has come.
    pub answered: bool,
    /// No answer comes any more.
    pub over: bool,
}

/// A call that may have done what a rule would have learnt from its answer.
struct Suspect<'a> {
    call: &'a Call,
    teacher: &'a Teacher,
    whose: Whose,
}

impl Unanswered {
    /// One more.
    pub fn add(&mut self, call: Call) {
        self.calls.push(call);
    }

    /// What is broken for want of something that such a call may have done cannot be told, and nothing can of what came
    /// when such a call may have ended the scope. `under_way` are those whose answers may still come. `lasting`: more
    /// evidence of the rest changes nothing.
    pub fn doubt<'a>(
        &'a self,
        under_way: impl Iterator<Item = &'a Call>,
        (basis, lasting): (&'a Basis, bool),
        kind: &Kind,
        tale: &mut Tale,
    ) {
        let calls = basis.calls.iter().filter(|_| !lasting);
        let teachers = basis.ending.iter().chain(calls);
        let suspects = self.suspects(under_way, teachers, kind);
        let anyones: Vec<&Suspect> = suspects.iter().filter(|one| one.is_anyones()).collect();
        let mut open = Vec::new();
        for (number, fate) in tale.fates.iter_mut().enumerate() {
            let Fate::Broken(breach) = fate else {
                continue;
            };
            let id = kind.view(number).id;
            let mut own = suspects.iter().filter(|one| one.is_about(id));
            if let Some(suspect) = own.find(|one| one.call.before(breach)) {
                *fate = suspect.excuse(breach);
            } else if anyones.iter().any(|one| one.call.before(breach)) {
                open.push((breach.at_ns().unwrap_or(u64::MAX), number));
            }
        }
        open.sort_unstable();
        excuse_all(&anyones, &open, tale);
    }

    /// What such calls may have done, where it tells an invariant what it reads.
    pub fn work<'a>(
        &'a self,
        under_way: impl Iterator<Item = &'a Call>,
        basis: &'a Basis,
        kind: &Kind,
    ) -> Work {
        let mut work = Work::default();
        for suspect in self.suspects(under_way, basis.calls.iter(), kind) {
            let number = match &suspect.whose {
                Whose::One(id) => match kind.number(id) {
                    None => continue,
                    known => known,
                },
                Whose::Anyones => None,
                Whose::Nobodys => continue,
            };
            let deed = Deed {
                words: suspect.words(),
                fields: suspect.teacher.fields.clone(),
                events: suspect.teacher.events.clone(),
            };
            work.add(number, deed);
        }
        work
    }

    /// Such a call in words, if it may have told something of an entity that is not among these.
    pub fn of_others<'a>(
        &'a self,
        under_way: impl Iterator<Item = &'a Call>,
        basis: &'a Basis,
        kind: &Kind,
        these: impl Fn(&str) -> bool,
    ) -> Option<String> {
        let suspects = self.suspects(under_way, basis.calls.iter(), kind);
        let mut others = suspects.iter().filter(|one| match &one.whose {
            Whose::One(id) => !these(id),
            Whose::Anyones => true,
            Whose::Nobodys => false,
        });
        others.next().map(Suspect::words)
    }

    /// Such calls, in the order in which they were asked, with the rules that would have learnt from them.
    fn suspects<'a>(
        &'a self,
        under_way: impl Iterator<Item = &'a Call>,
        teachers: impl Iterator<Item = &'a Teacher>,
        kind: &Kind,
    ) -> Vec<Suspect<'a>> {
        let waiting = under_way.filter(|call| !call.answered && !call.over);
        let mut calls: Vec<&Call> = self.calls.iter().chain(waiting).collect();
        if calls.is_empty() {
            return Vec::new();
        }
        calls.sort_by_key(|call| call.asked_ns);
        let teachers: Vec<&Teacher> = teachers.collect();
        let suspects = calls.into_iter().flat_map(|call| {
            let own = teachers.iter().filter(|one| one.call == call.name);
            own.map(move |teacher| Suspect {
                call,
                teacher,
                whose: teacher.whose(call, kind),
            })
        });
        suspects.collect()
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
        all.filter(|call| basis.breaking.iter().any(|one| one.call == call.name))
    }
}

impl Suspect<'_> {
    fn is_anyones(&self) -> bool {
        self.whose == Whose::Anyones
    }

    fn is_about(&self, id: &str) -> bool {
        matches!(&self.whose, Whose::One(own) if own == id)
    }

    fn words(&self) -> String {
        let Call { name, service, .. } = self.call;
        let (asked, anyones) = (seconds(self.call.asked_ns), self.is_anyones());
        let answer = match self.call.over {
            true => "was never answered",
            false => "had no answer yet",
        };
        let whose = if anyones { ", and for whom," } else { "" };
        format!(
            "the call \"{name}\" at +{asked} reached `{service}` and {answer}: what it did{whose} is not known"
        )
    }

    fn excuse(&self, breach: &Breach) -> Fate {
        Fate::Unknown(format!("{}, but {}", breach.why, self.words()).into())
    }
}

/// What is broken, by the moment at which it broke, may not be if there is a call for each, asked before, of which nobody
/// knows for whom it did what it did. Where there are more of them than calls, some are broken for certain.
fn excuse_all(calls: &[&Suspect<'_>], broken: &[(u64, usize)], tale: &mut Tale) {
    let all = broken.len() <= calls.len()
        && broken
            .iter()
            .zip(calls)
            .all(|((broke_ns, _), one)| one.call.asked_ns < *broke_ns);
    for (n, (_, number)) in broken.iter().enumerate() {
        let fate = &mut tale.fates[*number];
        let Fate::Broken(breach) = fate else {
            continue;
        };
        match all {
            true => *fate = calls[n].excuse(breach),
            false => {
                let name = &calls[0].call.name;
                breach.why = format!(
                    "{} (the call \"{name}\" was not always answered, but that cannot explain all {})",
                    breach.why,
                    broken.len()
                );
            }
        }
    }
}

impl Call {
    /// `None`: the request has no name.
    pub fn new(asked: &Asked, captures: Captures, asked_ns: u64) -> Option<Call> {
        Some(Call {
            name: asked.call.clone()?,
            service: asked.service.clone(),
            caught: asked.captures.clone(),
            captures,
            asked_ns,
            answered: false,
            over: false,
        })
    }

    /// Whether it was asked before something broke.
    fn before(&self, breach: &Breach) -> bool {
        breach.at_ns().is_none_or(|broken| self.asked_ns < broken)
    }
}
