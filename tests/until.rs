//! What calls are told up to a moment: each one that is asked before it is struck, and none after it; what hangs is let
//! go at it. The history proves it for every moment that can end a fault.

use crate::lanes::{container_trial, trial};
use crate::relay::{self, DOCKER, ENDS, FEATURE, History, Lane, PROCESS, Played};
use crate::support::check;
use libtest_mimic::{Failed, Trial};
use serde_json::Value;

/// What is done to the first call of each job, and whether its caller waits until the moment comes.
const STRIKES: [(&str, bool); 3] = [
    ("the call \"look\" answers 503", false),
    ("the call \"look\" hangs", true),
    ("the answer to \"look\" never arrives", true),
];

pub fn trials() -> Vec<Trial> {
    let name = "until: calls are struck up to every moment exactly, 50 times of 50";
    let contained = "until: calls are struck up to every moment exactly in containers";
    vec![
        trial(name, || exact(&PROCESS)),
        container_trial(contained, || exact(&DOCKER)),
    ]
}

/// Every strike with every moment; in containers, where a stack takes seconds to come up, the one that waits longest.
fn pairs(
    lane: &Lane,
) -> impl Iterator<Item = ((&'static str, bool), (&'static str, &'static str))> {
    let strikes = match lane.runtime {
        "docker" => &STRIKES[1..2],
        _ => &STRIKES,
    };
    strikes
        .iter()
        .flat_map(|strike| ENDS.map(|end| (*strike, end)))
}

fn feature(lane: &Lane) -> String {
    let mut text = FEATURE.to_owned();
    for ((strike, _), (end, _)) in pairs(lane) {
        text += &format!("\n  Scenario: {strike} {end}\n    Given {strike} for each job {end}\n");
        text += &relay::work(lane);
    }
    text
}

fn exact(lane: &Lane) -> Result<(), Failed> {
    let (_scratch, played) = relay::play(&feature(lane), lane)?;
    check(played.len() == pairs(lane).count(), || {
        "some are missing".into()
    })?;
    for (played, ((_, waits), (_, kind))) in played.iter().zip(pairs(lane)) {
        let exact = up_to(played, lane, waits, kind);
        exact.map_err(|failed| played.failed(0, &failed))?;
    }
    Ok(())
}

/// Each job's looks were struck up to the ring that ends it, whose event of this kind is the moment.
fn up_to(played: &Played, lane: &Lane, waits: bool, kind: &str) -> Result<(), Failed> {
    let fault = &played.result["faults"][0];
    let felt = fault["felt"] == fault["applied"] && fault["felt"] != 0;
    check(felt, || fault.to_string())?;
    for id in 1..=lane.jobs {
        let job = Value::from(id.to_string());
        job_up_to(&played.history, &job, waits, kind).map_err(|failed| {
            let why = failed.message().unwrap_or_default();
            format!("job {id}: {why}")
        })?;
    }
    Ok(())
}

fn job_up_to(history: &History, job: &Value, waits: bool, kind: &str) -> Result<(), Failed> {
    let ring = *calls(history, "ring", job).first().ok_or("never rung")?;
    let rung = |kind| history.of(ring, kind).ok_or("its ring came to no end");
    // The harness learns the moment between these two, and the ringer sees nothing before it has.
    let (moment, over) = (rung(kind)?, rung("delivered")?);
    let (mut struck, mut spared) = (0, 0);
    for look in calls(history, "look", job) {
        let asked = history.of(look, "asked").ok_or("never asked")?;
        let delivered = history.of(look, "delivered").ok_or("it came to no end")?;
        let applied = history.positions(|e| {
            e["kind"] == "fault" && e["moment"] == "applied" && e["exchange"] == look
        });
        match applied.first() {
            Some(applied) => {
                struck += 1;
                check(*applied < over, || {
                    format!("struck at #{applied}, and it was over at #{over}")
                })?;
                check(!waits || moment < delivered, || {
                    format!("let go at #{delivered}, before its moment at #{moment}")
                })?;
            }
            None => {
                spared += 1;
                check(moment < delivered, || {
                    format!("spared at #{asked}, before its moment at #{moment}")
                })?;
            }
        }
    }
    // A bell that was quicker than the first look leaves nothing to strike.
    check(spared > 0 && (!waits || struck <= 1), || {
        format!("{struck} looks were struck and {spared} were not")
    })
}

/// The exchanges of a call for a job, in order.
fn calls(history: &History, call: &str, job: &Value) -> Vec<u64> {
    let asked = history
        .positions(|e| e["kind"] == "asked" && e["call"] == call && e["captures"]["job"] == *job);
    let number = |at: usize| history.events[at]["exchange"].as_u64();
    asked.into_iter().filter_map(number).collect()
}
