#![no_main]
//! Bodies. The first byte draws the framing, the second the length of the pieces.

#[path = "../../src/gateway/body.rs"]
#[allow(dead_code)]
mod body;

use body::{Body, Framing};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let [framing, piece, rest @ ..] = bytes else {
        return;
    };
    let framing = match framing % 8 {
        0 => Framing::None,
        1 => Framing::Length(u64::from(framing / 8)),
        2 => Framing::UntilClose,
        _ => Framing::Chunked,
    };
    let told = |body: &mut Body, taken: usize| {
        let before = (
            body.kept().to_vec(),
            body.length(),
            body.digest(),
            body.done(),
            taken,
        );
        (before, body.close())
    };
    let mut whole = Body::new(framing);
    let taken = whole.feed(rest);
    assert!(
        taken == rest.len() || whole.done(),
        "it stopped before its end"
    );
    assert!(whole.length() <= taken as u64);
    let mut pieces = Body::new(framing);
    let mut at = 0;
    for piece in rest.chunks(usize::from(*piece) + 1) {
        at += pieces.feed(piece);
    }
    assert_eq!(told(&mut pieces, at), told(&mut whole, taken));
});
