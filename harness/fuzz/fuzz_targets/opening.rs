#![no_main]
//! The first bytes of a connection, by which PostgreSQL and HTTP/2 are known.

#[path = "../src/gateway.rs"]
mod gateway;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for (known, enough) in gateway::KNOWN_BY {
        let whole = known(bytes);
        assert!(whole.is_some() || bytes.len() < enough);
        for end in 0..bytes.len().min(enough) {
            let part = known(&bytes[..end]);
            assert!(part.is_none() || part == whole, "at {end}");
        }
    }
    if let Some(length) = gateway::startup_bytes(bytes) {
        assert_eq!(bytes[..4], (length as u32).to_be_bytes());
        assert!((8..=10_000).contains(&length));
    }
});
