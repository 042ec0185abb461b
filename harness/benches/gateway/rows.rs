//! The tables: everybody in turn, round after round, so that a busy machine troubles all alike.

use crate::load::{self, Seen};
use crate::process::{self, cpu, threads_cpu};
use crate::stand::{Place, RECORDER, Stand};
use shakedown_harness::gateway::Command;
use std::time::Duration;

/// Rounds of a table; odd, so that a median is one of them.
const ROUNDS: usize = 11;
/// How long one load lasts.
const LENGTH: Duration = Duration::from_millis(400);
/// The latencies that a missing TCP_NODELAY leaves.
const NAGLE_NS: std::ops::Range<u64> = 35_000_000..50_000_000;

/// One row.
struct Row<'a> {
    name: &'a str,
    /// `None`: not installed.
    place: Option<&'a Place>,
    armed: bool,
}

/// What its rounds came to.
#[derive(Default)]
struct Rounds {
    seen: Vec<Seen>,
    cpu: Duration,
    /// Processor time of the harness's side.
    recorder: Duration,
    /// The longest that the history was behind when a load ended.
    behind: Duration,
}

/// Small calls, recorded or not.
pub fn calls(stand: &Stand, connections: usize) {
    let title = format!("GET, 128 bytes, {connections} connections");
    let rows = [
        Row::new("direct", Some(&stand.direct)),
        Row::new("nginx", stand.nginx.as_ref()),
        Row::new("gateway, nothing armed", Some(&stand.http)),
        Row {
            armed: true,
            ..Row::new("gateway, a fault armed on another call", Some(&stand.http))
        },
    ];
    table(
        stand,
        &title,
        "GET /128 HTTP/1.1\r\nHost: site\r\nAccept: */*\r\n\r\n".into(),
        connections,
        &rows,
    );
}

/// Calls with a name and with bodies, which are recorded.
pub fn bodies(stand: &Stand) {
    let head = "POST /4096 HTTP/1.1\r\nHost: site\r\nAccept: */*\r\nContent-Length: 4096\r\n\r\n";
    let rows = [
        Row::new("direct", Some(&stand.direct)),
        Row::new("nginx", stand.nginx.as_ref()),
        Row::new("gateway, recording bodies", Some(&stand.http)),
    ];
    let request = format!("{head}{}", "x".repeat(4096));
    table(
        stand,
        "POST, 4 KiB each way, 32 connections",
        request,
        32,
        &rows,
    );
}

/// The same small calls through proxies that do not look at them.
pub fn tcp(stand: &Stand) {
    let rows = [
        Row::new("direct", Some(&stand.direct)),
        Row::new("HAProxy, TCP mode", stand.haproxy.as_ref()),
        Row::new("gateway, TCP", Some(&stand.tcp)),
    ];
    let request = "GET /128 HTTP/1.1\r\nHost: site\r\nAccept: */*\r\n\r\n".into();
    table(
        stand,
        "TCP: GET, 128 bytes, 32 connections",
        request,
        32,
        &rows,
    );
}

/// Answers of 32 MiB, with every process on one processor.
pub fn large(stand: &Stand) {
    let rows = [
        Row::new("direct", Some(&stand.direct)),
        Row::new("HAProxy, TCP mode", stand.haproxy.as_ref()),
        Row::new("nginx", stand.nginx.as_ref()),
        Row::new("gateway, HTTP", Some(&stand.http)),
        Row::new("gateway, TCP", Some(&stand.tcp)),
    ];
    process::bind(&stand.processes(), "0");
    let request = "GET /33554432 HTTP/1.1\r\nHost: site\r\n\r\n".into();
    table(
        stand,
        "GET, 32 MiB, 1 connection, all on one CPU",
        request,
        1,
        &rows,
    );
    process::bind(&stand.processes(), &process::processors());
}

/// Measures and prints. What comes second is what the others are compared with.
fn table(stand: &Stand, title: &str, request: String, connections: usize, rows: &[Row<'_>]) {
    let mut all: Vec<Rounds> = rows.iter().map(|_| Rounds::default()).collect();
    for round in 0..ROUNDS {
        for i in 0..rows.len() {
            // Nobody always comes first, nor always after the same one.
            let i = match round % 2 {
                0 => (i + round) % rows.len(),
                _ => (rows.len() - 1 - i + round) % rows.len(),
            };
            if let Some(place) = rows[i].place {
                all[i].measure(stand, place, rows[i].armed, request.as_bytes(), connections);
            }
        }
    }
    println!("{title}\n");
    println!(
        "| | per s | MB/s | against {} | p50 us | p99 us | 35-50 ms | its CPU, us each | harness's | history behind, ms |",
        rows[1].name
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for (row, rounds) in rows.iter().zip(&all) {
        match row.place {
            Some(_) => println!("| {} | {} |", row.name, rounds.cells(&all[1])),
            None => println!("| {} | skipped: not installed | | | | | | | | |", row.name),
        }
    }
    println!();
}

impl<'a> Row<'a> {
    fn new(name: &'a str, place: Option<&'a Place>) -> Row<'a> {
        Row {
            name,
            place,
            armed: false,
        }
    }
}

impl Rounds {
    fn measure(
        &mut self,
        stand: &Stand,
        place: &Place,
        armed: bool,
        request: &[u8],
        connections: usize,
    ) {
        stand.arm(armed);
        let used = || place.processes.iter().map(|id| cpu(*id)).sum::<Duration>();
        let before = (used(), threads_cpu(RECORDER));
        self.seen
            .push(load::run(place.address, request, connections, LENGTH));
        let behind = stand.recorder.carry_out(Command::Sync { number: 0 });
        self.cpu += used() - before.0;
        self.recorder += threads_cpu(RECORDER) - before.1;
        self.behind = self.behind.max(behind);
    }

    fn cells(&self, base: &Rounds) -> String {
        let mut latencies: Vec<u64> = self
            .seen
            .iter()
            .flat_map(|seen| &seen.latencies_ns)
            .copied()
            .collect();
        latencies.sort_unstable();
        let at =
            |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize] as f64 / 1e3;
        let rate = median(self.seen.iter().map(Seen::rate_per_s));
        let bytes = median(
            self.seen
                .iter()
                .map(|s| s.bytes as f64 / s.lasted.as_secs_f64()),
        );
        let ratio = match base.seen.is_empty() {
            true => "-".to_owned(),
            false => {
                let pairs = self.seen.iter().zip(&base.seen);
                let ratio = median(pairs.map(|(own, base)| own.rate_per_s() / base.rate_per_s()));
                format!("{ratio:.2}")
            }
        };
        let nagle = latencies.iter().filter(|ns| NAGLE_NS.contains(ns)).count();
        let each = |cpu: Duration| cpu.as_secs_f64() * 1e6 / latencies.len() as f64;
        let (cpu, recorder) = (each(self.cpu), each(self.recorder));
        let behind = self.behind.as_secs_f64() * 1e3;
        format!(
            "{rate:.0} | {:.0} | {ratio} | {:.0} | {:.0} | {nagle} | {cpu:.1} | {recorder:.1} | {behind:.0}",
            bytes / 1e6,
            at(0.5),
            at(0.99)
        )
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
