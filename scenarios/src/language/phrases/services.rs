//! Faults on services.

use super::{Entry, Phrase, name};
use shakedown_harness::plan::{Effect, ServiceFault, Step};

const FAMILY: &str = "faults on services";

pub(super) static SERVICES: [Entry; 6] = [
    Entry {
        phrase: Phrase {
            family: FAMILY,
            pattern: "the service \"S\" is killed",
            meaning: "SIGKILL, at once or at a trigger; it starts again by its restart policy, or when the faults are healed",
            example: "the service \"worker\" is killed after \"upload scores\" is answered, once",
        },
        regex: concat!("the service ", name!(), " is killed(|[ ,].*)"),
        step: |found, _| on_service(&found[1], ServiceFault::Killed, &found[2]),
    },
    Entry {
        phrase: Phrase {
            family: FAMILY,
            pattern: "the service \"S\" is stopped",
            meaning: "SIGTERM, and SIGKILL after 10 s; it starts again when the faults are healed",
            example: "the service \"worker\" is stopped",
        },
        regex: concat!("the service ", name!(), " is stopped(|[ ,].*)"),
        step: |found, _| on_service(&found[1], ServiceFault::Stopped, &found[2]),
    },
    Entry {
        phrase: Phrase {
            family: FAMILY,
            pattern: "the service \"S\" is paused",
            meaning: "it stands still with its connections open, until the faults are healed",
            example: "the service \"storage\" is paused",
        },
        regex: concat!("the service ", name!(), " is paused(|[ ,].*)"),
        step: |found, _| on_service(&found[1], ServiceFault::Paused, &found[2]),
    },
    Entry {
        phrase: Phrase {
            family: FAMILY,
            pattern: "the service \"S\" is restarted",
            meaning: "SIGTERM, and started again at once",
            example: "the service \"site\" is restarted when submission reaches \"Scoring\", once",
        },
        regex: concat!("the service ", name!(), " is restarted(|[ ,].*)"),
        step: |found, _| on_service(&found[1], ServiceFault::Restarted, &found[2]),
    },
    Entry {
        phrase: Phrase {
            family: FAMILY,
            pattern: "a second \"S\" starts",
            meaning: "one more instance of the service, with the same name and settings, until the faults are healed",
            example: "a second \"worker\" starts after \"create submission\" is answered, once",
        },
        regex: concat!("a second ", name!(), " starts(|[ ,].*)"),
        step: |found, _| on_service(&found[1], ServiceFault::Joined, &found[2]),
    },
    Entry {
        phrase: Phrase {
            family: FAMILY,
            pattern: "the disk of \"S\" is full",
            meaning: "no write finds room on the disk that `x-shakedown.disk` gives the service, until the faults are healed",
            example: "the disk of \"storage\" is full before \"upload output\" is sent until \"upload output\" is answered, once",
        },
        regex: concat!("the disk of ", name!(), " is full(|[ ,].*)"),
        step: |found, _| on_service(&found[1], ServiceFault::DiskFull, &found[2]),
    },
];

fn on_service(service: &str, fault: ServiceFault, rest: &str) -> Result<Step, String> {
    let service = service.to_owned();
    super::fault(Effect::Service { service, fault }, rest)
}

/// Writes the effect.
pub(super) fn print(service: &str, fault: ServiceFault) -> String {
    match fault {
        ServiceFault::Joined => format!("a second \"{service}\" starts"),
        ServiceFault::DiskFull => format!("the disk of \"{service}\" is full"),
        other => format!("the service \"{service}\" is {}", other.word()),
    }
}
