//! Whole connections through real sockets.

mod conformance;
mod faults;
mod http;
mod odd;
mod property;
mod remote;
mod shapes;
mod stage;
mod tcp;
