//! Faults on calls.

use super::{Entry, Phrase, name};
use regex::Captures;
use shakedown_harness::duration;
use shakedown_harness::plan::{CallFault, Effect, Step};

const FAMILY: &str = "faults on calls";

pub(super) static CALLS: [Entry; 11] = [
    Entry {
        phrase: Phrase {
            family: FAMILY,
            pattern: "the call \"C\" answers STATUS [with \"BODY\" | with JSON]",
            meaning: "the callee is not asked; the caller gets this answer (behind `with`, a doc string can hold the body)",
            example: "the call \"upload scores\" answers 503 the first 2 times for each submission",
        },
        regex: concat!(
            "the call ",
            name!(),
            " answers ([0-9]+)(?: with \"([^\"]*)\"|(?<bare> with))?(|[ ,].*)"
        ),
        step: answers,
    },
    Entry {
        phrase: Phrase {
            family: FAMILY,
            pattern: "the call \"C\" hangs",
            meaning: "the callee is not asked; the caller waits until it gives up, or until the faults are healed",
            example: "the call \"upload scores\" hangs the first time for each submission",
        },
        regex: concat!("the call ", name!(), " hangs(|[ ,].*)"),
        step: |found, _| on_call(&found[1], CallFault::Hangs, &found[2]),
    },
    Entry {
        phrase: Phrase {
            family: FAMILY,
            pattern: "the call \"C\" is refused",
            meaning: "the callee is not asked; the caller's connection is reset",
            example: "the call \"acknowledge\" is refused once",
        },
        regex: concat!("the call ", name!(), " is refused(|[ ,].*)"),
        step: |found, _| on_call(&found[1], CallFault::Refused, &found[2]),
    },
    Entry {
        phrase: Phrase {
            family: FAMILY,
            pattern: "the call \"C\" takes TIME longer",
            meaning: "the callee is asked so much later; the caller may have given up by then",
            example: "the call \"upload scores\" takes 300ms longer the first time for each submission",
        },
        regex: concat!("the call ", name!(), " takes ([^ ]+) longer(|[ ,].*)"),
        step: |found, _| {
            let by = duration::above_zero(&found[2])?;
            on_call(&found[1], CallFault::TakesLonger { by }, &found[3])
        },
    },
    Entry {
        phrase: Phrase {
            family: FAMILY,
            pattern: "the call \"C\" is delivered twice",
            meaning: "the callee is asked twice, one time after the other; the caller sees the second answer",
            example: "the call \"upload scores\" is delivered twice for each submission",
        },
        regex: concat!("the call ", name!(), " is delivered twice(|[ ,].*)"),
        step: |found, _| on_call(&found[1], CallFault::DeliveredTwice, &found[2]),
    },
    Entry {
        phrase: Phrase {
            family: FAMILY,
            pattern: "the answer to \"C\" is lost",
            meaning: "the callee does the work; the caller's connection is reset",
            example: "the answer to \"upload scores\" is lost the first time for each submission",
        },
        regex: concat!("the answer to ", name!(), " is lost(|[ ,].*)"),
        step: |found, _| on_call(&found[1], CallFault::AnswerLost, &found[2]),
    },
    Entry {
        phrase: Phrase {
            family: FAMILY,
            pattern: "the answer to \"C\" never arrives",
            meaning: "the callee does the work; the caller waits until it gives up, or until the faults are healed",
            example: "the answer to \"upload scores\" never arrives the first time for each submission",
        },
        regex: concat!("the answer to ", name!(), " never arrives(|[ ,].*)"),
        step: |found, _| on_call(&found[1], CallFault::AnswerNeverArrives, &found[2]),
    },
    Entry {
        phrase: Phrase {
            family: FAMILY,
            pattern: "the answer to \"C\" is empty",
            meaning: "the callee does the work; the caller gets its status and headers without the body",
            example: "the answer to \"upload scores\" is empty the 3rd time",
        },
        regex: concat!("the answer to ", name!(), " is empty(|[ ,].*)"),
        step: |found, _| on_call(&found[1], CallFault::AnswerEmpty, &found[2]),
    },
    Entry {
        phrase: Phrase {
            family: FAMILY,
            pattern: "the answer to \"C\" is malformed",
            meaning: "the callee does the work; the caller gets half of the body, which no parser takes",
            example: "the answer to \"update status\" is malformed once",
        },
        regex: concat!("the answer to ", name!(), " is malformed(|[ ,].*)"),
        step: |found, _| on_call(&found[1], CallFault::AnswerMalformed, &found[2]),
    },
    Entry {
        phrase: Phrase {
            family: FAMILY,
            pattern: "the answer to \"C\" is cut after N bytes",
            meaning: "the callee does the work; the caller gets so much of the body, and then the connection ends (at most 65536)",
            example: "the answer to \"update status\" is cut after 5 bytes the 2nd time",
        },
        regex: concat!(
            "the answer to ",
            name!(),
            " is cut after ([0-9]+) bytes?(|[ ,].*)"
        ),
        step: |found, _| {
            let after_bytes = cut_bytes(&found[2])?;
            on_call(&found[1], CallFault::AnswerCut { after_bytes }, &found[3])
        },
    },
    Entry {
        phrase: Phrase {
            family: FAMILY,
            pattern: "the answer to \"C\" has \"PATH\" set to VALUE",
            meaning: "the callee does the work; in the JSON that the caller gets, one value is another (`\"a.0.b\"`; VALUE is JSON)",
            example: "the answer to \"update status\" has \"status\" set to \"Running\" once",
        },
        regex: concat!("the answer to ", name!(), " has ", name!(), " set to (.+)"),
        step: answer_set,
    },
];

/// Writes the effect.
pub(super) fn print(call: &str, fault: &CallFault) -> String {
    let (the_call, the_answer) = (
        format!("the call \"{call}\""),
        format!("the answer to \"{call}\""),
    );
    match fault {
        CallFault::Answers { status, body: None } => format!("{the_call} answers {status}"),
        CallFault::Answers {
            status,
            body: Some(body),
        } => format!("{the_call} answers {status} with{}", inline(body)),
        CallFault::Hangs => format!("{the_call} hangs"),
        CallFault::Refused => format!("{the_call} is refused"),
        CallFault::TakesLonger { by } => {
            format!("{the_call} takes {} longer", duration::print(*by))
        }
        CallFault::DeliveredTwice => format!("{the_call} is delivered twice"),
        CallFault::AnswerLost => format!("{the_answer} is lost"),
        CallFault::AnswerNeverArrives => format!("{the_answer} never arrives"),
        CallFault::AnswerEmpty => format!("{the_answer} is empty"),
        CallFault::AnswerMalformed => format!("{the_answer} is malformed"),
        CallFault::AnswerCut { after_bytes } => {
            format!("{the_answer} is cut after {after_bytes} bytes")
        }
        CallFault::AnswerSet { path, value } => {
            format!("{the_answer} has \"{path}\" set to {value}")
        }
    }
}

/// A body as it stands behind `with`; empty where only a doc string can hold it.
fn inline(body: &str) -> String {
    match body {
        _ if !body.contains(['"', '\n']) => format!(" \"{body}\""),
        _ if json(body).is_some_and(|(_, rest)| rest.is_empty()) && !body.contains('\n') => {
            format!(" {body}")
        }
        _ => String::new(),
    }
}

/// The body of an answer that only a doc string can hold.
pub(super) fn docstring(fault: &CallFault) -> Option<&str> {
    match fault {
        CallFault::Answers {
            body: Some(body), ..
        } => Some(body.as_str()).filter(|body| inline(body).is_empty()),
        _ => None,
    }
}

/// An object or a list at the beginning of a text, as it stands there, and what follows.
fn json(text: &str) -> Option<(&str, &str)> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde_json::Value>();
    if !text.starts_with(['{', '[']) || !matches!(values.next(), Some(Ok(_))) {
        return None;
    }
    Some(text.split_at(values.byte_offset()))
}

/// The most bytes of a body after which it can be cut: so much of it is kept.
pub(super) const CUT_BYTES: u64 = 65_536;

fn cut_bytes(digits: &str) -> Result<u64, String> {
    match digits.parse() {
        Ok(bytes) if bytes <= CUT_BYTES => Ok(bytes),
        _ => Err(format!(
            "an answer can be cut after 0 to {CUT_BYTES} bytes, not after {digits}"
        )),
    }
}

fn answer_set(found: &Captures<'_>, _: Option<&str>) -> Result<Step, String> {
    let text = &found[3];
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde_json::Value>();
    let value = match values.next() {
        Some(Ok(value)) => value,
        _ => {
            return Err(format!(
                "`{text}` does not begin with a JSON value, such as 7, \"seven\", true, null or [1, 2]"
            ));
        }
    };
    let rest = &text[values.byte_offset()..];
    if !(rest.is_empty() || rest.starts_with([' ', ','])) {
        return Err(format!(
            "after the JSON value `{value}`, `{rest}` is no word"
        ));
    }
    let path = found[2].to_owned();
    on_call(&found[1], CallFault::AnswerSet { path, value }, rest)
}

fn answers(found: &Captures<'_>, docstring: Option<&str>) -> Result<Step, String> {
    let status = found[2].parse().ok();
    let status = status.filter(|status| (200..600).contains(status));
    let status = status.ok_or_else(|| {
        format!(
            "{} is no HTTP status that an answer can have: from 200 to 599",
            &found[2]
        )
    })?;
    let inline = found.get(3).map(|body| body.as_str());
    let body = inline.or(docstring).map(str::to_owned);
    let wants_body = found.name("bare").is_some();
    // `with` can also begin a chance.
    if let Some(chance) = found[5].strip_prefix(" probability").filter(|_| wants_body) {
        let rest = format!(" with probability{chance}");
        return on_call(&found[1], CallFault::Answers { status, body: None }, &rest);
    }
    if let Some((body, rest)) = json(found[5].trim_start()).filter(|_| wants_body) {
        if !(rest.is_empty() || rest.starts_with([' ', ','])) {
            return Err(format!(
                "after the JSON value `{body}`, `{rest}` is no word"
            ));
        }
        let body = Some(body.to_owned());
        return on_call(&found[1], CallFault::Answers { status, body }, rest);
    }
    if wants_body && body.is_none() {
        let help =
            "`with` needs a body: in quotes, as a JSON object or list, or as a doc string below";
        return Err(help.to_owned());
    }
    on_call(&found[1], CallFault::Answers { status, body }, &found[5])
}

fn on_call(call: &str, fault: CallFault, rest: &str) -> Result<Step, String> {
    let call = call.to_owned();
    super::fault(Effect::Call { call, fault }, rest)
}
