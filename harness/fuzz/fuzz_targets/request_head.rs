#![no_main]
//! Heads of requests.

#[path = "../../src/gateway/body.rs"]
#[allow(dead_code)]
mod body;
#[path = "../../src/gateway/head.rs"]
#[allow(dead_code)]
mod head;

use head::Parsed;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Parsed::Whole(request, length) = head::request(bytes) {
        assert!(length <= bytes.len());
        assert_eq!(
            head::request(&bytes[..length]),
            Parsed::Whole(request, length)
        );
        for end in 0..length {
            assert_eq!(
                head::request(&bytes[..end]),
                Parsed::Partial,
                "at {end} of {length}"
            );
        }
    }
});
