//! Streams of HTTP/2, between a client and a server of a library.

mod conformance;
mod connection;
mod faults;
mod peers;
mod streams;
