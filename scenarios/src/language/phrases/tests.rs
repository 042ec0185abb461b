use super::calls::CUT_BYTES;
use super::*;
use proptest::prelude::*;
use shakedown_harness::plan::{
    CallFault, Link, LinkFault, OperationFault, Pace, ServiceFault, StatementFault, Times, Trigger,
    Whom,
};
use std::time::Duration;

#[test]
fn every_example_is_read_as_its_own_phrase_and_as_no_other() {
    for (entry, _) in PHRASES.iter() {
        let matching: Vec<&str> = (PHRASES.iter())
            .filter(|(_, regex)| regex.is_match(entry.phrase.example))
            .map(|(entry, _)| entry.phrase.pattern)
            .collect();
        assert_eq!(matching, [entry.phrase.pattern], "{}", entry.phrase.example);
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
    assert!(error("the call \"a\" hangs with probability 1.5").contains("up to 1"));
    assert!(error("the call \"a\" hangs with probability 0").contains("above 0"));
    assert!(error("the call \"a\" hangs the first 0 times").contains("begins with 1"));
    assert!(error("the call \"a\" answers 200 with").contains("needs a body"));
    assert!(error("the call \"a\" answers 200 with {\"b\": }").contains("needs a body"));
    assert!(error("the call \"a\" answers 200 with {}once").contains("is no word"));
    let text = r#"the call "a" answers 200 with {"b": [1, "c"]} the first time"#;
    assert_eq!(print(&parse(text, None).unwrap().unwrap()), text);
    for status in ["999", "99", "199", "600", "5000", "70000"] {
        let told = error(&format!("the call \"a\" answers {status}"));
        assert!(told.contains("no HTTP status"), "{told}");
        assert!(told.contains("200 to 599"), "{told}");
    }
    assert!(error("the call \"a\" takes 5 longer").contains("`5`"));
    assert!(error("the answer to \"a\" is cut after 65537 bytes").contains("65536"));
    assert!(error("the answer to \"a\" has \"b\" set to seven").contains("JSON"));
    assert!(error("the answer to \"a\" has \"b\" set to \"x\"th time").contains("`th time`"));
    assert!(error("the answer to \"a\" has \"b\" set to 7 sometimes").contains("`sometimes`"));
    assert!(error("the link \"a\" is cut").contains("`a` is not a link"));
    assert!(error("the link \"a -> b\" is slow by 5ms with 6ms jitter").contains("less than none"));
    assert!(error("the link \"a -> b\" carries 10 kilos/s").contains("10 KB"));
    assert!(error("the link \"a -> b\" carries 0 KB/s").contains("is cut"));
    assert!(error("the link \"a -> b\" is cut for 2 parsecs").contains("`2`"));
    assert!(error("\"a\" runs 5 times at 0 per second").contains("begins with 1"));
    assert!(error("\"a\" runs 5 times at 10001 per second").contains("10000"));
    assert!(error("the operation \"a\" fails with \"x\"th").contains("`th`"));
    assert!(error("the operation \"a\" takes ages").contains("`ages`"));
    assert!(error("the statement matching \"a\" fails with 4001").contains("five digits"));
    assert!(error("the statement matching \"a\" fails with 40p01").contains("40P01"));
    assert!(error("the statement matching \"a\" fails with 00000").contains("no error"));
    assert!(error("the statement matching \" \" fails with 40001").contains("every statement"));
    assert!(error("the commit of \"a\" is lost twice").contains("`twice`"));
    assert!(error("\"a\" runs 0 times").contains("begins with 1"));
    assert!(error("every job is final within soon").contains("`soon`"));
    assert_eq!(parse("the call \"a\" anwsers 503", None), None);
}

#[test]
fn what_is_said_twice_is_told_with_both() {
    let cases = [
        ("once, the 2nd time", "how often: `once` and `the 2nd time`"),
        (
            "for one b for each c",
            "for whom: `for one b` and `for each c`",
        ),
        (
            "with probability 0.1 once with probability 1",
            "by which chance: `with probability 0.1` and `with probability 1`",
        ),
        (
            "when \"e\" happens, after \"b\" is answered",
            "from when on: `when \"e\" happens` and `after \"b\" is answered`",
        ),
        (
            "until \"b\" is sent until job reaches \"c\"",
            "until when: `until \"b\" is sent` and `until job reaches \"c\"`",
        ),
        ("for 2s for 3s", "for how long: `for 2s` and `for 3s`"),
    ];
    for (qualifiers, expected) in cases {
        let error = parse(&format!("the call \"a\" hangs {qualifiers}"), None);
        let expected = format!("it says twice {expected}; keep one");
        assert_eq!(error, Some(Err(expected)), "{qualifiers}");
    }
}

#[test]
fn what_could_do_nothing_is_refused() {
    for text in [
        "the call \"a\" takes 0s longer",
        "the operation \"a\" takes 0ms",
        "the link \"a -> b\" is slow by 0ms",
        "the link \"a -> b\" is cut for 0s",
        "every job is final within 0m",
    ] {
        let error = parse(text, None).unwrap().unwrap_err();
        assert!(
            error.contains("no time at all: it begins with `1ms`"),
            "{text}: {error}"
        );
    }
    for text in [
        "the link \"a -> b\" carries 0 KB/s",
        "the call \"a\" hangs the first 0 times",
        "the call \"a\" hangs the 0th time",
        "the call \"a\" hangs with probability 0.0",
        "\"a\" runs 0 times",
        "\"a\" runs 5 times with 0 clients",
        "\"a\" runs 5 times at 0 per second",
        "at least 0 job reach \"Done\"",
    ] {
        assert!(parse(text, None).unwrap().is_err(), "{text}");
    }
    // An answer without its body, and a connection that is reset at once, are something.
    for text in [
        "the answer to \"a\" is cut after 0 bytes",
        "the link \"a -> b\" is reset after 0 B",
    ] {
        assert!(parse(text, None).unwrap().is_ok(), "{text}");
    }
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

/// Texts, JSON, and what only a doc string can hold.
fn bodies() -> impl Strategy<Value = String> {
    let json = proptest::collection::vec(values(), 0..3);
    prop_oneof![
        "[^\"\n]{0,10}",
        json.prop_map(|values| serde_json::Value::from(values).to_string()),
        Just("{\"a\": 1,\n \"b\": [2]}".to_owned()),
        "[a-z \"{\n]{1,10}",
    ]
}

fn call_faults() -> impl Strategy<Value = CallFault> {
    prop_oneof![
        (200u16..600, proptest::option::of(bodies()))
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
        ServiceFault::Joined,
        ServiceFault::DiskFull,
    ])
}

fn durations() -> impl Strategy<Value = Duration> {
    (1u64..9_999_999).prop_map(Duration::from_millis)
}

fn link_faults() -> impl Strategy<Value = LinkFault> {
    prop_oneof![
        Just(LinkFault::Cut),
        (durations(), 0u64..=100).prop_map(|(by, percent)| {
            let jitter = Duration::from_millis(by.as_millis() as u64 * percent / 100);
            LinkFault::Slow { by, jitter }
        }),
        (1u64..9_999_999).prop_map(|bytes_per_s| LinkFault::Carries { bytes_per_s }),
        (0u64..9_999_999).prop_map(|bytes| LinkFault::ResetAfter { bytes }),
    ]
}

fn operation_faults() -> impl Strategy<Value = OperationFault> {
    prop_oneof![
        Just(OperationFault::Stalls),
        values().prop_map(|error| OperationFault::FailsWith { error }),
        durations().prop_map(|at_least| OperationFault::Takes { at_least }),
    ]
}

fn statement_faults() -> impl Strategy<Value = StatementFault> {
    prop_oneof![
        Just(StatementFault::CommitLost),
        "[3-9A-Z][0-9A-Z]{4}".prop_map(|sqlstate| StatementFault::FailsWith { sqlstate }),
    ]
}

fn effects() -> impl Strategy<Value = Effect> {
    let link = (word(), word()).prop_map(|(client, service)| Link { client, service });
    prop_oneof![
        (name(), call_faults()).prop_map(|(call, fault)| Effect::Call { call, fault }),
        (name(), service_faults()).prop_map(|(service, fault)| Effect::Service { service, fault }),
        (name(), operation_faults())
            .prop_map(|(operation, fault)| Effect::Operation { operation, fault }),
        (link, link_faults()).prop_map(|(link, fault)| Effect::Link { link, fault }),
        (name(), statement_faults()).prop_map(|(text, fault)| Effect::Statement { text, fault }),
        name().prop_map(|service| Effect::Connections { service }),
    ]
}

fn triggers() -> impl Strategy<Value = Trigger> {
    prop_oneof![
        name().prop_map(|call| Trigger::AfterAnswered { call }),
        name().prop_map(|call| Trigger::BeforeSent { call }),
        (word(), name()).prop_map(|(entity, status)| Trigger::Reaches { entity, status }),
        (word(), word(), plain()).prop_map(|(entity, field, value)| Trigger::Becomes {
            entity,
            field,
            value
        }),
        name().prop_map(|event| Trigger::Happens { event }),
    ]
}

/// What a field can be waited for to be.
fn plain() -> impl Strategy<Value = serde_json::Value> {
    prop_oneof![
        name().prop_map(serde_json::Value::from),
        any::<i32>().prop_map(serde_json::Value::from),
        any::<bool>().prop_map(serde_json::Value::from),
    ]
}

fn times() -> impl Strategy<Value = Times> {
    prop_oneof![
        Just(Times::Always),
        (1u64..200).prop_map(Times::First),
        (1u64..200).prop_map(Times::Nth),
    ]
}

fn paces() -> impl Strategy<Value = Pace> {
    prop_oneof![
        (1u64..9).prop_map(Pace::Clients),
        (1u64..9).prop_map(Pace::PerSecond),
    ]
}

fn steps() -> impl Strategy<Value = Step> {
    let whom = prop_oneof![
        Just(Whom::All),
        word().prop_map(Whom::Each),
        word().prop_map(Whom::One),
    ];
    let chance = proptest::option::of((1u32..=1000).prop_map(|n| f64::from(n) / 1000.0));
    let when = (
        proptest::option::of(triggers()),
        proptest::option::of(triggers()),
        proptest::option::of(durations()),
    );
    let fault = (effects(), times(), chance, whom, when).prop_map(
        |(effect, times, chance, whom, (trigger, until, lasting))| {
            Step::Fault(Box::new(Fault {
                effect,
                times,
                chance,
                whom,
                trigger,
                until,
                lasting,
            }))
        },
    );
    prop_oneof![
        fault,
        name().prop_map(Step::Stack),
        (name(), 1u64..99, paces()).prop_map(|(workload, times, pace)| Step::Work {
            workload,
            times,
            pace
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
        let (line, below) = text.split_once("\n\"\"\"\n").unzip();
        let body = below.and_then(|below| below.strip_suffix("\n\"\"\""));
        let read = parse(line.unwrap_or(&text), body);
        prop_assert_eq!(read, Some(Ok(step)), "{}", text);
    }
}
