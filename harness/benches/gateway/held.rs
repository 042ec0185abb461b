//! What open connections cost that do nothing.

use crate::load::Caller;
use crate::process::{cpu, memory};
use crate::stand::{Place, Stand};
use futures::StreamExt;
use shakedown_harness::gateway::Command;
use std::time::Duration;

/// So many connections at a time are being opened; more would fill the listeners' queues.
const AT_ONCE: usize = 64;
/// How long the processor time of idle connections is watched.
const IDLE: Duration = Duration::from_secs(2);

/// Opens connections that each carry one call, and then looks at the gateway. All of them carry another call afterwards.
pub fn table(most: usize) {
    println!("Open connections, each of which has carried a call\n");
    println!(
        "| | connections | gateway's memory, MiB | KiB for each more | its CPU while they idle, ms per s |"
    );
    println!("|---|---|---|---|---|");
    for name in ["HTTP", "TCP"] {
        // A gateway of its own, because memory that was used once is not all given back.
        let stand = Stand::up();
        let place = if name == "HTTP" {
            &stand.http
        } else {
            &stand.tcp
        };
        let mut least = None;
        for count in [1, 100, most] {
            let (bytes, busy) = held(&stand, place, count);
            let (first, before) = *least.get_or_insert((count, bytes));
            let each = match count - first {
                0 => "-".to_owned(),
                more => format!(
                    "{:.1}",
                    bytes.saturating_sub(before) as f64 / 1024.0 / more as f64
                ),
            };
            let mib = bytes as f64 / 1024.0 / 1024.0;
            println!(
                "| {name} | {count} | {mib:.1} | {each} | {:.1} |",
                busy.as_secs_f64() * 1e3 / IDLE.as_secs_f64()
            );
        }
    }
    println!();
}

/// The gateway's memory and its processor time with so many open connections.
fn held(stand: &Stand, place: &Place, count: usize) -> (u64, Duration) {
    let request = b"GET /128 HTTP/1.1\r\nHost: site\r\n\r\n";
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(async {
        let opening = (0..count).map(|_| Caller::new(place.address, request));
        let opening = futures::stream::iter(opening).buffer_unordered(AT_ONCE);
        let mut callers: Vec<Caller<'_>> = opening.collect().await;
        stand.recorder.carry_out(Command::Sync { number: 0 });
        let before = cpu(stand.gateway());
        tokio::time::sleep(IDLE).await;
        let (bytes, busy) = (memory(stand.gateway()), cpu(stand.gateway()) - before);
        for caller in &mut callers {
            caller.ask().await;
        }
        (bytes, busy)
    })
}
