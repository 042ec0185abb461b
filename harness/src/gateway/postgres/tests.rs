//! Whatever the pieces in which a session comes, the same is found in it, and the same goes on.

use super::down::{self, Down};
use super::pattern::Needle;
use super::talk::Talk;
use super::up::{self, Up};
use crate::gateway::{Moment, Stop};
use proptest::collection::vec;
use proptest::prelude::*;

/// What goes on, and what was found.
#[derive(Debug, Default, PartialEq)]
struct Trace {
    passed: Vec<u8>,
    found: Vec<String>,
}

fn frame(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = (body.len() + 4) as u32;
    [&[kind], &length.to_be_bytes()[..], body].concat()
}

/// Gives bytes in pieces of these sizes, over and over. `step` takes from their front what it gives a number for. What is
/// left at the end goes on too, as at the end of a connection.
fn played(
    bytes: &[u8],
    pieces: &[usize],
    mut step: impl FnMut(&[u8], &mut Trace) -> Option<usize>,
) -> Trace {
    let (mut begin, mut end) = (0, 0);
    let mut trace = Trace::default();
    let mut pieces = pieces.iter().cycle();
    while end < bytes.len() {
        end = (end + pieces.next().unwrap()).min(bytes.len());
        while let Some(taken) = step(&bytes[begin..end], &mut trace) {
            begin += taken;
        }
    }
    trace.passed.extend(&bytes[begin..]);
    trace
}

/// Every second statement that is found is made to fail, the others are waited for.
fn up(bytes: &[u8], pieces: &[usize], startup: usize, talk: &mut Talk) -> Trace {
    let stop = Stop {
        call: "insert".into(),
        moment: Moment::Commit,
    };
    let watch = [(Needle::new("insert"), stop)];
    let mut up = Up::new(startup);
    played(bytes, pieces, |held, trace| {
        match up.step(held, &watch, talk) {
            up::Step::More => None,
            up::Step::Pass(bytes) => {
                trace.passed.extend(&held[..bytes]);
                Some(bytes)
            }
            up::Step::Drop(bytes) => Some(bytes),
            up::Step::Statement(found) => {
                trace.found.push(found.text.told());
                if trace.found.len().is_multiple_of(2) {
                    let exchange = trace.found.len() as u64;
                    let token = talk.fail(exchange, "40001".into(), found.text.clone());
                    trace.passed.extend(up.replace(&found, &token, talk));
                } else {
                    talk.watch(found.stops.clone(), found.text.clone());
                    up.pass(&found, talk);
                }
                Some(0)
            }
        }
    })
}

fn down(bytes: &[u8], pieces: &[usize], talk: &mut Talk) -> Trace {
    let mut down = Down::default();
    played(bytes, pieces, |held, trace| match down.step(held, talk) {
        down::Step::More => None,
        down::Step::Pass(bytes) => {
            trace.passed.extend(&held[..bytes]);
            Some(bytes)
        }
        down::Step::Fail(bytes, failing) => {
            trace.found.push(format!("failed {}", failing.exchange));
            Some(bytes)
        }
        down::Step::Commit(bytes, commit) => {
            trace
                .found
                .push(format!("committed {}", commit.text.told()));
            trace.passed.extend(&held[..bytes]);
            Some(bytes)
        }
    })
}

fn sent() -> impl Strategy<Value = Vec<u8>> {
    let text = prop_oneof![
        Just("Insert a"),
        Just("select 1"),
        Just("begin"),
        Just("commit"),
        Just("savepoint a"),
        Just("rollback to a")
    ];
    let name = || prop_oneof![Just(""), Just("s"), Just("t")];
    prop_oneof![
        text.clone()
            .prop_map(|text| frame(b'Q', format!("{text}\0").as_bytes())),
        (name(), text)
            .prop_map(|(name, text)| { frame(b'P', format!("{name}\0{text}\0\0\0").as_bytes()) }),
        (name(), name()).prop_map(|(portal, name)| {
            frame(b'B', format!("{portal}\0{name}\0\0\0\0\0\0\0").as_bytes())
        }),
        name().prop_map(|portal| frame(b'E', format!("{portal}\0\0\0\0\0").as_bytes())),
        name().prop_map(|name| frame(b'C', format!("S{name}\0").as_bytes())),
        Just(frame(b'S', b"")),
        Just(frame(b'H', b"")),
        vec(any::<u8>(), 0..3000).prop_map(|body| frame(b'd', &body)),
        vec(any::<u8>(), 0..20),
    ]
}

fn answered() -> impl Strategy<Value = Vec<u8>> {
    let tag = prop_oneof![
        Just("INSERT 0 1"),
        Just("COMMIT"),
        Just("SAVEPOINT"),
        Just("ROLLBACK")
    ];
    prop_oneof![
        tag.prop_map(|tag| frame(b'C', format!("{tag}\0").as_bytes())),
        prop_oneof![Just(b"I"), Just(b"T"), Just(b"E")].prop_map(|status| frame(b'Z', status)),
        (1u64..5).prop_map(|n| frame(b'E', format!("Mat shakedown_fault_{n}_\0\0").as_bytes())),
        Just(frame(b'E', b"Mno\0\0")),
        Just(frame(b'G', b"\0\0\0")),
        vec(any::<u8>(), 0..3000).prop_map(|body| frame(b'D', &body)),
        vec(any::<u8>(), 0..20),
    ]
}

proptest! {
    #[test]
    fn the_pieces_in_which_a_session_comes_make_no_difference(
        sent in vec(sent(), 0..30),
        answered in vec(answered(), 0..30),
        startup in 0usize..40,
        pieces in vec(1usize..60, 1..20),
    ) {
        let (sent, answered) = (sent.concat(), answered.concat());
        let play = |pieces: &[usize]| {
            let mut talk = Talk::new();
            let up = up(&sent, pieces, startup, &mut talk);
            let down = down(&answered, pieces, &mut talk);
            (up, down)
        };
        let whole = play(&[usize::MAX / 2]);
        prop_assert_eq!(play(&pieces), whole);
    }

    #[test]
    fn while_nothing_is_watched_every_byte_goes_on(
        sent in vec(sent(), 0..30),
        pieces in vec(1usize..60, 1..20),
    ) {
        let sent = sent.concat();
        let (mut up, mut talk) = (Up::new(8), Talk::new());
        let trace = played(&sent, &pieces, |held, trace| match up.step(held, &[], &mut talk) {
            up::Step::More => None,
            up::Step::Pass(bytes) => {
                trace.passed.extend(&held[..bytes]);
                Some(bytes)
            }
            other => panic!("{other:?}"),
        });
        prop_assert_eq!(trace.passed, sent);
    }
}
