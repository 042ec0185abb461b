//! How often a fault strikes, for whom, from when and until when: `the first 2 times`, `with probability 0.3`, `for each
//! submission`, `after "C" is answered`, `until "C" is sent`, `for 2s`; in any order, with a comma before any of them.

use regex::{Captures, Regex};
use shakedown_harness::duration;
use shakedown_harness::plan::{Fault, Times, Trigger, Whom};
use std::sync::LazyLock;

/// What can stand behind a fault, each with what it means.
pub const FORMS: [(&str, &str); 18] = [
    ("the first time", "only the first time"),
    ("the first 2 times", "only the first so many times"),
    ("the 3rd time", "only that time"),
    ("once", "only the first time"),
    (
        "with probability 0.3",
        "each of these times with this chance; the seed decides by the number of the time, with `for each` by the \
         entity as well; nobody need come as often as is said, but one must be struck",
    ),
    (
        "for one submission",
        "only for the first entity that comes by, of a kind that the stack file declares",
    ),
    (
        "for each submission",
        "counted for each entity on its own, of a kind that the stack file declares; the call's path must name it",
    ),
    (
        "after \"upload scores\" is answered",
        "from the moment when the callee has answered; the caller does not know yet",
    ),
    (
        "before \"upload scores\" is sent",
        "from the moment when the caller has sent it; the callee does not know yet",
    ),
    (
        "when submission reaches \"Scoring\"",
        "from the moment when the entity's status is learnt; a call that teaches it is not answered before",
    ),
    (
        "when \"scores stored\" happens",
        "from the moment when the event is learnt; a call that teaches it is not answered before",
    ),
    (
        "when the shown_scores of submission is 0",
        "from the moment when any observer tells that a field has come to a text in quotes, a number, or true or false",
    ),
    (
        "until \"upload scores\" is answered",
        "up to the moment when the callee has answered; otherwise a fault lasts until it is healed",
    ),
    (
        "until \"upload scores\" is sent",
        "up to the moment when the caller has sent it",
    ),
    (
        "until submission reaches \"Finished\"",
        "up to the moment when the entity's status is learnt",
    ),
    (
        "until \"scores stored\" happens",
        "up to the moment when the event is learnt",
    ),
    (
        "until the shown_status of submission is \"Finished\"",
        "up to the moment when any observer tells so",
    ),
    (
        "for 2s",
        "only for so long each time; on links alone, for all else is bound to events",
    ),
];

struct Form {
    /// The question that it answers; a fault has one answer to each.
    answers: &'static str,
    pattern: Regex,
    apply: fn(&Captures<'_>, &mut Fault) -> Result<(), String>,
}

static PARSERS: LazyLock<Vec<Form>> = LazyLock::new(|| {
    let form = |answers, pattern: &str, apply| Form {
        answers,
        pattern: Regex::new(&format!("^({pattern}{ENDS}")).expect("the patterns are constants"),
        apply,
    };
    vec![
        form(HOW_OFTEN, "once|the first time", |_, fault| {
            fault.times = Times::First(1);
            Ok(())
        }),
        form(HOW_OFTEN, "the first ([0-9]+) times", |found, fault| {
            fault.times = Times::First(count(&found[2])?);
            Ok(())
        }),
        form(
            HOW_OFTEN,
            "the ([0-9]+)(?:st|nd|rd|th) time",
            |found, fault| {
                fault.times = Times::Nth(count(&found[2])?);
                Ok(())
            },
        ),
        form(
            "by which chance",
            "with probability ([0-9.]+)",
            |found, fault| {
                fault.chance = Some(chance(&found[2])?);
                Ok(())
            },
        ),
        form(
            FOR_WHOM,
            "for each ([A-Za-z_][A-Za-z0-9_-]*)",
            |found, fault| {
                fault.whom = Whom::Each(found[2].to_owned());
                Ok(())
            },
        ),
        form(
            FOR_WHOM,
            "for one ([A-Za-z_][A-Za-z0-9_-]*)",
            |found, fault| {
                fault.whom = Whom::One(found[2].to_owned());
                Ok(())
            },
        ),
        form(
            FROM_WHEN,
            "after \"([^\"]+)\" is answered",
            |found, fault| {
                fault.trigger = Some(answered(found));
                Ok(())
            },
        ),
        form(FROM_WHEN, "before \"([^\"]+)\" is sent", |found, fault| {
            fault.trigger = Some(sent(found));
            Ok(())
        }),
        form(
            FROM_WHEN,
            "when ([A-Za-z_][A-Za-z0-9_-]*) reaches \"([^\"]+)\"",
            |found, fault| {
                fault.trigger = Some(reaches(found));
                Ok(())
            },
        ),
        form(FROM_WHEN, "when \"([^\"]+)\" happens", |found, fault| {
            fault.trigger = Some(happens(found));
            Ok(())
        }),
        form(FROM_WHEN, &format!("when {BECOMES}"), |found, fault| {
            fault.trigger = Some(becomes(found)?);
            Ok(())
        }),
        form(UNTIL_WHEN, &format!("until {BECOMES}"), |found, fault| {
            fault.until = Some(becomes(found)?);
            Ok(())
        }),
        form(
            UNTIL_WHEN,
            "until \"([^\"]+)\" is answered",
            |found, fault| {
                fault.until = Some(answered(found));
                Ok(())
            },
        ),
        form(UNTIL_WHEN, "until \"([^\"]+)\" is sent", |found, fault| {
            fault.until = Some(sent(found));
            Ok(())
        }),
        form(
            UNTIL_WHEN,
            "until ([A-Za-z_][A-Za-z0-9_-]*) reaches \"([^\"]+)\"",
            |found, fault| {
                fault.until = Some(reaches(found));
                Ok(())
            },
        ),
        form(UNTIL_WHEN, "until \"([^\"]+)\" happens", |found, fault| {
            fault.until = Some(happens(found));
            Ok(())
        }),
        form("for how long", "for ([0-9][^ ,]*)", |found, fault| {
            fault.lasting = Some(duration::above_zero(&found[2])?);
            Ok(())
        }),
    ]
});

/// How a form ends.
const ENDS: &str = ")(?:$|,? +)";
/// A field, its entity, and the value.
const BECOMES: &str = "the ([A-Za-z_][A-Za-z0-9_]*) of ([A-Za-z_][A-Za-z0-9_-]*) is \
                       (\"[^\"]*\"|true|false|-?[0-9][0-9.eE+-]*)";
const HOW_OFTEN: &str = "how often";
const FOR_WHOM: &str = "for whom";
const FROM_WHEN: &str = "from when on";
const UNTIL_WHEN: &str = "until when";

fn answered(found: &Captures<'_>) -> Trigger {
    let call = found[2].to_owned();
    Trigger::AfterAnswered { call }
}

fn sent(found: &Captures<'_>) -> Trigger {
    let call = found[2].to_owned();
    Trigger::BeforeSent { call }
}

fn reaches(found: &Captures<'_>) -> Trigger {
    let (entity, status) = (found[2].to_owned(), found[3].to_owned());
    Trigger::Reaches { entity, status }
}

fn becomes(found: &Captures<'_>) -> Result<Trigger, String> {
    let [field, entity, value] = [2, 3, 4].map(|n| found[n].to_owned());
    let value = serde_json::from_str(&value)
        .map_err(|_| format!("`{value}` is no text in quotes, no number, and not true or false"))?;
    Ok(Trigger::Becomes {
        entity,
        field,
        value,
    })
}

fn happens(found: &Captures<'_>) -> Trigger {
    let event = found[2].to_owned();
    Trigger::Happens { event }
}

fn chance(digits: &str) -> Result<f64, String> {
    match digits.parse() {
        Ok(chance) if chance > 0.0 && chance <= 1.0 => Ok(chance),
        _ => Err(format!(
            "`{digits}` is no probability: above 0, and up to 1"
        )),
    }
}

fn count(digits: &str) -> Result<u64, String> {
    match digits.parse() {
        Ok(0) | Err(_) => Err(format!(
            "`{digits}` is no number of times: it begins with 1"
        )),
        Ok(count) => Ok(count),
    }
}

/// What may stand behind a fault, as a regular expression without groups of its own, as JavaScript has them too.
pub(super) fn pattern() -> String {
    static GROUP: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\(([^?])").expect("the pattern is a constant"));
    let own = |form: &Form| {
        let form = form.pattern.as_str();
        let form = form.trim_start_matches("^(").trim_end_matches(ENDS);
        GROUP.replace_all(form, "(?:$1").into_owned()
    };
    let forms: Vec<String> = PARSERS.iter().map(own).collect();
    format!("(?:[, ]+(?:{}))*", forms.join("|"))
}

/// Reads what stands behind a fault's own words.
pub(super) fn parse(mut fault: Fault, text: &str) -> Result<Fault, String> {
    let mut rest = text.trim_start_matches([',', ' ']);
    let mut said: Vec<(&str, &str)> = Vec::new();
    while !rest.is_empty() {
        let Some((form, found)) = PARSERS
            .iter()
            .find_map(|form| Some((form, form.pattern.captures(rest)?)))
        else {
            let forms: Vec<&str> = FORMS.iter().map(|(form, _)| *form).collect();
            return Err(format!(
                "`{rest}` says neither how often nor when; that would be: {}",
                forms.join(" · ")
            ));
        };
        (form.apply)(&found, &mut fault)?;
        let now = found.get(1).map_or("", |words| words.as_str());
        if let Some((what, before)) = said.iter().find(|(what, _)| *what == form.answers) {
            return Err(format!(
                "it says twice {what}: `{before}` and `{now}`; keep one"
            ));
        }
        said.push((form.answers, now));
        rest = &rest[found[0].len()..];
    }
    Ok(fault)
}

/// Writes it so that [`parse`] reads it back.
pub(super) fn print(fault: &Fault) -> String {
    let mut text = match fault.times {
        Times::Always => String::new(),
        Times::First(1) => " the first time".to_owned(),
        Times::First(n) => format!(" the first {n} times"),
        Times::Nth(n) => format!(" the {n}{} time", ordinal(n)),
    };
    if let Some(chance) = fault.chance {
        text.push_str(&format!(" with probability {chance}"));
    }
    match &fault.whom {
        Whom::All => {}
        Whom::Each(entity) => text.push_str(&format!(" for each {entity}")),
        Whom::One(entity) => text.push_str(&format!(" for one {entity}")),
    }
    if let Some(lasting) = fault.lasting {
        text.push_str(&format!(" for {}", duration::print(lasting)));
    }
    if let Some(trigger) = &fault.trigger {
        text.push_str(&format!(" {trigger}"));
    }
    if let Some(until) = &fault.until {
        text.push_str(&format!(" {}", until.until()));
    }
    text
}

fn ordinal(n: u64) -> &'static str {
    match (n % 10, n % 100) {
        (1, hundred) if hundred != 11 => "st",
        (2, hundred) if hundred != 12 => "nd",
        (3, hundred) if hundred != 13 => "rd",
        _ => "th",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::phrases::{parse as step, print as told};
    use shakedown_harness::plan::{Effect, Step};

    /// The form behind a fault's own words, read and written again.
    fn check(words: &str, form: &str) {
        let read = |text: &str| match step(text, None) {
            Some(Ok(Step::Fault(fault))) => *fault,
            other => panic!("{text}: {other:?}"),
        };
        let text = format!("{words} {form}");
        let fault = read(&text);
        let bare: Effect = read(words).effect;
        assert_eq!(
            fault.effect, bare,
            "{text}: it belongs to the fault's own words"
        );
        assert_ne!(fault, Fault::new(bare), "{text}: it says nothing");
        let again = told(&Step::Fault(Box::new(fault.clone())));
        assert_eq!(read(&again), fault, "{again}");
        // There are two ways to say this.
        assert_eq!(again, text.replace("once", "the first time"));
    }

    #[test]
    fn every_form_is_read_as_it_is_shown_and_written_back() {
        for (form, _) in FORMS {
            check("the link \"a -> b\" is cut", form);
            // All but links are bound to events.
            if form != "for 2s" {
                check("the call \"a\" hangs", form);
                check("the service \"a\" is killed", form);
            }
        }
    }

    #[test]
    fn every_form_that_is_read_is_shown() {
        let mut shown = vec![0; PARSERS.len()];
        for (form, _) in FORMS {
            let reads = |one: &Form| one.pattern.captures(form).is_some_and(|f| &f[0] == form);
            let by: Vec<usize> = (0..PARSERS.len()).filter(|n| reads(&PARSERS[*n])).collect();
            let [only] = by[..] else {
                panic!("`{form}` is read by {by:?}")
            };
            shown[only] += 1;
        }
        let hidden = (PARSERS.iter().zip(shown)).filter(|(_, n)| *n == 0);
        let hidden: Vec<&str> = hidden.map(|(one, _)| one.pattern.as_str()).collect();
        assert_eq!(hidden, [""; 0]);
    }
}
