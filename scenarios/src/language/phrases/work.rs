//! Work, waiting and judgement.

use super::{Entry, Phrase, name};
use regex::Match;
use shakedown_harness::duration;
use shakedown_harness::plan::{Pace, Step};

pub(super) static WORK: [Entry; 4] = [
    Entry {
        phrase: Phrase {
            family: "work and waiting",
            pattern: "\"WORKLOAD\" runs N times [with K clients | at K per second]",
            meaning: "the workload's request is made so often: by K clients who wait for their answers, or K in a second whether or not there are answers",
            example: "\"submit\" runs 20 times with 4 clients",
        },
        regex: concat!(
            name!(),
            " runs ([0-9]+) times?(?: with ([0-9]+) clients?| at ([0-9]+) per second)?"
        ),
        step: |found, _| {
            let times = positive(&found[2], "times")?;
            let number = |i| found.get(i).map(|digits: Match<'_>| digits.as_str());
            let pace = match (number(3), number(4)) {
                (Some(clients), _) => Pace::Clients(positive(clients, "clients")?),
                (_, Some(rate)) => Pace::PerSecond(rate_per_s(rate)?),
                (None, None) => Pace::Clients(1),
            };
            let workload = found[1].to_owned();
            Ok(Step::Work {
                workload,
                times,
                pace,
            })
        },
    },
    Entry {
        phrase: Phrase {
            family: "work and waiting",
            pattern: "\"WORKLOAD\" runs once",
            meaning: "the workload's request is made once",
            example: "\"submit\" runs once",
        },
        regex: concat!(name!(), " runs once"),
        step: |found, _| {
            Ok(Step::Work {
                workload: found[1].to_owned(),
                times: 1,
                pace: Pace::Clients(1),
            })
        },
    },
    Entry {
        phrase: Phrase {
            family: "work and waiting",
            pattern: "every E is final within TIME",
            meaning: "waits until each entity has one of its final statuses; in vain: inconclusive",
            example: "every submission is final within 60s",
        },
        regex: "every ([A-Za-z_][A-Za-z0-9_-]*) is final within ([^ ]+)",
        step: |found, _| {
            Ok(Step::AllFinal {
                entity: found[1].to_owned(),
                within: duration::above_zero(&found[2])?,
            })
        },
    },
    Entry {
        phrase: Phrase {
            family: "work and waiting",
            pattern: "all faults are healed",
            meaning: "no fault strikes any more, what hangs is let go, what was killed is started; happens at the end \
                      anyhow. Right behind work it comes before what services do later for it: let a step wait first",
            example: "all faults are healed",
        },
        regex: "all faults are healed",
        step: |_, _| Ok(Step::Heal),
    },
];

pub(super) static JUDGEMENT: [Entry; 3] = [
    Entry {
        phrase: Phrase {
            family: "judgement",
            pattern: "every invariant holds",
            meaning: "all invariants of the stack count; one without a witness here needs one in another scenario",
            example: "every invariant holds",
        },
        regex: "every invariant holds",
        step: |_, _| Ok(Step::EveryInvariant),
    },
    Entry {
        phrase: Phrase {
            family: "judgement",
            pattern: "\"INVARIANT\" holds",
            meaning: "this invariant counts, and needs a witness in this scenario",
            example: "\"finished implies scores\" holds",
        },
        regex: concat!(name!(), " holds"),
        step: |found, _| Ok(Step::Invariant(found[1].to_owned())),
    },
    Entry {
        phrase: Phrase {
            family: "judgement",
            pattern: "at least N E reach \"STATUS\"",
            meaning: "so many entities have ever had this status when the run ends",
            example: "at least 10 submission reach \"Finished\"",
        },
        regex: concat!(
            "at least ([0-9]+) ([A-Za-z_][A-Za-z0-9_-]*) reach(?:es)? ",
            name!()
        ),
        step: |found, _| {
            let (entity, status) = (found[2].to_owned(), found[3].to_owned());
            Ok(Step::AtLeast {
                count: positive(&found[1], "entities")?,
                entity,
                status,
            })
        },
    },
];

/// The most requests that are made in a second.
const MOST_PER_S: u64 = 10_000;

fn rate_per_s(digits: &str) -> Result<u64, String> {
    let rate = positive(digits, "requests")?;
    match rate <= MOST_PER_S {
        true => Ok(rate),
        false => Err(format!(
            "at most {MOST_PER_S} requests per second are made, not {digits}"
        )),
    }
}

fn positive(digits: &str, of: &str) -> Result<u64, String> {
    match digits.parse() {
        Ok(0) | Err(_) => Err(format!("`{digits}` is no number of {of}: it begins with 1")),
        Ok(number) => Ok(number),
    }
}

/// Writes a step of these families.
pub(super) fn print(step: &Step) -> String {
    match step {
        Step::Stack(_) | Step::Fault(_) => unreachable!("belongs to another family"),
        Step::Work {
            workload,
            times,
            pace: Pace::Clients(1),
        } => format!("\"{workload}\" runs {times} times"),
        Step::Work {
            workload,
            times,
            pace: Pace::Clients(clients),
        } => format!("\"{workload}\" runs {times} times with {clients} clients"),
        Step::Work {
            workload,
            times,
            pace: Pace::PerSecond(rate),
        } => format!("\"{workload}\" runs {times} times at {rate} per second"),
        Step::AllFinal { entity, within } => {
            let within = duration::print(*within);
            format!("every {entity} is final within {within}")
        }
        Step::Heal => "all faults are healed".to_owned(),
        Step::EveryInvariant => "every invariant holds".to_owned(),
        Step::Invariant(name) => format!("\"{name}\" holds"),
        Step::AtLeast {
            count,
            entity,
            status,
        } => format!("at least {count} {entity} reach \"{status}\""),
    }
}
