//! How often a fault strikes, for whom, from when and until when: `the first 2 times`, `with probability 0.3`, `for each
//! submission`, `after "C" is answered`, `until "C" is sent`, `for 2s`; in any order, with a comma before any of them.

use regex::Regex;
use shakedown_harness::duration;
use shakedown_harness::plan::{Fault, Times, Trigger, Whom};
use std::sync::LazyLock;

/// What can stand behind a fault, each with what it means.
pub const FORMS: [(&str, &str); 16] = [
    ("the first time", "only the first time"),
    ("the first 2 times", "only the first so many times"),
    ("the 3rd time", "only that time"),
    ("once", "only the first time"),
    (
        "with probability 0.3",
        "each of these times with this chance; the seed decides, for each entity apart",
    ),
    (
        "for one submission",
        "only for the first entity that comes by",
    ),
    (
        "for each submission",
        "counted for each entity on its own; the call's path must name it",
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
        "for 2s",
        "only for so long each time; on links alone, for all else is bound to events",
    ),
];

struct Form {
    pattern: Regex,
    apply: fn(&regex::Captures<'_>, &mut Fault) -> Result<(), String>,
}

static PARSERS: LazyLock<Vec<Form>> = LazyLock::new(|| {
    let form = |pattern: &str, apply| Form {
        pattern: Regex::new(&format!("^(?:{pattern})(?:$|,? +)"))
            .expect("the patterns are constants"),
        apply,
    };
    vec![
        form("once|the first time", |_, q| times(q, Times::First(1))),
        form("the first ([0-9]+) times", |found, q| {
            times(q, Times::First(count(&found[1])?))
        }),
        form("the ([0-9]+)(?:st|nd|rd|th) time", |found, q| {
            times(q, Times::Nth(count(&found[1])?))
        }),
        form("with probability ([0-9.]+)", |found, q| {
            match q.chance.replace(chance(&found[1])?) {
                None => Ok(()),
                Some(_) => Err("`with probability` stands here twice".to_owned()),
            }
        }),
        form("for each ([A-Za-z_][A-Za-z0-9_-]*)", |found, q| {
            whom(q, Whom::Each(found[1].to_owned()))
        }),
        form("for one ([A-Za-z_][A-Za-z0-9_-]*)", |found, q| {
            whom(q, Whom::One(found[1].to_owned()))
        }),
        form("after \"([^\"]+)\" is answered", |found, q| {
            let call = found[1].to_owned();
            trigger(q, Trigger::AfterAnswered { call })
        }),
        form("before \"([^\"]+)\" is sent", |found, q| {
            let call = found[1].to_owned();
            trigger(q, Trigger::BeforeSent { call })
        }),
        form(
            "when ([A-Za-z_][A-Za-z0-9_-]*) reaches \"([^\"]+)\"",
            |found, q| {
                let (entity, status) = (found[1].to_owned(), found[2].to_owned());
                trigger(q, Trigger::Reaches { entity, status })
            },
        ),
        form("when \"([^\"]+)\" happens", |found, q| {
            let event = found[1].to_owned();
            trigger(q, Trigger::Happens { event })
        }),
        form("until \"([^\"]+)\" is answered", |found, q| {
            let call = found[1].to_owned();
            until(q, Trigger::AfterAnswered { call })
        }),
        form("until \"([^\"]+)\" is sent", |found, q| {
            let call = found[1].to_owned();
            until(q, Trigger::BeforeSent { call })
        }),
        form(
            "until ([A-Za-z_][A-Za-z0-9_-]*) reaches \"([^\"]+)\"",
            |found, q| {
                let (entity, status) = (found[1].to_owned(), found[2].to_owned());
                until(q, Trigger::Reaches { entity, status })
            },
        ),
        form("until \"([^\"]+)\" happens", |found, q| {
            let event = found[1].to_owned();
            until(q, Trigger::Happens { event })
        }),
        form("for ([0-9][^ ,]*)", |found, q| {
            let lasting = duration::parse(&found[1])?;
            match q.lasting.replace(lasting) {
                None => Ok(()),
                Some(_) => Err("for how long stands here twice".to_owned()),
            }
        }),
    ]
});

fn times(fault: &mut Fault, times: Times) -> Result<(), String> {
    match std::mem::replace(&mut fault.times, times) {
        Times::Always => Ok(()),
        _ => Err("how often stands here twice".to_owned()),
    }
}

fn whom(fault: &mut Fault, whom: Whom) -> Result<(), String> {
    match std::mem::replace(&mut fault.whom, whom) {
        Whom::All => Ok(()),
        _ => Err("for whom stands here twice".to_owned()),
    }
}

fn trigger(fault: &mut Fault, trigger: Trigger) -> Result<(), String> {
    match fault.trigger.replace(trigger) {
        None => Ok(()),
        Some(_) => Err("from when stands here twice".to_owned()),
    }
}

fn until(fault: &mut Fault, until: Trigger) -> Result<(), String> {
    match fault.until.replace(until) {
        None => Ok(()),
        Some(_) => Err("until when stands here twice".to_owned()),
    }
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

/// Reads what stands behind a fault's own words.
pub(super) fn parse(mut fault: Fault, text: &str) -> Result<Fault, String> {
    let mut rest = text.trim_start_matches([',', ' ']);
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
