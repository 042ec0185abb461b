//! How fast exported events are judged: `cargo bench -p shakedown-harness --bench judge`.
//!
//! Two properties over JSON lines, from the file to the verdict, at 10^4, 10^5 and 10^6 events: events per second, and
//! the time per event as a ratio to that at 10^4. A plain program, because ratios within one run are what counts.

use shakedown_harness::audit::exported;
use shakedown_harness::stack::Stack;
use shakedown_harness::verdict::Verdict;
use std::alloc::{GlobalAlloc, Layout, System};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Counts what is allocated, to show that it does not go with events.
struct Counting;

static ALLOCATED: AtomicU64 = AtomicU64::new(0);

// SAFETY: everything is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.fetch_add(1, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATED.fetch_add(1, Ordering::Relaxed);
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// A size is measured until this has passed, and the fastest time counts: others use the machine too.
const MEASURE: Duration = Duration::from_secs(5);
/// So many jobs are under way at once.
const AT_ONCE: u64 = 200;
/// What happens to each job, in order.
const LIFE: [(&str, &str); 10] = [
    ("status", "\"Preparing\""),
    ("progress", "1"),
    ("status", "\"Running\""),
    ("progress", "20"),
    ("progress", "60"),
    ("progress", "100"),
    ("", "\"scores stored\""),
    ("shown", "\"Running\""),
    ("status", "\"Finished\""),
    ("shown", "\"Finished\""),
];

const SHAKEDOWN: &str = r#"
stack: bench
compose: compose.yaml
calls:
  tell: {link: worker -> site, request: "POST /jobs/{job}"}
entities:
  job:
    status: {field: status, first: Submitted, final: [Finished, Failed]}
    learn:
      - {call: tell, set: {status: request.body.s, progress: request.body.p, shown: request.body.x}}
      - {call: tell, event: scores stored}
invariants:
  effect before status: {for: job, no: 'status == "Finished"', before: happened("scores stored")}
  nothing is stuck: {for: job, eventually: status in final, within: 1h}
"#;
const COMPOSE: &str = r#"
services:
  site: {image: a, expose: ["80"]}
  worker: {image: b, environment: {SITE: "http://site:80"}}
"#;

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("compose.yaml"), COMPOSE).expect("a file");
    let file = folder.path().join("shakedown.yaml");
    std::fs::write(&file, SHAKEDOWN).expect("a file");
    let stack = Arc::new(Stack::read(&file).expect("a stack").stack);
    println!(
        "{:>9} {:>12} {:>10} {:>12} {:>16}",
        "events", "events/s", "ns/event", "to 10^4", "allocations/event"
    );
    let mut first = None;
    for events in [10_000, 100_000, 1_000_000] {
        let export = write(folder.path(), events);
        let (took, allocated) = fastest(&export, &stack, events);
        let each = took.as_nanos() as f64 / events as f64;
        let ratio = each / *first.get_or_insert(each);
        let rate = events as f64 / took.as_secs_f64();
        let allocated = allocated as f64 / events as f64;
        println!("{events:>9} {rate:>12.0} {each:>10.0} {ratio:>12.2} {allocated:>16.3}");
    }
}

fn fastest(export: &Path, stack: &Arc<Stack>, events: u64) -> (Duration, u64) {
    let (begun, mut best) = (Instant::now(), (Duration::MAX, 0));
    while begun.elapsed() < MEASURE || best.0 == Duration::MAX {
        let (before, once) = (ALLOCATED.load(Ordering::Relaxed), Instant::now());
        let played = exported(export, Duration::ZERO, stack).expect("every line can be used");
        let took = once.elapsed();
        let allocated = ALLOCATED.load(Ordering::Relaxed) - before;
        assert_eq!(
            played.verdict,
            Verdict::Held,
            "{:?}",
            played.outcome.findings
        );
        let witnesses = played
            .outcome
            .findings
            .iter()
            .map(|finding| finding.witnesses);
        assert_eq!(witnesses.sum::<u64>(), 2 * events / LIFE.len() as u64);
        best = best.min((took, allocated));
    }
    best
}

/// Jobs that live their lives side by side.
fn write(folder: &Path, events: u64) -> PathBuf {
    let mut text = String::new();
    let mut time_ms = 1_700_000_000_000_u64;
    let jobs = events / LIFE.len() as u64;
    for together in 0..jobs / AT_ONCE {
        for (field, value) in LIFE {
            for n in 0..AT_ONCE {
                let id = together * AT_ONCE + n;
                time_ms += 1;
                let _ = write!(text, r#"{{"time":{time_ms},"entity":"job","id":"{id}","#);
                if !field.is_empty() {
                    let _ = write!(text, r#""field":"{field}","#);
                }
                let _ = writeln!(text, r#""value":{value}}}"#);
            }
        }
    }
    let file = folder.join(format!("{events}.jsonl"));
    std::fs::write(&file, text).expect("a file");
    file
}
