//! Free text in which something is meant to be read: Gherkin takes whatever follows a title for its description, up to the
//! next keyword, so that a misspelt `Scenario:` is never played, and nobody is told.

use super::feature::first_column;
use super::phrases::parse;
use cucumber::gherkin::Feature;
use shakedown_harness::problem::{Place, Problem};
use std::path::Path;

/// What begins a part of a feature.
const KEYWORDS: [&str; 9] = [
    "Feature",
    "Rule",
    "Background",
    "Scenario",
    "Scenario Outline",
    "Scenario Template",
    "Scenarios",
    "Example",
    "Examples",
];
/// A word that differs from a keyword by so much is meant to be it.
const DISTANCE: usize = 1;

/// A mistake for each line of a description that is nearly a keyword, or is a step.
pub(super) fn mistakes(file: &Path, text: &str, feature: &Feature) -> Vec<Problem> {
    let lines: Vec<&str> = text.lines().collect();
    let mut problems: Vec<Problem> = Vec::new();
    for (begin, description) in descriptions(feature) {
        // Of a description the parser tells the words and not the place: it follows its title.
        let mut rest = lines.iter().enumerate().skip(begin);
        // Whose title was not read, of its steps none is.
        let mut told = false;
        for line in description.lines().map(str::trim) {
            let found = rest.find(|(_, whole)| !line.is_empty() && whole.trim() == line);
            let (Some((number, whole)), Some(problem)) = (found, mistake(line, told)) else {
                continue;
            };
            told = true;
            let place = Place::new(file, number + 1, first_column(whole));
            problems.push(Problem::at(&place, problem.0).help(problem.1));
        }
    }
    problems
}

/// Every description, with the line of its title, from 1.
fn descriptions(feature: &Feature) -> Vec<(usize, &str)> {
    let mut all = vec![(feature.position.line, &feature.description)];
    let rules = &feature.rules;
    all.extend(
        rules
            .iter()
            .map(|rule| (rule.position.line, &rule.description)),
    );
    let backgrounds = rules.iter().filter_map(|rule| rule.background.as_ref());
    let backgrounds = backgrounds.chain(&feature.background);
    all.extend(backgrounds.map(|one| (one.position.line, &one.description)));
    let scenarios = rules.iter().flat_map(|rule| &rule.scenarios);
    for scenario in scenarios.chain(&feature.scenarios) {
        all.push((scenario.position.line, &scenario.description));
        let examples = scenario.examples.iter();
        all.extend(examples.map(|one| (one.position.line, &one.description)));
    }
    let told = all.into_iter();
    told.filter_map(|(line, text)| Some((line, text.as_deref()?)))
        .collect()
}

/// What is wrong with a line of a description, and what to do about it. `told`: something was before it, so that steps go
/// without saying.
fn mistake(line: &str, told: bool) -> Option<(String, String)> {
    let unread = |what: &str| format!("`{line}` is read as a description, {what}");
    if let Some((word, _)) = line.split_once(':') {
        let near = |keyword: &str| {
            let (word, keyword) = (word.trim().to_lowercase(), keyword.to_lowercase());
            strsim::damerau_levenshtein(&word, &keyword) <= DISTANCE
        };
        if let Some(keyword) = KEYWORDS.iter().find(|keyword| near(keyword)) {
            let what = unread("so that what follows is never played");
            return Some((what, format!("did you mean `{keyword}:`?")));
        }
    }
    let (first, phrase) = line.split_once(char::is_whitespace)?;
    if told || parse(phrase.trim(), None).is_none() {
        return None;
    }
    let help = match first.to_lowercase().as_str() {
        word @ ("given" | "when" | "then" | "and" | "but") => {
            let (initial, rest) = word.split_at(1);
            format!(
                "a step begins with `{}{rest}` and stands below `Scenario:` or `Background:`",
                initial.to_uppercase()
            )
        }
        _ => "a step begins with `Given`, `When`, `Then`, `And` or `But` and stands below `Scenario:` or `Background:`"
            .to_owned(),
    };
    Some((unread("and is never done"), help))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cucumber::gherkin::GherkinEnv;

    /// The mistakes of a feature, each with its line.
    fn found(text: &str) -> Vec<String> {
        let feature = Feature::parse(text, GherkinEnv::default()).unwrap();
        let all = mistakes(Path::new("f"), text, &feature);
        let words = |one: Problem| {
            let line = one.place.map_or(0, |place| place.line);
            format!("{line}: {} / {}", one.what, one.help.unwrap_or_default())
        };
        all.into_iter().map(words).collect()
    }

    #[test]
    fn what_is_nearly_a_keyword_or_is_a_step_is_no_prose() {
        let check = |line: &str, expected: Option<&str>| {
            let text =
                format!("Feature: f\n\n  {line}\n\n  Scenario: s\n    Given the stack \"shop\"\n");
            let all = found(&text);
            match expected {
                None => assert_eq!(all, [""; 0], "{line}"),
                Some(words) => {
                    assert_eq!(all.len(), 1, "{line}: {all:?}");
                    assert!(
                        all[0].starts_with("3: ") && all[0].contains(words),
                        "{all:?}"
                    );
                }
            }
        };
        check(
            "Scenrio: an answer is lost",
            Some("did you mean `Scenario:`?"),
        );
        check(
            "scenario: an answer is lost",
            Some("did you mean `Scenario:`?"),
        );
        check(
            "Scneario Outline: many",
            Some("did you mean `Scenario Outline:`?"),
        );
        check("Backgroud:", Some("did you mean `Background:`?"));
        check("Given the stack \"shop\"", Some("is never done"));
        check(
            "given the stack \"shop\"",
            Some("a step begins with `Given`"),
        );
        check("* every invariant holds", Some("is never done"));
        check("Given that orders matter, none may be lost.", None);
        check("Then every invariant holds, as it should.", None);
        check("Note: orders come twice.", None);
        check("An order is paid for once", None);
    }

    #[test]
    fn every_description_is_looked_at() {
        let text = "\
Feature: f
  Background:
    given the stack \"shop\"
    Given the stack \"shop\"

  Rule: r
    Scenrio: lost
      Given the stack \"shop\"
      Then every invariant holds

    Scenario: s
      when \"buy\" runs 3 times
      Given the stack \"shop\"
";
        let lines: Vec<String> = found(text);
        let lines: Vec<&str> = lines
            .iter()
            .filter_map(|one| one.split(':').next())
            .collect();
        assert_eq!(lines, ["7", "3", "12"]);
    }
}
