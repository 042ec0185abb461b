//! The phrase that somebody may have meant by a step that is none.

use super::phrases::{Phrase, phrases};
use regex::Regex;
use std::sync::LazyLock;

/// A step that has less than this in common with every phrase is none of them with a slip.
const ALIKE: f64 = 0.5;
/// From so many letters on, a word tells as much as any other.
const TELLING: usize = 4;

static QUOTED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("\"[^\"]*\"").expect("the pattern is a constant"));
static OPTIONAL: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\[[^]]*\]").expect("the pattern is a constant"));

/// What to do about an undefined step: the nearest phrase, if one is near enough.
pub(super) fn advice(step: &str) -> String {
    let near = phrases()
        .into_iter()
        .filter(|phrase| likeness(step, phrase, 1) >= ALIKE)
        .map(|phrase| (likeness(step, &phrase, TELLING), phrase))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match near {
        Some((_, phrase)) => format!(
            "did you mean `{}`? `shakedown steps` prints the language",
            phrase.pattern
        ),
        None => "`shakedown steps` prints the language".to_owned(),
    }
}

/// How much of a phrase's own words stand at the beginning of a step, from 0 to 1. What varies counts as the same, and
/// a word with fewer letters than `telling` counts less.
fn likeness(step: &str, phrase: &Phrase, telling: usize) -> f64 {
    let blank = |text: &str| QUOTED.replace_all(text, "\"\"").into_owned();
    let pattern = blank(&OPTIONAL.replace_all(phrase.pattern, ""));
    let pattern: Vec<&str> = pattern.split_whitespace().collect();
    let step = blank(step);
    let step: Vec<&str> = step.split_whitespace().collect();
    1.0 - distance(&step, &pattern, telling) / pattern.len() as f64
}

/// The least edit distance in words between a pattern and a beginning of a step, where a word may be changed in part.
/// What follows may be qualifiers, which are the same for many phrases.
fn distance(step: &[&str], pattern: &[&str], telling: usize) -> f64 {
    let mut row: Vec<f64> = (0..=pattern.len()).map(|n| n as f64).collect();
    let mut least = row[pattern.len()];
    for (i, word) in step.iter().enumerate() {
        let mut left_above = row[0];
        row[0] = (i + 1) as f64;
        for (j, wanted) in pattern.iter().enumerate() {
            let change = left_above + difference(word, wanted, telling);
            left_above = row[j + 1];
            row[j + 1] = change.min(row[j] + 1.0).min(left_above + 1.0);
        }
        least = least.min(row[pattern.len()]);
    }
    least
}

/// From 0 to 1; short words such as `of` and `to` say little about what was meant.
fn difference(word: &str, wanted: &str, telling: usize) -> f64 {
    let varies = wanted.chars().all(|c| c.is_ascii_uppercase());
    if varies || word == wanted {
        0.0
    } else {
        let weight = wanted.len().min(telling) as f64 / telling as f64;
        weight * (1.0 - strsim::normalized_damerau_levenshtein(word, wanted))
    }
}

#[cfg(test)]
mod tests {
    use super::advice;

    #[test]
    fn a_slip_is_led_to_the_phrase_that_was_meant() {
        let cases = [
            (
                "the call \"a\" anwsers 503",
                "the call \"C\" answers STATUS",
            ),
            (
                "the call \"a b\" answer 503 the first 2 times for each job",
                "answers STATUS",
            ),
            ("call \"a\" hangs", "the call \"C\" hangs"),
            ("the answer of \"a\" is lost", "the answer to \"C\" is lost"),
            ("service \"w\" is kiled once", "the service \"S\" is killed"),
            ("disk of \"w\" is ful", "the disk of \"S\" is full"),
            ("\"submit\" run 20 time", "\"WORKLOAD\" runs N times"),
            ("every job is final in 5s", "every E is final within TIME"),
            ("all invariants hold", "every invariant holds"),
            ("at least 3 jobs reached \"Done\"", "at least N E reach"),
        ];
        for (step, expected) in cases {
            let advice = advice(step);
            assert!(advice.contains(expected), "{step}: {advice}");
        }
        assert!(!advice("I open the browser and log in").contains("did you mean"));
    }
}
