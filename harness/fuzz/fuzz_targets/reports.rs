#![no_main]
//! A batch of reports, as a harness reads it.

#[path = "../../src/gateway/courier.rs"]
#[allow(dead_code)]
mod courier;
#[path = "../../src/history/heard.rs"]
#[allow(dead_code)]
mod heard;
#[path = "../../src/history/event.rs"]
#[allow(dead_code)]
mod history;
#[path = "../src/plan.rs"]
mod plan;
#[path = "../../src/gateway/protocol.rs"]
#[allow(dead_code)]
mod protocol;

use heard::Heard;
use protocol::Report;

libfuzzer_sys::fuzz_target!(|batch: &[u8]| {
    let Ok(reports) = courier::unpack(batch) else {
        return;
    };
    let mut again = Vec::new();
    courier::pack(reports.iter().cloned(), &mut again).expect("reports can be written");
    // Its length comes first.
    let (length, batch) = again.split_at(4);
    assert_eq!(length, (batch.len() as u32).to_be_bytes());
    assert_eq!(courier::unpack(batch).expect("and read again"), reports);
});
