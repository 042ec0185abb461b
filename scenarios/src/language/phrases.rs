//! The phrases of the language: each is a pattern, a meaning, an example, and the [`Step`] that it stands for.
//!
//! A new phrase is an entry in [`PHRASES`] and an arm in [`print`].

use super::qualifiers::{self, Qualifiers};
use regex::{Captures, Regex};
use shakedown_harness::duration;
use shakedown_harness::plan::{CallFault, Effect, Fault, ServiceFault, Step};
use std::sync::LazyLock;

/// A phrase as it is shown to people.
#[derive(Clone, Copy, Debug)]
pub struct Phrase {
    /// What it belongs to: `stack`, `faults on calls`, ...
    pub family: &'static str,
    /// Its words, with capitals for what varies: `C` is a call, `S` a service, `E` an entity.
    pub pattern: &'static str,
    /// What it does.
    pub meaning: &'static str,
    /// A step that is written so.
    pub example: &'static str,
}

/// A phrase with what reads it.
struct Entry {
    phrase: Phrase,
    regex: &'static str,
    step: fn(&Captures<'_>, Option<&str>) -> Result<Step, String>,
}

const STACK: &str = "the stack";
const CALLS: &str = "faults on calls";
const SERVICES: &str = "faults on services";
const WORK: &str = "work and waiting";
const JUDGEMENT: &str = "judgement";

/// A quoted name.
macro_rules! name {
    () => {
        "\"([^\"]+)\""
    };
}

/// The list of phrases.
static PHRASES: [Entry; 23] = [
    Entry {
        phrase: Phrase {
            family: STACK,
            pattern: "the stack \"NAME\"",
            meaning: "the stack that the scenario runs on, by the name in its shakedown.yaml",
            example: "the stack \"codabench\"",
        },
        regex: concat!("the stack ", name!()),
        step: |found, _| Ok(Step::Stack(found[1].to_owned())),
    },
    Entry {
        phrase: Phrase {
            family: CALLS,
            pattern: "the call \"C\" answers STATUS [with \"BODY\"]",
            meaning: "the callee is not asked; the caller gets this answer (a doc string can hold the body)",
            example: "the call \"upload scores\" answers 503 the first 2 times for each submission",
        },
        regex: concat!(
            "the call ",
            name!(),
            " answers ([0-9]{3})(?: with \"([^\"]*)\"|(?<bare> with))?(|[ ,].*)"
        ),
        step: answers,
    },
    Entry {
        phrase: Phrase {
            family: CALLS,
            pattern: "the call \"C\" hangs",
            meaning: "the callee is not asked; the caller waits until it gives up, or until the faults are healed",
            example: "the call \"upload scores\" hangs the first time for each submission",
        },
        regex: concat!("the call ", name!(), " hangs(|[ ,].*)"),
        step: |found, _| on_call(&found[1], CallFault::Hangs, &found[2]),
    },
    Entry {
        phrase: Phrase {
            family: CALLS,
            pattern: "the call \"C\" is refused",
            meaning: "the callee is not asked; the caller's connection is reset",
            example: "the call \"acknowledge\" is refused once",
        },
        regex: concat!("the call ", name!(), " is refused(|[ ,].*)"),
        step: |found, _| on_call(&found[1], CallFault::Refused, &found[2]),
    },
    Entry {
        phrase: Phrase {
            family: CALLS,
            pattern: "the call \"C\" takes TIME longer",
            meaning: "the callee is asked so much later; the caller may have given up by then",
            example: "the call \"upload scores\" takes 300ms longer the first time for each submission",
        },
        regex: concat!("the call ", name!(), " takes ([^ ]+) longer(|[ ,].*)"),
        step: |found, _| {
            let by = duration::parse(&found[2])?;
            on_call(&found[1], CallFault::TakesLonger { by }, &found[3])
        },
    },
    Entry {
        phrase: Phrase {
            family: CALLS,
            pattern: "the call \"C\" is delivered twice",
            meaning: "the callee is asked twice, one time after the other; the caller sees the second answer",
            example: "the call \"upload scores\" is delivered twice for each submission",
        },
        regex: concat!("the call ", name!(), " is delivered twice(|[ ,].*)"),
        step: |found, _| on_call(&found[1], CallFault::DeliveredTwice, &found[2]),
    },
    Entry {
        phrase: Phrase {
            family: CALLS,
            pattern: "the answer to \"C\" is lost",
            meaning: "the callee does the work; the caller's connection is reset",
            example: "the answer to \"upload scores\" is lost the first time for each submission",
        },
        regex: concat!("the answer to ", name!(), " is lost(|[ ,].*)"),
        step: |found, _| on_call(&found[1], CallFault::AnswerLost, &found[2]),
    },
    Entry {
        phrase: Phrase {
            family: CALLS,
            pattern: "the answer to \"C\" never arrives",
            meaning: "the callee does the work; the caller waits until it gives up, or until the faults are healed",
            example: "the answer to \"upload scores\" never arrives the first time for each submission",
        },
        regex: concat!("the answer to ", name!(), " never arrives(|[ ,].*)"),
        step: |found, _| on_call(&found[1], CallFault::AnswerNeverArrives, &found[2]),
    },
    Entry {
        phrase: Phrase {
            family: CALLS,
            pattern: "the answer to \"C\" is empty",
            meaning: "the callee does the work; the caller gets its status and headers without the body",
            example: "the answer to \"upload scores\" is empty the 3rd time",
        },
        regex: concat!("the answer to ", name!(), " is empty(|[ ,].*)"),
        step: |found, _| on_call(&found[1], CallFault::AnswerEmpty, &found[2]),
    },
    Entry {
        phrase: Phrase {
            family: CALLS,
            pattern: "the answer to \"C\" is malformed",
            meaning: "the callee does the work; the caller gets half of the body, which no parser takes",
            example: "the answer to \"update status\" is malformed once",
        },
        regex: concat!("the answer to ", name!(), " is malformed(|[ ,].*)"),
        step: |found, _| on_call(&found[1], CallFault::AnswerMalformed, &found[2]),
    },
    Entry {
        phrase: Phrase {
            family: CALLS,
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
            family: CALLS,
            pattern: "the answer to \"C\" has \"PATH\" set to VALUE",
            meaning: "the callee does the work; in the JSON that the caller gets, one value is another (`\"a.0.b\"`; VALUE is JSON)",
            example: "the answer to \"update status\" has \"status\" set to \"Running\" once",
        },
        regex: concat!("the answer to ", name!(), " has ", name!(), " set to (.+)"),
        step: answer_set,
    },
    Entry {
        phrase: Phrase {
            family: SERVICES,
            pattern: "the service \"S\" is killed",
            meaning: "SIGKILL, at once or at a trigger; it starts again by its restart policy, or when the faults are healed",
            example: "the service \"worker\" is killed after \"upload scores\" is answered, once",
        },
        regex: concat!("the service ", name!(), " is killed(|[ ,].*)"),
        step: |found, _| on_service(&found[1], ServiceFault::Killed, &found[2]),
    },
    Entry {
        phrase: Phrase {
            family: SERVICES,
            pattern: "the service \"S\" is stopped",
            meaning: "SIGTERM, and SIGKILL after 10 s; it starts again when the faults are healed",
            example: "the service \"worker\" is stopped when \"scores stored\" happens, once",
        },
        regex: concat!("the service ", name!(), " is stopped(|[ ,].*)"),
        step: |found, _| on_service(&found[1], ServiceFault::Stopped, &found[2]),
    },
    Entry {
        phrase: Phrase {
            family: SERVICES,
            pattern: "the service \"S\" is paused",
            meaning: "it stands still with its connections open, until the faults are healed",
            example: "the service \"storage\" is paused before \"upload output\" is sent, once",
        },
        regex: concat!("the service ", name!(), " is paused(|[ ,].*)"),
        step: |found, _| on_service(&found[1], ServiceFault::Paused, &found[2]),
    },
    Entry {
        phrase: Phrase {
            family: SERVICES,
            pattern: "the service \"S\" is restarted",
            meaning: "SIGTERM, and started again at once",
            example: "the service \"site\" is restarted when submission reaches \"Scoring\", once",
        },
        regex: concat!("the service ", name!(), " is restarted(|[ ,].*)"),
        step: |found, _| on_service(&found[1], ServiceFault::Restarted, &found[2]),
    },
    Entry {
        phrase: Phrase {
            family: WORK,
            pattern: "\"WORKLOAD\" runs N times [with K clients]",
            meaning: "the workload's request is made so often, with so many under way at once",
            example: "\"submit\" runs 20 times with 4 clients",
        },
        regex: concat!(name!(), " runs ([0-9]+) times?(?: with ([0-9]+) clients?)?"),
        step: |found, _| {
            let times = positive(&found[2], "times")?;
            let clients = found
                .get(3)
                .map_or(Ok(1), |clients| positive(clients.as_str(), "clients"))?;
            Ok(Step::Work {
                workload: found[1].to_owned(),
                times,
                clients,
            })
        },
    },
    Entry {
        phrase: Phrase {
            family: WORK,
            pattern: "\"WORKLOAD\" runs once",
            meaning: "the workload's request is made once",
            example: "\"submit\" runs once",
        },
        regex: concat!(name!(), " runs once"),
        step: |found, _| {
            Ok(Step::Work {
                workload: found[1].to_owned(),
                times: 1,
                clients: 1,
            })
        },
    },
    Entry {
        phrase: Phrase {
            family: WORK,
            pattern: "every E is final within TIME",
            meaning: "waits until each entity has one of its final statuses; in vain: inconclusive",
            example: "every submission is final within 60s",
        },
        regex: "every ([A-Za-z_][A-Za-z0-9_-]*) is final within ([^ ]+)",
        step: |found, _| {
            Ok(Step::AllFinal {
                entity: found[1].to_owned(),
                within: duration::parse(&found[2])?,
            })
        },
    },
    Entry {
        phrase: Phrase {
            family: WORK,
            pattern: "all faults are healed",
            meaning: "no fault strikes any more, what hangs is let go, what was killed is started; happens at the end anyhow",
            example: "all faults are healed",
        },
        regex: "all faults are healed",
        step: |_, _| Ok(Step::Heal),
    },
    Entry {
        phrase: Phrase {
            family: JUDGEMENT,
            pattern: "every invariant holds",
            meaning: "all invariants of the stack count; one without a witness here needs one in another scenario",
            example: "every invariant holds",
        },
        regex: "every invariant holds",
        step: |_, _| Ok(Step::EveryInvariant),
    },
    Entry {
        phrase: Phrase {
            family: JUDGEMENT,
            pattern: "\"INVARIANT\" holds",
            meaning: "this invariant counts, and needs a witness in this scenario",
            example: "\"finished implies scores\" holds",
        },
        regex: concat!(name!(), " holds"),
        step: |found, _| Ok(Step::Invariant(found[1].to_owned())),
    },
    Entry {
        phrase: Phrase {
            family: JUDGEMENT,
            pattern: "at least N E reach \"STATUS\"",
            meaning: "so many entities have ever had this status when the run ends",
            example: "at least 10 submission reach \"Finished\"",
        },
        regex: concat!(
            "at least ([0-9]+) ([A-Za-z_][A-Za-z0-9_-]*) reach(?:es)? ",
            name!()
        ),
        step: |found, _| {
            let (entity, status) = (found[2].to_owned(), found[3].to_owned());
            Ok(Step::AtLeast {
                count: positive(&found[1], "entities")?,
                entity,
                status,
            })
        },
    },
];

static REGEXES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let whole = |entry: &Entry| {
        Regex::new(&format!("^(?:{})$", entry.regex)).expect("the patterns are constants")
    };
    PHRASES.iter().map(whole).collect()
});

/// All phrases, family by family.
pub fn phrases() -> Vec<Phrase> {
    PHRASES.iter().map(|entry| entry.phrase).collect()
}

/// What stands behind a fault: how often, for whom, from when; and what each of them means.
pub fn qualifiers() -> &'static [(&'static str, &'static str)] {
    &qualifiers::FORMS
}

/// Reads one step, without its keyword. `None`: no phrase is written so.
pub fn parse(text: &str, docstring: Option<&str>) -> Option<Result<Step, String>> {
    let found = PHRASES
        .iter()
        .zip(REGEXES.iter())
        .find_map(|(entry, regex)| Some((entry, regex.captures(text)?)));
    found.map(|(entry, found)| (entry.step)(&found, docstring))
}

/// Writes a step so that [`parse`] reads it back.
pub fn print(step: &Step) -> String {
    match step {
        Step::Stack(name) => format!("the stack \"{name}\""),
        Step::Fault(fault) => print_fault(fault),
        Step::Work {
            workload,
            times,
            clients: 1,
        } => format!("\"{workload}\" runs {times} times"),
        Step::Work {
            workload,
            times,
            clients,
        } => {
            format!("\"{workload}\" runs {times} times with {clients} clients")
        }
        Step::AllFinal { entity, within } => {
            format!(
                "every {entity} is final within {}",
                duration::print(*within)
            )
        }
        Step::Heal => "all faults are healed".to_owned(),
        Step::EveryInvariant => "every invariant holds".to_owned(),
        Step::Invariant(name) => format!("\"{name}\" holds"),
        Step::AtLeast {
            count,
            entity,
            status,
        } => format!("at least {count} {entity} reach \"{status}\""),
    }
}

fn print_fault(fault: &Fault) -> String {
    let effect = match &fault.effect {
        Effect::Call { call, fault } => print_call_fault(call, fault),
        Effect::Service { service, fault } => {
            format!("the service \"{service}\" is {}", fault.word())
        }
    };
    let Fault {
        times,
        chance,
        whom,
        trigger,
        ..
    } = fault.clone();
    effect
        + &qualifiers::print(&Qualifiers {
            times,
            chance,
            whom,
            trigger,
        })
}

fn print_call_fault(call: &str, fault: &CallFault) -> String {
    let (the_call, the_answer) = (
        format!("the call \"{call}\""),
        format!("the answer to \"{call}\""),
    );
    match fault {
        CallFault::Answers { status, body: None } => format!("{the_call} answers {status}"),
        CallFault::Answers {
            status,
            body: Some(body),
        } => format!("{the_call} answers {status} with \"{body}\""),
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

/// The most bytes of a body after which it can be cut: so much of it is kept.
const CUT_BYTES: u64 = 65_536;

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

fn on_service(service: &str, fault: ServiceFault, rest: &str) -> Result<Step, String> {
    let service = service.to_owned();
    self::fault(Effect::Service { service, fault }, rest)
}

fn on_call(call: &str, fault: CallFault, rest: &str) -> Result<Step, String> {
    let call = call.to_owned();
    self::fault(Effect::Call { call, fault }, rest)
}

fn answers(found: &Captures<'_>, docstring: Option<&str>) -> Result<Step, String> {
    let status = found[2]
        .parse()
        .map_err(|_| format!("`{}` is no status", &found[2]))?;
    if !(200..600).contains(&status) {
        return Err(format!(
            "{status} is no status that an answer can have: from 200 to 599"
        ));
    }
    let inline = found.get(3).map(|body| body.as_str());
    let body = inline.or(docstring).map(str::to_owned);
    let wants_body = found.name("bare").is_some();
    // `with` can also begin a chance.
    if let Some(chance) = found[5].strip_prefix(" probability").filter(|_| wants_body) {
        let rest = format!(" with probability{chance}");
        return on_call(&found[1], CallFault::Answers { status, body: None }, &rest);
    }
    if wants_body && body.is_none() {
        return Err("`with` needs a body: in quotes, or as a doc string below".to_owned());
    }
    on_call(&found[1], CallFault::Answers { status, body }, &found[5])
}

fn fault(effect: Effect, rest: &str) -> Result<Step, String> {
    let Qualifiers {
        times,
        chance,
        whom,
        trigger,
    } = qualifiers::parse(rest)?;
    Ok(Step::Fault(Fault {
        effect,
        times,
        chance,
        whom,
        trigger,
    }))
}

fn positive(digits: &str, of: &str) -> Result<u64, String> {
    match digits.parse() {
        Ok(0) | Err(_) => Err(format!("`{digits}` is no number of {of}: it begins with 1")),
        Ok(number) => Ok(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use shakedown_harness::plan::{Times, Trigger, Whom};
    use std::time::Duration;

    #[test]
    fn every_example_is_read_as_its_own_phrase_and_as_no_other() {
        for (i, entry) in PHRASES.iter().enumerate() {
            let matching: Vec<usize> = (0..PHRASES.len())
                .filter(|n| REGEXES[*n].is_match(entry.phrase.example))
                .collect();
            assert_eq!(matching, [i], "{}", entry.phrase.example);
            let step = parse(entry.phrase.example, None).unwrap().unwrap();
            assert_eq!(
                parse(&print(&step), None),
                Some(Ok(step)),
                "{}",
                entry.phrase.example
            );
        }
    }

    #[test]
    fn qualifiers_come_in_any_order_with_or_without_commas() {
        let expected = parse(
            "the call \"a\" hangs the first 2 times for each job after \"b\" is answered",
            None,
        );
        for text in [
            "the call \"a\" hangs after \"b\" is answered, the first 2 times for each job",
            "the call \"a\" hangs, for each job, after \"b\" is answered, the first 2 times",
        ] {
            assert_eq!(parse(text, None), expected, "{text}");
        }
        let once = "the service \"w\" is killed after \"b\" is answered, once";
        let Some(Ok(Step::Fault(fault))) = parse(once, None) else {
            panic!("{once}")
        };
        assert_eq!(fault.times, Times::First(1));
    }

    #[test]
    fn what_is_nearly_right_is_told() {
        let error = |text: &str| parse(text, None).unwrap().unwrap_err();
        assert!(error("the call \"a\" hangs sometimes").contains("`sometimes`"));
        assert!(error("the call \"a\" hangs once the 2nd time").contains("twice"));
        assert!(error("the call \"a\" hangs for one b for each c").contains("twice"));
        assert!(error("the call \"a\" hangs with probability 1.5").contains("up to 1"));
        assert!(error("the call \"a\" hangs with probability 0").contains("above 0"));
        assert!(error("the call \"a\" hangs the first 0 times").contains("begins with 1"));
        assert!(error("the call \"a\" answers 200 with").contains("needs a body"));
        assert!(error("the call \"a\" answers 999").contains("200 to 599"));
        assert!(error("the call \"a\" takes 5 longer").contains("`5`"));
        assert!(error("the answer to \"a\" is cut after 65537 bytes").contains("65536"));
        assert!(error("the answer to \"a\" has \"b\" set to seven").contains("JSON"));
        assert!(error("the answer to \"a\" has \"b\" set to \"x\"th time").contains("`th time`"));
        assert!(error("the answer to \"a\" has \"b\" set to 7 sometimes").contains("`sometimes`"));
        assert!(error("\"a\" runs 0 times").contains("begins with 1"));
        assert!(error("every job is final within soon").contains("`soon`"));
        assert_eq!(parse("the call \"a\" anwsers 503", None), None);
    }

    fn name() -> impl Strategy<Value = String> {
        "[a-zA-Z0-9][a-zA-Z0-9 ._/-]{0,12}"
    }

    fn word() -> impl Strategy<Value = String> {
        "[a-z][a-z0-9_]{0,8}"
    }

    fn values() -> impl Strategy<Value = serde_json::Value> {
        prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i32>().prop_map(Into::into),
            "[^\n]{0,10}".prop_map(Into::into),
            proptest::collection::vec(any::<u8>(), 0..3).prop_map(Into::into),
        ]
    }

    fn call_faults() -> impl Strategy<Value = CallFault> {
        prop_oneof![
            (200u16..600, proptest::option::of("[^\"\n]{0,10}"))
                .prop_map(|(status, body)| CallFault::Answers { status, body }),
            (1u64..9_999_999).prop_map(|ms| CallFault::TakesLonger {
                by: Duration::from_millis(ms)
            }),
            proptest::sample::select(vec![
                CallFault::Hangs,
                CallFault::Refused,
                CallFault::DeliveredTwice,
                CallFault::AnswerLost,
                CallFault::AnswerNeverArrives,
                CallFault::AnswerEmpty,
                CallFault::AnswerMalformed,
            ]),
            (0..=CUT_BYTES).prop_map(|after_bytes| CallFault::AnswerCut { after_bytes }),
            (name(), values()).prop_map(|(path, value)| CallFault::AnswerSet { path, value }),
        ]
    }

    fn service_faults() -> impl Strategy<Value = ServiceFault> {
        proptest::sample::select(vec![
            ServiceFault::Killed,
            ServiceFault::Stopped,
            ServiceFault::Paused,
            ServiceFault::Restarted,
        ])
    }

    fn effects() -> impl Strategy<Value = Effect> {
        prop_oneof![
            (name(), call_faults()).prop_map(|(call, fault)| Effect::Call { call, fault }),
            (name(), service_faults())
                .prop_map(|(service, fault)| Effect::Service { service, fault }),
        ]
    }

    fn times() -> impl Strategy<Value = Times> {
        prop_oneof![
            Just(Times::Always),
            (1u64..200).prop_map(Times::First),
            (1u64..200).prop_map(Times::Nth),
        ]
    }

    fn steps() -> impl Strategy<Value = Step> {
        let whom = prop_oneof![
            Just(Whom::All),
            word().prop_map(Whom::Each),
            word().prop_map(Whom::One),
        ];
        let trigger = prop_oneof![
            name().prop_map(|call| Trigger::AfterAnswered { call }),
            name().prop_map(|call| Trigger::BeforeSent { call }),
            (word(), name()).prop_map(|(entity, status)| Trigger::Reaches { entity, status }),
            name().prop_map(|event| Trigger::Happens { event }),
        ];
        let chance = proptest::option::of((1u32..=1000).prop_map(|n| f64::from(n) / 1000.0));
        let trigger = proptest::option::of(trigger);
        let fault = (effects(), times(), chance, whom, trigger).prop_map(
            |(effect, times, chance, whom, trigger)| {
                Step::Fault(Fault {
                    effect,
                    times,
                    chance,
                    whom,
                    trigger,
                })
            },
        );
        prop_oneof![
            fault,
            name().prop_map(Step::Stack),
            (name(), 1u64..99, 1u64..9).prop_map(|(workload, times, clients)| Step::Work {
                workload,
                times,
                clients
            }),
            (word(), 1u64..9_999_999).prop_map(|(entity, ms)| Step::AllFinal {
                entity,
                within: Duration::from_millis(ms)
            }),
            Just(Step::Heal),
            Just(Step::EveryInvariant),
            name().prop_map(Step::Invariant),
            (1u64..99, word(), name()).prop_map(|(count, entity, status)| Step::AtLeast {
                count,
                entity,
                status
            }),
        ]
    }

    proptest! {
        #[test]
        fn parse_reads_what_print_writes(step in steps()) {
            let text = print(&step);
            prop_assert_eq!(parse(&text, None), Some(Ok(step)), "{}", text);
        }
    }
}
