//! Which planted bugs were caught, by what.

use super::printable::printable;
use crate::count;
use crate::engine::Outcome;
use crate::invariant::Finding;
use crate::invocation::Played;
use crate::stack::Mutant;
use crate::verdict::Verdict;
use std::fmt;
use std::path::PathBuf;

/// All planted bugs of an invocation, and the false alarms on the stacks without any.
#[derive(Clone, Debug, Default)]
pub struct Matrix {
    /// The planted bugs.
    pub mutants: Vec<MutantResult>,
    /// Scenarios that were violated on the unmutated stack.
    pub false_alarms: Vec<String>,
    /// Scenarios of which nobody can tell on the unmutated stack.
    pub undecided: Vec<String>,
    /// What no scenario witnessed on the unmutated stack.
    pub unwitnessed: Vec<String>,
}

/// What became of one planted bug.
#[derive(Clone, Debug)]
pub struct MutantResult {
    /// The stack.
    pub stack: String,
    /// Its name.
    pub name: String,
    /// The rows that it stands for.
    pub catalogue: Vec<String>,
    /// The invariants that it names in `caught_by` and that turned red. Empty: it survived.
    pub by: Vec<Killed>,
    /// Why it survived, as far as that is known.
    pub reason: Option<String>,
    /// Where it survived: the history of the scenario that tells most about it.
    pub history: Option<PathBuf>,
    /// The environment failed, so that nobody knows whether it would have been killed.
    pub failed: bool,
}

/// An invariant that turned red.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Killed {
    /// In which scenario.
    pub scenario: String,
    /// Which invariant.
    pub invariant: String,
    /// Services that ended by themselves in it: the bug may be no more than that.
    pub crashed: Vec<String>,
}

impl Killed {
    /// What is worth knowing where a service did not survive the bug.
    fn crash(&self) -> String {
        match self.crashed.is_empty() {
            true => String::new(),
            false => format!(", where `{}` ended by itself", self.crashed.join("`, `")),
        }
    }
}

impl MutantResult {
    /// What the scenarios played so far say about a planted bug.
    pub fn new(stack: &str, mutant: &Mutant, played: &[Played]) -> MutantResult {
        let mut by = Vec::new();
        let mut other = Vec::new();
        // What broke in an environment that had failed may have broken for that.
        for one in played.iter().filter(|one| one.outcome.failure.is_none()) {
            let red = one
                .outcome
                .findings
                .iter()
                .filter(|f| f.verdict == Verdict::Violated);
            for finding in red {
                let (scenario, invariant) =
                    (one.job.plan.scenario.clone(), finding.invariant.clone());
                match mutant.caught_by.contains(&invariant) {
                    true => by.push(Killed {
                        scenario,
                        invariant,
                        crashed: one.outcome.crashed.iter().cloned().collect(),
                    }),
                    false => other.push(format!("`{invariant}`")),
                }
            }
        }
        let failure = || {
            played
                .iter()
                .find_map(|one| one.outcome.failure.as_ref().map(|f| f.what.clone()))
        };
        let failed = by.is_empty() && failure().is_some();
        let reason = by.is_empty().then(|| match failure() {
            Some(failure) => format!("the environment failed: {failure}"),
            None if other.is_empty() => {
                let (tried, undecided) = (tried(mutant, played), undecided(mutant, played));
                format!("no invariant turned red: {tried}{undecided}")
            }
            None => format!(
                "only {} turned red, which `caught_by` does not name{}",
                other.join(", "),
                undecided(mutant, played)
            ),
        });
        let survived = || telling(played).or(played.last());
        let history = survived().filter(|_| by.is_empty());
        let history = history.map(|one| one.outcome.history.clone());
        let (stack, name) = (stack.to_owned(), mutant.name.clone());
        MutantResult {
            stack,
            name,
            catalogue: mutant.catalogue.clone(),
            by,
            reason,
            history: history.filter(|file| !file.as_os_str().is_empty()),
            failed,
        }
    }

    /// Takes back where an invariant turned red that does so without the bug too, in the same scenario, or cannot be told there
    /// for want of something that nothing told with the bug either: both prove nothing of the bug. `planted` are the
    /// scenarios with it, `unmutated` those without.
    pub fn against(&mut self, planted: &[Played], unmutated: &[Played]) {
        let stack = self.stack.as_str();
        let mut nothing = Vec::new();
        self.by.retain(|by| {
            let of =
                |one: &&Played| one.job.plan.stack == stack && one.job.plan.scenario == by.scenario;
            let with = planted.iter().rfind(of).map(|one| &one.outcome);
            let without = unmutated.iter().find(of).map(|one| &one.outcome);
            let proves = with.zip(without).is_none_or(|(with, without)| {
                let mut findings = without.findings.iter();
                let finding = findings.find(|finding| finding.invariant == by.invariant);
                finding.is_none_or(|finding| {
                    let doubt = finding.doubt.as_deref();
                    let untold = doubt.is_some_and(|doubt| !doubt.is_gone(&with.heard));
                    finding.verdict != Verdict::Violated
                        && !(finding.verdict == Verdict::Inconclusive && untold)
                })
            });
            if !proves {
                nothing.push(format!("`{}` in \"{}\"", by.invariant, by.scenario));
            }
            proves
        });
        if self.by.is_empty() && !nothing.is_empty() {
            let nothing = nothing.join(", ");
            self.reason = Some(format!(
                "{nothing} turned red, but does not hold without the bug either"
            ));
        }
    }

    /// Whether an invariant that it names turned red.
    pub fn killed(&self) -> bool {
        !self.by.is_empty()
    }
}

/// The first scenario that could not be told, or whose environment failed.
fn telling(played: &[Played]) -> Option<&Played> {
    let failed = played.iter().find(|one| one.outcome.failure.is_some());
    let mut rest = played.iter();
    failed.or_else(|| rest.find(|one| one.outcome.verdict == Verdict::Inconclusive))
}

/// Whether the invariants that should have noticed had something to judge.
fn tried(mutant: &Mutant, played: &[Played]) -> String {
    let witnessed = |name: &String| {
        let of = |one: &Played| {
            let mut findings = one.outcome.findings.iter();
            findings.any(|finding| finding.invariant == *name && finding.witnesses > 0)
        };
        let all = count::of(played.len(), "run");
        match played.iter().filter(|one| of(one)).count() {
            0 => format!("`{name}` had no witness in {all}"),
            some => format!("`{name}` had witnesses in {some} of {all}"),
        }
    };
    let each: Vec<String> = mutant.caught_by.iter().map(witnessed).collect();
    each.join(", ")
}

/// How many of the runs were inconclusive, and why the first was: where nothing can be told, nothing turns red.
fn undecided(mutant: &Mutant, played: &[Played]) -> String {
    let inconclusive = |one: &&Played| one.outcome.verdict == Verdict::Inconclusive;
    let count = played.iter().filter(inconclusive).count();
    let Some(first) = played.iter().find(inconclusive) else {
        return String::new();
    };
    format!(
        "; of {}, {count} inconclusive, the first \"{}\": {}",
        count::of(played.len(), "run"),
        first.job.plan.scenario,
        why(mutant, &first.outcome)
    )
}

/// Why a run was inconclusive: what kept an invariant that the mutant names from being judged, if anything did.
fn why(mutant: &Mutant, outcome: &Outcome) -> String {
    let findings = || undecidable(outcome);
    let words = |finding: &Finding| {
        let reason = finding.reason.as_deref().unwrap_or("no reason was given");
        format!(
            "cannot tell whether `{}` holds: {reason}",
            finding.invariant
        )
    };
    let own = findings().find(|finding| mutant.caught_by.contains(&finding.invariant));
    let own = own.map(words);
    own.or_else(|| outcome.reasons.first().cloned())
        .or_else(|| findings().next().map(words))
        .unwrap_or_else(|| "no reason was given".to_owned())
}

/// The findings of a run that had something to judge and could not tell.
fn undecidable(outcome: &Outcome) -> impl Iterator<Item = &Finding> {
    outcome.findings.iter().filter(|finding| {
        finding.verdict == Verdict::Inconclusive
            && !outcome.unwitnessed.contains(&finding.invariant)
    })
}

/// Whether an invariant that a planted bug names had something to judge and could not tell, so that another run may.
pub fn may_yet_tell(mutant: &Mutant, one: &Played) -> bool {
    undecidable(&one.outcome).any(|finding| mutant.caught_by.contains(&finding.invariant))
}

impl Matrix {
    /// The share of planted bugs that were killed, from 0 to 1; 0 when there are none.
    pub fn score(&self) -> f64 {
        let killed = self.mutants.iter().filter(|mutant| mutant.killed()).count();
        if self.mutants.is_empty() {
            0.0
        } else {
            killed as f64 / self.mutants.len() as f64
        }
    }

    /// Whether the environment failed before all that was not killed could be judged, and nothing raised a false alarm.
    pub fn is_open(&self) -> bool {
        let mut alive = self.mutants.iter().filter(|one| !one.killed()).peekable();
        alive.peek().is_some() && alive.all(|one| one.failed) && self.false_alarms.is_empty()
    }

    /// The exit code, where the scenarios came to this without a planted bug.
    pub fn exit_code(&self, unmutated: Verdict) -> u8 {
        let failed = Verdict::EnvironmentFailed;
        match self.is_full() {
            true => unmutated.exit_code(),
            false if self.is_open() => failed.exit_code(),
            // Whoever survived did so where the environment worked.
            false if self.mutants.is_empty() && unmutated == failed => failed.exit_code(),
            false => Verdict::Violated.exit_code(),
        }
    }

    /// Whether everything was killed and nothing raised a false alarm.
    pub fn is_full(&self) -> bool {
        !self.mutants.is_empty()
            && self.mutants.iter().all(MutantResult::killed)
            && self.false_alarms.is_empty()
    }
}

impl fmt::Display for MutantResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = match self.catalogue[..] {
            [] => String::new(),
            ref rows => format!(" [{}]", rows.join(", ")),
        };
        match self.by.first() {
            Some(by) => write!(
                f,
                "✓ killed    {}{rows} by `{}` in \"{}\"{}",
                self.name,
                by.invariant,
                by.scenario,
                by.crash()
            ),
            None => {
                let reason = self.reason.as_deref().unwrap_or_default();
                let mark = if self.failed {
                    "! not judged"
                } else {
                    "✗ survived "
                };
                let reason = printable(reason);
                write!(f, "{mark} {}{rows}: {reason}", self.name)?;
                match &self.history {
                    Some(history) => write!(f, "\n  history:   {}", history.display()),
                    None => Ok(()),
                }
            }
        }
    }
}

impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for alarm in &self.false_alarms {
            writeln!(
                f,
                "✗ false alarm on the stack without a planted bug: {alarm}"
            )?;
        }
        for line in &self.undecided {
            writeln!(f, "? without a planted bug, {line}")?;
        }
        for line in &self.unwitnessed {
            writeln!(f, "? without a planted bug, {line}")?;
        }
        let killed = self.mutants.iter().filter(|mutant| mutant.killed()).count();
        write!(
            f,
            "{killed} of {} killed, {}",
            count::of(self.mutants.len(), "planted bug"),
            count::of(self.false_alarms.len(), "false alarm")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Seen;
    use crate::invocation::Job;
    use crate::plan::{Plan, Planned, Step};
    use crate::problem::Place;
    use crate::runtime::Failure;
    use crate::stack::Stack;
    use std::sync::Arc;

    const SHAKEDOWN: &str = r#"
stack: shop
compose: compose.yaml
calls: {tell: {link: a -> b, request: "POST /jobs/{job}"}}
entities: {job: {learn: [{call: tell, set: {n: request.body.n}}]}}
invariants: {ends: {for: job, eventually: n == 1, within: 1s}}
mutants: {lazy: {service: a, environment: {BUG: lazy}, caught_by: [ends]}}
"#;

    fn stack() -> Arc<Stack> {
        let folder = tempfile::tempdir().unwrap();
        let compose = "services: {a: {image: a, environment: {B: 'b:80'}}, b: {image: b}}\n";
        std::fs::write(folder.path().join("compose.yaml"), compose).unwrap();
        let file = folder.path().join("shakedown.yaml");
        std::fs::write(&file, SHAKEDOWN).unwrap();
        Arc::new(Stack::read(&file).unwrap().stack)
    }

    fn finding(verdict: Verdict, reason: &str) -> Finding {
        Finding {
            invariant: "ends".to_owned(),
            verdict,
            witnesses: 1,
            unwitnessed: false,
            entity: None,
            entities: Vec::new(),
            broken: 0,
            doubt: None,
            reason: Some(reason.to_owned()),
            untold: None,
            sight: None,
            expected: String::new(),
            proof: Vec::new(),
            right: None,
            late_ns: None,
            measure: None,
            faults: Vec::new(),
        }
    }

    /// A scenario of this name whose only invariant came to that.
    fn played(stack: &Arc<Stack>, name: &str, finding: Finding) -> Played {
        let place = Place::new("a.feature".as_ref(), 1, 1);
        let every = Planned {
            step: Step::EveryInvariant,
            text: "every invariant holds".to_owned(),
            place: place.clone(),
        };
        let plan = Plan {
            feature: "f".to_owned(),
            scenario: name.to_owned(),
            place,
            tags: Vec::new(),
            stack: stack.name.clone(),
            steps: vec![every],
        };
        let seen = Seen {
            findings: vec![finding],
            ..Seen::default()
        };
        let mut outcome = Outcome::weighed(&plan, stack.settle, seen);
        outcome.history = format!("out/{name}/history.jsonl").into();
        let job = Job {
            plan,
            stack: stack.clone(),
            mutant: Some("lazy".to_owned()),
            round: 1,
        };
        Played {
            job,
            verdict: outcome.verdict,
            outcome,
            control: None,
        }
    }

    #[test]
    fn what_does_not_hold_without_the_bug_either_catches_nothing() {
        let stack = stack();
        let one = |verdict| played(&stack, "quick", finding(verdict, "it is late"));
        let with = [one(Verdict::Violated)];
        let judged = |without: &[Played]| {
            let mut bug = MutantResult::new("shop", &stack.mutants["lazy"], &with);
            bug.against(&with, without);
            bug
        };
        assert!(judged(&[]).killed() && judged(&[one(Verdict::Held)]).killed());
        // What the scenario could not tell without the bug, it may tell with it.
        assert!(judged(&[one(Verdict::Inconclusive)]).killed());
        let survived = judged(&[one(Verdict::Violated)]);
        let why = "`ends` in \"quick\" turned red, but does not hold without the bug either";
        assert_eq!(survived.reason.as_deref(), Some(why));
        assert!(!survived.killed());
    }

    #[test]
    fn a_bug_that_survives_says_what_could_not_be_told() {
        let stack = stack();
        let one = |verdict, name| played(&stack, name, finding(verdict, "nobody looked"));
        let said = |played: &[Played]| {
            MutantResult::new("shop", &stack.mutants["lazy"], played).to_string()
        };
        let held = || one(Verdict::Held, "quick");
        let survived = said(&[held()]);
        assert!(
            survived.contains(
                "no invariant turned red: `ends` had witnesses in 1 of 1 run\n  history:   out/quick/"
            ),
            "{survived}"
        );
        let mut blind = finding(Verdict::Held, "nothing came by");
        blind.witnesses = 0;
        let survived = said(&[played(&stack, "blind", blind)]);
        assert!(
            survived.contains("red: `ends` had no witness in 1 run"),
            "{survived}"
        );
        let survived = said(&[held(), one(Verdict::Inconclusive, "slow"), held()]);
        let why = "; of 3 runs, 1 inconclusive, the first \"slow\": cannot tell whether `ends` \
                   holds: nobody looked\n  history:   out/slow/history.jsonl";
        assert!(survived.ends_with(why), "{survived}");
        let killed = said(&[one(Verdict::Violated, "slow")]);
        assert!(killed.ends_with("by `ends` in \"slow\""), "{killed}");
        let mut crashed = one(Verdict::Violated, "slow");
        crashed.outcome.crashed.insert("a".to_owned());
        let killed = said(&[crashed]);
        assert!(
            killed.ends_with("in \"slow\", where `a` ended by itself"),
            "{killed}"
        );
        // What is violated in an environment that failed says nothing.
        let mut failed = one(Verdict::Violated, "slow");
        failed.outcome.failure = Some(Failure::new("the disk is gone"));
        let open = MutantResult::new("shop", &stack.mutants["lazy"], &[failed]);
        assert!(open.failed && !open.killed(), "{open}");
        let open = Matrix {
            mutants: vec![open],
            ..Matrix::default()
        };
        assert!(open.is_open() && !open.is_full());
        assert_eq!(open.exit_code(Verdict::Held), 3);
        let survived = MutantResult::new("shop", &stack.mutants["lazy"], &[held()]);
        let survived = Matrix {
            mutants: vec![survived],
            ..open
        };
        assert!(!survived.is_open());
        for unmutated in [Verdict::Held, Verdict::EnvironmentFailed] {
            assert_eq!(survived.exit_code(unmutated), 1, "{unmutated}");
        }
        let none = Matrix::default();
        assert_eq!(none.exit_code(Verdict::EnvironmentFailed), 3);
    }
}
