//! A machine that has far more to do than it can: what came too late may have come late for that alone.

use std::thread::available_parallelism;

/// So many tasks for each CPU are far too many: an ordinary build beside a run makes two or three.
const TOO_MANY: f64 = 4.0;

/// A note on a machine that was overloaded in the last minute. Where the system does not tell, there is none.
pub fn note() -> Option<String> {
    let cpus = available_parallelism().ok()?.get();
    said(&std::fs::read_to_string("/proc/loadavg").ok()?, cpus)
}

fn said(loadavg: &str, cpus: usize) -> Option<String> {
    let waiting: f64 = loadavg.split(' ').next()?.parse().ok()?;
    (waiting >= TOO_MANY * cpus as f64).then(|| {
        format!(
            "this machine was overloaded: {waiting:.0} tasks wanted its {cpus} CPUs, so that what came too late may say \
             more about the machine than about the product; repeat it on a quieter one"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_far_too_many_tasks_are_worth_a_note() {
        assert_eq!(said("7.90 6.00 5.00 3/400 77\n", 2), None);
        let note = said("45.43 39.09 28.47 3/400 77\n", 2).unwrap();
        assert!(note.contains("45 tasks wanted its 2 CPUs"), "{note}");
        assert_eq!(said("", 2), None);
    }
}
