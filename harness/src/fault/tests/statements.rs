//! What is done to statements, and to all connections to a service.

use super::*;
use crate::history::{Outcome, Statement};
use FaultMoment::*;

const TEXT: &str = "insert into jobs";

fn on_statement(fault: StatementFault) -> Effect {
    let text = TEXT.to_owned();
    Effect::Statement { text, fault }
}

fn fails() -> Effect {
    let sqlstate = "40001".to_owned();
    on_statement(StatementFault::FailsWith { sqlstate })
}

fn stop(text: &str, moment: Moment) -> Stop {
    let call = text.to_owned();
    Stop { call, moment }
}

fn came(exchange: ExchangeId, outcome: Outcome) -> What {
    What::Statement(Statement {
        exchange,
        client: "worker".into(),
        service: "db".into(),
        port: 5432,
        text: TEXT.into(),
        outcome,
    })
}

fn failed(sqlstate: &str) -> Outcome {
    let sqlstate = sqlstate.to_owned();
    Outcome::Failed { sqlstate }
}

#[test]
fn a_statement_fails_as_often_as_it_should_and_its_client_must_have_heard_so() {
    let mut faults = armed(fault(fails(), Times::First(2), None, None));
    let own = stop(TEXT, Moment::Statement);
    assert_eq!(faults.stops(), std::slice::from_ref(&own));
    let sqlstate = "40001".to_owned();
    for (exchange, ends) in [(1, &[Felt][..]), (2, &[Felt, Ended])] {
        let decision = faults.decide_statement(&[&own], exchange);
        let sqlstate = sqlstate.clone();
        assert_eq!(decision.action, Action::Fail { sqlstate });
        assert_eq!(moments(&decision.events), [Matched, Applied]);
        assert_eq!(moments(&faults.see(&came(exchange, failed("40001")))), ends);
    }
    let third = faults.decide_statement(&[&own], 3);
    assert_eq!(
        (third.action, moments(&third.events)),
        (Action::Pass, vec![Matched])
    );
    assert_eq!(moments(&faults.see(&came(3, Outcome::Passed))), []);
    assert_eq!(figures(&faults), [1, 3, 2, 2, 0]);
    assert_eq!(missing(&faults), None);
}

#[test]
fn what_the_client_did_not_hear_was_not_felt() {
    for outcome in [
        Outcome::Skipped,
        Outcome::Left,
        Outcome::Reset,
        failed("23505"),
    ] {
        let mut faults = armed(fault(fails(), Times::First(1), None, None));
        let own = stop(TEXT, Moment::Statement);
        faults.decide_statement(&[&own], 1);
        assert_eq!(moments(&faults.see(&came(1, outcome))), [Ended]);
        assert!(missing(&faults).unwrap().contains("nobody felt it"));
    }
    let never = armed(fault(fails(), Times::First(1), None, None));
    assert!(
        missing(&never)
            .unwrap()
            .contains("a statement with \"insert into jobs\" never came")
    );
}

#[test]
fn a_commit_that_is_lost_was_done() {
    let lost = on_statement(StatementFault::CommitLost);
    let mut faults = armed(fault(lost, Times::Nth(2), None, None));
    let own = stop(TEXT, Moment::Commit);
    assert_eq!(faults.decide_statement(&[&own], 1).action, Action::Pass);
    let decision = faults.decide_statement(&[&own], 2);
    assert_eq!(decision.action, Action::Reset);
    assert_eq!(moments(&decision.events), [Matched, Applied, Reached]);
    assert_eq!(
        moments(&faults.see(&came(2, Outcome::Reset))),
        [Felt, Ended]
    );
    assert_eq!(figures(&faults), [1, 2, 1, 1, 1]);
}

#[test]
fn of_several_faults_on_one_statement_the_first_decides_and_each_counts() {
    let mut faults = armed(fault(fails(), Times::First(1), None, None));
    let other = Effect::Statement {
        text: "jobs".to_owned(),
        fault: StatementFault::FailsWith {
            sqlstate: "23505".to_owned(),
        },
    };
    faults.arm(
        &fault(other, Times::First(2), None, None),
        "another",
        Vec::new(),
        None,
    );
    faults.watching();
    let stops = [
        stop("jobs", Moment::Statement),
        stop(TEXT, Moment::Statement),
    ];
    let stops = stops.each_ref();
    let actions = [1, 2].map(|exchange| faults.decide_statement(&stops, exchange).action);
    let fail = |sqlstate: &str| Action::Fail {
        sqlstate: sqlstate.to_owned(),
    };
    assert_eq!(actions, [fail("40001"), fail("23505")]);
}

#[test]
fn connections_are_dropped_at_a_moment_and_nothing_of_it_stays() {
    let service = "db".to_owned();
    let effect = Effect::Connections { service };
    let mut faults = armed(fault(effect.clone(), Times::Always, None, None));
    let (deed, events) = faults.at_once();
    let service = "db".to_owned();
    assert_eq!(deed.map(|deed| deed.what), Some(Doing::Drop { service }));
    assert_eq!(moments(&events), [Matched, Applied]);
    assert!(missing(&faults).unwrap().contains("nobody felt it"));
    assert_eq!(moments(&faults.felt(0)), [Felt]);
    assert_eq!(moments(&faults.done(0)), []);
    assert_eq!(moments(&faults.straightened(0)), [Ended]);
    assert_eq!(missing(&faults), None);
    let when = Trigger::AfterAnswered { call: call() };
    let mut faults = armed(fault(effect, Times::First(1), None, Some(when)));
    assert_eq!(
        faults.decide(&at(Moment::Answer), &of("1"), 1).deeds.len(),
        1
    );
    assert_eq!(
        faults.decide(&at(Moment::Answer), &of("1"), 2).deeds.len(),
        0
    );
}
