#![no_main]
//! A session of PostgreSQL's protocol, both ways. The first bytes draw the pieces in which it comes, and whether anything
//! is watched.

#[path = "../../src/gateway/postgres/down.rs"]
mod down;
#[path = "../../src/gateway/postgres/frame.rs"]
#[allow(dead_code)]
mod frame;
#[path = "../../src/gateway/postgres/pattern.rs"]
#[allow(dead_code)]
mod pattern;
#[path = "../../src/gateway/postgres/savepoint.rs"]
#[allow(dead_code)]
mod savepoint;
#[path = "../../src/gateway/postgres/talk.rs"]
#[allow(dead_code)]
mod talk;
#[path = "../../src/gateway/postgres/transaction.rs"]
#[allow(dead_code)]
mod transaction;
#[path = "../../src/gateway/postgres/up.rs"]
#[allow(dead_code)]
mod up;

mod gateway {
    /// As far as a parser looks at it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Stop;
}

mod history {
    pub type ExchangeId = u64;
}

use down::Down;
use gateway::Stop;
use pattern::Needle;
use talk::Talk;
use up::Up;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let [piece, split, watches, said @ ..] = bytes else {
        return;
    };
    let piece = usize::from(*piece) + 1;
    let (sent, answered) = said.split_at(usize::from(*split).min(said.len()));
    let watch = match watches % 2 {
        0 => Vec::new(),
        _ => vec![(Needle::new("i"), Stop)],
    };
    let mut talk = Talk::new();
    let mut up = Up::new(usize::from(*watches) / 2);
    let passed = through(sent, piece, |held| match up.step(held, &watch, &mut talk) {
        up::Step::More => None,
        up::Step::Pass(bytes) | up::Step::Drop(bytes) => Some(bytes),
        up::Step::Statement(found) => {
            talk.watch(found.stops.clone(), found.text.clone());
            up.pass(&found, &mut talk);
            Some(0)
        }
    });
    assert!(passed <= sent.len());
    let mut down = Down::default();
    let passed = through(answered, piece, |held| match down.step(held, &mut talk) {
        down::Step::More => None,
        down::Step::Pass(bytes) | down::Step::Fail(bytes, _) | down::Step::Commit(bytes, _) => {
            Some(bytes)
        }
    });
    assert!(passed <= answered.len());
});

/// Gives bytes piece by piece, and takes what may go on. How many could.
fn through(bytes: &[u8], piece: usize, mut step: impl FnMut(&[u8]) -> Option<usize>) -> usize {
    let (mut begin, mut end) = (0, 0);
    while end < bytes.len() {
        end = (end + piece).min(bytes.len());
        while let Some(taken) = step(&bytes[begin..end]) {
            assert!(taken <= end - begin, "{taken} of {}", end - begin);
            begin += taken;
        }
    }
    begin
}
