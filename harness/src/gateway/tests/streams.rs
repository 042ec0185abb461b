//! What is no HTTP, whoever speaks first and whoever ends first: the same with and without the gateway.

use super::stage::*;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use std::io::ErrorKind;
use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How often a failure is made smaller. Each try that fails as well lasts until a deadline.
const SHRINKS: u32 = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Caller,
    Callee,
}

/// What one side does. `None`: it closes its half.
type Step = (Side, Option<Vec<u8>>);

/// Everything that happens on one connection. In the end, both sides have closed.
#[derive(Clone)]
struct Script {
    steps: Vec<Step>,
    /// The sizes of the pieces in which it is said, over and over.
    pieces: Vec<usize>,
    /// Whether a step begins when the one before has arrived. Otherwise each side goes through its own.
    in_turn: bool,
}

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let steps = self.steps.iter();
        let steps: Vec<_> = steps
            .map(|(side, said)| (side, said.as_ref().map(Vec::len)))
            .collect();
        let in_turn = if self.in_turn { "in turn" } else { "at once" };
        write!(f, "{in_turn}, in pieces of {:?}: {steps:?}", self.pieces)
    }
}

impl Script {
    /// All that a side says.
    fn said(&self, by: Side) -> Vec<u8> {
        let theirs = self.steps.iter().filter(|(side, _)| *side == by);
        theirs
            .filter_map(|(_, said)| said.clone())
            .flatten()
            .collect()
    }
}

/// What a side heard, and how it ended.
#[derive(Default, PartialEq)]
struct Heard {
    bytes: Vec<u8>,
    end: Option<Result<(), ErrorKind>>,
}

impl Heard {
    /// Reads so many bytes, or what there is before the end.
    async fn hear(&mut self, from: &mut (impl AsyncRead + Unpin), most: usize) {
        let mut from = from.take(most as u64);
        let before = self.bytes.len();
        let read = from.read_to_end(&mut self.bytes).await;
        if read.is_err() || self.bytes.len() - before < most {
            self.end = Some(read.map(drop).map_err(|error| error.kind()));
        }
    }
}

/// Bytes that are none of a protocol that is sniffed for. No two parts of them are alike.
fn bytes(length: usize, step: usize) -> Vec<u8> {
    let byte = |i: usize| 128 | (i * 31 + i / 128 * 7 + i / 9973 + step * 13) as u8;
    (0..length).map(byte).collect()
}

fn script() -> impl Strategy<Value = Script> {
    let side = || select(vec![Side::Caller, Side::Callee]);
    let length = prop_oneof![4 => 0usize..100, 2 => 0usize..5000, 1 => 0usize..200_000];
    let step = (side(), proptest::option::weighted(0.85, length));
    let pieces = prop_oneof![
        vec(1usize..5000, 1..5),
        vec(1usize..8, 1..5),
        Just(vec![usize::MAX])
    ];
    let parts = (vec(step, 0..8), side(), pieces, any::<bool>());
    parts.prop_map(|(mut drawn, first, mut pieces, in_turn)| {
        let last = match first {
            Side::Caller => Side::Callee,
            Side::Callee => Side::Caller,
        };
        drawn.extend([(first, None), (last, None)]);
        let (mut steps, mut closed) = (Vec::new(), Vec::new());
        for (n, (side, length)) in drawn.into_iter().enumerate() {
            if closed.contains(&side) {
                continue;
            }
            closed.extend(length.is_none().then_some(side));
            steps.push((side, length.map(|length| bytes(length, n))));
        }
        let long = |(_, said): &Step| said.as_ref().is_some_and(|said| said.len() > 20_000);
        if steps.iter().any(long) {
            let larger = |piece: &mut usize| *piece = piece.saturating_mul(1000);
            pieces.iter_mut().for_each(larger);
        }
        Script {
            steps,
            pieces,
            in_turn,
        }
    })
}

/// Says something, or closes.
async fn act(on: &mut (impl AsyncWrite + Unpin), said: Option<&[u8]>, pieces: &[usize]) {
    let Some(mut rest) = said else {
        return on.shutdown().await.unwrap();
    };
    for piece in pieces.iter().cycle() {
        let (now, later) = rest.split_at((*piece).min(rest.len()));
        on.write_all(now).await.unwrap();
        tokio::task::yield_now().await;
        rest = later;
        if rest.is_empty() {
            return;
        }
    }
}

/// Each step, and what comes of it on the other side. What the caller heard, and what the callee did.
async fn in_turn(mut caller: TcpStream, mut callee: TcpStream, script: &Script) -> [Heard; 2] {
    let [mut by_caller, mut by_callee] = [Heard::default(), Heard::default()];
    for (side, said) in &script.steps {
        let (from, to, heard) = match side {
            Side::Caller => (&mut caller, &mut callee, &mut by_callee),
            Side::Callee => (&mut callee, &mut caller, &mut by_caller),
        };
        // To close is to be heard as one byte less than was waited for.
        let most = said.as_ref().map_or(1, Vec::len);
        tokio::join!(
            act(from, said.as_deref(), &script.pieces),
            heard.hear(to, most)
        );
    }
    [by_caller, by_callee]
}

/// Both sides at once, each to the end of what it says and hears.
async fn at_once(mut caller: TcpStream, mut callee: TcpStream, script: &Script) -> [Heard; 2] {
    let one = async |stream: &mut TcpStream, own: Side| {
        let (mut read, mut write) = stream.split();
        let mut heard = Heard::default();
        let saying = async {
            for (_, said) in script.steps.iter().filter(|(side, _)| *side == own) {
                act(&mut write, said.as_deref(), &script.pieces).await;
            }
        };
        tokio::join!(saying, heard.hear(&mut read, usize::MAX));
        heard
    };
    let (by_caller, by_callee) = tokio::join!(
        one(&mut caller, Side::Caller),
        one(&mut callee, Side::Callee)
    );
    [by_caller, by_callee]
}

async fn play(front: SocketAddr, real: &TcpListener, script: &Script) -> [Heard; 2] {
    let caller = soon(TcpStream::connect(front)).await.unwrap();
    let (callee, _) = soon(real.accept()).await.unwrap();
    match script.in_turn {
        true => soon(in_turn(caller, callee, script)).await,
        false => soon(at_once(caller, callee, script)).await,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, max_shrink_iters: SHRINKS, ..ProptestConfig::default() })]
    #[test]
    fn neither_side_of_a_stream_can_tell_that_there_is_a_gateway(
        script in script(), sniffed in any::<bool>()
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut stage = Stage::new((!sniffed).then_some(false)).await;
            let through = play(stage.front, &stage.real, &script).await;
            let direct = play(stage.real.local_addr().unwrap(), &stage.real, &script).await;
            let said = [Side::Callee, Side::Caller].map(|side| script.said(side));
            for (n, side) in ["caller", "callee"].into_iter().enumerate() {
                let [through, direct] = [&through[n], &direct[n]];
                assert_eq!((through.bytes.len(), through.end), (said[n].len(), Some(Ok(()))), "{side}");
                assert!(through.bytes == said[n] && through == direct, "{side}");
            }
            let [received, sent] = said.map(|said| said.len());
            stage.expect(&[&format!("stream worker {sent} {received}")]).await;
            stage.end().await;
        });
    }
}
