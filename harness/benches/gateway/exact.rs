//! How exact the faults on links are.

use crate::load::{self, Caller};
use crate::stand::{Place, Stand};
use shakedown_harness::gateway::{Command, Shape};
use std::time::{Duration, Instant};

/// The delay that is measured.
const SLOW_MS: u64 = 50;
/// How long calls are made over a slow link.
const SLOW_FOR: Duration = Duration::from_secs(3);
/// How long one transfer over a narrow link takes.
const NARROW_S: f64 = 2.0;
/// The bandwidths that are measured, in bytes per second.
const BANDWIDTHS: [(u64, &str); 3] = [
    (10_000, "10 KB/s"),
    (1_000_000, "1 MB/s"),
    (10_000_000, "10 MB/s"),
];

/// What a delay adds, and what passes a narrow link.
pub fn table(stand: &Stand) {
    let links = [("HTTP", "site", &stand.http), ("TCP", "base", &stand.tcp)];
    println!("A link that is slow by {SLOW_MS} ms, GET, 128 bytes, 1 connection\n");
    println!("| | without the fault, p50 ms | added, p50 ms | added, p99 ms | added at most, ms |");
    println!("|---|---|---|---|---|");
    for (name, service, place) in links {
        let straight = calls(place);
        let shape = Shape::Slow {
            by_ms: SLOW_MS,
            jitter_ms: 0,
        };
        let slow = bent(stand, service, shape, || calls(place));
        let base = at(&straight, 0.5);
        let [p50, p99, most] = [0.5, 0.99, 1.0].map(|share| at(&slow, share) - base);
        println!("| {name} | {base:.3} | {p50:.2} | {p99:.2} | {most:.2} |");
    }
    println!("\nA narrow link, 1 connection, {NARROW_S} s of bytes\n");
    println!("| | carries | answers, of that | requests, of that |");
    println!("|---|---|---|---|");
    for (name, service, place) in links {
        for (bytes_per_s, words) in BANDWIDTHS {
            let shape = Shape::Carries { bytes_per_s };
            let length = (bytes_per_s as f64 * NARROW_S) as usize;
            let get = format!("GET /{length} HTTP/1.1\r\nHost: site\r\n\r\n");
            let head = "POST /0 HTTP/1.1\r\nHost: site\r\nContent-Length: ";
            let post = format!("{head}{length}\r\n\r\n{}", "x".repeat(length));
            let [down, up] = [get, post].map(|request| {
                let transfer = || transfer(place, request.as_bytes());
                bent(stand, service, shape, transfer) / bytes_per_s as f64
            });
            println!("| {name} | {words} | {down:.3} | {up:.3} |");
        }
    }
    println!();
}

/// Does `work` while a shape lies on the link to a service.
fn bent<T>(stand: &Stand, service: &str, shape: Shape, work: impl FnOnce() -> T) -> T {
    let lay = |shape| {
        stand.recorder.send(Command::Shape {
            number: 1,
            client: "worker".into(),
            service: service.into(),
            shape,
            seed: 1,
        });
        stand.recorder.carry_out(Command::Sync { number: 0 });
    };
    lay(Some(shape));
    let done = work();
    lay(None);
    done
}

/// How long each of many calls takes, in ms, in order.
fn calls(place: &Place) -> Vec<f64> {
    let request = b"GET /128 HTTP/1.1\r\nHost: site\r\n\r\n";
    let seen = load::run(place.address, request, 1, SLOW_FOR);
    let mut took: Vec<f64> = seen
        .latencies_ns
        .iter()
        .map(|ns| *ns as f64 / 1e6)
        .collect();
    took.sort_unstable_by(f64::total_cmp);
    took
}

fn at(sorted: &[f64], share: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * share) as usize]
}

/// Asks once; gives the bytes of both ways per second.
fn transfer(place: &Place, request: &[u8]) -> f64 {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(async {
        let mut caller = Caller::new(place.address, request).await;
        let begun = Instant::now();
        caller.ask().await;
        (request.len() + caller.answer_bytes()) as f64 / begun.elapsed().as_secs_f64()
    })
}
