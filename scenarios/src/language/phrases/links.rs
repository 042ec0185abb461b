//! Faults on links.

use super::{Entry, Phrase, name};
use shakedown_harness::plan::{Effect, LinkFault, Step};
use shakedown_harness::{duration, size};
use std::time::Duration;

const FAMILY: &str = "faults on links";

pub(super) static LINKS: [Entry; 5] = [
    Entry {
        phrase: Phrase {
            family: FAMILY,
            pattern: "the link \"L\" is cut",
            meaning: "nothing passes, either way, as if the cable were out; connections stay open, and new ones reach nobody",
            example: "the link \"worker -> site\" is cut for 2s when submission reaches \"Scoring\", once",
        },
        regex: concat!("the link ", name!(), " is cut(|[ ,].*)"),
        step: |found, _| on_link(&found[1], LinkFault::Cut, &found[2]),
    },
    Entry {
        phrase: Phrase {
            family: FAMILY,
            pattern: "the link \"L\" is slow by TIME [with TIME jitter]",
            meaning: "what the client sends arrives so much later, and with jitter up to so much sooner or later than that",
            example: "the link \"worker -> storage\" is slow by 200ms with 50ms jitter",
        },
        regex: concat!(
            "the link ",
            name!(),
            " is slow by ([0-9]+ ?[a-z]+)(?: with ([0-9]+ ?[a-z]+) jitter)?(|[ ,].*)"
        ),
        step: |found, _| {
            let by = duration::above_zero(&found[2])?;
            let jitter = found.get(3).map(|jitter| duration::parse(jitter.as_str()));
            let jitter = jitter.transpose()?.unwrap_or(Duration::ZERO);
            if jitter > by {
                return Err(format!(
                    "a delay of {} cannot vary by {}: it would be less than none",
                    duration::print(by),
                    duration::print(jitter)
                ));
            }
            on_link(&found[1], LinkFault::Slow { by, jitter }, &found[4])
        },
    },
    Entry {
        phrase: Phrase {
            family: FAMILY,
            pattern: "the link \"L\" carries SIZE/s",
            meaning: "so much passes each way in a second, all connections together",
            example: "the link \"worker -> storage\" carries 10 KB/s",
        },
        regex: concat!(
            "the link ",
            name!(),
            " carries ([0-9]+ ?[A-Za-z]+)/s(|[ ,].*)"
        ),
        step: |found, _| match size::parse(&found[2])? {
            0 => Err("a link that carries nothing is cut: say `is cut`".to_owned()),
            bytes_per_s => on_link(&found[1], LinkFault::Carries { bytes_per_s }, &found[3]),
        },
    },
    Entry {
        phrase: Phrase {
            family: FAMILY,
            pattern: "the link \"L\" is reset after SIZE",
            meaning: "each connection is reset once so much has passed, both ways together",
            example: "the link \"worker -> site\" is reset after 4 KB",
        },
        regex: concat!(
            "the link ",
            name!(),
            " is reset after ([0-9]+ ?[A-Za-z]+)(|[ ,].*)"
        ),
        step: |found, _| {
            let bytes = size::parse(&found[2])?;
            on_link(&found[1], LinkFault::ResetAfter { bytes }, &found[3])
        },
    },
    Entry {
        phrase: Phrase {
            family: FAMILY,
            pattern: "every connection to \"S\" is dropped",
            meaning: "all connections that are open to the service are reset, at once or at a trigger; new ones are not touched",
            example: "every connection to \"site\" is dropped after \"upload scores\" is answered, once",
        },
        regex: concat!("every connection to ", name!(), " is dropped(|[ ,].*)"),
        step: |found, _| {
            let service = found[1].to_owned();
            super::fault(Effect::Connections { service }, &found[2])
        },
    },
];

fn on_link(link: &str, fault: LinkFault, rest: &str) -> Result<Step, String> {
    let link = link.parse().map_err(|error| format!("{error}"))?;
    super::fault(Effect::Link { link, fault }, rest)
}

/// Writes the effect on all connections to a service.
pub(super) fn print_dropped(service: &str) -> String {
    format!("every connection to \"{service}\" is dropped")
}

/// Writes the effect.
pub(super) fn print(link: &impl std::fmt::Display, fault: LinkFault) -> String {
    let the_link = format!("the link \"{link}\"");
    match fault {
        LinkFault::Cut => format!("{the_link} is cut"),
        LinkFault::Slow { by, jitter } if jitter.is_zero() => {
            format!("{the_link} is slow by {}", duration::print(by))
        }
        LinkFault::Slow { by, jitter } => {
            let (by, jitter) = (duration::print(by), duration::print(jitter));
            format!("{the_link} is slow by {by} with {jitter} jitter")
        }
        LinkFault::Carries { bytes_per_s } => {
            format!("{the_link} carries {}/s", size::print(bytes_per_s))
        }
        LinkFault::ResetAfter { bytes } => {
            format!("{the_link} is reset after {}", size::print(bytes))
        }
    }
}
