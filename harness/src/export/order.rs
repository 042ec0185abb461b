//! The order of exported lines: by time, and for the same time as they stand in the file.

use super::{Batch, Scalar, Wrong};
use crate::duration;
use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

/// Holds lines back for as long as an earlier one may still come.
pub(super) struct Order {
    disorder_ns: i64,
    latest_ns: Option<i64>,
    heap: BinaryHeap<Reverse<(i64, u64)>>,
    held: BTreeMap<u64, Held>,
}

struct Held {
    numbers: (usize, usize),
    fact: (usize, Option<Scalar<'static>>),
    id: String,
}

impl Order {
    pub fn new(disorder: Duration) -> Order {
        Order {
            disorder_ns: disorder.as_nanos() as i64,
            latest_ns: None,
            heap: BinaryHeap::new(),
            held: BTreeMap::new(),
        }
    }

    /// Whether a line of this time can still be put where it belongs.
    pub fn check(&mut self, at_ns: i64) -> Result<(), Wrong> {
        let latest = *self.latest_ns.get_or_insert(at_ns);
        if at_ns >= latest {
            self.latest_ns = Some(at_ns);
            return Ok(());
        }
        let late = latest - at_ns;
        if late <= self.disorder_ns {
            return Ok(());
        }
        let seconds = Duration::from_secs((late as u64).div_ceil(1_000_000_000));
        let what = format!(
            "it comes {} ms after its time: an earlier line is later",
            late / 1_000_000
        );
        let help = format!(
            "sort the file by time, or let lines come late with `--disorder {}`",
            duration::print(seconds)
        );
        Err((what, help))
    }

    /// Puts a line that was checked where it belongs.
    pub fn put(
        &mut self,
        at_ns: i64,
        line: u64,
        numbers: (usize, usize),
        (number, value): (usize, Option<&Scalar<'_>>),
        id: &str,
        batch: &mut Batch,
    ) {
        if self.disorder_ns == 0 {
            batch.push((at_ns, line), numbers, (number, value), id);
            return;
        }
        let held = Held {
            numbers,
            fact: (number, value.map(owned)),
            id: id.to_owned(),
        };
        self.heap.push(Reverse((at_ns, line)));
        self.held.insert(line, held);
        let due = self.latest_ns.unwrap_or(at_ns) - self.disorder_ns;
        self.release(due, batch);
    }

    /// No line comes any more.
    pub fn finish(&mut self, batch: &mut Batch) {
        self.release(i64::MAX, batch);
    }

    /// Lets go of what nothing can come before any more.
    fn release(&mut self, due_ns: i64, batch: &mut Batch) {
        while let Some(Reverse((at_ns, line))) = self.heap.peek().copied() {
            if at_ns >= due_ns {
                return;
            }
            self.heap.pop();
            if let Some(held) = self.held.remove(&line) {
                let (number, value) = &held.fact;
                batch.push(
                    (at_ns, line),
                    held.numbers,
                    (*number, value.as_ref()),
                    &held.id,
                );
            }
        }
    }
}

fn owned(value: &Scalar<'_>) -> Scalar<'static> {
    match value {
        Scalar::Null => Scalar::Null,
        Scalar::Bool(truth) => Scalar::Bool(*truth),
        Scalar::Int(int) => Scalar::Int(*int),
        Scalar::Float(float) => Scalar::Float(*float),
        Scalar::Text(text) => Scalar::Text(Cow::Owned(text.to_string())),
        Scalar::Json(json) => Scalar::Json(json.clone()),
    }
}
