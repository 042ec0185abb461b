//! Stands for the harness's module of this name, inside which alone it can be seen how a protocol begins.

#[path = "../../src/gateway/http2/preface.rs"]
mod preface;
#[path = "../../src/gateway/postgres/startup.rs"]
mod startup;

/// The length of a client's first packet, for PostgreSQL.
pub fn startup_bytes(bytes: &[u8]) -> Option<usize> {
    match startup::packet(bytes) {
        startup::Packet::Startup(length) | startup::Packet::Encryption(length) => Some(length),
        _ => None,
    }
}

/// What a protocol is known by, each with the number of bytes that are always enough for it.
pub const KNOWN_BY: [(fn(&[u8]) -> Option<bool>, usize); 3] = [
    (|bytes| startup::begins(bytes), 8),
    (|bytes| preface::begins(bytes), preface::PREFACE.len()),
    (|bytes| preface::answers(bytes), 9),
];
