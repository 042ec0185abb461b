#![no_main]
//! Heads of answers. The first byte draws the request's method.

#[path = "../../src/gateway/body.rs"]
#[allow(dead_code)]
mod body;
#[path = "../../src/gateway/head.rs"]
#[allow(dead_code)]
mod head;

use head::Parsed;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((first, bytes)) = bytes.split_first() else {
        return;
    };
    let method = ["GET", "HEAD", "CONNECT"][usize::from(*first) % 3];
    if let Parsed::Whole(answer, length) = head::answer(bytes, method) {
        assert!(length <= bytes.len());
        assert_eq!(
            head::answer(&bytes[..length], method),
            Parsed::Whole(answer, length)
        );
        for end in 0..length {
            assert_eq!(
                head::answer(&bytes[..end], method),
                Parsed::Partial,
                "at {end} of {length}"
            );
        }
    }
});
