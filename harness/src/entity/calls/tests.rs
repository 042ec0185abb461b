//! Rules on calls whose callers are told this and that.

use crate::entity::{Entities, Observation};
use crate::history::{Answered, Asked, Captures, Event, Message, Seen, What};
use crate::stack::Stack;
use serde_json::{Value, json};

const COMPOSE: &str = "services: {site: {image: a, expose: ['80']}, worker: {image: b}}\n";

/// All that one call teaches by one rule, and the trouble that the rule had.
struct Taught {
    observations: Vec<Observation>,
    trouble: String,
}

fn captures() -> Captures {
    [("job".to_owned(), "7".to_owned())].into()
}

fn message(body: &str) -> Message {
    Message {
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: body.to_owned(),
        body_bytes: body.len() as u64,
        digest: None,
    }
}

fn asked(exchange: u64) -> What {
    What::Asked(Asked {
        exchange,
        client: "worker".to_owned(),
        service: "site".to_owned(),
        port: 80,
        method: "GET".to_owned(),
        path: "/jobs/7".to_owned(),
        call: Some("look".to_owned()),
        captures: captures(),
    })
}

fn answered(exchange: u64, body: &str) -> What {
    What::Answered(Box::new(Answered {
        exchange,
        call: Some("look".to_owned()),
        captures: captures(),
        request: message("{\"n\": 5}"),
        status: 200,
        response: message(body),
    }))
}

/// Of a job that learns from one call by one rule.
fn entities(rule: &str) -> Entities {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("compose.yaml"), COMPOSE).unwrap();
    let text = format!(
        "stack: s\ncompose: compose.yaml\n\
         calls: {{look: {{link: worker -> site, request: \"GET /jobs/{{job}}\"}}}}\n\
         entities: {{job: {{learn: [{{call: look, {rule}}}]}}}}\n"
    );
    let file = folder.path().join("shakedown.yaml");
    std::fs::write(&file, text).unwrap();
    Entities::new(&Stack::read(&file).unwrap().stack)
}

/// Takes in what happens at 1, 2, 3...
fn see(entities: &mut Entities, happens: Vec<Option<What>>) -> Vec<Observation> {
    let mut observations = Vec::new();
    for (at_ns, what) in (1..).zip(happens) {
        let event = what.map(|what| Event {
            seq: at_ns,
            at_ns,
            what,
        });
        observations.extend(event.iter().flat_map(|event| entities.observations(event)));
    }
    observations
}

/// A call, asked at 1 with `{"n": 5}`, answered at 2 with 200 if there is an answer, and delivered at 3.
fn play(rule: &str, answer: Option<&str>, seen: Seen) -> Taught {
    let mut entities = entities(rule);
    let delivered = What::Delivered {
        exchange: 1,
        seen,
        before: None,
    };
    let answered = answer.map(|body| answered(1, body));
    let observations = see(
        &mut entities,
        vec![Some(asked(1)), answered, Some(delivered)],
    );
    let trouble = entities.troubles().map(|(_, trouble)| trouble).collect();
    Taught {
        observations,
        trouble,
    }
}

/// The value that a rule sets in `x`, or why it could not.
fn taught(rule: &str, answer: Option<&str>, seen: Seen) -> Result<Option<Value>, String> {
    let mut taught = play(rule, answer, seen);
    assert!(taught.observations.len() <= 1, "{:?}", taught.observations);
    match (taught.observations.pop(), taught.trouble.is_empty()) {
        (Some(one), true) => Ok(Some(one.set["x"].clone())),
        (None, true) => Ok(None),
        (None, false) => Err(taught.trouble),
        (Some(one), false) => panic!("{one:?} and {}", taught.trouble),
    }
}

fn plain(status: u16) -> Seen {
    Seen::Answer {
        status,
        body_bytes: 0,
        altered: false,
        told: None,
    }
}

/// An answer that the gateway altered, or gave in the callee's place.
fn other(status: u16, altered: bool, body: &str) -> Seen {
    let told = Some(Box::new(message(body)));
    let body_bytes = body.len() as u64;
    Seen::Answer {
        status,
        body_bytes,
        altered,
        told,
    }
}

const DONE: Option<&str> = Some("{\"status\": \"DONE\"}");
const BODY: &str = "set: {x: seen.body.status}";

#[test]
fn what_the_caller_was_told_is_learnt_when_it_was_told() {
    let running = || other(200, true, "{\"status\": \"RUNNING\"}");
    assert_eq!(taught(BODY, DONE, running()), Ok(Some(json!("RUNNING"))));
    assert_eq!(taught(BODY, DONE, plain(200)), Ok(Some(json!("DONE"))));
    // The other one reads what the callee answered, whatever became of it.
    let response = "set: {x: response.body.status}";
    assert_eq!(taught(response, DONE, running()), Ok(Some(json!("DONE"))));
    assert_eq!(taught(response, DONE, Seen::Reset), Ok(Some(json!("DONE"))));
    let moment = |rule| {
        let one = play(rule, DONE, running()).observations.remove(0);
        (one.since_ns, one.at_ns, one.seq)
    };
    assert_eq!((moment(BODY), moment(response)), ((2, 3, 3), (1, 2, 2)));
}

#[test]
fn whoever_was_told_nothing_learns_nothing() {
    let unreachable = Seen::Unreachable {
        reason: "refused".to_owned(),
    };
    for seen in [Seen::Reset, Seen::Left, Seen::Copy, unreachable] {
        assert_eq!(taught(BODY, DONE, seen.clone()), Ok(None), "{seen:?}");
        assert_eq!(taught(BODY, None, seen), Ok(None));
    }
}

#[test]
fn all_of_an_exchange_can_be_read_with_it() {
    let running = || other(200, true, "{\"status\": \"RUNNING\"}");
    let rule = "when: seen.body.status != response.body.status, set: {x: '[request.body.n, seen.status, path.job, \
                seen.headers[\"content-type\"]]'}";
    let all = json!([5, 200, "7", "application/json"]);
    assert_eq!(taught(rule, DONE, running()), Ok(Some(all)));
    assert_eq!(taught(rule, DONE, plain(200)), Ok(None));
}

#[test]
fn a_callee_that_was_not_asked_has_nothing_to_read() {
    let given = || other(200, false, "{\"status\": \"GIVEN\"}");
    assert_eq!(taught(BODY, None, given()), Ok(Some(json!("GIVEN"))));
    let both = "when: response.status == 200, set: {x: seen.status}";
    let why = taught(both, None, given()).unwrap_err();
    assert!(why.contains("`request` and `response` are null"), "{why}");
    let careful = "when: 'response != null && response.status == 200', set: {x: seen.status}";
    assert_eq!(taught(careful, None, given()), Ok(None));
    assert_eq!(taught(careful, DONE, plain(200)), Ok(Some(json!(200))));
}

#[test]
fn what_a_fault_made_unreadable_told_nothing_and_no_more() {
    let cut = Seen::Cut {
        status: 200,
        body_bytes: 5,
        told: Some(Box::new(message("{\"sta"))),
    };
    let status = "when: seen.status >= 200, set: {x: seen.status}";
    for seen in [cut, other(503, false, ""), other(200, true, "{\"st\n{\"")] {
        assert_eq!(taught(BODY, DONE, seen.clone()), Ok(None), "{seen:?}");
        assert!(matches!(taught(status, DONE, seen), Ok(Some(_))));
    }
    // What the callee itself did not say is a trouble, as it is to a rule that reads its answer.
    let garbage = Some("garbage");
    let why = taught(BODY, garbage, plain(200)).unwrap_err();
    assert!(why.contains("in a call whose caller was told 200"), "{why}");
    assert!(taught(BODY, garbage, other(200, true, "garbage")).is_err());
    assert!(taught(BODY, DONE, other(200, true, "{}")).is_err());
}

#[test]
fn an_older_history_that_does_not_say_it_is_not_taken_for_the_callee_s_answer() {
    let altered = Seen::Answer {
        status: 200,
        body_bytes: 20,
        altered: true,
        told: None,
    };
    for (answer, seen) in [(DONE, altered), (None, plain(503))] {
        let why = taught(
            "when: seen.status == 200, set: {x: seen.status}",
            answer,
            seen,
        );
        let why = why.unwrap_err();
        assert!(why.contains("the history does not say"), "{why}");
    }
}

#[test]
fn what_is_asked_because_of_what_was_told_does_not_overlap_with_it() {
    let delivered = |exchange, before| What::Delivered {
        exchange,
        seen: other(200, false, "{}"),
        before,
    };
    let spans = |before| {
        let happens = vec![
            asked(1),
            answered(1, "{}"),
            asked(2),
            delivered(1, before),
            delivered(2, None),
        ];
        let happens = happens.into_iter().map(Some).collect();
        let learnt = see(&mut entities("set: {x: seen.status}"), happens);
        let span = |one: &Observation| (one.since_ns, one.at_ns);
        learnt.iter().map(span).collect::<Vec<_>>()
    };
    // What was told begins where the callee had answered.
    assert_eq!(spans(None), [(2, 4), (3, 5)]);
    assert_eq!(spans(Some(2)), [(2, 4), (4, 5)]);
    assert_eq!(spans(Some(3)), [(2, 4), (3, 5)]);
}
