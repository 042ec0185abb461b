//! The invariants that a scenario judges for: no other counts for it.

use super::{Plan, Step};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Which invariants count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Judged(Option<BTreeSet<String>>);

impl Default for Judged {
    fn default() -> Judged {
        Judged::every()
    }
}

impl Judged {
    /// Every invariant of the stack.
    pub fn every() -> Judged {
        Judged(None)
    }

    /// Those with these names.
    pub fn named<'n>(names: impl IntoIterator<Item = &'n String>) -> Judged {
        Judged(Some(names.into_iter().cloned().collect()))
    }

    /// Whether every invariant counts.
    pub fn is_every(&self) -> bool {
        self.0.is_none()
    }

    /// The names, if not every invariant counts.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.0.iter().flatten()
    }

    /// Whether an invariant counts.
    pub fn includes(&self, invariant: &str) -> bool {
        self.0
            .as_ref()
            .is_none_or(|names| names.contains(invariant))
    }

    /// What one or the other judges for.
    pub fn or(self, other: Judged) -> Judged {
        match (self.0, other.0) {
            (Some(one), Some(other)) => Judged(Some(one.into_iter().chain(other).collect())),
            _ => Judged::every(),
        }
    }

    /// Where a planted bug names what catches it: those that count and can catch it.
    pub fn of_mutant(&self, caught_by: Option<&[String]>) -> Judged {
        match caught_by {
            Some(names) => Judged::named(names.iter().filter(|name| self.includes(name))),
            None => self.clone(),
        }
    }
}

impl Plan {
    /// What the scenario judges for.
    pub fn judges(&self) -> Judged {
        let steps = || self.steps.iter().map(|planned| &planned.step);
        if steps().any(|step| *step == Step::EveryInvariant) {
            return Judged::every();
        }
        Judged::named(steps().filter_map(|step| match step {
            Step::Invariant(name) => Some(name),
            _ => None,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_asks_for_every_invariant_asks_for_each() {
        let (a, b) = (["a".to_owned()], ["b".to_owned()]);
        let (one, every) = (Judged::named(&a), Judged::every());
        assert!(one.includes("a") && !one.includes("b"));
        assert!(every.includes("b") && Judged::default().is_every());
        let both = one.clone().or(Judged::named(&b));
        assert!(both.includes("a") && both.includes("b") && !both.includes("c"));
        assert!(both.or(every.clone()).is_every());
    }

    #[test]
    fn a_planted_bug_is_caught_only_by_what_counts() {
        let (a, b) = (["a".to_owned()], ["b".to_owned()]);
        let one = Judged::named(&a);
        assert_eq!(one.of_mutant(Some(&b)), Judged::named([]));
        assert_eq!(Judged::every().of_mutant(Some(&b)), Judged::named(&b));
        assert_eq!(one.of_mutant(None), one);
    }

    #[test]
    fn a_line_of_a_history_without_it_asks_for_every_one() {
        let named = Judged::named(&["a".to_owned()]);
        let text = serde_json::to_string(&named).unwrap();
        assert_eq!(text, r#"["a"]"#);
        assert_eq!(serde_json::from_str::<Judged>(&text).unwrap(), named);
    }
}
