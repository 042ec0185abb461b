//! Every moment that can begin or end a fault, with everything that can be done to a service, a link and a call at it:
//! each time the fault strikes at exactly that moment, and is over at exactly the moment that ends it. The history
//! proves it, and so does what the services wrote themselves.

use crate::lanes::{container_trial, trial};
use crate::relay::{self, DOCKER, ENDS, FEATURE, History, Lane, PROCESS};
use crate::support::check;
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use std::collections::BTreeMap;

/// The moments at which a fault begins, each with the call at which that is, whether the desk has answered it then, and
/// the call that comes next.
const BEGINS: [(&str, &str, bool, &str); 4] = [
    ("before \"look\" is sent", "look", false, "look"),
    ("after \"store\" is answered", "store", true, "check"),
    ("when job reaches \"Checked\"", "check", true, "report"),
    ("when \"reported\" happens", "report", true, "close"),
];
/// What is done, and whether a moment ends it; what is not ended lasts until the service is back, or strikes once.
const STRIKES: [(&str, bool); 10] = [
    ("the service \"hand\" is killed", false),
    ("the service \"hand\" is restarted", false),
    ("the service \"hand\" is stopped", true),
    ("the service \"hand\" is paused", true),
    ("the service \"desk\" is killed", false),
    ("the service \"desk\" is restarted", false),
    ("the service \"desk\" is stopped", true),
    ("the service \"desk\" is paused", true),
    ("the link \"hand -> desk\" is cut", true),
    ("the call \"NEXT\" answers 503", false),
];

pub fn trials() -> Vec<Trial> {
    let name = "moments: each begins and ends every fault exactly, 50 times of 50";
    let contained = "moments: each begins and ends every fault exactly in containers";
    vec![
        trial(name, || exact(&PROCESS)),
        container_trial(contained, || exact(&DOCKER)),
    ]
}

/// What is done in a lane. A link that is cut from one call of two jobs to the next may have nothing to hold up.
fn strikes(lane: &Lane) -> impl Iterator<Item = (&'static str, bool)> {
    let few = lane.jobs < PROCESS.jobs;
    let strikes = STRIKES.into_iter();
    strikes.filter(move |(strike, _)| !few || !strike.starts_with("the link"))
}

fn feature(lane: &Lane) -> String {
    let mut text = FEATURE.to_owned();
    for (strike, ends) in strikes(lane) {
        text += &format!("\n  Scenario: {strike}\n");
        for ((begin, .., next), (end, _)) in BEGINS.iter().zip(ENDS) {
            let strike = strike.replace("NEXT", next);
            let end = if ends { end } else { "" };
            text += &format!("    Given {strike} the first time for each job {begin} {end}\n");
        }
        text += &relay::work(lane);
    }
    text
}

fn exact(lane: &Lane) -> Result<(), Failed> {
    let (_scratch, played) = relay::play(&feature(lane), lane)?;
    check(played.len() == strikes(lane).count(), || {
        "some are missing".into()
    })?;
    for (played, (strike, ends)) in played.iter().zip(strikes(lane)) {
        for number in 0..BEGINS.len() {
            let fault = &played.result["faults"][number];
            // Nothing may want to pass a link while it is cut for so short a time.
            let felt =
                fault["felt"] == lane.jobs || strike.starts_with("the link") && fault["felt"] != 0;
            check(fault["applied"] == lane.jobs && felt, || fault.to_string())?;
            let exact = played.history.exact((number, strike, ends), lane);
            exact.map_err(|failed| played.failed(number, &failed))?;
        }
    }
    Ok(())
}

impl History {
    /// One fault of a scenario: it struck each job once, and each time at its moment and up to its moment.
    fn exact(
        &self,
        (number, strike, ends): (usize, &str, bool),
        lane: &Lane,
    ) -> Result<(), Failed> {
        let struck = self.positions(|e| {
            e["kind"] == "fault" && e["fault"] == number && e["moment"] == "applied"
        });
        let mut jobs = BTreeMap::new();
        for at in struck {
            let exchange = self.events[at]["exchange"].as_u64().ok_or("no exchange")?;
            let asked = self.of(exchange, "asked").ok_or("it was never asked")?;
            let job = self.events[asked]["captures"]["job"].clone();
            let twice = jobs.insert(job.to_string(), at);
            check(twice.is_none(), || format!("job {job} was struck twice"))?;
            let told = Strike {
                history: self,
                number,
                at,
                exchange,
                job,
            };
            let right = told.begins(strike).and_then(|()| told.lasts(strike, ends));
            right.map_err(|failed| {
                let why = failed.message().unwrap_or_default();
                format!("exchange {exchange}, struck at #{at}: {why}")
            })?;
        }
        check(jobs.len() as u64 == lane.jobs, || {
            format!("{} of {} jobs were struck", jobs.len(), lane.jobs)
        })
    }
}

/// One strike.
struct Strike<'h> {
    history: &'h History,
    number: usize,
    /// The place of the event that says it.
    at: usize,
    exchange: u64,
    job: Value,
}

impl Strike<'_> {
    fn event(&self, at: usize) -> &Value {
        &self.history.events[at]
    }

    /// It strikes at its moment: when the exchange has come so far and no farther, and its caller knows nothing yet.
    fn begins(&self, strike: &str) -> Result<(), Failed> {
        let (_, call, answered, next) = BEGINS[self.number];
        let on_call = strike.starts_with("the call");
        let (call, answered) = if on_call {
            (next, false)
        } else {
            (call, answered)
        };
        let of = |kind| self.history.of(self.exchange, kind);
        let asked = of("asked").ok_or("never asked")?;
        check(self.event(asked)["call"] == call, || {
            format!("it is no {call}: {}", self.event(asked))
        })?;
        let delivered = of("delivered").ok_or("nobody knows what the caller saw")?;
        check(self.at < delivered, || {
            format!("the caller knew at #{delivered}")
        })?;
        match (answered, of("answered")) {
            (true, Some(answer)) => check(answer < self.at, || {
                format!("it was answered at #{answer} only")
            })?,
            (true, None) => return Err("the desk never answered".into()),
            (false, Some(answer)) => check(self.at < answer, || {
                format!("it was answered at #{answer} already")
            })?,
            (false, None) => {}
        }
        // A caller that is dead gets nothing, and nothing is done for it any more.
        if strike.contains("hand\" is") && !strike.ends_with("paused") {
            check(self.event(delivered)["seen"]["as"] == "left", || {
                self.event(delivered).to_string()
            })?;
            check(of("answered").is_some() == answered, || {
                "the desk did it all the same".to_owned()
            })?;
        }
        if on_call {
            check(of("answered").is_none(), || "the desk was asked".to_owned())?;
            // It is the first of its kind since the moment.
            let earlier = self.history.positions(|e| {
                e["kind"] == "asked" && e["call"] == call && e["captures"]["job"] == self.job
            });
            check(earlier.first() == Some(&asked), || {
                format!("another one had gone by at #{}", earlier[0])
            })?;
        }
        Ok(())
    }

    /// It lasts from its deed up to the moment that ends it, or until the service is started again: meanwhile nothing
    /// happens that it forbids.
    fn lasts(&self, strike: &str, ends: bool) -> Result<(), Failed> {
        let word = strike.rsplit(' ').next().unwrap_or_default();
        let target = if strike.contains("\"hand\"") {
            "hand"
        } else {
            "desk"
        };
        // A service may be in use before the harness has found it ready.
        let of_target =
            |e: &Value| e["kind"] == "service" && e["service"] == target && e["state"] != "ready";
        let services = self.history.positions(of_target);
        let mut after = services.into_iter().filter(|at| *at > self.at);
        let (from, back) = match word {
            "503" => return Ok(()),
            "cut" => (self.at, None),
            _ => {
                let from = after.next().ok_or("nothing was done to it")?;
                (from, Some(after.next().ok_or("it never came back")?))
            }
        };
        let state = if word == "restarted" { "stopped" } else { word };
        check(word == "cut" || self.event(from)["state"] == state, || {
            self.event(from).to_string()
        })?;
        let end = match (ends, back) {
            (true, _) => self.end()?,
            (false, Some(back)) => back,
            (false, None) => unreachable!("a link is straight again at a moment"),
        };
        check(back.is_none_or(|back| end <= back), || {
            format!("it was back before #{end}")
        })?;
        let about = |e: &Value| {
            let exchange = e["exchange"].as_u64()?;
            let asked = self.event(self.history.of(exchange, "asked")?);
            Some((asked["client"].clone(), asked["service"].clone()))
        };
        let forbidden = |e: &Value| match (word, target, e["kind"].as_str(), about(e)) {
            ("cut", _, Some("asked" | "delivered"), Some((client, service))) => {
                client == "hand" && service == "desk"
            }
            ("cut", ..) => false,
            (_, "hand", Some("asked"), Some((client, _))) => client == "hand",
            (_, "desk", Some("answered"), Some((_, service))) => service == "desk",
            _ => false,
        };
        let meanwhile = (from + 1..end).find(|at| forbidden(self.event(*at)));
        check(meanwhile.is_none(), || {
            let at = meanwhile.unwrap_or_default();
            format!("from #{from} to #{end}, and yet: {}", self.event(at))
        })
    }

    /// The moment that ends it. A ring that was under way already may have passed its own moment, so this is the first
    /// that can be: nothing before it can have ended the fault.
    fn end(&self) -> Result<usize, Failed> {
        let (_, kind) = ENDS[self.number];
        let rings = self.history.positions(|e| {
            e["kind"] == "asked" && e["call"] == "ring" && e["captures"]["job"] == self.job
        });
        let over = |ring: &usize| {
            let exchange = self.event(*ring)["exchange"].as_u64().unwrap_or_default();
            let at = |kind| self.history.of(exchange, kind);
            (at("delivered")? > self.at).then(|| at(kind))?
        };
        let end = rings.iter().find_map(over);
        end.ok_or_else(|| "nothing ended it".into())
    }
}
