//! Sessions of PostgreSQL's protocol.

use super::stage::*;
use crate::gateway::{Action, Command, Moment, Report, Speaks, Stop, local};
use crate::history::{Outcome, What};
use std::slice::from_ref;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const INSERT: &str = "insert into jobs";

fn frame(kind: u8, body: &str) -> Vec<u8> {
    let length = (body.len() + 4) as u32;
    [&[kind], &length.to_be_bytes()[..], body.as_bytes()].concat()
}

fn startup() -> Vec<u8> {
    let body = "user\0shop\0\0";
    let length = (body.len() + 8) as u32;
    let head = [length.to_be_bytes(), 196_608_u32.to_be_bytes()].concat();
    [&head, body.as_bytes()].concat()
}

/// A portal without a name of a statement with this name, run at once.
fn run(statement: &str) -> Vec<u8> {
    let bind = format!("\0{statement}\0\0\0\0\0\0\0");
    [frame(b'B', &bind), frame(b'E', "\0\0\0\0\0")].concat()
}

fn parse(name: &str, text: &str) -> Vec<u8> {
    frame(b'P', &format!("{name}\0{text}\0\0\0"))
}

fn query(text: &str) -> Vec<u8> {
    frame(b'Q', &format!("{text}\0"))
}

fn complete(tag: &str) -> Vec<u8> {
    frame(b'C', &format!("{tag}\0"))
}

fn ready(status: &str) -> Vec<u8> {
    frame(b'Z', status)
}

fn sync() -> Vec<u8> {
    frame(b'S', "")
}

impl Peer {
    async fn sends(&mut self, parts: &[Vec<u8>]) {
        soon(self.0.write_all(&parts.concat())).await.unwrap();
    }

    /// The next bytes are these.
    async fn gets(&mut self, parts: &[Vec<u8>]) {
        let expected = parts.concat();
        let mut bytes = vec![0; expected.len()];
        if let Err(error) = soon(self.0.read_exact(&mut bytes)).await {
            panic!("{error} before {:?}", String::from_utf8_lossy(&expected));
        }
        let (bytes, expected) = (
            String::from_utf8_lossy(&bytes),
            String::from_utf8_lossy(&expected),
        );
        assert_eq!(bytes, expected);
    }

    /// The next frame: its type, and what it says.
    async fn frame(&mut self) -> (u8, String) {
        let mut head = [0; 5];
        soon(self.0.read_exact(&mut head)).await.unwrap();
        let [kind, length @ ..] = head;
        let mut body = vec![0; u32::from_be_bytes(length) as usize - 4];
        soon(self.0.read_exact(&mut body)).await.unwrap();
        (kind, String::from_utf8(body).unwrap())
    }
}

/// A session that has begun, with these moments of `INSERT` watched.
async fn session(moments: &[Moment]) -> (Stage, Peer, Peer) {
    let mut stage = Stage::speaking(local(), None, Some("worker")).await;
    watch(&mut stage, moments).await;
    let mut caller = stage.caller().await;
    let mut callee = stage.callee().await;
    caller.sends(&[startup()]).await;
    callee.gets(&[startup()]).await;
    let begun = [frame(b'R', "\0\0\0\0"), ready("I")];
    callee.sends(&begun).await;
    caller.gets(&begun).await;
    (stage, caller, callee)
}

async fn watch(stage: &mut Stage, moments: &[Moment]) {
    let stop = |moment: &Moment| Stop {
        call: INSERT.into(),
        moment: *moment,
    };
    let stops = moments.iter().map(stop).collect();
    stage.send(Command::Watch { stops });
    assert_eq!(stage.report().await, Report::Watching);
}

/// The next question is about this moment.
async fn asked(stage: &mut Stage, expected: Moment) -> u64 {
    match stage.report().await {
        Report::Ask { ask, stop, .. } => {
            assert_eq!((stop.call.as_str(), stop.moment), (INSERT, expected));
            ask
        }
        other => panic!("{other:?}"),
    }
}

/// What came of the statement that is told next.
async fn outcome(stage: &mut Stage, text: &str) -> Outcome {
    match stage.report().await {
        Report::Event {
            what: What::Statement(statement),
        } => {
            assert_eq!(statement.text, text);
            assert_eq!(
                (statement.client.as_str(), statement.service.as_str()),
                ("worker", "site")
            );
            statement.outcome
        }
        other => panic!("{other:?}"),
    }
}

fn fail() -> Action {
    let sqlstate = "40001".to_owned();
    Action::Fail { sqlstate }
}

fn failed() -> Outcome {
    let sqlstate = "40001".to_owned();
    Outcome::Failed { sqlstate }
}

/// What a server says that could not parse a text.
fn syntax_error(token: &str) -> Vec<u8> {
    let text = format!("SERROR\0C42601\0Msyntax error at or near \"{token}\"\0\0");
    frame(b'E', &text)
}

/// The caller gets the error that was wanted.
async fn gets_error(caller: &mut Peer) {
    let (kind, text) = caller.frame().await;
    assert_eq!(kind, b'E');
    assert!(text.starts_with("SERROR\0VERROR\0C40001\0M"), "{text:?}");
    assert!(!text.contains("syntax"), "{text:?}");
}

#[tokio::test]
async fn encryption_is_refused_and_the_session_passes() {
    for speaks in [None, Some(Speaks::Postgres)] {
        let mut stage = Stage::speaking(local(), speaks, Some("worker")).await;
        let mut caller = stage.caller().await;
        for code in [80_877_103_u32, 80_877_104] {
            let asked = [8_u32.to_be_bytes(), code.to_be_bytes()].concat();
            caller.sends(&[asked]).await;
            caller.hears("N").await;
        }
        let said = [startup(), query("select 1"), frame(b'X', "")];
        caller.sends(&said).await;
        let mut callee = stage.callee().await;
        callee.gets(&said).await;
        let answer = [
            frame(b'R', "\0\0\0\0"),
            ready("I"),
            complete("SELECT 1"),
            ready("I"),
        ];
        callee.sends(&answer).await;
        caller.gets(&answer).await;
        drop(caller);
        callee.hears_end().await;
        drop(callee);
        let (sent, received) = (said.concat().len(), answer.concat().len());
        stage
            .expect(&[&format!("stream worker {sent} {received}")])
            .await;
        stage.end().await;
    }
}

#[tokio::test]
async fn what_does_not_begin_like_it_or_cancels_a_query_passes_as_bytes() {
    let cancel = [
        16_u32.to_be_bytes(),
        80_877_102_u32.to_be_bytes(),
        [1; 4],
        [2; 4],
    ]
    .concat();
    for said in [
        cancel,
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        vec![0, 0, 9, 9, 1, 1, 1, 1],
    ] {
        let stage = Stage::speaking(local(), Some(Speaks::Postgres), Some("worker")).await;
        let mut caller = stage.caller().await;
        caller.sends(from_ref(&said)).await;
        let mut callee = stage.callee().await;
        callee.gets(&[said]).await;
        callee.says("whatever").await;
        caller.hears("whatever").await;
    }
}

#[tokio::test]
async fn a_simple_query_fails_by_the_server_and_in_the_words_that_were_wanted() {
    let (mut stage, mut caller, mut callee) = session(&[Moment::Statement]).await;
    caller
        .sends(&[query("select 1"), query("INSERT  INTO jobs values (1)")])
        .await;
    callee.gets(&[query("select 1")]).await;
    let ask = asked(&mut stage, Moment::Statement).await;
    stage.act(ask, fail());
    let (kind, token) = callee.frame().await;
    assert_eq!((kind, token.as_str()), (b'Q', "shakedown_fault_1_\0"));
    let first = [complete("SELECT 1"), ready("T")];
    callee.sends(&first).await;
    callee
        .sends(&[syntax_error("shakedown_fault_1_"), ready("E")])
        .await;
    caller.gets(&first).await;
    gets_error(&mut caller).await;
    caller.gets(&[ready("E")]).await;
    assert_eq!(
        outcome(&mut stage, "INSERT  INTO jobs values (1)").await,
        failed()
    );
    // While the server does nothing, nothing is asked; the next one passes when the harness says so.
    let again = query("insert into jobs values (2)");
    caller.sends(from_ref(&again)).await;
    callee.gets(from_ref(&again)).await;
    callee.sends(&[syntax_error("at"), ready("I")]).await;
    caller.gets(&[syntax_error("at"), ready("I")]).await;
    caller.sends(from_ref(&again)).await;
    let ask = asked(&mut stage, Moment::Statement).await;
    stage.act(ask, Action::Pass);
    callee.gets(&[again]).await;
    let outcome = outcome(&mut stage, "insert into jobs values (2)").await;
    assert_eq!(outcome, Outcome::Passed);
}

#[tokio::test]
async fn a_prepared_statement_fails_when_it_is_run() {
    let (mut stage, mut caller, mut callee) = session(&[]).await;
    let prepared = [parse("s1", "insert into jobs values ($1)"), sync()];
    caller.sends(&prepared).await;
    callee.gets(&prepared).await;
    let ready_for_more = [frame(b'1', ""), ready("I")];
    callee.sends(&ready_for_more).await;
    caller.gets(&ready_for_more).await;
    watch(&mut stage, &[Moment::Statement]).await;
    let bind = frame(b'B', "\0s1\0\0\0\0\0\0\0");
    let execute = frame(b'E', "\0\0\0\0\0");
    caller
        .sends(&[bind.clone(), execute.clone(), sync(), query("select 1")])
        .await;
    let ask = asked(&mut stage, Moment::Statement).await;
    callee.gets(&[bind]).await;
    stage.act(ask, fail());
    let (kind, text) = callee.frame().await;
    assert_eq!(kind, b'P');
    assert_eq!(text, "shakedown_fault_1_\0shakedown_fault_1_\0\0\0");
    callee.gets(&[sync(), query("select 1")]).await;
    let error = syntax_error("shakedown_fault_1_");
    callee
        .sends(&[
            frame(b'2', ""),
            error,
            ready("I"),
            complete("SELECT 1"),
            ready("I"),
        ])
        .await;
    caller.gets(&[frame(b'2', "")]).await;
    gets_error(&mut caller).await;
    caller
        .gets(&[ready("I"), complete("SELECT 1"), ready("I")])
        .await;
    assert_eq!(
        outcome(&mut stage, "insert into jobs values ($1)").await,
        failed()
    );
    // A portal is run once; more of its rows are no other statement.
    let rows = [run("s1"), execute.clone(), sync()];
    caller.sends(&rows).await;
    let ask = asked(&mut stage, Moment::Statement).await;
    stage.act(ask, Action::Pass);
    callee.gets(&rows).await;
}

#[tokio::test]
async fn what_the_server_skips_is_told_as_skipped() {
    let (mut stage, mut caller, mut callee) = session(&[Moment::Statement]).await;
    let first = [parse("", "select nonsense"), run("")];
    let second = [parse("", "insert into jobs values (1)"), run(""), sync()];
    caller.sends(&[first.concat(), second.concat()]).await;
    let ask = asked(&mut stage, Moment::Statement).await;
    stage.act(ask, fail());
    let answer = [syntax_error("nonsense"), ready("I")];
    callee.sends(&answer).await;
    caller.gets(&answer).await;
    let told = outcome(&mut stage, "insert into jobs values (1)").await;
    assert_eq!(told, Outcome::Skipped);
}

#[tokio::test]
async fn a_client_that_leaves_has_not_felt_the_failure() {
    let (mut stage, mut caller, callee) = session(&[Moment::Statement]).await;
    caller.sends(&[query("insert into jobs values (1)")]).await;
    let ask = asked(&mut stage, Moment::Statement).await;
    stage.act(ask, fail());
    drop(caller);
    drop(callee);
    let told = outcome(&mut stage, "insert into jobs values (1)").await;
    assert_eq!(told, Outcome::Left);
}

#[tokio::test]
async fn a_commit_by_itself_is_lost_after_it_was_done() {
    let (mut stage, mut caller, mut callee) = session(&[Moment::Commit]).await;
    let statement = [
        parse("", "insert into jobs values (1) returning id"),
        run(""),
        sync(),
    ];
    caller.sends(&statement).await;
    callee.gets(&statement).await;
    callee
        .sends(&[frame(b'1', ""), frame(b'2', ""), frame(b'D', "row")])
        .await;
    callee.sends(&[complete("INSERT 0 1"), ready("I")]).await;
    let ask = asked(&mut stage, Moment::Commit).await;
    stage.act(ask, Action::Reset);
    // Not even the row was heard.
    caller.hears_reset().await;
    callee.loses().await;
    let told = outcome(&mut stage, "insert into jobs values (1) returning id").await;
    assert_eq!(told, Outcome::Reset);
}

#[tokio::test]
async fn a_commit_that_is_not_lost_passes_whole_and_what_fails_is_none() {
    let (mut stage, mut caller, mut callee) = session(&[Moment::Commit]).await;
    let insert = query("insert into jobs values (1)");
    caller.sends(&[insert.clone(), insert.clone()]).await;
    callee.gets(&[insert.clone(), insert]).await;
    let refused = [frame(b'E', "SERROR\0C23505\0\0"), ready("I")];
    callee.sends(&refused).await;
    caller.gets(&refused).await;
    let done = [complete("INSERT 0 1"), ready("I")];
    callee.sends(&done).await;
    let ask = asked(&mut stage, Moment::Commit).await;
    stage.act(ask, Action::Pass);
    caller.gets(&done).await;
    let told = outcome(&mut stage, "insert into jobs values (1)").await;
    assert_eq!(told, Outcome::Passed);
}

/// A statement, what the server says when it is done, and how the transaction stands then.
type Step = (&'static str, &'static str, &'static str);

/// Says each statement and has it done.
async fn transaction(caller: &mut Peer, callee: &mut Peer, steps: &[Step]) {
    for (text, tag, status) in steps {
        caller.sends(&[query(text)]).await;
        callee.gets(&[query(text)]).await;
        let done = [complete(tag), ready(status)];
        callee.sends(&done).await;
        caller.gets(&done).await;
    }
}

#[tokio::test]
async fn the_commit_of_a_transaction_is_lost_for_a_statement_in_it() {
    let (mut stage, mut caller, mut callee) = session(&[Moment::Commit]).await;
    let insert = ("insert into jobs values (1)", "INSERT 0 1", "T");
    let begin = ("begin", "BEGIN", "T");
    let (rollback, commit) = (("rollback", "ROLLBACK", "I"), ("commit", "COMMIT", "I"));
    // One that is rolled back is no commit, and one without the statement is not its commit.
    transaction(
        &mut caller,
        &mut callee,
        &[begin, insert, rollback, begin, commit],
    )
    .await;
    transaction(
        &mut caller,
        &mut callee,
        &[begin, insert, ("select 1", "SELECT 1", "T")],
    )
    .await;
    caller.sends(&[query("commit")]).await;
    callee.gets(&[query("commit")]).await;
    callee.sends(&[complete("COMMIT"), ready("I")]).await;
    let ask = asked(&mut stage, Moment::Commit).await;
    stage.act(ask, Action::Reset);
    caller.hears_reset().await;
    let told = outcome(&mut stage, "insert into jobs values (1)").await;
    assert_eq!(told, Outcome::Reset);
}

const BEGIN: Step = ("begin", "BEGIN", "T");
const KEPT: Step = ("insert into jobs values (1)", "INSERT 0 1", "T");
const UNDONE: Step = ("insert into jobs values (2)", "INSERT 0 1", "T");

/// Which statement of a transaction the commit that is asked about is of; `None`: nothing is asked.
async fn committed(steps: &[Step]) -> Option<&'static str> {
    let (mut stage, mut caller, mut callee) = session(&[Moment::Commit]).await;
    transaction(&mut caller, &mut callee, &[&[BEGIN], steps].concat()).await;
    caller.sends(&[query("commit")]).await;
    callee.gets(&[query("commit")]).await;
    let done = [complete("COMMIT"), ready("I")];
    callee.sends(&done).await;
    let of = tokio::select! {
        ask = asked(&mut stage, Moment::Commit) => {
            stage.act(ask, Action::Pass);
            match stage.report().await {
                Report::Event { what: What::Statement(statement) } => Some(statement.text),
                other => panic!("{other:?}"),
            }
        }
        () = caller.gets(&done) => None,
    };
    of.map(|of| *[KEPT.0, UNDONE.0].iter().find(|text| **text == of).unwrap())
}

#[tokio::test]
async fn what_is_rolled_back_to_a_savepoint_is_not_committed() {
    let set = |text| (text, "SAVEPOINT", "T");
    let release = |text| (text, "RELEASE", "T");
    let back = |text| (text, "ROLLBACK", "T");
    let s = set("savepoint s");
    let nothing = ("select 1", "SELECT 1", "T");
    let check = async |steps: &[Step], expected: Option<&str>| {
        assert_eq!(committed(steps).await, expected, "{steps:?}");
    };
    let kept = Some(KEPT.0);
    check(&[s, UNDONE, back("rollback to savepoint s")], None).await;
    check(
        &[KEPT, s, UNDONE, back("ROLLBACK TO SAVEPOINT \"s\"")],
        kept,
    )
    .await;
    check(&[s, KEPT, release("release s")], kept).await;
    check(
        &[s, UNDONE, back("rollback to s"), KEPT, release("release s")],
        kept,
    )
    .await;
    let outer = set("savepoint outer");
    check(&[outer, KEPT, s, nothing, back("rollback to s")], kept).await;
    check(
        &[
            outer,
            s,
            UNDONE,
            release("release s"),
            back("rollback to outer"),
        ],
        None,
    )
    .await;
    // The name is that of the inner one first, and of the outer one once that is released.
    check(&[s, KEPT, s, UNDONE, back("rollback to s")], kept).await;
    check(
        &[s, UNDONE, s, release("release s"), back("rollback to s")],
        None,
    )
    .await;
    // What cannot be told is not committed.
    check(&[UNDONE, back("rollback to another")], None).await;
    check(&[UNDONE, s, back("select 1; rollback to s")], None).await;
    let both = ("savepoint s; insert into jobs values (2)", "SAVEPOINT", "T");
    check(&[s, UNDONE, both, back("rollback to s")], None).await;
    check(&[UNDONE, back("rollback and chain")], None).await;
}

#[tokio::test]
async fn a_savepoint_is_gone_back_to_after_an_error_and_in_a_pipeline() {
    let (mut stage, mut caller, mut callee) = session(&[Moment::Commit]).await;
    transaction(&mut caller, &mut callee, &[BEGIN, KEPT]).await;
    let piped = |text| [parse("", text), run("")].concat();
    let failing = [
        piped("savepoint s"),
        piped(UNDONE.0),
        piped("select nonsense"),
        sync(),
    ];
    caller.sends(&failing).await;
    callee.gets(&failing).await;
    let answers = [
        complete("SAVEPOINT"),
        complete("INSERT 0 1"),
        syntax_error("nonsense"),
        ready("E"),
    ];
    callee.sends(&answers).await;
    caller.gets(&answers).await;
    let end = [piped("rollback to savepoint s"), piped("commit"), sync()];
    caller.sends(&end).await;
    callee.gets(&end).await;
    callee
        .sends(&[complete("ROLLBACK"), complete("COMMIT"), ready("I")])
        .await;
    let ask = asked(&mut stage, Moment::Commit).await;
    stage.act(ask, Action::Reset);
    assert_eq!(outcome(&mut stage, KEPT.0).await, Outcome::Reset);
}

#[tokio::test]
async fn who_wants_rows_before_the_commit_gets_them() {
    let (mut stage, mut caller, mut callee) = session(&[Moment::Commit]).await;
    let statement = [
        parse("", "insert into jobs values (1)"),
        run(""),
        frame(b'H', ""),
    ];
    caller.sends(&statement).await;
    callee.gets(&statement).await;
    let rows = [
        frame(b'1', ""),
        frame(b'2', ""),
        frame(b'D', "row"),
        complete("INSERT 0 1"),
    ];
    callee.sends(&rows).await;
    caller.gets(&rows).await;
    caller.sends(&[sync()]).await;
    callee.sends(&[ready("I")]).await;
    let ask = asked(&mut stage, Moment::Commit).await;
    stage.act(ask, Action::Reset);
    caller.hears_reset().await;
}

#[tokio::test]
async fn what_is_copied_in_is_asked_for_and_its_commit_is_lost() {
    let (mut stage, mut caller, mut callee) = session(&[]).await;
    let stops = vec![Stop {
        call: "copy jobs".into(),
        moment: Moment::Commit,
    }];
    stage.send(Command::Watch { stops });
    assert_eq!(stage.report().await, Report::Watching);
    // The Sync that comes with it counts for nothing, for the server is copying when it reads it.
    let copy = [parse("", "copy jobs from stdin"), run(""), sync()];
    caller.sends(&copy).await;
    callee.gets(&copy).await;
    let asks = [frame(b'1', ""), frame(b'2', ""), frame(b'G', "\0\0\0")];
    callee.sends(&asks).await;
    caller.gets(&asks).await;
    let rows = [frame(b'd', "1\n"), frame(b'c', ""), sync()];
    caller.sends(&rows).await;
    callee.gets(&rows).await;
    callee.sends(&[complete("COPY 1"), ready("I")]).await;
    match stage.report().await {
        Report::Ask { ask, .. } => stage.act(ask, Action::Reset),
        other => panic!("{other:?}"),
    }
    caller.hears_reset().await;
}

#[tokio::test]
async fn every_open_connection_is_dropped_and_no_later_one() {
    let (mut stage, mut caller, mut callee) = session(&[]).await;
    stage.send(Command::Drop {
        number: 3,
        service: "site".into(),
    });
    stage.send(Command::Sync { number: 9 });
    caller.hears_reset().await;
    callee.loses().await;
    let mut reports = vec![
        stage.report().await,
        stage.report().await,
        stage.report().await,
    ];
    reports.retain(|report| !matches!(report, Report::Event { .. }));
    assert_eq!(
        reports,
        [Report::Felt { shape: 3 }, Report::Synced { number: 9 }]
    );
    let mut caller = stage.caller().await;
    caller.sends(&[startup()]).await;
    stage.callee().await.gets(&[startup()]).await;
    // Nobody felt it where nobody was.
    stage.send(Command::Drop {
        number: 4,
        service: "storage".into(),
    });
    stage.send(Command::Sync { number: 10 });
    assert_eq!(stage.report().await, Report::Synced { number: 10 });
}

#[tokio::test]
async fn a_call_on_a_dropped_connection_was_reset() {
    let mut stage = Stage::new(Some(true)).await;
    let (mut caller, mut callee) = stage.pair("GET / HTTP/1.1\r\n\r\n").await;
    stage.expect(&["1 asked worker GET /"]).await;
    stage.send(Command::Drop {
        number: 3,
        service: "site".into(),
    });
    assert_eq!(stage.report().await, Report::Felt { shape: 3 });
    caller.hears_reset().await;
    callee.loses().await;
    drop(callee);
    stage.expect(&["1 unanswered", "1 saw reset"]).await;
}
