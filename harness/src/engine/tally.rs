//! Demands on numbers of entities: `at least 10 submission reach "Finished"`.

use crate::history::Heard;
use crate::invariant::{Judge, Unsure};
use crate::plan::{Plan, Step};
use crate::problem::Place;

/// A demand on a number of entities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Its words.
    pub text: String,
    /// Where it stands.
    pub place: Place,
    /// How many were demanded.
    pub wanted: u64,
    /// How many there were.
    pub seen: u64,
}

/// One that was not met as far as is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsettled {
    tally: Tally,
    entity: String,
    unsure: Unsure,
}

impl Tally {
    /// Whether there were enough.
    pub fn met(&self) -> bool {
        self.seen >= self.wanted
    }
}

impl Unsettled {
    /// What was demanded.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Why nobody can tell.
    pub fn reason(&self) -> String {
        let Tally {
            text, place, seen, ..
        } = &self.tally;
        format!(
            "`{text}` ({place}): {seen} did as far as is known, but {}",
            self.unsure.why
        )
    }

    /// Whether other runs of the same rules told what nothing told here: then it was not so.
    pub fn settled(&self, heard: &Heard) -> bool {
        let mut field = self.unsure.field.iter();
        field.any(|field| heard.field(&self.entity, field))
    }
}

/// The demands of a plan, and those of which nobody can say that they are not met.
pub(super) fn tallies(plan: &Plan, judge: &Judge) -> (Vec<Tally>, Vec<Unsettled>) {
    let (mut settled, mut unsettled) = (Vec::new(), Vec::new());
    for planned in &plan.steps {
        let Step::AtLeast {
            count,
            entity,
            status,
        } = &planned.step
        else {
            continue;
        };
        let tally = Tally {
            text: planned.text.clone(),
            place: planned.place.clone(),
            wanted: *count,
            seen: judge.entities().reached(entity, status),
        };
        let unsure = || judge.unsure_of_reached(entity, status);
        match (!tally.met()).then(unsure).flatten() {
            Some(unsure) => unsettled.push(Unsettled {
                tally,
                entity: entity.clone(),
                unsure,
            }),
            None => settled.push(tally),
        }
    }
    (settled, unsettled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Asked, Event, What};
    use crate::stack::Stack;
    use serde_json::json;

    const COMPOSE: &str = "services: {web: {image: a}, pay: {image: b, expose: ['80']}}\n";
    const SHAKEDOWN: &str = r#"
stack: shop
compose: compose.yaml
calls:
  pay: {link: web -> pay, request: "PUT /paid/{order}"}
entities:
  order:
    status: {field: status, first: new, final: [paid]}
    learn:
      - {call: pay, when: response.status == 200, set: {status: "'paid'"}}
      - {poll: "GET http://pay/orders", each: body, id: item.id, set: {status: item.status}}
"#;

    fn told(id: &str, status: &str) -> What {
        What::Observed {
            entity: "order".to_owned(),
            id: id.to_owned(),
            source: "workload buy".to_owned(),
            set: json!({"status": status}).as_object().unwrap().clone(),
            event: None,
            since_ns: None,
            rule: None,
        }
    }

    fn asked(order: &str) -> What {
        What::Asked(Asked {
            exchange: 1,
            client: "web".to_owned(),
            service: "pay".to_owned(),
            port: 80,
            method: "PUT".to_owned(),
            path: format!("/paid/{order}"),
            call: Some("pay".to_owned()),
            captures: [("order".to_owned(), order.to_owned())].into(),
        })
    }

    fn blind(over: bool) -> What {
        What::Blind {
            source: "poll GET http://pay/orders".to_owned(),
            blind_ns: 1,
            over,
            reason: "500".to_owned(),
            rule: None,
        }
    }

    /// Why it cannot be told whether more orders were paid, and the field that is to blame.
    fn unsure(events: &[What]) -> Option<Unsure> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("compose.yaml"), COMPOSE).unwrap();
        let file = folder.path().join("shakedown.yaml");
        std::fs::write(&file, SHAKEDOWN).unwrap();
        let stack = Stack::read(&file).unwrap().stack;
        let mut judge = Judge::of_run(&stack, Some(Heard::default()));
        for (seq, what) in (0..).zip(events) {
            judge.see(&Event {
                seq,
                at_ns: seq + 1,
                what: what.clone(),
            });
        }
        judge.unsure_of_reached("order", "paid")
    }

    #[test]
    fn a_number_is_not_too_low_while_more_may_have_come_to_pass() {
        let why = |events: &[What]| unsure(events).map(|unsure| unsure.why).unwrap_or_default();
        let seen = [told("1", "paid"), told("2", "new")];
        assert_eq!(unsure(&seen), None);
        let with = |more: What| [seen.as_slice(), &[more]].concat();
        assert!(why(&with(blind(false))).contains("could not look"));
        assert_eq!(unsure(&with(blind(true))), None, "it could look again");
        assert!(why(&with(asked("2"))).contains("had no answer yet"));
        assert_eq!(unsure(&with(asked("1"))), None, "that one was paid before");
        let never = [with(asked("2")), vec![What::Unanswered { exchange: 1 }]].concat();
        assert!(why(&never).contains("was never answered"));
    }

    #[test]
    fn a_status_that_nothing_tells_is_not_unreached_unless_another_run_tells_it() {
        let created = What::Observed {
            entity: "order".to_owned(),
            id: "1".to_owned(),
            source: "workload buy".to_owned(),
            set: Default::default(),
            event: None,
            since_ns: None,
            rule: None,
        };
        let unsure = unsure(&[created]).expect("nothing told the status");
        assert!(unsure.why.contains("the field `status`"), "{}", unsure.why);
        let place = Place::new(std::path::Path::new("f"), 1, 1);
        let unsettled = Unsettled {
            tally: Tally {
                text: "at least 1 order reach \"paid\"".to_owned(),
                place,
                wanted: 1,
                seen: 0,
            },
            entity: "order".to_owned(),
            unsure,
        };
        let mut heard = Heard::default();
        assert!(!unsettled.settled(&heard));
        heard.add("order", ["status".to_owned()].into(), [].into());
        assert!(unsettled.settled(&heard));
    }
}
