//! Whole connections through real sockets.

mod conformance;
mod events;
mod faults;
mod http;
mod http2;
mod leaving;
mod odd;
mod order;
mod postgres;
mod property;
mod remote;
mod shapes;
mod stage;
mod streams;
mod tcp;
