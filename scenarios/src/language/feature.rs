//! Feature files -> plans.

use super::advice::advice;
use super::files::files;
use super::own;
use super::phrases::parse;
use super::prose;
use cucumber::feature::Ext as _;
use cucumber::gherkin::{Background, Examples, Feature, GherkinEnv, Rule, Scenario};
use regex::Regex;
use shakedown_harness::plan::{Plan, Planned, Step};
use shakedown_harness::problem::{Place, Problem, Problems, shown, suggest};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// Reads the scenarios of all feature files among and below `paths`, in the order of their names. `name`: only
/// scenarios whose name matches. A scenario with mistakes has the steps that could be read, so that these can be checked
/// all the same; the mistakes are added to `problems`.
pub fn read(paths: &[PathBuf], name: Option<&Regex>, problems: &mut Problems) -> Vec<Plan> {
    let mut plans = Vec::new();
    for path in paths {
        for file in files(path, problems) {
            plans.extend(read_file(&file, problems));
        }
    }
    let nowhere = |what: String, help| Problem {
        what,
        place: None,
        help,
    };
    if let Some(name) = name.filter(|_| !plans.is_empty()) {
        let known: Vec<String> = plans.iter().map(|plan| plan.scenario.clone()).collect();
        plans.retain(|plan| name.is_match(&plan.scenario));
        if plans.is_empty() {
            let known = known.iter().map(String::as_str);
            let help = suggest(name.as_str(), known);
            let what = format!("no scenario's name matches `{name}`");
            problems.push(nowhere(what, Some(help)));
        }
    } else if plans.is_empty() && problems.0.is_empty() {
        let what = "there is no scenario in these files".to_owned();
        problems.push(nowhere(what, None));
    }
    plans
}

/// The plans of one file; its mistakes are added to `problems`.
fn read_file(file: &Path, problems: &mut Problems) -> Vec<Plan> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => {
            problems.push(Problem::with_file(file, format!("cannot be read: {error}")));
            return Vec::new();
        }
    };
    // Some editors begin a file with the mark of its byte order.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    read_text(&shown(file), text, problems)
}

/// The plans of a feature's text; its mistakes are added to `problems`, as those of `file`.
pub(super) fn read_text(file: &Path, text: &str, problems: &mut Problems) -> Vec<Plan> {
    let parsed = Feature::parse(text, GherkinEnv::default())
        .map_err(|e| gherkin_problem(file, &e.to_string()));
    if let Ok(feature) = &parsed {
        let unread = prose::mistakes(file, text, feature);
        let all = never_played(file, feature).into_iter().chain(unread);
        all.for_each(|problem| problems.push(problem));
    }
    let expanded = parsed.and_then(|feature| {
        feature.expand_examples().map_err(|e| {
            let place = Place::new(file, e.pos.line, e.pos.col);
            Problem::at(
                &place,
                format!("no column of the examples is called `{}`", e.name),
            )
        })
    });
    let feature = match expanded {
        Ok(feature) => feature,
        Err(problem) => {
            problems.push(problem);
            return Vec::new();
        }
    };
    let mut reader = Reader {
        file,
        text,
        feature: &feature,
        problems,
    };
    let mut plans: Vec<Plan> = feature
        .scenarios
        .iter()
        .map(|scenario| reader.plan(None, scenario))
        .collect();
    for rule in &feature.rules {
        plans.extend(
            rule.scenarios
                .iter()
                .map(|scenario| reader.plan(Some(rule), scenario)),
        );
    }
    plans
}

/// One mistake for each outline without a row of examples: nothing of it would be played.
fn never_played(file: &Path, feature: &Feature) -> Vec<Problem> {
    let rules = feature.rules.iter().flat_map(|rule| &rule.scenarios);
    let all = feature.scenarios.iter().chain(rules);
    let rows = |examples: &Examples| {
        let table = examples.table.as_ref();
        table.map_or(0, |table| table.rows.len().saturating_sub(1))
    };
    let empty = all.filter(|scenario| {
        !scenario.examples.is_empty() && scenario.examples.iter().all(|one| rows(one) == 0)
    });
    let problem = |scenario: &Scenario| {
        let place = Place::new(file, scenario.position.line, scenario.position.col);
        let what = format!(
            "\"{}\" has no row of examples, so it is never played",
            scenario.name
        );
        Problem::at(&place, what).help("give `Examples:` a row of values below that of the names")
    };
    empty.map(problem).collect()
}

/// The parser tells its position in words.
fn gherkin_problem(file: &Path, message: &str) -> Problem {
    static POSITION: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"Error at (\d+):(\d+)").expect("the pattern is a constant"));
    let position = POSITION.captures(message);
    let number = |i: usize| {
        position
            .as_ref()
            .and_then(|found| found[i].parse().ok())
            .unwrap_or(1)
    };
    let place = Place::new(file, number(1), number(2));
    Problem::at(&place, "this is not Gherkin").help(
        "a line begins with `Feature:`, `Scenario:`, `Given`, `When`, `Then`, `And`, `#` or `@`",
    )
}

struct Reader<'r> {
    file: &'r Path,
    text: &'r str,
    feature: &'r Feature,
    problems: &'r mut Problems,
}

impl Reader<'_> {
    fn plan(&mut self, rule: Option<&Rule>, scenario: &Scenario) -> Plan {
        let backgrounds = [
            self.feature.background.as_ref(),
            rule.and_then(|rule| rule.background.as_ref()),
        ];
        let mut complete = true;
        let steps: Vec<Planned> = backgrounds
            .into_iter()
            .flatten()
            .flat_map(|background: &Background| &background.steps)
            .chain(&scenario.steps)
            .flat_map(|step| {
                let read = self.step(step);
                complete &= read.is_some();
                read.unwrap_or_default()
            })
            .collect();
        let tags = self
            .feature
            .tags
            .iter()
            .chain(rule.iter().flat_map(|rule| &rule.tags))
            .chain(&scenario.tags);
        let place = Place::new(self.file, scenario.position.line, scenario.position.col);
        let stack = steps.iter().find_map(|planned| match &planned.step {
            Step::Stack(name) => Some(name.clone()),
            _ => None,
        });
        let judged = |planned: &Planned| {
            matches!(
                planned.step,
                Step::EveryInvariant | Step::Invariant(_) | Step::AtLeast { .. }
            )
        };
        if stack.is_none() && complete {
            let what = format!("the scenario \"{}\" runs on no stack", scenario.name);
            self.problems
                .push(Problem::at(&place, what).help("add `Given the stack \"NAME\"`"));
        }
        if !steps.iter().any(judged) && complete {
            let what = format!("nothing is judged in the scenario \"{}\"", scenario.name);
            self.problems
                .push(Problem::at(&place, what).help("add `Then every invariant holds`"));
        }
        Plan {
            feature: self.feature.name.clone(),
            scenario: scenario.name.clone(),
            place,
            tags: tags.cloned().collect(),
            stack: stack.unwrap_or_default(),
            steps,
        }
    }

    /// What a step stands for. `None`: it has a mistake.
    fn step(&mut self, step: &cucumber::gherkin::Step) -> Option<Vec<Planned>> {
        let column = self
            .text
            .lines()
            .nth(step.position.line.saturating_sub(1))
            .map_or(1, first_column);
        let place = Place::new(self.file, step.position.line, column);
        let docstring = step.docstring.as_deref().map(str::trim);
        let parsed = parse(&step.value, docstring).map(|parsed| parsed.map(|step| vec![step]));
        match parsed.or_else(|| own::expand(step)) {
            Some(Ok(steps)) => {
                let planned = |parsed| Planned {
                    step: parsed,
                    text: step.value.clone(),
                    place: place.clone(),
                };
                Some(steps.into_iter().map(planned).collect())
            }
            Some(Err(what)) => {
                self.problems.push(Problem::at(&place, what));
                None
            }
            None => {
                let what = format!("undefined step `{}`", step.value);
                self.problems
                    .push(Problem::at(&place, what).help(advice(&step.value)));
                None
            }
        }
    }
}

/// The column of a line's first word, from 1.
pub(super) fn first_column(line: &str) -> usize {
    line.chars().take_while(|c| c.is_whitespace()).count() + 1
}
